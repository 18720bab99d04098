"""A pool whose quotas limit tokens: who gets a call, with which credential, and when."""

from __future__ import annotations

from itertools import pairwise

from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.wire.worker_messages import Deny
from tests.unit.runner.pool.driver import (
    Driven,
    denied_items,
    figures,
    granted_items,
    key,
    keys,
    notices,
    queued,
    started,
)
from tests.unit.runner.pool.grants.test_quota import MINUTE_ID, TOKENS_ID


def ask(pool: Driven, item: str, tokens: int, model: str = "m") -> list[str]:
    """The items that are granted when one asks for a call with so many counted tokens."""
    return granted_items(pool.ask(item, model, tokens=tokens, counted=True))


def test_calls_wait_when_the_tokens_of_the_minute_are_used() -> None:
    pool = Driven(keys("one", tpm=1000))
    assert ask(pool, "A", 600) == ["A"]
    assert ask(pool, "B", 600) == []
    assert ask(pool, "C", 400) == ["C"]
    assert granted_items(pool.go_on()) == []
    (waiting,) = queued(pool.events)
    assert (waiting.item, waiting.why) == (
        "B",
        "the tokens of this minute are used, and it needs 600",
    )
    pool.clock.go_to(1061.0)
    assert granted_items(pool.serve()) == ["B"]
    assert all(event.outcome != "minute" for event in pool.events if hasattr(event, "outcome"))


def test_what_a_call_really_used_replaces_its_estimate() -> None:
    pool = Driven(keys("one", tpm=1000))
    assert granted_items(pool.ask("A", tokens=800)) == ["A"]  # reserves 920
    assert ask(pool, "B", 300) == []
    assert granted_items(pool.ends(input_tokens=700)) == ["B"]


def test_a_call_that_was_not_sent_gives_its_tokens_back() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "A", 900)
    assert ask(pool, "B", 900) == []
    pool.ends(Outcome.TRANSPORT, sent=False)
    assert pool.group("one").tokens.used(pool.clock.now()) == 0
    assert granted_items(pool.go_on()) == ["B"]


def test_a_call_that_failed_without_usage_keeps_its_tokens() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "A", 900)
    pool.ends(Outcome.BLOCKED)
    assert ask(pool, "B", 900) == []


def test_what_was_accepted_is_what_was_used_without_the_margin() -> None:
    pool = Driven(keys("one"))
    assert granted_items(pool.ask("A", tokens=1000)) == ["A"]  # reserves 1150
    pool.ends(input_tokens=500)
    assert pool.group("one").tokens.proven == 500


def test_limits_by_model() -> None:
    pool = Driven([key("one", tpm={"m": 1000, "*": 500})])
    assert ask(pool, "A", 900) == ["A"]
    assert ask(pool, "B", 400, model="n") == ["B"]
    assert ask(pool, "C", 400, model="n") == []


def test_the_fullest_credential_in_which_a_call_fits_is_used() -> None:
    pool = Driven(keys("one", "two", tpm=1000))
    ask(pool, "A", 500)
    used = [event.credential for event in started(pool.events)]
    ask(pool, "B", 500)
    ask(pool, "C", 1000)
    names = [event.credential for event in started(pool.events)]
    assert names[:2] == used * 2
    assert names[2] != used[0]


def test_the_largest_call_that_fits_goes_first_but_nobody_gets_far_behind() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "X", 1000)
    pool.clock.go(30.0)
    for item, tokens in (("small", 100), ("large", 800), ("middle", 500)):
        pool.ask(item, tokens=tokens, counted=True)
    for _ in range(5):
        pool.ask("large", tokens=800, counted=True)
    order = []
    for _ in range(12):
        pool.clock.go(31.0)
        order += granted_items(pool.serve())
    assert order[:2] == ["large", "small"]
    # two more than the others at most
    assert order.index("middle") < [i for i, item in enumerate(order) if item == "large"][3]


def test_a_call_that_waited_long_gets_a_place_that_others_leave_free() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "A", 300)
    pool.clock.go(20.0)
    ask(pool, "A", 300)
    ask(pool, "large", 900)
    pool.clock.go(20.0)
    ask(pool, "B", 300)  # the large one has not waited long: this one may overtake it
    assert started(pool.events)[-1].item == "B"
    pool.clock.go(26.0)  # the first call has left, and the large one waits since 46 seconds
    assert ask(pool, "C", 300) == []
    for _ in range(60):
        if started(pool.events)[-1].item == "large":
            break
        pool.go_on()
    assert started(pool.events)[-1].item == "large"
    assert pool.clock.now() == 1101.0


def test_the_limit_is_learned_from_a_refusal_and_presumed_for_others() -> None:
    pool = Driven(keys("one", "two"))
    ask(pool, "A", 600)
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 500}, retry_after=20.0)
    told = [pool.group(name).tokens for name in ("one", "two")]
    assert sorted((each.per_minute or 0, each.presumed or 0) for each in told) == [
        (0, 500),
        (500, 0),
    ]


def test_a_refusal_for_tokens_says_nothing_about_requests() -> None:
    pool = Driven(keys("one", rpm=10))
    ask(pool, "A", 600)
    quota = pool.group("one")
    before = (quota.count(pool.clock.now()), quota.rate(pool.clock.now()))
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 500}, retry_after=20.0)
    assert (quota.count(pool.clock.now()), quota.rate(pool.clock.now())) == before
    assert (quota.per_minute, quota.refusals, quota.state.value) == (10, 0, "open")
    assert ask(pool, "B", 0) == ["B"]
    assert not notices(pool.events)


def test_one_refusal_may_tell_both_limits() -> None:
    pool = Driven(keys("one"))
    ask(pool, "A", 100)
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 500, MINUTE_ID: 7}, retry_after=20.0)
    quota = pool.group("one")
    assert (quota.per_minute, quota.tokens.per_minute) == (7, 500)


def test_tokens_of_a_refused_call_stay_counted_and_it_goes_first() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "A", 600)
    pool.go(2.0)
    ask(pool, "B", 400)
    ask(pool, "B", 300)
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 1000}, retry_after=58.0)
    assert pool.group("one").tokens.used(pool.clock.now()) == 1000
    ask(pool, "B", 400)
    ask(pool, "B", 200)
    waiting = [ticket.acquire.request for ticket in pool.pool.queue]
    assert waiting == [4, 3, 5]


def test_unknown_limits_let_calls_start_a_second_apart() -> None:
    pool = Driven(keys("one"))
    for item in "ABCD":
        pool.ask(item, tokens=100)
    for _ in range(6):
        pool.go_on()
    times = [1000.0 + event.waited for event in started(pool.events)]
    assert len(times) == 4
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))


def test_a_request_larger_than_the_minute_fails_with_both_numbers_and_others_go_on() -> None:
    pool = Driven(keys("one", "two", tpm=1000))
    denial = pool.denial("A", tokens=1200)
    assert (
        denial.why
        == "this request has about 1,200 tokens, and the quota allows 1,000 tokens per minute"
    )
    assert not denial.park
    assert ask(pool, "B", 900) == ["B"]


def test_a_larger_quota_takes_what_others_cannot() -> None:
    pool = Driven([key("one", tpm=1000), key("two", tpm=3000)])
    assert ask(pool, "A", 2000) == ["A"]
    assert started(pool.events)[-1].credential == "two"
    assert ask(pool, "B", 2000) == []
    assert denied_items(pool.ask("C", tokens=4000)) == ["C"]


def test_while_the_larger_quota_is_exhausted_its_calls_wait_and_others_go_on() -> None:
    pool = Driven([key("one", tpm=1000), key("two", tpm=3000, rpd=1)])
    ask(pool, "A", 2000)
    ledger = pool.ask("B", tokens=2000)
    assert not ledger.answers
    assert not pool.pool.status.paused
    assert ask(pool, "C", 500) == ["C"]


def test_a_doubtful_request_is_tried_on_an_empty_minute_and_fails_if_refused_then() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "B", 10)
    assert granted_items(pool.ask("A", tokens=950)) == []
    pool.clock.go_to(1061.0)
    assert granted_items(pool.serve()) == ["A"]
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 1000}, retry_after=20.0)
    assert denied_items(pool.ask("A", tokens=950)) == ["A"]
    pool.go(61.0)
    assert ask(pool, "B", 900) == ["B"]


def test_a_request_that_is_refused_for_over_a_minute_without_a_reason_fails() -> None:
    pool = Driven(keys("one", tpm=250_000))
    refusals = 0
    while True:
        ledger = pool.ask("A", tokens=12_500, node="draft")
        if denied_items(ledger):
            break
        while not granted_items(ledger):
            ledger = pool.go_on()
        refusals += 1
        assert refusals < 10
        pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 250_000}, retry_after=21.0)
        assert granted_items(pool.ask("B", tokens=1000)) == ["B"]  # smaller ones go on
        pool.ends(input_tokens=1000)
    ((_, denial),) = ledger.answers
    assert isinstance(denial, Deny)
    assert refusals == 4
    assert "12,500 tokens was refused 4 times" in denial.why
    assert "250,000 tokens per minute" in denial.why


def test_an_answer_clears_a_request_that_was_refused() -> None:
    pool = Driven(keys("one", tpm=250_000))
    for outcome in (Outcome.MINUTE, Outcome.OK) * 4:
        ledger = pool.ask("A", tokens=12_500, node="draft")
        while not granted_items(ledger):
            assert not denied_items(ledger)
            ledger = pool.go_on()
        pool.ends(outcome, quotas={TOKENS_ID: 250_000}, retry_after=21.0, input_tokens=12_500)


def test_a_refusal_that_tells_no_limit_cools_the_quota_down() -> None:
    pool = Driven(keys("one"))
    ask(pool, "A", 600)
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: None}, retry_after=20.0)
    assert pool.state("one") == "cooling"
    assert 20.0 <= pool.opens_in() <= 21.0


def test_a_hint_of_hours_does_not_hold_a_minute_quota_for_hours() -> None:
    pool = Driven(keys("one", tpm=5000))
    ask(pool, "A", 600)
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 5000}, retry_after=7000.0)
    assert ask(pool, "A", 600) == []
    pool.go(62.5)
    assert started(pool.events)[-1].item == "A"
    assert len(started(pool.events)) == 2


def test_resetting_a_credential_forgets_the_limit_that_a_refusal_told() -> None:
    pool = Driven(keys("one"))
    ask(pool, "A", 600)
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 500}, retry_after=20.0)
    pool.pool.registry.reset("one")
    assert pool.group("one").tokens.limit is None


def test_where_tokens_are_short_requests_are_not_spread() -> None:
    pool = Driven(keys("one", rpm=10, tpm=1000))
    for item in "ABC":
        assert ask(pool, item, 250) == [item]
    spread = Driven(keys("one", rpm=10))
    assert [bool(ask(spread, item, 0)) for item in "ABC"] == [True, True, False]


def test_tokens_are_reported_where_they_are_limited() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "A", 600)
    pool.go(2.0)
    newest = figures(pool.events)[-1]
    assert (newest.tokens, newest.tokens_per_minute, newest.tokens_learned) == (600, 1000, False)


def test_calls_as_large_as_one_that_was_refused_without_a_reason_wait_whoever_asks() -> None:
    pool = Driven(keys("one", tpm=250_000))
    ask(pool, "A", 12_500)
    pool.ends(Outcome.MINUTE, quotas={TOKENS_ID: 250_000}, retry_after=21.0)
    assert ask(pool, "B", 12_500) == []
    assert queued(pool.events)[-1].why == "the service refused a prompt of 12,500 tokens"
    assert ask(pool, "C", 1000) == ["C"]
    pool.clock.go(22.0)
    assert granted_items(pool.serve()) == ["B"]


def test_a_workflow_with_many_calls_waits_for_one_whose_call_is_on_its_way() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "single", 400)
    granted = [ask(pool, "many", 100) for _ in range(5)]
    assert granted == [["many"]] * 3 + [[]] * 2
    pool.ends(lease=1, input_tokens=400)
    assert sorted(granted_items(pool.ask("single", tokens=200, counted=True))) == [
        "many",
        "single",
    ]


def test_a_workflow_with_many_calls_does_not_wait_while_there_is_plenty() -> None:
    pool = Driven(keys("one", tpm=1000))
    ask(pool, "single", 30)
    assert [ask(pool, "many", 10) for _ in range(9)] == [["many"]] * 9


def test_fewer_workflows_are_worth_running_where_tokens_are_short() -> None:
    slots = []
    for tpm in (0, 1000):
        pool = Driven(keys("one", rpm=60, tpm=tpm), most=20)
        for _ in range(4):
            ask(pool, "A", 240)
            pool.go(8.0)
            pool.ends(input_tokens=240)
            pool.go(1.0)
        slots.append(pool.pool.limit.current)
    assert slots[0] is not None
    assert slots[1] is not None
    assert slots[1] < slots[0] / 4


def test_a_call_that_waits_for_tomorrow_does_not_take_the_place_of_others() -> None:
    pool = Driven([key("one", tpm=1000), key("two", tpm=3000, rpd=1)])
    ask(pool, "A", 2000)
    ask(pool, "B", 2000)  # fits nowhere until the day ends
    pool.clock.go(62.0)
    ask(pool, "C", 300)
    pool.clock.go(20.0)
    ask(pool, "C", 300)
    ask(pool, "large", 900)
    pool.clock.go(46.0)
    assert ask(pool, "D", 300) == []  # the place is the large one's
    while started(pool.events)[-1].item != "large":
        pool.go_on()
    assert pool.clock.now() == 1000.0 + 62.0 + 20.0 + 61.0
