"""Commands for which permissions count, although the tests may run as root."""

from __future__ import annotations

import os
import shutil

import pytest


def prefix() -> tuple[str, ...]:
    """What to put before a command; skips the test where root cannot give its power away."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("as root without setpriv, permissions hold nobody back")
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
