"""What the programs get that are started."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.credentials.api_key_variables import environment_without_api_keys


def test_no_api_key_is_passed_on_under_whatever_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "any-text-at-all")
    monkeypatch.setenv("GOOGLE_API_KEY", "any-other-text")
    monkeypatch.setenv("MY_KEY", "AQ.PassedOnByMistake0123456789")
    monkeypatch.setenv("GH_TOKEN", "gho_token-of-another-service")
    monkeypatch.setenv("SOME_PATH", "/opt/AQ.PassedOnByMistake0123456789/bin")
    found = environment_without_api_keys()
    assert not {"GEMINI_API_KEY", "GOOGLE_API_KEY", "MY_KEY"} & found.keys()
    assert {"GH_TOKEN", "SOME_PATH", "PATH"} <= found.keys()
