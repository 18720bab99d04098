"""Whether the installed ``gh`` is new enough, before anything is paid for.

``gh issue list --json`` came with 1.10, ``gh label list --json`` with 2.10
(github.com/cli/cli/pull/5567). Distributions have older ones: Ubuntu 22.04 has 2.4.
"""

from __future__ import annotations

import re
from pathlib import Path

from assemblyzero_tui.runner.workflows.tracker.gh_failures import GhTooOldError, hint
from assemblyzero_tui.runner.workflows.tracker.gh_process import run_gh

OLDEST = (1, 10)
"""The first version that can list issues as JSON."""
OLDEST_TO_FILE = (2, 10)
"""The first version that can list labels as JSON, too, which is needed to file issues."""

_VERSION = re.compile(r"gh version v?([0-9]+)\.([0-9]+)")


def is_too_old(said: str, oldest: tuple[int, int]) -> bool:
    """Whether what ``gh --version`` says is older; of one that says no number that is unknown."""
    match = _VERSION.search(said)
    return match is not None and (int(match[1]), int(match[2])) < oldest


def needed(oldest: tuple[int, int]) -> str:
    """What to do about a version that is too old."""
    return (
        f"Update gh to {oldest[0]}.{oldest[1]} or newer: https://cli.github.com   (the packages of "
        "many distributions are older)"
    )


def check_version(repository: Path, oldest: tuple[int, int], alternative: str) -> None:
    """Makes sure that ``gh`` is new enough.

    Raises:
        GhTooOldError: it is not.
        TuiError: it cannot be run.
    """
    said = run_gh(repository, ["--version"], alternative=alternative).decode(errors="replace")
    if is_too_old(said, oldest):
        shown = said.partition("\n")[0].strip()
        raise GhTooOldError(f"This gh is too old ({shown}).", hint(needed(oldest), alternative))
