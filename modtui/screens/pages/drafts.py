"""Texts that wait to be sent: enter goes on with one, D throws it away."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk.drafts import Draft
from modtui.desk.events import DecisionChanged, Event, ItemsChanged
from modtui.domain.decisions import Decision
from modtui.domain.items import Gone, Item
from modtui.domain.subjects import parse_item_id
from modtui.screens.compose import texts
from modtui.screens.compose.opening import Then, open_composer
from modtui.screens.lines.question import QuestionLine
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.text import Shown, count, own, say, show, show_line
from modtui.text.time import age
from modtui.text.width import cut, pad, wrap
from modtui.widgets.draw import Line

FOOT = 5
"""Lines of the text under the list."""


def draft_line(draft: Draft, width: int, now_ms: int) -> Line:
    """ "  3m  reply to zimtstern, "Export als CSV"   41 words"."""
    what = texts.AUDIENCES[draft.audience].removeprefix("public ")
    who = show_line(draft.to, 24) if draft.to else own("-")
    number = say("#{number} ", number=draft.number) if draft.number else own("")
    tail = say("  {n} ", n=count(draft.words, "word"))
    title = say(', "{title}"', title=show_line(draft.title, 120)) if draft.title else own("")
    words = say("{number}{what} to {who}{title}", number=number, what=own(what), who=who, title=title)
    room = max(10, width - 9 - len(tail))
    when = pad(age(draft.saved_ms, now_ms), 5)
    return ((own("   "), "text"), (when, "row.age"), (pad(cut(words, room), room), "text"), (tail, "dim"))


class DraftsPage(LinesPage):
    """All drafts, the newest first."""

    SCOPE: ClassVar[Scope] = "drafts"
    TITLE_WORDS = "Drafts"
    HINTS: tuple[str, ...] = ("page.open", "draft.drop", "find.text", "help.show", "back")
    cursor: int | None = 0

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.drafts = shell.desk.drafts.all()

    def on_screen_resume(self) -> None:
        """Back from the composer."""
        self.load()

    def heard(self, event: Event) -> None:
        """A draft may have come or gone."""
        if isinstance(event, ItemsChanged | DecisionChanged):
            self.call_later(self.load)

    def load(self) -> None:
        """Read them again; the cursor stays on its draft."""
        if not self.built:
            return
        here = self.chosen
        self.drafts = self.desk.drafts.all()
        ids = [draft.id for draft in self.drafts]
        if here is not None and here.id in ids:
            self.cursor = ids.index(here.id)
        self.show()

    @property
    def chosen(self) -> Draft | None:
        """The draft under the cursor."""
        at = self.cursor or 0
        return self.drafts[at] if 0 <= at < len(self.drafts) else None

    def possible(self, action: str) -> bool:
        """Without a draft there is nothing to open."""
        return super().possible(action) and (bool(self.drafts) or action not in ("page.open", "draft.drop"))

    def hints(self) -> list[tuple[str, str, bool]]:
        """Enter goes on writing."""
        return [(key, "write on" if title == "look" else title, able) for key, title, able in super().hints()]

    def left_words(self) -> Shown:
        """How many."""
        return say("{n}, kept on this machine until sent or dropped", n=count(len(self.drafts), "draft"))

    def rows(self) -> int:
        """The drafts."""
        return len(self.drafts)

    def body(self, width: int) -> Iterable[Line]:
        """A line each."""
        if not self.drafts:
            for line in wrap(own("No text waits to be sent. r on an item writes one."), width - 2):
                yield ((say(" {line}", line=line), "dim"),)
        for draft in self.drafts:
            yield draft_line(draft, width, self.shell.now_ms())

    def foot(self, width: int) -> list[Line]:
        """The beginning of the text under the cursor."""
        draft = self.chosen
        if draft is None:
            return []
        rule: Line = ((own("-" * width), "rule"),)
        lines: list[Line] = [((own(" "), "text"), (line, "text")) for line in
                             islice(wrap(show(draft.text[:2000]), max(10, width - 2)), FOOT)]  # fmt: skip
        return [rule, *lines, *([((own(""), "text"),)] * (FOOT - len(lines)))]

    def moved(self) -> None:
        """Another draft, another beginning."""
        self.show()

    def act_page_open(self) -> None:
        """Go on with it."""
        if self.chosen is not None:
            self.run(open_draft(self, self.chosen, self._sent))

    def _sent(self, item: Item, decision: Decision) -> None:
        self.load()

    def act_draft_drop(self) -> None:
        """Throw it away, after a question."""
        draft = self.chosen
        if draft is None:
            self.say(own("There is no draft here."))
            return
        who = show_line(draft.to, 24) if draft.to else own("nobody")
        question = say("Throw away this draft to {who} ({n})? It is nowhere else. y/N", who=who,
                       n=count(draft.words, "word"))  # fmt: skip
        self.open_line(QuestionLine(self, question, lambda: self.run(self._drop(draft))))

    async def _drop(self, draft: Draft) -> None:
        await self.desk.drafts.drop(draft.id)
        self.load()
        self.say(own("Thrown away."))


async def open_draft(page: LinesPage, draft: Draft, then: Then | None = None) -> None:
    """Open a draft's composer; its item is read from the site where it is not known here any more."""
    item = page.desk.item(draft.item)
    if item is None and (parsed := parse_item_id(draft.item)) is not None:
        page.say(own("Reading what it is about ..."))
        found = (await page.desk.read([parsed[1]])).get(parsed[1])
        item = found if found is not None and not isinstance(found, Gone) else None
        page.say(own(""))
    if item is None:
        page.say(own("What it is about is not on the site any more. The text is kept; D throws it away."), error=True)
        return
    open_composer(page, item, draft, then)
