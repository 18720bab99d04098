"""Measures the structure of the packages and holds it: ``make structure``.

Prints each measure beside its limit and, where a limit is passed, what passes it. Imports inside
functions and under ``TYPE_CHECKING`` count as well: a reader has to follow them, too. Which folder
may import which is held by the layer contracts in ``pyproject.toml``.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "assemblyzero_tui."
PACKAGES = ("app", "widgets", "runner")
TESTS = ("tests", "bench")
"""Folders in which only the number of modules counts."""
LONG_FUNCTION = 40
"""Lines a function may have, its decorators not counted, before it is a long one."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the structure."""

    name: str
    value: int
    limit: int
    culprits: list[str] = field(default_factory=list)
    """What passes the limit, or what the value is made of."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the packages."""

    name: str
    """Dotted; a package has its own."""
    path: Path
    tree: ast.Module

    @property
    def folder(self) -> str:
        """The dotted name of the folder it lies in."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    @property
    def lines(self) -> int:
        return len(self.path.read_text(encoding="utf-8").splitlines())

    def imports(self, known: Container[str]) -> Iterator[str]:
        """The known modules that its imports name, wherever they stand."""
        for node in ast.walk(self.tree):
            match node:
                case ast.ImportFrom(module=str(module), level=0):
                    for alias in node.names:
                        inner = f"{module}.{alias.name}"
                        yield from [name for name in (inner, module) if name in known][:1]
                case ast.Import():
                    yield from (alias.name for alias in node.names if alias.name in known)


def modules() -> dict[str, Module]:
    """Every module of the packages by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = PREFIX + ".".join(part for part in parts if part != "__init__")
            found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8")))
    return found


def cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """One cycle of a graph; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [name.removeprefix(PREFIX) for name in error.args[1]]
    return []


def cycles(found: Mapping[str, Module]) -> Iterator[Measure]:
    """Whether modules, and whether folders, import each other in a circle."""
    graph: dict[str, set[str]] = {}
    folders: dict[str, set[str]] = defaultdict(set)
    for name, module in found.items():
        graph[name] = {target for target in module.imports(found) if target != name}
        for target in graph[name]:
            if found[target].folder != module.folder:
                folders[module.folder].add(found[target].folder)
    for what, one in (("modules", graph), ("folders", folders)):
        circle = cycle(one)
        yield Measure(f"import cycles of {what}", int(bool(circle)), 0, [" -> ".join(circle)])


def crowding() -> Measure:
    """The folder with the most modules, its ``__init__`` not counted."""
    counts = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for top in (*PACKAGES, *TESTS)
        for path in (ROOT / top).rglob("*.py")
        if path.name != "__init__.py"
    )
    crowded = [f"{folder}: {count}" for folder, count in counts.most_common() if count > 16]
    return Measure("modules in the largest folder", max(counts.values()), 16, crowded)


def test_names(found: Mapping[str, Module]) -> Measure:
    """Product modules whose file names pytest would take for tests."""
    names = [
        module.path.relative_to(ROOT).as_posix()
        for module in found.values()
        if module.path.stem.startswith("test_")
        or module.path.stem.endswith("_test")
        or module.path.stem == "conftest"
    ]
    return Measure("product modules named like tests", len(names), 0, names)


def lengths(found: Mapping[str, Module]) -> Iterator[Measure]:
    """The longest module, and the functions that are long."""
    sizes = {module.path.relative_to(ROOT).as_posix(): module.lines for module in found.values()}
    too_long = [f"{path}: {lines}" for path, lines in sizes.items() if lines > 400]
    yield Measure("lines of the longest module", max(sizes.values()), 400, too_long)
    long = []
    for module in found.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONG_FUNCTION:
                    long.append(f"{module.name.removeprefix(PREFIX)}.{node.name}: {lines}")
    yield Measure(f"functions over {LONG_FUNCTION} lines", len(long), 14, long)


def main() -> int:
    """Prints every measure; gives 1 if one passes its limit."""
    found = modules()
    measures = [crowding(), *cycles(found), *lengths(found), test_names(found)]
    for measure in measures:
        print(f"{measure.name:32} {measure.value:5}   at most {measure.limit}")
    passed = [measure for measure in measures if measure.value > measure.limit]
    for measure in passed:
        print(f"\nToo many: {measure.name}", *measure.culprits, sep="\n  ")
    return int(bool(passed))


if __name__ == "__main__":
    sys.exit(main())
