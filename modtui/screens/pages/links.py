"""Every link of a post with its real host. Nothing is fetched or opened by itself."""

from __future__ import annotations

from collections.abc import Iterable

from modtui.domain.items import Item
from modtui.screens.clipboard import browse, copy
from modtui.screens.lines.question import QuestionLine
from modtui.screens.pages.around import AroundPage
from modtui.screens.shell import Shell
from modtui.text import Shown, count, own, say, show_line
from modtui.text.links import Link, defang
from modtui.text.width import cut, wrap
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.text_lines import document_of


class LinksPage(AroundPage):
    """j and k choose a link, y copies its harmless form, Y the real one, o opens it; the last two ask."""

    def __init__(self, shell: Shell, item: Item) -> None:
        super().__init__(shell, item, "links")
        self.cursor = 0
        self.links: tuple[Link, ...] = ()
        self._at: list[int] = []
        self.HINTS = ("nav.next", "page.open", "copy.link", "copy.id", "browser.open", "find.text", "help.show", "back")

    def on_mount(self) -> None:
        """The links are in the text that is here already."""
        if self.item.body is not None:
            found = document_of(self.item.body, self.site).links
            self.links = tuple(link for link in found if link.kind != "mention")

    async def _fetch(self) -> None:
        """Nothing more is needed."""

    def where(self) -> Shown:
        """Which item's."""
        return say("> #{number} > Links", number=self.item.number)

    def hints(self) -> list[tuple[str, str, bool]]:
        """`copy id` copies the real link here."""
        named = {"copy id": "copy the real one", "copy link": "copy it harmless", "browser": "open", "look": "whole"}
        return [(key, named.get(title, title), able) for key, title, able in super().hints()]

    def rows(self) -> int:
        """The links."""
        return len(self.links)

    def line_of(self, row: int) -> int:
        """Warnings and labels stand on lines of their own."""
        return self._at[row] if row < len(self._at) else row

    def show(self) -> None:
        """Know where the links stand, then draw."""
        self._at, line = [], 0
        for link in self.links:
            self._at.append(line)
            line += len(list(self._lines(1, link, self.size.width)))
        super().show()

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """A line or two for each link."""
        if not self.links:
            yield ((own(" The post has no links."), "dim"),)
            return
        for n, link in enumerate(self.links, 1):
            yield from self._lines(n, link, width)
        yield ((own(""), "text"),)
        words = say("{n}. Nothing is fetched or opened by itself.", n=count(len(self.links), "link"))
        yield ((say(" {words}", words=words), "dim"),)

    def _lines(self, n: int, link: Link, width: int) -> Iterable[Line]:
        place = own(("  this site" if link.same_site else "") + ("  not drawn" if link.kind == "image" else ""))
        room = max(10, width - 14 - len(place))
        yield (
            (own(f"  {n:>2} {link.kind:<6} "), "panel.key"),
            (cut(defang(link), room), "text"),
            (place, "good" if link.same_site else "dim"),
        )
        if link.decoded:
            reads = say('reads "{name}"', name=show_line(link.decoded, 200))
            yield ((own(" " * 12), "text"), (cut(reads, width - 13), "warning"))
        if link.label and link.label not in (link.host, "(image)"):
            says = say('says "{label}"', label=show_line(link.label, 200))
            yield ((own(" " * 12), "text"), (cut(says, width - 13), "dim"))
        if link.warning:
            for line in wrap(link.warning, width - 13):
                yield ((own(" " * 12), "text"), (line, "warning"))

    @property
    def chosen(self) -> Link | None:
        """The link under the cursor."""
        return self.links[self.cursor or 0] if self.links else None

    def act_page_open(self) -> None:
        """The whole link on the message line, however long."""
        if self.chosen is not None:
            self.say(say("{target}", target=defang(self.chosen)))

    def act_copy_link(self) -> None:
        """The harmless form."""
        if self.chosen is not None:
            self.say(say("The harmless form: {how}", how=copy(self.app, self.shell, defang(self.chosen))))

    def act_copy_id(self) -> None:
        """The real link, after a question."""
        link = self.chosen
        if link is None:
            return
        question = say("Copy the real link to {host}? It was posted by a member. y/N", host=link.host)

        def yes() -> None:
            self.say(say("The real link: {how}", how=copy(self.app, self.shell, link.url)))

        self.open_line(QuestionLine(self, question, yes))

    def act_browser_open(self) -> None:
        """Open it, after a question."""
        link = self.chosen
        if link is None:
            return
        question = say("Open {target}? It was posted by a member. y/N", target=defang(link))
        self.open_line(QuestionLine(self, question, lambda: self.say(browse(self.app, self.shell, link.url))))
