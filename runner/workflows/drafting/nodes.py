"""The common part of the nodes of both drafting workflows: gates, reviews, guards, audit.

A node that runs again after a crash writes the same files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from assemblyzero_tui.runner.base.errors import TransientError, TuiError, WorkflowError
from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows.context import Context
from assemblyzero_tui.runner.workflows.drafting import guards
from assemblyzero_tui.runner.workflows.drafting import log_style as style
from assemblyzero_tui.runner.workflows.drafting.answer_parsing import (
    DRAFTS_ASKED,
    Parsed,
    ask_and_parse,
)
from assemblyzero_tui.runner.workflows.drafting.reviews import ask_for_review
from assemblyzero_tui.runner.workflows.drafting.state import DraftState, ReviewRecord, awaits_review
from assemblyzero_tui.runner.workflows.drafting.texts import sections, verdict_text
from assemblyzero_tui.runner.workflows.repository import audit, lineage

State = TypeVar("State", bound=DraftState, contravariant=True)


class Node(Protocol[State]):
    """One step of a graph: takes the state and returns the changes to it."""

    def __call__(self, state: State) -> dict[str, Any]: ...


class MaxIterationsError(WorkflowError):
    """The limit of gate visits is reached without an approval."""


class CountedCalls:
    """Calls the model for one node and counts the tokens."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._answers: list[Answer] = []

    def __call__(self, request: Request) -> Answer:
        """Calls the model; see `Context.call_model`."""
        self._answers.append(self._context.call_model(request))
        return self._answers[-1]

    @property
    def model(self) -> str:
        """The model of the last answer."""
        return self._answers[-1].model

    def spent(self, state: DraftState) -> dict[str, int]:
        """The token counts of the state, plus those of these calls."""
        input_tokens = sum(answer.input_tokens for answer in self._answers)
        output_tokens = sum(answer.output_tokens for answer in self._answers)
        return {
            "input_tokens": state.get("input_tokens", 0) + input_tokens,
            "output_tokens": state.get("output_tokens", 0) + output_tokens,
        }


class DraftingNodes:
    """The part of the nodes that both workflows share, bound to one worker.

    Args:
        context: The interface to the worker.
        subject: What messages call the item: ``issue #42``.
        identity: What the audit trail calls it: ``{"number": 42}`` or ``{"slug": "dark-mode"}``.
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
        """Wraps a node so that its failures are written into the audit files.

        The worker prints them.
        """

        def run(state: State) -> dict[str, Any]:
            try:
                return node(state)
            except TransientError:  # it did not fail: it is run again later
                raise
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
        """The initial state of a journey whose first lineage file has this number."""
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
        """Reports the start of the next draft; returns its number."""
        number = state["drafts"] + 1
        self._progress(number, f"draft {number}")
        if state["reviews"]:
            tier1 = sum(len(review["tier1_issues"]) for review in state["reviews"])
            verdicts = style.count(len(state["reviews"]), "verdict")
            self._log(
                f"    {style.strong(f'Draft {number}')}: answering {verdicts}, "
                f"{style.count(tier1, 'tier-1 issue')}"
            )
        else:
            self._log(f"    {style.strong('Draft 1')}: {style.plain(state['title'])}")
        return number

    def _ask_for_draft(
        self, request: Request, parse: Callable[[str], Parsed], repair: str
    ) -> tuple[Parsed, CountedCalls]:
        """Has a draft written; asks again, with the reason, while it cannot be used.

        Args:
            request: The request.
            parse: Parses the answer; raises ``ValueError`` if it cannot be used.
            repair: Name of the prompt that asks again.
        """
        ask = CountedCalls(self._context)
        draft, _ = ask_and_parse(
            request, ask, parse,
            what="draft", repair=repair, times=DRAFTS_ASKED, on_repair=self._on_repair,
        )  # fmt: skip
        return draft, ask

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
        parts = style.count(len(sections(draft)), "section")
        self._log(f"    Draft saved: {style.faint(name)} ({size}, {parts})")

    def human_edit(self, state: DraftState) -> dict[str, Any]:
        """The gate between writing and reviewing: counts visits, passes drafts of a valid size."""
        visit = state["visits"] + 1
        limit = self._spec.options.max_iterations
        if visit + (not awaits_review(state)) > limit:  # no draft that could not be reviewed
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
        """Reviews the newest draft; returns the changes to the state.

        ``on_verdict`` is called with all reviews when the newest one is in the lineage.
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
            number = len(record["tier1_issues"])
            issues = style.count(number, "tier-1 issue") if number else "no tier-1 issue named"
            verdict = f"{style.bad('BLOCKED')}  {issues}"
        lines.append(f"    Verdict: {verdict}")
        lines += style.wrapped(record["critique"], lead="  ")
        for issue in record["tier1_issues"]:
            problem = ": ".join(filter(None, (issue["section"], issue["problem"])))
            bullet = style.wrapped(problem, lead="  • ", max_lines=4)
            lines += [style.caution(line) for line in bullet]
            if issue["remedy"]:
                lines += style.wrapped(issue["remedy"], lead="    Remedy: ", max_lines=3)
        for suggestion in record["suggestions"][:3]:
            lines += style.wrapped(suggestion, lead="  Suggestion: ", max_lines=2)
        lines.append(f"    Verdict saved: {style.faint(name)}")
        self._log("\n".join(lines))

    def _on_repair(self, what: str, reason: str) -> None:
        self._log(f"    {style.caution(f'The {what} cannot be used; asking again:')}")
        self._log("\n".join(style.wrapped(reason, lead="  ", max_lines=3)))
        self._context.notify(f"The {what} cannot be used ({reason}); asked again.")

    def _write(self, number: int, kind: lineage.Kind, data: bytes) -> str:
        return lineage.write(self._repository / self._folder, number, kind, data)

    def _record(
        self, state: DraftState, step: str, event: audit.AuditName, details: dict[str, Any]
    ) -> None:
        self._record_event(
            audit.make_event(
                origin=self._origin(state),
                repository=self._repository,
                step=step,
                event=event,
                details=details,
                **self._identity,
            )
        )

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
        # A draft passes the gate before its review and, unless it is approved, after it.
        max_drafts = (self._spec.options.max_iterations + 1) // 2
        self._context.report_progress(draft, max_drafts, note)
