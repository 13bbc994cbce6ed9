"""Changes to what a server answers: hostile texts and wrong types in the fields of one name, or in rows beside sound
ones."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from tests.hostile.corpus import SHORT
from tests.hostile.tape import Change, Tape

MIX: Final = "x" + " ".join(text[:24] for text in SHORT) + "\ud83d <b>[/]</b> \x1b]0;t\x07\x9b31m\u202e"
"""A piece of every attack."""
LONG: Final = "\x1b[31m\u202e\u200b <b>" * 60_000
"""About a megabyte."""
DEEP: Final = "<div><b>" * 4_000 + "\x1b[2J"
WRONG: Final[tuple[Any, ...]] = (
    None, True, 7, -1, 0, 2**70, 1e300, -0.5, "", "0", [], {}, [MIX, 1, None, [MIX]], {MIX: MIX}, [[[]]], [{}],
    {"$type": MIX, "id": None},
)  # fmt: skip


def names(tape: Tape) -> list[str]:
    """The names of all fields that a server sent."""
    return sorted(set().union(*(_names(one.body) for one in tape.told)))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(inner)


def everywhere(name: str, to: Any, *, texts: bool = False) -> Change:
    """Each field of this name is another; with `texts` only those that hold a text."""

    def change(method: str, path: str, body: Any) -> Any:
        return spoiled(body, name, to, texts=texts)

    return change


def beside(to: Any) -> Change:
    """Before the rows of each list come copies of the first one, each with another field changed: whatever field one
    row is broken in, the others are there."""

    def change(method: str, path: str, body: Any) -> Any:
        return _beside(body, to)

    return change


def spoiled(value: Any, name: str, to: Any, *, texts: bool = False) -> Any:
    """A copy in which each field of this name is another."""
    if isinstance(value, dict):
        return {
            key: copy.copy(to) if key == name and (isinstance(inner, str) or not texts)
            else spoiled(inner, name, to, texts=texts)
            for key, inner in value.items()
        }  # fmt: skip
    return [spoiled(inner, name, to, texts=texts) for inner in value] if isinstance(value, list) else value


def _beside(value: Any, to: Any) -> Any:
    if isinstance(value, dict):
        return {key: _beside(inner, to) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    first = next((one for one in value if isinstance(one, dict)), None)
    if first is None:
        return value
    copies = [spoiled(first, name, to) for name in sorted(set(_names(first)))]
    return [*copies, *(_beside(inner, to) for inner in value)]
