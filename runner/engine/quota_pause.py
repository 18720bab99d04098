"""What becomes of a run while no key can be used, and when there is one again."""

from __future__ import annotations

from collections.abc import Callable

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.engine.executors.executor import Executor, Outcome
from assemblyzero_tui.runner.engine.pool_service import PoolService
from assemblyzero_tui.runner.engine.recorder import Recorder
from assemblyzero_tui.runner.model.events import AutoResumeSet, Notice, PoolChanged
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.run_state import ItemState
from assemblyzero_tui.runner.model.states import State


class QuotaPause:
    """Waits with the keys and goes on with them, or gives up if that is what the user wants.

    Args:
        spec: The run.
        record: Where what happens is written down.
        keeper: The pool.
        executor: Told of keys that come in, as they must show in no log.
        requeue: Queues an item in front of the others.
        fill: Starts items while there is room.
    """

    def __init__(
        self,
        spec: RunSpec,
        record: Recorder,
        keeper: PoolService,
        executor: Executor,
        requeue: Callable[[ItemState], None],
        fill: Callable[[], None],
    ) -> None:
        self.given_up = False
        """Nobody waits for a key any more: nothing is started, and the engine leaves."""
        self._spec = spec
        self._record = record
        self._keeper = keeper
        self._executor = executor
        self._requeue = requeue
        self._fill = fill
        self._rest = False
        """The pool is paused."""
        self._stuck = False
        """Neither time nor a key that is switched off can help."""
        self._anyway = False
        """The user wants to go on without waiting for the time that the pool named."""

    @property
    def closed(self) -> bool:
        """Whether nothing is to be started."""
        return self.given_up or self._rest

    @property
    def there(self) -> bool:
        """Whether there is a key, and the run goes on by itself."""
        return not self._rest and self._record.state.pool.auto_resume

    def parked(self, item: ItemState, outcome: Outcome) -> None:
        """No key is there for the item now: it keeps its checkpoint."""
        self._record.change(item, State.QUOTA, outcome.reason, until=outcome.until or None)
        if self._stuck or self._spec.on_exhausted == "stop":
            self._give_up(outcome.reason)
        elif not self._rest and not self.given_up:
            self._go_on()  # there is one again by now

    def _give_up(self, reason: str) -> None:
        """Nobody waits for a key: the engine leaves when everyone has saved."""
        if self.given_up:
            return
        self.given_up = True
        go_on = f"assemblyzero-tui resume {self._spec.run}"
        text = (
            f"No key can be used: {reason}. Nothing is lost. Go on later: {go_on}. "
            f"With other keys: {go_on} --credentials FILE"
        )
        self._record.emit(Notice(text=text, level="error"))
        self._fill()

    def changed(self, event: PoolChanged) -> None:
        """Waits with the keys, and goes on with them."""
        self._rest, self._stuck = event.state == "paused", event.stuck
        if self._stuck or (self._rest and self._spec.on_exhausted == "stop"):
            self._give_up(event.reason)
        elif not self._rest:
            self._go_on()

    def _go_on(self) -> None:
        """Queues whoever waits for a key, and starts whom there is room for."""
        if self._record.state.pool.auto_resume or self._anyway:
            self._anyway = False
            waiting = [i.id for i in self._record.state.items.values() if i.state is State.QUOTA]
            for name in reversed(waiting):
                self._requeue(self._record.state.items[name])
        self._fill()

    def try_now(self) -> list[str]:
        """Asks the keys again now, whatever they wait for."""
        self._anyway = True
        self.given_up = False
        self._keeper.put(lambda pool: pool.try_now())
        if not self._rest:
            self._go_on()
        return [item.id for item in self._record.state.unfinished()]

    def set_auto_resume(self, *, on: bool) -> list[str]:
        """Whether to go on by itself when there are keys again."""
        self._record.emit(AutoResumeSet(on=on))
        if on and not self._rest:
            self._go_on()
        return []

    def add_key(self, credential: Credential) -> list[str]:
        """Uses another key from now on.

        Raises:
            TuiError: the run needs none, or has one of this name.
        """
        if not self._keeper.metered:
            raise TuiError("This run needs no key.")
        known = self._record.state.pool.credentials.get(credential.name)
        fingerprint = credential.secret.fingerprint
        if known is not None and known.present and known.fingerprint != fingerprint:
            raise TuiError(f"This run has another key called {credential.name!r}.")
        text = credential.secret.reveal()
        self._record.hide(text)
        self._executor.hide(text)
        self.given_up = False
        self._keeper.put(lambda pool: pool.registry.add(credential))
        return []
