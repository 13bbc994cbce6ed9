"""modtui in a terminal, and the community that it works on, in the words of the tests."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modtui.demo.server import DemoServer
from modtui.demo.site import LoggedRequest
from tests.acceptance import Api
from tests.pty.terminal import TIMEOUT_S, Terminal

ROW = re.compile(r"^>.\s+\d*\S+\s", re.M)
"""The row under the cursor: `>`, a state letter, how long it waits."""

_LANGUAGE = re.compile(r"^( *\d* )(?:[A-Z]{2}|  )(?= )")
"""The count of reports in such a row, and the language after it."""

TOO_FAST = "Too fast to have been read"

READ_S = 0.25
"""A picture must rest a bit longer than modtui's own 200 ms before a key may decide on it."""


@dataclass(frozen=True)
class Work:
    """A pending report: its number, the post and its author."""

    number: int
    post: int
    author: str


class Harbour:
    """A running embedded community, asked through its own API, and who else moderates there."""

    def __init__(self, demo: DemoServer) -> None:
        self.demo = demo
        self.api = Api(demo.url, demo.api_key, "harbourmaster")
        self._picked: set[int] = set()

    def queue(self) -> list[dict[str, Any]]:
        """The pending reports on posts as the site lists them, oldest first, first page."""
        answer = self.api.get("/review", status="pending", sort_order="created_at_asc", type="ReviewableFlaggedPost")
        found: list[dict[str, Any]] = answer["reviewables"]
        return found

    def pick(self) -> Work:
        """An old report that nobody picked before, so that tests on one community do not meet: a visible post of an
        ordinary member with no other report, unclaimed, nothing urgent."""
        rows = self.demo.db.all(
            "SELECT r.id, r.target_id, u.username FROM reviewables r JOIN posts p ON p.id = r.target_id"
            " JOIN users u ON u.id = p.user_id WHERE r.status = 0 AND r.type = 'ReviewableFlaggedPost' AND p.hidden = 0"
            " AND p.deleted_at IS NULL AND u.trust_level < 3 AND u.moderator = 0 AND u.admin = 0"
            " AND u.silenced_till IS NULL AND u.suspended_till IS NULL"
            " AND r.topic_id NOT IN (SELECT topic_id FROM claims) AND r.potentially_illegal = 0"
            " AND (SELECT count(*) FROM reviewables o WHERE o.target_created_by_id = u.id) = 1"
            " AND NOT EXISTS (SELECT 1 FROM reviewable_scores s WHERE s.reviewable_id = r.id AND s.score_type = 7)"
            " ORDER BY r.created_at LIMIT 12"
        )
        for row in rows:
            if row["id"] not in self._picked:
                self._picked.add(row["id"])
                return Work(row["id"], row["target_id"], row["username"])
        raise LookupError("No report is left for another test; give the community more items.")

    def status(self, number: int) -> str:
        """An item's status by the API."""
        return self.api.status(number)

    def performs(self, number: int | None = None) -> list[str]:
        """The perform requests that the moderator's key made and the site accepted, oldest first."""
        return [one.path for one in self._performs(number)]

    def sent_at(self, number: int) -> float:
        """When the one decision on an item came to the site (`time.monotonic`): no matter when the test looked."""
        (one,) = self._performs(number)
        return one.came

    def _performs(self, number: int | None) -> list[LoggedRequest]:
        prefix = "/review/" if number is None else f"/review/{number}/"
        return [
            one
            for one in self.demo.requests
            if one.method == "PUT" and one.path.startswith(prefix) and "/perform/" in one.path and one.status == 200
            and one.username == self.demo.username
        ]  # fmt: skip

    def writes(self) -> list[str]:
        """Everything that the moderator's key wrote: method and path of each request that is not a GET nor a poll."""
        return [
            f"{one.method} {one.path}"
            for one in self.demo.requests
            if one.method != "GET" and one.username == self.demo.username and not one.path.startswith("/message-bus/")
        ]


def decide(terminal: Terminal, *keys: str, words: str | re.Pattern[str]) -> None:
    """Press keys that decide on the item under the cursor, and wait for the words that say so.

    A busy machine may finish drawing the item after the test has read it. Then the program says that it was too fast
    and drops the last key; the item is in sight by now, so a moderator presses that key again.
    """
    terminal.press(*keys)
    terminal.wait_for(lambda: terminal.shows(words) or terminal.shows(TOO_FAST), why=repr(words))
    if not terminal.shows(words):
        terminal.still(0.6)
        terminal.press(keys[-1])
        terminal.wait_for(words)


def modtui_command() -> list[str]:
    """The installed program beside this Python."""
    return [str(Path(sys.executable).with_name("modtui"))]


class Modtui(Terminal):
    """The program opened on `harbour`, with its settings, journal and cache under `home` (kept over restarts), as
    a job of the command `under` if there is one."""

    def __init__(
        self, harbour: Harbour, home: Path, *, size: tuple[int, int] = (120, 40), hold: float | None = 1,
        term: str = "xterm-256color", url: str = "", key: str = "", options: Sequence[str] = (),
        more_env: Mapping[str, str] | None = None, under: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.harbour, self.home = harbour, home
        env = {f"MODTUI_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "state", "cache")}
        env |= {
            "HOME": str(home), "MODTUI_TOKEN": key or harbour.demo.api_key,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **(more_env or {}),
        }  # fmt: skip
        command = [*under, *modtui_command(), "--url", url or harbour.demo.url, "--user", harbour.demo.username]
        command += options
        if hold is not None:
            command += ["--hold", f"{hold:g}"]
        super().__init__(command, env, size, term=term)

    def row(self) -> str:
        """The row of the list under the cursor."""
        return next((line for line in self.lines() if ROW.match(line)), "")

    def standing(self) -> str:
        """The row under the cursor without what changes while one looks: how long it waits, and its language, which is
        found from its words a moment after it came."""
        return _LANGUAGE.sub(r"\1  ", ROW.sub("", self.row()))

    def message(self) -> str:
        """The line above the keys: what just happened."""
        return self.lines()[-2]

    def ready(self) -> Modtui:
        """Wait until the queue is there. Whoever wants to decide reads an item first: `go_to`, or `read`."""
        self.wait_for(ROW, why="the queue's first row")
        return self

    def read(self) -> None:
        """Look at the picture long enough, as a moderator does before deciding."""
        self.still(READ_S)

    def go_to(self, work: Work) -> None:
        """Put the cursor on an item, wherever in the list it is, and read it."""
        short = work.author[:10]
        end = time.monotonic() + TIMEOUT_S
        while short not in self.row() and time.monotonic() < end:
            self.press("/")
            self.wait_for("enter takes it")
            self.type(work.author)
            self.press("enter")
            self.wait_for(lambda: short in self.row() or "is not in the" in self.message(), why=f"{short}'s row")
            if short not in self.row():
                self.press("G")  # more rows are loaded near the end of the list
                self.still()
        assert short in self.row(), f"{work.author} is not in the list:\n{self.text()}"
        if self.emulator.screen.columns >= 120:
            self.wait_for(f"#{work.number} ", why=f"#{work.number} beside the list")
        self.read()

    def decide(self, *keys: str, words: str | re.Pattern[str]) -> None:
        """See `decide`."""
        decide(self, *keys, words=words)

    def sent(self, number: int) -> str:
        """Wait until the site has the decision; give the item's status there."""
        status = self.harbour.status
        self.wait_for(lambda: status(number) != "pending", why=f"#{number} decided on the site")
        return status(number)

    def back(self, place: str) -> None:
        """Leave the page on which `place` stands, for the queue. Pages have rows, too: wait until it has gone."""
        self.press("q")
        self.wait_gone(place)
        self.wait_for(ROW)

    def leave(self) -> int:
        """Leave when nothing is held; give the exit code."""
        self.press("q")
        self.wait_for("Leave modtui?")
        self.press("y" if "y/N" in self.message() else "s")  # s: send what is on its way, and leave
        return self.wait_end()
