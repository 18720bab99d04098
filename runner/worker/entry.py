"""The entry point of a worker process. Imports little: the forkserver has loaded the rest."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from itertools import islice
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import CHECKPOINT_VARIABLES, checkpoint_path
from assemblyzero_tui.runner.credentials.api_key_variables import API_KEY_VARIABLES
from assemblyzero_tui.runner.locks.file_locks import share_with_children
from assemblyzero_tui.runner.logs.debug_log import open_debug_log
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import Ready
from assemblyzero_tui.runner.worker.inherited_files import InheritedFile

_log = logging.getLogger(__name__)

PRELOAD = "assemblyzero_tui.runner.worker.preload"


def main(
    encoded: bytes, channel_file: InheritedFile, output: InheritedFile, busy: InheritedFile
) -> None:
    """Runs one attempt of one item and ends the process.

    Args:
        encoded: The :class:`WorkerSpec` as msgpack.
        channel_file: The worker's end of its channel.
        output: The pipe for everything that the workflow prints.
        busy: The lock that is held as long as this process, or a child of it, is alive.
    """
    preloaded = PRELOAD in sys.modules
    loaded_before = len(sys.modules)
    os.setsid()
    busy_lock = busy.take()
    _keep_files_from_children()
    share_with_children(busy_lock)
    _redirect_output(output.take())
    spec = msgspec.msgpack.decode(encoded, type=WorkerSpec)
    _set_environment(spec)
    if spec.debug_log:
        with contextlib.suppress(OSError, TuiError):  # a missing debug log must not fail the item
            open_debug_log(Path(spec.debug_log))
    _log.debug("%s, attempt %d, in process %d", spec.item.id, spec.attempt, os.getpid())

    from langgraph.runtime import RunControl

    from assemblyzero_tui.runner.worker import graph_run
    from assemblyzero_tui.runner.worker.channel import Channel, exit_process

    control = RunControl()
    channel = Channel(channel_file.take(), on_drain=control.request_drain)
    channel.send(Ready(pid=os.getpid(), preloaded=preloaded))
    ended = graph_run.run(spec, channel, control)
    _log.debug("ended: %s %s", ended.outcome, ended.reason)
    if spec.debug_log:
        imported = islice(sys.modules, loaded_before, None)
        _log.debug("imported after the start: %s", " ".join(imported))
    channel.send(ended)
    exit_process()


def _keep_files_from_children() -> None:
    """Keeps programs that a workflow starts from inheriting open files.

    Otherwise a program that outlives its worker would keep the channel and the forkserver open.
    """
    for descriptor in [int(opened.name) for opened in Path("/dev/fd").iterdir()]:
        if descriptor > 2:
            with contextlib.suppress(OSError):
                os.set_inheritable(descriptor, False)


def _redirect_output(descriptor: int) -> None:
    """Redirects stdout and stderr, of this process and of its children, to one pipe."""
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = open(  # noqa: SIM115 - stays open as long as the process lives
            number, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False
        )
        setattr(sys, name, stream)


def _set_environment(spec: WorkerSpec) -> None:
    for name in CHECKPOINT_VARIABLES:
        os.environ[name] = str(checkpoint_path(spec.checkpoint))
    for name in API_KEY_VARIABLES:
        os.environ.pop(name, None)
