"""What stands on the terminal against what the program would paint there: after any keys, arrivals and sizes the same.

A signal that the window changed makes modtui paint everything anew, on every screen and whatever has the focus. Before
that each cell is covered, so that a cell which is not painted shows as well.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pyte
from pyte.screens import Char

import tests
from tests.hostile.walking import COLOURS
from tests.pty import composing, shell
from tests.pty.emulator import JOINERS
from tests.pty.modtui import Harbour, Modtui
from tests.pty.terminal import TIMEOUT_S

COVER = "\u2592"
"""A sign that modtui does not paint."""

EDITOR = """#!/bin/sh
printf '\\033[2J\\033[H'; for n in 1 2 3 4 5 6 7 8 9; do echo "another program's line $n"; done; echo more >> "$1"
"""

TAKES = b"\x1b[?1049h"
"""How it takes the terminal."""

_COUNTS = re.compile(r"\d+ ?(?:s|m|min|h|d)\b|\d+:\d\d|\bnow\b")
"""How long ago, and in how long: what changes while one looks."""

KEYS = {
    "j": 8, "k": 5, "down": 2, "up": 1, "pagedown": 2, "pageup": 1, "G": 1, "home": 1, "ctrl+d": 1, "ctrl+u": 1,
    "space": 3, "J": 2, "K": 1, "tab": 2, "shift+tab": 1, "enter": 6, "q": 6, "escape": 3, "ctrl+g": 4,
    "1": 1, "2": 1, "3": 2, "4": 2, "5": 1, "x": 2, "v": 1, "*": 1, "M": 1, "X": 1,
    "a": 2, "d": 2, "i": 2, "e": 1, "!": 1, "B": 1, "S": 1, "w": 1, ",": 1, "b": 1, "c": 1, "m": 1, "r": 2, "D": 1,
    "u": 2, "t": 2, "p": 2, "P": 1, "f": 1, "I": 1, "U": 1, "@": 1, "?": 1, ":": 1, "/": 2, "F": 2, "s": 1, "L": 1,
    "R": 1, "n": 1, "y": 1, "ctrl+p": 1, "ctrl+o": 1, "ctrl+t": 1, "ctrl+n": 1, "ctrl+c": 1, "backspace": 1,
    "left": 1, "right": 1, "end": 1, "ctrl+l": 1, "A": 1, "=": 1, "g": 1, "o": 1, "ctrl+e": 1,
}  # fmt: skip
"""Keys and how often they come."""

WORDS = ("rop", "@har", "knot ", "a", "Guten Tag ", "the ", "zz", ":sm", "\u65e5\u672c", "\U0001f600", "1d", "spam")
"""What is typed into a field."""


def row_of(screen: pyte.Screen, y: int) -> list[tuple[object, ...]]:
    """A row's signs with their styles; of a blank only what shows."""
    found: list[tuple[object, ...]] = []
    for x in range(screen.columns):
        c = screen.buffer[y][x]
        if c.data.strip() or c.reverse or c.underscore or c.strikethrough:
            found.append((c.data, c.fg, c.bg, c.bold, c.italics, c.underscore, c.strikethrough, c.reverse))
        else:
            found.append((c.data, c.bg))
    return found


def picture(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """All rows."""
    return [row_of(screen, y) for y in range(screen.lines)]


def ages(words: str) -> list[str]:
    """The words of a row without what changes while one looks."""
    return _COUNTS.sub("#", words).split()


def words_of(row: list[tuple[object, ...]]) -> str:
    """The signs alone."""
    return "".join(str(cell[0]) for cell in row)


class Ended(Exception):
    """The program was left."""


class Painting(Modtui):
    """The program walked by a blind hand; `seed` says how. After each burst `check` compares."""

    def __init__(
        self, harbour: Harbour, home: Path, seed: int, *, colours: str, driver: str, size: tuple[int, int],
        job: bool = False,
    ) -> None:  # fmt: skip
        self.dice = Random(seed)
        self.log: list[str] = []
        self.size = size
        self.job = job
        term, env = COLOURS[colours]
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "config.toml").write_text(f'[screen]\ndriver = "{driver}"\npainted_ms = 0\n')
        editor = home / "editor"
        editor.write_text(EDITOR)
        editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
        telling = (sys.executable, "-m", composing.__name__)
        under = (sys.executable, str(Path(shell.__file__)), *telling) if job else telling
        self.told = home / "composed.txt"
        env = {
            **env, "EDITOR": str(editor), "VISUAL": str(editor), "PAINTING": str(self.told),
            "PYTHONPATH": str(Path(tests.__file__).parent.parent),
        }  # fmt: skip
        self._told = ""
        self._seen: list[list[tuple[object, ...]]] = []
        super().__init__(harbour, home, size=size, hold=3000, term=term, more_env=env, under=under)
        self.emulator.heard = self._heard

    # what is looked at

    def program(self) -> int:
        """The process of modtui."""
        found = re.search(rb"job (\d+)", self.raw)
        return int(found[1]) if self.job and found else self.pid

    def signal(self, number: int) -> None:
        """Send it one, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.program(), number)

    def _heard(self, string: bytes) -> None:
        self._told = string.decode()
        self._seen = picture(self.emulator.screen)

    def composed(self) -> pyte.Screen:
        """The screen as the program composes it, once nothing waits to be drawn."""
        self.still(0.02)
        end = time.monotonic() + TIMEOUT_S
        while True:
            self._told = ""
            self.signal(signal.SIGUSR1)
            with contextlib.suppress(AssertionError):  # it does not listen yet: asked again
                self.wait_for(lambda: self._told != "" or self.ended, timeout=1.0)
            if self.ended:
                raise Ended
            if self._told == composing.MARK.format("at rest"):
                break
            assert time.monotonic() < end, f"It does not come to rest, or does not tell so:\n{self.text()}"
            self.pump(0.05)
        screen = self.emulator.screen
        whole = pyte.Screen(screen.columns, screen.lines)
        pyte.Stream(whole).feed("\x1b[?7l" + JOINERS.sub("", self.told.read_text(encoding="utf-8")))
        return whole

    def check(self) -> None:
        """Compare what stands on the terminal with what the program composes."""
        wanted = picture(self.composed())
        for y, (was, now) in enumerate(zip(self._seen, wanted, strict=True)):
            if was != now and ages(words_of(was)) != ages(words_of(now)):
                at = next(n for n in range(len(was)) if was[n] != now[n])
                raise AssertionError(
                    f"row {y}, column {at}: {was[at]} stands there, not {now[at]}:\n{words_of(was)}\n{words_of(now)}\n"
                    f"after {self.log[-12:]}\n{self.text()}"
                )

    def check_all(self) -> None:
        """Cover every cell, as another program could; all of it is painted anew when the window is said to have another
        size."""
        self.composed()
        screen = self.emulator.screen
        for y in range(screen.lines):
            for x in range(screen.columns):
                screen.buffer[y][x] = Char(COVER)
        self.signal(signal.SIGWINCH)
        self.wait_for(lambda: not any(COVER in line for line in self.lines()), why="every cell painted anew")
        self.check()

    # what is done

    def burst(self) -> None:
        """Some keys, something that happens on the site, another size."""
        dice = self.dice
        kind = dice.choices(
            ("keys", "slow", "type", "resize", "site", "stall", "paste", "job"), (10, 6, 4, 3, 4, 2, 0.5, 1)
        )[0]
        getattr(self, f"do_{kind}")()

    def keys(self, most: int) -> list[str]:
        """Keys of a blind hand."""
        found = self.dice.choices([*KEYS], [*KEYS.values()], k=self.dice.randint(1, most))
        self.log.append(" ".join(found))
        return found

    def do_keys(self) -> None:
        """Keys in one go."""
        self.press(*self.keys(6))

    def do_slow(self) -> None:
        """Keys, one after the other."""
        for key in self.keys(6):
            self.press(key)
            self.pump(self.dice.choice((0.0, 0.01, 0.05, 0.2)))

    def do_type(self) -> None:
        """A field or a text, and something typed there."""
        opens = self.dice.choice(("/", "F", ":", "r", "", "", "ctrl+p"))
        text = self.dice.choice(WORDS) + self.dice.choice(WORDS)
        self.log.append(f"{opens} {text!r}")
        if opens:
            self.press(opens)
            self.pump(0.1)
        for sign in text:
            self.type(sign)
            self.pump(self.dice.choice((0.0, 0.02)))
        if self.dice.random() < 0.4:
            self.press(self.dice.choice(("enter", "tab", "down", "backspace", "ctrl+g", "escape")))

    def do_resize(self) -> None:
        """The window is dragged, and keys come meanwhile."""
        for _ in range(self.dice.randint(1, 4)):
            width, height = self.dice.choice(
                ((80, 24), (120, 40), (160, 45), (61, 17), (41, 13), (100, 30), (119, 40), (120, 39), self.size)
            )
            self.log.append(f"{width}x{height}")
            self.resize(width, height)
            self.pump(self.dice.choice((0.0, 0.01, 0.1)))
            if self.dice.random() < 0.5:
                self.press(*self.keys(3))

    def do_site(self) -> None:
        """Others work on the site."""
        demo, dice = self.harbour.demo, self.dice
        for _ in range(dice.randint(1, 3)):
            with contextlib.suppress(Exception):  # what the site refuses does not matter
                self.log.append(f"site: {self._others(demo, dice)}")
            if dice.random() < 0.5:
                self.press(*self.keys(2))

    @staticmethod
    def _others(demo: Any, dice: Random) -> str:
        items = demo.db.all("SELECT id, topic_id, target_id FROM reviewables WHERE status = 0 AND type LIKE '%Post'")
        item = dice.choice(items)
        match dice.randrange(4):
            case 0:
                demo.perform(item["id"], dice.choice(("ignore_and_do_nothing", "disagree")), "kestrel")
                return f"decided {item['id']}"
            case 1:
                post = dice.choice(demo.db.all("SELECT id FROM posts WHERE deleted_at IS NULL LIMIT 400"))
                who = dice.choice(demo.db.all("SELECT username FROM users WHERE id > 10 LIMIT 50"))
                demo.flag(post["id"], who["username"])
                return f"flagged {post['id']}"
            case 2:
                demo.claim(item["topic_id"], "kestrel")
                return f"claimed {item['topic_id']}"
            case _:
                demo.answer(item["topic_id"], "kestrel", "An answer \U0001f600, some words.\n\nAnd \u65e5\u672c\u8a9e.")
                return f"answered in {item['topic_id']}"

    def do_stall(self) -> None:
        """Nobody reads what the program writes, for a while."""
        self.log.append("stall")
        for _ in range(self.dice.randint(3, 30)):
            self.press(*self.keys(2))
            self.wait_readable(0.02)
            if self.dice.random() < 0.3:
                self.signal(signal.SIGWINCH)

    def do_paste(self) -> None:
        """A pasted text."""
        self.log.append("paste")
        self.paste("pasted text\nwith two lines")

    def do_job(self) -> None:
        """Stopped and continued, where there is a shell."""
        if not self.job or self.ended:
            return
        how = self.dice.choice(("SIGTSTP", "SIGSTOP"))
        self.log.append(how)
        self.composed()  # it has read all keys, so that none is typed into the shell
        stops, starts = self.raw.count(b"stopped by"), self.raw.count(TAKES)
        self.signal(getattr(signal, how))
        self.wait_for(lambda: self.raw.count(b"stopped by") > stops and self.raw.endswith(b"$ "), why=how)
        self.type("fg\r")
        self.wait_for(lambda: self.raw.count(TAKES) > starts, why="modtui again")

    def begin(self) -> None:
        """Wait for the first picture."""
        self.wait_for(lambda: self.row() != "" or self.shows("needs at least"), why="the queue")

    def walk(self, bursts: int) -> int:
        """Walk until so many bursts were checked or the program was left; give how many there were."""
        self.begin()
        for number in range(bursts):
            try:
                self.burst()
                self.check_all() if self.dice.random() < 0.1 else self.check()
            except Ended:  # left, by the keys of the last burst
                assert self.wait_end() == 0, f"after {self.log[-12:]}: {self.text()}"
                return number
        return bursts
