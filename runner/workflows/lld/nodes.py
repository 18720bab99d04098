"""The nodes of the LLD graph. A node that runs again after a crash writes the same files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from assemblyzero_tui.runner.base.errors import WorkflowError
from assemblyzero_tui.runner.workflows.context import Context
from assemblyzero_tui.runner.workflows.drafting import guards
from assemblyzero_tui.runner.workflows.drafting import log_style as style
from assemblyzero_tui.runner.workflows.drafting.nodes import DraftingNodes
from assemblyzero_tui.runner.workflows.drafting.state import ReviewRecord
from assemblyzero_tui.runner.workflows.lld import designs, status_file, texts
from assemblyzero_tui.runner.workflows.lld.records import design_complete
from assemblyzero_tui.runner.workflows.lld.state import LldState
from assemblyzero_tui.runner.workflows.lld.template import Template, find_template
from assemblyzero_tui.runner.workflows.repository import lineage
from assemblyzero_tui.runner.workflows.repository.shared_files import publish, publish_new
from assemblyzero_tui.runner.workflows.tracker.issues import FROM_TRACKER, Issue


class _DesignReader:
    """Reads drafts; one that lacks headings of the template is asked for again, but only once."""

    def __init__(self, template: Template | None) -> None:
        self._template = template

    def __call__(self, answer: str) -> str:
        design = texts.read_design(answer)
        if self._template is not None and (missing := self._template.missing(design)):
            self._template = None
            raise ValueError(
                f"it lacks {len(missing)} of the template's headings: {'; '.join(missing)}"
            )
        return design


class LldNodes(DraftingNodes):
    """The nodes of the LLD graph, bound to one worker's context."""

    def __init__(self, context: Context, take_issue: Callable[[], Issue]) -> None:
        number = int(context.spec.item.key)
        super().__init__(
            context,
            subject=f"issue #{number}",
            identity={"number": number},
            folder=lineage.folder_of(number),
        )
        self._take_issue = take_issue

    def fetch_issue(self, state: LldState) -> dict[str, Any]:
        """Reads the issue and starts its lineage."""
        issue = self._take_issue()
        number = issue.number
        guards.check_length(f"Issue #{number}", issue.body)
        context = self._read_context()
        new: LldState = {
            "number": number,
            "title": issue.title,
            "body": issue.body,
            "url": issue.url,
            "labels": issue.labels,
            "output": "",
        }
        text = texts.issue_text(new).encode()
        first = lineage.first_number(self._repository / self._folder, "issue.md", text)

        self._log(f"    {style.strong(f'Issue #{number}:')} {style.plain(issue.title)}")
        where = issue.url or (issue.source if issue.source != FROM_TRACKER else "")
        if where:
            self._log(f"    {style.faint(style.plain(where))}")
        if issue.labels:
            self._log(f"    Labels: {style.plain(', '.join(issue.labels))}")
        if not issue.open:
            self._log(
                f"    {style.caution('The issue is closed; continuing because it was named.')}"
            )
        if not issue.body.strip():
            self._log(f"    {style.caution('The issue has no description, only its title.')}")
        self._log_input(issue.body, context)
        self._log_template()

        name = self._write(first, "issue.md", text)
        details = {"title": issue.title, "issue_file": name, "run": self._origin(state)}
        self._record(state, f"N0:{first}", "start", details)
        self._log(f"    Issue saved: {style.faint(f'{self._folder}/{name}')}")
        self._progress(0, "issue read")
        return {**new, **self._new_state(first)}

    def _log_template(self) -> None:
        if (template := self._template()) is None:
            return
        self._log(f"    Template: {style.faint(style.plain(template.path))}")
        if template.others:
            others = style.plain(", ".join(template.others))
            self._log(f"    Not used: {others} (choose one with --template)")

    def design(self, state: LldState) -> dict[str, Any]:
        """Writes the next draft."""
        self._refuse_others(state["number"])
        number = self._begin_draft(state)
        template = self._template()
        request = texts.design_request(state, self._read_context(), template)
        draft, ask = self._ask_for_draft(request, _DesignReader(template), "design-repair")
        changes = self._save_draft(state, draft, ask)
        if number == 1:
            self._upsert(state["number"], "draft", [])
        self._log_draft(changes["draft_file"], draft)
        if template is not None:
            self._compare(template, draft)
        return changes

    def _template(self) -> Template | None:
        return find_template(self._repository, self._spec.options.template)

    def _compare(self, template: Template, draft: str) -> None:
        """Says which headings of the template a draft lacks, before its review is paid for."""
        headings, missing = template.headings(), template.missing(draft)
        if missing:
            self._warn(
                f"The draft lacks {len(missing)} of {style.count(len(headings), 'heading')} of the "
                f"template {template.path}: {'; '.join(missing)}. The reviewer gets the list."
            )
        else:
            self._log(f"    Template: all {style.count(len(headings), 'heading')} are there")

    def review(self, state: LldState) -> dict[str, Any]:
        """Reviews the newest draft."""
        request = texts.review_request(state, self._read_context(), self._template())
        return self._judge(state, request, partial(self._on_verdict, state["number"]))

    def _on_verdict(self, number: int, reviews: list[ReviewRecord]) -> None:
        if reviews[-1]["verdict"] == "BLOCKED":
            self._upsert(number, "blocked", reviews)

    def finalize(self, state: LldState) -> dict[str, Any]:
        """Publishes the approved design and records it in the shared files."""
        issue = state["number"]
        output = designs.published_path(issue)
        final = texts.final_text(state, str(self._folder))
        published = publish_new(self._repository / output, final.encode())
        replaced = self._back_up_other_design(state)
        if not published:
            publish(self._repository / output, final.encode())
        number = (replaced.number if replaced else state["last"]) + 1
        approval = self._approval(state)
        name = self._write(number, "approved.json", lineage.encode_approval(approval))
        self._upsert(issue, "approved", state["reviews"])
        self._record_event(design_complete(self._repository, approval))
        self._log_success(state, len(final), name)
        for other in designs.others_of(self._repository, issue):
            self._warn(f"{other.name} was not written by this tool; it is left unchanged.")
        self._progress(state["drafts"], "approved")
        return {
            "output": str(output),
            "last": number,
            "replaced": replaced.name if replaced else "",
        }

    def _approval(self, state: LldState) -> lineage.Approval:
        last = state["reviews"][-1]
        return lineage.Approval(
            issue_number=state["number"],
            title=state["title"],
            lld_path=str(designs.published_path(state["number"])),
            final_verdict="APPROVED",
            has_gemini_review=last["gemini"],
            last_review_date=last["date"],
            review_count=len(state["reviews"]),
            draft_count=state["drafts"],
            approved_draft=state["draft_file"],
            reviewed_by=last["model"],
            drafted_by=state.get("drafted_by", ""),
            input_tokens=state.get("input_tokens", 0),
            output_tokens=state.get("output_tokens", 0),
            origin=self._origin(state),
        )

    def _log_success(self, state: LldState, characters: int, last_file: str) -> None:
        output = designs.published_path(state["number"])
        size = style.count(characters, "character")
        self._log(f"    {style.good('SUCCESS:')} LLD approved and saved")
        self._log(f"      Design:  {style.faint(str(output))} ({size})")
        self._log(f"      Lineage: {style.faint(f'{self._folder}/')} (up to {last_file})")
        self._log(f"      Status:  {style.faint(str(status_file.STATUS_FILE))}")
        drafts = style.count(state["drafts"], "draft")
        self._log(f"      Rounds:  {drafts}, {style.count(len(state['reviews']), 'review')}")
        if not state["reviews"][-1]["gemini"]:
            self._log(f"      {style.caution('Not a Gemini review: has_gemini_review is false')}")

    def _refuse_others(self, number: int) -> None:
        """Stops before any paid call if someone else has added a design in the meantime."""
        others = designs.others_of(self._repository, number)
        if others and not self._spec.options.replace:
            raise WorkflowError(
                f"{others[0].name} was not written by this tool, or was edited since: "
                "not designing it again.",
                f"Move it away and retry, or replace it: assemblyzero-tui lld {number}",
            )

    def _back_up_other_design(self, state: LldState) -> lineage.LineageFile | None:
        """Copies the design that publishing will overwrite, if this tool did not write it.

        A node that runs again finds the copy or the published design, and makes no second copy.

        Returns:
            The newest copy since the last draft.

        Raises:
            WorkflowError: the user did not allow replacing it.
            TuiError: it cannot be read, so it cannot be copied.
        """
        folder = self._repository / self._folder
        newest = self._newest_copy(state)
        other = designs.other_in_the_way(self._repository, state["number"])
        if other is None:
            return newest
        if not self._spec.options.replace:
            raise WorkflowError(
                f"The approved design is not published: {other.path} was not written by this tool, "
                f"or was edited since. It is kept as {self._folder}/{state['draft_file']}.",
                "Move the other one away and retry, or replace it: "
                f"assemblyzero-tui lld {state['number']}",
            )
        data = designs.read_for_copy(self._repository, other.path)
        if newest is None or (folder / newest.name).read_bytes() != data:
            number = (newest.number if newest else state["last"]) + 1
            name = self._write(number, "replaced.md", data)
            newest = lineage.LineageFile(number, "replaced.md", name)
        self._warn(
            f"{other.path} was not written by this tool, or was edited since. It is replaced; "
            f"a copy is kept as {self._folder}/{newest.name}."
        )
        path = self._repository / other.path
        if path.is_symlink():  # replace the link, not its target
            path.unlink()
        return newest

    def _newest_copy(self, state: LldState) -> lineage.LineageFile | None:
        copies = [
            file
            for file in lineage.files(self._repository / self._folder)
            if file.number > state["last"] and file.kind == "replaced.md"
        ]
        return copies[-1] if copies else None

    def _upsert(self, number: int, status: Any, reviews: list[ReviewRecord]) -> None:
        last = reviews[-1] if reviews else None
        entry = status_file.StatusEntry(
            lld_path=str(designs.published_path(number)),
            status=status,
            has_gemini_review=bool(last and last["gemini"]),
            final_verdict="APPROVED" if status == "approved" else "BLOCKED" if reviews else None,
            last_review_date=last["date"] if last else None,
            review_count=len(reviews),
        )
        status_file.upsert(self._repository, number, entry, self._warn)
