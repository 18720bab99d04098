"""Both SDKs against a server on this machine: every way a call can end has its typed outcome."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from assemblyzero_tui.runner.llm.opening import open_provider
from assemblyzero_tui.runner.llm.provider import CallError, Provider, Request, Silence
from assemblyzero_tui.runner.model.call_outcomes import Outcome
from assemblyzero_tui.runner.model.run_spec import Options
from assemblyzero_tui.runner.workflows.drafting.reviews import SCHEMA, parse
from tests.gemini_server import Fault, GeminiServer, Limits, Project, Shape
from tests.integration.llm.answering import answering
from tests.waiting import wait_for

KEY = "AIzaCanaryOfTheTableTest00000000000001"
SECRET_PART = KEY[:12]
DEADLINE = 1.0
"""Seconds a call has in the rows that would otherwise take for ever."""
GRACE = 2.0
"""Seconds a call may take beyond its deadline on a busy machine."""
DRAFT = Request(purpose="draft", system="Design.", prompt="Design a queue.")
REVIEW = Request(purpose="review", system="Review.", prompt="Review it.", schema=SCHEMA)


@dataclass(frozen=True)
class Row:
    """What a fault has to come out as."""

    fault: Fault
    outcome: Outcome
    says: str
    status: int = 0
    reason: str = ""
    retry_after: float = 0.0
    timeout: float = 20.0


ROWS = [
    Row(Fault.MINUTE, Outcome.MINUTE, "per-minute quota", 429, "RESOURCE_EXHAUSTED", 36.4),
    Row(Fault.TOKENS, Outcome.MINUTE, "per-minute token quota", 429, "RESOURCE_EXHAUSTED", 24.0),
    Row(Fault.DAY, Outcome.DAY, "daily quota", 429, "RESOURCE_EXHAUSTED", 41.0),
    Row(Fault.BARE_429, Outcome.QUOTA_UNKNOWN, "a quota for", 429),
    Row(Fault.NO_TIER, Outcome.NO_TIER, "has no quota for", 429, retry_after=12.0),
    Row(Fault.CAPACITY, Outcome.OVERLOADED, "no capacity", 429, "MODEL_CAPACITY_EXHAUSTED"),
    Row(Fault.UNAVAILABLE, Outcome.OVERLOADED, "no capacity", 503, "UNAVAILABLE"),
    Row(Fault.BAD_KEY, Outcome.AUTH, "the API key is not valid", 400, "API_KEY_INVALID"),
    Row(Fault.REGION, Outcome.REGION, "User location is not", 400, "FAILED_PRECONDITION"),
    Row(Fault.REGION_UNPAID, Outcome.UNPAID, "Please enable billing", 400, "FAILED_PRECONDITION"),
    Row(Fault.BILLING_OFF, Outcome.UNPAID, "requires billing", 403, "BILLING_DISABLED"),
    Row(Fault.SPENDING_CAP, Outcome.UNPAID, "monthly spending cap", 429, "RESOURCE_EXHAUSTED"),
    Row(Fault.NO_CREDIT, Outcome.UNPAID, "credits are depleted", 402, "RESOURCE_EXHAUSTED"),
    Row(Fault.NO_CREDIT_BEFORE, Outcome.UNPAID, "are depleted", 429, "RESOURCE_EXHAUSTED"),
    Row(Fault.RETIRED, Outcome.NO_MODEL, "no longer available", 404, "NOT_FOUND"),
    Row(Fault.PROMPT_TOO_LONG, Outcome.BLOCKED, "too long for", 400),
    Row(Fault.BAD_ARGUMENT, Outcome.BAD_REQUEST, "does not accept", 400),
    Row(Fault.UNAUTHENTICATED, Outcome.AUTH, "the API key is not accepted", 401),
    Row(Fault.LEAKED, Outcome.AUTH, "reported as leaked", 403, "API_KEY_LEAKED"),
    Row(Fault.SUSPENDED, Outcome.AUTH, "[redacted:AIza]' has been suspended", 403),
    Row(
        Fault.DISABLED,
        Outcome.AUTH,
        "not enabled in the credential's project",
        403,
        "SERVICE_DISABLED",
    ),
    Row(Fault.FORBIDDEN, Outcome.AUTH, "may not be used", 403, "PERMISSION_DENIED"),
    Row(Fault.NOT_FOUND, Outcome.NO_MODEL, "does not exist", 404),
    Row(Fault.INTERNAL, Outcome.TRANSPORT, "the service failed", 500),
    Row(Fault.BAD_GATEWAY, Outcome.TRANSPORT, "the service failed", 502),
    Row(Fault.REQUEST_TIMEOUT, Outcome.TIMEOUT, "longer than the service allows", 408),
    Row(Fault.CONFLICT, Outcome.TRANSPORT, "aborted the call", 409),
    Row(Fault.TOO_EARLY, Outcome.TRANSPORT, "aborted the call", 425),
    Row(Fault.CANCELLED, Outcome.TRANSPORT, "aborted the call", 499),
    Row(Fault.DEADLINE, Outcome.TIMEOUT, "longer than the service allows", 504),
    Row(Fault.OVERLOADED, Outcome.OVERLOADED, "no capacity", 529),
    Row(Fault.REDIRECTED, Outcome.TRANSPORT, "something other than the service", 302),
    Row(Fault.PAGE, Outcome.TRANSPORT, "is not an answer from gemini"),
    Row(Fault.HEAD_ONLY, Outcome.TIMEOUT, "within 1 s", timeout=DEADLINE),
    Row(Fault.SILENT, Outcome.TIMEOUT, "within 1 s", timeout=DEADLINE),
    Row(Fault.SLOW, Outcome.TIMEOUT, "within 1 s", timeout=DEADLINE),
    Row(Fault.DRIPPING, Outcome.TIMEOUT, "within 1 s", timeout=DEADLINE),
    Row(Fault.RESET, Outcome.TRANSPORT, "the connection was lost"),
    Row(Fault.CUT, Outcome.TRANSPORT, "the connection was lost"),
    Row(Fault.ERROR_IN_STREAM, Outcome.OVERLOADED, "no capacity", 503, "UNAVAILABLE"),
    Row(Fault.BLOCKED_PROMPT, Outcome.BLOCKED, "the prompt was blocked", 200, "SAFETY"),
    Row(Fault.BLOCKED_ANSWER, Outcome.BLOCKED, "stopped by the service", 200, "SAFETY"),
    Row(Fault.EMPTY, Outcome.NO_ANSWER, "is empty", 200, "STOP"),
    Row(Fault.BLANK, Outcome.NO_ANSWER, "is empty", 200, "STOP"),
    Row(Fault.RECITATION, Outcome.NO_ANSWER, "without an answer", 200, "RECITATION"),
    Row(Fault.MALFORMED_FUNCTION_CALL, Outcome.NO_ANSWER, "(MALFORMED_FUNCTION_CALL)", 200),
    Row(Fault.OTHER, Outcome.NO_ANSWER, "without an answer (OTHER)", 200, "OTHER"),
    Row(Fault.NEWER, Outcome.NO_ANSWER, "without an answer", 200),
    Row(Fault.TOO_LONG, Outcome.BLOCKED, "length limit", 200, "MAX_TOKENS"),
    Row(Fault.ENDLESS, Outcome.TRANSPORT, "without a finish reason", 200),
    Row(Fault.OTHER_MODEL, Outcome.BAD_REQUEST, "gemini-0.5-tiny answered", 200, "OTHER_MODEL"),
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GeminiServer]:
    with GeminiServer([Project("one", [KEY])]) as server:
        monkeypatch.setenv(ENDPOINT, server.url)
        yield server


@pytest.fixture(params=["gemini", "genai"])
def provider(request: pytest.FixtureRequest, server: GeminiServer) -> Provider:
    return open_provider(request.param, Options())


def test_the_table_has_every_fault() -> None:
    assert {row.fault for row in ROWS} == set(Fault)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault.value)
def test_every_fault_has_its_outcome_in_time_after_one_request_and_without_the_key(
    row: Row, provider: Provider, server: GeminiServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.script(row.fault)
    began = time.monotonic()
    with pytest.raises(CallError) as caught:
        provider.generate(DRAFT, secret=KEY, timeout=row.timeout, on_text=lambda text: None)
    took = time.monotonic() - began
    error = caught.value
    assert error.outcome is row.outcome
    assert row.says in str(error)
    assert len(server.requests) == 1
    assert took < (row.timeout if row.timeout == DEADLINE else 5.0) + GRACE
    if row.status:
        assert error.http_status == row.status
    if row.reason:
        assert error.reason == row.reason
    assert error.retry_after == pytest.approx(row.retry_after, abs=0.1)
    assert error.sent
    assert error.__cause__ is None
    assert error.__suppress_context__
    said = repr(error) + str(error) + repr(vars(error)) + "".join(capfd.readouterr())
    assert SECRET_PART not in said
    assert "\n" not in str(error)


WHOLE = [
    Shape.SERVICE, Shape.OBJECT, Shape.LIST, Shape.SEVERAL, Shape.QUOTED, Shape.BARE, Shape.PACKED,
    Shape.IN_200, Shape.LIST_IN_200, Shape.FIRST, Shape.MIDDLE, Shape.LOOSE, Shape.NO_CODE,
]  # fmt: skip
"""Shapes that hold all that the service says."""
SAID = [Shape.STRING, Shape.TEXT, Shape.MESSAGE]
"""Shapes that hold the message and nothing else."""
REFUSALS = {
    Fault.MINUTE: Outcome.MINUTE, Fault.DAY: Outcome.DAY, Fault.TOKENS: Outcome.MINUTE,
    Fault.BAD_KEY: Outcome.AUTH, Fault.LEAKED: Outcome.AUTH, Fault.NOT_FOUND: Outcome.NO_MODEL,
    Fault.INTERNAL: Outcome.TRANSPORT, Fault.UNAVAILABLE: Outcome.OVERLOADED,
    Fault.REQUEST_TIMEOUT: Outcome.TIMEOUT, Fault.CONFLICT: Outcome.TRANSPORT,
    Fault.CANCELLED: Outcome.TRANSPORT, Fault.DEADLINE: Outcome.TIMEOUT,
}  # fmt: skip


@pytest.mark.parametrize("shape", Shape)
def test_an_error_means_the_same_however_it_is_packed(
    shape: Shape, provider: Provider, server: GeminiServer
) -> None:
    wanted = dict(REFUSALS)
    if shape not in WHOLE:
        quotas = (Fault.MINUTE, Fault.DAY, Fault.TOKENS)
        wanted |= dict.fromkeys(quotas, Outcome.QUOTA_UNKNOWN)
        if shape not in SAID:
            wanted[Fault.BAD_KEY] = Outcome.BAD_REQUEST
    found: dict[Fault, Outcome] = {}
    quotas_named: list[object] = []
    for fault in wanted:
        server.unscript()
        server.script(fault, shape=shape)
        with pytest.raises(CallError) as caught:
            provider.generate(DRAFT, secret=KEY, timeout=20)
        found[fault] = caught.value.outcome
        quotas_named += caught.value.quotas
        assert len(str(caught.value)) < 400
    assert found == wanted
    assert len(server.requests) == len(wanted)
    assert len(quotas_named) == (3 if shape in WHOLE else 0)


def test_a_header_that_asks_to_wait_is_believed(provider: Provider, server: GeminiServer) -> None:
    server.script(Fault.UNAVAILABLE, shape=Shape.HTML, retry_after="17")
    with pytest.raises(CallError) as caught:
        provider.generate(DRAFT, secret=KEY, timeout=20)
    assert caught.value.retry_after == 17.0


SHORT = Silence(0.5, 0.25)


@pytest.mark.parametrize(
    ("fault", "seconds"), [(Fault.SLOW, 0.5), (Fault.HEAD_ONLY, 0.5), (Fault.SILENT, 0.25)]
)
def test_a_silent_connection_is_given_up_long_before_the_deadline(
    fault: Fault, seconds: float, provider: Provider, server: GeminiServer
) -> None:
    server.script(fault)
    with pytest.raises(CallError) as caught:
        provider.generate(DRAFT, secret=KEY, timeout=600, silence=SHORT)
    assert caught.value.outcome is Outcome.TIMEOUT
    assert caught.value.silent
    assert f"sent nothing for {seconds:g} s" in str(caught.value)


def test_bytes_are_no_silence_but_the_deadline_holds(
    provider: Provider, server: GeminiServer
) -> None:
    server.script(Fault.DRIPPING)
    with pytest.raises(CallError) as caught:
        provider.generate(DRAFT, secret=KEY, timeout=2 * DEADLINE, silence=Silence(DEADLINE, 0.7))
    assert caught.value.outcome is Outcome.TIMEOUT
    assert not caught.value.silent


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.DRIPPING, Fault.SILENT])
def test_the_thread_of_a_call_that_was_given_up_ends(
    fault: Fault, provider: Provider, server: GeminiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assemblyzero_tui.runner.llm.gemini_base.SPARE_SECONDS", 0.1)
    server.script(fault)
    before = set(threading.enumerate())
    with pytest.raises(CallError):
        provider.generate(DRAFT, secret=KEY, timeout=DEADLINE, silence=SHORT)

    def ended() -> bool:
        new = set(threading.enumerate()) - before
        return not any(thread.name in ("model call", "closing") for thread in new)

    wait_for(ended, "end of the thread")


def test_the_cost_of_an_empty_answer_is_reported(provider: Provider, server: GeminiServer) -> None:
    server.script(Fault.BLANK)
    with pytest.raises(CallError) as caught:
        provider.generate(DRAFT, secret=KEY, timeout=20)
    assert caught.value.input_tokens > 10
    assert caught.value.output_tokens > 0


def test_quota_refusals_name_their_quota(provider: Provider, server: GeminiServer) -> None:
    server.script(Fault.DAY)
    with pytest.raises(CallError) as caught:
        provider.generate(DRAFT, secret=KEY, timeout=20)
    assert caught.value.quotas == {"GenerateRequestsPerDayPerProjectPerModel-FreeTier": 20}


def test_a_draft_is_streamed_and_counted(provider: Provider, server: GeminiServer) -> None:
    pieces: list[str] = []
    answer = provider.generate(DRAFT, secret=KEY, timeout=20, on_text=pieces.append)
    assert len(pieces) > 2
    assert "".join(pieces) == answer.text
    assert answer.text.startswith("# LLD")
    assert answer.model == Options().model
    assert answer.input_tokens > 10
    assert answer.output_tokens == -(-len(answer.text) // 4)
    (asked,) = server.requests
    assert asked.body["systemInstruction"]["parts"][0]["text"] == "Design."
    assert "responseSchema" not in asked.body["generationConfig"]


def test_pieces_arrive_while_the_answer_is_being_written(
    provider: Provider, server: GeminiServer
) -> None:
    server.latency = 30.0

    def take(text: str) -> None:
        raise LookupError(text)

    began = time.monotonic()
    with pytest.raises(LookupError, match="# LLD"):
        provider.generate(DRAFT, secret=KEY, timeout=20, on_text=take)
    assert time.monotonic() - began < 15


def test_a_review_is_asked_of_its_model_with_a_schema(
    provider: Provider, server: GeminiServer
) -> None:
    answer = provider.generate(REVIEW, secret=KEY, timeout=20)
    assert parse(answer.text).verdict in ("APPROVED", "BLOCKED")
    assert answer.model == Options().review_model == provider.model_for(REVIEW)
    configuration = server.requests[0].body["generationConfig"]
    assert configuration["responseMimeType"] == "application/json"
    assert sorted(configuration["responseSchema"]["required"]) == sorted(SCHEMA["required"])


def test_many_keys_at_once_do_not_mix(provider: Provider, server: GeminiServer) -> None:
    from tests.gemini_server import fingerprint

    keys = [f"AIzaNotMixed{number:026d}" for number in range(4)]
    server.projects.append(Project("many", keys))

    def ask(key: str) -> None:
        request = Request(purpose="draft", system="s", prompt=f"Design {fingerprint(key)}.")
        for _ in range(3):
            provider.generate(request, secret=key, timeout=30)

    threads = [threading.Thread(target=ask, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 12
    for request in server.requests:
        assert request.key in request.body["contents"][0]["parts"][0]["text"]


def test_a_server_that_is_not_there_was_not_sent_anything(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    with pytest.raises(CallError) as caught:
        open_provider(provider.name, Options()).generate(DRAFT, secret=KEY, timeout=20)
    assert caught.value.outcome is Outcome.TRANSPORT
    assert not caught.value.sent
    assert "cannot be reached" in str(caught.value)


def test_a_proxy_that_cannot_be_used_is_named_and_not_waited_for(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "carrier-pigeon://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "carrier-pigeon://127.0.0.1:9")
    monkeypatch.setenv(ENDPOINT, "https://gemini.invalid")
    with pytest.raises(CallError, match="cannot be made from this machine") as caught:
        open_provider(provider.name, Options()).generate(DRAFT, secret=KEY, timeout=20)
    assert caught.value.outcome is Outcome.BAD_REQUEST
    assert not caught.value.sent
    assert "proxy" in str(caught.value).casefold()


def test_the_books_count_by_project_and_model_on_a_clock_that_can_be_set(
    provider: Provider, server: GeminiServer
) -> None:
    server.projects[0].limits = {"*": Limits(minute=2, day=3)}

    def outcome() -> str:
        try:
            provider.generate(DRAFT, secret=KEY, timeout=20)
        except CallError as error:
            return error.outcome.value
        return "ok"

    assert [outcome() for _ in range(3)] == ["ok", "ok", "minute"]
    server.clock.advance(61)
    assert [outcome() for _ in range(2)] == ["ok", "day"]
    server.clock.advance(24 * 3600)
    assert outcome() == "ok"
    assert provider.generate(REVIEW, secret=KEY, timeout=20).text


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://example.com"])
def test_an_endpoint_that_is_none_or_would_carry_keys_in_clear_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, url)
    with pytest.raises(TuiError, match=ENDPOINT):
        open_provider("gemini", Options())


def test_no_request_to_count_tokens_follows_a_redirect_with_the_api_key(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(200, "{}") as (elsewhere, sent), answering(307, "", ("Location", elsewhere)) as (
        url, first,
    ):  # fmt: skip
        monkeypatch.setenv(ENDPOINT, url)
        redirected = open_provider(provider.name, Options())
        assert redirected.count_tokens(DRAFT, secret=KEY) == 0
    assert (first, sent) == ([KEY], [])


def test_the_service_counts_tokens_on_request(provider: Provider, server: GeminiServer) -> None:
    tokens = provider.count_tokens(DRAFT, secret=KEY)
    assert tokens >= (len(DRAFT.system) + len(DRAFT.prompt)) // 4
    assert server.counted == [provider.model_for(DRAFT)]
    assert server.requests == []


def test_a_service_that_does_not_count_is_no_error(
    monkeypatch: pytest.MonkeyPatch, server: GeminiServer, request: pytest.FixtureRequest
) -> None:
    for name in ("gemini", "genai"):
        provider = open_provider(name, Options(model="gemini-unheard-of"))
        server.close()
        assert provider.count_tokens(DRAFT, secret=KEY) == 0
