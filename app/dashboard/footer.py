"""The hints of the footer: the keys that have an effect now, and what is out of sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assemblyzero_tui.app.ui.keymap import Where, footer_commands, screen_action
from assemblyzero_tui.app.ui.view_state import ViewState
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import (
    ATTENTION,
    CANCELLABLE,
    PAUSABLE,
    RESUMABLE,
    RETRIABLE,
    State,
)
from assemblyzero_tui.widgets.format import STATE_STYLES, count
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.items.layout import Mode
from assemblyzero_tui.widgets.key_hints import Hint
from assemblyzero_tui.widgets.text_line import Part

LAST_HINTS = (
    Hint("?", "Help", screen_action("help")),
    Hint("q", "Quit", screen_action("ask_quit")),
)
"""Hints that are always at the end of the footer."""

CREDENTIALS_PLACE = 38
"""Place of the credentials' hint in the footer while some of them cannot be used."""


@dataclass(frozen=True)
class Situation:
    """The state that decides which keys the footer shows."""

    run: RunState
    view_state: ViewState
    states: frozenset[State]
    """States of the items that the keys act on."""
    engine_gone: bool
    """Whether work is left, no engine serves it, and one can be started."""
    live: bool = True
    """Whether an engine accepts commands."""
    credentials_unusable: bool = False
    """Whether some credential cannot be used."""

    @property
    def where(self) -> Where:
        """The part of the dashboard that the user looks at."""
        if self.view_state.zoomed:
            return Where.ZOOM
        return Where.TABLE if self.view_state.mode is Mode.LIST else Where.PANES


def hints(now: Situation) -> list[Hint]:
    """The keys that have an effect now, the most important first."""
    commands = [each for each in footer_commands(now.where) if _applies(each.id, now)]
    if now.credentials_unusable:
        commands.sort(
            key=lambda each: CREDENTIALS_PLACE if each.id == "credentials" else each.footer
        )
    return [
        Hint(command.shown_keys[0], _label(command.id, command.label, now), command.screen_action)
        for command in commands
    ]


def _applies(command: str, now: Situation) -> bool:
    match command:
        case "pause":
            return now.live and bool(now.states & (PAUSABLE | RESUMABLE))
        case "pause_all":
            return now.live and not now.run.finished
        case "cancel":
            return now.live and bool(now.states & CANCELLABLE)
        case "retry":
            return now.engine_gone or (now.live and bool(now.states & RETRIABLE))
        case "credentials":
            return bool(now.run.pool.credentials)
        case "attention":
            return any(now.run.counts[state] for state in ATTENTION)
        case "next_page":
            return now.view_state.layout.pages > 1 or now.view_state.zoomed
        case "zoom" | "toggle_list":
            return len(now.run.items) > 1 and not (now.view_state.zoomed and command == "zoom")
        case _:
            return True


def _label(command: str, label: str, now: Situation) -> str:
    if command == "pause" and not now.states & PAUSABLE:
        return "Resume"
    if command == "pause_all" and now.run.held:
        return "Resume all"
    if command == "retry" and now.engine_gone:
        return "Resume run"
    if command == "toggle_list":
        return "Grid" if now.view_state.mode is Mode.LIST else "List"
    if command == "next_page" and now.view_state.zoomed:
        return "Next item"
    return label


def page_parts(
    run: RunState, items: Sequence[str], view_state: ViewState, glyphs: Glyphs
) -> list[Part]:
    """The page that is shown, and the items on other pages that need attention."""
    parts: list[Part] = []
    waiting = [run.items[item].state for item in view_state.out_of_sight(items)]
    for state in sorted(ATTENTION, key=lambda state: state.look.order):
        if number := waiting.count(state):
            text = f"off page: {count(number)} {glyphs.word(state)}  "
            parts.append((text, f"{STATE_STYLES[state]} bold"))
    if view_state.layout.pages > 1 and not view_state.zoomed and view_state.mode is Mode.GRID:
        parts.append((f"page {view_state.page(items) + 1}/{view_state.layout.pages}  ", "bold"))
    return parts
