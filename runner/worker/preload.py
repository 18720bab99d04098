"""Imported once by the forkserver, so that workers need not load their libraries.

A small graph is also run once in memory: the first use of LangGraph and its serialiser fills caches
and imports on demand, which would cost every worker some 20 ms. It must leave nothing behind: the
process that imports this module forks, so it must have no threads and no connections.
"""

from __future__ import annotations

import codecs
import gc
import os
import socket
import sqlite3
import threading
import time
from pathlib import Path
from typing import TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import RunControl

from assemblyzero_tui.runner.worker import graph_run  # noqa: F401
from assemblyzero_tui.runner.workflows import catalog
from assemblyzero_tui.runner.workflows.drafting import prompt_files
from assemblyzero_tui.runner.workflows.repository import markdown

_TASKS = Path("/proc/self/task")
_ENDING = 5.0
"""Seconds that a thread may take to disappear from the system after Python has joined it."""


class _State(TypedDict, total=False):
    text: str
    round: int


def _warm_up() -> None:
    graph: StateGraph[_State, None, _State, _State] = StateGraph(_State)
    graph.add_node("write", lambda state: {"round": state.get("round", 0) + 1})
    graph.add_edge(START, "write")
    graph.add_conditional_edges(
        "write", lambda state: END if state["round"] > 1 else "write", ["write", END]
    )
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    compiled = graph.compile(checkpointer=SqliteSaver(connection))
    for _ in compiled.stream(
        {"text": "warm"},
        {"configurable": {"thread_id": "warm"}},
        stream_mode="tasks",
        durability="sync",
        control=RunControl(),
    ):
        pass
    connection.close()


def _check_clean() -> None:
    """Raises if a loaded library has started a thread or opened a connection."""
    if threading.active_count() > 1:
        raise RuntimeError(f"threads exist before the fork: {threading.enumerate()}")
    deadline = time.monotonic() + _ENDING
    while _TASKS.exists() and len(list(_TASKS.iterdir())) > 1:
        if time.monotonic() > deadline:
            raise RuntimeError("a library started a thread before the fork")
        time.sleep(0.002)
    for opened in list(Path("/dev/fd").iterdir()):
        try:
            descriptor = os.dup(int(opened.name))
        except OSError:
            continue
        try:
            with socket.socket(fileno=descriptor) as opened_socket:
                family = opened_socket.family
        except OSError:
            os.close(descriptor)
            continue
        if family in (socket.AF_INET, socket.AF_INET6):
            raise RuntimeError("a library opened a connection before the fork")


for _name in catalog.CATALOG:
    catalog.load(_name)
_warm_up()
codecs.lookup("utf-8-sig")
prompt_files.digest()
markdown.blocks("")
_check_clean()
gc.collect()
gc.freeze()
