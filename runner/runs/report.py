"""Builds the summary of a run: one model for the screen, Markdown, plain lines and JSON."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import msgspec

from assemblyzero_tui.runner.base.exit_codes import ExitCode
from assemblyzero_tui.runner.base.paths import RunFolder, write_atomically
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.logs.reader import LogReader
from assemblyzero_tui.runner.logs.sanitise import plain_text
from assemblyzero_tui.runner.model.credential_state import CredentialState
from assemblyzero_tui.runner.model.run_spec import HOW_TO_ACCEPT
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.model.summary import (
    FAILURES,
    Block,
    Calls,
    Failure,
    ItemLine,
    NextStep,
    NoticeLine,
    OutageLine,
    PoolLine,
    SpanLine,
    Summary,
    Times,
)
from assemblyzero_tui.runner.runs.report_markdown import markdown

LAST_LINES = 20
"""Lines of a failed item's log that a summary quotes."""
SHOWN_WAIT = 1.0
"""Seconds a call must have waited to be shown on a timeline."""
LINE_LIMIT = 400
"""Characters of a quoted line."""


def exit_code(state: RunState) -> ExitCode:
    """The exit code of a run in this state, unless a signal or an error ended it."""
    states = {item.state for item in state.items.values()}
    if states & FAILURES:
        return ExitCode.FAILED
    return ExitCode.OK if all(state.succeeded for state in states) else ExitCode.CANCELLED


def build(state: RunState, folder: RunFolder, now: float) -> Summary:
    """Builds the summary of a run.

    Args:
        state: The state of the run.
        folder: The folder with its logs.
        now: Seconds since the epoch; counts as the end of a run that has not ended. For a run whose
            engine was lost, pass ``state.time``.
    """
    end = state.ended if state.ended is not None else max(now, state.time)
    items = list(state.items.values())
    return Summary(
        run=state.run or folder.path.name,
        workflow=state.workflow,
        repository=state.repository,
        provider=state.provider,
        parallel=state.parallel,
        demo=state.demo,
        host=state.host,
        versions=dict(state.versions),
        folder=str(folder.path),
        started=state.started,
        ended=state.ended,
        time=end,
        exit_code=state.exit_code if state.exit_code is not None else int(exit_code(state)),
        end_reason=state.end_reason,
        blocked=_block(state),
        counts={s: n for s in _BY_OUTCOME if (n := sum(i.state is s for i in items))},
        times=_times(state, items, end),
        retries=sum(item.tries for item in items),
        calls=_calls(state, items),
        items=[_item_line(item, folder, end) for item in items],
        pool=_pool(state, items, end),
        outages=_outages(state, end),
        failures=[_failure(item, folder) for item in items if item.state in FAILURES],
        notices=_notices(state),
        next_steps=_next_steps(state, folder.path.name),
    )


def _block(state: RunState) -> Block | None:
    if (blocked := state.blocked) is None:
        return None
    return Block(
        what=one_line(blocked.what), words=one_line(blocked.words), hint=one_line(blocked.hint)
    )


def _outages(state: RunState, end: float) -> list[OutageLine]:
    return [
        OutageLine(start=o.start, end=_closed(o.end, end), reason=one_line(o.reason))
        for o in state.pool.outages
    ]


def _notices(state: RunState) -> list[NoticeLine]:
    """Warnings and errors."""
    return [
        NoticeLine(time=n.time, level=n.level, item=n.item, text=one_line(n.text))
        for n in state.notices
        if n.level != "info"
    ]


_BY_OUTCOME = (State.DONE, *(s for s in sorted(State, key=lambda s: s.look.order) if s != "done"))
"""The order of totals: successes, then what needs attention."""


def _times(state: RunState, items: Iterable[ItemState], end: float) -> Times:
    items = list(items)
    return Times(
        wall=state.wall_seconds(end),
        active=sum(item.active_seconds(end) for item in items),
        paused=sum(item.paused_seconds(end) for item in items),
        quota=sum(item.quota_seconds(end) for item in items),
        unserved=state.unserved,
    )


def _calls(state: RunState, items: Iterable[ItemState]) -> Calls:
    items = list(items)
    return Calls(
        answered=state.calls_ended["ok"],
        refused=state.calls_refused,
        abandoned=state.calls_abandoned,
        read_back=sum(item.calls_skipped for item in items),
        input_tokens=sum(item.input_tokens for item in items),
        output_tokens=sum(item.output_tokens for item in items),
        outcomes={name: count for name, count in sorted(state.calls_ended.items()) if count},
    )


def _pool(state: RunState, items: Iterable[ItemState], end: float) -> list[PoolLine]:
    if not state.provider:
        return []
    credentials = [
        credential
        for credential in state.pool.credentials.values()
        if credential.present or credential.used
    ]
    if credentials:
        return [_credential_line(state, credential, end) for credential in credentials]
    calls = _calls(state, items)
    return [
        PoolLine(
            name=state.provider,
            answered=calls.answered,
            refused=calls.refused,
            input_tokens=calls.input_tokens,
            output_tokens=calls.output_tokens,
        )
    ]


def _credential_line(state: RunState, credential: CredentialState, end: float) -> PoolLine:
    status = credential.strongest(end)
    unavailable = status.until is not None and status.until > end
    return PoolLine(
        name=f"{state.provider}: {one_line(credential.name)}",
        answered=credential.answered,
        refused=credential.refused,
        input_tokens=credential.input_tokens,
        output_tokens=credential.output_tokens,
        project=one_line(credential.project),
        fingerprint=credential.fingerprint,
        unavailable=credential.unavailable_seconds(end),
        state=status.at(end),
        until=status.until if unavailable else None,
    )


def _item_line(item: ItemState, folder: RunFolder, end: float) -> ItemLine:
    result = item.result
    outcome = result.summary if result is not None else ""
    return ItemLine(
        id=item.id,
        title=one_line(item.info.title),
        url=one_line((result is not None and result.url) or item.info.url),
        state=item.state,
        outcome=one_line(outcome if item.state is State.DONE else item.reason or outcome),
        iterations=result.iterations if result is not None else item.iteration,
        reviews=result.reviews if result is not None else 0,
        active=item.active_seconds(end),
        paused=item.paused_seconds(end),
        quota=item.quota_seconds(end),
        tries=item.tries,
        attempts=item.attempt,
        node=one_line(item.node),
        output=one_line(result.output) if result is not None else "",
        lineage=one_line(result.lineage) if result is not None else "",
        log=str(folder.log(item.id)),
        tokens=item.input_tokens + item.output_tokens,
        spans=list(_spans(item, end)),
    )


def _spans(item: ItemState, end: float) -> Iterator[SpanLine]:
    """The states of an item in order; while a call waits, the item is not at work."""
    waits = list(item.waits)
    if item.waiting is not None:
        waits.append((item.waiting.since, end))
    for span in item.spans:
        start = span.start
        stop = span.start if span.state.terminal else _closed(span.end, end)
        for wait_start, wait_end in waits if span.state.at_work else ():
            wait_start, wait_end = max(wait_start, start), min(wait_end, stop)
            if wait_end - wait_start >= SHOWN_WAIT:
                if wait_start > start:
                    yield SpanLine(state=span.state, start=start, end=wait_start)
                yield SpanLine(state=State.QUOTA, start=wait_start, end=wait_end)
                start = wait_end
        if start < stop or stop == span.start:
            yield SpanLine(state=span.state, start=start, end=stop)


def _closed(time: float | None, end: float) -> float:
    return end if time is None else time


def _failure(item: ItemState, folder: RunFolder) -> Failure:
    path = folder.log(item.id)
    try:
        log = LogReader(path)
        total = log.line_count
        lines = [plain_text(line, LINE_LIMIT) for line in log.tail(LAST_LINES)]
    except OSError as error:
        total, lines = 0, [f"(The log cannot be read: {error.strerror or error}.)"]
    return Failure(
        id=item.id,
        title=one_line(item.info.title),
        state=item.state,
        reason=one_line(item.reason),
        node=one_line(item.node),
        lines=lines,
        total_lines=total,
        log=str(path),
    )


def _next_steps(state: RunState, name: str) -> list[NextStep]:
    steps = []
    if unfinished := len(state.unfinished()):
        steps.append(
            NextStep(
                what=f"Resume the unfinished items ({unfinished})",
                command=f"assemblyzero-tui resume {name}",
            )
        )
    unsuccessful = [i for i in state.items.values() if i.state.unsuccessful]
    if unsuccessful:
        changed = any(HOW_TO_ACCEPT in item.reason for item in unsuccessful)
        steps.append(
            NextStep(
                what=f"Retry what did not succeed ({len(unsuccessful)})"
                + ("; --fresh instead of --continue starts over" if changed else ""),
                command=f"assemblyzero-tui resume {name} --failed"
                + (" --continue" if changed else ""),
            )
        )
    if state.items:
        steps.append(NextStep(what="Replay the run", command=f"assemblyzero-tui replay {name}"))
    return steps


def to_json(summary: Summary) -> bytes:
    """The summary as indented JSON, ending with a newline."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def from_json(data: bytes) -> Summary:
    """Reads a summary from its JSON.

    Raises:
        msgspec.DecodeError: the bytes are not a summary of this schema.
    """
    return msgspec.json.decode(data, type=Summary)


def to_markdown(summary: Summary) -> str:
    """The summary as GitHub-flavoured Markdown; times are in the local zone."""
    return markdown(summary, time.localtime)


def write(summary: Summary, folder: RunFolder) -> None:
    """Writes ``summary.json`` and ``summary.md`` into the run's folder, each atomically.

    Raises:
        OSError: a file cannot be written; the older one is unchanged.
    """
    write_atomically(folder.summary_json, to_json(summary))
    write_atomically(folder.summary_markdown, to_markdown(summary).encode())
