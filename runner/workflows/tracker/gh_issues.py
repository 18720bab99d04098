"""GitHub's command line tool ``gh`` as the source of issues.

``gh issue list`` shows 30 issues unless ``--limit`` is given. It requests pages of at most 100
until it reaches the limit or the end, so a large limit fetches all issues. That is true only of the
plain listing: with ``--search``, ``--label`` or ``--milestone`` it uses GitHub's search, which
never returns more than 1,000. So the only filter used here is ``--state``.
(Source: ``pkg/cmd/issue/list/http.go`` of github.com/cli/cli.) Every call names the repository
(``--repo``), so that all calls of a run use the same tracker.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.tracker.gh_process import decode, run_gh
from assemblyzero_tui.runner.workflows.tracker.issues import Issue
from assemblyzero_tui.runner.workflows.tracker.tracker_name import short

LIMIT = 1_000_000
"""More issues than any repository has open."""

WITHOUT_GH = "To work without gh, use a folder of files: --issues-dir DIR"
"""The alternative to ``gh``, for hints."""


class _Label(msgspec.Struct):
    name: str = ""


class _Issue(msgspec.Struct):
    number: int
    title: str
    body: str | None = None
    url: str = ""
    state: str = "OPEN"
    labels: list[_Label] = []

    def issue(self) -> Issue:
        return Issue(
            number=self.number,
            title=" ".join(self.title.split()) or f"Issue {self.number}",
            body=(self.body or "").replace("\r\n", "\n"),
            url=self.url,
            labels=[label.name for label in self.labels if label.name],
            open=self.state.upper() == "OPEN",
        )


def list_open_issues(
    repository: Path, tracker: str, *, timeout: float | None = None
) -> list[Issue]:
    """All open issues of a tracker, lowest number first, without their texts.

    Raises:
        TuiError: ``gh`` is missing, not logged in, hangs, or cannot find the repository.
    """
    output = run_gh(
        repository,
        [
            "issue", "list", "--repo", tracker, "--state", "open", "--limit", str(LIMIT),
            "--json", "number,title,url",
        ],
        timeout=timeout,
        alternative=WITHOUT_GH,
    )  # fmt: skip
    listed: list[_Issue] = decode(output, list[_Issue], "gh issue list")
    return sorted((one.issue() for one in listed), key=lambda issue: issue.number)


def view_issue(
    repository: Path, tracker: str, number: int, *, timeout: float | None = None
) -> Issue:
    """One issue of a tracker with its text, open or closed.

    Raises:
        TuiError: it does not exist or is a pull request; ``gh`` is missing, not logged in, hangs,
            or cannot find the repository.
    """
    fields = "number,title,body,labels,url,state"
    output = run_gh(
        repository,
        ["issue", "view", str(number), "--repo", tracker, "--json", fields],
        timeout=timeout,
        alternative=WITHOUT_GH,
        number=number,
    )
    issue: _Issue = decode(output, _Issue, f"gh issue view {number}")
    if "/pull/" in issue.url:
        raise TuiError(
            f"#{number} of {short(tracker)} is a pull request, not an issue.",
            f"Give the number of an issue. To list them: gh issue list --repo {tracker}",
        )
    if issue.number != number:
        raise TuiError(
            f"gh was asked for issue #{number} and answered with #{issue.number}.",
            f"Try it yourself: gh issue view {number} --repo {tracker}",
        )
    return issue.issue()
