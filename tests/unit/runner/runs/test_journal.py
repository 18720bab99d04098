"""The journal: one writer, readers that follow it, and what a crash may leave."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemChanged, Notice, RunHeld
from assemblyzero_tui.runner.model.run_state import fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import JournalReader, JournalWriter, read_journal


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


def test_a_torn_last_line_is_cut_and_the_numbers_continue(path: Path) -> None:
    writer = JournalWriter(path)
    writer.append(Notice(text="one"))
    writer.close()
    with path.open("ab") as file:
        file.write(b'{"type":"notice","seq":2,"te')
    writer = JournalWriter(path)
    writer.append(RunHeld(held=True))
    writer.close()
    assert [(e.seq, type(e)) for e in read_journal(path)] == [(1, Notice), (2, RunHeld)]


def written(path: Path, *texts: str) -> list[bytes]:
    """The lines of a journal with these notices, the header first."""
    writer = JournalWriter(path, clock=lambda: 5.0)
    for text in texts:
        writer.append(Notice(text=text))
    writer.close()
    return path.read_bytes().splitlines(keepends=True)


def texts(path: Path) -> list[str]:
    return [event.text for event in read_journal(path) if isinstance(event, Notice)]


@pytest.mark.parametrize(
    ("damage", "left", "lines"),
    [
        (lambda h, a, b, c: h + a + b[:20] + b"\n" + c, ["a", "c"], "1 damaged line was"),
        (lambda h, a, b, c: h + a + b[:20] + c, ["a", "c"], "1 damaged line was"),
        (lambda h, a, b, c: h + a[:5] + b[:-9] + c, ["c"], "1 damaged line was"),
        (lambda h, a, b, c: h + a + b.rstrip() + c, ["a", "b", "c"], "1 damaged line was"),
        (lambda h, a, b, c: h + a + bytes(4096) + b + c, ["a", "b", "c"], "1 damaged line was"),
        (lambda h, a, b, c: h + b"\xff\n{}\n" + a + b + c, ["a", "b", "c"], "2 damaged lines were"),
        (lambda h, a, b, c: h[:20] + a + b + c, ["a", "b", "c"], "1 damaged line was"),
        (lambda h, a, b, c: bytes(len(h)) + b"\n" + a + b + c, ["a", "b", "c"], "1 damaged line"),
    ],
    ids=["torn", "glued", "twice", "newline", "nul", "noise", "header", "nul-header"],
)
def test_damaged_lines_are_passed_over_wherever_they_are(
    path: Path, damage: Callable[..., bytes], left: list[str], lines: str
) -> None:
    path.write_bytes(damage(*written(path, "a", "b", "c")))
    *found, told = texts(path)
    assert found == left
    assert told.startswith(f"{lines}")
    assert "skipped in the journal events.jsonl" in told
    state = fold(read_journal(path))
    assert [n.text for n in state.notices][-1] == told
    assert state.time == 5.0


def test_a_writer_continues_behind_damage(path: Path) -> None:
    header, first, second = written(path, "a", "b")
    path.write_bytes(header + first[:9] + second)
    writer = JournalWriter(path)
    assert writer.append(Notice(text="c")).seq == 3
    writer.close()
    assert texts(path)[:2] == ["b", "c"]


@pytest.mark.parametrize("kept", [0, 5, 30])
def test_a_journal_without_a_whole_line_gets_a_new_header(path: Path, kept: int) -> None:
    (header,) = written(path)
    path.write_bytes(header[:kept])
    assert texts(path) == []
    written(path, "a")
    assert texts(path) == ["a"]
    path.write_bytes(bytes(100))
    written(path, "b")
    assert texts(path) == ["b"]


def test_an_event_that_only_lost_its_newline_is_kept(path: Path) -> None:
    path.write_bytes(b"".join(written(path, "a", "b"))[:-1])
    writer = JournalWriter(path)
    assert writer.append(Notice(text="c")).seq == 3
    writer.close()
    assert texts(path) == ["a", "b", "c"]


@contextlib.contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files of this process have room for so many bytes: a write is cut short, the next fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_a_full_disk_did_not_take_is_written_when_there_is_room(path: Path) -> None:
    writer = JournalWriter(path)
    writer.append(Notice(text="one"))
    before = path.stat().st_size
    with room_for(before + 20):
        writer.append(Notice(text="two"))
        first_error = writer.write_error
        assert first_error is not None
        assert path.stat().st_size == before
        assert not writer.sync()
        writer.append(Notice(text="three"))
    assert writer.append(Notice(text="four")).seq == 4
    assert writer.catch_up()
    assert writer.write_error is None
    assert writer.sync()
    writer.close()
    assert texts(path) == ["one", "two", "three", "four"]
    assert fold(read_journal(path)).missing == 0


def test_a_torn_line_that_cannot_be_cut_off_costs_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = JournalWriter(path)
    writer.append(Notice(text="one"))

    def fails(*arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken, room_for(path.stat().st_size + 20):
        broken.setattr(os, "ftruncate", fails)
        writer.append(Notice(text="two"))
    assert path.read_bytes()[-1:] != b"\n"
    writer.append(Notice(text="three"))
    writer.close()
    *found, told = texts(path)
    assert found == ["one", "two", "three"]
    assert "1 damaged line" in told


def test_a_disk_that_does_not_take_what_is_synced_is_trouble(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = JournalWriter(path)

    def fails(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fails)
        writer.append(Notice(text="one"))
        assert not writer.sync()
        first_error = writer.write_error
        assert first_error is not None
        assert not writer.catch_up()
    assert writer.catch_up()
    writer.close()
    assert texts(path) == ["one"]


def test_a_journal_that_cannot_be_begun_says_what_to_do(path: Path) -> None:
    with room_for(10), pytest.raises(TuiError, match="Cannot write the journal") as caught:
        JournalWriter(path)
    assert "Free some space" in caught.value.hint
    assert path.read_bytes() == b""


def test_a_foreign_file_is_not_written_over(path: Path) -> None:
    path.write_bytes(b"hello")
    with pytest.raises(TuiError, match="is not a journal"):
        JournalWriter(path)
    assert path.read_bytes() == b"hello"


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
