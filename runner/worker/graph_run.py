"""Runs one LangGraph graph from its checkpoint until it ends or is stopped."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import traceback
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl

from assemblyzero_tui.runner.base.errors import (
    TransientError,
    TuiError,
    UnusableAnswerError,
    WorkflowError,
)
from assemblyzero_tui.runner.base.paths import checkpoint_path
from assemblyzero_tui.runner.llm.opening import open_provider
from assemblyzero_tui.runner.model.events import Result
from assemblyzero_tui.runner.model.run_spec import HOW_TO_ACCEPT, WorkerSpec
from assemblyzero_tui.runner.wire.worker_messages import Ended, NodeBegan, NodeDone, WorkerNotice
from assemblyzero_tui.runner.worker.answers import AnswerStore
from assemblyzero_tui.runner.worker.channel import Channel, PauseRequested
from assemblyzero_tui.runner.worker.context import WorkerContext
from assemblyzero_tui.runner.worker.database import (
    DamagedError,
    Database,
    damage_as_error,
    salvage,
    set_aside,
)
from assemblyzero_tui.runner.worker.patient_connection import is_locked, locked_text
from assemblyzero_tui.runner.workflows import catalog
from assemblyzero_tui.runner.workflows.context import Workflow
from assemblyzero_tui.runner.workflows.journeys import record_origin
from assemblyzero_tui.runner.workflows.tracker.gh_process import WAITING

_log = logging.getLogger(__name__)

_SUPERSTEPS = 10_000
"""LangGraph's limit on supersteps; the workflows' own limits are far lower."""


def run(spec: WorkerSpec, channel: Channel, control: RunControl) -> Ended:
    """Runs the workflow of one item; returns how it ended. Never raises an ``Exception``."""

    def warn(text: str) -> None:
        channel.send(WorkerNotice(text=text, level="warning"))

    _report_waits(channel)
    try:
        path = checkpoint_path(spec.checkpoint)
        _enter_repository(spec)
        workflow = catalog.load(spec.workflow)
        try:
            with Database(path, _thread(spec), warn) as database, damage_as_error():
                return _run(spec, workflow, database, channel, control)
        except DamagedError as error:
            aside = set_aside(path)
            _log.debug("the checkpoint was damaged and is now %s: %s", aside, error)
            with Database(path, _thread(spec), warn) as database:
                saved = salvage(aside, database.answers)
                _report_damage(channel, error, aside, saved)
                return _run(spec, workflow, database, channel, control)
    except TransientError as error:
        return _waiting(error)
    except TuiError as error:
        print(f"[ERROR] {error}", file=sys.stderr)
        return Ended(outcome="failed", reason=error.what)
    except sqlite3.OperationalError as error:
        traceback.print_exc()
        if is_locked(error):
            return Ended(
                outcome="failed", reason=f"{locked_text(path)}. End that program, then retry"
            )
        reason = (
            f"the checkpoint {path} cannot be used: {error}. "
            "Free some space or make it writable, then retry"
        )
        return Ended(outcome="failed", reason=reason)
    except Exception as error:
        traceback.print_exc()
        return Ended(outcome="failed", reason=f"{type(error).__name__}: {error}")


def _report_waits(channel: Channel) -> None:
    """Reports what ``gh`` is waited for, in the log and to everybody who watches the run."""

    def notify(text: str) -> None:
        print(f"    {text}", file=sys.stderr)
        channel.send(WorkerNotice(text=text))

    WAITING.notify = notify


def _report_damage(channel: Channel, error: DamagedError, aside: Path, saved: int) -> None:
    """Reports that an item starts over, why, and how many answers need not be paid for again."""
    kept = f"; paid answers saved: {saved}" if saved else ""
    text = f"its checkpoint was damaged ({error}) and set aside as {aside}; it starts over{kept}"
    channel.send(WorkerNotice(text=text, level="warning"))


def _run(
    spec: WorkerSpec,
    workflow: Workflow,
    database: Database,
    channel: Channel,
    control: RunControl,
) -> Ended:
    saver, answers = database.saver, database.answers
    if database.begun and workflow.overtaken(spec, database.values(_thread(spec))):
        text = "another run started this item after its checkpoint was written, so it starts over"
        channel.send(WorkerNotice(text=text, level="warning"))
        database.start_over(_thread(spec))
    _log.debug("%s checkpoint", "resumes from its" if database.begun else "starts without a")
    done = None if database.begun else workflow.done_before(spec)
    if done is not None:
        print(f"    Nothing to do, {done.summary}: {done.output}")
        return Ended(outcome="finished", result=done)
    refusal = _check(spec, workflow, saver, answers, channel)
    if refusal:
        return Ended(outcome="refused", reason=refusal)
    if not database.begun:
        record_origin(database.connection, spec.run)
    database.sync_every_commit()
    provider = open_provider(spec.provider, spec.options)
    context = WorkerContext(spec, channel, provider, answers)
    return _run_graph(workflow, context, saver, answers, channel, control)


def _enter_repository(spec: WorkerSpec) -> None:
    """Makes the repository the current folder.

    Raises:
        WorkflowError: it does not exist.
    """
    try:
        os.chdir(spec.repository)
    except OSError as error:
        raise WorkflowError(
            f"The repository {spec.repository} cannot be accessed: {error.strerror or error}. "
            "Was it moved? Move it back and retry, or start a new run where it is now."
        ) from error


def _check_repository(spec: WorkerSpec) -> None:
    """Stops the workflow if the repository was moved, so that nothing more is written.

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
        "Put it back and retry, or start a new run where it is now."
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
    except PauseRequested as requested:
        if (denial := requested.denial) is not None:
            return Ended(outcome="exhausted", reason=denial.why, until=denial.until)
        return Ended(outcome="paused", reason="at a checkpoint")
    except GraphDrained:
        return Ended(outcome="paused", reason="at a checkpoint")
    except TransientError as error:
        return _waiting(error)
    except UnusableAnswerError as error:
        answers.forget_latest_task()
        return _failed(error, graph.get_state(thread).values)
    except TuiError as error:
        return _failed(error, graph.get_state(thread).values)
    return Ended(outcome="finished", result=workflow.result(graph.get_state(thread).values))


def _waiting(error: TransientError) -> Ended:
    """The end of an attempt that is repeated later, from the checkpoint."""
    print(f"    {error}", file=sys.stderr)
    return Ended(outcome="waiting", reason=error.what, until=error.until)


def _failed(error: TuiError, values: dict[str, Any]) -> Ended:
    """The end of a workflow that failed, with its drafts and reviews until then."""
    print(f"[ERROR] {error}", file=sys.stderr)
    done = Result(iterations=values.get("drafts", 0), reviews=len(values.get("reviews", ())))
    return Ended(outcome="failed", reason=error.what, result=done)


def _report(task: dict[str, Any], context: WorkerContext, channel: Channel) -> None:
    """Reports the start or the end of a node, without its input and result."""
    name, identity = str(task["name"]), str(task["id"])
    _log.debug("%s %s", name, "begins" if "triggers" in task else "ends")
    if "triggers" in task:
        channel.send(NodeBegan(node=name, task=identity))
        context.log(f">>> Executing: {name}")
    else:
        channel.send(NodeDone(node=name, task=identity, error=str(task.get("error") or "")))


def _check(
    spec: WorkerSpec,
    workflow: Workflow,
    saver: SqliteSaver,
    answers: AnswerStore,
    channel: Channel,
) -> str:
    """The reason why the item's checkpoint must not be resumed; empty if it can be."""
    begun = saver.get_tuple(_thread(spec)) is not None
    before = answers.fingerprints() if begun else {}
    try:
        now = workflow.fingerprints(spec)
    except (WorkflowError, TransientError) as error:
        if not before:
            raise
        channel.send(WorkerNotice(text=f"it is unknown whether the item has changed: {error.what}"))
        return ""
    changed = sorted(name for name in before if before[name] != now.get(name))
    if changed and not spec.options.accept_changes:
        return f"the {' and the '.join(changed)} changed since the checkpoint: {HOW_TO_ACCEPT}"
    if changed:
        channel.send(
            WorkerNotice(
                text=f"continues from its checkpoint although these changed: {', '.join(changed)}"
            )
        )
    if before != now:
        answers.set_fingerprints(now)
    return ""


def _thread(spec: WorkerSpec) -> Any:
    thread = catalog.entry(spec.workflow).thread_id(spec.item.key)
    return {"configurable": {"thread_id": thread}}
