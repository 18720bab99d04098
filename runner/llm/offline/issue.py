"""The issues of the offline model, from the words of the brief, and their reviews."""

from __future__ import annotations

import json
import re

from assemblyzero_tui.runner.llm.offline.reading import (
    ReadIssue,
    blocks,
    complaints,
    find_requirements,
    number,
    picked,
    read_issue,
    shortened,
)
from assemblyzero_tui.runner.llm.offline.review import rejections

BRIEF = "BRIEF"
"""The name of the block that only the prompts of the Issue workflow have."""

_TITLE_WIDTH = 80
_BROKEN = re.compile(
    r"\b(?:bug|crash\w*|broken|error|errors|fails?|failed|lost|loses?|wrong|hangs?)\b",
    re.IGNORECASE,
)
_ABOUT_TEXTS = re.compile(r"\b(?:documentation|readme|manual|docs|wording)\b", re.IGNORECASE)
_REQUIREMENT = re.compile(r"^(R\d+)\. (.+)$", re.MULTILINE)
_CRITERION = re.compile(r"^- \[ \] ", re.MULTILINE)


def write_issue(prompt: str) -> str:
    """Writes the Markdown text of an issue for the brief in the prompt."""
    brief = read_issue(prompt, BRIEF)
    requirements = find_requirements(brief, most=7)
    problems = complaints(prompt)
    parts = [
        f"# {shortened(brief.title, _TITLE_WIDTH)}",
        f"Labels: {_labels(prompt, brief)}",
        _context(brief),
        _story(brief),
        _scope(brief),
        _requirements(brief, requirements, problems),
        _criteria(brief, requirements, problems),
        _out_of_scope(brief),
        _assumptions(brief, problems),
    ]
    return "\n\n".join(parts) + "\n"


def write_issue_review(prompt: str) -> str:
    """Writes the JSON text of a review of the draft in the prompt."""
    brief = read_issue(prompt, BRIEF)
    draft = (blocks(prompt, "DRAFT") or [""])[-1]
    earlier = len(blocks(prompt, "REVIEW"))
    blocked = earlier < rejections(brief.text)
    review = _blocked(brief, draft, earlier) if blocked else _approved(brief, draft, earlier)
    return json.dumps(review, indent=2, ensure_ascii=False)


def _labels(prompt: str, brief: ReadIssue) -> str:
    wanted = [
        "bug" if _BROKEN.search(brief.text) else "enhancement",
        *(["documentation"] if _ABOUT_TEXTS.search(brief.text) else []),
    ]
    listed = blocks(prompt, "LABELS")
    if listed:
        existing = {label.strip().lower(): label.strip() for label in listed[0].splitlines()}
        wanted = [existing[label] for label in wanted if label in existing]
    return ", ".join(wanted) or "none"


def _context(brief: ReadIssue) -> str:
    summary = " ".join(brief.sentences[:4]) or f"The brief asks for: {brief.title}."
    return f"## Context\n\n{summary}"


def _story(brief: ReadIssue) -> str:
    who = picked(
        ("user of the command line", "maintainer", "operator", "new user"), brief.text, "who"
    )
    gain = picked(
        ("I need no workaround", "I can rely on it every day", "nobody has to explain it to me"),
        brief.text, "gain",
    )  # fmt: skip
    return (
        f"## User story\n\nAs a {who}, I want “{shortened(brief.title, 100)}”, so that {gain}.\n\n"
        f"**Objective.** “{shortened(brief.title, 100)}” works in the main case and has a stated "
        "outcome in every case of failure below."
    )


def _scope(brief: ReadIssue) -> str:
    touched = [f"- `{term}`" for term in brief.terms[:5]]
    words = ", ".join(brief.words[:4]) or "the subject"
    return "\n".join(
        ["## Scope", "", *touched, f"- What the brief says about {words}, and nothing beside it."]
    )


def _requirements(
    brief: ReadIssue, requirements: list[str], problems: list[tuple[int, str, str, str]]
) -> str:
    lines = [f"R{index}. {text}." for index, text in enumerate(requirements, 1)]
    lines.append(
        f"R{len(lines) + 1}. If a step fails, nothing is changed, and the message names the step, "
        "the reason and what to do."
    )
    added = [remedy for _, section, _, remedy in problems if section == "Requirements"]
    lines += [f"R{index}. {remedy}" for index, remedy in enumerate(added, len(lines) + 1)]
    return "\n".join(["## Requirements", "", *lines])


def _criteria(
    brief: ReadIssue, requirements: list[str], problems: list[tuple[int, str, str, str]]
) -> str:
    seen = (
        "the outcome is the expected one and the exit code is 0",
        "it can be seen in the output",
        "the files left behind show it",
        "a second try gives the same outcome",
    )
    lines = [
        f"- [ ] With a sound installation, “{shortened(text, 90)}” is tried: "
        f"{picked(seen, brief.text, 'seen', index)} (R{index})."
        for index, text in enumerate(requirements, 1)
    ]
    last = len(requirements) + 1
    lines.append(
        f"- [ ] With a dependency that fails, it is tried again: the message is there, and files "
        f"and settings are as before (R{last})."
    )
    lines += [f"- [ ] {remedy}" for _, section, _, remedy in problems if section != "Requirements"]
    return "\n".join(["## Acceptance criteria", "", *lines])


def _out_of_scope(brief: ReadIssue) -> str:
    words = picked(brief.words[:3] or ("neighbouring parts",), brief.text, "out")
    return (
        "## Out of scope\n\n"
        f"- Changes to {words} that the brief does not mention.\n"
        "- Migrating what older versions left behind."
    )


def _assumptions(brief: ReadIssue, problems: list[tuple[int, str, str, str]]) -> str:
    lines = [
        "- The brief names no limits; those of the present version stay in force."
        if not re.search(r"\d", brief.text)
        else "- The figures of the brief are limits, not examples.",
        *(
            f"- {shortened(problem, 120)} This is settled by the criteria above."
            for *_, problem, _ in problems
        ),
    ]
    return "\n".join(["## Assumptions", "", *lines])


def _blocked(brief: ReadIssue, draft: str, earlier: int) -> dict[str, object]:
    requirements = _REQUIREMENT.findall(draft) or [("R1", brief.title)]
    code, text = picked(requirements, brief.text, "requirement", earlier)
    text = shortened(text, 90)
    problems = [
        {
            "section": "Acceptance criteria",
            "problem": f"{code} (“{text}”) is only checked where everything works. A version that "
            "ignores bad input would pass.",
            "remedy": f"With input that must be refused, {code} is tried: the message names the "
            "input, and nothing is changed.",
        },
        {
            "section": "Requirements",
            "problem": f"{code} (“{text}”) has no limit, so two engineers would build two things.",
            "remedy": f"{code} holds for up to 10,000 entries; beyond that a message says so.",
        },
        {
            "section": "Scope",
            "problem": "It is not said whether work that is under way is affected or only what "
            f"begins afterwards; for {code} that makes a difference.",
            "remedy": "While work is under way, the change is switched on: what has begun ends as "
            "before, what begins afterwards follows the new rules.",
        },
    ]
    chosen = picked(problems, brief.text, "complaint", earlier)
    opening = (
        "The earlier tier-1 issues are resolved; their resolution brought up one more point."
        if earlier
        else "The issue says what the brief says, in a form that can be decided on."
    )
    return {
        "verdict": "BLOCKED",
        "critique": f"{opening} Filed like this it would be built in two ways: "
        f"“{chosen['section']}” leaves a case open that will occur.",
        "tier1_issues": [chosen],
        "suggestions": ["The context could name the version in which this was seen."],
    }


def _approved(brief: ReadIssue, draft: str, earlier: int) -> dict[str, object]:
    solved = "What earlier reviews asked for is in. " if earlier else ""
    requirements, criteria = len(_REQUIREMENT.findall(draft)), len(_CRITERION.findall(draft))
    tip = (
        "A picture of the present state would help.",
        "The title could name the command.",
        "Link the documentation that will have to change.",
    )
    return {
        "verdict": "APPROVED",
        "critique": f"{solved}The issue asks for “{shortened(brief.title, 80)}” and nothing else. "
        f"Its {requirements} requirements are testable and have {criteria} criteria between them; "
        "scope and limits are clear to a reader who does not know the brief.",
        "tier1_issues": [],
        "suggestions": [tip[number(brief.text, "tip") % len(tip)]],
    }
