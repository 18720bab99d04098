"""Sizes of the terminal that come faster than they are laid out."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Resize
from textual.geometry import Size

from tests.ui.dashboards import watching


@pytest.mark.parametrize("key", ["", "S", "question_mark", "q"])
async def test_a_size_that_is_over_does_not_come_back(tmp_path: Path, key: str) -> None:
    async with watching(tmp_path, 6) as seen:
        if key:
            await seen.press(key)
            await seen.until(lambda: seen.app.screen is not seen.board, "screen")
        screen = seen.app.screen
        laid_out: list[Size | None] = []
        lay_out = screen._refresh_layout

        def counted(size: Size | None = None, scroll: bool = False) -> None:
            laid_out.append(size)
            screen.call_later(lambda: None)  # keeps one size from replacing the other
            lay_out(size, scroll)

        screen._refresh_layout = counted  # type: ignore[method-assign]
        for size in (Size(100, 30), Size(120, 40)):
            screen.post_message(Resize(size, size))
            screen.call_later(lambda: None)
        for _ in range(20):
            await seen.pilot.pause()
        assert Size(100, 30) not in laid_out
        assert len(laid_out) < 10
        assert screen.size == Size(120, 40)
