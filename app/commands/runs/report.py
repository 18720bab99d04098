"""``assemblyzero-tui report``: prints the report of a run."""

from __future__ import annotations

from pathlib import Path

import click

from assemblyzero_tui.app.cli.base import Command


@click.command(
    cls=Command,
    examples=[
        ("", "the newest run as Markdown"),
        ("20260131-140200-lld -o report.md", "write a specific run to a file"),
        ("--format json", "as JSON"),
    ],
)
@click.argument("run", required=False)
@click.option(
    "--format", "form", type=click.Choice(["md", "json"]), default="md", show_default=True,
    help="Output format.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
    help="Write to a file instead of stdout.",
)  # fmt: skip
def command(run: str | None, form: str, output: Path | None) -> int:
    """Print the report of a run as Markdown or JSON.

    A live run is reported as it is now.
    """
    import time

    from assemblyzero_tui.runner.base.errors import TuiError
    from assemblyzero_tui.runner.base.paths import write_atomically
    from assemblyzero_tui.runner.base.temporary_files import temporary_folder
    from assemblyzero_tui.runner.runs import report
    from assemblyzero_tui.runner.runs.runs import find_run, open_run

    recorded = open_run(find_run(run))
    now = time.time() if recorded.alive else recorded.state.time
    summary = report.build(recorded.state, recorded.folder, now)
    data = report.to_json(summary) if form == "json" else report.to_markdown(summary).encode()
    if output is None:
        click.echo(data, nl=False)
        return 0
    try:
        write_atomically(output, data, 0o644, temporary_folder(output.parent))
    except OSError as error:
        raise TuiError(
            f"Cannot write {output}: {error.strerror or error}.", "Choose another file with -o."
        ) from error
    click.echo(f"Report: {output}", err=True)
    return 0
