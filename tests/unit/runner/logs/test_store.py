"""A log and its index, as written and as read while it grows."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assemblyzero_tui.runner.logs.reader import LINE_LIMIT, LogReader
from assemblyzero_tui.runner.logs.store import ENTRY, INDEX_STEP, LogWriter, index_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "LLD-42.log"


def write(path: Path, *texts: bytes, start: float = 1000.0, step: float = 1.0) -> None:
    writer = LogWriter(path)
    for number, text in enumerate(texts):
        writer.write(text, start + number * step)
    writer.close()


def entries(path: Path) -> list[tuple[int, int, float]]:
    return list(ENTRY.iter_unpack(index_path(path).read_bytes()))


def test_the_files_are_private(path: Path) -> None:
    write(path, b"a\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(index_path(path).stat().st_mode) == 0o600
    assert index_path(path).name == "LLD-42.idx"


def test_an_entry_is_the_state_after_its_text(path: Path) -> None:
    write(path, b"one\ntw", b"o\n", b"rest")
    assert entries(path) == [(1, 6, 1000.0), (2, 8, 1001.0), (2, 12, 1002.0)]


def test_the_index_of_a_burst_of_small_writes_stays_small(path: Path) -> None:
    write(path, *[b"a line\n"] * 1000, step=0.0001)
    assert len(entries(path)) <= 4
    assert entries(path)[-1][:2] == (1000, 7000)
    assert entries(path)[-1][2] == pytest.approx(1000.0999)


def test_the_last_text_of_a_burst_keeps_its_time(path: Path) -> None:
    writer = LogWriter(path)
    writer.write(b"a\n", 10.0)
    writer.write(b"b\n", 10.01)
    writer.write(b"c\n", 500.0)
    writer.close()
    assert entries(path) == [(1, 2, 10.0), (2, 4, 10.01), (3, 6, 500.0)]


def test_a_flood_is_indexed_in_steps(path: Path) -> None:
    block = (b"x" * 99 + b"\n") * 10_486
    write(path, block, block, step=0.0)
    found = entries(path)
    gaps = [b[1] - a[1] for a, b in zip([(0, 0, 0.0), *found], found, strict=False)]
    assert max(gaps) <= INDEX_STEP
    assert len(found) <= 2 * len(block) // INDEX_STEP + 2
    text = path.read_bytes()
    assert all(text.count(b"\n", 0, size) == lines for lines, size, _ in found)


def test_times_never_go_back(path: Path) -> None:
    writer = LogWriter(path)
    writer.write(b"a\n", 10.0)
    writer.write(b"b\n", 5.0)
    writer.close()
    assert [time for *_, time in entries(path)] == [10.0, 10.0]


def test_a_log_is_continued(path: Path) -> None:
    write(path, b"one\ntwo")
    write(path, b"\nthree\n", start=2000.0)
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    assert LogReader(path).lines(0, 9) == [b"one", b"two", b"three"]


def test_a_torn_entry_is_cut_and_text_without_entry_counted(path: Path) -> None:
    write(path, b"one\n")
    with path.open("ab") as text, index_path(path).open("ab") as index:
        text.write(b"two\nthr")
        index.write(b"torn")
    os.utime(path, (1500.0, 1500.0))
    write(path, b"ee\n", start=2000.0)
    assert entries(path) == [(1, 4, 1000.0), (2, 11, 1500.0), (3, 14, 2000.0)]


def test_an_index_beyond_the_text_is_cut(path: Path) -> None:
    write(path, b"one\n", b"two\n", b"three\n")
    os.truncate(path, 6)
    write(path, b"!\n", start=3000.0)
    assert LogReader(path).lines(0, 9) == [b"one", b"tw!"]
    assert [size for _, size, _ in entries(path)] == [4, 6, 8]


def test_a_missing_log_is_empty_until_it_appears(path: Path) -> None:
    reader = LogReader(path)
    assert (reader.size, reader.line_count, reader.last_write) == (0, 0, None)
    assert (reader.lines(0, 5), reader.tail(5), reader.last_line()) == ([], [], b"")
    assert not reader.refresh()
    write(path, b"here\n")
    assert reader.refresh()
    assert reader.tail(5) == [b"here"]


def test_a_growing_log_is_seen_at_each_refresh(path: Path) -> None:
    reader = LogReader(path)
    writer = LogWriter(path)
    writer.write(b"one\ntw", 1000.0)
    assert reader.line_count == 0
    assert reader.refresh()
    assert (reader.line_count, reader.last_line()) == (2, b"tw")
    writer.write(b"o\n", 1000.001)
    assert reader.refresh()
    assert (reader.line_count, reader.last_line()) == (2, b"two")
    assert not reader.refresh()
    writer.close()


def test_last_write_is_the_time_of_the_last_text(path: Path) -> None:
    write(path, b"one\n", b"two\n")
    os.utime(path, (1001.0, 1001.0))
    assert LogReader(path).last_write == 1001.0


def test_a_line_is_as_old_as_the_write_that_ended_it(path: Path) -> None:
    write(path, b"one\ntwo\nthr", b"ee\n", b"four\nfi", start=1000.0)
    reader = LogReader(path)
    assert reader.times(0, 99) == [1000.0, 1000.0, 1001.0, 1002.0, 1002.0]
    assert reader.times(2, 4) == [1001.0, 1002.0]
    assert reader.times(3, 3) == reader.times(7, 9) == []
    reader.limit(1001.0)
    assert reader.times(0, 99) == [1000.0, 1000.0, 1001.0]


def test_lines_without_an_index_are_as_old_as_the_file(path: Path) -> None:
    path.write_bytes(b"a\nb\n")
    os.utime(path, (500.0, 500.0))
    assert LogReader(path).times(0, 2) == [500.0, 500.0]


def test_the_last_line_skips_blank_ones(path: Path) -> None:
    write(path, b"first\nsecond\n\n  \n")
    assert LogReader(path).last_line() == b"second"


def test_a_limit_shows_what_existed_then(path: Path) -> None:
    write(path, b"one\n", b"two\nth", b"ree\n")
    reader = LogReader(path)
    assert [reader.size_at(time) for time in (999.0, 1000.0, 1000.9, 1001.0, 9e9)] == [
        0,
        4,
        4,
        10,
        14,
    ]
    reader.limit(1001.5)
    assert (reader.line_count, reader.lines(0, 9)) == (3, [b"one", b"two", b"th"])
    assert reader.tail(1) == [b"th"]
    assert reader.last_write == 1001.0
    reader.limit(999.0)
    before_the_first: float | None = reader.last_write
    assert (reader.line_count, reader.size, before_the_first) == (0, 0, None)
    reader.limit(None)
    assert reader.lines(0, 9) == [b"one", b"two", b"three"]


def test_without_an_index_the_text_is_scanned(path: Path) -> None:
    path.write_bytes(b"".join(b"line %d\n" % n for n in range(100_000)) + b"rest")
    reader = LogReader(path)
    assert reader.line_count == 100_001
    assert reader.lines(77_777, 77_779) == [b"line 77777", b"line 77778"]
    with path.open("ab") as text:
        text.write(b"\nmore\n")
    reader.refresh()
    assert reader.line_count == 100_002
    assert reader.lines(100_000, 100_002) == [b"rest", b"more"]


def test_a_replaced_log_is_read_anew(path: Path) -> None:
    write(path, b"one\ntwo\n")
    reader = LogReader(path)
    path.unlink()
    index_path(path).unlink()
    assert reader.refresh()
    assert reader.line_count == 0
    write(path, b"other\n")
    reader.refresh()
    assert reader.lines(0, 9) == [b"other"]


def test_a_very_long_line_is_clamped(path: Path) -> None:
    writer = LogWriter(path)
    writer.write(b"before\n", 1000.0)
    for _ in range(32):
        writer.write(b"x" * (1 << 20), 1001.0)
    writer.write(b"\nafter\nopen", 1002.0)
    writer.close()
    reader = LogReader(path)
    assert reader.line_count == 4
    before, long, after, rest = reader.lines(0, 4)
    assert (before, after, rest) == (b"before", b"after", b"open")
    assert long == b"x" * LINE_LIMIT
    assert reader.lines(2, 3) == [b"after"]
    assert reader.tail(3) == [long, after, rest]


def test_of_a_long_progress_bar_the_last_state_is_returned(path: Path) -> None:
    bar = b"".join(b"\r%6d of 99999" % n for n in range(100_000))
    write(path, b"before\n" + bar + b"\nafter\n")
    line = LogReader(path).lines(1, 2)[0]
    assert len(line) <= LINE_LIMIT
    assert line.endswith(b"\r 99999 of 99999")


def test_a_million_lines_are_read_at_random(path: Path) -> None:
    writer = LogWriter(path)
    for block in range(100):
        first = block * 10_000
        writer.write(
            b"".join(b"line %d\n" % n for n in range(first, first + 10_000)), 1000.0 + block
        )
    writer.close()
    reader = LogReader(path)
    assert reader.line_count == 1_000_000
    for start in (0, 1, 9_999, 10_000, 123_456, 500_000, 999_990):
        assert reader.lines(start, start + 10) == [b"line %d" % n for n in range(start, start + 10)]
    assert reader.tail(3) == [b"line 999997", b"line 999998", b"line 999999"]
    assert reader.lines(999_999, 2_000_000) == [b"line 999999"]


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(
        st.lists(st.sampled_from([b"\n", b"a", b"bc\n", b"\r", b"x" * 3000]), max_size=40).map(
            b"".join
        ),
        max_size=12,
    ),
    ranges=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=8),
    gap=st.sampled_from([0.0, 0.02, 1.0]),
    indexed=st.booleans(),
)
def test_every_range_is_what_the_text_says(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[bytes],
    ranges: list[tuple[int, int]],
    gap: float,
    indexed: bool,
) -> None:
    path = tmp_path_factory.mktemp("log") / "a.log"
    reader = LogReader(path)
    writer = LogWriter(path)
    whole = b""
    for number, text in enumerate(texts):
        if text:
            writer.write(text, 1000.0 + number * gap)
        whole += text
        reader.refresh()
        expected = whole.split(b"\n")
        if not expected[-1]:
            expected.pop()
        assert reader.line_count == len(expected)
        for start, stop in ranges:
            assert reader.lines(start, stop) == expected[start:stop]
            assert reader.tail(start) == (expected[-start:] if start else [])
    writer.close()
    if not indexed:
        index_path(path).unlink()
    again = LogReader(path)
    assert again.lines(0, 10_000) == reader.lines(0, 10_000)


def test_an_index_that_ends_in_nul_bytes_is_read_and_mended(path: Path) -> None:
    write(path, b"one\n", b"two\n")
    whole = index_path(path).read_bytes()
    index_path(path).write_bytes(whole + bytes(5 * ENTRY.size + 7))
    reader = LogReader(path)
    assert reader.lines(0, 9) == [b"one", b"two"]
    assert reader.times(0, 9) == [1000.0, 1001.0]
    write(path, b"three\n", start=2000.0)
    assert index_path(path).read_bytes()[: len(whole)] == whole
    assert entries(path)[2:] == [(3, 14, 2000.0)]
