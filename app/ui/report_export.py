"""Exports the report of a run, from the dashboard and the summary screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.screen import Screen

from assemblyzero_tui.runner.base.paths import write_atomically
from assemblyzero_tui.runner.base.temporary_files import temporary_folder
from assemblyzero_tui.runner.runs import report
from assemblyzero_tui.runner.runs.run_source import RunSource

EXPORT_MODE = 0o644


def export_report(screen: Screen[Any], source: RunSource) -> None:
    """Writes the Markdown report into the current folder and shows its path."""
    path = Path(f"assemblyzero-summary-{source.state.run}.md")
    try:
        path = Path.cwd() / path
        summary = report.build(source.state, source.folder, source.now())
        scratch = temporary_folder(path.parent)
        write_atomically(path, report.to_markdown(summary).encode(), EXPORT_MODE, scratch)
    except OSError as error:
        screen.notify(
            f"Cannot write {path}: {error.strerror or error}.\n"
            f"The report is also in {source.folder.summary_markdown}",
            title="Not exported",
            severity="error",
            markup=False,
        )
        return
    screen.notify(str(path), title="Report written", markup=False)
