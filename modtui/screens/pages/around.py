"""What stands around an item, a page each: the whole thread, the author, the reporters, the links of the post."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk.events import ContextLoaded, Event
from modtui.domain.capability import Blocked
from modtui.domain.items import Item
from modtui.screens.clipboard import browse, copy
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.screens.work import tell
from modtui.text import Shown, count, own, say, show_line
from modtui.text.links import Link, defang
from modtui.text.time import age, stamp
from modtui.text.width import wrap
from modtui.widgets.around_lines import report_lines
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.member_lines import member_words, record_of, standing_words
from modtui.widgets.text_lines import document_of, excerpt, text_lines

TITLES = {"thread": "Thread", "author": "Author", "reporters": "Reporters", "links": "Links"}


class AroundPage(LinesPage):
    """`what` is thread, author, reporters or links."""

    SCOPE: ClassVar[Scope] = "text"

    def __init__(self, shell: Shell, item: Item, what: str) -> None:
        super().__init__(shell)
        self.item, self.what = item, what
        self.links: tuple[Link, ...] = ()
        if what == "links":
            self.cursor = 0
            self.HINTS = ("nav.next", "copy.link", "browser.open", "back", "help.show")
        else:
            self.HINTS = ("nav.next", "text.page", "find.text", "copy.link", "back", "help.show")

    def on_mount(self) -> None:
        """Ask for what is missing and draw what is here."""
        community = tell.community_of(self.desk, self.item.ref.community)
        self.site = community.url if community else ""
        if self.what == "links" and self.item.body is not None:
            self.links = document_of(self.item.body, self.site).links
        self._stop = self.desk.events.subscribe(self._heard)
        super().on_mount()
        if self.what == "thread" and self.desk.context(self.item).thread is None:
            self.desk.want(self.item)

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

    def rows(self) -> int:
        """Two lines for each link, of which the cursor knows the first."""
        return len(self.links)

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """The page asked for."""
        if self.what == "thread":
            return self._thread(width)
        if self.what == "author":
            return self._author(width)
        if self.what == "reporters":
            return self._reporters(width)
        return self._links(width)

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
            yield (
                (say(" {mark}{n} {who}", mark=own("> " if post.subject else "  "), n=post.number, who=who), "author"),
                (say("  {when}{answer}", when=when, answer=own(answer)), "dim"),
                (own(f"  {', '.join(marks)}"), "warning"),
            )
            if post.subject and self.item.folded:
                yield ((own("     (folded: personal data of somebody; enter in the item shows it)"), "row.folded"),)
            else:
                yield from text_lines(post.body, self.site, width, indent=5)

    def _author(self, width: int) -> Iterable[Line | Anchor]:
        context = self.desk.context(self.item)
        now = self.shell.now_ms()
        member = context.dossier.member if context.dossier else self.item.author
        if member is None:
            yield ((own(" The author of this item is not known."), "dim"),)
            return
        name = (
            say("  ({name})", name=show_line(member.name, 60))
            if member.name and member.name != member.username
            else own("")
        )
        yield ((say(" {name}", name=show_line(member.username, 60)), "author"), (name, "dim"))
        yield ((say("   {words}", words=member_words(member, now)), "text"),)
        if member.seen_ms:
            yield ((say("   last seen {age} ago", age=age(member.seen_ms, now)), "dim"),)
        standing, force = standing_words(member)
        yield ((own(" IN FORCE   "), "section"), (own("" if force else "nothing"), "dim"))
        for penalty in member.penalties:
            until = stamp(penalty.until_ms, self.shell.tz, now_ms=now) if penalty.until_ms else own("for good")
            reason = say(", {reason}", reason=penalty.reason) if penalty.reason else own("")
            by = say(" by {by}", by=penalty.by) if penalty.by else own("")
            yield (
                (
                    say(
                        "   {kind} until {until}{by}{reason}", kind=own(penalty.kind), until=until, by=by, reason=reason
                    ),
                    "bad",
                ),
            )
        yield ((own(" RECORD     "), "section"), (standing or own("nothing known"), "bad" if force else "text"))
        reported = record_of(member)
        if reported:
            yield (
                (own(" REPORTS    "), "section"),
                (say("right {record} of those this member made", record=reported), "text"),
            )
        dossier = context.dossier
        if dossier is None:
            words = (
                say("More is not here: {why}.", why=context.problem)
                if context.problem
                else own("More is on its way ...")
            )
            yield ((say(" {words}", words=words), "dim"),)
            return
        if isinstance(dossier.sanctionable, Blocked):
            yield ((say(" {why}.", why=show_line(dossier.sanctionable.sentence)), "warning"),)
        if dossier.bio:
            for line in wrap(say("about: {bio}", bio=dossier.bio), width - 5):
                yield ((own("   "), "text"), (line, "dim"))
        for note in dossier.notes:
            when = age(note.created_ms, now) if note.created_ms else own("")
            yield (
                (own(" NOTE       "), "section"),
                (say("{by} {when}: {text}", by=note.by, when=when, text=note.text), "text"),
            )
        if dossier.recent:
            yield ((own(""), "text"),)
            yield ((own(" RECENT POSTS"), "section"),)
        for post in dossier.recent:
            when = age(post.created_ms, now) if post.created_ms else own("")
            flags = "(deleted) " if post.deleted else "(hidden) " if post.hidden else ""
            yield (
                (own(f"   {when:>5}  {flags}"), "row.age"),
                (excerpt(post.body), "text"),
            )

    def _reporters(self, width: int) -> Iterable[Line | Anchor]:
        now = self.shell.now_ms()
        yield (
            (
                say(
                    " {n} on this item. The last column: how many of a member's reports were right.",
                    n=count(len(self.item.reports), "report"),
                ),
                "dim",
            ),
        )
        for report in self.item.reports:
            yield ((own(""), "text"),)
            yield from report_lines(report, width, now)
            if report.reporter is not None:
                yield ((say("             {words}", words=member_words(report.reporter, now)), "dim"),)

    def _links(self, width: int) -> Iterable[Line | Anchor]:
        if not self.links:
            yield ((own(" The post has no links."), "dim"),)
            return
        for n, link in enumerate(self.links, 1):
            place = own("  this site") if link.same_site else own("")
            warning = say("  {warning}", warning=link.warning) if link.warning else own("")
            yield (
                (own(f" {n:>2} {link.kind:<8} "), "panel.key"),
                (say("{host}", host=link.host), "link.host"),
                (place, "good"),
                (warning, "warning"),
                (say("   {target}", target=defang(link)), "dim"),
            )
        yield ((own(""), "text"),)
        yield (
            (
                own(
                    " Nothing is fetched or opened by itself. y copies the harmless form, o opens it after a question."
                ),
                "dim",
            ),
        )

    def act_copy_link(self) -> None:
        """The harmless form of the link under the cursor; elsewhere the item's link."""
        if self.what == "links" and self.links:
            link = self.links[self.cursor or 0]
            self.say(say("The harmless form: {how}", how=copy(self.app, self.shell, defang(link))))
        else:
            self.say(say("The link: {how}", how=copy(self.app, self.shell, self.item.url)))

    def act_browser_open(self) -> None:
        """Open the link under the cursor, after a question."""
        from modtui.screens.lines.question import QuestionLine

        if self.what != "links" or not self.links:
            return
        link = self.links[self.cursor or 0]
        question = say("Open {target}? It was posted by a member. y/N", target=defang(link))
        self.open_line(QuestionLine(self, question, lambda: self.say(browse(self.app, self.shell, link.url))))

    def act_post_next(self) -> None:
        """Next post."""
        self.pane.step(1)

    def act_post_previous(self) -> None:
        """Post before."""
        self.pane.step(-1)
