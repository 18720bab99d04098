"""``assemblyzero-tui lld``: low-level designs for issues."""

from __future__ import annotations

from pathlib import Path

import click

from assemblyzero_tui.app.cli_command import Command
from assemblyzero_tui.app.faces import Face, face_options
from assemblyzero_tui.app.parallel import (
    check_parallel,
    max_parallel_option,
    parallel_option,
    swallowed,
    typed,
)
from assemblyzero_tui.runner.errors import TuiError
from assemblyzero_tui.runner.llm import PROVIDERS
from assemblyzero_tui.runner.llm.models import (
    DEFAULT_MODEL,
    DEFAULT_REVIEW_MODEL,
    check_model,
    check_reviewer,
)
from assemblyzero_tui.runner.run_spec import DEFAULT_PARALLEL, Options, RunSpec


@click.command(
    cls=Command,
    examples=[
        ("--all --parallel 3", "every open issue, three at a time"),
        ("42 57 --parallel 2", "two issues, both at once"),
        ("--issues-dir issues --all --provider offline", "issues from files, without gh or a key"),
        ("--all --dry-run", "only list what would run"),
        ("42 --fresh", "design an issue again from the beginning"),
    ],
)
@click.argument("issues", nargs=-1, metavar="[ISSUE]...")
@click.option("--all", "all_issues", is_flag=True, help="All open issues without a design.")
@click.option(
    "--issues-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Take issues from files such as 42-title.md instead of gh.",
)
@parallel_option()
@max_parallel_option
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="where you are",
    metavar="PATH",
    help="The git repository the designs are for.",
)
@click.option(
    "--provider",
    type=click.Choice(PROVIDERS),
    default=PROVIDERS[0],
    show_default=True,
    help="Who writes and reviews. genai: Gemini through google-genai. "
    "offline: a deterministic stand-in, not a real model.",
)
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    metavar="NAME",
    help="The Gemini model that writes.",
)
@click.option(
    "--review-model",
    default=DEFAULT_REVIEW_MODEL,
    show_default=True,
    metavar="NAME",
    help="The Gemini model that reviews.",
)
@click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The Gemini keys; without it those of the state folder, the keyring or GEMINI_API_KEY.",
)
@click.option(
    "--latency",
    type=click.FloatRange(min=0, max=3600),
    default=Options().latency,
    show_default=True,
    metavar="SECONDS",
    help="How long the offline model takes for an answer.",
)
@click.option(
    "--max-iterations",
    type=click.IntRange(min=1),
    default=Options().max_iterations,
    show_default=True,
    metavar="N",
    help="Drafts before a workflow gives up.",
)
@click.option(
    "--context",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A text file that every draft takes into account; may be given several times.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Start over: forget checkpoints; named issues may be approved already.",
)
@click.option(
    "--continue",
    "accept_changes",
    is_flag=True,
    help="Go on from a checkpoint although issue, prompts or provider changed since.",
)
@click.option("--dry-run", is_flag=True, help="List what would run, and start nothing.")
@face_options
def command(
    issues: tuple[str, ...],
    all_issues: bool,
    issues_dir: Path | None,
    parallel: int,
    max_parallel: int,
    repo: Path,
    provider: str,
    model: str,
    review_model: str,
    credentials: Path | None,
    latency: float,
    max_iterations: int,
    context: tuple[Path, ...],
    fresh: bool,
    accept_changes: bool,
    dry_run: bool,
    face: Face,
) -> int:
    """Write low-level designs for issues, many at a time.

    Each issue is designed, reviewed and revised until the review approves. The result is
    docs/lld/active/LLD-042.md in the repository; what led to it is in docs/lineage. Run the same
    command again after a stop or a crash: it goes on where it was.
    """
    _check_selection(issues, all_issues=all_issues, issues_dir=issues_dir, parallel=parallel)
    parallel = check_parallel(parallel, max_parallel, numbers=issues)
    if fresh and accept_changes:
        raise click.UsageError("Give --fresh or --continue, not both.")
    from assemblyzero_tui.app.repository import find_repository
    from assemblyzero_tui.app.selection import choose_items, list_items, tell

    wanted = check_numbers(issues) if issues else None
    files = [str(readable_text(path)) for path in context]
    repository = find_repository(repo)
    model, review_model = check_model(model, "--model"), check_reviewer(review_model)
    items, notes = choose_items(
        repository, issues_dir=issues_dir, wanted=wanted, fresh=fresh, read_only=dry_run
    )
    tell(notes)
    if dry_run or not items:
        list_items(items, as_json=face.kind == "json", dry_run=dry_run)
        return 0
    from assemblyzero_tui.app.launch import start_run

    return start_run(
        RunSpec(
            run="",
            workflow="lld",
            repository=str(repository),
            items=items,
            provider=provider,
            parallel=parallel,
            credentials=str(credentials.absolute()) if credentials else "",
            options=Options(
                model=model,
                review_model=review_model,
                max_iterations=max_iterations,
                context=files,
                latency=latency,
                fresh=fresh,
                accept_changes=accept_changes,
            ),
        ),
        face,
    )


def _check_selection(
    issues: tuple[str, ...], *, all_issues: bool, issues_dir: Path | None, parallel: int
) -> None:
    if issues and all_issues:
        raise click.UsageError("Give issue numbers or --all, not both.")
    if issues or all_issues or issues_dir:
        return
    hint = "For example: assemblyzero-tui lld --all --parallel 3"
    if typed() and parallel != DEFAULT_PARALLEL:
        hint = f"--parallel took {parallel} as the number of workers. {swallowed(parallel)}"
    raise click.UsageError(
        f"Nothing to work on: give issue numbers, --all, or --issues-dir DIR.\n{hint}"
    )


def check_numbers(issues: tuple[str, ...]) -> list[str]:
    """The same, if each can be an issue; otherwise nothing has been asked of anybody yet.

    Raises:
        TuiError: one is no number of an issue.
    """
    from assemblyzero_tui.runner.workflows.issues import issue_number

    for issue in issues:
        issue_number(issue)
    return list(issues)


def readable_text(path: Path) -> Path:
    """The absolute path of a text file.

    Raises:
        TuiError: it cannot be read, or is no text.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TuiError(
            f"Cannot read the context file {path}: {error.strerror or error}.", "Check --context."
        ) from error
    except UnicodeDecodeError as error:
        raise TuiError(
            f"The context file {path} is not UTF-8 text.", "Give a text file with --context."
        ) from error
    if "\0" in text:
        raise TuiError(
            f"The context file {path} is binary, not text.", "Give a text file with --context."
        )
    return path.resolve()
