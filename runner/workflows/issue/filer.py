"""Files the issue of one brief: looks for it, records the intent, files it, and moves the files."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from assemblyzero_tui.runner.base.errors import TransientError, TuiError, WorkflowError
from assemblyzero_tui.runner.workflows.drafting import log_style as style
from assemblyzero_tui.runner.workflows.issue import filing_records
from assemblyzero_tui.runner.workflows.issue.briefs import IDEAS, IDEAS_DONE
from assemblyzero_tui.runner.workflows.issue.draft import IssueDraft, parse_draft, split_labels
from assemblyzero_tui.runner.workflows.issue.filing_records import Filed, Intent
from assemblyzero_tui.runner.workflows.issue.inert import make_inert
from assemblyzero_tui.runner.workflows.issue.state import IssueState
from assemblyzero_tui.runner.workflows.repository.shared_files import make_folder, sync_folder
from assemblyzero_tui.runner.workflows.tracker import gh_filing, gh_process
from assemblyzero_tui.runner.workflows.tracker.filing_lock import filing_lock
from assemblyzero_tui.runner.workflows.tracker.filing_pace import FilingPace
from assemblyzero_tui.runner.workflows.tracker.gh_failures import GhTransientError
from assemblyzero_tui.runner.workflows.tracker.gh_filing import ListedIssue
from assemblyzero_tui.runner.workflows.tracker.recent_filings import Entry, RecentFilings
from assemblyzero_tui.runner.workflows.tracker.tracker_name import short

SETTLE_SECONDS = 15.0
"""Seconds after the end of an interrupted ``gh`` in which the tracker may still file its issue."""
AGAIN_SECONDS = 30.0
"""Seconds after that until the last look, before the issue is filed again."""
_CLOCKS_DIFFER = timedelta(days=1)
"""The most that this machine's clock may be ahead of the tracker's."""


class IssueFiler:
    """Files the issue of one brief on a tracker.

    Args:
        repository: The target repository.
        state: The state of the graph.
        tracker: ``host/owner/name``.
        by: Describes this run to others.
        log: Prints a line.
        warn: Prints a line and notifies the user.
    """

    def __init__(
        self,
        repository: Path,
        state: IssueState,
        tracker: str,
        by: str,
        log: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._repository = repository
        self._folder = repository / filing_records.folder_of(state["slug"])
        self._state = state
        self._tracker = tracker
        self._tracker_name = short(tracker)
        self._by = by
        self._recent = RecentFilings(tracker)
        self._mark = filing_records.mark_of(tracker, state["slug"], state["brief_digest"])
        self._log = log
        self._warn = warn

    def look(self) -> Filed | None:
        """The brief's issue, if the tracker has it.

        Raises:
            WorkflowError: an earlier version of the brief was filed, and that was not recorded.
            TuiError: the tracker cannot be read.
        """
        intent = filing_records.read_intent(self._folder)
        return self._recognise(self._find(intent, patient=_may_still_arrive(intent)), intent)

    def _look_under_lock(self) -> Filed | None:
        """The same under the lock; also waits for an issue of another run's interrupted ``gh``."""
        intent = filing_records.read_intent(self._folder)
        patient = _may_still_arrive(intent) or _may_still_arrive(self._recent.find(self._mark))
        return self._recognise(self._find(intent, patient=patient), intent)

    def _recognise(self, issues: dict[str, ListedIssue], intent: Intent | None) -> Filed | None:
        """The record of the brief's issue among these, which are by their marks."""
        if (issue := issues.get(self._mark)) is not None:
            same = intent is not None and intent.mark == self._mark
            return self._filed(issue, intent if same else None)
        for other in issues.values():
            raise WorkflowError(
                f"An earlier version of this brief was filed as {other.url}.",
                "Edit that issue, or rename the brief to file a new one.",
            )
        return None

    def _find(self, intent: Intent | None, *, patient: bool) -> dict[str, ListedIssue]:
        """The issues, by their marks, with the mark of this text or of the intent.

        Args:
            intent: The intent of an earlier attempt.
            patient: Whether to look again after a while if there is none.
        """
        issues = self._listed(intent)
        if not issues and patient:
            self._log(
                f"    An earlier gh was interrupted; checking again in {SETTLE_SECONDS:.0f} s"
            )
            time.sleep(SETTLE_SECONDS)
            issues = self._listed(intent)
        entry = self._recent.find(self._mark)
        if self._mark not in issues and entry is not None and entry.number:
            issues[self._mark] = ListedIssue(number=entry.number, url=entry.url)
        return issues

    def _listed(self, intent: Intent | None) -> dict[str, ListedIssue]:
        """The same in the listings of this tracker and of that of the earlier attempt."""
        wanted = {self._tracker: {self._mark}}
        since = None
        if intent is not None:
            since = datetime.fromtimestamp(intent.time, UTC) - _CLOCKS_DIFFER
            same = intent.tracker.lower() == self._tracker.lower()
            wanted.setdefault(self._tracker if same else intent.tracker, set()).add(intent.mark)
        issues: dict[str, ListedIssue] = {}
        for tracker, marks in wanted.items():
            newest = gh_filing.newest_issues(self._repository, tracker, since)
            issues |= filing_records.find(newest, marks)
        return issues

    def file(self) -> Filed:
        """Files the approved draft under the tracker's lock, unless the issue already exists.

        Raises:
            WorkflowError: ``gh`` failed and the issue does not exist, or that is unknown; or
                another run has been filing for too long.
            TransientError: it can be filed later, or only then be known whether it was.
            TuiError: the tracker cannot be read or locked; nothing was filed.
        """
        with filing_lock(self._tracker, f"{self._by}, process {os.getpid()}", self._log):
            return self._file()

    def _file(self) -> Filed:
        self._log("    Checking whether it was already filed")
        if (filed := self._look_under_lock()) is not None:
            return filed
        if not self._state["draft"]:
            raise WorkflowError(
                "The issue of this brief no longer exists, and there is no draft.",
                "Run the item with --fresh to write one.",
            )
        draft = parse_draft(self._state["draft"])
        labels, left_out = self._labels(draft)
        intent = Intent(
            mark=self._mark,
            slug=self._state["slug"],
            tracker=self._tracker,
            title=draft.title,
            labels=labels,
            draft=self._state["draft_file"],
            time=time.time(),
        )
        issue = self._file_draft(draft, intent)
        if isinstance(issue, Filed):
            return issue
        if left_out:
            listed = ", ".join(left_out)
            self._warn(f"filed without labels that {self._tracker_name} does not have: {listed}")
        return self._filed(issue, intent, found=False)

    def _file_draft(self, draft: IssueDraft, intent: Intent) -> ListedIssue | Filed:
        """Files the issue when the pace allows it, and again after a transient failure.

        Returns:
            The new issue, or the record of one that was filed although ``gh`` failed.
        """
        pace, repeated = FilingPace(self._tracker), False
        while True:
            pace.wait_for_turn()
            try:
                issue = self._create_issue(draft, intent)
            except GhTransientError as error:
                if error.refused_by_service:
                    pace.refused(error)
                    continue
                if (filed := self._look_again(error, last=repeated)) is not None:
                    pace.filed()
                    return filed
                repeated = True
            except TuiError as error:
                if (filed := self._look_after(error)) is not None:
                    pace.filed()
                    return filed
                raise WorkflowError(
                    f"Not filed: {error.what}",
                    f"{error.hint}\nThen run the same command again: it checks before it files.",
                ) from error
            else:
                pace.filed()
                return issue

    def _create_issue(self, draft: IssueDraft, intent: Intent) -> ListedIssue:
        """Files the issue; records before and after, for a repeated attempt and for other runs.

        Raises:
            TuiError: ``gh`` failed; the issue may have been filed nevertheless.
        """
        intent.answered, intent.time = False, time.time()
        filing_records.write_intent(self._folder, intent)
        entry = Entry(mark=self._mark, by=self._by, time=intent.time)
        self._recent.record(entry)
        self._log(f"    Filing in {style.plain(self._tracker_name)}: {style.plain(draft.title)}")
        body, changed = make_inert(draft.body, self._state["brief"])
        if changed:
            self._log(f"    Made inert (not in the brief): {style.plain(', '.join(changed))}")
        body = filing_records.with_mark(body, self._mark)
        try:
            number, url = gh_filing.create_issue(
                self._repository, self._tracker, draft.title, body, intent.labels
            )
        except TuiError as error:
            intent.answered = not isinstance(error, GhTransientError) or error.refused_by_service
            intent.time = time.time()
            filing_records.write_intent(self._folder, intent)
            self._record_attempt(replace(entry, answered=intent.answered, time=intent.time))
            self._log(f"    {style.caution(style.plain(error.what))}")
            raise
        self._record_attempt(replace(entry, answered=True, number=number, url=url))
        return ListedIssue(number=number, url=url)

    def _record_attempt(self, entry: Entry) -> None:
        """Records the outcome of an attempt; if that fails, the attempt still counts."""
        try:
            self._recent.record(entry)
        except TuiError as error:
            self._warn(error.what)

    def _labels(self, draft: IssueDraft) -> tuple[list[str], list[str]]:
        existing = gh_filing.list_labels(self._repository, self._tracker) if draft.labels else []
        return split_labels(draft.labels, existing)

    def _look_again(self, error: GhTransientError, *, last: bool) -> Filed | None:
        """Looks for the issue after ``gh issue create`` failed: it may be filed anyway, or soon.

        Raises:
            TransientError: it does not exist, and this was the ``last`` attempt for now.
        """
        filed = self._look_after(error)
        if filed is None and not last:
            self._log(f"    It was not filed; checking once more in {AGAIN_SECONDS:.0f} s")
            time.sleep(AGAIN_SECONDS)
            filed = self._look_after(error)
        if filed is None and last:
            raise TransientError(
                f"Not filed yet, as far as the tracker shows: {error.what}",
                f"{error.hint}\nThen run the same command again: it checks before it files.",
                error.until,
            ) from error
        return filed

    def _look_after(self, error: TuiError) -> Filed | None:
        """Looks for the issue once.

        Raises:
            TransientError: the tracker cannot be read now.
            WorkflowError: it cannot be read.
        """
        self._log("    Checking whether it was filed anyway")
        try:
            filed = self._look_under_lock()
        except TuiError as second_error:
            kind = TransientError if isinstance(second_error, TransientError) else WorkflowError
            raise kind(
                f"{error.what} Cannot check whether the issue was filed: {second_error.what}",
                "Run the same command again: it checks before it files.",
            ) from error
        if filed is not None:
            self._warn(f"gh failed, but the issue was filed as {filed.issue_url}")
        return filed

    def _filed(self, issue: ListedIssue, intent: Intent | None, *, found: bool = True) -> Filed:
        """The record of an issue; the filed text is described by the intent, if there is one."""
        reviews = self._state["reviews"]
        wanted = parse_draft(self._state["draft"]).labels if self._state["draft"] else []
        labels = intent.labels if intent is not None else []
        entry = self._recent.find(self._mark)
        by = entry.by if found and entry is not None and entry.by != self._by else ""
        return Filed(
            issue_number=issue.number,
            issue_url=issue.url,
            slug=self._state["slug"],
            title=intent.title if intent is not None else issue.title,
            labels=labels,
            labels_left_out=split_labels(wanted, labels)[1] if intent is not None else [],
            brief=self._state["brief_path"],
            brief_digest=self._state["brief_digest"],
            mark=self._mark,
            approved_draft=intent.draft if intent is not None else "",
            draft_count=self._state["drafts"],
            review_count=len(reviews),
            has_gemini_review=bool(reviews and reviews[-1]["gemini"]),
            reviewed_by=reviews[-1]["model"] if reviews else "",
            drafted_by=self._state.get("drafted_by", ""),
            input_tokens=self._state.get("input_tokens", 0),
            output_tokens=self._state.get("output_tokens", 0),
            found=found,
            origin=self._state.get("origin", ""),
            found_by=by,
        )


def _may_still_arrive(attempt: Intent | Entry | None) -> bool:
    """Whether an interrupted attempt is so recent that its issue may still appear."""
    if attempt is None or attempt.answered:
        return False
    return time.time() - attempt.time < gh_process.TIMEOUT + SETTLE_SECONDS


def settle(repository: Path, filed: Filed, warn: Callable[[str], None]) -> Path | None:
    """Moves the lineage, then the brief, to the ``done`` folders.

    Returns:
        The new path of the brief; ``None`` if it was not in the ideas folder and is not moved.

    Raises:
        WorkflowError: the target of the lineage already exists.
        TuiError: a folder or file cannot be moved.
    """
    target = repository / filing_records.done_folder_of(filed.issue_number, filed.slug)
    source = repository / filing_records.folder_of(filed.slug)
    if filing_records.recorded(source, filed.brief_digest) is not None:
        if os.path.lexists(target):
            raise WorkflowError(
                f"The issue was filed as {filed.issue_url}, but its lineage cannot be moved: "
                f"{target} already exists.",
                "Move it away and run the same command again; nothing is filed twice.",
            )
        (source / filing_records.INTENT_FILE).unlink(missing_ok=True)
        _move(source, target)
    brief = repository / filed.brief
    if brief.parent != repository / IDEAS:
        return None
    done = repository / IDEAS_DONE / f"{filed.issue_number}-{brief.name}"
    if brief.exists():
        taken = done
        for copy in itertools.count(2):
            if not os.path.lexists(done):
                break
            done = taken.with_name(f"{taken.stem}-{copy}{taken.suffix}")
        if done != taken:
            warn(f"{IDEAS_DONE / taken.name} is taken; the brief is now {IDEAS_DONE / done.name}")
        _move(brief, done)
    return done


def _move(source: Path, target: Path) -> None:
    make_folder(target.parent)
    try:
        source.rename(target)
        sync_folder(target.parent)
        sync_folder(source.parent)
    except OSError as error:
        raise TuiError(
            f"Cannot move {source} to {target}: {error.strerror or error}.",
            "Make both folders writable and run the same command again.",
        ) from error
