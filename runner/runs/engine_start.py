"""Starts the engine of a run as a separate process, and waits until it is ready."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from assemblyzero_tui.runner.base.errors import EngineError, StartInterruptedError
from assemblyzero_tui.runner.base.paths import FILE_MODE, RunFolder
from assemblyzero_tui.runner.credentials import credentials, sources
from assemblyzero_tui.runner.credentials.api_key_variables import environment_without_api_keys
from assemblyzero_tui.runner.credentials.rotation_file import rotation_file
from assemblyzero_tui.runner.logs.debug_log import redact_in_debug_log
from assemblyzero_tui.runner.runs.runs import read_spec

_log = logging.getLogger(__name__)

START_PATIENCE = 30.0
"""Seconds until an engine must be ready."""
_PATHS = frozenset(
    {
        "ASSEMBLYZERO_HOME", "HOME", "PATH", "PYTHONPATH", "TMPDIR", "GH_CONFIG_DIR",
        "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    }
)  # fmt: skip
"""Variables that contain a path, or several."""
_END_PATIENCE = 1.0
"""Seconds that an engine may take to end before it is ready."""


class StartingEngine:
    """An engine process that is not ready yet."""

    def __init__(
        self, folder: RunFolder, process: subprocess.Popen[bytes], ready: int, secrets: _PipeWriter
    ) -> None:
        self.folder = folder
        self.process = process
        self._ready = ready
        self._secrets = secrets

    def wait(self, timeout: float = START_PATIENCE, wake: int = -1) -> None:
        """Waits until the engine serves its run; an engine that does not is ended.

        Args:
            timeout: Seconds that it may take.
            wake: A descriptor that becomes readable when the user interrupts the start.

        Raises:
            EngineError: it could not start; the message says why.
            StartInterruptedError: ``wake`` became readable.
        """
        try:
            message = self._read_message(timeout, wake)
        except BaseException as error:
            _log.debug("the engine does not start: %s", error)
            self._end()
            raise
        finally:
            self._secrets.close()
            os.close(self._ready)
        if message == b"ready\n":
            _log.debug("the engine is ready")
            return
        raise EngineError(
            message.decode(errors="replace").strip() or "The engine ended while it was starting.",
            f"See {self.folder.engine_log}",
        )

    def _read_message(self, timeout: float, wake: int) -> bytes:
        """Reads the engine's message that it is ready or has failed; passes it the credentials."""
        message = b""
        deadline = time.monotonic() + timeout
        readers = [self._ready] if wake < 0 else [self._ready, wake]
        while not message.endswith(b"\n"):
            remaining = deadline - time.monotonic()
            readable, writable, _ = select.select(
                readers, self._secrets.pending, [], max(remaining, 0.0)
            )
            if wake in readable:
                raise StartInterruptedError(
                    "Interrupted while the engine was starting; nothing was begun.",
                    f"Start it with: assemblyzero-tui resume {self.folder.path.name}",
                )
            if remaining <= 0:
                raise EngineError(
                    f"The engine was not ready within {timeout:.0f} s.",
                    f"See {self.folder.engine_log}",
                )
            if writable:
                self._secrets.write()
            if self._ready not in readable:
                continue
            if not (chunk := os.read(self._ready, 65536)):
                break
            message += chunk
        return message

    def _end(self) -> None:
        """Ends an engine that is not ready; it has not begun anything yet."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_END_PATIENCE)
                return


class _PipeWriter:
    """Writes bytes into a pipe whose reader may be slow."""

    def __init__(self, descriptor: int, data: bytes) -> None:
        self._descriptor = descriptor
        self._data = memoryview(data)
        if descriptor >= 0:
            os.set_blocking(descriptor, False)
            self.write()

    @property
    def pending(self) -> list[int]:
        """The descriptor while there is more to write."""
        return [self._descriptor] if self._descriptor >= 0 else []

    def write(self) -> None:
        """Writes as much as the pipe takes, and closes it after the last byte."""
        try:
            while self._data:
                self._data = self._data[os.write(self._descriptor, self._data) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            pass  # the engine has ended, and its message says why
        self.close()

    def close(self) -> None:
        """Closes the pipe; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def start_engine(
    folder: RunFolder,
    *,
    retry: Sequence[str] | None = None,
    fresh: bool = False,
    parallel: int = 0,
) -> StartingEngine:
    """Starts the engine of a run as a separate process, in its own session.

    Its credentials are read here and passed through a pipe.

    Args:
        folder: The run, with its ``run.json``.
        retry: Failed, lost or cancelled items to retry; an empty sequence means all of them.
        fresh: Whether retried items start over, without their checkpoints.
        parallel: Items at work at once; 0 means the number that the run was started with.

    Raises:
        TuiError: the run needs a credential, and there is none.
    """
    source = sources.for_run(read_spec(folder)) if folder.spec.exists() else None
    secrets = credentials.encode(source.credentials) if source is not None else b""
    if source is not None:
        redact_in_debug_log(*(each.secret.reveal() for each in source.credentials))
    options = []
    if retry is not None:
        options += ["--retry", ",".join(retry) or "all"]
    if fresh:
        options.append("--afresh")
    if parallel:
        options += ["--parallel", str(parallel)]
    if source is not None and (file := Path(source.source)).is_file():
        options += ["--rotation", _absolute(str(rotation_file(file)))]
    return _launch(folder, options, secrets)


def _launch(folder: RunFolder, options: Sequence[str], secrets: bytes) -> StartingEngine:
    """Starts the process; ``secrets``, if there are any, go through a separate pipe."""
    ready, ready_of_engine = os.pipe()
    secrets_of_engine, secrets_pipe = os.pipe() if secrets else (-1, -1)
    inherited = [ready_of_engine, secrets_of_engine] if secrets else [ready_of_engine]
    arguments = [sys.executable, "-P", "-m", "assemblyzero_tui.runner.engine", str(folder.path)]
    arguments += ["--ready", str(ready_of_engine), *options]
    if secrets:
        arguments += ["--keys", str(secrets_of_engine)]
    log = os.open(folder.engine_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=inherited,
            start_new_session=True,
            cwd="/",  # the command's current folder may be removed
            env=_engine_environment(),
        )
    finally:
        for descriptor in (log, *inherited):
            os.close(descriptor)
    _log.debug("started the engine as process %d: %s", process.pid, arguments)
    return StartingEngine(folder, process, ready, _PipeWriter(secrets_pipe, secrets))


def _engine_environment() -> dict[str, str]:
    """The environment without API keys, and without the variables that enable tracing services.

    Relative paths in it are made absolute.
    """
    environment = {
        name: value
        for name, value in environment_without_api_keys().items()
        if not name.startswith(("LANGSMITH_", "LANGCHAIN_"))
    }
    for name in _PATHS & environment.keys():
        environment[name] = os.pathsep.join(map(_absolute, environment[name].split(os.pathsep)))
    return environment


def _absolute(path: str) -> str:
    with contextlib.suppress(OSError):
        if path and not path.startswith("~"):
            return os.path.abspath(path)  # noqa: PTH100 - links stay as they are
    return path
