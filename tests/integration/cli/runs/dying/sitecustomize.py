"""Loaded by every Python that has this folder on its path: dies, for real, at one chosen moment.

``ASSEMBLYZERO_TEST_DEATH`` names a file with the moment: an audit event of Python, a pattern that
one of its arguments matches, and a file that must be there, each on a line. The program under test
knows nothing of this.

At that moment every process of the run is killed. With ``stop`` on a fourth line the engine is
stopped instead, and everything else goes on.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from pathlib import Path


def install(description: Path) -> None:
    """Waits for the moment; it comes once only, in whichever process is first."""
    event, pattern, guard, *stop = description.read_text().splitlines()
    matches = re.compile(pattern).search
    busy = False

    def hook(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal busy
        if name != event or busy:
            return
        busy = True
        try:
            paths = [os.fspath(a) for a in arguments if isinstance(a, str | os.PathLike)]
            if any(matches(str(path)) for path in paths) and Path(guard).exists():
                description.rename(description.with_suffix(".over"))
                die(stop=bool(stop))
        except FileNotFoundError:
            return  # another process was first
        finally:
            busy = False

    sys.addaudithook(hook)


def die(*, stop: bool) -> None:
    """Kills this process and the engine above it; or stops that one."""
    import psutil

    family = [psutil.Process(), *psutil.Process().parents()]
    for process in family:
        with contextlib.suppress(psutil.Error):
            if "assemblyzero_tui.runner.engine" in process.cmdline():
                process.send_signal(signal.SIGSTOP if stop else signal.SIGKILL)
    if not stop:
        os.kill(os.getpid(), signal.SIGKILL)


if (named := os.environ.get("ASSEMBLYZERO_TEST_DEATH")) and Path(named).exists():
    install(Path(named))
