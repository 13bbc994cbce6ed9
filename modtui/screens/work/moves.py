"""Moving, reading, finding: what does not change anything on the site."""

from __future__ import annotations

from collections.abc import Sequence

from modtui.actions import BY_ID
from modtui.desk.view import SORTS
from modtui.desk.words import do
from modtui.domain.capability import Blocked
from modtui.domain.subjects import LANES, CommunityId
from modtui.errors import UsageError
from modtui.screens.lines.choose import ChoiceLine, choices
from modtui.screens.work import tell
from modtui.screens.work.base import WorkBase
from modtui.text import Shown, own, say, show_line


class WorkMoves(WorkBase):
    """The keys of the groups Move, Look and Find."""

    KEEP_HINTS = 2
    _found_text = ""

    # the hint line
    HINTS = (
        "item.open",
        "item.approve",
        "item.remove",
        "item.spam",
        "item.ignore",
        "item.claim",
        "item.note",
        "member.show",
        "links.show",
        "offers.show",
        "undo",
        "help.show",
    )

    def hints(self) -> Sequence[tuple[str, str, bool]]:
        """The keys of this place; in the item also how to go on."""
        keymap = self.shell.keymap
        names = list(self.HINTS)
        if not len(self.view):
            names = ["lane.1", "lane.2", "lane.merge", "filter.edit", "journal.open", "undo", "help.show", "back"]
        elif self.reading:
            names = [*names[1:-2], "thread.show", "item.next", "text.page", "back", *names[-2:]]
        return [(keymap.shown(name), self._title(name), self.possible(name)) for name in names if keymap.shown(name)]

    def _title(self, name: str) -> str:
        """The action in a word; held posts are approved and rejected, reported ones kept and removed."""
        verb = BY_ID[name].verb
        return do(verb, self.lane) if verb in ("approve", "remove") else BY_ID[name].title

    def possible(self, action: str) -> bool:
        """A verb that the desk blocks on this item is dim."""
        verb = BY_ID[action].verb
        item = self.current
        if verb is None or item is None:
            return True
        return not isinstance(self.desk.can(item, verb), Blocked)

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
        self.rows_list.move(by)

    def _at_the_end(self) -> None:
        if self.view.new:
            n = self.view.new
            self.view.merge(self.current_id)
            self._after_merge()
            self.say(say("The end of the list: {n} new ones taken in.", n=n))
        else:
            self.run(self._more())
            self.say(own("The end of the list."))

    def _after_merge(self, keep: str | None = None) -> None:
        keep = keep or self._shown
        self._arrange()
        index = self.view.index(keep) if keep else None
        self.rows_list.changed()
        self.rows_list.go(index if index is not None else min(self.rows_list.cursor, len(self.view) - 1), tell=False)
        self.refresh_top()
        self.show_item()

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

    def act_item_open(self) -> None:
        """Read the item; what is folded unfolds, and folds again."""
        item = self.current
        if item is None:
            return
        if not self.reading:
            self.reading = True
            self.shell.gate.hidden()
            self._arrange()
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
            self._arrange()
            self.refresh_top()
            self.call_after_refresh(self.show_item)
        elif self.view.filtered and self._last_token in ("escape", "h", "left"):
            self.view.set_filter("")
            if self.view.language is not None:
                self.view.language = None
                self.view.merge(self.current_id)
            self._after_merge()
            self.say(own("Everything again."))
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
        self.detail.step(1)

    def act_post_previous(self) -> None:
        """Post before."""
        self.detail.step(-1)

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
        name = tell.LANE_NAMES[lane][0]
        if n > 1:
            self.refuse(
                say("{name} is not possible here: this version has the lanes Reports and Pending.", name=own(name))
            )
            return
        if lane != self.lane:
            self.go_lane(lane)

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
        self.community = community
        self.go_lane(self.lane)

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

    def act_community_choose(self) -> None:
        """By name."""
        options = [(show_line(c.name), c.id) for c in self.desk.communities]
        picked = {str(n): id for n, (_, id) in enumerate(options, 1)}
        rows = choices([(str(n), name) for n, (name, _) in enumerate(options, 1)] + [("0", own("all"))])
        self.open_line(
            ChoiceLine(self, own("WHICH COMMUNITY?"), rows, lambda key: self.choose_community(picked.get(key)))
        )

    # order and filter
    def act_sort_choose(self) -> None:
        """The order, by name."""
        names = list(SORTS)
        rows = choices([(str(n), own(name)) for n, name in enumerate(names, 1)])

        def chosen(key: str) -> None:
            keep = self.current_id
            self.view.set_sort(names[int(key) - 1])
            self._after_merge(keep)

        self.open_line(ChoiceLine(self, own("IN WHICH ORDER?"), rows, chosen))

    def act_filter_edit(self) -> None:
        """Type a filter."""
        self.ask_text(own("Filter, e.g. reason:spam lang:de author:bo age>2d"), self.set_filter, text=self.view.filter)

    def set_filter(self, text: str) -> None:
        """Use a filter; a mistake is said and changes nothing."""
        keep = self.current_id
        try:
            self.view.set_filter(text)
        except UsageError as error:
            self.say(say("{message} {hint}", message=error.message, hint=error.hint), error=True)
            return
        self._after_merge(keep)
        if self.view.filtered:
            self.say(say("{n} match; {others} others are hidden.", n=len(self.view), others=self.view.others))

    def act_language_cycle(self) -> None:
        """One language, the next, all."""
        keep = self.current_id
        counts = self.view.language_counts()
        now = self.view.cycle_language()
        self._after_merge(keep)
        parts = ", ".join(f"{(code or '??').upper()} {n}" for code, n in counts.items())
        name = "all" if now is None else now.upper() or "unknown"
        self.say(say("Language: {name}   ({parts})", name=own(name), parts=own(parts)))

    def act_lane_merge(self) -> None:
        """Take in what is new, and ask the site again."""
        n = self.view.new
        self.view.merge(self.current_id)
        self._after_merge()
        self.say(say("{n} taken in. Asking the site again ...", n=n) if n else own("Asking the site again ..."))
        self.run(self._refresh())

    async def _refresh(self) -> None:
        await self.desk.refresh(self.lane, self.community)
        self.say(say("Up to date. {n} new: R takes them in.", n=self.view.new) if self.view.new else own("Up to date."))

    # find
    def act_find_text(self) -> None:
        """Find text in the item, or in the list."""
        self.ask_text(own("Find"), self._find)

    def _find(self, text: str) -> None:
        self._found_text = text
        self._find_again(1)

    def act_find_next(self) -> None:
        """Next hit."""
        self._find_again(1)

    def act_find_previous(self) -> None:
        """Hit before."""
        self._find_again(-1)

    def _find_again(self, direction: int) -> None:
        text = self._found_text
        if not text:
            self.say(own("Nothing was searched yet: / asks."))
        elif self.reading:
            if not self.detail.find(text, direction):
                self.say(say('"{text}" is not in this item.', text=text), error=True)
        elif (found := self._find_row(text.casefold(), direction)) is None:
            self.say(say('"{text}" is not in the rows that are loaded.', text=text), error=True)
        else:
            self.rows_list.go(found)

    def _find_row(self, wanted: str, direction: int) -> int | None:
        many = len(self.view)
        for n in range(1, min(many, 5000)):
            index = (self.rows_list.cursor + n * direction) % many
            item = self.view.item_at(index)
            if item is None:
                continue
            text = f"{item.number} {item.author.username if item.author else ''} {item.title} {item.source or ''}"
            if wanted in text.casefold():
                return index
        return None

    # other pages
    def _text_page(self, what: str) -> None:
        from modtui.screens.pages.around import AroundPage

        item = self.current
        if item is not None:
            self.app.push_screen(AroundPage(self.shell, item, what))

    def act_thread_show(self) -> None:
        """The whole thread."""
        self._text_page("thread")

    def act_member_show(self) -> None:
        """The author."""
        self._text_page("author")

    def act_reporters_show(self) -> None:
        """The reporters."""
        self._text_page("reporters")

    def act_links_show(self) -> None:
        """The links of the post."""
        self._text_page("links")

    # copy
    def act_copy_link(self) -> None:
        """The link to the item."""
        item = self.current
        if item is not None:
            self.copy(item.url, own("The link"))

    def act_copy_id(self) -> None:
        """The id for the command line."""
        if self.current_id is not None:
            self.copy(self.current_id, own("The id"))

    def copy(self, text: str, what: Shown) -> None:
        """Put text on the clipboard and say what is known of it."""
        from modtui.screens.clipboard import copy

        self.say(say("{what}: {how}", what=what, how=copy(self.app, self.shell, text)))

    def act_browser_open(self) -> None:
        """The item's page in the browser; over SSH its link is copied."""
        from modtui.screens.clipboard import browse

        item = self.current
        if item is not None:
            self.say(browse(self.app, self.shell, item.url))
