"""The table of user commands, and what is made from it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from assemblyzero_tui.app.ui.keymap import COMMANDS, markdown_table

README = Path(__file__).parents[4] / "README.md"


def test_the_readme_shows_every_key() -> None:
    text = README.read_text("utf-8")
    start = text.index("<!-- keys -->\n") + len("<!-- keys -->\n")
    assert text[start : text.index("<!-- /keys -->")] == markdown_table()


def test_no_key_has_two_meanings() -> None:
    keys = Counter(key for command in COMMANDS for key in command.keys)
    assert [key for key, count in keys.items() if count > 1] == []
