"""A repository as AssemblyZero and its owner leave it after a year, in all the forms it has.

38 entries in ``lld-status.json``, 60 designs in both folders, 39 files among the ideas. The names
and formats are those of ``docs/lld``, ``docs/lineage`` and ``ideas`` of
github.com/martymcenroe/AssemblyZero; the texts are made up. What its owner expects of each issue
and each idea stands beside it.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

DESIGN = "# LLD-{number}: Buoy {number}\n\n* **Status:** {status}\n\n## 1. Context\n\nOld words.\n"
BRIEF = "# {title}\n\nThe quay needs it, and by spring.\n"

RUNS = "runs"
APPROVED = "the design is approved"
NOT_OURS = "not written by this tool"
UNREAD = "cannot be read"


def _entry(status: Any = "approved", **more: Any) -> dict[str, Any]:
    return {
        "lld_path": "C:\\Users\\me\\tidewater\\docs\\lld\\active\\LLD-001.md",
        "status": status,
        "has_gemini_review": status == "approved",
        "final_verdict": "APPROVED" if status == "approved" else None,
        "last_review_date": "2031-02-03",
        "review_count": 2,
    } | more


ENTRIES: dict[str, tuple[dict[str, Any], str]] = {
    "1": (_entry(), APPROVED),
    "2": (_entry("APPROVED"), APPROVED),
    "3": (_entry("Approved"), APPROVED),
    "004": (_entry(), APPROVED),
    "#5": (_entry(), APPROVED),
    "LLD-006": (_entry(), APPROVED),
    "7": ({"lld_path": "docs/lld/active/LLD-007.md", "final_verdict": "APPROVED"}, APPROVED),
    "8": (_entry("approved", tracking={"sprint": 4}), APPROVED),
    "9": (_entry("draft"), RUNS),
    "10": (_entry("blocked", final_verdict="BLOCKED"), RUNS),
    "11": (_entry("Draft"), RUNS),
    "12": (_entry("pending"), RUNS),
    "13": (_entry("rejected"), RUNS),
    "14": (_entry("revise"), RUNS),
    "15": (_entry("in_review"), UNREAD),
    "16": (_entry("implemented"), UNREAD),
    "17": (_entry(None), UNREAD),
    "18": (_entry(7), UNREAD),
    "19": ({}, UNREAD),
    "20": (_entry("approved once legal agrees"), UNREAD),
    **{str(number): (_entry(), APPROVED) for number in range(21, 31)},
    **{str(number): (_entry("draft"), NOT_OURS) for number in range(31, 39)},
}
"""By their keys: the entry, and what becomes of its issue. Those from 21 on have a design, too."""

_STATUSES = ("Draft", "Approved (2031-02-03)", "~~Draft~~ APPROVED", "In Review", "Final")
_DONE = {number: f"docs/lld/done/{number}-buoy-{number}.md" for number in range(39, 61)}
DESIGNS: dict[int, str] = {
    **{number: f"docs/lld/active/LLD-{number:03d}.md" for number in range(21, 39)},
    **_DONE,
    **{number: f"docs/lld/active/{number:05d}-buoy.md" for number in range(61, 71)},
    **{number: f"docs/lld/active/lld-{number}.md" for number in range(71, 76)},
    **{number: f"docs/lld/active/LLD-{number}/design.md" for number in range(76, 79)},
    79: "docs/lld/active/LLD-079 (copy).md",
    80: "docs/lineage/done/80-lld/005-final.md",
}
"""Of each issue that has one: where its design is."""

NEW = range(81, 93)
"""Issues of which nothing is known; the last is the highest open one."""
CLOSED = 93


def expected_of_issues() -> dict[int, str]:
    """What becomes of each open issue."""
    found = dict.fromkeys(DESIGNS, NOT_OURS) | dict.fromkeys(NEW, RUNS)
    for key, (_, fate) in ENTRIES.items():
        found[int("".join(filter(str.isdigit, key)))] = fate
    return dict(sorted(found.items()))


CAFE = "café hours.md"
IDEAS: dict[str, tuple[str, str]] = {
    "bell-buoys.md": (BRIEF.format(title="Bell buoys"), "bell-buoys"),
    "Harbour Lights.md": (BRIEF.format(title="Harbour lights"), "harbour-lights"),
    "tide_tables.md": (BRIEF.format(title="Tide tables"), "tide-tables"),
    "ROPES.MD": (BRIEF.format(title="Ropes"), "ropes"),
    "chains.markdown": (BRIEF.format(title="Chains"), "chains"),
    "007-fenders.md": (BRIEF.format(title="Fenders"), "007-fenders"),
    "setext.md": ("Anchors\n=======\n\nOld ones rust.\n", "setext"),
    "commented.md": ("<!--\n# How to fill this in\n-->\n\n# Cranes\n\nTwo more.\n", "commented"),
    "matter.md": ('---\ntitle: "Dredging: deep"\n---\n\n## Why\n\nSand.\n', "matter"),
    "html.md": ("<h1>Ferries</h1>\n\nOne more.\n", "html"),
    "crlf.md": ("# Gangways\r\n\r\nWider ones.\r\n", "crlf"),
    "bom.md": ("\ufeff# Hoists\n\nOne on each quay.\n", "bom"),
    "no-heading.md": ("Only a sentence about nets.\n", "no-heading"),
    "deep.md": ("Some words first.\n\n### Pilots\n\nMore of them.\n", "deep"),
    "tracked.md": ("# Sirens\n\n**Tracking Issue:** #12\n\nLouder.\n", "tracked"),
    "rocket 🚀 boats.md": (BRIEF.format(title="Rocket boats 🚀"), "rocket--boats"),
    "wide.md": ("# " + "Very wide piers " * 40 + "\n\nWords.\n", "wide"),
    "begun-there.md": (BRIEF.format(title="Winches"), "begun-there"),
    unicodedata.normalize("NFC", CAFE): (BRIEF.format(title="Café"), "caf-hours"),
    unicodedata.normalize("NFD", CAFE): (BRIEF.format(title="Café"), "!its name and text are"),
    "c# gauges.md": (BRIEF.format(title="C# gauges"), "!same slug"),
    "c++ gauges.md": (BRIEF.format(title="C++ gauges"), "!same slug"),
    "already-filed.md": (BRIEF.format(title="Buoy lamps"), "!already filed as #83"),
    "changed-since.md": (BRIEF.format(title="Newer words"), "!its text has changed since"),
    "put-away.md": (BRIEF.format(title="Put away"), "!84-put-away.md has the same text"),
    "README.md": ("# Ideas\n\nHow to write one.\n", "!it explains the folder"),
    "_TEMPLATE.md": ("# [Title]\n\n[Words]\n", "!it is a template"),
    "idea-template.md": ("# [Title]\n\n[Words]\n", "!it is a template"),
    "~$bell-buoys.md": ("owner", "!lock file"),
    "bell-buoys.sync-conflict-20310405-101112-ABCDEFG.md": ("# B\n\nb\n", "!copy of a conflict"),
    "tide_tables (1).md": (BRIEF.format(title="Tide tables"), "!copy of tide_tables"),
    "notes.txt": ("Call the pilot.\n", "!.md or .markdown"),
    "empty.md": ("\n\n", "!is empty"),
    "latin.md": ("latin", "!not UTF-8"),
    "long.md": ("# Long\n\n" + "word " * 25_000, "!--context FILE"),
    "90-lld.md": (BRIEF.format(title="Ninety"), "!with a design"),
    "日本.md": (BRIEF.format(title="Japan"), "!no letter or digit"),
    "outside.md": ("link", "!outside the repository"),
    ".gitkeep": ("", ""),
}
"""By file name: the text, and the slug that runs, or ``!`` and the reason why it is left out."""


def expected_of_ideas() -> tuple[list[str], list[str]]:
    """The slugs that run, and a part of the note on each other file."""
    fates = [fate for _, fate in IDEAS.values() if fate]
    runs = sorted(fate for fate in fates if not fate.startswith("!"))
    return runs, [fate[1:] for fate in fates if fate.startswith("!")]


def make_old_repository(root: Path) -> None:
    """Writes all files below a folder."""
    entries = {key: entry for key, (entry, _) in ENTRIES.items()}
    document = {"version": "1.0", "last_updated": "2031-02-03T04:05:06", "issues": entries}
    _write(root / "docs/lld/lld-status.json", json.dumps(document, indent=2))
    for number, path in DESIGNS.items():
        status = _STATUSES[number % len(_STATUSES)]
        _write(root / path, DESIGN.format(number=number, status=status))
    for name in ("README.md", "2031-04-05-notes.md", "LLD-TEMPLATE.md", "roadmap-2031.md"):
        _write(root / "docs/lld/active" / name, "# Not a design\n")
    begun = root / "docs/lineage/active"
    for name in ("001-issue.md", "002-draft.md", "009-test-plan.md"):
        _write(begun / "85-lld" / name, "Of another program.\n")
    for name in ("001-brief.md", "002-draft.md", "006-critique.md"):
        _write(begun / "begun-there" / name, "Of another program.\n")
    _filed(root, 83, "already-filed", IDEAS["already-filed.md"][0])
    _filed(root, 82, "changed-since", "# Older words\n")
    _write(root / "ideas/done/84-put-away.md", IDEAS["put-away.md"][0])
    for name, (text, _) in IDEAS.items():
        idea = root / "ideas/active" / name
        if text == "link":
            idea.symlink_to("/etc/hostname")
        else:
            _write(idea, text.encode("utf-8") if text != "latin" else b"# Caf\xe9\n\nWords.\n")


def _filed(root: Path, number: int, slug: str, brief: str) -> None:
    """The lineage of an issue that AssemblyZero filed."""
    record = {
        "issue_number": number,
        "issue_url": f"https://github.com/example/tidewater/issues/{number}",
        "title": slug,
        "filed_at": "2031-02-03T04:05:06+00:00",
        "brief_file": f"C:/Users/me/ideas/active/{slug}.md",
    }
    folder = root / f"docs/lineage/done/{number}-{slug}"
    _write(folder / "001-brief.md", brief)
    _write(folder / "004-filed.json", json.dumps(record))


def _write(path: Path, data: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file of the repository, but git's."""
    return {
        str(path.relative_to(root)): str(path.readlink()).encode()
        if path.is_symlink()
        else path.read_bytes()
        for path in root.rglob("*")
        if ".git" not in path.parts and (path.is_symlink() or path.is_file())
    }
