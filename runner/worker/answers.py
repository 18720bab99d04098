"""Stores the model's answers in the item's checkpoint until the item is done.

A node that runs again after a crash makes the same requests in the same order and gets the stored
answers, without paying again. An answer is identified by the task of the graph (the same in every
attempt, as LangGraph derives its id from the checkpoint), the number of the request within that
task, and the digest of the request.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator

import msgspec

from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.worker.checksums import BrokenSealError, seal, unseal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept_answers (
    task TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    answer BLOB NOT NULL,
    PRIMARY KEY (task, ordinal)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fingerprints (name TEXT PRIMARY KEY, digest TEXT NOT NULL);
"""


_FIND = "SELECT answer FROM kept_answers WHERE task = ? AND ordinal = ? AND prompt = ?"
_TAKE_OVER = """
INSERT INTO kept_answers
SELECT '', COALESCE(MAX(ordinal) + 1, 0), ?, ? FROM kept_answers WHERE task = ''
"""
"""Tasks of a graph that starts over have other ids, so only the request identifies an answer."""
_ADOPT = """
UPDATE OR IGNORE kept_answers SET task = ?, ordinal = ? WHERE task = '' AND ordinal = (
    SELECT MIN(ordinal) FROM kept_answers WHERE task = '' AND prompt = ?
)
"""


class AnswerStore:
    """The stored answers and the fingerprints of one item."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._latest = ""
        connection.executescript(_SCHEMA)

    def next_ordinal(self, task: str) -> int:
        """The number of the next request of a task, from 0."""
        with self._lock:
            self._asked[task] += 1
            self._latest = task
            return self._asked[task] - 1

    def get(self, task: str, ordinal: int, request: Request) -> Answer | None:
        """The stored answer to exactly this request, if there is one."""
        with self._lock, self._connection:
            place = (task, ordinal, digest(request))
            row = self._connection.execute(_FIND, place).fetchone()
            if row is None and self._connection.execute(_ADOPT, place).rowcount:
                row = self._connection.execute(_FIND, place).fetchone()
        return None if row is None else _decoded(row[0])

    def add_salvaged(self, prompt: object, answer: object) -> bool:
        """Stores an answer from a damaged database for the first task that makes this request."""
        if not isinstance(prompt, str) or _decoded(answer) is None:
            return False
        with self._lock, self._connection:
            self._connection.execute(_TAKE_OVER, (prompt, answer))
        return True

    def put(self, task: str, ordinal: int, request: Request, answer: Answer) -> None:
        """Stores an answer; it is on the disk when this returns."""
        with self._lock, self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO kept_answers VALUES (?, ?, ?, ?)",
                (task, ordinal, digest(request), seal(msgspec.json.encode(answer))),
            )

    def forget_latest_task(self) -> None:
        """Deletes every answer to the task that made the last request."""
        with self._lock, self._connection:
            self._connection.execute("DELETE FROM kept_answers WHERE task = ?", (self._latest,))

    def fingerprints(self) -> dict[str, str]:
        """The digests of the inputs of the checkpoint; empty for a new one."""
        with self._lock:
            return dict(self._connection.execute("SELECT name, digest FROM fingerprints"))

    def set_fingerprints(self, prints: dict[str, str]) -> None:
        """Stores the digests of the inputs of the checkpoint."""
        with self._lock, self._connection:
            self._connection.execute("DELETE FROM fingerprints")
            self._connection.executemany("INSERT INTO fingerprints VALUES (?, ?)", prints.items())


def kept_answers(connection: sqlite3.Connection) -> Iterator[tuple[object, object]]:
    """All stored answers of a database as (request digest, answer); either may be damaged."""
    yield from connection.execute("SELECT prompt, answer FROM kept_answers")


def _decoded(answer: object) -> Answer | None:
    """The answer; ``None`` if it is damaged, so that the model is called again."""
    if not isinstance(answer, bytes):
        return None
    try:
        # an earlier version stored bare JSON
        text = answer if answer.startswith(b"{") else unseal(answer)
        return msgspec.json.decode(text, type=Answer)
    except (BrokenSealError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def digest(request: Request) -> str:
    """A digest of everything that the model receives."""
    return hashlib.sha256(msgspec.json.encode(request, order="sorted")).hexdigest()
