"""The search: hits over all that is cached, while one types, the newest first; enter opens one where it can be decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk.events import DecisionChanged, Event
from modtui.desk.searching import Found, parse
from modtui.domain.items import Item
from modtui.screens.clipboard import browse, copy
from modtui.screens.page import Page
from modtui.screens.pages.hit import HitPage, HitThread
from modtui.screens.pages.lines_page import TypedPage
from modtui.screens.pages.search_words import account, nothing
from modtui.screens.shell import Shell
from modtui.text import Shown, own, say, show_line
from modtui.text.width import wrap
from modtui.widgets.draw import Line
from modtui.widgets.hit_lines import hit_foot, hit_line
from modtui.widgets.linespane import Anchor
from modtui.widgets.rows import Chip

FOOT = 3
"""Lines of the text under the list."""
PROMPT = 'Search; "words" stand together, -without'
SLOW_S = 0.4
"""After so long it is said that it is being looked."""


class SearchPage(TypedPage):
    """Hits for what is typed. `words` are looked for at once; without, they are asked for, and what was found before
    in this session is still there. `q` goes back; the page below is untouched."""

    SCOPE: ClassVar[Scope] = "search"
    TITLE_WORDS = "Search"
    HINTS: tuple[str, ...] = (
        "page.open", "find.text", "thread.show", "member.show", "copy.link", "browser.open", "links.show", "help.show",
        "back",
    )  # fmt: skip

    def __init__(self, shell: Shell, words: str = "") -> None:
        super().__init__(shell)
        self.cursor: int | None = 0
        self.found = shell.desk.searching.last
        self.words = words
        """What is looked for now; empty before anything was typed."""
        self._looking = False
        self._lines: dict[tuple[str, int], Line] = {}
        """Rows as they were drawn, by hit and width; a key that only moves draws none anew."""
        self._stand_on(shell.desk.searching.at)

    def on_mount(self) -> None:
        """Ask for words, or look for those that came along."""
        if self.words:
            self._look(self.words)
        else:
            self.act_find_text()

    def on_unmount(self) -> None:
        """Nobody waits for an answer any more."""
        self.desk.searching.stop()

    def on_screen_resume(self) -> None:
        """Back from a hit."""
        self.show()

    def heard(self, event: Event) -> None:
        """A row's letter may have changed."""
        if isinstance(event, DecisionChanged) and self.built and self.app.screen is self:
            self.show()

    # asking
    def act_find_text(self) -> None:
        """Type the words, or change them."""
        before, found, cursor = self.words, self.found, self.cursor

        def left() -> None:
            self.desk.searching.stop()
            self.words, self.found, self.cursor, self._looking = before, found, cursor, False
            if before:
                self.show()
            else:
                self.dismiss(None)

        self.ask_text(own(PROMPT), self._entered, text=self.words, changed=self._look, left=left, enter="enter shows")

    def act_search_open(self, words: str = "") -> None:
        """Here already: other words."""
        if words:
            self._look(words)
        else:
            self.act_find_text()

    def _entered(self, text: str) -> None:
        last = self.desk.searching.last
        if not text.strip() and last is not None:  # what was found before in this session
            self.words, self.found = last.text, last
            self._stand_on(self.desk.searching.at)
            self.show()
        elif not parse(text).enough:
            self.words = text.strip()
            self.say(own("Too little to look for. / takes words, q goes back."), error=True)
            self.show()
        elif text.strip() != self.words:
            self._look(text)
        elif self.found is not None and self.found.text == self.words:
            self._look_further(self.found)

    def _look(self, text: str) -> None:
        """The words as they are typed."""
        self.words = text.strip()
        if not self.words:
            self.found = self.desk.searching.last
        self.run(self._ask(self.words))

    async def _ask(self, text: str, *, far: bool = False) -> None:
        slow = self.set_timer(SLOW_S, lambda: self._say_looking(text))
        try:
            found = await self.desk.searching.find(text, far=far)
        finally:
            slow.stop()
        if self.words != text or not self.built:
            return
        self._looking = False
        if found is not None:
            here = self.chosen if far else None
            self.found = found
            self._stand_on(here.id if here is not None else None)
            self.desk.searching.at = None
            self._look_further(found)
        self.show()

    def _look_further(self, found: Found) -> None:
        """The words are there: what was not looked at while they were typed is looked at now."""
        if found.open_end and self.focused is None:
            self.run(self._ask(found.text, far=True))

    def _say_looking(self, text: str) -> None:
        if self.words == text:
            self._looking = True
            self.show()

    # what is shown
    @property
    def hits(self) -> tuple[Item, ...]:
        """The hits that are listed."""
        if self.found is None or (self.words and not parse(self.words).enough):
            return ()
        return self.found.hits

    @property
    def chosen(self) -> Item | None:
        """The hit under the cursor."""
        at = self.cursor or 0
        return self.hits[at] if 0 <= at < len(self.hits) else None

    def _stand_on(self, id: str | None) -> None:
        self.cursor = next((n for n, item in enumerate(self.hits) if item.id == id), 0)

    def possible(self, action: str) -> bool:
        """Without a hit there is nothing to open."""
        item = self.chosen
        if action in ("find.text", "help.show", "back"):
            return True
        if item is None or (action == "member.show" and item.author is None):
            return False
        return super().possible(action)

    def hints(self) -> list[tuple[str, str, bool]]:
        """`/` changes the words here."""
        named = {"find": "words", "look": "read"}
        return [(key, named.get(title, title), able) for key, title, able in super().hints()]

    def left_words(self) -> Shown:
        """Where it is looked."""
        return own("looking ...") if self._looking else own("all lanes and communities, as they are cached here")

    def head(self, width: int) -> list[Line]:
        """How many, and whether that is all."""
        if not self.hits:
            return []
        words = account(self.found, before=not self.words)
        return [((say(" {words}", words=words), "dim"),), ((own("-" * width), "rule"),)]

    def rows(self) -> int:
        """The hits."""
        return len(self.hits)

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """A line each, or why there is none."""
        found = self.found
        if not self.hits:
            for line in wrap(nothing(self.words, found), max(10, width - 2)):
                yield ((say(" {line}", line=line), "dim"),)
            return
        assert found is not None
        for item in self.hits:
            key = (item.id, width)
            if key not in self._lines:
                self._lines[key] = self._line(item, found, width)
            yield self._lines[key]

    def _line(self, item: Item, found: Found, width: int) -> Line:
        one = self.desk.community(item.ref.community) if len(self.desk.communities) > 1 else None
        return hit_line(
            item, found.question.words, width, self.shell.now_ms(), letter=self.desk.state_of(item.id, item).letter,
            chip=Chip(own(one.chip), f"chip.{one.hue}") if one is not None else None,
        )  # fmt: skip

    def show(self) -> None:
        """Draw everything anew."""
        self._lines.clear()
        super().show()

    def foot(self, width: int) -> list[Line]:
        """The chosen hit: where it stands, and the words around what was found."""
        item, found = self.chosen, self.found
        if item is None or found is None:
            return []
        one = self.desk.community(item.ref.community) if len(self.desk.communities) > 1 else None
        return hit_foot(
            item, found.question.words, width, rows=FOOT, where=show_line(one.name, 24) if one else own(""),
            tz=self.shell.tz, now_ms=self.shell.now_ms(),
        )  # fmt: skip

    def moved(self) -> None:
        """Another hit, other words around it."""
        super().show()

    # the hit
    def _with(self, do: Callable[[Item], object]) -> None:
        item = self.chosen
        if item is None:
            self.say(own("There is no hit here."))
        else:
            self.desk.searching.at = item.id
            do(item)

    def act_page_open(self) -> None:
        """Read it: in its list, where it can be decided, if a list has it; else its thread, or its text."""
        self._with(self._open)

    def _open(self, hit: Item) -> None:
        item = self.desk.item(hit.id) or hit
        if item.lane == "members":
            self.act_member_show()
        elif self.in_queue(item.id):
            self.to_work(item_id=item.id)
            if isinstance(self.app.screen, Page):
                self.app.screen.say(own("The hits wait: g / and enter brings them back."))
        elif self.desk.context(item).thread is not None:
            self.app.push_screen(HitThread(self.shell, item, "thread"))
        else:
            self.app.push_screen(HitPage(self.shell, item))

    def act_thread_show(self) -> None:
        """The whole thread."""
        self._with(lambda item: self.app.push_screen(HitThread(self.shell, item, "thread")))

    def act_member_show(self) -> None:
        """The author."""
        from modtui.screens.pages.dossier import DossierPage

        self._with(lambda item: self.app.push_screen(DossierPage(self.shell, item)))

    def act_links_show(self) -> None:
        """The links of the post."""
        from modtui.screens.pages.links import LinksPage

        self._with(lambda item: self.app.push_screen(LinksPage(self.shell, item)))

    def act_copy_link(self) -> None:
        """The link to it."""
        self._with(lambda item: self.say(say("The link: {how}", how=copy(self.app, self.shell, item.url))))

    def act_copy_id(self) -> None:
        """Its id for the command line."""
        self._with(lambda item: self.say(say("The id: {how}", how=copy(self.app, self.shell, item.id))))

    def act_browser_open(self) -> None:
        """Its page."""
        self._with(lambda item: self.say(browse(self.app, self.shell, item.url)))
