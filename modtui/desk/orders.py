"""What the lists can be sorted by: names, words, and a row's place where rows that come later usually follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modtui.desk.filter import Facts
from modtui.domain.items import Item
from modtui.domain.subjects import Lane

SORTS: tuple[str, ...] = ("oldest", "newest", "reports", "score", "author", "due")
_QUESTIONS: tuple[str, ...] = ("due", "oldest", "newest", "category", "author")
_ESCALATED: tuple[str, ...] = ("due", "oldest", "newest", "author")
_MEMBERS: tuple[str, ...] = ("newest", "seen", "posts", "trust", "author")
SORT_WORDS: dict[str, str] = {
    "seen": "last seen first", "posts": "most posts first", "trust": "highest trust level first",
    "oldest": "oldest first", "newest": "newest first", "reports": "most reports first", "score": "highest score first",
    "author": "by author", "due": "due first", "category": "by category",
}  # fmt: skip


def sorts_of(lane: Lane) -> tuple[str, ...]:
    """What a lane can be sorted by, the usual order first."""
    if lane == "members":
        return _MEMBERS
    return {"questions": _QUESTIONS, "escalated": _ESCALATED}.get(lane, SORTS)


def usual_sort(lane: Lane, *, whole: bool = False) -> str:
    """The order in which a lane is shown first. `whole`: it is the lane of several communities together, where what is
    due by one's clock must not stand behind what merely waits longer in another."""
    return "due" if whole and lane in ("reports", "pending") else sorts_of(lane)[0]


def by_due(due_ms: int | None, clock_ms: int, id: str) -> tuple[Any, ...]:
    """A row's place in due order: what is due next (or late longest) first, then by how long it waits."""
    return (due_ms is None, due_ms or 0, clock_ms, id)


def due_place(item: Item) -> tuple[Any, ...]:
    """An item's place in due order."""
    clock_ms = item.question.clock_ms if item.question is not None else item.since_ms
    return by_due(item.due.due_ms if item.due is not None else None, clock_ms, item.id)


def _age(facts: Facts) -> tuple[Any, ...]:
    return (facts.since_ms, facts.id)


def _due(facts: Facts) -> tuple[Any, ...]:
    return by_due(facts.due_ms, facts.clock_ms if facts.clock_ms is not None else facts.since_ms, facts.id)


def _youth(facts: Facts) -> tuple[Any, ...]:
    return (-facts.since_ms, [*(-ord(sign) for sign in facts.id), 1])  # what goes on comes before what ends


PLACES: dict[str, Callable[[Facts], tuple[Any, ...]]] = {"oldest": _age, "newest": _youth, "due": _due}
"""Orders in which older pages usually come at the end, and a row's place in them."""
