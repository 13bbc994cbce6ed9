"""Memory: with network and keyring loaded, by the size of the queue, after decisions and arrivals."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.bench import Bench, opened, size_name
from benchmarks.peers import Program
from benchmarks.ring import FILE
from benchmarks.table import Goal

SIZES = (1_000, 10_000, 100_000)
ROOT = Path(__file__).resolve().parent.parent


def measure(bench: Bench) -> None:
    """All programs after some keys, each with what it holds then."""
    ours: list[Program] = [bench.modtui(items) for items in SIZES]
    ringed = with_keyring(bench, bench.world.copy(10_000, "ringed"))
    found = bench.memory
    for one in (*bench.present, *ours, ringed):
        if one.name in found:
            continue
        bench.told(f"memory, {one.name}")
        with opened([one], settle=2.0) as apps:
            app = apps[one.name]
            for _ in range(10):
                app.key("j", rest=0.1, watch=False)
            app.settle(1.0, 10)
            found[one.name] = app.memory()
    run = bench.run
    none = (None, None)
    for at, words in ((0, "rss"), (1, "pss")):
        neomutt, toot, hello = (found.get(name, none)[at] for name in ("neomutt", "toot", "hello"))
        for items in SIZES:
            run.add(f"memory.{words}.{size_name(items)}", found[f"modtui {size_name(items)}"][at], "MB")
        rss = words == "rss"
        run.add(
            f"memory.{words}.loaded", found["modtui with a keyring"][at], "MB",
            ("toot", toot, Goal(1.25) if rss else None), ("neomutt", neomutt, Goal(2.1) if rss else None),
            ("hello", hello, None), note="network and keyring loaded, 10,000 items",
        )  # fmt: skip
        run.add(f"memory.{words}.100k", found["modtui 100k"][at], "MB",
                ("modtui 1k", found["modtui 1k"][at], Goal(1.1) if rss else None))  # fmt: skip


def with_keyring(bench: Bench, home: Path) -> Program:
    """The program with 10,000 items and its key from a keyring: one made for this run, found as any other is."""
    one = bench.modtui(10_000, name="modtui with a keyring", home=home)
    site = bench.world.site
    key = {"kind": "admin", "user": site["username"], "secret": site["api_key"]}
    place = home / FILE
    place.touch(0o600)
    place.write_text(json.dumps(key))
    env = {name: value for name, value in one.env.items() if name != "MODTUI_TOKEN"}
    paths = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    env |= {"PYTHON_KEYRING_BACKEND": "benchmarks.ring.Ring", "PYTHONPATH": os.pathsep.join(paths)}
    return Program(one.name, one.command, one.ready, env)
