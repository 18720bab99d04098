"""A summary as GitHub-flavoured Markdown.

Text from outside (titles, reasons, paths, log lines) is escaped so that it is always plain text: it
cannot add mark-up or HTML, or end a cell or a fenced block.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence

from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.base.exit_codes import ExitCode
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.pool_text import CREDENTIAL_WORDS
from assemblyzero_tui.runner.model.summary import (
    Block,
    Failure,
    ItemLine,
    NoticeLine,
    PoolLine,
    Summary,
)
from assemblyzero_tui.runner.model.timeline import LEGEND, MARKS, bar, draw

Clock = Callable[[float], time.struct_time]
"""Turns seconds since the epoch into a time of day, as :func:`time.localtime` does."""

TIMELINE_CELLS = 60
TITLE_LIMIT = 100

_MARKUP = re.compile(r"([\\`*_\[\]|~$])")
_LINE_START = re.compile(r"^(?=[-+=#])|(?<=^\d)(?=[.)])|(?<=^\d\d)(?=[.)])")
_WEB = re.compile(r"(www)(\.)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._-]+)+")
_EXIT_WORDS = {
    ExitCode.OK: "every item succeeded, or there was nothing to do",
    ExitCode.FAILED: "at least one item failed or was lost",
    ExitCode.CANCELLED: "nothing failed, but not every item was done",
    ExitCode.EXHAUSTED: "every credential was exhausted",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}


def markdown(summary: Summary, local: Clock) -> str:
    """The Markdown document, ending with a newline."""
    blocks = [
        f"# Run {escaped(summary.run)}: {summary.headline}",
        *([_blocked(summary.blocked)] if summary.blocked is not None else []),
        _facts(summary, local),
        *_section("Items", _items(summary.items) if summary.items else "None."),
        *(_section("Timeline", _timeline(summary, local)) if summary.items else []),
        *(_section("Calls", _pool(summary.pool, local)) if summary.pool else []),
        *(_section("Without quota", _outages(summary, local)) if summary.outages else []),
        *(_failures(summary.failures) if summary.failures else []),
        *(_section("Warnings", _notices(summary.notices, local)) if summary.notices else []),
        *(_section("Next steps", _next_steps(summary)) if summary.next_steps else []),
    ]
    return "\n\n".join(blocks) + "\n"


def escaped(text: str, limit: int = 0) -> str:
    """Text from outside as inline Markdown that shows as plain text, in a cell or elsewhere."""
    text = one_line(text, limit)
    text = _MARKUP.sub(r"\\\1", text)
    text = _WEB.sub(r"\1\\\2", text.replace("://", ":\\//"))
    text = _LINE_START.sub(r"\\", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str, *, cell: bool = True) -> str:
    """Text from outside as a code span, in a table cell or not; empty text stays empty."""
    text = one_line(text)
    if cell:
        text = text.replace("|", "\\|")
    if not text:
        return ""
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """Lines from outside as a fenced block that none of them can end."""
    body = "\n".join(line.rstrip() for line in lines)
    fence = "`" * max(3, _longest_run(body) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _section(title: str, body: str) -> tuple[str, str]:
    return f"## {title}", body


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of escaped cells; a column whose name ends with ``:`` is right-aligned."""
    rule = ["---:" if name.endswith(":") else "---" for name in head]
    names = [name.removesuffix(":") for name in head]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (names, rule, *rows))


def _moment(seconds: float | None, local: Clock) -> str:
    return "not yet" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S %Z", local(seconds))


def _facts(summary: Summary, local: Clock) -> str:
    times, calls = summary.times, summary.calls
    wall = duration(times.wall)
    if times.unserved:
        wall += f" (plus {duration(times.unserved)} without an engine)"
    try:
        meaning = f" ({_EXIT_WORDS[ExitCode(summary.exit_code)]})"
    except (ValueError, KeyError):
        meaning = ""
    if summary.blocked is not None:
        meaning = f" ({escaped(summary.blocked.what)})"
    facts = [
        ("Workflow", escaped(summary.workflow)),
        ("Repository", code(summary.repository) + (" (temporary)" if summary.demo else "")),
        ("Provider", f"{escaped(summary.provider)}, {summary.parallel} at once"),
        ("Items", summary.totals or "none"),
        ("Started", _moment(summary.started, local)),
        ("Ended", _moment(summary.ended, local)),
        ("Wall time", wall),
        ("Working time", f"{duration(times.active)} in all items together"),
        ("Paused", duration(times.paused)),
        ("Waiting for quota or a model", duration(times.quota)),
        ("Retries", str(summary.retries)),
        (
            "Calls",
            f"{calls.answered} answered, {calls.refused} refused, "
            + (f"{calls.abandoned} abandoned, " if calls.abandoned else "")
            + f"{calls.read_back} reused",
        ),
        ("Tokens", f"{calls.input_tokens:,} in, {calls.output_tokens:,} out"),
        ("Exit code", f"{summary.exit_code}{meaning}"),
        ("Host", escaped(summary.host)),
        ("Versions", escaped(", ".join(f"{n} {v}" for n, v in summary.versions.items()))),
        ("Folder", code(summary.folder)),
    ]
    return _table(("Run", escaped(summary.run)), [(name, fact) for name, fact in facts if fact])


def _blocked(block: Block) -> str:
    return f"**{escaped(block.text)}.** No more items were started. {escaped(block.hint)}"


def _items(items: Iterable[ItemLine]) -> str:
    head = (
        "Item", "Title", "State", "Result", "Reviews:", "Active:", "Paused:",
        "Waited:", "Tries:", "Last node", "Output", "Log",
    )  # fmt: skip
    rows = [
        (
            code(item.id),
            escaped(item.title, TITLE_LIMIT),
            f"{item.state.look.glyph} {item.state.value}",
            _outcome(item),
            str(item.reviews or item.iterations or ""),
            duration(item.active),
            duration(item.paused) if item.paused else "",
            duration(item.quota) if item.quota else "",
            str(item.tries or ""),
            code(item.node),
            code(item.output),
            code(f"logs/{item.log.rpartition('/')[2]}"),
        )
        for item in items
    ]
    return _table(head, rows)


def _outcome(item: ItemLine) -> str:
    """The outcome of an item, with its address as a link if that is a plain web address."""
    before, url, after = item.outcome.partition(item.url) if item.url else (item.outcome, "", "")
    if not _ADDRESS.fullmatch(url):
        return escaped(item.outcome)
    return f"{escaped(before)} <{url}> {escaped(after)}".strip()


def _timeline(summary: Summary, local: Clock) -> str:
    start = summary.started if summary.started is not None else summary.time
    width = max(len(item.id) for item in summary.items)
    left = time.strftime("%H:%M:%S", local(start))
    right = time.strftime("%H:%M:%S", local(summary.time))
    lines = [f"{'':{width}}  {left}{right:>{TIMELINE_CELLS - len(left)}}"]
    lines += [
        f"{item.id:{width}}  {draw(bar(item.spans, start, summary.time, TIMELINE_CELLS))}"
        for item in summary.items
    ]
    legend = "   ".join(f"{MARKS[state][0]} {word}" for state, word in LEGEND)
    return fenced([*lines, "", f"{'':{width}}  {legend}"])


def _pool(pool: Sequence[PoolLine], local: Clock) -> str:
    figures = ("Answered:", "Refused:", "Tokens in:", "Tokens out:")
    if not any(line.state for line in pool):
        plain = [(escaped(line.name), *_calls(line)) for line in pool]
        return _table(("Provider", *figures), plain)
    rows = [
        (
            escaped(line.name),
            escaped(line.project),
            code(line.fingerprint),
            *_calls(line),
            duration(line.unavailable) if line.unavailable else "",
            _final_state(line, local),
        )
        for line in pool
    ]
    return _table(
        ("Credential", "Project", "Fingerprint", *figures, "Unavailable:", "Final state"), rows
    )


def _calls(line: PoolLine) -> tuple[str, str, str, str]:
    tokens = f"{line.input_tokens:,}", f"{line.output_tokens:,}"
    return str(line.answered), str(line.refused), *tokens


def _final_state(line: PoolLine, local: Clock) -> str:
    until = "" if line.until is None else f" until {_moment(line.until, local)}"
    return f"{CREDENTIAL_WORDS.get(line.state, escaped(line.state))}{until}"


def _outages(summary: Summary, local: Clock) -> str:
    rows = [
        (
            _moment(outage.start, local),
            _moment(outage.end, local),
            duration(outage.end - outage.start),
            escaped(outage.reason),
        )
        for outage in summary.outages
    ]
    return _table(("From", "To", "For:", "Why"), rows)


def _failures(failures: Iterable[Failure]) -> list[str]:
    blocks = ["## Failures"]
    for failure in failures:
        title = f": {escaped(failure.title, TITLE_LIMIT)}" if failure.title else ""
        blocks.append(f"### {escaped(failure.id)}{title}")
        where = f" in {code(failure.node, cell=False)}" if failure.node else ""
        why = f": {escaped(failure.reason)}" if failure.reason else ""
        blocks.append(f"{failure.state.value.capitalize()}{where}{why}")
        if failure.lines:
            whole = failure.total_lines <= len(failure.lines)
            part = "" if whole else f"The end ({len(failure.lines)} of {failure.total_lines:,}) of "
            blocks.append(f"{part}{code(failure.log, cell=False)}:")
            blocks.append(fenced(failure.lines))
        else:
            blocks.append(f"It printed nothing ({code(failure.log, cell=False)}).")
    return blocks


def _notices(notices: Iterable[NoticeLine], local: Clock) -> str:
    return "\n".join(
        f"- {time.strftime('%H:%M:%S', local(notice.time))} {notice.level}"
        f"{f' ({escaped(notice.item)})' if notice.item else ''}: {escaped(notice.text)}"
        for notice in notices
    )


def _next_steps(summary: Summary) -> str:
    lines = [line for step in summary.next_steps for line in (f"# {step.what}", step.command)]
    return fenced(lines, "sh")
