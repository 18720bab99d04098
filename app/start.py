"""The bare command: the start screen, then what was chosen on it."""

from __future__ import annotations

from pathlib import Path

from assemblyzero_tui.app.faces import Face
from assemblyzero_tui.app.signals import Signals
from assemblyzero_tui.app.start_choice import AttachRun, ResumeRun, StartChoice, StartNew
from assemblyzero_tui.runner.run_spec import RunSpec


def start_from_screen() -> int:
    """Lets the user choose on this terminal, and does it.

    Returns:
        The exit code of the command; 0 if nothing was chosen.

    Raises:
        TuiError: the terminal cannot be used, or what was chosen cannot be done.
    """
    from assemblyzero_tui.app.dashboard_face import CannotOpenError, run_app
    from assemblyzero_tui.app.start_screen import StartApp
    from assemblyzero_tui.runner.errors import TuiError

    face = Face("dashboard")
    app = StartApp(Path.cwd())
    with Signals() as signals:
        try:
            ended_by = run_app(app, signals, mouse=face.mouse)
        except CannotOpenError as error:
            raise TuiError(
                f"The terminal cannot be opened: {error}.",
                "Say on the command line what is to be done: assemblyzero-tui --help",
            ) from error
    if ended_by:
        return 128 + ended_by
    return 0 if app.return_value is None else _do(app.return_value, face)


def _do(choice: StartChoice, face: Face) -> int:
    from assemblyzero_tui.app.launch import serve_and_show, show, start_run
    from assemblyzero_tui.runner.runs import find_run

    match choice:
        case StartNew():
            return start_run(
                RunSpec(
                    run="",
                    workflow=choice.workflow,
                    repository=str(choice.repository),
                    items=list(choice.items),
                    provider=choice.provider,
                    parallel=choice.parallel,
                ),
                face,
            )
        case ResumeRun():
            return serve_and_show(find_run(choice.name), face)
        case AttachRun():
            return show(find_run(choice.name), face)
