"""The bundled sample issues: a small imaginary project, for the demonstration and the tests."""

from __future__ import annotations

import functools
from importlib import resources
from typing import NamedTuple

FIRST_NUMBER = 101
"""The number of the first sample issue."""


class Sample(NamedTuple):
    """One sample issue as a file of an ``--issues-dir`` folder."""

    number: int
    slug: str
    text: str
    """Markdown, the title as its ``# heading``."""

    @property
    def file_name(self) -> str:
        """``101-resume-interrupted-uploads.md``."""
        return f"{self.number}-{self.slug}.md"


@functools.cache
def _bundled() -> tuple[tuple[str, str], ...]:
    """Slug and text of each bundled issue, in the order of the file names."""
    folder = resources.files(__package__) / "issues"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".md"))
    return tuple(
        (name.removesuffix(".md").partition("-")[2], (folder / name).read_text("utf-8"))
        for name in names
    )


def demo_issues(count: int) -> list[Sample]:
    """This many sample issues, numbered from 101; the bundled ones are repeated as needed.

    Raises:
        ValueError: ``count`` is negative.
    """
    if count < 0:
        raise ValueError("count must not be negative")
    bundled = _bundled()
    return [Sample(FIRST_NUMBER + index, *bundled[index % len(bundled)]) for index in range(count)]
