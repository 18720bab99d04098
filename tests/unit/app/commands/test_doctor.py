"""What ``doctor`` calls its checks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assemblyzero_tui.app.commands.setup import checks, doctor


@pytest.mark.parametrize(("options", "name"), [(["--json"], "keys"), ([], "credentials")])
def test_credentials_keep_their_name_in_json(
    options: list[str], name: str, monkeypatch: pytest.MonkeyPatch, state_home: Path
) -> None:
    monkeypatch.setattr(checks, "all_checks", lambda _: iter([checks._credentials()]))
    printed = CliRunner().invoke(doctor.command, options).stdout
    assert (json.loads(printed)["name"] if options else printed.split()[1]) == name
