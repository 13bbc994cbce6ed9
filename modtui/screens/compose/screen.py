"""The composer: to whom and how public on line 1, the post that is answered, the text, and what keeps it from going."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer
from textual.widgets import Input, TextArea
from textual.widgets.text_area import Selection

from modtui.actions import Scope
from modtui.desk.community import Community
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Audience, Decision, Intent
from modtui.domain.items import Item
from modtui.domain.replies import gaps
from modtui.errors import ModtuiError
from modtui.screens.compose import texts
from modtui.screens.compose.area import Area
from modtui.screens.compose.around import Around
from modtui.screens.compose.complete import SHOWN
from modtui.screens.compose.keep import Keeper, Writing
from modtui.screens.compose.names import Names
from modtui.screens.compose.offers import Entry
from modtui.screens.compose.preview import preview_lines
from modtui.screens.compose.send import Sending, SendLine
from modtui.screens.lines.base import Line as OpenLine
from modtui.screens.lines.question import QuestionLine
from modtui.screens.page import Page
from modtui.screens.shell import Shell
from modtui.screens.status import page_top
from modtui.screens.work import tell
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.width import pad
from modtui.widgets.bars import Drawing, TopState
from modtui.widgets.draw import Line
from modtui.widgets.linespane import LinesPane

WIDE = 120
"""From this many columns on text and preview stand side by side."""

SETTLE_S = 0.3
"""So soon after a key the draft is on its way to the disk, and words, gaps and preview are told anew."""

Done = Callable[[Item, Decision, Sending], None]


class ComposerPage(Page):
    """Writes a reply. `done` is told what was decided, after the composer has gone."""

    SCOPE: ClassVar[Scope] = "compose"
    HINTS = (
        "compose.send", "compose.saved", "compose.preview", "compose.editor", "compose.quote", "compose.help",
        "compose.leave",
    )  # fmt: skip
    KEEP_HINTS = 2

    def __init__(self, shell: Shell, writing: Writing, done: Done) -> None:
        super().__init__(shell)
        self.writing, self.done = writing, done
        self.around = Around(shell, writing)
        self.keeper = Keeper(self.desk, writing, shell.now_ms)
        self.names = Names(self, writing.item)
        self.side = True
        """Whether the preview is wanted beside the text, where there is room."""
        self.below = False
        """Whether it is wanted below the text, where there is not."""
        self._begun: Audience = writing.audience
        self._settle: Timer | None = None
        self._age: Timer | None = None
        self._note_rows = 1
        self._popup_rows = 0
        self._deciding = False
        self._words = texts.words_in(writing.text)
        self._gaps = gaps(writing.text)

    # the parts
    def middle(self) -> ComposeResult:
        """The post, the text and its preview, names that could be meant, and how public it is."""
        paint = self.shell.painter
        yield Drawing(paint, self._draw_quote, id="quote")
        with Container(id="write"):
            yield Area(self.writing.text, self.takes, id="area")
            yield LinesPane(paint, id="rendered")
        yield Drawing(paint, self.names.draw, fill="panel", id="popup")
        yield Drawing(paint, self._draw_notes, id="notes")

    @property
    def area(self) -> Area:
        """The text field."""
        return self.query_one("#area", Area)

    def on_mount(self) -> None:
        """Write at once; ask behind it what others do here."""
        super().on_mount()
        self.query_one("#popup").display = False
        self._stop = self.desk.events.subscribe(self.around.heard)
        self.around.changed = self._noticed
        self.desk.want(self.writing.item)
        self.area.move_cursor(self.area.document.end)
        self.lay_out()
        self.set_focus(self.area)
        self.run(self.around.look())
        self.set_interval(30, lambda: self.run(self.around.look()))
        self._tick_age()

    def on_unmount(self) -> None:
        """However it ends, the text is kept."""
        self._stop()

    def on_resize(self) -> None:
        """Side by side, or one below the other."""
        super().on_resize()
        self.lay_out()

    def lay_out(self) -> None:
        """Show what fits."""
        if not self.built:
            return
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        shown = self.side if wide else self.below
        pane = self.query_one("#rendered", LinesPane)
        if pane.display != shown:
            pane.display = shown
        room = self.size.height if not self.panel_shown or self.size.height >= 40 else 0
        rows = 2 if room >= 16 else 0
        if room >= 20:
            rows += len(self.around.quote_lines(self.size.width, 2, self.shell.now_ms()))
        head = self.query_one("#quote", Drawing)
        if head.display != bool(rows):
            head.display = bool(rows)
        if rows and (head.styles.height is None or head.styles.height.value != rows):
            head.styles.height = rows
        self.call_after_refresh(self._render_preview)

    def redraw_line(self) -> None:
        """An open line takes the room of the post; the text stays in sight."""
        super().redraw_line()
        self._redraw_notes()
        self.lay_out()

    @property
    def preview_shown(self) -> bool:
        """Whether the preview is on the screen."""
        return self.side if self.size.width >= WIDE else self.below

    # drawing
    def community(self) -> Community | None:
        """The item's."""
        return tell.community_of(self.desk, self.writing.item.ref.community)

    @property
    def site(self) -> str:
        """The community's address."""
        community = self.community()
        return community.url if community is not None else ""

    def top_state(self) -> TopState:
        """To whom and how public; the draft, the saved reply, the words."""
        writing = self.writing
        title = writing.item.place.thread_title or writing.item.title
        where = texts.where_words(writing.audience, writing.to, title)
        state = page_top(self.shell, self.community(), where, join(" | ", self._left()))
        language = own((writing.item.language or "")[:2].upper())
        name = join("  ", [part for part in (language, state.name) if part])
        return TopState(
            place=texts.kind_words(writing.audience), where=where, name=name, left=state.left, alert=state.alert,
            notes=state.notes,
        )  # fmt: skip

    def _left(self) -> list[Shown]:
        parts = [self.keeper.words()]
        if self.writing.reply:
            code = f".{self.writing.language}" if self.writing.language else ""
            parts.append(say("saved reply {name}", name=show_line(f"{self.writing.reply}{code}", 30)))
        return [*parts, count(self._words, "word")]

    def _draw_quote(self, width: int) -> list[Line]:
        rule: Line = ((own("-" * width), "rule"),)
        rows = self.query_one("#quote").size.height
        lines = self.around.quote_lines(width, 2, self.shell.now_ms())
        return [*lines[:1], rule] if rows < 3 else [rule, *lines[: rows - 2], rule]

    def _draw_notes(self, width: int) -> list[Line]:
        lines: list[Line] = []
        if self._gaps and self.line is None:
            lines.append(((pad(say(" {words}", words=self._gap_words()), width), "message.error"),))
        if self.line is None and (others := self.around.words(self.when)):
            lines.append(((pad(say(" {words}", words=others), width), "question"),))
        key = self.shell.keymap.shown("compose.kind")
        pieces: list[tuple[Shown, str]] = [(say(" kind ({key}):", key=own(key)), "dim")]
        for audience, words in texts.AUDIENCES.items():
            chosen = audience == self.writing.audience
            possible = self.around.may(audience) is None
            style = "panel.chosen" if chosen else "text" if possible else "hint.dim"
            pieces.append((own(f" [{words}] " if chosen else f"  {words}  " if possible else f" ({words}) "), style))
        return [*lines, tuple(pieces)]

    def _gap_words(self) -> Shown:
        names = ", ".join(f"{{{name}}}" for name in self._gaps)
        verb = own("is empty" if len(self._gaps) == 1 else "are empty")
        saved = own(self.shell.keymap.shown("compose.saved"))
        n = len(self.around.similar)
        more = own("")
        if "link" in self._gaps and n:
            more = say(" {key} offers {n}.", key=saved, n=count(n, "solved thread"))
        return say("{names} {verb}: it cannot be sent like this.{more}", names=own(names), verb=verb, more=more)

    def _redraw_notes(self) -> None:
        if not self.built:
            return
        notes = self.query_one("#notes", Drawing)
        rows = len(self._draw_notes(self.size.width))
        if rows != self._note_rows:
            notes.styles.height = self._note_rows = rows
        notes.put()

    def _render_preview(self) -> None:
        if not self.built or not self.preview_shown:
            return
        pane = self.query_one("#rendered", LinesPane)
        text, site = self.writing.text, self.site
        head: list[Line] = []
        if self.size.width < WIDE:
            head = [((own(" -- as it will look ".ljust(self.size.width, "-")), "rule"),)]
        pane.show(lambda width: preview_lines(text, site, width), head=head, key="preview")

    # typing
    def takes(self, event: events.Key, token: str) -> bool:
        """Whether a key is not the text's: what has a name in the keymap, and the popup's keys while it is there."""
        if self.app.screen is not self or self.line is not None or self._text_done is not None or self._deciding:
            self._pass_on(event)
            return True
        if self.names.takes(token):
            return True
        if event.character and event.is_printable:
            return False
        action = self._sequences.feed(token)
        if action:
            self.shell.gate.key(token, late_s=events.Event().time - event.time)
            self.act(action)
            return True
        if token in ("tab", "shift+tab"):
            if token == "tab":
                self.area.put("  ")
            return True
        return action == ""

    def _pass_on(self, event: events.Key) -> None:
        """A key that was pressed after the one that opened something: it is meant for that."""
        if self._deciding:
            return
        screen = self.app.screen
        if screen is self:
            self.typed_ahead(event)
        elif isinstance(screen, Page):
            screen.typed_ahead(event)

    def on_key(self, event: events.Key) -> None:
        """Keys that came before the text field had the focus are its own."""
        free = self.line is None and self._text_done is None and not isinstance(self.focused, Input)
        if self.app.screen is self and free:
            event.stop()
            event.prevent_default()
            self.set_focus(self.area)
            again = events.Key(event.key, event.character)
            again.time = event.time
            self.area.post_message(again)
            return
        super().on_key(event)

    def on_paste(self, event: events.Paste) -> None:
        """The text field takes what is pasted; a line takes nothing."""
        if self.line is not None:
            super().on_paste(event)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Something was written: what follows from it is done soon, not at each key."""
        event.stop()
        if not self.built:
            return
        self.names.typed(self.area.line_before)
        if self._settle is None:
            self._settle = self.set_timer(SETTLE_S, self._settled)

    def _settled(self) -> None:
        self._settle = None
        if not self.built:
            return
        text = self.area.written
        if text == self.writing.text:
            return
        if not self.writing.text.strip():
            self._begun = self.writing.audience
        self.writing.text = text
        self.keeper.touch(text)
        self._words, self._gaps = texts.words_in(text), gaps(text)
        self._redraw_notes()
        self._render_preview()
        self._tick_age()

    def _tick_age(self) -> None:
        """The age of the draft on line 2: by the second at first, then by the minute."""
        if self._age is not None:
            self._age.stop()
        self.refresh_top()
        young = self.keeper.age_ms() < 60_000
        self._age = self.set_timer(1.0 if young else 60.0, self._tick_age)

    def take_now(self) -> str:
        """The text as it stands, kept and told."""
        if self._settle is not None:
            self._settle.stop()
        self._settled()
        return self.writing.text

    def popup_changed(self) -> None:
        """The names that could be meant came, went or changed."""
        if not self.built:
            return
        popup = self.query_one("#popup", Drawing)
        rows = min(SHOWN, len(self.names.found))
        if popup.display != bool(rows):
            popup.display = bool(rows)
        if rows and rows != self._popup_rows:
            popup.styles.height = self._popup_rows = rows
        popup.put()

    def _noticed(self) -> None:
        """What others do here, what may be chosen, or what is similar, is known better now."""
        if self.built:
            self._redraw_notes()
            self.lay_out()
            self.query_one("#quote", Drawing).put()

    # lines take the keys, the text gets them back
    def open_line(self, line: OpenLine) -> None:
        """A line has the keys."""
        self.set_focus(None)
        super().open_line(line)

    def close_line(self) -> None:
        """The text has them again."""
        super().close_line()
        if self.built and self._text_done is None:
            self.set_focus(self.area)

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
            area = self.area
            last = area.document.line_count - 1
            area.replace(text, (0, 0), (last, len(area.document[last])), maintain_selection_offset=False)
            self.take_now()
            self.say(own("Taken from the editor."))
        self.set_focus(self.area)

    def act_compose_saved(self) -> None:
        """Saved replies, similar threads, templates."""
        from modtui.screens.compose.picker import PickerPage

        page = PickerPage(self.shell, self.community(), self.around.entries(), self._insert)
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
