"""The composer: to whom and how public on line 1, the post that is answered, the text, and what keeps it from going."""

from __future__ import annotations

from textual.widgets.text_area import Selection

from modtui.domain.capability import Blocked
from modtui.domain.decisions import Audience, Intent
from modtui.domain.items import Item
from modtui.domain.replies import gaps
from modtui.errors import ModtuiError
from modtui.screens.compose import texts
from modtui.screens.compose.base import WIDE, ComposerBase
from modtui.screens.compose.offers import Entry, Kind
from modtui.screens.compose.send import Sending, SendLine
from modtui.screens.lines.question import QuestionLine
from modtui.screens.page import Page
from modtui.text import own, say, unescape


class ComposerPage(ComposerBase):
    """Writes a reply. `done` is told what was decided, after the composer has gone."""

    # what keys do
    def act_compose_leave(self) -> None:
        """Leaving never asks and never loses."""
        text = self.take_now()
        self.keeper.touch(text, left=True)
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        self.dismiss(None)
        if isinstance(below, Page):
            kept = own("Left; the draft is kept: r opens it again, g d shows all drafts.")
            below.say(kept if text.strip() else own("Left; nothing was written."))

    act_back = act_compose_leave
    act_line_leave = act_compose_leave

    def act_compose_undo(self) -> None:
        """Take back typing."""
        self.area.undo()

    def act_compose_redo(self) -> None:
        """Type it again."""
        self.area.redo()

    def act_compose_help(self) -> None:
        """The keys of the composer."""
        self.act_help_show()

    def act_compose_redraw(self) -> None:
        """Paint everything again."""
        self.act_screen_redraw()

    def act_compose_preview(self) -> None:
        """Show how it will look, or hide that."""
        if self.size.width >= WIDE:
            self.side = not self.side
        else:
            self.below = not self.below
        self.take_now()
        self.lay_out()

    def act_compose_quote(self) -> None:
        """Quote the post that is answered, where the cursor stands."""
        body = self.around.body
        if body is None:
            self.say(own("The post has no text to quote."), error=True)
            return
        self._put_block(texts.quote(texts.plain(body), None))

    def _put_block(self, text: str) -> None:
        """Insert what needs lines of its own."""
        before = self.area.line_before.strip()
        self.area.put(f"\n\n{text}" if before else text)

    def act_compose_kind(self) -> None:
        """Public reply, staff note, private message: the next one that is possible here."""
        kinds = list(texts.AUDIENCES)
        at = kinds.index(self.writing.audience)
        why: Blocked | None = None
        for step in (1, 2):
            new = kinds[(at + step) % 3]
            blocked = self.around.may(new)
            if blocked is None:
                self._turn(new)
                return
            why = why or blocked
        reason = own(why.sentence.rstrip(".") if why is not None else "the site knows no other kind")
        self.say(say("Only a {kind} is possible here: {why}.", kind=own(texts.AUDIENCES[self.writing.audience]),
                     why=reason), error=True)  # fmt: skip

    def _turn(self, new: Audience) -> None:
        if new == "public" and self._begun != "public" and self.take_now().strip():
            template = "This text was begun as a {kind}. Make it a PUBLIC REPLY, that everybody can read? y/N"
            question = say(template, kind=own(texts.AUDIENCES[self._begun]))

            def yes() -> None:
                self._begun = "public"
                self._turned(new)

            self.open_line(QuestionLine(self, question, yes))
        else:
            self._turned(new)

    def _turned(self, new: Audience) -> None:
        self.writing.audience = new
        if self.writing.text.strip():
            self.keeper.touch(self.writing.text)
        else:
            self._begun = new
        self.refresh_top()
        self._redraw_notes()
        self.say(say("Now it is a {kind}.", kind=texts.kind_words(new)))

    def act_compose_editor(self) -> None:
        """The moderator's own editor."""
        self.run(self._edit())

    async def _edit(self) -> None:
        from modtui.screens.outside import edit_outside

        self.take_now()
        text = await edit_outside(self, self.area.text)
        if text is not None:
            self.area.load(unescape(text))  # the editor had the reversible form, and may have written other signs
            self.take_now()
            self.say(own("Taken from the editor."))
        self.set_focus(self.area)

    def act_compose_saved(self) -> None:
        """Saved replies, similar threads, templates."""
        from modtui.screens.compose.picker import PickerPage

        first: Kind = "similar" if "link" in gaps(self.take_now()) and self.around.similar else "saved"
        page = PickerPage(self.shell, self.community(), self.around.entries(), self._insert, first)
        page.notes.update(self.around.notes())
        self.around.picker = page.add
        self.app.push_screen(page)
        self.run(self.around.fill())

    def _insert(self, entry: Entry) -> None:
        """Put what was chosen into the text; a link fills a gap that waits for one."""
        area = self.area
        link = entry.kind in ("similar", "link")
        if entry.kind == "saved":
            self.writing.reply, self.writing.language = entry.name, entry.language
        if not (link and area.swap("{link}", entry.address)):
            before = area.line_before
            if link:
                area.put(f"{' ' if before and not before.endswith((' ', '(')) else ''}{entry.text}")
            else:
                self._put_block(entry.text)
        self.take_now()
        self.refresh_top()
        self.set_focus(area)

    # sending
    def act_compose_send(self) -> None:
        """Open the send line, or say what keeps the text from going."""
        text = self.take_now()
        saved = own(self.shell.keymap.shown("compose.saved"))
        item = self.around.item
        able = self.desk.can(item, "reply")
        if not text.strip():
            self.say(say("Nothing is written yet. {key} offers saved replies.", key=saved), error=True)
        elif self._gaps:
            self._show_gap(self._gaps[0])
            self.say(self._gap_words(), error=True)
        elif isinstance(able, Blocked):
            self.say(self.blocked_words("reply", able), error=True)
        elif (blocked := self.around.may(self.writing.audience)) is not None:
            self.say(self.blocked_words(texts.AUDIENCES[self.writing.audience], blocked), error=True)
        else:
            self._open_send(item, text)

    def _show_gap(self, name: str) -> None:
        """Select the first empty placeholder, so that typing fills it."""
        area, wanted = self.area, f"{{{name}}}"
        for row in range(area.document.line_count):
            column = area.document[row].find(wanted)
            if column >= 0:
                area.selection = Selection((row, column), (row, column + len(wanted)))
                return

    def _open_send(self, item: Item, text: str) -> None:
        writing = self.writing
        intent = Intent(verb="reply", text=text, audience=writing.audience, post=writing.post)
        try:
            plan = self.desk.plan(item, intent)
        except ModtuiError as error:
            self.say(say("It cannot be sent: {why}", why=error.message), error=True)
            return
        warnings = [say("{asks}", asks=plan.asks)] if plan.asks else []
        if others := self.around.words(self.when):
            warnings.append(others)
        title = texts.where_words(writing.audience, writing.to, item.place.thread_title or item.title)
        kind = texts.kind_words(writing.audience)
        self.open_line(SendLine(self, item, intent, say("SEND this {kind} {title}", kind=kind, title=title),
                                tuple(warnings), lambda sending: self.run(self._send(item, sending))))  # fmt: skip

    async def _send(self, item: Item, sending: Sending) -> None:
        self._deciding = True
        try:
            result = await self.desk.decide([item], sending.intent, overrule=True)
        except ModtuiError:
            self._deciding = False
            raise
        if result.decision is None:
            self._deciding = False
            why = next(iter(result.skipped.values()), "nothing is left to decide")
            self.say(say("NOT sent: {why}. Your text is kept.", why=why.rstrip(".")), error=True)
            return
        await self.keeper.sent(result.decision)
        self.dismiss(None)
        self.done(item, result.decision, sending)
