"""The prompts: text files with markers such as ``{{ISSUE}}``, filled in one pass.

Filled-in text is not scanned again, so ``$``, braces and markers in it survive.
"""

from __future__ import annotations

import functools
import hashlib
import re
from importlib import resources

LLD = (
    "design-system", "design", "design-form", "template-form", "revise", "design-repair",
    "review-system", "review", "template-review", "earlier-reviews", "repair",
)  # fmt: skip
"""The prompts of the LLD workflow."""
ISSUE = (
    "issue-draft-system", "issue-draft", "issue-revise", "issue-draft-repair",
    "issue-review-system", "issue-review", "issue-earlier-reviews", "repair",
)  # fmt: skip
"""The prompts of the Issue workflow."""
NAMES = tuple(dict.fromkeys(LLD + ISSUE))
"""All prompts."""

_MARKER = re.compile(r"\{\{([A-Z_]+)\}\}")


@functools.cache
def template(name: str) -> str:
    """The text of a prompt, with its markers."""
    return (resources.files(__package__) / "prompts" / f"{name}.md").read_text("utf-8").strip()


def fill(name: str, **values: str) -> str:
    """A prompt with its markers replaced; ``issue=…`` fills ``{{ISSUE}}``.

    Raises:
        KeyError: the prompt has a marker without a value.
    """
    return _MARKER.sub(lambda marker: values[marker[1].lower()], template(name))


def delimited(name: str, text: str) -> str:
    """Text from outside between two lines that cannot occur in it: they contain its digest."""
    text = text.strip()
    mark = f"{name} {hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return f"<<<BEGIN {mark}>>>\n{text}\n<<<END {mark}>>>"


@functools.cache
def digest(names: tuple[str, ...] = NAMES) -> str:
    """A digest of these prompts."""
    hashed = hashlib.sha256()
    for name in names:
        hashed.update(f"{name}\0{template(name)}\0".encode())
    return hashed.hexdigest()[:16]
