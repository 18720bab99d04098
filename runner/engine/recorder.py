"""The recorder of a run: writes events to the journal and applies them to the state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from assemblyzero_tui.runner.logs.debug_log import redact_in_debug_log
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    CallQueued,
    CredentialChanged,
    ItemChanged,
    NodeEnded,
    Notice,
    PoolChanged,
    Progressed,
    Result,
    RunBlocked,
)
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import TRANSITIONS, WITHOUT_PROCESS, State
from assemblyzero_tui.runner.runs.journal import JournalWriter

_log = logging.getLogger(__name__)


class Recorder:
    """Writes events to the journal and applies them to the engine's state.

    An event that cannot be written is applied now and written later; nothing irreversible is done
    until then (see :attr:`write_error`).
    """

    def __init__(
        self,
        state: RunState,
        journal: JournalWriter,
        on_event: Callable[[], None] = lambda: None,
        secrets: Iterable[str] = (),
    ) -> None:
        self.state = state
        self._journal = journal
        self._on_event = on_event
        self._redactor = Redactor(secrets)
        self._redact = self._redactor.redact

    def emit(self, event: AnyEvent, *, sync: bool = False) -> None:
        """Writes an event, then applies it; with ``sync`` it is synced to the disk first.

        If there is a :attr:`write_error`, it is not on the disk.
        """
        match event:
            case ItemChanged():
                event.reason = self._redact(event.reason)
            case Notice():
                event.text = self._redact(event.text)
            case RunBlocked():
                event.words = self._redact(event.words)
            case NodeEnded():
                event.error = self._redact(event.error)
            case Progressed():
                event.note = self._redact(event.note)
            case CallQueued():
                event.why = self._redact(event.why)
            case CredentialChanged() | PoolChanged():
                event.reason = self._redact(event.reason)
            case _:
                pass
        self._journal.append(event)
        if sync:
            self._journal.sync()
        self.state.apply(event)
        self._on_event()

    def change_state(
        self, item: ItemState, state: State, reason: str = "", *,
        result: Result | None = None, until: float | None = None, tries: int = 0,
        attempt: int | None = None, sync: bool | None = None, elsewhere: str = "",
    ) -> None:  # fmt: skip
        """Changes the state of an item. An end or a pause is on the disk when this returns."""
        if state is not item.state and state not in TRANSITIONS[item.state]:
            raise AssertionError(f"{item.id}: {item.state} cannot become {state}")
        _log.debug("%s: %s -> %s %s", item.id, item.state, state, reason)
        self.emit(
            ItemChanged(
                item=item.id,
                attempt=item.attempt if attempt is None else attempt,
                state=state,
                reason=reason,
                result=result,
                until=until,
                tries=tries or item.tries,
                elsewhere=elsewhere,
            ),
            sync=(state.terminal or state in WITHOUT_PROCESS) if sync is None else sync,
        )

    @property
    def write_error(self) -> OSError | None:
        """The reason why events are missing from the disk; ``None`` if none are."""
        return self._journal.write_error

    def catch_up(self) -> bool:
        """Writes all pending events; returns true if everything is written."""
        return self._journal.catch_up()

    def add_secret(self, secret: str) -> None:
        """Redacts this text in every event from now on."""
        self._redactor.add_secret(secret)
        redact_in_debug_log(secret)

    def sync(self) -> None:
        """Syncs everything written so far to the disk."""
        self._journal.sync()
