"""Deciding: from a key to the desk. What may be decided is the desk's to say, when it may is the gate's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modtui.desk import undo_words, words
from modtui.desk.events import DecisionChanged
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Decision, Intent, Sanction
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, Lane
from modtui.errors import ModtuiError, StoreError
from modtui.ondemand import on_demand
from modtui.screens.shell import Shell
from modtui.screens.work import tell
from modtui.screens.work.marks import WorkMarks
from modtui.text import Shown, count, join, own, say, show_line

if TYPE_CHECKING:
    from modtui.desk.across import by_community, lacking, name_of, not_offered
    from modtui.desk.decisions import author_of
    from modtui.screens.lines.choose import BlockedLine
    from modtui.screens.lines.question import QuestionLine, WhichLine, ask_number
    from modtui.screens.lines.reason import ReasonLine
    from modtui.screens.lines.spam import spam_line
else:
    on_demand(__name__, "modtui.desk.decisions", "author_of")
    on_demand(__name__, "modtui.desk.across", "by_community", "lacking", "name_of", "not_offered")
    on_demand(__name__, "modtui.screens.lines.spam", "spam_line")
    on_demand(__name__, "modtui.screens.lines.reason", "ReasonLine")
    on_demand(__name__, "modtui.screens.lines.question", "QuestionLine", "WhichLine", "ask_number")
    on_demand(__name__, "modtui.screens.lines.choose", "BlockedLine")

MANY = 25
"""Above so many the number is typed instead of y."""


ALL_OVER = 200
"""Up to so many rows it is looked whether all of them are over."""


class WorkDecide(WorkMarks):
    """Whether a key may decide, what is asked first, and the plain verbs."""

    _last: tuple[Intent, bool] | None = None

    def __init__(self, shell: Shell, lane: Lane = "reports", community: CommunityId | None = None) -> None:
        super().__init__(shell, lane, community)
        self._told: set[str] = set()
        self._unsaved: list[str] = []
        """The numbers of what the journal did not take since it last took something."""

    # whether a key may decide now
    def _may(self, item: Item | None) -> bool:
        """Ask the gate; say why not. Marks were seen when the question was asked, so only one item is checked."""
        verdict = self.shell.gate.may_decide(item.id if item is not None else None)
        if verdict == "yes":
            return True
        if verdict == "unseen":
            self.say(words.too_fast(self._last_token if len(self._last_token) == 1 else "the key"), error=True)
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
            self.refuse(own("There is nothing here to decide on."))
            return
        blocked = self._able(verb, items)
        if blocked is not None:
            self.refuse(self.blocked_words(words.do(verb, self.lane), blocked))
            return
        self.propose(items, lambda item: Intent(verb=verb))

    def propose(self, items: Sequence[Item], each: Callable[[Item], Intent], *, alone: bool = False) -> None:
        """Ask what must be asked, then decide `items`, each with its own intent. `alone`: it is about the item that is
        seen, whatever is marked."""
        item = self.current
        if (self.marks_differ and not alone) or (len(items) == 1 and item is not None and items[0].id != item.id):
            self._ask_many(items, each)
            return
        if self._may(items[0]):
            self._ask_or_commit(items, each, alone)

    def _ask_or_commit(self, items: Sequence[Item], each: Callable[[Item], Intent], alone: bool = False) -> None:
        """What another has taken and what cannot be taken back asks first."""
        question = self._question(items[0], each(items[0]))
        if question is not None:
            go: Callable[[], None] = lambda: self._commit(items, each, keep_marks=alone, overrule=True)  # noqa: E731
            self.open_line(QuestionLine(self, question, go))
        else:
            self._commit(items, each, keep_marks=alone)

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
        """The counted question: how many, how many are out of sight, how many do not offer it, how long it takes."""
        intent = each(items[0])
        here = self.current
        go: Callable[[], None] = lambda: self._commit(items, each, overrule=True)  # noqa: E731
        only = (lambda: self._only(each)) if here is not None else None
        if len(items) == 1 and here is not None:
            question = words.one_mark(intent.verb, items[0].number, here.number, self.lane)
            self.open_line(WhichLine(self, question, go, lambda: self._only(each)))
            return
        question = self._counted(items, intent)
        if len(items) > MANY or (intent.sanction is not None and len(items) > 1):
            ask_number(self, question, len(items), go)
            return
        self.open_line(QuestionLine(self, say("{question} y/N", question=question), go, only=only))

    def _counted(self, items: Sequence[Item], intent: Intent) -> Shown:
        """What will be touched, in numbers."""
        verb = intent.verb
        here = self.current
        parts = [say("{do} {n} marked items?", do=own(words.do(verb, self.lane).capitalize()), n=len(items))]
        sites = Counter(item.ref.community for item in items)
        if len(sites) > 1:
            each = (say("{n} in {name}", n=n, name=name_of(self.desk.community, id)) for id, n in sites.items())
            parts.append(say("{where}.", where=join(", ", each)))
        if here is None or all(item.id != here.id for item in items):
            parts.append(own("The one you see is NOT among them."))
        if hidden := self.view.marks.hidden:
            parts.append(say("{n} not in sight.", n=count(hidden, "is", "are")))
        left = {item.id: able for item in items if isinstance(able := self.desk.can(item, verb), Blocked)}
        if len(sites) > 1:
            parts += not_offered(items, left, self.desk.community, verb)
        elif left:
            parts.append(say("{n} not offer it and stay as they are.", n=count(len(left), "does", "do")))
        if taken := sum(item.claim is not None and not item.claim.mine for item in items):
            parts.append(say("{n} taken by others.", n=count(taken, "is", "are")))
        if intent.sanction is not None:
            authors = {author_of(item) for item in items if item.author}
            parts.append(say("{n}: {what}.", n=count(len(authors), "member"), what=own(words.sanction_words(intent))))
        if (time := tell.batch_time(self.desk, items, intent)) is not None:
            parts.append(time)
        return join(" ", parts)

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
            self.refresh_top()
        if intent.verb in ("claim", "release", "note", "edit", "lock", "unlock"):
            return
        if not batch or shown in {item.id for item in items}:
            self._go_on({item.id for item in items})

    async def _decided(
        self, items: list[Item], intent: Intent, each: Callable[[Item], Intent] | None, overrule: bool
    ) -> None:
        went = self.current_id
        try:
            result = await self.desk.decide(items, intent, each=each, overrule=overrule)
        except StoreError as error:
            self._not_saved(items, went, error)
            return
        self._unsaved.clear()
        told = self.desk.words_for(result)
        if result.decision is None:
            self.say(told, error=True)
            return
        self._spoken = (result.decision.id, told)
        self.say(told)
        self.refresh_top()

    def _not_saved(self, items: Sequence[Item], went: str | None, error: StoreError) -> None:
        """The journal did not take it: say for which items, and stand on the first again, unless the moderator has
        gone on since: the same key pressed again must not decide on the next one."""
        self._unsaved.extend(f"#{item.number}" for item in items)
        number = len(self._unsaved)
        named = join(", ", [show_line(one, 12) for one in self._unsaved[:3]])
        more = say(" and {n} more", n=number - 3) if number > 3 else own("")
        verb = own("was" if number == 1 else "were")
        template = "{named}{more} {verb} not decided. {message} {hint}"
        self.say(
            say(template, named=named, more=more, verb=verb, message=error.message, hint=error.hint), error=True
        )
        self.refresh_top()
        index = self.view.index(items[0].id)
        if index is not None and went is not None and self.current_id == went and self.line is None:
            self.rows_list.go(index)

    _spoken: tuple[str, Shown] = ("", own(""))
    """The decision that was told last, and in which words."""

    def _go_on(self, decided: set[str]) -> None:
        """To the next open item that was not just decided; else to one before; else what the site has more."""
        found = self._next_but(decided)
        if found is not None:
            self.rows_list.go(found)
        else:
            self.run(self._go_further(decided))

    def _next_but(self, decided: set[str]) -> int | None:
        at = self.rows_list.cursor
        for step in (1, -1):
            found = self.view.next_open(at, step)
            while found is not None and self.view.id_at(found) in decided:
                found = self.view.next_open(found, step)
            if found is not None:
                return found
        return None

    async def _go_further(self, decided: set[str]) -> None:
        """Nothing open is left of what was read: take in what is new, read on, else the lane is done."""
        view = self.view
        if not view.new:
            await self.desk.more(self.lane, self.community)
        if view is not self.view:
            return
        if view.new:
            view.merge(self.current_id)
            await view.ordered()
            if view is not self.view:
                return
            self.after_merge()
        found = self._next_but(decided)
        if found is not None:
            self.rows_list.go(found)
            return
        self.reading = False
        self.lay_out()
        self.refresh_top()
        self.show_item()

    def rows_painted(self) -> None:
        """When everything that is listed is over, the list makes room for the words of the empty lane."""
        if not 0 < len(self.view) <= ALL_OVER or self.view.filtered:
            return
        here = self.current_id
        if here is not None and not self._over(here):
            return  # mostly the cursor stands on something to do, and no other row need be looked at
        if all(map(self._over, self.view.ids())):
            self.view.merge()
            self.view.merge("")
            self.after_merge(self.current_id)

    def _over(self, id: str) -> bool:
        """Whether there is nothing to do on a row."""
        return self.desk.state_of(id).kind in ("done", "handled", "later", "skipped")

    def decision_moved(self, event: DecisionChanged) -> None:
        """Say what needs to be known when a decision moves on: conflicts and refusals, not every success."""
        decision = event.decision
        if len(decision.targets) > 1:
            if not decision.open and decision.id not in self._told:
                self._told.add(decision.id)
                self._batch_over(decision)
            return
        if decision.state == "done" and (decision.id, self._message) == self._spoken:
            act = words.act(decision, self.desk.reasons)
            way = "It cannot be taken back." if decision.reversal == "none" else "u asks before it takes it back."
            self.say(say("{act}: sent. {way}", act=act, way=own(way)))
        if decision.state == "done" and decision.undo_of and self._message == undo_words.undo_sent(decision):
            self.say(undo_words.undo_done(decision))
        for target in decision.targets:
            if target.state == "conflict":
                self.say(words.conflict(decision, target), error=True)
            elif target.state in ("refused", "partly"):
                what = words.partly(target)
                self.say(say("#{number}: {what}. U shows it.", number=target.number, what=what), error=True)
            elif target.state == "unknown":
                template = "#{number}: the answer was lost. The site is asked; nothing is sent twice."
                if any(step.state == "unknown" and step.executor != "backend" for step in target.steps):
                    template = "#{number}: it may have been delivered or not. Nothing is sent again by itself; U does."
                self.say(say(template, number=target.number))

    def _batch_over(self, decision: Decision) -> None:
        """The end of a decision on many, in numbers."""
        states = [target.state for target in decision.targets]
        if set(states) <= {"undone", "discarded"}:
            return
        done, undone = states.count("done"), states.count("undone")
        bad = len(states) - done - undone - states.count("discarded")
        parts = [say("{n} {did}", n=done, did=own(words.did(decision.verb, self.lane)))]
        if undone:
            parts.append(say("{n} taken back", n=undone))
        if bad:
            parts.append(say("{n} not: U shows them", n=bad))
        template = "{all} decided: {parts}."
        self.say(say(template, all=words.subject(decision), parts=join(", ", parts)), error=bool(bad))

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
            self.refuse(own("There is nothing here to decide on."))
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
            self._ask_or_commit(items, each)

    def act_item_spam(self) -> None:
        """The spam line: ! again does it."""
        items = self.targets()
        if not items:
            self.refuse(own("There is nothing here to decide on."))
            return
        blocked = self._able("spam", items)
        if blocked is not None:
            self.open_line(BlockedLine(self, own("SPAM"), own(blocked.sentence)))
            return
        length = self.settings.ban.default_ms

        def chosen(key: str) -> None:
            sanction = Sanction("ban", length) if key == "b" else None
            intent = Intent(verb="spam", reason="spam", reason_title="spam, advertising", sanction=sanction)
            self.propose(items, lambda item: intent)

        ban = self.desk.can(items[0], "ban")
        why = own(ban.sentence) if isinstance(ban, Blocked) else None
        if len(by_community(items)) > 1:
            why = lacking(items, lambda item: self.desk.can(item, "ban"), self.desk.community)
        self.open_line(spam_line(self, items, self.marks_differ, length, why, chosen))
