"""What the terminal can do, told from its environment. No Textual: this decides what Textual is told at import.

Facts: OpenSSH forwards TERM but rarely COLORTERM, so a remote terminal is mostly known by TERM alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

ColorSetting = Literal["auto", "truecolor", "256", "16", "none"]


class Terminal(Struct, frozen=True):
    """What is known: `colours` 0, 16, 256 or 16777216; `remote` over SSH; `utf8` the locale's word; `multiplexer` a
    name."""

    term: str
    colours: int
    remote: bool
    utf8: bool
    multiplexer: str
    display: bool


def look(environ: Mapping[str, str] | None = None, setting: str = "auto") -> Terminal:
    """Read the environment. `setting` is [screen] color from the settings."""
    env = os.environ if environ is None else environ
    term = env.get("TERM", "")
    forced = {"truecolor": 1 << 24, "256": 256, "16": 16, "none": 0}.get(setting)
    if forced is not None:
        colours = forced
    elif env.get("NO_COLOR") or term in ("", "dumb"):
        colours = 0
    elif env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        colours = 1 << 24
    elif "256color" in term or term in ("xterm-kitty", "alacritty", "foot", "wezterm", "xterm-ghostty"):
        colours = 256
    else:
        colours = 16
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    multiplexer = "tmux" if env.get("TMUX") else "screen" if env.get("STY") else ""
    return Terminal(
        term=term,
        colours=colours,
        remote=bool(env.get("SSH_CONNECTION") or env.get("SSH_TTY")),
        utf8="utf-8" in locale.lower() or "utf8" in locale.lower(),
        multiplexer=multiplexer,
        display=bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")),
    )


def prepare(terminal: Terminal) -> None:
    """Set what Textual reads when it is imported: no animation, the colour system. Call before importing it."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if terminal.colours == 0:
        os.environ.setdefault("NO_COLOR", "1")
    else:
        system = "standard" if terminal.colours <= 16 else "256" if terminal.colours <= 256 else "truecolor"
        os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", system)
