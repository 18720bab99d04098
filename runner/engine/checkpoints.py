"""The checkpoints of a run's items: their paths, and which are removed before an attempt."""

from __future__ import annotations

from pathlib import Path

from assemblyzero_tui.runner.base.paths import checkpoint_file, make_private_directory
from assemblyzero_tui.runner.base.sqlite_files import remove_database
from assemblyzero_tui.runner.model.run_spec import RunSpec
from assemblyzero_tui.runner.model.run_state import ItemState


class Checkpoints:
    """The checkpoints of the items of one run."""

    def __init__(self, spec: RunSpec) -> None:
        self._spec = spec
        self._begun: set[str] = set()
        """Ids of the items whose checkpoint is from this run, so that an attempt resumes it."""
        self._started_over: set[str] = set()
        """Ids of the items that are retried without their checkpoints."""

    def path(self, item: ItemState) -> Path:
        """The database of an item."""
        return checkpoint_file(Path(self._spec.repository), self._spec.workflow, item.info.key)

    def mark_begun(self, item: ItemState) -> None:
        """Marks an item as begun by this run, so that its checkpoint is kept."""
        self._begun.add(item.id)

    def start_over(self, item: ItemState) -> None:
        """Makes the next attempt of an item begin without its checkpoint."""
        self._begun.discard(item.id)
        self._started_over.add(item.id)

    def is_fresh(self, item: ItemState) -> bool:
        """Whether an item ignores everything that an earlier run did."""
        return self._spec.options.fresh or item.id in self._started_over

    def prepare(self, item: ItemState) -> Path:
        """Prepares the checkpoint of the next attempt; returns its path.

        Raises:
            TuiError: its folder cannot be created.
            OSError: an earlier checkpoint cannot be removed.
        """
        path = self.path(item)
        make_private_directory(path.parent)
        if self.is_fresh(item) and item.id not in self._begun:
            remove_database(path)
        self._begun.add(item.id)
        return path

    def remove(self, item: ItemState) -> None:
        """Removes the checkpoint of an item, if there is one."""
        remove_database(self.path(item))
