"""Output modes of a run: the dashboard, plain lines, or JSON lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, TextIO

import click

OutputKind = Literal["dashboard", "plain", "json"]


@dataclass(frozen=True, slots=True)
class OutputMode:
    """The output mode that the user chose, with its options."""

    kind: OutputKind
    timestamps: bool = False
    """Plain lines begin with the time."""
    mouse: bool = True
    ascii: bool = False
    """Whether only ASCII characters are drawn."""
    notice: str = ""
    """Why there is no dashboard although stdout is a terminal; otherwise empty."""


def why_no_dashboard() -> str | None:
    """Why the dashboard cannot be shown here; ``None`` if it can."""
    if not is_terminal(sys.stdout):
        return "stdout is not a terminal"
    if not is_terminal(sys.stdin):
        return "stdin is not a terminal"
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return f"TERM is {term!r}, which cannot move the cursor" if term else "TERM is not set"
    return None


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is open and is a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def choose_output_mode(
    *, plain: bool, json: bool, timestamps: bool = False, mouse: bool = True, ascii: bool = False
) -> OutputMode:
    """The output mode for these options and this terminal.

    Raises:
        click.UsageError: both plain and JSON lines are requested.
    """
    if plain and json:
        raise click.UsageError("Specify --plain or --json, not both.")
    kind: OutputKind = "json" if json else "plain" if plain else "dashboard"
    notice = ""
    if kind == "dashboard" and (why := why_no_dashboard()) is not None:
        kind = "plain"
        if is_terminal(sys.stdout):
            notice = f"No dashboard: {why}. Using plain lines."
    return OutputMode(kind, timestamps=timestamps, mouse=mouse, ascii=ascii, notice=notice)


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options for the output mode; the command gets them as one ``output``."""

    @wraps(function)
    def with_output_mode(
        *arguments: Any,
        plain: bool,
        json: bool,
        timestamps: bool,
        no_mouse: bool,
        ascii: bool,
        **rest: Any,
    ) -> Any:
        output = choose_output_mode(
            plain=plain, json=json, timestamps=timestamps, mouse=not no_mouse, ascii=ascii
        )
        return function(*arguments, output=output, **rest)

    for option in reversed(
        [
            click.option(
                "--plain", is_flag=True, help="Print plain lines instead of the dashboard."
            ),
            click.option("--json", is_flag=True, help="Print the events as JSON lines."),
            click.option("--timestamps", is_flag=True, help="Start plain lines with the time."),
            click.option(
                "--no-mouse", is_flag=True, help="Leave the mouse to the terminal (to select text)."
            ),
            click.option("--ascii", is_flag=True, help="Draw with ASCII characters only."),
        ]
    ):
        with_output_mode = option(with_output_mode)
    return with_output_mode
