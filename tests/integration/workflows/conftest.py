"""A repository and a tracker for each test; the state folder is in tests/conftest.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.lld.issue_files import find_issue_files, read_issue
from assemblyzero_tui.runner.workflows.samples.sample_issues import demo_issues
from tests.stand_ins import install


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A target repository; git itself is not needed by the workflow."""
    path = tmp_path / "repository"
    path.mkdir()
    return path


@pytest.fixture
def items(repository: Path) -> dict[int, ItemInfo]:
    """The twelve sample issues as files of the repository, by number."""
    folder = repository / "issues"
    folder.mkdir()
    for sample in demo_issues(12):
        (folder / sample.file_name).write_text(sample.text, "utf-8")
    return {n: read_issue(path).item for n, path in find_issue_files(folder).items()}


@pytest.fixture
def tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the stand-in's issues; there is none yet."""
    folder = tmp_path / "tracker"
    folder.mkdir()
    monkeypatch.setenv("PATH", install(tmp_path / "bin"))
    monkeypatch.setenv("GH_STAND_IN_DIR", str(folder))
    monkeypatch.setenv("GH_STAND_IN_CALLS", str(tmp_path / "calls.jsonl"))
    return folder
