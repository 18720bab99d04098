"""Foreign text stays text in the Markdown report."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from assemblyzero_tui.runner.base.paths import RunFolder
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.events import ItemInfo, Notice, Result
from assemblyzero_tui.runner.model.run_state import fold
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.report_markdown import code, escaped, fenced
from tests.unit.run_examples import START, change, started

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARD = st.text(
    st.one_of(
        st.sampled_from("`|\\<>*_[]()!#&~$\n\r\t-+=1.):/@\u202e\u200b\x1b\u0085\u2028"),
        st.characters(),
    )
)


def cells(row: str) -> list[list[Token]]:
    """The inline tokens of each cell of the one row of a table, as a Markdown reader sees it."""
    tokens = PARSER.parse(f"| a | b | c |\n| --- | --- | --- |\n{row}\n")
    assert [token.type for token in tokens if token.level == 0] == ["table_open", "table_close"]
    inline = [token.children or [] for token in tokens if token.type == "inline"]
    assert len(inline) == 6
    return inline[3:]


def only_text(tokens: list[Token]) -> str:
    assert {token.type for token in tokens} <= {"text", "text_special"}
    return "".join(token.content for token in tokens)


@given(HARD)
def test_a_cell_shows_the_text_and_nothing_but_text(text: str) -> None:
    first, middle, last = cells(f"| x | {escaped(text)} | y |")
    assert only_text(middle) == one_line(text)
    assert (only_text(first), only_text(last)) == ("x", "y")


@given(HARD)
def test_a_line_of_its_own_shows_the_text_and_nothing_but_text(text: str) -> None:
    if not (shown := one_line(text)):
        return
    tokens = PARSER.parse(escaped(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert only_text(tokens[1].children or []) == shown


@given(HARD)
def test_a_code_cell_shows_the_text_as_code(text: str) -> None:
    _, middle, last = cells(f"| x | {code(text)} | y |")
    shown = one_line(text)
    if shown:
        (token,) = middle
        assert (token.type, token.content) == ("code_inline", shown)
    assert only_text(last) == "y"


@given(st.lists(HARD))
def test_no_line_ends_a_block(lines: list[str]) -> None:
    lines = [one_line(line) for line in lines]
    tokens = PARSER.parse(fenced(lines) + "\nafter\n")
    assert [token.type for token in tokens] == [
        "fence", "paragraph_open", "inline", "paragraph_close",
    ]  # fmt: skip
    assert tokens[0].content.rstrip("\n") == "\n".join(lines).rstrip("\n")


@given(st.text())
def test_one_line_holds_nothing_that_fools(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    line.encode()
    joiners = {"\u200c", "\u200d"}
    assert not {unicodedata.category(c) for c in line if c not in joiners} & {
        "Cc", "Cf", "Cs", "Zl", "Zp",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b[31mred\x1b[0m alert", "red alert"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://e\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("a\r\nb\tc", "a b c"),
        ("\ud800x", "x"),
        ("zero\u200bwidth", "zerowidth"),
        ("  spaces  ", "spaces"),
        ("\x1b", ""),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_one_line_is_cut_with_an_ellipsis() -> None:
    assert one_line("abcdefgh", 5) == "abcd…"
    assert one_line("abcde", 5) == "abcde"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", "a \\| b"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("![x](http://e/y.png)", "!\\[x\\](http:\\//e/y.png)"),
        ("# heading", "\\# heading"),
        ("Fix #12", "Fix #12"),
        ("1. item", "1\\. item"),
        ("www.example.org", "www\\.example.org"),
        ("AT&T", "AT&amp;T"),
    ],
)
def test_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_a_hostile_run_makes_a_report_with_the_usual_shape() -> None:
    evil = "x |\n\n# pwned\n\n<img src=x onerror=y> ``` [a](javascript:b) \u202e\x1b[2J"
    events = started(ItemInfo(id="LLD-1", key="1", title=evil, url=evil))
    events += [
        change("LLD-1", State.FAILED, 5, reason=evil),
        Notice(time=START + 6, level="error", item="LLD-1", text=evil),
    ]
    text = report.to_markdown(report.build(fold(events), RunFolder(Path("/r")), START + 9))
    tokens = PARSER.parse(text)
    headings = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert headings[1:5] == ["Items", "Timeline", "Calls", "Failures"]
    assert headings[6:] == ["Warnings", "Next steps"]
    inline = {child.type for t in tokens for child in t.children or []}
    assert not inline & {"image", "link_open", "html_inline"}
    assert not {t.type for t in tokens} & {"html_block"}
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://github.com/o/r/issues/7", True),
        ("https://ghe.example:8443/o/r/issues/7", True),
        ("javascript:alert(1)", False),
        ("https://x/a|b", False),
        ("https://x/<b>", False),
        ("https://x/a b", False),
    ],
)
def test_the_address_of_what_was_made_is_a_link_if_it_is_one(url: str, link: bool) -> None:
    state = fold(
        [*started(ItemInfo(id="LLD-1", key="1")), change("LLD-1", State.DONE, 5, result=made(url))]
    )
    table = report.to_markdown(report.build(state, RunFolder(Path("/none")), START + 9))
    row = next(line for line in table.splitlines() if line.startswith("| `LLD-1`"))
    assert (f"filed as #7 <{url}>" in row) == link
    if not link:
        assert "<" not in row.replace("&lt;", "")


def made(url: str) -> Result:
    return Result(summary=f"filed as #7 {url}", url=url)
