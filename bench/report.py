"""The output of every benchmark: a table for people, or one JSON object for programs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda figure, bound: figure >= bound,
    "<=": lambda figure, bound: figure <= bound,
    "==": lambda figure, bound: figure == bound,
    ">": lambda figure, bound: figure > bound,
    "<": lambda figure, bound: figure < bound,
}


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that ``percent`` of the values do not exceed, interpolated linearly.

    Raises:
        ValueError: there are no values, or ``percent`` is not within 0 and 100.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("a percentile of no values")
    if not 0 <= percent <= 100:
        raise ValueError(f"not a percentage: {percent}")
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Iterable[float]) -> float:
    """The middle value."""
    return percentile(values, 50)


def machine() -> dict[str, str | int | float]:
    """A description of the machine that runs the benchmark."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 1,
        "memory_gb": round(memory / 2**30, 1),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()}",
    }


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def met(figure: float, target: str) -> bool:
    """Whether a figure meets a target such as ``>=20``, ``<50`` or ``==0``.

    Raises:
        ValueError: the target is not a comparison and a number.
    """
    for sign, compare in _COMPARISONS.items():
        if target.startswith(sign):
            return compare(figure, float(target.removeprefix(sign)))
    raise ValueError(f"not a target: {target!r}; write for example >=20")


@dataclass
class Bench:
    """The figures of one benchmark and their targets."""

    name: str
    targets: dict[str, str] = field(default_factory=dict)
    """Figure name to a comparison (``>=``, ``<=``, ``==``, ``>``, ``<``) and a number."""
    figures: dict[str, float] = field(default_factory=dict)
    """In the order in which they were measured."""
    notes: list[str] = field(default_factory=list)
    """Remarks below the table; not in the JSON."""

    def set(self, name: str, value: float) -> None:
        """Sets a figure, rounded to four significant digits."""
        self.figures[name] = float(f"{value:.4g}") if abs(value) < 1000 else round(value)

    def document(self) -> dict[str, object]:
        """The object that ``--json`` prints."""
        return {
            "bench": self.name,
            "machine": machine(),
            "figures": self.figures,
            "targets": self.targets,
        }

    def table(self) -> str:
        """One row for each figure, and for each target that has no figure."""
        rows = [("figure", "value", "target", "")]
        for name, figure in self.figures.items():
            target = self.targets.get(name, "")
            verdict = "" if not target else "ok" if met(figure, target) else "miss"
            rows.append((name, f"{figure:,}".removesuffix(".0"), target, verdict))
        rows += [
            (name, "not measured", target, "")
            for name, target in self.targets.items()
            if name not in self.figures
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        name_width, value_width, target_width, _ = widths
        lines = [
            f"{name:<{name_width}}  {value:>{value_width}}  {target:>{target_width}}  {verdict}"
            for name, value, target, verdict in rows
        ]
        where = machine()
        head = (
            f"{self.name}: {where['cpu']}, {where['cores']} cores, {where['memory_gb']} GB, "
            f"{where['python']}, {where['system']}"
        )
        return "\n".join(
            [head, "", *map(str.rstrip, lines), *([""] if self.notes else []), *self.notes]
        )


def progress(text: str) -> None:
    """Prints to stderr what is being measured."""
    print(f"... {text}", file=sys.stderr, flush=True)


def run(
    bench: Bench,
    measure: Callable[[Bench, argparse.Namespace], None],
    *,
    arguments: Sequence[str] | None = None,
    options: Callable[[argparse.ArgumentParser], object] | None = None,
) -> None:
    """Runs a benchmark from its ``__main__``: parses the options, measures, prints.

    Args:
        bench: Receives the figures.
        measure: Does the work; called with the bench and the parsed options.
        arguments: The arguments, if not ``sys.argv[1:]``.
        options: Adds the benchmark's own options to the parser.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench.{bench.name}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    if options is not None:
        options(parser)
    parsed = parser.parse_args(arguments)
    measure(bench, parsed)
    print(json.dumps(bench.document()) if parsed.json else bench.table())
