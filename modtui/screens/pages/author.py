"""Everything known about an item's author: who, what is in force, the record, what the team noted, the latest posts."""

from __future__ import annotations

from collections.abc import Iterable

from modtui.domain.capability import Blocked
from modtui.domain.items import Dossier, Item, Member
from modtui.screens.pages.around import AroundPage
from modtui.screens.shell import Shell
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.time import age, stamp
from modtui.text.width import cut, wrap
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.member_lines import member_words
from modtui.widgets.text_lines import excerpt, gap, hung

RECORD = ("removed", "silenced", "banned", "warned")


class AuthorPage(AroundPage):
    """Shows at once what the cache has, then in words what the site's answer changed."""

    def __init__(self, shell: Shell, item: Item) -> None:
        super().__init__(shell, item, "author")
        self._before: Dossier | None = None
        self._news: Shown = own("")

    def on_mount(self) -> None:
        """Remember what was known before the site is asked."""
        self._before = self.desk.context(self.item).dossier
        super().on_mount()

    async def _fetch(self) -> None:
        await super()._fetch()
        now = self.desk.context(self.item).dossier
        if self._before is not None and now is not None:
            self._news = changes(self._before, now)
            if self._news and self.built:
                self.say(say("Was shown from memory. New since: {news}.", news=self._news))

    def left_words(self) -> Shown:
        """What q does, and how old this is."""
        context = self.desk.context(self.item)
        if context.loading:
            fresh = own("reading the site ...")
        elif context.dossier is not None and context.fresh_ms:
            fresh = say("fresh {age}", age=age(context.fresh_ms, self.shell.now_ms()))
        else:
            fresh = own("")
        return join("   ", [part for part in (super().left_words(), fresh) if part])

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """The page."""
        context = self.desk.context(self.item)
        member = context.dossier.member if context.dossier else self.item.author
        if member is None:
            yield ((own(" The author of this item is not known."), "dim"),)
            return
        yield from self._who(member, context.dossier, width)
        yield from self._standing(member, width)
        dossier = context.dossier
        if dossier is None:
            words = own("More is on its way ...")
            if context.problem:
                words = say("More is not here: {why}", why=context.problem)
            yield gap()
            yield from (((say(" {line}", line=line), "dim"),) for line in wrap(words, width - 2))
            return
        yield from self._dossier(dossier, width)

    def _who(self, member: Member, dossier: Dossier | None, width: int) -> Iterable[Line]:
        now = self.shell.now_ms()
        name = own("")
        if member.name and member.name != member.username:
            name = say("  ({name})", name=show_line(member.name, 60))
        yield ((say(" {name}", name=show_line(member.username, 60)), "author"), (name, "dim"))
        parts = [member_words(member, now)]
        if member.since_ms:
            parts.append(say("member since {when}", when=stamp(member.since_ms, self.shell.tz, now_ms=now)))
        if member.locale:
            parts.append(say("reads in {locale}", locale=show_line(member.locale, 8)))
        if member.seen_ms:
            ago = age(member.seen_ms, now)
            parts.append(own("here just now") if ago == "now" else say("seen {ago} ago", ago=ago))
        if dossier is not None and (dossier.likes_got is not None or dossier.likes_given is not None):
            parts.append(say("likes got {n}, given {m}", n=dossier.likes_got or 0, m=dossier.likes_given or 0))
        for line in wrap(join(", ", parts), width - 4):
            yield ((say("   {line}", line=line), "text"),)
        if self.item.anonymous:
            yield ((own("   Members see no name on the post in question."), "warning"),)

    def _standing(self, member: Member, width: int) -> Iterable[Line]:
        now = self.shell.now_ms()
        if not member.penalties:
            yield from hung("IN FORCE", own("nothing"), "dim", width)
        for penalty in member.penalties:
            kind = "banned" if penalty.kind == "ban" else "silenced"
            until = own("for good")
            if penalty.until_ms:
                until = say("until {when}", when=stamp(penalty.until_ms, self.shell.tz, now_ms=now))
            site = own(" by the site itself" if penalty.automatic else "")
            by = say(" by {by}", by=penalty.by) if penalty.by else site
            reason = say(", {reason}", reason=penalty.reason) if penalty.reason else own("")
            words = say("{kind} {until}{by}{reason}", kind=own(kind), until=until, by=by, reason=reason)
            yield from hung("IN FORCE", words, "bad", width)
        known = [(word, getattr(member, word)) for word in RECORD if getattr(member, word) is not None]
        record = join(", ", (say("{word} {n}", word=own(word), n=n) for word, n in known))
        yield from hung("RECORD", record or own("nothing is known"), "text", width)

    def _dossier(self, dossier: Dossier, width: int) -> Iterable[Line]:
        now = self.shell.now_ms()
        member = dossier.member
        reports: list[Shown] = []
        if dossier.reports_made is not None:
            decided = (member.upheld or 0) + (member.wrong or 0)
            known = say(", right {n} of {m}", n=member.upheld or 0, m=decided) if decided else own("")
            reports.append(say("made {n}{known}", n=dossier.reports_made, known=known))
        elif member.upheld is not None:
            reports.append(say("right {n} of {m}", n=member.upheld, m=member.upheld + (member.wrong or 0)))
        if dossier.reports_got is not None:
            reports.append(say("received {n}", n=dossier.reports_got))
        if reports:
            yield from hung("REPORTS", join("   ", reports), "text", width)
        if isinstance(dossier.sanctionable, Blocked):
            sentence = dossier.sanctionable.sentence.rstrip(".")
            yield from hung("SANCTIONS", say("not possible: {why}", why=sentence), "warning", width)
        if dossier.bio:
            yield from hung("ABOUT", show_line(dossier.bio), "dim", width)
        for n, note in enumerate(dossier.notes):
            when = age(note.created_ms, now) if note.created_ms else own("")
            words = say("{by} {when}: {text}", by=note.by, when=when, text=note.text)
            yield from hung("" if n else "NOTES", words, "text", width)
        if not dossier.notes:
            yield from hung("NOTES", own("none by the team"), "dim", width)
        yield gap()
        head = say("  the latest {n}", n=len(dossier.recent)) if dossier.recent else own("  none can be seen")
        yield ((own(" POSTS"), "section"), (head, "dim"))
        for post in dossier.recent:
            when = age(post.created_ms, now) if post.created_ms else own("")
            flags = "(deleted) " if post.deleted else "(hidden) " if post.hidden else ""
            text = cut(excerpt(post.body), max(10, width - 11 - len(flags)))
            yield ((own(f"   {when:>5}  "), "row.age"), (own(flags), "warning"), (text, "text"))


def changes(before: Dossier, now: Dossier) -> Shown:
    """What came to a dossier since it was last read, in words; empty when nothing did. A colleague's note or sanction
    must not slip in silently."""
    found: list[Shown] = []
    known = {note.id for note in before.notes}
    found += [say("a note by {by}", by=note.by) for note in now.notes if note.id not in known]
    old = {(penalty.kind, penalty.until_ms) for penalty in before.member.penalties}
    new = {(penalty.kind, penalty.until_ms) for penalty in now.member.penalties}
    for penalty in now.member.penalties:
        if (penalty.kind, penalty.until_ms) not in old:
            by = say(" by {by}", by=penalty.by) if penalty.by else own("")
            found.append(say("a {kind}{by}", kind=own(penalty.kind), by=by))
    found += [say("the {kind} is over", kind=own(kind)) for kind, _ in sorted(old - new, key=str)]
    posts = (now.member.posts or 0) - (before.member.posts or 0)
    if posts > 0 and before.member.posts is not None:
        found.append(count(posts, "post"))
    return join(", ", found)
