"""Questions: yes or no, only this one, or a typed number."""

from __future__ import annotations

from collections.abc import Callable

from modtui.screens.lines.base import Drawn, Host, Line
from modtui.text import Shown, own, say


class QuestionLine(Line):
    """Asks; `y` is yes, everything else is no. `only` is what `t` does ("only this one"), where that makes sense."""

    def __init__(
        self, host: Host, words: Shown, yes: Callable[[], None], *, only: Callable[[], None] | None = None
    ) -> None:
        super().__init__(host)
        self.words, self.yes, self.only = words, yes, only
        host.ask(words)

    def hint(self, width: int) -> Drawn:
        """The answers."""
        only = "t only this one   " if self.only else ""
        return ((own(f" y yes   {only}any other key: no"), "question"),)

    def key(self, token: str) -> None:
        """Take the answer."""
        self.host.close_line()
        self.host.say(own(""))
        if token == "y":
            self.yes()
        elif token == "t" and self.only is not None:
            self.only()
        else:
            self.host.say(own("Nothing was done."))


class WhichLine(QuestionLine):
    """One mark, and another item in sight: m the marked one, t this one."""

    def __init__(self, host: Host, words: Shown, marked: Callable[[], None], this: Callable[[], None]) -> None:
        super().__init__(host, words, marked, only=this)

    def hint(self, width: int) -> Drawn:
        """The answers."""
        return ((own(" m the marked one   t this one   any other key: neither"), "question"),)

    def key(self, token: str) -> None:
        """Take the answer."""
        super().key({"m": "y", "y": "no"}.get(token, token))


def ask_number(host: Host, words: Shown, number: int, yes: Callable[[], None]) -> None:
    """Ask to type the number of what will be touched; anything else does nothing. For many, and for what is heavy."""

    def done(text: str) -> None:
        if text.strip() == str(number):
            yes()
        else:
            host.say(
                say("{text} is not {number}: nothing was done.", text=text or "nothing", number=number), error=True
            )

    host.close_line()
    host.ask_text(
        say("Type {number} to go on: {words}", words=words, number=number),
        done,
        left=lambda: host.say(own("Nothing was done.")),
    )


def ask_word(host: Host, words: Shown, word: str, yes: Callable[[], None]) -> None:
    """Ask to type a word, for what cannot be undone."""

    def done(text: str) -> None:
        if text.strip().casefold() == word.casefold():
            yes()
        else:
            host.say(own("That is not the word: nothing was done."), error=True)

    host.close_line()
    host.ask_text(
        say("Type {word} to go on: {words} It cannot be undone.", words=words, word=own(word)),
        done,
        left=lambda: host.say(own("Nothing was done.")),
    )
