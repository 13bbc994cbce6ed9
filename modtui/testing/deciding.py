"""The deciding half of the contract."""

from __future__ import annotations

import msgspec
import pytest

from modtui.backends.base import Backend
from modtui.domain.capability import ALLOWED
from modtui.domain.decisions import Intent, Plan
from modtui.domain.items import Gone, Item
from modtui.domain.seen import seen_of
from modtui.domain.subjects import SubjectRef
from modtui.errors import ReadOnly, Refused
from modtui.testing.site import Site
from modtui.testing.steps import all_items, carry_out, intent, intent_for, one_of, steps_of


async def _item(site: Site, backend: Backend, text: str = "What was reported.") -> Item:
    ref = await site.report(text)
    return one_of(await all_items(backend, site.lane), ref)


async def _again(backend: Backend, ref: SubjectRef) -> Item | Gone:
    return (await backend.reread([ref]))[ref]


class DecidingContract:
    """Plans say what will be, sending makes it so, undo takes it back, and nothing happens twice."""

    # --- offers and plans

    async def test_offers_are_told_apart(self, site: Site, backend: Backend) -> None:
        """Give each offer of a row its own id and a label, at most one default for a verb, and let approve and
        remove be there and not irreversible."""
        item = await _item(site, backend)
        ids = [offer.id for offer in item.offers]
        assert len(ids) == len(set(ids)) and all(offer.label for offer in item.offers)
        for verb in {offer.verb for offer in item.offers}:
            assert sum(offer.default for offer in item.offers if offer.verb == verb) <= 1, verb
        for verb in ("approve", "remove"):
            offer = item.offer(verb)
            assert offer is not None and offer.capability == ALLOWED and not offer.irreversible, verb

    async def test_every_offer_has_a_plan_or_a_reason(self, site: Site, backend: Backend) -> None:
        """Give every offer that is Allowed a plan with steps, effects and words, which names what stays when
        undo is not full and asks before it destroys; let `plan` refuse the others with a sentence."""
        item = await _item(site, backend)
        for offer in item.offers:
            if offer.capability == ALLOWED:
                plan = backend.plan(item, intent_for(offer))
                assert plan.steps and plan.effects, offer.id
                assert plan.offer == offer.id and all(step.words for step in plan.steps)
                assert plan.reversal == "full" or plan.stays, f"{offer.id}: what stays is named"
                assert plan.asks or not offer.irreversible, f"{offer.id}: asks before it destroys"
            else:
                with pytest.raises(Refused) as refusal:
                    backend.plan(item, intent_for(offer))
                assert refusal.value.message

    async def test_planning_asks_nobody_and_fits_the_journal(self, site: Site, backend: Backend) -> None:
        """Keep `plan` pure: no request, the same plan each time, also for an item from the cache; and its calls
        are JSON values."""
        item = await _item(site, backend)
        before = len(backend.wire.requests)
        for offer in item.offers:
            if offer.capability != ALLOWED:
                continue
            plan = backend.plan(item, intent_for(offer))
            assert plan == backend.plan(item, intent_for(offer)), "the same question, the same plan"
            assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
            stored = msgspec.json.decode(msgspec.json.encode(item), type=Item)
            assert backend.plan(stored, intent_for(offer)) == plan, "an item from the cache plans alike"
        assert len(backend.wire.requests) == before

    async def test_what_is_not_offered_is_refused(self, site: Site, backend: Backend) -> None:
        """Let `plan` raise Refused, with a sentence, for an offer or a verb that the row does not have."""
        item = await _item(site, backend)
        for wrong in (Intent(verb="approve", offer="no-such-offer"), Intent(verb="accept")):
            with pytest.raises(Refused) as refusal:
                backend.plan(item, wrong)
            assert refusal.value.message

    # --- sending

    async def test_approving_closes_the_reports(self, site: Site, backend: Backend) -> None:
        """Let approve close the reports and leave the post as it is; then the row is kept and not in the lane
        any more."""
        item = await _item(site, backend)
        await carry_out(backend, backend.plan(item, intent("approve")), "approve")
        stands = await site.standing(item.ref)
        assert not stands.reported and stands.shown and stands.text == "What was reported."
        now = await _again(backend, item.ref)
        assert isinstance(now, Item) and now.state == "kept"
        assert item.ref not in {one.ref for one in await all_items(backend, site.lane)}

    async def test_removing_takes_the_text_from_members(self, site: Site, backend: Backend) -> None:
        """Let remove take the text from ordinary members and close the reports; then the row is removed or
        gone."""
        item = await _item(site, backend)
        await carry_out(backend, backend.plan(item, intent("remove")), "remove")
        stands = await site.standing(item.ref)
        assert not stands.shown and not stands.reported
        now = await _again(backend, item.ref)
        assert isinstance(now, Gone) or now.state == "removed"
        assert item.ref not in {one.ref for one in await all_items(backend, site.lane)}

    async def test_planning_alone_changes_nothing(self, site: Site, backend: Backend) -> None:
        """Keep `plan` pure: only `send` changes something on the site."""
        item = await _item(site, backend)
        before = await site.standing(item.ref)
        for offer in item.offers:
            if offer.capability == ALLOWED:
                backend.plan(item, intent_for(offer))
        assert await site.standing(item.ref) == before

    @pytest.mark.parametrize("verb", ["approve", "remove"])
    async def test_deciding_twice_does_no_harm(
        self, site: Site, backend: Backend, other: Backend, verb: str
    ) -> None:
        """Let the same decision of a second moderator end in the same state: refused as Stale, or without any
        further effect."""
        item = await _item(site, backend)
        mine = backend.plan(item, intent(verb))
        theirs = other.plan(one_of(await all_items(other, site.lane), item.ref), intent(verb))
        await carry_out(backend, mine, "mine")
        after = await site.standing(item.ref)
        try:
            await carry_out(other, theirs, "theirs")
        except Refused as refusal:
            assert refusal.message
        assert await site.standing(item.ref) == after

    # --- what became of it

    @pytest.mark.parametrize("verb", ["approve", "remove"])
    async def test_fate_is_read_from_the_site(self, site: Site, backend: Backend, verb: str) -> None:
        """Let `fate` read from the site whether a step was done: `not sent` before it, `done` after it, with
        the data that an undo needs."""
        item = await _item(site, backend)
        since = backend.wire.clock_ms - 2000
        for step in steps_of(backend.plan(item, intent(verb)), verb):
            before = await backend.fate(item, step.call, key=step.key, since_ms=since)
            assert before.is_ == "not sent", f"{step.words}: {before.words}"
            answer = await backend.send(step.call, key=step.key)
            after = await backend.fate(item, step.call, key=step.key, since_ms=since)
            assert after.is_ == "done", f"{step.words}: {after.words}"
            if answer.data:
                assert after.answer is not None and after.answer.data.keys() >= answer.data.keys(), "undo needs it"

    # --- and back

    @pytest.mark.parametrize("verb", ["approve", "remove"])
    async def test_undo_brings_back_what_it_says(self, site: Site, backend: Backend, verb: str) -> None:
        """Make `plan_undo` pure and true: it takes back the done steps, and what it says of full, partial or
        none is what the plan promised and what the site shows."""
        item = await _item(site, backend)
        plan = backend.plan(item, intent(verb))
        done = await carry_out(backend, plan, "do")
        now = await _again(backend, item.ref)
        back = backend.plan_undo(now if isinstance(now, Item) else item, intent(verb), done)
        assert back == backend.plan_undo(now if isinstance(now, Item) else item, intent(verb), done)
        assert (back.reversal == "none") == (plan.reversal == "none"), "the plan promised what undo can do"
        if back.reversal == "none":
            assert not back.steps and back.stays
            return
        assert back.reversal == "full" or back.stays
        await carry_out(backend, back, "undo")
        stands = await site.standing(item.ref)
        assert stands.shown and stands.text == "What was reported."
        if verb in site.undoable:
            assert stands.reported
            again = await _again(backend, item.ref)
            assert isinstance(again, Item) and again.state == "open"
            if back.reversal == "full":
                assert seen_of(again).reports == seen_of(item).reports
            assert item.ref in {one.ref for one in await all_items(backend, site.lane)}

    # --- read-only

    async def test_read_only_refuses_every_write(self, site: Site, backend: Backend, read_only: Backend) -> None:
        """Send every write through the door, which refuses it with --read-only."""
        item = await _item(site, backend)
        assert one_of(await all_items(read_only, site.lane), item.ref).ref == item.ref, "reading still works"
        before = await site.standing(item.ref)
        for offer in item.offers:
            if offer.capability != ALLOWED:
                continue
            for step in steps_of(backend.plan(item, intent_for(offer)), "never"):
                if step.executor == "backend":
                    with pytest.raises(ReadOnly):
                        await read_only.send(step.call, key=step.key)
                    assert await site.standing(item.ref) == before, step.words
