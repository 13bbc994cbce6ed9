"""The keys of the screen that asked, from the registry and the keymap in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from modtui.actions import GROUPS, Action, Scope
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
    "dossier": "the member",
    "drafts": "the drafts",
    "communities": "the communities",
    "search": "the search",
    "compose": "the composer",
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
    ("d", "a draft of yours waits"),
    ("n", "not for me: left to the others"),
    (".", "being written down"),
    ("*", "marked"),
)


class HelpPage(LinesPage):
    """Help for one scope. `blocked`: actions that cannot be done on the item at hand, and why."""

    SCOPE: ClassVar[Scope] = "help"
    TITLE_WORDS = "Help"
    HINTS = ("nav.next", "text.page", "find.text", "back")

    def __init__(self, shell: Shell, scope: Scope, blocked: Mapping[str, str] | None = None) -> None:
        super().__init__(shell)
        self.about = scope
        self._blocked = dict(blocked or {})

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
                yield from self._action(action, keys, width)
        yield ((own(""), "text"),)
        yield ((own(" LETTERS IN THE SECOND COLUMN"), "section"),)
        for letter, words in LETTERS:
            yield ((own(f"   {letter:<18} "), "state"), (own(words), "text"))
        yield ((own(""), "text"),)
        for line in (
            " In a line or form ctrl+g leaves at once; in a text ctrl+z takes back typing, ctrl+e opens your editor.",
            " Over tmux: set -sg escape-time 10, or Esc takes half a second; q and ctrl+g never wait.",
        ):
            for part in wrap(own(line.strip()), max(20, width - 2)):
                yield ((say(" {part}", part=part), "dim"),)
        yield (
            (
                own(" Keys can be changed: [keys] in the settings, by name. modtui keys prints all names."),
                "dim",
            ),
        )

    def _action(self, action: Action, keys: Sequence[str], width: int) -> Iterable[Line]:
        """The keys, the name for the : line where there is room, what it does; dim, with why, where it cannot."""
        name = pad(own(action.id), 24) if width >= 100 else own("")
        left = join("", (own("   "), pad(own("  ".join(keys) or "-"), 18), own(" "), name))
        what = action.help or action.title
        why = action.missing or self._blocked.get(action.id, "")
        if why:
            what = f"{what} Not possible here: {why.rstrip('.')}."
        for n, line in enumerate(wrap(own(what), max(20, width - len(left) - 2))):
            head = left if n == 0 else own(" " * len(left))
            yield ((head, "hint.dim" if why else "panel.key"), (line, "hint.dim" if why else "text"))
