"""Whether a model exists, asked of a server on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from assemblyzero_tui.runner.llm.model_lookup import Existence, look_up
from tests.gemini_server import MODELS, GeminiServer, Project
from tests.integration.llm.answering import answering

KEY = "AIzaLookUpCanary0123456789"
PATIENCE = 10.0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GeminiServer]:
    projects = [
        Project("one", [KEY]),
        Project("two", ["other-key-of-the-lookup"], models=MODELS[:1]),
    ]
    with GeminiServer(projects) as server:
        monkeypatch.setenv(ENDPOINT, server.url)
        yield server


def test_a_model_that_exists_is_found_and_no_call_is_made(server: GeminiServer) -> None:
    assert look_up(MODELS[1], KEY, PATIENCE) == (Existence.FOUND, "")
    assert server.requests == []


def test_a_model_that_does_not_is_missing_in_the_service_s_words(server: GeminiServer) -> None:
    existence, words = look_up("gemini-7-nope", KEY, PATIENCE)
    assert existence is Existence.MISSING
    assert "models/gemini-7-nope is not found" in words


def test_it_depends_on_the_project(server: GeminiServer) -> None:
    assert look_up(MODELS[1], "other-key-of-the-lookup", PATIENCE)[0] is Existence.MISSING


def test_a_refused_key_says_nothing_of_the_model(server: GeminiServer) -> None:
    assert look_up("gemini-7-nope", "unknown-key-of-the-lookup", PATIENCE)[0] is Existence.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "existence"),
    [
        (404, "<html>Not Found</html>", Existence.UNKNOWN),
        (404, '{"error": {"code": 404, "message": "no such route", "status": "NOT_FOUND"}}',
         Existence.UNKNOWN),
        (404, '{"message": "Cannot GET /v1beta/models/gemini-x"}', Existence.UNKNOWN),
        (404, '{"error": {"code": 404, "message": "Cannot GET /v1beta/models/gemini-x"}}',
         Existence.UNKNOWN),
        (200, "<html>Please log in</html>", Existence.UNKNOWN),
        (200, '{"name": "models/gemini-x"}', Existence.FOUND),
        (200, '{"name": "models/gemini-x", "supportedGenerationMethods": ["embedContent"]}',
         Existence.MISSING),
        (503, '{"error": {"code": 503}}', Existence.UNKNOWN),
    ],
)  # fmt: skip
def test_only_the_service_itself_is_believed(
    monkeypatch: pytest.MonkeyPatch, status: int, body: str, existence: Existence
) -> None:
    with answering(status, body) as (url, _):
        monkeypatch.setenv(ENDPOINT, url)
        assert look_up("gemini-x", KEY, PATIENCE)[0] is existence


def test_the_api_key_follows_no_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(200, "{}") as (elsewhere, sent), answering(302, "", ("Location", elsewhere)) as (
        url, _,
    ):  # fmt: skip
        monkeypatch.setenv(ENDPOINT, url)
        assert look_up("gemini-x", KEY, PATIENCE)[0] is Existence.UNKNOWN
    assert sent == []


def test_where_nobody_answers_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(200, "{}") as (url, _):
        pass
    monkeypatch.setenv(ENDPOINT, url)
    assert look_up("gemini-x", KEY, PATIENCE) == (Existence.UNKNOWN, "")
