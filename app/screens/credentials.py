"""The credentials screen: shows and changes the credentials of a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from assemblyzero_tui.app.credentials.actions import CredentialService
from assemblyzero_tui.app.screens.add_credential import ask_for_credential
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.commands import TryNow
from assemblyzero_tui.runner.model.credential_state import CredentialState
from assemblyzero_tui.runner.model.pool_text import (
    CREDENTIAL_WORDS,
    count_by_state,
    no_quota_text,
    resume_time,
)
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.widgets.credentials import table
from assemblyzero_tui.widgets.credentials.call_plot import CallPlot, window
from assemblyzero_tui.widgets.credentials.strip import CREDENTIAL_STYLES
from assemblyzero_tui.widgets.dialogs import Confirm
from assemblyzero_tui.widgets.glyphs import UNICODE, Glyphs
from assemblyzero_tui.widgets.key_hints import Hint, KeyHints
from assemblyzero_tui.widgets.row_list import RowList
from assemblyzero_tui.widgets.steady_screen import SteadyScreen
from assemblyzero_tui.widgets.text_line import Part, TextLine, spread

UPDATE_PERIOD = 1.0
"""Seconds between two updates, for countdowns and figures."""
TWO_PLOTS = 30
"""Terminal rows from which the calls of all credentials are plotted below those of one."""
_DISABLE = "No run uses it until it is enabled again. A call in progress is finished."
_ENABLE = "Every run may use it again."
LEAST_BARS, MOST_BARS = 2, 10
"""Rows of the bars of a plot."""


class CredentialsScreen(SteadyScreen[None]):
    """Every credential of the run.

    Args:
        source: Returns the source of the run.
        credential_service: Manages credentials; without one they are only shown.
        glyphs: The characters to draw with.
    """

    CSS_PATH = "credentials.tcss"
    AUTO_FOCUS = "#credentials-rows"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-medium"), (30, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "disable_or_enable", "Disable or enable"),
        Binding("r", "reset", "Reset"),
        Binding("t", "test", "Test"),
        Binding("n,A", "add", "Add a credential"),
        Binding("R", "try_now", "Try now"),
        Binding("d", "app.detach", "Detach"),
        Binding("escape,q,K", "back", "Back"),
    ]

    def __init__(
        self,
        source: Callable[[], RunSource],
        credential_service: CredentialService | None,
        *,
        glyphs: Glyphs = UNICODE,
    ) -> None:
        super().__init__(classes="-plain" if glyphs.plain else "")
        self._source = source
        self._credential_service = credential_service
        self._glyphs = glyphs
        self._lines: list[table.Line] = []
        self._drawn: list[Content] = []
        self._detailed: list[Content] = []

    @property
    def run_state(self) -> RunState:
        """The run as it is now."""
        return self._source().state

    @property
    def now(self) -> float:
        """The wall-clock time, by the run's clock."""
        return self._source().time_of_day() + self.run_state.clock.set_back

    def compose(self) -> ComposeResult:
        yield TextLine(id="credentials-head")
        yield TextLine(id="credentials-columns")
        yield RowList(self._row, glyphs=self._glyphs, id="credentials-rows")
        with VerticalScroll(id="credentials-detail", can_focus=False):
            yield Static(id="credentials-text")
        yield CallPlot(self._glyphs, id="credentials-plot")
        yield KeyHints(id="credentials-hints")

    def on_mount(self) -> None:
        self.set_interval(UPDATE_PERIOD, self.update_view)
        self.call_after_refresh(self.update_view)

    def on_resize(self, event: events.Resize) -> None:
        """Fits the columns to the width."""
        self.call_after_refresh(self.update_view)

    # Showing

    def update_view(self) -> None:
        """Shows what has changed."""
        if not self.is_attached:
            return
        run, now = self.run_state, self.now
        rows = self.query_one(RowList)
        chosen = self._line
        self._lines = table.lines_of(run, now)
        width = max(1, rows.scrollable_content_region.width - 1)
        drawn = [self._row(index, width) for index in range(len(self._lines))]
        if len(drawn) != len(self._drawn) or any(
            not one.is_same(other) for one, other in zip(drawn, self._drawn, strict=True)
        ):
            self._drawn = drawn
            rows.show(len(drawn))
            rows.cursor = table.place_of(self._lines, chosen, rows.cursor)
        self.query_one("#credentials-head", TextLine).fill(
            lambda width: self._head(run, now, width)
        )
        self.query_one("#credentials-columns", TextLine).show(table.header(self._lines, width))
        self._show_credential(rows.cursor)
        self._update_hints()

    def _row(self, index: int, width: int) -> Content:
        return table.row(self.run_state, self._lines, index, width, self.now, self._glyphs)

    def _head(self, run: RunState, now: float, width: int) -> Content:
        left: list[Part] = [" ", ("Credentials", "$primary bold"), f"  {one_line(run.provider)}   "]
        for state, number in count_by_state(run.pool, now):
            left += [
                (f"{number} {CREDENTIAL_WORDS[state]}", f"{CREDENTIAL_STYLES[state]} bold"),
                "   ",
            ]
        right: list[Part] = []
        pool = run.pool
        if pool.paused and run.ended is None:
            when = ""
            if pool.until is not None and pool.auto_resume:
                when = f", resumes automatically {resume_time(pool.until, now, run.clock.set_back)}"
            right.append((f"{no_quota_text(pool, now)}{when} ", "$warning bold"))
        elif 0 < pool.slots < run.parallel:
            text = f"{pool.slots} of {run.parallel} at work: {one_line(pool.reason)} "
            right.append((text, "$warning"))
        return spread(left[:-1], right, width, self._glyphs.ellipsis)

    def _show_credential(self, index: int) -> None:
        run, now = self.run_state, self.now
        credential = self.credential
        lines = []
        if credential is not None and index < len(self._lines):
            lines = table.details(run, self._lines[index], now, self._glyphs)
        if len(lines) != len(self._detailed) or any(
            not one.is_same(other) for one, other in zip(lines, self._detailed, strict=True)
        ):
            self._detailed = lines
            self.query_one("#credentials-text", Static).update(Content("\n").join(lines))
        height = self.app.size.height
        plots = []
        if credential is not None:
            plots.append(
                (
                    one_line(credential.name),
                    credential.traffic,
                    credential.answered,
                    credential.refused,
                )
            )
        if height >= TWO_PLOTS and len(run.pool.credentials) > 1:
            good, bad = run.calls_ended["ok"], run.calls_refused
            plots.append(("all", run.pool.traffic, good, bad))
        taken = 9 + min(len(self._lines), height * 45 // 100) + len(lines) + 3 * len(plots)
        bars = (height - taken) // max(1, len(plots))
        start, end = window(run.started or now, run.time if run.ended is not None else now)
        rows = max(LEAST_BARS, min(MOST_BARS, bars))
        self.query_one(CallPlot).update(plots, start, end, rows)

    def _update_hints(self) -> None:
        credential, now = self.credential, self.now
        off = credential is not None and credential.at(now) == "disabled"
        hints = [
            Hint("space", "Enable" if off else "Disable", "screen.disable_or_enable"),
            Hint("r", "Reset", "screen.reset"),
        ]
        if self._credential_service is None:
            hints = []
        elif self._credential_service.can_test:
            hints.append(Hint("t", "Test with one call", "screen.test"))
        if self._credential_service is not None and not self._credential_service.read_only_reason:
            hints.append(Hint("n", "Add a credential", "screen.add"))
        if self._source().live:
            hints.append(Hint("R", "Try now", "screen.try_now"))
        self.query_one(KeyHints).update(hints, [], (Hint("esc", "Back", "screen.back"),))

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Shows the details of the row of the cursor."""
        event.stop()
        self._show_credential(event.index)
        self._update_hints()

    # Acting

    @property
    def _line(self) -> table.Line | None:
        cursor = self.query_one(RowList).cursor
        return self._lines[cursor] if 0 <= cursor < len(self._lines) else None

    @property
    def credential(self) -> CredentialState | None:
        """The credential of the row of the cursor."""
        return self._line.credential if self._line is not None else None

    def _chosen(self) -> tuple[CredentialService, str, str] | None:
        """The service, and the fingerprint and name of the credential, if it can be changed.

        Otherwise notifies the user of the reason and returns ``None``.
        """
        credential = self.credential
        if self._credential_service is None or credential is None:
            self.notify("Credentials cannot be changed here: this only shows a run.")
        elif not credential.fingerprint:
            self.notify(f"{one_line(credential.name)} cannot be changed: its run is too old.")
        else:
            return self._credential_service, credential.fingerprint, one_line(credential.name)
        return None

    def _start_action(self, action: Awaitable[str]) -> None:
        self.run_worker(self._run_action(action), group="credentials")

    async def _run_action(self, action: Awaitable[str]) -> None:
        try:
            message = await action
        except (TuiError, OSError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.notify(message, markup=False)
        self.update_view()

    def action_disable_or_enable(self) -> None:
        """Disables or enables the credential, after a confirmation."""
        if (chosen := self._chosen()) is None or (credential := self.credential) is None:
            return
        service, fingerprint, name = chosen
        if credential.at(self.now) == "disabled":
            question, detail, yes = f"Enable {name}?", _ENABLE, "Yes, enable it"
            change = service.enable
        else:
            question, detail, yes = f"Disable {name}?", _DISABLE, "Yes, disable it"
            change = service.disable

        def answered(confirmed: bool | None) -> None:
            if confirmed:
                self._start_action(change(fingerprint, name))

        self.app.push_screen(Confirm(question, detail, yes, glyphs=self._glyphs), answered)

    def action_test(self) -> None:
        """Makes one call with the credential."""
        if (chosen := self._chosen()) is not None:
            service, fingerprint, name = chosen
            self.notify(f"Testing {name} with one call", markup=False)
            self._start_action(service.test(fingerprint, name))

    def action_reset(self) -> None:
        """Forgets refusals and limits of the credential, after a confirmation."""
        if (chosen := self._chosen()) is None:
            return
        service, fingerprint, name = chosen

        def answered(yes: bool | None) -> None:
            if yes:
                self._start_action(service.reset(fingerprint, name))

        detail = (
            "Its refusals and learned limits are forgotten, also those of credentials that share "
            "its quota. It is probed with one call first."
        )
        dialog = Confirm(f"Reset {name}?", detail, "Yes, reset it", glyphs=self._glyphs)
        self.app.push_screen(dialog, answered)

    def action_add(self) -> None:
        """Asks for another credential."""
        ask_for_credential(self.app, self._credential_service, self.run_state, self._glyphs)

    def action_try_now(self) -> None:
        """Tries the credentials again now."""
        if self._source().live:
            self.run_worker(self._try_now(), group="credentials")
        else:
            self.notify("No engine is running: resume the run first.")

    async def _try_now(self) -> None:
        try:
            await self._source().send(TryNow())
        except (TuiError, OSError) as error:
            self.notify(str(error), severity="error", markup=False)

    def action_back(self) -> None:
        """Returns to the dashboard."""
        self.dismiss(None)
