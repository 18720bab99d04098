"""``assemblyzero-tui doctor``: checks this machine and shows how to fix it."""

from __future__ import annotations

import click

from assemblyzero_tui.app.cli.base import Command


@click.command(
    cls=Command,
    configurable=False,
    examples=[("", "check everything"), ("--json", "one JSON object per line")],
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object per line.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> int:
    """Check this machine and show how to fix what is wrong.

    The exit code is 1 if something is broken that every run needs.
    """
    from assemblyzero_tui.app.commands.setup.checks import all_checks

    broken = False
    for check in all_checks(context):
        broken = broken or check.verdict == "broken"
        if as_json:
            import msgspec

            click.echo(msgspec.json.encode(check))
            continue
        word, colour = _WORDS[check.verdict]
        click.secho(f"{word:<7}", fg=colour, nl=False)
        click.echo(f"{check.label:<14}{check.found}")
        if check.mend:
            click.echo(f"{'':<21}{check.mend}")
    return int(broken)


_WORDS = {"ok": ("ok", "green"), "warning": ("warn", "yellow"), "broken": ("BROKEN", "red")}
