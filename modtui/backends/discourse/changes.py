"""What happened on the site since the last look: its message bus, asked without waiting.

One request for all channels, since each costs one of the key's budget.
"""

from __future__ import annotations

from typing import Any

import msgspec

from modtui.backends.discourse.asking import or_none
from modtui.backends.discourse.client import Client
from modtui.backends.discourse.items import ref_of
from modtui.backends.discourse.questions import topic_ref
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.topics import Topics
from modtui.backends.discourse.wire_topics import read_listing
from modtui.domain.items import Changes, Claim
from modtui.domain.subjects import Lane, SubjectRef
from modtui.errors import NotFound, RightsError, SiteError, UsageError
from modtui.text import Foreign

CLAIMED = "/reviewable_claimed"
REVIEW: tuple[Lane, ...] = ("reports", "pending")
TOPICS = ("/latest", "/new", "/delete", "/recover", "/destroy")
"""What tells of topics: bumped, new, deleted and back."""
MOST = 100
"""Topics that are read again after one look; beyond that the lane is read again."""


class Position(msgspec.Struct, frozen=True):
    """Where the last look ended: message ids by channel, or (without the bus) the number of open items."""

    bus: dict[str, int] | None = None
    count: int | None = None
    bumped: str = ""
    """Without the bus: when the topic that moved last did."""


async def changes(client: Client, site: Site, position: str | None) -> Changes:
    """One look. The bus needs a key with write scope; else the count of open items is compared."""
    before = _decode(position)
    if before.bus is not None or position is None:
        channels = {f"/reviewable_counts/{site.me_id}": -1, CLAIMED: -1, **dict.fromkeys(TOPICS, -1),
                    **(before.bus or {})}  # fmt: skip
        try:
            rows = await client.bus(channels)
        except (NotFound, RightsError, SiteError):
            if position is not None:
                raise
        else:
            return _read(site, channels, rows)
    count = await client.review_count() if site.reviews else None
    moved, bumped = await _moved(client, site, before.bumped)
    return Changes(
        position=_encode(Position(count=count, bumped=bumped)), touched=moved, lanes=REVIEW,
        reload=before.count is not None and count != before.count,
    )  # fmt: skip


async def _moved(client: Client, site: Site, before: str) -> tuple[tuple[SubjectRef, ...], str]:
    """Topics that moved since the last look, by the first page of the plain list."""
    answer = await or_none(Topics(client.door).latest([], why="changes"))
    found = [topic for topic in read_listing(answer or {}).topics if topic.bumped_at]
    newest = max((topic.bumped_at or "" for topic in found), default=before)
    moved = [topic_ref(site, topic.id) for topic in found if before and (topic.bumped_at or "") > before]
    return tuple(moved), max(newest, before)


def _decode(position: str | None) -> Position:
    if position is None:
        return Position()
    try:
        return msgspec.json.decode(position, type=Position)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise UsageError("This position is not one of modtui's.") from None


def _encode(position: Position) -> str:
    return msgspec.json.encode(position).decode()


def _read(site: Site, channels: dict[str, int], rows: list[dict[str, Any]]) -> Changes:
    places = dict(channels)
    touched: dict[SubjectRef, None] = {}
    claims: dict[str, Claim | None] = {}
    topics: dict[SubjectRef, None] = {}
    reload = False
    for row in rows:
        channel, data = row.get("channel"), row.get("data")
        number = row.get("message_id")
        if channel == "/__status":
            places |= {key: value for key, value in _whole_numbers(data).items() if key in places}
            continue
        if not isinstance(channel, str) or channel not in places:
            continue
        if isinstance(number, int):
            places[channel] = max(places[channel], number)
        if not isinstance(data, dict):
            continue
        if channel == CLAIMED:
            if data.get("topic_id") is not None:
                claims[str(data["topic_id"])] = _claim(site, data)
            continue
        if channel in TOPICS:
            native = data.get("topic_id")
            if isinstance(native, int) and not isinstance(native, bool) and native > 0 and _public(data):
                topics[topic_ref(site, native)] = None
            continue
        updates = data.get("updates")
        if isinstance(updates, dict) and updates:
            touched |= {ref_of(site, native): None for native in updates if str(native).isdigit()}
        else:
            reload = True
    lanes = REVIEW if reload else ()
    if len(topics) > MOST:
        reload, lanes, topics = True, (*lanes, "questions"), {}
    return Changes(
        position=_encode(Position(bus=places)), touched=(*touched, *topics), claims=claims, reload=reload, lanes=lanes
    )


def _public(data: dict[str, Any]) -> bool:
    """Whether a message is about a topic that could be a question: private messages are none."""
    payload = data.get("payload")
    return not (isinstance(payload, dict) and payload.get("archetype") == "private_message")


def _whole_numbers(data: object) -> dict[str, int]:
    if not isinstance(data, dict):
        return {}
    return {str(key): value for key, value in data.items() if isinstance(value, int) and not isinstance(value, bool)}


def _claim(site: Site, data: dict[str, Any]) -> Claim | None:
    user = data.get("user")
    if not isinstance(user, dict) or data.get("claimed") is False:
        return None
    return Claim(
        by=Foreign(str(user.get("username") or "another moderator")), mine=user.get("id") == site.me_id,
        automatic=bool(data.get("automatic")),
    )  # fmt: skip
