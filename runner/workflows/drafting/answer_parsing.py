"""Asking for an answer of a strict form, with one chance to mend it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from assemblyzero_tui.runner.base.errors import UnusableAnswerError
from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.workflows.drafting import prompt_files

Read = TypeVar("Read")

_QUOTE_LIMIT = 20_000
"""Characters of a broken answer that are shown to the model again."""


def ask_and_read(
    request: Request,
    ask: Callable[[Request], Answer],
    read: Callable[[str], Read],
    *,
    what: str,
    repair: str,
    on_repair: Callable[[str, str], None],
) -> tuple[Read, Answer]:
    """Asks, and asks once more, with the reason, if the answer cannot be read.

    Args:
        request: The question.
        ask: Puts it to the model.
        read: Reads the answer; raises ``ValueError`` or ``msgspec.DecodeError`` if it cannot.
        what: What the answer is: ``review``.
        repair: Name of the prompt that asks again.
        on_repair: Told what the answer is, and why it was no good.

    Raises:
        UnusableAnswerError: the second answer cannot be read either.
        WorkflowError: the model could not be asked.
    """
    answer = ask(request)
    try:
        return read(answer.text), answer
    except (ValueError, msgspec.DecodeError) as error:
        reason = str(error)
    on_repair(what, reason)
    again = msgspec.structs.replace(
        request,
        prompt=prompt_files.fill(
            repair,
            request=request.prompt,
            answer=prompt_files.delimited("ANSWER", answer.text[:_QUOTE_LIMIT]),
            error=reason,
        ),
    )
    answer = ask(again)
    try:
        return read(answer.text), answer
    except (ValueError, msgspec.DecodeError) as error:
        raise UnusableAnswerError(
            f"The {what} of {answer.model or 'the model'} cannot be read, twice in a row: {error}",
            "Run the item with --fresh, or with another model.",
        ) from error
