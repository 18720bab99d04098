"""GitHub's command line tool ``gh`` as the source of issues.

``gh issue list`` shows 30 issues unless ``--limit`` is given. It requests pages of at most 100
until it reaches the limit or the end, so a large limit fetches all issues; that takes minutes if
there are many thousands. With ``--search``, ``--label`` or ``--milestone`` it uses GitHub's search,
which never returns more than 1,000, so these are used only if the user gives them.
(Source: ``pkg/cmd/issue/list/http.go`` of github.com/cli/cli.) Every call names the repository
(``--repo``), so that all calls of a run use the same tracker.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.repository.titles import capped, without_number
from assemblyzero_tui.runner.workflows.tracker.gh_process import WAITING, decode, run_gh
from assemblyzero_tui.runner.workflows.tracker.issues import Issue
from assemblyzero_tui.runner.workflows.tracker.tracker_name import short

LIMIT = 1_000_000
"""More issues than any repository has open."""

SEARCH_LIMIT = 1000
"""More issues than that GitHub's search does not give."""
LISTING_TIMEOUT = 600.0
"""Seconds that a listing may take."""
PATIENCE = 5.0
"""Seconds after which a user is told what takes so long."""

WITHOUT_GH = "To work without gh, use a folder of files: --issues-dir DIR"
"""The alternative to ``gh``, for hints."""


class _Label(msgspec.Struct):
    name: str | None = None


class _Issue(msgspec.Struct):
    """An issue in JSON; of a label or a list of them, ``null`` is none."""

    number: int
    title: str | None = None
    body: str | None = None
    url: str | None = None
    state: str | None = None
    labels: list[_Label | None] | None = None

    def issue(self) -> Issue:
        return Issue(
            number=self.number,
            title=capped(without_number(self.title or "", self.number)) or f"Issue {self.number}",
            body=(self.body or "").replace("\r\n", "\n"),
            url=self.url or "",
            labels=[label.name for label in self.labels or () if label and label.name],
            open=(self.state or "OPEN").upper() == "OPEN",
        )


class IssueFilter(NamedTuple):
    """Which of the open issues are meant, as ``gh issue list`` takes it."""

    labels: tuple[str, ...] = ()
    """An issue has all of them."""
    milestone: str = ""
    """Its number or its title."""
    search: str = ""
    """In the language of GitHub's search."""

    @property
    def arguments(self) -> list[str]:
        """What is added to the call."""
        found = [part for label in self.labels for part in ("--label", label)]
        found += ["--milestone", self.milestone] if self.milestone else []
        return found + (["--search", self.search] if self.search else [])


def list_open_issues(
    repository: Path,
    tracker: str,
    *,
    timeout: float | None = None,
    only: IssueFilter | None = None,
) -> list[Issue]:
    """The open issues of a tracker, lowest number first, without their texts.

    Raises:
        TuiError: ``gh`` is missing, not logged in, hangs, or cannot find the repository.
    """
    chosen = only.arguments if only is not None else []
    with _told_if_it_takes_long(tracker):
        output = run_gh(
            repository,
            [
                "issue", "list", "--repo", tracker, "--state", "open", "--limit", str(LIMIT),
                *chosen, "--json", "number,title,url",
            ],
            timeout=LISTING_TIMEOUT if timeout is None else timeout,
            alternative=WITHOUT_GH,
        )  # fmt: skip
    listed: list[_Issue] = decode(output, list[_Issue], "gh issue list")
    return sorted((one.issue() for one in listed), key=lambda issue: issue.number)


@contextlib.contextmanager
def _told_if_it_takes_long(tracker: str) -> Iterator[None]:
    text = (
        f"Listing the open issues of {short(tracker)}, which takes minutes if there are thousands. "
        "To choose some: issue numbers, --label, --milestone or --search"
    )
    timer = threading.Timer(PATIENCE, lambda: WAITING.notify(text))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


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
    if "/pull/" in (issue.url or ""):
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
