"""A table of the credentials of the pool: their states, usage, and the items that use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.credential_state import CredentialState, CredentialStatus
from assemblyzero_tui.runner.model.pool_state import QuotaState
from assemblyzero_tui.runner.model.pool_text import (
    CREDENTIAL_WORDS,
    SENTENCES,
    begins,
    ends,
    time_of_day,
    used_of_day,
    used_of_minute,
)
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.widgets.credentials.strip import CREDENTIAL_STYLES, used_of_tokens
from assemblyzero_tui.widgets.format import brief, count, counted, fit
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Part

_LEARNED = " (limit learned from a refusal)"

CREDENTIAL_GLYPHS = {
    "ready": ("✓", "+"),
    "probing": ("◌", "o"),
    "cooling": ("◷", "%"),
    "exhausted": ("◷", "%"),
    "no_tier": ("–", "-"),
    "invalid": ("✗", "x"),
    "disabled": ("⊘", "/"),
    "absent": ("·", "."),
}
"""One cell each, none with the Emoji property; the second one for terminals without Unicode."""
_GAP = 2
_LEAST_REASON = 14


@dataclass(frozen=True, slots=True)
class Line:
    """A credential with one model, or with all."""

    credential: CredentialState
    status: CredentialStatus


def lines_of(run: RunState, now: float) -> list[Line]:
    """The rows of the table, in the engine's order of the credentials."""
    return [
        Line(credential, status)
        for credential in run.pool.credentials.values()
        if credential.present or credential.used
        for status in credential.rows(now)
    ]


def place_of(lines: Sequence[Line], chosen: Line | None, otherwise: int) -> int:
    """The index of a previously chosen row, or of its credential if that row is gone."""
    if chosen is None:
        return otherwise
    names = [line.credential.name for line in lines]
    if chosen.credential.name not in names:
        return otherwise
    places = [(line.credential.name, line.status.model) for line in lines]
    own = (chosen.credential.name, chosen.status.model)
    return places.index(own) if own in places else names.index(chosen.credential.name)


def holders(run: RunState, name: str) -> list[str]:
    """Ids of the items with a call in flight with a credential."""
    return [
        item.id
        for item in run.items.values()
        if item.call is not None and item.call.credential == name
    ]


def quota_of(run: RunState, line: Line, now: float) -> QuotaState | None:
    """The quota that a row shows."""
    if line.status.model:
        quota = run.pool.quotas.get((line.credential.quota, line.status.model))
        if quota is not None:
            return quota
    return run.pool.fullest(line.credential, now)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table."""

    name: str
    width: int
    rank: int
    """The column with the greatest rank is left out first if space is short."""
    right: bool = False


def columns(lines: Sequence[Line], width: int) -> list[Column]:
    """The columns that fit, and the reason in the remaining width."""
    names = max([4, *(len(line.credential.name) for line in lines)])
    projects = max([7, *(len(line.credential.project) for line in lines)])
    models = max([0, *(len(line.status.model) for line in lines)])
    several = len({line.status.model for line in lines if line.status.model}) > 1
    kept = [
        Column("name", min(names, 16), 0),
        *([Column("model", min(models, 22), 7)] if several else []),
        Column("state", 23, 0),
        Column("minute", 7, 1, True),
        Column("day", 9, 2, True),
        Column("answered", 8, 5, True),
        Column("refused", 7, 4, True),
        Column("in a row", 8, 8, True),
        Column("tokens", 6, 9, True),
        Column("since", 5, 10, True),
        Column("used by", 12, 6),
        *(
            [Column("project", min(projects, 14), 11)]
            if any(x.credential.project for x in lines)
            else []
        ),
        Column("fingerprint", 11, 12),
    ]
    while len(kept) > 2 and _used(kept) > width:
        kept.remove(max(kept, key=lambda column: column.rank))
    if (rest := width - _used(kept) - _GAP) >= _LEAST_REASON:
        kept.append(Column("reason", rest, 0))
    return kept


def _used(kept: Sequence[Column]) -> int:
    return sum(column.width + _GAP for column in kept) - _GAP


def header(lines: Sequence[Line], width: int) -> Content:
    """The names of the columns."""
    cells = [
        column.name.rjust(column.width) if column.right else fit(column.name, column.width)
        for column in columns(lines, width)
    ]
    return Content.styled((" " * _GAP).join(cells), "$text-muted")


def row(
    run: RunState, lines: Sequence[Line], index: int, width: int, now: float, glyphs: Glyphs
) -> Content:
    """The row of a credential."""
    line = lines[index]
    texts = _line_texts(run, line, now, glyphs)
    if index == 0 or lines[index - 1].credential is not line.credential:
        texts |= _credential_texts(run, line.credential)
    parts: list[Part] = []
    for column in columns(lines, width):
        text, style = texts.get(column.name, ("", ""))
        cell = fit(text, column.width, glyphs.ellipsis)
        if column.right and len(text) <= column.width:
            cell = text.rjust(column.width)
        parts += [(cell, style), " " * _GAP]
    return Content.assemble(*parts[:-1])


Texts = dict[str, tuple[str, str]]
"""Text and style by the name of the column."""


def _line_texts(run: RunState, line: Line, now: float, glyphs: Glyphs) -> Texts:
    """The texts about a credential with one model."""
    status = line.status
    state = status.at(now)
    quota = quota_of(run, line, now)
    since = time_of_day(status.since - run.clock.set_back) if status.since else ""
    return {
        "model": (one_line(status.model), ""),
        "state": (state_text(run, status, now, glyphs), f"{CREDENTIAL_STYLES[state]} bold"),
        "minute": (used_of_minute(quota, now) if quota is not None else "", ""),
        "day": (used_of_day(quota) if quota is not None else "", ""),
        "reason": (one_line(status.reason) if state != "ready" else "", "$text-muted"),
        "in a row": (str(status.count or "") if state != "ready" else "", "$warning"),
        "since": (since, "$text-muted"),
    }


def _credential_texts(run: RunState, credential: CredentialState) -> Texts:
    """The texts about a credential as a whole, for the first of its rows."""
    items = holders(run, credential.name)
    more = f" +{len(items) - 1}" if len(items) > 1 else ""
    refused_style = "$error" if credential.refused else "$text-muted"
    return {
        "name": (one_line(credential.name), "bold"),
        "answered": (count(credential.answered), ""),
        "refused": (count(credential.refused), refused_style),
        "tokens": (brief(credential.input_tokens + credential.output_tokens), ""),
        "used by": (f"{items[0]}{more}" if items else "", "$primary"),
        "project": (one_line(credential.project), ""),
        "fingerprint": (credential.fingerprint, "$text-muted"),
    }


def state_text(run: RunState, status: CredentialStatus, now: float, glyphs: Glyphs) -> str:
    """The glyph and the word of a state, and until when it lasts."""
    state = status.at(now)
    text = f"{CREDENTIAL_GLYPHS[state][glyphs.plain]} {CREDENTIAL_WORDS[state]}"
    if status.until is None or status.until <= now:
        return text
    return f"{text} {ends(status.until, now, run.clock.set_back)}"


def details(run: RunState, line: Line, now: float, glyphs: Glyphs) -> list[Content]:
    """The details of a credential: its state, the quota that it shares, and its usage."""
    credential = line.credential
    gap = f" {glyphs.dot} "
    lines = [
        Content.assemble((one_line(credential.name), "bold"), " ", *sentence(run, each, now))
        for each in credential.rows(now)
    ]
    identity = [f"fingerprint {credential.fingerprint}"] if credential.fingerprint else []
    identity += [f"project {one_line(credential.project)}"] if credential.project else []
    if others := sharing(run, credential):
        identity.append(f"shares its quota with {', '.join(others)}")
    items = holders(run, credential.name)
    identity += [f"in use by {', '.join(items)}"] if items else []
    lines.append(Content.styled(gap.join(identity), "$text-muted"))
    figures = [
        f"{one_line(quota.model)}: {used_of_minute(quota, now)} this minute, "
        f"{used_of_day(quota)} today{_LEARNED if quota.learned else ''}{_tokens(quota, now)}"
        for quota in run.pool.quotas_of(credential)
    ]
    figures += [
        f"{counted(credential.answered, 'call')} answered, {count(credential.refused)} refused, "
        f"{brief(credential.input_tokens)} tokens in, {brief(credential.output_tokens)} out"
    ]
    lines += [Content.styled(text, "$text-muted") for text in figures]
    return lines


def _tokens(quota: QuotaState, now: float) -> str:
    used = used_of_tokens(quota, now)
    return f", {used} tokens this minute{_LEARNED * quota.tokens_learned}" if used else ""


def sharing(run: RunState, credential: CredentialState) -> list[str]:
    """The other credentials that use the same quota."""
    present = run.pool.present if credential.quota else []
    return [
        one_line(o.name) for o in present if o is not credential and o.quota == credential.quota
    ]


def sentence(run: RunState, status: CredentialStatus, now: float) -> list[Part]:
    """The state of a credential as a sentence without its subject, the name."""
    state = status.at(now)
    words = {**SENTENCES, "ready": "is ready", "absent": "is no longer there"}[state]
    model = f" for {one_line(status.model)}" if status.model else ""
    parts: list[Part] = [(words, CREDENTIAL_STYLES[state]), model]
    if state in ("ready", "absent"):
        return parts
    if status.since:
        parts.append(f" since {time_of_day(status.since - run.clock.set_back)}")
    if status.until is not None:
        parts.append(f", ready {begins(status.until, now, run.clock.set_back)}")
    if status.reason:
        parts.append(f": {one_line(status.reason)}")
    if status.count > 1:
        parts.append(f" ({status.count} refusals in a row)")
    return parts
