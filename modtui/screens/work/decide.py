"""Deciding: from a key to the desk. What may be decided is the desk's to say, when it may is the gate's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modtui.desk import words
from modtui.desk.events import DecisionChanged, Link
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId
from modtui.errors import ModtuiError
from modtui.screens.lines.choose import BlockedLine, Choice, ChoiceLine
from modtui.screens.lines.question import QuestionLine, ask_number
from modtui.screens.lines.reason import ReasonLine
from modtui.screens.work.marks import WorkMarks
from modtui.text import Shown, join, own, say

MANY = 25
"""Above so many the number is typed instead of y."""


class WorkDecide(WorkMarks):
    """Whether a key may decide, what is asked first, and the plain verbs."""

    _last: tuple[Intent, bool] | None = None

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
            self.open_line(QuestionLine(self, question, lambda: self._commit(items, each, overrule=True)))
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

    def _commit(
        self, items: Sequence[Item], each: Callable[[Item], Intent], *, keep_marks: bool = False, overrule: bool = False
    ) -> None:
        """Decide and go on: the row says so at once, the rest runs behind."""
        intent = each(items[0])
        if self.line is not None:
            self.close_line()
        self._last = (intent, bool(intent.message or intent.sanction))
        shown = self.current_id
        batch = len(items) > 1 or self.marks_differ
        self.run(self._decided(list(items), intent, each if len(items) > 1 else None, overrule))
        if len(self.view.marks) and not keep_marks:
            self.view.marks.clear()
            self.rows_list.changed()
        if intent.verb in ("claim", "release", "note", "edit"):
            return
        if not batch or shown in {item.id for item in items}:
            self._go_on({item.id for item in items})

    async def _decided(
        self, items: list[Item], intent: Intent, each: Callable[[Item], Intent] | None, overrule: bool
    ) -> None:
        result = await self.desk.decide(items, intent, each=each, overrule=overrule)
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
