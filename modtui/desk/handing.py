"""What the desk offers for handing items to somebody: which routes there are, and bringing an item back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from modtui.desk.clock import Clock
from modtui.desk.community import Community
from modtui.desk.deadline import Deadline
from modtui.desk.escalated import Escalations
from modtui.desk.escalation import RouteChoice
from modtui.desk.outgoing import Outgoing
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId
from modtui.ondemand import on_demand

if TYPE_CHECKING:
    from modtui.desk.escalation import own_choices, site_routes
    from modtui.routes.base import Route
    from modtui.settings.model import RouteSettings
else:
    on_demand(__name__, "modtui.desk.escalation", "own_choices", "site_routes")


class Handing(Outgoing):
    """A part of `Desk`."""

    clock: Clock
    escalations: Escalations
    _by_id: dict[CommunityId, Community]
    _routes: Mapping[str, Route]
    _site_routes: Sequence[RouteSettings]
    _deadline: Deadline

    def own_routes(self, item: Item | None = None) -> list[RouteChoice]:
        """The routes of the settings, as they hold for an item; nothing is asked of its site."""
        return own_choices(self._routes.values(), item)

    def answer_due(self, choice: RouteChoice) -> int | None:
        """When an answer would be expected if it were handed over now (UTC ms); None without a clock."""
        return None if choice.due_ms is None else self._deadline(self.clock.now_ms(), choice.due_ms, choice.hours)

    async def site_routes(self, item: Item) -> list[RouteChoice]:
        """The site's own routes for an item; empty where it has none. Raises the site's errors."""
        found = self._by_id.get(item.ref.community)
        return await site_routes(found, self._site_routes, item) if found is not None else []

    async def routes(self, item: Item) -> list[RouteChoice]:
        """All routes for an item: those of the settings, then the site's own. Raises the site's errors."""
        return [*self.own_routes(item), *await self.site_routes(item)]

    async def recall(self, item: Item) -> None:
        """Bring an item back that was handed to somebody; what was delivered stays so. Raises NotFound, ReadOnly,
        StoreError."""
        self._may_write()
        await self._tasks.whole(self.escalations.recall(item.ref))
