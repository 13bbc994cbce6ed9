"""What every screen is given: the desk, the settings, the keys, the paint."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from modtui.desk.desk import Desk
from modtui.keymap import Keymap
from modtui.screens.gate import Gate
from modtui.settings import Settings
from modtui.terminal import Terminal
from modtui.widgets.draw import Painter


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Shell:
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
