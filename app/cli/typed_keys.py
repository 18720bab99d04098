"""API keys that were typed where none belongs: refused before anything writes them down.

What is on a command line, in the environment or in ``tui.toml`` ends up in the records of a run, in
logs and in messages. No option takes an API key.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.api_key_variables import (
    API_KEY,
    API_KEY_VARIABLES,
    may_be_secret,
)

OURS = "ASSEMBLYZERO"
"""How the names of this program's environment variables begin."""
HINT = (
    "To store an API key: assemblyzero-tui pool add NAME asks for it. If it was a real one, it may "
    "be in the shell's history now: consider a new one."
)


def refuse_typed_keys(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Refuses a command with an API key among its words, or in a variable of this program.

    Raises:
        TuiError: there is one; the text does not hold it.
    """
    before = ""
    # `pool` has words of its own for a key in the place of a name, and keeps nothing of it
    for word in arguments if "pool" not in arguments[:2] else ():
        option, _, value = word.partition("=") if word.startswith("--") else ("", "", word)
        if _has_api_key(value) or _has_api_key(option):
            place = option if option and not _has_api_key(option) else before
            where = f" at {place}" if place.startswith("--") and not _has_api_key(place) else ""
            raise TuiError(f"An API key is on the command line{where}, where none belongs.", HINT)
        before = word
    for name, value in environment.items():
        if name.startswith(OURS) and _has_api_key(value):
            raise TuiError(f"The variable {name} has an API key, where none belongs.", HINT)


def refuse_key_in_file(path: Path, text: str) -> None:
    """Refuses a configuration with an API key in it.

    Raises:
        TuiError: there is one; the text does not hold it.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if API_KEY.search(line):
            raise TuiError(
                f"{path} has an API key in line {number}, where none belongs.",
                "Remove it. To store an API key: assemblyzero-tui pool add NAME",
            )


def possible_secrets(arguments: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """What may be a secret, of whatever kind, and so is left out of every message.

    These are words of a command that are long, mixed and no path, and the API keys of the
    environment.
    """
    found = [environment[name] for name in API_KEY_VARIABLES if environment.get(name)]
    words = [part for word in arguments for part in (word, word.partition("=")[2])]
    words += [value for name, value in environment.items() if name.startswith(OURS)]
    return found + [word for word in words if may_be_secret(word) and not os.path.lexists(word)]


def _has_api_key(text: str) -> bool:
    return API_KEY.search(text) is not None and not os.path.lexists(text)
