"""A conflict: who did what when, what changed in the text, and the three ways on. Nothing was sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from modtui.desk import words
from modtui.domain.decisions import Decision, Target
from modtui.domain.items import Item, Thread
from modtui.domain.seen import Seen, differences, same_text, text_of
from modtui.errors import ModtuiError
from modtui.screens.pages.decision import DecisionPage, diff_lines
from modtui.screens.shell import Shell
from modtui.text import Shown, own, say, show_line
from modtui.text.width import cut, pad, wrap
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.member_lines import one_line
from modtui.widgets.text_lines import excerpt, gap

Moment = tuple[int | None, Shown, bool]
"""When (UTC ms), what, and whether it was the moderator."""

STATE_DID = {
    "kept": "kept it", "removed": "removed it", "ignored": "closed it without a verdict", "deleted": "deleted it",
}  # fmt: skip


class ConflictPage(DecisionPage):
    """m sends mine, t leaves theirs, enter looks at it now, q waits."""

    TITLE_WORDS = "Conflict"
    HINTS: tuple[str, ...] = ("conflict.mine", "conflict.theirs", "page.open", "journal.open", "help.show", "back")

    def __init__(self, shell: Shell, decision: Decision) -> None:
        super().__init__(shell, decision)
        self.problem: str | None = None
        self._thread: Thread | None = None
        """As it was read for this page."""

    @property
    def target(self) -> Target | None:
        """What it is about; None when the journal lost it."""
        decision = self.chosen
        return decision.targets[0] if decision is not None and decision.targets else None

    @property
    def solved(self) -> bool:
        """Whether it was resolved meanwhile, here or elsewhere."""
        return self.target is None or self.target.state != "conflict"

    def where(self) -> Shown:
        """Which item."""
        target = self.target
        number = show_line(target.number, 24) if target is not None else own("-")
        return say("> Journal > #{number}  {what}", number=number, what=own("solved" if self.solved else "CONFLICT"))

    async def reread(self, decision: Decision) -> None:
        """As in the decision's page; without the line the cause is said, and the choice stays open."""
        try:
            await super().reread(decision)
        except ModtuiError as error:
            self.problem = error.message
            self.show()
            return
        item = self._now()
        if item is not None and item.question is not None and self.target is not None:
            community = self.desk.community(item.ref.community)
            if community is not None:
                self._thread = await community.backend.thread(item)
                self.show()

    def _now(self) -> Item | None:
        target = self.target
        return self.now.get(str(target.ref)) if target is not None else None

    def head(self, width: int) -> list[Line]:
        """The author, as everywhere."""
        target = self.target
        item = self._now() or (self.desk.item(target.item) if target is not None else None)
        if item is None or item.author is None:
            return []
        return [one_line(item.author, width, self.shell.now_ms()), ((own("-" * width), "rule"),)]

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """What happened, in order, and the difference."""
        decision, target = self.chosen, self.target
        if decision is None or target is None:
            yield ((own(" This decision is not in the journal any more."), "dim"),)
            return
        if self.solved:
            yield ((own(" This conflict is solved."), "good"),)
            return
        first = own("Your decision was NOT sent, because the post is not what you saw.")
        if decision.verb == "reply":
            first = own("Your reply was NOT sent, because the thread is not what you saw. Its text is kept.")
        for line in wrap(first, width - 2):
            yield ((say(" {line}", line=line), "message.error"),)
        yield gap()
        for when, what, mine in self._moments(decision, target):
            time = self._clock(when)
            for n, line in enumerate(wrap(what, max(20, width - 14))):
                yield ((own(f"   {time if not n else '':<10}"), "row.age"), (line, "bold" if mine else "text"))
        yield gap()
        if str(target.ref) not in self.now:
            reading = own("Reading how it is now ...")
            said = say("How it is now is not known: {p}", p=self.problem) if self.problem else reading
            yield from (((say(" {line}", line=line), "dim"),) for line in wrap(said, width - 2))
            return
        item = self._now()
        if item is None:
            yield ((own(" It is not on the site any more."), "bad"),)
            return
        if item.folded:
            yield ((own(" (its text is folded: personal data of somebody; enter looks at it)"), "row.folded"),)
            return
        if target.seen is not None and "answers" in self._kinds(target.seen, item):
            yield from self._answers(target.seen, item, width)
        if item.question is None or target.seen is None or "text" in self._kinds(target.seen, item):
            yield from diff_lines(target, text_of(item), width)
        if item.question is None and target.seen is not None and same_text(target.seen, item):
            yield ((own(" The text is as you saw it."), "dim"),)

    @staticmethod
    def _kinds(seen: Seen, item: Item) -> set[str]:
        """What differs: "text", "answers" ..."""
        return {difference.what for difference in differences(seen, item)}

    def _answers(self, seen: Seen, item: Item, width: int) -> Iterable[Line]:
        """What was written below the question since it was read."""
        thread = self._thread or self.desk.context(item).thread
        posts = list(thread.posts) if thread is not None else []
        at = next((n for n, post in enumerate(posts) if seen.last in (post.id, str(post.number))), None)
        later = posts[at + 1 :] if at is not None else posts[-1:]
        yield ((own(" WHAT WAS ANSWERED MEANWHILE"), "section"),)
        if not later:
            yield ((own("   (its text is on the way ...)"), "dim"),)
        for post in later[-3:]:
            who = show_line(post.author.username, 30) if post.author else own("-")
            text = say("{who}: {text}", who=who, text=excerpt(post.body, 400))
            for line in wrap(text, max(20, width - 5)):
                yield ((own("   "), "text"), (line, "text"))

    def _clock(self, ms: int | None) -> str:
        if ms is None:
            return ""
        when = datetime.fromtimestamp(ms / 1000, self.shell.tz)
        today = datetime.fromtimestamp(self.shell.now_ms() / 1000, self.shell.tz).date()
        return f"{when:%H:%M:%S}" if when.date() == today else f"{when:%d %b}"

    def _moments(self, decision: Decision, target: Target) -> list[Moment]:
        """What the site tells of the time since, and the decision, in order; what has no time comes first."""
        found: list[Moment] = []
        item = self._now()
        seen = target.seen
        if item is not None and seen is not None:
            if item.state != "open" and item.state != seen.state:
                by = item.handled_by if item.handled_by is not None else own("somebody")
                did = own(STATE_DID.get(item.state, f"made it {item.state}"))
                found.append((item.handled_ms, say("{by} {did}", by=by, did=did), False))
            if "text" in self._kinds(seen, item):
                found.append((item.edited_ms, own("the text was edited"), False))  # no site tells here by whom
            known = set(seen.reports)
            for report in item.reports:
                if report.id not in known:
                    who = report.reporter.username if report.reporter else own("the site")
                    what = say("{who} reported it: {why}", who=who, why=own(report.reason))
                    found.append((report.created_ms, what, False))
            for penalty in item.author.penalties if item.author else ():
                if f"{penalty.kind}:{penalty.until_ms}" not in seen.penalties:
                    by = penalty.by if penalty.by is not None else own("somebody")
                    what = say("{by} gave the author a {kind}", by=by, kind=own(penalty.kind))
                    found.append((penalty.since_ms, what, False))
            if "answers" in self._kinds(seen, item) and (question := item.question) is not None:
                by = question.last_by if question.last_by is not None else own("somebody")
                found.append((question.last_ms, say("{by} answered", by=by), False))
        if not found:
            found += [(None, say("{what}", what=own(what)), False) for what in target.conflict]
        act = words.act(decision, self.desk.reasons)
        found.append((decision.created_ms, say("you: {act}   (not sent)", act=own(act[:1].lower() + act[1:])), True))
        return sorted(found, key=lambda one: one[0] or 0)

    def foot(self, width: int) -> list[Line]:
        """The ways on; what is not possible says why."""
        if self.solved or self.chosen is None:
            return []
        mine, able = self._mine()
        rows: list[tuple[str, str, Shown, bool]] = [
            ("m", "send mine anyway", mine, able),
            ("t", "leave theirs", self._theirs(), True),
            ("enter", "look at it now", own("decide afresh on what is there"), True),
            ("q", "later", own("waits under U as a conflict"), True),
        ]
        out: list[Line] = [((own("-" * width), "rule"),)]
        for key, label, what, possible in rows:
            out.append(
                (
                    (own(f" {key:<6}"), "panel.key" if possible else "hint.dim"),
                    (pad(own(label), 19), "text" if possible else "hint.dim"),
                    (cut(what, width - 27), "effect" if possible else "hint.dim"),
                )
            )
        return [*out, ((own(" Nothing goes out until you choose."), "question"),)]

    def _theirs(self) -> Shown:
        """What `t` does."""
        if self.chosen is not None and self.chosen.verb == "reply":
            return own("nothing is sent; your text stays a draft (g d)")
        return own("drops your decision; the journal keeps a line")

    def _mine(self) -> tuple[Shown, bool]:
        """What `m` would do, or why it cannot."""
        decision, item, target = self.chosen, self._now(), self.target
        if decision is None or target is None or str(target.ref) not in self.now:
            return own("as soon as it is known how it is now"), True
        if item is None:
            return own("not possible: it is gone"), False
        try:
            plan = self.desk.plan(item, target.intent(decision.intent))
        except ModtuiError as error:
            return say("not possible: {why}", why=error.message.rstrip(".")), False
        over = say("; overrules {by}", by=item.handled_by) if item.handled_by is not None else own("")
        return say("{effects}{over}", effects=words.effects(plan) or own(words.do(decision.verb)), over=over), True

    def possible(self, action: str) -> bool:
        """m is dim where the site takes no second decision."""
        if action == "conflict.mine":
            return not self.solved and self._mine()[1]
        return super().possible(action)

    def act_conflict_mine(self) -> None:
        """Send mine, where that is possible."""
        what, able = self._mine()
        if not able:
            self.refuse(say("{what}.", what=own(what[:1].upper() + what[1:])))
        else:
            super().act_conflict_mine()

    async def _resolved(self, id: str, how: str) -> None:
        await super()._resolved(id, how)
        self._load()
        self.show()
