"""Opening the composer from any screen, with the drafts there are, and what is said when a reply was decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modtui.desk import words
from modtui.desk.later import WHEN_IT_CHANGES
from modtui.domain.decisions import Decision
from modtui.domain.items import Item, ThreadPost
from modtui.screens.compose import texts
from modtui.screens.compose.keep import writing_of
from modtui.screens.compose.send import Sending
from modtui.screens.lines.choose import Choice, ChoiceLine
from modtui.screens.page import Page
from modtui.screens.shell import Shell
from modtui.text import Shown, count, own, say, show_line
from modtui.text.time import age

if TYPE_CHECKING:
    from modtui.desk.drafts import Draft

Then = Callable[[Item, Decision], None]


def open_composer(
    page: Page, item: Item, draft: Draft | None = None, then: Then | None = None, *, post: ThreadPost | None = None
) -> None:
    """Write to an item, on its draft or anew, perhaps to another `post` of its thread. `then` is called on the page
    below once a reply was decided."""
    from modtui.screens.compose.screen import ComposerPage

    def done(about: Item, decision: Decision, sending: Sending) -> None:
        if sending.aside:
            page.run(page.desk.snooze(about.id, WHEN_IT_CHANGES))
        page.say(sent_words(page, decision))
        if then is not None:
            then(about, decision)

    page.app.push_screen(ComposerPage(page.shell, writing_of(item, draft, page.shell.now_ms(), post), done))


def sent_words(page: Page, decision: Decision) -> Shown:
    """What was decided, with the way back: taken back, a reply opens again."""
    link = next((one.link for one in page.desk.communities if one.id == decision.community), None)
    return words.decided(decision, page.desk.reasons, link=link)


class DraftLine(ChoiceLine):
    """Which draft to go on with, or a new text. r and enter take the newest."""

    def key(self, token: str) -> None:
        """r again, or enter, is the newest draft."""
        super().key("1" if token in ("enter", "r") else token)


def offer_drafts(
    page: Page, item: Item, drafts: Sequence[Draft], then: Then | None = None, *, post: ThreadPost | None = None
) -> None:
    """Ask which draft of the item to go on with; both it and a new text are kept."""
    options = [Choice(str(n), draft_words(page.shell, draft), show_line(draft.text, 200))
               for n, draft in enumerate(drafts[:9], 1)]  # fmt: skip
    options.append(Choice("n", own("a new text"), own("the draft is kept beside it")))

    def chosen(key: str) -> None:
        open_composer(page, item, drafts[int(key) - 1] if key.isdigit() else None, then, post=post)

    n = own(str(count(len(drafts), "draft of yours waits", "drafts of yours wait")).upper())
    title = say("{n} FOR #{number}: r or enter opens the newest", n=n, number=item.number)
    page.open_line(DraftLine(page, title, options, chosen))


def draft_words(shell: Shell, draft: Draft) -> Shown:
    """ "11:40, 41 words, staff note"."""
    kind = own("" if draft.audience == "public" else f", {texts.AUDIENCES[draft.audience]}")
    when = own(shell.time_of_day(draft.saved_ms)) if shell.now_ms() - draft.saved_ms < 43_200_000 else say(
        "{age} ago", age=age(draft.saved_ms, shell.now_ms())
    )
    return say("{when}, {n}{kind}", when=when, n=count(draft.words, "word"), kind=kind)
