"""The sources of credentials, and invalid credential files."""

from __future__ import annotations

import json
import os
import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials import credentials, sources
from assemblyzero_tui.runner.credentials.credentials import CredentialSource

CANARY = "AQ.CanaryOfTheSourceTests"


def key(number: int) -> str:
    return f"{CANARY}{number:06d}"


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {"name": f"key-{number}", "type": "api_key", "key": key(number), "enabled": True} | more


def write(path: Path, *entries: object, text: str | None = None, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"credentials": entries}) if text is None else text)
    path.chmod(mode)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def wrong(file: Path) -> TuiError:
    with pytest.raises(TuiError) as caught:
        sources.find(file, {})
    text = str(caught.value)
    assert CANARY[:12] not in text
    assert caught.value.hint
    return caught.value


def names(found: CredentialSource) -> list[str]:
    return [credential.name for credential in found.credentials]


def test_a_file_of_assemblyzero_is_read(file: Path) -> None:
    write(
        file,
        entry(1, notes="mine", project="shared", **{"account-name": "somebody"}),
        entry(2, enabled=False),
        {"name": "login", "type": "oauth", "enabled": True},
        entry(3) | {"key": f"  {key(3)}\n"},
        entry(4) | {"key": key(1)},
    )
    found = sources.find(file, {})
    assert names(found) == ["key-1", "key-3"]
    assert [c.secret.reveal() for c in found.credentials] == [key(1), key(3)]
    assert found.credentials[0].project == "shared"
    assert found.disabled == ("key-2",)
    assert found.source == str(file)
    assert "login is skipped: it is of the type 'oauth'" in found.notes[0]
    assert "key-4 is skipped: it has the same API key as key-1" in found.notes[1]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777])
def test_a_file_that_others_can_read_is_refused_with_what_mends_it(file: Path, mode: int) -> None:
    write(file, entry(1), mode=mode)
    error = wrong(file)
    assert f"{mode:04o}" in error.what
    assert error.hint == f"Run: chmod 600 {file}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'{{"credentials": [{{"key": "{key(1)}"', "is not valid JSON"),
        ("", "is not valid JSON"),
        ("\x00\xff", "is not valid JSON"),
        ("{}", "has no list of credentials"),
        ('"text"', "has no list of credentials"),
        (f'{{"credentials": ["{key(1)}"]}}', "has no list of credentials"),
        ('{"credentials": []}', "There is no credential in"),
        (json.dumps({"credentials": [entry(1) | {"name": ""}]}), "has no usable name"),
        (json.dumps({"credentials": [entry(1) | {"name": "a\x1bb"}]}), "has no usable name"),
        (json.dumps({"credentials": [entry(1) | {"name": 7}]}), "has no usable name"),
        (
            json.dumps({"credentials": [entry(1) | {"name": key(1)}]}),
            "its API key, or a part of it",
        ),
        (json.dumps({"credentials": [entry(1) | {"name": key(1)[:16]}]}), "a part of it"),
        (json.dumps({"credentials": [entry(1), entry(1)]}), "two credentials called 'key-1'"),
        (json.dumps({"credentials": [entry(1) | {"key": ""}]}), "has no API key"),
        (json.dumps({"credentials": [entry(1) | {"key": None}]}), "has no API key"),
        (json.dumps({"credentials": [entry(1) | {"key": "short"}]}), "is invalid"),
        (json.dumps({"credentials": [entry(1) | {"key": key(1) + "\nx"}]}), "is invalid"),
        (json.dumps({"credentials": [entry(1, enabled=False)]}), "disabled: key-1"),
        (json.dumps({"credentials": [entry(1, type="oauth")]}), "key-1 is skipped"),
        ("[" + " " * (1 << 20) + "]", "is too large"),
    ],
)
def test_errors_about_a_file_contain_no_api_key(file: Path, text: str, says: str) -> None:
    write(file, text=text)
    assert says in wrong(file).what


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    assert "No such file" in wrong(tmp_path / "none.json").what
    assert "Is a directory" in wrong(tmp_path).what


def test_the_sources_are_used_in_their_order(
    state_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"GOOGLE_API_KEY": key(1)}
    assert names(sources.find(None, environment)) == ["google_api_key"]
    environment["GEMINI_API_KEY"] = key(2)
    assert names(sources.find(None, environment)) == ["gemini_api_key"]

    ring = types.ModuleType("keyring")
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    ring.get_password = lambda service, user: key(3)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert names(sources.find(None, environment)) == ["keyring"]
    text = json.dumps({"credentials": [entry(4), entry(5)]})
    ring.get_password = lambda service, user: text  # type: ignore[attr-defined]
    assert names(sources.find(None, environment)) == ["key-4", "key-5"]

    older, newer = sources.default_files()[1], sources.default_files()[0]
    assert newer.parent == state_home
    write(older, entry(6))
    assert names(sources.find(None, environment)) == ["key-6"]
    write(newer, entry(7))
    assert names(sources.find(None, environment)) == ["key-7"]


def test_a_source_without_a_credential_is_skipped_and_noted(state_home: Path) -> None:
    path = sources.default_files()[0]
    write(path, entry(1, enabled=False))
    found = sources.find(None, {"GEMINI_API_KEY": key(2)})
    assert names(found) == ["gemini_api_key"]
    assert found.notes == (f"{path} has no enabled credential",)
    with pytest.raises(TuiError, match="disabled"):
        sources.find(None, {})


def test_an_invalid_source_is_not_skipped(state_home: Path) -> None:
    write(sources.default_files()[0], entry(1) | {"key": "short"})
    with pytest.raises(TuiError, match="is invalid"):
        sources.find(None, {"GEMINI_API_KEY": key(2)})


def test_the_error_without_a_credential_says_where_to_get_one() -> None:
    with pytest.raises(TuiError) as caught:
        sources.find(None, {})
    assert caught.value.what == "There is no Gemini credential."
    assert "aistudio.google.com" in caught.value.hint
    assert caught.value.exit_code == 2


def test_credentials_pass_through_a_pipe_unchanged(file: Path) -> None:
    limits = {"rpm": 5, "rpd": {"a-model": 9}, "tpm": {"a-model": 1000, "*": 500}}
    found = sources.find(write(file, entry(1, project="p") | limits, entry(2)), {})
    again = credentials.decode(credentials.encode(found.credentials))
    assert again == found.credentials
    assert credentials.decode(b"") == ()


def test_tokens_per_minute_are_given_for_every_model_or_by_model(file: Path) -> None:
    by_model = entry(1) | {"tpm": {"a-model": 1000, "*": 500}}
    (first, second, third) = sources.find(
        write(file, by_model, entry(2) | {"tpm": 700}, entry(3)), {}
    ).credentials
    assert (first.tokens("a-model"), first.tokens("other")) == (1000, 500)
    assert second.tokens("other") == 700
    assert third.tokens("other") is None
    with pytest.raises(TuiError, match="'tpm' that is not a positive number"):
        sources.find(write(file, entry(1) | {"tpm": "250k"}), {})


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "link to a pipe"])
def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "keys.json"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(str(path))
        case "device":
            path.symlink_to("/dev/zero")
        case _:
            os.mkfifo(tmp_path / "pipe")
            path.symlink_to(tmp_path / "pipe")
    assert f"is not a file, but a {kind.split()[-1]}" in wrong(path).what


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "keys.json", text="")
    os.truncate(path, 1 << 34)
    assert "is too large" in wrong(path).what


@pytest.mark.parametrize("typed", [key(1), "Zk81unheardOfKindOfToken", f"of-a-kind/{key(2)}"])
def test_an_api_key_in_the_place_of_a_file_is_not_repeated(typed: str) -> None:
    error = wrong(Path(typed))
    assert typed not in str(error)
    assert "looks like an API key" in error.what


@pytest.mark.parametrize("typed", ["none.json", "keys-of-2026-for-work-on-AQ.json", "keys", "a/b"])
def test_a_file_that_is_not_there_is_named(typed: str) -> None:
    assert f"{typed}: No such file" in wrong(Path(typed)).what
