"""``assemblyzero-tui resume``: the unfinished items of a run, from their checkpoints."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from assemblyzero_tui.app.cli_command import Command
from assemblyzero_tui.app.faces import Face, face_options
from assemblyzero_tui.app.parallel import check_parallel, max_parallel_option, parallel_option


@click.command(
    cls=Command,
    examples=[
        ("", "the newest run that has something left to do"),
        ("20260131-140200-lld --parallel 5", "this run, five at once"),
        ("--failed", "what failed, was lost or cancelled as well"),
    ],
)
@click.argument("run", required=False)
@click.option("--failed", is_flag=True, help="Try again what failed, was lost or cancelled.")
@click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Other Gemini keys than the run began with.",
)
@parallel_option(None)
@max_parallel_option
@face_options
def command(
    run: str | None,
    failed: bool,
    credentials: Path | None,
    parallel: int | None,
    max_parallel: int,
    face: Face,
) -> int:
    """Go on with a run that was stopped or broken off.

    Items that are done are left alone; the others continue from their last checkpoint. Keys are
    looked for again.
    """
    if parallel is not None:
        parallel = check_parallel(parallel, max_parallel)
    from assemblyzero_tui.app.which_run import newest_to_resume
    from assemblyzero_tui.runner.errors import TuiError
    from assemblyzero_tui.runner.runs import open_run, write_spec

    known = open_run(newest_to_resume(run, failed=failed))
    if known.alive:
        raise TuiError(
            f"The run {known.name} is going on.",
            f"Watch it: assemblyzero-tui attach {known.name}",
        )
    again = [i.id for i in known.state.items.values() if i.state.terminal and i.state != "done"]
    if known.state.finished and not (failed and again):
        click.echo(f"{known.name} has nothing left to do.")
        if again:
            click.echo(
                f"Try the {len(again)} that did not succeed again: "
                f"assemblyzero-tui resume {known.name} --failed"
            )
        return 0
    if credentials is not None:
        chosen = str(credentials.absolute())
        write_spec(known.folder, msgspec.structs.replace(known.spec, credentials=chosen))
    from assemblyzero_tui.app.launch import serve_and_show

    retry = again if failed and again else None
    return serve_and_show(known.folder, face, retry=retry, parallel=parallel or 0)
