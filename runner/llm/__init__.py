"""Model providers behind one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assemblyzero_tui.runner.errors import TuiError

if TYPE_CHECKING:
    from assemblyzero_tui.runner.llm.provider import Provider
    from assemblyzero_tui.runner.run_spec import Options

PROVIDERS = ("offline",)
"""The names that :func:`open_provider` knows."""


def open_provider(name: str, options: Options) -> Provider:
    """The provider of this name; its libraries are imported only now.

    Raises:
        TuiError: there is none of that name.
    """
    if name == "offline":
        from assemblyzero_tui.runner.llm.offline import OfflineModel

        return OfflineModel(options.latency, options.latency_spread)
    raise TuiError(f"There is no provider {name!r}.", f"Known ones: {', '.join(PROVIDERS)}.")
