"""The environment variables that contain an API key, and an environment without any."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

API_KEY_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
"""The first one that is set is used. No program that is started gets them."""
API_KEY = re.compile(r"(?<![0-9A-Za-z])(?:AIza[\w-]{10,}|AQ\.[\w-]{10,}|ya29\.[\w.-]{10,})")
"""How the API keys and tokens of Google look."""

SHORTEST, LONGEST = 16, 4096
"""Characters of a word that may be a secret of any kind."""
FILE_SUFFIXES = frozenset(
    {".json", ".txt", ".bak", ".old", ".md", ".markdown", ".toml", ".yaml", ".yml"}
)
"""Suffixes of files, and of no API key."""


def may_be_secret(word: str) -> bool:
    """Whether a word may be a secret of any kind: long, of digits and letters in both cases."""
    if not SHORTEST <= len(word) <= LONGEST or any(each in word for each in "/ "):
        return False
    if PurePath(word).suffix.casefold() in FILE_SUFFIXES:
        return False
    kinds = (str.isdigit, str.isupper, str.islower)
    return all(any(test(each) for each in word) for test in kinds)


def environment_without_api_keys() -> dict[str, str]:
    """The environment for a program that is started: no API key is its business.

    Copies of an API key under other names are left out as well.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name not in API_KEY_VARIABLES and not API_KEY.fullmatch(value.strip())
    }
