"""The popup of @names and #categories: who is in the thread at once, whom the site knows a moment later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.timer import Timer

from modtui.backends.base import ChoiceKind
from modtui.desk.choosing import Chooser
from modtui.domain.items import Choice, Item
from modtui.errors import ModtuiError
from modtui.screens.compose import texts
from modtui.screens.compose.complete import Token, fitting, token_at
from modtui.text import Shown, escape, own, say, show_line
from modtui.text.width import cut, pad
from modtui.widgets.draw import Line

if TYPE_CHECKING:
    from modtui.screens.compose.base import ComposerBase

ASK_S = 0.25
"""The site is asked when typing rests so long."""
_KINDS: dict[str, ChoiceKind] = {"@": "person", "#": "category"}


class Names:
    """Finds what could be meant. The keys never wait for it: an answer that comes late changes the popup."""

    def __init__(self, page: ComposerBase, item: Item) -> None:
        self._page, self._item = page, item
        self._chooser = Chooser(page.desk)
        self._token: Token | None = None
        self._timer: Timer | None = None
        self._left: Token | None = None
        """The token for which the popup was sent away."""
        self.found: list[Choice] = []
        self.at = 0

    def typed(self, before: str) -> None:
        """The text before the cursor is this now."""
        token = token_at(before)
        if token == self._token:
            return
        self._token = token
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if token is None or (self._left is not None and self._left.sign == token.sign and token.text.startswith(
            self._left.text
        )):
            self._show([])
            if token is None:
                self._left = None
            return
        self._show(self._fitting(token))
        if self._chooser.known(self._item, _KINDS[token.sign], token.text) is None and token.text:
            self._timer = self._page.set_timer(ASK_S, lambda: self._page.run(self._ask(token)))

    def _fitting(self, token: Token) -> list[Choice]:
        far = self._chooser.known(self._item, _KINDS[token.sign], token.text) or ()
        return fitting(token, self._near() if token.sign == "@" else (), far)

    def _near(self) -> Sequence[Choice]:
        """Who writes in this thread, the last ones first."""
        posts = reversed(texts.posts_of(self._page.around.thread))
        names = [post.author for post in posts if post.author is not None]
        if self._item.author is not None:
            names.insert(0, self._item.author)
        return [Choice(id=one.username, title=one.username, note=one.name) for one in names]

    async def _ask(self, token: Token) -> None:
        try:
            await self._chooser.ask(self._item, _KINDS[token.sign], token.text)
        except ModtuiError:
            return  # offline: who is in the thread is all there is
        if self._token == token:
            self._show(self._fitting(token))

    def _show(self, found: list[Choice]) -> None:
        if found or self.found:
            self.found, self.at = found, 0
            self._page.popup_changed()

    def takes(self, token: str) -> bool:
        """While the popup is there, tab takes a name, up and down choose, ctrl+g and Esc send it away."""
        if not self.found:
            return False
        if token == "tab":
            self._take(self.found[self.at])
        elif token in ("up", "down"):
            self.at = (self.at + (1 if token == "down" else -1)) % len(self.found)
            self._page.popup_changed()
        elif token in ("ctrl+g", "escape"):
            self._left = self._token
            self._show([])
        else:
            return False
        return True

    def _take(self, choice: Choice) -> None:
        token, area = self._token, self._page.area
        if token is None:
            return
        row, column = area.cursor_location
        name = choice.id if token.sign == "@" else slug(choice)
        self._token = None
        self._show([])
        area.replace(escape(f"{token.sign}{name} "), (row, column - 1 - len(token.text)), (row, column),
                     maintain_selection_offset=False)  # fmt: skip

    def draw(self, width: int) -> list[Line]:
        """A line for each name."""
        lines: list[Line] = []
        for n, choice in enumerate(self.found):
            chosen = n == self.at
            sign = self._token.sign if self._token is not None else ""
            name: Shown = say("{mark} {sign}{name}", mark=own(">" if chosen else " "), sign=own(sign),
                              name=show_line(choice.title, 40))  # fmt: skip
            note = cut(show_line(choice.note, 120), 60) if choice.note else own("")
            hint = own("   tab takes it") if chosen else own("")
            style = "panel.chosen" if chosen else "panel"
            lines.append(((pad(name, 28), style), (say(" {note}", note=note), "panel.dim"), (hint, "hint")))
        return lines


def slug(choice: Choice) -> str:
    """How a category is called in a text: its short name where the site gives one, else its title with dashes."""
    if choice.written:
        return choice.written
    if not choice.id.isdigit():
        return choice.id
    return re.sub(r"[^\w]+", "-", choice.title.casefold()).strip("-")
