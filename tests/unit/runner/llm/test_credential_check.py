"""Checking a credential with one call: it counts, and its result reaches every run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.llm.credential_check import CredentialCheck
from assemblyzero_tui.runner.llm.provider import (
    USUAL_SILENCE,
    Answer,
    CallError,
    Request,
    Silence,
)
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.pool.grants.quota import QuotaState
from assemblyzero_tui.runner.pool.store.store import PoolStore
from tests.unit.runner.pool.clocks import HandClock
from tests.unit.runner.pool.store_examples import CANARY, MODEL, Engine, credential

KEYS = [credential(1, "shop", rpd=3), credential(2, "shop", rpd=3), credential(3)]


class Model:
    """A provider that answers, or fails as it was told."""

    name = "gemini"
    is_gemini = True

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.asked: list[str] = []

    def model_for(self, request: Request) -> str:
        return MODEL

    def count_tokens(self, request: Request, *, secret: str) -> int:
        return 0

    def generate(
        self, request: Request, *, secret: str, timeout: float,
        on_text: Callable[[str], None] | None = None, silence: Silence = USUAL_SILENCE,
    ) -> Answer:  # fmt: skip
        self.asked.append(secret)
        if self.failure is not None:
            raise self.failure
        return Answer(text="ready", model=f"{MODEL}-001", input_tokens=9, output_tokens=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pool.db"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def trial(path: Path, clock: HandClock, model: Model) -> CredentialCheck:
    return CredentialCheck(KEYS, PoolStore.open(path, clock, boot="one boot"), clock, model)


def test_the_call_counts_for_every_run(
    trial: CredentialCheck, path: Path, clock: HandClock, model: Model
) -> None:
    engine = Engine(path, clock, KEYS)
    tried = trial.check("key-2")
    assert tried.ok
    assert (tried.model, tried.tokens, tried.outcome) == (f"{MODEL}-001", 10, "ok")
    assert model.asked == [f"{CANARY}000002"]
    engine.exchange()
    assert len(engine.group(1).starts) == 1
    assert sum(engine.group(1).days.values()) == 1


def test_results_reach_a_run_and_a_success_makes_a_credential_valid_again(
    trial: CredentialCheck, path: Path, clock: HandClock, model: Model
) -> None:
    engine = Engine(path, clock, KEYS)
    key = engine.pool.registry.find("key-3")
    assert key is not None
    model.failure = CallError(Outcome.AUTH, "the key is not valid", reason="API_KEY_INVALID")
    tried = trial.check(key.fingerprint)
    assert (tried.ok, tried.sentence) == (False, "the key is not valid")
    engine.exchange()
    assert key.invalid == "the key is not valid"
    model.failure = None
    engine.ask()
    assert trial.check(key.fingerprint).ok
    engine.exchange()
    assert key.usable
    assert engine.states == [("key-3", "", "invalid"), ("key-3", "", "ready")]
    assert sum(engine.group(3).days.values()) == 2


def test_a_disabled_or_exhausted_credential_is_checked_and_keeps_its_state(
    trial: CredentialCheck, path: Path, clock: HandClock, model: Model
) -> None:
    engine = Engine(path, clock, KEYS)
    engine.store.disable(credential(3).secret.fingerprint, "key-3")
    (grant,) = engine.ask()
    engine.end(grant, Outcome.MINUTE, retry_after=600.0)
    until = engine.group(1).until
    for name in ("key-1", "key-3"):
        assert trial.check(name).ok
    engine.exchange()
    assert (engine.group(1).state, engine.group(1).until) == (QuotaState.COOLING, until)
    found = engine.pool.registry.find("key-3")
    assert found is not None
    assert found.disabled == "by you"


def test_a_call_that_never_left_is_not_counted(
    trial: CredentialCheck, path: Path, clock: HandClock, model: Model
) -> None:
    model.failure = CallError(Outcome.TRANSPORT, "no way", sent=False)
    assert trial.check("key-1").outcome == "transport"
    assert Engine(path, clock, KEYS).group(1).starts == []


def test_an_error_of_this_program_takes_the_lease_back(
    trial: CredentialCheck, path: Path, clock: HandClock, model: Model
) -> None:
    model.failure = ValueError("a bug")
    with pytest.raises(ValueError, match="a bug"):
        trial.check("key-1")
    assert PoolStore.open(path, clock).snapshot().leases == ()
    model.failure = None
    assert trial.check("key-1").ok


def test_an_unknown_credential_cannot_be_checked(trial: CredentialCheck) -> None:
    with pytest.raises(TuiError, match="no credential 'key-9'"):
        trial.check("key-9")


def test_a_model_that_ends_without_an_answer_is_called_again(
    trial: CredentialCheck, model: Model
) -> None:
    model.failure = CallError(Outcome.NO_ANSWER, "it is empty", http_status=200)
    tried = trial.check("key-3")
    assert not tried.ok
    assert tried.message == "it is empty"
    assert len(model.asked) == 3
