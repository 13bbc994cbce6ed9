"""Several communities in one queue: what is due first, whose row it is, counts and filters; and one that hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.labels import HUES, label, named
from modtui.desk.overview import latency, standings
from modtui.desk.targets import Targets
from modtui.domain.capability import ALLOWED, Capabilities
from modtui.domain.items import Item, Question
from modtui.domain.subjects import CommunityId
from modtui.errors import AuthError, NetworkError, RateLimited, SiteError, UsageError
from modtui.settings.model import Target
from modtui.store.store import Store
from modtui.text.time import HOUR
from tests.core.desk_in_fakes import HARBOUR, START, FakeBackend, FakeClock, item, until

pytestmark = pytest.mark.anyio
LAGOON = CommunityId("bbbbbbbbbbbb")


class Two:
    """A desk on two fake sites."""

    def __init__(self, folder: Path, here: Sequence[Item], there: Sequence[Item], targets: Targets | None) -> None:
        self.clock = FakeClock()
        self.store = Store.open(folder / "s", folder / "c", now_ms=self.clock.now_ms)
        self.harbour = FakeBackend(folder, here)
        self.lagoon = FakeBackend(folder, there, LAGOON)
        self.desk = Desk(
            [
                Community(name="harbour", backend=self.harbour, url="https://harbour.example"),
                Community(name="lagoon", backend=self.lagoon, url="https://lagoon.example"),
            ],
            self.store, clock=self.clock, targets=targets,
        )  # fmt: skip

    def link(self, n: int) -> str:
        """The state of a line."""
        return self.desk.communities[n].link.state


@asynccontextmanager
async def two(
    folder: Path, here: Sequence[Item] = (), there: Sequence[Item] = (), *, cached: bool = False,
    targets: Targets | None = None,
) -> AsyncIterator[Two]:  # fmt: skip
    """Two sites; with `cached` their rows are known already, and nobody follows the sites."""
    made = Two(folder, here, there, targets)
    if cached:
        await made.store.cache.put_items(made.desk.filling.fill([*here, *there]))
    try:
        yield made
    finally:
        for backend in (made.harbour, made.lagoon):
            backend.gate = None
        await made.desk.keeper.close()
        await made.desk.sync.close()
        await made.store.close()


def question(number: int, community: CommunityId, hours: float, category: str = "") -> Item:
    """An unanswered question."""
    made = item(number, lane="questions", hours=hours, category=category or None, community=community)
    return msgspec.structs.replace(
        made, kind="question", question=Question(state="unanswered", clock_ms=made.since_ms, replies=0)
    )


async def test_one_queue_has_first_what_is_due_first_by_each_communitys_own_clock(tmp_path: Path) -> None:
    clocks = Targets(
        [Target(name="harbour", within_ms=48 * HOUR), Target(name="lagoon", within_ms=2 * HOUR)],
        names={HARBOUR: "harbour", LAGOON: "lagoon"},
    )
    here, there = question(1, HARBOUR, 30), question(2, LAGOON, 3)
    async with two(tmp_path, [here], [there, question(3, LAGOON, 1)], cached=True, targets=clocks) as w:
        view = w.desk.view("questions")
        assert [w.desk.item(id).number for id in view.ids()] == ["2", "3", "1"]  # type: ignore[union-attr]
        assert w.desk.lateness("questions") == (1, 2) and w.desk.lateness("questions", HARBOUR) == (0, 1)


async def test_reports_of_all_are_by_due_time_then_by_age_and_of_one_by_age(tmp_path: Path) -> None:
    rows = [item(1, hours=5), item(2, hours=9, community=LAGOON), item(3, hours=1)]
    async with two(tmp_path, [rows[0], rows[2]], [rows[1]], cached=True) as w:
        view = w.desk.view("reports")
        assert (view.sort, w.desk.view("reports", community=LAGOON).sort) == ("due", "oldest")
        assert [id.rsplit("/", 1)[1] for id in view.ids()] == ["2", "1", "3"]
        before = view.revision
        w.desk.view("reports").merge()
        assert [id.rsplit("/", 1)[1] for id in view.ids()] == ["2", "1", "3"] and view.revision > before


async def test_a_filter_names_communities_by_name_short_form_or_platform(tmp_path: Path) -> None:
    rows = [item(1, hours=5), item(2, hours=9, community=LAGOON), item(3, hours=1)]
    async with two(tmp_path, [rows[0], rows[2]], [rows[1]], cached=True) as w:
        view = w.desk.view("reports")

        def shown(words: str) -> list[str]:
            view.set_filter(words)
            return [id.rsplit("/", 1)[1] for id in view.ids()]

        assert (shown("community:harbour"), shown("community:LAG")) == (["1", "3"], ["2"])
        assert shown("-community:har") == ["2"]
        assert (shown("community:l,h age<6h"), shown("community:fake")) == (["1", "3"], ["2", "1", "3"])
        with pytest.raises(UsageError, match="harbour, lagoon"):
            view.set_filter("community:swamp")
        assert view.filter == "community:fake", "a mistake changes nothing"
        await view.narrow("community:lagoon")
        await w.store.cache.put_items([item(7, community=LAGOON), item(8)])
        assert len(view) == 1
        view.merge()
        assert sorted(id.rsplit("/", 1)[1] for id in view.ids()) == ["2", "7"]


async def test_near_copies_are_looked_for_of_the_item_that_is_meant(tmp_path: Path) -> None:
    wave, text = "Genuine licence keys 80% off, message me now", "How do I export a table with umlauts to a file?"
    here = [item(5, text=text), item(6, text=wave, author="x")]
    there = [item(5, text=wave, community=LAGOON), item(7, text=text, community=LAGOON, author="y")]
    async with two(tmp_path, here, there, cached=True) as w:
        view = w.desk.view("reports")
        await view.narrow("like:5")
        assert sorted(id.rsplit("/", 1)[1] for id in view.ids()) == ["5", "7"] and view.like_source == here[0].id
        view.mean(there[0])
        await view.narrow("like:5")
        assert sorted(view.ids()) == sorted([there[0].id, here[1].id]) and view.like_source == there[0].id


async def test_the_total_counts_what_a_site_does_not_count_by_what_is_known_of_it(tmp_path: Path) -> None:
    async with two(tmp_path, [question(1, HARBOUR, 1)], [question(2, LAGOON, 1)], cached=True) as w:
        view = w.desk.view("questions")
        assert view.total is None
        await w.store.cache.put_counts(LAGOON, {"questions": 40, "reports": 2})
        assert w.desk.view("questions").total == 41, "40 that one counts, and the one that is known of the other"
        assert w.desk.view("questions", community=HARBOUR).total is None
        found = {one.community.name: dict(one.counts) for one in standings(w.desk)}
        assert (found["harbour"]["questions"], found["lagoon"]["questions"]) == (1, 40)


@pytest.mark.parametrize(
    "trouble",
    [
        NetworkError("No line."), SiteError("It stumbled.", status=500), AuthError("The key was withdrawn."),
        RateLimited("Too fast.", wait_s=3600), SiteError("HTML instead of JSON."),
    ],
    ids=["refuses", "500", "signed out", "429", "garbage"],
)  # fmt: skip
async def test_one_in_trouble_leaves_the_other_as_it_is(tmp_path: Path, trouble: Exception) -> None:
    async with two(tmp_path, [item(1)], [item(2, community=LAGOON)]) as w:
        w.lagoon.broken = trouble  # type: ignore[assignment]
        w.desk.sync.start()
        await until(lambda: w.link(0) == "live" and w.link(1) not in ("starting", "live"), "the lines")
        await until(lambda: len(w.desk.view("reports")) == 1, "the row of the good one")
        told = {one.community.name: one for one in standings(w.desk)}
        assert told["harbour"].synced_ms == START and told["lagoon"].synced_ms == 0
        await w.desk.refresh("reports", HARBOUR)
        assert w.link(0) == "live" and w.link(1) not in ("starting", "live")


async def test_one_that_hangs_is_waited_for_by_nobody_else(tmp_path: Path) -> None:
    here = [item(n) for n in range(1, 31)]
    async with two(tmp_path, here, [item(99, community=LAGOON)]) as w:
        w.lagoon.gate = asyncio.Event()
        w.desk.sync.start()
        await until(lambda: w.link(0) == "live", "the good line")
        await until(lambda: len(w.desk.view("reports")) >= 10, "rows")
        assert w.link(1) == "starting"
        w.lagoon.gate.set()
        await until(lambda: w.link(1) == "live", "the other line")
        w.lagoon.gate = asyncio.Event()
        w.lagoon.page_size = 0
        w.harbour.page_size = 5
        await w.desk.refresh("reports", HARBOUR)
        async with asyncio.timeout(30):
            assert await w.desk.more("reports"), "the good one brought a page"
        assert "page reports" in " ".join(w.harbour.calls)


async def test_a_lane_that_only_one_has_is_read_there_and_blocked_where_none_has_it(tmp_path: Path) -> None:
    asked = question(5, LAGOON, 2)
    async with two(tmp_path, [item(1)], [asked]) as w:
        w.lagoon.capabilities = Capabilities(
            verbs={"approve": ALLOWED}, lanes={"questions": ALLOWED}, reread_batch=10, poll_s=30
        )
        w.desk.sync.start()
        await until(lambda: w.link(0) == w.link(1) == "live", "the lines")
        await until(lambda: len(w.desk.view("questions")) == 1 and len(w.desk.view("reports")) == 1, "rows")
        assert not any("questions" in call for call in w.harbour.calls)
        assert w.desk.can(asked, "approve") == ALLOWED
        assert w.desk.can(asked, "remove") != ALLOWED, "each item by its own community's rights"
        assert w.desk.can(item(1), "remove") == ALLOWED


def _made(folder: Path, *names: str) -> list[Community]:
    made = [
        Community(
            name=name, url="https://x.example",
            backend=FakeBackend(folder, community=CommunityId(f"{n:x}" * 12)),
        )
        for n, name in enumerate(names)
    ]  # fmt: skip
    label(made)
    return made


def test_every_community_has_letters_and_as_far_as_they_go_a_colour_of_its_own(tmp_path: Path) -> None:
    names = ["harbour", "Harbour Two", "harbinger", "h", "har", "日本語フォーラム", "x-y-z", "!!!", *["same"] * 30]
    made = _made(tmp_path, *names[:8])
    chips = [one.chip for one in made]
    assert chips[:2] == ["har", "HT"] and len({chip.casefold() for chip in chips}) == len(chips)
    assert len({one.hue for one in made[:HUES]}) == HUES
    fewer = _made(tmp_path, *names[:3])
    assert [(one.chip, one.hue) for one in fewer] == [(one.chip, one.hue) for one in made[:3]], "one more changes none"
    assert len({one.chip for one in _made(tmp_path, *names)}) == len(names)


def test_a_new_name_keeps_the_colour_and_what_is_exactly_named_wins(tmp_path: Path) -> None:
    made = _made(tmp_path, "harbour", "harbour-two")
    again = _made(tmp_path, "Haven", "harbour-two")
    assert [one.hue for one in made] == [one.hue for one in again]
    assert named(made, ["harbour"])["harbour"] == {made[0].id}, "not also the one whose name begins so"
    assert named(made, ["harb"])["harb"] == {made[0].id, made[1].id}


def test_the_latency_is_the_median_of_answers() -> None:
    from modtui.backends.base import RequestSeen

    took = [
        RequestSeen(at_ms=0, method="GET", path="/", status=status, took_ms=ms, size=1)
        for status, ms in ((200, 100), (0, 30_000), (200, 300), (429, 120))
    ]
    assert latency(took) == 120 and latency([]) is None
