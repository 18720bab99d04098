"""Reads the process table: ``/proc`` on Linux, see ``proc(5)``.

On other systems, and for processes of other users, the results are empty.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_SUSPENDED = ("T", "t")
"""States of a process that was stopped by a signal, or by a debugger."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that is alive, or was when the process table was read."""

    pid: int
    name: str
    """The program's name, cut to 15 characters by the process table."""
    parent: int = 0
    session: int = 0
    """Process id of its session's leader; its own if it leads one."""
    suspended: bool = False
    """Stopped by SIGSTOP or a debugger; it does nothing until SIGCONT."""

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


def find_process(pid: int) -> Process | None:
    """Returns the process with this id; ``None`` if it is gone or a zombie."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    state, parent, _, session = rest.split()[:4]
    if state in ("Z", "X"):
        return None
    return Process(pid, name, int(parent), int(session), state in _SUSPENDED)


def descendants(pid: int) -> list[Process]:
    """Returns the descendants of a process in no particular order, without orphans."""
    children: dict[int, list[Process]] = {}
    for process in _all():
        children.setdefault(process.parent, []).append(process)
    result: list[Process] = []
    parents = [pid]
    while parents:
        below = children.get(parents.pop(), [])
        result += below
        parents += [process.pid for process in below]
    return result


def name_of_open_file(descriptor: int) -> str:
    """The system's name of an open file of this process; empty if unknown."""
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    return ""


def processes_with_open_file(name: str) -> list[Process]:
    """The other processes of this user that have a file open.

    Args:
        name: As :func:`name_of_open_file` gives it, or a path without links.
    """
    if not name:
        return []
    return [p for p in _all() if p.pid != os.getpid() and _has_open(p.pid, name)]


def _has_open(pid: int, name: str) -> bool:
    try:
        opened = list((_PROC / str(pid) / "fd").iterdir())
    except OSError:
        return False
    for descriptor in opened:
        with contextlib.suppress(OSError):
            if str(descriptor.readlink()) == name:
                return True
    return False


def _all() -> Iterator[Process]:
    try:
        names = [entry.name for entry in _PROC.iterdir()]
    except OSError:
        return
    for name in names:
        if name.isdigit() and (process := find_process(int(name))) is not None:
            yield process


def processes_with_lock(descriptor: int) -> list[Process]:
    """The processes that hold an ``flock`` lock on an open file; see ``proc_locks(5)``.

    The device listed there may differ from that of the file (Btrfs, overlays): then the inode alone
    decides.
    """
    try:
        lines = (_PROC / "locks").read_text().splitlines()
    except OSError:
        return []
    status = os.fstat(descriptor)
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    holders: dict[bool, list[Process]] = {True: [], False: []}
    for fields in map(str.split, lines):
        if len(fields) < 6 or fields[1] != "FLOCK":  # waiting processes have "->" there
            continue
        where, _, inode = fields[5].rpartition(":")
        if inode == str(status.st_ino) and (process := find_process(int(fields[4]))) is not None:
            holders[where == device].append(process)
    return holders[True] or holders[False]


def describe_processes(processes: list[Process], most: int = 3) -> str:
    """Lists processes for a sentence: ``sleep (process 12), git (process 13) and 2 more``."""
    text = ", ".join(str(process) for process in processes[:most])
    more = len(processes) - most
    return f"{text} and {more} more" if more > 0 else text
