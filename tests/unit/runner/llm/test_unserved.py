"""Refusals that no waiting changes, in the words of the service and in those it may choose next."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.llm.failures import Refusal, classify
from assemblyzero_tui.runner.model.call_outcomes import Outcome

UNPAID = [
    (429, "Your billing account has exceeded its monthly spending cap. Please go to AI Studio."),
    (429, "Your project has exceeded its spend cap for this month."),
    (429, "Project spending limit reached."),
    (429, "Your prepayment credits are depleted. Please go to AI Studio to manage your billing."),
    (429, "Your prepayment funds are depleted."),
    (402, "Your prepaid balance is zero."),
    (402, ""),
    (403, "This API method requires billing to be enabled. Please enable billing on project #1."),
    (403, "The billing account for the owning project is disabled in state absent"),
    (403, "Project fir (#12) has billing disabled. Please enable it."),
    (400, "Gemini API free tier is not available in your country. Please enable billing."),
    (400, "User location is not supported for the API use without a billing account linked."),
    (403, "You have no credits left."),
    (429, "Insufficient funds."),
]
ELSEWHERE = [
    (400, "User location is not supported for the API use."),
    (403, "Gemini is not available in your country."),
    (400, "This model is not offered in your current region."),
    (403, "Your location is unsupported."),
    (400, "Precondition check failed."),
]
ORDINARY = [
    (429, "You exceeded your current quota, please check your plan and billing details."),
    (429, "Resource has been exhausted (e.g. check quota)."),
    (429, "You exceeded your spend-based rate limit. Please retry in 31s."),
    (429, "Your spending limit for the last 10 minutes is reached."),
    (429, "Spend limit reached. Please try again later."),
    (403, "The caller does not have permission"),
    (400, "Request contains an invalid argument."),
    (400, "Invalid value at 'balance' (TYPE_STRING)."),
]


def outcome(status: int, message: str, **more: object) -> Outcome:
    name = {400: "FAILED_PRECONDITION"} if message.startswith(("User", "Pre", "Gem")) else {}
    error = {"code": status, "message": message, "status": name.get(status, "OTHER"), **more}
    failure = classify(Refusal(status, {"error": error}), model="gemini-x")
    assert failure is not None
    assert failure.words == message
    assert failure.brief + (f": {message}" if message else "") == str(failure)
    return failure.outcome


@pytest.mark.parametrize(("status", "message"), UNPAID)
def test_only_money_helps(status: int, message: str) -> None:
    assert outcome(status, message) is Outcome.UNPAID


@pytest.mark.parametrize(("status", "message"), ELSEWHERE)
def test_it_is_the_place(status: int, message: str) -> None:
    assert outcome(status, message) is Outcome.REGION


@pytest.mark.parametrize(("status", "message"), ORDINARY)
def test_what_sounds_alike_and_passes_or_is_the_key_s(status: int, message: str) -> None:
    assert outcome(status, message) not in (Outcome.UNPAID, Outcome.REGION, Outcome.NO_MODEL)


def test_a_cap_with_a_time_passes() -> None:
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "31s"}
    assert outcome(429, "The spending limit is reached.", details=[delay]) is Outcome.QUOTA_UNKNOWN


def test_a_reason_is_enough() -> None:
    details = [{"reason": "BILLING_DISABLED"}]
    assert outcome(403, "Forbidden", details=details) is Outcome.UNPAID


@pytest.mark.parametrize(
    "message",
    [
        "The input token count (3475108) exceeds the maximum number of tokens allowed (1048576).",
        "Request payload size exceeds the limit: 20971520 bytes.",
        "The prompt is too long.",
    ],
)
def test_a_prompt_that_is_too_long_is_its_item_s(message: str) -> None:
    assert outcome(400, message) is Outcome.BLOCKED
