"""``assemblyzero-tui resume``: the unfinished items of a run, from their checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.output_mode import OutputMode, output_options
from assemblyzero_tui.app.cli.parallel import check_parallel, max_parallel_option, parallel_option
from assemblyzero_tui.runner.base.paths import resolve_parent
from assemblyzero_tui.runner.model.model_catalog import check_model, check_reviewer
from assemblyzero_tui.runner.model.run_spec import ON_EXHAUSTED, RunSpec


def _reconcile_records(spec: RunSpec) -> None:
    """Completes the records of items that finished just before the run was interrupted."""
    from assemblyzero_tui.app.cli.selection import tell
    from assemblyzero_tui.runner.base.errors import TuiError
    from assemblyzero_tui.runner.workflows.records import reconcile

    try:
        tell(reconcile(Path(spec.repository), spec.workflow))
    except TuiError as error:
        tell([error.what])


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
@click.option("--model", metavar="NAME", help="New Gemini model that writes.")
@click.option("--review-model", metavar="NAME", help="New Gemini model that reviews.")
@click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Other Gemini keys than the run began with.",
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
    accept_changes: bool,
    max_iterations: int | None,
    model: str | None,
    review_model: str | None,
    credentials: Path | None,
    on_exhausted: Literal["wait", "stop"] | None,
    parallel: int | None,
    max_parallel: int,
    output: OutputMode,
) -> int:
    """Resume a run that was stopped or interrupted.

    Items that are done are left alone; the others continue from their last checkpoint. Keys are
    looked for again.
    """
    if fresh and accept_changes:
        raise click.UsageError("Specify --fresh or --continue, not both.")
    if fresh and not failed:
        raise click.UsageError("--fresh requires --failed: only those items are started over.")
    if parallel is not None:
        parallel = check_parallel(parallel, max_parallel)
    from assemblyzero_tui.app.cli.finding_runs import newest_unfinished_run
    from assemblyzero_tui.runner.base.errors import TuiError
    from assemblyzero_tui.runner.runs.runs import open_run, write_spec
    from assemblyzero_tui.runner.workflows.tracker.tracker_name import renamed_since

    known = open_run(newest_unfinished_run(run, failed=failed))
    if known.alive:
        raise TuiError(
            f"The run {known.name} is still running.",
            f"Watch it: assemblyzero-tui attach {known.name}",
        )
    _reconcile_records(known.spec)
    again = [i.id for i in known.state.items.values() if i.state.terminal and not i.state.succeeded]
    if known.state.finished and not (failed and again):
        click.echo(f"{known.name} has nothing left to do.")
        if again:
            click.echo(
                f"To retry the {len(again)} that did not succeed: "
                f"assemblyzero-tui resume {known.name} --failed"
            )
        return 0
    spec = known.spec
    if credentials is not None:
        spec = msgspec.structs.replace(spec, credentials=str(resolve_parent(credentials)))
    if on_exhausted is not None:
        spec = msgspec.structs.replace(spec, on_exhausted=on_exhausted)
    chosen: dict[str, Any] = {"accept_changes": True} if accept_changes else {}
    if max_iterations is not None:
        chosen["max_iterations"] = max_iterations
    if model is not None:
        chosen["model"] = check_model(model, "--model")
    if review_model is not None:
        chosen["review_model"] = check_reviewer(review_model)
    if chosen:
        options = msgspec.structs.replace(spec.options, **chosen)
        spec = msgspec.structs.replace(spec, options=options)
    if spec != known.spec:
        write_spec(known.folder, spec)
    if note := renamed_since(spec.tracker):
        click.echo(f"Note: {note}", err=True)
    from assemblyzero_tui.app.launch.launch import serve_and_show

    retry: list[str] | None = [] if failed and again else None
    return serve_and_show(
        known.folder, output, retry=retry, afresh=fresh and bool(again), parallel=parallel or 0
    )
