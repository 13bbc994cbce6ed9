"""The first run, and the start after a session that ended without a good-bye."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk import words
from modtui.screens.lines.question import QuestionLine
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.text import Shown, count, own, say
from modtui.text.time import age
from modtui.text.width import cut, pad, wrap
from modtui.widgets.draw import Line


class FirstRunPage(LinesPage):
    """Nothing is set up: what to type, and how to look around first."""

    SCOPE: ClassVar[Scope] = "text"
    TITLE_WORDS = "Welcome"
    HINTS = ("help.show", "back")

    def hints(self) -> list[tuple[str, str, bool]]:
        """q leaves from here."""
        return [(key, "leave" if title == "back" else title, able) for key, title, able in super().hints()]

    def body(self, width: int) -> Iterable[Line]:
        """Three ways to begin."""
        rows = (
            ("", "text"),
            (" Welcome to modtui.", "heading"),
            ("", "text"),
            (" No community is set up yet. Leave with q, then type one of these in the shell:", "text"),
            ("", "text"),
            ("   modtui demo", "panel.key"),
            ("       opens a made-up community on this machine, to try every key without harm", "dim"),
            ("", "text"),
            ("   modtui login https://your-community.example", "panel.key"),
            ("       connects to yours: you approve modtui in the browser, no password is asked", "dim"),
            ("", "text"),
            ("   modtui doctor", "panel.key"),
            ("       says what modtui sees of terminal, credentials, paths and sites", "dim"),
            ("", "text"),
            (f" The settings are in {self.settings.path}", "text"),
            ("", "text"),
            (" In modtui: j k move, enter reads, a keeps, d removes, u takes back, ? shows all.", "text"),
        )
        for text, style in rows:
            indent = len(text) - len(text.lstrip())
            for line in wrap(own(text.strip()), max(20, width - indent - 1)) if text else [own("")]:
                yield ((own(" " * indent), "text"), (line, style))

    def act_back(self) -> None:
        """Out."""
        self.app.exit(0)


WAYS = (
    ("s", "check each against the site, send what still fits"),
    ("l", "look at them one by one"),
    ("x", "drop them: the posts stay as they are (asks)"),
    ("q", "later: they wait, and line 2 says so"),
)


class LeftoversPage(LinesPage):
    """Decisions of an earlier session that are too old to go out unasked."""

    SCOPE: ClassVar[Scope] = "text"
    TITLE_WORDS = "Start"
    HINTS = ()

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.waiting = shell.desk.waiting_old()

    def hints(self) -> list[tuple[str, str, bool]]:
        """The four ways on."""
        return [("s", "check and send", True), ("l", "look", True), ("x", "drop", True), ("q", "later", True)]

    def left_words(self) -> Shown:
        """How many wait."""
        return own("nothing of it was sent")

    def possible(self, action: str) -> bool:
        """Nothing is sent read-only."""
        return not self.shell.read_only

    def body(self, width: int) -> Iterable[Line]:
        """What waits, and what can be done about it."""
        now = self.shell.now_ms()
        yield ((own(" Some decisions of an earlier session were never sent. Nothing is lost."), "heading"),)
        yield ((own(""), "text"),)
        head = own(f" NOT SENT ({len(self.waiting)})")
        right = own("you decided    age  ")
        yield ((pad(head, max(1, width - len(right))), "section"), (right, "row.head"))
        room = max(3, self.size.height - 19)
        for decision in self.waiting[:room]:
            what = cut(words.act(decision, self.desk.reasons), max(20, width - len(right) - 4))
            when = self.shell.time_of_day(decision.created_ms)
            yield (
                (own("   "), "text"),
                (pad(what, max(20, width - len(right) - 3)), "text"),
                (own(f"{when:>11}"), "row.age"),
                (pad(age(decision.created_ms, now), 7, "right"), "row.age"),
            )
        if len(self.waiting) > room:
            yield ((say("   and {n} more", n=len(self.waiting) - room), "dim"),)
        yield ((own(""), "text"),)
        old = own("They are older than modtui sends unasked (resume_after in [undo] of the settings).")
        for line in wrap(old, width - 2):
            yield ((say(" {line}", line=line), "dim"),)
        yield ((own(""), "text"),)
        for key, text in WAYS:
            yield ((own(f"   {key}  "), "panel.key"), (own(text), "text"))

    def unbound(self, token: str) -> None:
        """s, l and x are this page's own."""
        if token in ("s", "x") and self.shell.read_only:
            self.refuse(words.read_only())
        elif token == "s":
            self.run(self._resume())
        elif token == "x":
            question = say("Drop {n}? They will not be sent. y/N", n=count(len(self.waiting), "decision"))
            self.open_line(QuestionLine(self, question, lambda: self.run(self._drop())))
        else:
            self.say(say("{key} does nothing here; q waits.", key=token))

    def act_page_open(self) -> None:
        """Look at them (l is the key of opening here)."""
        self.dismiss(None)
        self.act_outbox_open()

    async def _resume(self) -> None:
        await self.desk.resume([decision.id for decision in self.waiting])
        self.dismiss(None)

    async def _drop(self) -> None:
        for decision in self.waiting:
            await self.desk.discard(decision.id)
        self.dismiss(None)
