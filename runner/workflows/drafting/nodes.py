"""What the nodes of every drafting workflow have in common: gates, reviews, guards, audit.

Each node may run again after a crash and then leaves the same files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError, WorkflowError
from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows.context import Context
from assemblyzero_tui.runner.workflows.drafting import guards
from assemblyzero_tui.runner.workflows.drafting import log_style as style
from assemblyzero_tui.runner.workflows.drafting.reviews import ask_for_review
from assemblyzero_tui.runner.workflows.drafting.state import DraftState, ReviewRecord, awaits_review
from assemblyzero_tui.runner.workflows.drafting.texts import sections, verdict_text
from assemblyzero_tui.runner.workflows.repository import audit, lineage

State = TypeVar("State", bound=DraftState, contravariant=True)


class Node(Protocol[State]):
    """One step of a graph: from the state to what changes in it."""

    def __call__(self, state: State) -> dict[str, Any]: ...


class MaxIterationsError(WorkflowError):
    """The limit of visits to the gates is reached without an approval."""


class CountedCalls:
    """Calls the model for one node, and counts the tokens."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._answers: list[Answer] = []

    def __call__(self, request: Request) -> Answer:
        """The answer; see `Context.call_model`."""
        self._answers.append(self._context.call_model(request))
        return self._answers[-1]

    @property
    def model(self) -> str:
        """The model that answered last."""
        return self._answers[-1].model

    def spent(self, state: DraftState) -> dict[str, int]:
        """The token counts of the state, plus those of these calls."""
        spent_in = sum(answer.input_tokens for answer in self._answers)
        spent_out = sum(answer.output_tokens for answer in self._answers)
        return {
            "input_tokens": state.get("input_tokens", 0) + spent_in,
            "output_tokens": state.get("output_tokens", 0) + spent_out,
        }


class DraftingNodes:
    """The part of the nodes that both workflows share, bound to one worker.

    Args:
        context: The interface to the worker.
        subject: What the drafts are about, for messages: ``issue #42``.
        identity: What the audit calls it: ``{"number": 42}`` or ``{"slug": "dark-mode"}``.
        folder: Its lineage folder, relative to the repository.
    """

    def __init__(
        self, context: Context, *, subject: str, identity: dict[str, Any], folder: Path
    ) -> None:
        self._context = context
        self._spec = context.spec
        self._repository = Path(context.spec.repository)
        self._subject = subject
        self._identity = identity
        self._folder = folder

    def guarded(self, name: str, node: Node[State]) -> Node[State]:
        """The node with its failures written into the audit files; the worker prints them."""

        def run(state: State) -> dict[str, Any]:
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

    def _new_state(self, first: int) -> dict[str, Any]:
        """The part of the state of a journey whose first lineage file has this number."""
        return {
            "first": first,
            "last": first,
            "visits": 0,
            "drafts": 0,
            "draft": "",
            "draft_file": "",
            "drafted_by": "",
            "input_tokens": 0,
            "output_tokens": 0,
            "reviews": [],
        }

    def _read_context(self) -> list[tuple[str, str]]:
        return guards.read_context(self._spec.options.context)

    def _log_input(self, text: str, context: list[tuple[str, str]]) -> None:
        words = style.count(len(text.split()), "word")
        self._log(f"    Text: {style.count(len(text), 'character')}, {words}")
        for name, content in context:
            size = style.count(len(content), "character")
            self._log(f"    Context: {style.plain(name)} {style.faint(f'({size})')}")

    def _begin_draft(self, state: DraftState) -> int:
        """Reports that the next draft is being written; returns its number."""
        number = state["drafts"] + 1
        self._progress(number, f"draft {number}")
        if state["reviews"]:
            tier1 = sum(len(review["tier1_issues"]) for review in state["reviews"])
            told = style.count(len(state["reviews"]), "verdict")
            self._log(
                f"    {style.strong(f'Draft {number}')}: answering {told}, "
                f"{style.count(tier1, 'tier-1 issue')}"
            )
        else:
            self._log(f"    {style.strong('Draft 1')}: {style.plain(state['title'])}")
        return number

    def _save_draft(self, state: DraftState, draft: str, ask: CountedCalls) -> dict[str, Any]:
        """Writes a draft into the lineage; returns the changes to the state."""
        number = state["last"] + 1
        return {
            "drafts": state["drafts"] + 1,
            "draft": draft,
            "draft_file": self._write(number, "draft.md", draft.encode()),
            "drafted_by": ask.model,
            "last": number,
            **ask.spent(state),
        }

    def _log_draft(self, name: str, draft: str) -> None:
        size = style.count(len(draft), "character")
        found = style.count(len(sections(draft)), "section")
        self._log(f"    Draft saved: {style.faint(name)} ({size}, {found})")

    def human_edit(self, state: DraftState) -> dict[str, Any]:
        """The gate between writing and reviewing: counts visits, passes drafts of valid size."""
        visit = state["visits"] + 1
        limit = self._spec.options.max_iterations
        if visit + (not awaits_review(state)) > limit:  # a draft nobody may review is not written
            raise MaxIterationsError(
                f"max_iterations: {self._subject} was not approved within "
                f"{style.count(limit, 'visit')} of the human-edit gate "
                f"({style.count(state['drafts'], 'draft')}, "
                f"{style.count(len(state['reviews']), 'review')}).",
                "Read the last verdict in its lineage folder, make the text clearer and run it "
                "with --fresh, or allow more with --max-iterations.",
            )
        self._progress(state["drafts"], f"gate {visit}")
        gate = f"Human edit gate {visit}/{limit}, automatic:"
        if awaits_review(state):
            guards.check_draft(state["draft"])
            self._log(f"    {gate} {state['draft_file']} goes to the review")
        else:
            self._log(f"    {gate} back to the writer with the verdict")
        return {"visits": visit}

    def _judge(
        self,
        state: DraftState,
        request: Request,
        on_verdict: Callable[[list[ReviewRecord]], None] = lambda reviews: None,
    ) -> dict[str, Any]:
        """Has the newest draft judged; gives what that changes in the state.

        ``on_verdict`` is called with all reviews when the newest is in the lineage.
        """
        draft_number = state["drafts"]
        self._progress(draft_number, f"review {draft_number}")
        self._log(f"    {style.strong(f'Review {draft_number}')} of {state['draft_file']}")
        ask = CountedCalls(self._context)
        review, answer = ask_for_review(request, ask, self._on_repair)
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
        text = verdict_text(record, state["draft_file"]).encode()
        name = self._write(number, "verdict.md", text)
        on_verdict(reviews)
        self._print_verdict(record, name)
        return {"reviews": reviews, "last": number, **ask.spent(state)}

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
        self._log("\n".join(lines))

    def _on_repair(self, what: str, reason: str) -> None:
        self._log(f"    {style.caution(f'The {what} could not be read; asking again:')}")
        self._log("\n".join(style.wrapped(reason, lead="  ", most=3)))
        self._context.notify(f"The {what} could not be read ({reason}); asked again.")

    def _write(self, number: int, kind: lineage.Kind, data: bytes) -> str:
        return lineage.write(self._repository / self._folder, number, kind, data)

    def _record(
        self, state: DraftState, step: str, event: audit.AuditName, details: dict[str, Any]
    ) -> None:
        made = audit.make_event(
            origin=self._origin(state),
            repository=self._repository,
            step=step,
            event=event,
            details=details,
            **self._identity,
        )
        self._record_event(made)

    def _record_event(self, event: audit.AuditEvent) -> None:
        audit.record(self._repository, Path(self._spec.audit), event, self._warn)

    def _origin(self, state: DraftState) -> str:
        """The run in which this journey began."""
        return state.get("origin", self._spec.run)

    def _warn(self, text: str) -> None:
        self._log(f"    {style.caution(style.plain(text))}")
        self._context.notify(text, "warning")

    def _log(self, text: str) -> None:
        self._context.log(text)

    def _progress(self, draft: int, note: str) -> None:
        """Each draft passes a gate twice, unless it is approved: before and after its review."""
        drafts_at_most = (self._spec.options.max_iterations + 1) // 2
        self._context.report_progress(draft, drafts_at_most, note)
