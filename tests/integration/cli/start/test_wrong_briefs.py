"""Briefs that cannot be used: what, where, what to do; and nothing was started."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assemblyzero_tui.runner.runs.runs import run_folders
from tests.integration.cli.conftest import Program
from tests.powerless import prefix
from tests.stand_ins import filed_issues

QUICK = ("--provider", "offline", "--latency", "0", "--plain")


@pytest.fixture(autouse=True)
def nothing_was_started(repository: Path, tmp_path: Path) -> Iterator[None]:
    """After each test there is no run, no issue and nothing new in the repository."""
    yield
    assert run_folders() == []
    assert filed_issues(tmp_path / "issues") == []
    assert not (repository / "docs").exists()


@pytest.fixture
def folder(repository: Path) -> Path:
    """The repository's ideas, with one that is fine."""
    path = repository / "ideas/active"
    path.mkdir(parents=True)
    (path / "good.md").write_text("# Good\n\nIt should work.\n")
    return path


def refused(program: Program, *arguments: str) -> str:
    done = program("issue", *arguments, *QUICK)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def left_out(program: Program, name: str) -> str:
    """What is said of a brief that is left out while the good one would run."""
    done = program("issue", "--all", "--dry-run", *QUICK)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["ISSUE-good  Good", "1 would run."]
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Note: left out: ")
    assert name in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "is not UTF-8 text"),
        (b"# A\0B", "is binary"),
        (b"x" * 10_000_000, "is larger than 1,000,000 bytes"),
        (b"# Long\n\n" + b"word " * 21_000, "characters, the limit is 100,000"),
    ],
    ids=["empty", "blank", "no-text", "binary", "10-MB", "long"],
)
def test_a_brief_that_is_no_brief(
    program: Program, folder: Path, content: bytes, told: str
) -> None:
    path = folder / "bad.md"
    path.write_bytes(content)
    assert told in left_out(program, "bad.md")
    for arguments in ([str(path)], ["ideas/active/good.md", "ideas/active/bad.md"]):
        said = refused(program, *arguments)
        assert told in said
        assert "bad.md" in said
        assert len(said.splitlines()) == 2
    assert path.read_bytes() == content


def test_a_brief_that_is_missing_a_folder_or_outside(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("# Outside\n")
    assert "missing.md does not exist" in refused(program, "ideas/active/missing.md")
    assert "ideas is a folder" in refused(program, "ideas")
    said = refused(program, str(outside))
    assert "is outside the repository" in said
    assert "--repo PATH" in said
    (folder / "link.md").symlink_to(outside)
    assert "is outside the repository" in left_out(program, "link.md")
    assert "is outside the repository" in refused(program, "ideas/active/link.md")
    (folder / "link.md").unlink()
    os.mkfifo(folder / "pipe.md")
    assert "is a special file" in left_out(program, "pipe.md")
    (folder / "good.md").unlink()
    assert "is a special file" in refused(program, "--all")


def test_a_brief_that_cannot_be_read(program: Program, folder: Path) -> None:
    program.prefix = prefix()
    path = folder / "secret.md"
    path.write_text("# Secret\n")
    path.chmod(0)
    said = left_out(program, "secret.md")
    assert "Cannot read the brief" in said
    assert "chmod u+r" in said
    folder.chmod(0)
    assert "Cannot read the folder" in refused(program, "--all")
    folder.chmod(0o700)


@pytest.mark.parametrize("name", ["???.md", "7-lld.md", f"{'x' * 120}.md"])
def test_a_name_that_gives_no_slug(program: Program, folder: Path, name: str) -> None:
    (folder / name).write_text("# Fine\n")
    for said in (left_out(program, name), refused(program, f"ideas/active/{name}")):
        assert name in said
        assert "name" in said


def test_two_briefs_with_one_slug(program: Program, folder: Path) -> None:
    for name in ("dark mode.md", "Dark_Mode.md"):
        (folder / name).write_text("# Dark\n\nIt should be dark.\n")
    both = ["ideas/active/dark mode.md", "ideas/active/Dark_Mode.md"]
    others = program("issue", "--all", "--dry-run")
    assert others.stdout == "ISSUE-good  Good\n1 would run.\n"
    for said in (others.stderr, refused(program, *both)):
        assert "Two briefs have the same slug 'dark-mode'" in said
        assert "dark mode.md" in said
        assert "Dark_Mode.md" in said
        assert "Rename one of them" in said


def test_no_folder_of_ideas(program: Program, repository: Path) -> None:
    said = refused(program, "--all")
    assert f"The folder {repository / 'ideas/active'} does not exist" in said
    assert "assemblyzero-tui issue FILE" in said


def test_an_empty_folder_of_ideas_has_nothing_pending(program: Program, folder: Path) -> None:
    (folder / "good.md").unlink()
    (folder / ".hidden.md").write_text("x")
    (folder / "notes.txt").write_text("x")
    done = program("issue", "--all", *QUICK)
    assert (done.returncode, done.stdout) == (0, "Nothing is pending.\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Nothing to do"),
        (["--all", "x.md"], "Specify files or --all, not both"),
        (["--all", "--fresh", "--continue"], "Specify --fresh or --continue, not both"),
        (["--all", "--parallel", "0"], "--parallel must be at least 1"),
        (["--all", "--context", "missing.txt"], "Cannot read the context file missing.txt"),
    ],
)
def test_options_that_make_no_sense(
    program: Program, folder: Path, arguments: list[str], told: str
) -> None:
    assert told in refused(program, *arguments)


def test_no_credential(program: Program, folder: Path) -> None:
    done = program("issue", "--all")
    assert done.returncode == 2
    assert "There is no Gemini credential." in done.stderr
    assert "export GEMINI_API_KEY" in done.stderr


@pytest.mark.parametrize(
    ("fault", "told", "hint"),
    [
        ("not-logged-in", "gh is not logged in", "gh auth login"),
        ("no-remote", "has no remote on GitHub", "git remote add"),
        ("garbage", "did not print the expected JSON", "gh --version"),
        ("forbidden", "may not do this", "gh auth status"),
    ],
)
def test_a_gh_that_does_not_work_is_noticed_before_anything_starts(
    program: Program, folder: Path, fault: str, told: str, hint: str
) -> None:
    program.environment["GH_STAND_IN_FAULT"] = fault
    said = refused(program, "--all")
    assert told in said
    assert hint in said


def test_no_gh(program: Program, folder: Path, path_with_only: Callable[..., str]) -> None:
    program.environment["PATH"] = path_with_only("git")
    said = refused(program, "--all")
    assert "gh (GitHub's command line tool) is not on the PATH" in said
    assert "--no-file" in said
