"""The classification of failed calls, without any SDK."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.llm.failures import Ending, Refusal, classify
from assemblyzero_tui.runner.llm.provider import CallError
from assemblyzero_tui.runner.model.call_outcomes import KINDS, Kind, Outcome
from assemblyzero_tui.runner.model.model_catalog import (
    DEFAULT_MODEL,
    DEFAULT_REVIEW_MODEL,
    check_model,
    check_reviewer,
    same_model,
)

KEY = "AQ.canaryOfTheOutcomes0001"


def refused(status: int, body: Any) -> CallError:
    error = classify(Refusal(status, body), model="gemini-x", secret=KEY)
    assert error is not None
    return error


def quota(*violations: dict[str, str], message: str = "") -> dict[str, Any]:
    details = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": list(violations)}
    ]
    return {"error": {"code": 429, "message": message, "details": details}}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (quota({"quotaId": "RequestsPerMinute-Free", "quotaValue": "10"}), Outcome.MINUTE),
        (quota({"quotaId": "TokensPerMinute"}, {"quotaId": "RequestsPerDay"}), Outcome.DAY),
        (quota({"quotaId": "RequestsPerDay", "quotaValue": "0"}), Outcome.NO_TIER),
        (quota({"quotaId": "RequestsPerDay"}, message="limit: 0, model: x"), Outcome.NO_TIER),
        (quota({"quotaId": "RequestsPerDay"}, message="limit: 20, model: x"), Outcome.DAY),
        (quota({"quotaId": "Something"}), Outcome.QUOTA_UNKNOWN),
        ({"error": {"message": "model port 42943 busy"}}, Outcome.QUOTA_UNKNOWN),
        ("not an object", Outcome.QUOTA_UNKNOWN),
        (None, Outcome.QUOTA_UNKNOWN),
        ([{"error": {"details": [{"reason": "MODEL_CAPACITY_EXHAUSTED"}]}}], Outcome.OVERLOADED),
    ],
)
def test_429_means_what_its_details_say(body: Any, outcome: Outcome) -> None:
    assert refused(429, body).outcome is outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Outcome.BAD_REQUEST), (401, Outcome.AUTH), (403, Outcome.AUTH),
        (402, Outcome.UNPAID), (404, Outcome.NO_MODEL), (408, Outcome.TIMEOUT),
        (413, Outcome.BLOCKED), (451, Outcome.REGION),
        (500, Outcome.TRANSPORT), (502, Outcome.TRANSPORT), (503, Outcome.OVERLOADED),
        (504, Outcome.TIMEOUT), (529, Outcome.OVERLOADED), (409, Outcome.TRANSPORT),
        (425, Outcome.TRANSPORT), (499, Outcome.TRANSPORT), (302, Outcome.TRANSPORT),
    ],
)  # fmt: skip
def test_a_status_alone_is_enough(status: int, outcome: Outcome) -> None:
    error = refused(status, None)
    assert error.outcome is outcome
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"error": {"code": 503}}, Outcome.OVERLOADED),
        (200, {"error": {"status": "RESOURCE_EXHAUSTED"}}, Outcome.QUOTA_UNKNOWN),
        (200, {"error": {}}, Outcome.TRANSPORT),
        (200, {"error": "sorry"}, Outcome.TRANSPORT),
        (500, {"error": {"code": 429}}, Outcome.QUOTA_UNKNOWN),
        (429, {"error": {"code": "503"}}, Outcome.OVERLOADED),
        (429, {"error": {"code": "rate_limit_exceeded"}}, Outcome.QUOTA_UNKNOWN),
        (429, {"error": {"code": 8}}, Outcome.QUOTA_UNKNOWN),
        (503, {"error": {"code": 10**400}}, Outcome.OVERLOADED),
        (503, [[[{"error": {"code": 429}}]]], Outcome.QUOTA_UNKNOWN),
        (400, '{"error": {"code": 429}}', Outcome.QUOTA_UNKNOWN),
        (400, "API key expired. Please renew the API key.", Outcome.AUTH),
        (400, "API Key not found. Please pass a valid API key.", Outcome.AUTH),
        (200, {"error": [{"code": 429}]}, Outcome.QUOTA_UNKNOWN),
        (429, {"error": {"details": "none", "message": 7}}, Outcome.QUOTA_UNKNOWN),
        (429, {"error": {"details": {"violations": 7, "reason": ["x"]}}}, Outcome.QUOTA_UNKNOWN),
        (429, {"error": {"details": [None, 3, {"violations": [{"quotaId": 5}]}]}},
         Outcome.QUOTA_UNKNOWN),
        (429, {"error": {"details": [{"retryDelay": "9" * 400 + "s"}]}}, Outcome.QUOTA_UNKNOWN),
        (503, "<html>{}</html>", Outcome.OVERLOADED),
    ],
)  # fmt: skip
def test_odd_errors_are_judged_by_what_can_be_read(
    status: int, body: Any, outcome: Outcome
) -> None:
    assert refused(status, body).outcome is outcome


def test_limits_that_are_not_numbers_are_ignored() -> None:
    bodies = [{"quotaId": f"PerMinute{n}", "quotaValue": v} for n, v in enumerate(["²", "9" * 999])]
    assert refused(429, quota(*bodies)).quotas == {"PerMinute0": None, "PerMinute1": None}


def test_a_message_cannot_fool_a_terminal() -> None:
    assert "\x1b" not in str(refused(400, {"error": {"message": "\x1b[31mred\ud800"}}))


def test_unexpected_failures_are_retried_a_few_times_only() -> None:
    error = classify(AttributeError("x"), model="m")
    assert error is not None
    assert KINDS[error.outcome] is Kind.NO_ANSWER


@pytest.mark.parametrize(
    "cause",
    [
        ValueError("Unknown scheme for proxy URL"), ImportError("socksio is not installed"),
        FileNotFoundError(2, "No such file"), OSError("no CA bundle"),
    ],
)  # fmt: skip
def test_what_is_set_up_wrong_here_fails_at_once_and_says_what_it_is(cause: Exception) -> None:
    error = classify(cause, model="m")
    assert error is not None
    assert KINDS[error.outcome] is Kind.PERMANENT
    assert not error.sent
    assert str(cause) in str(error)


@pytest.mark.parametrize("cause", [ConnectionResetError(104, "reset"), TimeoutError("late")])
def test_what_the_network_does_passes(cause: Exception) -> None:
    error = classify(cause, model="m")
    assert error is not None
    assert KINDS[error.outcome] is Kind.TRANSIENT


def test_an_api_key_is_redacted_however_an_error_quotes_it() -> None:
    odd = "odd\ncanary\u20ac"
    error = classify(ValueError(f"{odd!r} or {odd!a} cannot be sent"), model="m", secret=odd)
    assert "canary" not in str(error)


def test_the_number_429_in_a_message_means_nothing() -> None:
    error = refused(400, {"error": {"message": "429 RESOURCE_EXHAUSTED at http://x:42943"}})
    assert error.outcome is Outcome.BAD_REQUEST


def test_the_api_key_is_redacted_in_messages_and_reasons() -> None:
    body = {"error": {"message": f"'api_key:{KEY}' is bad", "details": [{"reason": KEY}]}}
    error = refused(403, body)
    assert KEY[:10] not in str(error) + error.reason + repr(error)


@pytest.mark.parametrize("before", range(270, 310, 3))
def test_no_part_of_an_api_key_is_left_where_a_message_is_cut(before: int) -> None:
    error = refused(403, {"error": {"message": "x" * before + f" '{KEY}' is bad"}})
    assert KEY[:4] not in str(error)


def test_a_long_message_is_cut_to_one_line() -> None:
    error = refused(400, {"error": {"message": "a\nb " * 1000}})
    assert len(str(error)) < 400
    assert "\n" not in str(error)


def test_a_complete_answer_is_not_a_failure() -> None:
    assert classify(Ending("STOP", "", "text"), model="m") is None


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (Ending("", "", "half"), Outcome.TRANSPORT),
        (Ending("MAX_TOKENS", "", "half"), Outcome.BLOCKED),
        (Ending("CONTINUATION", "", "half"), Outcome.BLOCKED),
        (Ending("SAFETY", "", "half"), Outcome.BLOCKED),
        (Ending("SPII", "", "half"), Outcome.BLOCKED),
        (Ending("PUP_LIMITED_DISABLED", "", ""), Outcome.AUTH),
        (Ending("RECITATION", "", "half"), Outcome.NO_ANSWER),
        (Ending("OTHER", "", ""), Outcome.NO_ANSWER),
        (Ending("MALFORMED_FUNCTION_CALL", "", ""), Outcome.NO_ANSWER),
        (Ending("UNEXPECTED_TOOL_CALL", "", ""), Outcome.NO_ANSWER),
        (Ending("LANGUAGE", "", ""), Outcome.NO_ANSWER),
        (Ending("17", "", "half"), Outcome.NO_ANSWER),
        (Ending("STOP", "", ""), Outcome.NO_ANSWER),
        (Ending("STOP", "", " \n"), Outcome.NO_ANSWER),
        (Ending("", "SAFETY", ""), Outcome.BLOCKED),
    ],
)
def test_every_other_ending_is_one(ending: Ending, outcome: Outcome) -> None:
    error = classify(ending, model="m")
    assert error is not None
    assert error.outcome is outcome


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("gemini-3.8-flash", "gemini-3.8-flash", True),
        ("gemini-3.8-flash", "models/gemini-3.8-flash-001", True),
        ("gemini-3.1-pro-preview", "gemini-3.1-pro-preview-02-19", True),
        ("gemini-3.1-pro", "gemini-3.1-pro-preview", True),
        ("gemini-3.8-flash-001", "gemini-3.8-flash", True),
        ("gemini-3.8-flash", "gemini-3.8-flash-lite", False),
        ("gemini-3.1-pro-preview", "gemini-3.8-flash", False),
        ("gemini-3", "gemini-3.1-pro", False),
        ("gemini-3.8-flash", "", False),
        ("gemini-flash-latest", "gemini-3.8-flash", True),
        ("gemini-pro-latest", "gemini-3.8-flash", False),
    ],
)
def test_versions_of_a_model_are_the_same_and_nothing_else_is(
    asked: str, answered: str, same: bool
) -> None:
    assert same_model(asked, answered) is same


def test_the_defaults_may_do_what_they_are_for() -> None:
    assert check_model(f"models/{DEFAULT_MODEL}", "--model") == DEFAULT_MODEL
    assert check_reviewer(DEFAULT_REVIEW_MODEL) == DEFAULT_REVIEW_MODEL
    assert check_reviewer("gemini-3.8-flash")


@pytest.mark.parametrize(
    "name",
    ["gemini-2.0-flash", "gemini-1.5-pro", "gemini-3.5-flash-lite", "gemini-pro-latest",
     "gemini-1.5", "gemini-pro", "gemini-exp-1206", "gpt-4",
     "gemini-3-pro-image", "gemma-3-27b-it", "Not A Model", ""],
)  # fmt: skip
def test_some_models_may_not_review(name: str) -> None:
    with pytest.raises(TuiError):
        check_reviewer(name)


@pytest.mark.parametrize(
    ("message", "limits"),
    [
        ("for metric: r, limit: 500 for metric: r, limit: 10", {"PerMinute": None, "PerDay": None}),
        ("for metric: r, limit: 10", {"PerMinute": None, "PerDay": None}),
    ],
)
def test_a_limit_of_a_metric_of_two_quotas_is_given_to_neither(
    message: str, limits: dict[str, int | None]
) -> None:
    violations = [{"quotaId": name, "quotaMetric": "r"} for name in limits]
    assert refused(429, quota(*violations, message=message)).quotas == limits


def test_a_limit_of_a_metric_of_one_quota_is_its_own() -> None:
    violations = [
        {"quotaId": "PerDay", "quotaMetric": "r", "quotaValue": "20"},
        {"quotaId": "PerMinute", "quotaMetric": "r"},
    ]
    error = refused(429, quota(*violations, message="for metric: r, limit: 10, model: x"))
    assert error.quotas == {"PerDay": 20, "PerMinute": 10}
