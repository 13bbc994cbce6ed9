"""What comes from other sides than the site's lists: a receiver's answer, what the site says of its troubles, a saved
reply, and all of it again at the next start. No control reaches the terminal that is not modtui's own."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.hostile.corpus import CORPUS, SHORT
from tests.hostile.walking import Walker
from tests.pty.modtui import ROW, decide
from tests.pty.test_hostile_walk import KEPT, WHOLE, back, clean

ANSWER = "".join(f"{name}: {text[:40]} " for name, text in list(CORPUS.items())[:8])


class Hook(BaseHTTPRequestHandler):
    """A receiver whose words attack: it takes the first escalation, and refuses the next."""

    taken: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        """Answer in plain text, which modtui shows a line of."""
        self.taken.append(self.rfile.read(int(self.headers["Content-Length"])))
        body = b"\x9b2J\xff" + ANSWER.encode("utf-8", "surrogatepass")
        self.send_response(200 if len(self.taken) == 1 else 422)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[str]:
    """Its address."""
    Hook.taken.clear()
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join(30)


def configure(home: Path, text: str) -> None:
    """Settings of the test."""
    folder = home / "config"
    folder.mkdir(exist_ok=True, mode=0o700)
    (folder / "config.toml").write_text(text, encoding="utf-8")


def hand_over(walker: Walker, key: str) -> None:
    """The row under the cursor to a route, with a note."""
    walker.still(0.6)
    walker.see("e", until="ESCALATE #")
    walker.see(key, until="may be empty")
    walker.paste("why \x9b2J\u202e\U000e0041 not")
    walker.wait_for(lambda: "why" in walker.lines()[-1], why="the note")
    walker.still(0.4)
    walker.see("enter")


def told_or_shown(walker: Walker, words: str) -> bool:
    """Whether a page is there, or a message that says why not."""
    return walker.shows(words) or bool(walker.message())


def trail(walker: Walker) -> None:
    """The journal with the page of each decision, the lane of what is away, and its items."""
    walker.see("U", until="> Journal")
    for _ in range(3):
        walker.see("enter", until=WHOLE)
        walker.see("G")
        back(walker, WHOLE)
        walker.see("j")
    back(walker, "> Journal")
    walker.see("5", until="ESCALATED")
    for _ in range(3):
        walker.see("enter")
        walker.still(0.2)
        walker.see("space")
        walker.see("q")
        walker.wait_for(ROW)
        walker.see("j")
    walker.see("1", until="REPORTS")


def test_what_a_receiver_answers_and_the_trail_of_an_escalation(tmp_path: Path, receiver: str) -> None:
    script = tmp_path / "page.sh"
    said = ANSWER.encode("utf-8", "surrogatepass").replace(b"\0", b"")
    script.write_bytes(
        b"#!/bin/sh\ncat > /dev/null\ncat <<'X'\n" + said + b"\nX\nprintf '\\033[31m\\2332J' >&2\nexit 1\n"
    )
    configure(
        tmp_path,
        f'[[routes]]\nname = "hook"\nkey = "h"\nurl = "{receiver}"\ndue = "1h"\n'
        f'[[routes]]\nname = "page"\nkey = "p"\nkind = "command"\ncommand = ["/bin/sh", "{script}"]\n',
    )
    with Walker(tmp_path) as walker:
        walker.wait_for(ROW)
        for key in ("h", "h", "p"):
            hand_over(walker, key)
            walker.wait_gone("ESCALATE #")
            walker.still(0.6)
            walker.see("j")
        walker.wait_for("failed 2: U")
        trail(walker)
        assert len(Hook.taken) == 2
        assert walker.raw.count(b"colours and cursor") > 1, "what they answered was on the screen"
        clean(walker)


def test_what_waits_at_the_next_start(tmp_path: Path) -> None:
    with Walker(tmp_path, options=("--hold", "600")) as walker:
        walker.wait_for(ROW)
        walker.still(0.3)
        decide(walker, "i", words="held 1")
        walker.still(0.4)
        walker.see("3", until="QUEST")
        walker.see("r", until="PUBLIC REPLY")
        walker.paste(f"a text {SHORT[0]} {SHORT[4]} {SHORT[7]}")
        walker.wait_for(re.compile(r"draft saved \d+ s ago"))
        walker.kill()
        walker.wait_end()
        assert walker.strange() == []
    configure(tmp_path, '[undo]\nresume_after = "0s"\n')
    with Walker(tmp_path, options=("--hold", "600")) as walker:
        walker.wait_for("NOT SENT (1)")
        walker.wait_for("DRAFT (1)")
        walker.see("x", until="Drop 1 decision?")
        walker.see("n")
        walker.see("l", until="> Outbox")
        walker.see("enter", until=WHOLE)
        back(walker, WHOLE)
        back(walker, "> Outbox")
        walker.wait_for(ROW)
        walker.wait_for("waiting 1: g o")
        walker.see("g", "d", until="> Drafts")
        walker.see("enter", until="PUBLIC REPLY")
        walker.see("ctrl+g", until="> Drafts")
        back(walker, "> Drafts")
        clean(walker)


def test_what_a_site_says_of_its_troubles(tmp_path: Path) -> None:
    with Walker(tmp_path, site="trouble") as walker:
        walker.wait_for(ROW)
        for _ in range(2):
            walker.see("enter")
            walker.still(0.2)
            for key, words in (("p", "> Members >"), ("t", "> Thread")):
                walker.press(key)
                walker.wait_for(partial(told_or_shown, walker, words), why=words)
                walker.still(0.3)
                if walker.shows(words):
                    back(walker, words)
            walker.see("q")
            walker.wait_for(ROW)
            walker.see("j")
        walker.see("R")
        walker.still(0.4)
        walker.see("@", until="> Requests")
        back(walker, "> Requests")
        for key in ("3", "4", "1"):
            walker.see(key)
            walker.still(0.3)
        clean(walker)


def test_a_saved_reply_that_attacks(tmp_path: Path) -> None:
    configure(tmp_path, "")
    folder = tmp_path / "config" / "replies"
    folder.mkdir(mode=0o700)
    texts = "\n\n".join(SHORT).encode("utf-8", "surrogatepass").replace(b"{", b"(")
    texts = texts.decode("utf-8", "replace").encode()
    title = SHORT[0].replace("\n", " ")
    (folder / "attack.en.md").write_bytes(f"---\ntitle: {title}\ntags: {SHORT[6]}\n---\n".encode() + texts)
    with Walker(tmp_path) as walker:
        walker.wait_for(ROW)
        walker.see("3", until="QUEST")
        walker.see("r", until="PUBLIC REPLY")
        walker.see("ctrl+t", until="> Insert")
        walker.type("attack")
        walker.still(0.3)
        walker.see("enter")
        walker.wait_gone("> Insert")
        walker.wait_for(re.compile(r"draft saved \d+ s ago"))
        walker.see("ctrl+p")
        walker.still(0.3)
        walker.see("ctrl+g", until=KEPT)
        clean(walker)
