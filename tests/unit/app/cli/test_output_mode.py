"""The output mode is chosen by the options and the terminal; tables align what is seen."""

from __future__ import annotations

import click
import pytest

from assemblyzero_tui.app.cli import output_mode
from assemblyzero_tui.app.cli.text_table import cut, table, width


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(output_mode, "is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def test_on_a_terminal_it_is_the_dashboard(terminal: pytest.MonkeyPatch) -> None:
    output = output_mode.choose_output_mode(plain=False, json=False)
    assert (output.kind, output.notice) == ("dashboard", "")


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_move_the_cursor_gets_plain_lines_and_a_notice(
    terminal: pytest.MonkeyPatch, term: str
) -> None:
    terminal.setenv("TERM", term)
    output = output_mode.choose_output_mode(plain=False, json=False)
    assert output.kind == "plain"
    assert "TERM" in output.notice


def test_without_a_terminal_lines_are_plain_and_no_notice_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output_mode, "is_terminal", lambda stream: False)
    output = output_mode.choose_output_mode(plain=False, json=False)
    assert (output.kind, output.notice) == ("plain", "")


def test_an_option_decides_on_every_terminal(terminal: pytest.MonkeyPatch) -> None:
    assert output_mode.choose_output_mode(plain=True, json=False).kind == "plain"
    assert output_mode.choose_output_mode(plain=False, json=True).kind == "json"
    with pytest.raises(click.UsageError, match="not both"):
        output_mode.choose_output_mode(plain=True, json=True)


def test_closed_streams_are_no_terminals() -> None:
    assert not output_mode.is_terminal(None)


def test_columns_are_aligned_by_what_is_seen() -> None:
    assert list(table(("a", "n"), [("日本", "1"), ("x", "10")], right="n")) == [
        "a      n",
        "日本   1",
        "x     10",
    ]
    assert width("é") == 1
    assert cut("abcdef", 4) == "abc…"
    assert cut("日本語", 5) == "日本…"
    assert cut("abc", 3) == "abc"
