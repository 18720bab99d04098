"""Converts the output of a workflow to text that can only colour a terminal, and nothing else.

The sequences are those of ECMA-48 and xterm's control sequences (invisible-island.net/xterm).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

RAW_LIMIT = 1 << 18
"""The most bytes of a line that are read."""
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
"""Everything that is not plain text; every alternative matches at least one character."""


class _Pass:
    """The text printed from the first column on, until the cursor returned there."""

    def __init__(self, colours: Iterable[str]) -> None:
        self.pieces: list[tuple[str, str]] = [("", colour) for colour in colours]
        """Visible text, or a colour sequence, in order, after the blanks."""
        self.width = 0
        """Columns, including the blanks."""
        self.blanks = 0
        """Columns at the beginning that were erased."""
        self.covers = False
        """Whether it erased the text of earlier passes."""

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

    def end(self) -> None:
        """Ends the pass: blanks at its end are dropped if nothing is below them."""
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
                current.end()
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
    """The final text on a terminal: later passes cover earlier ones as far as they reach."""
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
    """Replaces the last visible character by the ellipsis."""
    for place in range(len(shown) - 1, -1, -1):
        if shown[place] and not shown[place].startswith("\x1b"):
            shown[place] = shown[place][:-1] + _ELLIPSIS
            return


def display_text(raw: bytes, limit: int = 4096) -> str:
    """Returns one line for the screen: only printable characters, and colours as ``ESC[...m``.

    Tabs are expanded; a line that returned to its beginning is shown as a terminal would show it in
    the end; every other control sequence is dropped, as are characters that change the writing
    direction.

    Args:
        raw: The line as it was printed, without its newline; UTF-8 where it is valid.
        limit: The most visible characters, at least 1; a longer line ends with an ellipsis.
    """
    return _clean(raw, limit, colours=True)


def plain_text(raw: bytes, limit: int = 4096) -> str:
    """Like :func:`display_text`, without colours."""
    return _clean(raw, limit, colours=False)
