"""Renews the pictures of the README: ``python -m tests.screenshots`` (``make screenshots``).

Each picture is the real app over a replay that stands still at one moment, so that it only changes
when the app does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cairosvg

from assemblyzero_tui.app.tui import DashboardApp
from tests.ui.journals import Story, build, finished, mixed
from tests.ui.playing import Standing

TARGET = Path(__file__).parents[1] / "screenshots"
SCALE = 1.1
"""Pixels of a PNG for one of the SVG."""
FONT = "DejaVu Sans Mono"
"""What the PNGs are drawn with; an SVG names a web font that only a browser fetches."""
FONT_SIZE = 20.27
"""Pixels: makes a character of that font as wide as the SVG expects."""
SETTLED = 0.3
"""Seconds in which the app has painted everything."""


PICTURES: list[tuple[str, Sequence[Story], tuple[int, int], str | None]] = [
    ("grid-80x24", mixed(3), (80, 24), None),
    ("grid-120x40", mixed(6), (120, 40), None),
    ("grid-200x60", mixed(9), (200, 60), None),
    ("list-120x40", mixed(60), (120, 40), None),
    ("summary-120x40", finished(9), (120, 40), "finished"),
]


async def shoot(
    name: str, stories: Sequence[Story], size: tuple[int, int], ended: str | None
) -> None:
    """Takes one picture, as SVG and as PNG."""
    home = Path(tempfile.gettempdir(), "assemblyzero")  # shown in the summary: always the same
    with contextlib.ExitStack() as stack:
        home.mkdir()
        stack.callback(shutil.rmtree, home)
        built = build(home / "runs/20260921-142000-lld", stories, ended=ended)
        app = DashboardApp(Standing(built, live=ended is None), clock=lambda: 0.0)
        async with app.run_test(size=size) as pilot:
            await pilot.pause(SETTLED)
            if ended is not None:
                await pilot.press("S")
                await pilot.pause(SETTLED)
            svg = app.export_screenshot(title="assemblyzero-tui")
    (TARGET / f"{name}.svg").write_text(svg)
    drawn = re.sub(r"font-family: *[^;]*;", f"font-family: {FONT};", svg)
    drawn = drawn.replace("font-size: 20px", f"font-size: {FONT_SIZE}px")
    cairosvg.svg2png(drawn.encode(), write_to=str(TARGET / f"{name}.png"), scale=SCALE)
    print(TARGET / f"{name}.svg")


def main() -> None:
    """Takes all of them."""
    os.environ["TZ"] = "UTC"
    os.environ.pop("NO_COLOR", None)
    time.tzset()
    TARGET.mkdir(exist_ok=True)
    for name, stories, size, ended in PICTURES:
        asyncio.run(shoot(name, stories, size, ended))


if __name__ == "__main__":
    main()
