"""`modtui --read-only COMMAND`: every command either only reads, or ends with 11 before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.cli.main import COMMANDS
from modtui.demo.server import DemoServer
from modtui.domain.decisions import VERBS
from tests.cli.conftest import Run, free

READS: dict[str, tuple[tuple[str, ...], ...]] = {
    "communities": (("communities",),), "queue": (("queue", "--json"),), "member": (("member", "{author}"),),
    "replies": (("replies",),), "drafts": (("drafts",),), "outbox": (("outbox",),),
    "log": (("log",), ("log", "verify")), "routes": (("routes",),), "keys": (("keys",),),
    "config": (("config", "path"),), "doctor": (("doctor", "--offline"),),
}  # fmt: skip
_WORDS = (
    (), ("--reason", "insult"), ("--text", "Some words"), ("--message", "Some words"), ("--ban", "7d"),
    ("--silence", "7d"), ("--route", "pager", "--note", "a note"), ("--to", "kestrel"), ("--tags", "+a"), ("--of", "1"),
    ("--post", "1"),
    ("--until", "3d"), ("--reason", "insult", "--tell", "--ban", "7d", "--lock", "--route", "pager"),
)  # fmt: skip
WRITES: dict[str, tuple[tuple[str, ...], ...]] = {
    "login": (("login", "{url}", "--store", "file"),), "logout": (("logout", "harbour"),),
    "drafts": (("drafts", "--drop", "1"),), "undo": (("undo", "{decision}"),),
    "outbox": (
        ("outbox", "send"), ("outbox", "send", "{decision}"), ("outbox", "drop", "--all"), ("outbox", "rebuild"),
    ),
    "routes": (("routes", "test", "pager", "--yes"),), "log": (("log", "forget", "{author}", "--yes"),),
    "act": tuple(("act", verb, "{item}", *words) for verb in VERBS for words in _WORDS),
}  # fmt: skip
"""Not all words of `act` fit every verb: what does not fit is refused too, with another code."""
UNTOUCHED = frozenset({"demo"})
"""Opens a community of its own."""


def test_every_command_is_known_here() -> None:
    assert set(READS) | set(WRITES) | UNTOUCHED == set(COMMANDS)


@pytest.fixture
def pager(tmp_path: Path) -> Path:
    """A route that leaves a mark when it is used."""
    folder, mark = tmp_path / "config", tmp_path / "mark"
    folder.mkdir()
    (folder / "config.toml").write_text(
        f'[[routes]]\nname = "pager"\nkey = "p"\nkind = "command"\ncommand = ["touch", "{mark}"]\n'
    )
    return mark


def test_nothing_is_written(site: Run, run: Run, demo: DemoServer, pager: Path, tmp_path: Path) -> None:
    item = free(site("queue", "--json").lines)[0]
    assert site("act", "approve", item["id"], "--hold", "3600", "--no-wait").code == 0
    decision = site("log", "--json").lines[0]["id"]
    journal = site("log", "--json").out
    names = {
        "author": item["author"], "url": demo.url, "decision": decision,
        "item": free(site("queue", "--json").lines)[1]["id"],
    }  # fmt: skip
    demo.clear_requests()

    def call(words: tuple[str, ...]) -> tuple[int, str]:
        filled = [word.format(**names) for word in words]
        if words[0] in ("login", "logout"):
            ended = run("--read-only", *filled, token=demo.api_key)
        else:
            ended = site("--read-only", *filled)
        return ended.code, ended.out + ended.err

    refused = set[str]()
    for words in (words for many in WRITES.values() for words in many):
        code, said = call(words)
        assert code in (11, 2), (words, code, said)
        if code == 11:
            assert "read-only" in said.lower(), said
            refused.add(words[1] if words[0] == "act" else " ".join(words[:2]))
    local = {"outbox drop", "outbox rebuild", "drafts --drop", "log forget", "logout harbour"}
    assert local | {"outbox send", "routes test"} <= refused
    assert set(VERBS) - {"offer", "reopen"} <= refused, set(VERBS) - refused
    for words in (words for many in READS.values() for words in many):
        code, said = call(words)
        assert code == 0, (words, code, said)
    assert [one for one in demo.requests if one.method not in ("GET", "HEAD")] == []
    assert site("--read-only", "log", "--json").out == journal and not pager.exists()
    assert not (tmp_path / "config" / "secrets.toml").exists()
