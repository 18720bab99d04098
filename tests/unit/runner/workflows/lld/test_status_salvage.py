"""A damaged status file loses as little as possible, and never makes an issue pending."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.lld import status_file
from assemblyzero_tui.runner.workflows.lld.status_entries import design_statuses
from assemblyzero_tui.runner.workflows.lld.status_salvage import salvage

DONE = {"lld_path": "docs/lld/active/LLD-007.md", "status": "approved", "review_count": 2}
OPEN = {"lld_path": "docs/lld/active/LLD-008.md", "status": "draft", "final_verdict": None}
WHOLE = {"version": "1.0", "owner": "kept", "issues": {"7": DONE | {"mine": [1]}, "8": OPEN}}
TEXT = json.dumps(WHOLE, indent=2)
LINES = TEXT.splitlines()


def conflict(ours: str, theirs: str, base: str | None = None) -> str:
    middle = f"||||||| base\n{base}" if base is not None else ""
    return f"<<<<<<< HEAD\n{ours}{middle}=======\n{theirs}>>>>>>> other\n"


def in_issues(text: str) -> bytes:
    return f'{{"version": "1.0", "owner": "kept", "issues": {{\n{text}}}}}\n'.encode()


SEVEN, EIGHT = f'"7": {json.dumps(DONE)}\n', f'"8": {json.dumps(OPEN)}\n'
BLOCKED = '"7": {"status": "blocked"}\n'

READ = {
    "both sides add": in_issues(conflict(SEVEN, EIGHT)),
    "one side adds": in_issues(SEVEN + conflict("," + EIGHT, "")),
    "with a base": in_issues(EIGHT + conflict("," + SEVEN, "," + BLOCKED, "")),
    "approved on the other side": in_issues(EIGHT + conflict("," + BLOCKED, "," + SEVEN)),
    "a conflict in an entry": in_issues(
        EIGHT + ',"7": {\n' + conflict('"status": "approved"\n', '"status": "blocked"\n') + "}\n"
    ),
    "a conflict without an end": in_issues(EIGHT + ",<<<<<<< HEAD\n" + SEVEN).replace(
        b",<<<", b",\n<<<"
    ),
    "CRLF": in_issues(conflict(SEVEN, EIGHT)).replace(b"\n", b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + TEXT.encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "UTF-16 BE without a mark": TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
    "zeros at the end": TEXT.encode() + bytes(300),
    "a comma too many": in_issues(SEVEN + "," + EIGHT + ",\n"),
    "a comma missing": in_issues(SEVEN + EIGHT),
    "comments": in_issues("// seven\n" + SEVEN + ", /* eight */ # 8\n" + EIGHT),
    "NaN": in_issues(SEVEN + ',"8": {"status": "draft", "review_count": NaN}\n'),
    "single quotes": in_issues(SEVEN + ",'8': {'status': 'draft'}\n"),
    "bare keys": in_issues('7: {status: "approved"}, 8: {status: draft}\n'),
    "the same key twice": in_issues(SEVEN + "," + BLOCKED + "," + EIGHT),
    "a member twice": in_issues('"7": {"status": "approved", "status": "draft"}, ' + EIGHT),
    "a bracket missing": in_issues('"7": {"status": "approved",\n' + EIGHT),
    "a bracket too many": in_issues(SEVEN + "}, " + EIGHT),
    "brackets cut off": TEXT.rstrip("}\n ").encode(),
    "bytes that are no text": TEXT.replace('"mine"', '"m\xff"').encode("latin-1"),
    "no object around the issues": f"{{{SEVEN},{EIGHT}}}".encode(),
    "a list of entries": json.dumps({"issues": [DONE, OPEN]}).encode(),
    "entries as words": b'{"issues": {"7": "approved", "8": "draft"}}',
    "version of a wrong type": TEXT.replace('"1.0"', "[1]").encode() + b"}",
}


@pytest.mark.parametrize("name", READ)
def test_what_can_be_understood_counts(name: str) -> None:
    reading = status_file.decode_leniently(READ[name])
    assert reading.damage
    assert reading.unread == ()
    assert design_statuses(reading.document["issues"]) == {7: "approved", 8: "open"}


@pytest.mark.parametrize("name", ["BOM", "UTF-16", "both sides add", "a comma missing"])
def test_what_this_program_does_not_know_survives(name: str) -> None:
    document = status_file.decode_leniently(READ[name]).document
    assert document["owner"] == "kept"
    assert document["issues"]["7"]["review_count"] == 2
    if b"mine" in READ[name]:
        assert document["issues"]["7"]["mine"] == [1]


@pytest.mark.parametrize("key", ["#7", "007", "LLD-7", "lld-007", "LLD-#7", " 7 ", "issue 7"])
def test_unusual_keys_are_recognised(key: str) -> None:
    assert design_statuses({key: DONE}) == {7: "approved"}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"status": "Approved"}, "approved"),
        ({"status": "APPROVED "}, "approved"),
        ({"final_verdict": "APPROVED"}, "approved"),
        ({"status": "draft", "final_verdict": "APPROVED"}, "open"),
        ({"status": "Blocked"}, "open"),
        ({"status": "implemented"}, "unknown"),
        ({"status": ["approved"]}, "unknown"),
        ({"status": True}, "unknown"),
        ({"status": None}, "unknown"),
        ({}, "unknown"),
        ([], "unknown"),
        ("approved", "unknown"),
    ],
)
def test_a_status_is_approved_open_or_unknown(entry: Any, expected: str) -> None:
    assert design_statuses({"7": entry}) == {7: expected}


def test_two_keys_for_one_issue_count_as_the_stronger(tmp_path: Path) -> None:
    path = tmp_path / status_file.STATUS_FILE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"issues": {"042": DONE | {"a": 1}, "42": {"status": "draft"}}}))
    assert status_file.approved(tmp_path) == {42}
    assert status_file.approved_design(tmp_path, 42) == DONE["lld_path"]
    entry = status_file.StatusEntry(
        lld_path="p", status="blocked", has_gemini_review=False, final_verdict="BLOCKED",
        last_review_date=None, review_count=1,
    )  # fmt: skip
    status_file.upsert(tmp_path, 42, entry, pytest.fail)
    assert list(json.loads(path.read_text())["issues"]) == ["42"]
    assert json.loads(path.read_text())["issues"]["42"]["a"] == 1
    assert status_file.approved(tmp_path) == set()


def test_an_entry_that_cannot_be_understood_is_kept_named_and_not_open(tmp_path: Path) -> None:
    path = tmp_path / status_file.STATUS_FILE
    path.parent.mkdir(parents=True)
    damaged = in_issues(SEVEN + ',"9": [1, 2], "10": \n')
    path.write_bytes(damaged)
    (note,) = status_file.reconcile(tmp_path)
    assert "'9', '10' could not be" in note
    (aside,) = path.parent.glob("*.invalid-*")
    assert aside.read_bytes() == damaged
    for _ in range(2):  # and the next run knows it, too
        assert status_file.design_statuses(tmp_path) == {7: "approved", 9: "unknown", 10: "unknown"}
        assert status_file.reconcile(tmp_path) == []
    assert json.loads(path.read_text())["issues"]["9"]["unread"] == [1, 2]


@given(st.integers(0, len(TEXT) - 1))
def test_a_file_cut_anywhere_never_makes_an_approved_issue_open(end: int) -> None:
    found = design_statuses(salvage(TEXT[:end].encode()).document["issues"])
    assert found.get(7) != "open"
    if end > TEXT.index('"7"') + 8:
        assert 7 in found
    if end > TEXT.index("approved") + len("approved"):
        assert found[7] == "approved"


@given(st.integers(0, len(TEXT)), st.integers(0, 30), st.binary(max_size=4))
def test_damage_anywhere_is_read_or_refused_and_never_crashes(
    start: int, length: int, instead: bytes
) -> None:
    data = TEXT.encode()
    damaged = data[:start] + instead + data[start + length :]
    with contextlib.suppress(TuiError):  # of another format, if the version is what was damaged
        document = status_file.decode_leniently(damaged).document
        assert status_file.decode(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    "text",
    ['{"issues": {"7": {"status": "draft"}, tatus": "approved", "a"}}', '{"issues": {"7": 1e999}}'],
)
def test_what_was_salvaged_is_sound_and_not_set_aside_again(tmp_path: Path, text: str) -> None:
    path = tmp_path / status_file.STATUS_FILE
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert len(status_file.reconcile(tmp_path)) == 1
    assert status_file.reconcile(tmp_path) == []
    assert len(list(path.parent.glob("*.invalid-*"))) == 1


@given(
    st.text()
    | st.lists(st.sampled_from([*LINES, *"{}[]:,\"'", "/*", "<" * 7, "=" * 7])).map("\n".join)
)
def test_any_text_gives_a_document(text: str) -> None:
    issues = salvage(text.encode("utf-8", "surrogatepass")).document["issues"]
    assert all(isinstance(entry, dict) for entry in issues.values())


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"issues":{"7":' * 50_000])
def test_depth_is_bounded(text: str) -> None:
    assert "issues" in salvage(text.encode()).document


def test_a_damaged_file_that_is_too_large_is_for_a_human(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status_file, "SALVAGE_LIMIT", 10)
    with pytest.raises(TuiError, match="too large"):
        status_file.decode_leniently(b"{" * 11)


@pytest.mark.parametrize("data", [b"", b" \n", bytes(500)])
def test_an_empty_file_is_damaged_and_has_no_entries(data: bytes) -> None:
    reading = status_file.decode_leniently(data)
    assert (reading.damage, reading.document["issues"]) == ("it is empty", {})
