"""Checks credentials with one call each; the calls count, and the results are stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import count

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.llm.provider import Answer, CallError, Provider, Request
from assemblyzero_tui.runner.llm.releases import record_failure
from assemblyzero_tui.runner.model.call_outcomes import NO_ANSWER_ATTEMPTS, Outcome
from assemblyzero_tui.runner.pool.grants.clock import Clock
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.pool.grants.pooled_credential import PooledCredential
from assemblyzero_tui.runner.pool.store.store import PoolStore
from assemblyzero_tui.runner.wire.worker_messages import Acquire, Grant, Release

TIMEOUT = 60.0
"""Seconds that a call may take."""
ITEM = "test"
"""The item that holds the lease."""
QUESTION = Request(
    purpose="draft", system="You check a connection.", prompt="Answer with one word: ready."
)


class CheckResult(msgspec.Struct, kw_only=True, frozen=True):
    """The result of a call with a credential. Contains no API key."""

    name: str
    fingerprint: str
    ok: bool
    outcome: str
    """As in :class:`~assemblyzero_tui.runner.model.call_outcomes.Outcome`."""
    model: str
    """The model that answered, or the requested one."""
    message: str
    """Why the call failed; empty if it succeeded."""
    seconds: float
    tokens: int = 0

    @property
    def sentence(self) -> str:
        """The result for humans, without the credential's name."""
        if self.ok:
            return f"works: {self.model} answered in {self.seconds:.1f} s"
        return self.message


class CredentialCheck:
    """Checks credentials.

    Args:
        credentials: All credentials, as a result can concern others of the same project.
        store: Counts the calls.
        clock: The clock of the store.
        provider: Makes the calls.
    """

    def __init__(
        self, credentials: Iterable[Credential], store: PoolStore, clock: Clock, provider: Provider
    ) -> None:
        self._pool = Pool(credentials, clock=clock)
        self._store = store
        self._provider = provider
        self._numbers = count(1)
        store.load(self._pool.registry)

    def check(self, name: str, timeout: float = TIMEOUT) -> CheckResult:
        """Makes a call with a credential, even a disabled or exhausted one.

        A model that ends without an answer is called again, as in a workflow.

        Args:
            name: The name of the credential, or its fingerprint.
            timeout: Seconds that the call may take.

        Raises:
            TuiError: there is no such credential.
        """
        credential = self._pool.registry.find(name)
        if credential is None:
            raise TuiError(f"There is no credential {name!r}.", "Run: assemblyzero-tui pool status")
        for _ in range(NO_ANSWER_ATTEMPTS):
            result = self._call(credential, timeout)
            if result.outcome != Outcome.NO_ANSWER:
                break
        return result

    def _call(self, credential: PooledCredential, timeout: float) -> CheckResult:
        pool, model = self._pool, self._provider.model_for(QUESTION)
        acquire = Acquire(request=next(self._numbers), model=model)
        grant = self._acquire(lambda: pool.grant_directly(credential.fingerprint, ITEM, acquire))
        release = Release(lease=grant.lease, outcome=Outcome.DIED, model=model)
        start, answer, message = time.monotonic(), None, ""
        try:
            answer = self._provider.generate(
                QUESTION, secret=credential.credential.secret.reveal(), timeout=timeout
            )
        except CallError as error:
            message = one_line(str(error))
            record_failure(release, error)
        else:
            _record_answer(release, answer)
        finally:
            release.seconds = time.monotonic() - start
            self._exchange(lambda: self._release(credential.fingerprint, release))
        return CheckResult(
            name=credential.name, fingerprint=credential.fingerprint, ok=answer is not None,
            outcome=release.outcome, model=release.model, message=message,
            seconds=release.seconds, tokens=release.input_tokens + release.output_tokens,
        )  # fmt: skip

    def _acquire(self, request: Callable[[], None]) -> Grant:
        answers = [answer for _, answer in self._exchange(request).answers]
        (grant,) = [answer for answer in answers if isinstance(answer, Grant)]
        return grant

    def _exchange(self, work: Callable[[], None]) -> Ledger:
        def work_and_process() -> Ledger:
            work()
            return self._pool.process()

        return self._store.exchange(self._pool.registry, work_and_process)

    def _release(self, fingerprint: str, release: Release) -> None:
        self._pool.release(ITEM, 1, release)
        if release.outcome == Outcome.OK:
            self._pool.registry.mark_valid(fingerprint)


def _record_answer(release: Release, answer: Answer) -> None:
    release.outcome, release.model = Outcome.OK, answer.model
    release.input_tokens, release.output_tokens = answer.input_tokens, answer.output_tokens
