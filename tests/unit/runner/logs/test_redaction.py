"""Secrets never reach the log, however they are split; everything else does."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assemblyzero_tui.runner.logs.redaction import HOLD_LIMIT, Redactor

GEMINI = "AIza" + "SyD3mo-0123456789_abcdefghijklmnopq"
OTHER = "AIza" + "SyQ9-9876543210_zyxwvutsrqponmlkjih"
TOKEN = "ya29." + "a0AfB_byC1234567890.abc-def"
NEW = "AQ." + "Ab8RN6J0123456789abcdef"
PASSWORD = "p/ss word+1?"


def through(redactor: Redactor, *reads: bytes) -> bytes:
    return b"".join([redactor.feed(read) for read in reads]) + redactor.flush()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"using {GEMINI} now", "using [redacted:AIza] now"),
        (
            f"https://x.test/v1?key={GEMINI}&alt=json",
            "https://x.test/v1?key=[redacted:AIza]&alt=json",
        ),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer [redacted:ya29]"),
        (f"({NEW})", "([redacted:AQ])"),
        ("key=0123456789abcdef0123", "key=[redacted]"),
        ("GOOGLE_API_KEY=abcdefgh1", "GOOGLE_API_KEY=[redacted]"),
        ("X-Goog-Api-Key: abcdefghij", "X-Goog-Api-Key: [redacted]"),
        ("x-goog-api-key: abcdefghij\r", "x-goog-api-key: [redacted]\r"),
        ('{"api_key": "abcdefgh"}', '{"api_key": "[redacted]"}'),
        ("apiKey='abcdefgh'", "apiKey='[redacted]'"),
    ],
)
def test_secrets_of_a_known_form_are_replaced(text: str, expected: str) -> None:
    assert Redactor().redact(text) == expected
    assert through(Redactor(), text.encode()) == expected.encode()


@pytest.mark.parametrize(
    "text",
    [
        "monkey=banana0123456789abcdef",
        "sort(key=len)",
        "sorted by key=created_at_descending",
        "Primary key: customer_identifier_0123456789",
        "api_key: str",
        "see FAQ.md#questions-and-answers and IRAQ.something_quite_long",
        "the AIza prefix",
        "k ke key a ap api api_ A AQ AI y ya ya29",
        "",
    ],
)
def test_ordinary_text_survives(text: str) -> None:
    assert Redactor().redact(text) == text
    assert through(Redactor(), text.encode()) == text.encode()


def test_known_values_are_found_plain_and_quoted() -> None:
    redactor = Redactor([PASSWORD, ""])
    text = f"{PASSWORD}|p%2Fss%20word%2B1%3F|p/ss%20word%2B1%3F|p%2Fss+word%2B1%3F|pass"
    expected = "[redacted]|[redacted]|[redacted]|[redacted]|pass"
    assert redactor.redact(text) == expected
    assert redactor.redact_known_values(text) == expected


def test_a_design_may_speak_of_keys() -> None:
    text = f"Set `api_key: abcdefgh12345678` and key=0123456789abcdef0123, not {GEMINI}."
    assert Redactor([GEMINI]).redact_known_values(text) == text.replace(GEMINI, "[redacted:AIza]")


def test_every_line_of_a_value_of_several_lines_counts() -> None:
    redactor = Redactor(["first-line-secret\nsecond-line-secret"])
    assert redactor.redact("first-line-secret and second-line-secret") == (
        "[redacted] and [redacted]"
    )


PIECES = st.sampled_from(
    [
        GEMINI,
        OTHER,
        TOKEN,
        NEW,
        PASSWORD,
        "hunter2!",
        "hunter2",
        "key=",
        "api_key: ",
        "x-goog-api-key:",
        "monkey=banana",
        "AIza",
        "A",
        "AQ.",
        "ya",
        "0123456789abcdef0123",
        "ordinary words",
        " ",
        "\n",
        "é",
    ]
)


@given(
    pieces=st.lists(PIECES, max_size=12),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
@example(pieces=[GEMINI, PASSWORD], cuts=[39])
@example(pieces=[NEW, "monkey=banana", TOKEN], cuts=[29])
@example(pieces=[GEMINI, TOKEN, "AQ.", TOKEN], cuts=[54])
@example(pieces=["api_key: ", "x-goog-api-key:", "x-goog-api-key:"], cuts=[24])
def test_the_cuts_between_reads_change_nothing(pieces: list[str], cuts: list[int]) -> None:
    secrets = [GEMINI, PASSWORD, "hunter2!"]
    data = "".join(pieces).encode()
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    reads = [data[a:b] for a, b in pairwise(places)]
    whole = through(Redactor(secrets), data)
    assert through(Redactor(secrets), *reads) == whole
    for secret in secrets:
        assert secret.encode() not in whole


@pytest.mark.parametrize("secret", [GEMINI, OTHER, NEW, TOKEN, PASSWORD])
def test_a_secret_that_comes_byte_by_byte_is_found(secret: str) -> None:
    data = f"before {secret} after\n".encode()
    out = through(Redactor([GEMINI, PASSWORD]), *(data[n : n + 1] for n in range(len(data))))
    assert out.startswith(b"before [redacted")
    assert out.endswith(b"] after\n")


def test_a_quiet_pipe_gets_its_text() -> None:
    redactor = Redactor([GEMINI])
    assert redactor.feed(b"Continue? y") == b"Continue? "
    assert redactor.held == b"y"
    assert redactor.feed(b"") == b"y"
    assert redactor.held == b""
    assert redactor.feed(b"es\n") == b"es\n"


def test_a_pause_within_a_secret_does_not_show_it() -> None:
    for cut in range(1, len(GEMINI)):
        for redactor in (Redactor([GEMINI]), Redactor()):
            start, rest = GEMINI[:cut].encode(), GEMINI[cut:].encode()
            out = redactor.feed(b"see " + start) + redactor.feed(b"")
            out += redactor.feed(rest) + redactor.feed(b"") + redactor.feed(b" end\n")
            out += redactor.flush()
            assert out in (
                b"see " + GEMINI[: min(cut, 7)].encode() + b"[redacted:AIza] end\n",
                b"see [redacted:AIza] end\n",
            )


def test_an_assigned_secret_is_not_released_by_a_pause() -> None:
    redactor = Redactor()
    out = redactor.feed(b"key=0123456789abcdef") + redactor.feed(b"") + redactor.feed(b"0123\n")
    assert out == b"key=[redacted]\n"


def test_the_end_of_the_stream_within_a_known_value_does_not_show_it() -> None:
    redactor = Redactor([PASSWORD])
    assert through(redactor, b"it is " + PASSWORD[:-1].encode()) == b"it is [redacted]"


def test_what_is_held_back_is_bounded() -> None:
    redactor = Redactor([GEMINI])
    for _ in range(100):
        redactor.feed(b"key=" + b"abcdefgh" * 512)
        assert len(redactor.held) <= HOLD_LIMIT


def test_nothing_is_held_back_behind_a_newline() -> None:
    redactor = Redactor([GEMINI])
    assert redactor.feed(b"a whole line\n") == b"a whole line\n"
    assert redactor.held == b""


def test_text_with_lone_surrogates_passes() -> None:
    assert Redactor(["secret-value"]).redact("\udc80 secret-value") == "\udc80 [redacted]"
