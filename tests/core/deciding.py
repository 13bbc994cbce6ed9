"""What tests do with the decisions of a desk: make one, look at it, wait for what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modtui.desk.desk import Desk
from modtui.domain.decisions import Decision, Intent
from modtui.domain.items import Item
from tests.core.fakes import until


class Deciding:
    """Whatever has a desk."""

    desk: Desk

    async def decide(self, items: Item | Sequence[Item], verb: str = "approve", **fields: Any) -> Decision:
        """Decide on an item, or on several in one go, and give the committed decision."""
        taken = [items] if isinstance(items, Item) else items
        decided = await self.desk.decide(taken, Intent(verb=verb, **fields))
        assert decided.decision is not None, decided.skipped
        return decided.decision

    def now(self, decision: Decision) -> Decision:
        """A decision as it is by now."""
        found = self.desk.decision(decision.id)
        assert found is not None
        return found

    def state(self, decision: Decision) -> str:
        """The state of a decision by now."""
        return self.now(decision).state

    async def becomes(self, decision: Decision, *states: str) -> None:
        """Wait until the decision is in one of these states."""
        try:
            await until(lambda: self.state(decision) in states)
        except AssertionError:
            raise AssertionError(f"never {states}: it is {self.desk.decision(decision.id)}") from None
