"""What no item can get past stops the run: the rest is kept, and the service's words are shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from assemblyzero_tui.runner.model.model_catalog import DEFAULT_MODEL, DEFAULT_REVIEW_MODEL
from assemblyzero_tui.runner.model.states import State
from tests.gemini_server import MODELS, Fault, GeminiServer
from tests.integration.cli.canaries import CANARIES
from tests.integration.cli.conftest import Program

Issues = Callable[..., list[int]]
LLD = ("lld", "--all", "--plain", "--credentials")
MISSING = "gemini-7-pro-preview"


def left(gemini: Program) -> int:
    """Items of the run that a resume goes on with."""
    return len(gemini.the_run().state.unfinished())


def test_a_review_model_that_does_not_exist_costs_nothing_and_another_one_goes_on(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path
) -> None:
    issues(3)
    done = gemini(*LLD, str(keys), "--review-model", MISSING)
    assert done.returncode == 1, done.stdout + done.stderr
    assert server.requests == []
    assert {model for _, model in server.lookups} == {MISSING}
    assert done.stdout.count(f"models/{MISSING} is not found for API version") == 1
    name = gemini.the_run().name
    assert f"assemblyzero-tui resume {name} --review-model NAME" in done.stdout
    assert left(gemini) == 3
    again = gemini("resume", "--plain", "--review-model", MODELS[1])
    assert again.returncode == 0, again.stdout + again.stderr
    assert gemini.the_run().state.counts[State.DONE] == 3


def test_where_no_model_can_be_looked_up_one_draft_shows_it(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A gateway may know nothing but calls."""

    def refuse(handler: BaseHTTPRequestHandler) -> None:
        handler.send_error(501)

    issues(4)
    handler = server._http.RequestHandlerClass
    monkeypatch.setattr(handler, "do_GET", refuse)
    done = gemini(*LLD, str(keys), "--review-model", MISSING)
    assert done.returncode == 1, done.stdout + done.stderr
    asked = [request.model for request in server.requests]
    assert asked == [DEFAULT_MODEL, *[MISSING] * len(CANARIES)]
    assert left(gemini) == 4


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault.REGION, 1, "User location is not supported"),
        (Fault.RETIRED, 1, "no longer available to new users"),
        (Fault.SPENDING_CAP, 75, "exceeded its monthly spending cap"),
        (Fault.NO_CREDIT, 75, "prepayment credits are depleted"),
        (Fault.BILLING_OFF, 75, "requires billing to be enabled"),
    ],
)
def test_what_every_credential_is_told_stops_the_run_until_it_is_resumed(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path, fault: Fault, code: int,
    words: str,
) -> None:  # fmt: skip
    issues(4)
    server.script(fault)
    done = gemini(*LLD, str(keys), "--parallel", "2")
    assert done.returncode == code, done.stdout + done.stderr
    assert len(server.requests) <= 2 * len(CANARIES)
    assert done.stdout.count(words) == 1
    assert "Nothing is lost" in done.stdout or "nothing is lost" in done.stdout
    assert left(gemini) == 4
    assert gemini("report").stdout.count(words) == 1
    report = json.loads(gemini("report", "--format", "json").stdout)
    assert words in report["blocked"]["words"]
    assert report["exit_code"] == code
    server.unscript()
    again = gemini("resume", "--plain")
    assert again.returncode == 0, again.stdout + again.stderr
    assert gemini.the_run().state.counts[State.DONE] == 4


@pytest.mark.parametrize("fault", [Fault.REGION, Fault.NOT_FOUND, Fault.NO_CREDIT_BEFORE])
def test_what_one_credential_is_told_leaves_the_work_to_the_others(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path, fault: Fault
) -> None:
    issues(2)
    server.script(fault, key=CANARIES[0], model=DEFAULT_REVIEW_MODEL)
    done = gemini(*LLD, str(keys))
    assert done.returncode == 0, done.stdout + done.stderr
    refused = [request for request in server.requests if request.status != 200]
    assert 1 <= len(refused) <= 2


def test_requests_that_are_not_accepted_fail_two_items_and_no_more(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path
) -> None:
    issues(5)
    server.script(Fault.BAD_ARGUMENT, model=DEFAULT_REVIEW_MODEL)
    done = gemini(*LLD, str(keys))
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(server.requests) == 4
    state = gemini.the_run().state
    assert (state.counts[State.FAILED], len(state.unfinished())) == (2, 3)
    assert state.blocked is not None
    assert "Unknown name" in state.blocked.words
    server.unscript()
    again = gemini("resume", "--plain", "--failed")
    assert again.returncode == 0, again.stdout + again.stderr


def test_requests_that_are_too_long_are_the_business_of_their_items(
    gemini: Program, server: GeminiServer, issues: Issues, keys: Path
) -> None:
    issues(4)
    server.script(Fault.PROMPT_TOO_LONG, times=3)
    done = gemini(*LLD, str(keys))
    assert done.returncode == 1, done.stdout + done.stderr
    state = gemini.the_run().state
    assert (state.counts[State.FAILED], state.counts[State.DONE]) == (3, 1)
    assert state.blocked is None
