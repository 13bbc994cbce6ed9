"""Pick one thing, or several, out of what the site has: type a part, arrows choose, enter takes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from textual.timer import Timer

from modtui.domain.items import Choice
from modtui.errors import ModtuiError
from modtui.screens.pages.lines_page import TypedPage
from modtui.screens.shell import Shell
from modtui.text import Foreign, Shown, join, own, say, show_line
from modtui.text.width import cut, pad
from modtui.widgets.draw import Line

REST_S = 0.25
"""The site is asked when the typing rests this long."""

Ask = Callable[[str], Awaitable[tuple[Choice, ...]]]
Known = Callable[[str], tuple[Choice, ...] | None]


class PickPage(TypedPage):
    """A list that narrows while one types. With `many`, space-separated picks gather: enter adds or takes off, and
    enter on an empty text ends with all of them."""

    TITLE_WORDS = "Pick"

    def __init__(
        self, shell: Shell, prompt: Shown, ask: Ask, known: Known, chosen: Callable[[tuple[Choice, ...]], None], *,
        many: bool = False, picked: Iterable[Choice] = (), own_words: bool = False, empty: Shown | None = None,
    ) -> None:
        """`chosen` gets what was picked after the page has gone. `own_words`: what was typed may be taken as it is."""
        super().__init__(shell)
        self.prompt, self._asks, self._knows, self.chosen = prompt, ask, known, chosen
        self.many, self.own_words = many, own_words
        self.picked = {one.id: one for one in picked}
        self.empty = empty if empty is not None else own("Nothing has this name.")
        self.cursor = 0
        self.text = ""
        self.found: tuple[Choice, ...] = ()
        self.state = own("asking the site ...")
        self._rest: Timer | None = None

    def on_mount(self) -> None:
        """Type at once."""
        self._type()
        self._look("")

    def _type(self) -> None:
        enter = "enter adds or takes off, enter on an empty line is done" if self.many else "enter takes it"
        self.ask_text(self.prompt, self._done, left=self.act_back, changed=self._typed, enter=enter)

    def where(self) -> Shown:
        """The place."""
        return say("> {prompt}", prompt=cut(self.prompt, 60))

    def _typed(self, text: str) -> None:
        if text == self.text:
            return
        self.text = text
        self.cursor = 0
        if self._rest is not None:
            self._rest.stop()
        self._rest = None
        found = self._knows(text)
        if found is not None:
            self._take(found)
        else:
            self._rest = self.set_timer(REST_S, lambda: self._look(text))

    def _look(self, text: str) -> None:
        self.run(self._asked(text))

    async def _asked(self, text: str) -> None:
        try:
            found = await self._asks(text)
        except ModtuiError as error:
            if text == self.text:
                self.state = say("not here: {why}", why=error.message)
                self.show()
            return
        if text == self.text:
            self._take(found)

    def _take(self, found: tuple[Choice, ...]) -> None:
        self.found = found
        self.state = own("") if found else self.empty
        self.show()

    def _choice(self) -> Choice | None:
        if self.found and self.cursor is not None:
            return self.found[min(self.cursor, len(self.found) - 1)]
        typed = self.text.strip()
        return Choice(id=typed, title=Foreign(typed)) if self.own_words and typed else None

    def _done(self, text: str) -> None:
        choice = self._choice()
        if self.many and text.strip():
            if choice is not None and self.picked.pop(choice.id, None) is None:
                self.picked[choice.id] = choice
            self.text = ""
            self._type()
            self._look("")
            return
        self.dismiss(None)
        if self.many:
            self.chosen(tuple(self.picked.values()))
        elif choice is not None:
            self.chosen((choice,))

    def rows(self) -> int:
        """The matches."""
        return len(self.found)

    def head(self, width: int) -> list[Line]:
        """What was picked so far."""
        if not self.many:
            return []
        names = join(", ", (show_line(one.title, 30) for one in self.picked.values())) or own("none")
        return [((cut(say(" Picked: {names}", names=names), width), "bold"),)]

    def body(self, width: int) -> Iterable[Line]:
        """A line for each match."""
        if not self.found:
            words = self.state
            if self.own_words and self.text.strip():
                words = say('{state} enter takes "{text}" as it is.', state=words, text=self.text.strip())
            yield ((say(" {words}", words=words), "dim"),)
        for one in self.found:
            mark = own(" * " if one.id in self.picked else "   ")
            you = own(" (you)") if one.mine else own("")
            yield (
                (mark, "row.marked"),
                (pad(cut(say("{title}{you}", title=show_line(one.title, 80), you=you), 34), 35), "text"),
                (cut(show_line(one.note or "", 200), max(4, width - 40)), "dim"),
            )
