"""Intents for every offer, and the smallest outbox there is."""

from __future__ import annotations

from collections.abc import Sequence

from modtui.backends.base import Backend
from modtui.domain.decisions import Intent, Plan, Sanction, Step
from modtui.domain.items import Item, Offer
from modtui.text import Foreign

HOUR_MS = 3_600_000


def intent_for(offer: Offer) -> Intent:
    """An intent that gives the offer everything it may ask for."""
    writes = "text" in offer.needs or offer.verb in ("edit", "note")
    tells = "message" in offer.needs or offer.verb in ("warn", "reply")
    sanction = None
    if offer.verb in ("silence", "ban"):
        sanction = Sanction("silence" if offer.verb == "silence" else "ban", 24 * HOUR_MS)
    return Intent(
        verb=offer.verb,
        offer=offer.id,
        reason="spam",
        reason_title="Advertising",
        reason_text="It advertises something.",
        sanction=sanction,
        message="Please read the rules of this community before you post again." if tells else None,
        message_title="About your post" if tells else None,
        text="Another text, long enough for every rule." if writes else None,
    )


async def thread_intent(
    backend: Backend, item: Item, verb: str, *, post: str = "", original: str = ""
) -> Intent | None:
    """An intent for a verb on a thread, with what has to be picked for it: from the site's own choices, or `post` (a
    post of the thread) and `original` (another thread). None where the site has nothing to pick."""
    match verb:
        case "reply":
            return Intent(verb=verb, text="An answer that is long enough for every rule.")
        case "accept" | "unaccept":
            return Intent(verb=verb, post=post or None)
        case "duplicate":
            return Intent(verb=verb, to=original)
        case "bookmark":
            return Intent(verb=verb, when_ms=(backend.wire.clock_ms // HOUR_MS + 48) * HOUR_MS)
        case "move":
            others = [one for one in await backend.choices("category", item=item) if one.id != item.place.category_id]
            return Intent(verb=verb, to=others[0].id) if others else None
        case "tag":
            tags = [one.id for one in await backend.choices("tag", item=item) if Foreign(one.id) not in item.place.tags]
            return Intent(verb=verb, tags=(*item.place.tags, tags[0])) if tags else None
        case "assign":
            who = await backend.choices("assignee", item=item)
            return Intent(verb=verb, to=who[0].id) if who else None
        case "escalate":
            routes = await backend.choices("route", item=item)
            return Intent(verb=verb, route=f"site:{routes[0].id}", text="Please look at it.") if routes else None
    return Intent(verb=verb)


def intent(verb: str) -> Intent:
    """A plain intent for a verb's default offer, with a reason."""
    return Intent(verb=verb, reason="spam", reason_title="Advertising", reason_text="It advertises something.")


def steps_of(plan: Plan, name: str) -> list[Step]:
    """The plan's steps as the outbox would hold them; `name` makes the keys unique."""
    return [
        Step(
            index=index, call=step.call, words=step.words, key=f"contract-{name}-{index}", executor=step.executor,
            reaches=step.reaches, due_ms=0,
        )
        for index, step in enumerate(plan.steps)
    ]  # fmt: skip


async def carry_out(backend: Backend, plan: Plan, name: str) -> list[Step]:
    """Send every step of the plan, in order; the steps as they are after it, with their answers."""
    done: list[Step] = []
    for step in steps_of(plan, name):
        answer = await backend.send(step.call, key=step.key)
        done.append(
            Step(
                index=step.index, call=step.call, words=step.words, key=step.key, executor=step.executor,
                reaches=step.reaches, due_ms=0, state="done", answer=answer,
            )
        )  # fmt: skip
    return done


async def all_items(backend: Backend, site_lane: str, *, pages: int = 50) -> list[Item]:
    """Every row of the lane, following the cursor to the end."""
    found: list[Item] = []
    cursor: str | None = None
    for _ in range(pages):
        page = await backend.page(site_lane, cursor)  # type: ignore[arg-type]
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError(f"the lane does not end after {pages} pages")


def one_of(items: Sequence[Item], ref: object) -> Item:
    """The row with this subject, which must be there exactly once."""
    (found,) = [item for item in items if item.ref == ref]
    return found
