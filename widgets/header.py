"""The first row of the screen: the run, its items, its progress and the remaining time."""

from __future__ import annotations

from pathlib import PurePath

from textual.content import Content

from assemblyzero_tui.runner.base.durations import duration
from assemblyzero_tui.runner.model.pool_text import ends, next_return
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.format import STATE_STYLES, count, counted, roughly, time_of_day
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.text_line import Part, TextLine, cells, spread

BRAND = "AssemblyZero"


def totals(run: RunState, glyphs: Glyphs, *, words: bool = True) -> list[Part]:
    """The number of items in each state, those that need attention first."""
    parts: list[Part] = []
    for state in sorted(State, key=lambda state: state.look.order):
        if number := run.counts.get(state, 0):
            word = f" {glyphs.word(state)}" if words else ""
            parts += [
                (f"{glyphs.of(state)} {count(number)}{word}", f"{STATE_STYLES[state]} bold"),
                "  ",
            ]
    return parts[:-1]


def bar(fraction: float, width: int, glyphs: Glyphs) -> list[Part]:
    """A progress bar; it is full only when everything is done."""
    done = min(width, int(fraction * width)) if fraction < 1 else width
    return [(glyphs.bar * done, "$success"), (glyphs.rest * (width - done), "$foreground 25%")]


def estimate(run: RunState, now: float, glyphs: Glyphs, *, served: bool = True) -> str:
    """The estimated time left, or the time that the run took; empty while it is not at work."""
    if run.ended is not None and run.finished:
        return f"took {duration(run.wall_seconds(now))}"
    if run.held or not run.items or not served:
        return ""
    seconds = run.seconds_left(now)
    if seconds is None:
        return "ETA unknown"
    if not seconds:
        return ""
    text = roughly(seconds)
    return f"ETA {text}" if text.startswith("<") else f"ETA {glyphs.about}{text}"


def credentials_part(run: RunState, now: float, *, roomy: bool = True) -> list[Part]:
    """The number of usable credentials and when the next one is ready; empty without credentials.

    If not ``roomy``, the time is shown only while no credential can be used.
    """
    credentials = run.pool.present
    if not credentials:
        return []
    ready = run.pool.usable(now)
    until = next_return(run.pool, now)
    following = ""
    if until is not None and (roomy or not ready):
        following = f", next {ends(until, now, run.clock.set_back)}"
    total = len(credentials)
    style = "$text-muted" if ready == total else "$warning" if ready else "$error"
    return [(f"  ready {ready}/{total}{following}", style)]


def _right_parts(
    run: RunState,
    now: float,
    glyphs: Glyphs,
    room: int,
    *,
    served: bool,
    time: float,
    with_credentials: bool,
) -> list[Part]:
    """Progress, estimate, credentials and time of day, the last two as they fit into the room."""
    parts: list[Part] = [(f"{int(run.done_fraction() * 100):>3}%", "bold")]
    if eta := estimate(run, now, glyphs, served=served):
        parts.append((f"  {eta}", "$text-muted"))
    if with_credentials:
        whole = credentials_part(run, now)
        fits = cells([*parts, *whole]) <= room
        parts += whole if fits else credentials_part(run, now, roomy=False)
    clock_part: Part = (f"  {time_of_day(time)} ", "$text-muted")
    return [*parts, clock_part if cells([*parts, clock_part]) <= room else " "]


def _place_part(run: RunState, glyphs: Glyphs) -> list[Part]:
    """The workflow and the repository."""
    if not run.workflow:
        return []
    repository = run.tracker.removeprefix("github.com/") or PurePath(run.repository).name
    return [(f"  {run.workflow} {glyphs.dot} {repository}", "$text-muted")]


def header_content(
    run: RunState,
    now: float,
    glyphs: Glyphs,
    width: int,
    *,
    served: bool = True,
    time: float | None = None,
    with_credentials: bool = False,
) -> Content:
    """The first row for a width in cells.

    Args:
        run: The run.
        now: The present time of the source.
        glyphs: The characters to draw with.
        width: Width of the row.
        served: Whether an engine serves the run.
        time: The time of day, if it is not ``now``.
        with_credentials: Shows the number of usable credentials, if no other row does.
    """

    def room(*groups: list[Part]) -> int:
        return width - sum(cells(group) for group in groups) - 2

    left: list[Part] = [" ", (BRAND, "$primary bold")]
    items: list[Part] = [(f"  {counted(len(run.items), 'item')}", "$text-muted"), "  "]
    middle = totals(run, glyphs)
    right = _right_parts(
        run, now, glyphs, room(left, items, middle),
        served=served, time=now if time is None else time, with_credentials=with_credentials,
    )  # fmt: skip
    if room(left, items, middle, right) < 0:
        middle = totals(run, glyphs, words=False)
    if room(left, items, middle, right) < 0:
        items = ["  "]
    if room(left, items, middle, right) < 0:
        left = [" "]
    place = _place_part(run, glyphs)
    if room(left, place, items, middle, right) >= 14:
        left += place
    length = min(24, room(left, items, middle, right) - 1)
    if length >= 6:
        right = [*bar(run.done_fraction(), length, glyphs), " ", *right]
    return spread([*left, *items, *middle], right, width, glyphs.ellipsis)


class Header(TextLine):
    """The first row of the screen."""

    DEFAULT_CSS = """
    Header { background: $panel; }
    """

    def update(
        self, run: RunState, now: float, glyphs: Glyphs, *, served: bool, time: float,
        with_credentials: bool,
    ) -> None:  # fmt: skip
        """Shows the state of the run; see :func:`header_content`."""
        self.fill(
            lambda width: header_content(
                run, now, glyphs, width, served=served, time=time, with_credentials=with_credentials
            )
        )
