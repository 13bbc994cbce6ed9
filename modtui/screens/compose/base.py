"""The composer without its verbs: the post, the text, its preview, the lines around it, and how keys come to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer
from textual.widgets import Input, TextArea

from modtui.actions import Scope
from modtui.desk.community import Community
from modtui.domain.decisions import Audience, Decision
from modtui.domain.items import Item
from modtui.domain.replies import gaps
from modtui.screens.compose import texts
from modtui.screens.compose.area import Area
from modtui.screens.compose.around import Around
from modtui.screens.compose.complete import SHOWN
from modtui.screens.compose.keep import Keeper, Writing
from modtui.screens.compose.names import Names
from modtui.screens.compose.preview import preview_lines
from modtui.screens.compose.send import Sending
from modtui.screens.lines.base import Line as OpenLine
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


class ComposerBase(Page):
    """The parts of the composer, what is drawn of them, and typing. What its keys do is in `ComposerPage`."""

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
        self.run(self.around.find_similar())
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
            self.set_focus(None)  # a click may have given it to the text while a line is open
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

    def keep(self) -> None:
        """To the draft, whatever was typed a moment ago."""
        if self.built:
            self.take_now()

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
