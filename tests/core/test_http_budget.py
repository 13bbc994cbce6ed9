"""The request budget: shared, fair to decisions, and honest about 429s."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from modtui.backends.budget import Ledger, Priority, ledger_name, spending
from modtui.backends.discourse.client import door as discourse_door
from modtui.backends.discourse.errors import pauses_all, spends_day
from modtui.backends.http import Door
from modtui.errors import RateLimited
from tests.core.scripted_site import SECRET, Clock, answer, connection, scripted

pytestmark = pytest.mark.anyio


def ledger(folder: Path, clock: Clock, limit: int = 20) -> Ledger:
    return Ledger(folder, "budget-test.db", limit, now=clock)


def spend(book: Ledger, kind: Priority, tries: int) -> int:
    return sum(1 for _ in range(tries) if not book.take(kind).wait_s)


def test_reads_leave_a_quarter_to_decisions(tmp_path: Path) -> None:
    book = ledger(tmp_path, Clock())
    assert spend(book, "read", 30) == 15
    assert spend(book, "decision", 30) == 5
    assert book.look().used == 20


def test_the_trickle_takes_a_tenth(tmp_path: Path) -> None:
    book = ledger(tmp_path, Clock())
    assert spend(book, "trickle", 30) == 2
    assert spend(book, "read", 30) == 13


def test_the_window_slides(tmp_path: Path) -> None:
    clock = Clock()
    book = ledger(tmp_path, clock, 2)
    book.take("decision")
    clock.now += 40
    book.take("decision")
    assert book.take("decision").wait_s == pytest.approx(20, abs=0.01)
    assert book.look().wait_s == pytest.approx(20, abs=0.01)
    clock.now += 20.01
    assert book.take("decision").wait_s == 0


def test_a_clock_set_back_does_not_block_for_hours(tmp_path: Path) -> None:
    clock = Clock()
    book = ledger(tmp_path, clock, 1)
    book.take("decision")
    book.pause(3600)
    clock.now -= 200_000
    assert book.take("decision").wait_s == 0


def test_processes_share_it(tmp_path: Path) -> None:
    book = Ledger(tmp_path, "budget-test.db", 20)
    code = (
        "import sys; from pathlib import Path; from modtui.backends.budget import Ledger;"
        "book = Ledger(Path(sys.argv[1]), 'budget-test.db', 20);"
        "print(sum(1 for _ in range(12) if not book.take('decision').wait_s))"
    )
    out = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "12"
    assert spend(book, "decision", 20) == 8


def test_the_file_is_private_and_tells_no_secret(tmp_path: Path) -> None:
    name = ledger_name(connection("https://forum.example", tmp_path))
    assert SECRET not in name
    assert name != ledger_name(connection("https://forum.example", tmp_path, user=None))
    book = Ledger(tmp_path, name, 5)
    book.take("read")
    assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600


def test_without_a_folder_it_counts_alone(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert spend(Ledger(blocked, "budget-test.db", 3), "decision", 10) == 3
    broken = tmp_path / "budget-broken.db"
    broken.write_text("this is no database at all, but long enough to look" * 40)
    assert spend(Ledger(tmp_path, "budget-broken.db", 3), "decision", 10) == 3


def test_a_file_that_another_process_holds_means_a_short_wait(tmp_path: Path) -> None:
    book = ledger(tmp_path, Clock())
    book.take("read")
    other = sqlite3.connect(tmp_path / "budget-test.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert 0 < book.take("read").wait_s < 1
    other.execute("ROLLBACK")
    other.close()
    assert book.take("read").wait_s == 0
    assert book.look().used == 2


def paced(url: str, state: Path, clock: Clock, limit: int = 0) -> Door:
    return Door(
        connection(url, state), limit=limit, pauses_all=pauses_all, spends_day=spends_day, sleep=clock.sleep, now=clock
    )


JSON_429 = answer(
    429,
    {"errors": ["wait"], "error_type": "rate_limit", "extras": {"wait_seconds": 24}},
    Discourse_Rate_Limit_Error_Code="admin_api_key_rate_limit",
    Retry_After="24",
)
TEXT_429 = answer(429, b"Slow down.\nError code: ip_10_secs_limit.", kind="text/plain", Retry_After="7")
HTML_429 = answer(429, b"<html>nginx</html>", kind="text/html")


@pytest.mark.parametrize(("raw", "wait"), [(JSON_429, 24), (TEXT_429, 7), (HTML_429, 10)])
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_each_shape_of_429_is_waited_for(raw: bytes, wait: float, method: str, tmp_path: Path) -> None:
    clock = Clock()
    async with scripted(raw, answer(body={"a": 1})) as site:
        way = paced(site.url, tmp_path, clock)
        if method == "PUT" and wait > 10:  # what was looked at before it is too old then
            with pytest.raises(RateLimited) as caught:
                await way.ask(method, "/x")
            assert caught.value.wait_s == wait and way.budget.wait_s == pytest.approx(wait, abs=0.1)
            await way.aclose()
            return
        assert (await way.ask(method, "/x")).ok
        await way.aclose()
    assert sum(clock.slept) == pytest.approx(wait, abs=0.1)
    assert len(site.asked) == 2


async def test_a_pause_holds_the_other_processes_too(tmp_path: Path) -> None:
    clock = Clock()
    async with scripted(JSON_429, answer()) as site:
        first, second = paced(site.url, tmp_path, clock), paced(site.url, tmp_path, clock)
        first._ledger.pause(50)
        await second.get("/x")
        assert sum(clock.slept) >= 50
        await first.aclose()
        await second.aclose()


async def test_waiting_is_bounded(tmp_path: Path) -> None:
    clock = Clock()
    long = answer(429, {"extras": {"wait_seconds": 500}}, Discourse_Rate_Limit_Error_Code="admin_api_key_rate_limit")
    async with scripted(long) as site:
        way = paced(site.url, tmp_path, clock)
        with pytest.raises(RateLimited) as caught:
            await way.get("/x")
        assert (caught.value.wait_s, caught.value.whole_client) == (500, True)
        with pytest.raises(RateLimited):
            await way.get("/y")
        await way.aclose()
    assert len(site.asked) == 1 and not clock.slept


async def test_the_days_end_is_told_at_once(tmp_path: Path) -> None:
    clock = Clock()
    day = answer(429, {"extras": {"wait_seconds": 30}}, Discourse_Rate_Limit_Error_Code="user_api_key_limiter_1_day")
    async with scripted(day) as site:
        way = paced(site.url, tmp_path, clock)
        for _ in range(2):
            with pytest.raises(RateLimited) as caught:
                await way.get("/x")
            assert "today" in caught.value.message
        await way.aclose()
    assert not clock.slept
    assert len(site.asked) == 1


async def test_a_limit_of_one_action_stops_nothing_else(tmp_path: Path) -> None:
    clock = Clock()
    one = answer(429, {"errors": ["slow"], "error_type": "rate_limit", "extras": {"wait_seconds": 12}})
    async with scripted(one, answer(), one, answer(body={"a": 1})) as site:
        way = paced(site.url, tmp_path, clock)
        with pytest.raises(RateLimited) as caught:
            await way.ask("POST", "/posts.json")
        assert not caught.value.whole_client and caught.value.wait_s == 12
        await way.get("/x")
        assert not clock.slept
        assert (await way.get("/search.json")).ok
        assert clock.slept == [12]
        await way.aclose()


async def test_requests_wait_for_room_and_decisions_go_first(tmp_path: Path) -> None:
    clock = Clock()
    async with scripted(answer()) as site:
        way = paced(site.url, tmp_path, clock, limit=4)
        for _ in range(3):
            await way.get("/x")
        await way.ask("PUT", "/decide")
        assert not clock.slept
        with spending("decision"):
            await way.get("/again")
        assert sum(clock.slept) == pytest.approx(62, abs=0.2), "a minute, and what is on the way"
        await way.aclose()
    assert way.requests[-1].path == "/again"


@pytest.mark.parametrize(("user", "limit"), [("ann", 60), (None, 20)])
async def test_each_kind_of_key_has_its_budget(user: str | None, limit: int, tmp_path: Path) -> None:
    way = discourse_door(connection("https://forum.example", tmp_path, user=user))
    assert way.budget.limit == limit
    free = discourse_door(connection("https://forum.example", tmp_path, user=user, options={"budget": 0}))
    assert free.budget.limit == 0
