"""The list of the runs of this machine."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from assemblyzero_tui.app.commands.runs.runs import command
from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.model.states import State
from tests.ui.example_runs import Story, build


def made(home: Path, name: str, *ends: State) -> RunFolder:
    stories = [Story(str(42 + n), "A title", state) for n, state in enumerate(ends)]
    return build(home / "runs" / name, stories, ended="finished").folder


def listed() -> list[list[str]]:
    result = CliRunner().invoke(command, standalone_mode=False)
    return [line.split() for line in result.stdout.splitlines()]


def as_json() -> list[dict[str, object]]:
    result = CliRunner().invoke(command, ["--json"], standalone_mode=False)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_item_is_in_one_column(state_home: Path) -> None:
    made(
        state_home, "20260101-100000-lld", State.DONE, State.CANCELLED, State.CANCELLED,
        State.SKIPPED, State.FAILED, State.QUEUED,
    )  # fmt: skip
    (head, row) = listed()
    figures = dict(zip(head[4:8], row[4:8], strict=True))
    assert figures == {"done": "2", "failed": "1", "cancelled": "2", "left": "1"}
    (run,) = as_json()
    assert run["items"] == 6
    assert (run["done"], run["failed"], run["cancelled"], run["left"]) == (2, 1, 2, 1)


def test_runs_that_cannot_be_read_are_listed_all_the_same(state_home: Path) -> None:
    made(state_home, "20260101-100000-lld", State.DONE)
    torn = made(state_home, "20260102-100000-lld", State.DONE, State.DONE)
    torn.journal.write_bytes(torn.journal.read_bytes() + b"no event\n")
    newer = made(state_home, "20260103-100000-lld", State.DONE)
    newer.journal.write_bytes(b'{"journal":"assemblyzero-tui","schema":99}\n')
    unknown = made(state_home, "20260104-100000-lld", State.DONE)
    unknown.spec.write_text("{")
    foreign = made(state_home, "20260105-100000-lld", State.DONE, State.DONE)
    foreign.journal.write_bytes(b"hello\n")
    runs = {str(run["run"]): run for run in as_json()}
    states = {name: run["state"] for name, run in runs.items()}
    assert states == {
        "20260105-100000-lld": "damaged",
        "20260104-100000-lld": "damaged",
        "20260103-100000-lld": "newer version",
        "20260102-100000-lld": "finished",
        "20260101-100000-lld": "finished",
    }
    assert "is not a journal" in str(runs["20260105-100000-lld"]["problem"])
    assert runs["20260105-100000-lld"]["items"] == 2
    assert [row[-1] for row in listed()[1:4]] == ["damaged", "damaged", "version"]
