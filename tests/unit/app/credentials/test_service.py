"""Orders about keys: written into the store, and told to the engine."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest

from assemblyzero_tui.app.credentials.actions import CredentialService
from assemblyzero_tui.app.credentials.service import RunCredentialService
from assemblyzero_tui.runner.base.errors import EngineError, TuiError
from assemblyzero_tui.runner.model.commands import AddCredential, AnyCommand, Reply
from assemblyzero_tui.runner.runs.run_source import RunSource

CANARY = "AIzaCanary-0123456789-abcdefghijk"


class Engine:
    """A source that notes what is sent."""

    def __init__(self, *, live: bool = True) -> None:
        self.live = live
        self.sent: list[AnyCommand] = []
        self.refusal = ""

    async def send(self, command: AnyCommand) -> Reply:
        if self.refusal:
            raise EngineError(self.refusal)
        self.sent.append(command)
        return Reply()


class NotedBooks:
    """CredentialStore that note the orders."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, ...]] = []

    def disable(self, fingerprint: str, name: str, why: str) -> None:
        self.orders.append(("disable", fingerprint, name, why))

    def enable(self, fingerprint: str) -> None:
        self.orders.append(("enable", fingerprint))

    def reset(self, fingerprint: str) -> None:
        self.orders.append(("reset", fingerprint))


def desk_of(engine: Engine, store: NotedBooks, **more: Any) -> tuple[CredentialService, list[Any]]:
    kept: list[Any] = []

    def keep(*key: str) -> str:
        kept.append(key)
        return key[0]

    credential_service = RunCredentialService(
        lambda: cast("RunSource", engine),
        lambda: nullcontext(store),
        Path.home() / ".assemblyzero/gemini-credentials.json",
        keep,
        **more,
    )
    return credential_service, kept


async def test_orders_are_written_down_and_said() -> None:
    store = NotedBooks()
    credential_service, _ = desk_of(Engine(), store)
    assert (
        await credential_service.disable("0a", "a")
        == "a is disabled. A call in progress is finished."
    )
    assert await credential_service.enable("0a", "a") == "a is enabled."
    assert await credential_service.reset("0a", "a") == "a is reset: it is probed with one call."
    assert store.orders == [("disable", "0a", "a", "by you"), ("enable", "0a"), ("reset", "0a")]


async def test_a_credential_is_stored_and_sent_to_the_engine() -> None:
    engine = Engine()
    credential_service, kept = desk_of(engine, NotedBooks())
    said = await credential_service.add("a", CANARY, "shop")
    assert said == "a is added, and stored in ~/.assemblyzero/gemini-credentials.json."
    assert kept == [("a", CANARY, "shop")]
    assert engine.sent == [AddCredential(name="a", key=CANARY, project="shop")]


async def test_without_an_engine_a_credential_is_stored_for_later() -> None:
    engine = Engine(live=False)
    credential_service, kept = desk_of(engine, NotedBooks())
    assert (await credential_service.add("a", CANARY, "")).endswith(
        "the run uses it when it is resumed."
    )
    assert kept
    assert not engine.sent


async def test_a_refusal_of_the_engine_is_shown_without_the_api_key() -> None:
    engine = Engine()
    engine.refusal = "it has a key called a"
    credential_service, _ = desk_of(engine, NotedBooks())
    with pytest.raises(TuiError, match="but the engine did not accept it: it has a key") as told:
        await credential_service.add("a", CANARY, "")
    assert CANARY not in str(told.value)


async def test_a_test_is_one_call_or_says_where_it_can_be_made() -> None:
    credential_service, _ = desk_of(
        Engine(), NotedBooks(), check_credential=lambda fingerprint: f"{fingerprint} works"
    )
    assert await credential_service.test("0a", "a") == "a: 0a works"
    credential_service, _ = desk_of(Engine(), NotedBooks())
    with pytest.raises(TuiError, match="cannot be tested"):
        await credential_service.test("0a", "a")
