"""What the forkserver imports once, so that no worker has to.

Nothing here may start a thread or open a connection: the process that imports it forks.
"""

import gc

import langgraph.checkpoint.sqlite
import langgraph.graph
import langgraph.pregel.main  # noqa: F401

from assemblyzero_tui.runner.llm import offline  # noqa: F401
from assemblyzero_tui.runner.worker import graph_run  # noqa: F401
from assemblyzero_tui.runner.workflows import lld  # noqa: F401

gc.collect()
gc.freeze()
