"""The folder for locks is the same for every process of a user, and private."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.locks import lock_folder
from assemblyzero_tui.runner.locks.lock_folder import OVERRIDE, fixed_lock_folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folder is going to be; nothing is there yet."""
    place = tmp_path / "locks"
    monkeypatch.setenv(OVERRIDE, str(place))
    return place


def test_the_folder_is_made_for_its_owner_alone(place: Path) -> None:
    before = os.umask(0)
    try:
        assert fixed_lock_folder() == place
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert fixed_lock_folder() == place


def test_the_place_depends_on_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    def recorded(path: Path) -> Path:
        seen.append(path)
        return path

    monkeypatch.setattr(lock_folder, "_private_folder", recorded)
    monkeypatch.delenv(OVERRIDE)
    for value in ("/one", "/two"):
        for name in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR", "ASSEMBLYZERO_HOME"):
            monkeypatch.setenv(name, value)
        assert fixed_lock_folder() == Path(f"/tmp/azt-{os.getuid()}/locks")
    assert Path(f"/tmp/azt-{os.getuid()}") in seen


def test_a_folder_that_others_can_enter_is_refused(place: Path) -> None:
    place.mkdir()
    place.chmod(0o755)
    with pytest.raises(TuiError, match="not a private folder"):
        fixed_lock_folder()


def test_a_link_is_not_followed(place: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TuiError, match="not a private folder"):
        fixed_lock_folder()


def test_somebody_elses_folder_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.mkdir(mode=0o700)
    if os.getuid() == 0:
        os.chown(place, 65534, 65534)
    else:  # only root can give a folder away: then this process is somebody else
        other = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: other)
    with pytest.raises(TuiError, match="not a private folder"):
        fixed_lock_folder()


def test_a_file_in_its_place_is_refused(place: Path) -> None:
    place.write_text("")
    with pytest.raises(TuiError, match="Cannot create the folder"):
        fixed_lock_folder()
