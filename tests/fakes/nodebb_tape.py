"""The recorded exchanges with a real NodeBB, by name, and the shapes that their answers have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "nodebb"


@cache
def exchange(name: str) -> dict[str, Any]:
    """A recorded exchange."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def body(name: str) -> Any:
    """What was answered; of the write API what it wrapped. A copy, to change at will."""
    found = json.loads(json.dumps(exchange(name)["response"]["body"]))
    return found["response"] if isinstance(found, dict) and "response" in found else found


def names() -> list[str]:
    """All exchanges."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def shape(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Each place of an answer with the type that stands there; the entries of a list share their place."""
    if isinstance(value, dict):
        yield at, "object"
        for key, inner in value.items():
            yield from shape(inner, f"{at}.{key}")
    elif isinstance(value, list):
        yield at, "list"
        for inner in value:
            yield from shape(inner, f"{at}[]")
    else:
        kind = "null" if value is None else "flag" if isinstance(value, bool) else type(value).__name__
        yield at, "number" if kind in ("int", "float") else kind


def shapes(values: Iterable[Any]) -> dict[str, set[str]]:
    """The types at each place of several answers of one kind."""
    found: dict[str, set[str]] = {}
    for value in values:
        for at, kind in shape(value):
            found.setdefault(at, set()).add(kind)
    return found
