"""A list of items to choose from, with a filter; or the reason why there are none."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.row_list import RowList
from assemblyzero_tui.widgets.start.rows import fitting, item_row

SPIN = 0.12
"""Seconds between two frames of the spinner."""


class ItemChooser(Vertical):
    """A list of items; chosen items stay chosen while the filter hides them."""

    class Changed(Message):
        """The items, or the chosen ones, have changed."""

    class Accepted(Message):
        """Enter was pressed on the items."""

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs
        self._waiting_for = ""
        self._picture = 0
        self.items: Sequence[ItemInfo] = ()
        """All items."""
        self.shown: list[ItemInfo] = []
        """The items that match the filter."""
        self.chosen: set[str] = set()
        """Ids of the chosen items."""

    def compose(self) -> ComposeResult:
        placeholder = "filter: press /"
        # a / at the beginning is dropped, as users type the key for the filter once more
        yield Input(placeholder=placeholder, restrict="|[^/].*", compact=True, id="chooser-filter")
        yield Static(id="chooser-status")
        yield RowList(self._row, glyphs=self._glyphs, one_click=True, id="chooser-rows")
        yield Static(id="chooser-notes")

    def on_mount(self) -> None:
        self.set_interval(SPIN, self._spin)

    @property
    def rows(self) -> RowList:
        """The list of items."""
        return self.query_one("#chooser-rows", RowList)

    @property
    def filter(self) -> Input:
        """The input for the filter."""
        return self.query_one("#chooser-filter", Input)

    @property
    def waiting(self) -> bool:
        """Whether the items are still being loaded."""
        return bool(self._waiting_for)

    @property
    def chosen_items(self) -> list[ItemInfo]:
        """The chosen items, in their order."""
        return [item for item in self.items if item.id in self.chosen]

    def wait(self, what: str) -> None:
        """Shows a spinner with a text while the items are being loaded."""
        self._waiting_for = what
        self._set((), ())
        self._spin()

    def show(self, items: Sequence[ItemInfo], notes: Sequence[str], nothing: str) -> None:
        """Shows these items and the notes below them; the text ``nothing`` if there are none."""
        self._waiting_for = ""
        self.chosen &= {item.id for item in items}
        self._show_status(None if items else Content(nothing))
        self._set(items, notes)

    def fail(self, error: TuiError, ways: str) -> None:
        """Shows an error, and in ``ways`` what the user can do."""
        self._waiting_for = ""
        what, hint = (
            "\n".join(one_line(line) for line in text.splitlines())
            for text in (error.what, error.hint)
        )
        self._show_status(
            Content.assemble(
                (f"{self._glyphs.flag} {what}", "$error bold"),
                f"\n{hint}" if hint else "",
                (f"\n{ways}", "$text-muted"),
            )
        )
        self._set((), ())

    def toggle(self) -> None:
        """Chooses the item at the cursor, or unchooses it."""
        if self.shown:
            self.chosen ^= {self.shown[self.rows.cursor].id}
            self._changed()

    def toggle_all(self) -> None:
        """Chooses all items that the filter shows, or none of them."""
        ids = {item.id for item in self.shown}
        self.chosen = self.chosen - ids if ids <= self.chosen else self.chosen | ids
        self._changed()

    def _set(self, items: Sequence[ItemInfo], notes: Sequence[str]) -> None:
        self.items = items
        below = self.query_one("#chooser-notes", Static)
        below.update(Content("\n".join(one_line(note) for note in notes)))
        below.display = bool(notes)
        self._filter()

    def _show_status(self, text: Content | None) -> None:
        status = self.query_one("#chooser-status", Static)
        status.display = text is not None
        if text is not None:
            status.update(text)

    def _spin(self) -> None:
        if not self._waiting_for:
            return
        pictures = "|/-\\" if self._glyphs.plain else "◐◓◑◒"
        if self.app.animation_level != "none":
            self._picture += 1
        picture = pictures[self._picture % len(pictures)]
        self._show_status(Content.assemble((picture, "$primary"), f" {self._waiting_for}"))

    def _filter(self) -> None:
        self.shown = fitting(self.items, self.filter.value)
        self.rows.show(len(self.shown))
        if self.items:
            none = Content.styled("Nothing matches the filter.", "$text-muted")
            self._show_status(None if self.shown else none)
        self._changed()

    def _changed(self) -> None:
        count = f"{len(self.chosen & {i.id for i in self.items})} of {len(self.items)} chosen"
        self.border_subtitle = count if self.items else ""
        self.rows.refresh()
        self.post_message(self.Changed())

    def _row(self, index: int, width: int) -> Content:
        item = self.shown[index]
        return item_row(item, item.id in self.chosen, width, self._glyphs)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filters while the user types."""
        event.stop()
        self._filter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter moves from the filter to the items."""
        event.stop()
        self.rows.focus()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """A click chooses an item, enter accepts the chosen items."""
        event.stop()
        if event.clicked:
            self.toggle()
        else:
            self.post_message(self.Accepted())
