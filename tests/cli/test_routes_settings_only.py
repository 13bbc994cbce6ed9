"""Where an escalation can go, and which programs are started, stands in the user's own settings file and nowhere else:
no variable, option, site, saved reply, reason or folder that one happens to stand in adds or changes a route."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from modtui.settings import load
from modtui.settings.options import Options
from tests.cli.conftest import Run, free
from tests.cli.test_escalate import Receiver, receiver

__all__ = ["receiver"]

TRIES = ("https://evil.example/hook", "command:touch owned", "webhook", "evil", "../config", "site:command", "hook\n")


@pytest.fixture
def evil(receiver: Receiver, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An address and a mark; at the end neither was used."""
    mark = tmp_path / "owned"
    yield receiver.url, mark
    assert receiver.taken == [] and not mark.exists()


def variables(url: str, mark: Path) -> dict[str, str]:
    """What somebody might set who has read how modtui names things."""
    program = f"touch {mark}"
    return {
        "MODTUI_ROUTES": url, "MODTUI_ROUTE": url, "MODTUI_ROUTE_EVIL": url, "MODTUI_ROUTE_EVIL_URL": url,
        "MODTUI_ROUTES_0_URL": url, "MODTUI_ROUTES_0_COMMAND": program, "MODTUI_ROUTE_MODS": url,
        "MODTUI_ROUTE_MODS_COMMAND": program, "MODTUI_WEBHOOK": url, "MODTUI_COMMAND": program,
        "MODTUI_TOKEN_COMMAND": program, "MODTUI_BROWSER_COMMAND": program, "BROWSER": program,
        "MODTUI_CONFIG": f'[[routes]]\nname="evil"\nkey="v"\nurl="{url}"\n',
    }  # fmt: skip


def test_no_variable_makes_or_changes_one(site: Run, evil: tuple[str, Path]) -> None:
    more = variables(*evil)
    assert site("routes", "--json", **more).out == ""
    item = free(site("queue", "--json", **more).lines)[0]
    ended = site("act", "escalate", item["id"], "--route", "evil", "--note", "please look", **more)
    assert ended.code != 0 and "There is no route" in ended.out + ended.err


def test_no_option_makes_or_changes_one(site: Run, evil: tuple[str, Path]) -> None:
    url, mark = evil
    item = free(site("queue", "--json").lines)[0]
    given = [
        "--option", f"routes={url}", "--option", f"route={url}", "--option", f"url={url}", "--option", f"webhook={url}",
        "--option", f"command=touch {mark}", "--option", f"token_command=touch {mark}",
    ]  # fmt: skip
    assert site(*given, "routes", "--json").out == ""
    for name in (url, f"command:touch {mark}", *TRIES):
        ended = site(*given, "act", "escalate", item["id"], "--route", name, "--note", "please look", "--no-wait")
        assert ended.code != 0, (name, ended.out)
        assert site(*given, "routes", "test", name, "--yes").code == 2
    assert not any("route" in one or "command" in one for one in Options.__slots__)


def test_no_folder_that_one_stands_in(
    site: Run, evil: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, mark = evil
    text = (
        f'[[routes]]\nname = "evil"\nkey = "v"\nurl = "{url}"\n'
        f'[[routes]]\nname = "run"\nkey = "c"\nkind = "command"\ncommand = ["touch", "{mark}"]\n'
    )
    here = tmp_path / "somewhere"
    here.mkdir()
    for name in ("config.toml", "modtui.toml", ".modtui.toml", "pyproject.toml", ".env"):
        (here / name).write_text(text)
    for folder in (".modtui", "modtui", ".config/modtui"):
        (here / folder).mkdir(parents=True)
        (here / folder / "config.toml").write_text(text)
    monkeypatch.chdir(here)
    assert site("routes", "--json").out == ""


def test_no_saved_reply_and_no_reason(site: Run, evil: tuple[str, Path], tmp_path: Path) -> None:
    """A colleague's reply that one copies is text: what it says about routes is text, too, or a mistake."""
    url, mark = evil
    head = f"---\ntitle: Hello\nroute: evil\nurl: {url}\nwebhook: {url}\ncommand: touch {mark}\n---\n"
    body = f"Hello {{author}} {{route}} $(touch {mark}) `touch {mark}`\n[[routes]]\nname = 'evil'\nurl = '{url}'\n"
    for kind in ("replies", "reasons", "routes"):
        folder = tmp_path / "config" / kind
        folder.mkdir(parents=True)
        (folder / "evil.en.md").write_text(head + body)
        (folder / "plain.en.md").write_text(body)
        (folder / "config.toml").write_text(f'[[routes]]\nname = "evil"\nkey = "v"\nurl = "{url}"\n')
    ended = site("routes", "--json")
    assert ended.out == "" and ended.code in (0, 2)
    (tmp_path / "config" / "replies" / "evil.en.md").unlink()
    (tmp_path / "config" / "reasons" / "evil.en.md").unlink()
    ended = site("routes", "--json")
    assert ended.out == ""
    for words in (("replies",), ("queue",)):
        site(*words)


def test_no_site(site: Run, demo: DemoServer, evil: tuple[str, Path]) -> None:
    """A site's own routes lead to the site: whatever it calls them, they are requests to itself."""
    url, mark = evil
    with demo.db.write():
        demo.db.run("UPDATE users SET name = ?, title = ? WHERE moderator = 1", [url, f"command:touch {mark}"])
    item = free(site("queue", "--json").lines)[0]
    for name in (f"site:{url}", f"site:command:touch {mark}", "site:webhook:evil"):
        ended = site("act", "escalate", item["id"], "--route", name, "--note", "please look", "--hold", "0")
        assert ended.code != 0, ended.out
    assert site("routes", "--json").out == ""


def test_the_settings_file_itself_does(tmp_path: Path) -> None:
    """The one way there is, so that the tests above could fail; and only while nobody else can write it."""
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text('[[routes]]\nname = "mine"\nkey = "m"\nkind = "command"\ncommand = ["true"]\n')
    assert [one.name for one in load(path).routes] == ["mine"]
    assert os.name != "posix" or path.stat().st_mode & 0o022 == 0
