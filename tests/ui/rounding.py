"""Pictures that depend on the Python that runs."""

from __future__ import annotations

import sys

import pytest

ROUNDED = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="sums are rounded otherwise, and so is a scrollbar's place"
)
