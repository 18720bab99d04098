"""Turns what a workflow printed into text that can do nothing to a terminal but colour it.

Sequences are those of ECMA-48 and xterm's control sequences (invisible-island.net/xterm).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

RAW_LIMIT = 1 << 18
"""Bytes of a line that are looked at."""
TAB_WIDTH = 8
_ELLIPSIS = "…"
_CARRIED_COLOURS = 16

_TOKEN = re.compile(
    r"""
      (?P<sgr>(?:\x1b\[|\x9b)(?P<colour>[0-9;:]{0,64})m)
    | (?P<home>\r | (?:\x1b\[|\x9b)[01]?G)
    | (?P<erase>(?:\x1b\[|\x9b)(?P<part>[0-2]?)K)
    | (?P<tab>\t)
    | (?P<break>[\n\v\f\x85\u2028\u2029])
    | (?:\x1b\[|\x9b)[0-?]*+[\ -/]*+[@-~]?
    | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*+(?:\x07|\x1b\\|\x9c)
    | \x1b[\ -/]*+[0-~]?
    | [\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]
    """,
    re.VERBOSE,
)
"""Everything that is not plain text; every alternative takes at least the first character."""


class _Pass:
    """What was printed from the first column on until the cursor went back there."""

    def __init__(self, colours: Iterable[str]) -> None:
        self.pieces: list[tuple[str, str]] = [("", colour) for colour in colours]
        """Visible text, or a colour sequence, in order, behind the blanks."""
        self.width = 0
        """Columns, with the blanks."""
        self.blanks = 0
        """Columns at the beginning that were erased."""
        self.covers = False
        """It erased what earlier passes left."""

    def add(self, text: str) -> None:
        if text:
            self.pieces.append((text, ""))
            self.width += len(text)

    def erase(self, part: str, colours: Iterable[str]) -> None:
        """EL: 0 to the end of the line, 1 to its beginning, 2 the whole line."""
        if part in ("1", "2"):
            self.blanks = self.width
            self.pieces = [("", colour) for colour in colours]
        if part != "1":
            self.covers = True

    def leave(self) -> None:
        """The cursor goes back: blanks at the end are as good as nothing, if nothing is under."""
        if self.covers and self.blanks == self.width:
            self.blanks = self.width = 0

    def from_column(self, column: int) -> list[tuple[str, str]]:
        """The pieces with everything visible before the column cut off."""
        kept: list[tuple[str, str]] = []
        for text, colour in ((" " * self.blanks, ""), *self.pieces):
            if column and text:
                cut = min(column, len(text))
                column -= cut
                text = text[cut:]
            if text or colour:
                kept.append((text, colour))
        return kept


def _passes(text: str) -> list[_Pass]:
    current = _Pass(())
    passes = [current]
    carried: deque[str] = deque(maxlen=_CARRIED_COLOURS)
    position = 0
    for token in _TOKEN.finditer(text):
        current.add(text[position : token.start()])
        position = token.end()
        kind = token.lastgroup
        if token["sgr"] is not None:
            colour = f"\x1b[{token['colour']}m"
            if token["colour"] in ("", "0"):
                carried.clear()
            carried.append(colour)
            current.pieces.append(("", colour))
        elif token["home"] is not None:
            if current.width or current.covers:
                current.leave()
                current = _Pass(carried)
                passes.append(current)
        elif token["erase"] is not None:
            current.erase(token["part"], carried)
        elif kind == "tab":
            current.add(" " * (TAB_WIDTH - current.width % TAB_WIDTH))
        elif kind == "break":
            current.add(" ")
    current.add(text[position:])
    return passes


def _shown_last(passes: list[_Pass]) -> list[tuple[str, str]]:
    """What a terminal shows in the end: later passes cover earlier ones as far as they reach."""
    last = passes.pop()
    pieces = last.from_column(0)
    width, covers = last.width, last.covers
    while passes and not covers:
        under = passes.pop()
        covers = under.covers
        if under.width > width:
            pieces.append(("", "\x1b[0m"))
            pieces += under.from_column(width)
            width = under.width
    return pieces


def _clean(raw: bytes, limit: int, colours: bool) -> str:
    text = raw[:RAW_LIMIT].decode("utf-8", "replace")
    if text.isprintable():
        return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS
    pieces = _shown_last(_passes(text.rstrip("\r\n")))
    room = limit
    shown: list[str] = []
    for visible, colour in pieces:
        if len(visible) > room or (visible and room == 0):
            if room:
                shown.append(visible[: room - 1] + _ELLIPSIS)
            else:
                _shorten(shown)
            break
        room -= len(visible)
        shown.append(visible)
        if colours:
            shown.append(colour)
    return "".join(shown)


def _shorten(shown: list[str]) -> None:
    """Puts the ellipsis in place of the last visible character."""
    for place in range(len(shown) - 1, -1, -1):
        if shown[place] and not shown[place].startswith("\x1b"):
            shown[place] = shown[place][:-1] + _ELLIPSIS
            return


def display_text(raw: bytes, limit: int = 4096) -> str:
    """One line for the screen: only printable characters, and colours as ``ESC[...m``.

    Tabs are expanded; of a line that returned to its beginning there is what a terminal would show
    last; every other control sequence is dropped, and characters that turn the direction of
    writing too.

    Args:
        raw: The line, without its newline, as it was printed; UTF-8 where it is valid.
        limit: Visible characters at most (at least 1); a longer line ends with an ellipsis.
    """
    return _clean(raw, limit, colours=True)


def plain_text(raw: bytes, limit: int = 4096) -> str:
    """The same as :func:`display_text`, without colours."""
    return _clean(raw, limit, colours=False)
