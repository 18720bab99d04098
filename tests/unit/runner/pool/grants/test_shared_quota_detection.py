"""Credentials of an undeclared common project, and a service that refuses all at once."""

from __future__ import annotations

from collections import deque

import pytest

from tests.unit.runner.pool.driver import (
    Driven,
    changed,
    granted_leases,
    key,
    keys,
    notices,
    pool_states,
    queued,
)


class Service:
    """Accepts so many calls a minute of each project, whatever the pool believes."""

    def __init__(self, run: Driven, projects: dict[str, str], rpm: int) -> None:
        self.run, self.projects, self.rpm = run, projects, rpm
        self.accepted: dict[str, deque[float]] = {name: deque() for name in projects.values()}
        self.refused = 0

    def answers(self) -> None:
        """Every call under way is answered."""
        now = self.run.clock.now()
        for lease in list(self.run.pool.leases.active.values()):
            had = self.accepted[self.projects[lease.credential]]
            while had and had[0] <= now - 60:
                had.popleft()
            if len(had) < self.rpm:
                had.append(now)
                self.run.ends("ok", lease.number)
            else:
                self.refused += 1
                wait = had[0] + 60 - now
                self.run.ends("minute", lease.number, retry_after=wait)

    def work(self, seconds: float) -> None:
        """For so long, as many calls are wanted as there can be."""
        ends = self.run.clock.now() + seconds
        while self.run.clock.now() < ends:
            while len(self.run.pool.queue) < 3:
                self.run.ask("W")
            self.answers()
            if len(self.run.pool.queue) == 3:
                self.run.go_on()


def test_two_credentials_that_are_refused_as_one_are_treated_as_one() -> None:
    run = Driven(keys("one", "two", rpm=10))
    service = Service(run, {"one": "p", "two": "p"}, 10)
    service.work(1800)
    assert run.group("one") is run.group("two")
    assert [text for text in notices(run.events) if "hit their limits together" in text] == [
        "one and two hit their limits together: treated as credentials of one project"
    ]
    assert service.refused < 20
    before = service.refused
    service.work(1800)
    assert service.refused == before


def test_two_credentials_of_two_projects_stay_two() -> None:
    run = Driven(keys("one", "two", rpm=10))
    service = Service(run, {"one": "p", "two": "q"}, 10)
    service.work(3600)
    assert service.refused == 0
    assert run.group("one") is not run.group("two")


def test_a_project_that_somebody_else_uses_too_is_not_taken_for_another_one() -> None:
    run = Driven(keys("one", "two", rpm=10))
    service = Service(run, {"one": "p", "two": "q"}, 10)
    for _ in range(60):
        service.accepted["p"].extend([run.clock.now()] * 4)  # somebody else's
        service.work(60)
    assert service.refused > 0
    assert run.group("one") is not run.group("two")


def test_the_right_two_of_three_are_found() -> None:
    run = Driven(keys("one", "two", "three", rpm=10))
    service = Service(run, {"one": "p", "two": "q", "three": "p"}, 10)
    service.work(3600)
    assert run.group("one") is run.group("three")
    assert run.group("one") is not run.group("two")


def merged() -> Driven:
    """Two keys with two models that were merged just now."""
    run = Driven([key("one", rpm=10, rpd=100), key("two", rpm=8)])
    run.pool.registry.report_all()
    for model in "mn":
        for _ in range(3):
            run.ask("A", model)
    run.pool.registry.merge(run.group("one"), run.group("two"))
    run.serve()
    return run


def test_what_two_quotas_had_used_is_added_up_for_every_model() -> None:
    run = merged()
    for model in "mn":
        group = run.group("one", model)
        assert group is run.group("two", model)
        assert (group.per_minute, group.per_day) == (8, 100)
        assert group.count(run.clock.now()) == 3
        assert group.days == {"2026-06-01": 3}
    assert len(run.pool.registry.quotas) == 2


def test_a_merge_reports_the_new_quota_of_each_credential() -> None:
    run = merged()
    names = {key.name: key.quota for key in run.pool.registry.credentials.values()}
    kept = min(names.values())
    last = {(e.credential, e.model): e.quota for e in changed(run.events)}
    assert last["one", ""] == last["two", ""] == kept
    assert run.pool.recorder.changes.quotas >= {(kept, "m"), (kept, "n")}


def test_leases_from_before_end_as_any_other() -> None:
    run = merged()
    for lease in list(run.pool.leases.active):
        run.ends("cancelled", lease, sent=False)
    assert run.group("one").count(run.clock.now()) == 0
    assert run.pool.leases.active == {}


def test_a_merge_keeps_the_longer_cooldown() -> None:
    run = Driven(keys("one", "two"))
    run.call("day", retry_after=70)
    run.call("day", retry_after=80)
    until = max(run.group("one").until, run.group("two").until)
    run.pool.registry.merge(run.group("one"), run.group("two"))
    run.serve()
    assert (run.state("one"), run.group("one").until) == ("cooling", until)
    told = [event for event in changed(run.events) if event.model][-2:]
    assert {event.until for event in told} == {run.clock.wall_at(until)}
    assert len({event.quota for event in told}) == 1


@pytest.mark.parametrize("first", [0, 1])
def test_a_merge_keeps_that_there_is_no_quota_at_all(first: int) -> None:
    run = Driven(keys("one", "two"))
    outcomes = ["no_tier", "minute"]
    run.call(outcomes[first])
    run.call(outcomes[1 - first])
    run.pool.registry.merge(run.group("one"), run.group("two"))
    run.serve()
    assert run.state("one") == "no_tier"
    run.go(100)
    assert run.denial().why == "one has no quota for m, two has no quota for m"


def test_when_several_quotas_refuse_at_once_no_call_starts_for_a_moment() -> None:
    run = Driven(keys("one", "two", "three", "four", rpm=10))
    for _ in range(3):
        run.ask()
    for lease in (1, 2, 3):
        run.ends("minute", lease, retry_after=20)
    told = pool_states(run.events)[-1]
    assert told.state == "throttled"
    assert told.reason == "the service refuses several credentials at once"
    assert told.until == pytest.approx(run.clock.wall() + 20)
    ledger = run.ask("B")
    assert ledger.answers == []
    assert queued(ledger.events)[0].why == "the service refuses several credentials at once"
    assert run.go(19.9).answers == []
    assert len(granted_leases(run.go(0.1))) == 1
    assert pool_states(run.events)[-1].state == "open"


def test_two_quotas_are_not_several_and_neither_are_three_one_after_the_other() -> None:
    run = Driven(keys("one", "two", "three", "four", rpm=10))
    for _ in range(3):
        run.ask()
    run.ends("minute", 1, retry_after=20)
    run.ends("minute", 2, retry_after=20)
    run.go(2.1)
    run.ends("minute", 3, retry_after=20)
    assert "throttled" not in {event.state for event in pool_states(run.events)}
    assert run.granted() == "four"


def test_one_quota_that_refuses_often_is_not_several() -> None:
    run = Driven([*keys("one", "two", project="p", rpm=20), key("three", rpm=1)])
    for _ in range(3):
        run.ask()
    for lease in list(run.pool.leases.active):
        run.ends("minute", lease, retry_after=20)
    assert "throttled" not in {event.state for event in pool_states(run.events)}


@pytest.mark.parametrize(("hint", "wait"), [(0.0, 5.0), (1.0, 5.0), (300.0, 60.0)])
def test_the_moment_is_neither_too_short_nor_too_long(hint: float, wait: float) -> None:
    run = Driven(keys("one", "two", "three", "four", rpm=10))
    for _ in range(3):
        run.ask()
    for lease in (1, 2, 3):
        run.ends("minute", lease, retry_after=hint)
    assert run.opens_in() == pytest.approx(wait)


def test_try_now_ends_it() -> None:
    run = Driven(keys("one", "two", "three", "four", rpm=10))
    for _ in range(3):
        run.ask()
    for lease in (1, 2, 3):
        run.ends("minute", lease, retry_after=60)
    run.pool.try_now()
    assert run.granted() == "four"
