"""``--debug``: a log of the command, one of its engine and one of each worker; no secret in any."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from tests.gemini_server import Fault, GeminiServer
from tests.integration.cli.canaries import CANARIES, leaks
from tests.integration.cli.conftest import Program

DEMO = ("demo", "--items", "2", "--latency", "0", "--plain", "--parallel", "2")


def test_without_debug_there_are_no_logs(program: Program) -> None:
    done = program(*DEMO)
    assert done.returncode == 0, done.stderr
    assert not program.the_run().folder.debug.exists()
    assert "Debug logs" not in done.stderr


def test_command_engine_and_workers_each_write_a_log(program: Program) -> None:
    done = program("--debug", *DEMO)
    assert done.returncode == 0, done.stderr
    folder = program.the_run().folder.debug
    assert done.stderr.endswith(f"Debug logs: {folder}\n")
    names = sorted(path.name for path in folder.iterdir())
    assert [name.partition("-")[0] for name in names] == [
        "command", "engine.log", "worker", "worker",
    ]  # fmt: skip
    command, engine, worker, _ = (path.read_text() for path in sorted(folder.iterdir()))
    for text, events in (
        (command, ("started the engine as process", "the engine is ready", "connected to")),
        (engine, ("the engine serves", "starting -> running", "Grant(", "a client connects",
                  "its worker has ended: finished", "the engine ends: finished, exit code 0")),
        (worker, ("starts without a checkpoint", "calls", "ended: finished")),
    ):  # fmt: skip
        for event in events:
            assert event in text, text


@pytest.mark.parametrize(
    "command",
    [DEMO, ("issue", "--all", "--no-file", "--provider", "offline", "--latency", "0", "--plain")],
    ids=["lld", "issue"],
)
def test_workers_import_nothing_as_the_forkserver_has_loaded_it(
    program: Program, repository: Path, command: tuple[str, ...]
) -> None:
    idea = repository / "ideas" / "active" / "lamps.md"
    idea.parent.mkdir(parents=True)
    idea.write_text("# Lamps\n\nLet lamps be lit.\n")
    done = program("--debug", *command)
    assert done.returncode == 0, done.stderr
    logs = list(program.the_run().folder.debug.glob("worker-*.log"))
    assert logs
    for log in logs:
        imported = re.search(r"imported after the start: (.*)", log.read_text())
        assert imported is not None
        assert imported[1] == ""


def test_json_on_stdout_stays_json(program: Program) -> None:
    done = program("--debug", *[each for each in DEMO if each != "--plain"], "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()]
    assert "Debug logs: " in done.stderr


def test_the_variable_asks_for_them_too_and_the_next_command_adds_its_own(
    program: Program,
) -> None:
    assert program(*DEMO, ASSEMBLYZERO_TUI_DEBUG="true").returncode == 0
    assert program("--debug", "attach", "--plain").returncode == 0
    folder = program.the_run().folder.debug
    assert len(list(folder.glob("command-*.log"))) == 2
    assert (folder / "engine.log").exists()


def test_no_log_has_an_api_key(
    program: Program, server: GeminiServer, issues: Callable[..., list[int]], tmp_path: Path
) -> None:
    issues(2)
    server.script(Fault.SUSPENDED, key=CANARIES[0])
    server.script(Fault.RESET, times=1)
    keys = tmp_path / "keys.json"
    keys.touch(mode=0o600)
    entries = [{"name": f"key-{n}", "key": key} for n, key in enumerate(CANARIES)]
    keys.write_text(json.dumps({"credentials": entries}))
    program.environment[ENDPOINT] = server.url
    done = program(
        "--debug", "lld", "--all", "--parallel", "2", "--plain", "--credentials", str(keys)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    texts = [path.read_text() for path in program.the_run().folder.debug.iterdir()]
    assert len(texts) == 4
    assert any("Grant(" in text and "key-1" in text for text in texts)
    assert leaks(done.stderr, *texts) == []
