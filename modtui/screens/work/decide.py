"""Deciding: from a key to the desk. What may be decided is the desk's to say, when it may is the gate's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modtui.desk import words
from modtui.desk.events import DecisionChanged, Link
from modtui.desk.later import LATER, comes_back
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent, Plan
from modtui.domain.items import Item, Offer
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError
from modtui.screens.lines.choose import BlockedLine, Choice, ChoiceLine
from modtui.screens.lines.question import QuestionLine, ask_number, ask_word
from modtui.screens.lines.reason import ReasonLine
from modtui.screens.lines.sanction import SanctionForm
from modtui.screens.work.marks import WorkMarks
from modtui.text import Foreign, Shown, join, own, say, show_line
from modtui.text.time import stamp

MANY = 25
"""Above so many the number is typed instead of y."""

LETTERS = "abcdefghijklmnoprstuvwxyz"
"""Letters for the offers; q is the way out."""


class WorkDecide(WorkMarks):
    """The keys of the groups Decide and Undo."""

    _last: tuple[Intent, bool] | None = None
    _redo_words = ""

    # whether a key may decide now
    def _may(self, item: Item | None) -> bool:
        """Ask the gate; say why not. Marks were seen when the question was asked, so only one item is checked."""
        verdict = self.shell.gate.may_decide(item.id if item is not None else None)
        if verdict == "yes":
            return True
        if verdict == "unseen":
            self.say(own("Too fast to have been read: nothing decided. Press the key again."), error=True)
        elif verdict == "repeat":
            self.say(own("A key that repeats counts once: nothing more was decided."))
        return False

    def _able(self, verb: str, items: Sequence[Item]) -> Blocked | None:
        """Why the verb is not possible on any of the items."""
        first: Blocked | None = None
        for item in items:
            able = self.desk.can(item, verb)
            if not isinstance(able, Blocked):
                return None
            first = first or able
        return first

    # the plain verbs
    def _plain(self, verb: str) -> None:
        """A verb without a line: the marks or the item, at once or after a question."""
        items = self.targets()
        if not items:
            self.say(own("There is nothing here to decide on."))
            return
        blocked = self._able(verb, items)
        if blocked is not None:
            self.refuse(self.blocked_words(words.do(verb, self.lane), blocked))
            return
        self.propose(items, lambda item: Intent(verb=verb))

    def propose(self, items: Sequence[Item], each: Callable[[Item], Intent]) -> None:
        """Ask what must be asked, then decide `items`, each with its own intent."""
        item = self.current
        if self.marks_differ or (len(items) == 1 and item is not None and items[0].id != item.id):
            self._ask_many(items, each)
            return
        if not self._may(items[0]):
            return
        question = self._question(items[0], each(items[0]))
        if question is not None:
            self.open_line(QuestionLine(self, question, lambda: self._commit(items, each)))
        else:
            self._commit(items, each)

    def _question(self, item: Item, intent: Intent) -> Shown | None:
        """What must be asked before this intent, None when nothing."""
        try:
            plan = self.desk.plan(item, intent)
        except ModtuiError:
            return None
        if plan.asks:
            return say("{asks} y/N", asks=plan.asks)
        if plan.reversal == "none":
            stays = "; ".join(plan.stays) or "it cannot be taken back once it is sent"
            return say(
                "{do} #{number}? {stays}. y/N",
                do=words.do(intent.verb, item.lane).capitalize(),
                number=item.number,
                stays=stays.rstrip("."),
            )
        return None

    def _ask_many(self, items: Sequence[Item], each: Callable[[Item], Intent]) -> None:
        """The counted question: how many, how many are out of sight, how many do not offer it."""
        intent = each(items[0])
        verb = intent.verb
        able = [item for item in items if not isinstance(self.desk.can(item, verb), Blocked)]
        here = self.current
        inside = here is not None and any(item.id == here.id for item in items)
        parts: list[Shown] = []
        if len(items) == 1:
            parts.append(
                say(
                    "{do} #{number}, which is marked?",
                    do=own(words.do(verb, self.lane).capitalize()),
                    number=items[0].number,
                )
            )
        else:
            parts.append(say("{do} {n} marked items?", do=own(words.do(verb, self.lane).capitalize()), n=len(items)))
        if not inside:
            parts.append(own("The one you see is NOT among them."))
        if hidden := self.view.marks.hidden:
            parts.append(say("{n} are not in sight.", n=hidden))
        if left := len(items) - len(able):
            parts.append(say("{n} do not offer it and are left out.", n=left))
        if intent.sanction is not None:
            authors = {item.author.native for item in items if item.author}
            parts.append(say("{n} members: {what}.", n=len(authors), what=own(words.sanction_words(intent))))
        question = join(" ", parts)
        go: Callable[[], None] = lambda: self._commit(items, each)  # noqa: E731
        if len(items) > MANY or (intent.sanction is not None and len(items) > 1):
            ask_number(self, question, len(items), go)
            return
        only = (lambda: self._only(each)) if here is not None else None
        self.open_line(QuestionLine(self, say("{question} y/N", question=question), go, only=only))

    def _only(self, each: Callable[[Item], Intent]) -> None:
        item = self.current
        if item is not None and self._may(item):
            self._commit([item], each, keep_marks=True)

    def _commit(self, items: Sequence[Item], each: Callable[[Item], Intent], *, keep_marks: bool = False) -> None:
        """Decide and go on: the row says so at once, the rest runs behind."""
        intent = each(items[0])
        if self.line is not None:
            self.close_line()
        self._last = (intent, bool(intent.message or intent.sanction))
        shown = self.current_id
        batch = len(items) > 1 or self.marks_differ
        self.run(self._decided(list(items), intent, each if len(items) > 1 else None))
        if len(self.view.marks) and not keep_marks:
            self.view.marks.clear()
            self.rows_list.changed()
        if intent.verb in ("claim", "release", "note", "edit"):
            return
        if not batch or shown in {item.id for item in items}:
            self._go_on({item.id for item in items})

    async def _decided(self, items: list[Item], intent: Intent, each: Callable[[Item], Intent] | None) -> None:
        result = await self.desk.decide(items, intent, each=each)
        if result.decision is None:
            why = next(iter(result.skipped.values()), "nothing was left to decide")
            self.say(say("Nothing decided: {why}", why=why), error=True)
            return
        link = self._link_of(result.decision.community)
        self.say(words.decided(result.decision, self.desk.reasons, link=link, skipped=len(result.skipped)))
        self._spoken = result.decision.id
        self.refresh_top()

    _spoken = ""

    def _link_of(self, community: CommunityId) -> Link | None:
        return next((one.link for one in self.desk.communities if one.id == community), None)

    def _go_on(self, decided: set[str]) -> None:
        """To the next open item that was not just decided; at the end, to the one before."""
        at = self.rows_list.cursor
        for step in (1, -1):
            found = self.view.next_open(at, step)
            while found is not None and self.view.id_at(found) in decided:
                found = self.view.next_open(found, step)
            if found is not None:
                self.rows_list.go(found)
                return
        self.reading = False
        self._arrange()
        self.refresh_top()
        self.show_item()

    def decision_moved(self, event: DecisionChanged) -> None:
        """Say what needs to be known when a decision moves on: conflicts and refusals, not every success."""
        decision = event.decision
        for target in decision.targets:
            if target.state == "conflict":
                self.say(words.conflict(decision, target), error=True)
                return
            if target.state in ("refused", "partly"):
                self.say(
                    say("#{number}: {what}. U shows it.", number=target.number, what=words.partly(target)), error=True
                )
                return

    def decide(self, items: Sequence[Item], intent: Intent) -> None:
        """What a line asks for."""
        self.propose(items, lambda item: intent)

    def act_item_approve(self) -> None:
        """Keep."""
        self._plain("approve")

    def act_item_ignore(self) -> None:
        """No verdict."""
        self._plain("ignore")

    def act_item_restore(self) -> None:
        """Bring it back."""
        self._plain("restore")

    def act_item_remove(self) -> None:
        """The reason line."""
        self._reason_line("remove")

    def _reason_line(self, verb: str) -> None:
        items, shown = self.targets(), self.current
        if not items or shown is None:
            self.say(own("There is nothing here to decide on."))
            return
        blocked = self._able(verb, items)
        if blocked is not None:
            self.open_line(
                BlockedLine(
                    self, say("{verb} #{number}", verb=own(verb.upper()), number=items[0].number), own(blocked.sentence)
                )
            )
            return
        if not self.marks_differ:
            shown = items[0]
        self.open_line(ReasonLine(self, verb, items, shown, self._reason_taken, marked=self.marks_differ))

    def _reason_taken(self, items: Sequence[Item], each: Callable[[Item], Intent], line: ReasonLine) -> None:
        if not self.marks_differ and not self._may(items[0]):
            return
        self.close_line()
        if self.marks_differ:
            self._ask_many(items, each)
        else:
            self._commit(items, each)

    def act_item_spam(self) -> None:
        """The spam line: ! again does it."""
        items = self.targets()
        if not items:
            return
        blocked = self._able("spam", items)
        if blocked is not None:
            self.open_line(BlockedLine(self, own("SPAM"), own(blocked.sentence)))
            return
        many = len(items)
        ban = self.desk.can(items[0], "ban")
        why = own(ban.sentence) if isinstance(ban, Blocked) else None
        length = self.settings.ban.default_ms
        from modtui.domain.decisions import Sanction
        from modtui.text.time import duration

        words_ban = say("and ban the author {length}", length=own("for good") if length is None else duration(length))
        options = [
            Choice(
                "!",
                own("remove as spam"),
                say("{n}, the account stays", n=own("1 post" if many == 1 else f"{many} posts")),
            ),
            Choice("b", words_ban, own("the account cannot log in"), blocked=why),
        ]

        def chosen(key: str) -> None:
            sanction = Sanction("ban", length) if key == "b" else None
            intent = Intent(verb="spam", reason="spam", reason_title="spam, advertising", sanction=sanction)
            self.propose(items, lambda item: intent)

        title = say(
            "SPAM: remove {what}", what=own("this post?" if many == 1 and not self.marks_differ else f"{many} marked?")
        )
        self.open_line(ChoiceLine(self, title, options, chosen))

    def act_item_claim(self) -> None:
        """Claim, or let go of one's own claim."""
        item = self.current
        if item is None:
            return
        verb = "release" if item.claim is not None and item.claim.mine else "claim"
        blocked = self._able(verb, [item])
        if blocked is not None:
            self.refuse(self.blocked_words(verb, blocked))
            return
        if item.claim is not None and not item.claim.mine:
            question = say("{by} has taken this. Take it over? y/N", by=item.claim.by)
            self.open_line(QuestionLine(self, question, lambda: self._commit([item], lambda _: Intent(verb="claim"))))
        else:
            self._commit([item], lambda _: Intent(verb=verb))

    def act_item_note(self) -> None:
        """A note for the team."""
        item = self.current
        if item is None:
            return
        blocked = self._able("note", [item])
        if blocked is not None:
            self.refuse(self.blocked_words("note", blocked))
            return

        def done(text: str) -> None:
            if text.strip():
                self._commit([item], lambda _: Intent(verb="note", text=text.strip()))
            else:
                self.say(own("An empty note is not written."))

        self.ask_text(say("Note for the team on #{number}", number=item.number), done)

    def act_item_edit(self) -> None:
        """Edit a held post's text."""
        item = self.current
        if item is None:
            return
        blocked = self._able("edit", [item])
        if blocked is not None:
            self.refuse(self.blocked_words("edit", blocked))
            return
        text = item.source if item.source is not None else item.body.text if item.body else ""

        def done(new: str) -> None:
            if new == text:
                self.say(own("Nothing was changed."))
            else:
                self._commit([item], lambda _: Intent(verb="edit", text=new))

        self.ask_long_text(say("Text of #{number}", number=item.number), text, done)

    def act_thread_lock(self) -> None:
        """Lock the thread, or open it."""
        item = self.current
        if item is not None:
            self._plain("unlock" if item.place.closed else "lock")

    def act_member_silence(self) -> None:
        """The silence form, or lift the silence."""
        self._sanction_form("silence")

    def act_member_ban(self) -> None:
        """The ban form, or lift the ban."""
        self._sanction_form("ban")

    def _sanction_form(self, kind: str) -> None:
        item = self.current
        if item is None:
            return
        in_force = item.author is not None and any(penalty.kind == kind for penalty in item.author.penalties)
        verb = f"un{kind}" if in_force else kind
        blocked = self._able(verb, [item])
        if blocked is not None:
            self.open_line(BlockedLine(self, own(kind.upper()), own(blocked.sentence)))
        elif in_force:
            who = item.author.username if item.author else "-"
            question = say("{who} is under a {kind} now. Lift it? y/N", who=who, kind=own(kind))
            self.open_line(QuestionLine(self, question, lambda: self._commit([item], lambda _: Intent(verb=verb))))
        else:
            self.open_line(SanctionForm(self, kind, item, lambda intent: self._form_taken(item, intent)))

    def _form_taken(self, item: Item, intent: Intent) -> None:
        if self._may(item):
            self.close_line()
            self._commit([item], lambda _: intent)

    def act_item_purge(self) -> None:
        """Delete for good, after a typed word."""
        item = self.current
        if item is None:
            return
        blocked = self._able("purge", [item])
        if blocked is not None:
            self.refuse(self.blocked_words("purge", blocked))
            return
        question = say("Delete #{number} for good?", number=item.number)
        ask_word(self, question, "delete", lambda: self._commit([item], lambda _: Intent(verb="purge")))

    def act_offers_show(self) -> None:
        """All offers of the item, a letter each."""
        item = self.current
        if item is None:
            return
        offers = list(item.offers)[: len(LETTERS)]
        if not offers:
            self.say(own("The site offers nothing on this item."))
            return
        options = []
        by_key: dict[str, Offer] = {}
        for letter, offer in zip(LETTERS, offers, strict=False):
            by_key[letter] = offer
            blocked = own(offer.capability.sentence) if isinstance(offer.capability, Blocked) else None
            more = show_line(offer.description or "", 200) or self._offer_effects(item, offer)
            options.append(Choice(letter, show_line(offer.label, 60), more, blocked=blocked))
        title = say("WHAT THE SITE ALLOWS ON #{number}", number=item.number)
        self.open_line(ChoiceLine(self, title, options, lambda key: self._offer_taken(item, by_key[key])))

    def _offer_effects(self, item: Item, offer: Offer) -> Shown:
        try:
            plan = self.desk.plan(item, Intent(verb=offer.verb, offer=offer.id))
        except ModtuiError:
            return own("")
        return words.effects(plan)

    def _offer_taken(self, item: Item, offer: Offer) -> None:
        if "duration" in offer.needs:
            kind = "ban" if offer.verb == "ban" or "suspend" in offer.id else "silence"
            form = SanctionForm(
                self, kind, item, lambda intent: self._form_taken(item, self._with_offer(intent, offer))
            )
            self.open_line(form)
        elif "text" in offer.needs:
            self.act_item_edit()
        elif "reason" in offer.needs:

            def done(text: str) -> None:
                intent = Intent(
                    verb=offer.verb, offer=offer.id, reason_text=text.strip() or None, reason_title=text.strip() or None
                )
                self._offer_commit(item, offer, intent)

            self.ask_text(own("Why? (the site keeps it)"), done)
        else:
            self._offer_commit(item, offer, Intent(verb=offer.verb, offer=offer.id))

    def _with_offer(self, intent: Intent, offer: Offer) -> Intent:
        from msgspec.structs import replace

        return replace(intent, verb=offer.verb, offer=offer.id)

    def _offer_commit(self, item: Item, offer: Offer, intent: Intent) -> None:
        if offer.irreversible:
            question = say("{label}?", label=show_line(offer.confirm or offer.label, 120).rstrip("?"))
            ask_word(self, question, "delete", lambda: self._commit([item], lambda _: intent))
        else:
            self.propose([item], lambda _: intent)

    # afterwards
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
        if result.kind == "taken back" and result.decision is not None and len(result.decision.targets) == 1:
            index = self.view.index(result.decision.targets[0].item)
            if index is not None:
                self.rows_list.go(index)
        self.refresh_top()

    def act_redo(self) -> None:
        """Decide again what was taken back."""
        self.run(self._redo())

    async def _redo(self) -> None:
        result = await self.desk.redo()
        if result.decision is not None:
            self.say(words.decided(result.decision, self.desk.reasons, link=self._link_of(result.decision.community)))
        else:
            self.say(words.nothing_again())
        self.refresh_top()

    def act_decision_repeat(self) -> None:
        """The last decision, here."""
        item = self.current
        if self._last is None or item is None:
            self.say(own("Nothing was decided yet in this session."))
            return
        intent, person = self._last
        if not person:
            self.propose(self.targets(), lambda _: intent)
            return
        who = item.author.username if item.author else "-"
        what = say('"{do}{more}"', do=own(words.do(intent.verb, self.lane)), more=self._more_words(intent))
        question = say("Repeat {what} on {who}? y/N", what=what, who=Foreign(who))
        self.open_line(QuestionLine(self, question, lambda: self._commit([item], lambda _: intent)))

    def _more_words(self, intent: Intent) -> Shown:
        more = words.detail(intent, self.desk.reasons)
        return say(", {more}", more=more) if more else own("")

    def act_decision_last(self) -> None:
        """The item decided last, again."""
        decision = self.desk.last()
        if decision is None:
            self.say(own("Nothing was decided yet in this session."))
            return
        index = self.view.index(decision.targets[0].item)
        if index is None:
            self.say(own("The item decided last is not in this list; U shows it."))
        else:
            self.rows_list.go(index)

    def act_item_later(self) -> None:
        """Put it aside."""
        item = self.current
        if item is None:
            return
        options = [Choice(key, own(words)) for key, words in LATER.items()]
        options.append(Choice("m", own("not for me: leave it to the others")))
        if self.desk.state_of(item.id).letter in ("z", "n"):
            options.append(Choice("0", own("now: back into the list")))

        def chosen(key: str) -> None:
            self.run(self._put_off(item, key))

        self.open_line(ChoiceLine(self, say("LATER: #{number}", number=item.number), options, chosen))

    async def _put_off(self, item: Item, key: str) -> None:
        number = item.number
        if key == "m":
            await self.desk.skip(item.id)
            self.say(say("#{number} is left to the others. b, then 0 brings it back.", number=number))
        elif key == "0":
            await self.desk.snooze(item.id, None)
            await self.desk.skip(item.id, on=False)
            self.say(say("#{number} is back in the list.", number=number))
        else:
            back = comes_back(key, self.shell.now_ms(), self.shell.tz)
            await self.desk.snooze(item.id, back)
            when = stamp(back, self.shell.tz, now_ms=self.shell.now_ms())
            self.say(say("#{number} comes back {when}. Nothing was sent.", number=number, when=when))
        self.rows_list.changed([self.rows_list.cursor])
        if key != "0":
            self._go_on({item.id})

    def plan_of(self, item: Item, intent: Intent) -> Plan | None:
        """The plan, None where it is not possible."""
        try:
            return self.desk.plan(item, intent)
        except ModtuiError:
            return None
