"""The reader thread with real pipes and real children."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assemblyzero_tui.runner.engine.executors.pipe_reader import PipeReaders
from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.logs.redaction import Redactor
from assemblyzero_tui.runner.logs.store import LogWriter

PATIENCE = 30.0
SECRET = "AIza" + "SyD3mo-0123456789_abcdefghijklmnopq"


class Errors:
    def __init__(self) -> None:
        self.seen: list[tuple[Path, OSError]] = []
        self.first = threading.Event()

    def __call__(self, path: Path, error: OSError) -> None:
        self.seen.append((path, error))
        self.first.set()


@pytest.fixture
def errors() -> Errors:
    return Errors()


@pytest.fixture
def readers(errors: Errors) -> Iterator[PipeReaders]:
    readers = PipeReaders(errors)
    yield readers
    readers.close()


class Pipe:
    """A pipe that is being read into a log."""

    def __init__(self, readers: PipeReaders, path: Path, writer: LogWriter | None = None) -> None:
        self.path = path
        self.ended = threading.Event()
        self.read, self.write = os.pipe()
        self.stream = readers.add(
            self.read, writer or LogWriter(path), Redactor([SECRET]), on_end=self.ended.set
        )

    def say(self, text: bytes) -> None:
        os.write(self.write, text)

    def hang_up(self) -> None:
        os.close(self.write)

    def wait(self) -> bytes:
        assert self.ended.wait(PATIENCE)
        return self.path.read_bytes()

    def wait_for(self, text: bytes) -> None:
        """Returns once the log ends with a text."""
        ticks = threading.Event()
        for _ in range(int(PATIENCE * 200)):
            if self.path.read_bytes().endswith(text):
                return
            ticks.wait(0.005)
        raise AssertionError(f"{self.path} does not end with {text!r}: {self.path.read_bytes()!r}")


def child(code: str, write: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=write, stderr=write
    )


def test_everything_a_child_prints_is_in_its_log(readers: PipeReaders, tmp_path: Path) -> None:
    code = "import sys\nfor n in range(200_000): sys.stdout.write(f'{name} {n}\\n')"
    pipes = {name: Pipe(readers, tmp_path / f"{name}.log") for name in ("a", "b", "c")}
    children = [child(f"name = {name!r}\n{code}", pipe.write) for name, pipe in pipes.items()]
    for pipe in pipes.values():
        pipe.hang_up()
    for name, pipe in pipes.items():
        assert pipe.wait() == b"".join(b"%s %d\n" % (name.encode(), n) for n in range(200_000))
        assert LogReader(pipe.path).line_count == 200_000
    for process in children:
        assert process.wait(PATIENCE) == 0


def test_output_is_in_the_log_at_once(readers: PipeReaders, tmp_path: Path) -> None:
    pipe = Pipe(readers, tmp_path / "a.log")
    pipe.say(b"hello\n")
    pipe.wait_for(b"hello\n")
    assert not pipe.ended.is_set()
    pipe.hang_up()
    assert pipe.wait() == b"hello\n"


def test_a_secret_in_two_writes_is_redacted(readers: PipeReaders, tmp_path: Path) -> None:
    pipe = Pipe(readers, tmp_path / "a.log")
    pipe.say(b"using " + SECRET[:20].encode())
    pipe.wait_for(b"using ")
    pipe.say(SECRET[20:].encode() + b" now\n")
    pipe.hang_up()
    assert pipe.wait() == b"using [redacted:AIza] now\n"


def test_held_back_text_comes_out_when_the_pipe_is_quiet(
    readers: PipeReaders, tmp_path: Path
) -> None:
    busy, quiet = Pipe(readers, tmp_path / "busy.log"), Pipe(readers, tmp_path / "quiet.log")
    flood = child("import sys\nwhile True: sys.stdout.write('x' * 99 + '\\n')", busy.write)
    try:
        quiet.say(b"api_k")
        quiet.wait_for(b"api_k")
    finally:
        flood.kill()
        flood.wait(PATIENCE)
    busy.hang_up()
    quiet.hang_up()
    busy.wait()
    quiet.wait()


def test_closing_takes_what_is_in_the_pipes(tmp_path: Path, errors: Errors) -> None:
    readers = PipeReaders(errors)
    pipes = [Pipe(readers, tmp_path / f"{n}.log") for n in range(5)]
    for pipe in pipes:
        pipe.say(b"last words, key=")
    readers.close()
    readers.close()
    for pipe in pipes:
        assert pipe.ended.is_set()
        assert pipe.path.read_bytes() == b"last words, key="
        pipe.hang_up()
    with pytest.raises(RuntimeError):
        Pipe(readers, tmp_path / "late.log")
    assert not errors.seen


def test_closing_ends_while_a_child_still_floods(tmp_path: Path, errors: Errors) -> None:
    readers = PipeReaders(errors)
    pipe = Pipe(readers, tmp_path / "a.log")
    flood = child("import sys\nwhile True: sys.stdout.write('x' * 99 + '\\n')", pipe.write)
    try:
        pipe.wait_for(b"x\n")
        readers.close()
        assert pipe.ended.is_set()
    finally:
        flood.kill()
        flood.wait(PATIENCE)
        pipe.hang_up()


def test_a_pipe_can_be_ended_while_somebody_holds_it(readers: PipeReaders, tmp_path: Path) -> None:
    pipe, other = Pipe(readers, tmp_path / "a.log"), Pipe(readers, tmp_path / "b.log")
    pipe.say(b"said before\n")
    readers.end(pipe.stream)
    assert pipe.wait() == b"said before\n"
    pipe.hang_up()
    other.say(b"still here\n")
    other.hang_up()
    assert other.wait() == b"still here\n"


class FullDisk(LogWriter):
    """A log whose disk is full until room is made."""

    full = True

    def write(self, data: bytes, now: float) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(data, now)


def test_a_full_disk_is_reported_once_and_blocks_nobody(
    readers: PipeReaders, errors: Errors, tmp_path: Path
) -> None:
    writer = FullDisk(tmp_path / "a.log")
    pipe, other = Pipe(readers, writer.path, writer), Pipe(readers, tmp_path / "b.log")
    code = "import sys\nfor n in range(100_000): sys.stdout.write('x' * 99 + '\\n')"
    process = child(code, pipe.write)
    assert process.wait(PATIENCE) == 0
    assert errors.first.wait(PATIENCE)
    other.say(b"fine\n")
    other.wait_for(b"fine\n")
    writer.full = False
    pipe.say(b"room again\n")
    pipe.hang_up()
    text = pipe.wait()
    assert b"bytes could not be written here]" in text
    assert text.endswith(b"room again\n")
    assert [path for path, _ in errors.seen] == [writer.path]
    other.hang_up()
    other.wait()


def test_an_end_that_fails_does_not_stop_the_others(
    readers: PipeReaders, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("the callback is broken")

    read, write = os.pipe()
    readers.add(read, LogWriter(tmp_path / "a.log"), Redactor(), fail)
    os.close(write)
    other = Pipe(readers, tmp_path / "b.log")
    other.say(b"fine\n")
    other.hang_up()
    assert other.wait() == b"fine\n"
    assert "ValueError: the callback is broken" in capfd.readouterr().err
