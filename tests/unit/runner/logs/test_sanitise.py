"""Only printable text and colours get through, and of a progress bar its last state."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assemblyzero_tui.runner.logs.sanitise import display_text, plain_text

SGR = re.compile(r"\x1b\[[0-9;:]*m")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        ("naïve 日本 🎉".encode(), "naïve 日本 🎉"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"a\tb", "a       b"),
        (b"\x1b[31ma\tb", "\x1b[31ma       b"),
        (b"\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        (b"\xc2\x9b31mred", "\x1b[31mred"),
        (b"\x1b[2J\x1b[Hcleared", "cleared"),
        (b"\x1b[?25lhidden\x1b[?25h", "hidden"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://x.test\x1b\\link\x1b]8;;\x1b\\!", "link!"),
        (b"\x1bPq#0;2;0;0;0\x1b\\after", "after"),
        (b"\x1b(Bcharset", "charset"),
        (b"bell\x07 back\x08space", "bell backspace"),
        ("\u202eevil\u2066\u200f".encode(), "evil"),
        (b"\x1b", ""),
        (b"\x1b[", ""),
        (b"\x1b[31", ""),
        (b"\x1b]never ended", "never ended"),
        (b"dos\r\n", "dos"),
        (b"two\nlines", "two lines"),
    ],
)
def test_sequences(raw: bytes, shown: str) -> None:
    assert display_text(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"10 %\r50 %\r100 %", "100 %"),
        (b"10 %\r50 %\r", "50 %"),
        (b"working...\rdone", "doneing..."),
        (b"working...\r\x1b[Kdone", "done"),
        (b"working...\x1b[2K\rdone", "done"),
        (b"working...\x1b[2K\x1b[1Gdone", "done"),
        (b"abcdef\rxyz\r12", "12zdef"),
    ],
)
def test_a_carriage_return_leaves_what_a_terminal_shows_last(raw: bytes, shown: str) -> None:
    assert plain_text(raw) == shown


def test_colours_are_kept_across_a_carriage_return() -> None:
    assert display_text(b"\x1b[32m10 %\r\x1b[K99 %") == "\x1b[32m99 %"


def test_a_long_line_ends_with_an_ellipsis() -> None:
    assert display_text(b"x" * 50, limit=10) == "x" * 9 + "…"
    assert display_text(b"\x1b[31m" + b"x" * 50, limit=10) == "\x1b[31m" + "x" * 9 + "…"
    assert plain_text(b"12345\x1b[31m67890\x1b[0m!", limit=10) == "123456789…"
    assert plain_text(b"12345\x1b[31m67890\x1b[0m", limit=10) == "1234567890"


PIECES = (
    b"\x1b|\x1b[|\x1b]|\x1bP|\r|\n|\t|\x07|\x08|\x1b\\|\xc2\x9b|\xc2\x9d|\xc2\x9c|31m|2K|1K|K|G|;|text"
    b"|\xe2\x80\xae|\xe2\x80\xa8|\xff|\xf0\x9f\x8e\x89|\x00|\x7f"
)
CONTROLS = st.sampled_from(PIECES.split(b"|"))
RAW = st.binary(max_size=80) | st.lists(CONTROLS, max_size=40).map(b"".join)


@given(raw=RAW, limit=st.integers(1, 60))
@example(raw=b"\x1b[0;m\x1b[31\x1b[Km", limit=5)
def test_no_control_gets_through(raw: bytes, limit: int) -> None:
    shown = display_text(raw, limit)
    visible = SGR.sub("", shown)
    assert len(visible) <= limit
    assert visible == plain_text(raw, limit)
    for character in visible:
        assert unicodedata.category(character) != "Cc"
        assert character not in "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
        assert character not in "\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    "piece", [b"\xc2\x9d", b"\x1b]", b"\x1b[", b"\x1b[31m", b"a\r", b"\x1b[1K", b"a\x1b[1K"]
)
def test_hostile_repetition_ends(piece: bytes) -> None:
    assert "\x1b]" not in display_text(piece * (200_000 // len(piece)))
