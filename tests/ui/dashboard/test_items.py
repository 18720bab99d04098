"""Keys that tell the engine something, and what the dashboard says of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.app.dashboard.app import CLOSING_LIMITS, Ending
from assemblyzero_tui.app.screens.summary import SummaryScreen
from assemblyzero_tui.runner.model.commands import Cancel, Pause, Resume, Retry, Stop
from assemblyzero_tui.runner.model.events import EngineStarted, Notice, RunEnded, RunHeld
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.run_source import RunSource
from assemblyzero_tui.widgets.dialogs import Confirm, QuitDialog
from tests.ui.dashboards import PlayedRun, watching
from tests.ui.example_runs import Story, build, finished, mixed


async def test_p_pauses_and_resumes_the_item(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("2", "p")
        await seen.sends(Pause(items=["LLD-43"]))
        seen.source.change("LLD-43", State.PAUSING, reason="by you")
        await seen.shows("‖ PAUSE… · by you", "p Resume")
        seen.source.change("LLD-43", State.PAUSED, reason="by you")
        await seen.shows("‖ PAUSE · by you")
        await seen.press("p")
        await seen.sends(Resume(items=["LLD-43"]))


async def test_a_pause_says_how_long_the_call_may_still_take(tmp_path: Path) -> None:
    async with watching(tmp_path, 1) as seen:
        seen.source.change("LLD-42", State.PAUSING, reason="by you")
        await seen.shows("after this call, within 10m")


async def test_capital_p_pauses_the_run_and_resumes_it(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        await seen.press("P")
        await seen.sends(Pause())
        seen.source.happen(RunHeld(held=True, reason="by you"))
        await seen.shows("Paused: by you. No item is started.", "Resume all")
        await seen.press("P")
        await seen.sends(Resume())
        seen.source.happen(RunHeld(held=False))
        await seen.until(lambda: seen.board.banner_text is None, "end of the banner")


async def test_the_buttons_of_the_banner_work(tmp_path: Path) -> None:
    async with watching(tmp_path, 6, built={"held": "by you"}) as seen:
        await seen.shows("Resume all")
        width = seen.app.size.width
        await seen.pilot.click(seen.board.banner, offset=(width - 5, 0))
        await seen.sends(Resume())


async def test_hints_of_the_footer_can_be_clicked(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.pilot.click(seen.board.hints, offset=(3, 0))
        await seen.sends(Pause(items=["LLD-42"]))
        await seen.pilot.click(seen.board.hints, offset=(seen.app.size.width - 4, 0))
        await seen.until(lambda: isinstance(seen.app.screen, QuitDialog), "dialog")


@pytest.mark.parametrize(("key", "force"), [("x", False), ("X", True)])
async def test_cancel_asks_and_names_the_item(tmp_path: Path, key: str, force: bool) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press(key)
        assert isinstance(seen.app.screen, Confirm)
        await seen.shows("LLD-42?")
        await seen.press("enter")
        assert seen.screen() is seen.board
        assert not seen.source.sent, "No has the focus"
        await seen.press(key, "y")
        await seen.sends(Cancel(items=["LLD-42"], force=force))


async def test_nothing_to_do_is_said_and_not_sent(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("3")
        for key, text in (("p", "pause"), ("x", "cancel"), ("r", "retry")):
            await seen.press(key)
            await seen.shows(f"There is nothing to {text}.")
        assert not seen.source.sent


async def test_r_tries_a_failed_item_again(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        await seen.press("5")
        await seen.shows("r Retry")
        await seen.press("r")
        await seen.sends(Retry(items=["LLD-46"]))


async def test_marked_items_are_meant_together(tmp_path: Path) -> None:
    async with watching(tmp_path, 20) as seen:
        await seen.press("s", "home", "space", "space")
        await seen.shows("2 marked")
        await seen.press("p")
        await seen.sends(Pause(items=["LLD-42", "LLD-43"]))
        assert not seen.board.table.marks
        await seen.press("asterisk")
        assert len(seen.board.table.marks) == 20
        await seen.press("asterisk")
        assert not seen.board.table.marks


async def test_a_refusal_is_shown(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        seen.source.refusal = "LLD-42 [is] busy."
        await seen.press("p")
        await seen.shows("LLD-42 [is] busy.")


async def test_with_the_engine_gone_only_what_works_is_offered(tmp_path: Path) -> None:
    async def resume() -> RunSource:
        raise AssertionError("nobody asked for it")

    stories = [*mixed(3), Story("45", "Waits", State.QUEUED)]
    async with watching(tmp_path, stories, resume=resume) as seen:
        await seen.shows("p Pause", "x Cancel", "ETA", "waiting for a free slot")
        seen.source.engine_goes()
        await seen.shows("The engine is gone", "r Resume run")
        footer = seen.text().splitlines()[-1]
        assert not any(word in footer for word in ("p Pause", "x Cancel", "P Pause all"))
        assert "ETA" not in seen.text()


async def test_the_end_of_a_paused_run_changes_the_footer_at_once(tmp_path: Path) -> None:
    stories = [Story("42", "One", State.PAUSED), Story("43", "Two", State.QUEUED)]
    async with watching(tmp_path, stories, built={"held": "by you"}) as seen:
        await seen.shows("P Resume all")
        await seen.until(lambda: seen.board._ticks == 1, "first look at the time")
        seen.source.happen(RunEnded(exit_code=3, reason="stopped"))
        await seen.until(lambda: seen.source.state.ended is not None, "end of the run")
        seen.source.engine_goes()
        await seen.shows("The run was stopped")
        await seen.pilot.pause()
        assert "Resume all" not in seen.text().splitlines()[-1]


async def test_what_finishes_is_announced(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        seen.source.change("LLD-42", State.FAILED, reason="no [valid] answer")
        await seen.shows("LLD-42 failed", "no [valid] answer")
        seen.source.happen(Notice(text="the disk is almost full", level="warning"))
        await seen.shows("the disk is almost full")


async def test_many_endings_at_once_are_one_toast(tmp_path: Path) -> None:
    stories = [Story(str(n), "A title", State.RUNNING, begins=9.0) for n in range(42, 54)]
    async with watching(tmp_path, stories, built={"parallel": 12}) as seen:
        for story in stories[:10]:
            seen.source.change(story.id, State.DONE)
        await seen.shows("10 items done")
        assert len(list(seen.app._notifications)) == 1


async def test_what_happened_before_is_not_announced(tmp_path: Path) -> None:
    async with watching(tmp_path, 6) as seen:
        await seen.press("tab")
        assert not list(seen.app._notifications)


async def test_the_end_of_the_engine_is_said_and_r_resumes(tmp_path: Path) -> None:
    again = PlayedRun(build(tmp_path / "again", mixed(3)))

    async def resume() -> RunSource:
        return again

    async with watching(tmp_path, 3, resume=resume) as seen:
        seen.source.engine_goes()
        await seen.shows("The engine is gone; nothing is lost.", "r  Resume")
        await seen.press("r")
        await seen.until(lambda: seen.board.source is again, "new source")
        await seen.until(lambda: seen.board.banner_text is None, "end of the banner")
        again.happen(EngineStarted(pid=4711, resumed=True))
        await seen.shows("2 WAIT")


async def test_without_a_way_to_resume_the_command_is_named(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        seen.source.engine_goes()
        await seen.shows("Resume with: assemblyzero-tui resume 20260921-142000-lld")


async def test_a_replay_has_no_engine_to_miss(tmp_path: Path) -> None:
    async with watching(tmp_path, 3, live=False) as seen:
        await seen.press("tab")
        assert seen.board.banner_text is None


async def test_d_leaves(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("d")
        await seen.until(lambda: seen.app.return_value is not None, "end")
    assert seen.app.return_value is Ending.DETACHED
    assert not seen.source.sent


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quitting_asks_what_becomes_of_the_work(tmp_path: Path, key: str) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press(key)
        assert isinstance(seen.app.screen, QuitDialog)
        await seen.press("escape")
        assert seen.screen() is seen.board
        await seen.press(key, "l")
        await seen.until(lambda: seen.app.return_value is not None, "end")
    assert seen.app.return_value is Ending.DETACHED


async def test_a_second_ctrl_c_leaves(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("ctrl+c", "ctrl+c")
        await seen.until(lambda: seen.app.return_value is not None, "end")
    assert seen.app.return_value is Ending.DETACHED
    assert not seen.source.sent


async def test_an_engine_that_does_not_stop_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CLOSING_LIMITS, Ending.STOPPED, 0.1)
    async with watching(tmp_path, 3) as seen:
        await seen.press("q", "s")
        await seen.sends(Stop())
        await seen.until(lambda: seen.app.return_value is not None, "end")
    assert seen.app.return_value is Ending.DETACHED


async def test_stopping_waits_until_everyone_has_saved(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("q", "s")
        await seen.sends(Stop())
        await seen.shows("Stopping: every item saves.")
        assert seen.app.return_value is None
        seen.source.happen(RunEnded(exit_code=3, reason="stopped"))
        await seen.until(lambda: seen.app.return_value is not None, "end")
    assert seen.app.return_value is Ending.STOPPED


async def test_cancelling_everything(tmp_path: Path) -> None:
    async with watching(tmp_path, 3) as seen:
        await seen.press("q", "c")
        await seen.sends(Cancel())
        for item in ("LLD-42", "LLD-43"):
            seen.source.change(item, State.CANCELLED)
        seen.source.happen(RunEnded(exit_code=3))
        await seen.until(lambda: seen.app.return_value is not None, "end")
    assert seen.app.return_value is Ending.CANCELLED


async def test_the_summary_comes_when_all_is_over_and_stays(tmp_path: Path) -> None:
    async with watching(tmp_path, [Story("42", "One", State.RUNNING)]) as seen:
        seen.source.change("LLD-42", State.DONE)
        seen.source.happen(RunEnded(exit_code=0))
        seen.source.engine_goes()
        await seen.until(lambda: isinstance(seen.app.screen, SummaryScreen), "summary")
        await seen.press("escape", "q")
        await seen.until(lambda: seen.app.return_value is not None, "end")
    assert seen.app.return_value is Ending.FINISHED


async def test_no_summary_by_itself_if_it_is_not_wanted(tmp_path: Path) -> None:
    async with watching(tmp_path, [Story("42", "One")], keep_summary=False) as seen:
        seen.source.happen(RunEnded(exit_code=0))
        await seen.until(lambda: seen.source.state.ended is not None, "end of the run")
        await seen.pilot.pause()
        assert seen.screen() is seen.board


@pytest.mark.parametrize(("keys", "items"), [("Sr", ["LLD-45", "LLD-47"]), ("4r", ["LLD-45"])])
async def test_what_failed_can_be_tried_again_after_the_end(
    tmp_path: Path, keys: tuple[str, str], items: list[str]
) -> None:
    stories = finished(6)
    asked: list[list[str]] = []
    again = PlayedRun(build(tmp_path / "again", mixed(6)))

    async def retry(items: list[str]) -> RunSource:
        asked.append(items)
        return again

    async with watching(tmp_path, stories, live=False, retry=retry,
                        built={"ended": "finished"}) as seen:  # fmt: skip
        first, then = keys
        await seen.press(first)
        await seen.until(lambda: first != "S" or isinstance(seen.app.screen, SummaryScreen), "it")
        await seen.press(then)
        await seen.until(lambda: seen.board.source is again, "new source")
        assert asked == [items]
        assert seen.screen() is seen.board


async def test_e_writes_the_report_into_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    async with watching(tmp_path, 6) as seen:
        await seen.press("E")
        await seen.shows("Report written")
        (report,) = here.iterdir()
        assert report.name == f"assemblyzero-summary-{seen.source.state.run}.md"
        assert "LLD-46" in report.read_text()
        assert not seen.source.folder.summary_markdown.exists()


async def test_e_says_why_the_report_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with watching(tmp_path, 3) as seen:
        (tmp_path / f"assemblyzero-summary-{seen.source.state.run}.md").mkdir()
        await seen.press("E")
        await seen.shows("Not exported")
