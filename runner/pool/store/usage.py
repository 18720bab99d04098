"""Figures that the store only shows: totals, calls per minute, leases. Written occasionally."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from assemblyzero_tui.runner.pool.grants.ledger import Changes, Lease

_COUNT_TALLY = """
INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
answered = answered + excluded.answered, refused = refused + excluded.refused,
input_tokens = input_tokens + excluded.input_tokens,
output_tokens = output_tokens + excluded.output_tokens, wall = excluded.wall"""
_COUNT_MINUTE = """
INSERT INTO minutes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
calls = calls + excluded.calls, refused = refused + excluded.refused"""


@dataclass(slots=True)
class PendingUsage:
    """Usage that is not written yet."""

    tallies: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    """Answered and refused calls, input and output tokens, by fingerprint, model and day."""
    minutes: dict[int, list[int]] = field(default_factory=dict)
    """Calls and refusals by minute of the wall clock."""
    taken: dict[int, tuple[Lease, float]] = field(default_factory=dict)
    """Leases by number, and the wall time of their start."""
    returned: set[int] = field(default_factory=set)
    empty: bool = True

    def take(self, changes: Changes, day: str, wall: float) -> None:
        """Counts the changes of a step."""
        self.empty = False
        if not (changes.granted or changes.ended or changes.tallies):
            return
        minute = self.minutes.setdefault(int(wall // 60), [0, 0])
        minute[0] += len(changes.granted)
        for lease in changes.granted:
            self.taken[lease.number] = (lease, wall)
        for lease in changes.ended:
            if self.taken.pop(lease.number, None) is None:
                self.returned.add(lease.number)
        for tally in changes.tallies:
            total = self.tallies.setdefault((tally.fingerprint, tally.model, day), [0, 0, 0, 0])
            total[0] += tally.answered
            total[1] += tally.refused
            total[2] += tally.input_tokens
            total[3] += tally.output_tokens
            minute[1] += tally.refused

    def write(self, connection: sqlite3.Connection, engine: int, wall: float) -> None:
        """Writes everything to the store, within a transaction of the caller."""
        connection.executemany(
            "DELETE FROM leases WHERE engine = ? AND number = ?",
            [(engine, number) for number in self.returned],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)",
            [
                (engine, number, lease.fingerprint, lease.item, lease.model, start)
                for number, (lease, start) in self.taken.items()
            ],
        )
        tallies = [(*place, *total, wall) for place, total in self.tallies.items()]
        connection.executemany(_COUNT_TALLY, tallies)
        connection.executemany(_COUNT_MINUTE, [(m, *counts) for m, counts in self.minutes.items()])
