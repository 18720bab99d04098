"""The demonstration's repository: a temporary one with the sample issues as files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.api_key_variables import environment_without_api_keys
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.lld.issue_files import read_issue
from assemblyzero_tui.runner.workflows.samples.sample_issues import demo_issues

_README = """\
# tidewater (a demonstration)

An imaginary file synchronisation service. `assemblyzero-tui demo` made this repository; the
issues are in `issues/`, the designs appear in `docs/lld/active/`, how they came about is in
`docs/lineage/`. Delete the folder when you are done.
"""

_IDENTITY = {
    "GIT_AUTHOR_NAME": "assemblyzero-tui demo",
    "GIT_AUTHOR_EMAIL": "demo@localhost",
    "GIT_COMMITTER_NAME": "assemblyzero-tui demo",
    "GIT_COMMITTER_EMAIL": "demo@localhost",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_LOCATION = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")


def make_demo_repository(path: Path, count: int) -> list[ItemInfo]:
    """Creates a git repository with one commit at ``path``; returns its items.

    Args:
        path: A folder that is empty or does not exist.
        count: The number of issues.

    Raises:
        TuiError: git is missing or fails, or the folder cannot be used.
    """
    git = shutil.which("git")
    if git is None:
        raise TuiError(
            "The program git is not on the PATH; the demo creates a repository with it.",
            "Install git: https://git-scm.com/downloads",
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise TuiError(f"The folder {path} is not empty.", "Choose a new folder.")
        (path / "README.md").write_text(_README, "utf-8")
        folder = path / "issues"
        folder.mkdir()
        files = []
        for sample in demo_issues(count):
            files.append(folder / sample.file_name)
            files[-1].write_text(sample.text, "utf-8")
    except OSError as error:
        raise TuiError(
            f"Cannot create the demo in {path}: {error.strerror or error}.",
            "Free disk space, or set TMPDIR to a writable folder.",
        ) from error
    _git(git, path, "init", "--quiet", "--initial-branch=main")
    _git(git, path, "add", "--all")
    _git(git, path, "commit", "--quiet", "--no-gpg-sign", "--message", "Sample issues")
    return [read_issue(file).item for file in files]


def _git(git: str, path: Path, *arguments: str) -> None:
    inherited = environment_without_api_keys()
    environment = {key: value for key, value in inherited.items() if key not in _LOCATION}
    process = subprocess.run(
        [git, *arguments], cwd=path, env=environment | _IDENTITY, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    if process.returncode != 0:
        message = process.stderr.decode(errors="replace").strip()
        raise TuiError(
            f"git {arguments[0]} failed in {path}: {message or f'exit code {process.returncode}'}",
            "Check that git works: git --version (2.28 or newer).",
        )
