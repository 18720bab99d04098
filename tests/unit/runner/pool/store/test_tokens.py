"""Tokens in the store: engines share one budget of them, and a restart forgets none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from assemblyzero_tui.runner.model.call_outcomes import Outcome
from tests.unit.runner.pool.clocks import HandClock
from tests.unit.runner.pool.store_examples import Engine, credential

TOKENS = "GenerateContentInputTokensPerModelPerMinute-FreeTier"


def make_old(path: Path) -> None:
    """Takes out of a file what its previous version had not."""
    with sqlite3.connect(path) as rows:
        rows.execute("DROP TABLE tokens")
        for column in ("tokens_per_minute", "tokens_learned"):
            rows.execute(f"ALTER TABLE quotas DROP COLUMN {column}")
    rows.close()


def used(engine: Engine) -> int:
    return int(engine.group().tokens.used(engine.pool.clock.now()))


def test_two_engines_share_the_tokens_of_the_minute(path: Path, clock: HandClock) -> None:
    one, other = (Engine(path, clock, [credential(1, tpm=1000)]) for _ in range(2))
    spent: list[tuple[float, int]] = []
    for turn in range(150):
        for engine in (one, other):
            spent += [(clock.now(), 300)] * len(engine.ask(tokens=300))
        clock.advance(1.0)
        assert sum(count for at, count in spent if at > clock.now() - 61) <= 1000, turn
    assert len(spent) == 9
    assert used(one) == used(other) == 900


def test_usage_and_refunds_reach_the_other_engine(path: Path, clock: HandClock) -> None:
    one, other = (Engine(path, clock, [credential(1, tpm=1000)]) for _ in range(2))
    (first,) = one.ask(tokens=500)
    clock.advance(2.0)
    (second,) = one.ask(tokens=400)
    one.end(first, input_tokens=350)
    other.exchange()
    assert used(other) == 750
    one.end(second, Outcome.TRANSPORT, sent=False)
    other.exchange()
    assert used(other) == 350


def test_a_restart_forgets_neither_tokens_nor_their_limit(path: Path, clock: HandClock) -> None:
    first = Engine(path, clock, [credential(1)])
    (grant,) = first.ask(tokens=700)
    first.end(grant, Outcome.MINUTE, quotas={TOKENS: 900}, retry_after=30.0)
    first.store.close()
    clock.advance(5.0)
    again = Engine(path, clock, [credential(1)])
    tokens = again.group().tokens
    assert (tokens.per_minute, tokens.learned, used(again)) == (900, True, 700)
    assert again.ask(tokens=600) == []
    clock.advance(60.0)
    assert len(again.ask(tokens=600)) == 1


def test_a_limit_that_one_engine_learns_is_known_to_the_other(path: Path, clock: HandClock) -> None:
    one, other = (Engine(path, clock, [credential(1)]) for _ in range(2))
    (grant,) = one.ask(tokens=700)
    one.end(grant, Outcome.MINUTE, quotas={TOKENS: 900}, retry_after=30.0)
    other.exchange()
    assert other.group().tokens.per_minute == 900
    other.exchange(lambda: other.pool.registry.reset("key-1"))
    one.exchange()
    assert one.group().tokens.per_minute is None


def test_a_file_of_the_previous_version_is_opened_and_keeps_what_it_had(
    path: Path, clock: HandClock
) -> None:
    before = Engine(path, clock, [credential(1, rpm=5)])
    before.ask(2)
    before.store.close()
    make_old(path)
    now = Engine(path, clock, [credential(1, rpm=5, tpm=1000)])
    assert len(now.group().starts) == 2
    assert len(now.ask(tokens=900)) == 0  # paced
    clock.advance(20.0)
    assert len(now.ask(tokens=900)) == 1
    assert used(Engine(path, clock, [credential(1, rpm=5, tpm=1000)])) == 900


def test_tokens_of_a_file_that_was_lost_are_written_anew(path: Path, clock: HandClock) -> None:
    one, other = (Engine(path, clock, [credential(1, tpm=1000)]) for _ in range(2))
    one.ask(tokens=600)
    other.exchange()
    for file in path.parent.iterdir():
        file.unlink()
    one.exchange()
    other.exchange()
    assert used(Engine(path, clock, [credential(1, tpm=1000)])) == 600


def test_tokens_follow_a_credential_whose_project_becomes_known(
    path: Path, clock: HandClock
) -> None:
    Engine(path, clock, [credential(1, tpm=1000)]).ask(tokens=600)
    assert used(Engine(path, clock, [credential(1, "shop", tpm=1000)])) == 600


def test_a_credential_that_comes_later_brings_its_tokens_once(path: Path, clock: HandClock) -> None:
    one = Engine(path, clock, [credential(1, "shop", tpm=1000)])
    one.ask(tokens=300)
    one.exchange(lambda: one.pool.registry.add(credential(2, "shop", tpm=1000)))
    assert used(one) == 300


def test_old_tokens_are_removed(path: Path, clock: HandClock) -> None:
    engine = Engine(path, clock, [credential(1, tpm=1000)])
    for _ in range(40):
        engine.ask(tokens=100)
        clock.advance(20.0)
    with sqlite3.connect(path) as rows:
        (count,) = rows.execute("SELECT count(*) FROM tokens").fetchone()
    rows.close()
    assert count <= 12


def test_the_snapshot_shows_tokens(path: Path, clock: HandClock) -> None:
    engine = Engine(path, clock, [credential(1, tpm=1000)])
    (grant,) = engine.ask(tokens=600)
    engine.end(grant, input_tokens=550)
    (quota,) = engine.store.snapshot().quotas
    assert (quota.tokens, quota.tokens_per_minute, quota.tokens_learned) == (550, 1000, False)
    clock.advance(61.0)
    (quota,) = engine.store.snapshot().quotas
    assert quota.tokens == 0
