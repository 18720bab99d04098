"""Parses prompts for the offline model: their delimited texts, and the parts of an issue."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_CODE_BLOCK = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?^ {0,3}\1[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?(\S.*)$")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(])")
_TICKED = re.compile(r"`([^`\n]{2,40})`")
_CODEISH = re.compile(
    r"--[a-z][a-z0-9-]+|\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+\b"
    r"|\b[\w-]+(?:/[\w.-]+)+|\b\w+\.(?:py|rs|go|ts|json|toml|yaml|yml|db|log|sql|md)\b"
)
_REQUIREMENT = re.compile(
    r"\b(?:should|must|need|needs|want|shall|has to|have to|expect)\b", re.IGNORECASE
)
_COMPLAINT = re.compile(r"^\d+\. \*\*(.+?)\*\*: (.+)\n +Remedy: (.+)$", re.MULTILINE)
_WORD = re.compile(r"[a-z]{4,}")
_COMMON_TEXT = """
    about after again also another because been before being between both cannot could does done
    each even every first from have here into just like made make many more most much must need
    never only other over same should since some such than that their them then there these they
    this those through under until very want well were what when where which while will with
    without would your today still
"""
_COMMON = frozenset(_COMMON_TEXT.split())


@dataclass(frozen=True, slots=True)
class ReadIssue:
    """The parts of an issue."""

    text: str
    title: str
    sentences: tuple[str, ...]
    """The sentences of the prose, without code blocks and lists."""
    bullets: tuple[str, ...]
    terms: tuple[str, ...]
    """Words that look like code, in order of appearance."""
    words: tuple[str, ...]
    """Ordinary words, the most frequent first."""


def blocks(prompt: str, name: str) -> list[str]:
    """Returns the texts between ``<<<BEGIN name …>>>`` and ``<<<END name …>>>``."""
    pattern = rf"^<<<BEGIN {name} (\w+)>>>\n(.*?)\n?^<<<END {name} \1>>>$"
    return [m[2] for m in re.finditer(pattern, prompt, re.MULTILINE | re.DOTALL)]


def complaints(prompt: str) -> list[tuple[int, str, str, str]]:
    """Review, section, problem and remedy of each tier-1 issue in the reviews of a prompt."""
    return [
        (index, section, problem, remedy)
        for index, review in enumerate(blocks(prompt, "REVIEW"), 1)
        for section, problem, remedy in _COMPLAINT.findall(review)
    ]


def read_issue(prompt: str, name: str = "ISSUE") -> ReadIssue:
    """Parses the issue in a prompt, in a block of this name; without one, the whole prompt."""
    texts = blocks(prompt, name)
    text = (texts[0] if texts else prompt).strip()
    head, _, rest = text.partition("\n")
    title = re.sub(r"^#+\s*(?:Issue #\d+:\s*)?", "", head).strip().rstrip(".") or "Untitled"
    prose = _CODE_BLOCK.sub("", rest)
    bullets: list[str] = []
    paragraphs: list[str] = [""]
    for line in prose.splitlines():
        if line.startswith(("- URL: ", "- Labels: ")):
            continue
        if bullet := _BULLET.match(line):
            bullets.append(_tidy(bullet[1]))
            paragraphs.append("")
        elif not line.strip() or line.lstrip().startswith(("#", "|", ">")):
            paragraphs.append("")
        elif bullets and line.startswith("  "):
            bullets[-1] = _tidy(f"{bullets[-1]} {line.strip()}")
        else:
            paragraphs[-1] = f"{paragraphs[-1]} {line.strip()}".strip()
    sentences = [
        _tidy(sentence)
        for paragraph in paragraphs
        for sentence in _SENTENCE_END.split(paragraph)
        if 20 <= len(sentence.strip()) <= 400
    ]
    ticked = [term.strip() for term in _TICKED.findall(text)]
    terms = dict.fromkeys(term for term in [*ticked, *_CODEISH.findall(prose)] if term)
    counts: dict[str, int] = {}
    for word in _WORD.findall(f"{title} {prose}".lower()):
        if word not in _COMMON:
            counts[word] = counts.get(word, 0) + 1
    words = sorted(counts, key=lambda word: -counts[word])
    return ReadIssue(
        text, title, tuple(sentences), tuple(b for b in bullets if b), tuple(terms), tuple(words)
    )


def find_requirements(issue: ReadIssue, most: int = 8) -> list[str]:
    """Finds the requirements of an issue: list items, and sentences with *should* or *must*."""
    sentences = [sentence for sentence in issue.sentences if _REQUIREMENT.search(sentence)]
    texts = list(dict.fromkeys([*issue.bullets, *sentences]))
    if len(texts) < 3:
        texts = list(dict.fromkeys([*texts, *issue.sentences]))
    texts = texts[:most] or [issue.title]
    return [_tidy(text).rstrip(".;,") for text in texts]


def shortened(text: str, limit: int) -> str:
    """Shortens a text to at most ``limit`` characters, cut between words."""
    text = _tidy(text)
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def slug(text: str) -> str:
    """A name for a module: ``resumable_uploads``."""
    words = [w for w in re.findall(r"[a-z0-9]+", text.lower()) if w not in _COMMON and len(w) > 2]
    name = "_".join(words[:3])
    return name if name and name[0].isalpha() else f"issue_{name or 'change'}"


def picked(choices: Sequence[T], *key: object) -> T:
    """Picks one of the choices, always the same for the same key."""
    return choices[number(*key) % len(choices)]


def number(*key: object) -> int:
    """Returns a number below 2**32, always the same for the same key."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, key)).encode()).digest()[:4], "big")


def _tidy(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
