"""Figures, the goals beside them, and how they are shown: a table to read, JSON for machines, a row for results.md."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import cpu_count, getloadavg
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Goal:
    """The most that a figure may be: of its ratio to the reference, or of the value itself (`of="value"`)."""

    most: float
    of: str = "ratio"
    least: bool = False
    """Then `most` is the least."""

    def words(self, unit: str) -> str:
        """As the table says it."""
        sign = ">=" if self.least else "<="
        return f"{sign} {self.most:g}x" if self.of == "ratio" else f"{sign} {self.most:g} {unit}".rstrip()

    def met(self, value: float | None, ratio: float | None) -> bool | None:
        """Whether it is reached; None when there is nothing to judge."""
        what = ratio if self.of == "ratio" else value
        if what is None:
            return None
        return what >= self.most if self.least else what <= self.most


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number with what it is compared with. `value` None: it could not be taken, `note` says why."""

    name: str
    value: float | None
    unit: str
    reference: str = ""
    """What it is compared with, and that one's value in the same unit."""
    reference_value: float | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value in times the reference."""
        if self.value is None or not self.reference_value:
            return None
        return self.value / self.reference_value

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one, or without a number."""
        return self.goal.met(self.value, self.ratio) if self.goal else None

    def plain(self) -> dict[str, object]:
        """For JSON."""
        beside = f"{self.reference} {shown(self.reference_value)} {self.unit}".strip()
        return {
            "name": self.name, "value": _round(self.value), "unit": self.unit,
            "reference": beside if self.reference_value is not None else self.reference or None,
            "ratio": _round(self.ratio), "goal": self.goal.words(self.unit) if self.goal else None,
            "met": self.met, "reference_value": _round(self.reference_value), "note": self.note or None,
        }  # fmt: skip


@dataclass(slots=True)
class Run:
    """Everything that one run found, and what it says of the machine."""

    short: bool = False
    figures: list[Figure] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    """Groups that did not run at all, with the error."""

    def add(
        self, name: str, value: float | None, unit: str, *beside: tuple[str, float | None, Goal | None],
        goal: Goal | None = None, note: str = "",
    ) -> None:  # fmt: skip
        """Add a figure; one for each reference in `beside` (name, value, goal), or a single one with `goal`."""
        if not beside:
            self.figures.append(Figure(name, value, unit, goal=goal, note=note))
        for at, (reference, number, wanted) in enumerate(beside):
            why = note if at == 0 or number is not None else ""
            if number is None and value is not None:
                why = "; ".join(filter(None, (why, f"no {reference} here")))
            self.figures.append(
                Figure(f"{name} / {reference}", value, unit, reference, number, wanted, why)
            )

    def to_json(self) -> str:
        """The whole run as JSON."""
        return json.dumps(
            {
                "figures": [figure.plain() for figure in self.figures], "trouble": self.trouble, "short": self.short,
                "machine": machine(), "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }, indent=1,
        )  # fmt: skip


def shown(value: float | None) -> str:
    """A number with as many digits as say something."""
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(figures: Iterable[Figure]) -> str:
    """The figures as one table, in Markdown and aligned for eyes."""
    rows = [("figure", "value", "unit", "reference", "ratio", "goal", "met", "note")]
    for one in figures:
        beside = f"{one.reference} {shown(one.reference_value)}" if one.reference else ""
        met = {True: "yes", False: "NO", None: "-" if one.goal else ""}[one.met]
        rows.append((
            one.name, shown(one.value), one.unit, beside, f"{one.ratio:.2f}x" if one.ratio is not None else "",
            one.goal.words(one.unit) if one.goal else "", met, one.note,
        ))  # fmt: skip
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["| " + " | ".join(_cell(text, widths[at], at) for at, text in enumerate(row)) + " |" for row in rows]
    rule = "|".join("-" * (width + 1) + (":" if at in (1, 4) else "-") for at, width in enumerate(widths))
    lines.insert(1, f"|{rule}|")
    return "\n".join(lines)


def _cell(text: str, width: int, at: int) -> str:
    return text.rjust(width) if at in (1, 4) else text.ljust(width)


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


KEY_FIGURES: Sequence[tuple[str, str]] = (
    ("start.ready.10k / hello", "start 10k / hello"), ("start.ready.100k / hello", "start 100k / hello"),
    ("j.cpu.1k / hello", "j CPU / hello"), ("j.cpu.100k / hello", "j CPU 100k / hello"),
    ("j.bytes.truecolor", "j bytes"), ("list.bytes.truecolor", "list j bytes"), ("page.bytes.truecolor", "page bytes"),
    ("idle.cpu / hello", "idle CPU / hello"), ("idle.bytes", "idle bytes"), ("memory.pss.1k", "PSS MB"),
)  # fmt: skip
"""The figures of a row of results.md, and the head of each column."""


def row_heads() -> str:
    """The head of the table in results.md."""
    names = ["date", "commit", "machine", *(head for _, head in KEY_FIGURES)]
    return f"| {' | '.join(names)} |\n|" + "---|" * len(names)


def row(run: Run) -> str:
    """This run as a row of results.md: ratios where there is a reference, values otherwise."""
    found = {one.name: one for one in run.figures}
    cells = [datetime.now(UTC).strftime("%Y-%m-%d"), commit(), machine()]
    for name, _ in KEY_FIGURES:
        one = found.get(name)
        if one is None or one.value is None:
            cells.append("-")
        elif one.reference_value is not None:
            cells.append(f"{one.ratio:.2f}x")
        else:
            cells.append(shown(one.value))
    return f"| {' | '.join(cells)} |"


def machine() -> str:
    """What the figures were taken on."""
    return f"{cpu_count()} cores, Python {sys.version.split()[0]}, {platform.system()}, load {getloadavg()[0]:.1f}"


def commit() -> str:
    """The commit that was measured, with `+` when files differ from it; `-` outside a checkout."""
    folder = Path(__file__).resolve().parent.parent
    try:
        name = subprocess.run(
            ["git", "rev-parse", "--short=8", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no", "modtui"], cwd=folder, capture_output=True,
            text=True, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "-"
    return name + ("+" if changed else "")
