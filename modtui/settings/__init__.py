"""config.toml and reasons/: typed settings, every problem at once. `load` reads, `write` changes, `docs` describes."""

from __future__ import annotations

from modtui.settings.load import load
from modtui.settings.model import (
    Ban,
    CommunitySettings,
    Hours,
    JournalSettings,
    RouteSettings,
    Screen,
    Settings,
    Target,
    Undo,
)

__all__ = [
    "Ban", "CommunitySettings", "Hours", "JournalSettings", "RouteSettings", "Screen", "Settings", "Target", "Undo",
    "load",
]  # fmt: skip
