"""Drafts of issues, slugs of briefs, marks of issues: what is read strictly, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.llm.offline.provider import OfflineModel
from assemblyzero_tui.runner.llm.offline.review import rejections
from assemblyzero_tui.runner.llm.provider import Request
from assemblyzero_tui.runner.workflows.drafting import reviews
from assemblyzero_tui.runner.workflows.drafting.texts import sections
from assemblyzero_tui.runner.workflows.issue import filing_records
from assemblyzero_tui.runner.workflows.issue.briefs import slug_of
from assemblyzero_tui.runner.workflows.issue.draft import (
    IssueDraft,
    parse_draft,
    read_draft,
    split_labels,
)
from assemblyzero_tui.runner.workflows.issue.state import IssueState
from assemblyzero_tui.runner.workflows.issue.texts import draft_request, review_request
from assemblyzero_tui.runner.workflows.repository.text_files import text_digest
from assemblyzero_tui.runner.workflows.samples.sample_issues import demo_issues
from assemblyzero_tui.runner.workflows.tracker.gh_filing import ListedIssue

BODY = "## Context\n\nIt is so."
SECTIONS = [
    "Context", "User story", "Scope", "Requirements", "Acceptance criteria", "Out of scope",
    "Assumptions",
]  # fmt: skip
LINES = st.text(st.characters(codec="utf-8"), max_size=60)


@pytest.mark.parametrize(
    ("text", "title", "labels"),
    [
        (f"# One\nLabels: bug\n{BODY}", "One", ["bug"]),
        (f"\n# One  two ##\n\n\nLabels:  bug,  good first issue \n\n{BODY}\n", "One two",
         ["bug", "good first issue"]),
        (f"# `x` fails\nLabels: none\n{BODY}", "`x` fails", []),
        (f"# One\nLabels: None\n{BODY}", "One", []),
        (f"# One\n**Labels:** N/A\n{BODY}", "One", []),
        (f"# One\nLabels: `bug`, Bug\n{BODY}", "One", ["bug"]),
        (f"# One\r\nLabels: bug\r\n{BODY}", "One", ["bug"]),
        (f"# One\n{BODY}", "One", []),
        (f"# One\nlabels: bug; web\n{BODY}", "One", ["bug", "web"]),
        (f"# One\nLabels:\n{BODY}", "One", []),
        (f"# One\nLabels: bug,,x\n{BODY}", "One", ["bug", "x"]),
        (f"# One\nLabel: 'bug', web.\n{BODY}", "One", ["bug", "web"]),
        (f'# One\nLabels: "bug", "two words"\n{BODY}', "One", ["bug", "two words"]),
        (f"# One\nLabels: [bug, web]\n{BODY}", "One", ["bug", "web"]),
        (f"# One\nLabels: bug, type: feature\n{BODY}", "One", ["bug", "type: feature"]),
        (f"# One\nLabels: #bug #web\n{BODY}", "One", ["bug", "web"]),
        (f"# One\nLabels: `bug` `web`\n{BODY}", "One", ["bug", "web"]),
        (f"# One\nLabels: [bug](https://example.org/bug), web\n{BODY}", "One", ["bug", "web"]),
        (f"# One\nLabels: {'x' * 51}, bug\n{BODY}", "One", ["bug"]),
        (f"# One\n\n**Labels:** bug, `web`\n\n{BODY}", "One", ["bug", "web"]),
        (f"# One\n\n**Labels**: bug\n\n{BODY}", "One", ["bug"]),
        (f"# One\n\n_Labels: bug, web_\n\n---\n\n{BODY}", "One", ["bug", "web"]),
        (f"# One\n\n- **Labels:** bug\n\n{BODY}", "One", ["bug"]),
        (f"# One\n\n> Tags: bug\n\n{BODY}", "One", ["bug"]),
        (f"# One\n\nLabels:\n\n- bug\n* `web`\n\n{BODY}", "One", ["bug", "web"]),
        (f"# One\n\nLabels:\n- [x] bug\n- [ ] web\n\n{BODY}", "One", ["bug"]),
        (f"# One\n\n## Labels\n\nbug, web\n\n{BODY}", "One", ["bug", "web"]),
        (f"# One\n\n### Labels: bug\n\n{BODY}", "One", ["bug"]),
        (f"# One\n\n{BODY}\n\n## Suggested labels\n\n- bug\n", "One", ["bug"]),
        (f"# One\n\n{BODY}\n\n**Labels:** bug", "One", ["bug"]),
        (f"## Labels\n\nbug\n\n# One\n\n{BODY}", "One", ["bug"]),
        (f"Labels: bug\n\n# One\n\n{BODY}", "One", ["bug"]),
        (f"## One\nLabels: bug\n{BODY}", "One", ["bug"]),
        (f"One\n===\nLabels: bug\n{BODY}", "One", ["bug"]),
        (f"Title: One\nLabels: bug\n{BODY}", "One", ["bug"]),
        (f"**Title:** \"One\"\n**Labels:** bug\n\n{BODY}", "One", ["bug"]),
        (f"**Title: One**\n\n{BODY}", "One", []),
        (f"**One**\n\n{BODY}", "One", []),
        (f"# Title: One\n\n{BODY}", "One", []),
        (f"# Title\n\nOne\n\nLabels: bug\n{BODY}", "One", ["bug"]),
        (f"# Title\n\nLabels: bug\n{BODY}", "Title", ["bug"]),
        (f"# GitHub Issue\n\n**Title:** One\n\n{BODY}", "One", []),
        (f"---\n\n# One\n\n---\n\n{BODY}", "One", []),
        (f"# Issue\n\nLabels: bug\n\n{BODY}", "Issue", ["bug"]),
        (f"# Summary\n\n{BODY}", "Summary", []),
        (f"# **One** &amp; [two](https://example.org) *three*\n\n{BODY}", "One & two three", []),
        (f"# [Feature] One\n\n{BODY}", "[Feature] One", []),
        (f"---\ntitle: 'One: two'\nlabels:\n  - bug\n  - web\n---\n\n{BODY}", "One: two",
         ["bug", "web"]),
        (f"---\ntitle: One\nlabels: [bug]\nassignees: nobody\n---\n# One\n{BODY}", "One", ["bug"]),
    ],
)  # fmt: skip
def test_title_and_labels_are_read_in_every_form(text: str, title: str, labels: list[str]) -> None:
    assert parse_draft(text) == IssueDraft(title, labels, BODY)


def test_a_text_about_labels_is_left_as_it_is() -> None:
    body = f"{BODY}\n\n## Requirements\n\nLabels: are shown\n\n## Labels of things\n\nNone."
    assert parse_draft(f"# One\n\n{body}") == IssueDraft("One", [], body)


def test_no_more_than_ten_labels_are_taken() -> None:
    labels = [str(number) for number in range(12)]
    assert parse_draft(f"# One\nLabels: {', '.join(labels)}\n{BODY}").labels == labels[:10]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not begin with"),
        (f"Here it is:\n# One\nLabels: bug\n{BODY}", "but with 'Here it is:'"),
        (f"# \nLabels: bug\n{BODY}", "it has no title: its first heading is 'Context'"),
        (BODY, "it has no title: its first heading is 'Context'"),
        ("# One\nLabels: bug\n", "no text"),
        (f"# {'x' * 257}\nLabels: bug\n{BODY}", "257 characters"),
        (f"# One\nLabels: bug\n{'word ' * 14_000}", "limit is 65,000"),
        (f"# One\nLabels: bug\n{BODY}\n<!-- assemblyzero-tui: brief 00 -->", "reserved"),
    ],
)
def test_another_form_is_refused_with_the_reason(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_draft(text)


LONG = BODY + " So it has been for years." * 10


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("# One\n\n## Context\n\nIt is so.", "it has only"),
        (f"<think>One</think># One\n{LONG}", "thoughts"),
        ('{"title": "One", "body": "' + "x" * 200 + '"}', "JSON"),
        ("I'm sorry, but I can't help with that. " * 8, "a refusal"),
        ("# One\n\nLabels: bug\n\n" + "\n\n".join(f"## Part {n}" for n in range(40)), "are empty"),
        (f"Here it is:\n\n# One\n{LONG}", "but with 'Here it is:'"),
    ],
)
def test_an_answer_that_is_no_draft_is_refused(answer: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_draft(answer)


def test_an_answer_is_kept_without_what_surrounds_it() -> None:
    text, draft = read_draft(f"```markdown\r\n# One\r\n\r\n{LONG}\r\n```")
    assert text == f"# One\n\n{LONG}\n"
    assert draft == parse_draft(text) == IssueDraft("One", [], LONG)


@given(LINES)
def test_any_text_is_a_draft_or_a_clear_refusal(text: str) -> None:
    try:
        draft = parse_draft(f"# T\n{text}\n{BODY}")
    except ValueError:
        return
    assert draft.body.endswith(BODY)
    assert draft.title == "T"


def test_labels_the_repository_has_are_spelled_its_way() -> None:
    assert split_labels(["BUG", "x", "web"], ["Bug", "Web"]) == (["Bug", "Web"], ["x"])


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("dark-mode.md", "dark-mode"),
        ("Dark Mode_2.md", "dark-mode-2"),
        ("Über & uns.md", "ber--uns"),
        ("a.b.md", "ab"),
        ("lld-7.md", "lld-7"),
    ],
)
def test_a_slug_is_the_stem_in_plain_letters(name: str, slug: str) -> None:
    assert slug_of(Path("ideas/active") / name) == slug


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("???.md", "no letter or digit"),
        ("- _.md", "no letter or digit"),
        ("日本.md", "no letter or digit"),
        (f"{'x' * 101}.md", "longer than 100"),
        ("7-lld.md", "with a design"),
    ],
)
def test_a_name_that_gives_no_slug_is_refused(name: str, told: str) -> None:
    with pytest.raises(TuiError, match=told) as caught:
        slug_of(Path(name))
    assert name in caught.value.what
    assert caught.value.hint


@given(LINES)
def test_every_slug_can_be_a_file_name(name: str) -> None:
    try:
        slug = slug_of(Path("ideas") / f"x{name.replace('/', '').replace(chr(0), '')}.md")
    except TuiError:
        return
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_mark_depends_on_tracker_slug_and_text_only() -> None:
    digest = text_digest("An idea.\r\nOf two lines.\n\n")
    assert digest == text_digest("An idea.\nOf two lines.")
    mark = filing_records.mark_of("Example/Tidewater", "idea", digest)
    assert mark == filing_records.mark_of("example/tidewater", "idea", digest)
    assert "\n" not in mark
    others = [
        filing_records.mark_of("example/other", "idea", digest),
        filing_records.mark_of("example/tidewater", "idea-2", digest),
        filing_records.mark_of("example/tidewater", "idea", text_digest("Another idea.")),
    ]
    assert len({mark, *others}) == 4


def test_the_oldest_issue_with_the_mark_is_the_one() -> None:
    marks = [filing_records.mark_of("o/r", slug, "0") for slug in ("a", "b", "c")]
    issues = [
        ListedIssue(number=9, body=f"A copy.\r\n{marks[0]}\r\n"),
        ListedIssue(number=7, body=filing_records.with_mark("Text.", marks[1])),
        ListedIssue(number=5, body=f"Text.\r\n\r\n{marks[0]}"),
        ListedIssue(number=3, body=None),
    ]
    found = filing_records.find(issues, marks)
    assert {mark: issue.number for mark, issue in found.items()} == {marks[0]: 5, marks[1]: 7}


def state_for(brief: str, labels: list[str] | None = None) -> IssueState:
    return {
        "slug": "idea", "title": "T", "brief": brief, "known_labels": labels or [], "drafts": 1,
        "draft": "", "reviews": [],
    }  # fmt: skip


@pytest.mark.parametrize("index", range(12))
def test_every_sample_becomes_a_complete_issue_and_is_reviewed(index: int) -> None:
    sample = demo_issues(12)[index].text
    state = state_for(sample)
    model = OfflineModel(0.0)
    text = model.generate(draft_request(state, []), timeout=1.0).text
    draft = parse_draft(text)
    assert [heading for heading, _ in sections(text)] == SECTIONS
    assert len(draft.title) <= 80
    assert draft.labels
    state["draft"] = text
    review = reviews.parse(model.generate(review_request(state, []), timeout=1.0).text)
    assert (review.verdict == "BLOCKED") == (rejections(sample.strip()) > 0)


def test_some_first_drafts_are_rejected_and_some_are_not() -> None:
    verdicts = [rejections(sample.text.strip()) for sample in demo_issues(12)]
    assert 0 < sum(times > 0 for times in verdicts) < 12


@pytest.mark.parametrize(
    ("labels", "chosen"), [([], ["bug"]), (["Bug", "x"], ["Bug"]), (["x"], [])]
)
def test_the_offline_model_uses_the_labels_there_are(labels: list[str], chosen: list[str]) -> None:
    request = draft_request(state_for("# It crashes\n\nIt must not.", labels), [])
    assert parse_draft(OfflineModel(0.0).generate(request, timeout=1.0).text).labels == chosen


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=300))
def test_the_offline_model_makes_a_readable_issue_of_any_brief(brief: str) -> None:
    request: Request = draft_request(state_for(brief), [])
    parse_draft(OfflineModel(0.0).generate(request, timeout=1.0).text)
