"""What can be chosen when the program starts, and where the offers come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.catalog import ISSUE, LLD

LOOKED_AT = 40
"""So many of the newest runs are looked at for something to go on with."""


@dataclass(frozen=True, slots=True)
class StartNew:
    """Start a new run."""

    repository: Path
    issues_dir: Path | None
    """Where the issues are; ``None`` means ``gh``."""
    items: Sequence[ItemInfo]
    parallel: int
    provider: str
    workflow: str = LLD.name
    tracker: str = ""
    """``host/owner/name`` of the repository whose issues they are; empty if nobody asked."""


def check_ready(provider: str, credentials: Path | None = None) -> None:
    """Looks whether a run with this provider could be started.

    Args:
        provider: Its name.
        credentials: The file with the keys, if one was named.

    Raises:
        TuiError: its package or a key is missing.
    """
    from assemblyzero_tui.runner.credentials.sources import find
    from assemblyzero_tui.runner.llm.opening import check_provider
    from assemblyzero_tui.runner.model.provider_catalog import needs_credentials

    check_provider(provider)
    if needs_credentials(provider):
        find(credentials)


@dataclass(frozen=True, slots=True)
class ResumeRun:
    """Go on with a run that is not done and that nobody serves."""

    name: str


@dataclass(frozen=True, slots=True)
class AttachRun:
    """Watch a run that goes on."""

    name: str


StartChoice = StartNew | ResumeRun | AttachRun


@dataclass(frozen=True, slots=True)
class RunOffer:
    """A run to go on with."""

    name: str
    alive: bool
    """An engine serves it: it can be watched, otherwise resumed."""
    done: int
    total: int
    failed: int
    repository: str
    started: float | None
    """Seconds since the epoch."""

    @property
    def choice(self) -> ResumeRun | AttachRun:
        """What choosing it means."""
        return AttachRun(self.name) if self.alive else ResumeRun(self.name)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is pending in a repository."""

    repository: Path
    """Its root."""
    items: Sequence[ItemInfo]
    notes: Sequence[str]
    """What was left out, and why; and what a user may not expect of the tracker."""
    tracker: str = ""
    """``host/owner/name`` of the repository whose issues they are; empty if none is asked."""


def offered_runs() -> list[RunOffer]:
    """The runs that go on, then those that can be resumed, each the newest first.

    Raises:
        TuiError: the folder of the runs cannot be listed.
    """
    from assemblyzero_tui.runner.model.summary import FAILURES
    from assemblyzero_tui.runner.runs.runs import readable_runs

    found = []
    for run in islice(readable_runs(), LOOKED_AT):
        if not (run.alive or run.unfinished):
            continue
        items = run.state.items.values()
        found.append(
            RunOffer(
                name=run.name,
                alive=run.alive,
                done=sum(item.state.terminal for item in items),
                total=len(items) or len(run.spec.items),
                failed=sum(item.state in FAILURES for item in items),
                repository=run.spec.repository,
                started=run.state.started,
            )
        )
    return sorted(found, key=lambda offer: not offer.alive)


def list_pending(start: Path, issues_dir: Path | None, workflow: str = LLD.name) -> Listing:
    """What is pending; may take as long as ``gh`` takes.

    Args:
        start: A folder in the repository.
        issues_dir: A folder of issue files; ``None`` asks ``gh``.
        workflow: What the items are for; only designs are made of issues.

    Raises:
        TuiError: there is no repository, or its issues or ideas cannot be read.
    """
    from assemblyzero_tui.app.cli.repository import find_repository
    from assemblyzero_tui.app.cli.selection import choose_briefs, choose_items
    from assemblyzero_tui.runner.base.errors import TuiError
    from assemblyzero_tui.runner.workflows.tracker import gh_issues
    from assemblyzero_tui.runner.workflows.tracker.tracker_name import Tracker, find_tracker

    repository = find_repository(start)
    if workflow == ISSUE.name:
        items, notes = choose_briefs(repository, None, read_only=True)
        try:
            tracker = find_tracker(repository, to_file=True)
        except TuiError as error:
            return Listing(repository, items, [f"no issue can be filed: {error.what}", *notes])
        return Listing(repository, items, [*tracker.notes, *notes], tracker.name)
    if issues_dir is None:
        tracker = find_tracker(repository, otherwise=gh_issues.WITHOUT_GH)
    else:
        tracker = Tracker(name="")
    items, notes = choose_items(
        repository, issues_dir=issues_dir, wanted=None, tracker=tracker.name, read_only=True
    )
    return Listing(repository, items, [*tracker.notes, *notes], tracker.name)
