"""Reviews: a JSON object with a verdict, read as a human would read it.

What leaves no doubt is taken: other spellings of a verdict, members that are missing, superfluous
or of another type, a verdict to revise without a list of issues. What leaves one is asked again:
two verdicts that disagree, an approval that names issues, an answer that was cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows.drafting.answer_parsing import REVIEWS_ASKED, ask_and_parse
from assemblyzero_tui.runner.workflows.drafting.json_objects import combined, objects_in
from assemblyzero_tui.runner.workflows.drafting.thinking import without_thinking

Verdict: TypeAlias = Literal["APPROVED", "BLOCKED"]


class Tier1Issue(msgspec.Struct, frozen=True):
    """Something that must change before the draft can be approved."""

    section: str
    """Empty where the reviewer did not say."""
    problem: str
    remedy: str
    """Empty where the reviewer named none."""


class Review(msgspec.Struct, frozen=True):
    """The whole answer of a reviewer."""

    verdict: Verdict
    """``BLOCKED`` for every verdict that wants another draft."""
    critique: str
    tier1_issues: list[Tier1Issue]
    suggestions: list[str] = []


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["APPROVED", "BLOCKED"]},
        "critique": {"type": "string"},
        "tier1_issues": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "section": {"type": "string"},
                    "problem": {"type": "string"},
                    "remedy": {"type": "string"},
                },
                "required": ["section", "problem", "remedy"],
            },
        },
        "suggestions": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["verdict", "critique", "tier1_issues", "suggestions"],
}
"""The JSON schema of :class:`Review`; only words that every provider's schema dialect knows."""

_WORDS: dict[str, Verdict] = {
    **dict.fromkeys(
        ("approved", "approve", "approves", "accepted", "accept", "pass", "passed", "lgtm"),
        "APPROVED",
    ),
    **dict.fromkeys(
        (
            "blocked", "block", "blocks", "blocking", "revise", "revised", "revision",
            "needs revision", "revision needed", "revision required", "revisions required",
            "needs revisions", "needs work", "needs changes", "changes requested",
            "changes required", "request changes", "requires changes", "rejected", "reject",
            "not approved", "disapproved", "declined", "fail", "failed", "denied",
        ),
        "BLOCKED",
    ),
}  # fmt: skip
_VERDICT = ("verdict", "finalverdict", "reviewverdict", "overallverdict")
_CRITIQUE = ("critique", "summary", "rationale", "reasoning", "reason", "feedback", "comments")
_ISSUES = ("tier1issues", "tier1", "tieroneissues", "blockingissues", "issues", "problems")
_SUGGESTIONS = ("suggestions", "suggestion", "tier2issues", "recommendations")
_SECTION = ("section", "location", "where", "heading")
_PROBLEM = ("problem", "issue", "description", "finding", "details", "text", "title")
_REMEDY = ("remedy", "fix", "solution", "recommendation", "suggestion", "resolution")
_STATED = re.compile(r"""verdict["'”`*_]*\s*[:=][\s"'“`*_]*([a-z]+(?: [a-z]+)?)""", re.IGNORECASE)
_NAMES_PROBLEM = re.compile(r"""[{,]\s*["'“]?problem["'”]?\s*:""", re.IGNORECASE)
_BOTH = re.compile(r"approv.*(?:block|revis|reject)|(?:block|revis|reject).*approv", re.IGNORECASE)
_KNOWN = frozenset((*_VERDICT, *_CRITIQUE, *_ISSUES, *_SUGGESTIONS))
_NOTHING = frozenset(("", "none", "n a", "na", "null", "nothing", "no issues"))
_FENCE_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[\w ]*$", re.MULTILINE)
_LETTER = re.compile(r"[^\W\d_]")
_FEWEST_LETTERS = 12
"""Of what stands beside a review without a critique, to be taken for one."""
_DEEPEST = 6
"""Objects around a review in which it is still looked for."""


def parse(text: str) -> Review:
    """The review in a model's answer.

    Raises:
        ValueError: it has no verdict, or more than one; says so as one would to the reviewer.
    """
    answered = without_thinking(text)
    text = _unwrapped(text if answered is None else answered)
    reviews: list[Review] = []
    beside: list[str] = []
    damaged: list[str] = []
    at = 0
    for found in objects_in(text):
        mine = [_review(members) for members in _with_verdict(found.members)]
        if mine:
            reviews += mine
            beside.append(text[at : found.start])
            at = found.end
            if not found.is_json:
                damaged.append(text[found.start : found.end])
    beside.append(text[at:])
    if not reviews:
        raise ValueError("it contains no complete JSON object with a verdict")
    _refuse_contradictions(reviews, "\n".join((*beside, *damaged)), damaged)
    return _merged(reviews, "\n".join(beside))


def _unwrapped(text: str) -> str:
    """The text in an answer that is one JSON string; any other answer as it is."""
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return inner if isinstance(inner, str) else text


def _with_verdict(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The outermost objects with a verdict, their members by plain names.

    What gives both verdicts as one, as in ``"APPROVED | BLOCKED"``, repeats the question.
    """
    if isinstance(value, dict):
        members = _flat(value)
        verdict = _first(members, _VERDICT)
        if isinstance(verdict, str | list):
            if not _BOTH.search(str(verdict)) or isinstance(verdict, list):
                yield members
            return
        value = list(value.values())
    if isinstance(value, list) and depth < _DEEPEST:
        for inner in value:
            yield from _with_verdict(inner, depth + 1)


def _flat(value: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """The members by their plain names; those of an inner object, unless it is an answer itself,
    where there is none of that name.
    """
    members = combined([(_plain(name), inner) for name, inner in value.items()])
    if _first(members, _VERDICT) is None:
        return members
    for name, inner in list(members.items()):
        if isinstance(inner, dict) and name not in _KNOWN and depth < _DEEPEST:
            for deeper, found in _flat({"verdict": "", **inner}, depth + 1).items():
                members.setdefault(deeper, found)
    return members


def _review(members: dict[str, Any]) -> Review:
    verdicts = {_verdict(word) for word in _texts(_first(members, _VERDICT))}
    if len(verdicts) != 1:
        raise ValueError("it gives two verdicts that disagree; give one")
    others = (inner for name, inner in members.items() if name not in _KNOWN)
    return Review(
        verdict=verdicts.pop(),
        critique=_told(_first(members, _CRITIQUE))
        or _told([inner for inner in others if isinstance(inner, str)]),
        tier1_issues=[
            issue for item in _items(_first(members, _ISSUES)) if (issue := _issue(item))
        ],
        suggestions=[
            text for item in _items(_first(members, _SUGGESTIONS)) if (text := _told(item))
        ],
    )


def _verdict(word: str) -> Verdict:
    plain = " ".join(re.findall(r"[a-z]+", word.casefold()))
    if (verdict := _WORDS.get(plain)) is None:
        raise ValueError(f"the verdict is {word[:60]!r}, neither APPROVED nor BLOCKED")
    return verdict


def _refuse_contradictions(reviews: list[Review], text: str, damaged: list[str]) -> None:
    """Compares the reviews with one another, and with what the answer says besides.

    Args:
        reviews: All of them.
        text: What is not JSON in the answer.
        damaged: The objects that had to be guessed at.

    Raises:
        ValueError: they disagree.
    """
    verdicts = {review.verdict for review in reviews}
    stated = {
        _WORDS.get(" ".join(words))
        for match in _STATED.finditer(text)
        for words in (match[1].casefold().split(), match[1].casefold().split()[:1])
    }
    if len(verdicts | (stated - {None})) > 1:
        raise ValueError("it gives two verdicts that disagree; give one")
    if "APPROVED" not in verdicts:
        return
    if any(review.tier1_issues for review in reviews) or any(map(_NAMES_PROBLEM.search, damaged)):
        raise ValueError(
            "the verdict is APPROVED although tier1_issues is not empty; "
            "approve with no tier-1 issue, or block"
        )


def _merged(reviews: list[Review], beside: str) -> Review:
    """The first review, with what others that agree with it name besides."""
    critiques = (review.critique for review in reviews if review.critique)
    said = " ".join(_FENCE_LINE.sub(" ", beside).split())
    if "{" in said or len(_LETTER.findall(said)) < _FEWEST_LETTERS:
        said = ""
    return Review(
        verdict=reviews[0].verdict,
        critique=next(critiques, "") or said or "(The reviewer gave no reason.)",
        tier1_issues=_distinct(issue for review in reviews for issue in review.tier1_issues),
        suggestions=_distinct(text for review in reviews for text in review.suggestions),
    )


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _issue(value: Any) -> Tier1Issue | None:
    """An issue of any form; ``None`` for one that says there is none."""
    if not isinstance(value, dict):
        text = _told(value)
        return Tier1Issue(section="", problem=text, remedy="") if text else None
    members = combined([(_plain(name), inner) for name, inner in value.items()])
    section, problem, remedy = (
        _told(_first(members, names)) for names in (_SECTION, _PROBLEM, _REMEDY)
    )
    if not problem:
        known = {*_SECTION, *_REMEDY}
        others = {name: inner for name, inner in value.items() if _plain(name) not in known}
        problem = _told(others) or remedy
        remedy = "" if problem == remedy else remedy
    return Tier1Issue(section=section, problem=problem, remedy=remedy) if problem else None


def _items(value: Any) -> list[Any]:
    """What should be a list: one of its elements alone counts as a list of one."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and not {*map(_plain, value)} & {*_PROBLEM, *_REMEDY}:
        return [{"section": name, "problem": inner} for name, inner in value.items()]
    return [value]


def _told(value: Any) -> str:
    """A value as text; empty for nothing, and for the words that say so."""
    if isinstance(value, dict):
        parts = [f"{name}: {text}" for name, inner in value.items() if (text := _told(inner))]
        return "; ".join(parts)
    if isinstance(value, list):
        return "\n".join(text for inner in value if (text := _told(inner)))
    if value is None or value is False:
        return ""
    text = str(value).strip()
    return "" if " ".join(re.findall(r"\w+", text.casefold())) in _NOTHING else text


def _texts(value: Any) -> list[str]:
    return [str(inner) for inner in value] if isinstance(value, list) else [str(value)]


def _first(members: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((members[name] for name in names if members.get(name) is not None), None)


def _plain(name: str) -> str:
    """``Tier-1 Issues`` and ``tier1_issues`` as one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def ask_for_review(
    request: Request, ask: Callable[[Request], Answer], on_repair: Callable[[str, str], None]
) -> tuple[Review, Answer]:
    """Asks for a review, and once more if it cannot be used; see ``ask_and_parse``."""
    return ask_and_parse(
        request, ask, parse,
        what="review", repair="repair", times=REVIEWS_ASKED, on_repair=on_repair,
    )  # fmt: skip
