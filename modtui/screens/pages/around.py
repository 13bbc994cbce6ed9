"""What stands around an item, a page each: the whole thread, the reporters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk.community import Community
from modtui.desk.events import ContextLoaded, Event
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item, ThreadPost
from modtui.screens.clipboard import browse, copy
from modtui.screens.lines.question import QuestionLine
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
        self._post = ""
        """The anchor of the chosen post."""
        first = ("post.next", "item.reply") if what == "thread" else ("nav.next",)
        self.HINTS = (*first, "text.page", "find.text", "copy.link", "browser.open", "help.show", "back")

    def on_mount(self) -> None:
        """Ask for what is missing and draw what is here."""
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

    def heard(self, event: Event) -> None:
        """What was missing came."""
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
        if self.what == "thread" and not self._placed and self.drawable:
            thread = self.desk.context(self.item).thread
            subject = next((post for post in thread.posts if post.subject), None) if thread else None
            if subject is not None:
                self._placed = True
                self.pane.to_anchor(f"post {subject.number}", before=4)
                self._post = f"post {subject.number}"
            elif thread is not None and thread.posts:
                self._placed = True
                self._post = f"post {thread.posts[0].number}"
        if self._post:
            self.pane.put_cursor(dict(self.pane.anchors()).get(self._post))

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
            yield from report_lines(report, width, now, site=self.site)
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

    # the posts of the thread: J and K choose one, r and A are about it
    @property
    def chosen_post(self) -> ThreadPost | None:
        """The post that J and K chose; at first the one in question."""
        thread = self.desk.context(self.item).thread if self.what == "thread" else None
        return next((post for post in thread.posts if f"post {post.number}" == self._post), None) if thread else None

    def act_post_next(self) -> None:
        """Next post; a long one scrolls first."""
        self._step(1)

    def act_post_previous(self) -> None:
        """Post before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        pane = self.pane
        anchors = pane.anchors()
        names = [name for name, _ in anchors]
        if self.what != "thread" or self._post not in names:
            pane.step(by)
            return
        at = names.index(self._post)
        end = anchors[at + 1][1] if at + 1 < len(anchors) else None
        seen = pane.top + pane.body_rows
        if by > 0 and (end is None or end > seen) and not pane.at_end:
            pane.page(1)
        elif by < 0 and anchors[at][1] < pane.top:
            pane.page(-1)
        elif 0 <= at + by < len(names):
            self._choose(names[at + by])
        else:
            self.say(own("The last post." if by > 0 else "The first post."))

    def _choose(self, name: str) -> None:
        """Mark a post and bring it into sight, with its beginning on top where it is long."""
        pane = self.pane
        lines = dict(pane.anchors())
        self._post = name
        if name not in lines:
            return
        following = min((line for line in lines.values() if line > lines[name]), default=lines[name] + 1)
        if following > pane.top + pane.body_rows or lines[name] < pane.top:
            pane.to_anchor(name, before=1)
        pane.put_cursor(lines[name])

    def act_item_reply(self) -> None:
        """Answer the chosen post."""
        from modtui.screens.compose.opening import offer_drafts, open_composer

        able = self.desk.can(self.item, "reply")
        if self.what != "thread" or isinstance(able, Blocked):
            why = able if isinstance(able, Blocked) else Blocked("state", "t shows the thread, and r there answers")
            self.refuse(self.blocked_words("reply", why))
            return
        post = self.chosen_post
        post = post if post is not None and not post.subject else None
        drafts = self.desk.drafts.of(self.item.id)
        if drafts:
            offer_drafts(self, self.item, drafts, post=post)
        else:
            open_composer(self, self.item, post=post)

    def act_question_accept_answer(self) -> None:
        """Mark the chosen post as the answer, or take the mark off, after a question."""
        from modtui.screens.lines.accept import answers_of

        item, post = self.item, self.chosen_post
        able = self.desk.can(item, "accept")
        if isinstance(able, Blocked):
            self.refuse(self.blocked_words("accept", able))
        elif post is None or not answers_of(item, [post]):
            self.refuse(own("This post cannot be the answer: J goes to the next one."))
        else:
            verb = "unaccept" if post.accepted else "accept"
            template = "Post {n} by {who} is no longer the answer? y/N" if post.accepted else (
                "Mark post {n} by {who} as the answer? y/N"
            )
            who = show_line(post.author.username, 30) if post.author else own("-")
            intent = Intent(verb=verb, post=post.id)
            question = say(template, n=post.number, who=who)
            self.open_line(QuestionLine(self, question, lambda: self.run(self._accept(intent))))

    async def _accept(self, intent: Intent) -> None:
        result = await self.desk.decide([self.item], intent, overrule=True)
        self.say(own(self.desk.words_for(result)), error=result.decision is None)
