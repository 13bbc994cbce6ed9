"""Whether memory stays flat over a long day, in a process of its own: the figures of `benchmarks.memory_flat`."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.bench import Bench
from benchmarks.table import Goal

CHILD = """
import asyncio, json, sys
from benchmarks.memory_flat import ARRIVALS, DECISIONS, flat_memory
scale = int(sys.argv[1])
found = asyncio.run(flat_memory(tuple(n // scale for n in DECISIONS), tuple(n // scale for n in ARRIVALS)))
print(json.dumps(found.points))
"""
SHORT = 10


def measure(bench: Bench) -> None:
    """The last point of each part beside its second: caches are filled by then."""
    scale = SHORT if bench.short else 1
    command = [sys.executable, "-c", CHILD, str(scale)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    points = json.loads(done.stdout.strip().splitlines()[-1])
    for what in ("decisions", "arrivals"):
        there = [(number, mb) for kind, number, mb in points if kind == what]
        beside = (f"after {there[1][0]:,}", there[1][1], Goal(1.1))
        note = f"{there[-1][0]:,} {what}, the screens without a terminal"
        bench.run.add(f"memory.after.{what}", there[-1][1], "MB", beside, note=note)
