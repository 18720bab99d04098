"""The summary of a run: headline and totals, a table of the items, and details of one item."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from assemblyzero_tui.app.ui.report_export import export_report
from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.model.summary import FAILURES, Failure, ItemLine, Summary
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.widgets.format import STATE_STYLES, brief, counted, node_name
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.items import summary_table
from assemblyzero_tui.widgets.key_hints import Hint, KeyHints
from assemblyzero_tui.widgets.row_list import RowList
from assemblyzero_tui.widgets.steady_screen import SteadyScreen
from assemblyzero_tui.widgets.text_line import TextLine
from assemblyzero_tui.widgets.timeline import legend

UPDATE_PERIOD = 1.0
"""Seconds between two updates while the run is still live."""
MUTED = "$text-muted"


class SummaryScreen(SteadyScreen[None]):
    """The summary of a run; shown until the user closes it.

    Posts what the app has to do: :class:`OpenLog`, :class:`RetryFailed`, :class:`Quit`.
    """

    CSS_PATH = "summary.tcss"
    AUTO_FOCUS = "#summary-rows"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - as its base has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-medium"), (32, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry_failed", "Retry failed"),
        Binding("E", "export", "Export Markdown"),
        Binding("d", "app.detach", "Detach", show=False),
        Binding("escape", "back", "Back"),
        Binding("q", "quit", "Quit"),
    ]

    class OpenLog(Message):
        """The user opened the log of an item."""

        def __init__(self, item: str) -> None:
            super().__init__()
            self.item = item

    class RetryFailed(Message):
        """The user retries these items, which did not succeed."""

        def __init__(self, items: list[str]) -> None:
            super().__init__()
            self.items = items

    class Quit(Message):
        """The user quits."""

    def __init__(self, source: RunSource, *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(classes="-plain" if glyphs.plain else "")
        self.source = source
        self._glyphs = glyphs
        self._built_at = -1
        self.summary = self._build()
        self._failures = {failure.id: failure for failure in self.summary.failures}

    def _build(self) -> Summary:
        self._built_at = self.source.state.seq
        return report.build(self.source.state, self.source.folder, self.source.now())

    def compose(self) -> ComposeResult:
        with Vertical(id="summary-head"):
            yield Static(id="summary-headline")
            yield Static(id="summary-facts")
        yield TextLine(id="summary-columns")
        yield RowList(self._row, glyphs=self._glyphs, id="summary-rows")
        yield Static(legend(self._glyphs), id="summary-legend")
        with Container(id="summary-detail"):
            yield Static(id="summary-item")
            with VerticalScroll(id="summary-log"):
                yield Static(id="summary-lines")
        yield Static(id="summary-next")
        yield KeyHints(id="summary-keys")

    def on_mount(self) -> None:
        self._show()
        rows = self.query_one(RowList)
        rows.cursor = next(
            (n for n, item in enumerate(self.summary.items) if item.state in FAILURES), 0
        )
        self._show_item(rows.cursor)
        self.set_interval(UPDATE_PERIOD, self.update_view)

    def update_view(self) -> None:
        """Rebuilds the summary if there are new events."""
        if self.source.state.seq != self._built_at:
            self.summary = self._build()
            self._failures = {failure.id: failure for failure in self.summary.failures}
            self._show()
            self._show_item(self.query_one(RowList).cursor)

    def on_resize(self, event: events.Resize) -> None:
        """Fits the names of the columns to the width."""
        self.call_after_refresh(self._show_edges)

    def _show(self) -> None:
        head = self.query_one("#summary-headline", Static)
        head.set_class(self.summary.good, "-good")
        head.set_class(bool(self.summary.failures), "-bad")
        head.update(headline(self.summary, self._glyphs))
        self.query_one("#summary-facts", Static).update(facts(self.summary, self._glyphs))
        self.query_one("#summary-next", Static).update(next_steps(self.summary))
        self.query_one(RowList).show(len(self.summary.items))
        self._show_edges()

    def _show_edges(self) -> None:
        width = self.query_one(RowList).scrollable_content_region.width - 1
        self.query_one("#summary-columns", TextLine).show(summary_table.header(self.summary, width))
        hints = [
            Hint("enter", "Log", "screen.open_log"),
            Hint("r", "Retry failed" if self.summary.failures else "Retry", "screen.retry_failed"),
            Hint("E", "Export Markdown", "screen.export"),
            Hint("tab", "Log lines", "screen.focus_next"),
            Hint("esc", "Back", "screen.back"),
            Hint("q", "Quit", "screen.quit"),
        ]
        possible = [h for h in hints if self.check_action(h.action.removeprefix("screen."), ())]
        self.query_one(KeyHints).update(possible, [])

    def _row(self, index: int, width: int) -> Content:
        return summary_table.row(self.summary, index, width, self._glyphs)

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Shows the details of the row of the cursor."""
        event.stop()
        self._show_item(event.index)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Opens the log of the chosen row."""
        event.stop()
        self.post_message(self.OpenLog(self.summary.items[event.index].id))

    def _show_item(self, index: int) -> None:
        self.query_one("#summary-detail").display = bool(self.summary.items)
        if not self.summary.items:
            return
        item = self.summary.items[index]
        failure = self._failures.get(item.id)
        self.query_one("#summary-item", Static).update(details(item, self._glyphs))
        log = self.query_one("#summary-log", VerticalScroll)
        log.display = failure is not None
        if failure is not None:
            log.border_title = log_title(failure)
            self.query_one("#summary-lines", Static).update(last_lines(failure))
            log.scroll_end(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disables the actions that have no effect now."""
        if action == "retry_failed":
            return bool(self._retriable)
        if action == "focus_next":
            return bool(self.summary.failures)
        if action == "open_log":
            return bool(self.summary.items)
        if action == "back":
            return len(self.app.screen_stack) > 1
        return True

    def action_open_log(self) -> None:
        """Opens the log of the item at the cursor."""
        self.query_one(RowList).action_choose()

    def action_retry_failed(self) -> None:
        """Retries everything that did not succeed."""
        self.post_message(self.RetryFailed(self._retriable))

    @property
    def _retriable(self) -> list[str]:
        return [item.id for item in self.summary.items if item.state.retriable]

    def action_back(self) -> None:
        """Returns to the previous screen."""
        self.dismiss(None)

    def action_quit(self) -> None:
        """Quits."""
        self.post_message(self.Quit())

    def action_export(self) -> None:
        """Writes the Markdown report into the current folder."""
        export_report(self, self.source)


def headline(summary: Summary, glyphs: Glyphs) -> Content:
    """The outcome in one sentence, and the name of the run."""
    bad = glyphs.of(State.FAILED) if summary.failures else glyphs.flag
    glyph = glyphs.done if summary.good else bad
    return Content.assemble((f"{glyph} {summary.headline}", "bold"), ("   ", ""), summary.run)


def facts(summary: Summary, glyphs: Glyphs) -> Content:
    """Totals, times, calls and tokens."""
    times, calls = summary.times, summary.calls
    gap = f" {glyphs.dot} "
    totals: list[str | tuple[str, str]] = []
    for state, count in summary.counts.items():
        look = f"{glyphs.of(state)} {count} {glyphs.word(state)}"
        totals += [(look, f"{STATE_STYLES[state]} bold"), "   "]
    spent = [f"{duration(times.wall)} in total", f"{duration(times.active)} of work"]
    spent += [f"{duration(times.paused)} paused"] if times.paused else []
    spent += [f"{duration(times.quota)} waiting for quota"] if times.quota else []
    spent += [f"{duration(times.unserved)} without an engine"] if times.unserved else []
    spent += [f"{summary.retries} retries" if summary.retries != 1 else "1 retry"]
    called = [f"{summary.provider}: {counted(calls.answered, 'call')} answered"]
    called += [f"{calls.refused} refused"] if calls.refused else []
    called += [f"{calls.abandoned} abandoned"] if calls.abandoned else []
    called += [f"{calls.read_back} reused"] if calls.read_back else []
    called += [f"{brief(calls.input_tokens)} tokens in, {brief(calls.output_tokens)} out"]
    called += [f"exit code {summary.exit_code}"]
    lines = [
        Content.assemble(*totals[:-1]),
        Content.assemble((gap.join(spent), "")),
        Content.assemble((gap.join(called), MUTED)),
    ]
    credentials = summary_table.credential_facts(summary, glyphs)
    if credentials.plain:
        lines.append(credentials)
    if summary.blocked is not None:
        block = summary.blocked
        lines.append(Content.assemble((f"{glyphs.flag} {block.text}", "$error bold")))
        lines.append(Content(block.hint))
    if summary.notices:
        last = summary.notices[-1]
        where = f" {last.item}" if last.item else ""
        many = counted(len(summary.notices), "warning")
        lines.append(
            Content.assemble((f"{glyphs.flag} {many}, the last{where}: {last.text}", "$warning"))
        )
    return Content("\n").join(lines)


def details(item: ItemLine, glyphs: Glyphs) -> Content:
    """The details of one item that do not fit into the table."""
    style = STATE_STYLES[item.state]
    gap = f" {glyphs.dot} "
    spent = [f"{duration(item.active)} active"]
    spent += [f"{duration(item.paused)} paused"] if item.paused else []
    spent += [f"{duration(item.quota)} waiting for quota"] if item.quota else []
    spent += [counted(item.reviews, "review")] if item.reviews else []
    spent += [f"try {item.tries}"] if item.tries else []
    spent += [f"{brief(item.tokens)} tokens"] if item.tokens else []
    spent += [f"last node {node_name(item.node)}"] if item.node else []
    lines = [
        Content.assemble(
            (f"{glyphs.of(item.state)} {glyphs.word(item.state)} {item.id}", f"{style} bold"),
            f"  {item.title}",
        )
    ]
    if item.outcome:
        lines.append(Content.assemble((item.outcome, style if item.state in FAILURES else "")))
    lines.append(Content.assemble((gap.join(spent), MUTED)))
    log = f"logs/{Path(item.log).name}"
    for name, path in (("Output", item.output), ("Log", log), ("Issue", item.url)):
        if path:
            lines.append(Content.assemble((f"{name:7}", MUTED), path))
    return Content("\n").join(lines)


def log_title(failure: Failure) -> Content:
    """The title of the end of a failed item's log: how many of its lines are shown."""
    if not failure.lines:
        return Content("log")
    return Content(f"log, {len(failure.lines)} of {counted(failure.total_lines, 'line')}")


def last_lines(failure: Failure) -> Content:
    """The last lines of a failed item's log."""
    if not failure.lines:
        return Content.styled("No output.", MUTED)
    return Content("\n").join([Content(line) for line in failure.lines])


def next_steps(summary: Summary) -> Content:
    """The path of the report, and the command to resume."""
    report_path = f"{summary.folder}/summary.md"
    lines = [Content.assemble(("Report  ", MUTED), report_path)]
    lines += [
        Content.assemble(("Resume  ", MUTED), (step.command, "$text-accent"))
        for step in summary.next_steps
        if " resume " in step.command
    ]
    return Content("\n").join(lines)
