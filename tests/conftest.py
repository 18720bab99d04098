"""Every test has a state folder and a folder for sockets of its own, and leaves no process."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import markdown_it  # noqa: F401 - imported when first needed, which is no time of an example's
import psutil
import pytest

from assemblyzero_tui.runner.credentials.api_key_variables import API_KEY_VARIABLES
from assemblyzero_tui.runner.locks.lock_folder import OVERRIDE

MARK = "ASSEMBLYZERO_TEST"
"""Environment variable that every process a test starts inherits."""
PATIENCE = 10.0
"""Seconds that processes get to leave by themselves when their test is over."""
_FOREIGN = ("ASSEMBLYZERO_", "AGENTOS_", "LANGSMITH_", "LANGCHAIN_", "TEXTUAL")
_OF_PYTEST = "TEXTUAL_SNAPSHOT_"
_KEYS = (
    *API_KEY_VARIABLES,
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_HOST",
    "GH_FORCE_TTY",
    "CLICOLOR_FORCE",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLORTERM",
    "COLUMNS",
    "LINES",
)


# What is started under nohup, or with & in a script, ignores them, and so would all it starts.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> (
    Iterator[str]
):  # fmt: skip
    """The test's own folders and its mark; afterwards nothing it started is left."""
    for name in list(os.environ):
        if name.startswith(_OF_PYTEST):
            continue
        if name.startswith(_FOREIGN) or name in _KEYS:
            monkeypatch.delenv(name)
    mark = uuid.uuid4().hex
    home = tmp_path_factory.mktemp("state") / "home"
    runtime = Path(tempfile.mkdtemp(dir="/tmp", prefix="azt-test-"))
    monkeypatch.setenv("ASSEMBLYZERO_HOME", str(home))
    monkeypatch.setenv("HOME", str(home.parent))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv(OVERRIDE, str(runtime / "locks"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv(MARK, mark)
    yield mark
    left = _leftovers(mark) if home.exists() else []
    shutil.rmtree(runtime, ignore_errors=True)
    if left:
        pytest.fail("processes were left behind: " + "; ".join(left), pytrace=False)


@pytest.fixture
def state_home() -> Path:
    """The test's own state folder; it does not exist yet."""
    return Path(os.environ["ASSEMBLYZERO_HOME"])


def marked(mark: str) -> list[psutil.Process]:
    """The processes that carry a test's mark, without this one and its own helpers."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.environ().get(MARK) != mark:
                continue
            if process.ppid() == os.getpid() and "multiprocessing" in " ".join(process.cmdline()):
                continue
        except psutil.Error:
            continue
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def _leftovers(mark: str) -> list[str]:
    """What is still there after a while; it is ended here, so that no later test suffers."""
    _, alive = psutil.wait_procs(marked(mark), timeout=PATIENCE)
    described = []
    for process in alive:
        try:
            described.append(f"{process.pid} {' '.join(process.cmdline())[:200]}")
            process.kill()
        except psutil.Error:
            continue
    return described
