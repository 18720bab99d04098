"""Names of Gemini models: the default ones, and those that may not review."""

from __future__ import annotations

import re

from assemblyzero_tui.runner.base.errors import TuiError

DEFAULT_MODEL = "gemini-3.8-flash"
"""Writes drafts: the newest stable model; https://ai.google.dev/gemini-api/docs/deprecations."""
DEFAULT_REVIEW_MODEL = "gemini-3.1-pro-preview"
"""Reviews: the newest of the Pro line, which has no newer stable model."""

REFUSED_REVIEWERS = (
    (r"(?:.*-)?latest", "it is an alias that changes without notice"),
    (r".*(?:-lite|-8b|-nano|-tiny)(?:-.*)?", "it is too small for the final review"),
    (r"gemini-[12](?:\.\d+)?(?:-.*)?", "its generation has been shut down"),
    (r".*-(?:image|tts|live|audio|embedding|omni)(?:-.*)?", "it is not a text model"),
    (r"(?!gemini-).*", "it is not a Gemini model"),
    (r"gemini-(?!\d).*", "its name does not show its generation"),
)
"""Patterns of models that may not review, and why."""

SHOWN = 24
"""Characters of a wrong name that are repeated."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,80}")
_SAME = re.compile(r"(?:-(?:\d+|preview|exp))*")
"""The part that can differ between two names of one model: a version, a date, ``preview``."""


def check_model(name: str, option: str) -> str:
    """Returns the name without ``models/``.

    Raises:
        TuiError: it is not a valid name.
    """
    plain = name.strip().removeprefix("models/")
    if not _NAME.fullmatch(plain):
        # what is long, or begins as an API key does, may be one, and is not repeated
        secret = len(name) > SHOWN or re.search(r"AIza|AQ\.|ya29\.|sk-|gh[opsu]_", name)
        what = f"The text given with {option}" if secret else repr(name)
        hint = f"For example: {option} {DEFAULT_MODEL}"
        raise TuiError(f"{what} is not the name of a model.", hint)
    return plain


def check_reviewer(name: str) -> str:
    """Returns the name without ``models/``.

    Raises:
        TuiError: it is not a valid name, or this model may not review.
    """
    plain = check_model(name, "--review-model")
    for pattern, why in REFUSED_REVIEWERS:
        if re.fullmatch(pattern, plain):
            raise TuiError(
                f"{plain} may not review: {why}.",
                f"For example: --review-model {DEFAULT_REVIEW_MODEL}",
            )
    return plain


def same_model(asked: str, answered: str) -> bool:
    """Whether the model that answered is the one that was asked.

    ``gemini-x-001`` is a version of ``gemini-x``; ``gemini-x-lite`` is another model. An alias
    such as ``gemini-flash-latest`` can be answered by any model of its family.
    """
    asked, answered = (name.removeprefix("models/") for name in (asked, answered))
    if asked.endswith("-latest"):
        family = asked.removesuffix("-latest").split("-")
        return set(family) <= set(answered.split("-"))
    short, long = sorted((asked, answered), key=len)
    return bool(short) and long.startswith(short) and bool(_SAME.fullmatch(long[len(short) :]))
