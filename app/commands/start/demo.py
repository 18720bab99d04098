"""``assemblyzero-tui demo``: real workers on sample issues."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import click
import msgspec

from assemblyzero_tui.app.cli.base import Command
from assemblyzero_tui.app.cli.output_mode import OutputMode, output_options
from assemblyzero_tui.app.cli.parallel import check_parallel, max_parallel_option, parallel_option
from assemblyzero_tui.app.commands.start.options import latency_option
from assemblyzero_tui.runner.model.run_spec import DEFAULT_PARALLEL, OfflineQuotas, Options, RunSpec

SPEED = 4.0
"""With ``--quota`` the quotas' minute lasts 15 seconds, so that the demo does not take long."""


@click.command(
    cls=Command,
    examples=[
        ("", "six issues, three at a time"),
        ("--items 12 --parallel 6", "twelve issues, six at a time"),
        ("--latency 0.2 --plain", "fast, as plain lines"),
        ("--quota", "quotas run out; the run waits and resumes automatically"),
    ],
)
@click.option(
    "--items",
    type=click.IntRange(min=1, max=10_000),
    default=6,
    show_default=True,
    metavar="N",
    help="Number of sample issues.",
)
@parallel_option(DEFAULT_PARALLEL)
@max_parallel_option
@latency_option
@click.option(
    "--quota",
    is_flag=True,
    help="Use made-up credentials with small quotas, to see the run wait and resume. "
    "Their day lasts a minute.",
)
@output_options
def command(
    items: int, parallel: int, max_parallel: int, latency: float, quota: bool, output: OutputMode
) -> int:
    """Try it: real workers on sample issues, no credentials needed.

    The designs are written by a deterministic stand-in for a model, into a git repository of
    their own in the run's folder; it is kept with the run.
    """
    parallel = check_parallel(parallel, max_parallel)
    from assemblyzero_tui.app.launch.launch import serve_and_show
    from assemblyzero_tui.runner.runs.runs import create_run, write_spec
    from assemblyzero_tui.runner.workflows.samples.demo import make_demo_repository

    folder, spec = create_run(
        RunSpec(
            run="",
            workflow="lld",
            repository="",
            items=[],
            provider="offline",
            parallel=parallel,
            options=Options(latency=latency),
            clock_speed=SPEED if quota else 1.0,
            demo=True,
        )
    )
    repository = folder.path.resolve() / "repository"
    try:
        samples = make_demo_repository(repository, items)
        spec = msgspec.structs.replace(spec, repository=str(repository), items=samples)
        if quota:
            spec = _with_quota(spec, folder.path / "quota.db")
        write_spec(folder, spec)
    except BaseException:
        shutil.rmtree(folder.path)
        raise
    return serve_and_show(folder, output)


def _with_quota(spec: RunSpec, database: Path) -> RunSpec:
    """The specification with credentials whose daily quota is too small for all items."""
    quota = OfflineQuotas(
        credentials=3,
        per_minute=4,
        per_day=5,
        day_seconds=60.0,
        start=time.time(),
        declared=2,
        database=str(database),
        speed=SPEED,
    )
    options = msgspec.structs.replace(spec.options, quota=quota)
    return msgspec.structs.replace(spec, options=options)
