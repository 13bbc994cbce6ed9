"""What every screen is given: the desk, the settings, the keys, the paint."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from msgspec import Struct, field

from modtui.desk.desk import Desk
from modtui.keymap import Keymap
from modtui.screens.gate import Gate
from modtui.settings import Settings
from modtui.terminal import Terminal
from modtui.text.time import stamp
from modtui.widgets.draw import Painter


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _nothing() -> None:
    """No app is there."""


class Shell(Struct):
    """Made once by the app. `now_ms` is the wall clock, `tz` the moderator's zone."""

    desk: Desk
    settings: Settings
    keymap: Keymap
    painter: Painter
    terminal: Terminal
    gate: Gate
    tz: tzinfo = UTC
    now_ms: Callable[[], int] = field(default=_now_ms)
    read_only: bool = False
    drafts: dict[str, str] = field(default_factory=dict)
    """Texts that were left without being taken, by what they are for; kept while modtui runs."""
    rows_first: bool = False
    """While true the picture is of rows alone: the first one is on the screen sooner without the item and its verbs."""
    stop: Callable[[], None] = _nothing
    """Back to the shell, until fg."""

    def time_of_day(self, ms: int) -> str:
        """An instant as the moderator's clock shows it: `12:02`."""
        return datetime.fromtimestamp(ms / 1000, self.tz).strftime("%H:%M")

    def when(self, ms: int) -> str:
        """An instant of these days: `at 14:00` today, else with the day: `on Tue 21 Nov 08:00`; a far one in words."""
        now = datetime.fromtimestamp(self.now_ms() / 1000, self.tz)
        try:
            then = datetime.fromtimestamp(ms / 1000, self.tz)
        except (ValueError, OverflowError, OSError):
            return "at no known time"
        if then.date() == now.date():
            return f"at {then:%H:%M}"
        return f"on {stamp(ms, self.tz, now_ms=self.now_ms())}"
