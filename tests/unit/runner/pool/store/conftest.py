"""The store of a test: where its file is going to be, and a clock that is moved by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.runner.pool.clocks import HandClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home/pool.db"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
