"""What a line is, and what it may ask of the screen that shows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.text import Shown

if TYPE_CHECKING:
    from modtui.desk.desk import Desk
    from modtui.settings import Settings

Piece = tuple[Shown, str]
Drawn = tuple[Piece, ...]
"""One drawn line: texts with the names of their styles (modtui.themes.STYLES)."""


class Host(Protocol):
    """The screen, as a line sees it."""

    @property
    def desk(self) -> Desk:
        """The desk."""
        ...

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        ...

    def when(self, ms: int) -> str:
        """An instant in the moderator's zone: "at 14:00", "on Tue 21 Nov 08:00"."""
        ...

    def open_line(self, line: Line) -> None:
        """Show another line instead of this one."""
        ...

    def close_line(self) -> None:
        """Take the line away; keys go to the screen again."""
        ...

    def redraw_line(self) -> None:
        """Draw the line again, it changed."""
        ...

    def say(self, words: Shown, *, error: bool = False) -> None:
        """Put a sentence on the message line."""
        ...

    def ask(self, words: Shown) -> None:
        """Put a question on the message line; the line that asks takes the answer."""
        ...

    def refuse(self, words: Shown) -> None:
        """Say why a key does nothing; input is ignored for half a second."""
        ...

    def ask_text(
        self,
        prompt: Shown,
        done: Callable[[str], None],
        *,
        text: str = "",
        left: Callable[[], None] | None = None,
        changed: Callable[[str], None] | None = None,
        enter: str = "enter takes it",
    ) -> None:
        """Ask for one line of text; `done` gets it on enter, `left` is called on ctrl+g. `enter` says what enter does
        where it does something else."""
        ...

    def ask_long_text(
        self, title: Shown, text: str, done: Callable[[str], None], *, draft: str | None = None
    ) -> None:
        """Ask for text of several lines in a full screen (ctrl+o takes it, ctrl+g leaves). `draft` names what is kept
        when it is left."""
        ...

    def decide(self, items: Sequence[Item], intent: Intent) -> None:
        """Decide, tell, and go on to the next open item."""
        ...

    def run(self, work: Awaitable[None]) -> None:
        """Run `work` beside the screen; its errors become a message."""
        ...


class Line:
    """A panel at the bottom that has the keys until it is left. Subclasses fill in what differs."""

    room = 99
    """How many rows there are for it; the screen says."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def draw(self, width: int) -> list[Drawn]:
        """The panel's lines, each at most `width` cells; the first is its title row."""
        return []

    def hint(self, width: int) -> Drawn:
        """The last line of the screen while the line is open."""
        return ()

    def key(self, token: str) -> None:
        """Take one key. The base class leaves on q, Esc and ctrl+g."""
        if token in ("q", "escape", "ctrl+g"):
            self.leave()

    def leave(self) -> None:
        """Go away without doing anything."""
        self.host.close_line()
