"""The run in which a checkpoint's journey began: a row in its database, read without LangGraph."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

_SCHEMA = "CREATE TABLE IF NOT EXISTS journey (origin TEXT NOT NULL)"


def record_origin(connection: sqlite3.Connection, origin: str) -> None:
    """Records the run in which the journey of a checkpoint begins."""
    with connection:
        connection.execute(_SCHEMA)
        connection.execute("DELETE FROM journey")
        connection.execute("INSERT INTO journey VALUES (?)", (origin,))


def read_origin(checkpoint: Path) -> str:
    """The run in which the journey of a checkpoint began; empty if that cannot be read.

    No other process may be using the checkpoint.
    """
    try:
        uri = f"{checkpoint.absolute().as_uri()}?mode=rw"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            row = connection.execute("SELECT origin FROM journey").fetchone()
    except sqlite3.Error:
        return ""
    return str(row[0]) if row is not None else ""
