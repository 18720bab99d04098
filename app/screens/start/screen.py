"""The start screen: lists runs to attach to or resume, and items for a new run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from assemblyzero_tui.app.screens.start.choice import (
    Listing,
    RunOffer,
    StartChoice,
    StartNew,
    check_ready,
    list_pending,
    offered_runs,
)
from assemblyzero_tui.app.screens.start.settings import StartSettings
from assemblyzero_tui.app.ui.themes import DARK, LIGHT
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.workflows.tracker.tracker_name import short
from assemblyzero_tui.widgets.glyphs import ASCII, UNICODE
from assemblyzero_tui.widgets.key_hints import Hint, KeyHints
from assemblyzero_tui.widgets.row_list import RowList
from assemblyzero_tui.widgets.start.item_chooser import ItemChooser
from assemblyzero_tui.widgets.start.rows import (
    WORKFLOW_TEXTS,
    WorkflowTexts,
    offer_row,
    start_line,
)
from assemblyzero_tui.widgets.steady_screen import SteadyScreen
from assemblyzero_tui.widgets.text_line import TextLine


class StartApp(App[StartChoice]):
    """Lets the user choose; its return value is the choice, ``None`` if there was none.

    Args:
        start: Where to look for a repository.
        ascii: Draws with ASCII characters only.
        light: Starts with the light theme.
        parallel: The initial number of items at once; 0 means the default.
        provider: The initial provider.
        list_runs: Lists the runs to attach to or resume; called in a thread.
        list_items: Lists the pending items; called in a thread.
        check: Checks that a run with a provider could be started.
    """

    CSS_PATH = "screen.tcss"
    AUTO_FOCUS = None
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]  # noqa: RUF012 - as its base has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter_items", "Filter", show=False),
        Binding("space", "toggle_item", "Choose", show=False),
        Binding("asterisk", "toggle_all", "All", show=False),
        Binding("enter", "start", "Start", show=False),
        Binding("plus", "parallel(1)", "More at once", show=False),
        Binding("minus", "parallel(-1)", "Fewer at once", show=False),
        Binding("R", "reload", "Reload", show=False),
        Binding("escape", "step_back", "Back", show=False),
        Binding("q,ctrl+c,ctrl+q", "cancel", "Quit", show=False),
    ]

    class ItemsListed(Message):
        """The items are loaded, or an error occurred."""

        def __init__(self, request: int, outcome: Listing | TuiError) -> None:
            super().__init__()
            self.request = request
            self.outcome = outcome

    class RunsListed(Message):
        """The runs to attach to or resume are loaded."""

        def __init__(self, offers: Sequence[RunOffer]) -> None:
            super().__init__()
            self.offers = offers

    def __init__(
        self,
        start: Path,
        *,
        ascii: bool = False,
        light: bool = False,
        parallel: int = 0,
        provider: str = "",
        list_runs: Callable[[], Sequence[RunOffer]] = offered_runs,
        list_items: Callable[[Path, Path | None, str], Listing] = list_pending,
        check: Callable[[str], None] = check_ready,
    ) -> None:
        super().__init__()
        self.glyphs = ASCII if ascii else UNICODE
        self.offers: Sequence[RunOffer] = ()
        """The runs to attach to or resume."""
        self._repository: Path | None = None
        self._tracker = ""
        self._request = 0
        self._list_runs = list_runs
        self._list_items = list_items
        self._check = check
        self.settings = StartSettings(
            start, self.glyphs, parallel=parallel, provider=provider, id="start-settings"
        )
        self.chooser = ItemChooser(self.glyphs, id="start-items")
        self.runs = RowList(self._offer, glyphs=self.glyphs, one_click=True, id="start-runs")
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if light else DARK.name

    def get_default_screen(self) -> Screen[None]:
        return SteadyScreen(id="_default")

    def compose(self) -> ComposeResult:
        yield TextLine(id="start-title")
        with Vertical(id="start-runs-box"):
            yield self.runs
        yield self.settings
        yield self.chooser
        yield TextLine(id="start-line")
        yield KeyHints(id="start-keys")

    def on_mount(self) -> None:
        self.screen.set_class(self.glyphs.plain, "-plain")
        runs_box = self.query_one("#start-runs-box")
        runs_box.border_title, runs_box.display = "Resume or attach", False
        self.settings.border_title = "New run"
        self.chooser.rows.focus()
        self.reload()
        self._in_thread(lambda: self.RunsListed(self._found_runs()))
        self.call_after_refresh(self._update_lines)

    # Loading

    def _in_thread(self, work: Callable[[], Message]) -> None:
        """Does the work in a thread that is not waited for when the user quits."""

        def run() -> None:
            message = work()
            try:
                self.post_message(message)
            except RuntimeError:
                return  # The user has quit.

        threading.Thread(target=run, name="start-screen", daemon=True).start()

    def _found_runs(self) -> Sequence[RunOffer]:
        try:
            return self._list_runs()
        except TuiError:
            return ()

    def reload(self) -> None:
        """Loads the items again."""
        self._request += 1
        request, start, folder = self._request, self.settings.repository, self.settings.issues_dir
        workflow, texts = self.settings.workflow, self._texts
        self._repository, self._tracker = None, ""
        self.chooser.border_title = texts.pending
        if self.settings.from_files and folder is None:
            self.chooser.fail(
                TuiError("Which folder has the issues?"), "Type its path, then press enter."
            )
            return
        self.chooser.wait("Reading the issue files" if folder else texts.loading)

        def work() -> Message:
            try:
                return self.ItemsListed(request, self._list_items(start, folder, workflow))
            except TuiError as error:
                return self.ItemsListed(request, error)
            except Exception as error:
                text = f"The {texts.items} cannot be listed: {type(error).__name__}: {error}"
                return self.ItemsListed(request, TuiError(text))

        self._in_thread(work)

    def on_start_app_items_listed(self, message: ItemsListed) -> None:
        """Shows the items, or the error."""
        if message.request != self._request:
            return
        if isinstance(message.outcome, TuiError):
            files = "" if self.settings.from_files else self._texts.alternative
            self.chooser.fail(message.outcome, f"R retries.{files}")
            return
        self._repository = self.settings.repository = message.outcome.repository
        self._tracker = message.outcome.tracker
        whose = f" in {one_line(short(self._tracker))}" if self._tracker else ""
        self.chooser.border_title = f"{self._texts.pending}{whose}"
        self.chooser.show(message.outcome.items, message.outcome.notes, self._texts.empty)

    def on_start_app_runs_listed(self, message: RunsListed) -> None:
        """Shows the runs; the cursor moves there unless the user is choosing items."""
        self.offers = message.offers
        self.query_one("#start-runs-box").display = bool(self.offers)
        self.runs.show(len(self.offers))
        rows = self.chooser.rows
        idle = self.focused in (None, rows) and not self.chooser.chosen and not rows.cursor
        if self.offers and idle:
            self.runs.focus()
        self._update_lines()

    # Showing

    @property
    def _texts(self) -> WorkflowTexts:
        return WORKFLOW_TEXTS[self.settings.workflow]

    def _offer(self, index: int, width: int) -> Content:
        return offer_row(self.offers[index], width, self.glyphs)

    def _update_lines(self) -> None:
        chosen = len(self.chooser.chosen_items)
        title = Content.assemble((" AssemblyZero", "bold $primary"), ("  start", "$text-muted"))
        self.query_one("#start-title", TextLine).show(title)
        self.query_one("#start-line", TextLine).show(
            start_line(chosen, self.settings.parallel, self.glyphs, self._texts.product)
        )
        hints = [Hint("enter", "Open" if self.runs.has_focus else "Start", "app.start")]
        if not self.runs.has_focus:
            hints += [
                Hint("space", "Choose", "app.toggle_item"),
                Hint("*", "All", "app.toggle_all"),
                Hint("/", "Filter", "app.filter_items"),
            ]
        hints += [
            Hint("+-", "At once", "app.parallel(1)"),
            Hint("q", "Quit", "app.cancel"),
            Hint("tab", "Next", "app.focus_next"),
            Hint("R", "Reload", "app.reload"),
        ]
        self.query_one(KeyHints).update(hints, [])

    def on_descendant_focus(self) -> None:
        """Shows the keys of the focused widget in the last row."""
        self._update_lines()

    def on_resize(self) -> None:
        """Fits the last row to the width."""
        self.call_after_refresh(self._update_lines)

    def on_item_chooser_changed(self) -> None:
        """Shows the number of chosen items."""
        self._update_lines()

    def on_start_settings_parallel_changed(self) -> None:
        """Shows the new number of items at once."""
        self._update_lines()

    def on_start_settings_source_changed(self, event: StartSettings.SourceChanged) -> None:
        """Loads the items of the new source."""
        self.reload()
        if event.complete:
            self.chooser.rows.focus()

    # Choosing

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Closes the screen with the chosen run."""
        self.exit(self.offers[event.index].choice)

    def on_item_chooser_accepted(self) -> None:
        """Enter on the items starts the run."""
        self.action_start()

    def on_click(self) -> None:
        """A click on the start line starts the run."""
        if self.query_one("#start-line").is_mouse_over:
            self.action_start()

    def action_toggle_item(self) -> None:
        """Chooses the item at the cursor, or unchooses it."""
        self.chooser.toggle()

    def action_toggle_all(self) -> None:
        """Chooses all items that the filter shows, or none of them."""
        self.chooser.toggle_all()

    def action_filter_items(self) -> None:
        """Focuses the filter."""
        self.chooser.filter.focus()

    def action_parallel(self, by: int) -> None:
        """Changes the number of items at once."""
        self.settings.more_at_once(by)

    def action_reload(self) -> None:
        """Loads the items again."""
        self.reload()

    def action_step_back(self) -> None:
        """Leaves a field, clears the filter, or quits."""
        if isinstance(self.focused, Input) or self.chooser.filter.value:
            self.chooser.filter.value = ""
            self.chooser.rows.focus()
        else:
            self.exit(None)

    def action_cancel(self) -> None:
        """Quits without a choice."""
        self.exit(None)

    def action_start(self) -> None:
        """Starts a run of the chosen items, or attaches to or resumes the run at the cursor."""
        if self.runs.has_focus and self.offers:
            self.exit(self.offers[self.runs.cursor].choice)
            return
        items = self.chooser.chosen_items
        if self._repository is None:
            return
        if not items:
            text = f"Choose {self._texts.items} with space, or all of them with *."
            self.notify(text, title="Nothing chosen")
            return
        try:
            self._check(self.settings.provider)
        except TuiError as error:
            self.notify(str(error), title="Not started", severity="error", markup=False)
            return
        self.exit(
            StartNew(
                repository=self._repository,
                issues_dir=self.settings.issues_dir,
                items=items,
                parallel=self.settings.parallel,
                provider=self.settings.provider,
                workflow=self.settings.workflow,
                tracker=self._tracker,
            )
        )
