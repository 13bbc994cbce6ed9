"""`modtui log forget NAME`: afterwards the name stands nowhere on the disk, and the journal is whole."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from modtui.desk.desk import Desk
from modtui.store.store import Store
from tests.cli.conftest import Run, as_input, free


def holds(folder: Path, name: str) -> list[str]:
    """The files in which a name stands, in any case."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*")
        if path.is_file() and name.casefold().encode() in path.read_bytes().lower()
    )  # fmt: skip


def kept(tmp_path: Path, name: str) -> list[str]:
    return holds(tmp_path / "state", name) + holds(tmp_path / "cache", name)


@pytest.mark.usefixtures("demo")
def test_a_member_leaves_every_file(site: Run, tmp_path: Path) -> None:
    items = free(site("queue", "--json").lines)
    authors = [str(line["author"]) for line in items]
    at = next(n for n, author in enumerate(authors) if authors.count(author) == 1 and len(author) > 5)
    name, other = authors[at], next(author for author in authors if author != authors[at])
    assert site("act", "remove", items[at]["id"], "--reason", "insult", "--tell").code == 0
    assert site("act", "approve", stdin=as_input([items[authors.index(other)]])).code == 0
    assert site("member", name).code == 0

    async def draft() -> None:
        store = Store.open(tmp_path / "state", tmp_path / "cache")
        desk = Desk([], store)
        await desk.start(sync=False, send=False)
        [item] = [one for one in store.cache.items([items[at]["id"]]) if one is not None]
        desk.drafts.save(desk.drafts.new(item, text=f"Dear {name}, about that post"))
        await desk.drafts.flush()
        await desk.close()
        await store.close()

    asyncio.run(draft())
    crashes = tmp_path / "state" / "crashes"
    crashes.mkdir(mode=0o700)
    (crashes / "20260101-000000-1.txt").write_text(f"ValueError: {name}")
    (crashes / "20260101-000000-2.txt").write_text("ValueError: nothing")
    assert {"state.db", "cache.db", "crashes/20260101-000000-1.txt"} <= set(kept(tmp_path, name))
    head = site("log", "verify", "--json").lines[0]["head"]
    before = len(site("log", "--json").lines)

    ended = site("log", "forget", f"@{name.upper()}", "--yes")

    assert ended.code == 0 and "Forgotten: " in ended.err
    assert kept(tmp_path, name) == []
    assert kept(tmp_path, other) != [], "the others stay"
    found = site("log", "verify", "--head", head, "--json")
    assert found.code == 0 and found.lines[0]["ok"] and found.lines[0]["forgotten"] > 0
    after = site("log", "--json").lines
    assert len(after) == before and name not in str(after)
    assert [line["verb"] for line in after] == ["approve", "remove"], "that it was decided stays"
    assert site("drafts", "--json").out == "" and len(list(crashes.iterdir())) == 1


def test_it_asks_and_refuses_while_a_decision_is_on_its_way(site: Run, demo: DemoServer, tmp_path: Path) -> None:
    item = free(site("queue", "--json").lines)[0]
    name = str(item["author"])
    assert site("act", "approve", item["id"], "--hold", "3600", "--no-wait").code == 0
    asked = site("log", "forget", name, stdin="n\n")
    assert asked.code == 0 and "Nothing was forgotten" in asked.err and kept(tmp_path, name)
    refused = site("log", "forget", name, "--yes")
    assert refused.code == 10 and "still on its way" in refused.err and "modtui outbox" in refused.err
    assert site("outbox", "drop", "--all").code == 0
    assert site("log", "forget", name, "--yes").code == 0
    assert kept(tmp_path, name) == []
    assert site("log", "forget", " ", "--yes").code == 2
    assert site("log", "forget", "nobody_at_all", "--yes").code == 0, "who is not there is forgotten already"
