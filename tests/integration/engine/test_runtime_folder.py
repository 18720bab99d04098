"""Folders that disappear while a run is at work, and leftovers that cannot be looked at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from assemblyzero_tui.runner.base.paths import fallback_runtime_directory
from assemblyzero_tui.runner.model.commands import Pause, Resume, Stop
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs.runs import runtime_folder, runtime_folders
from tests.integration.engine.running import Running, running, states
from tests.waiting import wait_for


@pytest.fixture
def base() -> Path:
    """The folder that a logout removes."""
    return Path(os.environ["XDG_RUNTIME_DIR"])


def folder_goes(run: Running, base: Path) -> None:
    shutil.rmtree(base / "assemblyzero-tui")


def base_goes(run: Running, base: Path) -> None:
    shutil.rmtree(base)
    base.touch()  # so that it cannot be made again, as in /run


def socket_goes(run: Running, base: Path) -> None:
    (runtime_folder(run.folder) / "s").unlink()


GOING = pytest.mark.parametrize("goes", [folder_goes, base_goes, socket_goes])
Goes = Callable[[Running, Path], None]


@pytest.fixture(autouse=True)
def base_is_a_folder_again(base: Path) -> Iterator[None]:
    yield
    if base.is_file():
        base.unlink()
        base.mkdir(mode=0o700)


@GOING
def test_items_are_started_although_the_folder_of_sockets_has_gone(
    tmp_path: Path, base: Path, goes: Goes
) -> None:
    with running(tmp_path, items=5, parallel=2, latency=0.5) as run:
        run.until(lambda state: sum(bool(item.call) for item in state.items.values()) == 2)
        goes(run, base)
        assert states(run.until_ended()) == [State.DONE] * 5
        left = [place for place in runtime_folders(run.folder, run.spec) if place.exists()]
        assert not left


@GOING
@pytest.mark.parametrize("command", [Resume(), Stop()], ids=["resume", "stop"])
def test_commands_reach_an_engine_whose_socket_has_gone(
    tmp_path: Path, base: Path, goes: Goes, command: Resume | Stop
) -> None:
    with running(tmp_path, items=2, parallel=1, latency=0.2) as run:
        run.send(Pause())
        run.until(lambda state: states(state)[0] is State.PAUSED)
        goes(run, base)
        run.send(command)
        state = run.until_ended()
        assert state.end_reason == ("stopped" if isinstance(command, Stop) else "finished")


def test_the_place_for_sockets_that_is_always_there_is_in_no_variable() -> None:
    assert fallback_runtime_directory() == Path(f"/tmp/azt-{os.getuid()}")


@pytest.fixture
def odd_leftovers(base: Path, tmp_path: Path) -> list[Path]:
    """What may lie in the folder of sockets, of which nobody knows what it is."""
    folder = base / "assemblyzero-tui"
    folder.mkdir(mode=0o700)
    made = [folder / name for name in "abcdefgh"]
    for path in made[:-1]:
        path.mkdir()
    (made[0] / "run").write_text("/" + "n" * 300)  # ENAMETOOLONG
    (made[1] / "run").write_bytes(b"/\xff\xfe\x00")
    os.mkfifo(made[2] / "run")
    (made[3] / "run").symlink_to(made[3] / "run")  # ELOOP
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    (made[4] / "run").write_text(str(loop))
    with (made[5] / "run").open("wb") as file:
        file.truncate(1 << 40)
    (made[6] / "run").mkdir()
    made[7].symlink_to(made[7])
    return made


def test_unreadable_leftovers_stop_no_run_and_stay(
    tmp_path: Path, odd_leftovers: list[Path]
) -> None:
    dead = odd_leftovers[0].parent / "dead"
    dead.mkdir()
    (dead / "run").write_text(str(tmp_path / "gone"))
    with running(tmp_path) as run:
        assert states(run.until_ended()) == [State.DONE]
    assert [os.path.lexists(path) for path in odd_leftovers] == [True] * len(odd_leftovers)
    wait_for(lambda: not dead.exists(), "end of what a dead engine left")


def test_the_folder_of_the_command_may_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "typed").mkdir()
    monkeypatch.chdir(tmp_path / "typed")
    monkeypatch.setenv("TMPDIR", ".")
    with running(tmp_path, items=3, parallel=1, latency=0.2) as run:
        shutil.rmtree(tmp_path / "typed")
        assert run.engine is not None
        engine = psutil.Process(run.engine.process.pid)
        assert {process.cwd() for process in (engine, *engine.children())} == {"/"}
        assert states(run.until_ended()) == [State.DONE] * 3
        monkeypatch.chdir(tmp_path)


def test_a_repository_that_is_removed_is_named_and_no_other_item_is_started(
    tmp_path: Path,
) -> None:
    with running(tmp_path, items=3, parallel=1, latency=0.3) as run:
        run.until(lambda state: run.item().call)
        shutil.rmtree(run.spec.repository)
        state = run.until_ended()
        first, *others = state.items.values()
        assert first.state is State.FAILED
        assert run.spec.repository in first.reason
        assert [item.state for item in others] == [State.QUEUED] * 2
        (said,) = (notice.text for notice in state.notices if "Nothing more" in notice.text)
        assert said.startswith(f"The lock {run.spec.repository}")
