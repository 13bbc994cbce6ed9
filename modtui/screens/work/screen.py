"""The work screen itself: leaving, and the keys' way in."""

from __future__ import annotations

from textual import events

from modtui.screens.lines.base import Drawn
from modtui.screens.lines.question import QuestionLine
from modtui.screens.tokens import token_of
from modtui.screens.work.after import WorkAfter
from modtui.text import count, own, say


class WorkScreen(WorkAfter):
    """Reports and pending, the list and the item."""

    async def _on_key(self, event: events.Key) -> None:
        """Remember the key, since q, Esc and h mean different things at the top."""
        self._last_token = token_of(event)

    def leave(self) -> None:
        """Leave modtui: asks, and says what is not sent."""
        box = self.desk.outbox()
        held = box.held + box.sending
        how = self.settings.undo.on_quit
        if not held:
            self.open_line(QuestionLine(self, own("Leave modtui? y/N"), lambda: self.app.exit(0)))
        elif how == "wait":
            self._leave("wait")
        elif how == "send":
            self._leave("now")
        else:
            self.open_line(LeaveLine(self, held))

    def _leave(self, how: str) -> None:
        """Wait for the holds and leave, or send now and leave."""
        self.say(
            own(
                "Sending what is held, then leaving. ctrl+g stays."
                if how == "now"
                else "Leaving when all is sent. ctrl+g stays."
            )
        )
        self.run(self._leave_when_sent(how))

    async def _leave_when_sent(self, how: str) -> None:
        if how == "now":
            await self.desk.send_now()
        await self.desk.settle()
        self.app.exit(0)


class LeaveLine(QuestionLine):
    """q again: wait and leave; s: send now; any other key stays."""

    def __init__(self, screen: WorkScreen, held: int) -> None:
        due = screen.desk.outbox().next_due_ms
        seconds = max(1, -(-(due - screen.shell.now_ms()) // 1000)) if due is not None else 1
        held_words = count(held, "decision")
        super().__init__(screen, say("Leave modtui? {n} held for up to {s} s.", n=held_words, s=seconds), lambda: None)
        self._screen = screen

    def hint(self, width: int) -> Drawn:
        """The ways out."""
        return (
            (
                own(" q again: wait and leave   s: send now and leave   x: leave, they wait   any other key stays"),
                "question",
            ),
        )

    def key(self, token: str) -> None:
        """Take the answer."""
        self._screen.close_line()
        if token == "q":
            self._screen._leave("wait")
        elif token == "s":
            self._screen._leave("now")
        elif token == "x":
            self._screen.app.exit(0)
        else:
            self._screen.say(own("Still here."))
