"""Holds the structure of the packages: no cycles, no crowded folders. ``python .ci/structure.py``.

Imports inside functions and under ``TYPE_CHECKING`` count as well: a reader has to follow them, too.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "assemblyzero_tui."
FOLDERS = ("app", "widgets", "runner")
MOST_MODULES = 16
"""Modules in a folder, its ``__init__`` not counted."""
MOST_LINES = 420
"""Lines of a module."""


def modules() -> dict[str, Path]:
    """Every module by its dotted name, a package by its own."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[PREFIX + ".".join(p for p in parts if p != "__init__")] = path
    return found


def imports(path: Path, known: Iterable[str]) -> set[str]:
    """The modules of ours that a file names in its imports, wherever they stand in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module)):
                inner = (f"{module}.{alias.name}" for alias in node.names)
                names |= {name if name in known else module for name in inner}
            case ast.Import():
                names |= {alias.name for alias in node.names}
    return {name for name in names if name in known}


def cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """One cycle of a graph; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [name.removeprefix(PREFIX) for name in error.args[1]]
    return []


def complaints() -> list[str]:
    """What is wrong, a line each."""
    found = modules()
    packages = {name for name, path in found.items() if path.name == "__init__.py"}
    graph = {name: imports(path, found) - {name} for name, path in found.items()}
    folders: dict[str, set[str]] = defaultdict(set)
    for name, targets in graph.items():
        home = name if name in packages else name.rpartition(".")[0]
        for target in targets:
            folders[home].add(target if target in packages else target.rpartition(".")[0])
        folders[home].discard(home)
    lines = []
    for what, one in (("modules", graph), ("folders", folders)):
        if circle := cycle(one):
            lines.append(f"a cycle of {what}: {' -> '.join(circle)}")
    counts: dict[Path, int] = defaultdict(int)
    for path in found.values():
        counts[path.parent] += path.name != "__init__.py"
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES:
            lines.append(f"{path.relative_to(ROOT)} has {length} lines, more than {MOST_LINES}")
    lines += [
        f"{folder.relative_to(ROOT)} holds {count} modules, more than {MOST_MODULES}"
        for folder, count in counts.items()
        if count > MOST_MODULES
    ]
    return lines


if __name__ == "__main__":
    sys.exit("\n".join(complaints()) or None)
