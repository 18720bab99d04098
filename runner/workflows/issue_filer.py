"""Files the issue of one brief: looks, notes what it is going to do, files, and puts away."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assemblyzero_tui.runner.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.workflows import filing, gh_filing, gh_process
from assemblyzero_tui.runner.workflows import log_style as style
from assemblyzero_tui.runner.workflows.briefs import IDEAS, IDEAS_DONE
from assemblyzero_tui.runner.workflows.filing import Filed, Intent
from assemblyzero_tui.runner.workflows.gh_filing import ListedIssue
from assemblyzero_tui.runner.workflows.gh_process import GhTimeoutError
from assemblyzero_tui.runner.workflows.issue_draft import IssueDraft, parse_draft, split_labels
from assemblyzero_tui.runner.workflows.issue_state import IssueState
from assemblyzero_tui.runner.workflows.shared_files import make_folder, sync_folder

SETTLE_SECONDS = 15.0
"""So long after a ``gh`` was cut off, the tracker may still come to file what it was sent."""
_CLOCKS_DIFFER = timedelta(days=1)
"""How far this machine's clock may be ahead of the tracker's."""


class IssueFiler:
    """Files the issue of one brief on a tracker.

    Args:
        repository: The target repository.
        state: What the graph knows.
        tracker: ``host/owner/name``.
        say: Prints a line.
        warn: Prints a line and tells a human.
    """

    def __init__(
        self,
        repository: Path,
        state: IssueState,
        tracker: str,
        say: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._repository = repository
        self._folder = repository / filing.folder_of(state["slug"])
        self._state = state
        self._tracker = tracker
        self._tracker_name = tracker.removeprefix("github.com/")
        self._mark = filing.mark_of(tracker, state["slug"], state["brief_digest"])
        self._say = say
        self._warn = warn

    def look(self) -> Filed | None:
        """The brief's issue, if the tracker has it.

        Raises:
            WorkflowError: an earlier version of the brief was filed, and that was not recorded.
            TuiError: the tracker cannot be asked.
        """
        intent = filing.read_intent(self._folder)
        found = self._find(intent)
        if not found and intent is not None and _may_still_arrive(intent):
            self._say(f"    An earlier gh was cut off; looking again in {SETTLE_SECONDS:.0f} s")
            time.sleep(SETTLE_SECONDS)
            found = self._find(intent)
        if (mine := found.get(self._mark)) is not None:
            same = intent is not None and intent.mark == self._mark
            return self._filed(mine, intent if same else None)
        for other in found.values():
            raise WorkflowError(
                f"An earlier version of this brief was filed as {other.url}.",
                "Change that issue, or give the brief another file name to file another one.",
            )
        return None

    def _find(self, intent: Intent | None) -> dict[str, ListedIssue]:
        """The issues with the mark of this text, or of the one that was going to be filed."""
        marks = {self._mark} | ({intent.mark} if intent is not None else set())
        since = None
        if intent is not None:
            since = datetime.fromtimestamp(intent.time, UTC) - _CLOCKS_DIFFER
        newest = gh_filing.newest_issues(self._repository, self._tracker, since)
        return filing.find(newest, marks)

    def file(self) -> Filed:
        """Files the approved draft, unless the issue is there.

        Raises:
            WorkflowError: ``gh`` failed and the issue is not there, or nobody can tell.
            TuiError: the tracker cannot be asked; nothing was filed.
        """
        self._say("    Looking whether it was filed before")
        if (found := self.look()) is not None:
            return found
        if not self._state["draft"]:
            raise WorkflowError(
                "The issue that this brief was is not there any more, and there is no draft.",
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
        filing.write_intent(self._folder, intent)
        self._say(f"    Filing in {style.plain(self._tracker_name)}: {style.plain(draft.title)}")
        body = filing.with_mark(draft.body, self._mark)
        try:
            number, url = gh_filing.create_issue(
                self._repository, self._tracker, draft.title, body, labels
            )
        except TuiError as error:
            intent.answered = not isinstance(error, GhTimeoutError)
            intent.time = time.time()
            filing.write_intent(self._folder, intent)
            return self._look_again(error)
        if left_out:
            listed = ", ".join(left_out)
            self._warn(f"filed without labels that {self._tracker_name} does not have: {listed}")
        return self._filed(ListedIssue(number=number, url=url), intent, found=False)

    def _labels(self, draft: IssueDraft) -> tuple[list[str], list[str]]:
        known = gh_filing.list_labels(self._repository, self._tracker) if draft.labels else []
        return split_labels(draft.labels, known)

    def _look_again(self, error: TuiError) -> Filed:
        """After ``gh issue create`` went wrong: the issue may be there all the same."""
        self._say(f"    {style.caution(style.plain(error.what))}")
        self._say("    Looking whether it was filed all the same")
        try:
            found = self.look()
        except TuiError as again:
            raise WorkflowError(
                f"{error.what} Whether the issue was filed cannot be seen either: {again.what}",
                "Run the same command again: it looks before it files.",
            ) from error
        if found is None:
            sure = "" if not isinstance(error, GhTimeoutError) else ", as far as can be seen"
            raise WorkflowError(
                f"Not filed{sure}: {error.what}",
                f"{error.hint}\nThen run the same command again: it looks before it files.",
            ) from error
        self._warn(f"gh went wrong, but the issue was filed as {found.issue_url}")
        return found

    def _filed(self, issue: ListedIssue, intent: Intent | None, *, found: bool = True) -> Filed:
        """The record of an issue; what was filed is known from the intent, as far as it is."""
        reviews = self._state["reviews"]
        wanted = parse_draft(self._state["draft"]).labels if self._state["draft"] else []
        labels = intent.labels if intent is not None else []
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
        )


def _may_still_arrive(intent: Intent) -> bool:
    """Whether a ``gh`` that was to file this was cut off, and that may have been just now."""
    age = time.time() - intent.time
    return not intent.answered and age < gh_process.TIMEOUT + SETTLE_SECONDS


def settle(repository: Path, filed: Filed, warn: Callable[[str], None]) -> Path | None:
    """Moves the lineage, then the brief, to where those of filed issues are.

    Returns:
        Where the brief is now; ``None`` if it is no idea and stays where it is.

    Raises:
        WorkflowError: the place of the lineage is taken.
        TuiError: something cannot be moved.
    """
    target = repository / filing.done_folder_of(filed.issue_number, filed.slug)
    source = repository / filing.folder_of(filed.slug)
    if filing.recorded(source, filed.brief_digest) is not None:
        if os.path.lexists(target):
            raise WorkflowError(
                f"The issue was filed as {filed.issue_url}, but its lineage cannot be moved: "
                f"{target} is there already.",
                "Move that away and run the same command again: nothing is filed twice.",
            )
        (source / filing.INTENT_FILE).unlink(missing_ok=True)
        _move(source, target)
    brief = repository / filed.brief
    if brief.parent != repository / IDEAS:
        return None
    done = repository / IDEAS_DONE / brief.name
    if brief.exists():
        if os.path.lexists(done):
            done = done.with_name(f"{filed.issue_number}-{brief.name}")
            warn(f"{IDEAS_DONE / brief.name} is taken; the brief is now {IDEAS_DONE / done.name}")
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
