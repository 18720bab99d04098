"""What is filed notifies nobody and closes nothing, unless the brief says so."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.workflows.issue.inert import BREAK, make_inert


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("Thanks @bell-ringer.", f"Thanks @{BREAK}bell-ringer."),
        ("(@a), “@b”: @org/team", f"(@{BREAK}a), “@{BREAK}b”: @{BREAK}org/team"),
        ("- [ ] @a\n- x", f"- [ ] @{BREAK}a\n- x"),
        ("> *@a*", f"> *@{BREAK}a*"),
        ("| a |\n|---|\n| @a |", f"| a |\n|---|\n| @{BREAK}a |"),
        ("# For @a", f"# For @{BREAK}a"),
        ("<b>@a</b>\n\n<div>\n`@b`\n</div>", f"<b>@{BREAK}a</b>\n\n<div>\n`@{BREAK}b`\n</div>"),
        ("a ` b\n\n@c ` d", f"a ` b\n\n@{BREAK}c ` d"),
        (r"\`@a\`", rf"\`@{BREAK}a\`"),
        ("Closes #1", f"Closes{BREAK} #1"),
        ("fixed: o/r#2 and RESOLVES GH-3", f"fixed{BREAK}: o/r#2 and RESOLVES{BREAK} GH-3"),
        ("**Fixes**: https://github.com/o/r/issues/4",
         f"**Fixes{BREAK}**: https://github.com/o/r/issues/4"),
        ("close\n#5", f"close{BREAK}\n#5"),
    ],
)  # fmt: skip
def test_what_has_an_effect_is_made_inert(text: str, inert: str) -> None:
    found = make_inert(text, "A brief.")
    assert found.text == inert
    assert found.changed
    assert make_inert(found.text, "").text == inert


@pytest.mark.parametrize(
    "text",
    [
        "me@example.org", "`@a` and ``b ` @c``", "```py\n@property\n# closes #1\n```", "    @a",
        "~~~\n@a\n~~~", "https://example.org/@a/x", "[a](https://example.org/@a)", "a @ b", "@",
        "discloses #1", "Closes the door. #1", "See #1.", "fix 12", "enclosed #3",
    ],
)  # fmt: skip
def test_what_has_none_is_left(text: str) -> None:
    assert make_inert(text, "") == (text, ())


def test_what_the_brief_says_stays() -> None:
    text = "Ask @Ringer, not @other; fixes #4, closes #5."
    found = make_inert(text, "For @ringer. Closes #4 (see #5).")
    assert found.text == f"Ask @Ringer, not @{BREAK}other; fixes #4, closes{BREAK} #5."
    assert found.changed == ("@other", "closes #5")


@given(st.text(st.sampled_from("@ab`#1 \n\\|>-<*:/"), max_size=60))
def test_nothing_is_lost_and_no_effect_is_left(text: str) -> None:
    found = make_inert(text, "")
    assert found.text.replace(BREAK, "") == text
    assert make_inert(found.text, "").text == found.text
    plain = re.sub(r"`+", "", found.text)
    if "`" not in text and "\n" not in text and "/" not in text and not text.startswith("    "):
        assert not re.search(r"(?<![ab1])@[ab1]", plain)
