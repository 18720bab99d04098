"""Commands for which permissions count, although the tests may run as root."""

from __future__ import annotations

import os
import shutil

from tests.needs import require


def prefix() -> tuple[str, ...]:
    """What to put before a command; skips the test where root cannot give its power away."""
    if os.geteuid() != 0:
        return ()
    has_setpriv = shutil.which("setpriv") is not None
    require(has_setpriv, "as root without setpriv, permissions hold nobody back")
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
