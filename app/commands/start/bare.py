"""The command without arguments: the start screen, then the chosen action."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from assemblyzero_tui.app.cli.output_mode import OutputMode
from assemblyzero_tui.app.cli.signals import Signals
from assemblyzero_tui.app.commands.start.options import configured
from assemblyzero_tui.app.screens.start.choice import (
    AttachRun,
    ResumeRun,
    StartChoice,
    StartNew,
    check_ready,
)
from assemblyzero_tui.runner.workflows.catalog import ISSUE, LLD


def start_from_screen(context: click.Context) -> int:
    """Shows the start screen and carries out the choice.

    Args:
        context: The context of the program; the configuration of its commands applies here too.

    Returns:
        The exit code of the command; 0 if nothing was chosen.

    Raises:
        TuiError: the terminal cannot be used, or the choice cannot be carried out.
    """
    from assemblyzero_tui.app.launch.dashboard_session import CannotOpenError, run_app
    from assemblyzero_tui.app.screens.start.screen import StartApp
    from assemblyzero_tui.runner.base.errors import TuiError

    settings, given = configured(context, LLD.name)
    output = OutputMode(
        "dashboard", ascii=given.get("ascii", False), mouse=not given.get("no_mouse", False)
    )
    app = StartApp(
        Path.cwd(),
        ascii=output.ascii,
        parallel=given.get("parallel", 0),
        provider=settings.provider,
        check=lambda provider: check_ready(provider, settings.credentials),
    )
    with Signals() as signals:
        try:
            ended_by = run_app(app, signals, mouse=output.mouse)
        except CannotOpenError as error:
            raise TuiError(
                f"Cannot open the terminal: {error}.",
                "Use a command instead: assemblyzero-tui --help",
            ) from error
    if ended_by:
        return 128 + ended_by
    return 0 if app.return_value is None else _carry_out(context, app.return_value, output)


def _carry_out(context: click.Context, choice: StartChoice, output: OutputMode) -> int:
    from assemblyzero_tui.app.cli.selection import print_notes
    from assemblyzero_tui.app.launch.launch import serve_and_show, show
    from assemblyzero_tui.runner.runs.runs import find_run
    from assemblyzero_tui.runner.workflows.records import reconcile

    match choice:
        case StartNew():
            settings, _ = configured(context, choice.workflow)
            settings = replace(settings, parallel=choice.parallel, provider=choice.provider)
            print_notes(reconcile(choice.repository, choice.workflow))
            return settings.start(
                choice.workflow,
                choice.repository,
                choice.items,
                settings.context_files(),
                settings.check(),
                output,
                tracker=_tracker(choice),
                template=settings.template_file(),
            )
        case ResumeRun():
            return serve_and_show(find_run(choice.name), output)
        case AttachRun():
            return show(find_run(choice.name), output)


def _tracker(choice: StartNew) -> str:
    """The tracker of the chosen issues; found now if the start screen did not find it."""
    if choice.tracker or choice.issues_dir is not None:
        return choice.tracker
    from assemblyzero_tui.app.cli.tracker_notice import tracker_of_issues, tracker_to_file_in

    to_file = choice.workflow == ISSUE.name
    return (tracker_to_file_in if to_file else tracker_of_issues)(choice.repository).name
