"""The reviews of the offline model: it blocks some early drafts because of their text."""

from __future__ import annotations

import json
import re

from assemblyzero_tui.runner.llm.offline.reading import (
    blocks,
    number,
    picked,
    read_issue,
    shortened,
)

_SALT = "review-356"
_BLOCKED_ONCE = 40
"""Percent of the issues whose first draft is blocked."""
_BLOCKED_TWICE = 10
"""Percent of the issues whose second draft is blocked as well."""

_SUGGESTIONS = (
    "A diagram of the main flow would help a new reader.",
    "Consider moving the limits into one table.",
    "The names of the tests could say the behaviour rather than the function.",
    "Mention in the documentation how the change shows in the log.",
)
_COMPLAINTS = (
    {
        "section": "4. Error handling and edge cases",
        "problem": "Nothing says what remains when `{function}` is interrupted after its "
        "first write and before its last. The next start would find half of the new state "
        "and take it for the whole.",
        "remedy": "State the order of the writes in `{function}`, which one commits, and "
        "what the next start does with leftovers of an earlier one. Add a test that stops "
        "between the two.",
    },
    {
        "section": "6. Test plan",
        "problem": "{code} (“{text}”) is only checked for the case that works. A change that "
        "ignores bad input would pass every test in the plan.",
        "remedy": "Add a test for {code} that feeds input it must refuse and checks that "
        "nothing was changed, and name the message the user gets.",
    },
    {
        "section": "3. Proposed design",
        "problem": "Two callers may reach `{function}` at the same time; the design names no "
        "lock and no order, so the later one overwrites what the earlier one stored.",
        "remedy": "Say what serialises the callers, for how long it may be held, and what the "
        "second caller sees while it waits.",
    },
    {
        "section": "5. Security, privacy and cost",
        "problem": "For {other_code} (“{other_text}”) there is no upper bound: the work grows "
        "with the input, and so does the memory that holds it.",
        "remedy": "Give the largest input that is accepted, the memory and time it may take, "
        "and what happens beyond it.",
    },
    {
        "section": "7. Rollout",
        "problem": "Data written by the present version is read by the new one, but the "
        "design does not say how the new code recognises it, nor what happens on a rollback.",
        "remedy": "Mark the new format with a version, say what the old code does when it "
        "meets it, and add a test with a file of the present version.",
    },
)
"""Templates of the complaints in a review: a function of the design, code and text of a requirement
and of another one."""
_REQUIREMENT = re.compile(r"^\| (R\d+) \| (.+?) \|", re.MULTILINE)
_FUNCTION = re.compile(r"^def (\w+)\(", re.MULTILINE)
_SECTION = re.compile(r"^## +(.+)$", re.MULTILINE)


def rejections(issue_text: str) -> int:
    """The number of drafts of an issue that are blocked before one is approved: 0, 1 or 2."""
    draw = number(_SALT, issue_text) % 100
    return (draw < _BLOCKED_ONCE) + (draw < _BLOCKED_TWICE)


def write_review(prompt: str) -> str:
    """Writes the JSON text of a review of the design in the prompt."""
    issue = read_issue(prompt)
    designs = blocks(prompt, "DESIGN")
    design = designs[-1] if designs else ""
    earlier = len(blocks(prompt, "REVIEW"))
    if earlier < rejections(issue.text):
        review = _blocked(issue.text, issue.title, design, earlier)
    else:
        review = _approved(issue.title, design, earlier)
    return json.dumps(review, indent=2, ensure_ascii=False)


def _blocked(issue: str, title: str, design: str, earlier: int) -> dict[str, object]:
    requirements = _REQUIREMENT.findall(design) or [("R1", title)]
    function = picked(_FUNCTION.findall(design) or ["apply"], issue, "function")
    code, text = picked(requirements, issue, "requirement", earlier)
    other_code, other_text = picked(requirements[::-1], issue, "other", earlier)
    complaints = _complaints(
        function=function, code=code, text=shortened(text, 90),
        other_code=other_code, other_text=shortened(other_text, 90),
    )  # fmt: skip
    start = number(issue, "complaint", earlier) % len(complaints)
    chosen = [complaints[start]]
    if earlier == 0 and number(issue, "how many") % 3:
        chosen.append(complaints[(start + 1 + number(issue, "second") % 4) % len(complaints)])
    opening = _opening(issue, earlier)
    topics = " and ".join(f"section {str(c['section']).partition('.')[0]}" for c in chosen)
    return {
        "verdict": "BLOCKED",
        "critique": f"{opening} It cannot be built safely yet: {topics} "
        f"{'leave' if len(chosen) > 1 else 'leaves'} behaviour open that will occur in practice. "
        "The remedies are local; the overall design can stay.",
        "tier1_issues": chosen,
        "suggestions": [
            f"Name in section 2 how {requirements[-1][0]} will be seen to hold in daily use, "
            "not only in a test."
        ],
    }


def _complaints(**values: str) -> list[dict[str, str]]:
    """The complaints with these values."""
    return [
        {part: template.format(**values) for part, template in complaint.items()}
        for complaint in _COMPLAINTS
    ]


def _opening(issue: str, earlier: int) -> str:
    """The first sentence of a critique."""
    if earlier:
        return (
            "The earlier tier-1 issues are resolved, as section 9 claims. Their resolution brought "
            "up one more point."
        )
    return picked(
        (
            "The design covers what the issue asks for and decides instead of listing options.",
            "The structure is sound and the requirements follow the issue closely.",
            "Scope and main flow are clear, and the interfaces are small enough to build from.",
        ),
        issue, "opening", earlier,
    )  # fmt: skip


def _approved(title: str, design: str, earlier: int) -> dict[str, object]:
    requirements = len(_REQUIREMENT.findall(design))
    sections = len(_SECTION.findall(design))
    solved = (
        f"All tier-1 issues of the {'two earlier reviews' if earlier > 1 else 'earlier review'} "
        "are resolved, and the design itself bears out what section 9 claims. "
        if earlier
        else ""
    )
    return {
        "verdict": "APPROVED",
        "critique": f"{solved}The design does what “{shortened(title, 80)}” asks for and nothing "
        f"else. Its {requirements} requirements are each met by section 3 and each covered by a "
        f"test, failures have a defined outcome, and costs are bounded. The {sections} sections "
        "leave no decision to the implementer that would change the result.",
        "tier1_issues": [],
        "suggestions": [
            picked(_SUGGESTIONS, title, "suggestion"),
        ],
    }
