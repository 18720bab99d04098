"""``assemblyzero-tui issue``: turns briefs into GitHub issues."""

from __future__ import annotations

from pathlib import Path

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.output_mode import OutputMode, output_options
from assemblyzero_tui.app.commands.start.options import WorkflowSettings, workflow_options


@click.command(
    cls=Command,
    examples=[
        ("--all --parallel 3", "every idea in ideas/active, three at a time"),
        ("ideas/active/dark-mode.md", "one brief"),
        ("--all --no-file", "draft and review, but file nothing"),
        ("--all --dry-run", "list what would run"),
    ],
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--all", "all_ideas", is_flag=True, help="Use all briefs in ideas/active/*.md.")
@click.option(
    "--no-file",
    is_flag=True,
    help="Stop before filing; the same command without this option files what was approved.",
)
@workflow_options("issues", "brief")
@output_options
def command(
    files: tuple[Path, ...],
    all_ideas: bool,
    no_file: bool,
    settings: WorkflowSettings,
    output: OutputMode,
) -> int:
    """Turn briefs into GitHub issues, many at a time.

    Each brief is drafted as an issue, reviewed and revised until the review approves it, then filed
    once with gh and moved to ideas/done. Drafts and reviews are kept in docs/lineage. After a stop
    or a crash, run the same command again: it continues, and files nothing twice.
    """
    _check_selection(files, all_ideas=all_ideas)
    parallel = settings.check()
    from assemblyzero_tui.app.cli.repository import find_repository
    from assemblyzero_tui.app.cli.selection import choose_briefs, list_items, print_notes
    from assemblyzero_tui.app.cli.tracker_notice import (
        print_where_issues_would_go,
        tracker_to_file_in,
    )

    context = settings.context_files()
    repository = find_repository(settings.repo)
    items, notes = choose_briefs(repository, files or None, read_only=settings.dry_run)
    print_notes(notes)
    if settings.dry_run and items and not no_file:
        print_where_issues_would_go(repository)
    if settings.dry_run or not items:
        list_items(items, as_json=output.kind == "json", dry_run=settings.dry_run)
        return 0
    tracker = "" if no_file else tracker_to_file_in(repository).name
    return settings.start(
        "issue", repository, items, context, parallel, output, no_file=no_file, tracker=tracker
    )


def _check_selection(files: tuple[Path, ...], *, all_ideas: bool) -> None:
    if files and all_ideas:
        raise click.UsageError("Specify files or --all, not both.")
    if not files and not all_ideas:
        raise click.UsageError(
            "Nothing to do: specify brief files or --all.\n"
            "For example: assemblyzero-tui issue --all --parallel 3"
        )
