"""After a decision: undo, redo, repeat, the last one, and putting things aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modtui.desk import words
from modtui.desk.later import LATER, WHEN_IT_CHANGES, comes_back
from modtui.desk.outcome import UndoResult
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.ondemand import on_demand
from modtui.screens.work.people import WorkPeople
from modtui.text import Foreign, Shown, own, say, show_line
from modtui.text.time import stamp

if TYPE_CHECKING:
    from modtui.screens.lines.choose import Choice, ChoiceLine
    from modtui.screens.lines.question import QuestionLine
    from modtui.screens.lines.reason import ReasonLine
    from modtui.screens.lines.sanction import SanctionForm
else:
    on_demand(__name__, "modtui.screens.lines.sanction", "SanctionForm")
    on_demand(__name__, "modtui.screens.lines.reason", "ReasonLine")
    on_demand(__name__, "modtui.screens.lines.question", "QuestionLine")
    on_demand(__name__, "modtui.screens.lines.choose", "Choice", "ChoiceLine")


class WorkAfter(WorkPeople):
    """The keys of the group Undo, and `later`."""

    def act_undo(self) -> None:
        """Take back the last decision."""
        self.run(self._undo(None, confirmed=False))

    async def _undo(self, decision: str | None, *, confirmed: bool) -> None:
        newest = self.desk.last() if decision is None else self.desk.decision(decision)
        if newest is not None and any(target.state == "done" for target in newest.targets):
            self.say(own("Looking how it is on the site now ..."))
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
        self.after_undo(result)

    def after_undo(self, result: UndoResult) -> None:
        """What follows when something was taken back."""

    def act_redo(self) -> None:
        """Decide again what was taken back."""
        self.run(self._redo())

    async def _redo(self) -> None:
        result = await self.desk.redo()
        self.say(result.words, error=result.kind == "impossible")
        self.refresh_top()

    def act_decision_repeat(self) -> None:
        """The last decision, here: what reached a person opens its line again, filled in, and asks."""
        item = self.current
        if self._last is None or item is None:
            self.say(own("Nothing was decided yet in this session."))
            return
        intent, person = self._last
        if intent.verb in ("note", "edit"):
            self.say(say("A {what} is not repeated; write a new one.", what=own(intent.verb)))
            return
        blocked = self._able(intent.verb, self.targets())
        if blocked is not None:
            self.refuse(self.blocked_words(words.do(intent.verb, self.lane), blocked))
        elif not person:
            self.propose(self.targets(), lambda _: intent)
        elif intent.verb in ("ban", "silence"):
            form = SanctionForm(self, intent.verb, item, lambda taken: self._form_taken(item, taken))
            form.refill(intent)
            self.open_line(form)
        elif intent.offer is None and intent.verb in ("remove", "spam"):
            line = ReasonLine(self, "remove", self.targets(), item, self._reason_taken, marked=self.marks_differ)
            line.refill(intent)
            self.open_line(line)
        else:
            self._repeat_asks(item, intent)

    def _repeat_asks(self, item: Item, intent: Intent) -> None:
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
        index = self.row_of(decision.targets[0].item)
        if index is None:
            self.say(own("The item decided last is not in this list; U shows it."))
        else:
            self.rows_list.go(index)
            act = words.act(decision, self.desk.reasons)
            self.say(say("{act}: {state}.", act=act, state=own(decision.state)))

    def act_item_later(self) -> None:
        """Put it aside."""
        item = self.current
        if item is None:
            return
        options = [Choice(key, own(words)) for key, words in LATER.items()]
        options.append(Choice("4", own("when it changes"), own("a new report, an edit, another decision")))
        options.append(Choice("m", own("not for me"), own("leave it to the others")))
        if self.desk.state_of(item.id).letter in ("z", "n"):
            options.append(Choice("0", own("now"), own("back into the list")))

        def chosen(key: str) -> None:
            self.run(self._put_off(item, key))

        self.open_line(ChoiceLine(self, say("LATER: #{number}", number=item.number), options, chosen))

    def act_escalation_recall(self) -> None:
        """Bring back what was handed over."""
        item = self.current
        if item is None or item.lane != "escalated":
            self.refuse(own("Bring back is for what was handed over: it is in lane 5."))
        else:
            self._one("bringing it back", None, lambda one: self.run(self._recall(one)))

    async def _recall(self, item: Item) -> None:
        away = self.desk.decision(item.escalation.decision) if item.escalation is not None else None
        if away is not None and any(step.state == "held" for target in away.targets for step in target.steps):
            self.say(own("It was not sent yet: u takes the escalation back, and nothing goes out."), error=True)
            return
        await self.desk.recall(item)
        words = "#{number} is back in its lane. What {to} got stays there."
        to = show_line(item.escalation.title, 40) if item.escalation is not None else own("they")
        self.say(say(words, number=item.number, to=to))

    async def _put_off(self, item: Item, key: str) -> None:
        number = item.number
        if key == "m":
            await self.desk.skip(item.id)
            self.say(say("#{number} is left to the others. b, then 0 brings it back.", number=number))
        elif key == "0":
            await self.desk.snooze(item.id, None)
            await self.desk.skip(item.id, on=False)
            self.say(say("#{number} is back in the list.", number=number))
        elif key == "4":
            await self.desk.snooze(item.id, WHEN_IT_CHANGES)
            self.say(say("#{number} comes back when it changes. Nothing was sent.", number=number))
        else:
            back = comes_back(key, self.shell.now_ms(), self.shell.tz)
            await self.desk.snooze(item.id, back)
            when = stamp(back, self.shell.tz, now_ms=self.shell.now_ms())
            self.say(say("#{number} comes back {when}. Nothing was sent.", number=number, when=when))
        self.rows_list.changed([self.rows_list.cursor])
        if key != "0":
            self._go_on({item.id})
