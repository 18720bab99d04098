"""Two items in a row with the same failure: then it is no item's own."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.pool.causes.shared_causes import Cause, SharedFailures


def ends(shared: SharedFailures, item: str, outcome: str, node: str = "draft") -> Cause | None:
    return shared.call_ended(item, "m", node, outcome, f"words for {item}")


def test_the_second_item_shows_that_it_is_everybody_s() -> None:
    shared = SharedFailures()
    assert ends(shared, "A", "bad_request") is None
    cause = ends(shared, "B", "bad_request")
    assert cause == Cause(cause.outcome, "m", "words for B") if cause else False


def test_one_item_alone_shows_nothing_however_often_it_tries() -> None:
    shared = SharedFailures()
    assert [ends(shared, "A", "bad_request") for _ in range(5)] == [None] * 5


@pytest.mark.parametrize("outcome", ["ok", "blocked", "no_answer"])
def test_an_answer_in_between_shows_that_it_is_the_item_s_own(outcome: str) -> None:
    shared = SharedFailures()
    ends(shared, "A", "bad_request")
    ends(shared, "C", outcome)
    assert ends(shared, "B", "bad_request") is None


@pytest.mark.parametrize("outcome", ["minute", "overloaded", "auth", "died", "cancelled", "odd"])
def test_what_says_nothing_of_the_request_changes_nothing(outcome: str) -> None:
    shared = SharedFailures()
    ends(shared, "A", "bad_request")
    ends(shared, "C", outcome)
    assert ends(shared, "B", "bad_request") is not None


def test_a_reviewer_is_no_better_for_a_writer_that_answers() -> None:
    shared = SharedFailures()
    ends(shared, "A", "ok", "draft")
    ends(shared, "A", "bad_request", "review")
    ends(shared, "B", "ok", "draft")
    assert ends(shared, "B", "bad_request", "review") is not None


def test_what_is_blocked_is_about_the_item() -> None:
    shared = SharedFailures()
    assert [ends(shared, item, "blocked") for item in "ABC"] == [None] * 3


def test_after_a_change_by_the_user_it_takes_two_again() -> None:
    shared = SharedFailures()
    ends(shared, "A", "bad_request")
    shared.forget()
    assert ends(shared, "B", "bad_request") is None
