"""One decision: each target, each step, and what changed where it was not sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from modtui.desk import words
from modtui.desk.across import accounts, name_of
from modtui.domain.decisions import Decision, Target
from modtui.domain.items import Gone, Item
from modtui.domain.seen import text_of
from modtui.screens.pages.journal import JournalPage
from modtui.screens.pages.journal_words import STATES, way_back
from modtui.screens.shell import Shell
from modtui.text import Foreign, Shown, count, own, say, show_line
from modtui.text.diff import text_diff
from modtui.text.width import wrap
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.text_lines import gap, hung


def diff_lines(target: Target, now: str, width: int, indent: int = 3) -> Iterable[Line]:
    """What changed in the text, with signs; nothing when it is the same, or was not kept (personal data)."""
    if target.seen is None or target.seen.mark is not None or now == target.seen.text:
        return
    margin = " " * indent
    yield ((own(f"{margin[2:]}WHAT CHANGED IN THE TEXT"), "section"),)
    for sign, line in text_diff(target.seen.text, Foreign(now)):
        style = {"+": "diff.add", "-": "diff.remove"}.get(sign, "text")
        for n, part in enumerate(wrap(line, max(20, width - indent - 4))):
            yield ((own(f"{margin}{sign if not n or sign != ' ' else ' '} "), style), (part, style))


class DecisionPage(JournalPage):
    """One decision: each target, each step, and for a conflict what changed in the text."""

    TITLE_WORDS = "Decision"
    HINTS: tuple[str, ...] = (
        "journal.undo", "page.open", "journal.retry", "journal.send", "journal.drop", "conflict.mine",
        "conflict.theirs", "help.show", "back",
    )  # fmt: skip

    def __init__(self, shell: Shell, decision: Decision) -> None:
        self.about = decision.id
        self.now: dict[str, Item | None] = {}
        super().__init__(shell)
        self.cursor = None

    def _load(self) -> None:
        found = self.desk.decision(self.about)
        self.decisions = [found] if found is not None else []

    def on_mount(self) -> None:
        """For a conflict, ask the site how it is now."""
        decision = self.chosen
        if decision is not None and any(target.state == "conflict" for target in decision.targets):
            self.run(self.reread(decision))

    async def reread(self, decision: Decision) -> None:
        """Read the subjects in conflict from the site, for showing the difference."""
        refs = [target.ref for target in decision.targets if target.state == "conflict"][:20]
        for ref, item in (await self.desk.read(refs)).items():
            self.now[str(ref)] = None if isinstance(item, Gone) else item
        if self.built:
            self.show()

    def where(self) -> Shown:
        """Which decision."""
        return say("> Journal > {id}", id=own(self.about))

    def rows(self) -> int:
        """No cursor here."""
        return 0

    def head(self, width: int) -> list[Line]:
        """Nothing stays on top."""
        return []

    def foot(self, width: int) -> list[Line]:
        """What taking it back would do."""
        decision = self.chosen
        if decision is None:
            return []
        lines = list(wrap(way_back(decision), width - 2))[:2]
        return [((own("-" * width), "rule"),), *(((say(" {line}", line=line), "effect"),) for line in lines)]

    def act_page_open(self) -> None:
        """Look at the item in the queue."""
        if self.chosen is not None and self.chosen.targets:
            self.to_work(item_id=self.chosen.targets[0].item)

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """The account of it."""
        decision = self.chosen
        if decision is None:
            yield ((own(" This decision is not in the journal any more."), "dim"),)
            return
        when = datetime.fromtimestamp(decision.created_ms / 1000, self.shell.tz)
        for line in wrap(words.act(decision, self.desk.reasons), width - 2):
            yield ((say(" {line}", line=line), "heading"),)
        account = say(
            "decided {when} by {who}, held {s} s, {n}, id {id}",
            when=own(f"{when:%a %d %b %H:%M:%S}"),
            who=accounts(decision, self.desk.community),
            s=decision.hold_ms // 1000,
            n=count(len(decision.targets), "target"),
            id=own(decision.id),
        )
        for line in wrap(account, width - 2):
            yield ((say(" {line}", line=line), "dim"),)
        intent = decision.intent
        for label, text in (
            ("reason", intent.reason_title),
            ("own words", intent.reason_text if intent.reason_text != intent.reason_title else None),
            ("text", intent.text),
            ("message", intent.message),
        ):
            if text:
                yield from hung(label, show_line(text, 2000), "text", width)
        if any(target.state == "conflict" for target in decision.targets):
            yield gap()
            yield ((own(" NOT sent, because it is not what you saw."), "message.error"),)
            ways = own(" m sends yours anyway, t leaves theirs, q waits. Nothing goes out until you choose.")
            yield ((ways, "question"),)
        for target in decision.targets:
            yield from self._target(target, width)

    def _target(self, target: Target, width: int) -> Iterable[Line | Anchor]:
        yield gap()
        yield Anchor(str(target.index))
        where: Line = ()
        if len(self.desk.communities) > 1:
            one = self.desk.community(target.ref.community)
            hue = f"chip.{one.hue}" if one is not None else "dim"
            where = ((say(" {name}", name=name_of(self.desk.community, target.ref.community)), hue),)
        author = say(" by {author}", author=target.author) if target.author else own("")
        title = say('  "{title}"', title=show_line(target.title, 60)) if target.title else own("")
        yield (*where, (say(" #{number}{author}", number=target.number, author=author), "author"), (title, "dim"))
        for step in target.steps:
            letter, style = STATES[step.state]
            error = say(": {error}", error=show_line(step.error)) if step.error else own("")
            sentence = say("{words} - {state}{error}", words=own(step.words), state=own(step.state), error=error)
            for n, line in enumerate(wrap(sentence, max(20, width - 7))):
                yield ((own(f"   {letter if not n else ' '} "), style), (line, "text"))
        if target.state != "conflict":
            return
        for what in target.conflict:
            yield ((say("     {what}", what=own(what)), "bad"),)
        if str(target.ref) in self.now:
            item = self.now[str(target.ref)]
            if item is None:
                yield ((own("     It is not on the site any more."), "bad"),)
            elif not item.folded:
                yield from diff_lines(target, text_of(item), width, 5)
