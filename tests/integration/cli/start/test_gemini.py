"""Designs by Gemini, from the command to the last file, against a server on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.model.events import CallEnded, CallStarted, CredentialChanged
from assemblyzero_tui.runner.model.model_catalog import DEFAULT_MODEL, DEFAULT_REVIEW_MODEL
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from assemblyzero_tui.runner.runs.live_run import LiveRun
from assemblyzero_tui.runner.runs.runs import readable_runs, run_folders
from assemblyzero_tui.runner.workflows.samples.sample_issues import demo_issues
from tests.gemini_server import Fault, GeminiServer, Limits, Project, fingerprint
from tests.integration.cli.canaries import CANARIES, leaking_files, leaks
from tests.integration.cli.conftest import DEADLINE, Program, make_repository
from tests.stand_ins import filed_issues
from tests.terminal.screen import program as on_terminal
from tests.waiting import wait_for

Issues = Callable[..., list[int]]
LLD = ("lld", "--all", "--parallel", "3", "--plain")


def test_twelve_issues_and_six_briefs_with_three_credentials(
    gemini: Program, issues: Issues, keys: Path, repository: Path, state_home: Path, tmp_path: Path
) -> None:
    numbers = issues(12)
    ideas = repository / "ideas/active"
    ideas.mkdir(parents=True)
    for sample in demo_issues(6):
        (ideas / f"{sample.slug}.md").write_text(sample.text)
    four = ("--all", "--parallel", "4", "--plain", "--credentials", str(keys))
    designs, briefs = gemini("lld", *four), gemini("issue", *four)
    for done in (designs, briefs):
        assert done.returncode == 0, done.stdout + done.stderr

    status = json.loads((repository / "docs/lld/lld-status.json").read_text())["issues"]
    assert sorted(map(int, status)) == numbers
    assert all(entry["has_gemini_review"] is True for entry in status.values())
    new = filed_issues(tmp_path / "issues")[12:]
    assert len(new) == len({issue["title"] for issue in new}) == 6
    assert list(ideas.iterdir()) == []
    lines = (repository / "docs/lineage/workflow-audit.jsonl").read_text().splitlines()
    ends = [event for event in map(json.loads, lines) if event["event"] == "complete"]
    assert [e["workflow_type"] for e in ends] == ["lld"] * 12 + ["issue"] * 6
    for details in (event["details"] for event in ends):
        assert details["has_gemini_review"] is True
        assert (details["drafted_by"], details["reviewed_by"]) == (
            DEFAULT_MODEL, DEFAULT_REVIEW_MODEL,
        )  # fmt: skip
        assert details["input_tokens"] > 1000
        assert details["output_tokens"] > 100
    assert leaks(designs.stdout, designs.stderr, briefs.stdout, briefs.stderr) == []
    assert leaking_files(state_home, repository) == []


@pytest.mark.parametrize("provider", ["gemini", "genai"])
def test_designs_are_approved_with_three_credentials_and_no_api_key_is_anywhere(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path, repository: Path,
    state_home: Path, provider: str,
) -> None:  # fmt: skip
    numbers = issues(5)
    server.script(Fault.SUSPENDED, key=CANARIES[0])
    server.script(Fault.MINUTE, model=DEFAULT_REVIEW_MODEL, times=1)
    server.script(Fault.UNAVAILABLE, model=DEFAULT_MODEL, times=1)
    server.script(Fault.RESET, times=1)
    done = gemini(*LLD, "--provider", provider, "--credentials", str(keys))
    assert done.returncode == 0, done.stdout + done.stderr

    status = json.loads((repository / "docs/lld/lld-status.json").read_text())["issues"]
    assert sorted(map(int, status)) == numbers
    assert all(entry["has_gemini_review"] is True for entry in status.values())
    lines = (repository / "docs/lineage/workflow-audit.jsonl").read_text().splitlines()
    ends = [e["details"] for e in map(json.loads, lines) if e["event"] == "complete"]
    assert len(ends) == len(numbers)
    for details in ends:
        assert details["has_gemini_review"] is True
        assert details["drafted_by"] == DEFAULT_MODEL
        assert details["reviewed_by"] == DEFAULT_REVIEW_MODEL
        assert details["input_tokens"] > 1000
        assert details["output_tokens"] > 1000
    for number in numbers:
        lineage = repository / f"docs/lineage/active/{number}-lld"
        approval = json.loads(max(lineage.glob("*-approved.json")).read_text())
        assert approval["reviewed_by"] == DEFAULT_REVIEW_MODEL
        assert approval["has_gemini_review"] is True
        assert approval["input_tokens"] > 1000
        assert f"by {DEFAULT_REVIEW_MODEL}" in max(lineage.glob("*-verdict.md")).read_text()

    events = read_journal(gemini.the_run().folder.journal)
    began = [e for e in events if isinstance(e, CallStarted)]
    ended = [e for e in events if isinstance(e, CallEnded)]
    assert len(began) == len(ended) == len(server.requests)
    assert {e.credential for e in ended} == {"key-1", "key-2", "key-3"}
    assert {"ok", "auth", "minute", "overloaded", "transport"} == {e.outcome for e in ended}
    assert sum(e.credential == "key-1" for e in ended) <= 3
    invalid = [e for e in events if isinstance(e, CredentialChanged) and e.state == "invalid"]
    assert [e.credential for e in invalid] == ["key-1"]
    assert "has been suspended" in invalid[0].reason
    assert {request.key for request in server.requests} == set(map(fingerprint, CANARIES))
    run = gemini.the_run()
    assert "preload" not in run.folder.engine_log.read_text()
    assert not any("load its libraries" in notice.text for notice in run.state.notices)

    shown = [done.stdout, done.stderr]
    for arguments in (
        ("replay", "--json", "--speed", "1000"), ("report",), ("report", "--json"), ("runs",),
        ("doctor",), ("doctor", "--json"),
    ):  # fmt: skip
        other = gemini(*arguments)
        shown += [other.stdout, other.stderr]
    with on_terminal("attach", run.name, cwd=repository, columns=160) as terminal:
        terminal.wait_for("key-1 invalid")
        terminal.press("q")
        terminal.wait()
        shown.append(bytes(terminal.raw).decode(errors="replace"))
    assert leaks(*shown) == []
    assert leaking_files(state_home, repository) == []
    assert "login is skipped" in done.stderr + done.stdout


def test_no_credential_and_only_disabled_ones_are_reported_before_anything_starts(
    gemini: Program, issues: Issues, keys: Path, state_home: Path
) -> None:
    issues(2)
    none = gemini(*LLD)
    assert none.returncode == 2
    assert "There is no Gemini credential." in none.stderr
    assert "export GEMINI_API_KEY" in none.stderr
    text = keys.read_text().replace('"api_key"', '"api_key", "enabled": false')
    keys.write_text(text)
    disabled = gemini(*LLD, "--credentials", str(keys))
    assert disabled.returncode == 2
    assert "disabled: key-1, key-2, key-3" in disabled.stderr
    keys.chmod(0o644)
    open_to_all = gemini(*LLD, "--credentials", str(keys))
    assert open_to_all.returncode == 2
    assert f"Run: chmod 600 {keys}" in open_to_all.stderr
    assert run_folders() == []
    assert gemini("lld", "--all", "--dry-run").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--review-model", "gemini-2.0-flash"), "gemini-2.0-flash may not review"),
        (("--model", "no model"), "is not the name of a model"),
        (("--credentials", "none.json"), "none.json: No such file"),
    ],
)
def test_wrong_options_are_reported_before_anything_starts(
    gemini: Program, issues: Issues, arguments: tuple[str, ...], says: str
) -> None:
    issues(1)
    done = gemini(*LLD, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert run_folders() == []


def test_an_api_key_from_the_environment_is_in_no_process_but_the_first(
    gemini: Program, server: GeminiServer, issues: Issues, state_home: Path, repository: Path
) -> None:
    issues(1)
    done = gemini(*LLD, GEMINI_API_KEY=CANARIES[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert {request.key for request in server.requests} == {fingerprint(CANARIES[2])}
    assert leaks(done.stdout, done.stderr) == []
    assert leaking_files(state_home, repository) == []


def test_an_exhausted_day_stops_the_run_with_75_and_resume_uses_other_credentials(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path, state_home: Path
) -> None:
    issues(4)
    for project in server.projects:
        project.limits = {DEFAULT_MODEL: Limits(day=1)}
    done = gemini(*LLD, "--on-exhausted", "stop", "--credentials", str(keys))
    assert done.returncode == 75, done.stdout + done.stderr
    run = gemini.the_run()
    assert run.state.end_reason == "exhausted"
    waiting = [item for item in run.state.items.values() if item.state is State.QUOTA]
    assert waiting
    assert all("is exhausted until" in item.reason and item.until for item in waiting)
    assert f"assemblyzero-tui resume {run.name}" in done.stdout
    drafted = run.state.counts[State.DONE]
    asked = len(server.requests)

    server.projects[:] = [Project("more", ["fresh-canary-key-0000001"])]
    again = gemini("resume", "--plain", GEMINI_API_KEY="unused-canary-key-000001")
    assert again.returncode == 75
    text = json.dumps({"credentials": [{"name": "fresh", "key": "fresh-canary-key-0000001"}]})
    other = keys.with_name("other.json")
    other.touch(mode=0o600)
    other.write_text(text)
    again = gemini("resume", "--plain", "--credentials", str(other))
    assert again.returncode == 0, again.stdout + again.stderr
    assert gemini.the_run().state.counts[State.DONE] == 4
    assert drafted < 4
    assert len(server.requests) > asked
    assert leaking_files(state_home) == []


def test_two_engines_started_at_once_share_the_day_of_each_credential(
    gemini: Program, server: GeminiServer, issues: Issues, tmp_path: Path
) -> None:
    a_day = 2
    issues(4)
    for project in server.projects:
        project.limits = {"*": Limits(day=a_day)}
    known = tmp_path / "known.json"
    known.touch(mode=0o600)
    entries = [{"name": f"key-{n}", "key": key, "rpd": a_day} for n, key in enumerate(CANARIES)]
    known.write_text(json.dumps({"credentials": entries}))
    other = Program(make_repository(tmp_path / "other"), gemini.environment)
    words = (*LLD, "--on-exhausted", "stop", "--credentials", str(known))
    engines = [gemini.start(*words), other.start(*words)]
    said = [engine.communicate(timeout=DEADLINE) for engine in engines]

    assert 75 in [engine.returncode for engine in engines], said
    assert {request.status for request in server.requests} == {200}
    drafts = [request for request in server.requests if request.model == DEFAULT_MODEL]
    assert len(drafts) == a_day * len(CANARIES)
    runs = [LiveRun(folder) for folder in run_folders()]
    for run in runs:
        run.poll()
    assert len(runs) == 2
    states = [item.state for run in runs for item in run.state.items.values()]
    assert set(states) <= {State.DONE, State.QUOTA, State.QUEUED}


def test_a_credential_that_is_added_reaches_the_run_that_waits_for_one(
    gemini: Program, server: GeminiServer, issues: Issues
) -> None:
    issues(2)
    server.projects[0].limits = {"*": Limits(day=1)}
    add = ("pool", "add", "--json")
    assert gemini(*add, "one", "--rpd", "1", typed=CANARIES[0]).returncode == 0
    waiting = gemini.start(*LLD)
    wait_for(lambda: any(run.state.pool.paused for run in readable_runs()), "run that waits")
    done = gemini(*add, "two", "--rpm", "600", typed=CANARIES[1])
    assert json.loads(done.stdout)["runs"] == [gemini.the_run().name]
    out, err = waiting.communicate(timeout=DEADLINE)
    assert waiting.returncode == 0, out + err
    assert {request.key for request in server.requests} == set(map(fingerprint, CANARIES[:2]))
    assert leaks(out, err, done.stdout, done.stderr) == []


def test_when_every_credential_is_refused_nothing_is_lost_and_no_api_key_is_shown(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path, repository: Path,
    state_home: Path,
) -> None:  # fmt: skip
    issues(1)
    server.script(Fault.SUSPENDED)
    done = gemini(*LLD, "--credentials", str(keys))
    assert done.returncode == 75, done.stdout + done.stderr
    assert "credential key-3 is invalid and no longer used" in done.stdout
    assert "has been suspended" in done.stdout
    assert len(server.requests) == 3
    assert list((state_home / "checkpoints").rglob("*.db"))
    assert leaks(done.stdout, done.stderr) == []
    assert leaking_files(state_home, repository) == []
    server.unscript()
    asked = len(server.requests)
    again = gemini("resume", "--plain")
    assert again.returncode == 75, again.stdout + again.stderr
    assert len(server.requests) == asked  # a refused credential stays out until it is reset

    assert gemini("pool", "reset", "key-2", "--credentials", str(keys)).returncode == 0
    again = gemini("resume", "--plain")
    assert again.returncode == 0, again.stdout + again.stderr
    used = {request.key for request in server.requests[asked:]}
    assert used == {fingerprint(CANARIES[1])}
    assert gemini.the_run().state.counts[State.DONE] == 1


def test_a_model_without_capacity_is_waited_for(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path
) -> None:
    issues(1)
    server.script(Fault.UNAVAILABLE, times=5)
    done = gemini(*LLD, "--credentials", str(keys))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gemini-3.8-flash has no capacity right now" in done.stdout
    assert [request.status for request in server.requests[:6]] == [503] * 5 + [200]


def test_another_model_than_the_one_that_was_asked_does_not_review(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path, repository: Path
) -> None:
    issues(1)
    server.script(Fault.OTHER_MODEL, model=DEFAULT_REVIEW_MODEL)
    done = gemini(*LLD, "--credentials", str(keys))
    assert done.returncode == 1
    assert f"{DEFAULT_REVIEW_MODEL} was requested, but gemini-0.5-tiny answered" in done.stdout
    assert not (repository / "docs/lld/active").exists()


def test_doctor_lists_the_credentials_by_name(
    gemini: Program, keys: Path, state_home: Path
) -> None:
    state_home.mkdir(parents=True)
    target = state_home / "gemini-credentials.json"
    target.touch(mode=0o600)
    target.write_text(keys.read_text())
    said = gemini("doctor").stdout
    assert "key-1 (" in said
    assert "key-3 (" in said
    assert str(target) in said
    assert "login is skipped" in said
    assert "google-generativeai 0.8" in said
    assert leaks(said) == []


def one_limited(keys: Path, **limits: int) -> Path:
    """A file with one credential and these limits."""
    entry = {"name": "key-1", "type": "api_key", "key": CANARIES[0]} | limits
    keys.write_text(json.dumps({"credentials": [entry]}))
    return keys


@pytest.mark.parametrize("provider", ["gemini", "genai"])
def test_a_prompt_is_counted_by_the_service_while_its_call_waits(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path, repository: Path,
    state_home: Path, provider: str,
) -> None:  # fmt: skip
    issues(3)
    file = one_limited(keys, rpm=40, tpm=60_000)
    done = gemini(*LLD, "--provider", provider, "--credentials", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(server.counted) <= {DEFAULT_MODEL, DEFAULT_REVIEW_MODEL}
    assert server.counted
    assert all(request.status == 200 for request in server.requests)
    assert leaking_files(state_home, repository) == []


def test_a_prompt_larger_than_the_tokens_of_a_minute_fails_with_both_numbers(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path
) -> None:
    issues(1)
    done = gemini(*LLD, "--credentials", str(one_limited(keys, tpm=300)))
    assert done.returncode == 1
    assert "tokens, and the quota allows 300 tokens per minute" in done.stdout
    assert "a credential with a higher quota" in done.stdout
    assert server.requests == []
