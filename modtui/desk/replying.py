"""What the desk adds to answering: no reply with a gap in it, and who else is writing just now."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from modtui.domain.capability import Allowed
from modtui.domain.decisions import Intent
from modtui.domain.replies import gaps
from modtui.errors import ModtuiError, Refused
from modtui.text import Shown, join, own, show_line

if TYPE_CHECKING:
    from modtui.desk.desk import Desk
    from modtui.desk.outcome import UndoResult
    from modtui.domain.items import Item

ASK_S = 15.0
"""How often a thread is asked who writes in it: it costs a request of a small budget."""
_KEPT = 100


def check(intent: Intent) -> None:
    """Raises Refused for a reply that has no text, or a placeholder that nobody filled."""
    if intent.verb != "reply":
        return
    if not (intent.text or "").strip():
        raise Refused("The reply has no text.")
    missing = gaps(intent.text or "")
    if missing:
        named = join(" and ", [own(f"{{{name}}}") for name in missing])
        raise Refused(
            f"{named} {'is' if len(missing) == 1 else 'are'} not filled in, so it cannot be sent like this.",
            "Fill it in, or write it as code (`{...}`) if it is meant so.",
        )


class Writing:
    """Who else is writing in a thread, asked for seldom."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen: OrderedDict[str, tuple[float, tuple[Shown, ...]]] = OrderedDict()

    async def of(self, item: Item) -> tuple[Shown, ...]:
        """The names of the others, empty where nobody writes or the site does not tell. Never raises, and asks the site
        at most every 15 s for one thread; in between it gives what was answered last."""
        community = self._desk.community(item.ref.community)
        key = f"{item.ref.community}/{item.place.thread_id or item.id}"
        now = self._desk.clock.monotonic()
        asked = self._seen.get(key)
        if asked is not None and now - asked[0] < ASK_S:
            return asked[1]
        if community is None or not isinstance(community.backend.capabilities.feature("writing"), Allowed):
            return ()
        self._seen[key] = (now, asked[1] if asked is not None else ())
        self._seen.move_to_end(key)
        while len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        try:
            names = await community.backend.writing(item)
        except ModtuiError:
            names = ()
        me = community.account.username.casefold() if community.account is not None else ""
        found = tuple(show_line(name, 40) for name in names if name.casefold() != me)
        self._seen[key] = (now, found)
        return found


async def with_draft(desk: Desk, result: UndoResult) -> UndoResult:
    """What `u` did, with the draft that has the text of the reply it took back."""
    decision = result.decision
    if result.kind == "sent undo" and decision is not None and decision.undo_of is not None:
        decision = desk.decision(decision.undo_of)
    if decision is None or result.kind not in ("taken back", "sent undo") or decision.verb != "reply":
        return result
    item = desk.item(decision.targets[0].item) if decision.targets else None
    return replace(result, draft=await desk.drafts.give_back(decision, item))
