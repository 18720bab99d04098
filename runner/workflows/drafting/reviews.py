"""Reviews: a JSON object with a verdict, parsed strictly, with one chance to repair it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows.drafting.answer_parsing import ask_and_parse

Text = Annotated[str, msgspec.Meta(min_length=1, pattern=r"\S")]


class Tier1Issue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change that is required before the draft can be approved."""

    section: Text
    problem: Text
    remedy: Text


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer of a reviewer."""

    verdict: Literal["APPROVED", "BLOCKED"]
    critique: Text
    tier1_issues: list[Tier1Issue]
    suggestions: list[Text] = []

    def __post_init__(self) -> None:
        if self.verdict == "APPROVED" and self.tier1_issues:
            raise ValueError(
                "the verdict is APPROVED although tier1_issues is not empty; "
                "approve with no tier-1 issue, or block"
            )
        if self.verdict == "BLOCKED" and not self.tier1_issues:
            raise ValueError(
                "the verdict is BLOCKED although tier1_issues is empty; "
                "name at least one tier-1 issue, or approve"
            )


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
"""The JSON schema of :class:`Review`, with only the keywords that every provider supports."""

_decoder = msgspec.json.Decoder(Review)


def parse(text: str) -> Review:
    """Parses a model's answer as a review.

    Raises:
        msgspec.DecodeError: it is not exactly one JSON object of the right shape, or it
            contradicts itself.
    """
    return _decoder.decode(text.strip())


def ask_for_review(
    request: Request, ask: Callable[[Request], Answer], on_repair: Callable[[str, str], None]
) -> tuple[Review, Answer]:
    """Asks for a review, and asks again once if it cannot be parsed; see ``ask_and_parse``."""
    return ask_and_parse(request, ask, parse, what="review", repair="repair", on_repair=on_repair)
