"""The journal: what was decided, what is on its way, what went wrong, and the way back of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk import words
from modtui.desk.events import DecisionChanged, Event
from modtui.domain.decisions import Decision, Target
from modtui.domain.items import Gone
from modtui.screens.lines.question import QuestionLine
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.text import Foreign, Shown, count, join, own, say, show_line
from modtui.text.diff import text_diff
from modtui.text.width import cut, pad, wrap
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor

STATES = {
    "held": ("H", "state.held"),
    "sending": (">", "state.held"),
    "unknown": ("?", "state.bad"),
    "done": (" ", "good"),
    "undone": (" ", "dim"),
    "conflict": ("!", "state.bad"),
    "refused": ("x", "state.bad"),
    "discarded": (" ", "dim"),
    "partly": ("x", "state.bad"),
}


def state_words(decision: Decision, now_ms: int) -> Shown:
    """ "held 9 s", "done", "half": the state as one short word."""
    state = decision.state
    if state == "held":
        dues = [step.due_ms for target in decision.targets for step in target.steps if step.state == "held"]
        left = max(0, -(-(min(dues) - now_ms) // 1000)) if dues else 0
        return say("held {s} s", s=left) if left else own("waits")
    return own({"partly": "half", "discarded": "dropped", "undone": "undone"}.get(state, state))


class JournalPage(LinesPage):
    """Decisions, newest first. With `open_only` just what is on its way or needs a look."""

    SCOPE: ClassVar[Scope] = "journal"
    TITLE_WORDS = "Journal"
    HINTS: tuple[str, ...] = (
        "journal.undo",
        "page.open",
        "journal.retry",
        "journal.send",
        "journal.drop",
        "conflict.mine",
        "conflict.theirs",
        "back",
    )

    def __init__(self, shell: Shell, *, open_only: bool = False) -> None:
        super().__init__(shell)
        self.open_only = open_only
        self.cursor: int | None = 0
        self.decisions: list[Decision] = []
        self._load()

    def on_mount(self) -> None:
        """Follow what moves."""
        self._stop = self.desk.events.subscribe(self._heard)
        super().on_mount()

    def on_unmount(self) -> None:
        """Stop following."""
        self._stop()

    def on_screen_resume(self) -> None:
        """Back from a decision's page."""
        self._load()
        self.show()

    def _load(self) -> None:
        journal = self.desk.store.journal
        found = list(journal.history(500))
        if self.open_only:
            found = [one for one in found if one.open or one.state in ("conflict", "refused", "partly")]
        self.decisions = found

    def _heard(self, event: Event) -> None:
        if isinstance(event, DecisionChanged):
            here = self.chosen
            self._load()
            if here is not None:
                self.cursor = next((n for n, one in enumerate(self.decisions) if one.id == here.id), self.cursor)
            self.show()

    @property
    def chosen(self) -> Decision | None:
        """The decision under the cursor."""
        at = self.cursor or 0
        return self.decisions[at] if at < len(self.decisions) else None

    def where(self) -> Shown:
        """Journal or outbox."""
        return own("> Outbox: what is on its way" if self.open_only else "> Journal")

    def left_words(self) -> Shown:
        """What is on its way, and what was done."""
        box = self.desk.outbox()
        done = ", ".join(f"{words.did(verb)} {n}" for verb, n in self.desk.session_counts().items())
        return say(
            "held {h}  sending {s}  failed {f}  conflict {c}   this session: {done}",
            h=box.held,
            s=box.sending + box.unknown,
            f=box.failed,
            c=box.conflict,
            done=own(done or "nothing decided"),
        )

    def rows(self) -> int:
        """The decisions."""
        return len(self.decisions)

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """A line for each decision; a batch is one line."""
        if not self.decisions:
            yield ((own(" Nothing is on its way." if self.open_only else " Nothing was decided yet."), "dim"),)
        now = self.shell.now_ms()
        for decision in self.decisions:
            letter, style = STATES[decision.state]
            when = datetime.fromtimestamp(decision.created_ms / 1000, self.shell.tz)
            today = when.date() == datetime.fromtimestamp(now / 1000, self.shell.tz).date()
            lane = words.lane_of(decision.targets[0]) if decision.targets else "reports"
            verb = "undo" if decision.undo_of else words.did(decision.verb, lane)
            more = words.detail(decision.intent, self.desk.reasons)
            trouble = self._trouble(decision)
            yield (
                (own(f"   {when:%H:%M}  " if today else f"{when:%d %b}  " + " "), "row.age"),
                (own(f"{letter} "), style),
                (pad(state_words(decision, now), 10), style),
                (pad(own(verb), 10), "text"),
                (pad(cut(words.subject(decision), 30), 31), "row.author"),
                (more, "dim"),
                (say("  {trouble}", trouble=trouble) if trouble else own(""), "bad"),
            )

    def _trouble(self, decision: Decision) -> Shown:
        for target in decision.targets:
            if target.state == "conflict":
                return say("CONFLICT: {what}", what="; ".join(target.conflict))
            if target.state in ("refused", "partly"):
                return words.partly(target)
            if target.state == "unknown":
                return own("its answer was lost: the site is asked")
        return own("")

    def foot(self, width: int) -> list[Line]:
        """What is known of the decision under the cursor, and what taking it back would do."""
        rule: Line = ((own("-" * width), "rule"),)
        decision = self.chosen
        if decision is None:
            return [rule]
        account = say(
            "{act}, by {who}, id {id}",
            act=words.act(decision, self.desk.reasons),
            who=decision.account,
            id=own(decision.id),
        )
        steps = join(
            "; ",
            (
                say("{words}: {state}", words=own(step.words), state=own(step.state))
                for step in decision.targets[0].steps
            ),
        )
        stays = "; ".join(decision.stays)
        back = {"full": "u takes it back whole", "partial": "u takes back a part", "none": "it cannot be taken back"}[
            decision.reversal
        ]
        return [
            rule,
            ((cut(say(" {account}", account=account), width - 1), "text"),),
            ((cut(say(" {steps}", steps=steps), width - 1), "dim"),),
            ((cut(say(" {back}{stays}", back=own(back), stays=own(f": {stays}" if stays else "")), width - 1), "dim"),),
        ]

    def moved(self) -> None:
        """Another decision's foot."""
        self.show()

    def act_page_open(self) -> None:
        """The decision's own page: targets, steps, a conflict's difference."""
        if self.chosen is not None:
            self.app.push_screen(DecisionPage(self.shell, self.chosen))

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
        await self.desk.send_now(id)
        self.say(own("Sending now, without waiting for the hold."))

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
        self.run(self._resolved(decision.id, how))

    async def _resolved(self, id: str, how: str) -> None:
        await self.desk.resolve_conflict(id, "mine" if how == "mine" else "theirs")
        self.say(own("Yours goes out now." if how == "mine" else "Dropped: theirs stays. The journal keeps a line."))


class DecisionPage(JournalPage):
    """One decision: each target, each step, and for a conflict what changed in the text."""

    TITLE_WORDS = "Decision"
    HINTS = ("journal.undo", "journal.retry", "journal.send", "conflict.mine", "conflict.theirs", "back")

    def __init__(self, shell: Shell, decision: Decision) -> None:
        self.about = decision.id
        self.now: dict[str, str | None] = {}
        super().__init__(shell)
        self.cursor = None

    def _load(self) -> None:
        found = self.desk.store.journal.decision(self.about)
        self.decisions = [found] if found is not None else []

    def on_mount(self) -> None:
        """For a conflict, ask the site how it is now."""
        super().on_mount()
        decision = self.chosen
        if decision is not None and any(target.state == "conflict" for target in decision.targets):
            self.run(self._reread(decision))

    async def _reread(self, decision: Decision) -> None:
        community = next((one for one in self.desk.communities if one.id == decision.community), None)
        if community is None:
            return
        refs = [target.ref for target in decision.targets if target.state == "conflict"][:20]
        for ref, item in (await community.backend.reread(refs)).items():
            if isinstance(item, Gone):
                self.now[str(ref)] = None
            else:
                self.now[str(ref)] = item.source if item.source is not None else item.body.text if item.body else ""
        self.show()

    def where(self) -> Shown:
        """Which decision."""
        return say("> Journal > {id}", id=own(self.about))

    def rows(self) -> int:
        """No cursor here."""
        return 0

    def foot(self, width: int) -> list[Line]:
        """Nothing."""
        return []

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """The account of it."""
        decision = self.chosen
        if decision is None:
            yield ((own(" This decision is not in the journal any more."), "dim"),)
            return
        when = datetime.fromtimestamp(decision.created_ms / 1000, self.shell.tz)
        yield ((say(" {act}", act=words.act(decision, self.desk.reasons)), "heading"),)
        yield (
            (
                say(
                    " decided {when} by {who}, held {s} s, {n}",
                    when=own(f"{when:%a %d %b %H:%M:%S}"),
                    who=decision.account,
                    s=decision.hold_ms // 1000,
                    n=count(len(decision.targets), "target"),
                ),
                "dim",
            ),
        )
        intent = decision.intent
        for label, text in (
            ("reason", intent.reason_title),
            ("own words", intent.reason_text),
            ("text", intent.text),
            ("message", intent.message),
        ):
            if text:
                for n, line in enumerate(wrap(show_line(text, 2000), max(20, width - 16))):
                    yield ((own(f" {label if not n else '':<12} "), "section"), (line, "text"))
        if any(target.state == "conflict" for target in decision.targets):
            yield ((own(""), "text"),)
            yield ((own(" NOT sent, because the post is not what you saw."), "message.error"),)
            yield (
                (
                    own(" m sends yours anyway, t leaves theirs, q waits. Nothing goes out until you choose."),
                    "question",
                ),
            )
        for target in decision.targets:
            yield ((own(""), "text"),)
            yield Anchor(str(target.index))
            author = say(" by {author}", author=target.author) if target.author else own("")
            title = say('  "{title}"', title=show_line(target.title, 60)) if target.title else own("")
            yield ((say(" #{number}{author}", number=target.number, author=author), "author"), (title, "dim"))
            for step in target.steps:
                letter, style = STATES[step.state]
                error = say(": {error}", error=show_line(step.error)) if step.error else own("")
                yield (
                    (own(f"   {letter} "), style),
                    (
                        say("{words} - {state}{error}", words=own(step.words), state=own(step.state), error=error),
                        "text",
                    ),
                )
            if target.state == "conflict":
                yield from self._changed(target, width)

    def _changed(self, target: Target, width: int) -> Iterable[Line]:
        for what in target.conflict:
            yield ((say("     {what}", what=own(what)), "bad"),)
        if str(target.ref) not in self.now or target.seen is None:
            return
        now = self.now[str(target.ref)]
        if now is None:
            yield ((own("     It is not on the site any more."), "bad"),)
            return
        if now == target.seen.text:
            yield ((own("     The text is as you saw it."), "dim"),)
            return
        yield ((own("     WHAT CHANGED IN THE TEXT"), "section"),)
        for sign, line in text_diff(target.seen.text, Foreign(now)):
            style = {"+": "diff.add", "-": "diff.remove"}.get(sign, "text")
            for n, part in enumerate(wrap(line, max(20, width - 10))):
                yield ((own(f"     {sign if not n else ' '} "), style), (part, style))
