"""The type of ``--credentials``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class CredentialsFile(click.Path):
    """A file, which need not be there yet; never an API key, which would be kept with the run."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            click.BadParameter: it looks like an API key, and there is no such file.
        """
        from assemblyzero_tui.runner.credentials.credentials import HOW_TO_STORE, is_typed_api_key

        if is_typed_api_key(Path(value)):
            what = f"there is no such file, and its name looks like an API key. {HOW_TO_STORE}"
            self.fail(what, param, ctx)
        return super().convert(value, param, ctx)
