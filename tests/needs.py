"""What a test needs beyond Python: it is skipped where that is missing, and fails in CI."""

from __future__ import annotations

import os

import pytest

COMPLETE = "ASSEMBLYZERO_TUI_TESTS_COMPLETE"
"""Environment variable with which ``.ci/run`` says that nothing may be missing."""
_COMPLETE = bool(os.environ.get(COMPLETE))


def require(present: bool, reason: str) -> None:
    """Skips the running test if something is missing; fails it instead under :data:`COMPLETE`."""
    if not present and _COMPLETE:
        pytest.fail(f"CI has to provide this: {reason}", pytrace=False)
    if not present:
        pytest.skip(reason)
