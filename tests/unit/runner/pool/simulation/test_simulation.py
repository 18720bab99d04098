"""A small simulation of a batch: the pool keeps its promises."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from assemblyzero_tui.runner.pool.simulation.batch import simulate_all
from assemblyzero_tui.runner.pool.simulation.scenario import Scenario
from assemblyzero_tui.runner.pool.simulation.simulation import simulate

SMALL = Scenario(keys=2, projects=2, rpm=6, workers=5, workflows=20, calls=3)


@pytest.mark.parametrize("seed", range(4))
def test_no_request_is_wasted_where_the_limits_are_known(seed: int) -> None:
    figures = simulate(SMALL, seed)
    assert figures.wasted_429 == 0
    assert figures.jain >= 0.98
    assert figures.makespan_over_bound < 1.4
    assert figures.parked == 0


def test_a_seed_always_gives_the_same() -> None:
    assert simulate(SMALL, 7) == simulate(SMALL, 7)
    assert simulate(SMALL, 7) != simulate(SMALL, 8)


def test_limits_are_learned_for_a_few_refusals() -> None:
    figures = simulate(Scenario(keys=2, projects=2, rpm=6, workers=5, workflows=20, learn=True), 1)
    assert 0 < figures.wasted_429 < 20


def test_a_batch_of_more_than_a_day_waits_and_is_done() -> None:
    figures = simulate(Scenario(keys=1, projects=1, rpm=10, rpd=20, workers=3, workflows=10), 1)
    assert figures.wasted_429 == 0
    assert figures.parked > 0
    assert figures.makespan_s > 12 * 3600
    assert figures.makespan_over_bound < 1.02


@pytest.mark.parametrize("processors", [1, 3])
def test_processes_change_nothing(monkeypatch: pytest.MonkeyPatch, processors: int) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert list(simulate_all(SMALL, range(3))) == [simulate(SMALL, seed) for seed in range(3)]


TOKENS = Scenario(
    keys=2, projects=2, rpm=100, tpm=60_000, tokens=10_000, workers=8, workflows=20, calls=3
)


@pytest.mark.parametrize("count", [False, True])
def test_no_request_is_wasted_where_the_limit_of_tokens_is_known(count: bool) -> None:
    figures = simulate(replace(TOKENS, count=count), 1)
    assert figures.wasted_429 == 0
    assert figures.makespan_over_bound < 1.4
    assert figures.jain >= 0.96


def test_a_limit_of_tokens_is_learned_for_two_refusals_per_quota() -> None:
    figures = simulate(replace(TOKENS, learn=True), 1)
    assert 0 < figures.wasted_429 <= 4


def test_short_calls_take_a_batch_less_time() -> None:
    unlimited = replace(TOKENS, tpm=0, tokens=0, rpm=10_000)
    usual, short = (simulate(replace(unlimited, call_seconds=s), 1) for s in (8.0, 2.0))
    assert short.makespan_s < usual.makespan_s / 3
