"""The texts of the LLD workflow, for prompts and lineage files."""

from __future__ import annotations

import re

from assemblyzero_tui.runner.llm.provider import Request
from assemblyzero_tui.runner.workflows.drafting import draft_text, prompt_files
from assemblyzero_tui.runner.workflows.drafting.prompt_files import delimited
from assemblyzero_tui.runner.workflows.drafting.texts import (
    context_part,
    draft_question,
    earlier_reviews_part,
    review_question,
    revision_part,
)
from assemblyzero_tui.runner.workflows.lld.state import LldState
from assemblyzero_tui.runner.workflows.lld.template import Template
from assemblyzero_tui.runner.workflows.repository.markdown import code_lines

_RULE = "\n\n---\n\n"
_APPROVED = "\n**Final Status:** APPROVED\n"
"""What AssemblyZero's ``--audit`` looks for: a Gemini review has approved the design."""
_ORIGIN = re.compile(
    r"Issue .* · approved on .* after .* · history in `docs/lineage/active/[0-9]+-lld/`\n*"
    r"(?:\*\*Final Status:\*\* APPROVED\n*)?"
)
_FINAL_STATUS = re.compile(
    r"[ \t]*(?:[-*+>][ \t]+)*[*_]*final[ \t]+status[*_]*[ \t]*:.*", re.IGNORECASE
)


def issue_text(state: LldState) -> str:
    """``001-issue.md``."""
    lines = [f"# Issue #{state['number']}: {state['title']}", ""]
    if state["url"]:
        lines.append(f"- URL: {state['url']}")
    if state["labels"]:
        lines.append(f"- Labels: {', '.join(state['labels'])}")
    if len(lines) > 2:
        lines.append("")
    lines.append(state["body"].strip() or "(no description)")
    return "\n".join(lines) + "\n"


def final_text(state: LldState, lineage: str) -> str:
    """``LLD-042.md``: the approved draft, and a line on its origin."""
    last = state["reviews"][-1]
    issue = f"[#{state['number']}]({state['url']})" if state["url"] else f"#{state['number']}"
    rounds = len(state["reviews"])
    return (
        f"{state['draft'].strip()}{_RULE}"
        f"Issue {issue} · approved on {last['date']} by {last['model'] or 'an unnamed model'} "
        f"after {rounds} review{'s' if rounds != 1 else ''} · history in `{lineage}/`\n"
        f"{_APPROVED if last['gemini'] else ''}"
    )


def draft_in(text: str) -> str | None:
    """The draft in a final text; ``None`` if this program did not write the text."""
    draft, rule, origin = text.rpartition(_RULE)
    return draft if rule and _ORIGIN.fullmatch(origin) else None


def read_design(answer: str) -> str:
    """The design that a model answered, without a final status: that comes with the approval.

    Raises:
        ValueError: it is no design.
    """
    text = draft_text.text_of(answer)
    draft_text.check_design(text)
    code = code_lines(text)
    lines = enumerate(text.split("\n"))
    kept = [line for n, line in lines if n in code or not _FINAL_STATUS.fullmatch(line)]
    return "\n".join(kept).strip() + "\n"


def design_request(
    state: LldState, context: list[tuple[str, str]], template: Template | None = None
) -> Request:
    """Asks for the next draft: issue, context files, the last draft and all verdicts so far."""
    number = str(state["number"])
    if template is None:
        form = prompt_files.fill("design-form", number=number)
    else:
        shown = delimited("TEMPLATE", template.text)
        form = prompt_files.fill("template-form", number=number, template=shown)
    return draft_question(
        "design",
        number=number,
        issue=delimited("ISSUE", issue_text(state)),
        context=context_part(context),
        history=revision_part(state, "revise", "DESIGN"),
        form=form,
    )


def review_request(
    state: LldState, context: list[tuple[str, str]], template: Template | None = None
) -> Request:
    """Asks for a review of the newest draft; the reviewer sees the context files, too."""
    return review_question(
        "review",
        number=str(state["number"]),
        draft_number=str(state["drafts"]),
        issue=delimited("ISSUE", issue_text(state)),
        context=context_part(context),
        draft=delimited("DESIGN", state["draft"]),
        history=earlier_reviews_part(state, "earlier-reviews"),
        template=_template_part(template, state["draft"]),
    )


def _template_part(template: Template | None, draft: str) -> str:
    """What a reviewer gets of the template: the text, and which headings the draft lacks."""
    if template is None:
        return ""
    check = "A mechanical check found all of them in the design."
    if missing := template.missing(draft):
        check = (
            "A mechanical check found these missing in the design:\n\n"
            + "\n".join(f"- {heading}" for heading in missing)
            + "\n\nA section whose content the issue needs is a tier-1 issue where it is missing. "
            "One that does not apply is none."
        )
    shown = delimited("TEMPLATE", template.text)
    return f"{prompt_files.fill('template-review', template=shown, check=check)}\n\n"
