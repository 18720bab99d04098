"""The choices of the start screen, and how its lists are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.workflows.catalog import ISSUE, LLD

LOOKED_AT = 40
"""The number of newest runs that are searched for runs to attach to or resume."""


@dataclass(frozen=True, slots=True)
class StartNew:
    """Start a new run."""

    repository: Path
    issues_dir: Path | None
    """The folder with the issues; ``None`` means ``gh``."""
    items: Sequence[ItemInfo]
    parallel: int
    provider: str
    workflow: str = LLD.name
    tracker: str = ""
    """``host/owner/name`` of the repository whose issues they are; empty if not known yet."""


def check_ready(provider: str, credentials: Path | None = None) -> None:
    """Checks that a run with this provider could be started.

    Args:
        provider: Name of the provider.
        credentials: The credentials file, if one was named.

    Raises:
        TuiError: the provider's package or a credential is missing.
    """
    from assemblyzero_tui.runner.credentials.sources import find
    from assemblyzero_tui.runner.llm.opening import check_provider
    from assemblyzero_tui.runner.model.provider_catalog import needs_credentials

    check_provider(provider)
    if needs_credentials(provider):
        find(credentials)


@dataclass(frozen=True, slots=True)
class ResumeRun:
    """Resume an unfinished run that no engine serves."""

    name: str


@dataclass(frozen=True, slots=True)
class AttachRun:
    """Attach to a live run."""

    name: str


StartChoice = StartNew | ResumeRun | AttachRun


@dataclass(frozen=True, slots=True)
class RunOffer:
    """A run to attach to or resume."""

    name: str
    alive: bool
    """Whether an engine serves it: then it can be attached to, otherwise resumed."""
    done: int
    total: int
    failed: int
    repository: str
    started: float | None
    """Seconds since the epoch."""

    @property
    def choice(self) -> ResumeRun | AttachRun:
        """The choice that this run stands for."""
        return AttachRun(self.name) if self.alive else ResumeRun(self.name)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is pending in a repository."""

    repository: Path
    """The root of the repository."""
    items: Sequence[ItemInfo]
    notes: Sequence[str]
    """What was left out and why, and notes on the tracker."""
    tracker: str = ""
    """``host/owner/name`` of the repository whose issues they are; empty for files."""


def offered_runs() -> list[RunOffer]:
    """The live runs, then those that can be resumed, each newest first.

    Raises:
        TuiError: the folder of the runs cannot be listed.
    """
    from assemblyzero_tui.runner.model.summary import FAILURES
    from assemblyzero_tui.runner.runs.runs import readable_runs

    offers = []
    for run in islice(readable_runs(), LOOKED_AT):
        if not (run.alive or run.unfinished):
            continue
        items = run.state.items.values()
        offers.append(
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
    return sorted(offers, key=lambda offer: not offer.alive)


def list_pending(start: Path, issues_dir: Path | None, workflow: str = LLD.name) -> Listing:
    """Lists what is pending; may take as long as ``gh`` takes.

    Args:
        start: A folder in the repository.
        issues_dir: A folder of issue files; ``None`` asks ``gh``.
        workflow: The workflow that the items are for; only ``lld`` reads issues.

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
        tracker = find_tracker(repository, alternative=gh_issues.WITHOUT_GH)
    else:
        tracker = Tracker(name="")
    items, notes = choose_items(
        repository, issues_dir=issues_dir, wanted=None, tracker=tracker.name, read_only=True
    )
    return Listing(repository, items, [*tracker.notes, *notes], tracker.name)
