"""Stand-ins for programs and services outside; each behaves like the real one where it matters."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from assemblyzero_tui.runner.workflows.repository.titles import split_title
from assemblyzero_tui.runner.workflows.samples.sample_issues import demo_issues

GH = Path(__file__).parent / "gh"


def make_issues(directory: Path, count: int, *, first: int = 1, state: str = "OPEN") -> list[int]:
    """Writes so many issues for the stand-in of gh into a folder; gives their numbers.

    Their texts are the bundled sample issues. The folder goes into ``GH_STAND_IN_DIR``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    numbers = []
    for number, sample in enumerate(demo_issues(count), first):
        title, body = split_title(sample.text, sample.slug)
        write_issue(directory, number, title, body, state=state)
        numbers.append(number)
    return numbers


def write_issue(
    directory: Path,
    number: int,
    title: str,
    body: str = "",
    *,
    state: str = "OPEN",
    kind: str = "issues",
    labels: tuple[str, ...] = ("enhancement",),
) -> None:
    """Writes one issue for the stand-in of gh; ``kind="pull"`` makes it a pull request."""
    directory.mkdir(parents=True, exist_ok=True)
    issue = {
        "number": number,
        "title": title,
        "body": body,
        "labels": [{"id": f"L{i}", "name": name} for i, name in enumerate(labels)],
        "url": f"https://github.com/example/tidewater/{kind}/{number}",
        "state": state,
    }
    (directory / f"{number}.json").write_text(json.dumps(issue), "utf-8")


def make_tracker(directory: Path, name: str, **about: Any) -> Path:
    """Makes another repository for the stand-in of gh; gives the folder for its issues.

    Args:
        directory: Of ``GH_STAND_IN_DIR``.
        name: ``owner/name``.
        about: What ``gh repo view`` says of it, beyond the usual.
    """
    folder = directory / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "about").write_text(json.dumps(about), "utf-8")
    return folder


def filed_issues(directory: Path) -> list[dict[str, Any]]:
    """The issues on the stand-in's tracker, lowest number first."""
    found = [json.loads(path.read_text("utf-8")) for path in directory.glob("*.json")]
    return sorted(found, key=lambda issue: int(issue["number"]))


def install(directory: Path) -> str:
    """Puts the stand-in of gh into a folder; gives the value of PATH that finds it first."""
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / "gh"
    program.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -IS {shlex.quote(str(GH))} "$@"\n', "utf-8"
    )
    program.chmod(0o755)
    return f"{directory}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def calls(tmp_path: Path) -> list[str]:
    """The commands that ``gh`` was called with, such as ``issue create``, in their order."""
    lines = (tmp_path / "calls.jsonl").read_text().splitlines()
    return [" ".join(json.loads(line)["arguments"][:2]) for line in lines]
