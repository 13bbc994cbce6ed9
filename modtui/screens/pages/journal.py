"""The journal: what was decided, what is on its way, what went wrong, and the way back of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk import words
from modtui.desk.across import accounts, name_of, spread
from modtui.desk.events import DecisionChanged, Event
from modtui.domain.decisions import Decision
from modtui.screens.clipboard import copy
from modtui.screens.lines.question import QuestionLine, ask_number
from modtui.screens.pages.journal_words import SHORT, STATES, state_words, step_trouble, trouble_words, way_back
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.text import Shown, join, own, say
from modtui.text.width import cut, pad, wrap
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.rows import CHIP

READ = 500
"""So many decisions are listed, the newest."""


class JournalPage(LinesPage):
    """Decisions, newest first. With `open_only` just what is on its way or needs a look."""

    SCOPE: ClassVar[Scope] = "journal"
    TITLE_WORDS = "Journal"
    HINTS: tuple[str, ...] = (
        "journal.undo", "page.open", "journal.retry", "journal.send", "journal.drop", "conflict.mine",
        "conflict.theirs", "filter.edit", "copy.link", "help.show", "back",
    )  # fmt: skip
    KEEP_HINTS = 2

    def __init__(self, shell: Shell, *, open_only: bool = False) -> None:
        super().__init__(shell)
        self.open_only = open_only
        self.cursor: int | None = 0
        self.filter = ""
        self.decisions: list[Decision] = []
        self._lines_of: list[int] = []
        self._load()

    def on_screen_resume(self) -> None:
        """Back from a decision's page."""
        self._load()
        self.show()

    def _load(self) -> None:
        found = list(self.desk.store.journal.history(READ))
        if self.open_only:
            found = [one for one in found if one.open or one.state in ("conflict", "refused", "partly")]
        wanted = self.filter.casefold().split()
        self.decisions = [one for one in found if all(word in self._hay(one) for word in wanted)]

    def _hay(self, decision: Decision) -> str:
        """What the filter looks at."""
        targets = " ".join(f"#{one.number} {one.author or ''} {one.title or ''}" for one in decision.targets)
        act = words.act(decision, self.desk.reasons)
        places = " ".join(name_of(self.desk.community, id) for id in decision.places)
        return f"{act} {targets} {decision.state} {decision.id} {places} {trouble_words(decision)}".casefold()

    def heard(self, event: Event) -> None:
        """A decision moved; the cursor stays on its row."""
        if isinstance(event, DecisionChanged):
            here = self.chosen
            self._load()
            if here is not None:
                self.cursor = next((n for n, one in enumerate(self.decisions) if one.id == here.id), self.cursor)
            self.show()

    def ticked(self) -> None:
        """Held rows count down."""
        self.show()

    @property
    def chosen(self) -> Decision | None:
        """The decision under the cursor."""
        at = self.cursor or 0
        return self.decisions[at] if at < len(self.decisions) else None

    def possible(self, action: str) -> bool:
        """What makes no sense for this row is dim."""
        decision = self.chosen
        state = decision.state if decision is not None else ""
        needs = {
            "journal.retry": ("refused", "partly", "unknown"),
            "journal.send": ("held", "partly"),
            "journal.drop": ("held", "refused", "conflict", "partly"),
            "conflict.mine": ("conflict", "partly"),
            "conflict.theirs": ("conflict", "partly"),
        }.get(action)
        if action.startswith("conflict.") and decision is not None:
            return any(target.state == "conflict" for target in decision.targets)
        return super().possible(action) and (needs is None or state in needs)

    def hints(self) -> list[tuple[str, str, bool]]:
        """The keys that do something for this row come first; the others are left out."""
        return [hint for hint in super().hints() if hint[2]]

    def where(self) -> Shown:
        """Journal or outbox."""
        return own("> Outbox: what is on its way or needs a look" if self.open_only else "> Journal")

    def left_words(self) -> Shown:
        """What is filtered."""
        return say("filter {filter}", filter=self.filter) if self.filter else own("")

    def head(self, width: int) -> list[Line]:
        """What was done in the last hour."""
        journal = self.desk.store.journal
        counts = {verb: n for verb, n in journal.counts(self.shell.now_ms() - 3_600_000).items() if n}
        total = sum(n for verb, n in counts.items() if verb != "undone")
        parts = ", ".join(f"{SHORT.get(verb) or words.did(verb)} {n}" for verb, n in counts.items())
        last = say("last hour {total}: {parts}", total=total, parts=own(parts)) if parts else own("last hour: nothing")
        return [((cut(say(" {last}", last=last), width - 1), "dim"),), ((own("-" * width), "rule"),)]

    def rows(self) -> int:
        """The decisions."""
        return len(self.decisions)

    def line_of(self, row: int) -> int:
        """Lines for the hours stand between the rows."""
        return self._lines_of[row] if row < len(self._lines_of) else row

    def show(self) -> None:
        """Know where the rows stand, then draw."""
        self._lines_of, line, hour = [], 0, None
        for decision in self.decisions:
            now_hour = self._hour(decision)
            if hour is not None and now_hour != hour:
                line += 1
            hour = now_hour
            self._lines_of.append(line)
            line += 1
        super().show()

    def _hour(self, decision: Decision) -> tuple[int, int, int]:
        when = datetime.fromtimestamp(decision.created_ms / 1000, self.shell.tz)
        return (when.month, when.day, when.hour)

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """A line for each decision, a line for each hour; a batch is one line."""
        if not self.decisions:
            nothing = " Nothing is on its way." if self.open_only else " Nothing was decided yet."
            yield ((own(f" Nothing matches {self.filter}." if self.filter else nothing), "dim"),)
        now = self.shell.now_ms()
        today = datetime.fromtimestamp(now / 1000, self.shell.tz).date()
        last: Decision | None = None
        for decision in self.decisions:
            when = datetime.fromtimestamp(decision.created_ms / 1000, self.shell.tz)
            if last is not None and self._hour(last) != self._hour(decision):
                then = datetime.fromtimestamp(last.created_ms / 1000, self.shell.tz)
                label = f"{then:%H}:00" if then.date() == when.date() else f"{then:%a %d %b}"
                yield ((own(f"   -- {label} ".ljust(width - 1, "-")), "rule"),)
            last = decision
            yield self._row(decision, f"{when:%H:%M}" if when.date() == today else f"{when:%d.%m.}", width)

    def _row(self, decision: Decision, when: str, width: int) -> Line:
        _, style = STATES[decision.state]
        lane = words.lane_of(decision.targets[0]) if decision.targets else "reports"
        verb = "undo" if decision.undo_of else SHORT.get(decision.verb) or words.did(decision.verb, lane)
        more = words.detail(decision.intent, self.desk.reasons, words.steps_of(decision))
        trouble = trouble_words(decision)
        wide = 34 if width >= 100 else 26
        return (
            (own(f"   {when:<6} "), "row.age"),
            *self._where(decision),
            (pad(state_words(decision, self.shell.now_ms()), 8), style),
            (pad(cut(own(verb), 10), 11), "text"),
            (pad(cut(self._subject(decision), wide), wide + 1), "row.author"),
            (more, "dim"),
            (say("  {trouble}", trouble=trouble) if more and trouble else trouble, "bad"),
        )

    def _where(self, decision: Decision) -> Line:
        """Of which community it is, where there are several; a batch over some of them has a plus."""
        if len(self.desk.communities) < 2:
            return ()
        one = self.desk.community(decision.community)
        if one is None or len(decision.places) > 1:
            return ((pad(own("+" if one is not None else "?"), CHIP), "state"),)
        return ((pad(own(one.chip), CHIP), f"chip.{one.hue}"),)

    def _subject(self, decision: Decision) -> Shown:
        """What it is about; of a batch over several communities how many are where."""
        where = spread(decision.places, self.desk.community, chips=True)
        subject = words.subject(decision)
        return say("{subject}: {where}", subject=subject, where=where) if where else subject

    def foot(self, width: int) -> list[Line]:
        """What is known of the decision under the cursor, and what taking it back would do."""
        rule: Line = ((own("-" * width), "rule"),)
        decision = self.chosen
        if decision is None:
            return [rule]
        steps = join(
            "; ",
            (
                say("{words}: {state}{why}", words=own(step.words), state=own(step.state), why=step_trouble(step))
                for step in decision.targets[0].steps
            ),
        )
        account = say(
            "{act}{where}, by {who}. {steps}.", act=words.act(decision, self.desk.reasons),
            where=self._places(decision), who=accounts(decision, self.desk.community), steps=steps,
        )  # fmt: skip
        out: list[Line] = [rule]
        back = way_back(decision)
        for text, style, rows in ((account, "text", 2), (back, "effect", 1 if width >= 110 else 2)):
            lines = [*wrap(text, width - 2)][:rows]  # always as many, so that nothing jumps from row to row
            out += [((say(" {line}", line=line), style),) for line in lines]
            out += [((own(""), "text"),)] * (rows - len(lines))
        return out

    def _places(self, decision: Decision) -> Shown:
        """` (3 harbour, 2 lagoon)`; empty where all is in one community."""
        where = spread(decision.places, self.desk.community)
        return say(" ({where})", where=where) if where else own("")

    def moved(self) -> None:
        """Another decision's foot."""
        self.show()

    def act_page_open(self) -> None:
        """The decision's own page: a conflict with what changed, else targets and steps."""
        from modtui.screens.pages.conflict import ConflictPage
        from modtui.screens.pages.decision import DecisionPage

        decision = self.chosen
        if decision is None:
            return
        one = len(decision.targets) == 1 and decision.targets[0].state == "conflict"
        self.app.push_screen(ConflictPage(self.shell, decision) if one else DecisionPage(self.shell, decision))

    def act_copy_link(self) -> None:
        """The link to what was decided on."""
        decision = self.chosen
        item = self.desk.item(decision.targets[0].item) if decision is not None else None
        if item is not None and item.url:
            self.say(say("The link: {how}", how=copy(self.app, self.shell, item.url)))
        else:
            self.say(own("Its link is not known here any more."))

    def act_filter_edit(self) -> None:
        """Show only rows that hold all the words."""

        def done(text: str) -> None:
            self.filter, self.cursor = text.strip(), 0
            self._load()
            self.show()

        prompt = own("Words that a row must hold (number, author, verb, state); empty shows all")
        self.ask_text(prompt, done, text=self.filter)

    def act_journal_undo(self) -> None:
        """Take back this row."""
        if self.chosen is not None:
            self.run(self._undo(self.chosen.id, confirmed=False))

    async def _undo(self, id: str, *, confirmed: bool) -> None:
        result = await self.desk.undo(id, confirmed=confirmed)
        if result.kind == "asks":
            self.open_line(QuestionLine(self, result.words, lambda: self.run(self._undo(id, confirmed=True))))
        else:
            self.say(result.words, error=result.kind == "impossible")

    def act_journal_retry(self) -> None:
        """Try the rest again."""
        if self.chosen is not None:
            self.run(self._retry(self.chosen.id))

    async def _retry(self, id: str) -> None:
        await self.desk.retry(id)
        self.say(own("Tried again: it is on its way."))

    def act_journal_send(self) -> None:
        """Send now."""
        if self.chosen is not None:
            self.run(self._send(self.chosen.id))

    async def _send(self, id: str) -> None:
        n = await self.desk.send_now(id)
        self.say(own("Sending now, without waiting for the hold." if n else "Nothing of it is held."))

    def act_journal_drop(self) -> None:
        """Drop what is not sent, after a question."""
        decision = self.chosen
        if decision is None:
            return
        question = say("Drop {what}? What is not sent will not be sent. y/N", what=words.subject(decision))
        self.open_line(QuestionLine(self, question, lambda: self.run(self._drop(decision.id))))

    async def _drop(self, id: str) -> None:
        await self.desk.discard(id)
        self.say(own("Dropped. The journal keeps a line."))

    def act_conflict_mine(self) -> None:
        """Send mine although it changed."""
        self._resolve("mine")

    def act_conflict_theirs(self) -> None:
        """Leave theirs."""
        self._resolve("theirs")

    def _resolve(self, how: str) -> None:
        decision = self.chosen
        if decision is None or not any(target.state == "conflict" for target in decision.targets):
            self.refuse(own("This is not a conflict."))
            return
        many = sum(target.state == "conflict" for target in decision.targets)
        if how == "mine" and many > 1:  # nobody has looked at each
            sends = say("yours goes out for all {n} that changed", n=many)
            ask_number(self, sends, many, lambda: self.run(self._resolved(decision.id, how)))
        else:
            self.run(self._resolved(decision.id, how))

    async def _resolved(self, id: str, how: str) -> None:
        await self.desk.resolve_conflict(id, "mine" if how == "mine" else "theirs")
        self.say(own("Yours goes out now." if how == "mine" else "Dropped: theirs stays. The journal keeps a line."))
