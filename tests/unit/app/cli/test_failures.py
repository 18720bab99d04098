"""Whatever goes wrong ends as a message and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.app.cli import failures
from assemblyzero_tui.runner.base.errors import EngineError, TuiError


def fail_with(error: BaseException) -> int:
    def main() -> None:
        raise error

    return failures.guarded(main)


def test_an_error_of_the_program_is_its_message_its_hint_and_its_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fail_with(TuiError("It is broken.", "Mend it.")) == 2
    assert capsys.readouterr().err == "Error: It is broken.\nMend it.\n"
    assert fail_with(EngineError("It has gone.")) == 1


def test_an_interruption_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail_with(KeyboardInterrupt()) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_unexpected_error_is_short_and_its_traceback_is_in_a_file(
    capsys: pytest.CaptureFixture[str], state_home: Path
) -> None:
    assert fail_with(ZeroDivisionError("by zero")) == 1
    said = capsys.readouterr().err
    (crash,) = (state_home / "crashes").iterdir()
    assert "ZeroDivisionError: by zero" in said
    assert str(crash) in said
    assert "Traceback" not in said
    assert "Traceback" in crash.read_text()


def test_without_a_place_for_it_the_traceback_is_shown(
    capsys: pytest.CaptureFixture[str], state_home: Path
) -> None:
    state_home.write_text("not a folder")
    assert fail_with(ZeroDivisionError("by zero")) == 1
    assert "Traceback" in capsys.readouterr().err
