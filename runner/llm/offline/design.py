"""The designs of the offline model: complete ones, from the words of the issue."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assemblyzero_tui.runner.llm.offline.reading import (
    ReadIssue,
    complaints,
    find_requirements,
    picked,
    read_issue,
    shortened,
    slug,
)

_NUMBER = re.compile(r"^# Issue #(\d+):", re.MULTILINE)
_PATH = re.compile(r"[\w][\w./-]*\.[a-z]{1,4}|[\w.-]+(?:/[\w.-]+)+")


@dataclass(frozen=True, slots=True)
class _Plan:
    """The material for the sections."""

    number: str
    issue: ReadIssue
    requirements: list[str]
    module: str
    kind: str
    """Name of the main type."""
    terms: tuple[str, ...]
    complaints: list[tuple[int, str, str, str]]
    """Review, section, problem and remedy of each tier-1 issue so far."""


def write_design(prompt: str) -> str:
    """Writes the Markdown text of a design for the issue in the prompt."""
    issue = read_issue(prompt)
    number = _NUMBER.search(issue.text)
    module = slug(issue.title)
    plan = _Plan(
        number=number[1] if number else "0",
        issue=issue,
        requirements=find_requirements(issue),
        module=module,
        kind="".join(word.capitalize() for word in module.split("_")),
        terms=issue.terms[:6],
        complaints=complaints(prompt),
    )
    parts = [
        f"# LLD-{plan.number}: {issue.title}",
        _context(plan),
        _requirements(plan),
        _proposed(plan),
        _errors(plan),
        _cost(plan),
        _tests(plan),
        _rollout(plan),
        _questions(plan),
    ]
    if plan.complaints:
        parts.append(_changes(plan))
    return "\n\n".join(parts) + "\n"


def _context(plan: _Plan) -> str:
    issue = plan.issue
    summary = " ".join(issue.sentences[:4]) or issue.title + "."
    words = ", ".join(issue.words[:4]) or "the subject"
    objective = picked(
        (
            "Deliver “{title}” as one change that can be switched off, with every requirement of "
            "section 2 proven by a test.",
            "Make “{title}” work in the main case and in every failure of section 4, without "
            "changing what users who do not need it see.",
            "Settle “{title}” in one place of the code, so that later work on {words} builds on it "
            "instead of around it.",
        ),
        issue.text, "objective",
    ).format(title=issue.title, words=words)  # fmt: skip
    rest = issue.sentences[4:6]
    also = f"\n\nThe issue adds: {' '.join(rest)}" if rest else ""
    return (
        "## 1. Context and goal\n\n"
        f"{summary}{also}\n\n"
        f"**Objective.** {objective}\n\n"
        "**Out of scope.** Redesigning neighbouring parts, changing stored formats beyond what "
        f"section 7 lists, and anything about {words} that the issue does not mention."
    )


def _requirements(plan: _Plan) -> str:
    seen = (
        "a test performs it and compares the outcome with the expected one",
        "observable from outside: output, exit status and the files left behind",
        "the state before and after is read back and compared",
        "a test that fails on the present version passes",
        "the message and the log line are checked word for word",
    )
    rows = [
        f"| R{index} | {text} | {picked(seen, plan.issue.text, 'seen', index)} |"
        for index, text in enumerate(plan.requirements, 1)
    ]
    last = len(rows) + 1
    rows.append(
        f"| R{last} | Whoever does not use this sees no change in behaviour, output or speed | "
        "the existing suite passes unchanged |"
    )
    return "\n".join(
        ["## 2. Requirements", "", "| id | requirement | seen to hold by |", "|---|---|---|", *rows]
    )


def _proposed(plan: _Plan) -> str:
    rejected = picked(
        (
            "Doing the work in the caller was rejected: it would have to be repeated in every "
            "caller, and each copy would fail in its own way.",
            "A background thread was rejected: the outcome would arrive after the user has moved "
            "on, and its failures would have nobody to tell.",
            "A general plug-in mechanism was rejected: there is one use now, and a second one can "
            "be served by the same functions.",
        ),
        plan.issue.text, "rejected",
    )  # fmt: skip
    return "\n".join(
        [
            "## 3. Proposed design",
            "",
            f"Three parts with one direction of calls: the caller uses `{plan.module}`, which uses "
            f"`{plan.module}_store`. Deciding and doing are apart.",
            "",
            "### Files",
            "",
            "| file | change | responsibility |",
            "|---|---|---|",
            *_files(plan),
            "",
            *_data_and_interfaces(plan),
            "### Main case",
            "",
            *_steps(plan),
            "",
            f"**Rejected alternative.** {rejected}",
            *_resolved(plan, "3"),
        ]
    )


def _files(plan: _Plan) -> list[str]:
    touched = [term for term in plan.terms if _PATH.fullmatch(term)][:3]
    return [
        f"| `{plan.module}.py` | new | the whole of the new behaviour; no input or output of its "
        "own |",
        f"| `{plan.module}_store.py` | new | reads and writes what must survive a restart |",
        *(f"| `{term}` | changed | calls the new module; otherwise as it is |" for term in touched),
        f"| `tests/test_{plan.module}.py` | new | the tests of section 6 |",
    ]


def _data_and_interfaces(plan: _Plan) -> list[str]:
    return [
        "### Data",
        "",
        "| field | type | meaning and limit |",
        "|---|---|---|",
        f"| `{plan.kind}Request.target` | str | what to work on; 1 to 255 characters |",
        f"| `{plan.kind}Request.deadline` | float | seconds, 0.1 to 600; default 30 |",
        f"| `{plan.kind}State.version` | int | format of the stored state; now 1 |",
        f"| `{plan.kind}State.entries` | dict[str, str] | at most 100,000; the oldest "
        "are dropped first and counted |",
        f"| `{plan.kind}Outcome.changed` | int | how many entries differ from before |",
        f"| `{plan.kind}Outcome.problems` | list[str] | one sentence each, for the user |",
        "",
        "### Interfaces",
        "",
        "```python",
        f"def plan_{plan.module}(request: {plan.kind}Request, state: {plan.kind}State) "
        "-> list[Step]: ...",
        f"def apply_{plan.module}(steps: list[Step], deadline: float) -> {plan.kind}Outcome: "
        "...  # raises DeadlineExceeded",
        f"def load_state(path: Path) -> {plan.kind}State: ...  # raises StateUnreadable",
        f"def save_state(path: Path, state: {plan.kind}State) -> None: ...  # raises OSError",
        "```",
        "",
    ]


def _steps(plan: _Plan) -> list[str]:
    first, *_ = plan.requirements
    return [
        f"1. The caller builds a `{plan.kind}Request`; values outside the limits are refused "
        "before anything is read.",
        "2. `load_state` reads what is stored. Nothing stored is a valid state, not an error.",
        f"3. `plan_{plan.module}` compares the request with the state and gives the steps to be "
        "done. It is pure, so every decision can be tested without a disk or a network.",
        f"4. `apply_{plan.module}` does the steps in their order: {shortened(first, 120)}.",
        "5. `save_state` writes a new file beside the old one, syncs it and renames it. The rename "
        "is the commit; before it nothing has happened, after it everything has.",
        f"6. A `{plan.kind}Outcome` goes back to the caller, who shows it.",
    ]


def _errors(plan: _Plan) -> str:
    subject = plan.issue.words[0] if plan.issue.words else "input"
    rows = [
        f"| A {subject} value is missing or out of its limits | checked in step 1 | refuses, "
        "changes nothing | which value, its limits, an example |",
        "| The stored state is damaged | version and checksum in `load_state` | sets it aside as "
        "`.invalid-<time>`, starts empty | a warning that names both files |",
        "| A dependency fails | its error, or its exit status | stops before step 5 | its own "
        "message and the step |",
        "| A dependency hangs | the request's deadline | gives up, ends it | after how many "
        "seconds, and how to allow more |",
        "| Interrupted between steps 4 and 5 | a leftover temporary file at the next start | "
        "removes it; the old state is in force | nothing, the work is simply done again |",
        "| The disk is full | the error of the write or of the sync | removes the temporary file | "
        "how much was needed, and where |",
        "| Two at the same time | a lock file next to the state | the second waits for at most its "
        "deadline | who holds it, and since when |",
    ]
    if plan.terms:
        rows.append(
            f"| `{plan.terms[0]}` is of an older version | asked for at the first use | goes on "
            "without what is missing | one line, once, naming the version that is needed |"
        )
    return "\n".join(
        [
            "## 4. Error handling and edge cases",
            "",
            "| what goes wrong | noticed by | what happens | what the user sees |",
            "|---|---|---|---|",
            *rows,
            *_resolved(plan, "4"),
        ]
    )


def _cost(plan: _Plan) -> str:
    return "\n".join(
        [
            "## 5. Security, privacy and cost",
            "",
            "- **Data.** Only what the request names is read. The state holds no secret; its file "
            "is readable by its owner alone (mode 0600).",
            "- **Misuse.** Targets are resolved and must lie below the configured root; `..`, "
            "absolute paths and links that lead out of it are refused.",
            "- **Time.** One pass over the entries: linear, under 50 ms for 10,000 of them, never "
            "more than the request's deadline.",
            "- **Memory.** At most 100,000 entries of 255 characters, about 40 MB; beyond that the "
            "oldest go.",
            "- **Calls and money.** At most three attempts per dependency, 1, 2 and 4 seconds "
            "apart; no paid service is involved.",
            *_resolved(plan, "5"),
        ]
    )


def _tests(plan: _Plan) -> str:
    kinds = ("unit", "integration", "end to end")
    rows = [
        f"| T{index} | {shortened(text, 110)} | R{index} | "
        f"{picked(kinds, plan.issue.text, 'kind', index)} |"
        for index, text in enumerate(plan.requirements, 1)
    ]
    last = len(plan.requirements) + 1
    rows += [
        f"| T{last} | the present suite passes, its output byte for byte the same | R{last} | "
        "end to end |",
        f"| T{last + 1} | a process killed between steps 4 and 5 leaves the old state in force | "
        "R1 | integration |",
        f"| T{last + 2} | a damaged state file is set aside, not overwritten | R1 | integration |",
        f"| T{last + 3} | fifty processes at once lose no entry | R1 | integration |",
    ]
    return "\n".join(
        [
            "## 6. Test plan",
            "",
            "| id | proves | requirement | kind |",
            "|---|---|---|---|",
            *rows,
            "",
            f"T1 to T{last - 1} fail before the change; T{last} passes before and after. "
            "No test sleeps: clocks and processes come in from outside.",
            *_resolved(plan, "6"),
        ]
    )


def _rollout(plan: _Plan) -> str:
    flag = plan.module.replace("_", "-")
    return "\n".join(
        [
            "## 7. Rollout",
            "",
            "1. Merge with the behaviour switched off; the new module is loaded by nobody.",
            f"2. Switch it on with `--{flag}` for one release; the change log says how.",
            "3. Make it the default in the release after, if no open report speaks against it.",
            "",
            f"Existing data needs no migration: without a state file the state is empty. To go "
            f"back, switch `--{flag}` off; the state file stays and does no harm. The user guide "
            "gets one paragraph and the table of section 4.",
            *_resolved(plan, "7"),
        ]
    )


def _questions(plan: _Plan) -> str:
    questions = [sentence for sentence in plan.issue.sentences if sentence.endswith("?")][:2]
    lines = [
        f"- The issue asks: “{question}” Assumed for now: the more careful of the two; the author "
        "of the issue can settle it in the review."
        for question in questions
    ]
    lines += [
        f"- `{term}` is assumed to exist as the issue uses it. Check: search for its definition "
        "before step 1 of the rollout."
        for term in [term for term in plan.terms if not term.startswith("-")][:2]
    ]
    lines.append(
        "- The limits of section 3 are estimates. Their effect is small if they are wrong: each is "
        "one constant, checked in one place."
    )
    return "\n".join(["## 8. Open questions and assumptions", "", *lines])


def _changes(plan: _Plan) -> str:
    rows = [
        f"| {review} | {section} | {shortened(problem, 130)} | {shortened(remedy, 150)} Done, see "
        f"“Resolved” in section {section.partition('.')[0]}. |"
        for review, section, problem, remedy in plan.complaints
    ]
    return "\n".join(
        [
            "## 9. Changes since the last draft",
            "",
            "| review | section | tier-1 issue | what was changed |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def _resolved(plan: _Plan, section: str) -> list[str]:
    """The answers to the complaints about a section, for that section."""
    lines = [
        f"- Review {review} found: {problem} Now: {remedy}"
        for review, about, problem, remedy in plan.complaints
        if about.partition(".")[0] == section
    ]
    return ["", "**Resolved.**", "", *lines] if lines else []
