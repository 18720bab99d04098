"""The journal: one writer, readers that follow it, and what a crash may leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.events import ItemChanged, Notice, RunHeld
from assemblyzero_tui.runner.journal import JournalReader, JournalWriter, read_journal
from assemblyzero_tui.runner.states import State


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_a_reader_follows_a_growing_journal(path: Path) -> None:
    reader = JournalReader(path)
    assert reader.poll() == []
    writer = JournalWriter(path, clock=lambda: 5.0)
    writer.append(Notice(text="one"))
    assert [event.seq for event in reader.poll()] == [1]
    assert reader.poll() == []
    writer.append(ItemChanged(item="LLD-1", state=State.DONE, reason="a\nb"))
    (event,) = reader.poll()
    assert (event.seq, event.time, event.item) == (2, 5.0, "LLD-1")
    writer.close()
    reader.close()


def test_half_a_line_is_not_read_until_it_is_whole(path: Path) -> None:
    writer = JournalWriter(path)
    writer.append(Notice(text="one"))
    writer.close()
    whole = path.read_bytes()
    reader = JournalReader(path)
    path.write_bytes(whole[:-5])
    assert reader.poll() == []
    path.write_bytes(whole)
    assert len(reader.poll()) == 1
    reader.close()


def test_a_torn_last_line_is_cut_and_the_numbers_go_on(path: Path) -> None:
    writer = JournalWriter(path)
    writer.append(Notice(text="one"))
    writer.close()
    with path.open("ab") as file:
        file.write(b'{"type":"notice","seq":2,"te')
    writer = JournalWriter(path)
    writer.append(RunHeld(held=True))
    writer.close()
    assert [(e.seq, type(e)) for e in read_journal(path)] == [(1, Notice), (2, RunHeld)]


def test_a_damaged_line_is_an_error_that_says_where(path: Path) -> None:
    writer = JournalWriter(path)
    writer.append(Notice(text="one"))
    writer.close()
    with path.open("ab") as file:
        file.write(b"{nonsense}\n")
    with pytest.raises(TuiError, match=r"damaged at byte \d+"):
        read_journal(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b'{"journal":"assemblyzero-tui","schema":99}\n', "newer version"),
        (b"hello\n", "is not a journal"),
    ],
)
def test_a_foreign_file_is_refused(path: Path, header: bytes, message: str) -> None:
    path.write_bytes(header)
    with pytest.raises(TuiError, match=message):
        read_journal(path)


def test_a_missing_journal_is_an_error(path: Path) -> None:
    with pytest.raises(TuiError, match="no journal"):
        read_journal(path)
