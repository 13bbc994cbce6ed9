"""What the program costs when nobody touches it, with live updates on."""

from __future__ import annotations

import time

from benchmarks.bench import Bench, opened
from benchmarks.probe import Idle, Probe, middle
from benchmarks.table import Goal

SIZES = (1_000, 100_000)


def measure(bench: Bench) -> None:
    """All programs rest at once; three stretches of each, the median counts."""
    seconds = 5.0 if bench.short else 20.0
    ours = [bench.modtui(items) for items in SIZES]
    found: dict[str, list[Idle]] = {one.name: [] for one in (*bench.present, *ours)}
    with opened([*bench.present, *ours], settle=2.0) as apps:
        for one in ours:
            apps[one.name].until(lambda app=apps[one.name]: app.shows(" live"), 30)  # type: ignore[misc]
        for app in apps.values():
            app.settle(1.5, 20)
        for n in range(3):
            bench.told(f"idle, stretch {n + 1} of 3")
            for name, one_idle in together(apps, seconds).items():
                found[name].append(one_idle)
        for name, app in apps.items():
            for _ in range(10):
                app.key("j", rest=0.1, watch=False)
            app.settle(1.0, 10)
            bench.memory[name] = app.memory()

    def cpu(name: str) -> float | None:
        return middle([one.cpu for one in found[name]]) * 1000 if name in found else None

    def wakeups(name: str) -> float | None:
        return middle([one.wakeups for one in found[name]]) if name in found else None

    for one, words in zip(ours, ("", ".100k"), strict=True):
        run, name = bench.run, one.name
        run.add(f"idle.cpu{words}", cpu(name), "ms/s", ("hello", cpu("hello"), Goal(1.3)))
        run.add(f"idle.wakeups{words}", wakeups(name), "1/s", ("hello", wakeups("hello"), None))
        run.add(f"idle.bytes{words}", float(max(it.size for it in found[name])), "B", goal=Goal(0, "value"))
    for name in ("neomutt", "toot"):
        if name in found:
            bench.run.add(f"idle.wakeups.{name}", wakeups(name), "1/s")


def together(apps: dict[str, Probe], seconds: float) -> dict[str, Idle]:
    """Watch all at once: resting programs do not get into each other's way."""
    before = {name: (app.cpu(), app.wakeups(), len(app.raw)) for name, app in apps.items()}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for app in apps.values():
            app.pump(0)
        time.sleep(0.25)
    return {
        name: Idle(
            (app.cpu() - before[name][0]) / seconds, (app.wakeups() - before[name][1]) / seconds,
            len(app.raw) - before[name][2],
        )
        for name, app in apps.items()
    }  # fmt: skip
