"""A page of lines with or without a cursor: help, requests, journal and text build on it."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.widgets import Input

from modtui.desk.community import Community
from modtui.desk.events import Event
from modtui.screens.page import Page
from modtui.screens.status import page_top
from modtui.text import Shown, own, say
from modtui.widgets.bars import TopState
from modtui.widgets.draw import Line
from modtui.widgets.linespane import AROUND, Anchor, LinesPane

_ARROWS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}


class LinesPage(Page):
    """Shows the lines of `body`. With `cursor` set, j and k move over `rows` of them; without, they scroll."""

    cursor: int | None = None
    TITLE_WORDS = ""
    _found_text = ""
    _drawn_for: Size | None = None

    def middle(self) -> ComposeResult:
        """One pane."""
        yield LinesPane(self.shell.painter, id="pane")

    @property
    def pane(self) -> LinesPane:
        """The pane."""
        return self.query_one("#pane", LinesPane)

    def on_mount(self) -> None:
        """Draw, and follow the desk. A page that adds something of its own has an `on_mount` of its own and does not
        call this one: Textual calls that of each class."""
        self._unfollow = self.desk.events.subscribe(self.heard)
        self._opening = True
        self.show()  # the first picture has the words
        self._opening = False
        self.call_after_refresh(self._fit)

    def on_unmount(self) -> None:
        """Stop following."""
        self._unfollow()

    def heard(self, event: Event) -> None:
        """Something moved at the desk."""

    def on_resize(self) -> None:
        """Draw again for the new size."""
        if self.built:
            self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Draw, unless what was drawn before the first picture was for the size that the pane has."""
        if not self.built:
            return  # left again before it was painted
        if self._drawn_for != self.pane.size:
            self.show()
        else:
            self.refresh_top()
            self.refresh_hint()

    def where(self) -> Shown:
        """The place, for line 1."""
        return say("> {title}", title=own(self.TITLE_WORDS))

    def community(self) -> Community | None:
        """The community that the page is about; None when there are several and it is about all."""
        communities = self.desk.communities
        return communities[0] if len(communities) == 1 else None

    def top_state(self) -> TopState:
        """Where I am, and what is on its way: that never vanishes, on no screen."""
        return page_top(self.shell, self.community(), self.where(), self.left_words())

    def left_words(self) -> Shown:
        """The words of line 2."""
        return own("")

    def head(self, width: int) -> list[Line]:
        """Lines that stay on top."""
        return []

    def foot(self, width: int) -> list[Line]:
        """Lines that stay below."""
        return []

    def body(self, width: int) -> Iterable[Line | Anchor]:
        """The lines."""
        return ()

    def rows(self) -> int:
        """How many rows the cursor has."""
        return 0

    def show(self) -> None:
        """Draw everything again."""
        if not self.drawable:
            return
        self._drawn_for = self.pane.size or self.app.size - (0, AROUND)
        width = self._drawn_for.width
        if self.cursor is not None:
            self.cursor = max(0, min(self.cursor, self.rows() - 1)) if self.rows() else 0
        self.pane.show(
            self.body,
            head=self.head(width),
            foot=self.foot(width),
            key=type(self).__name__,
            cursor=self.line_of(self.cursor) if self.cursor is not None and self.rows() else None,
        )
        self.refresh_top()
        self.refresh_hint()

    def line_of(self, row: int) -> int:
        """Which line of the body the cursor's row `row` is."""
        return row

    def moved(self) -> None:
        """The cursor stands on another row."""

    def _move(self, by: int) -> None:
        if self.cursor is None:
            self.pane.scroll(by)
            return
        new = max(0, min(self.rows() - 1, self.cursor + by))
        if new != self.cursor:
            self.cursor = new
            self.pane.put_cursor(self.line_of(new))
            self.moved()

    def act_nav_next(self) -> None:
        """Next row or line."""
        self._move(1)

    def act_nav_previous(self) -> None:
        """Row or line before."""
        self._move(-1)

    def act_nav_first(self) -> None:
        """To the top."""
        if self.cursor is None:
            self.pane.home()
        else:
            self._move(-self.rows())

    def act_nav_last(self) -> None:
        """To the end."""
        if self.cursor is None:
            self.pane.end()
        else:
            self._move(self.rows())

    def _page(self, pages: float) -> None:
        if self.cursor is None:
            self.pane.page(pages)
        else:
            self._move(int(self.pane.body_rows * pages) or (1 if pages > 0 else -1))

    def act_nav_half_down(self) -> None:
        """Half a page."""
        self._page(0.5)

    def act_nav_half_up(self) -> None:
        """Half a page back."""
        self._page(-0.5)

    def act_nav_page_down(self) -> None:
        """A page."""
        self._page(1)

    def act_nav_page_up(self) -> None:
        """A page back."""
        self._page(-1)

    def act_text_page(self) -> None:
        """A page."""
        self._page(1)

    def act_page_open(self) -> None:
        """Nothing to open."""

    def act_lane_merge(self) -> None:
        """Draw again."""
        self.show()

    def act_find_text(self) -> None:
        """Find text here."""

        def done(text: str) -> None:
            self._found_text = text
            self._find(1)

        self.ask_text(own("Find"), done)

    def _find(self, direction: int) -> None:
        if self._found_text and not self.pane.find(self._found_text, direction):
            self.say(say('"{text}" is not here.', text=self._found_text), error=True)

    def act_find_next(self) -> None:
        """Next hit."""
        self._find(1)

    def act_find_previous(self) -> None:
        """Hit before."""
        self._find(-1)


class TypedPage(LinesPage):
    """A list that narrows while one types: the field has the keys, arrows choose."""

    def on_key(self, event: events.Key) -> None:
        """Arrows choose while the field has the other keys."""
        if isinstance(self.focused, Input) and event.key in _ARROWS:
            event.stop()
            event.prevent_default()
            self._move(_ARROWS[event.key])
            return
        super().on_key(event)
