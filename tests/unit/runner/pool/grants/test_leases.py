"""Leases: one attempt each, they end once, and none of a dead worker is left."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.model.events import CallEnded, CallQueued, CallStarted
from assemblyzero_tui.runner.pool.grants.leases import CALL_TIMEOUT, LATE, PATIENCE
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Grant, Release
from tests.unit.runner.pool.driver import (
    CANARY,
    Driven,
    changed,
    ended,
    granted_items,
    granted_leases,
    keys,
    notices,
    started,
)


def test_without_credentials_a_lease_is_granted_and_returned_once() -> None:
    run = Driven()
    run.pool.acquire("LLD-1", 1, Acquire(request=4, model="m", node="N1"))
    ledger = run.serve()
    ((item, grant),) = ledger.answers
    assert isinstance(grant, Grant)
    assert (item, grant.request, grant.lease, grant.secret) == ("LLD-1", 4, 1, "")
    assert grant.call_timeout == CALL_TIMEOUT
    (begun,) = ledger.events
    assert isinstance(begun, CallStarted)
    assert (begun.item, begun.attempt, begun.lease, begun.node) == ("LLD-1", 1, 1, "N1")
    assert (begun.timeout, begun.credential) == (CALL_TIMEOUT, "")
    (over,) = run.ends("ok", input_tokens=3).events
    assert isinstance(over, CallEnded)
    assert (over.outcome, over.input_tokens, over.model) == ("ok", 3, "m")
    assert run.pool.leases.active == {}
    assert run.pool.next_time() is None
    assert not run.pool.recorder.changes


def test_without_credentials_every_request_is_granted() -> None:
    run = Driven()
    for item in "ABC":
        run.pool.acquire(item, 1, Acquire(request=1, model="m"))
    assert granted_items(run.serve()) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("item", "attempt", "lease"), [("LLD-2", 1, 1), ("LLD-1", 2, 1), ("LLD-1", 1, 7)]
)
def test_a_lease_that_one_does_not_hold_cannot_be_given_back(
    item: str, attempt: int, lease: int
) -> None:
    run = Driven(keys("one"))
    run.ask("LLD-1")
    run.pool.release(item, attempt, Release(lease=lease, outcome="day", sent=False))
    ledger = run.serve()
    assert ended(ledger.events) == []
    assert changed(ledger.events) == []
    assert notices(ledger.events) == [f"{item} released lease {lease}, which it does not hold"]
    assert list(run.pool.leases.active) == [1]
    assert run.state("one") == "open"
    assert run.group("one").count(run.clock.now()) == 1


def test_a_lease_given_back_twice_counts_once() -> None:
    run = Driven(keys("one"))
    run.ask()
    run.ends("transport", sent=False)
    assert run.group("one").used_today(run.pool.registry.today(run.clock.now())) == 0
    run.pool.release("A", 1, Release(lease=1, outcome="transport", sent=False))
    ledger = run.serve()
    assert ended(ledger.events) == []
    assert "does not hold" in notices(ledger.events)[0]
    run.clock.go(60)
    run.ask()
    assert run.group("one").used_today(run.pool.registry.today(run.clock.now())) == 1


def test_an_unknown_outcome_ends_a_lease_like_any_other() -> None:
    run = Driven(keys("one"))
    run.ask()
    ledger = run.ends("splendid")
    assert [event.outcome for event in ended(ledger.events)] == ["splendid"]
    assert run.granted() == "one"


def test_the_leases_and_requests_of_a_dead_worker_end_with_it() -> None:
    run = Driven(keys("one"))
    run.ask("LLD-1")
    run.ask("LLD-1", "another")
    run.ask("LLD-2")
    run.pool.release_all("LLD-1")
    ledger = run.serve()
    assert [(e.lease, e.outcome) for e in ended(ledger.events)] == [(1, "died"), (2, "died")]
    run.pool.release_all("LLD-1")
    assert run.serve() == Ledger()
    assert list(run.pool.leases.active) == [3]
    run.ends("minute", retry_after=30)
    run.ask("LLD-1")
    assert len(run.pool.queue) == 1
    run.pool.release_all("LLD-1")
    assert run.serve().answers == []
    assert len(run.pool.queue) == 0
    run.go(40)
    assert run.answers[-1][0] == "LLD-2"


def test_a_request_that_was_withdrawn_is_not_answered() -> None:
    run = Driven(keys("one"))
    run.call("minute")
    run.ask("A")
    run.ask("A")
    run.withdraw("A", request=2)
    run.withdraw("B", request=3)
    assert [ticket.acquire.request for ticket in run.pool.queue] == [3]
    assert granted_items(run.go(70)) == ["A"]


def test_a_request_of_another_attempt_is_another_one() -> None:
    run = Driven(keys("one"))
    run.call("minute")
    run.pool.acquire("A", 2, Acquire(request=9, model="m"))
    run.pool.withdraw("A", 1, 9)
    assert len(run.pool.queue) == 1


def test_ids_only_grow_and_a_deadline_shortens_the_call() -> None:
    run = Driven(keys("one"))
    run.ask()
    run.pool.release_all("A")
    run.pool.acquire("A", 2, Acquire(request=1, model="m", deadline=9.0))
    ((_, grant),) = run.serve().answers
    assert isinstance(grant, Grant)
    assert (grant.lease, grant.call_timeout) == (2, 9.0)
    assert run.pool.leases.active[2].expires == run.clock.awake() + 9.0 + PATIENCE


def test_credentials_take_turns_and_events_contain_only_names() -> None:
    run = Driven(keys("one", "two", "three"))
    run.pool.registry.report_all()
    assert [event.credential for event in changed(run.serve().events)] == ["one", "two", "three"]
    assert [run.granted() for _ in range(4)] == ["one", "two", "three", "one"]
    ledger = run.ask()
    ((_, grant),) = ledger.answers
    assert isinstance(grant, Grant)
    assert grant.secret == f"{CANARY}{'two':>10}"
    assert CANARY not in repr(ledger) + repr(run.events) + repr(run.pool.recorder.changes)
    assert CANARY not in repr(run.pool.registry.credentials) + repr(run.pool.leases.active) + repr(
        run.pool.registry.quotas
    )


def test_existing_credentials_are_reported_once() -> None:
    run = Driven(keys("one"))
    run.pool.registry.report_all()
    assert len(changed(run.serve().events)) == 1
    run.pool.registry.report_all()
    assert changed(run.serve().events) == []


def test_an_expired_lease_is_revoked_and_its_worker_must_end() -> None:
    run = Driven(keys("one"))
    run.ask("A", deadline=20.0)
    assert run.pool.next_time() == run.clock.now() + 20 + PATIENCE
    assert run.go(49.9).revoked == []
    ledger = run.go(0.2)
    assert ledger.revoked == [("A", 1)]
    assert [(e.lease, e.outcome) for e in ended(ledger.events)] == [(1, "died")]
    assert run.pool.leases.active == {}
    assert run.go(100).revoked == []


def test_the_late_refusal_of_a_revoked_lease_still_counts() -> None:
    run = Driven(keys("one", "two"))
    run.ask("A", deadline=20.0)
    run.go(50)
    run.pool.release("A", 1, Release(lease=1, outcome="minute", retry_after=40))
    ledger = run.serve()
    assert ended(ledger.events) == []
    assert notices(ledger.events) == []
    assert [e.state for e in changed(ledger.events)] == ["cooling"]
    run.pool.release("A", 1, Release(lease=1, outcome="day"))
    assert "does not hold" in notices(run.serve().events)[0]
    assert run.state("one") == "cooling"


def test_a_late_answer_changes_nothing_and_a_late_unsent_call_is_refunded() -> None:
    run = Driven(keys("one", rpd=5))
    run.ask("A", deadline=20.0)
    run.ask("B", deadline=20.0)
    run.go(50)
    now = run.pool.registry.today(run.clock.now())
    assert run.group("one").used_today(now) == 2
    run.pool.release("A", 1, Release(lease=1, outcome="ok"))
    run.pool.release("B", 1, Release(lease=2, outcome="cancelled", sent=False))
    assert run.serve().events == []
    assert run.group("one").used_today(now) == 1


def test_only_the_newest_revoked_leases_are_remembered() -> None:
    run = Driven(keys("one"))
    for _ in range(LATE + 10):
        run.ask()
        run.pool.release_all("A")
    run.pool.release("A", 1, Release(lease=1, outcome="minute"))
    assert "does not hold" in notices(run.serve().events)[0]
    run.pool.release("A", 1, Release(lease=LATE + 10, outcome="minute"))
    assert changed(run.serve().events)[0].state == "cooling"


def test_the_wait_of_a_call_is_reported() -> None:
    run = Driven(keys("one"))
    run.call("day", retry_after=80)
    ledger = run.ask("B", node="N7")
    (event,) = ledger.events
    assert isinstance(event, CallQueued)
    assert event.item == "B"
    assert event.model == "m"
    assert event.until == pytest.approx(run.clock.wall() + 80.5)
    assert event.why.startswith("one is cooling down until ")
    ledger = run.go(80.5)
    (begun,) = started(ledger.events)
    assert begun.node == "N7"
    assert begun.waited == pytest.approx(80.5)


def test_the_store_gets_the_changes() -> None:
    run = Driven(keys("one", rpm=10))
    fingerprint = next(iter(run.pool.registry.credentials))
    run.ask()
    assert [lease.number for lease in run.pool.recorder.changes.granted] == [1]
    run.ends("ok", input_tokens=3, output_tokens=4)
    changes = run.pool.recorder.changes
    assert [lease.number for lease in changes.ended] == [1]
    (tally,) = changes.tallies
    assert (tally.fingerprint, tally.model, tally.answered, tally.refused) == (
        fingerprint,
        "m",
        True,
        False,
    )
    assert (tally.input_tokens, tally.output_tokens) == (3, 4)
    assert changes.quotas == {(f"key {fingerprint}", "m")}
    run.ask()
    run.ends("transport", sent=False)
    assert [lease.number for lease in changes.refunds] == [2]
    run.pool.registry.disable("one")
    assert changes.credentials == {fingerprint}


def test_grants_answer_the_requests_they_are_for() -> None:
    run = Driven(keys("one", "two"))
    for item, request in (("A", 5), ("B", 5), ("A", 6)):
        run.pool.acquire(item, 1, Acquire(request=request, model="m"))
    ledger = run.serve()
    assert [(item, a.request) for item, a in ledger.answers] == [("A", 5), ("B", 5), ("A", 6)]
    assert granted_leases(ledger) == [1, 2, 3]
