"""What rows, counts and batches show of decisions; and that deciding never waits for a site."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from modtui.desk import words
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Intent
from modtui.domain.items import Claim
from modtui.errors import NotFound, UsageError
from modtui.store.store import Store
from modtui.text import Foreign
from tests.core.desk_out import bench
from tests.core.fakes import OFFLINE, FakeBackend, FakeClock, FakeSite, make_item, until

pytestmark = pytest.mark.anyio


async def test_rows_say_who_has_them_and_what_was_put_off(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        plain = await it.post("1")
        other = await it.post("2", claim=Claim(by=Foreign("kestrel")))
        mine = await it.post("3", claim=Claim(by=Foreign("rookmoor"), mine=True))
        gone = await it.post("4", state="removed", handled_by=Foreign("ann"))
        state = it.desk.state_of
        assert (state(plain.id).letter, state(plain.id).open) == ("", True)
        assert (state(other.id).letter, state(other.id).words) == ("o", "taken by kestrel")
        assert (state(mine.id).letter, state(mine.id).open) == ("c", True)
        assert (state(gone.id).words, state(gone.id).open) == ("removed by ann", False)
        await it.desk.snooze(plain.id, it.clock.now_ms() + 3_600_000)
        assert (state(plain.id).letter, state(plain.id).words) == ("z", "later, back in 1 h")
        await it.clock.advance(3_700)
        assert state(plain.id).open
        await it.desk.skip(plain.id)
        assert (state(plain.id).letter, state(plain.id).open) == ("n", False)
        await it.desk.skip(plain.id, on=False)
        assert state(plain.id).open
        assert state("nonsense").open


async def test_a_row_reads_well_where_the_verb_ends_in_a_colon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "did", lambda verb, lane="reports": "marked as a duplicate:")
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        decision = await it.decide(item, "ignore")
        await it.becomes(decision, "done")
        await until(lambda: it.desk.state_of(item.id).words == "marked as a duplicate by you")


async def test_a_decision_shows_in_every_lane_that_holds_the_subject(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        item = await it.post("1")
        twin = make_item(item.ref.community, "1", lane="pending")
        await it.store.cache.put_items([twin])
        decision = await it.on_its_way(item)
        assert it.desk.state_of(twin.id).letter == ">" == it.desk.state_of(item.id).letter
        it.let_through()
        await it.becomes(decision, "done")
        await until(lambda: it.desk.state_of(twin.id).kind == "done")


async def test_counts_take_off_what_was_decided_here_until_the_site_counts_anew(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        first, second = await it.post("1"), await it.post("2")
        id = it.backend.connection.community
        await it.store.cache.put_counts(id, {"reports": 120, "pending": 7})
        assert it.desk.counts() == {"reports": 120, "pending": 7}
        decision = await it.decide(first)
        await it.decide(second, "note")
        assert it.desk.counts()["reports"] == 119
        await it.desk.undo()
        await it.clock.advance(16)
        await it.becomes(decision, "done")
        assert it.desk.counts()["reports"] == 119
        await it.store.cache.put_counts(id, {"reports": 118, "pending": 7})
        assert it.desk.counts()["reports"] == 118


async def test_deciding_waits_for_no_site(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        first, second = await it.post("1"), await it.post("2")
        await it.on_its_way(first)
        decision = await it.decide(second)
        assert it.state(decision) == "held", "it is committed while the first request is out"
        assert it.desk.outbox().sending == 1 and it.desk.outbox().held == 1
        it.let_through()
        await it.becomes(decision, "done")


async def test_a_mistake_in_an_adapter_concerns_its_item_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as it:
        first, second = await it.post("1"), await it.post("2")
        plan = it.backend.plan

        def stumble(item: object, intent: Intent) -> object:
            if item == first:
                raise KeyError("an adapter's mistake")
            return plan(item, intent)  # type: ignore[arg-type]

        monkeypatch.setattr(it.backend, "plan", stumble)
        decided = await it.desk.decide([first, second], Intent(verb="approve"))
        assert decided.decision is not None and len(decided.decision.targets) == 1
        assert decided.skipped == {first.id: "modtui stumbled over this item"}


async def test_each_author_gets_the_own_wording_also_after_redo(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        items = [await it.post("1", author="bo"), await it.post("2", author="ann")]
        intent = Intent(verb="remove", message="Hello bo.")

        def each(item: object) -> Intent:
            return Intent(verb="remove", message=f"Hello {'bo' if item == items[0] else 'ann'}.")

        await it.desk.decide(items, intent, each=each)
        await it.desk.undo()
        result = await it.desk.redo()
        assert result.decision is not None
        await it.clock.advance(61)
        await it.becomes(result.decision, "done")
        assert sorted(it.site.messages) == [("ann", "Hello ann."), ("bo", "Hello bo.")]


async def test_siblings_within_a_batch_are_done_with_it(tmp_path: Path) -> None:
    async with bench(tmp_path, hold_override_s=0) as it:
        items = [await it.post("1"), await it.post("2"), await it.post("3")]
        it.site.siblings["1"] = ("2",)
        decided = await it.desk.decide(items, Intent(verb="ignore"))
        assert decided.decision is not None
        await it.becomes(decided.decision, "done")
        assert [call.args["native"] for _, call in it.site.applied] == ["1", "3"]


async def test_a_claim_goes_out_at_once_and_shows(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("1")
        decision = await it.decide(item, "claim")
        await it.becomes(decision, "done")
        await until(lambda: it.desk.state_of(item.id).letter == "c")
        await until(lambda: it.site.reads == [["1"]], "one read: afterwards, for what the site allows now")


async def test_find_takes_a_bare_number_where_it_is_clear(tmp_path: Path) -> None:
    async with bench(tmp_path) as it:
        item = await it.post("4121")
        assert it.desk.find("reports", "4121") == item == it.desk.find(None, "#4121") == it.desk.find(None, item.id)
        with pytest.raises(NotFound, match="9 is not known here"):
            it.desk.find(None, "9")
        other = make_item(item.ref.community, "4121", lane="pending")
        await it.store.cache.put_items([replace(other, ref=replace(other.ref, kind="user"))])
        with pytest.raises(UsageError, match="several items"):
            it.desk.find(None, "4121")


async def test_a_batch_over_two_communities_is_one_decision_with_one_undo(tmp_path: Path) -> None:
    clock = FakeClock()
    sites = [FakeSite(clock), FakeSite(clock)]
    backends = [
        FakeBackend(site, tmp_path / "state", url=url)
        for site, url in zip(sites, ("https://harbour.example", "https://quay.example"), strict=True)
    ]
    store = Store.open(tmp_path / "state", tmp_path / "cache", now_ms=clock.now_ms)
    communities = [Community(name=b.connection.url, backend=b, url=b.connection.url) for b in backends]
    desk = Desk(communities, store, clock=clock)
    await desk.start(sync=False)
    clock.busy.append(lambda: not desk._outbox.resting)
    try:
        items = [make_item(backend.connection.community, "1", author=f"m{n}") for n, backend in enumerate(backends)]
        for site, item in zip(sites, items, strict=True):
            site.items["1"] = item
        await store.cache.put_items(items)
        decided = await desk.decide(items, Intent(verb="approve"))
        assert decided.decision is not None and len(decided.decision.targets) == 2
        sites[1].down = OFFLINE
        await clock.advance(16)
        found = desk.decision(decided.decision.id)
        assert found is not None
        assert [target.state for target in found.targets] == ["done", "held"]
        result = await desk.undo()
        assert result.kind == "asks" and "1 stopped" in result.words
        result = await desk.undo(confirmed=True)
        assert result.decision is not None
        await clock.advance(5)
        assert sites[0].items["1"].state == "open" and sites[1].writes == []
    finally:
        await desk.close()
        await store.close()
