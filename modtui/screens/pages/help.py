"""The keys of the screen that asked, from the registry and the keymap in force."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from modtui.actions import GROUPS, Scope
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.shell import Shell
from modtui.text import Shown, join, own, say
from modtui.text.width import pad, wrap
from modtui.widgets.draw import Line

NAMES: dict[Scope, str] = {
    "list": "the list",
    "item": "the item",
    "journal": "the journal",
    "requests": "the requests",
    "help": "this help",
    "text": "this page",
}
LETTERS = (
    ("H", "held: undo is free"),
    (">", "being sent"),
    ("?", "fate unknown, the site is asked"),
    ("x", "failed or refused: U shows it"),
    ("!", "conflict: it changed meanwhile, U shows it"),
    ("o", "taken by another"),
    ("c", "taken by you"),
    ("z", "put aside"),
    ("n", "not for me"),
    ("*", "marked"),
)


class HelpPage(LinesPage):
    """Help for one scope."""

    SCOPE: ClassVar[Scope] = "help"
    TITLE_WORDS = "Help"
    HINTS = ("nav.next", "text.page", "find.text", "back")

    def __init__(self, shell: Shell, scope: Scope) -> None:
        super().__init__(shell)
        self.about = scope

    def where(self) -> Shown:
        """Which screen's help."""
        return say("> Help for {name}", name=own(NAMES[self.about]))

    def body(self, width: int) -> Iterable[Line]:
        """Group by group: keys, what they do, the action's name for the : line and the settings."""
        keymap = self.shell.keymap
        reached = list(keymap.of(self.about))
        for group in GROUPS:
            inside = [(action, keys) for action, keys in reached if action.group == group and (keys or action.title)]
            if not inside:
                continue
            yield ((own(""), "text"),)
            yield ((own(f" {group.upper()}"), "section"),)
            for action, keys in inside:
                shown = own("  ".join(keys) or "-")
                name = pad(own(action.id), 20) if width >= 100 else own("")
                left = join("", (own("   "), pad(shown, 18), own(" "), name))
                for n, line in enumerate(wrap(own(action.help or action.title), max(20, width - len(left) - 2))):
                    yield (
                        (left if n == 0 else own(" " * len(left)), "panel.key" if n == 0 else "text"),
                        (line, "text"),
                    )
        yield ((own(""), "text"),)
        yield ((own(" LETTERS IN THE SECOND COLUMN"), "section"),)
        for letter, words in LETTERS:
            yield ((own(f"   {letter:<18} "), "state"), (own(words), "text"))
        yield ((own(""), "text"),)
        yield (
            (
                own(" Keys can be changed: [keys] in the settings, by name. modtui keys prints all names."),
                "dim",
            ),
        )
