"""The colours of the dashboard: a dark theme and a light one."""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme
from textual.theme import Theme

DARK = Theme(
    name="assemblyzero-dark",
    primary="#7cb7ff",
    secondary="#b8a1f5",
    accent="#f2b8e6",
    success="#86cf96",
    warning="#e8bf6a",
    error="#f2777a",
    foreground="#d7dce5",
    background="#10141a",
    surface="#161b23",
    panel="#1b222c",
    boost="#1b222c",
    dark=True,
    variables={
        "text-muted": "#8b95a5",
        "text-disabled": "#566070",
        "border": "#2f3947",
        "border-blurred": "#2f3947",
        "screen-selection-background": "#2d4a6e",
        "screen-selection-foreground": "#ffffff",
        "footer-key-foreground": "#7cb7ff",
    },
)
LIGHT = Theme(
    name="assemblyzero-light",
    primary="#1f63b5",
    secondary="#6a4bc0",
    accent="#a3337f",
    success="#1f7a38",
    warning="#8a5a00",
    error="#b3262b",
    foreground="#23282f",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#ebe8e1",
    boost="#ebe8e1",
    dark=False,
    variables={
        "text-muted": "#666d78",
        "text-disabled": "#a3a8b0",
        "border": "#c9c5bb",
        "border-blurred": "#c9c5bb",
        "screen-selection-background": "#bcd6f5",
        "screen-selection-foreground": "#10141a",
        "footer-key-foreground": "#1f63b5",
    },
)


Shade = tuple[int, int, int]


def _shade(colour: str) -> Shade:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _shades(*colours: str) -> list[Shade]:
    return [_shade(colour) for colour in colours]


DARK_LOGS = TerminalTheme(
    _shade("#10141a"),
    _shade("#d7dce5"),
    _shades("#3a4452", "#f2777a", "#86cf96", "#e8bf6a", "#7cb7ff", "#b8a1f5", "#74cfc8", "#d7dce5"),
    _shades("#566070", "#ff9a9c", "#a5e3b2", "#f5d48c", "#a3cdff", "#d0bfff", "#98e6df", "#ffffff"),
)
"""The sixteen terminal colours of the logs in the dark theme."""
LIGHT_LOGS = TerminalTheme(
    _shade("#fbfaf7"),
    _shade("#23282f"),
    _shades("#23282f", "#b3262b", "#1f7a38", "#8a5a00", "#1f63b5", "#6a4bc0", "#0b7285", "#5a616b"),
    _shades("#666d78", "#cc3b40", "#2d9149", "#a66e08", "#2f78d0", "#7f60d6", "#148a9f", "#23282f"),
)
"""The same for the light theme."""
