"""Every state can be told apart by its word, its glyph and its letter, and leads somewhere."""

import unicodedata

import pytest

from assemblyzero_tui.runner.model.states import (
    AT_WORK,
    CANCELLABLE,
    LOOKS,
    PAUSABLE,
    RESUMABLE,
    RETRIABLE,
    TERMINAL,
    TRANSITIONS,
    State,
)


def test_every_state_has_a_look_and_followers() -> None:
    assert set(LOOKS) == set(State)
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("state", State)
def test_a_glyph_is_one_narrow_cell_and_its_fallback_is_ascii(state: State) -> None:
    assert len(state.look.glyph) == 1
    assert unicodedata.east_asian_width(state.look.glyph) in {"N", "A", "H", "Na"}
    assert state.look.ascii.isascii()
    assert len(state.look.ascii) == 1
    assert len(state.look.word) <= 7


def test_the_order_by_attention_has_no_ties() -> None:
    assert len({look.order for look in LOOKS.values()}) == len(LOOKS)


@pytest.mark.parametrize("state", State)
def test_done_can_be_reached_from_every_state_but_itself(state: State) -> None:
    if state is State.DONE:
        return
    seen: set[State] = {state}
    todo: list[State] = [state]
    while todo:
        for follower in TRANSITIONS[todo.pop()] - seen:
            seen.add(follower)
            todo.append(follower)
    assert State.DONE in seen


@pytest.mark.parametrize("state", sorted(AT_WORK))
def test_a_process_at_work_can_be_lost_or_cancelled(state: State) -> None:
    assert State.LOST in TRANSITIONS[state]
    assert {State.CANCELLED, State.CANCELLING} & TRANSITIONS[state]


@pytest.mark.parametrize("state", State)
def test_states_that_a_command_acts_on_can_become_its_target(state: State) -> None:
    followers = TRANSITIONS[state]
    assert not state.pausable or {State.PAUSING, State.PAUSED} & followers
    assert not state.resumable or State.QUEUED in followers
    assert (
        not state.cancellable
        or state is State.CANCELLING
        or ({State.CANCELLING, State.CANCELLED} & followers)
    )
    assert not state.retriable or State.QUEUED in followers


def test_a_state_is_cancelled_or_retried_but_never_both() -> None:
    assert TERMINAL - {State.DONE} == RETRIABLE
    assert not CANCELLABLE & TERMINAL
    assert not PAUSABLE & RESUMABLE
    assert PAUSABLE | RESUMABLE | {State.CANCELLING} == CANCELLABLE
