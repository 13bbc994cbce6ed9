"""What the groups share: the programs of a run, how keys are pressed, and samples of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import peers
from benchmarks.peers import Program
from benchmarks.probe import Answer, Probe, high, middle
from benchmarks.table import Run
from benchmarks.world import World, served
from tests.pty.modtui import ROW

GAP_S = 0.13
"""Between two keys: more than the 0.1 s below which the item beside the list waits for the hand to rest."""


@dataclass
class Bench:
    """One run: where figures go, and what they are taken on."""

    run: Run
    world: World
    references: list[Program]
    short: bool = False
    rounds: int = 5
    kept: Path | None = None
    """A folder that stays: what takes long to make is used again by the next run."""
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    """RSS and PSS in MB of each program that was open long enough, for whoever comes later."""

    def reference(self, name: str) -> Program:
        """hello, neomutt or toot."""
        return next(one for one in self.references if one.name == name)

    @property
    def present(self) -> list[Program]:
        """The references that are installed."""
        return [one for one in self.references if not one.missing]

    def modtui(self, items: int, *options: str, name: str = "", home: Path | None = None) -> Program:
        """The program with so many cached items, in a home of its own (`home`: in that one)."""
        words = size_name(items)
        place = home or self.world.copy(items, f"run{items}")
        return Program(
            name or f"modtui {words}", tuple(self.world.command("--read-only", *options)), ROW, self.world.env(place)
        )

    def told(self, text: str) -> None:
        """Say on standard error what is going on: a run takes minutes."""
        print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


@dataclass
class Sample:
    """Answers to one kind of key, and the processor time of each."""

    answers: list[Answer] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Seconds a key, one number a series."""

    @property
    def heard(self) -> list[Answer]:
        """Those that something came of."""
        return [one for one in self.answers if one.quiet is not None]

    def quiet(self, share: float = 0.5) -> float | None:
        """ms until the picture rests, at this share."""
        return _ms([one.quiet for one in self.heard if one.quiet is not None], share)

    def change(self, share: float = 0.5) -> float | None:
        """ms until the picture changed."""
        return _ms([one.change for one in self.answers if one.change is not None], share)

    def size(self) -> float | None:
        """Bytes a key, the median."""
        return middle([one.size for one in self.heard]) if self.heard else None

    def cpu_ms(self) -> float | None:
        """Processor time a key, ms: the median of the series."""
        return middle(self.cpu) * 1000 if self.cpu else None


def _ms(values: list[float], share: float) -> float | None:
    if not values:
        return None
    return (middle(values) if share == 0.5 else high(values, share)) * 1000


def series(app: Probe, sample: Sample, keys: Sequence[str], gap: float = GAP_S, rest: float = 0.04) -> None:
    """Press keys at this pace, each answer read to its end, and add them to a sample."""
    before = app.cpu()
    for name in keys:
        answer = app.key(name, rest=rest)
        sample.answers.append(answer)
        while (left := answer.began + gap - time.perf_counter()) > 0:
            app.pump(left)
    sample.cpu.append((app.cpu() - before) / len(keys))


@contextmanager
def opened(programs: Sequence[Program], settle: float = 1.0) -> Iterator[dict[str, Probe]]:
    """All programs at once, each at the head of its list. Raises RuntimeError when one does not start."""
    with ExitStack() as stack:
        found: dict[str, Probe] = {}
        for one in programs:
            app = stack.enter_context(one.open())
            if app.start(one.ready) is None:
                raise RuntimeError(f"{one.name} did not start:\n{app.text()}")
            app.settle(settle, 15)
            for key in one.before:
                app.key(key, watch=False)
            found[one.name] = app
        yield found


@contextmanager
def prepared(run: Run, folder: Path, *, short: bool, rounds: int) -> Iterator[Bench]:
    """The site, the world and the references of a run."""
    with served(folder / "site") as site, peers.toot(folder / "peers") as toot:
        references = [peers.hello(), peers.neomutt(folder / "peers" / "neomutt"), toot]
        yield Bench(run, World(folder, site), references, short, rounds)


def size_name(items: int) -> str:
    """1000 as `1k`."""
    return f"{items // 1_000_000}M" if items >= 1_000_000 else f"{items // 1000}k"
