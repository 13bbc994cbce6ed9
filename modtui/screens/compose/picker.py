"""ctrl+t: saved replies, similar solved threads, the site's templates. Typing filters, enter inserts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from textual import events

from modtui.desk.community import Community
from modtui.screens.compose.offers import GROUPS, Entry, Kind, matching
from modtui.screens.compose.preview import preview_lines
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.screens.tokens import token_of
from modtui.text import Shown, count, own, say
from modtui.text.width import cells, cut, pad
from modtui.widgets.bars import hint_pieces
from modtui.widgets.draw import Line

MOVES = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8}


class PickerPage(LinesPage):
    """Shows entries in groups, and the chosen one as it will look. `chosen` gets what enter took. `waiting` says which
    groups are still asked for; `add` brings what came."""

    TITLE_WORDS = "Insert"
    cursor: int | None = 0

    def __init__(
        self, shell: Shell, community: Community | None, entries: Sequence[Entry], chosen: Callable[[Entry], None],
        first: Kind = "saved",
    ) -> None:  # fmt: skip
        super().__init__(shell)
        self._community = community
        self.entries = list(entries)
        self.chosen = chosen
        self.first: Kind = first
        self.query_text = ""
        self.notes: dict[Kind, Shown] = {}
        """What is said of a group that has nothing (yet)."""
        self.found = matching(self.entries, "", first)
        self._lines_of: list[int] = []
        self._moved = False

    def on_mount(self) -> None:
        """Say how it works."""
        self._prompt()

    def community(self) -> Community | None:
        """That of the item."""
        return self._community

    def _prompt(self) -> None:
        words = say("Type to filter: {text}_", text=own(self.query_text)) if self.query_text else own(
            "Type to filter: name, tag, a word of the text, or an address to link."
        )
        self.ask(words)

    def left_words(self) -> Shown:
        """How many fit."""
        return say("{n}", n=count(len(self.found), "text"))

    def add(self, kind: Kind, entries: Sequence[Entry], note: Shown) -> None:
        """What a group has now; with `note`, why it has nothing. The cursor stays on its entry."""
        here = self.entry if self._moved or self.query_text else None
        self.entries = [one for one in self.entries if one.kind != kind] + list(entries)
        self.notes.pop(kind, None)
        if note:
            self.notes[kind] = note
        self.found = matching(self.entries, self.query_text, self.first)
        if here is not None and here in self.found:
            self.cursor = self.found.index(here)
        if self.built:
            self.show()

    @property
    def entry(self) -> Entry | None:
        """The entry under the cursor."""
        at = self.cursor or 0
        return self.found[at] if 0 <= at < len(self.found) else None

    # keys
    def on_key(self, event: events.Key) -> None:
        """Printable keys filter; the others choose."""
        if self.app.screen is not self:
            super().on_key(event)
            return
        event.stop()
        event.prevent_default()
        token = token_of(event)
        self.shell.gate.key(token, late_s=events.Event().time - event.time)
        if token == "enter":
            self._take()
        elif token in ("ctrl+g", "escape"):
            self.dismiss(None)
        elif token in MOVES:
            self._moved = True
            self._move(MOVES[token])
        elif token == "tab":
            self._next_group()
        elif token in ("backspace", "ctrl+u", "ctrl+w"):
            self._typed(self.query_text[:-1] if token == "backspace" else "")
        elif event.is_printable and event.character:
            self._typed(self.query_text + event.character)

    def on_paste(self, event: events.Paste) -> None:
        """A pasted address or word filters, too."""
        event.stop()
        self._typed(self.query_text + " ".join(event.text.split())[:300])

    def _typed(self, text: str) -> None:
        self.query_text, self.cursor, self._moved = text, 0, False
        self.found = matching(self.entries, text, self.first)
        self._prompt()
        self.show()

    def _next_group(self) -> None:
        here = self.entry
        if here is None:
            return
        kinds = list(dict.fromkeys(one.kind for one in self.found))
        kind = kinds[(kinds.index(here.kind) + 1) % len(kinds)]
        self._moved = True
        at = next(n for n, one in enumerate(self.found) if one.kind == kind)
        self._move(at - (self.cursor or 0))

    def _take(self) -> None:
        entry = self.entry
        if entry is None:
            self.say(own("Nothing fits what is typed; backspace shortens it, ctrl+g goes back."), error=True)
            return
        self.dismiss(None)
        self.chosen(entry)

    # drawing
    def _draw_hint(self, width: int) -> Sequence[Line]:
        pairs = [
            ("enter", "inserts", True), ("up down", "choose", True), ("tab", "next group", True),
            ("backspace", "shortens", True), ("ctrl+g", "back to the text", True),
        ]  # fmt: skip
        return [hint_pieces(pairs, width, 1)]

    def rows(self) -> int:
        """The entries that fit."""
        return len(self.found)

    def line_of(self, row: int) -> int:
        """Heads of groups stand between the rows."""
        return self._lines_of[row] if row < len(self._lines_of) else row

    def moved(self) -> None:
        """Another entry, another preview."""
        self.show()

    def show(self) -> None:
        """Know where the rows stand, then draw."""
        self._lines_of = []
        line, kind = -1, None
        for entry in self.found:
            line += 2 if entry.kind != kind else 1
            kind = entry.kind
            self._lines_of.append(line)
        super().show()

    def body(self, width: int) -> Iterable[Line]:
        """Group by group; then the groups that have nothing, and why."""
        kind = None
        for entry in self.found:
            if entry.kind != kind:
                kind = entry.kind
                yield ((own(f" {GROUPS[kind]}"), "section"),)
            yield self._row(entry, width)
        for missing, words in self.notes.items():
            yield ((own(f" {GROUPS[missing]}"), "section"), (say("  {words}", words=words), "dim"))

    def _row(self, entry: Entry, width: int) -> Line:
        gap = say("  {gap}", gap=entry.gap) if entry.gap else own("")
        most = max(width // 3, width - 5 - cells(entry.title) - cells(gap))
        note = cut(say("  {note} ", note=entry.note), max(8, most))
        room = max(10, width - 3 - cells(note) - cells(gap))
        return ((own("   "), "text"), (pad(cut(entry.title, room), room), "text"), (gap, "warning"), (note, "dim"))

    def foot(self, width: int) -> list[Line]:
        """The chosen one as it will look."""
        rows = max(3, (self.size.height - 8) // 2)
        rule: Line = ((own("-" * width), "rule"),)
        entry = self.entry
        if entry is None:
            return [rule, ((own(" Nothing fits what is typed."), "dim"),), *([((own(""), "text"),)] * (rows - 1))]
        site = self._community.url if self._community is not None else ""
        lines = list(islice(preview_lines(entry.text, site, width - 1), rows + 1))
        if len(lines) > rows:
            lines[rows - 1 :] = [((own("   ... and more"), "dim"),)]
        lines += [((own(""), "text"),)] * (rows - len(lines))
        return [rule, *lines]
