"""The send line: what ctrl+o opens. A reply reaches a person, so it takes a second key."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from modtui.screens.lines.base import Drawn, Host, Line
from modtui.screens.lines.choose import Choice
from modtui.text import EMPTY, Shown, own, say, show_line
from modtui.text.width import cells, cut, pad, wrap

WAYS = (("enter", "send", False, False), ("a", "and mark as the answer", True, False),
        ("c", "and close the thread", False, True))  # fmt: skip
"""Key, words, accept, close."""


class Sending(Struct, frozen=True):
    """How it is sent: the whole intent; `aside`: the item is put aside until it changes."""

    intent: Intent
    aside: bool = False


class SendLine(Line):
    """Offers the ways of sending; those that the site does not allow are dim and say why."""

    def __init__(
        self, host: Host, item: Item, intent: Intent, title: Shown, warnings: tuple[Shown, ...],
        chosen: Callable[[Sending], None],
    ) -> None:  # fmt: skip
        super().__init__(host)
        self.title, self.warnings, self.chosen = title, warnings, chosen
        self.options: list[Choice] = []
        self._sendings: dict[str, Sending] = {}
        for key, words, accept, close in WAYS:
            self._offer(item, key, words, Sending(replace(intent, accept=accept, close=close)))
        if item.lane == "questions":
            self._offer(item, "w", "and set aside until they write", Sending(intent, aside=True))

    def _offer(self, item: Item, key: str, words: str, sending: Sending) -> None:
        intent, desk = sending.intent, self.host.desk
        blocked: Shown | None = None
        more = EMPTY
        if intent.audience != "public" and (intent.accept or intent.close):
            blocked = own("only a public reply does that")
        elif intent.accept and item.question is not None and not item.question.can_accept:
            blocked = own("this category takes no accepted answers")
        else:
            try:
                plan = desk.plan(item, intent)
                wait = round(desk.hold_s(intent, plan))
                if key == "enter":
                    free = "goes out at once" if not wait else f"goes out in {wait} s, until then u is free"
                    more = own(free)
            except ModtuiError as error:
                blocked = show_line(error.message.rstrip("."))
        self.options.append(Choice(key, own(words), more, blocked=blocked))
        self._sendings[key] = sending

    def draw(self, width: int) -> list[Drawn]:
        """What is sent to whom, what to know before, and the ways."""
        end = own("q back ")
        text = cut(say("== {title}", title=self.title), max(8, width - cells(end) - 1))
        gap = own(" " * max(1, width - cells(text) - cells(end)))
        lines: list[Drawn] = [((text, "panel.title"), (gap, "panel"), (end, "hint"))]
        for warning in self.warnings:
            lines += [((say(" {line}", line=line), "question"),) for line in wrap(warning, max(10, width - 2))]
        for choice in self.options:
            key = own(choice.key)
            if choice.blocked is not None:
                why = say("not possible: {why}", why=choice.blocked)
                lines.append(_row(key, choice.words, why, width, "panel.dim", "hint.dim"))
            else:
                lines.append(_row(key, choice.words, choice.more, width, "panel", "panel.key"))
        return lines

    def hint(self, width: int) -> Drawn:
        """The keys."""
        return ((own(" enter send   a as the answer   c and close   q back to the text"), "hint"),)

    def key(self, token: str) -> None:
        """Send one way, or go back."""
        if token in ("q", "escape", "ctrl+g", "ctrl+o"):
            self.leave()
            return
        found = next((choice for choice in self.options if choice.key == token), None)
        if found is None:
            self.host.say(say("{key} is not a choice here; q goes back to the text.", key=token), error=True)
        elif found.blocked is not None:
            self.host.refuse(say("{what} is not possible: {why}.", what=found.words.capitalize(), why=found.blocked))
        else:
            self.host.close_line()
            self.chosen(self._sendings[token])


def _row(key: Shown, words: Shown, more: Shown, width: int, style: str, key_style: str) -> Drawn:
    head = pad(say(" {key}", key=key), 7)
    column = min(38, max(20, width // 2 - 7))
    return ((head, key_style), (pad(cut(words, column - 1), column), style), (more, "panel.dim"))
