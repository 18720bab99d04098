"""Reviews as models write them: what leaves no doubt is read, what leaves one is asked again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.workflows.drafting import json_objects, reviews
from assemblyzero_tui.runner.workflows.drafting.reviews import Review, Tier1Issue, parse

BELL: dict[str, str] = {
    "section": "2",
    "problem": "nobody rings the bell",
    "remedy": "name who does",
}
GOOD: dict[str, object] = {
    "verdict": "APPROVED",
    "critique": "The bell rings.",
    "tier1_issues": [],
    "suggestions": [],
}
BAD: dict[str, object] = {
    "verdict": "BLOCKED",
    "critique": "No bell.",
    "tier1_issues": [BELL],
    "suggestions": ["a"],
}
GOOD_TEXT, BAD_TEXT = json.dumps(GOOD), json.dumps(BAD)
FENCE = "```"


def changed(review: dict[str, object], **members: object) -> str:
    return json.dumps({**review, **members})


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        " \n{}\n",
        "\ufeff{}",
        FENCE + "json\n{}\n" + FENCE,
        FENCE + "\n{}\n" + FENCE,
        "~~~json\r\n{}\r\n~~~",
        FENCE + "json\n{}",
        "Here is my review of {{the bell}}:\n\n{}\n\nTell me if you need more.",
        "<think>\nIs it {{BLOCKED}}? No.\n</think>\n{}",
        "<thinking>{{'verdict': 'BLOCKED'}}</thinking>{}",
        'First I thought {{"verdict": "BLOCKED"}}.\n</think>\n\n{}',
        "[{}]",
        '{{"review": {}}}',
        '{{"result": {{"reviews": [{}]}}}}',
        "{}\n{}",
        '{{"verdict": "APPROVED | BLOCKED", "critique": "..."}}\n{}',
        "json\n{}",
    ],
)
def test_a_review_is_found_in_whatever_is_around_it(around: str) -> None:
    found = parse(around.replace("{}", "%s").replace("{{", "{").replace("}}", "}")
                  .replace("%s", GOOD_TEXT))  # fmt: skip
    assert found == Review("APPROVED", "The bell rings.", [], [])


def test_a_review_in_a_json_string_is_found() -> None:
    assert parse(json.dumps(BAD_TEXT)).tier1_issues == [Tier1Issue(**BELL)]


@pytest.mark.parametrize(
    "text",
    [
        GOOD_TEXT.replace("[]", "[],").replace(",,", ","),
        GOOD_TEXT[:-1] + ",}",
        GOOD_TEXT.replace('"critique"', '// short\n"critique"'),
        GOOD_TEXT.replace('"critique"', '/* short */ "critique"'),
        str(GOOD),
        str({**GOOD, "critique": "It's the bell that rings.", "sure": True, "more": None}),
        '{verdict: "APPROVED", critique: "The bell rings.", tier1_issues: []}',
        GOOD_TEXT.replace('"', "“", 1).replace('"', "”"),
        GOOD_TEXT.replace("The bell", "The\nbell\tthat"),
        GOOD_TEXT.replace("The bell", 'The "bell"'),
        GOOD_TEXT.replace("The bell", "The \\d+ bell"),
        GOOD_TEXT.replace("The bell", 'The 5" bell'),
        GOOD_TEXT.replace(", ", "\n"),
        GOOD_TEXT.replace(" ", "\u00a0"),
    ],
)
def test_what_is_not_quite_json_is_read(text: str) -> None:
    found = parse(f"{FENCE}json\n{text}\n{FENCE}")
    assert (found.verdict, found.tier1_issues) == ("APPROVED", [])
    assert "bell" in found.critique


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        ("approved", "APPROVED"), ("Approved.", "APPROVED"), ("**APPROVED**", "APPROVED"),
        ("✅ Approve", "APPROVED"), (" APPROVED ", "APPROVED"), ("blocked", "BLOCKED"),
        ("REVISE", "BLOCKED"), ("revise", "BLOCKED"), ("Needs_Revision", "BLOCKED"),
        ("CHANGES REQUESTED", "BLOCKED"), ("not approved", "BLOCKED"), ("Rejected", "BLOCKED"),
    ],
)  # fmt: skip
def test_a_verdict_is_understood_in_other_words(word: str, verdict: str) -> None:
    assert parse(json.dumps({"verdict": word, "critique": "c"})).verdict == verdict


@pytest.mark.parametrize(
    ("members", "critique", "issues", "suggestions"),
    [
        ({"critique": "No bell."}, "No bell.", [], []),
        ({"critique": "No bell.", "tier1_issues": None, "suggestions": None}, "No bell.", [], []),
        ({"critique": ["No bell.", "No rope."]}, "No bell.\nNo rope.", [], []),
        ({"Critique": "c", "Tier-1 Issues": [BELL], "score": 3}, "c", [Tier1Issue(**BELL)], []),
        ({"critique": "c", "tier1Issues": BELL}, "c", [Tier1Issue(**BELL)], []),
        ({"critique": "c", "tier1_issues": ["no rope", "None"], "suggestions": "shorter"}, "c",
         [Tier1Issue("", "no rope", "")], ["shorter"]),
        ({"critique": "c", "tier1_issues": {"2. Bell": "no rope"}}, "c",
         [Tier1Issue("2. Bell", "no rope", "")], []),
        ({"critique": "c", "tier1_issues": [{"section": 2, "issue": "no rope", "fix": "buy one"}]},
         "c", [Tier1Issue("2", "no rope", "buy one")], []),
        ({"critique": "c", "tier1_issues": [{"remedy": "buy one"}]}, "c",
         [Tier1Issue("", "buy one", "")], []),
        ({"verdict_reason": "No bell."}, "No bell.", [], []),
        ({"details": {"critique": "c", "tier1_issues": [BELL]}}, "c", [Tier1Issue(**BELL)], []),
        ({}, "(The reviewer gave no reason.)", [], []),
    ],
)  # fmt: skip
def test_a_draft_is_revised_with_what_there_is(
    members: dict[str, object], critique: str, issues: list[Tier1Issue], suggestions: list[str]
) -> None:
    for verdict in ("BLOCKED", "REVISE"):
        found = parse(json.dumps({"verdict": verdict, **members}))
        assert found == Review("BLOCKED", critique, issues, suggestions)


def test_a_reason_beside_the_object_is_kept() -> None:
    text = f'Nobody rings the bell.\n\n{FENCE}json\n{{"verdict": "BLOCKED"}}\n{FENCE}\n'
    assert parse(text).critique == "Nobody rings the bell."


def test_objects_that_agree_are_one_review() -> None:
    rope = {**BELL, "problem": "no rope"}
    found = parse(f"{BAD_TEXT}\n{changed(BAD, critique='', tier1_issues=[BELL, rope])}")
    assert found == Review("BLOCKED", "No bell.", [Tier1Issue(**BELL), Tier1Issue(**rope)], ["a"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no complete JSON object"),
        ("APPROVED", "no complete JSON object"),
        (f"{FENCE}json\n{{}}\n{FENCE}", "no complete JSON object"),
        (GOOD_TEXT[:-1], "no complete JSON object"),
        (GOOD_TEXT[:40], "no complete JSON object"),
        (f"<think>{GOOD_TEXT}", "no complete JSON object"),
        (json.dumps(reviews.SCHEMA), "no complete JSON object"),
        ('{"verdict": "APPROVED", "tier1_issues": [...], }', "no complete JSON object"),
        (changed(GOOD, verdict="perhaps"), "'perhaps', neither APPROVED nor BLOCKED"),
        (GOOD_TEXT + BAD_TEXT, "two verdicts that disagree"),
        (f"{FENCE}json\n{BAD_TEXT}\n{FENCE}\nOr rather:\n{GOOD_TEXT}", "two verdicts"),
        (f"**Verdict:** BLOCKED\n\n{GOOD_TEXT}", "two verdicts that disagree"),
        (GOOD_TEXT + BAD_TEXT[:-20], "two verdicts that disagree"),
        ('{"verdict": "BLOCKED", ' + GOOD_TEXT[1:], "two verdicts that disagree"),
        ('{"earlier": {"verdict": "APPROVED"}, "verdict": "BLOCKED", "crit', "two verdicts"),
        ('{"verdict": "BLOCKED", "critique": "It said "ok", "verdict": "APPROVED""}', "disagree"),
        (changed(GOOD, tier1_issues=[BELL]), "APPROVED although tier1_issues is not empty"),
        (json.dumps({"verdict": "APPROVED", "review": BAD}).replace("BLOCKED", "APPROVED"),
         "APPROVED although"),
        (changed(GOOD, verdict=["APPROVED", "BLOCKED"]), "two verdicts that disagree"),
    ],
)  # fmt: skip
def test_what_leaves_a_doubt_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)


def test_an_approval_that_lost_its_issues_in_the_reading_is_refused() -> None:
    text = '{"verdict": "APPROVED", "critique": "a" "b", "tier1_issues": [{"problem": "x"}],}'
    with pytest.raises(ValueError, match="APPROVED although"):
        parse(text)


def test_the_words_of_a_critique_decide_nothing() -> None:
    told = 'It answers {"verdict": "BLOCKED"} and says "verdict": "BLOCKED", <think>as it must'
    assert parse(changed(GOOD, critique=told)).verdict == "APPROVED"


@given(st.text())
def test_any_text_is_a_review_or_a_clear_refusal(text: str) -> None:
    for whole in (text, f"{{{text}}}", f'{{"verdict": "{text}"}}'):
        try:
            parse(whole)
        except ValueError as error:
            assert len(str(error)) > 10  # noqa: PT017 - it may be raised or not


def test_what_is_not_quite_json_is_not_read_at_any_depth() -> None:
    for depth, start in ((json_objects.DEPTH_LIMIT, 0), (json_objects.DEPTH_LIMIT + 3, 3 * 5)):
        found = next(json_objects.objects_in("{'a':" * depth + "1" + "}" * depth))
        assert found.start == start


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 50_000 + "}" * 50_000,
        "{" * 100_000,
        '{"a":"' * 20_000 + "}",
        "{'" * 9_000 + "}" * 9_000,
    ],
    ids=["deep", "open", "quotes", "damaged"],
)
def test_a_text_of_brackets_is_given_up(text: str) -> None:
    assert list(json_objects.objects_in(text)) == []
