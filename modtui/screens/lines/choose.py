"""A line that offers a few things, a key each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from modtui.screens.lines.base import Drawn, Host, Line
from modtui.text import EMPTY, Shown, join, own, say
from modtui.text.width import cells, cut, pad


class Choice(Struct, frozen=True):
    """One choice: its key, its words, a second part, and why it cannot be (None when it can)."""

    key: str
    words: Shown
    more: Shown = EMPTY
    blocked: Shown | None = None


def choices(pairs: Sequence[tuple[str, Shown]]) -> list[Choice]:
    """Choices from (key, words)."""
    return [Choice(key, words) for key, words in pairs]


def title_row(words: Shown, width: int) -> Drawn:
    """The first row of a panel: `== WORDS ... q cancel`."""
    end = own("q cancel ")
    text = cut(say("== {words}", words=words), max(8, width - cells(end) - 1))
    return ((text, "panel.title"), (own(" " * max(1, width - cells(text) - cells(end))), "panel"), (end, "hint"))


def row(
    key: str, words: Shown, width: int, *, more: Shown = EMPTY, style: str = "panel", key_style: str = "panel.key",
    widest: int = 33,
) -> Drawn:  # fmt: skip
    """A row of a panel: ` k  words   more`. `widest` is how many cells the widest words of the panel have."""
    head = join("", (own(" "), pad(own(key), 2), own(" ")))
    if not more:
        return ((head, key_style), (words, style))
    column = min(34, max(16, width // 2 - 4), max(16, widest + 2))
    rest = max(1, width - cells(head) - column)
    return ((head, key_style), (pad(cut(words, column - 1), column), style), (cut(more, rest), "panel.dim"))


class ChoiceLine(Line):
    """Shows choices; a key takes one. `chosen` gets the key after the line has gone."""

    def __init__(self, host: Host, title: Shown, options: Sequence[Choice], chosen: Callable[[str], None]) -> None:
        super().__init__(host)
        self.title = title
        self.options = list(options)
        self.chosen = chosen
        self.top = 0

    def draw(self, width: int) -> list[Drawn]:
        """The title and a row for each choice."""
        lines = [title_row(self.title, width)]
        page = self.options[self.top : self.top + self._page]
        widest = max((cells(choice.words) for choice in self.options), default=0)
        for choice in page:
            if choice.blocked is not None:
                why = say("not possible: {why}", why=choice.blocked)
                style = {"style": "panel.dim", "key_style": "hint.dim"}
                lines.append(row(choice.key, choice.words, width, more=why, widest=widest, **style))
            else:
                lines.append(row(choice.key, choice.words, width, more=choice.more, widest=widest))
        if len(page) < len(self.options):
            rest = say(
                " {a} to {b} of {n}; space shows the next", a=self.top + 1, b=self.top + len(page), n=len(self.options)
            )
            lines.append(((rest, "panel.dim"),))
        return lines

    @property
    def _page(self) -> int:
        """How many choices fit at once."""
        return len(self.options) if len(self.options) + 1 <= self.room else max(1, self.room - 2)

    def hint(self, width: int) -> Drawn:
        """Which keys do something."""
        return ((own(" press a key of the list   q cancel"), "hint"),)

    def key(self, token: str) -> None:
        """Take a choice, say why not, or leave."""
        found = next((choice for choice in self.options if choice.key == token), None)
        if found is None:
            if token == "space" and self._page < len(self.options):
                self.top = self.top + self._page if self.top + self._page < len(self.options) else 0
                self.host.redraw_line()
            elif token in ("q", "escape", "ctrl+g"):
                self.leave()
            else:
                self.host.say(say("{key} is not a choice here; q cancels.", key=token), error=True)
        elif found.blocked is not None:
            self.host.refuse(
                say("{words} is not possible here: {why}.", words=found.words, why=found.blocked.rstrip("."))
            )
        else:
            self.host.close_line()
            self.chosen(token)


class BlockedLine(Line):
    """The panel of a verb that is not possible: it keeps the keys, so that the second key of a habit does nothing."""

    def __init__(self, host: Host, title: Shown, why: Shown) -> None:
        super().__init__(host)
        self.title, self.why = title, why

    def draw(self, width: int) -> list[Drawn]:
        """The title and the reason."""
        return [
            title_row(self.title, width),
            ((say(" Not possible here: {why}.", why=self.why.rstrip(".")), "panel.dim"),),
        ]

    def hint(self, width: int) -> Drawn:
        """The only way is out."""
        return ((own(" q back"), "hint"),)

    def key(self, token: str) -> None:
        """q, Esc, enter and ctrl+g leave; everything else does nothing."""
        if token in ("q", "escape", "ctrl+g", "enter"):
            self.leave()
        else:
            self.host.say(say("{key} does nothing here; q goes back.", key=token), error=True)
