"""Items to tick off, with a filter; or why there are none."""

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
"""Seconds between two pictures of the spinner."""


class ItemChooser(Vertical):
    """A list of items; what is chosen stays chosen while the filter hides it."""

    class Changed(Message):
        """Other items are there, or are chosen."""

    class Accepted(Message):
        """Enter was pressed on the items."""

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs
        self._waiting_for = ""
        self._picture = 0
        self.items: Sequence[ItemInfo] = ()
        """All of them."""
        self.shown: list[ItemInfo] = []
        """Those that the filter lets through."""
        self.chosen: set[str] = set()
        """Ids of the chosen ones."""

    def compose(self) -> ComposeResult:
        placeholder = "filter: press /"
        # the / that leads here is no part of it, typed once more out of habit
        yield Input(placeholder=placeholder, restrict="|[^/].*", compact=True, id="chooser-filter")
        yield Static(id="chooser-status")
        yield RowList(self._row, glyphs=self._glyphs, one_click=True, id="chooser-rows")
        yield Static(id="chooser-notes")

    def on_mount(self) -> None:
        self.set_interval(SPIN, self._spin)

    @property
    def rows(self) -> RowList:
        """The list itself."""
        return self.query_one("#chooser-rows", RowList)

    @property
    def filter(self) -> Input:
        """The field of the filter."""
        return self.query_one("#chooser-filter", Input)

    @property
    def waiting(self) -> bool:
        """Whether the items are not known yet."""
        return bool(self._waiting_for)

    @property
    def chosen_items(self) -> list[ItemInfo]:
        """The chosen ones, in their order."""
        return [item for item in self.items if item.id in self.chosen]

    def wait(self, what: str) -> None:
        """Says what is being done until the items are known."""
        self._waiting_for = what
        self._set((), ())
        self._spin()

    def show(self, items: Sequence[ItemInfo], notes: Sequence[str], nothing: str) -> None:
        """Shows these items and the notes below them; ``nothing`` is shown if there are none."""
        self._waiting_for = ""
        self.chosen &= {item.id for item in items}
        self._say(None if items else Content(nothing))
        self._set(items, notes)

    def fail(self, error: TuiError, ways: str) -> None:
        """Shows why there are no items, and what to do."""
        self._waiting_for = ""
        what, hint = (
            "\n".join(one_line(line) for line in text.splitlines())
            for text in (error.what, error.hint)
        )
        self._say(
            Content.assemble(
                (f"{self._glyphs.flag} {what}", "$error bold"),
                f"\n{hint}" if hint else "",
                (f"\n{ways}", "$text-muted"),
            )
        )
        self._set((), ())

    def toggle(self) -> None:
        """Chooses the item at the cursor, or not."""
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

    def _say(self, text: Content | None) -> None:
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
        self._say(Content.assemble((picture, "$primary"), f" {self._waiting_for}"))

    def _filter(self) -> None:
        self.shown = fitting(self.items, self.filter.value)
        self.rows.show(len(self.shown))
        if self.items:
            none = Content.styled("Nothing matches the filter.", "$text-muted")
            self._say(None if self.shown else none)
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
        """The filter works as it is typed."""
        event.stop()
        self._filter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes from the filter to the items."""
        event.stop()
        self.rows.focus()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """A click marks an item, enter accepts."""
        event.stop()
        if event.clicked:
            self.toggle()
        else:
            self.post_message(self.Accepted())
