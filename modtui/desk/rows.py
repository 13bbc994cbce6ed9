"""Rows of the cache as the view asks for them: by window for drawing, by column for filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from modtui.desk.filter import Around, Facts, Filter, facts_of
from modtui.domain.subjects import CommunityId, Lane


def facts_for(cache: Any, ids: Sequence[str]) -> list[Facts | None]:
    """What filters ask about a few rows, in the order of `ids`; None for one that the cache does not have."""
    return [facts_of(item) if item is not None else None for item in cache.items(ids)]


def match_ids(
    cache: Any,
    lane: Lane,
    scope: Sequence[CommunityId],
    sort: str,
    wanted: Filter,
    around: Around,
    language: str | None,
    *,
    open_only: bool = True,
) -> list[str]:
    """All ids of a lane in order that pass the filter. `language` "" means unknown, None any."""
    found: list[str] = []
    ids = cache.ids(lane, scope, open_only=open_only, order=sort)
    for start in range(0, len(ids), 1000):
        for facts in facts_for(cache, ids[start : start + 1000]):
            if facts is None or (language is not None and (facts.language or "") != language):
                continue
            if wanted.matches(facts, around):
                found.append(facts.id)
    return found


def tally_languages(cache: Any, ids: Sequence[str]) -> Counter[str | None]:
    """How many of these rows are in each language."""
    counts: Counter[str | None] = Counter()
    for start in range(0, len(ids), 1000):
        counts.update(facts.language for facts in facts_for(cache, ids[start : start + 1000]) if facts is not None)
    return counts
