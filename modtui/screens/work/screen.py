"""The work screen itself: leaving, and the keys' way in."""

from __future__ import annotations

import asyncio

from textual import events

from modtui.desk import words
from modtui.desk.across import WAITING
from modtui.errors import ModtuiError
from modtui.screens.lines.base import Drawn, Line
from modtui.screens.lines.question import QuestionLine
from modtui.screens.page import Page
from modtui.screens.tokens import token_of
from modtui.screens.work.reply import WorkReply
from modtui.text import count, join, own, say


class WorkScreen(WorkReply, Page):
    """Reports and pending, the list and the item."""

    async def _on_key(self, event: events.Key) -> None:
        """Remember the key, since q, Esc and h mean different things at the top."""
        self._last_token = token_of(event)

    def act(self, action: str) -> None:
        """Any key but a change of lane is a hand on the list: its rows stay where they are."""
        self.asked_site = False
        if self.outage.key():
            self.lay_out()
        self.count_requests()
        super().act(action)
        if not action.startswith(("lane.", "community.")):
            self._touched = True

    def leave(self) -> None:
        """Leave modtui: asks, and says what is not sent."""
        box = self.desk.outbox()
        held = box.held + box.sending - box.waiting
        how = self.settings.undo.on_quit
        if held <= 0:
            self.open_line(QuestionLine(self, own("Leave modtui? y/N"), lambda: self.app.exit(0)))
        elif how in ("wait", "send"):
            self.leaving(how == "send")
        elif how == "stay":
            n = count(held, "is", "are")
            self.say(say("{n} not out yet; modtui stays until they are (on_quit in [undo]).", n=n))
        else:
            self.open_line(LeaveLine(self, held))

    def leaving(self, now: bool) -> None:
        """Wait for the holds and leave, or send now and leave."""
        self.open_line(LeavingLine(self, now))
        self.say(own("Sending what is held, then leaving." if now else "Leaving when all is sent."))


class LeaveLine(QuestionLine):
    """q again: wait and leave; s: send now; any other key stays."""

    def __init__(self, screen: WorkScreen, held: int) -> None:
        due = screen.desk.outbox().next_due_ms
        wait_s = max(1.0, (due - screen.shell.now_ms()) / 1000) if due is not None else 1.0
        super().__init__(screen, words.leave(held, wait_s), lambda: None)
        self._screen = screen

    def hint(self, width: int) -> Drawn:
        """The ways out."""
        ways = " q wait and leave  s send now and leave  x leave, they wait  other keys stay"
        return ((own(ways), "question"),)

    def key(self, token: str) -> None:
        """Take the answer."""
        self._screen.close_line()
        if token in ("q", "s"):
            self._screen.leaving(token == "s")
        elif token == "x":
            self._screen.app.exit(0)
        else:
            self._screen.say(own("Still here."))


LOOK_S = 2.0
"""How often it is looked whether what is left can go out at all."""


class LeavingLine(Line):
    """Waits until everything is out, then leaves. ctrl+g stays, x leaves at once."""

    def __init__(self, screen: WorkScreen, now: bool) -> None:
        super().__init__(screen)
        self._screen = screen
        self._said = own("")
        self._task = asyncio.ensure_future(self._wait(now))

    async def _wait(self, now: bool) -> None:
        try:
            if now:
                await self._screen.desk.send_now()
            while not await self._screen.desk.settle(LOOK_S):
                self._stuck()
        except ModtuiError as error:
            self._screen.close_line()
            self._screen.say(say("{message} {hint}", message=error.message, hint=error.hint), error=True)
            return
        self._screen.app.exit(0)

    def _stuck(self) -> None:
        """All that is left is for communities whose line is down: nothing is gained by staying for it."""
        desk = self._screen.desk
        waits = {one.name: desk.outbox(one.id).on_their_way for one in desk.communities if one.link.state in WAITING}
        if 0 < sum(waits.values()) == desk.outbox().on_their_way:
            left = join(", ", [say("{n} for {name}", n=n, name=name) for name, n in waits.items() if n])
            words = say("{left} cannot go out now. x leaves: it waits for the next start.", left=left)
            if words != self._said:
                self._said = words
                self._screen.say(words)

    def hint(self, width: int) -> Drawn:
        """What can still be done."""
        ways = " ctrl+g stay  s send now  x leave at once: what is not out waits for the next start"
        return ((own(ways), "question"),)

    def key(self, token: str) -> None:
        """Stay, hurry, or leave."""
        if token in ("ctrl+g", "escape"):
            self._task.cancel()
            self._screen.close_line()
            self._screen.say(own("Still here."))
        elif token == "s":
            self._screen.run(self._hurry())
        elif token == "x":
            self._task.cancel()
            self._screen.app.exit(0)

    async def _hurry(self) -> None:
        await self._screen.desk.send_now()
