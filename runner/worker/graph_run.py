"""Running one LangGraph graph from where its checkpoint is to where it ends or is stopped."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl

from assemblyzero_tui.runner.errors import TuiError, UnusableAnswerError, WorkflowError
from assemblyzero_tui.runner.events import Result
from assemblyzero_tui.runner.llm import open_provider
from assemblyzero_tui.runner.run_spec import HOW_TO_ACCEPT, WorkerSpec, checkpoint_path
from assemblyzero_tui.runner.worker.answers import AnswerStore
from assemblyzero_tui.runner.worker.channel import Channel, Parked
from assemblyzero_tui.runner.worker.context import WorkerContext
from assemblyzero_tui.runner.worker.messages import Ended, NodeBegan, NodeDone, Remark
from assemblyzero_tui.runner.workflows import catalog
from assemblyzero_tui.runner.workflows.context import Workflow
from assemblyzero_tui.runner.workflows.journeys import note_origin

_SUPERSTEPS = 10_000
"""LangGraph's own limit on supersteps; the workflows have limits of their own long before."""
_DATABASE_PATIENCE = 5.0
"""Seconds to wait for the database, which nobody else should use."""


def run(spec: WorkerSpec, channel: Channel, control: RunControl) -> Ended:
    """Runs the workflow of one item, and says how it ended. Never raises an ``Exception``."""
    try:
        _enter(spec)
        workflow = catalog.load(spec.workflow)
        path = checkpoint_path(spec.checkpoint)
        with _Database(path, channel) as database:
            answers = AnswerStore(database.answers)
            saver = SqliteSaver(database.checkpoints)
            saver.setup()
            begun = saver.get_tuple(_thread(spec)) is not None
            done = None if begun or spec.options.fresh else workflow.done_before(spec)
            if done is not None:
                print(f"    Nothing to do, {done.summary}: {done.output}")
                return Ended(outcome="finished", result=done)
            refusal = _check(spec, workflow, saver, answers, channel)
            if refusal:
                return Ended(outcome="refused", reason=refusal)
            if not begun:
                note_origin(database.answers, spec.run)
            database.sync_every_commit()
            provider = open_provider(spec.provider, spec.options)
            context = WorkerContext(spec, channel, provider, answers)
            return _run_graph(workflow, context, saver, answers, channel, control)
    except TuiError as error:
        print(f"[ERROR] {error}", file=sys.stderr)
        return Ended(outcome="failed", reason=error.what)
    except sqlite3.OperationalError as error:
        traceback.print_exc()
        what = f"the checkpoint {checkpoint_path(spec.checkpoint)} cannot be used: {error}"
        return Ended(outcome="failed", reason=f"{what}. Make room and make it writable, then retry")
    except Exception as error:
        traceback.print_exc()
        return Ended(outcome="failed", reason=f"{type(error).__name__}: {error}")


def _enter(spec: WorkerSpec) -> None:
    """Works in the repository from now on.

    Raises:
        WorkflowError: it is not there.
    """
    try:
        os.chdir(spec.repository)
    except OSError as error:
        raise WorkflowError(
            f"The repository {spec.repository} cannot be entered: {error.strerror or error}. "
            "Was it moved? Move it back and retry, or start anew where it is now."
        ) from error


def _check_repository(spec: WorkerSpec) -> None:
    """Sees to it that nothing more is written where the repository was.

    Raises:
        WorkflowError: it has been moved or removed.
    """
    try:
        if os.path.samestat(os.stat("."), os.stat(spec.repository)):  # noqa: PTH116 - a pair
            return
        why = "another folder is in its place"
    except OSError as error:
        why = error.strerror or str(error)
    raise WorkflowError(
        f"The repository {spec.repository} was moved or removed during the work: {why}. "
        "Put it back and retry, or start anew where it is now."
    )


def _run_graph(
    workflow: Workflow,
    context: WorkerContext,
    saver: SqliteSaver,
    answers: AnswerStore,
    channel: Channel,
    control: RunControl,
) -> Ended:
    spec = context.spec
    thread: Any = _thread(spec) | {"recursion_limit": _SUPERSTEPS}
    graph = workflow.graph(context).compile(checkpointer=saver)
    begun = saver.get_tuple(thread) is not None
    source = None if begun else workflow.initial_state(spec)
    try:
        for task in graph.stream(
            source, thread, stream_mode="tasks", durability="sync", control=control
        ):
            if "triggers" in task:
                _check_repository(spec)
            _report(task, context, channel)
    except Parked as parked:
        if (denial := parked.denial) is not None:
            return Ended(outcome="exhausted", reason=denial.why, until=denial.until)
        return Ended(outcome="paused", reason="at a checkpoint")
    except GraphDrained:
        return Ended(outcome="paused", reason="at a checkpoint")
    except UnusableAnswerError as error:
        answers.forget_latest_task()
        return _failed(error, graph.get_state(thread).values)
    except TuiError as error:
        return _failed(error, graph.get_state(thread).values)
    return Ended(outcome="finished", result=workflow.result(graph.get_state(thread).values))


def _failed(error: TuiError, values: dict[str, Any]) -> Ended:
    """The end of a workflow that did not succeed, with what it had done."""
    print(f"[ERROR] {error}", file=sys.stderr)
    done = Result(iterations=values.get("drafts", 0), reviews=len(values.get("reviews", ())))
    return Ended(outcome="failed", reason=error.what, result=done)


def _report(task: dict[str, Any], context: WorkerContext, channel: Channel) -> None:
    """Passes on the start or the end of a node; its input and result stay here."""
    name, identity = str(task["name"]), str(task["id"])
    if "triggers" in task:
        channel.send(NodeBegan(node=name, task=identity))
        context.say(f">>> Executing: {name}")
    else:
        channel.send(NodeDone(node=name, task=identity, error=str(task.get("error") or "")))


def _check(
    spec: WorkerSpec,
    workflow: Workflow,
    saver: SqliteSaver,
    answers: AnswerStore,
    channel: Channel,
) -> str:
    """Why a checkpoint does not fit what was asked for; empty if it does."""
    begun = saver.get_tuple(_thread(spec)) is not None
    before = answers.fingerprints() if begun else {}
    try:
        now = workflow.fingerprints(spec)
    except WorkflowError as error:
        if not before:
            raise
        channel.send(Remark(text=f"cannot tell whether the item changed: {error.what}"))
        return ""
    changed = sorted(name for name in before if before[name] != now.get(name))
    if changed and not spec.options.accept_changes:
        return f"the {' and the '.join(changed)} changed since the checkpoint: {HOW_TO_ACCEPT}"
    if changed:
        channel.send(
            Remark(text=f"goes on from its checkpoint although changed: {', '.join(changed)}")
        )
    if before != now:
        answers.set_fingerprints(now)
    return ""


def _thread(spec: WorkerSpec) -> Any:
    prefix = catalog.entry(spec.workflow).thread_prefix
    return {"configurable": {"thread_id": f"{prefix}{spec.item.key}"}}


class _Database:
    """Two connections to the item's database: the saver's, and the kept answers'.

    A file that is no database (a damaged disk, a stray write) is set aside, and the workflow
    starts over.
    """

    def __init__(self, path: Path, channel: Channel) -> None:
        self._path = path
        self._channel = channel

    def __enter__(self) -> _Database:
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            self.close()
            aside = self._path.with_name(f"{self._path.name}.damaged-{time.time():.0f}")
            self._path.rename(aside)
            self._channel.send(
                Remark(
                    text=f"damaged checkpoint set aside as {aside}; starts over", level="warning"
                )
            )
            self._open()
        return self

    def _open(self) -> None:
        self.checkpoints = self._connect()
        self.answers = self._connect()
        self.answers.execute("PRAGMA journal_mode=WAL").fetchone()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_DATABASE_PATIENCE, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def sync_every_commit(self) -> None:
        """From now on a commit is on the disk when it returns.

        Before, while the tables are made, it need not be: the next commit that is takes what is
        ahead of it in the write-ahead log along.
        """
        for connection in (self.checkpoints, self.answers):
            connection.execute("PRAGMA synchronous=FULL")

    def close(self) -> None:
        for name in ("checkpoints", "answers"):
            connection: sqlite3.Connection | None = getattr(self, name, None)
            if connection is not None:
                connection.close()

    def __exit__(self, *exception: object) -> None:
        self.close()
