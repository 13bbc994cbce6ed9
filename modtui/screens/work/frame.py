"""The work screen's frame: the list, the detail and the preview in three widths, and what stands where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from modtui.actions import Scope
from modtui.desk.labels import platform_of
from modtui.desk.view import View
from modtui.domain.capability import ALLOWED, Capability
from modtui.domain.items import Answered, Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.ondemand import on_demand
from modtui.screens.shell import Shell
from modtui.screens.work import tell
from modtui.screens.work.outage import Outage
from modtui.screens.work.rows import Rows
from modtui.screens.work.top import top_state
from modtui.text import Shown, own, say, show_line
from modtui.text.width import cells
from modtui.widgets.bars import Drawing, TopState
from modtui.widgets.draw import Line
from modtui.widgets.itemlist import ItemList
from modtui.widgets.linespane import Anchor, LinesPane

if TYPE_CHECKING:
    from modtui.screens.page import Page as Screen
    from modtui.screens.work.empty import empty_lines
    from modtui.widgets.effect_lines import KeyEffect
    from modtui.widgets.item_lines import ItemView, body_lines, head_lines, narrow_foot, narrow_head, preview_lines
    from modtui.widgets.member_lines import strip_lines
else:
    on_demand(__name__, "modtui.widgets.member_lines", "strip_lines")
    on_demand(__name__, "modtui.widgets.item_lines", "ItemView", "body_lines", "head_lines", "narrow_foot",
              "narrow_head", "preview_lines")  # fmt: skip
    on_demand(__name__, "modtui.screens.work.empty", "empty_lines")
    Screen = object  # only the last of these classes is a screen: see WorkFrame

WIDE = 120
"""From this many columns on the list and the item stand side by side."""

TOO_SMALL = (60, 16)
"""Below this, one sentence asks for more room."""

PREVIEW_FROM = 20
"""From this many rows on a narrow list has the item's beginning below it."""


class WorkFrame(Screen):
    """Layout and drawing. What the desk says and what keys do is in the classes that build on this one.

    Only the last of them is a screen: Textual goes through all names of each class of widgets that is made.
    """

    SCOPE: ClassVar[Scope] = "list"

    def __init__(self, shell: Shell, lane: Lane = "reports", community: CommunityId | None = None) -> None:
        super().__init__(shell)
        self.lane: Lane = lane
        self.community = community
        self.view: View = shell.desk.view(lane, community=community)
        self.reading = False
        """Whether keys belong to the item (on a narrow screen it is then shown instead of the list)."""
        self.reveal = False
        self.outage = Outage(shell)
        self._shown: str | None = None
        self._effects: tuple[Item, tuple[KeyEffect, ...]] | None = None
        self._possible: tuple[Item, dict[str, Capability]] | None = None
        self._next: tuple[str, Item | None] | None = None

    # parts
    def middle(self) -> ComposeResult:
        """The list, the preview below it or the detail beside it, and words where there is nothing to list."""
        paint = self.shell.painter
        self.set_class(self.app.size.width >= WIDE, "-wide", update=False)  # so no part is styled twice
        with Container(id="work"):
            yield ItemList(paint, Rows(self), self.cursor_moved, id="list")
            yield LinesPane(paint, id="detail")
        yield Drawing(paint, self._draw_preview, id="preview")
        yield Drawing(paint, self._draw_empty, id="empty")
        yield Drawing(paint, self._draw_notice, id="notice")

    def cursor_moved(self, index: int) -> None:
        """The cursor of the list stands on another row."""

    @property
    def rows_list(self) -> ItemList:
        """The list."""
        return self.query_one("#list", ItemList)

    @property
    def detail(self) -> LinesPane:
        """The detail."""
        return self.query_one("#detail", LinesPane)

    @property
    def several(self) -> bool:
        """Whether the list is of several communities together, so that each row says of which it is."""
        return self.community is None and len(self.desk.communities) > 1

    @property
    def wide(self) -> bool:
        """Whether list and detail stand side by side."""
        return self.size.width >= WIDE

    @property
    def detail_shown(self) -> bool:
        """Whether the whole item is on the screen."""
        return self.wide or self.reading

    @property
    def tight(self) -> bool:
        """Whether a panel takes the room, so that what only pleases gives way to the text of the item."""
        return self.panel_shown > 3 and not self.wide and self.size.height < 40

    def lay_out(self) -> None:
        """Show what belongs on the screen at this size, in this state."""
        small = self.size.width < TOO_SMALL[0] or self.size.height < TOO_SMALL[1]
        empty = not len(self.view)
        reading = self.reading and not empty
        self.set_class(self.wide, "-wide")
        self._show("#work", not empty and not small)
        self._show("#list", self.wide or not reading)
        self._show("#detail", self.wide or reading)
        preview = not self.wide and not reading and not empty and not small and self.size.height >= PREVIEW_FROM
        self._show("#preview", preview)
        self._show("#empty", empty or small)
        notice = self.outage.lines(self.desk, self.view, self.size.width) if not empty and not small else []
        self._show("#notice", bool(notice))
        if notice:
            self.query_one("#notice").styles.height = len(notice)
        scope: Scope = "item" if reading else "list"
        if scope != self.scope_now:
            self.scope_now = scope
            self._sequences = self.shell.keymap.sequences(scope)
        self.fit_preview()
        self.refresh_hint()

    scope_now: Scope = "list"

    def _show(self, part: str, on: bool) -> None:
        widget = self.query_one(part)
        if widget.display != on:
            widget.display = on

    def fit_preview(self) -> None:
        """With a panel open the list keeps the row under the cursor, and the rest of the room shows the text."""
        rows = 5
        if self.tight:
            free = self.size.height - 4 - self.panel_shown - (self._message_rows - 1)
            rows = max(5, min(10, free - 2))
        preview = self.query_one("#preview")
        if preview.styles.height is None or preview.styles.height.value != rows:
            preview.styles.height = rows

    def panel_room(self) -> int:
        """The text of the item, or its beginning under the list, stays in sight above a panel."""
        height = self.size.height
        if self.wide:
            return height - 12
        if self.reading:
            return height - 12 if height >= PREVIEW_FROM else height - 8
        return height - 11 if height >= PREVIEW_FROM else height - 6

    def redraw_line(self) -> None:
        """A panel came, went or changed: the item gives it room."""
        was = self.tight
        super().redraw_line()
        if self.built and not self.wide:
            self.fit_preview()
            if self.tight or was or self.line is None:
                self.draw_item()

    # the item
    @property
    def current_id(self) -> str | None:
        """The id of the row under the cursor."""
        cursor = self.rows_list.cursor
        return self.view.id_at(cursor) if 0 <= cursor < len(self.view) else None

    @property
    def current(self) -> Item | None:
        """The item under the cursor, as it is in the cache."""
        cursor = self.rows_list.cursor
        return self.view.item_at(cursor) if 0 <= cursor < len(self.view) else None

    _stepped: tuple[str, int] | None = None
    """The item and the number of the post of its thread to which one went."""

    def post_at(self, item: Item) -> int | None:
        """The number of the post of the item's thread to which one went; None when one did not."""
        return self._stepped[1] if self._stepped is not None and self._stepped[0] == item.id else None

    def item_view(self, item: Item) -> ItemView:
        """Everything that is drawn of an item."""
        context = self.desk.context(item)
        state = self.desk.state_of(item.id, item)
        community = tell.community_of(self.desk, item.ref.community)
        return ItemView(
            item=tell.with_text(item, context.thread),
            now_ms=self.shell.now_ms(),
            tz=self.shell.tz,
            site=community.url if community else "",
            thread=context.thread,
            dossier=context.dossier,
            earlier=context.earlier,
            similar=self.similar_of(item),
            effects=self._effects_of(item),
            reveal=self.reveal,
            loading=context.loading,
            problem=context.problem,
            state=self._state_words(item) or (None if state.open else state.words or None),
            over=not state.open,
            community=show_line(community.name, 24) if community is not None and self.several else own(""),
            platform=platform_of(community) if community is not None else own(""),
            hue=f"chip.{community.hue}" if community is not None else "number",
            post=self.post_at(item),
            tight=self.tight,
            narrow=not self.wide,
        )

    def similar_of(self, item: Item) -> tuple[Answered, ...]:
        """Solved threads like the item, as far as they were found."""
        return self.desk.solved.known(item) or () if item.question is not None else ()

    def _state_words(self, item: Item) -> Shown | None:
        """Another's claim, as the head says it."""
        if item.claim is None or item.claim.mine or not self.desk.state_of(item.id, item).open:
            return None
        return tell.claim_words(item.claim, self.shell.now_ms())

    def _effects_of(self, item: Item) -> tuple[KeyEffect, ...]:
        """What the keys do on it; asked once as long as the item is the same."""
        if self._effects is None or self._effects[0] is not item:
            self._effects = (item, tell.effects_of(self.desk, item, self.shell.keymap, self.can))
        return self._effects[1]

    def can(self, item: Item, verb: str) -> Capability:
        """Whether the verb is possible on the item that is shown; asked once as long as the item is the same."""
        if self.shell.rows_first:
            return ALLOWED
        if self._possible is None or self._possible[0] is not item:
            self._possible = (item, {})
        known = self._possible[1].get(verb)
        if known is None:
            known = self._possible[1][verb] = self.desk.can(item, verb)
        return known

    def following(self) -> Item | None:
        """The next item that waits for a decision; looked for once as long as nothing happens."""
        here = self.current_id or ""
        if self._next is None or self._next[0] != here:
            after = self.view.next_open(self.rows_list.cursor)
            self._next = (here, self.view.item_at(after) if after is not None else None)
        return self._next[1]

    def forget(self) -> None:
        """Something happened: what is possible, and what comes next, is asked anew."""
        self._effects = self._possible = self._next = None

    def draw_item(self) -> None:
        """Draw the item under the cursor where it is shown: the detail, or the lines under the list."""
        item = self.current
        if not self.detail_shown:
            self.query_one("#preview", Drawing).put()
            return
        # before the first layout the detail has no width yet; it will have what the list leaves, less the rule between
        width = self.detail.size.width or self.size.width - (int(self.size.width * 0.49) + 1 if self.wide else 0)
        if item is None:
            words = "It is back in its lane: due, answered, or brought back. R drops the row."
            words = words if self.lane == "escalated" else "This item is not here any more. j goes on."
            lost = (own(f" {words}"), "row.folded")
            self.detail.show(lambda columns: [((own(""), "text"),), (lost,)], key=self.current_id or "")
            return
        view = self.item_view(item)
        if self.wide:
            member = view.dossier.member if view.dossier else item.author
            notes = tuple(
                say("{by}: {text}", by=n.by, text=n.text) for n in (view.dossier.notes if view.dossier else ())
            )
            head, foot = head_lines(view, width), strip_lines(member, width, view.now_ms, notes=notes)
        else:
            head, foot = narrow_head(view, width), narrow_foot(view, width)

        def body(columns: int) -> Iterator[Line | Anchor]:
            return body_lines(view, columns)

        self.detail.show(body, head=head, foot=foot, key=item.id, end=self._end_words(width))

    def _end_words(self, width: int) -> Shown:
        words = tell.end_of_item(self.following())
        return say("{line} {words}", line="-" * max(3, width - cells(words) - 3), words=words)

    def _draw_preview(self, width: int) -> list[Line]:
        item = self.current
        rule: Line = ((own("-" * width), "rule"),)
        if self.shell.rows_first:
            return [rule]
        if item is None:
            return [rule, ((own(" This item is not here any more. j goes on."), "row.folded"),)]
        height = self.query_one("#preview").size.height
        return [rule, *preview_lines(self.item_view(item), width, max(4, height - 1))]

    def _draw_empty(self, width: int) -> list[Line]:
        if self.size.width < TOO_SMALL[0] or self.size.height < TOO_SMALL[1]:
            need = f" modtui needs at least {TOO_SMALL[0]} columns and {TOO_SMALL[1]} rows."
            return [((own(need), "question"),), ((own(" Make the window larger; nothing is lost."), "text"),)]
        height = self.query_one("#empty").size.height
        return empty_lines(self.desk, self.view, self.community, self.shell, width, height)

    def _draw_notice(self, width: int) -> list[Line]:
        return self.outage.lines(self.desk, self.view, width)

    # on top
    def top_state(self) -> TopState:
        """Lanes with counts, order and filter, what is on its way, the budget and the link."""
        where = None
        if self.reading and not self.wide and (item := self.current) is not None:
            state = self.desk.state_of(item.id, item)
            where = tell.where_words(self.lane, item, self.rows_list.cursor, self.view, state, self.shell.now_ms())
        elif (source := self.view.like_source) is not None and (near := self.desk.item(source)) is not None:
            lane = own(tell.LANE_NAMES[self.lane][0])
            where = say("> {lane} > {n} like #{number}", lane=lane, n=len(self.view), number=near.number)
        return top_state(self.desk, self.view, self.lane, self.community, self.shell, where, self.size.width)
