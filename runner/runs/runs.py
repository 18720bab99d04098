"""The runs of this machine: creates, lists and finds them, and checks whether they are alive."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import NewerVersionError, TuiError
from assemblyzero_tui.runner.base.paths import (
    RunFolder,
    fallback_runtime_directory,
    new_run_folder,
    runs_directory,
    runtime_directory,
    write_atomically,
)
from assemblyzero_tui.runner.base.small_files import read_small_file
from assemblyzero_tui.runner.locks.file_locks import is_held
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.runs.journal import read_journal

_SPEC_LIMIT = 64 << 20
"""Maximum bytes of a ``run.json``; ten thousand items take four million."""
_PACKAGES = ("assemblyzero-tui", "textual", "langgraph", "langgraph-checkpoint-sqlite")


@dataclass(frozen=True, slots=True)
class ReadableRun:
    """A run in the state folder."""

    folder: RunFolder
    spec: RunSpec
    state: RunState
    alive: bool
    """Whether an engine is serving it."""

    @property
    def name(self) -> str:
        """The name of the run, which is the name of its folder."""
        return self.folder.path.name

    @property
    def unfinished(self) -> bool:
        """Whether ``resume`` has something to do."""
        return not self.alive and not self.state.finished


@dataclass(frozen=True, slots=True)
class UnreadableRun:
    """A run whose specification or journal this version cannot read."""

    folder: RunFolder
    spec: RunSpec | None
    """Its specification, if that at least can be read."""
    newer: bool
    """Whether a newer version wrote it."""
    out_of_reach: bool
    """Whether its files cannot be read at all; otherwise their content is damaged."""
    problem: str


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that determine how a run behaves."""
    installed = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            installed[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            installed[package] = "not installed"
    return installed


def runtime_folder(folder: RunFolder) -> Path:
    """The path of the short folder for a run's socket and temporary files; not created here."""
    return runtime_directory() / _digest(folder)


def runtime_folders(folder: RunFolder, spec: RunSpec) -> list[Path]:
    """The folders in which an engine may have its socket: the specified one and the fallback."""
    fallback = fallback_runtime_directory() / _digest(folder)
    return list(dict.fromkeys([Path(spec.socket).parent, fallback] if spec.socket else [fallback]))


def _digest(folder: RunFolder) -> str:
    return hashlib.sha256(os.fsencode(folder.path.resolve())).hexdigest()[:10]


def create_run(spec: RunSpec, *, clock: float | None = None) -> tuple[RunFolder, RunSpec]:
    """Creates a run's folder and writes its ``run.json``.

    Returns:
        The folder, and the specification with its name, host, versions and socket filled in.

    Raises:
        TuiError: the state folder cannot be written.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(clock or time.time()))
    folder = new_run_folder("demo" if spec.demo else spec.workflow, stamp)
    spec = msgspec.structs.replace(
        spec,
        run=folder.path.name,
        host=socket.gethostname(),
        versions=versions(),
        socket=str(runtime_folder(folder) / "s"),
    )
    write_spec(folder, spec)
    return folder, spec


def write_spec(folder: RunFolder, spec: RunSpec) -> None:
    """Writes ``run.json``; allowed only while no engine serves the run."""
    write_atomically(folder.spec, msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n")


def renew_socket(folder: RunFolder) -> None:
    """Updates the path of the socket in ``run.json`` for an engine that is about to start.

    The folder for sockets may have changed since the run was created.

    Raises:
        TuiError: ``run.json`` cannot be read.
    """
    spec = read_spec(folder)
    socket_path = str(runtime_folder(folder) / "s")
    if spec.socket != socket_path and not is_alive(folder):
        write_spec(folder, msgspec.structs.replace(spec, socket=socket_path))


def read_spec(folder: RunFolder) -> RunSpec:
    """Reads the specification of a run.

    Raises:
        TuiError: ``run.json`` is missing or damaged.
    """
    try:
        return msgspec.json.decode(read_small_file(folder.spec, _SPEC_LIMIT), type=RunSpec)
    except OSError as error:
        raise TuiError(
            f"Cannot read {folder.spec}: {error.strerror}.",
            "List the runs: assemblyzero-tui runs",
        ) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise TuiError(f"{folder.spec} is damaged: {error}.") from error


def is_alive(folder: RunFolder) -> bool:
    """Whether an engine is serving this run; false if that cannot be determined."""
    try:
        return is_held(folder.engine_lock)
    except OSError:
        return False


def open_run(folder: RunFolder) -> ReadableRun:
    """Reads the run in this folder.

    Raises:
        TuiError: its specification or its journal cannot be read.
    """
    spec = read_spec(folder)
    try:
        if folder.journal.exists() and not folder.journal.is_file():
            raise TuiError(f"The journal {folder.journal} is not a file.")
        events = read_journal(folder.journal) if folder.journal.exists() else []
    except OSError as error:
        raise TuiError(f"Cannot read {folder.journal}: {error.strerror}.") from error
    return ReadableRun(folder, spec, fold(events), is_alive(folder))


def run_folders() -> list[RunFolder]:
    """The folders of all runs, newest first."""
    try:
        paths = [path for path in runs_directory().iterdir() if _is_run(path)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TuiError(
            f"Cannot list the runs in {runs_directory()}: {error.strerror}.",
            "Make it readable, or set ASSEMBLYZERO_HOME to another folder.",
        ) from error
    return [RunFolder(path) for path in sorted(paths, key=lambda p: p.name, reverse=True)]


def _is_run(path: Path) -> bool:
    """Whether a folder is a run's; one that cannot be read counts as one."""
    try:
        (path / "run.json").stat()
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR)
    return True


def all_runs() -> Iterator[ReadableRun | UnreadableRun]:
    """All runs, newest first."""
    for folder in run_folders():
        try:
            yield open_run(folder)
        except TuiError as error:
            yield _unreadable(folder, error)


def _unreadable(folder: RunFolder, error: TuiError) -> UnreadableRun:
    spec = None
    with contextlib.suppress(TuiError):
        spec = read_spec(folder)
    return UnreadableRun(
        folder,
        spec,
        newer=isinstance(error, NewerVersionError),
        out_of_reach=isinstance(error.__cause__, OSError),
        problem=str(error),
    )


def readable_runs() -> Iterator[ReadableRun]:
    """All runs that can be read, newest first."""
    return (run for run in all_runs() if isinstance(run, ReadableRun))


def find_run(name: str | None = None) -> RunFolder:
    """Finds the run of this name, or the only one whose name begins or ends with it.

    Without a name, finds the newest run.

    Raises:
        TuiError: there is none, or several match.
    """
    folders = run_folders()
    if not folders:
        raise TuiError(f"There are no runs in {runs_directory()}.", "Try: assemblyzero-tui demo")
    if name is None:
        return folders[0]
    if os.sep in name and _is_run(Path(name)):
        return RunFolder(Path(name).resolve())
    matches = [f for f in folders if f.path.name == name] or [
        f for f in folders if f.path.name.startswith(name) or f.path.name.endswith(f"-{name}")
    ]
    if not matches:
        raise TuiError(f"There is no run {name!r}.", "List the runs: assemblyzero-tui runs")
    if len(matches) > 1:
        names = ", ".join(f.path.name for f in matches[:5])
        raise TuiError(f"Several runs match {name!r}: {names}.", "Give the full name.")
    return matches[0]
