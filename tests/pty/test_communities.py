"""One queue over two real communities: a batch over both goes to both sites, and one undo takes both back."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from tests.pty.modtui import READ_S, Harbour, Work, decide, modtui_command
from tests.pty.terminal import Terminal

HOLD = 1.0


@pytest.fixture(scope="module")
def lagoon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """A second community, with other posts."""
    with DemoServer(tmp_path_factory.mktemp("lagoon"), items=40, seed=11) as demo:
        yield Harbour(demo)


class Both(Terminal):
    """modtui on both, from its settings; the keys come from commands, as a password manager would print them."""

    def __init__(self, home: Path, communities: dict[str, Harbour], *, more: str = "", size: tuple[int, int]) -> None:
        self.home = home
        (home / "config").mkdir(parents=True)
        entries = [
            f'[[communities]]\nname = "{name}"\nurl = "{one.demo.url}"\nkey = "admin"\n'
            f'account = "{one.demo.username}"\n'
            f"token_command = {json.dumps([sys.executable, '-S', '-c', f'print({one.demo.api_key!r})'])}\n"
            for name, one in communities.items()
        ]
        (home / "config" / "config.toml").write_text("".join(entries) + more)
        (home / "config" / "config.toml").chmod(0o600)
        (home / "config").chmod(0o700)
        env = {f"MODTUI_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "state", "cache")}
        env |= {"HOME": str(home), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        super().__init__([*modtui_command(), "--hold", f"{HOLD:g}"], env, size)

    def mark(self, *works: Work) -> None:
        """Show only the posts of these authors, and mark them all."""
        wanted = f"author:{','.join(work.author for work in works)}"
        self.press("F")
        self.wait_for("enter takes it")
        self.type(wanted)
        self.wait_for(wanted)
        self.press("enter")
        self.wait_for(f"{len(works)} match; ")
        self.press("*")
        self.wait_for(f"{len(works)} MARKED")
        self.still(READ_S)


def test_a_batch_over_two_communities_and_one_undo(harbour: Harbour, lagoon: Harbour, tmp_path: Path) -> None:
    here, there = harbour.pick(), lagoon.pick()
    both = Both(tmp_path, {"harbour": harbour, "lagoon": lagoon}, size=(120, 40))
    try:
        both.wait_for(lambda: " har " in both.text() and " lag " in both.text(), why="rows of both")
        both.mark(here, there)
        both.press("i")
        both.wait_for(re.compile("1 in (harbour|lagoon), 1 in (harbour|lagoon)"))
        both.press("y")
        both.wait_for("Ignored 2 posts")
        both.wait_for(lambda: harbour.status(here.number) == "ignored", why="the harbour has it")
        both.wait_for(lambda: lagoon.status(there.number) == "ignored", why="the lagoon has it")
        both.press("U")
        both.wait_for(re.compile("2 posts: 1 (har|lag), 1 (har|lag)"))
        both.press("q")
        both.wait_for("1 REPORTS")
        both.press("u")
        both.wait_for("2 of 2 were sent")
        both.press("y")
        both.wait_for(lambda: harbour.status(here.number) == "pending", why="open again in the harbour")
        both.wait_for(lambda: lagoon.status(there.number) == "pending", why="open again in the lagoon")
        both.press("g", "s")
        both.wait_for("> Communities")
        both.wait_for(re.compile(r"har harbour +Discourse .*moderator"))
        both.press("j", "enter")
        both.wait_for(re.compile("^ lagoon ", re.M))
    finally:
        both.close()


def test_one_community_that_cannot_be_reached_is_said_and_the_other_goes_on(
    harbour: Harbour, lagoon: Harbour, tmp_path: Path
) -> None:
    work = harbour.pick()
    more = (
        '[[communities]]\nname = "swamp"\nurl = "http://127.0.0.1:9"\naccount = "x"\nkey = "admin"\n'
        f"token_command = {json.dumps([sys.executable, '-S', '-c', 'print(1234567890)'])}\n"
    )
    both = Both(tmp_path, {"harbour": harbour}, more=more, size=(80, 24))
    try:
        both.wait_for(lambda: " har " in both.text() and "swamp: OFFLINE" in both.text(), why="rows, and the outage")
        both.mark(work)
        decide(both, "i", words=f"Ignored #{work.number}")
        both.wait_for(lambda: harbour.status(work.number) == "ignored", why="the harbour has it")
        both.press("g", "s")
        both.wait_for("127.0.0.1:9 cannot be reached.")
    finally:
        both.close()
