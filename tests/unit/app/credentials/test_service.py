"""Orders about keys: written into the books, and told to the engine."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest

from assemblyzero_tui.app.credentials.actions import PoolDesk
from assemblyzero_tui.app.credentials.service import BooksDesk
from assemblyzero_tui.runner.base.errors import EngineError, TuiError
from assemblyzero_tui.runner.model.commands import AddKey, AnyCommand, Reply
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
    """Books that note the orders."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, ...]] = []

    def disable(self, fingerprint: str, name: str, why: str) -> None:
        self.orders.append(("disable", fingerprint, name, why))

    def enable(self, fingerprint: str) -> None:
        self.orders.append(("enable", fingerprint))

    def reset(self, fingerprint: str) -> None:
        self.orders.append(("reset", fingerprint))


def desk_of(engine: Engine, books: NotedBooks, **more: Any) -> tuple[PoolDesk, list[Any]]:
    kept: list[Any] = []

    def keep(*key: str) -> str:
        kept.append(key)
        return key[0]

    desk = BooksDesk(
        lambda: cast("RunSource", engine),
        lambda: nullcontext(books),
        Path.home() / ".assemblyzero/gemini-credentials.json",
        keep,
        **more,
    )
    return desk, kept


async def test_orders_are_written_down_and_said() -> None:
    books = NotedBooks()
    desk, _ = desk_of(Engine(), books)
    assert await desk.disable("0a", "a") == "a is switched off. A call under way with it goes on."
    assert await desk.enable("0a", "a") == "a is switched on."
    assert await desk.reset("0a", "a") == "a is reset: it is tried with one call."
    assert books.orders == [("disable", "0a", "a", "by you"), ("enable", "0a"), ("reset", "0a")]


async def test_a_key_is_kept_and_given_to_the_engine() -> None:
    engine = Engine()
    desk, kept = desk_of(engine, NotedBooks())
    said = await desk.add("a", CANARY, "shop")
    assert said == "a is added, and kept in ~/.assemblyzero/gemini-credentials.json."
    assert kept == [("a", CANARY, "shop")]
    assert engine.sent == [AddKey(name="a", key=CANARY, project="shop")]


async def test_without_an_engine_a_key_is_kept_for_later() -> None:
    engine = Engine(live=False)
    desk, kept = desk_of(engine, NotedBooks())
    assert (await desk.add("a", CANARY, "")).endswith("the run uses it when it is resumed.")
    assert kept
    assert not engine.sent


async def test_a_refusal_of_the_engine_is_told_without_the_key() -> None:
    engine = Engine()
    engine.refusal = "it has a key called a"
    desk, _ = desk_of(engine, NotedBooks())
    with pytest.raises(TuiError, match="but the engine did not take it: it has a key") as told:
        await desk.add("a", CANARY, "")
    assert CANARY not in str(told.value)


async def test_a_test_is_one_call_or_says_where_it_can_be_made() -> None:
    desk, _ = desk_of(Engine(), NotedBooks(), try_key=lambda fingerprint: f"{fingerprint} works")
    assert await desk.test("0a", "a") == "a: 0a works"
    desk, _ = desk_of(Engine(), NotedBooks())
    with pytest.raises(TuiError, match="cannot be tested"):
        await desk.test("0a", "a")
