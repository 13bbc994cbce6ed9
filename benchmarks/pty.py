"""What the program costs as its terminal sees it: `python -m benchmarks.pty [--rounds N] [--items N] [--size WxH]`.

The real program runs in a real pseudo-terminal on an embedded community in a process of its own. A bare Textual app
(one line of text that changes with each key) runs in the same rounds and is the floor: what no program on Textual can
beat. Read the ratios; milliseconds depend on the machine and on what else it does.

paint   from the start of the process until the first visible character
ready   ... until the queue's rows are on the screen, and the processor time of the process until then
j       from the key to the end of the screen update that it caused, and the bytes of all updates until 60 ms of rest
page    the same for pagedown
idle    ten seconds without a key: bytes, processor time
memory  resident and proportional set size after the keys
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import hello
from benchmarks.probe import Probe
from benchmarks.world import World, compile_all, served
from tests.pty.modtui import ROW

REST_S = 0.06


@dataclass
class Figures:
    """What one program's runs gave; times in seconds."""

    name: str
    paint: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    start_cpu: list[float] = field(default_factory=list)
    keys: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    idle_bytes: int = 0
    idle_cpu: float = 0.0
    rss: float = 0.0
    pss: float = 0.0

    def started(self, app: Probe, took: tuple[float, float] | None) -> None:
        """Note a start, or say why there was none."""
        if took is None:
            raise SystemExit(f"It did not start:\n{app.text()}")
        self.paint.append(took[0])
        self.ready.append(took[1])
        self.start_cpu.append(app.cpu())


def press_many(app: Probe, figures: Figures, label: str, name: str, times: int) -> None:
    """Press a key many times, one after the other, and keep the figures."""
    cpu = app.cpu()
    for _ in range(times):
        answer = app.key(name, rest=REST_S)
        figures.keys.setdefault(label, []).append((answer.change or 0.0, answer.size))
    figures.cpu[label] = (app.cpu() - cpu) / times


def rest(app: Probe, figures: Figures, seconds: float) -> None:
    """Let the program idle and note what that costs."""
    app.still(1.0)
    idle = app.idle(seconds)
    figures.idle_bytes, figures.idle_cpu = idle.size, idle.cpu
    figures.rss, figures.pss = app.memory()


def measure(items: int, rounds: int, size: tuple[int, int], idle_s: float) -> list[Figures]:
    """Run everything, interleaved: each round starts each program once."""
    floor, first, again = Figures("bare Textual"), Figures("modtui, nothing cached"), Figures("modtui, from the cache")
    bare = hello()
    compile_all()
    with tempfile.TemporaryDirectory() as name, served(Path(name) / "world", items) as site:
        world = World(Path(name), site)
        for n in range(rounds):
            last = n == rounds - 1
            home = Path(name) / f"home{n}"  # a new one each round: the request budget is kept in it
            with bare.open(size) as app:
                floor.started(app, app.start(bare.ready))
                app.still(0.5)
                press_many(app, floor, "j", "j", 40)
                if last:
                    rest(app, floor, idle_s)
            for figures in (first, again):
                with world.open(home, "--read-only", size=size) as app:
                    figures.started(app, app.start(ROW))
                    if figures is first:
                        app.still(2.0)  # the first pages are written to the cache
                        continue
                    app.still(1.0)
                    press_many(app, figures, "j", "j", 30)
                    app.still(1.0)
                    app.press("g", "g")
                    app.still(0.5)
                    press_many(app, figures, "page", "pagedown", 5)
                    if last:
                        rest(app, figures, idle_s)
    return [floor, first, again]


def ms(values: list[float], share: float = 0.5) -> str:
    """A quantile in milliseconds."""
    ordered = sorted(values)
    value = statistics.median(ordered) if share == 0.5 else ordered[min(len(ordered) - 1, int(len(ordered) * share))]
    return f"{value * 1000:.0f}" if value >= 0.02 else f"{value * 1000:.1f}"


def table(found: list[Figures], size: tuple[int, int]) -> str:
    """The figures as a Markdown table."""
    names = (
        f"{size[0]}x{size[1]}", "paint ms", "ready ms", "start cpu ms", "j ms p50 / p95", "j bytes", "j cpu ms",
        "page ms p50 / p95", "page bytes", "idle bytes", "idle cpu ms/s", "RSS MB", "PSS MB",
    )  # fmt: skip
    rows = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for one in found:
        cells = [one.name, ms(one.paint), ms(one.ready), ms(one.start_cpu)]
        for label in ("j", "page"):
            keys = [key for key in one.keys.get(label, []) if key[1]]
            if keys:
                times = [seconds for seconds, _ in keys]
                cells += [f"{ms(times)} / {ms(times, 0.95)}", f"{statistics.median(size for _, size in keys):.0f}"]
            else:
                cells += ["-", "-"]
            if label == "j":
                cells.append(ms([one.cpu["j"]]) if "j" in one.cpu else "-")
        if one.rss:
            cells += [str(one.idle_bytes), f"{one.idle_cpu * 1000:.1f}", f"{one.rss:.0f}", f"{one.pss:.0f}"]
        else:
            cells += ["-"] * 4
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pty", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="starts of each program")
    parser.add_argument("--items", type=int, default=500, help="items in the community")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to watch an idle program")
    parser.add_argument("--size", action="append", metavar="120x40", help="terminal size (repeatable)")
    options = parser.parse_args()
    python = sys.version.split()[0]
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {python}, {options.items} items\n")
    for text in options.size or ["120x40", "80x24"]:
        width, height = map(int, text.split("x"))
        print(table(measure(options.items, options.rounds, (width, height), options.idle), (width, height)), flush=True)
        print()


if __name__ == "__main__":
    main()
