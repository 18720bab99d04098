"""What the summary of a run holds, and that all output modes agree on it."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from assemblyzero_tui.app.headless.summary_lines import summary_lines
from assemblyzero_tui.runner.base.exit_codes import ExitCode
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.events import EngineStarted, RunBlocked, RunEnded
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.model.summary import Summary
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.report_markdown import markdown
from tests.unit.run_examples import (
    START,
    change,
    example_folder,
    mixed_run,
    numbered,
    started,
    worked,
)

GOLDEN = Path(__file__).parent / "golden" / "summary.md"


def summary_of(*events: object, now: float = START + 500) -> Summary:
    return report.build(fold(events), RunFolder(Path("/state/runs/r")), now)  # type: ignore[arg-type]


@pytest.fixture
def mixed(tmp_path: Path) -> Summary:
    return report.build(fold(mixed_run()), example_folder(tmp_path), START + 500)


def test_markdown_is_exactly_this(mixed: Summary, tmp_path: Path) -> None:
    text = markdown(mixed, time.gmtime).replace(str(tmp_path), "/state/runs")
    assert text.replace("GMT", "UTC") == GOLDEN.read_text()


def test_json_gives_the_same_summary_back(mixed: Summary) -> None:
    assert report.from_json(report.to_json(mixed)) == mixed


def test_markdown_out_of_json_is_the_same(mixed: Summary) -> None:
    again = report.from_json(report.to_json(mixed))
    assert report.to_markdown(again) == report.to_markdown(mixed)


def test_json_that_is_no_summary_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        report.from_json(b'{"schema": 1}')


def test_times_are_kept_apart(mixed: Summary) -> None:
    assert mixed.times.wall == 120
    assert mixed.times.paused == 30
    assert mixed.times.quota == 0
    assert mixed.times.active == 80 + 31 + 40 + 28


def test_a_stop_between_two_engines_is_not_wall_time() -> None:
    events = [
        *started(numbered(1, "a")),
        change("LLD-1", State.STARTING, 1),
        RunEnded(time=START + 10, exit_code=3, reason="stopped"),
        EngineStarted(time=START + 1010, pid=8, resumed=True),
        *worked("LLD-1", 1011, 1020),
        RunEnded(time=START + 1020, exit_code=0),
    ]
    summary = summary_of(*events)
    assert summary.times.wall == 20
    assert summary.times.unserved == 1000
    assert "20s (plus 16m 40s without an engine)" in report.to_markdown(summary)


def test_a_run_in_progress_is_reported_up_to_now() -> None:
    events = [
        *started(numbered(1, "a")),
        change("LLD-1", State.STARTING, 1),
        change("LLD-1", State.RUNNING, 2),
    ]
    summary = summary_of(*events, now=START + 61)
    assert summary.times.active == 60
    assert summary.ended is None
    assert summary.headline == "1 of 1 unfinished"
    assert summary.items[0].spans[-1].end == START + 61
    assert summary.next_steps[0].command == "assemblyzero-tui resume r"


def test_nothing_happens_after_the_end_of_a_run() -> None:
    events = [
        *started(numbered(1, "a")),
        change("LLD-1", State.STARTING, 1),
        change("LLD-1", State.PAUSED, 5),
        RunEnded(time=START + 10, exit_code=3, reason="stopped"),
    ]
    assert summary_of(*events, now=START + 9000).times.paused == 5


def test_failures_quote_the_end_of_their_log_without_control_characters(mixed: Summary) -> None:
    (failure,) = mixed.failures
    assert len(failure.lines) == report.LAST_LINES
    assert failure.total_lines == 28
    assert failure.lines[-4:] == [">>> Executing: N3_review", "```", "# not a heading", "no JSON"]


def test_a_failure_without_a_log_says_so() -> None:
    events = [*started(numbered(1, "a")), change("LLD-1", State.FAILED, 3, reason="no such issue")]
    summary = summary_of(*events)
    assert summary.failures[0].lines == []
    assert "It printed nothing (`/state/runs/r/logs/LLD-1.log`)." in report.to_markdown(summary)


def test_only_what_needs_it_is_offered_again(mixed: Summary) -> None:
    name = Path(mixed.folder).name
    assert [step.command for step in mixed.next_steps] == [
        f"assemblyzero-tui resume {name} --failed",
        f"assemblyzero-tui replay {name}",
    ]


def test_information_is_no_warning(mixed: Summary) -> None:
    assert [notice.text for notice in mixed.notices] == ["One call timed out."]


@pytest.mark.parametrize(
    ("states", "code", "headline"),
    [
        ([], ExitCode.OK, "Nothing to do"),
        ([State.DONE], ExitCode.OK, "The item is done"),
        ([State.DONE, State.DONE], ExitCode.OK, "All 2 items are done"),
        ([State.DONE, State.FAILED], ExitCode.FAILED, "1 of 2 failed"),
        ([State.LOST, State.FAILED], ExitCode.FAILED, "2 of 2 failed"),
        ([State.CANCELLED, State.FAILED], ExitCode.FAILED, "1 failed, 1 cancelled, of 2"),
        ([State.DONE, State.CANCELLED], ExitCode.CANCELLED, "1 of 2 cancelled"),
        (
            [State.DONE, State.SKIPPED],
            ExitCode.OK,
            "All 2 items are done, 1 of them by another run",
        ),
        ([State.SKIPPED], ExitCode.OK, "The item is done, by another run"),
        ([State.FAILED, State.SKIPPED], ExitCode.FAILED, "1 failed, 1 done by another run, of 2"),
        ([State.DONE, State.QUOTA], ExitCode.CANCELLED, "1 of 2 unfinished"),
    ],
)
def test_outcome(states: list[State], code: ExitCode, headline: str) -> None:
    events = started(*(numbered(n, "") for n in range(len(states))))
    events += [change(f"LLD-{n}", state, n + 1) for n, state in enumerate(states)]
    assert report.exit_code(fold(events)) is code
    summary = summary_of(*events)
    assert summary.headline == headline
    assert summary.exit_code == code
    assert summary.good is (code is ExitCode.OK)


def test_a_run_that_never_began_has_a_summary_too() -> None:
    summary = report.build(RunState(), RunFolder(Path("/state/runs/r")), START)
    assert report.to_markdown(summary).startswith("# Run r: Nothing to do\n")


def test_the_code_of_a_signal_is_kept() -> None:
    events = [
        *started(numbered(1, "a")),
        RunEnded(time=START + 9, exit_code=ExitCode.INTERRUPTED, reason="interrupted"),
    ]
    assert "| Exit code | 130 (interrupted) |" in report.to_markdown(summary_of(*events))


def test_both_files_are_written_and_nothing_else(mixed: Summary, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    before = set(tmp_path.iterdir())
    report.write(mixed, folder)
    report.write(mixed, folder)
    assert set(tmp_path.iterdir()) - before == {folder.summary_json, folder.summary_markdown}
    assert report.from_json(folder.summary_json.read_bytes()) == mixed
    assert folder.summary_markdown.read_text() == report.to_markdown(mixed)


def test_what_blocked_the_run_is_in_every_face() -> None:
    blocked = RunBlocked(what="No model", words="It *is* not found", hint="Run: x --model NAME")
    summary = summary_of(*started(numbered(1, "a")), blocked)
    assert summary.blocked is not None
    assert summary.blocked.text == "No model: It *is* not found"
    text = markdown(summary, time.gmtime)
    assert text.count("It \\*is\\* not found") == 1
    assert "Run: x --model NAME" in text
    assert report.from_json(report.to_json(summary)) == summary
    assert "No model. Run: x --model NAME" in list(summary_lines(summary))
    assert summary_of(*started(numbered(1, "a")), blocked, RunBlocked()).blocked is None
