"""The nodes of the Issue graph. A node that runs again after a crash writes the same files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from langgraph.types import interrupt

from assemblyzero_tui.runner.base.errors import WorkflowError
from assemblyzero_tui.runner.base.paths import state_home
from assemblyzero_tui.runner.model.run_spec import HOW_TO_ACCEPT
from assemblyzero_tui.runner.workflows.context import Context
from assemblyzero_tui.runner.workflows.drafting import log_style as style
from assemblyzero_tui.runner.workflows.drafting.nodes import DraftingNodes
from assemblyzero_tui.runner.workflows.drafting.state import DraftState, approved
from assemblyzero_tui.runner.workflows.issue import filing_records, texts
from assemblyzero_tui.runner.workflows.issue.briefs import Brief
from assemblyzero_tui.runner.workflows.issue.draft import parse_draft, read_draft
from assemblyzero_tui.runner.workflows.issue.filer import IssueFiler, settle
from assemblyzero_tui.runner.workflows.issue.foreign_filings import check_not_filed
from assemblyzero_tui.runner.workflows.issue.inert import make_inert
from assemblyzero_tui.runner.workflows.issue.records import issue_complete
from assemblyzero_tui.runner.workflows.issue.state import FiledRecord, IssueState
from assemblyzero_tui.runner.workflows.repository import lineage
from assemblyzero_tui.runner.workflows.repository.shared_files import make_folder
from assemblyzero_tui.runner.workflows.tracker import gh_filing
from assemblyzero_tui.runner.workflows.tracker.tracker_name import find_tracker, short


class IssueNodes(DraftingNodes):
    """The nodes of the Issue graph, bound to one worker's context."""

    def __init__(self, context: Context, take_brief: Callable[[], Brief]) -> None:
        slug = context.spec.item.key
        super().__init__(
            context,
            subject=f"the issue of {slug}",
            identity={"slug": slug},
            folder=filing_records.folder_of(slug),
        )
        self._slug = slug
        self._take_brief = take_brief

    def load_brief(self, state: IssueState) -> dict[str, Any]:
        """Reads the brief and begins its lineage, unless this exact text was filed before."""
        brief = self._take_brief()
        context = self._read_context()
        path = str(brief.path.relative_to(self._repository))
        new: IssueState = {
            "slug": self._slug,
            "title": brief.title,
            "brief": brief.text,
            "brief_path": path,
            "brief_digest": brief.digest,
            "tracker": "",
            "known_labels": [],
            "filed": None,
        }
        self._log(f"    {style.strong(f'Brief {self._slug}:')} {style.plain(brief.title)}")
        self._log(f"    {style.faint(style.plain(path))}")
        before = filing_records.filed_before(self._repository, self._slug, brief.digest)
        if before is not None:
            new["filed"] = _record_of(before, found=True)
            self._log(f"    {style.caution('This text was already filed:')} {before.issue_url}")
            return {**new, **self._new_state(0)}
        check_not_filed(self._repository, self._slug, brief.digest)
        self._log_input(brief.text, context)

        text = brief.text.encode()
        first = lineage.first_number(self._repository / self._folder, "brief.md", text)
        name = self._write(first, "brief.md", text)
        details = {"brief": path, "brief_file": name, "run": self._origin(state)}
        self._record(state, f"N0:{first}", "start", details)
        self._log(f"    Brief saved: {style.faint(f'{self._folder}/{name}')}")
        self._progress(0, "brief read")
        return {**new, **self._new_state(first)}

    def sandbox(self, state: IssueState) -> dict[str, Any]:
        """Makes sure, before any paid call, that an issue can be filed at the end.

        Checks that the lineage folder is writable, that ``gh`` works and that its repository
        accepts issues, and reads its labels for the prompts. If the tracker has an issue with the
        brief's mark, that is the brief's issue, and nothing is drafted. With ``--no-file``, ``gh``
        is not used.
        """
        if state["filed"] is not None:
            self._log("    Nothing to prepare")
            return {}
        make_folder(self._repository / self._folder)
        if self._spec.options.no_file:
            self._log("    gh is not used: the issue will not be filed (--no-file)")
            return {}
        tracker = self._tracker(state)
        labels = gh_filing.list_labels(self._repository, tracker)
        self._log(f"    Tracker: {style.strong(style.plain(short(tracker)))}")
        self._log(f"    Labels: {style.plain(', '.join(labels[:12])) or 'none'}")
        filed = self._filer(state, tracker).look()
        if filed is not None:
            self._log(f"    {style.caution('This brief already has an issue:')} {filed.issue_url}")
        return {
            "tracker": tracker,
            "known_labels": labels,
            "filed": None if filed is None else _record_of(filed, found=True),
        }

    def draft(self, state: IssueState) -> dict[str, Any]:
        """Has the next draft written."""
        self._begin_draft(state)
        request = texts.draft_request(state, self._read_context())
        (draft, parsed), ask = self._ask_for_draft(request, read_draft, "issue-draft-repair")
        changes = self._save_draft(state, draft, ask)
        self._log(f"    Title: {style.strong(style.plain(parsed.title))}")
        self._log(f"    Labels: {style.plain(', '.join(parsed.labels)) or 'none'}")
        self._log_draft(changes["draft_file"], draft)
        return changes

    def review(self, state: IssueState) -> dict[str, Any]:
        """Reviews the newest draft."""
        return self._judge(state, texts.review_request(state, self._read_context()))

    def human_edit_verdict(self, state: DraftState) -> dict[str, Any]:
        """The gate after the review: lets an approved draft pass, and counts the others."""
        if not approved(state):
            return self.human_edit(state)
        self._log(f"    Human edit gate, automatic: {state['draft_file']} will be filed")
        return {}

    def file(self, state: IssueState) -> dict[str, Any]:
        """Files the issue, once; then moves its lineage and its brief to the ``done`` folders.

        Steps that are already done are recognised and not repeated. The brief is moved last: while
        it is in the ideas folder, the same command returns to this node.
        """
        folder = self._repository / self._folder
        filed = filing_records.recorded(
            folder, state["brief_digest"]
        ) or filing_records.filed_before(self._repository, self._slug, state["brief_digest"])
        if filed is None:
            if self._spec.options.no_file and state["filed"] is None:
                self._stop_before_filing(state)
            check_not_filed(self._repository, self._slug, state["brief_digest"])
            filed = self._filer(state, self._tracker(state)).file()
            self._write(state["last"] + 1, "filed.json", filing_records.encoded(filed))
        found = filed.found or state["filed"] is not None
        record = _record_of(filed, found=found)
        self._record_event(issue_complete(self._repository, filed))
        moved = settle(self._repository, filed, self._warn)
        self._log_filed(filed, record, moved, state["brief_path"])
        self._progress(state["drafts"], f"filed as #{filed.issue_number}")
        return {"filed": record}

    def _tracker(self, state: IssueState) -> str:
        """The tracker of this run, which must be that of the checkpoint.

        Raises:
            WorkflowError: it is a different one, and the user has not accepted the change.
        """
        saved, current = state["tracker"], self._spec.tracker
        accepted = self._spec.options.accept_changes
        if saved and current and saved.lower() != current.lower() and not accepted:
            raise WorkflowError(
                f"The checkpoint of this brief was made for {short(saved)}, but this run files in "
                f"{short(current)}.",
                f"To file there, {HOW_TO_ACCEPT}; or unset GH_REPO if it names another repository.",
            )
        if current or saved:
            return current or saved
        return find_tracker(self._repository, alternative=gh_filing.WITHOUT_GH, to_file=True).name

    def _filer(self, state: IssueState, tracker: str) -> IssueFiler:
        by = f"the run {self._spec.run} of {state_home()}"
        return IssueFiler(self._repository, state, tracker, by, self._log, self._warn)

    def _stop_before_filing(self, state: IssueState) -> None:
        where = self._folder / state["draft_file"]
        draft = parse_draft(state["draft"])
        self._log(f"    {style.good('APPROVED,')} not filed (--no-file)")
        self._log(f"      Draft:   {style.faint(str(where))}")
        self._log(f"      Title:   {style.plain(draft.title)}")
        if changed := make_inert(draft.body, state["brief"]).changed:
            self._log(f"      Will be made inert: {style.plain(', '.join(changed))}")
        self._log("      To file it, run the same command without --no-file")
        self._progress(state["drafts"], "approved, not filed")
        interrupt("not to be filed")

    def _log_filed(
        self, filed: filing_records.Filed, record: FiledRecord, moved: Path | None, brief: str
    ) -> None:
        verb = "was already filed as" if record["found"] else "filed as"
        number = style.strong(f"#{filed.issue_number}")
        self._log(f"    {style.good('SUCCESS:')} issue {verb} {number}")
        if filed.found_by:
            self._log(f"      Filed by: {style.plain(filed.found_by)}")
        self._log(f"      Issue:   {style.plain(filed.issue_url)}")
        self._log(f"      Title:   {style.plain(filed.title)}")
        self._log(f"      Labels:  {style.plain(', '.join(filed.labels)) or 'none'}")
        folder = record["lineage"]
        self._log(f"      Lineage: {style.faint(f'{folder}/')}")
        where = f"moved to {moved.relative_to(self._repository)}" if moved else f"stays in {brief}"
        self._log(f"      Brief:   {style.faint(where)}")


def _record_of(filed: filing_records.Filed, *, found: bool) -> FiledRecord:
    folder = filing_records.done_folder_of(filed.issue_number, filed.slug)
    return {
        "number": filed.issue_number,
        "url": filed.issue_url,
        "lineage": str(folder),
        "draft": str(folder / filed.approved_draft) if filed.approved_draft else "",
        "found": found,
        "by": filed.found_by,
    }
