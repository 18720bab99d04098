"""``assemblyzero-tui pool``, from the command to the credentials file and the server."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.base.paths import pool_file
from assemblyzero_tui.runner.credentials.credentials import read_file
from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from assemblyzero_tui.runner.model.model_catalog import DEFAULT_MODEL, DEFAULT_REVIEW_MODEL
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.store.store import PoolStore
from tests.gemini_server import Fault, GeminiServer, Limits, fingerprint
from tests.integration.cli.canaries import CANARIES, leaks
from tests.integration.cli.conftest import DEADLINE, Program
from tests.terminal.screen import program as on_terminal

Done = subprocess.CompletedProcess[str]


class Pool:
    """The commands about credentials; all their output is searched for API keys at once."""

    def __init__(self, program: Program, home: Path) -> None:
        self.program = program
        self.home = home

    def __call__(self, *arguments: str, code: int = 0, typed: str = "", **env: str) -> Done:
        done = self.program("pool", *arguments, typed=typed, patience=DEADLINE, **env)
        assert done.returncode == code, done.stdout + done.stderr
        assert leaks(done.stdout, done.stderr) == []
        for file in self.home.rglob("*"):
            if file.is_file() and file.name != "gemini-credentials.json":
                assert leaks(file.read_bytes()) == [], file
        return done

    def json(self, *arguments: str, **more: Any) -> dict[str, dict[str, Any]]:
        """The JSON output, by the names of the credentials."""
        lines = self(*arguments, "--json", **more).stdout.splitlines()
        return {row["name"]: row for row in map(json.loads, lines)}

    def add_all(self) -> None:
        for number, key in enumerate(CANARIES, 1):
            self("add", f"key-{number}", typed=f"{key}\n")

    @property
    def file(self) -> Path:
        return self.home / "gemini-credentials.json"


@pytest.fixture
def pool(program: Program, server: GeminiServer, state_home: Path) -> Pool:
    program.environment[ENDPOINT] = server.url
    return Pool(program, state_home)


def test_a_credential_is_added_shown_disabled_enabled_and_removed(pool: Pool) -> None:
    said = pool("add", "work", "--project", "shop", "--rpm", "5", typed=f"{CANARIES[0]}\nmore\n")
    assert said.stdout == f"work is stored in {pool.file}.\n"
    assert stat.S_IMODE(pool.file.stat().st_mode) == 0o600
    (credential,) = read_file(pool.file).credentials
    assert credential.secret.reveal() == CANARIES[0]
    assert (credential.project, credential.limits(DEFAULT_MODEL)) == ("shop", (5, None))
    pool("add", "spare", typed=CANARIES[1])
    table = pool("status").stdout
    assert fingerprint(CANARIES[0]) in table
    assert "shop" in table

    assert "spare is disabled" in pool("disable", "spare").stdout
    state = pool.json("status")["spare"]
    assert (state["state"], state["reason"]) == ("disabled", "by you")
    assert state["since"] > 1_700_000_000
    assert pool.json("enable", fingerprint(CANARIES[1]))["spare"]["done"] == "enabled"
    assert pool.json("status")["spare"]["state"] == "ready"
    assert "is probed with one call" in pool("reset", "work").stdout

    assert "Use --yes" in pool("remove", "spare", code=2).stderr
    assert f"is removed from {pool.file}" in pool("remove", "spare", "--yes").stdout
    assert list(pool.json("status")) == ["work"]
    store = PoolStore.open(pool_file(), MachineClock())
    removed = store.snapshot().credential(fingerprint(CANARIES[1]))
    assert removed is not None
    assert removed.disabled == "removed"
    store.close()
    assert pool.json("add", "again", typed=CANARIES[1])["again"]["done"] == "added"
    assert pool.json("status")["again"]["state"] == "ready"


def test_a_credential_that_the_file_disables_is_shown_and_enabled(pool: Pool) -> None:
    pool("add", "work", typed=CANARIES[0])
    pool.file.write_text(pool.file.read_text().replace("true", "false"))
    state = pool.json("status")["work"]
    assert (state["state"], state["reason"], state["fingerprint"]) == (
        "disabled", "in the file", None,
    )  # fmt: skip
    assert "pool enable work" in pool("disable", "work", code=2).stderr
    assert "Every credential in" in pool("test", code=2).stderr
    pool("enable", "work")
    assert pool.json("status")["work"]["state"] == "ready"


def test_an_api_key_is_never_taken_from_the_command_line(pool: Pool) -> None:
    for arguments in (
        (CANARIES[0],), ("work", CANARIES[0]), ("--rpm", CANARIES[0], "work"),
        ("--project", CANARIES[0], "work"), ("work", f"--key={CANARIES[0]}"),
        ("work", f"--rpm={CANARIES[0]}"), ("my " + CANARIES[1],),
    ):  # fmt: skip
        pool("add", *arguments, code=2, typed=CANARIES[0])
    assert not pool.file.exists()
    pool("add", "work", typed=CANARIES[0])
    for verb in ("disable", "enable", "reset", "remove", "test"):
        assert "no such credential" in pool(verb, CANARIES[0], code=2).stderr


def test_what_is_no_api_key_or_is_there_already_is_not_added(pool: Pool) -> None:
    for typed in ("", "\n", "short\n", "two words that are long enough\n"):
        assert "is invalid" in pool("add", "work", code=2, typed=typed).stderr
    assert not pool.file.exists()
    pool("add", "work", typed=CANARIES[0])
    assert (
        "already has a credential called 'work'"
        in pool("add", "work", code=2, typed=CANARIES[1]).stderr
    )
    assert "it is called 'work'" in pool("add", "spare", code=2, typed=CANARIES[0]).stderr
    assert "no credential called 'nobody'" in pool("disable", "nobody", code=2).stderr


def test_a_file_that_hides_an_api_key_of_the_environment_says_so(
    pool: Pool, tmp_path: Path
) -> None:
    assert list(pool.json("status", GEMINI_API_KEY=CANARIES[2])) == ["gemini_api_key"]
    assert "pool disable gemini_api_key" in (
        pool("remove", "gemini_api_key", "--yes", code=2, GEMINI_API_KEY=CANARIES[2]).stderr
    )
    said = pool("add", "work", typed=CANARIES[0], GEMINI_API_KEY=CANARIES[2]).stderr
    assert "Until now, the environment variable GEMINI_API_KEY was used" in said
    other = tmp_path / "keys" / "gemini-credentials.json"
    pool("add", "other", "--credentials", str(other), typed=CANARIES[1], GEMINI_API_KEY=CANARIES[2])
    assert list(pool.json("status", "--credentials", str(other))) == ["other"]


def test_the_api_key_is_prompted_for_on_a_terminal_and_not_shown(
    pool: Pool, repository: Path
) -> None:
    with on_terminal("pool", "add", "work", cwd=repository) as terminal:
        terminal.wait_for("API key of work (not shown)")
        terminal.press(f"{CANARIES[0]}\r")
        assert terminal.wait() == 0
        assert leaks(bytes(terminal.raw)) == []
    assert len(read_file(pool.file).credentials) == 1
    with on_terminal("pool", "remove", "work", cwd=repository) as terminal:
        terminal.wait_for("Remove work from")
        terminal.press("n\r")
        assert terminal.wait() == 1
    assert len(read_file(pool.file).credentials) == 1


@pytest.mark.parametrize("provider", ["gemini", "genai"])
def test_each_credential_is_tested_with_one_call_that_counts(
    pool: Pool, server: GeminiServer, provider: str
) -> None:
    pool.add_all()
    server.script(Fault.SUSPENDED, key=CANARIES[1])
    server.projects[2].limits = {DEFAULT_MODEL: Limits(minute=0)}
    done = pool("test", "--provider", provider, code=1)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"key-1  ok             works: {DEFAULT_MODEL} answered in ")
    assert lines[1].startswith("key-2  auth           the credential may not be used: ")
    assert "has been suspended" in lines[1]
    assert lines[2].startswith("key-3  no_tier        the credential's project has no quota")
    assert [request.key for request in server.requests] == [*map(fingerprint, CANARIES)]
    status = pool.json("status")
    assert [credential["state"] for credential in status.values()] == [
        "ready",
        "invalid",
        "no_tier",
    ]
    assert [credential["answered"] for credential in status.values()] == [1, 0, 0]
    assert [credential["refused"] for credential in status.values()] == [0, 1, 1]
    (quota,) = status["key-1"]["quotas"]
    assert (quota["model"], quota["minute"], quota["day"]) == (DEFAULT_MODEL, 1, 1)
    assert status["key-1"]["input_tokens"] > 0
    table = pool("status").stdout
    assert "invalid" in table
    assert "no quota" in table


def test_a_credential_that_works_again_is_used_again(pool: Pool, server: GeminiServer) -> None:
    pool("add", "work", typed=CANARIES[0])
    server.script(Fault.BAD_KEY, times=1)
    pool("test", code=1)
    assert pool.json("status")["work"]["state"] == "invalid"
    tried = pool.json("test", "--model", DEFAULT_REVIEW_MODEL)["work"]
    assert (tried["ok"], tried["outcome"], tried["model"]) == (True, "ok", DEFAULT_REVIEW_MODEL)
    state = pool.json("status")["work"]
    assert (state["state"], len(state["quotas"])) == ("ready", 2)
    assert [quota["day"] for quota in state["quotas"]] == [1, 1]


def test_a_disabled_credential_is_tested_only_if_it_is_named_and_stays_disabled(
    pool: Pool, server: GeminiServer
) -> None:
    pool.add_all()
    pool("disable", "key-2")
    done = pool("test")
    assert "key-2 is disabled (by you); name it to test it" in done.stderr
    assert len(server.requests) == 2
    assert pool.json("test", "key-2")["key-2"]["ok"]
    assert pool.json("status")["key-2"]["state"] == "disabled"


def test_a_credential_whose_day_is_exhausted_is_tested_all_the_same(
    pool: Pool, server: GeminiServer
) -> None:
    pool("add", "work", "--rpd", "1", typed=CANARIES[0])
    pool("test")
    assert pool.json("status")["work"]["state"] == "exhausted"
    assert pool.json("test")["work"]["ok"]
    state = pool.json("status")["work"]
    assert state["state"] == "exhausted"
    assert state["until"] > 1_700_000_000
    assert [(quota["day"], quota["per_day"]) for quota in state["quotas"]] == [(2, 1)]
    assert "daily quota" in pool("status").stdout


def test_without_a_credential_the_way_to_one_is_shown(pool: Pool) -> None:
    for verb in ("status", "test"):
        said = pool(verb, code=2).stderr
        assert "There is no Gemini credential." in said
        assert "assemblyzero-tui pool add NAME" in said


SMALL = ("--workflows", "12", "--workers", "4", "--calls", "3", "--keys", "1", "--projects", "1",
         "--seeds", "3")  # fmt: skip


def test_a_simulation_shows_least_median_and_greatest(pool: Pool) -> None:
    found = json.loads(pool("simulate", *SMALL, "--json").stdout)
    assert found["seeds"] == 3
    assert found["scenario"]["workflows"] == 12
    assert set(found["figures"]) == {
        "wasted_429", "makespan_over_bound", "makespan_s", "jain", "turnaround_s", "wait_p95_s",
        "parked",
    }  # fmt: skip
    assert found["figures"]["wasted_429"] == {"min": 0.0, "median": 0.0, "max": 0.0}
    assert found["figures"]["jain"]["min"] >= 0.98
    for figure in found["figures"].values():
        assert figure["min"] <= figure["median"] <= figure["max"]
    assert json.loads(pool("simulate", *SMALL, "--json").stdout) == found
    table = pool("simulate", *SMALL).stdout.splitlines()
    assert table[0].split()[:4] == ["figure", "min", "median", "max"]
    assert len(table) == 8


def test_a_simulation_limits_tokens_and_sets_the_length_of_calls(pool: Pool) -> None:
    tokens = ("--tpm", "60000", "--tokens", "10000", "--rpm", "100", "--call-seconds", "3.5")
    found = json.loads(pool("simulate", *SMALL, *tokens, "--count-tokens", "--json").stdout)
    scenario = found["scenario"]
    assert (scenario["tpm"], scenario["tokens"], scenario["call_seconds"]) == (60000, 10000, 3.5)
    assert found["figures"]["wasted_429"]["max"] == 0.0
    # 36 calls of 10,000 tokens take more than 4 minutes of 60,000
    assert found["figures"]["makespan_s"]["min"] > 240


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--keys", "2", "--projects", "3"), "2 credentials cannot be spread over 3 projects"),
        (("--keys", "0"), "0 is not in the range"),
        (("--hidden-projects", "9"), "4 credentials cannot be spread over 9 projects"),
        (("--rpm", "x"), "'x' is not a valid integer"),
        (("--seeds", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_simulated_is_said(
    pool: Pool, arguments: tuple[str, ...], says: str
) -> None:
    assert says in pool("simulate", *arguments, code=2).stderr
