"""Changing a credential file: credentials are added and removed, everything else is kept."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.credentials import may_be_api_key, read_file
from assemblyzero_tui.runner.credentials.credentials_file import (
    add_credential,
    enable_credential,
    remove_credential,
)

CANARY = "AIzaCanaryOfTheFileTests"


def key(number: int) -> str:
    return f"{CANARY}{number:06d}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home/keys.json"


def written(file: Path) -> Any:
    return json.loads(file.read_text())


def write(file: Path, document: object, mode: int = 0o600) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document))
    file.chmod(mode)


def test_a_file_is_made_that_only_its_owner_can_read(file: Path) -> None:
    fingerprint = add_credential(file, " one ", f" {key(1)}\n", "shop", 5, 100, 250_000)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    (found,) = read_file(file).credentials
    assert (found.name, found.secret.reveal(), found.project) == ("one", key(1), "shop")
    assert found.limits("any") == (5, 100)
    assert found.tokens("any") == 250_000
    assert found.secret.fingerprint == fingerprint
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


def test_what_else_is_in_the_file_stays_in_its_order(file: Path) -> None:
    one = {"notes": "mine", "name": "one", "key": key(1), "account-name": "somebody", "rank": 1.5}
    login = {"name": "login", "type": "oauth", "enabled": True}
    write(file, {"version": 3, "credentials": [one, login], "über": ["x"]})
    add_credential(file, "two", key(2))
    two = {"name": "two", "type": "api_key", "key": key(2), "enabled": True}
    assert list(written(file)) == ["version", "credentials", "über"]
    assert written(file)["credentials"] == [one, login, two]
    assert list(written(file)["credentials"][0]) == list(one)
    remove_credential(file, "login")
    assert written(file)["credentials"] == [one, two]


def test_a_file_that_is_a_bare_list_stays_one(file: Path) -> None:
    write(file, [{"name": "one", "key": key(1)}])
    add_credential(file, "two", key(2))
    assert [each["name"] for each in written(file)] == ["one", "two"]


@pytest.mark.parametrize("enabled", [True, False])
def test_names_and_api_keys_are_unique(file: Path, enabled: bool) -> None:
    write(file, {"credentials": [{"name": "one", "key": key(1), "enabled": enabled}]})
    before = file.read_bytes()
    with pytest.raises(TuiError, match="already has a credential called 'one'"):
        add_credential(file, "one", key(2))
    with pytest.raises(TuiError, match="already has this API key: it is called 'one'") as told:
        add_credential(file, "two", key(1))
    assert CANARY not in str(told.value)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (key(3), key(3), "The name looks like an API key"),
        ("", key(3), "no usable name"),
        ("a\nb", key(3), "no usable name"),
        ("one", "short", "is invalid"),
        ("one", f"{key(3)} and more", "is invalid"),
        ("one", "", "is invalid"),
    ],
)
def test_invalid_names_and_api_keys_are_refused(
    file: Path, name: str, text: str, says: str
) -> None:
    with pytest.raises(TuiError, match=says) as told:
        add_credential(file, name, text)
    assert CANARY not in str(told.value)
    assert not file.exists()


def test_a_file_that_others_can_read_or_that_is_none_is_left_alone(file: Path) -> None:
    write(file, {"credentials": []}, mode=0o644)
    with pytest.raises(TuiError, match="Others can read"):
        add_credential(file, "one", key(1))
    file.chmod(0o600)
    file.write_text('{"credentials": [')
    with pytest.raises(TuiError, match="is not valid JSON"):
        add_credential(file, "one", key(1))
    assert file.read_text() == '{"credentials": ['
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    write(file, {"credentials": []})
    link = tmp_path / "link.json"
    link.symlink_to(file)
    add_credential(link, "one", key(1))
    assert link.is_symlink()
    assert len(read_file(file).credentials) == 1


def test_a_credential_is_enabled(file: Path) -> None:
    write(file, {"credentials": [{"name": "one", "key": key(1), "enabled": False}]})
    assert enable_credential(file, "one")
    assert written(file)["credentials"] == [{"name": "one", "key": key(1), "enabled": True}]
    before = file.stat()
    assert not enable_credential(file, "one")
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def test_an_unknown_name_is_reported_with_the_known_ones(file: Path) -> None:
    write(file, {"credentials": [{"name": "one", "key": key(1)}]})
    for change in (remove_credential, enable_credential):
        with pytest.raises(TuiError, match=r"no credential called 'two'\.\nIt has: one\."):
            change(file, "two")
        with pytest.raises(TuiError, match="of that name") as told:
            change(file, key(1))
        assert CANARY not in str(told.value)


def test_removing_returns_the_fingerprint(file: Path) -> None:
    fingerprint = add_credential(file, "one", key(1))
    assert remove_credential(file, "one") == fingerprint
    write(file, {"credentials": [{"name": "login", "type": "oauth"}]})
    assert remove_credential(file, "login") == ""


def test_credentials_added_at_once_are_all_kept(file: Path) -> None:
    numbers = range(12)
    threads = [
        threading.Thread(target=add_credential, args=(file, f"key-{n}", key(n))) for n in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.name for each in read_file(file).credentials} == {f"key-{n}" for n in numbers}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (key(1), True), ("AQ.Ab8RN6something", True), ("ya29.a0AfH6SMBx", True),
        ("0123456789abcdef0123456789abcdef", True), (f"my {key(1)}", True),
        ("key-1", False), ("work account (billing on)", False), ("my-project-2931", False),
        ("a-name-that-is-long-but-has-no-digit", False), ("", False),
    ],
)  # fmt: skip
def test_a_text_that_could_be_an_api_key_is_recognised(text: str, is_one: bool) -> None:
    assert may_be_api_key(text) is is_one
