"""From the start of the process to what its user can begin with, and the memory then."""

from __future__ import annotations

from collections import defaultdict

from benchmarks.bench import Bench, size_name
from benchmarks.probe import middle
from benchmarks.table import Goal

SIZES = (1_000, 10_000, 100_000)
LONG = 1_000_000


def measure(bench: Bench) -> None:
    """Every round starts every program once."""
    sizes = SIZES if bench.short else (*SIZES, LONG)
    programs = [*bench.present, *(bench.modtui(items) for items in sizes)]
    paint: dict[str, list[float]] = defaultdict(list)
    ready: dict[str, list[float]] = defaultdict(list)
    cpu: dict[str, list[float]] = defaultdict(list)
    pss: dict[str, list[float]] = defaultdict(list)
    rss: dict[str, list[float]] = defaultdict(list)
    for n in range(bench.rounds + 1):
        bench.told(f"start, round {n} of {bench.rounds}")
        turn = n % len(programs)
        for one in (*programs[turn:], *programs[:turn]):  # in another order each round: who comes before matters
            with one.open() as app:
                took = app.start(one.ready)
                if took is None:
                    raise RuntimeError(f"{one.name} did not start:\n{app.text()}")
                spent = app.cpu()
                app.settle(0.3, 5)
                if n == 0:
                    continue  # the first start of each reads its files from the disk
                paint[one.name].append(took[0] * 1000)
                ready[one.name].append(took[1] * 1000)
                cpu[one.name].append(spent * 1000)
                if n == bench.rounds:  # network and keyring are loaded by then
                    app.settle(1.0, 6)
                    resident, shared = app.memory()
                    rss[one.name].append(resident)
                    pss[one.name].append(shared)

    def of(what: dict[str, list[float]], name: str) -> float | None:
        return middle(what[name]) if what[name] else None

    run = bench.run
    for items in sizes:
        words, name = size_name(items), f"modtui {size_name(items)}"
        judged = items == 100_000
        run.add(f"start.paint.{words}", of(paint, name), "ms",
                ("hello", of(paint, "hello"), Goal(1.3) if judged else None))
        run.add(
            f"start.ready.{words}", of(ready, name), "ms",
            ("hello", of(ready, "hello"), Goal(1.35) if judged else None),
            ("neomutt", of(ready, "neomutt"), Goal(1.0) if judged else None),
            ("toot", of(ready, "toot"), Goal(0.75) if judged else None),
        )  # fmt: skip
        run.add(f"start.cpu.{words}", of(cpu, name), "ms", ("hello", of(cpu, "hello"), None))
        beside = ("hello", of(pss, "hello"), None)
        run.add(f"memory.start.{words}", of(pss, name), "MB", beside, note="proportional set size")
    for what, label in ((ready, "start.ready"), (cpu, "start.cpu"), (pss, "memory.start")):
        unit = "MB" if what is pss else "ms"
        for items in sizes[2:]:
            goal = Goal(1.1) if items == 100_000 else None
            run.add(f"{label}.{size_name(items)}", of(what, f"modtui {size_name(items)}"), unit,
                    ("modtui 1k", of(what, "modtui 1k"), goal))  # fmt: skip
