"""Digests of what a checkpoint depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.workflows.drafting import guards, prompt_files
from assemblyzero_tui.runner.workflows.tracker.issues import FROM_TRACKER


def fingerprints(
    spec: WorkerSpec, word: str, item: Iterable[str], prompts: tuple[str, ...]
) -> dict[str, str]:
    """Digests of the item, the prompts, the context files, the provider and the tracker.

    A checkpoint of an issue goes on only with an issue of the same tracker; that of a brief has
    the tracker in its state, where a run without one (``--no-file``) leaves it alone.

    Args:
        spec: What the worker was told.
        word: What the item is called for humans.
        item: Its texts.
        prompts: Names of the prompts that the workflow uses.

    Raises:
        WorkflowError: a context file cannot be read.
    """
    found = {
        word: digest(*item),
        "prompts": prompt_files.digest(prompts),
        "provider": spec.provider,
    }
    if spec.tracker and spec.item.source == FROM_TRACKER:
        found["tracker"] = spec.tracker.lower()
    if spec.options.context:
        texts = guards.read_context(spec.options.context)
        found["context files"] = digest(*(part for pair in texts for part in pair))
    return found


def digest(*texts: str) -> str:
    """A short digest of texts in their order."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
