"""Dialogs: every way to answer, and what the answer is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from textual.app import App

from assemblyzero_tui.app.ui.themes import DARK
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.dialogs import Confirm, QuitDialog
from assemblyzero_tui.widgets.glyphs import ASCII
from tests.ui.rounding import ROUNDED

UNANSWERED = object()
COUNTS = Counter({State.RUNNING: 3, State.QUEUED: 12, State.DONE: 4, State.FAILED: 1})


Dialog = Confirm | QuitDialog


class Asking(App[None]):
    """Asks at once and keeps the answer."""

    def __init__(self, dialog: Dialog) -> None:
        super().__init__()
        self.dialog = dialog
        self.answer: object = UNANSWERED
        self.register_theme(DARK)
        self.theme = DARK.name

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self._answered)

    def _answered(self, answer: object) -> None:
        self.answer = answer


def confirm() -> Confirm:
    return Confirm("Cancel LLD-42?", "Its checkpoint is kept; r tries it again.", "Cancel it")


def quit_dialog() -> QuitDialog:
    return QuitDialog(COUNTS, "20260921-141320-lld")


async def answer_to(dialog: Dialog, *keys: str) -> object:
    app = Asking(dialog)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        return app.answer


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("y", True),
        ("n", False),
        ("escape", False),
        ("enter", False),
        ("space", False),
        ("l enter", True),
        ("right enter", True),
        ("down enter", True),
        ("tab enter", True),
        ("l h enter", False),
        ("right left enter", False),
        ("x", UNANSWERED),
    ],
)
async def test_confirm_is_answered_by(keys: str, answer: object) -> None:
    assert await answer_to(confirm(), *keys.split()) is answer


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("d", "detach"),
        ("l", "detach"),
        ("s", "stop"),
        ("c", "cancel"),
        ("n", None),
        ("escape", None),
        ("enter", "detach"),
        ("down enter", "stop"),
        ("j j enter", "cancel"),
        ("up enter", None),
        ("q", UNANSWERED),
    ],
)
async def test_quit_is_answered_by(keys: str, answer: object) -> None:
    assert await answer_to(quit_dialog(), *keys.split()) == answer


@pytest.mark.parametrize(
    ("dialog", "button", "answer"),
    [
        (confirm, "#choice-n", False),
        (confirm, "#choice-y", True),
        (quit_dialog, "#choice-s", "stop"),
        (quit_dialog, "#choice-n", None),
    ],
)
async def test_a_click_answers(dialog: Callable[[], Dialog], button: str, answer: object) -> None:
    app = Asking(dialog())
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click(button)
        await pilot.pause()
        assert app.answer == answer


async def test_a_click_beside_the_dialog_answers_nothing() -> None:
    app = Asking(confirm())
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click(offset=(1, 1))
        await pilot.pause()
        assert app.answer is UNANSWERED


async def test_titles_of_strangers_are_only_text() -> None:
    dialog = Confirm("Cancel [bold]\x1b[31mLLD-42?", "[@click=app.quit]x[/]\u202e")
    app = Asking(dialog)
    async with app.run_test() as pilot:
        await pilot.pause()
        screen = app.export_screenshot()
        assert "[bold]LLD-42?" in screen.replace("&#160;", " ")
        assert "[@click=app.quit]x[/]" in screen
        assert "\u202e" not in screen


@pytest.mark.parametrize("size", [(60, 15), (40, 10)])
@pytest.mark.parametrize("dialog", [confirm, quit_dialog])
async def test_the_choice_in_focus_is_in_sight_on_small_terminals(
    dialog: Callable[[], Dialog], size: tuple[int, int]
) -> None:
    app = Asking(dialog())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("tab")
        await pilot.pause()
        assert app.focused is not None
        assert app.screen.region.contains_region(app.focused.region)


def test_confirm_looks_like_this(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(Asking(confirm()), terminal_size=(80, 24))


def test_quit_looks_like_this(snap_compare: Callable[..., bool]) -> None:
    assert snap_compare(Asking(quit_dialog()), terminal_size=(80, 24))


@ROUNDED
def test_quit_looks_like_this_on_a_small_ascii_terminal(
    snap_compare: Callable[..., bool],
) -> None:
    dialog = QuitDialog(COUNTS, "20260921-141320-lld", glyphs=ASCII)
    assert snap_compare(Asking(dialog), terminal_size=(60, 15), press=["down"])
