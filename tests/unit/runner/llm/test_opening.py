"""A provider is described in one place, the catalog: every provider there can be opened."""

from __future__ import annotations

import sys
from types import ModuleType

import click
import pytest

from assemblyzero_tui.app.commands.start.options import workflow_options
from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.llm.offline.provider import OfflineModel
from assemblyzero_tui.runner.llm.opening import check_provider, open_provider
from assemblyzero_tui.runner.model.provider_catalog import PROVIDERS, ProviderEntry
from assemblyzero_tui.runner.model.run_spec import Options
from assemblyzero_tui.widgets.start.rows import provider_note

ECHO = ProviderEntry(
    name="echo", label="echo", description="an echo", module="a_provider_of_a_test",
    needs_credentials=True, distribution="pytest", extra="echo",
)  # fmt: skip


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> ProviderEntry:
    """A provider in the catalog, and its module."""
    module = ModuleType(ECHO.module)
    vars(module)["create_provider"] = lambda options: OfflineModel(options.latency)
    monkeypatch.setitem(sys.modules, ECHO.module, module)
    monkeypatch.setitem(PROVIDERS, ECHO.name, ECHO)
    return ECHO


def test_a_provider_of_the_catalog_can_be_checked_and_opened(echo: ProviderEntry) -> None:
    check_provider(echo.name)
    provider = open_provider(echo.name, Options(latency=7.0))
    assert isinstance(provider, OfflineModel)
    assert provider.latency == 7.0


def test_a_provider_of_the_catalog_is_offered(echo: ProviderEntry) -> None:
    command = click.command()(workflow_options("designs", "issue")(lambda settings: None))
    (option,) = [each for each in command.params if each.name == "provider"]
    assert isinstance(option, click.Option)
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == ["gemini", "genai", "offline", "echo"]
    assert "echo: an echo." in (option.help or "")
    assert provider_note(echo) == "An echo; needs an API key"


def test_a_missing_sdk_says_how_it_is_installed(
    echo: ProviderEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, echo.module, None)
    with pytest.raises(TuiError, match="echo cannot be loaded") as caught:
        open_provider(echo.name, Options())
    assert caught.value.hint == "Run: pip install 'assemblyzero-tui[echo]'"


def test_a_distribution_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ProviderEntry(
        name="gone", label="gone", description="gone", module="gone", needs_credentials=True,
        distribution="a-distribution-that-is-not-there",
    )  # fmt: skip
    monkeypatch.setitem(PROVIDERS, entry.name, entry)
    with pytest.raises(TuiError, match="gone needs the package a-distribution") as caught:
        check_provider(entry.name)
    assert caught.value.hint == "Run: pip install 'assemblyzero-tui'"


@pytest.mark.parametrize("use", [check_provider, lambda name: open_provider(name, Options())])
def test_an_unknown_provider_is_refused(use: object) -> None:
    assert callable(use)
    with pytest.raises(TuiError, match="no provider 'nope'"):
        use("nope")
