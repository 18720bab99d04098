"""Which face a run is shown with: the dashboard, plain lines, or JSON lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, TextIO

import click

Kind = Literal["dashboard", "plain", "json"]


@dataclass(frozen=True, slots=True)
class Face:
    """How the user wants to see a run."""

    kind: Kind
    timestamps: bool = False
    """Plain lines begin with the time."""
    mouse: bool = True
    ascii: bool = False
    """No character beyond ASCII is drawn."""
    notice: str = ""
    """Why it is not the dashboard, where that may surprise."""


def why_no_dashboard() -> str | None:
    """Why the dashboard cannot be shown here; ``None`` if it can."""
    if not is_terminal(sys.stdout):
        return "the output is not a terminal"
    if not is_terminal(sys.stdin):
        return "the input is not a terminal"
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return (
            f"TERM is {term!r}, a terminal that cannot move its cursor"
            if term
            else ("TERM is not set")
        )
    return None


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is open and leads to a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def choose_face(
    *, plain: bool, json: bool, timestamps: bool = False, mouse: bool = True, ascii: bool = False
) -> Face:
    """The face for these wishes and this terminal.

    Raises:
        click.UsageError: plain lines and JSON lines are both wanted.
    """
    if plain and json:
        raise click.UsageError("Give --plain or --json, not both.")
    kind: Kind = "json" if json else "plain" if plain else "dashboard"
    notice = ""
    if kind == "dashboard" and (why := why_no_dashboard()) is not None:
        kind = "plain"
        if is_terminal(sys.stdout):
            notice = f"No dashboard here: {why}. Plain lines instead."
    return Face(kind, timestamps=timestamps, mouse=mouse, ascii=ascii, notice=notice)


def face_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of how to show a run; the command gets them as one ``face``."""

    @wraps(function)
    def with_face(
        *arguments: Any,
        plain: bool,
        json: bool,
        timestamps: bool,
        no_mouse: bool,
        ascii: bool,
        **rest: Any,
    ) -> Any:
        face = choose_face(
            plain=plain, json=json, timestamps=timestamps, mouse=not no_mouse, ascii=ascii
        )
        return function(*arguments, face=face, **rest)

    for option in reversed(
        [
            click.option("--plain", is_flag=True, help="Plain lines instead of the dashboard."),
            click.option("--json", is_flag=True, help="The events as JSON, one a line."),
            click.option("--timestamps", is_flag=True, help="Begin plain lines with the time."),
            click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal."),
            click.option("--ascii", is_flag=True, help="Draw with ASCII characters only."),
        ]
    ):
        with_face = option(with_face)
    return with_face
