"""Following a site: the cached queue first, pages, a slow trickle, changes, outages and coming back."""

from __future__ import annotations

import asyncio
import itertools
import re
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from modtui.backends.base import Budget
from modtui.desk.events import ItemsChanged, LaneLoaded, Link, LinkChanged, RequestMade
from modtui.desk.link import FIRST_S, LONGEST_S, Backoff, words_for
from modtui.desk.walk import Walk
from modtui.domain.capability import Blocked
from modtui.domain.items import Changes, Claim, Page
from modtui.errors import AuthError, ModtuiError, NetworkError, RateLimited, RightsError, SiteError, WrongSite
from modtui.text import Foreign

from .desk_in_fakes import HARBOUR, START, World, item, quiet, row, until, world

pytestmark = pytest.mark.anyio

OFF = NetworkError("harbour.example could not be reached.")


def open_numbers(w: World) -> list[int]:
    """The open reports that the cache knows."""
    return [int(id.rsplit("/", 1)[1]) for id in w.store.cache.ids("reports", [HARBOUR])]


def _moved(w: World, before: Link) -> bool:
    return w.community.link != before


def handler(w: World, number: int) -> str | None:
    """Who handled a report, as the cache has it."""
    found = w.store.cache.item(row(number))
    return found.handled_by if found is not None else None


async def test_start_reads_who_i_am_counts_and_the_first_pages(tmp_path: Path) -> None:
    items = [item(n) for n in range(1, 51)] + [item(100, lane="pending")]
    async with world(tmp_path, items) as w:
        view = w.desk.view("reports")
        await w.live()
        assert w.backend.calls == [
            "identify", "changes", "counts", "page reports 0", "page reports 10", "page reports 20", "page pending 0",
        ]  # fmt: skip
        assert w.desk.counts(HARBOUR) == {"reports": 50, "pending": 1}
        assert w.store.cache.counts(HARBOUR) == {"reports": 50, "pending": 1}
        account = w.community.account
        assert account is not None and account.username == "rookmoor" and w.store.cache.account(HARBOUR) == account
        loaded = [(e.lane, e.added, e.first) for e in w.tell_of(LaneLoaded) if isinstance(e, LaneLoaded)]
        assert loaded == [("reports", 10, True), ("reports", 10, False), ("reports", 10, False), ("pending", 1, True)]
        assert (len(view), view.new, view.total) == (30, 0, 50)


async def test_the_next_page_comes_on_demand_until_the_end(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 46)]) as w:
        view = w.desk.view("reports")
        assert not await w.desk.more("reports")
        await w.live()
        assert [await w.desk.more("reports") for _ in range(3)] == [True, False, False]
        assert (len(view), w.backend.calls[-2:]) == (45, ["page reports 30", "page reports 40"])


async def test_the_trickle_reads_on_slowly_and_leaves_room(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 81)]) as w:
        w.backend.wire.budget = Budget(limit=20, used=4)
        w.community.poll_s = 3600
        w.desk.sync.start()
        await until(lambda: w.clock.sleeps(30), "the trickle's pause")
        pages = [call for call in w.backend.calls if call.startswith("page reports")]
        w.clock.advance(29.0)
        await quiet()
        assert [call for call in w.backend.calls if call.startswith("page reports")] == pages
        await w.trickle_until(lambda: "page reports 40" in w.backend.calls, "the trickle, twice in a row")
        w.backend.wire.budget = Budget(limit=20, used=15)
        w.clock.advance(61)
        await quiet()
        assert "page reports 50" not in w.backend.calls
        w.backend.wire.budget = Budget(limit=20, used=1)
        await w.trickle_until(lambda: "page reports 50" in w.backend.calls, "the trickle")


@pytest.mark.parametrize(("limit", "together", "rest_s"), [(60, 3, 30.0), (20, 2, 60.0), (0, 3, 9.0)])
async def test_the_trickle_wakes_up_for_several_requests_and_keeps_to_its_tenth(
    tmp_path: Path, limit: int, together: int, rest_s: float
) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 301)]) as w:
        w.backend.wire.budget = Budget(limit=limit, used=0)
        w.community.poll_s = 36_000

        def pages() -> int:
            return sum(call.startswith("page reports") for call in w.backend.calls)

        w.desk.sync.start()
        await until(lambda: w.clock.sleeps(rest_s / together), "the first pause")
        before = pages()
        w.clock.advance(rest_s / together)
        for burst in range(1, 5):
            await until(lambda: w.clock.sleeps(rest_s), "the pause after several requests")
            assert pages() == before + burst * together
            w.clock.advance(rest_s - 0.5)
            await quiet()
            assert pages() == before + burst * together
            w.clock.advance(0.5)


async def test_what_was_handled_overnight_is_found_out_with_who_did_it(tmp_path: Path) -> None:
    cached = [item(n) for n in range(1, 41)]
    async with world(tmp_path, cached, cached) as w:
        for number in (2, 5):
            w.backend.handle(number, by="ann")
        del w.backend.items[row(7)]
        w.backend.handle(38, by="cleo", state="kept")
        view = w.desk.view("reports")
        assert len(view) == 40
        await w.live()
        await until(lambda: w.tell_of(ItemsChanged), "what became of them")
        states = {n: w.store.cache.item(row(n)) for n in (2, 5, 7, 38)}
        assert [(each.state, each.handled_by) for each in states.values() if each] == [
            ("removed", "ann"), ("removed", "ann"), ("gone", None), ("open", None),
        ]  # fmt: skip
        assert len(view) == 40 and view.new == 0
        await w.trickle_until(lambda: handler(w, 38) == "cleo", "what cleo did")
        view.merge()
        assert len(view) == 36


async def test_pages_slide_when_items_are_handled_and_none_is_missed(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 71)]) as w:
        await w.live()
        w.backend.wire.budget = Budget(limit=40, used=30)
        for number in range(1, 18):
            w.backend.handle(number)
        w.backend.news.append(
            Changes(position="5", counts={"reports": 53}, touched=tuple(item(n).ref for n in range(1, 18)))
        )
        await w.poll()
        asked = w.backend.calls.count("page reports 30")
        while await w.desk.more("reports"):
            pass
        assert open_numbers(w) == list(range(18, 71))
        assert w.backend.calls.count("page reports 30") == asked + 1


async def test_what_slid_past_unseen_is_found_by_another_walk(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 71)]) as w:
        await w.live()
        for number in range(1, 18):
            w.backend.handle(number)
        assert await w.desk.more("reports")
        assert 31 not in open_numbers(w) and 50 in open_numbers(w)
        await w.poll()
        await w.trickle_until(lambda: open_numbers(w) == list(range(18, 71)), "the rest")


async def test_new_reports_are_looked_for_when_the_count_rises_and_wait_for_the_merge(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 24)]) as w:
        view = w.desk.view("reports")
        await w.live()
        assert len(view) == 23
        w.backend.put(item(24), item(25))
        w.backend.news.append(Changes(position="7", counts={"reports": 25}))
        asked = len(w.backend.calls)
        await w.poll()
        await until(lambda: view.new == 2, "the new ones")
        assert w.backend.calls[asked:] == ["changes", "page reports 20"]
        assert len(view) == 23
        await w.poll()
        assert w.backend.calls[asked + 2 :] == ["changes"]
        view.merge()
        assert len(view) == 25


async def test_reload_finds_new_ones_although_no_count_tells(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 6)]) as w:
        view = w.desk.view("reports")
        await w.live()
        w.backend.put(item(6))
        w.backend.handle(3, by="ann")
        w.backend.news.append(Changes(position="7", reload=True))
        await w.poll()
        await until(lambda: view.new == 1, "the new one")
        await w.trickle_until(lambda: handler(w, 3) == "ann", "what ann did")


async def test_touched_items_are_read_again_and_the_row_stays(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 6)]) as w:
        view = w.desk.view("reports")
        await w.live()
        w.backend.handle(2, by="ann")
        w.backend.put(item(3, claim=Claim(by=Foreign("kestrel"))), item(9))
        refs = tuple(item(n).ref for n in (2, 3, 9, 77))
        w.backend.news.append(Changes(position="7", touched=refs))
        await w.poll()
        await until(lambda: view.new == 1, "the touched ones")
        changed = {id for event in w.tell_of(ItemsChanged) if isinstance(event, ItemsChanged) for id in event.items}
        assert changed == {row(2), row(3)}
        assert len(view) == 5
        second, third = view.item_at(1), view.item_at(2)
        assert second is not None and second.handled_by == "ann"
        assert third is not None and third.claim is not None and third.claim.by == "kestrel"


async def test_fewer_than_known_makes_the_trickle_find_out_which(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 16)]) as w:
        await w.live()
        w.backend.handle(4, by="ann")
        w.backend.news.append(Changes(position="7", counts={"reports": 14}))
        await w.poll()
        await w.trickle_until(lambda: handler(w, 4) == "ann", "what ann did")


async def test_claims_of_threads_show_on_their_rows(tmp_path: Path) -> None:
    rows = [item(1, thread="35"), item(2, thread="35"), item(3, thread="36", claim=Claim(by=Foreign("ann")))]
    async with world(tmp_path, rows) as w:
        view = w.desk.view("reports")
        await w.live()
        claim = Claim(by=Foreign("kestrel"))
        w.backend.news.append(Changes(position="7", claims={"35": claim, "36": None}))
        await w.poll()
        claims = [found.claim for i in range(3) if (found := view.item_at(i)) is not None]
        assert claims == [claim, claim, None]
        assert view.next_open(-1) == 2


async def test_rows_of_another_lane_that_come_along_are_kept(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1)]) as w:
        w.backend.others = (item(50, lane="pending"),)
        del w.backend.capabilities.lanes["pending"]
        await w.live()
        assert len(w.desk.view("pending")) == 1


async def test_the_moderators_own_request_does_not_wait_behind_the_trickle(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 61)]) as w:
        view = w.desk.view("reports")
        await w.live()
        w.backend.gate = asyncio.Event()
        await w.trickle_until(lambda: "page reports 30" in w.backend.calls, "the trickle")
        w.backend.gate = None
        assert await asyncio.wait_for(w.desk.more("reports"), 30)
        assert len(view) == 40
        await w.trickle_until(lambda: len(view) == 60, "the trickle again")


def test_a_site_whose_cursors_are_places_in_time_is_not_asked_twice() -> None:
    rows = [item(n) for n in range(1, 41)]
    walk = Walk()
    for start in (0, 10, 20):
        assert walk.cursor() == (str(start) if start else None)
        walk.take(Page(items=tuple(rows[start : start + 10]), cursor=str(start + 10)))
    for each in rows[:10]:
        walk.slide(each.id)
    assert walk.cursor() == "20"
    walk.take(Page(items=tuple(rows[20:30]), cursor="30"))
    for each in rows[10:20]:
        walk.slide(each.id)
    assert walk.cursor() == "30"


async def test_nobody_there_no_polling_until_back(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1)]) as w:
        await w.live()
        w.desk.idle = True
        w.clock.advance(31)
        await quiet()
        polls = w.backend.calls.count("changes")
        for _ in range(5):
            w.clock.advance(31)
            await quiet()
        assert w.backend.calls.count("changes") == polls
        w.desk.idle = False
        w.desk.sync.wake()
        await until(lambda: w.backend.calls.count("changes") == polls + 1, "a look")


@pytest.mark.parametrize(
    ("error", "state", "tries_again"),
    [
        (OFF, "offline", True),
        (SiteError("harbour.example is down.", status=503), "down", True),
        (AuthError("The key was withdrawn."), "signed-out", False),
        (RightsError("No moderator here."), "no-rights", True),
        (RateLimited("Too fast.", wait_s=24), "too-fast", True),
        (WrongSite("This is no Discourse."), "wrong-site", False),
    ],
)
async def test_every_trouble_has_its_state_and_the_cached_queue_stays(
    tmp_path: Path, error: ModtuiError, state: str, tries_again: bool
) -> None:
    async with world(tmp_path, [item(1), item(2)], [item(1)]) as w:
        w.backend.broken = error
        view = w.desk.view("reports")
        w.desk.sync.start()
        await until(lambda: w.community.link.state == state, state)
        link = w.community.link
        assert (link.since_ms, link.next_ms > 0, len(view)) == (START, tries_again, 1)
        w.backend.broken = None
        if tries_again:
            await w.trickle_until(lambda: w.community.link.state == "live", "the line", 120)
        else:
            w.clock.advance(1000)
            await quiet()
            assert w.community.link.state == state
            await w.desk.refresh("reports")
            assert w.community.link.state == "live"
        assert w.backend.calls.count("identify") == 2


async def test_an_outage_backs_off_and_what_changed_meanwhile_is_read(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 6)]) as w:
        view = w.desk.view("reports")
        await w.live()
        w.backend.broken = OFF
        w.clock.advance(31)
        await until(lambda: w.community.link.state == "offline", "the outage")
        waits = []
        for _ in range(8):
            link = w.community.link
            waits.append((link.next_ms - w.clock.now_ms()) / 1000)
            w.clock.advance(waits[-1] + 0.01)
            await w.trickle_until(partial(_moved, w, link), "the next try")
        assert waits[0] <= 1.25 * FIRST_S and waits[-1] <= 1.25 * LONGEST_S
        assert all(later > 1.1 * earlier for earlier, later in itertools.pairwise(waits[:5]))
        assert w.community.link.since_ms == START + 31_000
        w.backend.handle(1, by="ann")
        w.backend.put(item(6))
        w.backend.broken = None
        await w.desk.refresh("reports")
        assert w.community.link.state == "live"
        await w.trickle_until(lambda: handler(w, 1) == "ann" and view.new == 1, "what changed meanwhile")
        assert (len(view), w.backend.calls.count("identify")) == (5, 1)


async def test_trouble_of_another_room_and_its_success_move_the_line(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1)]) as w:
        await w.live()
        w.backend.broken = OFF
        w.desk.sync.failed(HARBOUR, OFF)
        await until(lambda: w.community.link.state == "offline", "the outage")
        w.backend.broken = None
        w.backend.wire.answered(200)
        await until(lambda: w.community.link.state == "live", "the line")
        assert len(w.tell_of(RequestMade)) == 1


async def test_refresh_reads_the_lane_and_never_raises(tmp_path: Path) -> None:
    async with world(tmp_path, [item(n) for n in range(1, 4)]) as w:
        view = w.desk.view("reports")
        await w.live()
        w.backend.put(item(4))
        await w.desk.refresh("reports")
        assert (view.new, w.desk.counts()["reports"]) == (1, 4)
        w.backend.broken = OFF
        await w.desk.refresh("reports")
        assert w.community.link.state == "offline"  # who asked says what came of it, so it has to be known


async def test_a_lane_without_rights_is_not_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1)]) as w:
        w.backend.capabilities.lanes["pending"] = Blocked("right", "needs staff")
        await w.live()
        assert not any(call.startswith("page pending") for call in w.backend.calls)


async def test_an_account_without_any_lane_has_no_rights_and_is_told_why(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1)]) as w:
        for lane in ("reports", "pending"):
            w.backend.capabilities.lanes[lane] = Blocked("right", "this account has no review queue on this site")
        w.desk.sync.start()
        await until(lambda: w.community.link.state == "no-rights", "the refusal")
        assert "no review queue" in w.community.link.words and w.backend.calls == ["identify"]


async def test_load_all_reads_a_whole_lane_for_the_command_line(tmp_path: Path) -> None:
    cached = [item(3)]
    async with world(tmp_path, [item(n) for n in range(1, 36) if n != 3], cached) as w:
        assert await w.desk.sync.load_all("reports", HARBOUR) == 34
        assert 3 not in open_numbers(w)
        w.backend.broken = OFF
        with pytest.raises(NetworkError):
            await w.desk.sync.load_all("pending")


async def test_closing_ends_all_tasks_and_says_so(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1)]) as w:
        await w.live()
        await w.desk.sync.close()
        assert w.community.link.state == "closed"
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith(("sync ", "trickle "))]
        states = [event.link.state for event in w.tell_of(LinkChanged) if isinstance(event, LinkChanged)]
        assert states == ["starting", "live", "closed"]


def test_the_words_of_the_line() -> None:
    start = int(datetime(2026, 11, 21, 12, 2).timestamp() * 1000)
    later = start + 6 * 60_000

    def words(state: str, text: str = "", next_s: int = 18) -> str:
        link = Link(state=state, words=text, since_ms=start, next_ms=later + next_s * 1000)  # type: ignore[arg-type]
        return str(words_for(link, "harbour", later))

    assert words("offline") == "OFFLINE since 12:02 (6 min), next try in 18 s (R now)"
    assert words("down", "503: it is down") == "SITE DOWN (503) since 12:02 (6 min), next try in 18 s (R now)"
    assert words("signed-out") == "SIGNED OUT: modtui login harbour"
    assert words("no-rights").startswith("NO RIGHTS since 12:02")
    assert words("too-fast", next_s=24) == "TOO FAST: the site asks to wait 24 s"
    assert words("live") == "live"
    assert "\x1b" not in words("wrong-site", "evil \x1b[31m site")
    assert re.fullmatch(r"OFFLINE since 12:02 \(6 min\), trying now", words("offline", next_s=0))


def test_waiting_times_double_are_spread_and_bounded() -> None:
    low, high = Backoff(lambda: 0.0), Backoff(lambda: 1.0)
    assert [low.next() for _ in range(3)] == [1.5, 3.0, 6.0]
    assert [high.next() for _ in range(3)] == [2.5, 5.0, 10.0]
    for _ in range(2000):
        assert high.next() <= 1.25 * LONGEST_S
    high.reset()
    assert high.next() == 2.5
