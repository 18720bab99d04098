"""The state of credentials from the file and the store, as JSON objects and table rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assemblyzero_tui.runner.credentials.credentials import Credential, CredentialSource
from assemblyzero_tui.runner.model.credential_state import STRENGTH
from assemblyzero_tui.runner.pool.grants.pooled_credential import quota_name
from assemblyzero_tui.runner.pool.grants.registry import STATES
from assemblyzero_tui.runner.pool.store.credential_status import (
    CredentialStatus,
    PoolSnapshot,
    QuotaStatus,
)

DISABLED_IN_FILE = "in the file"
"""The reason that is shown for a credential that its file disables."""


def described(credential_source: CredentialSource, snapshot: PoolSnapshot) -> list[dict[str, Any]]:
    """Each credential, for programs. Times are seconds since the epoch; holds no API key."""
    credentials: list[dict[str, Any]] = []
    for credential in credential_source.credentials:
        fingerprint = credential.secret.fingerprint
        status = snapshot.credential(fingerprint)
        quotas = snapshot.quotas_of(quota_name(credential))
        credentials.append(
            {
                "name": credential.name,
                "fingerprint": fingerprint,
                "project": credential.project,
                **_state(status, quotas),
                "quotas": [
                    _quota(quota, credential, snapshot, fingerprint)
                    for quota in quotas
                ],
                **_used(snapshot, fingerprint),
                "held_by": [
                    {"run": lease.run, "item": lease.item, "model": lease.model,
                     "since": lease.since}
                    for lease in snapshot.leases
                    if lease.fingerprint == fingerprint
                ],
            }
        )  # fmt: skip
    return [*credentials, *(_disabled_in_file(name) for name in credential_source.disabled)]


def _state(status: CredentialStatus | None, quotas: tuple[QuotaStatus, ...]) -> dict[str, Any]:
    """The most severe state of a credential and its quotas."""
    if status is not None and (status.disabled or status.invalid):
        state = "disabled" if status.disabled else "invalid"
        reason = status.disabled or status.invalid
        return {"state": state, "since": status.since, "until": None, "reason": reason}
    worst = min(quotas, key=lambda quota: STRENGTH.index(STATES[quota.state]), default=None)
    if worst is None or STATES[worst.state] == "ready":
        return {"state": "ready", "since": None, "until": None, "reason": ""}
    return {
        "state": STATES[worst.state], "since": worst.since, "until": worst.until,
        "reason": worst.reason,
    }  # fmt: skip


def _quota(
    quota: QuotaStatus, credential: Credential, snapshot: PoolSnapshot, fingerprint: str
) -> dict[str, Any]:
    per_minute, per_day = credential.limits(quota.model)
    given = credential.tokens(quota.model)
    return {
        "model": quota.model,
        "state": STATES[quota.state],
        "since": quota.since or None,
        "until": quota.until,
        "reason": quota.reason,
        "refusals": quota.refusals,
        "minute": quota.minute,
        "per_minute": per_minute if quota.per_minute is None else quota.per_minute,
        "day": quota.day,
        "per_day": per_day if quota.per_day is None else quota.per_day,
        "learned": quota.learned,
        "minute_tokens": quota.tokens,
        "tokens_per_minute": given if quota.tokens_per_minute is None else quota.tokens_per_minute,
        "tokens_learned": quota.tokens_learned,
        **_used(snapshot, fingerprint, quota.model),
    }


def _used(snapshot: PoolSnapshot, fingerprint: str, model: str = "") -> dict[str, int]:
    """The calls of a credential today, with a model or with all."""
    totals = [
        total
        for total in snapshot.totals
        if (total.fingerprint, total.day) == (fingerprint, snapshot.day)
        and model in ("", total.model)
    ]
    return {
        "answered": sum(total.answered for total in totals),
        "refused": sum(total.refused for total in totals),
        "input_tokens": sum(total.input_tokens for total in totals),
        "output_tokens": sum(total.output_tokens for total in totals),
    }


def _disabled_in_file(name: str) -> dict[str, Any]:
    return {
        "name": name, "fingerprint": None, "project": None, "state": "disabled", "since": None,
        "until": None, "reason": DISABLED_IN_FILE, "quotas": [], "answered": 0, "refused": 0,
        "input_tokens": 0, "output_tokens": 0, "held_by": [],
    }  # fmt: skip


HEADER = (
    "name", "fingerprint", "project", "state", "model", "since", "until", "minute", "today",
    "tokens/min", "answered", "refused", "tokens", "used by", "reason",
)  # fmt: skip
RIGHT = "minute today tokens/min answered refused tokens"


def rows(credentials: list[dict[str, Any]], now: float) -> Iterator[list[str]]:
    """The credentials as rows of a table: one for each credential and each model used with it."""
    for credential in credentials:
        whole = credential["state"] in ("disabled", "invalid") or not credential["quotas"]
        named = [credential["name"], credential["fingerprint"] or "", credential["project"] or ""]
        for number, quota in enumerate(credential["quotas"] or [{"model": ""}]):
            held = [
                " ".join(filter(None, (lease["run"], lease["item"])))
                for lease in credential["held_by"]
                if lease["model"] == quota["model"]
            ]
            yield [
                *(named if number == 0 else ["", "", ""]),
                *_cells(credential if whole else quota, quota["model"], now),
                *_counts(quota),
                ", ".join(held),
                (credential if whole else quota)["reason"],
            ]


def _cells(state: dict[str, Any], model: str, now: float) -> list[str]:
    from assemblyzero_tui.runner.model.pool_text import CREDENTIAL_WORDS, begins

    since, until = state["since"], state["until"]
    return [
        CREDENTIAL_WORDS.get(state["state"], state["state"]),
        model,
        _day_and_time(since) if since else "",
        begins(until, now) if until else "",
    ]


def _day_and_time(moment: float) -> str:
    import time

    return time.strftime("%m-%d %H:%M", time.localtime(moment))


def _counts(quota: dict[str, Any]) -> list[str]:
    if not quota["model"]:
        return [""] * 6
    return [
        _of(quota["minute"], quota["per_minute"]),
        _of(quota["day"], quota["per_day"]),
        _of(quota["minute_tokens"], limit) if (limit := quota["tokens_per_minute"]) else "",
        str(quota["answered"]),
        str(quota["refused"]),
        str(quota["input_tokens"] + quota["output_tokens"]),
    ]


def _of(used: int, limit: int | None) -> str:
    return f"{used}/{'?' if limit is None else limit}"
