"""An item whose calls fail while others are answered: it waits alone, and not for ever."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.wire.worker_messages import Deny, Grant, Release
from tests.unit.runner.pool.driver import Driven, denied_items, granted_items, key, keys

MINUTE = 60.0


def ends(run: Driven, item: str, outcome: str, **news: int) -> bool:
    """The next call of an item is waited for and ends so; ``False`` if it is denied."""
    ledger = run.ask(item)
    request = run.requests
    while True:
        for who, answer in ledger.answers:
            if (who, answer.request) == (item, request):
                if isinstance(answer, Grant):
                    run.ends(outcome, answer.lease, **news)
                return isinstance(answer, Grant)
        ledger = run.go_on()


def fails(run: Driven, item: str = "P") -> bool:
    """The next call of an item fails; ``False`` if it is denied."""
    return ends(run, item, "transport", http_status=500)


def answered(run: Driven, *items: str) -> None:
    """Calls of other items are answered, with a moment between."""
    for item in items:
        run.go(0.5)
        assert ends(run, item, "ok")


@pytest.fixture(params=["keys", "no keys"])
def run(request: pytest.FixtureRequest) -> Driven:
    return Driven(keys("one", "two") if request.param == "keys" else ())


def test_an_item_that_fails_alone_waits_longer_each_time_and_blocks_no_other(run: Driven) -> None:
    waits = []
    for _ in range(8):
        assert fails(run)
        run.go(1e-6)
        waits.append(run.opens_in(item="P"))
        run.go(min(0.5, waits[-1]))
        answered(run, "A")
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 15, 15, 15], abs=0.01)
    assert run.opens_in() == 0


def test_its_wait_is_counted_from_the_beginning_of_a_call_that_fails_late(run: Driven) -> None:
    for _ in range(9):
        fails(run)
        answered(run, "A")
    while not granted_items(run.ask("P") if not len(run.pool.queue) else run.go_on()):
        pass
    run.go(20)
    run.ends("timeout")
    assert run.opens_in(item="P") == pytest.approx(10)


def test_after_ten_failures_in_a_quarter_of_an_hour_it_is_given_up(run: Driven) -> None:
    began = run.clock.now()
    failures = 0
    while fails(run):
        failures += 1
        answered(run, "A", "B")
        assert failures < 200
    assert failures > 10
    assert run.clock.now() - began >= 15 * MINUTE
    item, denial = next((i, a) for i, a in run.answers if isinstance(a, Deny))
    assert (item, denial.park) == ("P", False)
    minutes = denial.why.split(" times in ")[1].split()[0]
    assert denial.why == (
        f"m failed {failures} times in {minutes} minutes while other calls to it were answered; "
        "last failure: HTTP 500"
    )
    assert 15 <= int(minutes) <= 17


def test_a_quarter_of_an_hour_is_not_enough_without_ten_failures(run: Driven) -> None:
    for _ in range(9):
        assert fails(run)
        run.go(10 * MINUTE)
        answered(run, "A")
    assert fails(run)
    answered(run, "A")
    assert fails(run)


def test_it_waits_for_as_long_as_the_model_fails_for_every_item(run: Driven) -> None:
    answered(run, "A", "B")
    for _ in range(300):
        for item in ("P", "A", "B"):
            assert fails(run, item)
    assert run.clock.now() > 1000 + 60 * MINUTE


def test_an_answer_by_luck_is_not_held_against_those_who_wait(run: Driven) -> None:
    for _ in range(3):
        for item in ("P", "A", "B", "C"):
            assert fails(run, item)
    run.go(30)
    run.call("ok", "A")
    for _ in range(200):
        for item in ("P", "A", "B", "C"):
            assert fails(run, item)
    assert run.clock.now() > 1000 + 60 * MINUTE


def test_when_the_others_have_finished_it_is_still_given_up(run: Driven) -> None:
    assert fails(run)
    answered(run, "A", "B", "A", "B")
    for item in "AB":
        run.pool.release_all(item)
        run.pool.forget_item(item)
    failures = 0
    while fails(run):
        failures += 1
        assert failures < 200
    assert failures >= 10


def test_items_that_fail_alike_are_given_up_though_there_are_several(run: Driven) -> None:
    left = {"P", "Q", "R"}
    for _ in range(200):
        left -= {item for item in sorted(left) if not fails(run, item)}
        answered(run, "A")
    assert left == set()


def test_an_item_that_is_alone_waits(run: Driven) -> None:
    assert all(fails(run) for _ in range(200))


def test_an_answer_of_another_from_before_its_failures_is_none(run: Driven) -> None:
    run.ask("A")
    assert fails(run)
    run.ends("ok", 1)
    assert all(fails(run) for _ in range(200))


def given_up_next(run: Driven) -> None:
    """Another failure, and the item is given up."""
    while not run.pool.failures.give_up_reason("P", "m"):
        assert fails(run)
        answered(run, "A")


def test_its_own_answer_clears_it(run: Driven) -> None:
    for _ in range(3):
        began = run.clock.now()
        while run.clock.now() - began < 14 * MINUTE:
            assert fails(run)
            answered(run, "A")
        assert ends(run, "P", "ok")


def test_a_lost_worker_or_parking_does_not_clear_it(run: Driven) -> None:
    given_up_next(run)
    run.pool.release_all("P")
    assert denied_items(run.ask("P", attempt=2)) == ["P"]


def test_a_retry_by_the_user_starts_over(run: Driven) -> None:
    given_up_next(run)
    run.pool.release_all("P")
    run.pool.forget_item("P")
    assert granted_items(run.ask("P", attempt=2)) == ["P"]


def test_another_model_is_another_matter(run: Driven) -> None:
    given_up_next(run)
    assert granted_items(run.ask("P", "other")) == ["P"]


def test_refusals_for_a_quota_are_no_failures() -> None:
    run = Driven([key("one"), key("two")])
    for _ in range(100):
        run.call("quota_unknown", "P")
        answered(run, "A")
        run.go(125)
    assert run.granted("P") in ("one", "two")


def test_try_now_ends_its_wait(run: Driven) -> None:
    for _ in range(6):
        fails(run)
        answered(run, "A")
    run.ask("P")
    run.pool.try_now()
    assert granted_items(run.serve()) == ["P"]


def test_a_late_release_of_a_revoked_lease_changes_nothing() -> None:
    run = Driven(keys("one"))
    run.ask("P")
    run.go(630)
    assert run.pool.leases.late
    run.pool.release("P", 1, Release(lease=1, outcome="timeout"))
    run.serve()
    assert run.opens_in(item="P") == 0
