"""Pauses a run while no quota is left; resumes it, or ends it when it cannot continue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.engine.blocked_text import blocked_event
from assemblyzero_tui.runner.engine.executors.executor import Executor, Outcome
from assemblyzero_tui.runner.engine.pool_service import PoolService
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.model.events import AutoResumeSet, Notice, PoolChanged, RunBlocked
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.pool.causes.shared_causes import Cause


class QuotaPause:
    """Pauses items while no quota is left and resumes them, or ends the run (``--on-exhausted``).

    Args:
        spec: The run.
        recorder: Records events.
        pool: Grants leases.
        executor: Redacts added API keys in all logs.
        requeue: Queues an item at the front.
        start_items: Starts items while there is room.
    """

    def __init__(
        self,
        spec: RunSpec,
        recorder: Recorder,
        pool: PoolService,
        executor: Executor,
        requeue: Callable[[ItemState], None],
        start_items: Callable[[], None],
    ) -> None:
        self.given_up = False
        """The run no longer waits for quota: nothing is started, and the engine ends."""
        self._spec = spec
        self._recorder = recorder
        self._pool = pool
        self._executor = executor
        self._requeue = requeue
        self._start_items = start_items
        self._paused = False
        """Whether the pool is paused."""
        self._stuck = False
        """Whether neither waiting nor enabling a credential can help."""
        self._resume_anyway = False
        """Whether the user asked to resume before the time that the pool expects."""

    @property
    def blocks_starts(self) -> bool:
        """Whether no item may be started."""
        return self.given_up or self._paused

    @property
    def end_reason(self) -> Literal["exhausted", "error"]:
        """Why the run ended that has given up."""
        blocked = self._recorder.state.blocked
        return "exhausted" if blocked is None or blocked.money else "error"

    @property
    def resumable(self) -> bool:
        """Whether there is quota, and the run resumes automatically."""
        return not self._paused and self._recorder.state.pool.auto_resume

    def item_saved(self, item: ItemState, outcome: Outcome) -> None:
        """Pauses an item that has saved its state because no quota is left."""
        if self._recorder.state.blocked is not None:
            self._recorder.change_state(item, State.PAUSED, "saved")
            return
        self._recorder.change_state(item, State.QUOTA, outcome.reason, until=outcome.until or None)
        if self._stuck or self._spec.on_exhausted == "stop":
            self._give_up(outcome.reason)
        elif not self._paused and not self.given_up:
            self._resume_waiting()  # quota is available again by now

    def _give_up(self, reason: str) -> None:
        """Stops waiting for quota: the engine ends when every item is saved."""
        if self.given_up:
            return
        self.given_up = True
        command = f"assemblyzero-tui resume {self._spec.run}"
        text = (
            f"No quota left: {reason}. Nothing is lost. Resume later: {command}. "
            f"With other credentials: {command} --credentials FILE"
        )
        self._recorder.emit(Notice(text=text, level="error"))
        self._start_items()

    def blocked(self, cause: Cause) -> None:
        """No item can continue: nothing is started, and the engine ends when all are saved."""
        event = blocked_event(cause.outcome, cause.model, cause.words, self._spec)
        self._recorder.emit(event, sync=True)
        self.given_up = True
        self._start_items()

    def unblock(self) -> None:
        """Goes on, as the user asks: the cause may be gone."""
        self.given_up = False
        if self._recorder.state.blocked is not None:
            self._recorder.emit(RunBlocked())
        self._pool.put(lambda pool: pool.unblock())

    def pool_changed(self, event: PoolChanged) -> None:
        """Pauses the run while no quota is left, and resumes it when there is some."""
        self._paused, self._stuck = event.state == "paused", event.stuck
        if self._stuck or (self._paused and self._spec.on_exhausted == "stop"):
            self._give_up(event.reason)
        elif not self._paused:
            self._resume_waiting()

    def _resume_waiting(self) -> None:
        """Queues the items that wait for quota, and starts items while there is room."""
        if self._recorder.state.pool.auto_resume or self._resume_anyway:
            self._resume_anyway = False
            waiting = [i.id for i in self._recorder.state.items.values() if i.state is State.QUOTA]
            for name in reversed(waiting):
                self._requeue(self._recorder.state.items[name])
        self._start_items()

    def try_now(self) -> list[str]:
        """Probes every credential now, even if it is still unavailable."""
        self._resume_anyway = True
        self.unblock()
        self._pool.put(lambda pool: pool.try_now())
        if not self._paused:
            self._resume_waiting()
        return [item.id for item in self._recorder.state.unfinished()]

    def set_auto_resume(self, *, on: bool) -> list[str]:
        """Sets whether the run resumes automatically when quota is available again."""
        self._recorder.emit(AutoResumeSet(on=on))
        if on and not self._paused:
            self._resume_waiting()
        return []

    def add_credential(self, credential: Credential) -> list[str]:
        """Uses another credential from now on.

        Raises:
            TuiError: the run needs none, or has another one with this name.
        """
        if not self._pool.metered:
            raise TuiError("This run needs no credentials.")
        existing = self._recorder.state.pool.credentials.get(credential.name)
        fingerprint = credential.secret.fingerprint
        if existing is not None and existing.present and existing.fingerprint != fingerprint:
            raise TuiError(f"This run has another credential called {credential.name!r}.")
        secret = credential.secret.reveal()
        self._recorder.add_secret(secret)
        self._executor.add_secret(secret)
        self.unblock()
        self._pool.put(lambda pool: pool.registry.add(credential))
        return []
