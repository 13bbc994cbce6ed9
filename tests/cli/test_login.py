"""`modtui login` and `logout`: a key by code, by pasting, from an admin; kept where asked; never a password."""

from __future__ import annotations

import codecs
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from modtui.demo.routes import keys as demo_keys
from modtui.demo.server import DemoServer
from tests.cli.conftest import ROOT, Run, environment


def start(folder: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "modtui", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=environment(folder), cwd=ROOT,
    )  # fmt: skip


def finish(child: subprocess.Popen[str], text: str = "") -> tuple[int, str]:
    _, err = child.communicate(text, timeout=60)
    assert "Traceback" not in err
    return child.returncode, err


def read_until(child: subprocess.Popen[str], pattern: str) -> str:
    assert child.stderr is not None
    for line in child.stderr:
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(f"{pattern} was never printed")


def kept(folder: Path) -> str:
    path = folder / "config" / "secrets.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text()


def test_a_code_typed_in_the_browser(
    demo: DemoServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_keys, "INTERVAL_S", 1)
    child = start(tmp_path, "login", demo.url, "--store", "file", "--name", "harbour")
    demo.approve(read_until(child, r"the code\s+([A-Z2-9]{4}-[A-Z2-9]{4})"))
    code, err = finish(child)
    assert code == 0, err
    assert f"You are {demo.username}" in err and "secrets.toml" in err
    [entry] = run("communities", "--json").lines
    assert (entry["name"], entry["account"], entry["key"]) == ("harbour", demo.username, "user")
    assert run("queue", "--json", "--limit", "1").code == 0
    secret = re.search(r'secret = "(\w+)"', kept(tmp_path))
    assert secret and secret[1] not in err
    out = run("logout", "harbour", "--remove")
    assert out.code == 0 and "withdrawn on the site" in out.err
    assert not (tmp_path / "config" / "secrets.toml").exists() and run("communities").out == ""
    assert run("--url", demo.url, "queue", token=secret[1]).code == 4


def test_a_code_that_is_refused_in_the_browser(
    demo: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_keys, "INTERVAL_S", 1)
    child = start(tmp_path, "login", demo.url, "--store", "file")
    demo.approve(read_until(child, r"the code\s+(\S+)"), allow=False)
    code, err = finish(child)
    assert code == 4 and "refused in the browser" in err
    assert not (tmp_path / "config").exists()


def test_pasting_the_answer_with_its_line_breaks(demo: DemoServer, run: Run, tmp_path: Path) -> None:
    child = start(tmp_path, "login", demo.url, "--store", "file", "--paste")
    assert child.stdout is not None
    page = child.stdout.readline().strip()
    params = dict(parse_qsl(urlsplit(page).query))
    assert page.startswith(f"{demo.url}/user-api-key/new?") and "auth_redirect" not in params
    code, err = finish(child, demo.paste_payload(params) + "\n")
    assert code == 0, err
    assert run("queue", "--json", "--limit", "1").code == 0


@pytest.mark.parametrize("pasted", ["", "nonsense\n\n", "QUJD\n\n"])
def test_pasting_something_else(demo: DemoServer, tmp_path: Path, pasted: str) -> None:
    code, err = finish(start(tmp_path, "login", demo.url, "--store", "file", "--paste"), pasted)
    assert code == 4 and err.strip().endswith(".")


def test_an_admin_key_from_the_environment_for_scripts(demo: DemoServer, run: Run, tmp_path: Path) -> None:
    ended = run("login", demo.url, "--user", demo.username, "--store", "file", token=demo.api_key)
    assert ended.code == 0, ended.err
    [entry] = run("communities", "--json").lines
    assert (entry["account"], entry["key"]) == (demo.username, "admin")
    assert demo.api_key in kept(tmp_path)
    assert demo.api_key not in (tmp_path / "config" / "config.toml").read_text()
    assert run("queue", "--json", "--limit", "1").code == 0
    again = run("login", demo.url, "--user", demo.username, "--store", "file", token=demo.api_key)
    assert again.code == 0 and len(run("communities", "--json").lines) == 1
    mine = run("login", demo.url, "--store", "file", token=demo.user_api_key)
    assert mine.code == 0 and [line["key"] for line in run("communities", "--json").lines] == ["user"]


def test_without_a_keyring_the_way_out_is_said_before_anything_is_asked(demo: DemoServer, run: Run) -> None:
    demo.clear_requests()
    ended = run("login", demo.url)
    assert ended.code == 4 and "--store file" in ended.err and "keyring" in ended.err
    assert demo.requests == []


def test_a_wrong_admin_key_is_not_kept(demo: DemoServer, run: Run, tmp_path: Path) -> None:
    ended = run("login", demo.url, "--user", demo.username, "--store", "file", token="0" * 64)
    assert ended.code == 4 and not (tmp_path / "config").exists()


def test_a_name_that_is_taken_by_another_site(demo: DemoServer, run: Run, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[[communities]]\nname='quay'\nurl='https://quay.example'\n")
    args = ("login", demo.url, "--user", demo.username, "--store", "file", "--name", "Quay")
    ended = run(*args, token=demo.api_key)
    assert ended.code == 2 and "Choose another with --name" in ended.err
    assert not (tmp_path / "config" / "secrets.toml").exists()


def at_a_terminal(folder: Path, args: list[str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """The program at a terminal of its own: waits for each question and types the answer."""
    terminal, inner = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "modtui", *args], stdin=inner, stdout=inner, stderr=inner, env=environment(folder),
        cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    os.close(inner)
    shown, decode = "", codecs.getincrementaldecoder("utf-8")().decode
    waiting = list(answers)
    while True:
        try:
            got = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not got:
            break
        shown += decode(got)
        if waiting and waiting[0][0] in shown:
            os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
    os.close(terminal)
    return child.wait(60), shown


def test_an_admin_key_typed_at_the_terminal_is_not_shown(demo: DemoServer, run: Run, tmp_path: Path) -> None:
    answers = [("Your user name there", demo.username), ("Admin key", demo.api_key)]
    code, shown = at_a_terminal(tmp_path, ["login", demo.url, "--admin", "--store", "file"], answers)
    assert code == 0, shown
    assert demo.api_key not in shown and f"You are {demo.username}" in shown
    assert run("queue", "--json", "--limit", "1").code == 0


def test_without_a_terminal_nothing_is_asked(demo: DemoServer, run: Run) -> None:
    ended = run("login", demo.url, "--admin", "--store", "file", stdin=f"{demo.username}\n{demo.api_key}\n")
    assert ended.code == 2 and "MODTUI_TOKEN" in ended.err
