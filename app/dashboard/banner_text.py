"""The text and the buttons of the banner: why the run waits, until when, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from assemblyzero_tui.app.credentials.event_text import STOPS
from assemblyzero_tui.app.ui.keymap import screen_action
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.events import RunBlocked
from assemblyzero_tui.runner.model.pool_text import (
    WITHOUT_A_TIME,
    begins,
    no_quota_text,
    resume_time,
    resumes_automatically,
)
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.banner import BannerText, Button

PAUSE = Button("P", "Pause all", screen_action("pause_all"), "Pause", 3)
RESUME_ALL = Button("P", "Resume all", screen_action("pause_all"))
TRY_NOW = Button("R", "Resume now", screen_action("try_now"), "Now", 0)
ADD_CREDENTIAL = Button("A", "Add a credential", screen_action("add_credential"), "Add", 2)
RESUME_RUN = Button("r", "Resume", screen_action("resume_run"))


@dataclass(frozen=True, slots=True)
class Engine:
    """The state of the engine, as far as the banner depends on it."""

    live: bool
    """Whether it accepts commands."""
    gone: bool
    """Whether work is left, no engine serves it, and one could be started."""
    can_resume: bool
    """Whether another one can be started from here."""
    closing: str = ""
    """What the dashboard waits for before it closes; empty while it does not close."""


def find_banner_text(run: RunState, now: float, engine: Engine) -> BannerText | None:
    """The text of the banner, or ``None``; ``now`` is the wall-clock time by the run's clock."""
    if engine.closing:
        return BannerText(engine.closing)
    if run.blocked is not None and not run.finished:
        return _blocked(run.blocked, run, engine)
    if engine.gone:
        return _engine_gone(run, now, engine.can_resume)
    if run.finished:
        return None
    if run.held:
        why = f": {one_line(run.held_reason)}" if run.held_reason else ""
        return BannerText(f"Paused{why}. No item is started.", (RESUME_ALL,) if engine.live else ())
    if run.pool.paused:
        return _pool_paused(run, now, engine.live)
    if run.counts[State.QUOTA] and not run.pool.auto_resume and run.ended is None:
        buttons = (TRY_NOW, when_ready(run)) if engine.live else ()
        return BannerText("Quota is available again; the run waits for you.", buttons)
    return None


def when_ready(run: RunState) -> Button:
    """The button that turns automatic resume on or off."""
    word = "on" if run.pool.auto_resume else "off"
    return Button("W", f"Auto resume: {word}", screen_action("auto_resume"), f"Auto: {word}", 1)


def _pool_paused(run: RunState, now: float, live: bool) -> BannerText:
    pool = run.pool
    what, back = no_quota_text(pool, now), run.clock.set_back
    if pool.until is None:
        then = WITHOUT_A_TIME
        brief = f"{what}; add or enable one: K"
    elif pool.stops:
        then, brief = STOPS, f"{what}; the run stops"
    elif pool.auto_resume:
        then = resumes_automatically(pool.until, now, back)
        brief = f"No quota, resumes {begins(pool.until, now, back)}"
    else:
        then = f"Quota is back {resume_time(pool.until, now, back)}, then the run waits for you"
        brief = f"{what}, quota {begins(pool.until, now, back)}"
    buttons = (PAUSE, when_ready(run), TRY_NOW, ADD_CREDENTIAL) if live else ()
    return BannerText(
        what,
        buttons,
        severe=pool.until is None,
        why=one_line(pool.reason),
        then=then,
        brief=brief,
    )


def _blocked(blocked: RunBlocked, run: RunState, engine: Engine) -> BannerText:
    buttons: tuple[Button, ...] = (RESUME_RUN,) if engine.gone and engine.can_resume else ()
    buttons += (ADD_CREDENTIAL,) if blocked.money and (engine.live or engine.gone) else ()
    then = (
        "Nothing is lost" if buttons else f"Nothing is lost; see: assemblyzero-tui report {run.run}"
    )
    return BannerText(
        blocked.what, buttons, severe=True, why=blocked.words, then=then, brief=blocked.what
    )


def _engine_gone(run: RunState, now: float, can_resume: bool) -> BannerText:
    buttons = (RESUME_RUN,) if can_resume else ()
    how = "" if buttons else f" Resume with: assemblyzero-tui resume {run.run}"
    if run.end_reason == "exhausted":
        return _no_quota(run, now, (*buttons, ADD_CREDENTIAL), how)
    stopped = run.ended is not None and run.end_reason == "stopped"
    what = "The run was stopped" if stopped else "The engine is gone"
    return BannerText(f"{what}; nothing is lost.{how}", buttons, severe=not stopped)


def _no_quota(run: RunState, now: float, buttons: tuple[Button, ...], how: str) -> BannerText:
    untils = [i.until for i in run.items.values() if i.state is State.QUOTA and i.until]
    if not untils:
        return BannerText(f"No usable credential; nothing is lost.{how}", buttons)
    if (until := min(untils)) <= now:
        return BannerText(f"There should be quota again; nothing is lost.{how}", buttons)
    back = run.clock.set_back
    return BannerText(
        "No quota left; nothing is lost",
        buttons,
        then=f"Available again {resume_time(until, now, back)}{'.' * bool(how)}{how}",
        brief=f"No quota left, again {begins(until, now, back)}",
    )
