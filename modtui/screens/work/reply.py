"""Answering from the queue: the composer, its drafts, and which post is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from modtui.desk.outcome import UndoResult
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Decision, Intent
from modtui.domain.items import Item, ThreadPost
from modtui.ondemand import on_demand
from modtui.screens.work.after import WorkAfter
from modtui.text import own, say

if TYPE_CHECKING:
    from modtui.screens.compose.opening import offer_drafts, open_composer
    from modtui.screens.lines.accept import AcceptLine, answers_of
    from modtui.screens.lines.choose import BlockedLine
else:
    on_demand(__name__, "modtui.screens.lines.choose", "BlockedLine")
    on_demand(__name__, "modtui.screens.lines.accept", "AcceptLine", "answers_of")
    on_demand(__name__, "modtui.screens.compose.opening", "offer_drafts", "open_composer")


class WorkReply(WorkAfter):
    """The keys r, A and g d."""

    def act_item_reply(self) -> None:
        """Write a reply; a draft that waits is offered first."""
        self._one("reply", "reply", self._reply)

    def _reply(self, item: Item) -> None:
        drafts = self.desk.drafts.of(item.id)
        if drafts:
            offer_drafts(self, item, drafts, self._replied)
        else:
            open_composer(self, item, None, self._replied)

    def _replied(self, item: Item, decision: Decision) -> None:
        """A question that was answered is over for now; a report still waits for its verdict."""
        self._spoken = (decision.id, self._message)
        self.refresh_top()
        if item.lane == "questions" and self.current_id == item.id:
            self._go_on({item.id})

    def after_undo(self, result: UndoResult) -> None:
        """A reply that was taken back while it was held opens again, its text as it was."""
        draft = self.desk.drafts.get(result.draft) if result.kind == "taken back" and result.draft is not None else None
        item = self.desk.item(draft.item) if draft is not None else None
        if item is not None and self.app.screen is self:
            open_composer(self, item, draft, self._replied)

    # the answer
    def act_question_accept_answer(self) -> None:
        """Choose the post that answers."""
        item = self.current
        if item is None:
            self.refuse(own("There is nothing here to decide on."))
            return
        able = self.desk.can(item, "accept")
        if isinstance(able, Blocked):
            self.open_line(BlockedLine(self, own("ACCEPT AN ANSWER"), own(able.sentence)))
        else:
            self._one("the answer", None, self._accept)

    def _accept(self, item: Item) -> None:
        thread = self.desk.context(item).thread
        if thread is None:
            self.say(own("Reading the thread ..."))
            self.run(self._accept_later(item))
        else:
            self._accept_line(item, thread.posts)

    async def _accept_later(self, item: Item) -> None:
        await self.desk.keeper.fetch(item, dossier=False)
        context = self.desk.context(item)
        if self.current_id != item.id or self.line is not None:
            return
        if context.thread is None:
            why = own(context.problem or "the site did not send it")
            self.say(say("The thread is not here: {why}.", why=why), error=True)
        else:
            self.say(own(""))
            self._accept_line(item, context.thread.posts)

    def _accept_line(self, item: Item, posts: Sequence[ThreadPost]) -> None:
        found = answers_of(item, posts)
        if not found:
            self.refuse(own("Nobody has answered yet: there is no post to accept. r answers."))
            return

        def chosen(post: ThreadPost) -> None:
            verb = "unaccept" if line.unaccepts(post) else "accept"
            intent = Intent(verb=verb, post=post.id)
            self.propose([item], lambda _: intent, alone=True)

        at = next((post.id for post in found if post.number == self.post_at(item)), None)
        line = AcceptLine(self, item, found, self.shell.now_ms(), chosen, at=at)
        self.open_line(line)
