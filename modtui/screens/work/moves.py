"""Moving and reading: from row to row, through the text, between lanes and communities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from modtui.actions import ACTIONS, BY_ID, Scope
from modtui.desk.community import Community
from modtui.desk.labels import platform_of
from modtui.desk.words import do
from modtui.domain.capability import Blocked
from modtui.domain.subjects import LANES, CommunityId, Lane, parse_item_id
from modtui.ondemand import on_demand
from modtui.screens.work.find import WorkFind
from modtui.screens.work.places import HINTS
from modtui.text import Shown, own, say, show_line

if TYPE_CHECKING:
    from modtui.screens.lines.choose import ChoiceLine, choices
    from modtui.screens.pages.conflict import ConflictPage
else:
    on_demand(__name__, "modtui.screens.pages.conflict", "ConflictPage")
    on_demand(__name__, "modtui.screens.lines.choose", "ChoiceLine", "choices")


class WorkMoves(WorkFind):
    """The keys of the group Move, lanes and communities."""

    KEEP_HINTS = 2

    # the hint line
    EMPTY_HINTS = (
        "lane.1", "lane.2", "lane.3", "lane.5", "lane.merge", "filter.edit", "community.next", "journal.open", "undo",
        "help.show", "back",
    )  # fmt: skip

    def hints(self) -> Sequence[tuple[str, str, bool]]:
        """The keys of this place; in the item also how to go on."""
        keymap = self.shell.keymap
        names = list(HINTS[self.lane])
        if not len(self.view):
            names = [name for name in self.EMPTY_HINTS if name != f"lane.{LANES.index(self.lane) + 1}"]
            if len(self.desk.communities) < 2:
                names.remove("community.next")
        elif self.reading:
            names = [*names[1:-2], "thread.show", "item.next", "text.page", "back", *names[-2:]]
        found = [(keymap.shown(name), self._title(name), self.possible(name)) for name in names if keymap.shown(name)]
        if self.marks_differ:
            found.insert(0, (f"{len(self.view.marks)} marked:", "", True))
        return found

    @property
    def marks_differ(self) -> bool:
        """Whether the marks are not exactly the item that is shown."""
        marks = self.view.marks
        return len(marks) > 0 and not (len(marks) == 1 and self.current_id in marks)

    def _title(self, name: str) -> str:
        """The action in a word; held posts are approved and rejected, reported ones kept and removed."""
        verb = BY_ID[name].verb
        if name == "item.claim" and (item := self.current) is not None and item.claim is not None and item.claim.mine:
            return "release"
        if name == "back" and not len(self.view):
            return "leave (it asks)"
        return do(verb, self.lane) if verb in ("approve", "remove") else BY_ID[name].title

    def possible(self, action: str) -> bool:
        """A verb that the desk blocks on this item is dim."""
        verb = BY_ID[action].verb
        item = self.current if verb is not None else None
        if verb is None or item is None or not super().possible(action):
            return super().possible(action)
        if verb == "claim" and item.claim is not None and item.claim.mine:
            verb = "release"
        return not isinstance(self.can(item, verb), Blocked)

    @property
    def here(self) -> Scope:
        """The list or the item."""
        return self.scope_now

    def reasons_not(self) -> dict[str, str]:
        """The verbs that the item at hand does not allow."""
        found: dict[str, str] = {}
        item = self.current
        for action in ACTIONS if item is not None else ():
            if action.verb is not None and not action.missing:
                able = self.desk.can(item, action.verb)
                if isinstance(able, Blocked):
                    found[action.id] = able.sentence
        if item is not None and item.lane != "escalated":
            found["escalation.recall"] = "it was not handed over; what was is in lane 5"
        return found

    # the list
    def act_nav_next(self) -> None:
        """Next row."""
        self._move(1)

    def act_nav_previous(self) -> None:
        """Row before."""
        self._move(-1)

    def act_item_next(self) -> None:
        """Next item, in the same place."""
        self._move(1)

    def act_item_previous(self) -> None:
        """Item before, in the same place."""
        self._move(-1)

    def _move(self, by: int) -> None:
        if not len(self.view):
            return
        at = self.rows_list.cursor + by
        if at >= len(self.view):
            self._at_the_end()
        elif at < 0:
            self.say(own("The beginning of the list."))
        self.rows_list.move(by)

    def _at_the_end(self) -> None:
        if self.view.new:
            n = self.view.new
            self.view.merge(self.current_id)
            self.after_merge()
            self.say(say("The end of the list: {n} new ones taken in.", n=n))
        else:
            self.run(self._more())
            self.say(own("The end of the list."))

    def act_nav_first(self) -> None:
        """First row, or the top of the text."""
        if self.reading:
            self.detail.home()
        else:
            self.rows_list.go(0)

    def act_nav_last(self) -> None:
        """Last row, or the end of the text."""
        if self.reading:
            self.detail.end()
        else:
            if len(self.view) and self.rows_list.cursor == len(self.view) - 1:
                self._at_the_end()
            self.rows_list.go(len(self.view) - 1)

    def _page(self, pages: float) -> None:
        if self.reading:
            self.detail.page(pages)
        else:
            self.rows_list.page(pages)

    def act_nav_half_down(self) -> None:
        """Half a page down."""
        self._page(0.5)

    def act_nav_half_up(self) -> None:
        """Half a page up."""
        self._page(-0.5)

    def act_nav_page_down(self) -> None:
        """A page down."""
        self._page(1)

    def act_nav_page_up(self) -> None:
        """A page up."""
        self._page(-1)

    def act_text_page(self) -> None:
        """A page of the text; it never unfolds anything."""
        if not self.detail.page(1):
            self.say(own("The end of the item. j goes to the next."))

    def act_scroll_down(self) -> None:
        """The text, a line on."""
        self.detail.scroll(1)

    def act_scroll_up(self) -> None:
        """The text, a line back."""
        self.detail.scroll(-1)

    def act_nav_next_open(self) -> None:
        """The next row that waits for a decision."""
        self._go_open(1)

    def act_nav_previous_open(self) -> None:
        """The row before that waits for a decision."""
        self._go_open(-1)

    def _go_open(self, step: int) -> None:
        found = self.view.next_open(self.rows_list.cursor, step)
        if found is None:
            self.say(own("No other open item here." if step > 0 else "No open item before this one."))
        else:
            self.rows_list.go(found)

    def look_at(self, item_id: str) -> None:
        """Go to an item and read it (from the journal or a conflict's page)."""
        index = self.row_of(item_id)
        if index is None:
            self.say(own("It is not in this list; R reads the lane again."))
            return
        self.rows_list.go(index)
        self.reading = True
        self.shell.gate.hidden()
        self.lay_out()
        self.refresh_top()
        self.call_after_refresh(self.show_item)

    def row_of(self, item_id: str) -> int | None:
        """The row of an item; where another community or lane is shown that it does not belong to, its own is shown
        first. None when it is in no list."""
        place = self.place_of(item_id)
        if place is not None and place != (self.lane, self.community):
            self.go_lane(*place)
        return self.view.index(item_id) if place is not None else None

    def place_of(self, item_id: str) -> tuple[Lane, CommunityId | None] | None:
        """The list that has an item: the one that is shown, else its own. None when it is in no list."""
        place = parse_item_id(item_id)
        if self.view.index(item_id) is not None:
            return self.lane, self.community
        if place is None:
            return None
        lane, ref = next((one for one in LANES if one == place[0]), self.lane), place[1]
        community = self.community if self.community in (None, ref.community) else ref.community
        if self.desk.community(ref.community) is None or (lane, community) == (self.lane, self.community):
            return None
        return (lane, community) if self.desk.view(lane, community=community).index(item_id) is not None else None

    def lists(self, item_id: str) -> bool:
        """Whether a list has the item."""
        return self.place_of(item_id) is not None

    def act_item_open(self) -> None:
        """Read the item; what is folded unfolds, and folds again."""
        item = self.current
        if item is None:
            return
        state = self.desk.state_of(item.id)
        if state.kind == "conflict" and state.decision is not None and not self.reading:
            decision = self.desk.decision(state.decision)
            if decision is not None and len(decision.targets) == 1:
                self.app.push_screen(ConflictPage(self.shell, decision))
                return
        if not self.reading:
            self.reading = True
            self.shell.gate.hidden()
            self.lay_out()
            self.call_after_refresh(self.show_item)
            self.refresh_top()
            if not self.wide or not item.folded:
                return
        self.reveal = not self.reveal
        self.show_item()
        self.detail.home()

    def act_back(self) -> None:
        """One step out; in the list h, left and Esc do nothing, q asks."""
        if self.reading:
            self.reading = False
            self.reveal = False
            self.lay_out()
            self.refresh_top()
            self.call_after_refresh(self.show_item)
        elif self.view.filtered and self._last_token in ("escape", "h", "left"):
            self.run(self.clear_filter())
        elif self._last_token == "q":
            self.leave()

    def leave(self) -> None:
        """Leave modtui (it asks first)."""

    _last_token = ""

    def unbound(self, token: str) -> None:
        """A key that means nothing."""
        if token.isprintable() and len(token) == 1:
            self.say(say("{key} does nothing here; ? shows the keys.", key=token))

    # the thread in the detail
    def act_post_next(self) -> None:
        """Next post; a long one scrolls first."""
        if not self._step_post(1):
            self.detail.step(1)

    def act_post_previous(self) -> None:
        """Post before."""
        if not self._step_post(-1):
            self.detail.step(-1)

    def _step_post(self, by: int) -> bool:
        """In a question, from post to post of its thread, each shown whole; False where there is none to go to."""
        item = self.current
        thread = self.desk.context(item).thread if item is not None and item.question is not None else None
        if item is None or thread is None or not self.detail_shown or len(thread.posts) < 2:
            return False
        numbers = [post.number for post in thread.posts]
        now = self.post_at(item)
        if by > 0 and now is not None and self.detail.below(f"after {now}"):
            return self.detail.page(1)
        first = next((n for n, post in enumerate(thread.posts) if post.subject), 0)
        to = (numbers.index(now) if now in numbers else first) + by
        if not 0 <= to < len(numbers):
            more = "t shows the rest." if by > 0 and (thread.total or 0) > len(numbers) else ""
            end = "last" if by > 0 else "first"
            self.say(say("The {end} post of the thread. {more}", end=own(end), more=own(more)))
            return True
        self._stepped = (item.id, numbers[to]) if to != first else None
        self.show_item()
        if to == first:
            self.detail.home()
        else:
            self.detail.to_anchor(f"post {numbers[to]}", before=1)
        return True

    # lanes and communities
    def act_lane_1(self) -> None:
        """Reports."""
        self._lane(0)

    def act_lane_2(self) -> None:
        """Pending."""
        self._lane(1)

    def act_lane_3(self) -> None:
        """Questions."""
        self._lane(2)

    def act_lane_4(self) -> None:
        """Members."""
        self._lane(3)

    def act_lane_5(self) -> None:
        """Escalated."""
        self._lane(4)

    def _lane(self, n: int) -> None:
        lane = LANES[n]
        if lane != self.lane:
            self.go_lane(lane, self.community)

    def _community_step(self, step: int) -> None:
        many = self.desk.communities
        if len(many) < 2:
            self.say(own("There is only one community in the settings."))
            return
        ids: list[CommunityId | None] = [None, *(community.id for community in many)]
        at = ids.index(self.community) if self.community in ids else 0
        self.choose_community(ids[(at + step) % len(ids)])

    def choose_community(self, community: CommunityId | None) -> None:
        """Show one community, or all of them (None)."""
        if community != self.community:
            self.go_lane(self.lane, community)

    def act_community_previous(self) -> None:
        """The community before."""
        self._community_step(-1)

    def act_community_next(self) -> None:
        """The next community."""
        self._community_step(1)

    def act_community_all(self) -> None:
        """All in one list."""
        if len(self.desk.communities) < 2:
            self.say(own("There is only one community in the settings."))
        else:
            self.choose_community(None)

    def _what_of(self, one: Community) -> Shown:
        """Platform and account, where names alone might not tell."""
        who = say(", {who}", who=show_line(one.account.username, 24)) if one.account is not None else own("")
        return say("({platform}{who})", platform=platform_of(one), who=who)

    def act_community_choose(self) -> None:
        """By name."""
        keys = "123456789abcdefghijklmnoprstuvwxyz"  # q leaves
        options = list(zip(keys, self.desk.communities, strict=False))
        picked = {key: one.id for key, one in options}
        named = [(key, say("{name}  {what}", name=one.name, what=self._what_of(one))) for key, one in options]
        rows = choices([*named, ("0", own("all"))])
        self.open_line(
            ChoiceLine(self, own("WHICH COMMUNITY?"), rows, lambda key: self.choose_community(picked.get(key)))
        )
