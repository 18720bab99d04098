"""Tests credentials with one call each; the calls count, and the results are stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import count

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.llm.provider import Answer, CallError, Provider, Request
from assemblyzero_tui.runner.llm.releases import take_failure
from assemblyzero_tui.runner.model.call_outcomes import NO_ANSWER_ATTEMPTS, Outcome
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.store.store import PoolStore
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Grant, Release

TIMEOUT = 60.0
"""Seconds a call may take."""
ITEM = "test"
"""Who holds the lease."""
QUESTION = Request(
    purpose="draft", system="You check a connection.", prompt="Answer with one word: ready."
)


class CheckResult(msgspec.Struct, kw_only=True, frozen=True):
    """The result of a call with a credential. Holds no API key."""

    name: str
    fingerprint: str
    ok: bool
    outcome: str
    """As in :class:`~assemblyzero_tui.runner.llm.provider.Outcome`."""
    model: str
    """The one that answered, or was asked."""
    message: str
    """What the service said; empty if it answered."""
    seconds: float
    tokens: int = 0

    @property
    def sentence(self) -> str:
        """For humans, without the credential's name."""
        if self.ok:
            return f"works: {self.model} answered in {self.seconds:.1f} s"
        return self.message


class CredentialCheck:
    """Tests credentials.

    Args:
        credentials: All there are, as those of one project have more in common than a quota.
        store: Where calls are counted.
        clock: The one of the store.
        provider: Who is asked.
    """

    def __init__(
        self, credentials: Iterable[Credential], store: PoolStore, clock: Clock, provider: Provider
    ) -> None:
        self._pool = Pool(credentials, clock=clock)
        self._store = store
        self._provider = provider
        self._numbers = count(1)
        store.load(self._pool.registry)

    def try_key(self, name: str, timeout: float = TIMEOUT) -> CheckResult:
        """Makes a call with a credential, even a disabled or exhausted one.

        A model that ends without an answer is called again, as in a workflow.

        Args:
            name: Of the credential, or its fingerprint.
            timeout: Seconds the call may take.

        Raises:
            TuiError: there is no such credential.
        """
        credential = self._pool.registry.find(name)
        if credential is None:
            raise TuiError(f"There is no credential {name!r}.", "Run: assemblyzero-tui pool status")
        for _ in range(NO_ANSWER_ATTEMPTS):
            tried = self._try_once(credential, timeout)
            if tried.outcome != Outcome.NO_ANSWER:
                break
        return tried

    def _try_once(self, credential: PooledCredential, timeout: float) -> CheckResult:
        pool, model = self._pool, self._provider.model_for(QUESTION)
        wish = Acquire(request=next(self._numbers), model=model)
        grant = self._granted(lambda: pool.grant_directly(credential.fingerprint, ITEM, wish))
        news = Release(lease=grant.lease, outcome=Outcome.DIED, model=model)
        began, answer, message = time.monotonic(), None, ""
        try:
            answer = self._provider.generate(
                QUESTION, secret=credential.credential.secret.reveal(), timeout=timeout
            )
        except CallError as error:
            message = one_line(str(error))
            take_failure(news, error)
        else:
            _take_answer(news, answer)
        finally:
            news.seconds = time.monotonic() - began
            self._exchange(lambda: self._ended(credential.fingerprint, news))
        return CheckResult(
            name=credential.name, fingerprint=credential.fingerprint, ok=answer is not None,
            outcome=news.outcome, model=news.model, message=message, seconds=news.seconds,
            tokens=news.input_tokens + news.output_tokens,
        )  # fmt: skip

    def _granted(self, work: Callable[[], None]) -> Grant:
        answers = [answer for _, answer in self._exchange(work).answers]
        (grant,) = [answer for answer in answers if isinstance(answer, Grant)]
        return grant

    def _exchange(self, work: Callable[[], None]) -> Ledger:
        def work_and_serve() -> Ledger:
            work()
            return self._pool.process()

        return self._store.exchange(self._pool.registry, work_and_serve)

    def _ended(self, fingerprint: str, news: Release) -> None:
        self._pool.release(ITEM, 1, news)
        if news.outcome == Outcome.OK:
            self._pool.registry.mark_valid(fingerprint)


def _take_answer(news: Release, answer: Answer) -> None:
    news.outcome, news.model = Outcome.OK, answer.model
    news.input_tokens, news.output_tokens = answer.input_tokens, answer.output_tokens
