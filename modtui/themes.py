"""How things look: a style name to a colour, for a dark, a light and a 16-colour terminal. Data only, no Textual.

Letters stand beside colours everywhere, so a theme may repeat a letter and never replaces one. Styles are written as
rich writes them ("bold #ff0000 on #000000"). The 16-colour theme leaves the terminal's own background alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct

CHIPS = ("chip.0", "chip.1", "chip.2", "chip.3", "chip.4", "chip.5")
"""The colours of communities. Letters stand with them, so some may look alike."""

STYLES = (
    # documents (modtui.text.layout)
    "text",
    "bold",
    "italic",
    "dim",
    "code",
    "quote",
    "quote.author",
    "heading",
    "link",
    "link.host",
    "mention",
    "spoiler",
    "warning",
    "list",
    "table",
    "image",
    # bars and lines
    "bar",
    "bar.lane",
    "bar.dim",
    "bar.name",
    "status",
    "status.alert",
    "status.good",
    "status.marked",
    "message",
    "message.error",
    "hint",
    "hint.key",
    "hint.dim",
    "question",
    "rule",
    # rows
    "row.head",
    "row.age",
    "row.count",
    "row.language",
    "row.reason",
    "row.severe",
    "row.author",
    "row.title",
    "row.folded",
    "row.handled",
    "row.marked",
    "row.differs",
    *CHIPS,
    "state",
    "state.held",
    "state.bad",
    "state.other",
    "cursor",
    # item and panels
    "section",
    "number",
    "author",
    "good",
    "bad",
    "effect",
    "panel",
    "panel.title",
    "panel.key",
    "panel.chosen",
    "panel.dim",
    "diff.add",
    "diff.remove",
    "hit",
)


class Palette(Struct, frozen=True):
    """One theme: `styles` by name; `cursor` is laid over the row under it; `ansi` leaves colours to the terminal."""

    name: str
    title: str
    dark: bool
    ansi: bool
    background: str
    foreground: str
    styles: Mapping[str, str]
    cursor: str

    def style(self, name: str) -> str:
        """The style's words; an unknown name is plain text."""
        return self.styles.get(name, "")


_CHIP_COLOURS = ("blue", "violet", "green", "amber", "teal", "pink")
"""Red is left to trouble."""


def _palette(
    name: str, title: str, *, dark: bool, ansi: bool, back: str, fore: str, cursor: str, c: dict[str, str]
) -> Palette:
    muted, accent, red, amber, green, blue, violet = (
        c[k] for k in ("muted", "accent", "red", "amber", "green", "blue", "violet")
    )
    bar, panel = c["bar"], c["panel"]
    styles = {
        "text": "",
        "bold": "bold",
        "italic": "italic",
        "dim": muted,
        "code": green,
        "quote": muted,
        "quote.author": f"bold {muted}" if not ansi else "bold",
        "heading": "bold",
        "link": f"underline {blue}",
        "link.host": blue,
        "mention": accent,
        "spoiler": f"reverse {muted}" if not ansi else "reverse",
        "warning": f"bold {red}",
        "list": "",
        "table": "",
        "image": violet,
        "bar": bar,
        "bar.lane": c["lane"],
        "bar.dim": f"{muted} {bar}".strip(),
        "bar.name": f"bold {bar}",
        "status": muted,
        "status.alert": f"bold {red}",
        "status.good": green,
        "status.marked": "bold reverse",
        "message": f"bold {accent}",
        "message.error": f"bold {red}",
        "hint": muted,
        "hint.key": f"bold {fore}" if not ansi else "bold",
        "hint.dim": muted,
        "question": f"bold {amber}",
        "rule": c["rule"],
        "row.head": muted,
        "row.age": muted,
        "row.count": "",
        "row.language": violet,
        "row.reason": amber,
        "row.severe": f"bold {red}",
        "row.author": accent,
        "row.title": "",
        "row.folded": f"italic {muted}",
        "row.handled": f"{muted}",
        "row.marked": "bold",
        "row.differs": "bold underline" if ansi else f"bold {amber}",
        **{chip: f"bold {c[colour]}".strip() for chip, colour in zip(CHIPS, _CHIP_COLOURS, strict=True)},
        "state": "bold",
        "state.held": f"bold {amber}",
        "state.bad": f"bold {red}",
        "state.other": f"bold {violet}",
        "cursor": cursor,
        "section": f"bold {accent}",
        "number": muted,
        "author": f"bold {accent}",
        "good": green,
        "bad": red,
        "effect": muted,
        "panel": panel,
        "panel.title": f"bold {amber}",
        "panel.key": f"bold {fore}" if not ansi else "bold",
        "panel.chosen": "reverse",
        "panel.dim": muted,
        "diff.add": green,
        "diff.remove": red,
        "hit": "reverse",
    }
    return Palette(name, title, dark, ansi, back, fore, styles, cursor)


DARK = _palette(
    "dark",
    "Dark",
    dark=True,
    ansi=False,
    back="#12161d",
    fore="#d7dce4",
    cursor="on #263449",
    c=dict(
        muted="#8792a2",
        accent="#7fb4e8",
        red="#f27a7a",
        amber="#e6b15c",
        green="#8cc98a",
        blue="#78a8ea",
        violet="#bf9be6",
        teal="#63c5c0",
        pink="#ea9ac4",
        bar="on #1c2430",
        lane="bold reverse",
        panel="",
        rule="#3a4656",
    ),
)
LIGHT = _palette(
    "light",
    "Light",
    dark=False,
    ansi=False,
    back="#fbfaf7",
    fore="#20262e",
    cursor="on #d9e6f5",
    c=dict(
        muted="#69727d",
        accent="#1d5fa8",
        red="#b3261e",
        amber="#8a5a00",
        green="#2c6e32",
        blue="#1d5fa8",
        violet="#7a3fa8",
        teal="#0f6b6b",
        pink="#a3316f",
        bar="on #ecebe6",
        lane="bold reverse",
        panel="",
        rule="#c5c8cc",
    ),
)
ANSI = _palette(
    "ansi",
    "The terminal's own 16 colours",
    dark=True,
    ansi=True,
    back="default",
    fore="default",
    cursor="reverse",
    c=dict(
        muted="",
        accent="cyan",
        red="red",
        amber="yellow",
        green="green",
        blue="blue",
        violet="magenta",
        teal="cyan",
        pink="bright_magenta",
        bar="reverse",
        lane="bold",
        panel="",
        rule="",
    ),
)
PLAIN = _palette(
    "plain",
    "No colour",
    dark=True,
    ansi=True,
    back="default",
    fore="default",
    cursor="reverse",
    c=dict(
        muted="",
        accent="",
        red="",
        amber="",
        green="",
        blue="",
        violet="",
        teal="",
        pink="",
        bar="reverse",
        lane="bold",
        panel="",
        rule="",
    ),
)
PALETTES: dict[str, Palette] = {palette.name: palette for palette in (DARK, LIGHT, ANSI, PLAIN)}


def choose(wanted: str = "auto", environ: Mapping[str, str] | None = None, colours: int | None = None) -> Palette:
    """The palette for `wanted` ("auto" or a name): no colour with NO_COLOR, 16 colours where no more are known.

    `colours` is how many the terminal has (see modtui.terminal); None means many. An unknown name means auto.
    """
    environ = os.environ if environ is None else environ
    if wanted in PALETTES:
        return PALETTES[wanted]
    if environ.get("NO_COLOR") or colours == 0:
        return PLAIN
    if colours is not None and colours <= 16:
        return ANSI
    return DARK
