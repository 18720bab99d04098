"""Paths: the state folder, a run's folder, checkpoints, sockets."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.temporary_files import make_temporary

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
CHECKPOINT_VARIABLES = ("AGENTOS_WORKFLOW_DB", "ASSEMBLYZERO_WORKFLOW_DB")
"""Environment variables of a worker that hold the path of its item's checkpoint."""
_SOCKET_PATH_LIMIT = 100
"""Bytes of a socket's path; the system allows 107 on Linux and 103 on macOS."""


def make_private_directory(path: Path) -> Path:
    """Creates a folder that only its owner can read, and its parents.

    Raises:
        TuiError: it cannot be created or written.
    """
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.is_dir():
                folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    except OSError as error:
        raise TuiError(
            f"Cannot create the folder {path}: {error.strerror or error}.",
            "Make it writable, or set ASSEMBLYZERO_HOME to a folder that is.",
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise TuiError(
            f"Cannot write in the folder {path}.",
            f"Run: chmod u+rwx {path}   (or set ASSEMBLYZERO_HOME to another folder)",
        )
    return path


def resolve_parent(path: Path) -> Path:
    """Returns the absolute path of a file, valid even if the current folder is removed.

    It is free of ``..``; if the file is a link, the link is not followed.
    """
    return path.parent.resolve() / path.name


def state_home() -> Path:
    """``$ASSEMBLYZERO_HOME``, else ``~/.assemblyzero``; it is not created here."""
    named = os.environ.get("ASSEMBLYZERO_HOME")
    return Path(named).expanduser().absolute() if named else Path.home() / ".assemblyzero"


def repository_key(repository: Path) -> str:
    """A short name for a repository, unique for each real path."""
    real = repository.resolve()
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:10]
    return f"{re.sub(r'[^A-Za-z0-9_.-]', '-', real.name) or 'root'}-{digest}"


def runtime_directory() -> Path:
    """A short private folder for sockets and temporary files.

    Raises:
        TuiError: the folder belongs to somebody else or is open to others.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base:
        base = os.path.abspath(base)  # noqa: PTH100 - without access to the file system
    if base and len(base) < _SOCKET_PATH_LIMIT - 40 and os.access(base, os.W_OK):
        return ensure_private_directory(Path(base) / "assemblyzero-tui")
    return ensure_private_directory(fallback_runtime_directory())


def fallback_runtime_directory() -> Path:
    """The folder of sockets without ``XDG_RUNTIME_DIR``; it is not created here."""
    return Path("/tmp") / f"azt-{os.getuid()}"  # noqa: S108 - owner and mode are checked


def ensure_private_directory(path: Path) -> Path:
    """Creates a private folder, or checks that the existing one is private.

    Raises:
        TuiError: it cannot be created, belongs to somebody else or is open to others.
    """
    make_private_directory(path)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise TuiError(
            f"{path} is not a private folder of yours.",
            f"Check it, then remove it: ls -ld {path}",
        )
    return path


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run."""

    path: Path

    @property
    def spec(self) -> Path:
        return self.path / "run.json"

    @property
    def journal(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def engine_log(self) -> Path:
        return self.path / "engine.log"

    @property
    def engine_lock(self) -> Path:
        """Locked while an engine serves the run; contains its process id."""
        return self.path / "engine.pid"

    @property
    def summary_markdown(self) -> Path:
        return self.path / "summary.md"

    @property
    def summary_json(self) -> Path:
        return self.path / "summary.json"

    @property
    def debug(self) -> Path:
        """The debug logs of the run's processes, with ``--debug``."""
        return self.path / "debug"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def log(self, item: str) -> Path:
        """The output of the item's workflow."""
        return self.logs / f"{item}.log"

    def audit(self, workflow: str, key: str) -> Path:
        """The audit file of one item."""
        prefix = "" if workflow == "lld" else f"{workflow}-"
        return self.path / "audit" / f"workflow-audit-{prefix}{key}.jsonl"


def pool_file(folder: RunFolder | None = None) -> Path:
    """The database of the pool: the one of this machine, or the separate one of a demonstration.

    Args:
        folder: The run of a demonstration, which has its own credentials.
    """
    return (state_home() if folder is None else folder.path) / "pool.db"


def runs_directory() -> Path:
    """The folder of all runs."""
    return state_home() / "runs"


def checkpoint_file(repository: Path, workflow: str, key: str) -> Path:
    """The checkpoint of one item: a database in the folder of its repository.

    A worker's environment has its path in :data:`CHECKPOINT_VARIABLES`.
    """
    return _checkpoint_folder(repository) / f"{_checkpoint_prefix(workflow)}{key}.db"


def checkpoints(repository: Path, workflow: str) -> dict[str, Path]:
    """The checkpoints of a workflow's items in a repository, by item key, sorted."""
    prefix = _checkpoint_prefix(workflow)
    files = sorted(_checkpoint_folder(repository).glob(f"{prefix}*.db"))
    return {path.stem.removeprefix(prefix): path for path in files}


def _checkpoint_folder(repository: Path) -> Path:
    return state_home() / "checkpoints" / repository_key(repository)


def _checkpoint_prefix(workflow: str) -> str:
    return f"{workflow}_workflow_"


def checkpoint_url(path: Path) -> str:
    """The URL of a checkpoint in a local file."""
    return f"sqlite:///{path.absolute().as_posix().lstrip('/')}"


def checkpoint_path(url: str) -> Path:
    """The file behind a ``sqlite:///`` URL.

    Raises:
        TuiError: the URL has another scheme.
    """
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator:
        raise TuiError(f"Cannot open the checkpoint {url!r}: only sqlite:/// is supported.")
    return Path("/" + path.lstrip("/"))


def new_run_folder(name: str, stamp: str) -> RunFolder:
    """Creates the folder of a new run; runs started in the same second get different ones.

    Raises:
        TuiError: the state folder cannot be written.
    """
    runs = make_private_directory(runs_directory())
    for number in range(1, 1000):
        path = runs / (f"{stamp}-{name}" if number == 1 else f"{stamp}-{name}-{number}")
        try:
            path.mkdir(mode=DIRECTORY_MODE)
        except FileExistsError:
            continue
        except OSError as error:
            raise TuiError(
                f"Cannot create the folder {path}: {error.strerror or error}.",
                "Free some space or make it writable, or set ASSEMBLYZERO_HOME to another folder.",
            ) from error
        folder = RunFolder(path)
        make_private_directory(folder.logs)
        make_private_directory(path / "audit")
        return folder
    raise TuiError(f"Cannot find a free name for a run in {runs}.")


def write_atomically(
    path: Path, data: bytes, mode: int = FILE_MODE, scratch: Path | None = None, *,
    new: bool = False,
) -> None:  # fmt: skip
    """Replaces a file atomically: readers see the old content or the new, even after a crash.

    A link is kept: the file it points to is replaced. Anything other than a file, such as a pipe
    or ``/dev/stdout``, is written to.

    Args:
        path: The file.
        data: Its new content.
        mode: Its permissions.
        scratch: The folder of the temporary file; the file's own if ``None`` or unusable.
        new: Fail if the file exists.

    Raises:
        FileExistsError: with ``new``, the file exists.
        OSError: it cannot be written.
    """
    if new:
        _check_free(path)
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            stream.write(data)
        return
    path = path.resolve()
    try:
        _replace(path, data, mode, scratch or path.parent, new=new)
    except OSError:
        if scratch is None:
            raise
        _replace(path, data, mode, path.parent, new=new)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _replace(path: Path, data: bytes, mode: int, folder: Path, *, new: bool) -> None:
    handle, temporary = make_temporary(folder, path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            if new:
                _rename_to_free_name(temporary, path)
            else:
                temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _rename_to_free_name(temporary: Path, path: Path) -> None:
    """Renames a file; fails if the new name is taken, where a plain rename would replace it."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        _check_free(path)
        temporary.replace(path)
    else:
        temporary.unlink()


def _check_free(path: Path) -> None:
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
