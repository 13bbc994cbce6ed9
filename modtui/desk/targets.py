"""Which clock an item has: the target that the settings name for it, counted in working time.

The most specific target counts: `category:NAME`, then `lang:CODE`, then the community's name, then `lane:NAME`, then
`default`. Without any, a question has a day. Reports and held posts have a clock only where `lane:` names one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import cached_property

import msgspec

from modtui.domain.hours import Hours, due_of
from modtui.domain.items import WAITING, Due, Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.settings.model import Target
from modtui.text.time import DAY

UNNAMED = Target(name="default", within_ms=DAY)
"""What a question has where the settings name no target."""
CLOCKED: tuple[Lane, ...] = ("questions", "reports", "pending")
"""The lanes whose items can have a target."""


class Targets:
    """The targets of the settings. `names` are the moderator's words for the communities; `tz` is the zone of working
    hours that name none (None: this machine's)."""

    def __init__(
        self, targets: Sequence[Target] = (), hours: Mapping[str, Hours] | None = None,
        names: Mapping[CommunityId, str] | None = None, *, tz: tzinfo | None = None,
    ) -> None:
        self._by_name = {_folded(target.name): target for target in targets}
        self._by_name.setdefault("default", UNNAMED)
        self._hours = dict(hours or {})
        self._names = dict(names or {})
        self._tz = tz

    @cached_property
    def mark(self) -> str:
        """Changes when the settings do: then the clocks are made anew."""
        import hashlib

        raw = [[*self._by_name.values()], self._hours, sorted(self._names.items()), str(self._tz)]
        return hashlib.sha256(msgspec.json.encode(raw)).hexdigest()[:16]

    def names(self, lane: Lane) -> bool:
        """Whether items of this lane can have a clock at all."""
        return lane == "questions" or f"lane:{lane}" in self._by_name

    def pick(self, item: Item) -> Target | None:
        """The target that counts for the item; None where it has no clock."""
        lane = f"lane:{item.lane}"
        if item.lane != "questions":
            found = self._by_name.get(lane) if item.lane in CLOCKED else None
        else:
            names = [
                f"category:{item.place.category}" if item.place.category else "",
                f"lang:{item.language}" if item.language else "",
                self._names.get(item.ref.community, ""), lane, "default",
            ]  # fmt: skip
            found = next((self._by_name[name] for name in map(_folded, names) if name in self._by_name), None)
        return found if found is not None and found.within_ms > 0 else None

    def due(self, item: Item) -> Due | None:
        """The item's clock; None where it does not run: no target, or nobody waits for an answer (any more)."""
        if item.state != "open":
            return None
        asked = item.question
        if item.lane == "questions" and (asked is None or asked.state not in WAITING):
            return None
        target = self.pick(item)
        if target is None:
            return None
        start_ms = asked.clock_ms if asked is not None else item.since_ms
        return due_of(target.name, target.within_ms, start_ms, self._hours.get(target.hours), self._tz)


def _folded(name: str) -> str:
    """A target's name with its value in lower case, as filters compare it; names of communities stay."""
    kind, colon, value = name.partition(":")
    return f"{kind}:{value.strip().casefold()}" if colon and kind in ("category", "lang", "lane") else name
