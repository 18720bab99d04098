"""The commands of ``assemblyzero-tui``. A command's module is imported when it is used.

``--help`` imports only click and small parts of the runner, neither Textual nor asyncio, so that
it answers at once.
"""

from __future__ import annotations

from typing import Any

import click

from assemblyzero_tui.app.cli.base import HELP_OPTIONS
from assemblyzero_tui.app.cli.lazy_group import LazyGroup
from assemblyzero_tui.runner.base.exit_codes import ExitCode

PROGRAM = "assemblyzero-tui"

COMMANDS: dict[str, tuple[str, str]] = {
    "lld": ("commands.start.lld", "Write low-level designs for issues, many at a time."),
    "issue": ("commands.start.issue", "Turn briefs into GitHub issues, many at a time."),
    "demo": (
        "commands.start.demo",
        "Try it: real workers on sample issues, no credentials needed.",
    ),
    "runs": ("commands.runs.runs", "List runs on this machine, newest first."),
    "attach": ("commands.runs.attach", "Watch a live run, or view one that has ended."),
    "stop": ("commands.runs.stop", "Stop a run; everything is saved and can be resumed."),
    "resume": ("commands.runs.resume", "Resume a run that was stopped or interrupted."),
    "report": ("commands.runs.report", "Print the report of a run as Markdown or JSON."),
    "replay": ("commands.runs.replay", "Replay a recorded run; nothing is started."),
    "pool": (
        "commands.pool.group",
        "Manage the Gemini credentials and their quotas.",
    ),
    "doctor": ("commands.setup.doctor", "Check this machine and show how to fix what is wrong."),
}
"""Each command's module, which has it as ``command``, and its line in the list of commands."""


class Program(LazyGroup):
    """All commands."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            from assemblyzero_tui.app.cli.failures import mute_stdout

            mute_stdout()
            return ExitCode.PIPE_CLOSED


def _print_version(context: click.Context, _: click.Parameter, requested: bool) -> None:
    if not requested or context.resilient_parsing:
        return
    from importlib import metadata

    click.echo(f"{PROGRAM} {metadata.version(PROGRAM)}")
    context.exit()


@click.group(
    name=PROGRAM,
    cls=Program,
    commands_by_name=COMMANDS,
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": "ASSEMBLYZERO_TUI", **HELP_OPTIONS},
    examples=[
        ("demo", "six sample issues, real workers, no credentials"),
        ("lld --all --parallel 3 --provider offline", "every open issue, three at a time"),
        ("attach", "reattach to a run"),
    ],
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Show the version and exit.",
)  # fmt: skip
@click.option(
    "--debug",
    is_flag=True,
    help="Let the command, its engine and the workers write debug logs into the run's folder. "
    "Secrets are redacted.",
)
@click.pass_context
def cli(context: click.Context, debug: bool) -> Any:
    """Run many LangGraph workflows at once, each in its own process, live on one screen.

    Without a command, a terminal shows the start screen. Set defaults for any option in tui.toml in
    the state folder (~/.assemblyzero, or $ASSEMBLYZERO_HOME), with one table per command, or with
    environment variables such as ASSEMBLYZERO_TUI_LLD_PARALLEL.
    """
    if debug:
        from assemblyzero_tui.runner.logs.debug_log import request_debug_logs

        request_debug_logs()
    if context.invoked_subcommand is not None:
        return None
    from assemblyzero_tui.app.cli.output_mode import why_no_dashboard

    if why_no_dashboard() is not None:
        click.echo(context.get_help(), err=True)
        context.exit(ExitCode.USAGE)
    from assemblyzero_tui.app.commands.start.bare import start_from_screen

    return start_from_screen(context)
