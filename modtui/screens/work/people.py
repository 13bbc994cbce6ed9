"""The verbs on a member from the queue, and what the lane of members does with its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from modtui.desk import words
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from modtui.ondemand import on_demand
from modtui.screens.work.places import KINDS
from modtui.screens.work.threads import WorkThreads
from modtui.text import Shown, count, own, say, show_line

if TYPE_CHECKING:
    from modtui.screens.lines.choose import BlockedLine
    from modtui.screens.lines.question import QuestionLine, ask_word
else:
    on_demand(__name__, "modtui.screens.lines.question", "QuestionLine", "ask_word")
    on_demand(__name__, "modtui.screens.lines.choose", "BlockedLine")


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

    # the directory
    def act_find_text(self) -> None:
        """In the lane of members names are found while one types; elsewhere the text."""
        if self.lane != "members":
            super().act_find_text()
            return
        known = self.desk.members.known(self.community).words
        prompt = say("Name of a member, or its beginning ({known})", known=known)
        before = self.view.prefix
        self.ask_text(prompt, self._named, text=before, changed=self._names, left=lambda: self._names(before))

    def _names(self, text: str) -> None:
        view = self.view
        if view.lane == "members" and text.strip() != view.prefix:
            view.set_prefix(text.strip())
            self.after_merge()

    def _named(self, text: str) -> None:
        self._names(text)
        if not text.strip():
            self.say(own("Every member that is known here."))
        elif len(self.view):
            self.say(say("{n} begin so. Esc shows all; R asks the site.", n=count(len(self.view), "name")))
        else:
            self.say(say('Nobody known here begins with "{text}". Asking the site ...', text=text.strip()))
            self.run(self._ask_names(text.strip()))

    async def _ask_names(self, text: str) -> None:
        found = await self.desk.members.search(text, self.community, ask=True)
        if not self.built or self.lane != "members" or self.view.prefix != text:
            return
        self.view.merge()
        self.after_merge()
        if found.problem:
            self.say(say("The site could not be asked: {why}", why=found.problem), error=True)
        elif not found.items:
            self.say(say('The site knows nobody whose name begins with "{text}" either. Esc shows all.', text=text))
        else:
            self.say(say("The site has {n}. Esc shows all.", n=count(len(found.items), "such member")))

    def act_back(self) -> None:
        """A name that narrows the directory is let go of first."""
        if self.lane == "members" and self.view.prefix and not self.reading and self._last_token != "q":
            self._names("")
            self.say(own("Every member that is known here."))
        else:
            super().act_back()

    async def narrow(
        self, text: str, keep: str | None = None, *, wrong: Callable[[], None] = lambda: None
    ) -> bool:
        """A filter for a kind of members also reads that list of the site."""
        done = await super().narrow(text, keep, wrong=wrong)
        if done and self.lane == "members":
            words = text.casefold().split()
            for kind in KINDS:
                if f"is:{kind}" in words:
                    await self.desk.members.load(kind, self.community)
                    if self.built and self.lane == "members":
                        self.view.merge(self.current_id)
                        self.after_merge()
        return done
