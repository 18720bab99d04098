"""The available providers; imports none of them, so that every room can use it."""

from __future__ import annotations

from dataclasses import dataclass

from assemblyzero_tui.runner.base.errors import TuiError


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """The description of a provider, available without loading its SDK."""

    name: str
    """The value of ``--provider``, such as ``gemini``."""
    label: str
    """Its name on the dashboard."""
    description: str
    """For help texts, as the rest of a sentence: ``Google Gemini``."""
    module: str
    """Its module, whose ``create_provider`` takes the options of a run and returns a
    :class:`~assemblyzero_tui.runner.llm.provider.Provider`."""
    needs_credentials: bool
    looks_up_models: bool = False
    """Whether :mod:`~assemblyzero_tui.runner.llm.model_lookup` can ask for a model by its name."""
    distribution: str = ""
    """The package with its SDK; empty if it needs none."""
    extra: str = ""
    """The extra of this program that installs the SDK; empty if every installation has it."""

    @property
    def install_command(self) -> str:
        """The command that installs its SDK."""
        extra = f"[{self.extra}]" if self.extra else ""
        return f"pip install 'assemblyzero-tui{extra}'"


DEFAULT_PROVIDER = "gemini"

PROVIDERS: dict[str, ProviderEntry] = {
    entry.name: entry
    for entry in (
        ProviderEntry(
            name="gemini",
            label="gemini",
            description="Google Gemini",
            module="assemblyzero_tui.runner.llm.gemini",
            needs_credentials=True,
            looks_up_models=True,
            distribution="google-generativeai",
        ),
        ProviderEntry(
            name="genai",
            label="genai",
            description="Google Gemini through google-genai",
            module="assemblyzero_tui.runner.llm.genai",
            needs_credentials=True,
            looks_up_models=True,
            distribution="google-genai",
            extra="genai",
        ),
        ProviderEntry(
            name="offline",
            label="offline model",
            description="a deterministic stand-in, not a real model",
            module="assemblyzero_tui.runner.llm.offline.provider",
            needs_credentials=False,
        ),
    )
}
"""Every provider by name, in the order in which help lists them."""


def provider_entry(name: str) -> ProviderEntry:
    """Returns the provider of this name.

    Raises:
        TuiError: there is no such provider.
    """
    if (entry := PROVIDERS.get(name)) is None:
        raise TuiError(f"There is no provider {name!r}.", f"Available: {', '.join(PROVIDERS)}.")
    return entry


def needs_credentials(name: str) -> bool:
    """Whether a provider needs credentials; false for an unknown one."""
    return name in PROVIDERS and PROVIDERS[name].needs_credentials


def looks_up_models(name: str) -> bool:
    """Whether models of a provider can be looked up; not those of one that is unknown."""
    return name in PROVIDERS and PROVIDERS[name].looks_up_models
