"""The looking half of the contract."""

from __future__ import annotations

import msgspec
import pytest

from modtui.backends.base import Backend
from modtui.domain.capability import Blocked
from modtui.domain.items import REASONS, Gone, Item
from modtui.domain.seen import conflicts, differences, seen_of
from modtui.domain.subjects import parse_item_id
from modtui.errors import NotFound
from modtui.testing.site import Site
from modtui.testing.steps import all_items, one_of


class ReadingContract:
    """Who am I, what is there, and does it stay the same until somebody changes it."""

    # --- identity

    async def test_before_identify_everything_is_blocked(self, fresh: Backend) -> None:
        """Block everything until `identify` has answered, and make a backend without any request."""
        for capability in fresh.capabilities.verbs.values():
            assert isinstance(capability, Blocked)
        assert isinstance(fresh.capabilities.lane("reports"), Blocked)
        assert not fresh.wire.requests, "making a backend does no I/O"

    async def test_identify_names_the_account_and_opens_the_lane(self, site: Site, fresh: Backend) -> None:
        """Name the account in `identify`, and open its lanes and verbs."""
        account = await fresh.identify()
        assert account.native and account.username
        assert not isinstance(fresh.capabilities.lane(site.lane), Blocked)
        assert not isinstance(fresh.capabilities.verb("approve"), Blocked)

    async def test_a_blocked_verb_says_why(self, backend: Backend) -> None:
        """Give each blocked verb a sentence without full stop."""
        for verb, capability in backend.capabilities.verbs.items():
            if isinstance(capability, Blocked):
                assert capability.sentence and not capability.sentence.endswith("."), verb

    # --- the lane

    async def test_counts_name_the_open_rows(self, site: Site, backend: Backend) -> None:
        """Count the open rows of each lane as the site counts them (`Site.counted` says how)."""
        before = (await backend.counts()).get(site.lane, 0)
        for text in ("First of two.", "Second of two."):
            await site.report(text)
        assert (await backend.counts())[site.lane] == before + 2
        assert (await backend.counts())[site.lane] == site.counted(await all_items(backend, site.lane))

    async def test_pages_lose_nothing(self, site: Site, backend: Backend) -> None:
        """Lead through all pages of the lane: each open row stands on one of them, and on one only."""
        made = [await site.report(f"Post number {number}.") for number in range(site.page_size + 3)]
        found = [item.ref for item in await all_items(backend, site.lane)]
        assert set(made) <= set(found)
        assert len(found) == len(set(found)), "nothing comes twice while nothing moves"

    async def test_pages_lose_nothing_while_others_decide(self, site: Site, backend: Backend) -> None:
        """Lose no row when another one leaves the lane between two pages: what moves up must not be skipped.
        Page by a key of the last row, or read the shifted page again."""
        made = [await site.report(f"Post number {number}.") for number in range(site.page_size + 3)]
        before = {item.ref for item in await all_items(backend, site.lane)}
        first = await backend.page(site.lane)
        assert first.cursor is not None
        seen = {item.ref for item in first.items}
        await site.approve(first.items[0].ref)
        cursor: str | None = first.cursor
        while cursor is not None:
            page = await backend.page(site.lane, cursor)
            seen |= {item.ref for item in page.items}
            cursor = page.cursor
        missed = (before | set(made)) - seen
        assert not missed, f"{len(missed)} of {len(before)} rows stood on no page when one left the lane meanwhile."

    async def test_a_row_that_cannot_be_read_costs_only_itself(self, site: Site, backend: Backend) -> None:
        """Decode row by row: one that cannot be read is counted in `Page.unreadable` (or has a `problem`), and
        the others are there."""
        good = await site.report("A good one.")
        if not await site.spoil():
            pytest.skip("this server has no unreadable rows")
        items = await all_items(backend, site.lane)
        assert one_of(items, good).problem is None
        unreadable, cursor = 0, None
        while True:
            page = await backend.page(site.lane, cursor)
            unreadable += page.unreadable
            cursor = page.cursor
            if cursor is None:
                break
        assert unreadable or any(item.problem for item in items), "what could not be read is told"

    async def test_a_row_says_what_is_reported_and_why(self, site: Site, backend: Backend) -> None:
        """Fill in the row: author, text, each report with its own id and a reason of modtui's, and since when
        (UTC milliseconds)."""
        ref = await site.report("Cheap watches, never seen before.", reporters=2)
        item = one_of(await all_items(backend, site.lane), ref)
        assert item.lane == site.lane and item.state == "open"
        assert parse_item_id(item.id) == (site.lane, ref)
        assert ref.community == backend.connection.community
        assert item.author is not None and item.author.username
        assert item.body is not None and "Cheap watches" in item.body.text
        assert len(item.reports) == 2 and len({report.id for report in item.reports}) == 2
        assert all(report.reason in REASONS and report.open for report in item.reports)
        assert item.since_ms > 1_500_000_000_000, "UTC milliseconds"
        assert item.number

    async def test_a_row_survives_the_cache(self, site: Site, backend: Backend) -> None:
        """Keep only JSON values in `Item.native`, so that a row comes back from the cache as it went in."""
        ref = await site.report("To be kept.")
        item = one_of(await all_items(backend, site.lane), ref)
        assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item

    # --- the same subject again

    async def test_reread_answers_every_ref(self, site: Site, backend: Backend) -> None:
        """Answer every reference in `reread`, once each: with the item in any state, or with Gone."""
        one, two = await site.report("One."), await site.report("Two.")
        missing = site.unknown(one)
        answers = await backend.reread([two, missing, one, two])
        assert set(answers) == {one, two, missing}
        assert isinstance(answers[missing], Gone) and isinstance(answers[one], Item) and isinstance(answers[two], Item)
        assert dict(await backend.reread([])) == {}

    async def test_nothing_changed_means_no_difference(self, site: Site, backend: Backend) -> None:
        """Read a subject alike from the list and by itself: the same text, reports, state and times."""
        ref = await site.report("  Blanks around,\nand two lines.  \n")
        item = one_of(await all_items(backend, site.lane), ref)
        again = (await backend.reread([ref]))[ref]
        assert differences(seen_of(item), again) == ()

    async def test_an_edit_is_noticed(self, site: Site, backend: Backend) -> None:
        """Let `reread` bring the text as it is now, so that an edit is seen before a decision is sent."""
        ref = await site.report("What was reported.")
        seen = seen_of(one_of(await all_items(backend, site.lane), ref))
        await site.edit(ref, "Something harmless instead.")
        found = differences(seen, (await backend.reread([ref]))[ref])
        assert "text" in {one.what for one in found}
        assert conflicts("remove", found) and conflicts("approve", found)

    async def test_a_new_report_is_noticed(self, site: Site, backend: Backend) -> None:
        """Give each report an id of its own that stays, so that a new one is seen and the old ones are not."""
        ref = await site.report("What was reported.")
        seen = seen_of(one_of(await all_items(backend, site.lane), ref))
        await site.report_again(ref)
        found = differences(seen, (await backend.reread([ref]))[ref])
        assert {one.what for one in found} == {"reports"}
        assert conflicts("approve", found) and not conflicts("remove", found)

    async def test_somebody_elses_decision_is_noticed(self, site: Site, backend: Backend) -> None:
        """Let `reread` say that a row was decided (its state, or Gone), and take it out of the lane."""
        ref = await site.report("What was reported.")
        seen = seen_of(one_of(await all_items(backend, site.lane), ref))
        await site.approve(ref)
        now = (await backend.reread([ref]))[ref]
        assert isinstance(now, Gone) or now.state != "open"
        assert conflicts("remove", differences(seen, now))
        assert ref not in {item.ref for item in await all_items(backend, site.lane)}

    async def test_changes_tell_of_a_new_report_and_of_nothing_else(self, site: Site, backend: Backend) -> None:
        """Let `changes` tell of a new report, and of nothing when nothing happened since its position."""
        await site.report("Before.")
        first = await backend.changes(None)
        quiet = await backend.changes(first.position)
        assert not quiet.reload and not quiet.touched
        await site.report("After.")
        loud = await backend.changes(quiet.position)
        assert loud.reload or loud.touched or loud.counts != quiet.counts

    # --- around it

    async def test_the_thread_holds_the_subject(self, site: Site, backend: Backend) -> None:
        """Give the posts around the subject in their order, the subject marked once, with its text and
        author."""
        ref = await site.report("In the middle of it all.")
        item = one_of(await all_items(backend, site.lane), ref)
        thread = await backend.thread(item)
        (subject,) = [post for post in thread.posts if post.subject]
        assert "In the middle of it all." in subject.body.text
        assert subject.author is not None and item.author is not None
        assert subject.author.username == item.author.username
        numbers = [post.number for post in thread.posts]
        assert numbers == sorted(set(numbers)) and thread.total >= len(numbers)

    async def test_the_dossier_is_the_authors(self, site: Site, backend: Backend) -> None:
        """Find a member by native id and by username, and raise NotFound for nobody."""
        ref = await site.report("By somebody.")
        author = one_of(await all_items(backend, site.lane), ref).author
        assert author is not None
        for name in (author.native, author.username):
            found = (await backend.dossier(name)).member
            assert found.username == author.username
        with pytest.raises(NotFound):
            await backend.dossier("nobody-of-this-name")
