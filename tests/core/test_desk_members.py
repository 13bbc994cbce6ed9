"""The desk's room for members over real HTTP: the directory, dossiers, addresses, and decisions on members."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import stamina

from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.server import DemoServer
from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Intent, Sanction
from modtui.domain.items import Item, Member, Penalty, Question
from modtui.domain.ladder import Ladder, Rung
from modtui.domain.subjects import SubjectRef
from modtui.errors import NotFound, UsageError
from modtui.store import Cache, people
from modtui.store.store import Store
from modtui.text import Foreign
from tests.core.desk_in_fakes import until
from tests.core.discourse_world import DAY_MS, connect, copied
from tests.core.store_samples import HARBOUR, OTHER

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def site(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One community for this module; each test acts on a member of its own."""
    with DemoServer(copied(world, tmp_path_factory.mktemp("desk"))) as server, stamina.set_testing(True, attempts=3):
        yield server


@asynccontextmanager
async def desk_on(site: DemoServer, tmp_path: Path, *, sync: bool = False, budget: int = 0) -> AsyncIterator[Desk]:
    """A desk on it that sends at once."""
    backend = DiscourseBackend(connect(site, tmp_path, options={"budget": budget, "poll_s": 600}))
    store = Store.open(tmp_path / "s", tmp_path / "c")
    community = Community(name="harbour", backend=backend, url=site.url)
    desk = Desk([community], store, hold_override_s=0, clock=Clock())
    await desk.start(sync=sync)
    try:
        yield desk
    finally:
        await desk.close()
        await backend.aclose()
        await store.close()


_taken: set[tuple[str, int]] = set()


def somebody(site: DemoServer, where: str = "post_count > 3") -> dict[str, Any]:
    """A plain member nobody else in this module acts on."""
    for row in site.db.all(
        "SELECT * FROM users WHERE id > 10 AND NOT admin AND NOT moderator AND active AND approved AND deleted_at"
        f" IS NULL AND silenced_till IS NULL AND suspended_till IS NULL AND {where} ORDER BY id"
    ):
        if (site.url, row["id"]) not in _taken:
            _taken.add((site.url, row["id"]))
            return dict(row)
    raise AssertionError("there is no such member")


def person(number: int, username: str, *, name: str | None = None, community: Any = HARBOUR, **more: Any) -> Item:
    """A row of the directory."""
    member = Member(native=str(number), username=Foreign(username), name=Foreign(name) if name else None, **more)
    return Item(
        lane="members", ref=SubjectRef(community, "user", str(number)), kind="member", number=str(number),
        title=member.username, author=member, since_ms=1_700_000_000_000 + number,
    )  # fmt: skip


# --- names in the cache


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    """An empty one."""
    opened = Cache(tmp_path / "c" / "cache.db")
    yield opened
    await opened.close()


def names(cache: Cache, text: str, *communities: Any, limit: int = 50) -> list[str]:
    """Usernames that a prefix finds."""
    found = cache.items(people.named(cache, text, communities or (HARBOUR,), limit=limit))
    return [str(item.title) for item in found if item is not None]


async def test_names_are_found_by_their_beginning(cache: Cache) -> None:
    """Username, name and each word of it, without case and accents; the shortest first."""
    await cache.put_items([
        person(1, "Müller_Jo", name="Johanna Müller"), person(2, "ann"), person(3, "annika", name="Zoë van Dam"),
        person(4, "hannah"), person(5, "ann", community=OTHER), person(6, "50%off"),
    ])  # fmt: skip
    assert names(cache, "ann") == ["ann", "annika"]
    assert names(cache, "ANN", HARBOUR, OTHER) == ["ann", "ann", "annika"]
    assert names(cache, "@muller") == ["Müller_Jo"] == names(cache, "MÜLL") == names(cache, "joh")
    assert names(cache, "zoe") == names(cache, "van d") == names(cache, "dam") == ["annika"]
    assert names(cache, "50%") == ["50%off"] and names(cache, "%") == [] and names(cache, " ") == []
    assert names(cache, "ann", limit=1) == ["ann"] and names(cache, "nn") == []


async def test_a_renamed_forgotten_or_gone_member_is_not_found(cache: Cache) -> None:
    """The index follows the rows."""
    await cache.put_items([person(1, "bo", name="Bo Ek"), person(2, "bodil"), person(3, "bobo")])
    await cache.put_items([person(1, "rook", name="Bo Ek")])
    assert names(cache, "bo") == ["rook", "bobo", "bodil"]  # by the name, which stayed
    await cache.put_items([person(1, "rook")])
    assert names(cache, "bo") == ["bobo", "bodil"] and names(cache, "roo") == ["rook"]
    await cache.forget("bodil")
    assert names(cache, "bo") == ["bobo"]
    await cache.mark_gone([person(3, "bobo").ref])
    assert names(cache, "bo") == []
    await cache.drop_items([person(1, "rook").id])
    with cache.database.reading() as connection:
        left = connection.execute("SELECT count(*) FROM member_name WHERE row NOT IN (SELECT row FROM item)").fetchone()
    assert left == (0,)


async def test_the_directory_has_orders_and_filters_of_its_own(tmp_path: Path, site: DemoServer) -> None:
    """What is: asks, and what columns a list of members is sorted by."""
    async with desk_on(site, tmp_path) as desk:
        here = desk.communities[0].id
        rows = [
            person(1, "ann", community=here, role="admin", flags=("staff",), posts=5, trust=4, seen_ms=10),
            person(2, "bo", community=here, flags=("new", "waiting"), posts=0, trust=0, seen_ms=30),
            person(3, "cy", community=here, penalties=(Penalty(kind="ban", told=False),), posts=90, trust=2),
            person(4, "di", community=here, penalties=(Penalty(kind="silence", until_ms=9),), posts=7, trust=2),
        ]  # fmt: skip
        await desk.store.cache.put_items(rows)
        view = desk.view("members")

        def shown() -> list[str]:
            view.merge()
            return [str(item.title) for i in range(len(view)) if (item := view.item_at(i)) is not None]

        assert view.sort == "newest" and shown() == ["di", "cy", "bo", "ann"]
        for sort, wanted in (
            ("seen", ["bo", "ann", "di", "cy"]), ("posts", ["cy", "di", "ann", "bo"]),
            ("trust", ["ann", "cy", "di", "bo"]), ("author", ["ann", "bo", "cy", "di"]),
        ):  # fmt: skip
            view.set_sort(sort)
            assert shown() == wanted, sort
        with pytest.raises(UsageError, match="cannot be sorted"):
            view.set_sort("reports")
        for words, wanted in (
            ("is:staff", ["ann"]), ("is:new", ["bo"]), ("is:waiting", ["bo"]), ("is:suspended", ["cy"]),
            ("is:silenced", ["di"]), ("-is:staff -is:new", ["cy", "di"]), ("is:suspect", []),
            ("is:silenced,suspended", ["cy", "di"]), ("kind:member author:c*", ["cy"]),
        ):  # fmt: skip
            view.set_filter(words)
            assert shown() == wanted, words
        asked = Item(
            lane="questions", ref=SubjectRef(here, "topic", "9"), kind="question", number="9", title=Foreign("Help"),
            author=rows[1].author, since_ms=5, question=Question(state="unanswered", clock_ms=5, first=True),
        )  # fmt: skip
        await desk.store.cache.put_items([asked])
        view.set_filter("is:unanswered")
        assert shown() == ["bo"]  # a first post that waits
        view.set_filter("")
        view.set_prefix("c")
        assert shown() == ["cy"]
        view.set_filter("is:staff")
        assert shown() == []
        view.set_filter("")
        view.set_prefix("")
        assert len(shown()) == 4
        view.marks.toggle(rows[0].id)
        view.set_filter("is:marked")
        assert shown() == ["ann"]


# --- the directory of a site


async def test_a_search_that_misses_asks_the_site_and_remembers(tmp_path: Path, site: DemoServer) -> None:
    """The second time nothing is asked, and it works without a line."""
    member = somebody(site)
    name = str(member["username"])
    async with desk_on(site, tmp_path) as desk:
        assert desk.members.find(name) == []
        found = await desk.members.search(name[:5])
        assert found.asked and found.problem is None and name in {str(item.title) for item in found.items}
        site.clear_requests()
        again = await desk.members.search(name[:5])
        assert not again.asked and name in {str(item.title) for item in again.items} and not site.requests
        assert (await desk.members.search("  ")).items == ()
        item = await desk.members.named(f"@{name.upper()}", desk.communities[0].id)
        assert item.ref.native == str(member["id"]) and not site.requests
        with pytest.raises(NotFound):
            await desk.members.named("nobody-of-this-name", desk.communities[0].id)


async def test_pages_fill_the_list_and_it_says_how_many_of_how_many(tmp_path: Path, site: DemoServer) -> None:
    """Page by page to the end."""
    async with desk_on(site, tmp_path, sync=True) as desk:
        await until(lambda: desk.communities[0].link.state == "live", "the line")
        assert len(desk.view("members")) == 0  # nobody asked for it
        await desk.refresh("members")
        view = desk.view("members")
        known = desk.members.known()
        assert len(view) == known.here >= 100 and known.total is not None and known.total > 150
        assert known.words == f"{known.here} of about {known.total} known here"
        first = view.ids()[:100]
        while await desk.more("members"):
            pass
        # older pages come at the end, where nothing moves and nothing has to be merged
        assert view.new == 0 and view.ids()[:100] == first and len(view) == desk.members.known().here
        assert view.ids() == desk.store.cache.ids("members", order="newest")
        site_count = site.db.value("SELECT count(*) FROM users WHERE active AND deleted_at IS NULL AND id > 0")
        assert desk.members.known().here >= site_count
        assert not await desk.more("members")


async def test_the_trickle_reads_on_where_it_stopped(tmp_path: Path, site: DemoServer) -> None:
    """Only where the directory was opened once, and not beyond its share of the day."""
    async with desk_on(site, tmp_path) as desk:
        here = desk.communities[0].id
        await desk.communities[0].identify()
        assert not await desk.members.trickle(here) and desk.members.known().here == 0
        await desk.members.load()
        assert desk.members.known().here == 100
    async with desk_on(site, tmp_path) as desk:
        await desk.communities[0].identify()
        site.clear_requests()
        while await desk.members.trickle(here):
            pass
        assert len(site.requests) >= 1
        assert all("page=1" not in request.path.split("&") for request in site.requests)
        assert desk.members.known().here > 100
        assert not await desk.members.trickle(here)  # done for a day
    async with desk_on(site, tmp_path, budget=10) as desk:
        await desk.communities[0].identify()
        key = f"members:{here}"
        kept = msgspec.json.decode(desk.store.cache.get_meta(key) or "{}")
        await desk.store.cache.put_meta(key, msgspec.json.encode({**kept, "spent": 1440, "cursor": "1"}).decode())
        site.clear_requests()
        assert not await desk.members.trickle(here) and not site.requests


# --- dossiers


async def test_a_ban_from_the_dossier_lands_and_shows_in_its_history(tmp_path: Path, site: DemoServer) -> None:
    """With duration, reason and message; what is new is said in words, and what our own journal did."""
    member = somebody(site, "post_count > 20")
    async with desk_on(site, tmp_path) as desk:
        item = await desk.members.named(str(member["username"]), desk.communities[0].id)
        assert desk.members.open(item).dossier is None
        first = await desk.members.refresh(item)
        assert first.dossier is not None and first.news == () and first.ours == ()
        assert first.proposal is not None and first.proposal.kind == "ban"
        decided = await desk.decide(
            [item],
            Intent(verb="ban", sanction=Sanction("ban", 7 * DAY_MS), reason_title="Spam again",
                   message="Your account is banned for a week."),
        )  # fmt: skip
        assert decided.decision is not None
        await desk.settle(30)
        decision = desk.decision(decided.decision.id)
        assert decision is not None and decision.state == "done", decision
        row = site.db.one("SELECT * FROM users WHERE id = ?", [member["id"]])
        assert row is not None and row["suspend_reason"] == "Spam again"

        await until(lambda: _penalties(desk.item(item.id)) == ["ban"], "the row to be read again")
        now = desk.item(item.id)
        assert now is not None and now.state == "open"  # members stay in the directory
        opened = desk.members.open(now)
        assert opened.dossier is not None and opened.dossier.member.penalties == ()  # from the cache, at once
        assert [act.verb for act in opened.ours] == ["ban"] and "Spam again" in opened.ours[0].words
        fresh = await desk.members.refresh(now)
        assert fresh.dossier is not None and fresh.dossier.history[0].kind == "ban"
        assert len(fresh.news) == 1 and fresh.news[0].startswith(f"banned by {site.username}, ")
        assert fresh.proposal is not None and "after a ban" in fresh.proposal.why

        desk.keeper.forget()
        with_context = await desk.keeper.fetch(now)
        assert with_context.dossier is not None and with_context.dossier.history[0].kind == "ban"


def _penalties(item: Item | None) -> list[str]:
    return [one.kind for one in item.author.penalties] if item is not None and item.author is not None else []


async def test_a_decision_makes_the_dossier_stale_for_the_next_look(tmp_path: Path, site: DemoServer) -> None:
    """Although it was read a moment ago."""
    member = somebody(site)
    async with desk_on(site, tmp_path) as desk:
        item = await desk.members.named(str(member["username"]), desk.communities[0].id)
        await desk.keeper.fetch(item)
        site.clear_requests()
        await desk.keeper.fetch(item)
        assert not site.requests
        await desk.decide([item], Intent(verb="note", text="Is polite on the phone."))
        await desk.settle(30)
        context = await desk.keeper.fetch(item)
        assert context.dossier is not None
        assert "Is polite on the phone." in {note.text for note in context.dossier.notes}


async def test_the_communitys_own_ladder_is_used(tmp_path: Path, site: DemoServer) -> None:
    """And a decision that is held counts as made."""
    member = somebody(site)
    async with desk_on(site, tmp_path) as desk:
        desk.communities[0].ladder = Ladder((Rung("warn"), Rung("silence", DAY_MS), Rung("ban", DAY_MS)))
        item = await desk.members.named(str(member["username"]), desk.communities[0].id)
        view = await desk.members.refresh(item)
        assert view.proposal is not None and view.dossier is not None
        before = view.proposal.step
        await desk.decide([item], Intent(verb="warn", message="Please mind the rules.", message_title="The rules"))
        await desk.settle(30)
        after = desk.members.propose(item)
        assert after is not None and after.step >= max(1, before) and "after a warning" in after.why


async def test_conflicts_are_seen_before_a_member_is_sanctioned(tmp_path: Path, site: DemoServer) -> None:
    """A colleague was quicker: nothing is sent."""
    member = somebody(site)
    async with desk_on(site, tmp_path) as desk:
        item = await desk.members.named(str(member["username"]), desk.communities[0].id)
        kestrel = site.site.user_named("kestrel")
        assert kestrel is not None
        from modtui.demo import effects
        from modtui.demo.model import now_ms

        with site.db.write():
            effects.penalise(site.site, member, "silence", kestrel["id"], now_ms() + DAY_MS, "Tone")
        desk.reads.drop(item.ref)
        decided = await desk.decide([item], Intent(verb="ban", sanction=Sanction("ban", DAY_MS), reason_title="Spam"))
        assert decided.decision is not None
        await desk.settle(30)
        decision = desk.decision(decided.decision.id)
        assert decision is not None and decision.state == "conflict"
        assert site.db.value("SELECT suspended_till FROM users WHERE id = ?", [member["id"]]) is None


async def test_an_erased_member_leaves_the_list(tmp_path: Path, site: DemoServer) -> None:
    """The row is gone, its name too."""
    member = somebody(site, "post_count BETWEEN 1 AND 5")
    async with desk_on(site, tmp_path) as desk:
        item = await desk.members.named(str(member["username"]), desk.communities[0].id)
        await desk.decide([item], Intent(verb="erase", reason_title="Casino links"))
        await desk.settle(30)
        await until(lambda: (desk.item(item.id) or item).state == "gone", "the row to go")
        assert desk.members.find(str(member["username"])) == []
        assert desk.last() is not None and desk.last().reversal == "none"  # type: ignore[union-attr]


# --- privacy


async def test_addresses_stay_in_memory_until_they_are_hidden(
    tmp_path: Path, site: DemoServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither database has them, nor the log, nor the list of requests, whatever was done meanwhile."""
    caplog.set_level("DEBUG")
    member = somebody(site, "post_count > 3 AND ip IS NOT NULL")
    async with desk_on(site, tmp_path) as desk:
        item = await desk.members.named(str(member["username"]), desk.communities[0].id)
        await desk.members.refresh(item)
        assert desk.members.revealed(item) is None
        found = await desk.members.private(item)
        assert found.email == member["email"] and desk.members.revealed(item) is found
        await desk.decide([item], Intent(verb="note", text="Looked at the addresses."))
        await desk.settle(30)
        paths = " ".join(request.path for _, request in desk.requests())
        desk.members.hide()
        assert desk.members.revealed(item) is None
    secrets = [str(member[key]).encode() for key in ("email", "ip") if member[key]]
    assert len(secrets) == 2
    files = [path for folder in ("s", "c", "state") for path in (tmp_path / folder).rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        data = path.read_bytes()
        assert not [secret for secret in secrets if secret in data], path.name
    for secret in secrets:
        assert secret.decode() not in caplog.text and secret.decode() not in paths
