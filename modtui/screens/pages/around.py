"""What stands around an item, a page each: the whole thread, the reporters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk.community import Community
from modtui.desk.events import ContextLoaded, Event
from modtui.domain.items import Item
from modtui.screens.clipboard import browse, copy
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.screens.work import tell
from modtui.text import Shown, count, own, say, show_line
from modtui.text.time import stamp
from modtui.text.width import wrap
from modtui.widgets.around_lines import report_lines
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.member_lines import member_words
from modtui.widgets.text_lines import text_lines

TITLES = {"thread": "Thread", "author": "Author", "reporters": "Reporters"}


class AroundPage(LinesPage):
    """`what` is thread or reporters; the author has a page of their own, built on this one."""

    SCOPE: ClassVar[Scope] = "text"

    def __init__(self, shell: Shell, item: Item, what: str) -> None:
        super().__init__(shell)
        self.item, self.what = item, what
        self._placed = False
        step = "post.next" if what == "thread" else "nav.next"
        self.HINTS = (step, "text.page", "find.text", "copy.link", "browser.open", "help.show", "back")

    def on_mount(self) -> None:
        """Ask for what is missing and draw what is here."""
        self._stop = self.desk.events.subscribe(self._heard)
        super().on_mount()
        if self.desk.context(self.item).thread is None or self.what == "author":
            self.run(self._fetch())

    async def _fetch(self) -> None:
        await self.desk.keeper.fetch(self.item, dossier=self.what == "author")
        if self.built:
            self.show()

    def community(self) -> Community | None:
        """The item's."""
        return tell.community_of(self.desk, self.item.ref.community)

    @property
    def site(self) -> str:
        """The community's address."""
        community = self.community()
        return community.url if community else ""

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop()

    def _heard(self, event: Event) -> None:
        if isinstance(event, ContextLoaded) and event.item == self.item.id:
            self.show()

    def where(self) -> Shown:
        """Which item's."""
        return say("> #{number} > {title}", number=self.item.number, title=own(TITLES[self.what]))

    def left_words(self) -> Shown:
        """What q does."""
        return say("q goes back to #{number}", number=self.item.number)

    def show(self) -> None:
        """Draw; a thread opens at the post in question."""
        super().show()
        if self.what == "thread" and not self._placed and self.built:
            thread = self.desk.context(self.item).thread
            subject = next((post for post in thread.posts if post.subject), None) if thread else None
            if subject is not None:
                self._placed = True
                self.pane.to_anchor(f"post {subject.number}", before=4)

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """The page asked for."""
        return self._thread(width) if self.what == "thread" else self._reporters(width)

    def _thread(self, width: int) -> Iterable[Line | Anchor]:
        context = self.desk.context(self.item)
        if context.thread is None:
            words = (
                say("The thread is not here: {why}.", why=context.problem)
                if context.problem
                else own("The thread is on its way ...")
            )
            yield ((say(" {words}", words=words), "dim"),)
            return
        thread = context.thread
        yield (
            (say(" {title}", title=show_line(thread.title)), "heading"),
            (say("   {n}", n=count(thread.total or len(thread.posts), "post")), "dim"),
        )
        for post in thread.posts:
            yield ((own(""), "text"),)
            yield Anchor(f"post {post.number}")
            who = show_line(post.author.username, 40) if post.author else own("-")
            when = stamp(post.created_ms, self.shell.tz, now_ms=self.shell.now_ms()) if post.created_ms else own("")
            marks = [
                word
                for word, on in (
                    ("the post in question", post.subject),
                    ("deleted", post.deleted),
                    ("hidden", post.hidden),
                    ("staff only", post.staff_only),
                    ("accepted answer", post.accepted),
                )
                if on
            ]
            answer = f", answers {post.reply_to}" if post.reply_to else ""
            mark = ">" if post.subject else " "
            yield (
                (say("{mark} {n} {who}", mark=own(mark), n=post.number, who=who), "author"),
                (say("  {when}{answer}", when=when, answer=own(answer)), "dim"),
                (own(f"  {', '.join(marks)}"), "warning"),
            )
            if post.subject and self.item.folded:
                yield ((own("     (folded: personal data of somebody; enter in the item shows it)"), "row.folded"),)
            else:
                yield from text_lines(post.body, self.site, width, indent=5)

    def _reporters(self, width: int) -> Iterable[Line | Anchor]:
        now = self.shell.now_ms()
        first = say(
            "{n} on this item. The last column: how many of a member's reports were right.",
            n=count(len(self.item.reports), "report"),
        )
        for line in wrap(first, width - 2):
            yield ((say(" {line}", line=line), "dim"),)
        for report in self.item.reports:
            yield ((own(""), "text"),)
            yield from report_lines(report, width, now)
            if report.reporter is not None:
                yield ((say("             {words}", words=member_words(report.reporter, now)), "dim"),)

    def act_copy_link(self) -> None:
        """The item's link."""
        self.say(say("The link: {how}", how=copy(self.app, self.shell, self.item.url)))

    def act_copy_id(self) -> None:
        """The item's id."""
        self.say(say("The id: {how}", how=copy(self.app, self.shell, self.item.id)))

    def act_browser_open(self) -> None:
        """The item's own page."""
        self.say(browse(self.app, self.shell, self.item.url))

    def act_post_next(self) -> None:
        """Next post."""
        self.pane.step(1)

    def act_post_previous(self) -> None:
        """Post before."""
        self.pane.step(-1)
