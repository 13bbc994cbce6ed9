"""What can be done to a member from the dossier: silence, ban, warn, note, log out, approve, delete as a spammer."""

from __future__ import annotations

from modtui.desk import words
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item, Member
from modtui.errors import ModtuiError
from modtui.screens.lines.choose import BlockedLine, Choice, ChoiceLine
from modtui.screens.lines.question import QuestionLine, ask_word
from modtui.screens.lines.sanction import SanctionForm
from modtui.screens.pages.around import AroundPage
from modtui.screens.shell import Shell
from modtui.screens.work.places import MEMBER_VERBS, MEMBER_WORDS
from modtui.screens.work.verbs import LETTERS
from modtui.text import Shown, own, say, show_line
from modtui.text.time import stamp


class DossierVerbs(AroundPage):
    """The verbs. `member_item` is the member as a subject of their own, where the site has that."""

    def __init__(self, shell: Shell, item: Item, what: str) -> None:
        super().__init__(shell, item, what)
        self.member_item: Item | None = item if item.lane == "members" else None

    @property
    def member(self) -> Member | None:
        """The member as it is known best."""
        return self.item.author

    @property
    def subject(self) -> Item:
        """What verbs act on: the member, or the item that they wrote."""
        return self.member_item if self.member_item is not None else self.item

    def _painted(self) -> None:
        if self.app.screen is self:
            self.shell.gate.painted(self.subject.id)

    def ladder_words(self) -> Shown | None:
        """What the ladder proposes, and why."""
        return None

    # deciding
    def _may(self) -> bool:
        verdict = self.shell.gate.may_decide(self.subject.id)
        if verdict == "unseen":
            self.say(words.too_fast("the key"), error=True)
        elif verdict == "repeat":
            self.say(own("A key that repeats counts once: nothing more was decided."))
        return verdict == "yes"

    def _commit(self, intent: Intent) -> None:
        self.close_line()
        self.run(self._decided(self.subject, intent))

    async def _decided(self, item: Item, intent: Intent) -> None:
        result = await self.desk.decide([item], intent, overrule=True)
        self.say(own(self.desk.words_for(result)), error=result.decision is None)
        self.show()

    def _blocked(self, verb: str, title: str) -> bool:
        able = self.desk.can(self.subject, verb)
        if isinstance(able, Blocked):
            self.open_line(BlockedLine(self, own(title.upper()), own(able.sentence)))
            return True
        return False

    def _asks_or_commits(self, intent: Intent) -> None:
        """What cannot be taken back asks first."""
        try:
            plan = self.desk.plan(self.subject, intent)
        except ModtuiError as error:
            self.say(say("{message} {hint}", message=error.message, hint=error.hint), error=True)
            return
        asks = plan.asks or ("; ".join(plan.stays) if plan.reversal == "none" else None)
        if asks:
            question = say("{asks}. Go on? y/N", asks=asks.rstrip("."))
            self.open_line(QuestionLine(self, question, lambda: self._commit(intent)))
        else:
            self._commit(intent)

    def _form(self, kind: str) -> None:
        member = self.member
        in_force = next((one for one in member.penalties if one.kind == kind), None) if member is not None else None
        if in_force is not None:
            if not self._blocked(f"un{kind}", f"lift the {kind}"):
                until = own("for good")
                if in_force.until_ms is not None:
                    now = self.shell.now_ms()
                    until = say("until {when}", when=stamp(in_force.until_ms, self.shell.tz, now_ms=now))
                did = own("banned" if kind == "ban" else "silenced")
                who = show_line(member.username, 40) if member is not None else own("-")
                question = say("{who} is {did} {until}. Lift it? y/N", who=who, did=did, until=until)
                self.open_line(QuestionLine(self, question, lambda: self._commit(Intent(verb=f"un{kind}"))))
        elif not self._blocked(kind, kind):
            self.open_line(SanctionForm(self, kind, self.subject, self._taken))

    def _taken(self, intent: Intent) -> None:
        if self._may():
            self._commit(intent)

    def act_member_silence(self) -> None:
        """The silence form, or lift the silence."""
        self._form("silence")

    def act_member_ban(self) -> None:
        """The ban form, or lift the ban."""
        self._form("ban")

    def act_member_warn(self) -> None:
        """An official warning."""
        if not self._blocked("warn", "warn"):
            self.open_line(SanctionForm(self, "warn", self.subject, self._taken))

    def act_item_note(self) -> None:
        """A note on the member, for the team."""
        if self._blocked("note", "note"):
            return

        def done(text: str) -> None:
            if text.strip():
                self._commit(Intent(verb="note", text=text.strip()))
            else:
                self.say(own("An empty note is not written."))

        who = show_line(self.member.username, 40) if self.member is not None else own("-")
        self.ask_text(say("Note for the team on {who}", who=who), done)

    def act_item_approve(self) -> None:
        """Let a waiting member in."""
        if not self._blocked("approve", "approve") and self._may():
            self._asks_or_commits(Intent(verb="approve"))

    def act_member_log_out(self) -> None:
        """End all their sessions."""
        if not self._blocked("logout", "log out"):
            who = show_line(self.member.username, 40) if self.member is not None else own("-")
            question = say("Log {who} out everywhere? It cannot be taken back. y/N", who=who)
            self.open_line(QuestionLine(self, question, lambda: self._commit(Intent(verb="logout"))))

    def act_member_erase(self) -> None:
        """Delete the account as a spammer's, with what it wrote; the name is typed."""
        if self._blocked("erase", "delete as a spammer"):
            return
        intent = Intent(verb="erase")
        try:
            plan = self.desk.plan(self.subject, intent)
        except ModtuiError as error:
            self.say(say("{message} {hint}", message=error.message, hint=error.hint), error=True)
            return
        name = str(self.member.username) if self.member is not None else ""
        question = say("{what}.", what=words.effects(plan).rstrip("."))
        ask_word(self, question, name, lambda: self._commit(intent))

    def act_offers_show(self) -> None:
        """Everything that can be done to this member."""
        options: list[Choice] = []
        by_key: dict[str, str] = {}
        from modtui.actions import BY_ID

        for letter, (verb, name) in zip(LETTERS, MEMBER_VERBS, strict=False):
            able = self.desk.can(self.subject, verb)
            blocked = own(able.sentence) if isinstance(able, Blocked) else None
            title, does = MEMBER_WORDS.get(verb) or (BY_ID[name].title, BY_ID[name].help)
            options.append(Choice(letter, own(title), own(does), blocked=blocked))
            by_key[letter] = name
        who = show_line(self.member.username, 40) if self.member is not None else own("-")
        head = say("WHAT CAN BE DONE WITH {who}", who=who)
        self.open_line(ChoiceLine(self, head, options, lambda key: self.act(by_key[key])))

    def act_undo(self) -> None:
        """Take back the last decision."""
        self.run(self._undo(None, confirmed=False))

    async def _undo(self, decision: str | None, *, confirmed: bool) -> None:
        result = await self.desk.undo(decision, confirmed=confirmed)
        if result.kind == "asks" and result.decision is not None:
            target = result.decision.id
            self.open_line(QuestionLine(self, result.words, lambda: self.run(self._undo(target, confirmed=True))))
            return
        self.say(result.words, error=result.kind == "impossible")
        self.show()
