"""Two commands on one repository, each with a state folder of its own: everything once."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.runner.runs.journal import read_journal
from tests.integration.cli.conftest import DEADLINE, Program
from tests.waiting import wait_for

Issues = Callable[..., list[int]]
COMMAND = ("lld", "--all", "--parallel", "2", "--provider", "offline", "--plain")
_JOURNEY = re.compile(r"issue(,draft,verdict)+,approved")


def run_in(state: Path) -> RunState | None:
    """The one run of a state folder, as its journal tells."""
    found = list((state / "runs").glob("*/events.jsonl"))
    return fold(read_journal(RunFolder(found[0].parent).journal)) if found else None


def ended(process: subprocess.Popen[bytes]) -> str:
    """What a command printed, that must have succeeded."""
    output, errors = process.communicate(timeout=DEADLINE)
    text = (output + errors).decode()
    assert process.returncode == 0, text
    return text


def completed(repository: Path) -> list[int]:
    """The issues that the audit calls complete."""
    path = repository / "docs/lineage/workflow-audit.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line["issue_number"] for line in lines if line["event"] == "complete"]


def journey(folder: Path) -> str:
    """The kinds of the files of a lineage, in order; their numbers must have no gap."""
    names = sorted(path.name for path in folder.iterdir())
    assert [int(name[:3]) for name in names] == list(range(1, len(names) + 1)), names
    return ",".join(re.sub(r"\d+-(\w+)\.\w+", r"\1", name) for name in names)


def designs(repository: Path) -> list[int]:
    return sorted(int(path.stem[4:]) for path in (repository / "docs/lld/active").glob("LLD-*.md"))


def test_two_state_folders_make_every_design_once(
    program: Program, issues: Issues, repository: Path, tmp_path: Path
) -> None:
    numbers = issues(5)
    homes = [tmp_path / name for name in ("one", "two")]
    both = [
        program.start(*COMMAND, "--latency", "0.3", ASSEMBLYZERO_HOME=str(home)) for home in homes
    ]
    told = "".join(map(ended, both))
    assert designs(repository) == numbers
    assert sorted(completed(repository)) == numbers
    for number in numbers:
        assert _JOURNEY.fullmatch(journey(repository / f"docs/lineage/active/{number}-lld"))
    answered = Counter[int]()
    for home in homes:
        state = run_in(home)
        assert state is not None
        assert (state.exit_code, state.end_reason) == (0, "finished")
        answered.update(i for i, item in enumerate(state.items.values()) if item.calls)
    assert set(answered.values()) == {1}, "no item is worked on by both"
    assert "at work in run" in told


def test_two_work_trees_make_every_design_once(
    program: Program, issues: Issues, repository: Path, tmp_path: Path
) -> None:
    numbers = issues(4)
    tree = tmp_path / "tree"
    for command in (
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "1"),
        ("worktree", "add", "-q", str(tree)),
    ):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)
    both = [
        program.start(
            *COMMAND, "--latency", "0.3", "--repo", str(place),
            ASSEMBLYZERO_HOME=str(tmp_path / place.name / "home"),
        )
        for place in (repository, tree)
    ]  # fmt: skip
    for process in both:
        ended(process)
    assert sorted(designs(repository) + designs(tree)) == numbers
    assert sorted(completed(repository) + completed(tree)) == numbers


def test_an_engine_killed_in_the_middle_is_taken_over_from(
    program: Program, issues: Issues, repository: Path, tmp_path: Path
) -> None:
    (number,) = issues(1)
    homes = [tmp_path / name for name in ("one", "two")]
    item = f"LLD-{number}"
    program.start(*COMMAND, "--latency", "60", ASSEMBLYZERO_HOME=str(homes[0]))

    def drafting(state: RunState | None) -> RunState | None:
        return (
            state if state is not None and item in state.items and state.items[item].call else None
        )

    first = wait_for(lambda: drafting(run_in(homes[0])), "call", DEADLINE)
    second = program.start(*COMMAND, "--latency", "0", ASSEMBLYZERO_HOME=str(homes[1]))

    def waits() -> bool:
        state = run_in(homes[1])
        return state is not None and item in state.items and bool(state.items[item].elsewhere)

    wait_for(waits, "waiting item", DEADLINE)
    psutil.Process(first.engine_pid).send_signal(signal.SIGKILL)
    told = ended(second)
    assert f"{item} waits: at work in run {first.run} (state folder {homes[0]}" in told
    assert f"process {first.engine_pid})" in told
    assert completed(repository) == [number]
    assert designs(repository) == [number]
    kinds = journey(repository / f"docs/lineage/active/{number}-lld")
    assert kinds.endswith("approved")


def test_an_item_named_on_the_command_line_waits_with_a_note(
    program: Program, issues: Issues, tmp_path: Path
) -> None:
    (number,) = issues(1)
    homes = [tmp_path / name for name in ("one", "two")]
    first = program.start(*COMMAND, "--latency", "60", ASSEMBLYZERO_HOME=str(homes[0]))
    wait_for(
        lambda: (state := run_in(homes[0])) and any(i.call for i in state.items.values()),
        "call", DEADLINE,
    )  # fmt: skip
    dry = program("lld", str(number), "--dry-run", ASSEMBLYZERO_HOME=str(homes[1]))
    assert dry.returncode == 0
    assert f"LLD-{number} is at work in run " in dry.stderr
    assert not homes[1].exists()
    second = program.start(
        "lld", str(number), "--provider", "offline", "--json", ASSEMBLYZERO_HOME=str(homes[1])
    )
    assert second.stdout is not None
    lines = iter(second.stdout.readline, b"")
    waits = next(event for event in map(json.loads, lines) if event.get("elsewhere"))
    assert waits["state"] == "queued"
    assert "process " in waits["reason"]
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=DEADLINE)
    assert second.returncode == 130
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=DEADLINE)


@pytest.mark.parametrize("other", ["stopped", "finished", "finished long ago"])
def test_a_journey_that_another_run_began_again_is_not_mixed_with_it(
    program: Program, issues: Issues, repository: Path, tmp_path: Path, other: str
) -> None:
    (number,) = issues(1)
    homes = [tmp_path / name for name in ("one", "two")]
    folder = repository / f"docs/lineage/active/{number}-lld"

    def begin(home: Path, latency: str, until: str) -> None:
        """Stops a run when a file of this kind is in the lineage."""
        process = program.start(*COMMAND, "--latency", latency, ASSEMBLYZERO_HOME=str(home))
        before = len(list(folder.glob(f"*{until}")))
        wait_for(lambda: len(list(folder.glob(f"*{until}"))) > before, until, DEADLINE)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE)

    begin(homes[0], "1", "draft.md")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    if other != "stopped":
        ended(program.start(*COMMAND, "--latency", "0", ASSEMBLYZERO_HOME=str(homes[1])))
    else:
        begin(homes[1], "1", "draft.md")
    second = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert first.items() <= second.items()
    if other == "finished long ago":
        shutil.rmtree(repository / ".git/assemblyzero")
    told = ended(program.start("resume", "--plain", ASSEMBLYZERO_HOME=str(homes[0])))
    how = {
        "stopped": "another run started this item",
        "finished": "WAIT -> SKIP  approved after",
        "finished long ago": "approved before",
    }
    assert how[other] in told
    third = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert second.items() <= third.items(), "nothing of the others was written over"
    if other != "stopped":
        assert third == second
    assert not list(homes[0].glob("checkpoints/*/*.db"))
    assert completed(repository) == [number]
    kinds = journey(folder)
    assert re.fullmatch(r"(issue(,draft|,verdict)*,){2,3}approved", kinds), kinds
    last = kinds[kinds.rindex("issue") :]
    assert _JOURNEY.fullmatch(last), kinds
