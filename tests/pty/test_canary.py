"""A session in a real terminal with canaries in it: keys, and somebody's address and e-mail.

The keys never leave their store; what is private is on the screen while it is asked for, and in no file and no title.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui.demo.model import now_ms
from modtui.demo.server import DemoServer
from modtui.demo.site import digest
from tests.canary import KEY, ROUTE, WRONG, in_files, leaks
from tests.cli.test_canary import DUMP
from tests.pty.conftest import Open
from tests.pty.modtui import Harbour

SECRETS = (KEY, WRONG, ROUTE)
MAIL, ADDRESS = "canary.of.the.harbour@private.example", "203.0.113.77"
TITLE = re.compile(rb"\x1b\](?:0|1|2|30);|\x1bk|\x1b\[2[123]t")
"""What sets or reads a terminal's title, in xterm, screen and konsole. modtui never does."""


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    with DemoServer(tmp_path_factory.mktemp("harbour"), items=60, seed=7, claiming="disabled") as demo:
        with demo.db.write():
            demo.db.insert("api_keys", hash=digest(KEY), kind="admin", user_id=None, scopes="write", client_id="",
                           label="", created_at=now_ms(), expires_at=None)  # fmt: skip
        yield Harbour(demo)


def children(home: Path) -> dict[str, str]:
    """An editor, a browser and a route that write down what they see; secrets for the environment of modtui."""
    (home / "seen").mkdir()
    dump = home / "dump.py"
    where = f"{str(home / 'seen')!r} + '/' + os.environ['WHO']"
    dump.write_text(f"#!{sys.executable}\n" + DUMP.replace("sys.argv[1]", where))
    dump.chmod(0o700)
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(
        f'[screen]\nbrowser = "command"\nbrowser_command = ["env", "WHO=browser", "{dump}"]\n'
        f'[[routes]]\nname = "pager"\nkey = "p"\nkind = "command"\ncommand = ["env", "WHO=route", "{dump}"]\n'
    )
    return {"EDITOR": f"env WHO=editor {dump}", "MODTUI_ROUTE_PAGER": ROUTE}


def kept(home: Path) -> list[str]:
    """What of the secrets stands in a file below the home folder; there is no store in these sessions."""
    return [found for kind in ("config", "state", "cache", "seen") for found in in_files(home / kind, SECRETS)]


def test_a_session_with_children_and_trouble(harbour: Harbour, open_modtui: Open, tmp_path: Path) -> None:
    env = children(tmp_path)
    work = harbour.pick()
    modtui = open_modtui(key=KEY, more_env=env).ready()
    for name in ("environ", "cmdline"):
        told = Path(f"/proc/{modtui.pid}/{name}").read_bytes()
        assert told and leaks(told, SECRETS, harbour.demo.username) == [], name
    modtui.go_to(work)
    seen = tmp_path / "seen"
    modtui.press("o")
    modtui.wait_for((seen / "browser").exists, why="the browser")
    modtui.press("r")
    modtui.wait_for("ctrl+e")
    modtui.press("ctrl+e")
    modtui.wait_for((seen / "editor").exists, why="the editor")
    modtui.wait_for("Taken from the editor.")
    modtui.press("ctrl+g")
    modtui.wait_gone("ctrl+e")
    modtui.ready()
    modtui.go_to(work)
    modtui.press("e")
    modtui.wait_for("pager")
    modtui.press("p")
    modtui.wait_for("may be empty")
    modtui.press("enter")
    modtui.wait_for((seen / "route").exists, why="the route's program")
    for kind in ("html", "cut", "429-json"):
        harbour.demo.inject(kind, times=3, wait_s=1)
        modtui.press("R")
        modtui.still()
    harbour.demo.site.faults.clear()
    for page in ("@", "U", "?"):
        modtui.press(page)
        modtui.still()
        modtui.press("q")
        modtui.still()
    for name in ("browser", "editor", "route"):
        assert leaks((seen / name).read_bytes(), SECRETS, harbour.demo.username) == [], name
    modtui.close()
    assert leaks(modtui.raw, SECRETS, harbour.demo.username) == []
    assert kept(tmp_path) == []
    assert not TITLE.search(modtui.raw)


CRASH = """
import sys
from modtui.screens.pages.help import HelpPage
def broken(self):
    found = self.desk.communities[0].backend.connection.credential
    raise RuntimeError(found.secret, repr(found), self.app.options.token)
HelpPage.on_mount = broken
from modtui.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_crash_of_the_screens(
    harbour: Harbour, open_modtui: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, debug: str
) -> None:
    monkeypatch.setattr("tests.pty.modtui.modtui_command", lambda: [sys.executable, "-c", CRASH])
    modtui = open_modtui(key=KEY, more_env={"MODTUI_DEBUG": debug, "MODTUI_ROUTE_PAGER": ROUTE}).ready()
    modtui.press("?")
    assert modtui.wait_end() == 1
    assert "RuntimeError" in modtui.text() and modtui.left_behind() == []
    assert leaks(modtui.raw, SECRETS, harbour.demo.username) == []
    reports = list((tmp_path / "state").rglob("crashes/*.txt"))
    assert len(reports) == (0 if debug else 1)
    assert all("(key)" in path.read_text() for path in reports), "it would have been in there"
    assert kept(tmp_path) == []


def test_what_is_private_is_shown_and_kept_nowhere(harbour: Harbour, open_modtui: Open, tmp_path: Path) -> None:
    env = children(tmp_path)
    work = harbour.pick()
    with harbour.demo.db.write():
        harbour.demo.db.run(
            "UPDATE users SET email=?, ip=?, registration_ip=? WHERE username=?", [MAIL, ADDRESS, ADDRESS, work.author]
        )
    modtui = open_modtui(key=KEY, more_env=env).ready()
    modtui.go_to(work)
    modtui.press("p")
    modtui.wait_for("I shows IP")
    modtui.press("I")
    modtui.wait_for(MAIL)
    assert modtui.shows(ADDRESS)
    modtui.press("I")
    modtui.wait_gone(MAIL)
    modtui.press("q")
    modtui.wait_gone("I shows IP")
    before = len(modtui.raw)
    modtui.press("@")
    modtui.wait_for("> Requests")
    modtui.still()
    modtui.back("> Requests")
    assert MAIL.encode() not in modtui.raw[before:] and ADDRESS.encode() not in modtui.raw[before:]
    assert modtui.leave() == 0
    found = [
        f"{path}: {word}" for path in tmp_path.rglob("*") if path.is_file()
        for word in (MAIL, ADDRESS) if word.encode() in path.read_bytes()
    ]  # fmt: skip
    assert found == [] and not TITLE.search(modtui.raw)
