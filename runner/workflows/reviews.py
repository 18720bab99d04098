"""Reviews: a JSON object with a verdict, parsed strictly, with one chance to mend it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from assemblyzero_tui.runner.errors import UnusableAnswerError
from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows import prompt_files

Text = Annotated[str, msgspec.Meta(min_length=1, pattern=r"\S")]


class Tier1Issue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that must change before the design can be approved."""

    section: Text
    problem: Text
    remedy: Text


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole answer of a reviewer."""

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
"""The JSON schema of :class:`Review`; only words that every provider's schema dialect knows."""

_decoder = msgspec.json.Decoder(Review)
_QUOTE_LIMIT = 20_000
"""Characters of a broken answer that are shown to the model again."""


def parse(text: str) -> Review:
    """The review in a model's answer.

    Raises:
        msgspec.DecodeError: it is not exactly one JSON object of the right shape, or it
            contradicts itself.
    """
    return _decoder.decode(text.strip())


def ask_for_review(
    request: Request, ask: Callable[[Request], Answer], on_repair: Callable[[str], None]
) -> tuple[Review, Answer]:
    """Asks for a review; asks once more, with the reason, if the answer cannot be read.

    Args:
        request: The question.
        ask: Puts it to the model.
        on_repair: Told why the first answer was no good.

    Raises:
        WorkflowError: the second answer cannot be read either.
    """
    answer = ask(request)
    try:
        return parse(answer.text), answer
    except msgspec.DecodeError as error:
        reason = str(error)
    on_repair(reason)
    repair = msgspec.structs.replace(
        request,
        prompt=prompt_files.fill(
            "repair",
            request=request.prompt,
            answer=prompt_files.delimited("ANSWER", answer.text[:_QUOTE_LIMIT]),
            error=reason,
        ),
    )
    answer = ask(repair)
    try:
        return parse(answer.text), answer
    except msgspec.DecodeError as error:
        raise UnusableAnswerError(
            f"The review of {answer.model or 'the model'} cannot be read, twice in a row: {error}",
            "Run the item with --fresh, or with another model.",
        ) from error
