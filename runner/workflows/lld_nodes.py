"""The nodes of the LLD graph. Each may run again after a crash and then leaves the same files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from assemblyzero_tui.runner.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows import audit, guards, lineage, lld_texts, status_file
from assemblyzero_tui.runner.workflows import log_style as style
from assemblyzero_tui.runner.workflows.context import Context
from assemblyzero_tui.runner.workflows.issues import FROM_TRACKER, Issue
from assemblyzero_tui.runner.workflows.lld_state import LldState, ReviewRecord
from assemblyzero_tui.runner.workflows.reviews import ask_for_review
from assemblyzero_tui.runner.workflows.shared_files import publish

LLD_FOLDER = Path("docs/lld/active")


class Node(Protocol):
    """One step of the graph: from the state to what changes in it."""

    def __call__(self, state: LldState) -> dict[str, Any]: ...


class MaxIterationsError(WorkflowError):
    """The human-edit node was visited as often as allowed, and there is no approval."""


class LldNodes:
    """The nodes, bound to what one worker does its work with."""

    def __init__(self, context: Context, take_issue: Callable[[], Issue]) -> None:
        self._context = context
        self._spec = context.spec
        self._repository = Path(context.spec.repository)
        self._take_issue = take_issue

    def guarded(self, name: str, node: Node) -> Node:
        """The node with its failures written into the audit files; the worker prints them."""

        def run(state: LldState) -> dict[str, Any]:
            try:
                return node(state)
            except TuiError as error:
                event: audit.AuditName = "error"
                if isinstance(error, guards.GuardError):
                    event = "guard_block"
                elif isinstance(error, MaxIterationsError):
                    event = "max_iterations"
                step = f"{name}:{state.get('last', 0)}:{state.get('visits', 0)}"
                self._record(state, step, event, {"node": name, "message": error.what})
                if isinstance(error, WorkflowError):
                    raise
                raise WorkflowError(error.what, error.hint) from error

        run.__name__ = name
        return run

    def fetch_issue(self, state: LldState) -> dict[str, Any]:
        """Reads the issue and begins its lineage."""
        issue = self._take_issue()
        number = issue.number
        guards.check_issue(number, issue.body)
        context = guards.read_context(self._spec.options.context)
        new: LldState = {
            "number": number,
            "title": issue.title,
            "body": issue.body,
            "url": issue.url,
            "labels": issue.labels,
            "visits": 0,
            "drafts": 0,
            "draft": "",
            "draft_file": "",
            "drafted_by": "",
            "input_tokens": 0,
            "output_tokens": 0,
            "reviews": [],
            "output": "",
        }
        text = lld_texts.issue_text(new).encode()
        folder = lineage.folder_of(number)
        first = lineage.first_number(self._repository / folder, text)
        new["first"] = new["last"] = first

        self._say(f"    {style.strong(f'Issue #{number}:')} {style.plain(issue.title)}")
        where = issue.url or (issue.source if issue.source != FROM_TRACKER else "")
        if where:
            self._say(f"    {style.faint(style.plain(where))}")
        if issue.labels:
            self._say(f"    Labels: {style.plain(', '.join(issue.labels))}")
        if not issue.open:
            self._say(f"    {style.caution('The issue is closed; it was named, so on we go.')}")
        if not issue.body.strip():
            self._say(f"    {style.caution('The issue has no description, only its title.')}")
        words = style.count(len(issue.body.split()), "word")
        self._say(f"    Text: {style.count(len(issue.body), 'character')}, {words}")
        for name, content in context:
            size = style.count(len(content), "character")
            self._say(f"    Context: {style.plain(name)} {style.faint(f'({size})')}")

        name = lineage.write(self._repository, number, first, "issue.md", text)
        details = {"title": issue.title, "issue_file": name}
        self._record({**state, **new}, f"N0:{first}", "start", details)
        self._say(f"    Issue saved: {style.faint(f'{folder}/{name}')}")
        self._progress(0, "issue read")
        return dict(new)

    def design(self, state: LldState) -> dict[str, Any]:
        """Has the next draft written."""
        draft_number = state["drafts"] + 1
        context = guards.read_context(self._spec.options.context)
        self._progress(draft_number, f"draft {draft_number}")
        if state["reviews"]:
            tier1 = sum(len(review["tier1_issues"]) for review in state["reviews"])
            told = style.count(len(state["reviews"]), "verdict")
            self._say(
                f"    {style.strong(f'Draft {draft_number}')}: answering {told}, "
                f"{style.count(tier1, 'tier-1 issue')}"
            )
        else:
            self._say(f"    {style.strong('Draft 1')}: {style.plain(state['title'])}")

        answer = self._context.ask(lld_texts.design_request(state, context))
        draft = answer.text.strip() + "\n"
        number = state["last"] + 1
        name = lineage.write(self._repository, state["number"], number, "draft.md", draft.encode())
        if draft_number == 1:
            self._upsert(state["number"], "draft", [])

        parts = lld_texts.sections(draft)
        size = style.count(len(draft), "character")
        found = style.count(len(parts), "section")
        self._say(f"    Draft saved: {style.faint(name)} ({size}, {found})")
        return {
            "drafts": draft_number,
            "draft": draft,
            "draft_file": name,
            "drafted_by": answer.model,
            "last": number,
            **_tokens(state, [answer]),
        }

    def human_edit(self, state: LldState) -> dict[str, Any]:
        """The gate between writing and reviewing: counts, and lets pass what is fit to go on."""
        visit = state["visits"] + 1
        limit = self._spec.options.max_iterations
        if visit > limit:
            raise MaxIterationsError(
                f"max_iterations: no approval of issue #{state['number']} within "
                f"{style.count(limit, 'visit')} of the human-edit gate "
                f"({style.count(state['drafts'], 'draft')}, "
                f"{style.count(len(state['reviews']), 'review')}).",
                "Read the last verdict in its lineage folder, make the issue clearer and run it "
                "with --fresh, or allow more with --max-iterations.",
            )
        self._progress(state["drafts"], f"gate {visit}")
        gate = f"Human edit gate {visit}/{limit}, automatic:"
        if awaits_review(state):
            guards.check_draft(state["draft"])
            self._say(f"    {gate} {state['draft_file']} goes to the review")
        else:
            self._say(f"    {gate} back to the writer with the verdict")
        return {"visits": visit}

    def review(self, state: LldState) -> dict[str, Any]:
        """Has the newest draft judged."""
        draft_number = state["drafts"]
        self._progress(draft_number, f"review {draft_number}")
        self._say(f"    {style.strong(f'Review {draft_number}')} of {state['draft_file']}")
        answers: list[Answer] = []

        def ask(request: Request) -> Answer:
            answers.append(self._context.ask(request))
            return answers[-1]

        review, answer = ask_for_review(lld_texts.review_request(state), ask, self._on_repair)
        record: ReviewRecord = {
            "draft": draft_number,
            "verdict": review.verdict,
            "critique": review.critique,
            "tier1_issues": msgspec.to_builtins(review.tier1_issues),
            "suggestions": list(review.suggestions),
            "model": answer.model,
            "gemini": self._context.reviews_count_as_gemini,
            "date": datetime.now(UTC).date().isoformat(),
        }
        reviews = [*state["reviews"], record]
        number = state["last"] + 1
        text = lld_texts.verdict_text(record, state["draft_file"]).encode()
        name = lineage.write(self._repository, state["number"], number, "verdict.md", text)
        if review.verdict == "BLOCKED":
            self._upsert(state["number"], "blocked", reviews)
        self._print_verdict(record, name)
        return {"reviews": reviews, "last": number, **_tokens(state, answers)}

    def finalize(self, state: LldState) -> dict[str, Any]:
        """Publishes the approved design and says so in the shared files."""
        issue, last = state["number"], state["reviews"][-1]
        output = lld_path(issue)
        folder = lineage.folder_of(issue)
        final = lld_texts.final_text(state, str(folder))
        publish(self._repository / output, final.encode())
        number = state["last"] + 1
        approval = lineage.Approval(
            issue_number=issue,
            title=state["title"],
            lld_path=str(output),
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
        )
        evidence = lineage.encode_approval(approval)
        name = lineage.write(self._repository, issue, number, "approved.json", evidence)
        self._upsert(issue, "approved", state["reviews"])
        details = {
            "lld_path": str(output),
            "drafts": state["drafts"],
            "reviews": len(state["reviews"]),
            "has_gemini_review": last["gemini"],
            "drafted_by": approval.drafted_by,
            "reviewed_by": approval.reviewed_by,
            "input_tokens": approval.input_tokens,
            "output_tokens": approval.output_tokens,
        }
        self._record(state, f"N4:{number}", "complete", details)

        size = style.count(len(final), "character")
        self._say(f"    {style.good('SUCCESS:')} LLD approved and saved")
        self._say(f"      Design:  {style.faint(str(output))} ({size})")
        self._say(f"      Lineage: {style.faint(f'{folder}/')} (up to {name})")
        self._say(f"      Status:  {style.faint(str(status_file.STATUS_FILE))}")
        drafts = style.count(state["drafts"], "draft")
        self._say(f"      Rounds:  {drafts}, {style.count(len(state['reviews']), 'review')}")
        if not last["gemini"]:
            self._say(f"      {style.caution('Not a Gemini review: has_gemini_review is false')}")
        self._progress(state["drafts"], "approved")
        return {"output": str(output), "last": number}

    def _print_verdict(self, record: ReviewRecord, name: str) -> None:
        lines: list[str] = []
        if record["verdict"] == "APPROVED":
            verdict = style.good("APPROVED")
        else:
            issues = style.count(len(record["tier1_issues"]), "tier-1 issue")
            verdict = f"{style.bad('BLOCKED')}  {issues}"
        lines.append(f"    Verdict: {verdict}")
        lines += style.wrapped(record["critique"], lead="  ")
        for issue in record["tier1_issues"]:
            told = f"{issue['section']}: {issue['problem']}"
            marked = style.wrapped(told, lead="  • ", most=4)
            lines += [style.caution(line) for line in marked]
            lines += style.wrapped(issue["remedy"], lead="    Remedy: ", most=3)
        for suggestion in record["suggestions"][:3]:
            lines += style.wrapped(suggestion, lead="  Suggestion: ", most=2)
        lines.append(f"    Verdict saved: {style.faint(name)}")
        self._say("\n".join(lines))

    def _on_repair(self, reason: str) -> None:
        self._say(f"    {style.caution('The review could not be read; asking once more:')}")
        self._say("\n".join(style.wrapped(reason, lead="  ", most=3)))
        self._context.remark(f"The review could not be read ({reason}); asked once more.")

    def _upsert(self, number: int, status: Any, reviews: list[ReviewRecord]) -> None:
        last = reviews[-1] if reviews else None
        entry = status_file.StatusEntry(
            lld_path=str(lld_path(number)),
            status=status,
            has_gemini_review=bool(last and last["gemini"]),
            final_verdict="APPROVED" if status == "approved" else "BLOCKED" if reviews else None,
            last_review_date=last["date"] if last else None,
            review_count=len(reviews),
        )
        status_file.upsert(self._repository, number, entry, self._warn)

    def _record(
        self, state: LldState, step: str, event: audit.AuditName, details: dict[str, Any]
    ) -> None:
        made = audit.make_event(
            origin=state.get("origin", self._spec.run),
            repository=self._repository,
            number=state.get("number") or int(self._spec.item.key),
            step=step,
            event=event,
            details=details,
        )
        audit.record(self._repository, Path(self._spec.audit), made, self._warn)

    def _warn(self, text: str) -> None:
        self._say(f"    {style.caution(style.plain(text))}")
        self._context.remark(text, "warning")

    def _say(self, text: str) -> None:
        self._context.say(text)

    def _progress(self, draft: int, note: str) -> None:
        """Each draft passes the gate twice, unless it is approved: before and after its review."""
        drafts_at_most = (self._spec.options.max_iterations + 1) // 2
        self._context.progress(draft, drafts_at_most, note)


def _tokens(state: LldState, answers: Sequence[Answer]) -> dict[str, int]:
    """The counts of tokens with those of these answers."""
    return {
        "input_tokens": state.get("input_tokens", 0) + sum(a.input_tokens for a in answers),
        "output_tokens": state.get("output_tokens", 0) + sum(a.output_tokens for a in answers),
    }


def awaits_review(state: LldState) -> bool:
    """Whether the newest draft has not been reviewed."""
    return state["drafts"] > len(state["reviews"])


def lld_path(number: int) -> Path:
    """Where the design of an issue is published, relative to the repository."""
    return LLD_FOLDER / f"LLD-{number:03d}.md"
