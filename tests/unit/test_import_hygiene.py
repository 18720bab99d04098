"""Each part of the program imports only what it may, seen in a fresh interpreter."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from multiprocessing import forkserver

import pytest

import assemblyzero_tui.runner as runner
from assemblyzero_tui.runner.engine.executors.forkserver import start_context
from assemblyzero_tui.runner.model.provider_catalog import PROVIDERS, ProviderEntry

WORKER_SIDE = (
    "assemblyzero_tui.runner.llm.gemini",
    "assemblyzero_tui.runner.llm.genai",
    "assemblyzero_tui.runner.worker.context",
    "assemblyzero_tui.runner.worker.database",
    "assemblyzero_tui.runner.worker.graph_run",
    "assemblyzero_tui.runner.worker.preload",
    "assemblyzero_tui.runner.workflows.issue.workflow",
    "assemblyzero_tui.runner.workflows.issue.nodes",
    "assemblyzero_tui.runner.workflows.lld.workflow",
)
"""The only modules of the runner that may load LangGraph or an SDK."""


def modules() -> list[str]:
    found = pkgutil.walk_packages(runner.__path__, "assemblyzero_tui.runner.")
    return sorted(module.name for module in found if not module.name.endswith("__main__"))


def loaded_by(names: list[str], *unwanted: str) -> list[str]:
    """Which of the unwanted packages a fresh interpreter has loaded after importing ``names``."""
    program = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {unwanted!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_no_module_of_the_runner_loads_textual() -> None:
    assert len(modules()) > 30
    assert loaded_by(modules(), "textual") == []


def test_only_the_worker_side_loads_langgraph() -> None:
    light = [name for name in modules() if name not in WORKER_SIDE]
    sdks = ("google.api_core", "google.auth", "google.genai", "google.generativeai", "grpc")
    others = ("langgraph", "langchain_core", "requests", "httpx", "keyring")
    assert loaded_by(light, *sdks, *others) == []


@pytest.mark.parametrize(
    "command",
    [
        "lld",
        "issue",
        "demo",
        "runs",
        "attach",
        "stop",
        "resume",
        "report",
        "replay",
        "pool",
        "doctor",
    ],
)
def test_help_loads_nothing_heavy(command: str) -> None:
    program = (
        "import sys\n"
        "from assemblyzero_tui.app.__main__ import main\n"
        f"sys.argv = ['assemblyzero-tui', '{command}', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'textual', 'rich', 'langgraph', 'pydantic', 'asyncio'}\n"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "Examples:" in done.stdout
    assert done.stderr.split() == []


PRELOAD = "assemblyzero_tui.runner.worker.preload"
SDK_PROVIDERS = [entry for entry in PROVIDERS.values() if entry.distribution]


def test_what_the_forkserver_loads_has_an_sdk_only_if_the_provider_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert loaded_by([PRELOAD], "google.api_core", "google.genai", "grpc") == []
    server = vars(forkserver)["_forkserver"]
    monkeypatch.setattr(server, "_preload_modules", [])
    start_context("forkserver")
    assert server._preload_modules == [PRELOAD]
    for provider in PROVIDERS.values():
        start_context("forkserver", provider.name)
        assert server._preload_modules == [provider.module, PRELOAD]


@pytest.mark.parametrize("provider", SDK_PROVIDERS, ids=lambda provider: provider.name)
def test_an_sdk_leaves_no_thread_and_no_connection_before_the_fork(
    provider: ProviderEntry,
) -> None:
    assert loaded_by([provider.module, PRELOAD], "google.generativeai") == []


def test_the_preload_refuses_to_fork_with_a_connection_or_a_thread() -> None:
    for leftover in (
        "import socket; left = socket.socket(socket.AF_INET)",
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
    ):
        program = f"{leftover}\nimport {PRELOAD}"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "before the fork" in done.stderr
