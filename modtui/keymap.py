"""From keys to actions: defaults, the user's own keys, the clash check, key sequences.

Checked before the screen starts, every problem at once: a key that no terminal sends, an action that does not exist,
two actions on one key in one place, a sequence that begins with another's whole key.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from modtui.actions import ACTIONS, BY_ID, COMPOSE, SCOPES, Action, Scope

NAMED = frozenset(
    {"enter", "escape", "tab", "shift+tab", "space", "backspace", "delete", "up", "down", "left", "right", "home"}
    | {"end", "pageup", "pagedown"}
    | {f"f{n}" for n in range(1, 13)}
)
"""Keys with names that every terminal sends."""

DEAD = {
    "ctrl+h": "backspace", "ctrl+i": "tab", "ctrl+j": "enter", "ctrl+m": "enter", "ctrl+[": "escape",
    "ctrl+s": "a stopped terminal", "ctrl+q": "a stopped terminal",
}
"""Keys that mean something else on a plain terminal, and what."""


def token_problem(token: str) -> str | None:
    """Why `token` cannot be bound, as the end of a sentence; None when it can."""
    if token in NAMED:
        return None
    if len(token) == 1:
        return None if token.isprintable() and not token.isspace() else "is not a key"
    if token in DEAD:
        return f"is {DEAD[token]} on a plain terminal"
    if re.fullmatch(r"ctrl\+[a-z\\\]^_]", token):
        return None
    if token.startswith(("alt+", "super+", "meta+", "ctrl+")):
        return "is not sent by every terminal"
    close = difflib.get_close_matches(token, NAMED, 1)
    return f"is not a key{f' (did you mean {close[0]}?)' if close else ''}"


def _typed(token: str) -> bool:
    """Whether a text field takes the key itself."""
    return len(token) == 1 or token in ("space", "enter", "backspace", "delete", "up", "down", "left", "right")


class Problem(Struct, frozen=True):
    """One mistake in the user's keys: `where` is the settings key, `words` a sentence."""

    where: str
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.words}"


class Keymap:
    """The keys in force. `overrides` maps an action id to its keys (an empty list takes all keys off).

    Raises nothing: `problems` lists what is wrong, and the wrong entries keep their defaults.
    """

    def __init__(self, overrides: Mapping[str, Sequence[str]] | None = None) -> None:
        self.problems: list[Problem] = []
        self.keys: dict[str, tuple[str, ...]] = {action.id: action.keys for action in ACTIONS}
        changed: set[str] = set()
        for name, keys in (overrides or {}).items():
            where = f"[keys] {name}"
            if name not in BY_ID:
                close = difflib.get_close_matches(name, BY_ID, 1)
                hint = f" The nearest is {close[0]}." if close else ""
                self.problems.append(Problem(where, f"there is no such action.{hint}"))
                continue
            bad = [f"{key!r} {why}" for key in keys for token in key.split() if (why := token_problem(token))]
            if BY_ID[name].scopes == COMPOSE:
                bad += [f"{key!r} is typed into the text" for key in keys if any(map(_typed, key.split()))]
            if bad or any(not key.split() for key in keys):
                self.problems.append(Problem(where, f"{', '.join(bad) or 'an empty key'}."))
                continue
            self.keys[name] = tuple(" ".join(key.split()) for key in keys)
            changed.add(name)
        self._tables: dict[Scope, Sequences] = {}
        self._changed = changed
        for scope in SCOPES if changed else ():  # modtui's own keys do not clash: a place is filled when it opens
            self._fill(scope)

    def _table(self, scope: Scope) -> Mapping[tuple[str, ...], str]:
        if scope not in self._tables:
            self._fill(scope)
        return self._tables[scope].table

    def _fill(self, scope: Scope) -> None:
        """Fill one table. Two keys clash when one is the other or its beginning: no timer could tell them apart."""
        changed = self._changed
        table: dict[tuple[str, ...], str] = {}
        begun: dict[tuple[str, ...], tuple[str, ...]] = {}  # every beginning of a key, to the first such key
        # what belongs to the place comes before what works everywhere; the user's own keys before both
        order = sorted(
            (action for action in ACTIONS if scope in action.scopes),
            key=lambda action: (action.id not in changed, len(action.scopes)),
        )
        for action in order:
            for key in self.keys[action.id]:
                tokens = tuple(key.split())
                beginnings = [tokens[:n] for n in range(1, len(tokens) + 1)]
                clash = begun.get(tokens) or next((short for short in beginnings if short in table), None)
                if clash is None:
                    table[tokens] = action.id
                    for short in beginnings:
                        begun.setdefault(short, tokens)
                elif action.id in changed:
                    self._clash(action.id, key, table[clash], " ".join(clash), scope)
                elif table[clash] in changed:
                    self._clash(table[clash], " ".join(clash), action.id, key, scope)
        self._tables[scope] = Sequences(table)

    def _clash(self, mine: str, key: str, other: str, other_key: str, scope: str) -> None:
        where = f"[keys] {mine}"
        if any(problem.where == where and problem.words.startswith(repr(key)) for problem in self.problems):
            return
        if key == other_key:
            words = f"{key!r} is also the key of {other} in the {scope}."
        else:
            words = f"{key!r} cannot be told apart from {other_key!r} ({other}) in the {scope}."
        self.problems.append(Problem(where, words))

    def sequences(self, scope: Scope) -> Sequences:
        """A fresh matcher for one place."""
        return Sequences(self._table(scope))

    def shown(self, action_id: str) -> str:
        """The first key of an action as help shows it ("" when it has none)."""
        keys = self.keys.get(action_id, ())
        return keys[0] if keys else ""

    def of(self, scope: Scope) -> Iterator[tuple[Action, tuple[str, ...]]]:
        """The actions of a place with the keys that reach them there."""
        reached: dict[str, list[str]] = {}
        for tokens, name in self._table(scope).items():
            reached.setdefault(name, []).append(" ".join(tokens))
        for action in ACTIONS:
            if scope in action.scopes:
                yield action, tuple(reached.get(action.id, ()))


class Sequences:
    """Feeds keys one by one and names the action when a sequence is complete. No timers: no key begins another."""

    def __init__(self, table: Mapping[tuple[str, ...], str]) -> None:
        self.table = dict(table)
        self.pending: tuple[str, ...] = ()

    def feed(self, token: str) -> str | None:
        """The action's id when complete, "" while more keys are needed, None when nothing begins so.

        With None the pending keys are dropped.
        """
        tokens = (*self.pending, token)
        if (found := self.table.get(tokens)) is not None:
            self.pending = ()
            return found
        if any(key[: len(tokens)] == tokens for key in self.table):
            self.pending = tokens
            return ""
        self.pending = ()
        return None

    def continuations(self) -> list[tuple[str, str]]:
        """What may follow the pending keys: (next key, action id)."""
        n = len(self.pending)
        return [(" ".join(key[n:]), name) for key, name in self.table.items() if n and key[:n] == self.pending]

    def reset(self) -> None:
        """Forget pending keys."""
        self.pending = ()
