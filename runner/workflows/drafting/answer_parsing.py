"""Asks the model for an answer in some form, with a few chances to give one that can be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from assemblyzero_tui.runner.base.errors import UnusableAnswerError
from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows.drafting import prompt_files

Parsed = TypeVar("Parsed")

REVIEWS_ASKED = 2
"""How often a review is requested at most."""
DRAFTS_ASKED = 3
"""How often a draft is requested at most."""
_QUOTE_LIMIT = 50_000
"""Characters of an unusable answer that are shown to the model again."""
_TIMES = {2: "twice in a row", 3: "three times in a row"}


def ask_and_parse(
    request: Request,
    ask: Callable[[Request], Answer],
    parse: Callable[[str], Parsed],
    *,
    what: str,
    repair: str,
    times: int,
    on_repair: Callable[[str, str], None],
) -> tuple[Parsed, Answer]:
    """Asks the model, and asks again, with the reason, while the answer cannot be used.

    Args:
        request: The request.
        ask: Calls the model.
        parse: Parses the answer; raises ``ValueError`` if it cannot be used.
        what: What messages call the answer: ``review``.
        repair: Name of the prompt that asks again.
        times: How often the model is asked at most: 2 or 3.
        on_repair: Called with ``what`` and the reason before the model is asked again.

    Raises:
        UnusableAnswerError: the last answer cannot be used either.
        WorkflowError: the model could not be called.
    """
    asked = request
    for left in range(times, 0, -1):
        answer = ask(asked)
        try:
            return parse(answer.text), answer
        except ValueError as error:
            reason = str(error)
        if left > 1:
            on_repair(what, reason)
            asked = _repair_request(request, answer, repair, reason)
    raise UnusableAnswerError(
        f"The {what} of {answer.model or 'the model'} cannot be used, {_TIMES[times]}: {reason}.",
        "Run the item with --fresh, or with another model.",
    )


def _repair_request(request: Request, answer: Answer, repair: str, reason: str) -> Request:
    """The request that asks again, with the unusable answer and the reason."""
    prompt = prompt_files.fill(
        repair,
        request=request.prompt,
        answer=prompt_files.delimited("ANSWER", answer.text[:_QUOTE_LIMIT]),
        error=reason,
    )
    return msgspec.structs.replace(request, prompt=prompt)
