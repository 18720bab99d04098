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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cairosvg

from assemblyzero_tui.app.dashboard.app import DashboardApp
from assemblyzero_tui.runner.model.events import AnyEvent, EndReason
from tests.ui.credential_services import FakeCredentialService
from tests.ui.dashboards import Standing
from tests.ui.example_exhaustion import KEYS, all_rest, in_trouble, parked_stories, waiting_stories
from tests.ui.example_runs import Story, build, finished, mixed

TARGET = Path(__file__).parents[1] / "screenshots"
SCALE = 1.1
"""Pixels of a PNG for one of the SVG."""
FONT = "DejaVu Sans Mono"
"""What the PNGs are drawn with; an SVG names a web font that only a browser fetches."""
FONT_SIZE = 20.27
"""Pixels: makes a character of that font as wide as the SVG expects."""
SETTLED = 0.3
"""Seconds in which the app has painted everything."""


@dataclass(frozen=True)
class Picture:
    """One picture: which run, how large, what is pressed first."""

    name: str
    stories: Sequence[Story]
    size: tuple[int, int] = (120, 40)
    ended: EndReason | None = None
    pool: Callable[[float], Sequence[AnyEvent]] | None = None
    press: Sequence[str] = ()


PICTURES = [
    Picture("grid-80x24", mixed(3), (80, 24)),
    Picture("grid-120x40", mixed(6)),
    Picture("grid-200x60", mixed(9), (200, 60)),
    Picture("list-120x40", mixed(60)),
    Picture("summary-120x40", finished(9), ended="finished", press=["S"]),
    Picture("credentials-120x40", waiting_stories(6), pool=in_trouble, press=["K", *["down"] * 3]),
    Picture("no-quota-120x40", parked_stories(6), pool=all_rest),
]


async def shoot(picture: Picture) -> None:
    """Takes one picture, as SVG and as PNG."""
    home = Path(tempfile.gettempdir(), "assemblyzero")  # shown in the summary: always the same
    with contextlib.ExitStack() as stack:
        home.mkdir()
        stack.callback(shutil.rmtree, home)
        folder = home / "runs/20260921-142000-lld"
        built = build(
            folder,
            picture.stories,
            ended=picture.ended,
            pool=picture.pool,
            provider="gemini" if picture.pool else "offline",
            keys=KEYS if picture.pool else (),
            parallel=5 if picture.pool else 3,
        )
        source = Standing(built, live=picture.ended is None)
        app = DashboardApp(source, clock=lambda: 0.0, credential_service=FakeCredentialService())
        async with app.run_test(size=picture.size) as pilot:
            await pilot.pause(SETTLED)
            for key in picture.press:
                await pilot.press(key)
                await pilot.pause(SETTLED)
            svg = app.export_screenshot(title="assemblyzero-tui")
    (TARGET / f"{picture.name}.svg").write_text(svg)
    drawn = re.sub(r"font-family: *[^;]*;", f"font-family: {FONT};", svg)
    drawn = drawn.replace("font-size: 20px", f"font-size: {FONT_SIZE}px")
    cairosvg.svg2png(drawn.encode(), write_to=str(TARGET / f"{picture.name}.png"), scale=SCALE)
    print(TARGET / f"{picture.name}.svg")


def main() -> None:
    """Takes all of them."""
    os.environ["TZ"] = "UTC"
    os.environ.pop("NO_COLOR", None)
    time.tzset()
    TARGET.mkdir(exist_ok=True)
    for picture in PICTURES:
        asyncio.run(shoot(picture))


if __name__ == "__main__":
    main()
