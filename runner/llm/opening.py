"""Opens the provider of a run; its SDK is imported only then."""

from __future__ import annotations

import importlib
from importlib import metadata

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.llm.deadline import endpoint
from assemblyzero_tui.runner.llm.provider import Provider
from assemblyzero_tui.runner.model.provider_catalog import provider_entry
from assemblyzero_tui.runner.model.run_spec import Options


def check_provider(name: str) -> None:
    """Checks whether a provider can be opened, without loading its SDK.

    Raises:
        TuiError: there is no such provider, its SDK is missing, or the endpoint is invalid.
    """
    entry = provider_entry(name)
    if not entry.distribution:
        return
    try:
        metadata.version(entry.distribution)
    except metadata.PackageNotFoundError:
        raise TuiError(
            f"The provider {name} needs the package {entry.distribution}.",
            f"Run: {entry.install_command}",
        ) from None
    endpoint()


def open_provider(name: str, options: Options) -> Provider:
    """Opens the provider of this name.

    Raises:
        TuiError: there is no such provider, its SDK is missing, or a model cannot be used.
    """
    entry = provider_entry(name)
    try:
        module = importlib.import_module(entry.module)
    except ImportError as error:
        raise TuiError(
            f"The provider {name} cannot be loaded: {error}.", f"Run: {entry.install_command}"
        ) from error
    provider: Provider = module.create_provider(options)
    return provider
