"""The book of leases: a lease ends once, by its holder or with it."""

from __future__ import annotations

from assemblyzero_tui.runner.pool.leases import CALL_TIMEOUT, LeaseBook
from assemblyzero_tui.runner.worker.messages import Acquire, Release


def test_a_lease_is_granted_and_comes_back_once() -> None:
    book = LeaseBook()
    grant, started = book.acquire("LLD-1", 1, Acquire(request=4, model="m", node="N1"))
    assert (grant.request, grant.lease, grant.call_timeout) == (4, 1, CALL_TIMEOUT)
    assert (started.item, started.lease, started.node) == ("LLD-1", 1, "N1")
    back = Release(lease=1, outcome="ok", input_tokens=3)
    ended = book.release("LLD-1", 1, back)
    assert ended is not None
    assert (ended.outcome, ended.input_tokens, ended.model) == ("ok", 3, "m")
    assert book.release("LLD-1", 1, back) is None
    assert len(book) == 0


def test_a_lease_of_somebody_else_cannot_be_given_back() -> None:
    book = LeaseBook()
    book.acquire("LLD-1", 1, Acquire(request=1, model="m"))
    assert book.release("LLD-2", 1, Release(lease=1, outcome="ok")) is None
    assert book.release("LLD-1", 2, Release(lease=1, outcome="ok")) is None
    assert len(book) == 1


def test_the_leases_of_a_dead_worker_end_as_died() -> None:
    book = LeaseBook()
    book.acquire("LLD-1", 1, Acquire(request=1, model="m"))
    book.acquire("LLD-1", 1, Acquire(request=2, model="m"))
    book.acquire("LLD-2", 1, Acquire(request=1, model="m"))
    assert [(e.lease, e.outcome) for e in book.died("LLD-1")] == [(1, "died"), (2, "died")]
    assert book.died("LLD-1") == []
    assert len(book) == 1


def test_ids_only_grow_and_a_deadline_shortens_the_call() -> None:
    book = LeaseBook()
    book.acquire("A", 1, Acquire(request=1, model="m"))
    book.died("A")
    grant, _ = book.acquire("A", 2, Acquire(request=1, model="m", deadline=9.0))
    assert grant.lease == 2
    assert grant.call_timeout == 9.0
