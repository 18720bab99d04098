"""The calls of ``gh`` for filing an issue: list the labels, list the issues, create one.

``gh issue create`` prints the address of the new issue. It fails without filing if a label does
not exist, so labels are listed first: ``gh label list`` shows 30 unless ``--limit`` is given.
``gh issue list`` without a filter lists by page, newest first, and is not a search: a new issue
appears at once. Every call names the repository (``--repo``), so that they all use the same one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.tracker.gh_process import decode, excerpt, run_gh

FIRST_LOOK = 200
"""The newest issues in the first listing; it is extended if it does not reach back far enough."""
_GROWTH = 5
_LABELS = 5000
WITHOUT_GH = "To draft without gh and file later, use --no-file"
"""The alternative to ``gh``, for hints."""
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
        TuiError: ``gh`` failed.
    """
    arguments = ["label", "list", "--repo", tracker, "--limit", str(_LABELS), "--json", "name"]
    output = run_gh(repository, arguments, alternative=WITHOUT_GH)
    labels: list[_Label] = decode(output, list[_Label], "gh label list")
    return [label.name for label in labels]


def newest_issues(
    repository: Path, tracker: str, back_to: datetime | None
) -> Iterator[ListedIssue]:
    """The newest issues, open and closed: all since a time, and at least `FIRST_LOOK`.

    An issue may be yielded more than once.

    Raises:
        TuiError: ``gh`` failed.
    """
    limit = FIRST_LOOK
    while True:
        output = run_gh(
            repository,
            [
                "issue", "list", "--repo", tracker, "--state", "all", "--limit", str(limit),
                "--json", "number,title,body,url,state,createdAt",
            ],
            alternative=WITHOUT_GH,
        )  # fmt: skip
        issues: list[ListedIssue] = decode(output, list[ListedIssue], "gh issue list")
        yield from issues
        times = [issue.created_at for issue in issues if issue.created_at is not None]
        if back_to is None or len(issues) < limit or (times and min(times) < back_to):
            return
        limit *= _GROWTH


def create_issue(
    repository: Path, tracker: str, title: str, body: str, labels: Sequence[str]
) -> tuple[int, str]:
    """Files an issue; returns its number and its address.

    Raises:
        TuiError: ``gh`` failed, hung or printed something else. The issue may still have been
            filed.
    """
    arguments = ["issue", "create", "--repo", tracker, "--title", title, "--body-file", "-"]
    for label in labels:
        arguments += ["--label", label]
    output = run_gh(
        repository,
        arguments,
        alternative=WITHOUT_GH,
        stdin=body.encode(),
        manual_command="gh auth status",
        retry=False,
    )
    lines = output.decode(errors="replace").split()
    match = _ADDRESS.fullmatch(lines[-1]) if lines else None
    if match is None:
        raise TuiError(
            "gh issue create did not print the address of an issue. "
            f"It began with: {excerpt(output)!r}",
            "Check which gh is on your PATH, and update it: gh --version",
        )
    return int(match[1]), match[0]
