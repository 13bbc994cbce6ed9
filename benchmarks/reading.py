"""Long texts: a megabyte of HTML, hostile and ordinary, and a thread of a thousand posts."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from benchmarks.bench import Bench, Sample, series
from benchmarks.text import POST, best
from modtui.text import Foreign
from modtui.text.html import from_html
from modtui.text.layout import lines
from tests.hostile.posts import HTML
from tests.pty.modtui import ROW

MEGABYTE = 1_000_000
WIDTH, SEEN = 80, 40
POSTS = 1_000
SLOW_ALONE = ("nested elements", "attributes on one element")
"""The parser beneath takes seconds to minutes for these alone; the table of `benchmarks.text` has them."""


def text(bench: Bench) -> None:
    """Cleaning and laying out, beside the parser beneath with its own text of the same post."""
    runs = 3 if bench.short else 7
    post = POST * (MEGABYTE // len(POST))
    ours = best(lambda: shown(post), runs) * 1000
    alone = best(lambda: LexborHTMLParser(post).text(), runs) * 1000
    bench.run.add("text.ordinary", ours, "ms", ("the parser alone", alone, None), note="1 MB, bounded, 40 rows")
    honest = POST * (20_000 // len(POST))
    ours, alone = (best(work, runs) * 1000 for work in (lambda: shown(honest), lambda: LexborHTMLParser(honest).text()))
    bench.run.add("text.post", ours, "ms", ("the parser alone", alone, None), note="20 kB")
    worst, where = 0.0, ""
    for name, post_of in HTML.items():
        longer = post_of * max(1, MEGABYTE // len(post_of))
        took = best(lambda longer=longer: shown(longer), 1) * 1000  # type: ignore[misc]
        if took > worst:
            worst, where = took, name
    kept = HTML[where] * max(1, MEGABYTE // len(HTML[where]))
    beside: float | None = None
    if not any(words in where for words in SLOW_ALONE):
        beside = best(lambda: LexborHTMLParser(kept).text(), 1) * 1000
    bench.run.add("text.hostile.worst", worst, "ms", ("the parser alone", beside, None),
                  note=f"1 MB, the worst of {len(HTML)}: {where}")  # fmt: skip


def shown(post: str) -> object:
    """Cleaned, parsed and the first rows laid out."""
    return list(islice(lines(from_html(Foreign(post)), WIDTH), SEEN))


def thread(bench: Bench) -> None:
    """The page of a thread with a thousand posts, the one in question in its middle."""
    home = bench.world.copy(1_000, "thread")
    fill_thread(home / "cache" / "cache.db")
    found = {name: Sample() for name in ("list", "open", "step", "page", "end")}
    with bench.world.open(home, "--read-only") as app:
        if app.start(ROW) is None:
            raise RuntimeError(f"modtui did not start:\n{app.text()}")
        app.settle(1.0, 15)
        series(app, found["list"], ("j",) * 10 + ("k",) * 10)
        for _ in range(3 if bench.short else 8):
            series(app, found["open"], ("t",), gap=0.5, rest=0.3)
            app.wait_for(f"> {POSTS // 2 + 1} ", 20)
            series(app, found["step"], ("J",) * 10)
            series(app, found["page"], ("pagedown",) * 5)
            series(app, found["end"], ("G",), gap=0.5, rest=0.3)
            app.key("q", rest=0.2, watch=False)
            app.settle(0.3, 5)
    run, j = bench.run, found["list"]
    for name in ("open", "step", "page", "end"):
        one = found[name]
        run.add(f"thread.{name}.cpu", one.cpu_ms(), "ms", ("own j", j.cpu_ms(), None), note=f"{POSTS:,} posts")
        run.add(f"thread.{name}.quiet.p50", one.quiet(), "ms", ("own j", j.quiet(), None))


def fill_thread(path: Path) -> None:
    """Give the first item of a cache a thread of a thousand posts, made of the posts that its own has."""
    with closing(sqlite3.connect(path)) as db:
        (item,) = db.execute(
            "SELECT i.id FROM item i JOIN thread t ON t.item = i.id WHERE i.lane = 'reports' AND i.open = 1 "
            "ORDER BY i.since_ms, i.id LIMIT 1"
        ).fetchone()
        data = json.loads(db.execute("SELECT data FROM thread WHERE item = ?", (item,)).fetchone()[0])
        posts = data["posts"]
        plain = [{key: value for key, value in post.items() if key != "subject"} for post in posts]
        data["posts"] = [
            {**plain[at % len(plain)], "id": str(9_000_000 + at), "number": at + 1} for at in range(POSTS)
        ]
        data["posts"][POSTS // 2]["subject"] = True
        data["total"] = POSTS
        db.execute(
            "UPDATE thread SET data = ?, fetched_ms = ? WHERE item = ?",
            (json.dumps(data).encode(), int(time.time() * 1000), item),
        )
        db.commit()
