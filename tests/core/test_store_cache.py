"""What the screen relies on: cached items in order, found fast, gone in time, never a crash."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from modtui.domain.capability import Blocked
from modtui.domain.items import Account, Body, Dossier, Item, Member, Offer, Report, Thread, ThreadPost
from modtui.store import Cache
from modtui.text import Foreign
from tests.core.store_samples import HARBOUR, OTHER, START, item, ref

pytestmark = pytest.mark.anyio
DAY = 86_400_000


class Now:
    """A clock that the test moves."""

    ms = START

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
async def cache(tmp_path: Path, now: Now) -> AsyncIterator[Cache]:
    opened = Cache(tmp_path / "cache" / "cache.db", now_ms=now)
    yield opened
    await opened.close()


def numbers(ids: list[str]) -> list[int]:
    return [int(id_.rsplit("/", 1)[1]) for id_ in ids]


async def test_items_come_back_as_they_were(cache: Cache, tmp_path: Path) -> None:
    text = "\x00 [/red] \U0001f468\u200d\U0001f469"
    odd = item(1, author="Zo\u00eb\u202e\x1b[2J", text=text, score=1.5, claimed="kestrel")
    bare = Item(lane="pending", ref=ref(2), kind="other", number="", title=Foreign(""), since_ms=START)
    result = await cache.put_items([odd, bare])
    assert (result.added, result.changed) == ([odd.id, bare.id], [])
    assert cache.item(odd.id) == odd and cache.item(bare.id) == bare
    assert cache.items([bare.id, "nothing", odd.id]) == [bare, None, odd]
    again = Cache(tmp_path / "cache" / "cache.db")
    assert again.item(odd.id) == odd
    await again.close()


async def test_items_with_equal_offers_share_them_and_others_have_their_own(cache: Cache) -> None:
    why = Blocked("claimed", "taken by kestrel")
    offers = (
        Offer(id="ignore", verb="ignore", label=Foreign("Ignore"), default=True),
        Offer(id="x", verb="ban", label=Foreign("Ban\u2028"), capability=why, needs=("reason", "duration")),
    )
    same = [msgspec.structs.replace(item(number), offers=offers) for number in (1, 2)]
    other = msgspec.structs.replace(item(3), offers=offers[:1])
    await cache.put_items([*same, other, item(4)])
    first, second, third, none = cache.items([*(one.id for one in same), other.id, item(4).id])
    assert first is not None and second is not None and third is not None and none is not None
    assert (first, second, third, none) == (*same, other, item(4)) and type(first) is Item
    assert first.offers is second.offers and third.offers == offers[:1] and none.offers == ()


async def test_an_item_whose_offers_cannot_be_read_counts_as_missing(cache: Cache) -> None:
    await cache.put_items([item(1), item(2)])
    data = msgspec.json.encode({**msgspec.to_builtins(item(1)), "offers": [{"id": 7}]})
    await cache.database.write(
        lambda c: c.execute("UPDATE body SET data=? WHERE row=(SELECT row FROM item WHERE id=?)", (data, item(1).id))
    )
    assert cache.items([item(1).id, item(2).id]) == [None, item(2)]


async def test_put_tells_new_from_changed_from_same(cache: Cache) -> None:
    first, second = item(1), item(2)
    await cache.put_items([first, second])
    edited = msgspec.structs.replace(second, edits=1, body=Body(Foreign("other words")))
    result = await cache.put_items([first, edited, item(3)])
    assert (result.added, result.changed) == ([item(3).id], [second.id])
    assert cache.item(second.id) == edited
    empty = await cache.put_items([])
    assert (empty.added, empty.changed) == ([], [])


async def test_more_than_a_batch_is_put_whole(cache: Cache) -> None:
    many = [item(number) for number in range(450)]
    result = await cache.put_items(many)
    assert result.added == [one.id for one in many]
    assert cache.count("reports") == 450 and cache.items(result.added) == many


async def test_orders_are_total_and_missing_values_come_last(cache: Cache) -> None:
    await cache.put_items([
        item(1, since_ms=START + 5, score=3, author="bo"),
        item(2, since_ms=START + 1, score=None, author="Anna", reports=("spam", "insult")),
        item(3, since_ms=START + 9, score=8, author="anna"),
        item(4, since_ms=START + 1, score=3, author="Caro", reports=("spam", "spam", "hate")),
        msgspec.structs.replace(item(5, since_ms=START + 7), author=None),
    ])
    assert numbers(cache.ids("reports")) == [2, 4, 1, 5, 3]
    assert numbers(cache.ids("reports", order="newest")) == [3, 5, 1, 4, 2]
    assert numbers(cache.ids("reports", order="score")) == [3, 4, 1, 2, 5]
    assert numbers(cache.ids("reports", order="reports")) == [4, 2, 1, 5, 3]
    assert numbers(cache.ids("reports", order="author")) == [2, 3, 1, 4, 5]


async def test_lanes_communities_and_states_are_kept_apart(cache: Cache) -> None:
    done = msgspec.structs.replace(item(3), state="removed")
    await cache.put_items([item(1), item(1, lane="pending"), item(2, community=OTHER), done])
    assert numbers(cache.ids("reports")) == [1, 2]
    assert numbers(cache.ids("reports", [HARBOUR])) == [1]
    assert numbers(cache.ids("reports", [HARBOUR, OTHER])) == [1, 2]
    assert cache.ids("reports", []) == []
    assert numbers(cache.ids("reports", open_only=False)) == [1, 2, 3]
    assert (cache.count("reports"), cache.count("reports", OTHER), cache.count("members")) == (2, 1, 0)
    assert cache.newest_ms("reports") == START + 2 and cache.newest_ms("reports", HARBOUR) == START + 1
    assert cache.newest_ms("members") is None
    assert {one.lane for one in cache.by_ref(ref(1))} == {"reports", "pending"}
    assert cache.by_ref(ref(99)) == []


async def test_rows_tell_what_filters_need(cache: Cache) -> None:
    twice = Report(id="x", reason="threat", label=Foreign("!"), reporter=Member(native="m0", username=Foreign("mate0")))
    one = item(1, reports=("spam", "insult", "spam"), author="Zo\u00eb", score=2.5, claimed="kestrel")
    one = msgspec.structs.replace(one, reports=(*one.reports, twice, msgspec.structs.replace(twice, open=False)))
    await cache.put_items([one, item(2, reports=())])
    found, bare = cache.rows([one.id, "nothing", item(2).id])
    assert (found.id, found.number, found.kind, found.item_kind, found.native) == (one.id, "1", "post", "post", "1")
    assert (found.author, found.author_native) == ("Zo\u00eb", "u-Zo\u00eb")
    assert found.reasons == one.reasons and found.reporters == ("mate0", "mate1", "mate2")
    assert (found.reports, found.severe, found.score, found.claimed) == (4, True, 2.5, "kestrel")
    assert (found.claim_mine, found.language, found.category, found.thread_id) == (False, "en", "Support", "t1")
    assert (bare.reasons, bare.reporters, bare.reports, bare.severe, bare.claimed) == ((), (), 0, False, None)


async def test_gone_and_dropped(cache: Cache) -> None:
    await cache.put_items([item(1), item(1, lane="pending"), item(2)])
    assert len(await cache.mark_gone([ref(1), ref(99)], "it was deleted")) == 2
    found = cache.item(item(1).id)
    assert found and (found.state, found.problem) == ("gone", "it was deleted")
    assert numbers(cache.ids("reports")) == [2]
    await cache.drop_items([item(2).id, "nothing"])
    assert cache.item(item(2).id) is None and cache.ids("reports") == []


async def test_unreadable_rows_count_as_missing(cache: Cache, tmp_path: Path) -> None:
    await cache.put_items([item(1), item(2)])
    await cache.put_thread(item(1).id, Thread(id="t", title=Foreign("")))
    await cache.put_counts(HARBOUR, {"reports": 4})
    with closing(sqlite3.connect(tmp_path / "cache" / "cache.db")) as tampering, tampering:
        tampering.execute("UPDATE body SET data=? WHERE row=1", (b'{"lane": 5}',))
        tampering.execute("UPDATE thread SET data=?", (b"\xff{",))
        tampering.execute("UPDATE counts SET data=7")
    assert cache.items([item(1).id, item(2).id]) == [None, item(2)]
    assert cache.thread(item(1).id) is None
    assert cache.counts(HARBOUR) == {}
    assert cache.by_ref(ref(1)) == []
    edited = msgspec.structs.replace(item(1), edits=1)
    await cache.put_items([edited])
    assert cache.item(edited.id) == edited, "a fresh read mends it"


async def test_context_is_kept_with_its_age(cache: Cache, now: Now) -> None:
    post = ThreadPost(id="9", number=1, author=None, body=Body(Foreign("hello")))
    thread = Thread(id="t1", title=Foreign("Anchors"), posts=(post,), total=1)
    dossier = Dossier(member=Member(native="7", username=Foreign("bo")), reports_got=3)
    account = Account(native="1", username=Foreign("rookmoor"), role="moderator")
    assert cache.thread("x") is None and cache.dossier(HARBOUR, "7") is None
    assert cache.account(HARBOUR) is None and cache.counts(HARBOUR) == {} and cache.get_meta("k") is None
    await cache.put_thread("x", thread)
    now.ms += 5
    await cache.put_dossier(HARBOUR, "7", dossier)
    await cache.put_account(HARBOUR, account)
    await cache.put_counts(HARBOUR, {"reports": 4})
    await cache.put_meta("k", "v")
    assert cache.thread("x") == (thread, START)
    assert cache.dossier(HARBOUR, "7") == (dossier, START + 5)
    assert cache.dossier(OTHER, "7") is None
    assert (cache.account(HARBOUR), cache.counts(HARBOUR), cache.get_meta("k")) == (account, {"reports": 4}, "v")
    await cache.put_meta("k", None)
    assert cache.get_meta("k") is None


async def test_bodies_expire_after_thirty_days_without_being_seen(cache: Cache, now: Now, tmp_path: Path) -> None:
    await cache.put_items([item(1, text="old-and-secret"), item(2)])
    await cache.put_thread("x", Thread(id="t", title=Foreign("old-and-secret")))
    now.ms += 20 * DAY
    await cache.put_items([item(2)])
    await cache.put_items([item(3)])
    assert await cache.expire() == 0
    now.ms += 11 * DAY
    assert await cache.expire() == 1
    assert numbers(cache.ids("reports")) == [2, 3], "seeing the same again keeps it"
    assert cache.thread("x") is None and cache.item(item(1).id) is None
    await cache.close()
    for file in (tmp_path / "cache").iterdir():
        assert b"old-and-secret" not in file.read_bytes(), "the text must leave the disk, too"


async def test_forgetting_a_member_clears_the_cache_of_the_name(cache: Cache, tmp_path: Path) -> None:
    await cache.put_items([item(1, author="Tante_Erna"), item(2, text="so says @tante_erna"), item(3)])
    await cache.put_thread("x", Thread(id="t", title=Foreign("about tante_erna")))
    await cache.put_dossier(HARBOUR, "7", Dossier(member=Member(native="7", username=Foreign("tante_erna"))))
    assert await cache.forget("@tante_erna") == 2
    assert await cache.forget("") == 0
    assert numbers(cache.ids("reports")) == [3]
    assert cache.thread("x") is None and cache.dossier(HARBOUR, "7") is None
    await cache.close()
    for file in (tmp_path / "cache").iterdir():
        assert b"tante_erna" not in file.read_bytes().lower()


async def test_numbers_beyond_sqlite_and_broken_text_are_taken(cache: Cache) -> None:
    two = item(2, author="\ud800x", text="\udfff")
    await cache.put_items([two, item(3, since_ms=1 << 70)])
    found = cache.item(two.id)
    assert found and found.author and found.author.username == "\ufffdx"
    assert numbers(cache.ids("reports")) == [2, 3]


async def test_writers_at_once_all_land(cache: Cache) -> None:
    await asyncio.gather(*(cache.put_items([item(number)]) for number in range(40)))
    assert cache.count("reports") == 40
    version = cache.data_version()
    await cache.put_meta("a", "b")
    assert cache.data_version() == version
