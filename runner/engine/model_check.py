"""Looks the review model up before the first draft is paid."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.engine.message_handler import WorkerMessageHandler
from assemblyzero_tui.runner.engine.pool_service import PoolService, Step
from assemblyzero_tui.runner.engine.process.daemon_thread import in_daemon
from assemblyzero_tui.runner.model.provider_catalog import looks_up_models
from assemblyzero_tui.runner.model.run_spec import RunSpec

_log = logging.getLogger(__name__)

LOOK_UP = 5.0
"""Seconds that one look-up may take."""
IN_ALL = 10.0
"""Seconds after which calls begin whatever was found out."""
UNKNOWN_MOST = 3
"""So many look-ups without a result are enough: the calls will show it."""

Missing = list[tuple[str, str]]
"""Fingerprints of credentials without the model, and the service's own words."""


class ModelCheck:
    """Asks whether the review model exists, while the first workers start, so that nobody waits.

    If no credential has it, no item can be finished, and each would pay for a draft first. A model
    that writes needs no look-up, as its first call says it.

    Args:
        spec: The run.
        credentials: Asked in turn, until one has the model.
        messages: Keeps what workers ask of the pool meanwhile.
        pool: Told which credentials do not have the model.
    """

    def __init__(
        self,
        spec: RunSpec,
        credentials: Sequence[Credential],
        messages: WorkerMessageHandler,
        pool: PoolService,
    ) -> None:
        self._model = spec.options.review_model
        self._wanted = looks_up_models(spec.provider) and self._model != spec.options.model
        self._credentials = [*{each.project or each.name: each for each in credentials}.values()]
        self._messages = messages
        self._pool = pool
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins; no call is granted before it is through."""
        if self._wanted and self._credentials:
            self._messages.hold()
            self._task = asyncio.create_task(self._check(), name="check the review model")

    async def _check(self) -> None:
        missing: Missing = []
        try:
            await in_daemon(lambda: self._look_up(missing), IN_ALL)
        except Exception as error:  # a check must not keep the run from its calls
            _log.debug("the review model could not be looked up: %s", type(error).__name__)
        for fingerprint, words in list(missing):
            self._pool.put(_refusing(fingerprint, self._model, words))
        self._messages.release()

    def _look_up(self, missing: Missing) -> None:
        from assemblyzero_tui.runner.llm.model_lookup import Existence, look_up

        unknown = 0
        for credential in self._credentials:
            existence, words = look_up(self._model, credential.secret.reveal(), LOOK_UP)
            _log.debug("%s with %s: %s", self._model, credential.name, existence)
            unknown += existence is Existence.UNKNOWN
            if existence is Existence.FOUND or unknown == UNKNOWN_MOST:
                return
            if existence is Existence.MISSING:
                missing.append((credential.secret.fingerprint, words))


def _refusing(fingerprint: str, model: str, words: str) -> Step:
    return lambda pool: pool.refuse_model(fingerprint, model, words)
