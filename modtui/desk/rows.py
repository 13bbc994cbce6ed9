"""Rows of the cache as the view asks for them: by window for drawing, by column for filters.

A filter over a whole lane becomes a condition on columns where SQLite can decide it, a question to the index of words
(`store.fulltext`), and a test on one column where neither can (names in any alphabet, sets of ids). All agree with
`Filter.matches`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from modtui.desk.filter import OF_MEMBERS, Around, Facts, Filter, Term, facts_of, named
from modtui.domain.subjects import CommunityId, Lane
from modtui.store.fulltext import words
from modtui.store.pick import Text, holding, pick

Test = tuple[str, bool, Callable[[Any], bool]]
"""A column, whether the word is turned round, and the test of one value."""


FEW = 5_000
"""So many rows are put in order on their own; of more, the whole lane is gone through in its order."""


class _Plan(Struct):
    """A filter, taken apart."""

    where: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def sql(self, condition: str, values: Sequence[object], negative: bool) -> None:
        self.where.append(f"{'NOT ' if negative else ''}coalesce(({condition}), 0)")
        self.values.extend(values)


def facts_for(cache: Any, ids: Sequence[str]) -> list[Facts | None]:
    """What filters ask about a few rows, in the order of `ids`; None for one that the cache does not have."""
    return [facts_of(item) if item is not None else None for item in cache.items(ids)]


def match_rows(
    cache: Any,
    lane: Lane,
    scope: Sequence[CommunityId],
    sort: str,
    wanted: Filter,
    around: Around,
    language: str | None = None,
    *,
    open_only: bool = True,
) -> Sequence[int]:
    """The numbers of all rows of a lane in order that pass the filter. `language` "" means unknown, None any. Raises
    StoreError.

    It may take a second in a long lane: `cache.apart` asks it in a thread.
    """
    plan = _plan(wanted, around, language)
    if not (plan.where or plan.tests or plan.texts):
        return cache.numbers(lane, scope, open_only=open_only, order=sort)  # type: ignore[no-any-return]
    found = _picked("row", cache, lane, scope, plan, open_only=open_only)
    if len(found) <= FEW:
        return cache.in_order(found, sort)  # type: ignore[no-any-return]
    held = frozenset(found)
    return [row for row in cache.numbers(lane, scope, open_only=open_only, order=sort) if row in held]


class Tally(Struct, frozen=True):
    """How many rows share a value (None: they have none), and since when the longest of them waits (UTC ms)."""

    value: str | None
    count: int
    oldest_ms: int


TALLIES: dict[str, str] = {
    "language": "language", "state": "coalesce(question, state)", "category": "category",
    "tag": "json_extract(CAST(data AS TEXT), '$.place.tags')", "all": "''",
}  # fmt: skip
"""What can be counted by."""


def tally(
    by: str, cache: Any, lane: Lane, scope: Sequence[CommunityId], wanted: Filter, around: Around,
    language: str | None = None, *, open_only: bool = True,
) -> list[Tally]:
    """The rows of a lane that pass the filter, counted by one of TALLIES, the most frequent value first. A row counts
    for each of its tags. Raises StoreError."""
    first = f"coalesce(clock_ms, since_ms) || coalesce('=' || {TALLIES[by]}, '')"
    found: dict[str | None, tuple[int, int]] = {}
    for pair in _picked(first, cache, lane, scope, _plan(wanted, around, language), open_only=open_only):
        since, has, value = pair.partition("=")
        values: list[Any] = [value if has else None]
        if by == "tag":
            values = msgspec.json.decode(value) if has else [None]
        for each in values or [None]:
            count, oldest = found.get(each, (0, int(since)))
            found[each] = (count + 1, min(oldest, int(since)))
    tallies = [Tally(value, count, oldest) for value, (count, oldest) in found.items()]
    return sorted(tallies, key=lambda one: (-one.count, one.value is None, one.value or ""))


def _plan(wanted: Filter, around: Around, language: str | None) -> _Plan:
    plan = _Plan()
    if language is not None:
        plan.sql(*_languages([language or "none"]), negative=False)
    for term in wanted.terms:
        _add(plan, term, around)
    return plan


def _picked(
    first: str, cache: Any, lane: Lane, scope: Sequence[CommunityId], plan: _Plan, *, open_only: bool
) -> list[Any]:
    columns = list(dict.fromkeys([first, *(name for name, _, _ in plan.tests)]))
    tests = [(columns.index(name), negative, test) for name, negative, test in plan.tests]

    def passes(row: tuple[Any, ...]) -> bool:
        return all(test(row[at]) is not negative for at, negative, test in tests)

    return pick(
        cache, columns, lane, scope, passes if tests else None, where=" AND ".join(plan.where), values=plan.values,
        texts=plan.texts, open_only=open_only,
    )  # fmt: skip


def _add(plan: _Plan, term: Term, around: Around) -> None:
    if term.op != ":":
        left = {"reports": "reports", "score": "score", "age": "? - since_ms"}[term.key]
        plan.sql(f"{left} {term.op} ?", [*([around.now_ms] if term.key == "age" else []), term.number], term.negative)
    elif term.key == "author":
        parts = ["author_key GLOB ?" if "*" in value else "author_key = ?" for value in term.values]
        plan.sql(" OR ".join(parts), [_glob(value) for value in term.values], term.negative)
    elif term.key == "reason":
        parts = ["instr(char(10) || reasons || char(10), ?) > 0"] * len(term.values)
        plan.sql(" OR ".join(parts), [f"\n{value}\n" for value in term.values], term.negative)
    elif term.key == "kind":
        plan.sql(f"item_kind IN ({','.join('?' * len(term.values))})", term.values, term.negative)
    elif term.key == "state":
        marks = ",".join("?" * len(term.values))
        plan.sql(f"state IN ({marks}) OR coalesce(question, '') IN ({marks})", term.values * 2, term.negative)
    elif term.key == "lang":
        plan.sql(*_languages(term.values), negative=term.negative)
    elif term.key == "is":
        _add_is(plan, term, around)
    elif term.key == "community":
        ids = [id for value in term.values for id in around.communities.get(value, ())]
        plan.sql(f"community IN ({','.join('?' * len(ids))})", ids, term.negative)
    elif term.key == "text":
        plan.texts.append(Text(term.values, term.negative))
    elif term.key == "like":
        plan.tests.append(("id", term.negative, _in([around.like.get(value, ()) for value in term.values])))
    else:
        name, test = _HARD[term.key]
        if not term.negative:  # SQLite throws out most rows first
            hints = [holding(name, value.replace("*", "ss")) for value in term.values]
            plan.sql(" OR ".join(sql for sql, _ in hints), [value for _, value in hints], False)
        plan.tests.append((name, term.negative, test(term.values)))


def _in(sets: Sequence[Container[str]]) -> Callable[[Any], bool]:
    return lambda id: any(id in each for each in sets)


def _glob(value: str) -> str:
    if "*" not in value:
        return value
    return re.sub(r"[\[?]", r"[\g<0>]", value)


def _languages(values: Sequence[str]) -> tuple[str, list[object]]:
    parts: list[str] = []
    given: list[object] = []
    for value in values:
        if value in ("none", "?", "??"):
            parts.append("language IS NULL")
        else:
            parts.append("lower(language) = ? OR lower(language) GLOB ?")
            given += [value, f"{value}[-_]*"]
    return " OR ".join(parts), given


_IS = {
    "claimed": "claimed <> ''", "hidden": "hidden", "severe": "severe", "open": "state = 'open'",
    "edited": "edited_ms IS NOT NULL OR json_extract(CAST(data AS TEXT), '$.edits') > 0",
    "late": "due_ms <= {now_ms}", "soon": "amber_ms <= {now_ms} AND due_ms > {now_ms}",
    "assigned": "assigned <> '' OR assigned_mine", "first": "first", "watched": "watched",
}  # fmt: skip
_IS |= {name: f"row IN (SELECT row FROM member WHERE instr(flags, ' {name} ') > 0)" for name in OF_MEMBERS}
_NEW_MEMBER = _IS.pop("new")
_IS["unanswered"] += (
    " OR EXISTS (SELECT 1 FROM item asked WHERE asked.lane = 'questions' AND asked.open = 1 AND asked.first = 1"
    " AND asked.question = 'unanswered' AND asked.community = item.community"
    " AND asked.author_native = item.author_native)"
)
"""A member whose first post stands unanswered in the lane of questions, as far as that is known here."""


def _add_is(plan: _Plan, term: Term, around: Around) -> None:
    told = {value: _IS[value].replace("{now_ms}", str(int(around.now_ms))) for value in term.values if value in _IS}
    sets: dict[str, Container[str]] = {"mine": around.mine, "marked": around.marked, "new": around.new}
    if all(value in told for value in term.values):
        plan.sql(" OR ".join(f"({condition})" for condition in told.values()), [], term.negative)
        return
    # A mix of columns and sets: columns become one flag beside the id.
    flags = [f"({condition})" for condition in told.values()]
    flags += ["claim_mine", "assigned_mine"] if "mine" in term.values else []
    flags += [_NEW_MEMBER] if "new" in term.values else []
    inside = _in([sets[value] for value in term.values if value in sets])
    name = f"CASE WHEN {' OR '.join(flags)} THEN NULL ELSE id END" if flags else "id"
    plan.tests.append((name, term.negative, lambda id: id is None or inside(id)))


Values = Sequence[str]


def _reporter(values: Values) -> Callable[[Any], bool]:
    return lambda names: any(named(v, name) for name in (names or "").split("\n") if name for v in values)


def _category(values: Values) -> Callable[[Any], bool]:
    return lambda name: any(value in (name or "").casefold() for value in values)


def _tag(values: Values) -> Callable[[Any], bool]:
    return lambda data: any(value == tag.casefold() for tag in words(data).tags for value in values)


_HARD: dict[str, tuple[str, Callable[[Values], Callable[[Any], bool]]]] = {
    "reporter": ("reporters", _reporter), "category": ("category", _category), "tag": ("data", _tag),
}  # fmt: skip
"""What SQLite cannot decide alone: the column, and the test of its value."""
