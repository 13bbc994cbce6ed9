"""Marking, and whom a decision is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modtui.domain.items import Item
from modtui.ondemand import on_demand
from modtui.screens.work.moves import WorkMoves
from modtui.text import count, own, say

if TYPE_CHECKING:
    from modtui.desk.decisions import author_of
    from modtui.desk.view import View
else:
    on_demand(__name__, "modtui.desk.decisions", "author_of")

SURE = 0.8
"""From this likeness on X marks by itself; below it a post may be a question or a warning about the wave."""


class WorkMarks(WorkMoves):
    """The keys of the group Mark."""

    _range: tuple[View, str] | None = None
    """The list in which a range was begun, and where."""
    _marked_only: tuple[View, str, str] | None = None
    """The list that shows only its marked rows, the filter that does that, and the one before it."""
    _marking = False
    """Whether the marks of a long list are being put."""

    def act_back(self) -> None:
        """q first forgets a range that was begun."""
        if self._range is not None and not self.reading:
            self._range = None
            self.say(own("The range is forgotten."))
            return
        super().act_back()

    def _marked(self) -> None:
        self.rows_list.changed()
        self.refresh_top()
        self.refresh_hint()

    def act_mark_toggle(self) -> None:
        """Mark the item, or not."""
        if self.current_id is not None:
            on = self.view.marks.toggle(self.current_id)
            self.rows_list.changed([self.rows_list.cursor])
            self.refresh_top()
            self.refresh_hint()
            if self.reading and not self.wide:
                self.say(own("Marked." if on else "The mark is off."))

    def act_mark_toggle_next(self) -> None:
        """Mark and go on."""
        self.act_mark_toggle()
        self.rows_list.move(1)

    def act_mark_range(self) -> None:
        """From here; the second press marks to there."""
        here = self.current_id
        if here is None:
            return
        if self._range is None or self._range[0] is not self.view:
            self._range = self.view, here
            self.say(own("Marking from here: go to the other end and press v again, or q to forget it."))
            return
        n = self.view.marks.range(self._range[1], here)
        self._range = None
        self._marked()
        self.say(say("{n} more marked, {all} in all.", n=n, all=len(self.view.marks)))

    def act_mark_all(self) -> None:
        """All that are shown and loaded; a second press takes the marks off."""
        marks = self.view.marks
        shown = len(marks) - marks.hidden
        if shown and shown >= len(self.view):
            self.view.marks.clear()
            self._marked()
            self.say(own("No marks. g v brings them back."))
            return
        if self.view.long:
            self._marking = True  # a verb that is pressed meanwhile must not act on the one item alone
            self.say(say("Marking {n} ...", n=len(self.view)))
            self.run(self._mark_all())
        else:
            self.view.marks.all_shown()
            self._marked_all()

    async def _mark_all(self) -> None:
        view = self.view
        try:
            ids = await view.all_ids()
        finally:
            self._marking = False
        if view is self.view:
            view.marks.add(ids)
            self._marked_all()

    def _marked_all(self) -> None:
        self._marked()
        total = self.view.total
        rest = (
            say(" {n} more are not loaded yet and not marked.", n=total - len(self.view))
            if (total is not None and not self.view.filtered and total > len(self.view))
            else own("")
        )
        self.say(say("{n} marked.{rest}", n=len(self.view.marks), rest=rest))

    def act_mark_like(self) -> None:
        """Show what is nearly the same text, least alike first, and mark what is all but the same."""
        item = self.current
        if item is not None:
            self.say(say("Looking for posts like #{number} ...", number=item.number))
            self.run(self._mark_like(item))

    async def _mark_like(self, item: Item) -> None:
        view = self.view
        found = await view.search_like(item.id)
        if view is not self.view:
            return
        if not found:
            known = say("{n} of {all} items that are read", n=len(view), all=max(view.total or 0, len(view)))
            self.say(say("No other of the {known} has nearly the same text.", known=known))
            return
        view.mean(item)
        if not await self.narrow(f"like:{item.number}"):
            return
        sure = [item.id, *(id for id, share in found if share >= SURE)]
        view.marks.clear()
        view.marks.add(sure)
        self._marked()
        self.rows_list.go(0)
        alike = [item, *(one for id, _ in found if (one := self.desk.item(id)) is not None)]
        authors = {author_of(one) for one in alike if one.author}
        left = len(found) + 1 - len(sure)
        what = say("{n} by {m} are alike.", n=count(len(found) + 1, "post"), m=count(len(authors), "account"))
        doubt = say(" NOT marked: {n}.", n=left) if left else own("")
        how = own("x puts in or takes out, M shows only the marked, Esc shows all.")
        self.say(say("{what}{doubt} {how}", what=what, doubt=doubt, how=how))

    def act_mark_only(self) -> None:
        """Only the marked ones, or all again."""
        only, self._marked_only = self._marked_only, None
        if only is not None and only[:2] == (self.view, self.view.filter):
            self.run(self._narrow_quietly(only[2]))
        elif not len(self.view.marks):
            self.say(own("Nothing is marked: x marks an item."))
        else:
            text = f"{self.view.filter} is:marked".strip()
            self._marked_only = self.view, text, self.view.filter
            self.run(self._narrow_quietly(text))

    async def _narrow_quietly(self, text: str) -> None:
        if await self.narrow(text):
            only = self._marked_only is not None
            marked = count(len(self.view.marks), "marked item")
            self.say(say("Only the {n}; M shows all again.", n=marked) if only else own("All again."))

    def act_mark_again(self) -> None:
        """The last marks."""
        n = self.view.marks.last()
        self._marked()
        self.say(say("{n} marked again.", n=n) if n else own("There were no marks before."))

    def targets(self) -> list[Item]:
        """What a verb acts on: the marks, else the item under the cursor."""
        if self._marking:
            return []
        if len(self.view.marks):
            items = self.desk.store.cache.items(self.view.marks.ids())
            return [item for item in items if item is not None]
        item = self.current
        return [item] if item is not None else []
