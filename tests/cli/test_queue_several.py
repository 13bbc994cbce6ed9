"""`modtui queue` over several communities: rows of those that answer, a sentence and the exit code for the others."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modtui.cli import reading
from modtui.demo.server import DemoServer
from modtui.desk.community import Community
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId
from modtui.errors import NetworkError, SiteError
from tests.cli.conftest import Run
from tests.core.desk_in_fakes import FakeBackend, item


@contextmanager
def garbage() -> Iterator[str]:
    """A site that answers everything with something that is no HTTP; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    one, _ = listener.accept()
                except OSError:
                    return
                with one:
                    one.recv(65_536)
                    one.sendall(b"\x00\xff garbage \x1b[31m\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def settings(folder: Path, *communities: tuple[str, str, str, str]) -> None:
    """config.toml with these: name, address, account, key."""
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "config.toml").write_text("".join(
        f"[[communities]]\nname='{name}'\nurl='{url}'\naccount='{account}'\nkey='admin'\n"
        f"token_command={json.dumps([sys.executable, '-S', '-c', f'print({key!r})'])}\n"
        for name, url, account, key in communities
    ))  # fmt: skip


def test_the_rows_of_those_that_answer_and_a_sentence_for_the_others(
    demo: DemoServer, run: Run, tmp_path: Path
) -> None:
    with garbage() as url:
        settings(
            tmp_path, ("odd", url, "x", "1"), ("harbour", demo.url, demo.username, demo.api_key),
            ("closed", "http://127.0.0.1:9", "x", "1"),
        )  # fmt: skip
        ended = run("queue", "--json")
        assert {line["community"] for line in ended.lines} == {"harbour"} and len(ended.lines) > 10
        assert "odd: " in ended.err and "closed: " in ended.err and "\x1b" not in ended.err
        assert ended.code in (6, 7), "that of the first in the settings"
        only = run("queue", "--json", "--filter", "community:harbour", "--limit", "3")
        assert len(only.lines) == 3
        unknown = run("queue", "--filter", "community:swamp")
        assert unknown.code == 2 and "odd, harbour, closed" in unknown.err


def test_two_accounts_on_one_site_are_two_communities(demo: DemoServer, run: Run, tmp_path: Path) -> None:
    mine, other = demo.username, "harbourmaster"
    settings(tmp_path, ("mine", demo.url, mine, demo.api_key), ("theirs", demo.url, other, demo.api_key))
    lines = run("queue", "--json", "--filter", "reports>2").lines
    assert {line["community"] for line in lines} == {"mine", "theirs"}
    ids = {line["id"] for line in lines}
    assert len(ids) == len(lines) == 2 * len({line["number"] for line in lines})
    settings(tmp_path, ("renamed", demo.url, mine, demo.api_key), ("theirs", demo.url, other, demo.api_key))
    again = run("queue", "--json", "--filter", "reports>2").lines
    assert {line["id"] for line in again} == ids and {line["community"] for line in again} == {"renamed", "theirs"}
    settings(tmp_path, ("same", demo.url, mine, demo.api_key), ("Same", demo.url, other, demo.api_key))
    twice = run("queue")
    assert twice.code == 2 and "already the name of" in twice.err


def _made(folder: Path, *names: str) -> list[Community]:
    return [
        Community(
            name=name, url="https://x.example", backend=FakeBackend(folder, community=CommunityId(f"{n:x}" * 12))
        )
        for n, name in enumerate(names)
    ]  # fmt: skip


async def _all(communities: list[Community], rows: reading.Rows) -> tuple[list[str], list[str]]:
    async with reading.together(communities, rows) as found:
        numbers = [f"{one.name} {each.number}" async for one, each in found.rows()]
        return numbers, [one.name for one, _ in found.troubles]


@pytest.mark.anyio
async def test_one_that_hangs_lets_the_others_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(reading, "narrate", said.append)
    monkeypatch.setattr(reading, "SLOW_S", 0.02)
    slow, quick, bad = _made(tmp_path, "slow", "quick", "bad")
    done = asyncio.Event()

    async def rows(community: Community) -> AsyncIterator[Item]:
        if community is slow:
            await done.wait()
            raise NetworkError("It never answered.")
        yield item(1)
        if community is bad:
            raise SiteError("HTML instead of JSON.")
        yield item(2)

    async with reading.together([slow, quick, bad], rows) as found:
        numbers: list[str] = []
        async for one, each in found.rows():
            numbers.append(f"{one.name} {each.number}")
            if one is bad:
                done.set()
        troubles = [one.name for one, _ in found.troubles]
    assert numbers == ["quick 1", "quick 2", "bad 1"] and troubles == ["slow", "bad"]
    assert said[0] == "slow takes its time; the others go first."


@pytest.mark.anyio
async def test_the_order_of_the_settings_stays_and_a_mistake_of_ours_is_raised(tmp_path: Path) -> None:
    first, second = _made(tmp_path, "first", "second")
    begun = asyncio.Event()

    async def rows(community: Community) -> AsyncIterator[Item]:
        if community is first:
            await begun.wait()
        begun.set()
        for n in range(70):
            yield item(n)

    numbers, _ = await _all([first, second], rows)
    assert numbers == [f"first {n}" for n in range(70)] + [f"second {n}" for n in range(70)]

    async def broken(community: Community) -> AsyncIterator[Item]:
        yield item(1)
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        await _all([first, second], broken)


def test_act_decides_where_it_can_and_says_where_it_cannot(demo: DemoServer, run: Run, tmp_path: Path) -> None:
    settings(
        tmp_path, ("closed", "http://127.0.0.1:9", "x", "1"), ("harbour", demo.url, demo.username, demo.api_key)
    )
    here = run("queue", "-c", "harbour", "--json", "--filter", "reason:spam", "--limit", "1").lines[0]["id"]
    away = run("communities", "--json").lines[0]["id"]
    ended = run("act", "ignore", f"reports/{away}/reviewable/1", here)
    states = {line["id"]: (line["state"], line["message"]) for line in ended.lines}
    assert states[here][0] == "done" and ended.code == 9
    state, why = states[f"reports/{away}/reviewable/1"]
    assert state == "refused" and "cannot be reached" in why, "not: there is no such item"
