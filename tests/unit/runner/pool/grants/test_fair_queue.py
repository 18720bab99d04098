"""The queue of the pool: workflows take turns, however many calls they request at once."""

from __future__ import annotations

from collections import Counter

from tests.unit.runner.pool.driver import Driven, granted_items, key, keys, started


def closed(rpm: int = 60) -> Driven:
    """A pool whose one model has no capacity for a moment: whoever asks has to wait."""
    run = Driven([key("one", rpm=rpm)])
    run.call("overloaded", item="Z")
    return run


def in_order(run: Driven, most: int = 1000) -> list[str]:
    """Everybody in line, as they are served; each call ends at once."""
    order: list[str] = []
    while len(run.pool.queue) and len(order) < most:
        order += granted_items(run.go_on())
        for lease in list(run.pool.leases.active):
            run.ends("ok", lease)
    return order


def test_a_workflow_that_fans_out_gets_no_more_turns_than_one_that_does_not() -> None:
    run = closed()
    for _ in range(4):
        run.ask("A")
    for item in "BCD":
        run.ask(item)
    assert in_order(run) == ["A", "B", "C", "D", "A", "A", "A"]


def test_the_workflow_served_longest_ago_is_served_next() -> None:
    run = closed()
    for item in "BCAB":
        run.ask(item)
    assert in_order(run) == ["B", "C", "A", "B"]
    for item in "BBAC":
        run.ask(item)
    run.withdraw("B", request=run.requests - 3)
    assert Counter(in_order(run)) == Counter("BAC")


def test_requests_of_one_workflow_stay_in_order() -> None:
    run = closed()
    for node in ("first", "second", "third"):
        run.ask("A", node=node)
    in_order(run)
    nodes = [event.node for event in started(run.events) if event.node]
    assert nodes == ["first", "second", "third"]


def test_a_request_for_an_exhausted_model_does_not_block_other_models() -> None:
    run = closed()
    run.ask("A", "m")
    run.ask("A", "other")
    run.ask("B", "other")
    assert [e.model for e in started(run.events) if e.item in "AB"] == [
        "other", "other",
    ]  # fmt: skip


def test_one_workflow_s_turns_are_the_same_for_both_models() -> None:
    run = closed()
    run.call("overloaded", item="Z", model="other")
    for item, model in (("A", "m"), ("A", "other"), ("B", "m"), ("B", "other")):
        run.ask(item, model)
    assert Counter(in_order(run)[:2]) == Counter("AB")


def test_the_shares_of_workflows_that_always_want_more_are_equal_though_two_fan_out() -> None:
    run = Driven(keys("one", "two", rpm=10))
    width = {item: 5 if item in "AB" else 1 for item in "ABCDEFGHIJ"}
    for item, times in width.items():
        for _ in range(times):
            run.ask(item)
    served: Counter[str] = Counter()
    while served.total() < 200:
        for item in granted_items(run.go_on()):
            served[item] += 1
        for number in list(run.pool.leases.active):
            item = run.pool.leases.active[number].item
            run.ends("ok", number)
            run.ask(item)
    counts = list(served.values())
    assert sum(counts) ** 2 / (len(counts) * sum(n * n for n in counts)) > 0.98


def test_a_finished_workflow_starts_over() -> None:
    run = closed()
    run.ask("A")
    in_order(run)
    run.pool.release_all("A")
    run.pool.forget_item("A")
    run.ask("B")
    in_order(run)
    run.go(60)
    run.call("overloaded", item="Y")
    run.ask("B")
    run.ask("A")
    assert in_order(run) == ["A", "B"]
