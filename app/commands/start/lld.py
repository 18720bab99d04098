"""``assemblyzero-tui lld``: low-level designs for issues."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.output_mode import OutputMode, output_options
from assemblyzero_tui.app.cli.parallel import issue_hint, parallel_is_explicit
from assemblyzero_tui.app.commands.start.options import (
    WorkflowSettings,
    template_option,
    workflow_options,
)
from assemblyzero_tui.runner.model.run_spec import DEFAULT_PARALLEL

if TYPE_CHECKING:
    from assemblyzero_tui.runner.model.events import ItemInfo
    from assemblyzero_tui.runner.workflows.tracker.gh_issues import IssueFilter


@click.command(
    cls=Command,
    examples=[
        ("--all --parallel 3", "every open issue, three at a time"),
        ("42 57 --parallel 2", "two issues at once"),
        (
            "--issues-dir issues --all --provider offline",
            "issues from files, without gh or credentials",
        ),
        ("--label design --milestone 2.0", "the open issues with this label and milestone"),
        ("--all --dry-run", "list what would run"),
        ("--all --left-out", "list the issues that already have a design"),
        ("42 --fresh", "redesign an issue from scratch"),
    ],
)
@click.argument("issues", nargs=-1, metavar="[ISSUE]...")
@click.option("--all", "all_issues", is_flag=True, help="Use all open issues without a design.")
@click.option(
    "--issues-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Read issues from files such as 42-title.md instead of gh.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME",
    help="Use only open issues with this label; repeatable, an issue needs all of them.",
)
@click.option(
    "--milestone", default="", metavar="TITLE", help="Use only open issues of this milestone."
)
@click.option(
    "--search",
    default="",
    metavar="QUERY",
    help="Use only open issues that GitHub's search finds, 1,000 at most.",
)
@click.option(
    "--left-out",
    is_flag=True,
    help="List the open issues that --all skips, with their designs, and exit.",
)
@template_option
@workflow_options("designs", "issue", fresh=", even of approved designs if their issues are named")
@output_options
def command(
    issues: tuple[str, ...],
    all_issues: bool,
    issues_dir: Path | None,
    labels: tuple[str, ...],
    milestone: str,
    search: str,
    left_out: bool,
    settings: WorkflowSettings,
    output: OutputMode,
) -> int:
    """Write low-level designs for issues, many at a time.

    Each issue is designed, reviewed and revised until the review approves. The result is
    docs/lld/active/LLD-042.md in the repository; drafts and reviews are kept in docs/lineage.
    After a stop or a crash, run the same command again to continue.

    A design that this tool did not write is replaced only if you name its issue; a copy is kept in
    docs/lineage.
    """
    filtered = bool(labels or milestone or search)
    _check_selection(issues, all_issues or filtered, issues_dir, left_out, settings.parallel)
    if filtered and issues_dir:
        raise click.UsageError("--label, --milestone and --search do not work with --issues-dir.")
    parallel = settings.check(issues)
    from assemblyzero_tui.app.cli.repository import find_repository
    from assemblyzero_tui.app.cli.selection import list_items, list_left_out
    from assemblyzero_tui.app.cli.tracker_notice import tracker_of_issues
    from assemblyzero_tui.runner.workflows.tracker.gh_issues import IssueFilter

    only = IssueFilter(labels, milestone, search) if filtered else None
    named = check_numbers(issues) if issues else None
    files = settings.context_files()
    template = settings.template_file()
    repository = find_repository(settings.repo)
    tracker = tracker_of_issues(repository).name if issues_dir is None else ""
    if left_out:
        list_left_out(repository, issues_dir, tracker, as_json=output.kind == "json", only=only)
        return 0
    items = _choose(repository, issues_dir, named, tracker, settings, only)
    if settings.dry_run or not items:
        list_items(items, as_json=output.kind == "json", dry_run=settings.dry_run)
        return 0
    return settings.start(
        "lld", repository, items, files, parallel, output, tracker=tracker, template=template,
        replace=bool(named),
    )  # fmt: skip


def _choose(
    repository: Path,
    issues_dir: Path | None,
    named: list[str] | None,
    tracker: str,
    settings: WorkflowSettings,
    only: IssueFilter | None,
) -> list[ItemInfo]:
    """The items to work on; prints the notes on them."""
    from assemblyzero_tui.app.cli.selection import choose_items, print_notes

    items, notes = choose_items(
        repository,
        issues_dir=issues_dir,
        wanted=named,
        tracker=tracker,
        fresh=settings.fresh,
        read_only=settings.dry_run,
        only=only,
    )
    print_notes(notes)
    return items


def _check_selection(
    issues: tuple[str, ...],
    all_issues: bool,
    issues_dir: Path | None,
    left_out: bool,
    parallel: int,
) -> None:
    if left_out and issues:
        raise click.UsageError("--left-out works with --all, not with issue numbers.")
    if issues and all_issues:
        raise click.UsageError(
            "Specify issue numbers or --all, --label, --milestone, --search, not both."
        )
    if issues or all_issues or issues_dir:
        return
    hint = "For example: assemblyzero-tui lld --all --parallel 3"
    if parallel_is_explicit() and parallel != DEFAULT_PARALLEL:
        hint = f"--parallel took {parallel} as the number of workers. {issue_hint(parallel)}"
    raise click.UsageError(
        f"Nothing to do: specify issue numbers, --all, or --issues-dir DIR.\n{hint}"
    )


def check_numbers(issues: tuple[str, ...]) -> list[str]:
    """Checks the issue numbers, and returns them as a list.

    Raises:
        TuiError: an argument is not the number of an issue.
    """
    from assemblyzero_tui.runner.workflows.tracker.issues import issue_number

    for issue in issues:
        issue_number(issue)
    return list(issues)
