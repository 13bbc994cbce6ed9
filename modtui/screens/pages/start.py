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
from modtui.text.width import cut, pad
from modtui.widgets.draw import Line


class FirstRunPage(LinesPage):
    """Nothing is set up: what to type, and how to look around first."""

    SCOPE: ClassVar[Scope] = "text"
    TITLE_WORDS = "Welcome"
    HINTS = ("help.show", "back")

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
            (
                "       connects to your community: you approve modtui in the browser; it never asks for a password",
                "dim",
            ),
            ("", "text"),
            (f"   {self.settings.path}", "panel.key"),
            ("       is the settings file; modtui doctor says what modtui sees", "dim"),
            ("", "text"),
            (" In modtui: j k move, a keeps, d removes with a reason, u takes back, ? shows all keys.", "text"),
        )
        for text, style in rows:
            yield ((own(text), style),)

    def act_back(self) -> None:
        """Out."""
        self.app.exit(0)


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
        return say("waiting {n}, nothing of it was sent", n=len(self.waiting))

    def body(self, width: int) -> Iterable[Line]:
        """What waits, and what can be done about it."""
        now = self.shell.now_ms()
        yield ((own(" Your last session ended without a good-bye. Nothing is lost."), "heading"),)
        yield ((own(""), "text"),)
        yield ((say(" NOT SENT ({n})", n=len(self.waiting)), "section"),)
        for decision in self.waiting[: max(3, self.size.height - 16)]:
            what = words.act(decision, self.desk.reasons)
            yield (
                (own("   "), "text"),
                (pad(cut(what, max(20, width - 20)), max(20, width - 20)), "text"),
                (say(" {age} ago", age=age(decision.created_ms, now)), "row.age"),
            )
        if len(self.waiting) > self.size.height - 16:
            yield ((own("   ..."), "dim"),)
        yield ((own(""), "text"),)
        yield ((own(" They are older than the settings let go out unasked ([undo] resume_after)."), "dim"),)
        yield ((own(""), "text"),)
        for key, text in (
            ("s", "check each against the site, send what still fits"),
            ("l", "look at them one by one"),
            ("x", "drop them: the posts stay as they are (asks)"),
            ("q", "later: they wait, and line 2 says so"),
        ):
            yield ((own(f"   {key}  "), "panel.key"), (own(text), "text"))

    def unbound(self, token: str) -> None:
        """s, l and x are this page's own."""
        if token == "s":
            self.run(self._resume())
        elif token == "x":
            question = say("Drop {n}? They will not be sent. y/N", n=count(len(self.waiting), "decision"))
            self.open_line(QuestionLine(self, question, lambda: self.run(self._drop())))

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
