"""The credential_service of a run: real store, a real file of keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from assemblyzero_tui.app.credentials.service import RunCredentialService
from assemblyzero_tui.app.launch.credential_access import credential_service_of_run
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import RunFolder, pool_file
from assemblyzero_tui.runner.credentials.credentials import read_file
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.pool.grants.clock import MachineClock
from assemblyzero_tui.runner.pool.store.store import PoolStore
from assemblyzero_tui.runner.runs.run_source import RunSource
from tests.gemini_server import Fault, GeminiServer, Project

CANARY = "AIzaCanaryOfTheDeskTests0001"


@dataclass
class Over:
    """A run that is over."""

    live: bool = False


def credential_service(tmp_path: Path, **more: Any) -> RunCredentialService:
    spec = RunSpec(
        run="r", workflow="lld", repository="/r", items=[], **{"provider": "gemini"} | more
    )
    return credential_service_of_run(spec, RunFolder(tmp_path), lambda: cast("RunSource", Over()))


def disabled(path: Path) -> dict[str, str]:
    store = PoolStore.open(path, MachineClock())
    found = {key.name: key.disabled for key in store.snapshot().credentials}
    store.close()
    return found


async def test_orders_are_written_into_the_books_of_this_machine(tmp_path: Path) -> None:
    mine = credential_service(tmp_path)
    await mine.disable("0a0a0a0a", "work")
    assert disabled(pool_file()) == {"work": "by you"}
    await mine.enable("0a0a0a0a", "work")
    await mine.reset("0a0a0a0a", "work")
    assert disabled(pool_file()) == {"work": ""}


async def test_a_demo_has_books_of_its_own_and_keeps_no_key(
    tmp_path: Path, state_home: Path
) -> None:
    demo = credential_service(tmp_path, demo=True, provider="offline")
    await demo.disable("0a0a0a0a", "key-1")
    assert disabled(pool_file(RunFolder(tmp_path))) == {"key-1": "by you"}
    assert demo.read_only_reason.startswith("A demo uses its own credentials")
    with pytest.raises(TuiError, match="A demo uses its own credentials"):
        await demo.add("work", CANARY, "")
    with pytest.raises(TuiError, match="cannot be tested"):
        await demo.test("0a0a0a0a", "key-1")
    assert not state_home.exists()


async def test_a_key_is_kept_where_the_run_has_its_keys_from(
    tmp_path: Path, state_home: Path
) -> None:
    usual = credential_service(tmp_path)
    assert usual.location == f"~/{state_home.name}/gemini-credentials.json"
    await usual.disable(Secret(CANARY).fingerprint, "before")
    await usual.add("work", CANARY, "shop")
    (kept,) = read_file(state_home / "gemini-credentials.json").credentials
    assert (kept.name, kept.project, kept.secret.reveal()) == ("work", "shop", CANARY)
    assert disabled(pool_file()) == {"before": ""}
    await usual.disable(Secret(CANARY).fingerprint, "work")
    said = await usual.add("another-name", CANARY, "")
    assert said.startswith("work is stored in")
    assert disabled(pool_file()) == {"before": ""}
    other = tmp_path / "keys.json"
    await credential_service(tmp_path, credentials=str(other)).add("work", CANARY, "")
    assert len(read_file(other).credentials) == 1


async def test_a_key_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps([{"name": "work", "key": CANARY}]))
    mine = credential_service(tmp_path, credentials=str(file))
    with GeminiServer([Project("shop", [CANARY])]) as server:
        monkeypatch.setenv(ENDPOINT, server.url)
        said = await mine.test(Secret(CANARY).fingerprint, "work")
        assert said.startswith("work: works: gemini-3.8-flash answered in ")
        server.script(Fault.SUSPENDED)
        said = await mine.test(Secret(CANARY).fingerprint, "work")
        assert said.startswith("work: the credential may not be used: ")
        assert CANARY not in said
        assert len(server.requests) == 2
    with pytest.raises(TuiError, match=r"is no longer in"):
        await mine.test("0a0a0a0a", "work")
