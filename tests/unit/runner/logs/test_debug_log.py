"""The debug log of one process: its file, its content, and no secrets."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.logs import debug_log

SECRET = "canary-number-one"
LOGGER = logging.getLogger("assemblyzero_tui.runner.engine.service")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield debug_log.debug_log_file(RunFolder(tmp_path), "engine")
    debug_log.close_debug_log()


def test_nothing_is_logged_before_it_is_opened(path: Path) -> None:
    assert not LOGGER.isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("assemblyzero_tui").handlers
    assert not path.exists()


def test_it_holds_what_this_program_logs_and_nothing_of_libraries(path: Path) -> None:
    debug_log.open_debug_log(path)
    LOGGER.debug("one %s", "thing")
    logging.getLogger("httpx").warning("another")
    assert "service: one thing\n" in path.read_text()
    assert "another" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_nothing_is_written_after_it_was_closed(path: Path) -> None:
    debug_log.open_debug_log(path)
    debug_log.close_debug_log()
    LOGGER.debug("too late")
    assert path.read_text() == ""
    assert not LOGGER.isEnabledFor(logging.DEBUG)


def test_secrets_are_in_no_message_and_no_traceback(path: Path) -> None:
    debug_log.open_debug_log(path, ["first-secret-text"])
    debug_log.redact_in_debug_log(SECRET)
    LOGGER.debug("%s and %s", "first-secret-text", {"name": SECRET})
    LOGGER.debug("AIzaCanaryNumberOneQ7xLk2vTn9RbW4eYp1z")
    try:
        raise ValueError(SECRET)
    except ValueError:
        LOGGER.debug("failed", exc_info=True, stack_info=True)
    text = path.read_text()
    assert "Traceback" in text
    assert "ValueError: [redacted]" in text
    for secret in ("first-secret-text", SECRET, "CanaryNumberOne"):
        assert secret not in text.replace(f'SECRET = "{SECRET}"', "")


def test_a_full_disk_does_not_stop_the_process(path: Path) -> None:
    program = f"""
import logging, pathlib, resource
from assemblyzero_tui.runner.logs import debug_log
debug_log.open_debug_log(pathlib.Path({str(path)!r}))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
logging.getLogger("assemblyzero_tui").debug("no room for this")
debug_log.close_debug_log()
print("still here")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "still here\n", "")
    assert path.read_bytes() == b""


@pytest.mark.parametrize(("value", "wanted"), [("1", True), ("", False), ("0", False)])
def test_processes_learn_of_it_by_a_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, wanted: bool
) -> None:
    monkeypatch.setenv(debug_log.DEBUG_VARIABLE, value)
    assert debug_log.debug_wanted() is wanted
