"""A database with the files that SQLite keeps beside it, removed and renamed as one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from assemblyzero_tui.runner.base.sqlite_files import (
    database_files,
    remove_database,
    rename_database,
)


def open_database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x)")
    return connection


def test_all_files_that_sqlite_makes_are_known(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "a.db")
    assert sorted(database_files(tmp_path / "a.db")) == sorted(tmp_path.iterdir())
    connection.close()


def test_a_database_is_renamed_and_removed_with_the_files_beside_it(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "a.db")
    rename_database(tmp_path / "a.db", tmp_path / "b.db")
    assert sorted(database_files(tmp_path / "b.db")) == sorted(tmp_path.iterdir())
    remove_database(tmp_path / "b.db")
    assert not list(tmp_path.iterdir())
    remove_database(tmp_path / "b.db")
    connection.close()
