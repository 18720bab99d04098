"""Model providers behind one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assemblyzero_tui.runner.base.errors import TuiError

if TYPE_CHECKING:
    from assemblyzero_tui.runner.llm.provider import Provider
    from assemblyzero_tui.runner.model.run_spec import Options

PROVIDERS = ("gemini", "genai", "offline")
"""The names that :func:`open_provider` knows, the default first."""
KEYED = frozenset({"gemini", "genai"})
"""Those that need a key."""
SDKS = {"gemini": "google-generativeai", "genai": "google-genai"}
"""The package that a provider needs."""


def check_provider(name: str) -> None:
    """Looks whether a provider could be opened, without loading it.

    Raises:
        TuiError: its package is missing, or the endpoint is none.
    """
    from importlib import metadata

    from assemblyzero_tui.runner.llm.deadline import endpoint

    if name in SDKS:
        try:
            metadata.version(SDKS[name])
        except metadata.PackageNotFoundError:
            raise TuiError(
                f"The provider {name} needs the package {SDKS[name]}.", _install(name)
            ) from None
        endpoint()


def _install(name: str) -> str:
    return f"Run: pip install 'assemblyzero-tui{'[genai]' if name == 'genai' else ''}'"


def open_provider(name: str, options: Options) -> Provider:
    """The provider of this name; its libraries are imported only now.

    Raises:
        TuiError: there is none of that name, its package is missing, or a model cannot be asked.
    """
    if name == "offline":
        from assemblyzero_tui.runner.llm.offline.provider import OfflineModel

        if options.quota is None:
            return OfflineModel(options.latency, options.latency_spread)
        from assemblyzero_tui.runner.llm.offline.quota import QuotaBook

        book = QuotaBook(options.quota)
        return OfflineModel(options.latency, options.latency_spread, book=book)
    try:
        if name == "gemini":
            from assemblyzero_tui.runner.llm.gemini import GoogleGenerativeAi

            return GoogleGenerativeAi(options.model, options.review_model)
        if name == "genai":
            from assemblyzero_tui.runner.llm.genai import GoogleGenai

            return GoogleGenai(options.model, options.review_model)
    except ImportError as error:
        raise TuiError(f"The provider {name} cannot be loaded: {error}.", _install(name)) from error
    raise TuiError(f"There is no provider {name!r}.", f"Known ones: {', '.join(PROVIDERS)}.")
