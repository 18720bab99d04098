"""Killed between the approval and the end of the run: the same command makes everything whole."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.locks.item_locks import ItemLocks
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.runs import find_run, open_run
from assemblyzero_tui.runner.workflows.samples.sample_issues import demo_issues
from tests.integration.cli.conftest import Program
from tests.stand_ins import filed_issues
from tests.waiting import wait_for

OFFLINE = ("--provider", "offline", "--latency", "0", "--plain")
LLD = ("lld", "--all", *OFFLINE)
ISSUE = ("issue", "--all", *OFFLINE)
DYING = Path(__file__).parent / "dying"
EVIDENCE = "docs/lineage/active/1-lld/004-approved.json"


@pytest.fixture
def dying(program: Program, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command that dies at a moment; see `tests.integration.cli.dying`."""

    def run(
        command: tuple[str, ...], event: str, pattern: str, guard: str = ".", *more: str
    ) -> subprocess.CompletedProcess[str]:
        death = tmp_path / "death"
        there = program.repository / guard
        death.write_text("\n".join([event, pattern, str(there), *more]))
        done = program(*command, PYTHONPATH=str(DYING), ASSEMBLYZERO_TEST_DEATH=str(death))
        assert death.with_suffix(".over").exists(), done.stdout + done.stderr
        assert done.returncode == 1, done.stdout + done.stderr
        return done

    return run


Dying = Callable[..., subprocess.CompletedProcess[str]]


def audited(repository: Path) -> list[dict[str, object]]:
    lines = (repository / "docs/lineage/workflow-audit.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def databases(repository: Path) -> list[str]:
    folder = checkpoint_file(repository, "lld", "1").parent
    return sorted(path.name for path in folder.glob("*.db*"))


def free(repository: Path, workflow: str, key: str) -> None:
    """Returns when no process of the killed run is left, as the next command finds it."""
    locks = ItemLocks(repository, workflow)
    wait_for(lambda: locks.holder(key) is None, "end of the killed processes")


def assert_whole(program: Program, command: tuple[str, ...]) -> None:
    """Everything is on record, nothing is left over, and nothing is left to say."""
    assert databases(program.repository) == []
    counted = Counter(event["event"] for event in audited(program.repository))
    assert counted["complete"] == 1
    ids = [event["event_id"] for event in audited(program.repository)]
    assert len(ids) == len(set(ids))
    assert list(program.repository.rglob("*azt-tmp*")) == []
    again = program(*command)
    assert again.returncode == 0
    assert again.stdout == "Nothing is pending.\n"
    said = [n for n in again.stderr.splitlines() if "left out" not in n]
    assert [n for n in said if not n.startswith("Issues of ")] == []


MOMENTS_OF_A_DESIGN = {
    "before the design": ("os.link", r"/LLD-001\.md$", "."),
    "before the evidence": ("os.rename", r"/004-approved\.json$", "."),
    "before the status": ("os.rename", r"/lld-status\.json$", EVIDENCE),
    "before its own audit": ("open", r"/audit/workflow-audit-1\.jsonl$", EVIDENCE),
    "before the audit": ("open", r"/docs/lineage/workflow-audit\.jsonl$", EVIDENCE),
    "before the checkpoint is removed": ("os.remove", r"/lld_workflow_1\.db$", EVIDENCE),
}


@pytest.mark.parametrize(
    ("moment", "again"),
    [(moment, "the same command") for moment in MOMENTS_OF_A_DESIGN]
    # The run itself is at its end at the last moment: there is nothing to resume.
    + [(moment, "resume") for moment in list(MOMENTS_OF_A_DESIGN)[:-1]],
)
def test_a_design_killed_at_its_end_is_made_whole(
    program: Program, issues: Callable[..., list[int]], dying: Dying, moment: str, again: str
) -> None:
    issues(1)
    dying(LLD, *MOMENTS_OF_A_DESIGN[moment])
    free(program.repository, "lld", "1")
    run = find_run()
    assert databases(program.repository)
    done = program(*LLD) if again == "the same command" else program("resume", "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (program.repository / "docs/lld/active/LLD-001.md").exists()
    status = json.loads((program.repository / "docs/lld/lld-status.json").read_text())
    assert status["issues"]["1"]["status"] == "approved"
    assert_whole(program, LLD)
    if moment not in ("before the design", "before the evidence"):
        assert "LLD-1: finished before, but the run was interrupted" in done.stderr
        assert open_run(run).state.calls_refused == 0
        own = run.audit("lld", "1").read_text().splitlines()
        assert [json.loads(line)["event"] for line in own] == ["start", "complete"]
    if again == "resume":
        assert open_run(run).state.counts[State.DONE] == 1


def test_a_design_that_is_finished_and_not_written_down_as_done(
    program: Program, issues: Callable[..., list[int]], tmp_path: Path
) -> None:
    issues(1)
    death = tmp_path / "death"
    there = program.repository / "."
    death.write_text("\n".join(["os.rename", r"/004-approved\.json$", str(there), "stop"]))
    command = program.start(*LLD, PYTHONPATH=str(DYING), ASSEMBLYZERO_TEST_DEATH=str(death))
    wait_for(lambda: death.with_suffix(".over").exists(), "stopped engine", 60)
    run = find_run()
    engine = psutil.Process(int(run.engine_lock.read_text()))
    wait_for(lambda: _finished(program.repository, engine), "finished worker", 60)
    engine.send_signal(signal.SIGKILL)
    command.wait(60)
    free(program.repository, "lld", "1")
    assert open_run(run).state.counts[State.DONE] == 0
    done = program(*LLD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "LLD-1: finished before, but the run was interrupted" in done.stderr
    assert_whole(program, LLD)


def _finished(repository: Path, engine: psutil.Process) -> bool:
    """Whether the worker has gone: only the helpers of multiprocessing are left."""
    from assemblyzero_tui.runner.locks.file_locks import is_held

    assert engine.is_running()
    return not any(
        map(
            is_held,
            [
                *checkpoint_file(repository, "lld", "1").parent.glob("*.busy"),
                *repository.glob(".git/assemblyzero/locks/*.busy"),
            ],
        )
    )


FILED = "docs/lineage/active/{slug}/004-filed.json"
MOMENTS_OF_AN_ISSUE = {
    "before the evidence": ("os.rename", r"/\d+-filed\.json$", "."),
    "before its own audit": ("open", r"/audit/workflow-audit-issue-.*\.jsonl$", FILED),
    "before the audit": ("open", r"/docs/lineage/workflow-audit\.jsonl$", FILED),
    "before the lineage moves": ("os.rename", r"/lineage/done/1-", FILED),
    "before the brief moves": ("os.rename", r"/ideas/done/", "."),
    "before the checkpoint is removed": ("os.remove", r"/issue_workflow_.*\.db$", "ideas/done"),
}


@pytest.mark.parametrize("moment", MOMENTS_OF_AN_ISSUE)
def test_an_issue_killed_at_its_end_is_made_whole(
    program: Program, repository: Path, tmp_path: Path, dying: Dying, moment: str
) -> None:
    (sample,) = demo_issues(1)
    folder = repository / "ideas/active"
    folder.mkdir(parents=True)
    (folder / f"{sample.slug}.md").write_text(sample.text)
    event, pattern, guard = MOMENTS_OF_AN_ISSUE[moment]
    dying(ISSUE, event, pattern, guard.format(slug=sample.slug))
    free(repository, "issue", sample.slug)
    assert databases(repository)
    done = program(*ISSUE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(filed_issues(tmp_path / "issues")) == 1
    assert [path.name for path in (repository / "ideas/done").iterdir()] == [f"1-{sample.slug}.md"]
    assert_whole(program, ISSUE)


def test_a_checkpoint_of_another_journey_is_left_alone(
    program: Program, issues: Callable[..., list[int]], dying: Dying
) -> None:
    """Approved by somebody else while ours stood still: his records end nothing of ours."""
    issues(1)
    dying(LLD, "os.rename", r"/004-approved\.json$")
    free(program.repository, "lld", "1")
    evidence = {
        "issue_number": 1, "title": "t", "lld_path": "docs/lld/active/LLD-001.md",
        "final_verdict": "APPROVED", "has_gemini_review": True, "last_review_date": "2031-01-01",
        "review_count": 1, "draft_count": 1, "approved_draft": "002-draft.md", "reviewed_by": "m",
        "origin": "20310101-120000-lld",
    }  # fmt: skip
    (program.repository / EVIDENCE).write_text(json.dumps(evidence))
    done = program(*LLD)
    assert done.stdout == "Nothing is pending.\n"
    assert "lld_workflow_1.db" in databases(program.repository)


def test_a_status_file_that_goes_away_during_the_run_is_made_again(
    program: Program, issues: Callable[..., list[int]]
) -> None:
    issues(2)
    path = program.repository / "docs/lld/lld-status.json"
    process = program.start(
        "lld", "--all", "--parallel", "1", "--provider", "offline", "--latency", "0.3", "--plain"
    )
    wait_for(lambda: (program.repository / EVIDENCE).exists(), "approval", 60)
    wait_for(lambda: open_run(find_run()).state.counts[State.DONE] == 1, "end of the first", 60)
    path.unlink()
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 0, output + errors
    document = json.loads(path.read_text())
    assert {n: e["status"] for n, e in document["issues"].items()} == {
        "1": "approved",
        "2": "approved",
    }
    assert b"added approvals found in the lineage for #1" in output
