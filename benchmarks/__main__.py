"""Everything that the program promises about speed, in one run: `python -m benchmarks [--short] [--json FILE]`.

Each figure is taken with its reference in the same run, in turn, so that both feel the same machine; medians of several
rounds. A goal that is missed is marked in the table and is no failure: machines differ. The exit code is 1 only when
something does not run at all.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks import colours, feed, growth, keys, link, members, memory, outbox, reading, resting, start, words
from benchmarks.bench import Bench, prepared
from benchmarks.table import Run, machine, row, row_heads, table
from benchmarks.world import compile_all

GROUPS: dict[str, Callable[[Bench], None]] = {
    "start": start.measure,
    "keys": keys.measure,
    "decide": keys.decide,
    "bytes": colours.measure,
    "link": link.measure,
    "idle": resting.measure,
    "memory": memory.measure,
    "growth": growth.measure,
    "outbox": outbox.measure,
    "sync": feed.sync,
    "decode": feed.decode,
    "search": words.measure,
    "members": members.figures,
    "text": reading.text,
    "thread": reading.thread,
}
"""The groups of figures, in the order in which they run."""


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--short", action="store_true", help="about five minutes: fewer rounds, smaller sizes")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there")
    parser.add_argument("--only", metavar="NAME,...", help=f"some groups only: {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each measurement (3 short, 7 otherwise)")
    parser.add_argument("--row", action="store_true", help="print the row for benchmarks/results.md, too")
    parser.add_argument("--folder", type=Path, help="where the caches are made (about 2 GB; 12 GB in the long form)")
    parser.add_argument("--kept", type=Path, help="keep the million posts of the search there, for the next run")
    given = parser.parse_args(words)
    given.groups = list(GROUPS)
    if given.only:
        wanted = [name.strip() for name in given.only.split(",") if name.strip()]
        if unknown := [name for name in wanted if name not in GROUPS]:
            parser.error(f"there is no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
        given.groups = [name for name in GROUPS if name in wanted]
    given.rounds = max(1, given.rounds or (3 if given.short else 7))
    return given


def measure(run: Run, bench: Bench, groups: list[str]) -> None:
    """Run the groups. One that breaks is tried once more (a busy machine makes a key come too late); when it breaks
    again that is told, and the others still run."""
    for name in groups:
        began = time.monotonic()
        before = len(run.figures)
        for last in (False, True):
            try:
                GROUPS[name](bench)
                break
            except Exception as error:  # whatever it is, the other figures are still wanted
                traceback.print_exc()
                del run.figures[before:]
                if last:
                    words = str(error).splitlines()[0] if str(error) else type(error).__name__
                    run.trouble.append(f"{name}: {words}")
        bench.told(f"{name} took {time.monotonic() - began:.0f} s")


def main(words: list[str] | None = None) -> int:
    """Measure, print, write."""
    given = arguments(words)
    os.environ.pop("MODTUI_TOKEN", None)
    run = Run(short=given.short)
    compile_all()
    with (
        tempfile.TemporaryDirectory(dir=given.folder, prefix="modtui-bench-") as folder,
        prepared(run, Path(folder), short=given.short, rounds=given.rounds) as bench,
    ):
        bench.kept = given.kept
        print(machine(), flush=True)
        for missing in bench.references:
            if missing.missing:
                print(f"Without {missing.name}: {missing.missing}.")
        measure(run, bench, given.groups)
    print(table(run.figures))
    missed = [one.name for one in run.figures if one.met is False]
    print(f"\n{sum(one.met is True for one in run.figures)} goals reached, {len(missed)} missed.")
    if given.row:
        print(f"\n{row_heads()}\n{row(run)}")
    if given.json:
        given.json.write_text(run.to_json() + "\n", encoding="utf-8")
    for trouble in run.trouble:
        print(f"Did not run: {trouble}", file=sys.stderr)
    return 1 if run.trouble else 0


if __name__ == "__main__":
    sys.exit(main())
