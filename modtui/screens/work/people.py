"""The verbs on a member from the queue, and what the lane of members does with its keys."""

from __future__ import annotations

from modtui.desk import words
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from modtui.screens.lines.choose import BlockedLine
from modtui.screens.lines.question import QuestionLine, ask_word
from modtui.screens.work.threads import WorkThreads
from modtui.text import Shown, own, say, show_line


def _who(item: Item) -> Shown:
    return show_line(item.author.username, 40) if item.author is not None else own("the author")


class WorkPeople(WorkThreads):
    """Warn, log out, delete as a spammer; private data is on the dossier."""

    def act_member_warn(self) -> None:
        """The form for an official warning."""
        item = self.current
        if item is None:
            self.refuse(own("There is nothing here to decide on."))
            return
        blocked = self._able("warn", [item])
        if blocked is not None:
            self.open_line(BlockedLine(self, own("WARN"), own(blocked.sentence)))
        else:
            self._one("a warning", None, lambda one: self._open_form(one, "warn"))

    def act_member_log_out(self) -> None:
        """End all sessions of the member."""
        self._one("log out", "logout", self._log_out)

    def _log_out(self, item: Item) -> None:
        question = say("Log {who} out everywhere? It cannot be taken back. y/N", who=_who(item))
        out = Intent(verb="logout")
        self.open_line(QuestionLine(self, question, lambda: self._commit([item], lambda _: out, keep_marks=True)))

    def act_member_erase(self) -> None:
        """Delete the account as a spammer's, after typing its name."""
        self._one("delete as a spammer", "erase", self._erase)

    def _erase(self, item: Item) -> None:
        erase = Intent(verb="erase")
        try:
            plan = self.desk.plan(item, erase)
        except ModtuiError as error:
            self.say(say("{message} {hint}", message=error.message, hint=error.hint), error=True)
            return
        question = say("{what}.", what=words.effects(plan).rstrip("."))
        name = str(item.author.username) if item.author is not None else ""
        ask_word(self, question, name, lambda: self._commit([item], lambda _: erase, keep_marks=True))

    def act_private_reveal(self) -> None:
        """Private data is shown on the dossier only."""
        if self.current is not None:
            self.act_member_show()

    def act_item_open(self) -> None:
        """In the lane of members, the dossier; elsewhere the item."""
        if self.lane == "members":
            self.act_member_show()
        else:
            super().act_item_open()
