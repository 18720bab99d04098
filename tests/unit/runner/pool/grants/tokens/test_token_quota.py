"""Tokens of a quota: what counts, what fits and when, and what refusals teach."""

from __future__ import annotations

from math import inf

from assemblyzero_tui.runner.pool.grants.tokens.need import EstimateCorrection, Need
from assemblyzero_tui.runner.pool.grants.tokens.token_quota import TokenQuota

EXACT = {"counted": True}


def quota(limit: int | None = 1000) -> TokenQuota:
    return TokenQuota(61.0, limit)


def test_an_estimate_reserves_more_and_a_count_exactly_itself() -> None:
    assert Need(200).reserve == 230
    assert Need(200, counted=True).reserve == 200
    assert Need(200).least == 170


def test_tokens_count_for_61_seconds() -> None:
    tokens = quota()
    tokens.add(100.0, 600, 100.0)
    tokens.add(110.0, 300, 110.0)
    assert tokens.used(160.9) == 900
    assert tokens.used(161.0) == 300
    assert tokens.used(171.0) == 0


def test_starts_of_one_moment_add_up_and_can_be_corrected() -> None:
    tokens = quota()
    for _ in range(2):
        tokens.add(100.0, 230, 100.0)
    tokens.add(100.0, 180 - 230, 104.0)
    assert tokens.used(105.0) == 410
    tokens.add(30.0, 500, 105.0)  # too old to count
    assert tokens.used(105.0) == 410


def test_a_call_waits_until_enough_has_left_the_minute() -> None:
    tokens = quota()
    for moment, count in ((100.0, 400), (110.0, 200), (120.0, 300)):
        tokens.add(moment, count, moment)
    assert tokens.fits(Need(100, **EXACT), 120.0)
    assert tokens.fits_at(Need(101, **EXACT), 120.0) == 161.0
    assert tokens.fits_at(Need(600, **EXACT), 120.0) == 171.0
    assert tokens.fits_at(Need(1000, **EXACT), 120.0) == 181.0


def test_a_call_larger_than_the_minute_never_fits_and_a_doubtful_one_waits_for_an_empty_one() -> (
    None
):
    tokens = quota()
    tokens.add(100.0, 1, 100.0)
    assert tokens.fits_at(Need(1001, **EXACT), 100.0) == inf
    assert tokens.fits_at(Need(1177), 100.0) == inf  # 85 % of it are more than 1,000
    assert tokens.fits_at(Need(1176), 100.0) == 161.0
    assert tokens.share(Need(1176)) == 1000


def test_what_is_presumed_refuses_nothing_for_ever() -> None:
    tokens = quota(None)
    tokens.presume(1000)
    assert tokens.limit == 1000
    assert tokens.fits_at(Need(5000), 100.0) == 100.0
    tokens.add(100.0, 1000, 100.0)
    assert tokens.fits_at(Need(5000), 100.0) == 161.0
    tokens.learn(2000, None)
    assert (tokens.limit, tokens.learned) == (2000, True)


def test_unknown_limits_are_approached_one_call_a_second() -> None:
    tokens = quota(None)
    tokens.add(100.0, 230, 100.0)
    assert tokens.fits_at(Need(200), 100.5) == 101.0
    tokens.add(101.0, 230, 101.0)
    tokens.accepted(101.0, 105.0)
    assert tokens.proven == 460
    tokens.add(170.0, 230, 170.0)
    assert tokens.fits(Need(200), 170.0)  # as many have been accepted before
    assert tokens.fits_at(Need(201), 170.0) == 171.0


def test_more_that_was_accepted_refutes_a_presumption() -> None:
    tokens = quota(None)
    tokens.add(100.0, 3000, 100.0)
    tokens.accepted(100.0, 110.0)
    tokens.presume(1000)
    assert tokens.limit is None


def test_a_given_limit_is_not_raised_and_comes_back_when_refusals_are_forgotten() -> None:
    tokens = quota(500)
    tokens.learn(1000, 500)
    assert (tokens.per_minute, tokens.learned) == (500, False)
    tokens.learn(300, 500)
    assert (tokens.per_minute, tokens.learned) == (300, True)
    tokens.forget()
    assert (tokens.per_minute, tokens.learned) == (None, False)


def test_calls_as_large_as_a_refused_one_wait_and_smaller_ones_do_not() -> None:
    tokens = quota()
    tokens.hold(300, 130.0, 100.0)
    assert tokens.fits_at(Need(300), 101.0) == 130.0
    assert tokens.fits(Need(299), 101.0)
    tokens.hold(200, 120.0, 101.0)
    assert tokens.fits_at(Need(200), 101.0) == 130.0
    assert tokens.fits(Need(300), 130.0)


def test_room_is_left_for_a_reserved_call() -> None:
    tokens = quota()
    tokens.add(100.0, 700, 100.0)
    tokens.add(130.0, 200, 130.0)
    later = Need(600, **EXACT)  # fits when the first call leaves the minute
    assert tokens.leaves_room(Need(100, **EXACT), 131.0, later, 161.0)
    assert not tokens.leaves_room(Need(201, **EXACT), 131.0, later, 161.0)
    assert tokens.leaves_room(Need(1000, **EXACT), 100.0, later, 161.0)


def test_merging_adds_tokens_and_keeps_the_lower_limit() -> None:
    one, other = quota(1000), quota(800)
    one.add(100.0, 300, 100.0)
    other.add(100.0, 200, 100.0)
    other.hold(50, 130.0, 100.0)
    one.absorb(other)
    assert one.used(100.0) == 500
    assert (one.per_minute, one.held_from, one.held_until) == (800, 50, 130.0)


def test_estimates_are_corrected_only_where_they_are_far_off() -> None:
    correction = EstimateCorrection()
    for used in (95, 108, 104):
        correction.record("m", 100, used)
    assert correction.need("m", 1000, counted=False) == Need(1000)
    for _ in range(30):
        correction.record("n", 100, 150)
    assert correction.need("n", 1000, counted=False) == Need(1500)
    assert correction.need("n", 1000, counted=True) == Need(1000, counted=True)
    assert correction.need("m", 1000, counted=False) == Need(1000)
