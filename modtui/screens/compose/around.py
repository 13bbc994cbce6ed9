"""What the composer knows around the text: the post that is answered, who else is busy here, what can be inserted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modtui.backends.budget import spending
from modtui.desk.events import ContextLoaded, Event, ItemsChanged
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Audience
from modtui.domain.items import Answered, Body, Item, Thread
from modtui.screens.compose import offers, texts
from modtui.screens.compose.keep import Writing
from modtui.screens.compose.offers import Entry, Kind
from modtui.text import EMPTY, Shown, join, own, say, show_line
from modtui.widgets.draw import Line

if TYPE_CHECKING:
    from modtui.screens.shell import Shell

FEATURES: dict[Audience, str] = {"staff": "whisper", "private": "message"}
"""What a kind of reply needs of the site."""


def _nobody() -> None:
    """Nobody listens yet."""


class Around:
    """One per composer. Nothing here waits: what comes later is told to `changed`."""

    def __init__(self, shell: Shell, writing: Writing) -> None:
        self._shell, self._desk, self._writing = shell, shell.desk, writing
        self.changed: Callable[[], None] = _nobody
        self.picker: Callable[[Kind, Sequence[Entry], Shown], None] | None = None
        """The open picker's `add`."""
        self.busy: tuple[Shown, ...] = ()
        """Who is writing here just now."""
        self._last = writing.item.question.last if writing.item.question is not None else None

    # the item
    @property
    def item(self) -> Item:
        """The item as the cache has it now."""
        return self._desk.item(self._writing.item.id) or self._writing.item

    @property
    def thread(self) -> Thread | None:
        """The posts around it, as far as they are here."""
        return self._desk.context(self.item).thread

    @property
    def similar(self) -> tuple[Answered, ...]:
        """Solved threads like it, as far as they were found."""
        return self._desk.solved.known(self.item) or ()

    async def find_similar(self) -> None:
        """Look for them, where nobody has looked yet."""
        if self._desk.solved.known(self.item) is None and await self._desk.similar(self.item):
            self.changed()
            self._tell_similar()

    @property
    def body(self) -> Body | None:
        """The post that is answered; a folded one (somebody's personal data) is not repeated."""
        item = self.item
        if (post := texts.post_of(self.thread, self._writing.post)) is not None:
            return None if post.subject and item.folded else post.body
        if item.folded:
            return None
        if item.source is not None:
            return Body(item.source, "markdown")
        if item.body is None:  # a list gives no text; the thread does
            return next((post.body for post in texts.posts_of(self.thread) if post.subject), None)
        return item.body

    def quote_lines(self, width: int, rows: int, now_ms: int) -> list[Line]:
        """The post that is answered, in a few lines."""
        post = texts.post_of(self.thread, self._writing.post)
        when = post.created_ms if post is not None else self.item.created_ms or self.item.since_ms
        who = show_line(self._writing.to, 30) if self._writing.to else own("the thread")
        if self.item.folded and self.body is None:
            return [((say(" | {who}: (folded: personal data of somebody)", who=who), "row.folded"),)]
        if self.body is None and self._desk.context(self.item).loading:
            return [((say(" | {who}: (its text is on the way ...)", who=who), "dim"),)]
        return texts.quote_lines(who, when, self.body, width, rows, now_ms)

    def may(self, audience: Audience) -> Blocked | None:
        """Why this kind of reply is not possible, None when it is."""
        community = self._desk.community(self.item.ref.community)
        if audience == "public" or community is None:
            return None
        able = community.backend.capabilities.feature(FEATURES[audience])
        return able if isinstance(able, Blocked) else None

    # others
    def words(self, when: Callable[[int], str]) -> Shown:
        """Who has answered since the text was begun, and who is writing; empty where nobody does."""
        parts: list[Shown] = []
        if (news := self._answered()) is not None:
            who, at = news
            stands = say(" ({when})", when=own(when(at))) if at else EMPTY
            parts.append(say("{who} HAS ANSWERED HERE since you began{when}: t shows it after ctrl+g.", who=who,
                             when=stands))  # fmt: skip
        if self.busy:
            verb = own("is" if len(self.busy) == 1 else "are")
            template = "{who} {verb} WRITING HERE just now. Yours can be sent all the same."
            parts.append(say(template, who=texts.name_list(self.busy), verb=verb))
        return join(" ", parts)

    def _answered(self) -> tuple[Shown, int | None] | None:
        """Who wrote in the thread since, and when."""
        me, since = self._me(), self._writing.since_ms
        question = self.item.question
        by = question.last_by if question is not None else None
        if question is not None and by is not None and by.casefold() != me:
            later = question.last_ms is not None and question.last_ms > since
            if later or question.last != self._last:
                return show_line(by, 24), question.last_ms
        for post in reversed(texts.posts_of(self.thread)):
            who = post.author.username if post.author is not None else None
            if post.created_ms is not None and post.created_ms > since and who and who.casefold() != me:
                return show_line(who, 24), post.created_ms
        return None

    def _me(self) -> str:
        community = self._desk.community(self.item.ref.community)
        return community.account.username.casefold() if community is not None and community.account else ""

    def heard(self, event: Event) -> None:
        """The item, or what is around it, changed."""
        mine = self._writing.item.id
        if (isinstance(event, ItemsChanged) and mine in event.items) or (
            isinstance(event, ContextLoaded) and event.item == mine
        ):
            self.changed()
            if self.picker is not None and isinstance(event, ContextLoaded):
                self._tell_similar()

    async def look(self) -> None:
        """Ask who else is writing here; where the site does not tell or does not answer, nobody is known to."""
        community = self._desk.community(self.item.ref.community)
        if community is None or community.link.state != "live":
            return
        with spending("trickle"):
            busy = await self._desk.writing(self.item)
        if busy != self.busy:
            self.busy = busy
            self.changed()

    # what can be inserted
    def _replies(self, kind: Kind) -> list[Entry]:
        """The saved replies or the site's templates for this asker, filled as far as possible."""
        desk, item, to = self._desk, self.item, self._writing.to
        found = [one for one in desk.replies.known(item) if (one.source == "site") == (kind == "template")]
        return offers.reply_entries(found, lambda one: desk.replies.fill(one, item, to=to))

    def entries(self) -> list[Entry]:
        """Everything that is here already."""
        similar = offers.similar_entries(self.similar, self._shell.now_ms())
        return [*self._replies("saved"), *similar, *self._replies("template"), *offers.post_entries(self.thread)]

    def notes(self) -> dict[Kind, Shown]:
        """What is said of the groups that are empty."""
        notes: dict[Kind, Shown] = {}
        if not self._replies("saved"):
            folder = self._shell.settings.path.parent / "replies"
            notes["saved"] = say("none yet: write {folder}/NAME.LANGUAGE.md", folder=own(str(folder)))
        if not self.similar:
            notes["similar"] = own("none is known here")
        if not self._replies("template"):
            notes["template"] = own("asking the site ...")
        return notes

    def _tell_similar(self) -> None:
        if self.picker is not None:
            found = offers.similar_entries(self.similar, self._shell.now_ms())
            self.picker("similar", found, EMPTY if found else own("none is known here"))

    async def fill(self) -> None:
        """Ask the site for its templates, now and then; the open picker is told."""
        community = self._desk.community(self.item.ref.community)
        able = community.backend.capabilities.feature("templates") if community is not None else None
        with spending("read"):
            await self._desk.replies.all(self.item)
        found = self._replies("template")
        if self.picker is None:
            return
        why = EMPTY
        if not found:
            why = own(able.sentence) if isinstance(able, Blocked) else own("the site has none, or does not answer")
        self.picker("template", found, why)
