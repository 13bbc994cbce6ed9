"""The first run, and the start after a session that ended without a good-bye."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from modtui.actions import Scope
from modtui.desk import words
from modtui.screens.lines.question import QuestionLine
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.text import Shown, count, own, say, show
from modtui.text.time import age
from modtui.text.width import cut, pad, wrap
from modtui.widgets.draw import Line

if TYPE_CHECKING:
    from modtui.desk.desk import Desk
    from modtui.desk.drafts import Draft


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


def interrupted(desk: Desk) -> list[Draft]:
    """The texts that somebody was writing when the program ended, the newest first; not those left on purpose."""
    return [draft for draft in desk.drafts.all() if not draft.left]


class LeftoversPage(LinesPage):
    """Decisions of an earlier session that are too old to go out unasked, and texts that were not finished."""

    SCOPE: ClassVar[Scope] = "text"
    TITLE_WORDS = "Start"
    HINTS = ()

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.waiting = shell.desk.waiting_old()
        self.drafts = interrupted(shell.desk)

    def hints(self) -> list[tuple[str, str, bool]]:
        """The ways on."""
        ways = [("s", "check and send", True), ("l", "look", True), ("x", "drop", True)] if self.waiting else []
        draft = [("d" if self.waiting else "enter", "write on", True)] if self.drafts else []
        return [*ways, *draft, ("q", "later", True)]

    def on_screen_resume(self) -> None:
        """Back from a draft: what is not finished stays listed."""
        self.drafts = interrupted(self.desk)
        if self.waiting or self.drafts:
            self.show()
        else:
            self.call_later(self._away)

    def _away(self) -> None:
        self.dismiss(None)

    def left_words(self) -> Shown:
        """How many wait."""
        return own("nothing of it was sent")

    def possible(self, action: str) -> bool:
        """Nothing is sent read-only."""
        return not self.shell.read_only

    def body(self, width: int) -> Iterable[Line]:
        """What waits, and what can be done about it."""
        now = self.shell.now_ms()
        what = "Some decisions" if self.waiting else "A text" if len(self.drafts) == 1 else "Some texts"
        verb = "was" if what == "A text" else "were"
        words = f"{what} of an earlier session {verb} never sent. Nothing is lost."
        yield ((own(f" {words}"), "heading"),)
        yield ((own(""), "text"),)
        if self.waiting:
            yield from self._waiting(width, now)
        if self.drafts:
            yield from self._drafts(width, now)
        if self.waiting:
            old = own("They are older than modtui sends unasked (resume_after in [undo] of the settings).")
            for line in wrap(old, width - 2):
                yield ((say(" {line}", line=line), "dim"),)
            yield ((own(""), "text"),)
        for key, text in self._ways():
            yield ((own(f"   {pad(own(key), 5 if not self.waiting else 1)}  "), "panel.key"), (own(text), "text"))

    def _ways(self) -> list[tuple[str, str]]:
        """What can be done, a key each."""
        if not self.waiting:
            return [("enter", "write on: nothing goes out before you send it"), ("q", "later: g d shows the drafts")]
        ways = list(WAYS)
        if self.drafts:
            ways.insert(3, ("d", "write on: the draft opens as it was"))
        return ways

    def _waiting(self, width: int, now: int) -> Iterable[Line]:
        head = own(f" NOT SENT ({len(self.waiting)})")
        right = own("you decided    age  ")
        yield ((pad(head, max(1, width - len(right))), "section"), (right, "row.head"))
        room = max(3, self.size.height - 19 - (4 if self.drafts else 0))
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

    def _drafts(self, width: int, now: int) -> Iterable[Line]:
        from modtui.screens.pages.drafts import draft_line

        yield ((own(f" {'DRAFT' if len(self.drafts) == 1 else 'DRAFTS'} ({len(self.drafts)})"), "section"),)
        room = 2 if self.waiting else max(3, self.size.height - 16)
        for draft in self.drafts[:room]:
            yield draft_line(draft, width, now)
        if len(self.drafts) > room:
            yield ((say("   and {n} more: g d shows all", n=len(self.drafts) - room), "dim"),)
        elif not self.waiting and len(self.drafts) == 1:
            for line in islice(wrap(show(self.drafts[0].text[:1000]), max(10, width - 12)), 4):
                yield ((own("        | "), "quote"), (line, "quote"))
        yield ((own(""), "text"),)

    def unbound(self, token: str) -> None:
        """s, l and x are this page's own."""
        if token in ("d", "enter") and self.drafts:
            self._write_on()
        elif not self.waiting:
            self.say(say("{key} does nothing here; q waits.", key=token))
        elif token in ("s", "x") and self.shell.read_only:
            self.refuse(words.read_only())
        elif token == "s":
            self.run(self._resume())
        elif token == "x":
            question = say("Drop {n}? They will not be sent. y/N", n=count(len(self.waiting), "decision"))
            self.open_line(QuestionLine(self, question, lambda: self.run(self._drop())))
        else:
            self.say(say("{key} does nothing here; q waits.", key=token))

    def _write_on(self) -> None:
        """The draft opens as it was; with several, the list of them. The queue comes after it."""
        from modtui.screens.pages.drafts import open_draft

        if len(self.drafts) > 1:
            self.act_drafts_open()
        else:
            self.run(open_draft(self, self.drafts[0]))

    def act_page_open(self) -> None:
        """Look at them (l is the key of opening here)."""
        if not self.waiting:
            self._write_on()
            return
        self.dismiss(None)
        self.act_outbox_open()

    async def _resume(self) -> None:
        await self.desk.resume([decision.id for decision in self.waiting])
        self.dismiss(None)

    async def _drop(self) -> None:
        for decision in self.waiting:
            await self.desk.discard(decision.id)
        self.dismiss(None)
