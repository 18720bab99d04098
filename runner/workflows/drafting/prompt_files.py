"""The prompts: text files with markers such as ``{{ISSUE}}``, filled in one pass.

Filled-in text is not scanned again, so ``$``, braces and markers in it survive.
"""

from __future__ import annotations

import functools
import hashlib
import re
from importlib import resources

LLD = (
    "design-system", "design", "revise", "review-system", "review", "earlier-reviews", "repair",
)  # fmt: skip
"""The prompts of the LLD workflow."""
TEMPLATE = ("template-form", "template-review")
"""Its prompts where the repository has a template."""
ISSUE = (
    "issue-draft-system", "issue-draft", "issue-revise", "issue-draft-repair",
    "issue-review-system", "issue-review", "issue-earlier-reviews", "repair",
)  # fmt: skip
"""The prompts of the Issue workflow."""
PARTS = ("design-form", "design-repair")
"""Texts that are filled into others, or ask again for the same."""
NAMES = tuple(dict.fromkeys(LLD + TEMPLATE + ISSUE + PARTS))
"""All prompts."""
_WITHOUT_TEMPLATE = {"FORM": "design-form", "TEMPLATE": ""}
"""The prompts that fill these markers where there is no template."""

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
    """A digest of these prompts as they are without a template."""
    hashed = hashlib.sha256()
    for name in names:
        text = template(name)
        if name not in TEMPLATE:
            for marker, part in _WITHOUT_TEMPLATE.items():
                text = text.replace(f"{{{{{marker}}}}}", template(part) if part else "")
        hashed.update(f"{name}\0{text}\0".encode())
    return hashed.hexdigest()[:16]
