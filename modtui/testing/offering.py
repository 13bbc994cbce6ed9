"""What is offered, and whether the site agrees."""

from __future__ import annotations

from typing import get_args

import pytest

from modtui.backends.base import Backend
from modtui.domain.capability import ALLOWED, Blocked, Code
from modtui.domain.items import Gone, Item, Offer
from modtui.errors import Refused, RightsError
from modtui.testing.site import Site
from modtui.testing.steps import all_items, carry_out, intent, intent_for, one_of

CODES = get_args(Code)


async def reported(site: Site, backend: Backend, text: str = "What was reported.") -> Item:
    """The row of a new report."""
    ref = await site.report(text)
    return one_of(await all_items(backend, site.lane), ref)


def blocked_well(name: str, blocked: Blocked) -> None:
    """A reason has a code that programs know and a sentence that people read."""
    assert blocked.code in CODES, f"{name}: {blocked.code!r} is no code of a Blocked; they are {', '.join(CODES)}."
    words = blocked.sentence
    assert words.strip(), f"{name}: say in the Blocked's sentence why it cannot be done; it is empty."
    assert not words.endswith("."), f"{name}: a Blocked's sentence stands in the middle of a line, without full stop."
    assert "\n" not in words and len(words) <= 200, f"{name}: a Blocked's sentence is one short line."


class OfferingContract:
    """What is allowed works, what is blocked says why."""

    async def test_one_row_however_many_reporters(self, site: Site, backend: Backend) -> None:
        """Group the reports by their subject: a post that three members reported is one row with three reports."""
        ref = await site.report("Reported by many.", reporters=2)
        await site.report_again(ref)
        rows = [item for item in await all_items(backend, site.lane) if item.ref == ref]
        assert len(rows) == 1, f"Group the reports: a post that three members reported came as {len(rows)} rows."
        assert len(rows[0].reports) == 3, f"Give the row all three reports; it has {len(rows[0].reports)}."
        again = (await backend.reread([ref]))[ref]
        assert isinstance(again, Item) and len(again.reports) == 3, "Group the reports in `reread`, too."

    async def test_what_is_blocked_has_a_code_and_a_sentence(self, site: Site, backend: Backend) -> None:
        """Say what the platform or the account cannot do as Blocked(code, sentence): a code of
        `modtui.domain.capability.Code`, and one short line without full stop."""
        item = await reported(site, backend)
        can = backend.capabilities
        found = {f"offer {offer.id}": offer.capability for offer in item.offers}
        for kind, named in (("verb", can.verbs), ("lane", can.lanes), ("feature", can.features)):
            found |= {f"{kind} {name}": capability for name, capability in named.items()}
        for name, capability in found.items():
            if isinstance(capability, Blocked):
                blocked_well(name, capability)

    async def test_a_blocked_verb_is_not_offered(self, site: Site, backend: Backend) -> None:
        """Keep offers and capabilities together: a verb that the capabilities block is not an allowed offer of a row,
        and what is blocked for the row cannot be planned."""
        item = await reported(site, backend)
        for offer in item.offers:
            general = backend.capabilities.verb(offer.verb)
            if offer.capability == ALLOWED and offer.verb != "offer":
                words = f"{offer.id}: the row allows {offer.verb}, the capabilities block it. Let both say the same."
                assert general == ALLOWED, words
            if isinstance(offer.capability, Blocked):
                try:
                    backend.plan(item, intent_for(offer))
                except Refused:
                    continue
                pytest.fail(f"{offer.id}: `plan` has to raise Refused for an offer that is Blocked; it made a plan.")

    async def test_what_is_not_possible_any_more_says_why(self, site: Site, backend: Backend) -> None:
        """Say why a key does nothing in the row's state: keep the offer, Blocked with the reason, or let `plan` raise
        Refused with a sentence of its own."""
        item = await reported(site, backend)
        await carry_out(backend, backend.plan(item, intent("approve")), "kept")
        now = (await backend.reread([item.ref]))[item.ref]
        if isinstance(now, Gone):
            return
        assert now.offers, "A row that is decided keeps its offers: each of them Blocked, or still allowed."
        offer = now.offer("approve")
        assert offer is None or offer.capability != ALLOWED, "Nothing is left to approve, so Block the offer."
        words = "An approved row is planned to be approved again: keep the offer, Blocked, or let `plan` raise Refused."
        try:
            backend.plan(now, intent("approve"))
        except Refused as refusal:
            assert refusal.message and refusal.message[0].isupper(), f"{words} Its message has to be a sentence."
            return
        except LookupError as error:
            pytest.fail(f"{words} It raised {error!r}.")
        pytest.fail(words)

    async def test_what_is_offered_is_done_and_taken_back(self, site: Site, backend: Backend) -> None:
        """Offer only what the site lets this account do, and take it back whole where the plan says so: an offer that
        is Allowed must not be refused, and after an undo that is `full` the post stands as before."""
        first = await reported(site, backend)
        for offer in first.offers:
            if offer.capability != ALLOWED or not site.tries(offer):
                continue
            ref = await site.report("What was reported.")
            item = (await backend.reread([ref]))[ref]
            assert isinstance(item, Item), "A new report has to be there when it is read again."
            await self._done_and_back(site, backend, item, offer)

    async def _done_and_back(self, site: Site, backend: Backend, item: Item, offer: Offer) -> None:
        before, wanted = await site.standing(item.ref), intent_for(offer)
        plan = backend.plan(item, wanted)
        try:
            done = await carry_out(backend, plan, offer.id)
        except RightsError as error:
            pytest.fail(f"{offer.id} is offered as Allowed, and the site refuses it for want of rights "
                        f"({error.message}). Read the account's rights and make it Blocked('right', ...).")  # fmt: skip
        except Refused as error:
            pytest.fail(f"{offer.id} is offered as Allowed, and the site refuses it ({error.message}). "
                        "Block the offer, or ask for what it needs in `needs`.")  # fmt: skip
        now = (await backend.reread([item.ref]))[item.ref]
        back = backend.plan_undo(now if isinstance(now, Item) else item, wanted, done)
        assert plan.reversal != "none" or back.reversal == "none", f"{offer.id}: the plan said that nothing is undone."
        if plan.reversal != "full":
            return
        assert back.reversal == "full", f"{offer.id}: the plan promised a full undo; `plan_undo` says {back.reversal}."
        await carry_out(backend, back, f"{offer.id}-back")
        after = await site.standing(item.ref)
        words = f"{offer.id}: the plan says that undo is full, but the post does not stand as before. Undo every step, "
        assert after == before, words + "or say reversal='partial' and name in `stays` what stays."

    async def test_a_decision_that_comes_too_late_tells_no_lie(self, site: Site, backend: Backend) -> None:
        """Tell what really happened when another moderator was faster: `send` raises Stale or Refused and changes
        nothing, or the decision is carried out."""
        item = await reported(site, backend)
        plan = backend.plan(item, intent("remove"))
        await site.approve(item.ref)
        try:
            await carry_out(backend, plan, "late")
        except Refused as refusal:
            assert refusal.message, "Say in the refusal what happened: its message is empty."
            words = "`send` raised Refused, and the post was removed all the same. Do not refuse after the first step."
            assert (await site.standing(item.ref)).shown or len(plan.steps) > 1, words
            return
        words = "`send` answered, and the post still stands: raise Stale when the site did not do it (read it back)."
        assert not (await site.standing(item.ref)).shown, words
        now = (await backend.reread([item.ref]))[item.ref]
        assert isinstance(now, Gone) or now.state != "open", "What was removed is not open any more."
