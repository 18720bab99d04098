"""How the dashboard looks, pixel for pixel of a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from assemblyzero_tui.app.dashboard.app import DashboardApp
from tests.ui.dashboards import Standing
from tests.ui.example_runs import build, mixed


def app_of(path: Path, n: int, **options: Any) -> DashboardApp:
    run = build(path / "20260921-142000-lld", mixed(n), held=options.pop("held", None))
    return DashboardApp(Standing(run), clock=lambda: 0.0, **options)


STILL = 8
"""Rounds of the event loop without a change after which a picture counts as complete."""


async def settled(pilot: Pilot[Any]) -> None:
    """Returns when the picture has not changed for some rounds of the event loop.

    Each round updates the widgets as a tick of the clock does: on a slow machine many rounds pass
    between two ticks, and panes that have come into sight show their status with the next one.
    """
    app = pilot.app
    assert isinstance(app, DashboardApp)
    picture, same = "", 0
    for _ in range(200):
        await pilot.pause()
        app.dashboard.update_widgets()
        before, picture = picture, app.export_screenshot()
        same = same + 1 if picture == before else 0
        if same == STILL:
            return
    raise AssertionError("the picture does not come to rest")


@pytest.mark.parametrize(
    ("n", "size"),
    [
        (1, (80, 24)), (3, (80, 24)), (6, (80, 24)), (10, (80, 24)), (6, (60, 15)),
        (1, (120, 40)), (3, (120, 40)), (6, (120, 40)), (100, (120, 40)),
        (3, (160, 50)), (1, (200, 60)), (10, (200, 60)), (100, (200, 60)),
    ],
)  # fmt: skip
def test_it_looks_like_this(
    snap_compare: Any, tmp_path: Path, n: int, size: tuple[int, int]
) -> None:
    assert snap_compare(app_of(tmp_path, n), terminal_size=size, run_before=settled)


@pytest.mark.parametrize(
    ("name", "n", "keys", "options"),
    [
        ("zoomed", 6, ["z"], {}),
        ("held", 6, [], {"held": "by you"}),
        ("light", 6, [], {"light": True}),
        ("ascii", 6, [], {"ascii": True}),
        ("help", 3, ["question_mark"], {}),
        ("marked", 20, ["space", "space"], {}),
        ("scrolled", 1, ["g"], {}),
    ],
)
def test_it_looks_like_this_when(
    snap_compare: Any, tmp_path: Path, name: str, n: int, keys: list[str], options: dict[str, Any]
) -> None:
    async def press(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press(*keys)
        await settled(pilot)

    app = app_of(tmp_path, n, **options)
    assert snap_compare(app, terminal_size=(100, 30), run_before=press)
