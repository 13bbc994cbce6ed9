"""A community at plain http on another machine: refused, or by name, and then every command says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from tests.cli.conftest import Run

WARNING = "PLAIN HTTP: the key of "


@pytest.fixture
def url(demo: DemoServer) -> str:
    """The community under an address that is not known to be this machine, and leads to it."""
    return demo.url.replace("127.0.0.1", "127.1")


def test_it_is_refused_unless_it_is_named(run: Run, demo: DemoServer, url: str) -> None:
    demo.clear_requests()
    ended = run("--url", url, "--user", demo.username, "queue", token=demo.api_key)
    assert ended.code == 2 and "--insecure" in ended.err
    assert demo.requests == []


@pytest.mark.parametrize("words", [("queue", "--json"), ("member", "rookmoor"), ("outbox", "send")])
def test_each_command_says_so_once(run: Run, demo: DemoServer, url: str, words: tuple[str, ...]) -> None:
    ended = run("--url", url, "--insecure", "--user", demo.username, *words, token=demo.api_key)
    assert ended.code == 0, ended.err
    assert ended.err.count(WARNING) == 1 and f"travels unencrypted to {url}." in ended.err
    assert WARNING not in ended.out, "data stays data"


def test_the_settings_say_it_for_one_community(run: Run, demo: DemoServer, url: str, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text(
        f'[[communities]]\nname = "open"\nurl = "{url}"\naccount = "{demo.username}"\nkey = "admin"\ninsecure = true\n'
        f'[[communities]]\nname = "here"\nurl = "{demo.url}"\naccount = "{demo.username}"\nkey = "admin"\n'
    )
    (tmp_path / "config" / "config.toml").chmod(0o600)
    told = run("--community", "open", "queue", token=demo.api_key)
    assert told.code == 0 and told.err.count(WARNING) == 1 and "of open and" in told.err
    quiet = run("--community", "here", "queue", token=demo.api_key)
    assert quiet.code == 0 and WARNING not in quiet.err
    found = run("--community", "open", "doctor", token=demo.api_key)
    assert "PLAIN HTTP" in found.out
