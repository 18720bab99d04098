"""The book of leases: a lease ends once, keys take turns, what is refused rests."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyzero_tui.runner.events import CallEnded, CallStarted, CredentialChanged, Notice
from assemblyzero_tui.runner.pool.credentials import Credential
from assemblyzero_tui.runner.pool.leases import CALL_TIMEOUT, LeaseBook, Ledger
from assemblyzero_tui.runner.pool.rests import end_of_day
from assemblyzero_tui.runner.pool.secret import Secret
from assemblyzero_tui.runner.worker.messages import Acquire, Deny, Grant, Release

NOON = 1_780_340_400.0
"""12:00 in California on a day in June 2026."""
HOURS = 3600.0


class Pool:
    """A book with a clock that is moved by hand."""

    def __init__(self, *keys: Credential) -> None:
        self.now = NOON
        self.book = LeaseBook(keys, clock=lambda: self.now, chance=lambda: 0.5)
        self.requests = 0

    def ask(self, item: str = "A", model: str = "m") -> Ledger:
        self.requests += 1
        return self.book.acquire(item, 1, Acquire(request=self.requests, model=model, node="N1"))

    def key(self, item: str = "A", model: str = "m") -> str:
        """The name of the key that is granted at once; ``wait`` or ``deny`` if none is."""
        ledger = self.ask(item, model)
        if not ledger.answers:
            self.book.withdraw(item, 1, self.requests)
            return "wait"
        answer = ledger.answers[0][1]
        return answer.name if isinstance(answer, Grant) else "deny"

    def ends(self, outcome: str, item: str = "A", **news: Any) -> Ledger:
        lease = max(self.book._out)
        return self.book.release(item, 1, Release(lease=lease, outcome=outcome, **news))


def keys(*names: str, project: str = "") -> list[Credential]:
    return [Credential(name, Secret(f"canary-key-of-{name:>10}"), project) for name in names]


def test_without_keys_a_lease_is_granted_and_comes_back_once() -> None:
    book = LeaseBook(clock=lambda: NOON)
    ledger = book.acquire("LLD-1", 1, Acquire(request=4, model="m", node="N1"))
    ((item, grant),) = ledger.answers
    assert isinstance(grant, Grant)
    assert (item, grant.request, grant.lease, grant.secret) == ("LLD-1", 4, 1, "")
    assert grant.call_timeout == CALL_TIMEOUT
    (started,) = ledger.events
    assert isinstance(started, CallStarted)
    assert (started.item, started.lease, started.node) == ("LLD-1", 1, "N1")
    back = Release(lease=1, outcome="ok", input_tokens=3)
    (ended,) = book.release("LLD-1", 1, back).events
    assert isinstance(ended, CallEnded)
    assert (ended.outcome, ended.input_tokens, ended.model) == ("ok", 3, "m")
    assert book.release("LLD-1", 1, back) == Ledger()
    assert len(book) == 0
    assert book.opened() == []


def test_a_lease_of_somebody_else_cannot_be_given_back() -> None:
    pool = Pool()
    pool.ask("LLD-1")
    assert pool.book.release("LLD-2", 1, Release(lease=1, outcome="ok")) == Ledger()
    assert pool.book.release("LLD-1", 2, Release(lease=1, outcome="ok")) == Ledger()
    assert len(pool.book) == 1


def test_the_leases_and_requests_of_a_dead_worker_end_with_it() -> None:
    pool = Pool(*keys("one"))
    pool.ask("LLD-1")
    pool.ask("LLD-1")
    pool.ask("LLD-2")
    assert [(e.lease, e.outcome) for e in pool.book.died("LLD-1")] == [(1, "died"), (2, "died")]
    assert pool.book.died("LLD-1") == []
    assert len(pool.book) == 1
    pool.ends("minute", "LLD-2", retry_after=30)
    pool.ask("LLD-1")
    assert pool.book.waiting == 1
    assert pool.book.died("LLD-1") == []
    assert pool.book.waiting == 0


def test_ids_only_grow_and_a_deadline_shortens_the_call() -> None:
    pool = Pool()
    pool.ask()
    pool.book.died("A")
    wish = Acquire(request=1, model="m", deadline=9.0)
    ((_, grant),) = pool.book.acquire("A", 2, wish).answers
    assert isinstance(grant, Grant)
    assert (grant.lease, grant.call_timeout) == (2, 9.0)


def test_keys_take_turns_and_events_have_names_only() -> None:
    pool = Pool(*keys("one", "two", "three"))
    assert [pool.key() for _ in range(4)] == ["one", "two", "three", "one"]
    ledger = pool.ask()
    ((_, grant),) = ledger.answers
    assert isinstance(grant, Grant)
    assert grant.secret.endswith("two")
    assert "canary-key" not in repr(ledger) + repr(pool.book.opened())
    assert [e.credential for e in pool.book.opened() if isinstance(e, CredentialChanged)] == [
        "one", "two", "three",
    ]  # fmt: skip


def test_a_refused_key_is_put_out_and_the_next_one_is_granted() -> None:
    pool = Pool(*keys("one", "two"))
    assert pool.key() == "one"
    ledger = pool.ends("auth", http_status=400, reason="API_KEY_INVALID", detail="not valid")
    changed = ledger.events[1]
    assert isinstance(changed, CredentialChanged)
    assert (changed.credential, changed.state, changed.reason) == ("one", "invalid", "not valid")
    assert [pool.key() for _ in range(2)] == ["two", "two"]


def test_a_refusal_without_a_reason_needs_two_strikes() -> None:
    pool = Pool(*keys("one"))
    for _ in range(2):
        assert pool.key() == "one"
        pool.ends("auth", http_status=403, reason="PERMISSION_DENIED")
    ledger = pool.ask()
    ((_, denial),) = ledger.answers
    assert isinstance(denial, Deny)
    assert denial.park
    assert denial.until == 0
    assert "one is refused" in denial.why


def test_a_quota_of_the_minute_rests_the_key_for_this_model_and_others_wait_in_line() -> None:
    pool = Pool(*keys("one"))
    pool.key()
    pool.ends("minute", retry_after=36.0)
    ledger = pool.ask()
    assert ledger.answers == []
    (notice,) = ledger.events
    assert isinstance(notice, Notice)
    assert "waits 36 s: one rests until" in notice.text
    assert pool.key("B", "another") == "one"
    assert pool.book.next_time() == NOON + 36.5
    assert pool.book.serve() == Ledger()
    pool.now += 36.5
    ((item, grant),) = pool.book.serve().answers
    assert item == "A"
    assert isinstance(grant, Grant)
    assert pool.book.next_time() is None


def test_a_hint_is_a_lower_bound_and_without_one_a_minute_is() -> None:
    pool = Pool(*keys("one"))
    pool.key()
    pool.ends("minute")
    pool.ask()
    assert pool.book.next_time() == NOON + 60.5


def test_keys_of_one_project_rest_together() -> None:
    pool = Pool(*keys("one", "two", project="p"), *keys("three"))
    pool.key()
    changed = pool.ends("minute", retry_after=10).events[1:]
    assert [e.credential for e in changed if isinstance(e, CredentialChanged)] == ["one", "two"]
    assert [pool.key() for _ in range(2)] == ["three", "three"]


def test_a_rest_only_grows_and_is_said_once() -> None:
    pool = Pool(*keys("one"))
    pool.ask("A")
    pool.ask("B")
    pool.book.release("A", 1, Release(lease=1, outcome="minute", retry_after=50))
    ledger = pool.book.release("B", 1, Release(lease=2, outcome="minute", retry_after=5))
    assert [type(event) for event in ledger.events] == [CallEnded]
    pool.ask()
    assert pool.book.next_time() == NOON + 50.5


def test_a_late_answer_does_not_end_a_rest() -> None:
    pool = Pool(*keys("one"))
    pool.ask("A")
    pool.ask("B")
    pool.book.release("A", 1, Release(lease=1, outcome="day"))
    pool.book.release("B", 1, Release(lease=2, outcome="ok"))
    assert pool.key() == "deny"


def test_when_every_key_has_used_up_its_day_the_asker_parks_until_midnight_in_california() -> None:
    pool = Pool(*keys("one", "two"))
    for _ in range(2):
        pool.key()
        pool.ends("day", retry_after=41.0)
    ((_, denial),) = pool.ask().answers
    assert isinstance(denial, Deny)
    assert denial.park
    assert denial.until == NOON + 12 * HOURS
    assert "one has used up its day until" in denial.why
    pool.now = denial.until - 1
    assert pool.key() == "deny"
    pool.now = denial.until
    assert pool.key() == "one"


def test_those_in_line_are_denied_when_the_last_key_goes() -> None:
    pool = Pool(*keys("one"))
    pool.key("A")
    pool.key("B")
    pool.book.release("A", 1, Release(lease=1, outcome="minute"))
    pool.ask("C")
    ledger = pool.book.release(
        "B", 1, Release(lease=2, outcome="auth", http_status=400, reason="API_KEY_INVALID")
    )
    assert [(item, type(answer)) for item, answer in ledger.answers] == [("C", Deny)]


def test_no_tier_is_another_model_s_business() -> None:
    pool = Pool(*keys("one"))
    pool.key()
    pool.ends("no_tier")
    ((_, denial),) = pool.ask().answers
    assert isinstance(denial, Deny)
    assert not denial.park
    assert "no quota for m" in denial.why
    assert pool.key(model="another") == "one"


def test_a_model_without_capacity_rests_for_all_keys_a_little_longer_each_time() -> None:
    pool = Pool(*keys("one", "two"))
    rests = []
    for _ in range(7):
        assert pool.key() in ("one", "two")
        pool.ends("overloaded", detail="m has no capacity")
        pool.ask("W")
        opens = pool.book.next_time()
        assert opens is not None
        pool.book.withdraw("W", 1, pool.requests)
        rests.append(opens - pool.now)
        assert pool.key() == "wait"
        assert pool.key(model="another") in ("one", "two")
        pool.book.died("A")
        pool.now = opens
    assert rests == pytest.approx([0.5, 1, 2, 4, 8, 15, 15])
    pool.key()
    pool.ends("ok")
    pool.key()
    pool.ends("overloaded")
    pool.ask()
    assert pool.book.next_time() == pytest.approx(pool.now + 0.5)


def test_many_failures_of_one_moment_count_once() -> None:
    pool = Pool(*keys("one"))
    for name in "ABC":
        pool.ask(name)
    for number, name in enumerate("ABC", 1):
        pool.book.release(name, 1, Release(lease=number, outcome="overloaded"))
    pool.ask()
    assert pool.book.next_time() == pytest.approx(NOON + 0.5)


def test_a_quota_without_a_name_rests_longer_each_time() -> None:
    pool = Pool(*keys("one"))
    rests = []
    for _ in range(6):
        pool.key()
        pool.ends("quota_unknown")
        pool.ask("W")
        opens = pool.book.next_time()
        assert opens is not None
        pool.book.withdraw("W", 1, pool.requests)
        rests.append(opens - pool.now)
        pool.now = opens
    assert rests == [5.5, 10.5, 20.5, 40.5, 80.5, 120.5]


@pytest.mark.parametrize("outcome", ["timeout", "blocked", "bad_request", "region", "cancelled"])
def test_what_no_key_is_to_blame_for_changes_none(outcome: str) -> None:
    pool = Pool(*keys("one"))
    pool.key()
    assert len(pool.ends(outcome).events) == 1
    assert pool.key() == "one"


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (NOON, 12),
        (1_772_956_800.0, 23),  # midnight of 8 March 2026: the clock goes forward
        (1_793_516_400.0, 25),  # midnight of 1 November 2026: it goes back
    ],
)
def test_the_day_of_the_service_ends_at_midnight_in_california(moment: float, hours: int) -> None:
    assert end_of_day(moment) == moment + hours * HOURS
