"""The engine with real workers: scheduling, pausing, cancelling, dying, coming back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from assemblyzero_tui.runner.base.errors import EngineError
from assemblyzero_tui.runner.base.paths import checkpoint_file
from assemblyzero_tui.runner.locks.file_locks import FileLock, is_held
from assemblyzero_tui.runner.locks.item_locks import ItemLocks
from assemblyzero_tui.runner.model.commands import Cancel, Pause, Resume, Retry, Stop
from assemblyzero_tui.runner.model.events import EngineStarted, ItemChanged, NodeStarted, Notice
from assemblyzero_tui.runner.model.run_spec import Options
from assemblyzero_tui.runner.model.run_state import RunState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.journal import read_journal
from assemblyzero_tui.runner.runs.runs import runtime_folder
from tests.integration.engine.running import Running, running, states


def checkpoints(run: Running) -> list[str]:
    folder = checkpoint_file(Path(run.spec.repository), "lld", "x").parent
    return sorted(path.name for path in folder.iterdir())


def statuses(run: Running) -> dict[str, dict[str, object]]:
    path = Path(run.spec.repository, "docs/lld/lld-status.json")
    issues: dict[str, dict[str, object]] = json.loads(path.read_text())["issues"]
    return issues


def files(run: Running) -> dict[str, str]:
    """What the workflow left in the repository, without what names a time."""
    docs = Path(run.spec.repository, "docs")
    return {str(path.relative_to(docs)): path.read_text() for path in sorted(docs.rglob("*.md"))}


def test_items_queue_for_the_workers_and_all_are_approved(tmp_path: Path) -> None:
    with running(tmp_path, items=7, parallel=3) as run:
        state = run.until_ended()
        assert states(state) == [State.DONE] * 7
        assert (state.exit_code, state.end_reason, state.missing) == (0, "finished", 0)
        busy = most = 0
        for event in read_journal(run.folder.journal):
            if isinstance(event, ItemChanged):
                busy += (event.state is State.STARTING) - event.state.terminal
                most = max(most, busy)
        assert most == 3
        assert len(statuses(run)) == 7
        assert {entry["has_gemini_review"] for entry in statuses(run).values()} == {False}
        assert checkpoints(run) == []
        assert len(list(run.folder.logs.glob("*.log"))) == 7
        assert run.folder.summary_markdown.exists()
        assert not runtime_folder(run.folder).exists()
        assert run.engine_log() == ""


def test_workers_find_everything_preloaded_and_print_their_nodes(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        run.until_ended()
        assert not [e for e in read_journal(run.folder.journal) if isinstance(e, Notice)]
        log = run.log(run.item().id)
        assert log.startswith(">>> Executing: N0_fetch_issue\n")
        assert ">>> Executing: N4_finalize\n" in log


def test_a_failed_item_does_not_disturb_the_others_and_can_be_retried(tmp_path: Path) -> None:
    with running(tmp_path, items=3, start=False) as run:
        broken = Path(run.spec.items[1].source)
        text = broken.read_text()
        broken.write_bytes(b"\xff\xfe\x00")
        run.start()
        state = run.until_ended()
        assert states(state) == [State.DONE, State.FAILED, State.DONE]
        assert state.exit_code == 1
        assert broken.name in run.item(1).reason
        broken.write_text(text)
        run.start(retry=[])
        run.until(lambda state: state.items[run.spec.items[1].id].tries == 1)
        state = run.until_ended()
        assert states(state) == [State.DONE] * 3
        assert state.exit_code == 0


def test_a_repository_that_was_moved_is_named(tmp_path: Path) -> None:
    with running(tmp_path, items=2, start=False) as run:
        repository = Path(run.spec.repository)
        moved = repository.rename(repository.with_name("moved"))
        run.start()
        state = run.until_ended()
        assert states(state) == [State.FAILED] * 2
        assert f"The repository {repository} cannot be accessed" in run.item().reason
        moved.rename(repository)
        run.start(retry=[])
        run.until(lambda state: state.items[run.spec.items[1].id].tries == 1)
        assert states(run.until_ended()) == [State.DONE] * 2


@pytest.mark.parametrize("moment", ["draft", "review"])
def test_a_worker_killed_is_retried_from_its_checkpoint_with_the_same_result(
    tmp_path: Path, moment: str
) -> None:
    with running(tmp_path / "calm") as run:
        run.until_ended()
        expected = files(run)
    with running(tmp_path / "killed", latency=0.4) as run:
        name = run.spec.items[0].id
        node = {"draft": "N1_design", "review": "N3_review"}[moment]
        run.until(lambda state: state.items[name].node == node and state.items[name].call)
        run.worker(name).kill()
        run.until(lambda state: state.items[name].state is State.RETRYING)
        assert "SIGKILL" in run.item().reason
        state = run.until_ended()
        assert states(state) == [State.DONE]
        assert state.calls_ended["died"] == 1
        assert run.item().attempt == 2
        assert files(run) == expected
        started = [e for e in read_journal(run.folder.journal) if isinstance(e, NodeStarted)]
        again = [event.node for event in started if event.attempt == 2]
        assert again[0] == node


def test_an_item_whose_process_dies_again_and_again_is_lost(tmp_path: Path) -> None:
    with running(tmp_path, latency=30) as run:
        name = run.spec.items[0].id
        for attempt in (1, 2, 3, 4):

            def calls(state: RunState, attempt: int = attempt) -> bool:
                item = state.items[name]
                return item.attempt == attempt and item.call is not None

            run.until(calls)
            run.worker(name).kill()
        state = run.until_ended()
        assert states(state) == [State.LOST]
        assert state.exit_code == 1
        assert any(name.endswith(".db") for name in checkpoints(run))


def test_one_item_is_paused_after_its_node_and_resumes(tmp_path: Path) -> None:
    with running(tmp_path, items=2, latency=0.3) as run:
        first = run.spec.items[0].id
        run.until(lambda state: state.items[first].call)
        assert run.send(Pause(items=[first])).affected == [first]
        run.until(lambda state: state.items[first].state is State.PAUSED)
        calls = run.item().calls
        run.until(lambda state: states(state)[1] is State.DONE)
        assert run.item().state is State.PAUSED
        assert run.send(Resume(items=[first])).affected == [first]
        state = run.until_ended()
        assert states(state) == [State.DONE] * 2
        assert run.item().attempt == 2
        assert run.item().calls > calls


def test_everything_is_paused_and_nothing_starts_until_it_is_resumed(tmp_path: Path) -> None:
    with running(tmp_path, items=4, parallel=2, latency=0.2) as run:
        run.until(lambda state: sum(bool(item.call) for item in state.items.values()) == 2)
        run.send(Pause())
        run.until(lambda state: states(state)[:2] == [State.PAUSED] * 2)
        assert run.state.held
        assert states(run.state)[2:] == [State.QUEUED] * 2
        run.send(Resume())
        assert states(run.until_ended()) == [State.DONE] * 4


def test_a_pause_is_taken_back_at_once_and_work_continues(tmp_path: Path) -> None:
    with running(tmp_path, latency=1.0) as run:
        run.until(lambda state: run.item().call)
        items = [run.spec.items[0].id]
        run.send(Pause(items=items))
        run.send(Resume(items=items))
        run.send(Pause(items=items))
        run.send(Resume(items=items))
        assert states(run.until_ended()) == [State.DONE]
        went = [e.state for e in read_journal(run.folder.journal) if isinstance(e, ItemChanged)]
        back = [State.PAUSING, State.RUNNING]
        assert went[: went.index(State.PAUSED)] == [State.STARTING, State.RUNNING, *back, *back]


def test_a_pause_that_is_asked_for_again_is_one(tmp_path: Path) -> None:
    with running(tmp_path, latency=0.5) as run:
        run.until(lambda state: run.item().call)
        run.send(Pause())
        run.send(Resume())
        run.send(Pause())
        run.until(lambda state: run.item().state is State.PAUSED)
        assert run.state.held
        run.send(Resume())
        assert states(run.until_ended()) == [State.DONE]


def test_a_cancelled_item_keeps_its_checkpoint_and_can_be_retried(tmp_path: Path) -> None:
    with running(tmp_path, items=2, parallel=1, latency=30) as run:
        run.until(lambda state: run.item().call)
        run.send(Cancel())
        state = run.until_ended()
        assert states(state) == [State.CANCELLED] * 2
        assert state.exit_code == 3
        (kept,) = [name for name in checkpoints(run) if name.endswith(".db")]
        assert kept == f"lld_workflow_{run.spec.items[0].key}.db"


def test_a_stopped_run_is_resumed_and_paid_answers_are_not_asked_again(tmp_path: Path) -> None:
    with running(tmp_path, items=3, parallel=1, latency=0.6) as run:
        run.until(lambda state: run.item().node == "N3_review" and run.item().call)
        run.send(Stop())
        state = run.until_ended()
        assert state.end_reason == "stopped"
        assert state.exit_code == 3
        assert State.PAUSED in states(state)
        run.start()
        state = run.until(lambda state: state.ended and state.finished)
        assert states(state) == [State.DONE] * 3
        begun = [e for e in read_journal(run.folder.journal) if isinstance(e, EngineStarted)]
        assert [event.resumed for event in begun] == [False, True]
        drafts = [
            e.node
            for e in read_journal(run.folder.journal)
            if isinstance(e, NodeStarted) and e.item == run.spec.items[0].id
        ]
        assert drafts.count("N0_fetch_issue") == 1


def test_an_engine_killed_leaves_no_orphan_and_its_run_continues(tmp_path: Path) -> None:
    with running(tmp_path, items=3, parallel=3, latency=0.5) as run:
        run.until(lambda state: all(item.call for item in state.items.values()))
        workers = [run.worker(item.id) for item in run.spec.items]
        assert run.engine is not None
        run.engine.process.kill()
        run.engine.process.wait()
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert not alive
        assert runtime_folder(run.folder).exists()
        assert not run.run.live or not is_held(run.folder.engine_lock)
        run.start()
        state = run.until_ended()
        assert states(state) == [State.DONE] * 3
        assert not runtime_folder(run.folder).exists()
        assert len(statuses(run)) == 3


def forkserver(run: Running) -> psutil.Process:
    assert run.engine is not None
    children = psutil.Process(run.engine.process.pid).children()
    (server,) = [p for p in children if "forkserver" in " ".join(p.cmdline())]
    return server


def test_a_forkserver_killed_while_it_starts_a_worker_costs_another_try(tmp_path: Path) -> None:
    with running(tmp_path, items=2, parallel=1, latency=0.3) as run:
        run.until(lambda state: any(item.call for item in state.items.values()))
        server = forkserver(run)
        server.suspend()
        second = run.item(1).id
        run.until(lambda state: state.items[second].state is State.STARTING)
        server.kill()
        state = run.until_ended()
        assert states(state) == [State.DONE] * 2
        assert state.items[second].attempt == 2


@pytest.mark.parametrize("force", [False, True])
def test_a_suspended_forkserver_does_not_hold_stopping_up(tmp_path: Path, force: bool) -> None:
    with running(tmp_path, items=2, parallel=1, latency=0.3) as run:
        run.until(lambda state: any(item.call for item in state.items.values()))
        server = forkserver(run)
        server.suspend()
        try:
            second = run.item(1).id
            run.until(lambda state: state.items[second].state is State.STARTING)
            run.send(Stop(force=force))
            state = run.until_ended()
            assert state.end_reason == "stopped"
            assert states(state) == [State.DONE, State.PAUSED]
            assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                server.kill()


def test_an_item_whose_turn_to_start_has_not_come_is_cancelled_alone(tmp_path: Path) -> None:
    with running(tmp_path, items=4, parallel=2, latency=0.3) as run:
        run.until(lambda state: sum(bool(item.call) for item in state.items.values()) == 2)
        server = forkserver(run)
        server.suspend()
        try:
            run.until(lambda state: states(state).count(State.STARTING) == 2)
            changes = [e for e in read_journal(run.folder.journal) if isinstance(e, ItemChanged)]
            *_, begun, queued = (e.item for e in changes if e.state is State.STARTING)
            run.send(Cancel(items=[queued]))
            state = run.until(lambda state: state.items[queued].state is State.CANCELLED)
            assert state.items[begun].state is State.STARTING
            server.resume()
            state = run.until_ended()
            assert state.items[begun].state is State.DONE
            assert state.items[begun].attempt == 1
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                server.kill()


def test_an_engine_that_hangs_while_it_stops_ends_itself(tmp_path: Path) -> None:
    with running(tmp_path, latency=30) as run:
        run.until(lambda state: run.item().call)
        worker, server = run.worker(run.item().id), forkserver(run)
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        run.folder.summary_markdown.symlink_to(fifo)  # nobody will ever read what is written
        run.send(Stop(force=True))
        assert run.engine is not None
        assert run.engine.process.wait(60) == 1
        assert "Stopping took too long" in run.engine_log()
        _, alive = psutil.wait_procs([worker, server], timeout=20)
        assert not alive
        run.folder.summary_markdown.unlink()


def test_a_killed_forkserver_neither_ends_nor_doubles_its_workers(tmp_path: Path) -> None:
    with running(tmp_path, items=3, parallel=2, latency=0.4) as run:
        run.until(lambda state: sum(bool(item.call) for item in state.items.values()) == 2)
        forkserver(run).kill()
        state = run.until_ended()
        assert states(state) == [State.DONE] * 3
        assert [item.attempt for item in state.items.values()] == [1, 1, 1]


def test_a_signal_to_the_engine_stops_the_run(tmp_path: Path) -> None:
    with running(tmp_path, latency=30) as run:
        run.until(lambda state: run.item().call)
        assert run.engine is not None
        run.engine.process.send_signal(signal.SIGTERM)
        state = run.until_ended()
        assert state.end_reason == "interrupted"
        assert states(state) == [State.PAUSED]


def test_an_item_of_another_run_is_waited_for_and_then_made_here(tmp_path: Path) -> None:
    with running(tmp_path, latency=30) as first:
        first.until(lambda state: first.item().call)
        repository, chosen = Path(first.spec.repository), list(first.spec.items)
        holder = ItemLocks(repository, "lld").holder(chosen[0].key)
        assert holder is not None
        assert holder.run == first.spec.run
        with running(tmp_path, repository=repository, chosen=chosen) as second:
            second.until(lambda state: second.item().elsewhere == first.spec.run)
            assert second.item().state is State.QUEUED
            assert str(holder) in second.item().reason
            assert str(holder.pid) in second.item().reason
            assert first.item().state is State.RUNNING
            first.send(Cancel())
            first.until_ended()
            state = second.until_ended()
            assert states(state) == [State.DONE]
            assert state.exit_code == 0


def test_what_another_run_has_approved_meanwhile_is_not_made_again(tmp_path: Path) -> None:
    with running(tmp_path, latency=0.4) as first:
        first.until(lambda state: first.item().call)
        repository, chosen = Path(first.spec.repository), list(first.spec.items)
        worker = first.worker(chosen[0].id)
        worker.suspend()
        with running(tmp_path, repository=repository, chosen=chosen) as second:
            second.until(lambda state: second.item().elsewhere)
            worker.resume()
            first.until_ended()
            state = second.until_ended()
            assert states(state) == [State.SKIPPED]
            assert (state.exit_code, state.end_reason) == (0, "finished")
            assert first.spec.run in second.item().reason
            assert second.item().reason.startswith("approved after")
            assert not second.item().calls
            second.start(retry=[chosen[0].id])
            state = second.until(lambda state: state.ended and state.items[chosen[0].id].tries)
            assert states(state) == [State.DONE]


def test_an_item_that_waits_for_another_run_is_paused_cancelled_and_left(tmp_path: Path) -> None:
    with running(tmp_path, items=3, latency=30) as first:
        first.until(lambda state: all(item.call for item in state.items.values()))
        repository, chosen = Path(first.spec.repository), list(first.spec.items)
        with running(tmp_path, repository=repository, chosen=chosen) as second:
            second.until(lambda state: all(item.elsewhere for item in state.items.values()))
            second.send(Cancel(items=[chosen[0].id]))
            second.send(Pause(items=[chosen[1].id]))
            assert states(second.state) == [State.CANCELLED, State.PAUSED, State.QUEUED]
            second.send(Resume(items=[chosen[1].id]))
            second.until(lambda state: state.items[chosen[1].id].elsewhere)
            second.send(Stop())
            state = second.until_ended()
            assert state.end_reason == "stopped"
        assert [item.state for item in first.state.items.values()] == [State.RUNNING] * 3


def test_an_engine_whose_lock_was_removed_starts_nothing_more(tmp_path: Path) -> None:
    with running(tmp_path, items=2, parallel=1, latency=0.4) as run:
        run.until(lambda state: run.item().call)
        locks = Path(run.spec.repository, ".git/assemblyzero/locks")
        (locks / f"lld-{run.spec.items[0].key}.owner").unlink()
        state = run.until_ended()
        assert states(state) == [State.DONE, State.QUEUED]
        assert (state.exit_code, state.end_reason) == (1, "error")
        assert any("was removed" in notice.text for notice in state.notices)


def test_an_item_that_an_older_version_is_at_work_on_is_waited_for(tmp_path: Path) -> None:
    with running(tmp_path, start=False) as run:
        checkpoint = checkpoint_file(Path(run.spec.repository), "lld", run.spec.items[0].key)
        old = FileLock.take(checkpoint.with_suffix(".owner"), "20250101-000000-lld")
        assert old is not None
        run.start()
        run.until(lambda state: run.item().elsewhere == "20250101-000000-lld")
        old.release(remove=True)
        assert states(run.until_ended()) == [State.DONE]


def test_one_run_has_one_engine(tmp_path: Path) -> None:
    with running(tmp_path, latency=30) as run:
        run.until(lambda state: run.item().call)
        first = run.engine
        with pytest.raises(EngineError, match="already has an engine"):
            run.start()
        run.engine = first


def test_a_changed_issue_is_noticed_and_either_way_out_works(tmp_path: Path) -> None:
    with running(tmp_path, latency=30) as run:
        run.until(lambda state: run.item().node == "N1_design" and run.item().call)
        run.send(Stop())
        run.until_ended()
    repository, chosen = Path(run.spec.repository), list(run.spec.items)
    with Path(chosen[0].source).open("a") as file:
        file.write("\nOne more wish.\n")
    with running(tmp_path, repository=repository, chosen=chosen) as again:
        again.until_ended()
        assert again.item().state is State.FAILED
        assert "--fresh" in again.item().reason
        assert "--continue" in again.item().reason
    for options in (Options(latency=0, accept_changes=True), Options(latency=0, fresh=True)):
        with running(tmp_path, repository=repository, chosen=chosen, options=options) as going:
            going.until_ended()
            assert going.item().state is State.DONE


def test_a_damaged_checkpoint_is_set_aside(tmp_path: Path) -> None:
    with running(tmp_path, start=False) as run:
        path = checkpoint_file(Path(run.spec.repository), "lld", run.spec.items[0].key)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"this is no database" * 100)
        run.start()
        state = run.until_ended()
        assert states(state) == [State.DONE]
        assert any("damaged" in notice.text for notice in state.notices)
        assert any("damaged" in name for name in checkpoints(run))


def test_an_unknown_item_in_a_command_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path, latency=30) as run:
        run.until(lambda state: run.item().call)
        with pytest.raises(EngineError, match="no item LLD-999"):
            run.send(Cancel(items=["LLD-999"]))
        assert run.send(Retry()).affected == []
        assert run.item().state is State.RUNNING
