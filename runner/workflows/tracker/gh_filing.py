"""What filing an issue needs of ``gh``: which labels, which issues, a new one.

``gh issue create`` prints the address of the new issue. It fails without filing if a label does
not exist, so labels are listed first: ``gh label list`` shows 30 unless ``--limit`` says otherwise.
``gh issue list`` without a filter lists by page, newest first, and is not a search: a new issue is
in it at once. All of them are told which repository is meant, so that what was looked at is what is
filed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.tracker.gh_process import beginning, decode, run_gh

FIRST_LOOK = 200
"""So many of the newest issues are looked at, and more if they do not reach back far enough."""
_GROWTH = 5
_LABELS = 5000
WITHOUT_GH = "To draft without gh and file later, use --no-file"
"""How to do without ``gh``."""
_ADDRESS = re.compile(r"https?://\S+/issues/([1-9]\d*)")


class ListedIssue(msgspec.Struct, rename="camel"):
    """An issue on the tracker, open or closed."""

    number: int
    title: str = ""
    body: str | None = None
    url: str = ""
    state: str = "OPEN"
    created_at: datetime | None = None


class _Label(msgspec.Struct):
    name: str


def list_labels(repository: Path, tracker: str) -> list[str]:
    """The labels of the repository.

    Raises:
        TuiError: ``gh`` cannot tell.
    """
    arguments = ["label", "list", "--repo", tracker, "--limit", str(_LABELS), "--json", "name"]
    output = run_gh(repository, arguments, otherwise=WITHOUT_GH)
    found: list[_Label] = decode(output, list[_Label], "gh label list")
    return [label.name for label in found]


def newest_issues(
    repository: Path, tracker: str, back_to: datetime | None
) -> Iterator[ListedIssue]:
    """The newest issues, open and closed; all since a moment, and a few hundred at least.

    Some may come more than once.

    Raises:
        TuiError: ``gh`` cannot tell.
    """
    limit = FIRST_LOOK
    while True:
        output = run_gh(
            repository,
            [
                "issue", "list", "--repo", tracker, "--state", "all", "--limit", str(limit),
                "--json", "number,title,body,url,state,createdAt",
            ],
            otherwise=WITHOUT_GH,
        )  # fmt: skip
        found: list[ListedIssue] = decode(output, list[ListedIssue], "gh issue list")
        yield from found
        times = [issue.created_at for issue in found if issue.created_at is not None]
        if back_to is None or len(found) < limit or (times and min(times) < back_to):
            return
        limit *= _GROWTH


def create_issue(
    repository: Path, tracker: str, title: str, body: str, labels: Sequence[str]
) -> tuple[int, str]:
    """Files an issue; gives its number and its address.

    Raises:
        TuiError: ``gh`` failed, hung or printed something else. The issue may have been filed
            all the same.
    """
    arguments = ["issue", "create", "--repo", tracker, "--title", title, "--body-file", "-"]
    for label in labels:
        arguments += ["--label", label]
    output = run_gh(
        repository, arguments, otherwise=WITHOUT_GH, stdin=body.encode(), trial="gh auth status"
    )
    lines = output.decode(errors="replace").split()
    match = _ADDRESS.fullmatch(lines[-1]) if lines else None
    if match is None:
        raise TuiError(
            "gh issue create did not print the address of an issue. "
            f"It began with: {beginning(output)!r}",
            "Check which gh is on your PATH, and update it: gh --version",
        )
    return int(match[1]), match[0]
