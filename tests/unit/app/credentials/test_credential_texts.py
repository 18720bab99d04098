"""Credentials by their names, from the events to every output mode."""

from __future__ import annotations

import io

from assemblyzero_tui.app.headless.plain_lines import PlainLines
from assemblyzero_tui.runner.logs.redaction import RedactedOutput
from assemblyzero_tui.runner.model.events import (
    CallEnded,
    CallStarted,
    CredentialChanged,
    EngineStarted,
    ItemInfo,
    ItemsQueued,
    RunStarted,
    decode_event,
    encode,
)
from assemblyzero_tui.runner.model.run_state import RunState, fold
from assemblyzero_tui.widgets.credentials.strip import strip_content
from assemblyzero_tui.widgets.glyphs import UNICODE


def run_with_keys() -> RunState:
    return fold(
        [
            RunStarted(
                run="r", workflow="lld", repository="/x", provider="gemini", parallel=3, time=1
            ),
            ItemsQueued(items=[ItemInfo(id="LLD-1", key="1")], time=1),
            EngineStarted(pid=1, time=1),
            *(CredentialChanged(credential=name, state="ready", time=1) for name in "abc"),
            CallStarted(item="LLD-1", lease=1, model="m", credential="a", time=2),
            CallEnded(item="LLD-1", lease=1, outcome="ok", credential="a", output_tokens=5, time=3),
            CallEnded(item="LLD-1", lease=2, outcome="minute", credential="b", time=3),
            CredentialChanged(
                credential="b", state="cooling", model="m", reason="quota", until=40.0, time=3
            ),
            CredentialChanged(credential="c", state="invalid", reason="not valid", time=4),
        ]
    )


def test_the_state_knows_every_credential_and_what_it_did() -> None:
    keys = run_with_keys().pool.credentials
    assert [(key.name, key.at(10.0)) for key in keys.values()] == [
        ("a", "ready"), ("b", "cooling"), ("c", "invalid"),
    ]  # fmt: skip
    assert keys["b"].at(40.0) == "ready"
    assert (keys["a"].answered, keys["a"].output_tokens, keys["b"].refused) == (1, 5, 1)


def test_credentials_of_an_older_engine_are_absent() -> None:
    run = run_with_keys()
    run.apply(EngineStarted(pid=2, resumed=True, time=50))
    run.apply(CredentialChanged(credential="a", state="ready", time=50))
    assert [key.at(50.0) for key in run.pool.credentials.values()] == ["ready", "absent", "absent"]
    assert run.pool.credentials["a"].answered == 1


def test_the_strip_names_the_credentials_and_their_states() -> None:
    text = strip_content(run_with_keys(), 10.0, UNICODE, 120).plain
    assert "gemini · a ready · b cooling" in text
    assert "· c invalid ·" in text
    later = strip_content(run_with_keys(), 50.0, UNICODE, 120).plain
    assert "gemini · a ready · b ready · c invalid" in later


def test_plain_lines_show_changes_of_credentials() -> None:
    lines = PlainLines()
    run = run_with_keys()
    out = CredentialChanged(credential="c", state="invalid", reason="not valid", time=4)
    (line,) = lines.event(out, run)
    assert line == "[COORDINATOR] credential c is invalid and no longer used: not valid"
    day = CredentialChanged(credential="b", state="exhausted", model="m", until=5.0, time=4)
    (line,) = lines.event(day, run)
    assert line.startswith("[COORDINATOR] credential b is exhausted for m until ")
    assert list(lines.event(CredentialChanged(credential="a", state="ready"), run)) == []


def test_the_event_survives_the_journal() -> None:
    event = CredentialChanged(credential="b", state="no_tier", model="m", until=4.0)
    assert decode_event(encode(event)) == event


def test_what_an_engine_says_on_stderr_is_redacted() -> None:
    out = io.StringIO()
    secret = "unheard-of-canary-key-0001"
    print(f"Traceback: {secret}\nkey=AIzaSomethingElse000001", file=RedactedOutput(out, [secret]))
    assert "canary" not in out.getvalue()
    assert "AIzaSome" not in out.getvalue()
    assert "Traceback: [redacted]" in out.getvalue()
