"""Marking, and whom a decision is about."""

from __future__ import annotations

from modtui.domain.items import Item
from modtui.screens.work.moves import WorkMoves
from modtui.text import count, own, say


class WorkMarks(WorkMoves):
    """The keys of the group Mark."""

    _range_from: str | None = None
    _before_only: str | None = None

    def _marked(self) -> None:
        self.rows_list.changed()
        self.refresh_top()
        self.refresh_hint()

    def act_mark_toggle(self) -> None:
        """Mark the item, or not."""
        if self.current_id is not None:
            self.view.marks.toggle(self.current_id)
            self.rows_list.changed([self.rows_list.cursor])
            self.refresh_top()

    def act_mark_toggle_next(self) -> None:
        """Mark and go on."""
        self.act_mark_toggle()
        self.rows_list.move(1)

    def act_mark_range(self) -> None:
        """From here; the second press marks to there."""
        here = self.current_id
        if here is None:
            return
        if self._range_from is None:
            self._range_from = here
            self.say(own("Marking from here: go to the other end and press v again."))
            return
        n = self.view.marks.range(self._range_from, here)
        self._range_from = None
        self._marked()
        self.say(say("{n} more marked, {all} in all.", n=n, all=len(self.view.marks)))

    def act_mark_all(self) -> None:
        """All that are shown and loaded; a second press takes the marks off."""
        if len(self.view.marks) and len(self.view.marks) >= len(self.view):
            self.view.marks.clear()
            self._marked()
            self.say(own("No marks. g v brings them back."))
            return
        self.view.marks.all_shown()
        self._marked()
        total = self.view.total
        rest = (
            say(" {n} more are not loaded yet and not marked.", n=total - len(self.view))
            if (total is not None and not self.view.filtered and total > len(self.view))
            else own("")
        )
        self.say(say("{n} marked.{rest}", n=len(self.view.marks), rest=rest))

    def act_mark_like(self) -> None:
        """Show and mark what is nearly the same text, least alike first."""
        item = self.current
        if item is None:
            return
        found = self.view.like(item.id)
        if not found:
            self.say(own("No other item here has nearly the same text."))
            return
        self.view.marks.clear()
        self.view.marks.add([item.id, *(id for id, _ in found)])
        self.set_filter(f"like:{item.number}")
        lowest = min(share for _, share in found)
        self.say(
            say(
                "{n} marked, alike from {low} % up. x takes one out, F and an empty line show all again.",
                n=count(len(self.view.marks), "post"),
                low=round(lowest * 100),
            )
        )

    def act_mark_only(self) -> None:
        """Only the marked ones, or all again."""
        if self._before_only is not None:
            text, self._before_only = self._before_only, None
            self.set_filter(text)
        elif not len(self.view.marks):
            self.say(own("Nothing is marked: x marks an item."))
        else:
            self._before_only = self.view.filter
            self.set_filter(f"{self.view.filter} is:marked".strip())

    def act_mark_again(self) -> None:
        """The last marks."""
        n = self.view.marks.last()
        self._marked()
        self.say(say("{n} marked again.", n=n) if n else own("There were no marks before."))

    def targets(self) -> list[Item]:
        """What a verb acts on: the marks, else the item under the cursor."""
        if len(self.view.marks):
            items = [self.desk.item(id) for id in self.view.marks.ids()]
            return [item for item in items if item is not None]
        item = self.current
        return [item] if item is not None else []

    @property
    def marks_differ(self) -> bool:
        """Whether the marks are not exactly the item that is shown."""
        marks = self.view.marks
        return len(marks) > 0 and not (len(marks) == 1 and self.current_id in marks)
