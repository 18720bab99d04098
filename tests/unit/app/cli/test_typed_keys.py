"""API keys where none belongs: nothing begins, and no text repeats them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.app.cli.failures import guarded
from assemblyzero_tui.app.cli.typed_keys import possible_secrets, refuse_typed_keys
from assemblyzero_tui.runner.base.errors import TuiError

KEYS = [
    "AIzaTypedByMistake-0123456789abcdefghij",
    "AQ.TypedByMistake0123456789",
    "ya29.Typed.0123456",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("lld", "--credentials", "{}"), "--credentials"),
        (("lld", "--model={}"), "--model"),
        (("lld", "{}"), "the command line"),
        (("lld", "--{}"), "the command line"),
        (("report", "{}", "--format", "md"), "the command line"),
        (("lld", "--issues-dir", "notes/{}"), "--issues-dir"),
    ],
)
def test_the_place_is_named_and_not_the_key(key: str, words: tuple[str, ...], place: str) -> None:
    with pytest.raises(TuiError) as caught:
        refuse_typed_keys([word.format(key) for word in words], {})
    assert place in caught.value.what
    assert key[3:12] not in str(caught.value)


def test_a_variable_of_this_program_is_named() -> None:
    environment = {"ASSEMBLYZERO_TUI_LLD_MODEL": KEYS[1], "GEMINI_API_KEY": KEYS[0]}
    with pytest.raises(TuiError) as caught:
        refuse_typed_keys(["lld"], environment)
    assert "ASSEMBLYZERO_TUI_LLD_MODEL" in caught.value.what
    assert "Mistake" not in str(caught.value)


def test_what_only_resembles_one_is_taken(tmp_path: Path) -> None:
    there = tmp_path / KEYS[0]
    there.touch()
    words = ["lld", "42", "--all", "FAQ.something-very-long.md", str(there), "AIzaShort"]
    refuse_typed_keys(words, {"GEMINI_API_KEY": KEYS[0]})


def test_no_message_repeats_what_may_be_a_secret_of_another_kind(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = "Zk81unheardOfKindOfToken"
    monkeypatch.setenv("GEMINI_API_KEY", "of-no-known-kind-at-all")

    def fail() -> None:
        raise TuiError(f"There is no {odd}.", f"Not at {odd}, nor at of-no-known-kind-at-all")

    assert guarded(fail, ["lld", odd]) == 2
    said = capsys.readouterr().err
    assert odd not in said
    assert "of-no-known-kind" not in said
    assert "There is no [redacted" in said


def test_an_unforeseen_error_writes_none_down(
    capsys: pytest.CaptureFixture[str], state_home: Path
) -> None:
    odd = "Zk81unheardOfKindOfToken"

    def fail() -> None:
        raise ZeroDivisionError(odd)

    assert guarded(fail, ["lld", odd]) == 1
    (crash,) = (state_home / "crashes").iterdir()
    assert odd not in capsys.readouterr().err + crash.read_text()


def test_ordinary_words_are_repeated() -> None:
    words = ["20261128-092039-lld", "docs/lld/LLD-001-Lamps.md", "gemini-3.1-pro-preview"]
    words += ["LLD-Template-v2-2026.md", "--context=Requirements2026.md", "Settings2026Lamps.toml"]
    assert possible_secrets(words, {}) == []
