"""What modtui is compared with in every run: a bare Textual app, and programs that people use for such work.

hello    ten lines on the same Textual; nothing built on it can start faster or answer a key cheaper
neomutt  a generated mbox of 10,000 messages, no header cache (an mbox has none)
toot     its TUI (list and preview, urwid) against a stand-in server on the loopback (`benchmarks.standin`)

neomutt and toot are found on the PATH; MODTUI_BENCH_TOOT names another place of toot. What is not installed is left
out, and the table says so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.probe import Probe

HELLO = """
import os
os.environ["TEXTUAL_ANIMATIONS"] = "none"
from textual.app import App
from textual.widgets import Static
class Hello(App, inherit_bindings=False):
    ENABLE_COMMAND_PALETTE = False
    n = 0
    def compose(self):
        yield Static("hello 0")
    def on_key(self, event):
        self.n += 1
        self.query_one(Static).update(f"hello {self.n}")
Hello().run(mouse=False)
"""
MESSAGES = 10_000
_RC = """set mbox_type=mbox
set sort=date
set header_cache=
set quit=yes
set move=no
set menu_scroll=no
set folder={folder}
set record={folder}/sent
set mbox={folder}/read
"""


@dataclass(frozen=True)
class Program:
    """A program that can be started in a terminal; `missing` says why it cannot."""

    name: str
    command: tuple[str, ...] = ()
    ready: re.Pattern[str] = re.compile(".")
    """What is on the screen when its user can begin."""
    env: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """Keys that bring it to the head of its list."""
    missing: str = ""

    def open(self, size: tuple[int, int] = (120, 40), colours: str = "truecolor") -> Probe:
        """The program in a terminal."""
        deeper = {"COLORTERM": "truecolor"} if colours == "truecolor" else {}
        return Probe(self.command, {**deeper, **self.env}, size)


def hello() -> Program:
    """The floor."""
    return Program("hello", (sys.executable, "-c", HELLO), re.compile("hello"))


def neomutt(folder: Path) -> Program:
    """neomutt on its messages, which are made in `folder` when they are not there."""
    found = shutil.which("neomutt")
    if found is None:
        return Program("neomutt", missing="neomutt is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    box, settings = folder / "mbox", folder / "muttrc"
    if not box.exists():
        box.write_text("".join(message(number) for number in range(MESSAGES)))
    settings.write_text(_RC.format(folder=folder))
    return Program(
        "neomutt", (found, "-n", "-F", str(settings), "-f", str(box)), re.compile(r"Msgs:\s*\d+|Report \d+ about"),
        {"HOME": str(folder)}, ("=",),
    )  # fmt: skip


def message(number: int) -> str:
    """A short mail."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    day = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return (
        f"From m{number % 300}@example.org {at.strftime('%a %b %d %H:%M:%S %Y')}\nFrom: Member {number % 300} "
        f"<m{number % 300}@example.org>\nTo: team@example.org\nSubject: Report {number} about thread {number % 5000}\n"
        f"Date: {day}\nMessage-ID: <{number}@example.org>\nStatus: RO\n\n" + "It stops at forty percent.\n" * 8 + "\n"
    )


@contextmanager
def toot(folder: Path) -> Iterator[Program]:
    """toot with its server, which ends with the block."""
    found = os.environ.get("MODTUI_BENCH_TOOT") or shutil.which("toot")
    if found is None or not Path(found).exists():
        yield Program("toot", missing="toot is not installed")
        return
    home = folder / "toot"
    (home / "config" / "toot").mkdir(parents=True, exist_ok=True)
    with subprocess.Popen([sys.executable, "-m", "benchmarks.standin"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            place = f"127.0.0.1:{int(server.stdout.readline())}"
            (home / "config" / "toot" / "config.json").write_text(json.dumps({
                "apps": {place: {
                    "instance": place, "base_url": f"http://{place}", "client_id": "a", "client_secret": "b",
                }},
                "users": {f"member1@{place}": {"instance": place, "username": "member1", "access_token": "c"}},
                "active_user": f"member1@{place}", "dismiss_tui_deprecation_notice": True,
            }))  # fmt: skip
            env = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "NO_PROXY": "*", "no_proxy": "*"}
            yield Program("toot", (found, "tui"), re.compile("forty percent"), env)
        finally:
            server.terminate()
