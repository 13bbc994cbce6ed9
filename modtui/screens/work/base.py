"""The work screen's frame: lanes, the list and the detail in three widths, and what the desk says about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer

from modtui.actions import Scope
from modtui.desk.events import (
    ContextLoaded,
    CountsChanged,
    DecisionChanged,
    Event,
    ItemsChanged,
    LaneLoaded,
    LinkChanged,
    RequestMade,
    Troubled,
)
from modtui.desk.view import View
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.screens.page import Page
from modtui.screens.shell import Shell
from modtui.screens.work import tell
from modtui.text import Shown, own, say
from modtui.widgets.bars import Drawing, TopState
from modtui.widgets.draw import Line
from modtui.widgets.item_lines import ItemView, KeyEffect, body_lines, head_lines, preview_lines, strip_lines
from modtui.widgets.itemlist import ItemList
from modtui.widgets.linespane import LinesPane
from modtui.widgets.rows import RowData, row_data

WIDE = 120
"""From this many columns on the list and the item stand side by side."""

TOO_SMALL = (60, 16)
"""Below this, one sentence asks for more room."""

REST_S = 0.04
"""While j is held, the detail follows when the cursor rests this long."""


def _nothing() -> None:
    """Not listening yet."""


class Rows:
    """The rows of a view as the list widget asks for them."""

    def __init__(self, screen: WorkBase) -> None:
        self._screen = screen

    def __len__(self) -> int:
        return len(self._screen.view)

    def row(self, index: int) -> RowData | None:
        """The row drawn from the cache and the desk's state of it."""
        view = self._screen.view
        item = view.item_at(index)
        if item is None:
            return None
        state = self._screen.desk.state_of(item.id)
        letter = state.letter
        return row_data(
            item,
            letter=letter,
            words=None if state.open else state.words or None,
            marked=item.id in view.marks,
            now_ms=self._screen.shell.now_ms(),
        )


class WorkBase(Page):
    """Layout and refresh. What keys do is in the classes that build on this one."""

    SCOPE: ClassVar[Scope] = "list"

    def __init__(self, shell: Shell, lane: Lane = "reports", community: CommunityId | None = None) -> None:
        super().__init__(shell)
        self.lane: Lane = lane
        self.community = community
        self.view: View = shell.desk.view(lane, community=community)
        self.reading = False
        """Whether keys belong to the item (on a narrow screen it is then shown instead of the list)."""
        self.reveal = False
        self._rest: Timer | None = None
        self._tick: Timer | None = None
        self._moved_at = 0.0
        self._shown: str | None = None
        self._stop_listening: Callable[[], None] = _nothing
        self._first_rows = False
        self._effects: tuple[Item, tuple[KeyEffect, ...]] | None = None

    # parts
    def middle(self) -> ComposeResult:
        """The list, the preview below it or the detail beside it."""
        paint = self.shell.painter
        with Container(id="work"):
            yield ItemList(paint, Rows(self), id="list")
            yield LinesPane(paint, id="detail")
        yield Drawing(paint, self._draw_preview, id="preview")
        yield Drawing(paint, self._draw_empty, id="empty")

    @property
    def rows_list(self) -> ItemList:
        """The list."""
        return self.query_one("#list", ItemList)

    @property
    def detail(self) -> LinesPane:
        """The detail."""
        return self.query_one("#detail", LinesPane)

    @property
    def wide(self) -> bool:
        """Whether list and detail stand side by side."""
        return self.size.width >= WIDE

    @property
    def detail_shown(self) -> bool:
        """Whether the whole item is on the screen."""
        return self.wide or self.reading

    def on_mount(self) -> None:
        """Listen to the desk and draw what the cache has."""
        super().on_mount()
        self._stop_listening = self.desk.events.subscribe(self._heard)
        self._arrange()
        self.show_lane()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop_listening()

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self._arrange()
        self.call_after_refresh(self.show_item)

    def on_screen_resume(self) -> None:
        """Back from another screen: what was counted or decided there shows."""
        if self.is_mounted:
            self.rows_list.changed()
            self.refresh_top()
            self.show_item()

    def _arrange(self) -> None:
        small = self.size.width < TOO_SMALL[0] or self.size.height < TOO_SMALL[1]
        empty = not len(self.view)
        reading = self.reading and not empty
        self.set_class(self.wide, "-wide")
        self.query_one("#work").display = not empty and not small
        self.rows_list.display = self.wide or not reading
        self.detail.display = self.wide or reading
        self.query_one("#preview").display = (
            not self.wide and not reading and not empty and not small and self.size.height >= 20
        )
        self.query_one("#empty").display = empty or small
        self.SCOPE_NOW: Scope = "item" if reading else "list"
        self._sequences = self.shell.keymap.sequences(self.SCOPE_NOW)
        self.refresh_hint()

    # the desk speaks
    def _heard(self, event: Event) -> None:
        if not self.is_mounted:
            return
        if isinstance(event, ItemsChanged):
            self.rows_changed(event.items)
        elif isinstance(event, LaneLoaded):
            if event.lane == self.lane:
                self.show_lane()
            self.refresh_top()
        elif isinstance(event, DecisionChanged):
            self.rows_changed(tuple(target.item for target in event.decision.targets))
            self.decision_moved(event)
            self.refresh_top()
        elif isinstance(event, ContextLoaded):
            if event.item == self.current_id:
                self.show_item()
        elif isinstance(event, Troubled):
            self.say(say("{words}", words=event.words), error=True)
        elif isinstance(event, LinkChanged | CountsChanged | RequestMade):
            self.refresh_top()
            if isinstance(event, LinkChanged):
                self._effects = None
                if not len(self.view):
                    self.query_one("#empty", Drawing).refresh()
                else:
                    self.show_item()

    def decision_moved(self, event: DecisionChanged) -> None:
        """What to say when a decision moves."""

    # the lane
    def show_lane(self) -> None:
        """Draw the lane from the view: the first rows, or the rows that were added."""
        was_empty = not self._first_rows
        self._first_rows = bool(len(self.view))
        self._arrange()
        if was_empty and self._first_rows:
            self.rows_list.cursor = min(self.rows_list.cursor, len(self.view) - 1)
        self.rows_list.changed()
        self.refresh_top()
        self.query_one("#empty", Drawing).refresh()
        self.call_after_refresh(self.show_item)
        self.call_after_refresh(self._fill_page)

    def _fill_page(self) -> None:
        """A tall screen shows more rows than a site's page has: read on until it is full."""
        total = self.view.total
        shown = len(self.view)
        if total is not None and not self.view.filtered and shown < min(total, self.rows_list.page_rows + 1):
            self.run(self._more())

    def go_lane(self, lane: Lane) -> None:
        """Another lane of the same community."""
        self.lane = lane
        self.view = self.desk.view(lane, community=self.community)
        self.rows_list.cursor = self.rows_list.top = 0
        self._shown = None
        self._first_rows = False
        self.reading = False
        self.shell.gate.hidden()
        self.show_lane()
        self.run(self.desk.refresh(lane, self.community))

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

    def on_item_list_cursor_moved(self, event: ItemList.CursorMoved) -> None:
        """The row is painted at once; the detail follows at once, or when a held key rests."""
        event.stop()
        now = self.shell.now_ms()
        quick = now - self._moved_at < 100
        self._moved_at = now
        self.shell.gate.hidden()
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        if quick:
            self._rest = self.set_timer(REST_S, self.show_item)
        else:
            self.show_item()
        if event.index >= len(self.view) - 12:
            self.run(self._more())

    async def _more(self) -> None:
        await self.desk.more(self.lane, self.community)

    def on_item_list_row_chosen(self) -> None:
        """A click on the cursor's row opens it."""
        self.act("item.open")

    def item_view(self, item: Item) -> ItemView:
        """Everything that is drawn of an item."""
        context = self.desk.context(item)
        state = self.desk.state_of(item.id)
        community = tell.community_of(self.desk, item.ref.community)
        return ItemView(
            item=item,
            now_ms=self.shell.now_ms(),
            tz=self.shell.tz,
            site=community.url if community else "",
            thread=context.thread,
            dossier=context.dossier,
            earlier=context.earlier,
            effects=self._effects_of(item),
            reveal=self.reveal,
            loading=context.loading,
            problem=context.problem,
            state=None if state.open else state.words or None,
        )

    def _effects_of(self, item: Item) -> tuple[KeyEffect, ...]:
        """What the keys do on it; asked once as long as the item is the same."""
        if self._effects is None or self._effects[0] is not item:
            self._effects = (item, tell.effects_of(self.desk, item, self.shell.keymap))
        return self._effects[1]

    def show_item(self) -> None:
        """Draw the item under the cursor and note when it has been painted."""
        if not self.is_mounted:
            return
        item = self.current
        if item is None:
            self.shell.gate.hidden()
            return
        if item.id != self._shown:
            self.reveal = False
            if self._shown is not None and self._shown != item.id:
                self.view.left(self._shown)
            self._shown = item.id
            after = self.view.next_open(self.rows_list.cursor)
            following = self.view.item_at(after) if after is not None else None
            self.desk.want(item, ahead=(following,) if following is not None else ())
        if self.detail_shown:
            view = self.item_view(item)
            width = self.detail.size.width or self.size.width
            member = view.dossier.member if view.dossier else item.author
            notes = tuple(
                say("{by}: {text}", by=n.by, text=n.text) for n in (view.dossier.notes if view.dossier else ())
            )
            strip = strip_lines(member, width, view.now_ms, rule=True, notes=notes)
            head = head_lines(view, width)
            foot: list[Line] = []
            if self.wide:
                foot = strip
            else:
                head = [*strip[1:3], ((own("-" * width), "rule"),), *head[1:]]
            self.detail.show(
                lambda columns: body_lines(view, columns), head=head, foot=foot, key=item.id, end=self._end_words(width)
            )
        else:
            self.query_one("#preview", Drawing).refresh()
        self.refresh_hint()
        if not self.wide and self.reading:
            self.refresh_top()
        self.call_after_refresh(self._painted, item.id)

    def _end_words(self, width: int) -> Shown:
        after = self.view.next_open(self.rows_list.cursor)
        following = self.view.item_at(after) if after is not None else None
        words = tell.end_of_item(following)
        return say("{line} {words}", line="-" * max(3, width - len(words) - 3), words=words)

    def _painted(self, item_id: str) -> None:
        if item_id == self.current_id and self.app.screen is self:
            self.shell.gate.painted(item_id)

    def rows_changed(self, ids: tuple[str, ...]) -> None:
        """Some rows look different; the list repaints only those in sight."""
        indexes = [index for id in ids if (index := self.view.index(id)) is not None]
        if not indexes and self.view.loaded != len(self.view):
            self.show_lane()
            return
        self.rows_list.changed(indexes)
        if self._shown in ids:
            self.show_item()

    def _draw_preview(self, width: int) -> list[Line]:
        item = self.current
        rule: Line = ((own("-" * width), "rule"),)
        if item is None:
            return [rule]
        return [rule, *preview_lines(self.item_view(item), width, 4)]

    def _draw_empty(self, width: int) -> list[Line]:
        if self.size.width < TOO_SMALL[0] or self.size.height < TOO_SMALL[1]:
            return [((own(" modtui needs at least 60 columns and 16 rows."), "question"),)]
        height = self.query_one("#empty").size.height
        return tell.empty_lines(self.desk, self.view, self.community, width, height, self.shell.now_ms())

    # on top
    def top_state(self) -> TopState:
        """Lanes with counts, order and filter, what is on its way, the budget and the link."""
        where = None
        if self.reading and not self.wide and (item := self.current) is not None:
            where = tell.where_words(self.lane, item, self.rows_list.cursor, self.view, self.shell.now_ms())
        state = tell.top_state(self.desk, self.view, self.lane, self.community, self.shell, where, self.size.width)
        self._keep_ticking()
        return state

    def _keep_ticking(self) -> None:
        """While something is held its seconds count down; otherwise nothing ticks."""
        box = self.desk.outbox()
        waiting = box.next_due_ms is not None and box.held > 0
        offline = any(community.link.next_ms for community in self.desk.communities)
        if (waiting or offline) and self._tick is None:
            self._tick = self.set_timer(1.0, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        self.refresh_top()
