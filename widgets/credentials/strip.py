"""The second row of the screen: the state of every credential, and their calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from assemblyzero_tui.runner.base.durations import clock, duration
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.credential_state import CredentialState
from assemblyzero_tui.runner.model.pool_state import QuotaState
from assemblyzero_tui.runner.model.pool_text import (
    CREDENTIAL_WORDS,
    count_by_state,
    ends,
    next_return,
    used_of_day,
    used_of_minute,
)
from assemblyzero_tui.runner.model.provider_catalog import PROVIDERS
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.widgets.format import brief, count, cut
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Part, TextLine, spread

NAME_WIDTH = 16
"""Cells of a credential's name at most."""
CREDENTIAL_STYLES = {
    "ready": "$success",
    "probing": "$accent",
    "cooling": "$warning",
    "exhausted": "$warning",
    "no_tier": "$warning",
    "invalid": "$error",
    "disabled": "$text-muted",
    "absent": "$text-disabled",
}
"""Theme variable of the colour of each state of a credential."""

Piece = tuple[str, str]
"""Text and style."""


@dataclass(frozen=True, slots=True)
class Detail:
    """The parts that are shown; one part fewer from each detail to the next."""

    tokens: bool = True
    run: bool = True
    answered: bool = True
    words: bool = True
    """State words of ready credentials, too."""
    out: bool = True
    day: bool = True
    minute: bool = True
    names: bool = True
    """Names of ready credentials, too."""
    clock: bool = True
    credentials: bool = True
    """Each credential instead of counts."""


def details() -> Iterator[Detail]:
    """From all parts to none; the least important ones are left out first."""
    parts = dict.fromkeys(Detail.__slots__, True)
    yield Detail(**parts)
    for name in Detail.__slots__:
        parts[name] = False
        yield Detail(**parts)


DETAILS = tuple(details())


def credential_pieces(
    credential: CredentialState,
    run: RunState,
    now: float,
    detail: Detail,
    leased: set[str],
    ellipsis: str,
) -> list[Piece]:
    """The name of a credential, its state, until when, and its usage."""
    status = credential.strongest(now)
    state = status.at(now)
    name = cut(one_line(credential.name), NAME_WIDTH, ellipsis)
    pieces: list[Piece] = []
    if state == "ready":
        if not detail.names:
            return []
        word, style = ("in use", "$primary") if credential.name in leased else ("ready", "$success")
        pieces.append((name, "$primary" if credential.name in leased else "$foreground"))
        pieces += [(f" {word}", style)] if detail.words else []
    else:
        until = status.until
        end = "" if until is None else f" {ends(until, now, run.clock.set_back)}"
        pieces.append((f"{name} {CREDENTIAL_WORDS[state]}{end}", CREDENTIAL_STYLES[state]))
    quota = run.pool.fullest(credential, now)
    if quota is None or state in ("disabled", "invalid", "no_tier"):
        return pieces
    if detail.minute and state != "exhausted" and (quota.per_minute or quota.minute_at(now)):
        pieces.append((f" {used_of_minute(quota, now)} min", "$text-muted"))
    if detail.minute and state != "exhausted" and (tokens := used_of_tokens(quota, now)):
        pieces.append((f" {tokens} tokens", "$text-muted"))
    if detail.day and state != "cooling" and (quota.per_day or quota.day):
        pieces.append((f" {used_of_day(quota)} day", "$text-muted"))
    return pieces


def used_of_tokens(quota: QuotaState, now: float) -> str:
    """``12k/250k`` of this minute; empty where no limit of tokens is known."""
    if quota.tokens_per_minute is None:
        return ""
    return f"{brief(quota.tokens_at(now))}/{brief(quota.tokens_per_minute)}"


def credential_counts(run: RunState, now: float) -> list[list[Piece]]:
    """The number of credentials in each state, and when the next one is ready."""
    groups = [
        [(f"{number} {CREDENTIAL_WORDS[state]}", CREDENTIAL_STYLES[state])]
        for state, number in count_by_state(run.pool, now)
    ]
    if not run.pool.usable(now) and (until := next_return(run.pool, now)) is not None:
        groups.append([(f"next {ends(until, now, run.clock.set_back)}", "$warning")])
    return groups


def call_pieces(run: RunState, detail: Detail) -> list[list[Piece]]:
    """Calls in flight, ended calls, and their tokens."""
    groups: list[list[Piece]] = []
    if detail.out:
        in_flight = run.calls_in_flight()
        text = f"{count(in_flight)} call{'' if in_flight == 1 else 's'} out"
        groups.append([(text, "$primary" if in_flight else "dim")])
        if waiting := len(run.items_waiting):
            groups.append([(f"{count(waiting)} in line", "$warning")])
    if detail.answered:
        groups.append([(f"{count(run.calls_ended['ok'])} answered", "$text-muted")])
        if refused := run.calls_refused:
            groups.append([(f"{count(refused)} refused", "$warning")])
        if abandoned := run.calls_abandoned:
            groups.append([(f"{count(abandoned)} abandoned", "$text-muted")])
    tokens = sum(item.input_tokens + item.output_tokens for item in run.items.values())
    if detail.tokens and tokens:
        groups.append([(f"{brief(tokens)} tokens", "$text-muted")])
    return groups


def pool_groups(run: RunState, now: float, detail: Detail, ellipsis: str) -> list[list[Piece]]:
    """The provider, its credentials and the calls."""
    groups: list[list[Piece]] = []
    if detail.out or not run.pool.present:
        groups.append([(_provider_text(run), "$text-muted")])
    if not detail.credentials:
        return [*groups, *credential_counts(run, now)]
    leased = {item.call.credential for item in run.items.values() if item.call is not None}
    ready = 0
    for credential in run.pool.present:
        ready += credential.at(now) == "ready"
        if pieces := credential_pieces(credential, run, now, detail, leased, ellipsis):
            groups.append(pieces)
    if ready and not detail.names:
        groups.append([(f"{ready} ready", "$success")])
    return [*groups, *call_pieces(run, detail)]


def _provider_text(run: RunState) -> str:
    provider = PROVIDERS.get(run.provider)
    if provider is None:
        return run.provider or "no provider"
    if run.pool.present or provider.needs_credentials:
        return provider.label
    return f"{provider.label}, no credentials"


def run_groups(run: RunState, now: float, detail: Detail) -> list[list[Piece]]:
    """The name of the run, its items at once and its time."""
    if run.started is None:
        return []
    groups: list[list[Piece]] = [[(run.run, "$text-muted")]] if detail.run else []
    if 0 < run.pool.slots < run.parallel and not run.pool.paused:
        text = f"{run.pool.slots} of {run.parallel} at work: quota"
        groups.append([(text, "$warning")])
    elif detail.clock:
        slots = f"{run.parallel} at once" if run.parallel > 1 else "one at a time"
        groups.append([(slots, "$text-muted")])
    if detail.clock:
        spent = duration(run.wall_seconds(now)) if run.finished else clock(run.wall_seconds(now))
        groups.append([(spent, "$text-muted")])
    return groups


def _joined(groups: list[list[Piece]], dot: str) -> list[Piece]:
    pieces: list[Piece] = []
    for number, group in enumerate(groups):
        pieces += [(dot, "$text-disabled")] if number else []
        pieces += group
    return pieces


def strip_content(run: RunState, now: float, glyphs: Glyphs, width: int) -> Content:
    """The row for a width, with the pool on the left and the run on the right."""
    dot = f" {glyphs.dot} "

    def pieces_of(detail: Detail) -> tuple[list[Piece], list[Piece]]:
        pool = _joined(pool_groups(run, now, detail, glyphs.ellipsis), dot)
        return pool, _joined(run_groups(run, now, detail), dot)

    def too_long(detail: Detail) -> bool:
        pool, others = pieces_of(detail)
        return sum(cell_len(text) for text, _ in (*pool, *others)) + 4 > width

    most, least = 0, len(DETAILS) - 1
    while most < least:  # less detail is never longer
        middle = (most + least) // 2
        if too_long(DETAILS[middle]):
            most = middle + 1
        else:
            least = middle
    pool, others = pieces_of(DETAILS[most])
    right: list[Part] = [*others, " "] if others else []
    return spread([" ", *pool], right, width, glyphs.ellipsis)


class PoolStrip(TextLine):
    """Shows the state of the credential pool."""

    DEFAULT_CSS = """
    PoolStrip { background: $panel; }
    """

    def update(self, run: RunState, now: float, glyphs: Glyphs) -> None:
        """Shows the state of the credentials and the calls."""
        self.fill(lambda width: strip_content(run, now, glyphs, width))
