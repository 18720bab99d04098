"""What this folder sees of the pool's requests, calls and quotas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from assemblyzero_tui.runner.pool.grants.tokens.token_quota import TokenQuota
from assemblyzero_tui.runner.wire.worker_messages import Acquire


class Waiting(Protocol):
    """A request that waits for a lease."""

    item: str
    acquire: Acquire
    counted: int
    being_counted: bool


class Call(Protocol):
    """A call with a lease."""

    @property
    def item(self) -> str:
        """Whose it is."""

    @property
    def model(self) -> str:
        """The model that is called."""

    @property
    def node(self) -> str:
        """The node that calls."""

    @property
    def started(self) -> float:
        """When, by the pool's clock."""

    @property
    def tokens(self) -> int:
        """Of the prompt, estimated or counted."""

    @property
    def counted(self) -> bool:
        """Whether the service has counted them."""

    @property
    def reserved(self) -> int:
        """Tokens that were reserved for it."""


class Limited(Protocol):
    """A quota."""

    name: str
    model: str
    tokens: TokenQuota


Q = TypeVar("Q", bound=Limited)


class Quotas(Protocol[Q]):
    """Every quota of a pool."""

    @property
    def quotas(self) -> Mapping[tuple[str, str], Q]:
        """By name and model."""

    def usable_quotas(self, model: str) -> Iterable[Q]:
        """Those of a model that have a usable credential, each once."""

    def opens_at(self, quota: Q, now: float) -> float:
        """When a call may start with a quota as far as requests go: now, later, or never."""
