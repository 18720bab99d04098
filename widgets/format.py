"""Formats figures, times and names for the dashboard."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from assemblyzero_tui.runner.model.pool_text import time_of_day as time_of_day
from assemblyzero_tui.runner.model.states import State

STATE_STYLES: dict[State, str] = {
    State.QUEUED: "$text-muted",
    State.STARTING: "$primary",
    State.RUNNING: "$primary",
    State.PAUSING: "$secondary",
    State.PAUSED: "$secondary",
    State.QUOTA: "$warning",
    State.RETRYING: "$warning",
    State.ASKING: "$accent",
    State.CANCELLING: "$warning",
    State.DONE: "$success",
    State.FAILED: "$error",
    State.CANCELLED: "$text-muted",
    State.LOST: "$error",
    State.SKIPPED: "$text-muted",
}
"""Theme variable of each state's colour."""


def roughly(seconds: float) -> str:
    """An estimate, rounded to minutes: ``38m``, ``2h 10m``, ``<1m``."""
    minutes = int(seconds / 60 + 0.5)
    if minutes < 1:
        return "<1m"
    if minutes < 60:
        return f"{minutes}m"
    hours, rest = divmod(minutes, 60)
    return f"{hours}h {rest:02d}m" if hours < 48 else f"{hours // 24}d"


def count(number: int) -> str:
    """A number with its thousands separated by spaces: ``1 243``."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, thing: str) -> str:
    """``1 line``, ``1 243 lines``."""
    return f"{count(number)} {thing}" if number == 1 else f"{count(number)} {thing}s"


def brief(number: int) -> str:
    """A number in at most four cells: ``950``, ``4.2k``, ``38k``, ``1.3M``."""
    if number < 1000:
        return str(number)
    for size, unit in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        value = number / size
        if value < 9.95:
            return f"{value:.1f}{unit}"
        if value < 999.5:
            return f"{value:.0f}{unit}"
    return f"{number / 1e12:.0f}T"


def node_name(node: str) -> str:
    """``N1_design`` as ``N1 design``."""
    return node.replace("_", " ")


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """The text in exactly ``width`` cells, cut with an ellipsis or filled with spaces."""
    return set_cell_size(cut(text, width, ellipsis), max(0, width))


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """The text in at most ``width`` cells."""
    if text.isascii() and len(text) <= width:
        return text
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    if width <= cell_len(ellipsis):
        return ellipsis[:width]
    return set_cell_size(text, width - cell_len(ellipsis)).rstrip() + ellipsis
