"""Printers of a run: plain lines for people and logs, JSON lines for programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from assemblyzero_tui.app.cli.console import LineWriter
from assemblyzero_tui.app.headless.plain_lines import PlainLines
from assemblyzero_tui.app.headless.summary_lines import summary_lines
from assemblyzero_tui.runner.model.events import AnyEvent, ItemChanged, encode
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.run_source import RunSource

BATCH = 2000
"""Log lines of one item that are printed before those of the next item."""
LIVENESS = 300.0
"""Seconds of silence after which a progress line is printed."""
WAITING = 4.5
"""Longest silence in seconds while the run waits for quota, less the time between two polls."""
ELSEWHERE = 30.0
"""Longest silence in seconds while the run waits for other runs."""
AFTERMATH = 3.0
"""Seconds for which the log of an ended item is still polled."""


class Printer(Protocol):
    """Prints a run."""

    def events(self, events: list[AnyEvent]) -> None:
        """Prints events."""

    def logs(self) -> bool:
        """Prints new log lines; returns whether none are left."""

    def report(self, text: str) -> None:
        """Prints a message of the command itself."""

    def idle(self) -> None:
        """Called after every poll; prints a sign of life after a long silence."""

    def end(self) -> None:
        """Prints the summary."""


class JsonPrinter:
    """Prints the events exactly as in the journal, and nothing else."""

    def __init__(self, out: LineWriter, report: Callable[[str], None]) -> None:
        self._out = out
        self.report = report

    def events(self, events: list[AnyEvent]) -> None:
        for event in events:
            self._out.line(encode(event))

    def logs(self) -> bool:
        return True

    def idle(self) -> None:
        return

    def end(self) -> None:
        return


class PlainPrinter:
    """Prints events and log lines of all items with prefixes, and the summary at the end."""

    def __init__(
        self,
        source: RunSource,
        out: LineWriter,
        lines: PlainLines,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._out = out
        self._lines = lines
        self._clock = clock
        self._printed: dict[str, int] = {}
        self._watched: dict[str, float | None] = {}
        self._last_line_at = self._clock()

    def prime(self) -> None:
        """Skips everything that happened before now."""
        self._lines.prime(self._source.state)
        for item in self._source.state.items.values():
            if item.attempt:
                self._printed[item.id] = self._source.log(item.id).complete_lines
            if item.state.at_work:
                self._watched[item.id] = None

    def print_attached(self) -> None:
        """Prints the present state of a run that another command started."""
        state, now = self._source.state, self._source.now()
        self._line(self._lines.coordinator(f"attached to {self._source.folder.path.name}", now))
        for item in state.items.values():
            if item.state.at_work:
                where = f"{item.node} " if item.node else ""
                word = item.state.look.word
                text = f"{item.id} {word} {where}{item.note}"
                self._line(self._lines.coordinator(text, now))
        self._line(self._lines.progress(state, now))

    def _line(self, text: str) -> None:
        self._out.line(text)
        self._last_line_at = self._clock()

    def report(self, text: str) -> None:
        self._line(self._lines.coordinator(text, self._source.now()))

    def events(self, events: list[AnyEvent]) -> None:
        state = self._source.state
        any_ended = False
        for event in events:
            if isinstance(event, ItemChanged):
                if event.state.at_work:
                    self._watched[event.item] = None
                elif event.item in self._watched:
                    self._log(event.item, to_the_end=event.state.terminal)
                    self._watched[event.item] = self._clock() + AFTERMATH
                any_ended = any_ended or event.state.terminal
            for line in self._lines.event(event, state):
                self._line(line)
        if any_ended and not state.finished:
            self._line(self._lines.progress(state, self._source.now()))

    def logs(self) -> bool:
        complete = True
        for item, until in list(self._watched.items()):
            complete = self._log(item) and complete
            if until is not None and self._clock() > until:
                del self._watched[item]
        return complete

    def _log(self, item: str, *, to_the_end: bool = False) -> bool:
        """Prints new lines of an item's log; returns whether none are left."""
        log = self._source.log(item)
        log.refresh()
        start = self._printed.get(item, 0)
        stop = log.line_count if to_the_end else log.complete_lines
        upto = stop if to_the_end else min(stop, start + BATCH)
        now = self._source.now()
        while start < upto:
            step = min(upto, start + BATCH)
            for raw in log.lines(start, step):
                self._line(self._lines.log(item, raw, now))
            start = step
        self._printed[item] = start
        return start == stop

    def idle(self) -> None:
        silent = self._clock() - self._last_line_at
        if silent < WAITING:
            return
        now, state = self._source.now(), self._source.state
        waiting = self._lines.waiting(state, now)
        if waiting is None and silent >= ELSEWHERE:
            waiting = self._lines.elsewhere(state, now)
        if waiting is not None:
            self._line(waiting)
        elif silent >= LIVENESS:
            self._line(self._lines.progress(state, now))

    def end(self) -> None:
        for item in self._source.state.items.values():
            if item.id in self._watched:
                self._log(item.id, to_the_end=True)
        state = self._source.state
        end = state.time if state.ended is None else state.ended
        for line in summary_lines(report.build(state, self._source.folder, end)):
            self._line(line)
