"""A process that finishes one design in a repository that many others finish in, too.

``python -m tests.integration.workflows.finisher REPOSITORY NUMBER RUN AUDIT ROUNDS`` waits for the
end of its input, so that all of them begin at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from assemblyzero_tui.runner.workflows.lld import status_file
from assemblyzero_tui.runner.workflows.repository import audit, lineage


def finish(repository: Path, number: int, run: str, own: Path) -> None:
    """Writes what the last node of the workflow writes, each twice as after a crash."""
    for _ in range(2):
        approval = lineage.Approval(
            issue_number=number, title="t", lld_path=f"docs/lld/active/LLD-{number:03d}.md",
            final_verdict="APPROVED", has_gemini_review=False, last_review_date="2031-01-01",
            review_count=1, draft_count=1, approved_draft="002-draft.md", reviewed_by="m",
        )  # fmt: skip
        lineage.write(
            repository / lineage.folder_of(number),
            4,
            "approved.json",
            lineage.encode_approval(approval),
        )
        for status in ("draft", "approved"):
            entry = status_file.StatusEntry(
                lld_path=approval.lld_path,
                status="draft" if status == "draft" else "approved",
                has_gemini_review=False,
                final_verdict="APPROVED",
                last_review_date="2031-01-01",
                review_count=1,
            )
            status_file.upsert(repository, number, entry, print)
        for name in ("start", "complete"):
            event = audit.make_event(
                origin=run, repository=repository, number=number, step=name,
                event="start" if name == "start" else "complete", details={},
            )  # fmt: skip
            audit.record(repository, own, event, print)


def main() -> None:
    """Waits for the others, then finishes."""
    repository, number, run, own, rounds = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.read()
    for _ in range(int(rounds)):
        finish(Path(repository), int(number), run, Path(own))


if __name__ == "__main__":
    main()
