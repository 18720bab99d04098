"""Which providers there are; imports none of them, so that every part of the program can ask."""

from __future__ import annotations

from dataclasses import dataclass

from assemblyzero_tui.runner.base.errors import TuiError


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """What can be known of a provider without loading its SDK."""

    name: str
    """``gemini``; what ``--provider`` takes."""
    label: str
    """What the dashboard calls it."""
    description: str
    """For help texts, as the rest of a sentence: ``Google Gemini``."""
    module: str
    """Where it is; its ``create_provider`` takes the options of a run and returns a
    :class:`~assemblyzero_tui.runner.llm.provider.Provider`."""
    needs_credentials: bool
    distribution: str = ""
    """The package with its SDK; empty if it needs none."""
    extra: str = ""
    """The extra of this program that installs the SDK; empty if every installation has it."""

    @property
    def install_command(self) -> str:
        """Installs what it needs."""
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
            distribution="google-generativeai",
        ),
        ProviderEntry(
            name="genai",
            label="genai",
            description="Google Gemini through google-genai",
            module="assemblyzero_tui.runner.llm.genai",
            needs_credentials=True,
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
"""Every provider by its name, in the order in which they are offered."""


def provider_entry(name: str) -> ProviderEntry:
    """The provider of this name.

    Raises:
        TuiError: there is none.
    """
    if (entry := PROVIDERS.get(name)) is None:
        raise TuiError(f"There is no provider {name!r}.", f"Known ones: {', '.join(PROVIDERS)}.")
    return entry


def needs_credentials(name: str) -> bool:
    """Whether a provider needs credentials; one that is unknown does not."""
    return name in PROVIDERS and PROVIDERS[name].needs_credentials
