"""The dossier: everything known about a member, at once from the cache, and in words what the site's answer changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk.members import DossierView as Known
from modtui.domain.capability import Blocked
from modtui.domain.items import Dossier, Item, Member
from modtui.domain.subjects import SubjectRef
from modtui.errors import ModtuiError
from modtui.screens.clipboard import browse
from modtui.screens.pages.dossier_verbs import DossierVerbs
from modtui.screens.shell import Shell
from modtui.text import Shown, join, own, say, show_line
from modtui.text.time import age, stamp
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
        self._known = Known()
        self._at = 0

    def on_mount(self) -> None:
        """Show what the cache has; from now on it is told what is new."""
        self._known = self.desk.members.open(self.item)

    def on_unmount(self) -> None:
        """What was revealed is forgotten."""
        self.desk.members.hide()

    async def _fetch(self) -> None:
        had = self._known.dossier is not None
        self._known = self.desk.members.dossier(self.item, loading=True)
        self.show()
        self._known = await self.desk.members.refresh(self.item)
        if not self.built:
            return
        self.show()
        if had and self._known.news:
            self.say(say("Was shown from memory. New since: {news}.", news=join(", ", self._known.news)))
        await self._read_member()

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
        back = own("q goes back to the list") if self.item.lane == "members" else super().left_words()
        fresh = own("")
        if self._known.loading:
            fresh = own("reading the site ...")
        elif self._known.fetched_ms:
            fresh = say("fresh {age}", age=age(self._known.fetched_ms, self.shell.now_ms()))
        return join("   ", [part for part in (back, fresh) if part])

    @property
    def dossier(self) -> Dossier | None:
        """What is known now."""
        return self._known.dossier

    @property
    def member(self) -> Member | None:
        """The member as it is known best."""
        if self.dossier is not None:
            return self.dossier.member
        return self.member_item.author if self.member_item is not None else self.item.author

    def ladder_words(self) -> Shown | None:
        """What the ladder proposes, and why."""
        proposal = self._known.proposal
        return say("proposes {what}", what=proposal.words) if proposal is not None else None

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
        community = self.community()
        reveal = None
        if community is not None:
            able = community.backend.capabilities.feature("private")
            words = say("not to be seen here: {why}", why=able.sentence) if isinstance(able, Blocked) else None
            reveal = words or own("I shows IP, e-mail and accounts that share an address (the site may log that look)")
        now = self.shell.now_ms()
        acts = tuple(
            say("{when}  {words} ({state})", when=stamp(act.at_ms, self.shell.tz, now_ms=now), words=act.words,
                state=own(act.state))
            for act in self._known.ours[:6]
        )  # fmt: skip
        return DossierView(
            member=member, dossier=dossier, now_ms=now, tz=self.shell.tz, blocks=self.shell.terminal.utf8,
            anonymous=self.item.anonymous, problem=self._known.problem,
            private=self.desk.members.revealed(self.item), reveal_words=reveal, own_acts=acts,
            ladder=self.ladder_words(),
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
        if self.desk.members.revealed(self.item) is not None:
            self.desk.members.hide()
            self.show()
            self.say(own("Hidden again."))
            return
        community = self.community()
        able = community.backend.capabilities.feature("private") if community is not None else None
        if isinstance(able, Blocked):
            self.refuse(self.blocked_words("private data", able))
        else:
            self.say(own("Asking the site ..."))
            self.run(self._reveal())

    async def _reveal(self) -> None:
        found = await self.desk.members.private(self.item)
        if self.built:
            self.show()
            logged = own(" The site keeps a record of this look.") if found.logged else own("")
            self.say(say("Shown here only, never kept.{logged} I hides it.", logged=logged))
        else:
            self.desk.members.hide()
