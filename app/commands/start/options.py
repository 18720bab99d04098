"""The options shared by the commands that start a workflow, as one set of settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Any, Literal

import click

from assemblyzero_tui.app.cli.credentials_file import CredentialsFile
from assemblyzero_tui.app.cli.output_mode import OutputMode
from assemblyzero_tui.app.cli.parallel import check_parallel, max_parallel_option, parallel_option
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.base.paths import resolve_parent
from assemblyzero_tui.runner.base.small_files import read_small_file
from assemblyzero_tui.runner.credentials.api_key_variables import API_KEY_VARIABLES
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.model_catalog import (
    DEFAULT_MODEL,
    DEFAULT_REVIEW_MODEL,
    check_model,
    check_reviewer,
)
from assemblyzero_tui.runner.model.provider_catalog import DEFAULT_PROVIDER, PROVIDERS
from assemblyzero_tui.runner.model.run_spec import ON_EXHAUSTED, Options, RunSpec
from assemblyzero_tui.runner.workflows.catalog import LLD


@dataclass(frozen=True, slots=True)
class WorkflowSettings:
    """The settings for a run's items."""

    parallel: int
    """As given; not checked yet."""
    max_parallel: int
    repo: Path
    provider: str
    model: str
    review_model: str
    credentials: Path | None
    on_exhausted: Literal["wait", "stop"]
    latency: float
    max_iterations: int
    context: tuple[Path, ...]
    fresh: bool
    accept_changes: bool
    dry_run: bool
    template: Path | None = None
    """Of the designs; only the command ``lld`` has the option."""
    asked: float = field(default_factory=time.time)
    """When the command was started, seconds since the epoch; not an option."""

    def check(self, numbers: tuple[str, ...] = ()) -> int:
        """Checks for contradicting options and returns the number of workers.

        Args:
            numbers: Issue numbers that were also given.

        Raises:
            click.UsageError: options contradict each other or a number is invalid.
            TuiError: a model is unknown or cannot review.
        """
        check_model(self.model, "--model")
        check_reviewer(self.review_model)
        parallel = check_parallel(self.parallel, self.max_parallel, numbers=numbers)
        if self.fresh and self.accept_changes:
            raise click.UsageError("Specify --fresh or --continue, not both.")
        return parallel

    def context_files(self) -> list[str]:
        """The absolute paths of the context files.

        Raises:
            TuiError: one cannot be read or is not text.
        """
        return [str(readable_text(path)) for path in self.context]

    def template_file(self) -> str:
        """The absolute path of the template for designs; empty if none was given.

        Raises:
            TuiError: it cannot be read or is not text.
        """
        if self.template is None:
            return ""
        return str(readable_text(self.template, "template", "--template"))

    def start(
        self, workflow: str, repository: Path, items: Sequence[ItemInfo], files: list[str],
        parallel: int, output: OutputMode, *, tracker: str, template: str = "",
        no_file: bool = False, replace: bool = False,
    ) -> int:  # fmt: skip
        """Starts and shows the run; returns the exit code of the command.

        Raises:
            TuiError: the template for designs cannot be used.
        """
        from assemblyzero_tui.app.launch.launch import start_run

        if workflow == LLD.name:
            from assemblyzero_tui.runner.workflows.lld.template import find_template

            find_template(repository, template)
        return start_run(
            RunSpec(
                run="",
                workflow=workflow,
                repository=str(repository),
                items=list(items),
                provider=self.provider,
                parallel=parallel,
                asked=self.asked,
                on_exhausted=self.on_exhausted,
                credentials=str(resolve_parent(self.credentials)) if self.credentials else "",
                tracker=tracker,
                options=Options(
                    model=check_model(self.model, "--model"),
                    review_model=check_reviewer(self.review_model),
                    max_iterations=self.max_iterations,
                    context=files,
                    template=template,
                    latency=self.latency,
                    fresh=self.fresh,
                    accept_changes=self.accept_changes,
                    no_file=no_file,
                    replace=replace,
                ),
            ),
            output,
        )


_NAMES = tuple(entry.name for entry in fields(WorkflowSettings) if entry.name != "asked")


def configured(context: click.Context, workflow: str) -> tuple[WorkflowSettings, dict[str, Any]]:
    """The settings of a command from ``tui.toml`` and the environment alone.

    Args:
        context: The context of the program.
        workflow: Name of the command.

    Returns:
        Its settings, and the values of all options that are set there.

    Raises:
        TuiError: the configuration is invalid.
    """
    assert isinstance(context.command, click.Group)
    command = context.command.get_command(context, workflow)
    assert command is not None
    parsed = command.make_context(workflow, ["--all"], parent=context)
    default = click.core.ParameterSource.DEFAULT
    given = {n: v for n, v in parsed.params.items() if parsed.get_parameter_source(n) != default}
    mine = {name: parsed.params[name] for name in _NAMES if name in parsed.params}
    return WorkflowSettings(**mine), given


LATENCY_MOST = 400.0
"""The greatest latency with which a call, its random spread added, still ends within its timeout;
otherwise it would be repeated forever."""
latency_option = click.option(
    "--latency",
    type=click.FloatRange(min=0, max=LATENCY_MOST),
    default=Options().latency,
    show_default=True,
    metavar="SECONDS",
    help="Response time of the offline model.",
)


_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def workflow_options(what: str, item: str, *, fresh: str = "") -> _Decorator:
    """Adds the options; the command receives them as one ``settings``.

    Args:
        what: The products of the workflow, for the help: ``designs``.
        item: The kind of its items: ``issue``.
        fresh: Added to the help of ``--fresh``.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def with_settings(*arguments: Any, **options: Any) -> Any:
            settings = {name: options.pop(name) for name in _NAMES if name in options}
            return function(*arguments, settings=WorkflowSettings(**settings), **options)

        decorated: Callable[..., Any] = with_settings
        for option in reversed(_options(what, item, fresh)):
            decorated = option(decorated)
        return decorated

    return decorate


def _options(what: str, item: str, fresh: str) -> list[_Decorator]:
    return [*_run_options(what), *_model_options(), *_draft_options(item, fresh)]


def _run_options(what: str) -> list[_Decorator]:
    return [
        parallel_option(),
        max_parallel_option,
        click.option(
            "--repo",
            type=click.Path(path_type=Path),
            default=Path(),
            show_default="current directory",
            metavar="PATH",
            help=f"Git repository for the {what}.",
        ),
    ]


def _model_options() -> list[_Decorator]:
    return [
        click.option(
            "--provider",
            type=click.Choice(list(PROVIDERS)),
            default=DEFAULT_PROVIDER,
            show_default=True,
            help=f"Model provider. {_providers()}",
        ),
        click.option(
            "--model",
            default=DEFAULT_MODEL,
            show_default=True,
            metavar="NAME",
            help="Gemini model to write with.",
        ),
        click.option(
            "--review-model",
            default=DEFAULT_REVIEW_MODEL,
            show_default=True,
            metavar="NAME",
            help="Gemini model to review with.",
        ),
        click.option(
            "--credentials",
            type=CredentialsFile(),
            metavar="FILE",
            help="File with the Gemini credentials; the default is the one in the state folder, "
            f"else the keyring, else {API_KEY_VARIABLES[0]}.",
        ),
        click.option(
            "--on-exhausted",
            type=click.Choice(ON_EXHAUSTED),
            default=ON_EXHAUSTED[0],
            show_default=True,
            help="When no quota is left: wait and resume automatically, or stop with exit code 75.",
        ),
        latency_option,
    ]


def _draft_options(item: str, fresh: str) -> list[_Decorator]:
    return [
        click.option(
            "--max-iterations",
            type=click.IntRange(min=1),
            default=Options().max_iterations,
            show_default=True,
            metavar="N",
            help="Limit of visits to the human-edit gate; a rejected draft takes two.",
        ),
        click.option(
            "--context",
            type=click.Path(path_type=Path),
            multiple=True,
            metavar="FILE",
            help="Text file that every draft takes into account; repeatable.",
        ),
        click.option(
            "--fresh",
            is_flag=True,
            help=f"Start over, ignoring checkpoints{fresh}.",
        ),
        click.option(
            "--continue",
            "accept_changes",
            is_flag=True,
            help=f"Continue from a checkpoint even if the {item}, prompts or provider changed.",
        ),
        click.option("--dry-run", is_flag=True, help="List what would run and exit."),
    ]


def _providers() -> str:
    return " ".join(f"{entry.name}: {entry.description}." for entry in PROVIDERS.values())


LARGEST = 64 << 20
"""Bytes of a context or template file; more goes into no prompt."""


def readable_text(path: Path, what: str = "context file", option: str = "--context") -> Path:
    """The absolute path of a text file.

    Args:
        path: The file.
        what: What it is, for messages.
        option: Where it was given.

    Raises:
        TuiError: the file cannot be read, or is not text.
    """
    try:
        text = read_small_file(path, LARGEST).decode("utf-8-sig")
    except OSError as error:
        raise TuiError(
            f"Cannot read the {what} {path}: {error.strerror or error}.", f"Check {option}."
        ) from error
    except UnicodeDecodeError as error:
        raise TuiError(
            f"The {what} {path} is not UTF-8 text.", f"Give a text file with {option}."
        ) from error
    if "\0" in text:
        raise TuiError(
            f"The {what} {path} is binary, not text.", f"Give a text file with {option}."
        )
    return path.resolve()


template_option = click.option(
    "--template",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Markdown file whose headings every design follows; the default is the repository's "
    "docs/templates/*lld*.md, if there is one.",
)
