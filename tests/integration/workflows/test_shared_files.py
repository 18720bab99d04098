"""The status file and the audit file under many writers, crashes and damage."""

from __future__ import annotations

import contextlib
import cProfile
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.lld import status_file
from assemblyzero_tui.runner.workflows.lld.pending import pending_lld_items
from assemblyzero_tui.runner.workflows.repository import audit, lineage
from tests.integration.workflows.finisher import finish

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def finishers(
    repository: Path, numbers: list[int], rounds: int = 1
) -> Iterator[tuple[list[subprocess.Popen[str]], int]]:
    """So many processes that are ready and wait; the second value is what holds them back."""
    gate, hold = os.pipe()
    processes = [
        subprocess.Popen(
            [
                sys.executable, "-m", "tests.integration.workflows.finisher", str(repository),
                str(number), f"engine-{number % 2}",
                str(repository.parent / f"run-{number % 2}" / f"audit-{number}.jsonl"), str(rounds),
            ],
            cwd=ROOT, stdin=gate, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for number in numbers
    ]  # fmt: skip
    os.close(gate)
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield processes, hold
    finally:
        with contextlib.suppress(OSError):
            os.close(hold)
        for process in processes:
            process.kill()
            process.communicate()


def test_fifty_simultaneous_finishers_of_two_engines_lose_nothing(repository: Path) -> None:
    numbers = list(range(1, 51))
    path = repository / status_file.STATUS_FILE
    path.parent.mkdir(parents=True)
    path.write_text('{"version":"1.0","owner":"kept","issues":{"7":{"note":"kept"},"x":{}}}')
    with finishers(repository, numbers) as (processes, hold):
        os.close(hold)
        outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert outputs == [""] * 50
    assert [process.returncode for process in processes] == [0] * 50

    document = json.loads(path.read_text())
    assert document["owner"] == "kept"
    assert document["issues"]["7"]["note"] == "kept"
    assert "x" in document["issues"]
    assert {n for n, e in document["issues"].items() if e.get("status") == "approved"} == {
        str(number) for number in numbers
    }
    lines = (repository / audit.CONSOLIDATED).read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert sorted((e["issue_number"], e["event"]) for e in events) == sorted(
        (number, event) for number in numbers for event in ("start", "complete")
    )
    assert path.stat().st_mode & 0o777 == 0o644
    assert sorted(p.name for p in path.parent.iterdir()) == ["lld-status.json"]


def test_finishers_killed_in_the_middle_leave_valid_files(repository: Path) -> None:
    numbers = list(range(1, 9))
    with finishers(repository, numbers, rounds=10_000) as (processes, hold):
        os.close(hold)
        log = repository / audit.CONSOLIDATED
        while sum(1 for n in numbers if (repository / lineage.folder_of(n)).exists()) < 8:
            assert all(process.poll() is None for process in processes)
        for process in processes:
            process.kill()
    for number in numbers:
        finish(repository, number, f"engine-{number % 2}", repository.parent / f"{number}.jsonl")
    document = json.loads((repository / status_file.STATUS_FILE).read_text())
    assert len(document["issues"]) == 8
    events = [json.loads(line) for line in log.read_text().splitlines()]
    ids = [event["event_id"] for event in events]
    assert len(ids) == len(set(ids)) == 16


def approve(repository: Path, number: int) -> None:
    finish(repository, number, "run", repository.parent / "own.jsonl")


def test_an_approval_missing_from_the_status_file_comes_back_from_the_lineage(
    repository: Path,
) -> None:
    for number in (5, 6):
        approve(repository, number)
    path = repository / status_file.STATUS_FILE
    document = json.loads(path.read_text())
    del document["issues"]["5"]
    document["issues"]["6"] |= {"status": "blocked", "mine": 1}
    path.write_text(json.dumps(document))

    notices = status_file.reconcile(repository)
    assert len(notices) == 1
    assert "#5, #6" in notices[0]
    issues = json.loads(path.read_text())["issues"]
    assert issues["5"]["status"] == issues["6"]["status"] == "approved"
    assert issues["6"]["mine"] == 1
    before = path.stat().st_mtime_ns
    assert status_file.reconcile(repository) == []
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("there", [True, False])
def test_looking_after_twice_as_many_approvals_is_twice_the_work(
    repository: Path, there: bool
) -> None:
    """Counted in calls, as every command begins with it: with thousands it took many seconds."""
    approve(repository, 1)
    one = lineage.approval_of(repository, 1)
    assert one is not None
    for number in range(2, 201):
        folder = repository / lineage.folder_of(number)
        folder.mkdir(parents=True)
        approval = msgspec.structs.replace(one, issue_number=number)
        (folder / "001-approved.json").write_bytes(lineage.encode_approval(approval))
        if number == 100:
            once = calls_of_reconcile(repository, there)
    assert calls_of_reconcile(repository, there) < 2.2 * once


def calls_of_reconcile(repository: Path, there: bool) -> int:
    path = repository / status_file.STATUS_FILE
    path.unlink(missing_ok=True)
    if there:
        status_file.reconcile(repository)
    counted = cProfile.Profile()
    notes = counted.runcall(status_file.reconcile, repository)
    assert bool(notes) != there
    return sum(function.callcount for function in counted.getstats())


def test_an_approval_followed_by_a_new_journey_is_none(repository: Path) -> None:
    approve(repository, 5)
    lineage.write(repository / lineage.folder_of(5), 5, "issue.md", b"# again\n")
    (repository / status_file.STATUS_FILE).unlink()
    assert status_file.reconcile(repository) == []
    assert status_file.approved(repository) == set()


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"issues": []}', b'{"issues": {"1": 2}}', b"\xff\xfe\x00"]
)
def test_an_invalid_status_file_is_set_aside_never_overwritten(
    repository: Path, items: object, damage: bytes
) -> None:
    approve(repository, 101)
    path = repository / status_file.STATUS_FILE
    path.write_bytes(damage)

    unchanged, notes = pending_lld_items(repository, repository / "issues", read_only=True)
    assert "is not a status file" in notes[0]
    assert path.read_bytes() == damage
    pending, notes = pending_lld_items(repository, repository / "issues")
    assert len(pending) == len(unchanged) == 11
    assert "set aside as lld-status.json.invalid-" in notes[0]
    assert [p.read_bytes() for p in path.parent.glob("*.invalid-*")] == [damage]
    assert json.loads(path.read_text())["issues"]["101"]["status"] == "approved"


def test_an_unreadable_status_file_is_an_error_that_names_it(repository: Path) -> None:
    (repository / status_file.STATUS_FILE).mkdir(parents=True)
    with pytest.raises(TuiError, match=r"Cannot read .*lld-status\.json"):
        status_file.approved(repository)
    with pytest.raises(TuiError, match=r"Cannot read .*lld-status\.json"):
        pending_lld_items(repository, repository, None)


def test_a_torn_audit_line_is_set_aside_and_the_rest_continues(repository: Path) -> None:
    approve(repository, 5)
    path = repository / audit.CONSOLIDATED
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"timestamp":"20')
    told: list[str] = []
    event = audit.make_event(
        origin="run", repository=repository, number=6, step="s", event="start", details={}
    )
    audit.record(repository, repository.parent / "own.jsonl", event, told.append)
    assert "was incomplete" in told[0]
    assert [p.read_bytes() for p in path.parent.glob("*.invalid-*")] == [b'{"timestamp":"20']
    assert path.read_bytes().startswith(whole)
    assert len(path.read_bytes().splitlines()) == 3


def test_a_whole_audit_line_without_its_newline_is_completed(repository: Path) -> None:
    approve(repository, 5)
    path = repository / audit.CONSOLIDATED
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    approve(repository, 5)
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 2
    approve(repository, 6)
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 4


def test_what_is_no_event_is_set_aside_at_the_start_of_a_run(repository: Path) -> None:
    path = repository / audit.CONSOLIDATED
    path.parent.mkdir(parents=True)
    good = [b'{"event":"start"}\n', b'{"event":"complete"}\n']
    path.write_bytes(good[0] + b"not json\n[1]\n" + good[1])
    (note,) = audit.repair(repository)
    assert "2 lines that are not events were set aside" in note
    assert path.read_bytes() == b"".join(good)
    (aside,) = path.parent.glob("workflow-audit.jsonl.invalid-*")
    assert aside.read_bytes() == b"not json\n[1]\n"
    assert audit.repair(repository) == []


def test_a_status_file_of_another_format_is_left_alone(repository: Path) -> None:
    path = repository / status_file.STATUS_FILE
    path.parent.mkdir(parents=True)
    text = '{"version":"2.0","issues":{}}'
    path.write_text(text)
    with pytest.raises(TuiError, match=r"has format 2\.0; this version supports 1\.0"):
        pending_lld_items(repository)
    assert path.read_text() == text


def test_a_line_glued_to_a_torn_one_stays_an_event(repository: Path) -> None:
    approve(repository, 1)
    path = repository / audit.CONSOLIDATED
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first[:40] + first + bytes(512) + second)
    (told,) = audit.repair(repository)
    assert "2 lines that are not events" in told
    assert path.read_bytes() == first + second
    (aside,) = path.parent.glob("*.invalid-*")
    assert aside.read_bytes() == first[:40] + b"\n" + bytes(512) + b"\n"
    assert audit.repair(repository) == []


def test_a_line_the_disk_had_no_room_for_leaves_nothing_of_itself(repository: Path) -> None:
    approve(repository, 1)
    path = repository / audit.CONSOLIDATED
    before = path.read_bytes()
    event = audit.make_event(
        origin="run", repository=repository, number=2, step="N0:1", event="start", details={}
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(TuiError, match=r"Cannot write .*File too large"):
            audit.record(repository, repository.parent / "own.jsonl", event, print)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    audit.record(repository, repository.parent / "own.jsonl", event, print)
    assert len(path.read_bytes().splitlines()) == 3
