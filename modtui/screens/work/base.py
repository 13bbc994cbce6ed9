"""What the desk says and where the moderator stands: lanes, rows that change, the item under the cursor."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Size
from textual.timer import Timer

from modtui.desk.events import (
    ContextLoaded,
    CountsChanged,
    DecisionChanged,
    Event,
    ItemsChanged,
    LaneLoaded,
    LinkChanged,
    Reordered,
    RequestMade,
    Troubled,
)
from modtui.desk.link import why
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.screens.shell import Shell
from modtui.screens.status import QUIET, only_counted
from modtui.screens.work import tell
from modtui.screens.work.frame import WorkFrame
from modtui.text import Shown, own, say, show_line
from modtui.widgets.bars import Bars, Drawing, TopState

REST_S = 0.04
"""While j is held, the detail follows when the cursor rests this long."""

GATHER_S = 0.05
"""Changes of rows that come within this time are painted together: a batch tells of each target."""

SIMILAR_S = 0.3
"""Solved threads like a question are looked for when the cursor rests on it this long."""


def _nothing() -> None:
    """Not listening yet."""


class WorkBase(WorkFrame):
    """Follows the desk. What keys do is in the classes that build on this one."""

    def __init__(self, shell: Shell, lane: Lane = "reports", community: CommunityId | None = None) -> None:
        super().__init__(shell, lane, community)
        self._rest: Timer | None = None
        self._gather: Timer | None = None
        self._similar: Timer | None = None
        self._changed: dict[str, None] = {}
        self._moved_at = 0.0
        self._stop_listening: Callable[[], None] = _nothing
        self._first_rows = False
        self._laid_out = Size(0, 0)
        self._show_awaited = False
        self._revision = -1
        self._waiting = 0
        self._drawn = (-1, 0)
        """The order that was drawn last, by its number, and how many rows it had."""
        self._touched = False
        """Whether the moderator did anything in this lane since it was opened: rows may move under no hand."""
        self._places: dict[tuple[Lane, CommunityId | None], str] = {}
        self._standing: Item | None = None
        self._stands: str | None = None
        """The item on which the cursor was put: where the list has another order since, the cursor follows it."""
        self.line_words = own("")
        """What was told of a line last."""
        self.asked_site = False
        """Whether the last key asked the site something, so that trouble is told."""
        self._uncounted = self._counting = False
        """Whether requests were made that the second line does not count yet, and whether it is to count them now."""
        self._spent: set[CommunityId] = set()
        """Communities whose budget was spent when a request was made last."""

    def on_mount(self) -> None:
        """Listen to the desk and draw what the cache has."""
        super().on_mount()
        self._stop_listening = self.desk.events.subscribe(self._heard)
        self.lay_out()
        self.show_lane()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop_listening()

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        if self.size == self._laid_out:
            return  # told of it again
        self._laid_out = self.size
        self.lay_out()
        self.refresh_top()
        self.show_soon()
        self.call_after_refresh(self._fill_page)

    def on_screen_resume(self) -> None:
        """Back from another screen: what was counted or decided there shows."""
        if self.built:
            self.rows_list.changed()
            self.refresh_top()
            self.show_item()

    def on_bars_lane_clicked(self, event: Bars.LaneClicked) -> None:
        """A click on a lane."""
        event.stop()
        if self.line is None and self.focused is None:
            self.act(f"lane.{event.index + 1}")

    # the desk speaks
    def _heard(self, event: Event) -> None:
        if isinstance(event, RequestMade) and not self._requested(event.community):
            return
        if not isinstance(event, Reordered):  # the view of a lane may hear of it after this screen: wait until all have
            self.call_later(self._hear, event)
            return
        try:  # at once: a key that came before the new order is drawn would mark another row than was seen
            self._hear(event)
        except Exception as error:
            self.app._handle_exception(error)  # as in every other handler

    def _hear(self, event: Event) -> None:
        if not self.built:
            return
        if isinstance(event, ItemsChanged | DecisionChanged | LaneLoaded):
            self._next = None
        elif isinstance(event, LinkChanged):
            self.forget()
        if isinstance(event, ItemsChanged):
            self.rows_changed(event.items)
        elif isinstance(event, LaneLoaded):
            if event.lane == self.lane:
                self._loaded(event)
            self.refresh_top()
        elif isinstance(event, Reordered):
            if (event.lane, event.community) == (self.lane, self.community):
                self.reordered()
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
                if self.asked_site and event.link.state not in QUIET:
                    self.line_words = self._why(event)
                    self.say(self.line_words, error=True)
                self.lay_out()
                self.query_one("#notice", Drawing).put()
                self.refresh_empty()
                if len(self.view):
                    self.show_item()
                if event.link.state == "live":  # before that nobody could be asked for more
                    self._fill_page()
            elif isinstance(event, CountsChanged):
                self.refresh_empty()

    def _requested(self, community: CommunityId) -> bool:
        """A request was made. modtui reads on while nobody looks, so it is counted at the next key, or when the line is
        drawn for another reason; at once (True) when the budget is spent, or not any more."""
        self._uncounted = True
        budget = self.desk.budget(community)
        moved = (0 < budget.limit <= budget.used) != (community in self._spent)
        if moved:
            self._spent ^= {community}
        return moved

    def count_requests(self) -> None:
        """A key was pressed: the second line counts the requests that were made since it was drawn."""
        if self._uncounted:
            self._uncounted = False
            self._counting = True
            self.refresh_top()
            self._counting = False

    def _why(self, event: LinkChanged) -> Shown:
        """What is wrong with a line; in a list of several, with whose."""
        one = self.desk.community(event.community)
        if one is None or not self.several:
            return why(event.link)
        return say("{name}: {why}", name=show_line(one.name, 24), why=why(event.link))

    def reordered(self) -> None:
        """The order that was asked for is there."""

    def decision_moved(self, event: DecisionChanged) -> None:
        """What to say when a decision moves."""

    def refresh_empty(self) -> None:
        """Draw the words of an empty lane again."""
        if not len(self.view):
            self.query_one("#empty", Drawing).put()

    # the lane
    def _loaded(self, event: LaneLoaded) -> None:
        """A page arrived. What waited before goes into its place as long as nobody has put a hand to the lane. A page
        that brought nothing draws nothing."""
        if (self.view.revision, self.view.new) == (self._revision, self._waiting) and self._first_rows:
            self._fill_page()
            return
        if self._only_below():
            self._revision, self._drawn = self.view.revision, (self.view.placings, len(self.view))
            self.refresh_top()
            return
        if event.backlog and self.view.new and not self._touched:
            self.view.merge(self.current_id)
        elif self.view.new and not self._message:
            self.say(say("{n} new. R shows them; your row stays.", n=self.view.new))
        self.show_lane()

    def _only_below(self) -> bool:
        """Whether rows only came at the end, below those in sight, and what follows the item is as it was."""
        placings, count = self._drawn
        sight = self.rows_list.top + self.rows_list.page_rows
        if not self._first_rows or self.view.placings != placings or self.view.new != self._waiting or count < sight:
            return False
        after = self.view.next_open(self.rows_list.cursor)
        return after is not None and after < count

    def show_lane(self) -> None:
        """Draw the lane from the view: the first rows, or the rows that were added."""
        was_empty = not self._first_rows
        self._first_rows = bool(len(self.view))
        self.lay_out()
        if was_empty and self._first_rows:
            place = self._places.get((self.lane, self.community))
            index = self.view.index(place) if place is not None else None
            self.rows_list.cursor = index if index is not None else min(self.rows_list.cursor, len(self.view) - 1)
        elif self._revision != self.view.revision and self._shown is not None and not self._touched:
            index = self.view.index(self._shown)
            self.rows_list.cursor = index if index is not None else self.rows_list.cursor
        self._revision, self._waiting = self.view.revision, self.view.new
        self._drawn = (self.view.placings, len(self.view))
        self._stand()
        self.rows_list.changed()
        self.refresh_top()
        self.refresh_empty()
        self.show_soon()
        self.call_after_refresh(self._fill_page)

    def _fill_page(self) -> None:
        """A tall screen shows more rows than a site's page has: read on until it is full."""
        total = self.view.total
        shown = len(self.view)
        if total is not None and not self.view.filtered and shown < min(total, self.rows_list.page_rows + 1):
            self.run(self._more())

    def go_lane(self, lane: Lane, community: CommunityId | None) -> None:
        """Another lane, or another community: where the cursor stood there before, it stands again."""
        if self.current_id is not None:
            self._places[(self.lane, self.community)] = self.current_id
        self.lane, self.community = lane, community
        self.view = self.desk.view(lane, community=community)
        if self.view.new:
            self.view.merge(near=self._places.get((lane, community)))
        self.rows_list.cursor = self.rows_list.top = 0
        self._shown = self._stands = None
        self._standing = None
        self._first_rows = False
        self._touched = False
        self.reading = False
        self.shell.gate.hidden()
        self.say(own(""))
        self.show_lane()
        self.run(self._freshly(lane))

    async def _freshly(self, lane: Lane) -> None:
        """Read the lane, unless it was just read; what the site counts stands in the second line then."""
        await self.desk.refresh(lane, self.community, opened=True)
        if self.built and lane == self.lane:
            self.refresh_top()

    async def _more(self) -> None:
        await self.desk.more(self.lane, self.community)

    # the item
    def cursor_moved(self, index: int) -> None:
        """The row is painted at once, and the item with it; while a key is held, the item waits until it rests."""
        self._touched = True
        self._stand()
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
        if index >= len(self.view) - 12:
            self.run(self._more())

    def _stand(self) -> None:
        """The cursor was put where it is."""
        self._stands = self.view.here = self.current_id

    def on_item_list_row_chosen(self) -> None:
        """A click on the cursor's row opens it."""
        if self.line is None and self.focused is None:
            self.act("item.open")

    def show_soon(self) -> None:
        """Draw the item once the screen has its new shape."""
        if not self._show_awaited:
            self._show_awaited = True
            self.call_after_refresh(self._shaped)

    def _shaped(self) -> None:
        self._show_awaited = False
        self.show_item()

    def show_item(self) -> None:
        """Draw the item under the cursor and note when it has been painted."""
        if not self.built or not len(self.view) or self.shell.rows_first:
            return
        item = self.current
        self._stand()
        if self.current_id != self._shown:
            self.reveal = False
            if self._shown is not None:
                self.view.left(self._shown)
            self._shown = self.current_id
            self._standing = item
            self._next = None
            if item is not None:
                following = self.following()
                self.desk.want(item, ahead=(following,) if following is not None else ())
                self._want_similar(item)
        self.draw_item()
        if item is None:
            self.shell.gate.hidden()
            return
        self.refresh_hint()
        if not self.wide and self.reading:
            self.refresh_top()
        self.call_after_refresh(self._painted, item.id)

    def _want_similar(self, item: Item) -> None:
        """Look for solved threads like a question when the moderator rests on it."""
        if self._similar is not None:
            self._similar.stop()
            self._similar = None
        if item.question is not None and self.desk.solved.known(item) is None:
            self._similar = self.set_timer(SIMILAR_S, lambda: self.run(self._find_similar(item)))

    async def _find_similar(self, item: Item) -> None:
        if await self.desk.similar(item) and self.built and self.current_id == item.id:
            self.show_item()

    def _painted(self, item_id: str) -> None:
        if item_id == self.current_id and self.app.screen is self:
            self.shell.gate.painted(item_id)

    def rows_changed(self, ids: tuple[str, ...]) -> None:
        """Some rows look different; they are painted soon, together, and only those in sight."""
        if self._shown in ids:
            self._noticed()
        self._changed.update(dict.fromkeys(ids))
        if self._gather is None:
            self._rows_painted()
            self._gather = self.set_timer(GATHER_S, self._gathered)

    def _gathered(self) -> None:
        self._gather = None
        if self._changed:
            self._rows_painted()
            self._gather = self.set_timer(GATHER_S, self._gathered)

    def _rows_painted(self) -> None:
        ids, self._changed = tuple(self._changed), {}
        indexes = self.view.places(ids).values()
        if len(self.view) and not self._first_rows:
            self.show_lane()
            return
        self.rows_list.changed(indexes)
        if self._shown in ids:
            self.show_item()
        self.refresh_empty()
        self.rows_painted()

    def rows_painted(self) -> None:
        """What follows when rows changed."""

    def _noticed(self) -> None:
        """Say what another did with the item while it was read."""
        before, now = self._standing, self.current
        if now is None or before is None or now.id != before.id:
            return
        self._standing = now
        state = self.desk.state_of(now.id)
        if now.state != "open" and before.state == "open" and state.kind == "handled":
            self.say(tell.handled_words(now))
        elif now.claim is not None and not now.claim.mine and (before.claim is None or before.claim.by != now.claim.by):
            self.say(tell.taken_words(now))

    # on top
    def top_state(self) -> TopState:
        """The two lines, and the head over the rows."""
        self.rows_list.head(
            alike=self.view.like_source is not None, note=self.outage.note(self.desk, self.view), lane=self.lane,
            chips=self.several,
        )
        state, shown = super().top_state(), self.query_one("#bars", Bars).state
        if self._counting or not only_counted(shown, state):
            return state
        self._uncounted = self._uncounted or state != shown
        return shown

    def ticked(self) -> None:
        """The empty lane says how long it takes until everything is out."""
        self.refresh_empty()
