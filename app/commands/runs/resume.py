"""``assemblyzero-tui resume``: resumes the unfinished items of a run from their checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.credentials_file import CredentialsFile
from assemblyzero_tui.app.cli.output_mode import OutputMode, output_options
from assemblyzero_tui.app.cli.parallel import check_parallel, max_parallel_option, parallel_option
from assemblyzero_tui.runner.base.paths import resolve_parent
from assemblyzero_tui.runner.model.model_catalog import check_model, check_reviewer
from assemblyzero_tui.runner.model.run_spec import ON_EXHAUSTED, RunSpec

if TYPE_CHECKING:
    from assemblyzero_tui.runner.runs.runs import ReadableRun


def _reconcile_records(spec: RunSpec) -> None:
    """Completes the records of items that finished just before the run was interrupted."""
    from assemblyzero_tui.app.cli.selection import print_notes
    from assemblyzero_tui.runner.base.errors import TuiError
    from assemblyzero_tui.runner.workflows.records import reconcile

    try:
        print_notes(reconcile(Path(spec.repository), spec.workflow))
    except TuiError as error:
        print_notes([error.what])


@click.command(
    cls=Command,
    examples=[
        ("", "the newest unfinished run"),
        ("20260131-140200-lld --parallel 5", "a specific run, five items at once"),
        ("--failed", "also retry failed, lost and cancelled items"),
        ("--failed --fresh", "the same, from scratch instead of their checkpoints"),
        ("--failed --continue", "even if an issue has changed"),
        ("--failed --max-iterations 40", "allow more drafts for items that reached the limit"),
    ],
)
@click.argument("run", required=False)
@click.option("--failed", is_flag=True, help="Also retry failed, lost and cancelled items.")
@click.option(
    "--fresh", is_flag=True, help="With --failed: start those items over, ignoring checkpoints."
)
@click.option(
    "--continue",
    "accept_changes",
    is_flag=True,
    help="Continue from a checkpoint even if the item, prompts or provider changed.",
)
@click.option(
    "--max-iterations",
    type=click.IntRange(min=1),
    metavar="N",
    help="New limit of visits to the human-edit gate; a rejected draft takes two.",
)
@click.option("--model", metavar="NAME", help="Write with another Gemini model.")
@click.option("--review-model", metavar="NAME", help="Review with another Gemini model.")
@click.option(
    "--credentials",
    type=CredentialsFile(),
    metavar="FILE",
    help="Use other Gemini credentials than before.",
)
@click.option(
    "--on-exhausted",
    type=click.Choice(ON_EXHAUSTED),
    help="When no quota is left: wait, or stop with exit code 75 (default: as before).",
)
@parallel_option(None)
@max_parallel_option
@output_options
def command(
    run: str | None,
    failed: bool,
    fresh: bool,
    credentials: Path | None,
    on_exhausted: Literal["wait", "stop"] | None,
    parallel: int | None,
    max_parallel: int,
    output: OutputMode,
    **options: Any,
) -> int:
    """Resume a run that was stopped or interrupted.

    Finished items are left alone; the others continue from their last checkpoint. Credentials are
    loaded again.
    """
    if fresh:
        _check_fresh(failed=failed, accept_changes=options["accept_changes"])
    workers = 0 if parallel is None else check_parallel(parallel, max_parallel)
    from assemblyzero_tui.app.cli.finding_runs import newest_unfinished_run
    from assemblyzero_tui.runner.runs.runs import open_run

    previous = open_run(newest_unfinished_run(run, failed=failed))
    _check_not_running(previous)
    _reconcile_records(previous.spec)
    unsuccessful = [item for item in previous.state.items.values() if item.state.unsuccessful]
    if previous.state.finished and not (failed and unsuccessful):
        _print_nothing_to_resume(previous.name, len(unsuccessful))
        return 0
    _update_spec(previous, options, credentials=credentials, on_exhausted=on_exhausted)
    from assemblyzero_tui.app.launch.launch import serve_and_show

    return serve_and_show(
        previous.folder,
        output,
        retry=[] if failed and unsuccessful else None,
        fresh=fresh and bool(unsuccessful),
        parallel=workers,
    )


def _check_fresh(*, failed: bool, accept_changes: bool) -> None:
    if accept_changes:
        raise click.UsageError("Specify --fresh or --continue, not both.")
    if not failed:
        raise click.UsageError("--fresh requires --failed: only those items are started over.")


def _check_not_running(run: ReadableRun) -> None:
    from assemblyzero_tui.runner.base.errors import TuiError

    if run.alive:
        raise TuiError(
            f"The run {run.name} is still running.",
            f"Watch it: assemblyzero-tui attach {run.name}",
        )


def _print_nothing_to_resume(name: str, unsuccessful: int) -> None:
    click.echo(f"{name} has nothing left to do.")
    if unsuccessful:
        click.echo(
            f"To retry the {unsuccessful} that did not succeed: "
            f"assemblyzero-tui resume {name} --failed"
        )


def _update_spec(
    run: ReadableRun,
    options: dict[str, Any],
    *,
    credentials: Path | None,
    on_exhausted: Literal["wait", "stop"] | None,
) -> None:
    """Writes the given values into the run's specification; ``None`` keeps the present value."""
    from assemblyzero_tui.runner.runs.runs import write_spec
    from assemblyzero_tui.runner.workflows.tracker.tracker_name import tracker_changed_note

    changes = {name: value for name, value in _checked(options).items() if value}
    spec = run.spec
    if credentials is not None:
        spec = msgspec.structs.replace(spec, credentials=str(resolve_parent(credentials)))
    if on_exhausted is not None:
        spec = msgspec.structs.replace(spec, on_exhausted=on_exhausted)
    spec = msgspec.structs.replace(spec, options=msgspec.structs.replace(spec.options, **changes))
    if spec != run.spec:
        write_spec(run.folder, spec)
    if note := tracker_changed_note(spec.tracker):
        click.echo(f"Note: {note}", err=True)


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    """The options with the full names of the models.

    Raises:
        TuiError: a model is unknown or cannot review.
    """
    checked = dict(options)
    if checked["model"] is not None:
        checked["model"] = check_model(checked["model"], "--model")
    if checked["review_model"] is not None:
        checked["review_model"] = check_reviewer(checked["review_model"])
    return checked
