"""One post of a member, whole."""

from __future__ import annotations

from collections.abc import Iterable

from modtui.domain.items import Item, ThreadPost
from modtui.screens.clipboard import browse, copy
from modtui.screens.pages.around import AroundPage
from modtui.screens.shell import Shell
from modtui.text import Foreign, Shown, own, say, show_line
from modtui.text.time import stamp
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.text_lines import gap, text_lines, wrapped


class PostPage(AroundPage):
    """A post out of a dossier; nothing is fetched for it."""

    def __init__(self, shell: Shell, item: Item, post: ThreadPost, title: Foreign | None) -> None:
        super().__init__(shell, item, "thread")
        self.post, self.title_words = post, title
        self.HINTS = ("text.page", "find.text", "copy.link", "browser.open", "help.show", "back")

    async def _fetch(self) -> None:
        """Everything is here."""

    def where(self) -> Shown:
        """Whose."""
        who = show_line(self.item.author.username, 40) if self.item.author else own("-")
        return say("> {who} > post {n}", who=who, n=self.post.number)

    def left_words(self) -> Shown:
        """Where q goes."""
        return own("q goes back to the member")

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """Title, time, text."""
        post = self.post
        if self.title_words:
            yield from wrapped(show_line(self.title_words), "heading", width, 1)
        if post.created_ms is not None:
            yield ((say(" {when}", when=stamp(post.created_ms, self.shell.tz, now_ms=self.shell.now_ms())), "dim"),)
        if post.deleted or post.hidden:
            yield ((own(" deleted on the site" if post.deleted else " hidden on the site"), "warning"),)
        yield gap()
        yield from text_lines(post.body, self.site, width, indent=3, reveal=True)

    def act_copy_link(self) -> None:
        """The link to the post."""
        self.say(say("The link: {how}", how=copy(self.app, self.shell, self.post.url or self.item.url)))

    def act_browser_open(self) -> None:
        """The post's page."""
        self.say(browse(self.app, self.shell, self.post.url or self.item.url))
