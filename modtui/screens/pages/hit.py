"""A hit of the search that stands in no list any more: its thread, or its text as it is cached."""

from __future__ import annotations

from collections.abc import Iterable

from modtui.domain.items import Body, Item, ThreadPost
from modtui.screens.pages.around import AroundPage
from modtui.screens.pages.post import PostPage
from modtui.screens.shell import Shell
from modtui.text import Foreign, Shown, own, say
from modtui.widgets.draw import Line
from modtui.widgets.hit_lines import kind_of
from modtui.widgets.linespane import Anchor

BACK = "q goes back to the hits"


class HitThread(AroundPage):
    """The thread around a hit, at its post."""

    def left_words(self) -> Shown:
        """Where q goes."""
        return own(BACK)


class HitPage(PostPage):
    """The text of a hit as it is cached; nothing is fetched. What is folded unfolds with enter."""

    def __init__(self, shell: Shell, item: Item) -> None:
        body = item.body if item.body is not None else Body(item.source or Foreign(""))
        number = item.place.post_number or 0
        post = ThreadPost(
            id=item.ref.native, number=number, author=item.author, body=body, created_ms=item.created_ms,
            hidden=item.hidden, deleted=item.deleted, url=item.url,
        )  # fmt: skip
        super().__init__(shell, item, post, item.title)
        self._open = not item.folded

    def where(self) -> Shown:
        """Which one, and what it is."""
        return say("> Search > #{number}, {kind}", number=self.item.number, kind=kind_of(self.item))

    def left_words(self) -> Shown:
        """Where q goes."""
        return own(BACK)

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """Title, time, text."""
        if self._open:
            return super().body(width)
        return [((own(" (folded: personal data of somebody; enter shows it)"), "row.folded"),)]

    def act_page_open(self) -> None:
        """Unfold."""
        if not self._open:
            self._open = True
            self.show()
