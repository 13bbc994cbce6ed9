"""Order, filter, languages, text that is sought, and what is looked at or copied: nothing here changes the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textual.timer import Timer

from modtui.desk.filter import parse
from modtui.desk.link import why
from modtui.desk.view import SORT_WORDS, View
from modtui.errors import UsageError
from modtui.ondemand import on_demand
from modtui.screens.work.base import WorkBase
from modtui.screens.work.places import FILTERS
from modtui.text import Shown, count, join, own, say, show_line

if TYPE_CHECKING:
    from modtui.screens.lines.choose import ChoiceLine, choices
else:
    on_demand(__name__, "modtui.screens.lines.choose", "ChoiceLine", "choices")

SLOW_S = 3.0
"""After so long it is said which community has not answered yet."""


LONG_S = 0.4
"""After so long it is said that the rows are looked through."""
PAUSE_S = 0.12
"""The list follows what is typed into a filter after so long without a key."""


class Typed:
    """The list follows a filter while it is typed. Left, it is as it was."""

    def __init__(self, work: WorkFind, view: View, keep: str | None) -> None:
        self._work = work
        self._view = view
        self._keep = keep
        self._held = view.hold()
        self._text = view.filter
        self._pause: Timer | None = None

    def changed(self, text: str) -> None:
        """A key was typed."""
        if text.strip() == self._text:
            return
        self._text = text.strip()
        self._stop()
        if _follows(text):
            self._pause = self._work.set_timer(PAUSE_S, lambda: self._work.run(self._follow(text)))

    async def _follow(self, text: str) -> None:
        try:
            done = await self._view.narrow(text)
        except UsageError:
            return  # it may be a word that is not finished; enter says what is wrong
        if done and self._view is self._work.view:
            self._work.after_merge(self._keep)

    def left(self) -> None:
        """The line was left."""
        self._stop()
        if self._view.back(self._held) and self._view is self._work.view:
            self._work.after_merge(self._keep)

    def entered(self, text: str) -> None:
        """The filter was entered."""
        self._stop()
        self._work.run(self._enter(text))

    async def _enter(self, text: str) -> None:
        try:
            await self._work.narrow(text, self._keep, wrong=self.left)
        finally:
            self._view.back(self._held, keep=True)

    def _stop(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None


def _follows(text: str) -> bool:
    """Whether the list should follow a filter that is being typed: not where nearly everything would have it, or where
    each word costs a long look."""
    try:
        wanted = parse(text)
    except UsageError:
        return False
    return not wanted.likes and all(
        len(value) > 2 or not value.isascii() for term in wanted.terms if term.key == "text" for value in term.values
    )


class WorkFind(WorkBase):
    """The keys of the groups Look and Find."""

    _found_text = ""

    def after_merge(self, keep: str | None = None) -> None:
        """The order changed: draw it, with the cursor on the item where it stood."""
        keep = keep or self._stands or self._shown
        self.lay_out()
        index = self.view.index(keep) if keep else None
        self._revision = self.view.revision
        self.rows_list.changed()
        self.rows_list.go(index if index is not None else min(self.rows_list.cursor, len(self.view) - 1), tell=False)
        self.refresh_top()
        self.refresh_empty()
        self.show_item()

    def reordered(self) -> None:
        """A long list stands in its new order: the cursor stays on its item."""
        self.after_merge()

    def leave_out_aside(self) -> None:
        """The desk has read what was put aside and what was handed over: a list that was made before that loses it."""
        aside = self.desk.aside
        if any(self.view.index(id) is not None for id in aside):
            self.view.merge("")
            self.after_merge()

    # order and filter
    def act_sort_choose(self) -> None:
        """The order, by name."""
        names = list(self.view.sorts)
        now = {self.view.sort: "  (now)"}
        rows = choices([(str(n), own(SORT_WORDS[name] + now.get(name, ""))) for n, name in enumerate(names, 1)])

        def chosen(key: str) -> None:
            keep = self.current_id
            self.view.set_sort(names[int(key) - 1])
            self.after_merge(keep)
            self.say(say("Sorted: {how}.", how=own(self.view.order_words)))

        self.open_line(ChoiceLine(self, own("IN WHICH ORDER?"), rows, chosen))

    def act_filter_edit(self) -> None:
        """Type a filter; an empty one shows all."""
        examples = own(FILTERS.get(self.lane, FILTERS["reports"]))
        if self.several:
            examples = own(f"community:{self.desk.communities[0].chip} {examples}")
        prompt = say("Filter, e.g. {examples}; empty shows all", examples=examples)
        typed = Typed(self, self.view, self.current_id)
        self.ask_text(prompt, typed.entered, text=self.view.filter, changed=typed.changed, left=typed.left)

    async def narrow(
        self, text: str, keep: str | None = None, *, wrong: Callable[[], None] = lambda: None
    ) -> bool:
        """Use a filter; a mistake is said, changes nothing and gives False. `keep` is the item that the cursor should
        stand on, usually the current one; `wrong` is called before a mistake is said."""
        stood = self._stands
        keep = keep or self.current_id
        view = self.view
        looking = say("Looking through {n} ...", n=count(view.loaded, "item"))
        slow = self.set_timer(LONG_S, lambda: self.say(looking))
        try:
            if not await view.narrow(text):
                return False
        except UsageError as error:
            wrong()
            self.say(say("{message} {hint}", message=error.message, hint=error.hint), error=True)
            return False
        finally:
            slow.stop()
        if view is not self.view:
            return False
        self.after_merge(keep if self._stands == stood else self._stands)  # where the cursor went meanwhile it stays
        if view.filtered and len(view):
            others = count(view.others, "other is", "others are")
            self.say(say("{n} match; {others} hidden. Esc shows all.", n=len(view), others=others))
        elif not view.filtered:
            self.say(own("No filter: everything is shown."))
        else:
            self.say(own(""))
        return True

    async def clear_filter(self) -> None:
        """Show everything again."""
        if self.view.language is not None:
            self.view.language = None
        await self.narrow("")

    def act_language_cycle(self) -> None:
        """One language, the next, all."""
        if self.view.long:
            self.run(self._count_languages())
        else:
            self._cycle(self.view.language_counts())

    async def _count_languages(self) -> None:
        view = self.view
        counts = await view.count_languages()
        if view is self.view:
            self._cycle(counts)

    def _cycle(self, counts: Mapping[str | None, int]) -> None:
        keep = self.current_id
        if set(counts) <= {None}:
            self.say(own("The site does not say in which language these are."))
            return
        now = self.view.cycle_language()
        self.after_merge(keep)
        parts = ", ".join(f"{(code or '??').upper()} {n}" for code, n in counts.items())
        name = "all" if now is None else now.upper() or "unknown"
        self.say(say("Language: {name}   ({parts})", name=own(name), parts=own(parts)))

    def act_lane_merge(self) -> None:
        """Take in what is new, and ask the site again."""
        n = self.view.new
        self.asked_site = True
        self.view.merge(self.current_id)
        self.after_merge()
        asking = say("{n} taken in. Asking the site again ...", n=n) if n else own("Asking the site again ...")
        self.say(asking)
        self.run(self._refresh(asking))

    async def _refresh(self, asking: Shown) -> None:
        slow = self.set_timer(SLOW_S, lambda: self._who_is_slow(asking)) if len(self.view.scope) > 1 else None
        await self.desk.refresh(self.lane, self.community)
        if slow is not None:
            slow.stop()
        if self._message not in (asking, self._slow_words, self.line_words):
            return  # something more important was said meanwhile
        down = [one for one in self.desk.communities if one.id in self.view.scope and one.link.state != "live"]
        if down and len(self.view.scope) > 1:
            said = [say("{name}: {why}", name=show_line(one.name, 24), why=why(one.link)) for one in down]
            up = len(self.view.scope) - len(down)
            self.say(join(" ", [*said, own("The others are up to date." if up else "")]), error=True)
        elif down:
            self.say(why(down[0].link), error=True)
        elif self.view.new:
            self.say(say("{n} new. R shows them; your row stays.", n=self.view.new))
        else:
            self.say(own("Up to date."))

    _slow_words = own("")

    def _who_is_slow(self, asking: Shown) -> None:
        """One community takes its time: the others' rows are here already."""
        if self._message == asking and self.built:
            asked_ms = self.shell.now_ms() - int(SLOW_S * 1000)
            late = [
                one for one in self.desk.communities if one.id in self.view.scope and one.synced_ms < asked_ms
            ]  # fmt: skip
            names = join(", ", [show_line(one.name, 24) for one in late])
            if late:
                self._slow_words = say("Still waiting for {names}; what the others have is here.", names=names)
                self.say(self._slow_words)

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
            self.say(say('"{text}" is not in the {n} rows that are here.', text=text, n=len(self.view)), error=True)
        else:
            self.rows_list.go(found)
            self.say(say('"{text}": row {n}. n finds the next, N the one before.', text=text, n=found + 1))

    def _find_row(self, wanted: str, direction: int) -> int | None:
        many = len(self.view)
        for n in range(1, min(many, 5000) + 1):
            index = (self.rows_list.cursor + n * direction) % many
            item = self.view.item_at(index)
            if item is None:
                continue
            text = f"{item.number} {item.author.username if item.author else ''} {item.title} {item.source or ''}"
            if wanted in text.casefold():
                return index
        return None

    # other pages
    def act_thread_show(self) -> None:
        """The whole thread."""
        from modtui.screens.pages.around import AroundPage

        if (item := self.current) is not None:
            self.app.push_screen(AroundPage(self.shell, item, "thread"))

    def act_member_show(self) -> None:
        """The author."""
        from modtui.screens.pages.dossier import DossierPage

        if (item := self.current) is not None:
            self.app.push_screen(DossierPage(self.shell, item))

    def act_reporters_show(self) -> None:
        """The reporters."""
        from modtui.screens.pages.around import AroundPage

        if (item := self.current) is not None:
            self.app.push_screen(AroundPage(self.shell, item, "reporters"))

    def act_links_show(self) -> None:
        """The links of the post."""
        from modtui.screens.pages.links import LinksPage

        if (item := self.current) is not None:
            self.app.push_screen(LinksPage(self.shell, item))

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
