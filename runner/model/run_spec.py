"""The specification of a run, and of one worker."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.model_catalog import DEFAULT_MODEL, DEFAULT_REVIEW_MODEL

DEFAULT_PARALLEL = 3
"""The value of ``--parallel`` without a number."""
MAX_PARALLEL = 10
"""The most workers at once unless the user raises it."""
ON_EXHAUSTED = ("wait", "stop")
"""What a run can do while no credential is usable."""

_ITEM_ID = re.compile(r"[A-Za-z0-9_-]+")


class OfflineQuotas(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Quotas of the offline model, for a demonstration of exhausted quotas."""

    credentials: int = msgspec.field(name="keys")
    """Number of credentials."""
    per_minute: int
    """Calls of one credential."""
    per_day: int
    day_seconds: float
    """Length of a day."""
    start: float
    """When the first day began, in seconds since the epoch."""
    declared: int = msgspec.field(name="told")
    """Number of credentials whose limits are declared; the pool learns those of the others."""
    database: str = msgspec.field(default="", name="book")
    """Path of the database in which the calls are counted."""
    speed: float = 1.0
    """Seconds of the service per real second."""


HOW_TO_ACCEPT = "add --fresh to start over, or --continue to resume from it"
"""The remedy if a checkpoint no longer matches the request."""


class Options(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Options of every workflow of a run."""

    max_iterations: int = 20
    """Visits of the human-edit node before a workflow gives up."""
    context: list[str] = []
    """Absolute paths of files whose text goes into every draft."""
    template: str = ""
    """Absolute path of the file whose headings every design has; empty for the repository's own, if
    it has one."""
    model: str = DEFAULT_MODEL
    """The Gemini model that writes."""
    review_model: str = DEFAULT_REVIEW_MODEL
    """The Gemini model that reviews."""
    latency: float = 2.0
    """Mean seconds of a call to the offline model."""
    latency_spread: float = 0.4
    """How far a call can be from the mean, as a share of it: 0.6 to 1.4 times as long."""
    quota: OfflineQuotas | None = None
    """The quotas of a demonstration; ``None`` for real quotas, or none."""
    no_file: bool = False
    """Stop before an issue is filed."""
    fresh: bool = False
    """Discard the checkpoint and start over."""
    replace: bool = False
    """The user named the issues: designs that this tool did not write are replaced, after a copy
    is kept."""
    accept_changes: bool = False
    """Continue from the checkpoint although the item, the prompts or the provider changed."""


class RunSpec(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One batch, as written to ``run.json``. Contains no API key."""

    run: str
    """``<time>-<name>``, the name of the run's folder."""
    asked: float = 0.0
    """When the command was given, before its items were chosen; seconds since the epoch."""
    workflow: str
    repository: str
    """Absolute, links resolved."""
    items: list[ItemInfo]
    provider: str
    parallel: int = 1
    options: Options = Options()
    demo: bool = False
    """The repository is a temporary one, created for this run."""
    host: str = ""
    versions: dict[str, str] = {}
    socket: str = ""
    """Path of the engine's socket."""
    on_exhausted: Literal["wait", "stop"] = "wait"
    """What the run does while no credential is usable."""
    clock_speed: float = 1.0
    """Seconds of the pool and of the service per real second; differs from 1 only in benchmarks,
    tests and demonstrations."""
    credentials: str = ""
    """Path of the credential file; empty for the default locations."""
    tracker: str = ""
    """``host/owner/name`` of the repository that the issues belong to; empty without a tracker, and
    in runs of versions that did not store it."""
    schema: int = 1


class WorkerSpec(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Everything that one worker process needs; passed over a pipe, never pickled."""

    run: str
    item: ItemInfo
    attempt: int
    workflow: str
    repository: str
    provider: str
    checkpoint: str
    """URL of the checkpoint database: ``sqlite:///…``."""
    audit: str
    """Path of the item's own audit file, in the run's folder."""
    options: Options = Options()
    tracker: str = ""
    """As in :class:`RunSpec`."""
    clock_speed: float = 1.0
    """As in :class:`RunSpec`; timeouts for a silent service are shortened by it."""
    debug_log: str = ""
    """Path of the worker's debug log; empty without ``--debug``."""


def check_item_id(text: str) -> str:
    """Returns the text.

    Raises:
        TuiError: it is not the id of an item: it has characters other than letters, digits, ``_``
            and ``-``, so it could be a path outside the folders of the run.
    """
    if not _ITEM_ID.fullmatch(text):
        raise TuiError(
            f"{text!r} is not an item: an id contains only letters, digits, '_' and '-'.",
            "Give the number of an issue, for example: assemblyzero-tui lld 42",
        )
    return text
