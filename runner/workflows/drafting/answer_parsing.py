"""Asks the model for an answer in a strict form, with one chance to repair it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from assemblyzero_tui.runner.base.errors import UnusableAnswerError
from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows.drafting import prompt_files

Parsed = TypeVar("Parsed")

_QUOTE_LIMIT = 20_000
"""Characters of an invalid answer that are shown to the model again."""


def ask_and_parse(
    request: Request,
    ask: Callable[[Request], Answer],
    parse: Callable[[str], Parsed],
    *,
    what: str,
    repair: str,
    on_repair: Callable[[str, str], None],
) -> tuple[Parsed, Answer]:
    """Asks the model, and asks again once, with the reason, if the answer cannot be parsed.

    Args:
        request: The request.
        ask: Calls the model.
        parse: Parses the answer; raises ``ValueError`` or ``msgspec.DecodeError`` if it cannot.
        what: What messages call the answer: ``review``.
        repair: Name of the prompt that asks again.
        on_repair: Called with ``what`` and the reason before the second request.

    Raises:
        UnusableAnswerError: the second answer cannot be parsed either.
        WorkflowError: the model could not be called.
    """
    answer = ask(request)
    try:
        return parse(answer.text), answer
    except (ValueError, msgspec.DecodeError) as error:
        reason = str(error)
    on_repair(what, reason)
    answer = ask(_repair_request(request, answer, repair, reason))
    try:
        return parse(answer.text), answer
    except (ValueError, msgspec.DecodeError) as error:
        raise UnusableAnswerError(
            f"The {what} of {answer.model or 'the model'} cannot be read, twice in a row: {error}",
            "Run the item with --fresh, or with another model.",
        ) from error


def _repair_request(request: Request, answer: Answer, repair: str, reason: str) -> Request:
    """The request that asks again, with the invalid answer and the reason."""
    prompt = prompt_files.fill(
        repair,
        request=request.prompt,
        answer=prompt_files.delimited("ANSWER", answer.text[:_QUOTE_LIMIT]),
        error=reason,
    )
    return msgspec.structs.replace(request, prompt=prompt)
