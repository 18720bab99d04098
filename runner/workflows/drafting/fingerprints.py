"""Fingerprints: digests of a checkpoint's inputs."""

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

    A checkpoint of an issue is resumed only with the same tracker. A brief's checkpoint has the
    tracker in its state instead, where a run without one (``--no-file``) does not change it.

    Args:
        spec: The specification of the worker.
        word: What messages call the item.
        item: The texts of the item.
        prompts: Names of the prompts that the workflow uses.

    Raises:
        WorkflowError: a context file cannot be read.
    """
    digests = {
        word: digest(*item),
        "prompts": prompt_files.digest(prompts),
        "provider": spec.provider,
    }
    if spec.tracker and spec.item.source == FROM_TRACKER:
        digests["tracker"] = spec.tracker.lower()
    if spec.options.context:
        texts = guards.read_context(spec.options.context)
        digests["context files"] = digest(*(part for pair in texts for part in pair))
    return digests


def digest(*texts: str) -> str:
    """A short digest of texts in their order."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
