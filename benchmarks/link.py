"""A held key, and slow lines: when a picture is on the screen of somebody who sits far away.

The line is worked out, not waited for: what the program writes, and when, is measured; a line of a given width and
delay then tells when each piece arrives. That is exact as long as the program does not feel the line, and it does not:
SSH takes two megabytes before it makes a program wait.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench import GAP_S, Bench, opened
from benchmarks.probe import Answer, Piece, Probe
from benchmarks.table import Goal

HELD = 45
HZ = 30.0
SIZE = 1_000
PACKET = 1_400
_SUBJECT = re.compile(r"#\S+ .*\bby (\S+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line to a far terminal: seconds there and back, bytes a second, and what each packet adds."""

    name: str
    round_trip: float
    width: float
    overhead: int = 90
    """SSH, TCP and IP around each packet."""


SLOW = Line("150 ms, 64 kB/s", 0.150, 64_000)
FAR = Line("80 ms, 1 Mbit/s", 0.080, 125_000)


def arrivals(pieces: Sequence[Piece], line: Line) -> list[float]:
    """When each piece has arrived, in the program's own time; what waits for room on the line comes later."""
    free = 0.0
    found = []
    for piece in pieces:
        packets = max(1, -(-len(piece.data) // PACKET))
        free = max(free, piece.at) + (len(piece.data) + packets * line.overhead) / line.width
        found.append(free + line.round_trip / 2)
    return found


def key_ms(answer: Answer, line: Line) -> tuple[float, float]:
    """ms from the key, far away, until the changed picture is there, and until all of it is."""
    times = arrivals(answer.pieces, line)
    changed = times[-1]
    if answer.change is not None:
        at = next(n for n, piece in enumerate(answer.pieces) if piece.at - answer.began >= answer.change - 1e-9)
        changed = times[at]
    return tuple((time - answer.began + line.round_trip / 2) * 1000 for time in (changed, times[-1]))  # type: ignore[return-value]


def lag_ms(answer: Answer, released: float, line: Line | None = None) -> float:
    """ms from letting the key go until the last byte is there."""
    if not answer.pieces:
        return 0.0
    last = answer.pieces[-1].at if line is None else arrivals(answer.pieces, line)[-1] + line.round_trip / 2
    return max(0.0, (last - released) * 1000)


def agrees(app: Probe) -> bool:
    """Whether the item beside the list is the one under the cursor."""
    row = next((text for text in app.lines() if text.startswith(">")), "")
    shown = _SUBJECT.search(app.text())
    return bool(row and shown and shown[1][:8] in row)


def measure(bench: Bench) -> None:
    """Keys one by one and a held key, of all programs in turn."""
    own = f"modtui {SIZE // 1000}k"
    tries = 1 if bench.short else 5
    rows: dict[str, list[float]] = {}
    wholes: dict[str, list[float]] = {}
    here: dict[str, list[float]] = {}
    far: dict[str, list[float]] = {}
    sizes: dict[str, list[float]] = {}
    right: list[bool] = []
    with opened([*bench.present, bench.modtui(SIZE)], settle=1.5) as apps:
        opening = {name: (arrivals(app.opening, SLOW)[-1] - app.began) * 1000 for name, app in apps.items()}
        for n in range(tries):
            bench.told(f"held keys and slow lines, {n + 1} of {tries}")
            for name, app in apps.items():
                for _ in range(10):
                    answer = app.key("j")
                    app.settle(GAP_S, 1)
                    if answer.pieces:
                        row, whole = key_ms(answer, SLOW)
                        rows.setdefault(name, []).append(row)
                        wholes.setdefault(name, []).append(whole)
                home(app, name, own)
                answer, released = app.hold("j", HELD, HZ)
                here.setdefault(name, []).append(lag_ms(answer, released))
                far.setdefault(name, []).append(lag_ms(answer, released, FAR))
                sizes.setdefault(name, []).append(answer.size)
                if name == own:
                    right.append(agrees(app))
                home(app, name, own)
    beside = [(name, opening.get(name), None) for name in ("hello", "neomutt", "toot")]
    bench.run.add("link.slow.start", opening[own], "ms", *beside, note=f"the first row; {SLOW.name}")
    report(bench, own, rows, wholes, here, far, sizes, right)


def home(app: Probe, name: str, own: str) -> None:
    """To the head of the list, and rest."""
    for key in {"hello": (), "neomutt": ("=",), own: ("g", "g")}.get(name, ("home",)):
        app.key(key, watch=False)
    app.settle(0.5, 5)


def report(
    bench: Bench, own: str, rows: dict[str, list[float]], wholes: dict[str, list[float]], here: dict[str, list[float]],
    far: dict[str, list[float]], sizes: dict[str, list[float]], right: list[bool],
) -> None:  # fmt: skip
    """The figures of all that."""

    def of(what: dict[str, list[float]], name: str) -> float | None:
        values = sorted(what.get(name, ()))
        return values[len(values) // 2] if values else None

    run = bench.run
    for label, what in (("row", rows), ("whole", wholes)):
        beside = [(name, of(what, name), None) for name in ("hello", "neomutt", "toot")]
        run.add(f"link.slow.{label}", of(what, own), "ms", *beside, note=SLOW.name)
    wrong = right.count(False)
    said = f"THE ITEM BESIDE IS ANOTHER ONE, {wrong} times" if wrong else "the item beside is the last one"
    run.add("hold.lag", of(here, own), "ms", goal=Goal(50, "value"), note=said)
    run.add("hold.right", float(all(right)), "", goal=Goal(1, "value", least=True))
    others = (("neomutt", of(sizes, "neomutt"), None), ("toot", of(sizes, "toot"), None))
    run.add("hold.bytes", of(sizes, own), "B", *others)
    for name in (own, "hello", "neomutt", "toot"):
        goal = Goal(2 * FAR.round_trip * 1000, "value") if name == own else None
        words = "hold.lag.far" if name == own else f"hold.lag.far.{name}"
        run.add(words, of(far, name), "ms", goal=goal, note=FAR.name)
