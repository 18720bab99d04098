"""Finds and signals the engine of a run when its socket is missing or does not answer."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.base.processes import (
    Process,
    descendants,
    describe_processes,
    find_process,
)
from assemblyzero_tui.runner.locks.file_locks import is_held

_MODULE = b"assemblyzero_tui.runner.engine"
"""A part of the command line of every engine."""


def find_engine(folder: RunFolder) -> Process | None:
    """Finds the engine of a run; ``None`` if there is none or this container cannot see it.

    Its process id is in its lock, and valid only while the lock is held. In another container the
    same id can be another process, so the command line is checked as well.
    """
    try:
        if not is_held(folder.engine_lock):
            return None
        pid = int(folder.engine_lock.read_text())
        line = Path(f"/proc/{pid}/cmdline")
        if line.exists() and _MODULE not in line.read_bytes():
            return None
    except (OSError, ValueError):
        return None
    return find_process(pid) or (None if Path("/proc/self").exists() else Process(pid, "python"))


def signal_engine(folder: RunFolder, number: signal.Signals) -> bool:
    """Sends a signal to the engine of a run; returns whether it was sent."""
    if (engine := find_engine(folder)) is None:
        return False
    with contextlib.suppress(OSError):
        if not hasattr(signal, "pidfd_send_signal"):
            os.kill(engine.pid, number)
            return True
        process = os.pidfd_open(engine.pid)  # refers to this process even if its id is reused
        try:
            if find_engine(folder) == engine:
                signal.pidfd_send_signal(process, number)
                return True
        finally:
            os.close(process)
    return False


def find_workers(engine: Process) -> list[Process]:
    """Finds the workers of an engine: its descendants that lead their own session."""
    return [process for process in descendants(engine.pid) if process.session == process.pid]


def describe_survivors(folder: RunFolder) -> str:
    """Describes processes of a run that are still alive, and how to end them; empty without any."""
    run = folder.path.name
    if (engine := find_engine(folder)) is None:
        return ""
    workers = find_workers(engine)
    lines = [f"The engine of {run} is still alive: process {engine.pid}"]
    if workers:
        lines[0] += f", with {len(workers)} running: {describe_processes(workers)}"
    lines[0] += "."
    if engine.suspended:
        lines.append(f"It is suspended and stops once it is continued: kill -CONT {engine.pid}")
    lines.append(f"Attach: assemblyzero-tui attach {run}")
    lines.append(f"End it at once: assemblyzero-tui stop {run} --force")
    return "\n".join(lines)
