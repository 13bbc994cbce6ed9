"""The communities and the cached queues that the program is measured on.

The site is the embedded community in a process of its own. Its cache is filled by the program itself; a queue of
100,000 is that cache with copies of its items under new numbers, written in SQL. The first rows stay what the site
has, so that a key there does the same work in every size.
"""

from __future__ import annotations

import asyncio
import compileall
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.probe import Probe
from modtui.store.cache import Cache
from tests.pty.modtui import ROW, modtui_command

ROOT = Path(__file__).resolve().parent.parent
FIRST = 200
"""So many of the oldest rows are the site's own in every size."""
SEED = 7
_FIRST_COPY = 10_000_000


def compile_all() -> None:
    """Write the byte code of modtui: without it (a checkout that is never imported with writing on) a start measures
    the compiler."""
    compileall.compile_dir(ROOT / "modtui", quiet=2)


@contextmanager
def served(folder: Path, items: int = 500, *more: str) -> Iterator[dict[str, str]]:
    """An embedded community in a process of its own: `url`, `api_key`, `username`."""
    command = [sys.executable, "-m", "modtui.demo", "--items", str(items), "--seed", str(SEED), "--data", str(folder)]
    with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("The embedded community did not start.")
            yield json.loads(line)
        finally:
            process.terminate()


class World:
    """One site and the homes (settings, state, cache) that are made for it, all in a folder of the run."""

    def __init__(self, folder: Path, site: dict[str, str]) -> None:
        self.folder, self.site = folder, site
        self._base: Path | None = None
        self._made: dict[int, Path] = {}

    def command(self, *options: str) -> list[str]:
        """The program on this site."""
        return [*modtui_command(), "--url", self.site["url"], "--user", self.site["username"], *options]

    def env(self, home: Path, colours: str = "truecolor") -> dict[str, str]:
        """What the program gets to see of the environment."""
        places = {f"MODTUI_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "state", "cache")}
        deeper = {"COLORTERM": "truecolor"} if colours == "truecolor" else {}
        other = {"PYTHONPATH": os.environ["PYTHONPATH"]} if os.environ.get("PYTHONPATH") else {}  # another checkout
        return {
            **places, **deeper, **other, "HOME": str(home), "MODTUI_TOKEN": self.site["api_key"],
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }  # fmt: skip

    def open(
        self, home: Path, *options: str, size: tuple[int, int] = (120, 40), term: str = "xterm-256color",
        colours: str = "truecolor",
    ) -> Probe:  # fmt: skip
        """The program in a terminal."""
        return Probe(self.command(*options), self.env(home, colours), size, term=term)

    def base(self) -> Path:
        """A home whose cache the program filled itself, and in which the first rows were looked at."""
        if self._base is None:
            home = self.folder / "base"
            with self.open(home, "--read-only", "--budget", "0") as app:
                if app.start(ROW, 90) is None:
                    raise RuntimeError(f"modtui did not start:\n{app.text()}")
                app.settle(1.5)
                for _ in range(60):  # their threads and authors are in the cache then
                    app.key("j", rest=0.15, watch=False)
                app.key("G", rest=1.0, watch=False)
                app.settle(1.0, 10)
                leave(app)
            self._base = home
        return self._base

    def home(self, items: int) -> Path:
        """A home with so many items in the reports lane; made once, to be copied by whoever writes to it."""
        if items not in self._made:
            home = self.folder / f"h{items}"
            shutil.copytree(self.base(), home)
            grow(home / "cache" / "cache.db", items)
            asyncio.run(index(home / "cache" / "cache.db"))
            with self.open(home, "--read-only") as app:  # what the program makes of a new cache in its first minute
                if app.start(ROW, 120) is None:
                    raise RuntimeError(f"modtui did not start on {items} items:\n{app.text()}")
                for _ in range(60):
                    if app.idle(1.0).cpu < 0.05:
                        break
                leave(app)
            for spent in (home / "state").glob("budget-*"):  # each program that gets a copy has its own minute
                spent.unlink()
            self._made[items] = home
        return self._made[items]

    def copy(self, items: int, name: str) -> Path:
        """A copy of a home for one program alone."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        source = self.home(items)
        if subprocess.run(["cp", "-r", "--reflink=auto", str(source), str(target)], check=False).returncode:
            shutil.copytree(source, target)
        return target


def leave(app: Probe) -> None:
    """Leave the program as a user does, so that everything is on the disk."""
    app.key("q", rest=0.2, watch=False)
    app.press("y")
    if app.until(lambda: app.ended, 5.0) is None and not app.ended:
        app.kill(15)
        app.wait_end(10)


def grow(path: Path, items: int) -> None:
    """Fill a cache up to so many open reports with copies of those in it, from the FIRSTth on in time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = WAL")
        columns = [row[1] for row in db.execute("PRAGMA table_info(item)")]
        found = db.execute(
            "SELECT row, id, native, since_ms FROM item WHERE lane = 'reports' AND open = 1 ORDER BY since_ms, id"
        ).fetchall()
        missing = items - len(found)
        if missing <= 0:
            return
        begin, end = found[min(FIRST, len(found) // 2)][3], found[-1][3]
        db.execute("CREATE TEMP TABLE pattern (at INTEGER PRIMARY KEY, source INTEGER, head TEXT, data TEXT)")
        for at, (row, id_, native, since) in enumerate(found):
            data = db.execute("SELECT data FROM body WHERE row = ?", (row,)).fetchone()[0]
            head = id_[: len(id_) - len(native)]
            db.execute("INSERT INTO pattern VALUES (?,?,?,?)", (at, row, head, _pattern(data, since)))
        top = db.execute("SELECT max(row) FROM item").fetchone()[0]
        new = {
            "row": "n.n + :top", "id": "p.head || (n.n + :first)", "native": "n.n + :first || ''",
            "number": "n.n + :first || ''", "since_ms": _SINCE,
        }  # fmt: skip
        values = ", ".join(new.get(column, f"i.{column}") for column in columns)
        given = {"count": missing, "top": top, "first": _FIRST_COPY, "patterns": len(found), "begin": begin,
                 "width": max(1, end - begin)}  # fmt: skip
        numbers = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :count) "
        joined = "FROM n JOIN pattern p ON p.at = n.n % :patterns JOIN item i ON i.row = p.source"
        db.execute("BEGIN")
        db.execute(f"INSERT INTO item ({', '.join(columns)}) {numbers} SELECT {values} {joined}", given)
        db.execute(
            f"INSERT INTO body (row, data) {numbers} SELECT n.n + :top, CAST(replace(replace(p.data, '@number@', "
            f"n.n + :first), '\"@since@\"', {_SINCE}) AS BLOB) {joined}", given,
        )  # fmt: skip
        db.execute(
            f"INSERT INTO spoken (item, text, language, hand, at_ms) {numbers} SELECT p.head || (n.n + :first), "
            f"s.text, s.language, s.hand, s.at_ms {joined} JOIN spoken s ON s.item = i.id", given,
        )  # fmt: skip
        db.execute("COMMIT")
        db.execute("ANALYZE")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def index(path: Path, most_s: float = 900.0) -> None:
    """Let the store index the words of the new rows, as it does beside its work in the weeks in which a queue grows."""
    cache = Cache(path)
    end = time.monotonic() + most_s
    with closing(sqlite3.connect(path)) as db:
        cache.index_soon()
        while db.execute("SELECT 1 FROM unsaid LIMIT 1").fetchone() and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await cache.close()


_SINCE = "(:begin + (n.n * 7919) % :count * :width / :count)"


def _pattern(data: bytes, since: int) -> str:
    """An item's JSON with places for number and time, and without what makes it long."""
    found = json.loads(data)
    found["ref"]["native"] = found["number"] = "@number@"
    found["since_ms"] = "@since@"
    found["offers"] = [
        {key: value for key, value in offer.items() if key not in ("description", "confirm")}
        for offer in found.get("offers", ())
        if offer.get("verb") in ("remove", "approve", "ignore", "spam", "claim", "escalate", "note")
    ]
    found.pop("native", None)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
