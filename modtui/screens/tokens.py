"""From Textual's key events to the tokens of the keymap."""

from __future__ import annotations

from textual import events

AZERTY = dict(zip("&é\"'(-è_çà", "1234567890", strict=True))
"""The unshifted top row of a French keyboard; only with keyboard = "azerty"."""

_NAMES = {"return": "enter", "ctrl+m": "enter", "ctrl+i": "tab", "ctrl+j": "enter", "backtab": "shift+tab"}


def token_of(event: events.Key) -> str:
    """The token of a key: the character it types, else its name. Alt+key is Esc alone: over a slow line, or when a key
    follows Esc too soon, terminals cannot be told from people who pressed alt."""
    key = event.key
    if key.startswith("alt+"):
        return "escape"
    character = event.character
    if character is not None and len(character) == 1 and character.isprintable() and character != " ":
        return character
    return _NAMES.get(key, key)
