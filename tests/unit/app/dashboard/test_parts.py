"""The parts of the dashboard without a screen: stage, wishes, footer, toasts, table of commands."""

from __future__ import annotations

from assemblyzero_tui.app.dashboard.footer import Situation, hints
from assemblyzero_tui.app.dashboard.notifications import BRIEFLY, Notifier, terminal_title
from assemblyzero_tui.app.ui import item_commands
from assemblyzero_tui.app.ui.keymap import COMMANDS, Where, bindings, listed, markdown_table
from assemblyzero_tui.app.ui.view_state import ViewState, neighbour
from assemblyzero_tui.runner.model.commands import Pause, Resume, Retry
from assemblyzero_tui.runner.model.events import (
    AnyEvent,
    ItemChanged,
    ItemInfo,
    Notice,
    RunBlocked,
    RunEnded,
)
from assemblyzero_tui.runner.model.run_state import ItemState, RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.widgets.items.layout import Mode


def item(name: str, state: State) -> ItemState:
    return ItemState(ItemInfo(id=name, key=name), 0, state)


def run_of(*states: State) -> RunState:
    run = RunState()
    for number, state in enumerate(states):
        run.items[str(number)] = item(str(number), state)
        run.counts[state] += 1
    return run


def test_the_page_is_that_of_the_current_item_whatever_the_size() -> None:
    items = [str(n) for n in range(6)]
    stage = ViewState(current="5")
    stage.fit(6, 80, 24)
    assert stage.in_grid(items) == ["4", "5"]
    assert stage.out_of_sight(items) == ["0", "1", "2", "3"]
    assert stage.page_start(items, -1) == "0"
    assert stage.page_start(items, 1) == ""
    stage.fit(6, 120, 40)
    assert (stage.page(items), stage.in_grid(items)) == (0, items)
    assert stage.current == "5"


def test_a_request_for_the_list_and_back() -> None:
    stage = ViewState(current="x", zoomed=True)
    stage.fit(3, 120, 40)
    stage.toggle()
    assert (stage.fit(3, 120, 40).mode, stage.zoomed) == (Mode.LIST, False)
    stage.toggle()
    assert stage.fit(3, 120, 40).mode is Mode.GRID


def test_neighbours_stop_at_the_ends() -> None:
    assert neighbour(["a", "b"], "b", 1) == "b"
    assert neighbour(["a", "b"], "b", -1) == "a"
    assert neighbour(["a", "b"], "gone", 1) == "a"
    assert neighbour([], "a", 1) == ""


def test_pause_wins_over_resume_in_a_mixture() -> None:
    a, b, c = item("a", State.RUNNING), item("b", State.PAUSED), item("c", State.DONE)
    assert item_commands.pause_or_resume([a, b, c]) == Pause(items=["a"])
    assert item_commands.pause_or_resume([b, c]) == Resume(items=["b"])
    assert item_commands.pause_or_resume([c]) is None


def test_all_together() -> None:
    assert item_commands.pause_or_resume_all(run_of(State.RUNNING, State.PAUSED)) == Pause()
    assert item_commands.pause_or_resume_all(run_of(State.PAUSED, State.DONE)) == Resume()
    assert item_commands.pause_or_resume_all(run_of(State.DONE)) is None
    held = run_of(State.RUNNING)
    held.held = True
    assert item_commands.pause_or_resume_all(held) == Resume()


def test_what_can_be_cancelled_and_retried() -> None:
    a, b, c = item("a", State.RUNNING), item("b", State.FAILED), item("c", State.LOST)
    assert item_commands.cancellable([a, b, c]) == ["a"]
    assert item_commands.retry([a, b, c]) == Retry(items=["b", "c"])
    assert item_commands.retry([a]) is None
    assert item_commands.named(["a", "b"]) == "a, b"
    assert item_commands.named(["a"] * 7) == "7 items"


def offered(run: RunState, *states: State, gone: bool = False) -> dict[str, str]:
    stage = ViewState()
    stage.fit(len(run.items), 120, 40)
    found = hints(Situation(run, stage, frozenset(states), gone))
    return {hint.key: hint.label for hint in found}


def test_the_footer_offers_only_what_would_do_something() -> None:
    run = run_of(State.RUNNING, State.FAILED)
    assert {"p", "x"} <= offered(run, State.RUNNING).keys()
    failed = offered(run, State.FAILED)
    assert failed["r"] == "Retry"
    assert not {"p", "x"} & failed.keys()
    assert offered(run, State.PAUSED)["p"] == "Resume"
    assert offered(run, State.RUNNING, gone=True)["r"] == "Resume run"
    assert "a" in failed
    assert "a" not in offered(run_of(State.DONE), State.DONE)
    assert "P" not in offered(run_of(State.DONE), State.DONE)


def test_the_footer_offers_no_command_that_no_engine_would_take() -> None:
    run, stage = run_of(State.RUNNING, State.FAILED), ViewState()
    stage.fit(2, 120, 40)
    for states in ({State.RUNNING}, {State.FAILED}, {State.PAUSED}):
        found = hints(Situation(run, stage, frozenset(states), engine_gone=False, live=False))
        assert not {"p", "P", "x", "r"} & {hint.key for hint in found}
    found = hints(Situation(run, stage, frozenset(states), engine_gone=True, live=False))
    assert {hint.key: hint.label for hint in found}["r"] == "Resume run"


def changed(name: str, state: State, reason: str = "") -> ItemChanged:
    return ItemChanged(item=name, state=state, reason=reason)


def done(*numbers: int) -> list[AnyEvent]:
    return [changed(f"LLD-{n}", State.DONE) for n in numbers]


def test_a_few_endings_are_reported_one_by_one_and_briefly() -> None:
    said = Notifier().notifications(done(1, 2, 3), 0.0)
    assert [s.title for s in said] == ["LLD-1 done", "LLD-2 done", "LLD-3 done"]
    assert {s.timeout for s in said} == {BRIEFLY}


def test_a_burst_of_endings_is_one_toast() -> None:
    said = Notifier().notifications(done(*range(12)), 0.0)
    assert [(s.title, s.text, s.timeout) for s in said] == [("", "12 items done", BRIEFLY)]


def test_many_endings_are_counted_now_and_then() -> None:
    notifier = Notifier()
    said = [
        (now, s.title + s.text)
        for now in range(60)
        for s in notifier.notifications(done(now) if now < 40 else [], float(now))
    ]
    assert said == [
        (0, "LLD-0 done"), (1, "LLD-1 done"), (2, "LLD-2 done"), (12, "10 items done"),
        *[(now, "10 items done") for now in (22, 32)], (42, "7 items done"),
    ]  # fmt: skip


def test_failures_are_reported_one_by_one_up_to_a_number() -> None:
    notifier = Notifier()
    said = notifier.notifications([changed(f"LLD-{n}", State.FAILED) for n in range(8)], 0.0)
    assert [s.title or s.text for s in said] == [
        *(f"LLD-{n} failed" for n in range(5)),
        "3 more items failed",
    ]
    assert all(s.attention for s in said)
    assert notifier.notifications([changed("LLD-9", State.FAILED)], 5.0) == []
    assert [s.text for s in notifier.notifications([], 10.0)] == ["1 more item failed"]


def test_what_the_summary_shows_is_not_reported_again() -> None:
    notifier = Notifier()
    notifier.notifications(done(*range(3)), 0.0)
    assert notifier.notifications([*done(4, 5), RunEnded(exit_code=0)], 1.0) == []
    assert notifier.notifications([], 60.0) == []


def test_failures_come_first_and_need_attention() -> None:
    said = Notifier().notifications(
        [changed("LLD-1", State.DONE), changed("LLD-2", State.FAILED, "no\x1b[2J answer"),
         Notice(text="by the way"), Notice(text="careful", level="warning")], 0.0
    )  # fmt: skip
    assert [(s.title, s.attention) for s in said[:2]] == [
        ("LLD-2 failed", True),
        ("LLD-1 done", False),
    ]
    assert said[0].text == "no answer"
    assert [s.text for s in said[2:]] == ["careful"]


def test_the_terminals_title() -> None:
    run = run_of(State.DONE, State.FAILED, State.RUNNING)
    run.workflow = "lld"
    assert terminal_title(run, 2) == "(!2) 2/3 lld - AssemblyZero"
    assert terminal_title(run, 0) == "2/3 lld - AssemblyZero"


def test_no_key_means_two_things_in_one_place() -> None:
    seen: dict[str, str] = {}
    for command in COMMANDS:
        for key in command.keys:
            assert key not in seen, f"{key} is {seen.get(key)} and {command.id}"
            seen[key] = command.id


def test_keys_that_terminals_and_multiplexers_take_are_not_used() -> None:
    keys = {key for command in COMMANDS for key in command.keys}
    assert not keys & {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+z", "f10", "f11"}
    assert not any(key.startswith("alt+") for key in keys)


def test_every_command_is_bound_explained_and_listed() -> None:
    assert len({binding.id for binding in bindings()}) == len(COMMANDS)
    helped = "\n".join(" ".join(row) for row in listed())
    for command in COMMANDS:
        assert command.help.endswith(".")
        assert command.where & Where.ANYWHERE
        if not command.id.startswith("pane_"):
            assert command.help in helped


def test_the_table_of_the_readme() -> None:
    table = markdown_table()
    assert table.startswith("| Keys | What they do |\n| --- | --- |\n")
    assert "| `p` | Pause the item" in table
    assert table.count("\n") == len(listed()) + 2


def test_why_no_item_can_go_on_is_a_toast_that_wants_attention() -> None:
    events = [RunBlocked(what="No model", words="It is not found", hint="Choose another")]
    (toast,) = Notifier().notifications(events, 0.0)
    assert (toast.title, toast.text) == ("No model", "It is not found. Choose another")
    assert (toast.severity, toast.attention) == ("error", True)
    assert Notifier().notifications([RunBlocked()], 0.0) == []
