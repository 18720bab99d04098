"""Size guards: refuse texts that are too long, or too short, for a useful call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from assemblyzero_tui.runner.base.errors import WorkflowError

ISSUE_LIMIT = 100_000
"""Maximum characters of an issue or a brief; GitHub itself allows 65,536."""
CONTEXT_FILE_LIMIT = 200_000
"""Maximum characters of one file of ``--context``."""
CONTEXT_LIMIT = 500_000
"""Maximum characters of all of them together."""
DRAFT_LIMIT = 200_000
"""Maximum characters of a draft."""
DRAFT_MINIMUM = 200
"""Minimum characters of a draft."""


class GuardError(WorkflowError):
    """A text has a size with which no workflow should continue."""


def check_length(name: str, body: str) -> None:
    """Refuses an issue or a brief that is too long.

    Args:
        name: The beginning of the message: ``Issue #42``.
        body: The text.

    Raises:
        GuardError: it is too long.
    """
    if len(body) > ISSUE_LIMIT:
        raise GuardError(
            f"{name} has {len(body):,} characters, the limit is {ISSUE_LIMIT:,}: split it into "
            "several, or move background material from it into files for --context.",
            f"Each file of --context FILE may have {CONTEXT_FILE_LIMIT:,} characters.",
        )


def read_context(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Name and text of each file of ``--context``.

    Raises:
        GuardError: one of them is too long, or all together are.
        WorkflowError: one cannot be read as text.
    """
    texts: list[tuple[str, str]] = []
    total = 0
    for path in map(Path, paths):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise WorkflowError(
                f"The context file {path} is not UTF-8 text.", "Use text files with --context."
            ) from error
        except OSError as error:
            raise WorkflowError(
                f"Cannot read the context file {path}: {error.strerror or error}.",
                "Check the path and its permissions.",
            ) from error
        total += len(text)
        if len(text) > CONTEXT_FILE_LIMIT:
            raise GuardError(
                f"The context file {path} has {len(text):,} characters, "
                f"the limit is {CONTEXT_FILE_LIMIT:,}.",
                "Keep only the part that matters.",
            )
        if total > CONTEXT_LIMIT:
            raise GuardError(
                f"The context files have more than {CONTEXT_LIMIT:,} characters in total.",
                "Use fewer or shorter files.",
            )
        texts.append((path.name, text))
    return texts


def check_draft(draft: str) -> None:
    """Refuses a draft of an implausible length.

    Raises:
        GuardError: it is too short or too long.
    """
    if len(draft) > DRAFT_LIMIT:
        raise GuardError(
            f"The draft has {len(draft):,} characters, the limit is {DRAFT_LIMIT:,}.",
            "Retry with --fresh, or split the issue.",
        )
    if len(draft.strip()) < DRAFT_MINIMUM:
        raise GuardError(
            f"The draft has only {len(draft.strip()):,} characters; "
            f"it needs at least {DRAFT_MINIMUM:,}.",
            "Retry with --fresh, or choose another model.",
        )
