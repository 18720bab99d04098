"""How keys stand, as rows: what the file says, and what the store say."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from assemblyzero_tui.app.credentials.status_rows import HEADER, described, rows
from assemblyzero_tui.runner.credentials.credentials import CredentialSource
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Release
from tests.unit.runner.pool.clocks import HandClock
from tests.unit.runner.pool.store_examples import CANARY, MODEL, Engine, credential

KEYS = (credential(1, "shop", rpm=5, rpd=100), credential(2), credential(3))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def engine(tmp_path: Path, clock: HandClock) -> Engine:
    return Engine(tmp_path / "pool.db", clock, KEYS, run="a run")


def _release(lease: int, outcome: Outcome, *, retry_after: float = 0.0, tokens: int = 0) -> Release:
    return Release(
        lease=lease, outcome=outcome, model=MODEL, retry_after=retry_after, input_tokens=tokens
    )


def test_every_credential_is_listed_with_use_and_holders(engine: Engine, clock: HandClock) -> None:
    held, rested, third = engine.ask(3, "LLD-7")
    engine.pool.release("LLD-7", 1, _release(rested.lease, Outcome.MINUTE, retry_after=40.0))
    engine.pool.release("LLD-7", 1, _release(third.lease, Outcome.OK, tokens=8))
    engine.exchange()
    engine.store.disable(credential(3).secret.fingerprint, "key-3")
    clock.advance(1.0)
    engine.exchange()
    found = CredentialSource("a file", KEYS, ("key-4",))
    told = {key["name"]: key for key in described(found, engine.store.snapshot())}
    assert list(told) == ["key-1", "key-2", "key-3", "key-4"]
    mine, resting = told[held.name], told[rested.name]
    assert mine["held_by"] == [
        {"run": "a run", "item": "LLD-7", "model": MODEL, "since": clock.wall() - 1.0}
    ]
    assert resting["state"] == "cooling"
    assert resting["until"] == pytest.approx(clock.wall() + 39.0)
    assert (resting["answered"], resting["refused"]) == (0, 1)
    (quota,) = told["key-1"]["quotas"]
    assert (quota["minute"], quota["per_minute"], quota["day"], quota["per_day"]) == (1, 5, 1, 100)
    assert (told["key-3"]["state"], told["key-3"]["reason"]) == ("disabled", "by you")
    assert (told["key-4"]["state"], told["key-4"]["reason"]) == ("disabled", "in the file")
    assert CANARY.encode() not in msgspec.json.encode(told)

    lines = [dict(zip(HEADER, line, strict=True)) for line in rows([*told.values()], clock.wall())]
    table = {line["name"]: line for line in lines}
    assert table[held.name]["used by"] == "a run LLD-7"
    assert table[rested.name]["state"] == "cooling"
    assert table[rested.name]["until"] == "in 0:39"
    assert table["key-1"]["minute"] == "1/5"
    assert table["key-2"]["today"] == "1/?"
    assert table["key-3"]["state"] == table["key-4"]["state"] == "disabled"


def test_a_credential_with_two_models_has_two_lines(engine: Engine) -> None:
    engine.ask()
    engine.exchange(
        lambda: engine.pool.grant_directly(
            "key-1", "LLD-1", Acquire(request=99, model="other-model")
        )
    )
    told = described(CredentialSource("a file", KEYS[:1]), engine.store.snapshot())
    lines = [dict(zip(HEADER, line, strict=True)) for line in rows(told, 0.0)]
    assert [line["model"] for line in lines] == [MODEL, "other-model"]
    assert [line["name"] for line in lines] == ["key-1", ""]


def test_tokens_are_shown_where_their_limit_is_known(tmp_path: Path, clock: HandClock) -> None:
    keys = (credential(1, tpm=9000), credential(2))
    engine = Engine(tmp_path / "pool.db", clock, keys)
    engine.ask(tokens=700)
    clock.advance(1.0)
    engine.ask(tokens=700)
    told = described(CredentialSource("a file", keys), engine.store.snapshot())
    lines = [dict(zip(HEADER, line, strict=True)) for line in rows(told, 0.0)]
    assert sorted(line["tokens/min"] for line in lines) == ["", "1400/9000"]
    (quota,) = told[0]["quotas"]
    assert (quota["minute_tokens"], quota["tokens_per_minute"]) == (1400, 9000)
    assert not quota["tokens_learned"]
