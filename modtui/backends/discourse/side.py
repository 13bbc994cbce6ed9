"""A whole answer of the review queue: items and the tables beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from modtui.backends.discourse import wire


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """The side-loaded tables, by id."""

    users: Mapping[int, wire.User]
    topics: Mapping[int, wire.Topic]
    scores: Mapping[int, wire.Score]
    score_types: Mapping[int, wire.ScoreType]
    bundles: Mapping[str, wire.Bundle]
    actions: Mapping[str, wire.Action]
    histories: Mapping[int, wire.History]
    notes: Mapping[int, wire.ReviewableNote]
    claims: Mapping[int, wire.ClaimedBy]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One item; `lost` names keys that could not be read."""

    item: wire.Reviewable
    lost: tuple[str, ...] = ()


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of /review.json. `size` counts the rows as sent, `unreadable` those that are not in `rows`."""

    rows: tuple[Row, ...]
    side: Side
    size: int
    unreadable: int = 0
    total: int | None = None
    more: bool = False


def read_queue(answer: Mapping[str, Any]) -> Queue:
    """The answer of /review.json or /review/:id.json. A row that cannot be read is counted, not fatal."""
    given = answer.get("reviewables")
    if given is None:
        given = [answer["reviewable"]] if isinstance(answer.get("reviewable"), dict) else []
    raw = given if isinstance(given, list) else []
    rows: list[Row] = []
    unreadable = 0
    for one in raw:
        item, lost = wire.lenient(one, wire.Reviewable)
        if item is None:
            unreadable += 1
        else:
            rows.append(Row(item=item, lost=tuple(lost)))
    meta = answer.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    total = meta.get("total_rows_reviewables")
    return Queue(
        rows=tuple(rows),
        side=read_side(answer),
        size=len(raw),
        unreadable=unreadable,
        total=total if isinstance(total, int) and not isinstance(total, bool) else None,
        more=bool(meta.get("load_more_reviewables")),
    )


def read_side(answer: Mapping[str, Any]) -> Side:
    """The side-loaded tables of an answer; arrays that are absent are empty."""
    return Side(
        users=wire.by_id(answer.get("users"), wire.User),
        topics=wire.by_id(answer.get("topics"), wire.Topic),
        scores=wire.by_id(answer.get("reviewable_scores"), wire.Score),
        score_types=wire.by_id(answer.get("score_types"), wire.ScoreType),
        bundles=wire.by_id(answer.get("bundled_actions"), wire.Bundle),
        actions=wire.by_id(answer.get("actions"), wire.Action),
        histories=wire.by_id(answer.get("reviewable_histories"), wire.History),
        notes=wire.by_id(answer.get("reviewable_notes"), wire.ReviewableNote),
        claims=wire.by_id(answer.get("claimed_bies"), wire.ClaimedBy),
    )
