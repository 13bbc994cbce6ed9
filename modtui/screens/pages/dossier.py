"""The dossier: everything known about a member, at once from the cache, and in words what the site's answer changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from modtui.actions import Scope
from modtui.domain.capability import Blocked
from modtui.domain.items import Dossier, Item, Member, Private
from modtui.domain.subjects import SubjectRef
from modtui.errors import ModtuiError
from modtui.screens.clipboard import browse
from modtui.screens.pages.dossier_verbs import DossierVerbs
from modtui.screens.shell import Shell
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.time import age
from modtui.widgets.dossier_lines import DossierView, dossier_lines, post_rows, posts_head
from modtui.widgets.draw import Line
from modtui.widgets.linespane import Anchor
from modtui.widgets.text_lines import gap


class DossierPage(DossierVerbs):
    """The author of `item` (or the member that it is). `q` goes back; the queue below is untouched."""

    SCOPE: ClassVar[Scope] = "dossier"

    def __init__(self, shell: Shell, item: Item) -> None:
        super().__init__(shell, item, "author")
        self.HINTS = (
            "member.ban", "member.silence", "member.warn", "item.note", "private.reveal", "page.open", "undo",
            "journal.open", "help.show", "back",
        )  # fmt: skip
        self.cursor = 0
        self._before: Dossier | None = None
        self._private: Private | None = None
        self._at = 0

    def on_mount(self) -> None:
        """Remember what was known before the site is asked."""
        self._before = self.desk.context(self.item).dossier
        super().on_mount()

    async def _fetch(self) -> None:
        self.run(self._read_member())
        await super()._fetch()
        now = self.desk.context(self.item).dossier
        if self._before is not None and now is not None and (news := changes(self._before, now)) and self.built:
            self.say(say("Was shown from memory. New since: {news}.", news=news))

    async def _read_member(self) -> None:
        """The member as a subject of their own, which verbs act on; where the site has no such thing, the item."""
        author = self.item.author
        if author is None or self.item.lane == "members":
            return
        ref = SubjectRef(self.item.ref.community, "user", author.native)
        community = self.community()
        if community is None or isinstance(community.backend.capabilities.lane("members"), Blocked):
            return
        try:
            found = (await self.desk.read([ref])).get(ref)
        except ModtuiError:
            return  # the dossier itself says what is wrong with the line
        if isinstance(found, Item):
            self.member_item = found
            if self.built:
                self.show()

    # what is shown
    def where(self) -> Shown:
        """Which member."""
        name = show_line(self.item.author.username, 40) if self.item.author else own("-")
        return say("> Members > {name}", name=name)

    def left_words(self) -> Shown:
        """Where q goes, and how old this is."""
        context = self.desk.context(self.item)
        back = own("q goes back to the list") if self.item.lane == "members" else super().left_words()
        fresh = own("")
        if context.loading:
            fresh = own("reading the site ...")
        elif context.dossier is not None and context.fresh_ms:
            fresh = say("fresh {age}", age=age(context.fresh_ms, self.shell.now_ms()))
        return join("   ", [part for part in (back, fresh) if part])

    @property
    def dossier(self) -> Dossier | None:
        """What is known now."""
        return self.desk.context(self.item).dossier

    @property
    def member(self) -> Member | None:
        """The member as it is known best."""
        dossier = self.dossier
        if dossier is not None:
            return dossier.member
        return self.member_item.author if self.member_item is not None else self.item.author

    def rows(self) -> int:
        """The posts."""
        dossier = self.dossier
        return len(dossier.recent) if dossier is not None else 0

    def line_of(self, row: int) -> int:
        """The posts stand below everything else."""
        return self._at + row

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """The page."""
        member, dossier = self.member, self.dossier
        if member is None:
            yield ((own(" The author of this item is not known."), "dim"),)
            return
        yield from self._above(member, dossier, width)
        if dossier is not None:
            yield from post_rows(dossier, width, self.shell.now_ms(), None)

    def _above(self, member: Member, dossier: Dossier | None, width: int) -> list[Line]:
        above = [*dossier_lines(self._view(member, dossier), width), gap()]
        if dossier is not None:
            above.append(posts_head(dossier.recent))
        return above

    def _view(self, member: Member, dossier: Dossier | None) -> DossierView:
        context = self.desk.context(self.item)
        community = self.community()
        reveal = None
        if community is not None:
            able = community.backend.capabilities.feature("private")
            words = say("not to be seen here: {why}", why=able.sentence) if isinstance(able, Blocked) else None
            reveal = words or own("I shows IP, e-mail and accounts that share an address (the site may log that look)")
        return DossierView(
            member=member, dossier=dossier, now_ms=self.shell.now_ms(), tz=self.shell.tz,
            blocks=self.shell.terminal.utf8, anonymous=self.item.anonymous, problem=context.problem,
            private=self._private, reveal_words=reveal, own_acts=context.earlier, ladder=self.ladder_words(),
        )  # fmt: skip

    def show(self) -> None:
        """Draw, and note when it was painted: verbs act on what was seen."""
        if not self.built:
            return
        member = self.member
        if member is not None:
            self._at = len(self._above(member, self.dossier, self.pane.size.width or self.size.width))
        super().show()
        self.call_after_refresh(self._painted)

    # looking
    def act_page_open(self) -> None:
        """The post under the cursor, on the site's page."""
        dossier = self.dossier
        if dossier is None or not dossier.recent or self.cursor is None:
            self.say(own("There is no post to open."))
            return
        post = dossier.recent[min(self.cursor, len(dossier.recent) - 1)]
        from modtui.screens.pages.post import PostPage

        self.app.push_screen(PostPage(self.shell, self.item, post, dossier.recent_titles.get(post.id)))

    def act_browser_open(self) -> None:
        """The member's page."""
        url = self.dossier.url if self.dossier is not None else ""
        self.say(browse(self.app, self.shell, url or self.item.url))

    def act_private_reveal(self) -> None:
        """Show IP, e-mail and shared addresses; again hides them."""
        if self._private is not None:
            self._private = None
            self.show()
            self.say(own("Hidden again."))
            return
        community = self.community()
        able = community.backend.capabilities.feature("private") if community is not None else None
        if isinstance(able, Blocked):
            self.refuse(self.blocked_words("private data", able))
        elif community is not None and self.item.author is not None:
            self.say(own("Asking the site ..."))
            self.run(self._reveal(self.item.author.native))

    async def _reveal(self, native: str) -> None:
        community = self.community()
        if community is None:
            return
        await community.identify()
        self._private = await community.backend.private(native)
        if self.built:
            self.show()
            logged = own(" The site keeps a record of this look.") if self._private.logged else own("")
            self.say(say("Shown here only, never kept.{logged} I hides it.", logged=logged))


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
