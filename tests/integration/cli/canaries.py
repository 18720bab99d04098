"""Keys that must be found nowhere, and how to look for them."""

from __future__ import annotations

from pathlib import Path

CANARIES = [
    "AIzaCanaryNumberOneQ7xLk2vTn9RbW4eYp1z",
    "AQ.CanaryNumberTwo.Mf8sHc3dJq6UgA5oXt0",
    "unheard-of-kind/canary+number=three0003",
]
PART = 12
"""So many characters of a key are enough to know it by."""


def leaks(*texts: str | bytes) -> list[str]:
    """The canaries that are in a text, whole, in part, or as a URL has them."""
    found = []
    for text in texts:
        data = text.encode() if isinstance(text, str) else text
        for number, key in enumerate(CANARIES, 1):
            forms = (key[:PART], key[-PART:], "unheard-of-kind%2F")
            found += [f"key {number}" for form in forms if form.encode() in data]
    return found


def leaking_files(*roots: Path) -> list[str]:
    """The files below these folders with a canary in them."""
    return [
        str(path)
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and leaks(path.read_bytes())
    ]
