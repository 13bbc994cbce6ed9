"""The command line on a site whose every field attacks: what it prints steers no terminal, and JSON holds the truth."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest

from tests.hostile.backend import MireBackend, factory
from tests.hostile.corpus import SHORT
from tests.hostile.walking import environment
from tests.pty.controls import strange
from tests.pty.modtui import modtui_command

Run = Callable[..., bytes]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command on the mire, looks at all that it prints, gives the standard output."""
    home = tmp_path_factory.mktemp("mire")
    env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **environment(home)}

    def run_it(name: str, *words: str, code: int = 0, site: str = "fine") -> bytes:
        where = ("--url", f"http://127.0.0.1:9/{site}", "--backend", "mire", "--user", "mod")
        done = subprocess.run([*modtui_command(), name, *where, *words], env=env, capture_output=True, timeout=120)
        assert done.returncode == code, done.stderr.decode()
        for part in (done.stdout, done.stderr):
            assert strange(part) == [], name
            assert b"Traceback" not in part
        return done.stdout

    return run_it


@pytest.fixture(scope="module")
def mire(tmp_path_factory: pytest.TempPathFactory) -> MireBackend:
    """The same site, to know what is true."""
    from modtui.backends.base import Connection
    from modtui.domain.subjects import community_id

    url = "http://127.0.0.1:9/fine"
    state = tmp_path_factory.mktemp("state")
    made = factory(Connection(community=community_id("mire", url, "mod"), url=url, credential=None, state=state))
    assert isinstance(made, MireBackend)
    return made


def test_every_lane_prints_harmlessly_and_its_json_is_true(run: Run, mire: MireBackend) -> None:
    for lane in ("reports", "questions"):
        assert len(run("queue", "--lane", lane).splitlines()) >= len(SHORT)
    rows = [json.loads(line) for line in run("queue", "--json").splitlines()]
    told = {row["id"]: row["title"] for row in rows}
    for item in mire.lanes["reports"]:
        halves = any("\ud800" <= sign <= "\udfff" for sign in item.title)
        assert halves or told[item.id] == item.title
    assert len(told) == len(SHORT)


def test_decisions_and_the_journal_print_harmlessly(run: Run, mire: MireBackend) -> None:
    first, second = (one for one in mire.lanes["reports"][:2])
    answer = json.loads(run("act", "approve", first.id))
    assert answer["id"] == first.id and answer["state"] == "done"
    refused = json.loads(run("act", "lock", second.id, code=9))
    assert refused["id"] == second.id
    run("act", "approve", f"no such {SHORT[2]}", code=2)
    run("log")
    [entry] = [json.loads(line) for line in run("log", "--json").splitlines()]
    assert entry["verb"] == "approve"
    run("outbox")


def test_a_member_prints_harmlessly(run: Run, mire: MireBackend) -> None:
    names = [one.author.username for one in mire.lanes["members"] if one.author is not None]
    [name] = [one for one in names if one.startswith("red ")]
    printed = run("member", name)
    assert printed.count(b"over") > 10
    data = run("member", name, "--json")
    assert data.isascii() and json.loads(data)
