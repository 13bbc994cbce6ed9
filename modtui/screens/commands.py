"""The `:` line and the palette: names to actions, from the one registry. No Textual."""

from __future__ import annotations

import difflib

from msgspec import Struct

from modtui.actions import ACTIONS, BY_ID, Action, Scope
from modtui.text import Shown, say

SEARCH = "search.open"
"""The command that takes words."""


class Unknown(Struct, frozen=True):
    """There is no such action here; `words` say what is near."""

    words: Shown


def matches(text: str, scope: Scope) -> list[Action]:
    """The actions of a scope whose id, title or help holds all the words, best first."""
    wanted = text.casefold().split()
    found: list[tuple[int, int, Action]] = []
    for n, action in enumerate(ACTIONS):
        if scope not in action.scopes or not action.title:
            continue
        hay = f"{action.title} {action.id} {action.group}".casefold()
        if all(word in hay for word in wanted):
            rank = 0 if action.title.casefold().startswith(text.casefold()) else 1
            found.append((rank, n, action))
        elif all(word in f"{hay} {action.help}".casefold() for word in wanted):
            found.append((2, n, action))
    return [action for _, _, action in sorted(found, key=lambda one: one[:2])]


def resolve(text: str, scope: Scope) -> str | Unknown:
    """The action that a typed command names: its id, its title, or the one that begins so."""
    name = text.strip().lstrip(":").casefold()
    here = [action for action in ACTIONS if scope in action.scopes]
    for action in here:
        if name in (action.id, action.title.casefold(), action.verb):
            return action.id
    begins = [action.id for action in here if action.id.startswith(name) or action.title.casefold().startswith(name)]
    if name and len(begins) == 1:
        return begins[0]
    close = difflib.get_close_matches(name, [action.id for action in here], 1, 0.5)
    if len(begins) > 1:
        return Unknown(say("{name} could be {some}.", name=name, some=", ".join(begins[:4])))
    if close:
        return Unknown(
            say("There is no command {name} here. The nearest is {close}.", name=name or "(empty)", close=close[0])
        )
    return Unknown(say("There is no command {name} here; ctrl+p lists them.", name=name or "(empty)"))


def words_after(text: str, action: str) -> str:
    """What stands after the name of an action in a typed command; empty where it names another one."""
    name, _, words = text.strip().lstrip(":").partition(" ")
    return words.strip() if name.casefold() in (action, BY_ID[action].title) else ""
