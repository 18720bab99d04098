"""When a failure is not an item's own: every other item would have it too."""

from __future__ import annotations

from dataclasses import dataclass

from assemblyzero_tui.runner.model.call_outcomes import SHARED, Kind, Outcome, kind_of


@dataclass(frozen=True, slots=True)
class Cause:
    """Why no item of the run can continue."""

    outcome: Outcome
    model: str
    words: str = ""
    """The service's own; empty where it gave none."""


class SharedFailures:
    """Follows how calls of a kind end: those of one node to one model.

    One item may have a request that the service does not accept; two items in a row, without an
    answer between them, have what all have. An answer to another kind of call proves nothing: a
    reviewer that refuses every request is no better for a writer that answers.
    """

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], str] = {}
        """The item that failed first, since the last answer, by model and node."""

    def call_ended(
        self, item: str, model: str, node: str, outcome: str, words: str
    ) -> Cause | None:
        """Takes the end of a call; the cause, if it shows one."""
        place = model, node
        if outcome in SHARED:
            if self._first.setdefault(place, item) != item:
                return Cause(Outcome(outcome), model, words)
        elif outcome == Outcome.OK or kind_of(outcome) in (Kind.NO_ANSWER, Kind.PERMANENT):
            self._first.pop(place, None)
        return None

    def forget(self) -> None:
        """Starts anew, as the user has changed something."""
        self._first.clear()
