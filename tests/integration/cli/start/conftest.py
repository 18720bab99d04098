"""Gemini for the commands that start a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assemblyzero_tui.runner.llm.deadline import ENDPOINT
from tests.gemini_server import GeminiServer
from tests.integration.cli.canaries import CANARIES
from tests.integration.cli.conftest import Program


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A file with the API keys of the server."""
    entries = [
        {"name": f"key-{n}", "type": "api_key", "key": key} for n, key in enumerate(CANARIES, 1)
    ]
    path = tmp_path / "elsewhere" / "keys.json"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(json.dumps({"credentials": [*entries, {"name": "login", "type": "oauth"}]}))
    return path


@pytest.fixture
def gemini(program: Program, server: GeminiServer) -> Program:
    """The program, which asks the server."""
    program.environment[ENDPOINT] = server.url
    return program
