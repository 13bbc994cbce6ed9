"""Bytes that a key sends at 120x40, by how many colours the terminal has."""

from __future__ import annotations

from benchmarks.bench import Bench, Sample, series
from benchmarks.keys import quick
from benchmarks.table import Goal
from tests.pty.modtui import ROW

TERMINALS = {"truecolor": "xterm-256color", "256": "xterm-256color", "16": "xterm"}
SIZE = 1_000


def measure(bench: Bench) -> None:
    """Bytes do not depend on the machine, so one series of each is enough."""
    for colours, term in TERMINALS.items():
        bench.told(f"bytes, {colours} colours")
        home = bench.world.copy(SIZE, f"colours{colours}")
        found = {"list": Sample(), "j": Sample(), "page": Sample()}
        with bench.world.open(home, "--read-only", term=term, colours=colours) as app:
            if app.start(ROW) is None:
                raise RuntimeError(f"modtui did not start:\n{app.text()}")
            app.settle(1.5, 15)
            first = len(app.raw)
            series(app, found["j"], ("j",) * 12 + ("k",) * 10)
            quick(app, found)
            series(app, found["page"], ("pagedown",) * 5)
        few = colours == "16"
        bench.run.add(f"list.bytes.{colours}", found["list"].size(), "B", goal=Goal(600 if few else 1000, "value"))
        bench.run.add(f"j.bytes.{colours}", found["j"].size(), "B", goal=Goal(4000, "value"))
        bench.run.add(f"page.bytes.{colours}", found["page"].size(), "B", goal=Goal(8000, "value"))
        bench.run.add(f"start.bytes.{colours}", float(first), "B")
