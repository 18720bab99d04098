"""The forkserver, which starts workers fast: :mod:`multiprocessing` has one per process.

Some of its details have no public function in :mod:`multiprocessing` and are accessed through the
private ``_forkserver`` (the same in Python 3.11 to 3.14): its process id, the address of its
socket, and the folder that :func:`multiprocessing.util.get_temp_dir` remembers.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from assemblyzero_tui.runner.model.provider_catalog import PROVIDERS
from assemblyzero_tui.runner.worker import entry

_KILLED_PATIENCE = 2.0
"""Seconds that a killed forkserver may take to end."""


def start_context(method: str = "", provider: str = "") -> Any:
    """The context that starts workers: a preloaded forkserver, or ``spawn`` where there is none."""
    available = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context(
        method or ("forkserver" if "forkserver" in available else "spawn")
    )
    if context.get_start_method() == "forkserver":
        providers = [PROVIDERS[provider].module] if provider in PROVIDERS else []
        context.set_forkserver_preload([*providers, entry.PRELOAD])
    return context


def warm_up(context: Any) -> None:
    """Starts the forkserver, which imports its modules in the background; returns at once."""
    if context.get_start_method() == "forkserver":
        forkserver.ensure_running()


def end_forkserver() -> None:
    """Ends the forkserver at once, whatever its state; its workers continue.

    A thread that waits for a worker to start gets an ``EOFError`` or a ``ConnectionError``. The
    next start creates another forkserver.
    """
    if (pid := _private()._forkserver_pid) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _private() -> Any:
    return forkserver._forkserver


def renew_forkserver() -> None:
    """Ends a forkserver whose socket has been removed, so that the next start creates another.

    Only for the starter thread.
    """
    private = _private()
    process: Any = multiprocessing.current_process()
    if not Path(process._config.get("tempdir", "/")).is_dir():
        del process._config["tempdir"]
    if private._forkserver_address is None or Path(private._forkserver_address).exists():
        return
    end_forkserver()
    with private._lock:
        if _reap(private._forkserver_pid):
            os.close(private._forkserver_alive_fd)
            private._forkserver_address = private._forkserver_alive_fd = None
            private._forkserver_pid = None


def _reap(pid: int | None) -> bool:
    """Waits for the end of a killed child; returns false if it does not end in time."""
    deadline = time.monotonic() + _KILLED_PATIENCE
    while pid is not None and time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return True
        except ChildProcessError:
            return True
        time.sleep(0.002)
    return False
