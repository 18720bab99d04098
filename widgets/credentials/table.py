"""Every key of the pool in a row: how it stands, what it has used, who has it in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.credential_state import CredentialState, Standing
from assemblyzero_tui.runner.model.pool_state import QuotaState
from assemblyzero_tui.runner.model.pool_text import (
    KEY_WORDS,
    SENTENCES,
    begins,
    ends,
    time_of_day,
    used_of_day,
    used_of_minute,
)
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.widgets.credentials.strip import KEY_STYLES
from assemblyzero_tui.widgets.format import brief, count, counted, fit
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Part

KEY_GLYPHS = {
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
    """A key with one model, or with all."""

    key: CredentialState
    standing: Standing


def lines_of(run: RunState, now: float) -> list[Line]:
    """The rows of the table, in the order in which the engine named the keys."""
    return [
        Line(key, standing)
        for key in run.pool.keys.values()
        if key.present or key.used
        for standing in key.rows(now)
    ]


def place_of(lines: Sequence[Line], chosen: Line | None, otherwise: int) -> int:
    """The row that was chosen before the rows became others: its key's, if not its very own."""
    if chosen is None:
        return otherwise
    names = [line.key.name for line in lines]
    if chosen.key.name not in names:
        return otherwise
    places = [(line.key.name, line.standing.model) for line in lines]
    own = (chosen.key.name, chosen.standing.model)
    return places.index(own) if own in places else names.index(chosen.key.name)


def holders(run: RunState, name: str) -> list[str]:
    """Ids of the items that have a call under way with a key."""
    return [
        item.id
        for item in run.items.values()
        if item.call is not None and item.call.credential == name
    ]


def quota_of(run: RunState, line: Line, now: float) -> QuotaState | None:
    """The figures that belong to a row."""
    if line.standing.model:
        found = run.pool.quotas.get((line.key.quota, line.standing.model))
        if found is not None:
            return found
    return run.pool.fullest(line.key, now)


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    width: int
    rank: int
    """The one with the greatest goes first where room is short."""
    right: bool = False


def columns(lines: Sequence[Line], width: int) -> list[Column]:
    """The columns that fit, and the reason in what they leave."""
    names = max([4, *(len(line.key.name) for line in lines)])
    projects = max([7, *(len(line.key.project) for line in lines)])
    models = max([0, *(len(line.standing.model) for line in lines)])
    several = len({line.standing.model for line in lines if line.standing.model}) > 1
    kept = [
        Column("key", min(names, 16), 0),
        *([Column("model", min(models, 22), 7)] if several else []),
        Column("state", 20, 0),
        Column("minute", 7, 1, True),
        Column("day", 9, 2, True),
        Column("answered", 8, 5, True),
        Column("refused", 7, 4, True),
        Column("in a row", 8, 8, True),
        Column("tokens", 6, 9, True),
        Column("since", 5, 10, True),
        Column("held by", 12, 6),
        *([Column("project", min(projects, 14), 11)] if any(x.key.project for x in lines) else []),
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
    """The row of a key."""
    line = lines[index]
    key, standing = line.key, line.standing
    state = standing.at(now)
    again = index > 0 and lines[index - 1].key is key
    quota = quota_of(run, line, now)
    held = holders(run, key.name)
    more = f" +{len(held) - 1}" if len(held) > 1 else ""
    texts: dict[str, tuple[str, str]] = {
        "key": ("" if again else one_line(key.name), "bold"),
        "model": (one_line(standing.model), ""),
        "state": (state_text(run, standing, now, glyphs), f"{KEY_STYLES[state]} bold"),
        "minute": (used_of_minute(quota, now) if quota is not None else "", ""),
        "day": (used_of_day(quota) if quota is not None else "", ""),
        "reason": (one_line(standing.reason) if state != "ready" else "", "$text-muted"),
        "in a row": (str(standing.count or "") if state != "ready" else "", "$warning"),
        "since": (time_of_day(standing.since - run.clock.set_back), "$text-muted"),
    }
    if standing.since == 0:
        texts["since"] = ("", "")
    if not again:
        texts |= {
            "answered": (count(key.answered), ""),
            "refused": (count(key.refused), "$error" if key.refused else "$text-muted"),
            "tokens": (brief(key.input_tokens + key.output_tokens), ""),
            "held by": (f"{held[0]}{more}" if held else "", "$primary"),
            "project": (one_line(key.project), ""),
            "fingerprint": (key.fingerprint, "$text-muted"),
        }
    parts: list[Part] = []
    for column in columns(lines, width):
        text, style = texts.get(column.name, ("", ""))
        cell = fit(text, column.width, glyphs.ellipsis)
        if column.right and len(text) <= column.width:
            cell = text.rjust(column.width)
        parts += [(cell, style), " " * _GAP]
    return Content.assemble(*parts[:-1])


def state_text(run: RunState, standing: Standing, now: float, glyphs: Glyphs) -> str:
    """Glyph, word and until when."""
    state = standing.at(now)
    text = f"{KEY_GLYPHS[state][glyphs.plain]} {KEY_WORDS[state]}"
    if standing.until is None or standing.until <= now:
        return text
    return f"{text} {ends(standing.until, now, run.clock.set_back)}"


def details(run: RunState, line: Line, now: float, glyphs: Glyphs) -> list[Content]:
    """Everything about a key: how it stands, whose quota it uses, how much of that."""
    key = line.key
    gap = f" {glyphs.dot} "
    found = [
        Content.assemble((one_line(key.name), "bold"), " ", *sentence(run, each, now))
        for each in key.rows(now)
    ]
    whose = [f"fingerprint {key.fingerprint}"] if key.fingerprint else []
    whose += [f"project {one_line(key.project)}"] if key.project else []
    if others := sharing(run, key):
        whose.append(f"shares its quota with {', '.join(others)}")
    held = holders(run, key.name)
    whose += [f"in hand of {', '.join(held)}"] if held else []
    found.append(Content.styled(gap.join(whose), "$text-muted"))
    figures = [
        f"{one_line(quota.model)}: {used_of_minute(quota, now)} this minute, "
        f"{used_of_day(quota)} today{' (a limit was told by a refusal)' if quota.learned else ''}"
        for quota in run.pool.quotas_of(key)
    ]
    figures += [
        f"{counted(key.answered, 'call')} answered, {count(key.refused)} refused, "
        f"{brief(key.input_tokens)} tokens in, {brief(key.output_tokens)} out"
    ]
    found += [Content.styled(text, "$text-muted") for text in figures]
    return found


def sharing(run: RunState, key: CredentialState) -> list[str]:
    """The other keys that use the same quota."""
    present = run.pool.present if key.quota else []
    return [one_line(o.name) for o in present if o is not key and o.quota == key.quota]


def sentence(run: RunState, standing: Standing, now: float) -> list[Part]:
    """How a key stands, as the rest of a sentence that begins with its name."""
    state = standing.at(now)
    words = {**SENTENCES, "ready": "is ready", "absent": "is not there any more"}[state]
    model = f" for {one_line(standing.model)}" if standing.model else ""
    parts: list[Part] = [(words, KEY_STYLES[state]), model]
    if state in ("ready", "absent"):
        return parts
    if standing.since:
        parts.append(f" since {time_of_day(standing.since - run.clock.set_back)}")
    if standing.until is not None:
        parts.append(f", back {begins(standing.until, now, run.clock.set_back)}")
    if standing.reason:
        parts.append(f": {one_line(standing.reason)}")
    if standing.count > 1:
        parts.append(f" ({standing.count} refusals in a row)")
    return parts
