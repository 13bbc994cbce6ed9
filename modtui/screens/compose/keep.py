"""What is being written, and its draft: kept from the first letter, never in the way of a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from modtui.domain.decisions import Audience, Decision
from modtui.domain.items import Item, ThreadPost
from modtui.screens.compose import texts
from modtui.text import Foreign, Shown, own, say

if TYPE_CHECKING:
    from modtui.desk.desk import Desk
    from modtui.desk.drafts import Draft


class Writing(Struct):
    """A text on its way to be sent. `post` is the native id of the post replied to (None: the item's own), `to` the
    member it goes to, `reply` and `language` the saved reply that it began with; `since_ms` is what the moderator knew
    of the thread when it was begun: later posts are news."""

    item: Item
    audience: Audience = "public"
    post: str | None = None
    to: Foreign | None = None
    text: str = ""
    reply: str | None = None
    language: str | None = None
    draft: Draft | None = None
    since_ms: int = 0


def writing_of(item: Item, draft: Draft | None, now_ms: int, post: ThreadPost | None = None) -> Writing:
    """A new text for an item (to another `post` of its thread than its own), or a draft to go on with."""
    if draft is None and post is not None:
        return Writing(
            item=item, post=post.id, to=post.author.username if post.author is not None else None, since_ms=now_ms
        )
    if draft is None:
        to = item.author.username if item.author is not None and not item.anonymous else None
        return Writing(item=item, to=to, since_ms=now_ms)
    return Writing(
        item=item, audience=draft.audience, post=draft.post, to=draft.to, text=draft.text, reply=draft.reply,
        language=draft.language, draft=draft, since_ms=draft.saved_ms or now_ms,
    )  # fmt: skip


class Keeper:
    """Saves the draft of a writing."""

    def __init__(self, desk: Desk, writing: Writing, now_ms: Callable[[], int]) -> None:
        self._desk, self._writing, self._now_ms = desk, writing, now_ms
        self._kept = (writing.text, writing.audience, writing.draft is None or writing.draft.left)

    def touch(self, text: str, *, left: bool = False) -> None:
        """Keep the text as it is now. What was not changed is not written again; an empty text is let go of. `left`:
        the moderator goes away from it, so that the next start does not ask about it."""
        writing = self._writing
        if (text, writing.audience, left) == self._kept or (writing.draft is None and not text.strip()):
            return
        self._kept = (text, writing.audience, left)
        draft = writing.draft or self._desk.drafts.new(writing.item, post=writing.post)
        writing.draft = self._desk.drafts.save(
            replace(
                draft, text=text, audience=writing.audience, post=writing.post, to=writing.to, reply=writing.reply,
                language=writing.language, left=left,
            )
        )

    async def sent(self, decision: Decision) -> None:
        """The text was decided on: the draft is offered again only if it does not reach the site."""
        if self._writing.draft is not None:
            await self._desk.drafts.sent(self._writing.draft, decision)

    def age_ms(self) -> int:
        """How long ago it was kept; 0 where nothing was."""
        draft = self._writing.draft
        return max(0, self._now_ms() - draft.saved_ms) if draft is not None else 0

    def words(self) -> Shown:
        """ "draft saved 1 s ago"."""
        if self._writing.draft is None:
            return own("no draft yet")
        if self._desk.drafts.saving:
            return own("saving the draft")
        return say("draft saved {ago} ago", ago=texts.ago(self.age_ms()))
