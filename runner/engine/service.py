"""The engine process: opens a run, serves it, and ends in order."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.exit_codes import ExitCode
from assemblyzero_tui.runner.base.paths import RunFolder, pool_file, state_home
from assemblyzero_tui.runner.base.system_errors import explain_os_error
from assemblyzero_tui.runner.credentials.credentials import Credential, decode, parse_api_key
from assemblyzero_tui.runner.credentials.rotation_file import read_hints
from assemblyzero_tui.runner.engine.executors.local_executor import LocalExecutor
from assemblyzero_tui.runner.engine.model_check import ModelCheck
from assemblyzero_tui.runner.engine.pool_service import PoolService
from assemblyzero_tui.runner.engine.process.daemon_thread import in_daemon
from assemblyzero_tui.runner.engine.process.deadline import FORCED, STOPPING, Deadline
from assemblyzero_tui.runner.engine.process.runtime import RuntimeFolder
from assemblyzero_tui.runner.engine.process.server import Server
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.engine.supervisor import RetryRequest, Supervisor
from assemblyzero_tui.runner.locks.file_locks import FileLock
from assemblyzero_tui.runner.locks.item_locks import Holder, ItemLocks
from assemblyzero_tui.runner.logs.debug_log import debug_log_file, debug_wanted, open_debug_log
from assemblyzero_tui.runner.logs.redaction import RedactedOutput
from assemblyzero_tui.runner.model.commands import (
    AddCredential,
    AnyCommand,
    Cancel,
    Pause,
    Resume,
    Retry,
    SetAutoResume,
    Stop,
    TryNow,
)
from assemblyzero_tui.runner.model.events import ItemsQueued, Notice, RunEnded, RunStarted
from assemblyzero_tui.runner.model.quota_days import days_of
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.run_state import fold
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.journal import JournalWriter, read_journal
from assemblyzero_tui.runner.runs.runs import read_spec, runtime_folders
from assemblyzero_tui.runner.workflows import catalog, records

_log = logging.getLogger(__name__)

Reason = Literal["finished", "stopped", "interrupted", "exhausted", "error"]


JOURNAL_PATIENCE = 60.0
"""Seconds for which writing the journal is retried before the engine ends."""
RECONCILE_PATIENCE, RECONCILE_STOPPING = 15.0, 1.0
"""Seconds that reconciling the records may take when the run has ended, and when it is stopped; if
it takes longer, the next command in the repository does it."""
JOURNAL_RETRY = 0.5
"""Seconds between two attempts."""


class Engine:
    """Serves one run."""

    def __init__(
        self, folder: RunFolder, spec: RunSpec, runtime: RuntimeFolder,
        credentials: Sequence[Credential], rotation: Path | None = None,
    ) -> None:  # fmt: skip
        secrets = [each.secret.reveal() for each in credentials]
        self._spec = spec
        self._folder = folder
        self._journal = JournalWriter(folder.journal)
        holder = Holder(
            run=spec.run,
            state=str(state_home()),
            pid=os.getpid(),
            repository=spec.repository,
        )
        locks = ItemLocks(Path(spec.repository), spec.workflow, holder)
        self._executor = LocalExecutor(
            folder,
            spec.parallel,
            locks,
            secrets,
            provider=spec.provider,
            ensure_folder=runtime.ensure,
        )
        self._state = fold(read_journal(folder.journal))
        self._recorder = Recorder(self._state, self._journal, self._announce, secrets)
        self._pool = _open_pool(spec, folder, credentials, rotation)
        self._supervisor = Supervisor(
            spec, folder, self._recorder, self._executor, self._pool, locks
        )
        self._model_check = ModelCheck(spec, credentials, self._supervisor.messages, self._pool)
        self._server = Server(runtime.ensure, self._handle)
        self._deadline = Deadline(self._executor.kill)
        self._interrupted = False
        self._rescue: asyncio.Task[None] | None = None

    def _announce(self) -> None:
        self._server.announce()
        if self._recorder.write_error is not None and self._rescue is None:
            self._rescue = asyncio.create_task(self._rescue_journal(), name="rescue the journal")

    async def _rescue_journal(self) -> None:
        """Retries writing pending events to the journal; after a while the engine ends.

        Until it works nothing is started and no checkpoint is removed: the run can be resumed from
        the journal and the checkpoints.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self._recorder.catch_up():
            waited = loop.time() - began
            problem = _journal_problem(self._journal)
            self._server.report_problem(f"{problem} Retrying; no item is started meanwhile.")
            if waited > JOURNAL_PATIENCE:
                what = f"{problem} It was retried for {waited:.0f} s. All work is saved."
                self._server.report_problem(what)
                hint = f"Free some space, then resume: assemblyzero-tui resume {self._spec.run}"
                self._supervisor.give_up(TuiError(what, hint))
                return
            await asyncio.sleep(JOURNAL_RETRY)
        self._rescue = None
        self._server.report_problem("")
        text = f"the journal could not be written for {loop.time() - began:.0f} s; nothing is lost"
        self._recorder.emit(Notice(text=text, level="warning"))
        self._supervisor.journal_recovered()

    async def serve(self, ready: int, retry: RetryRequest | None) -> None:
        """Serves the run to its end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        await self._server.start()
        self._open_run()
        _log.debug("the engine serves %s as process %d", self._spec.run, os.getpid())
        os.write(ready, b"ready\n")
        os.dup2(sys.stderr.fileno(), ready, inheritable=False)  # later failures are reported there
        reason: Reason = "error"
        try:
            self._model_check.start()
            await self._supervisor.run(os.getpid(), retry)
            reason = self._reason()
        finally:
            await self._executor.close()
            await asyncio.to_thread(self._pool.close)
            await self._reconcile()
            self._end(reason)
            await self._server.close()
            self._deadline.cancel()

    def _open_run(self) -> None:
        if self._state.started is None:
            spec = self._spec
            self._recorder.emit(
                RunStarted(
                    run=spec.run,
                    workflow=spec.workflow,
                    repository=spec.repository,
                    provider=spec.provider,
                    parallel=spec.parallel,
                    nodes=list(catalog.entry(spec.workflow).nodes),
                    host=spec.host,
                    versions=spec.versions,
                    demo=spec.demo,
                    tracker=spec.tracker,
                )
            )
        if not self._state.items:
            self._recorder.emit(ItemsQueued(items=self._spec.items), sync=True)

    def _handle(self, command: AnyCommand) -> list[str]:
        _log.debug("received %r", command)
        match command:
            case Pause():
                return self._supervisor.pause(command.items)
            case Resume():
                return self._supervisor.resume(command.items)
            case Cancel():
                return self._supervisor.cancel(command.items, force=command.force)
            case Retry():
                return self._supervisor.retry(command.items)
            case Stop():
                self._interrupted = self._interrupted or command.interrupted
                return self._stop(force=command.force)
            case TryNow():
                return self._supervisor.quota_pause.try_now()
            case SetAutoResume():
                return self._supervisor.quota_pause.set_auto_resume(on=command.on)
            case AddCredential():
                key = parse_api_key(command.key, repr(command.name))
                given = (command.rpm, command.rpd, command.tpm)
                limits = [{"*": n} if n is not None else {} for n in given]
                credential = Credential(command.name, key, command.project, *limits)
                return self._supervisor.quota_pause.add_credential(credential)
        return []

    def _on_signal(self) -> None:
        _log.debug("received a signal to stop")
        self._interrupted = True
        self._stop(force=self._supervisor.stopping)

    def _stop(self, *, force: bool) -> list[str]:
        _log.debug("stop%s", " at once" if force else "")
        self._deadline.end_within(FORCED if force else STOPPING)
        return self._supervisor.stop(force=force)

    def _reason(self) -> Reason:
        if self._state.finished:
            return "finished"
        if self._supervisor.queue.lock_lost and not self._supervisor.stopping:
            return "error"
        if self._supervisor.quota_pause.given_up and not self._supervisor.stopping:
            return self._supervisor.quota_pause.end_reason
        return "interrupted" if self._interrupted else "stopped"

    async def _reconcile(self) -> None:
        """Repairs the records of this run's items, which others may have changed; reports it."""
        seconds = RECONCILE_STOPPING if self._supervisor.stopping else RECONCILE_PATIENCE
        repository, workflow = Path(self._spec.repository), self._spec.workflow
        try:
            notes = await in_daemon(lambda: records.reconcile(repository, workflow), seconds)
            level: Literal["warning", "error"] = "warning"
        except TimeoutError:
            notes = [
                f"the records in {repository} were not checked: another process holds their lock"
            ]
            level = "warning"
        except TuiError as error:
            notes, level = [error.what], "error"
        for note in notes:
            self._recorder.emit(Notice(text=note, level=level))

    def _end(self, reason: Reason) -> None:
        codes = {"error": ExitCode.FAILED, "exhausted": ExitCode.EXHAUSTED}
        code = codes.get(reason, report.exit_code(self._state))
        _log.debug("the engine ends: %s, exit code %d", reason, code)
        self._recorder.emit(RunEnded(exit_code=code, reason=reason), sync=True)
        self._supervisor.release_all()
        if self._rescue is not None:
            self._rescue.cancel()
        self._journal.close()
        if self._recorder.write_error is not None:
            print(_journal_problem(self._journal), file=sys.stderr)
        try:
            report.write(report.build(self._state, self._folder, time.time()), self._folder)
        except OSError as error:
            print(f"The report cannot be written: {error}", file=sys.stderr)


def _journal_problem(journal: JournalWriter) -> str:
    error = journal.write_error
    reason = "" if error is None else f": {error.strerror or error}"
    return f"The journal {journal.path} cannot be written{reason}."


def _open_pool(
    spec: RunSpec, folder: RunFolder, credentials: Sequence[Credential], rotation: Path | None
) -> PoolService:
    days = days_of(spec.options.quota)
    clock = MachineClock(spec.clock_speed)
    pool = Pool(credentials, clock=clock, days=days, most=spec.parallel)
    if rotation is not None:
        for name in read_hints(rotation, [each.name for each in credentials], clock.wall()):
            if (hinted := pool.registry.find(name)) is not None:
                hinted.probe_first = True
    store = pool_file(folder if spec.demo else None)
    return PoolService(pool, store, spec.run, folder.path, rotation)


def main() -> None:
    """Serves one run, in the foreground of this process."""
    arguments = _parse_arguments()
    os.set_inheritable(arguments.ready, False)
    credentials = _read_credentials(arguments.keys)
    secrets = [each.secret.reveal() for each in credentials]
    sys.stderr = RedactedOutput(sys.stderr, secrets)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    retry = None
    if arguments.retry is not None:
        items = [] if arguments.retry == "all" else arguments.retry.split(",")
        retry = RetryRequest(items, fresh=arguments.afresh)
    code = ExitCode.OK
    try:
        folder = RunFolder(arguments.folder.resolve())
        if debug_wanted():
            open_debug_log(debug_log_file(folder, "engine"), secrets)
        _serve(folder, arguments.ready, retry, arguments.parallel, credentials, arguments.rotation)
    except TuiError as error:
        _log.debug("the engine failed", exc_info=True)
        _report_failure(arguments.ready, str(error))
        code = error.exit_code
    except Exception as error:
        traceback.print_exc()
        _log.debug("the engine failed", exc_info=True)
        explained = explain_os_error(error) if isinstance(error, OSError) else None
        _report_failure(arguments.ready, str(explained or f"{type(error).__name__}: {error}"))
        code = ExitCode.FAILED
    # Everything is on the disk, and multiprocessing's temporary folder is already removed.
    sys.stderr.flush()
    os._exit(code)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="assemblyzero-tui engine")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ready", type=int, required=True)
    parser.add_argument("--retry", default=None)
    parser.add_argument("--afresh", action="store_true")
    parser.add_argument("--parallel", type=int, default=0)
    parser.add_argument("--keys", type=int, default=-1)
    parser.add_argument("--rotation", type=Path)
    return parser.parse_args()


def _read_credentials(descriptor: int) -> tuple[Credential, ...]:
    """Reads the credentials from the pipe that the command has filled; none without a pipe."""
    if descriptor < 0:
        return ()
    with os.fdopen(descriptor, "rb") as pipe:
        return decode(pipe.read())


def _serve(
    folder: RunFolder,
    ready: int,
    retry: RetryRequest | None,
    parallel: int,
    credentials: Sequence[Credential],
    rotation: Path | None,
) -> None:
    spec = read_spec(folder)
    if parallel:
        spec = msgspec.structs.replace(spec, parallel=parallel)
    lock = FileLock.take(folder.engine_lock, str(os.getpid()))
    if lock is None:
        raise TuiError(
            f"The run {spec.run} already has an engine.",
            f"Watch it: assemblyzero-tui attach {spec.run}",
        )
    runtime = RuntimeFolder(folder, runtime_folders(folder, spec))
    try:
        runtime.ensure()
        runtime.sweep()
        asyncio.run(Engine(folder, spec, runtime, credentials, rotation).serve(ready, retry))
    finally:
        runtime.remove()
        lock.release()


def _report_failure(ready: int, text: str) -> None:
    try:
        os.write(ready, text.encode() + b"\n")
    except OSError:
        print(text, file=sys.stderr)
