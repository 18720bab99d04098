"""Records a failed attempt in the release of its lease."""

from __future__ import annotations

from assemblyzero_tui.runner.llm.provider import CallError
from assemblyzero_tui.runner.wire.worker_messages import Release


def record_failure(release: Release, error: CallError) -> None:
    """Records a failure, and the tokens that it cost, in a release."""
    release.outcome, release.sent = error.outcome, error.sent
    release.http_status, release.reason = error.http_status, error.reason
    release.retry_after, release.detail = error.retry_after, str(error)
    release.input_tokens, release.output_tokens = error.input_tokens, error.output_tokens
    release.quotas, release.words = error.quotas, error.words
