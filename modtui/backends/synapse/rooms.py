"""What a room's state says: its name, whether it is encrypted, and who may do what in it (power levels)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from modtui.backends.synapse.wire import Content, Event

POWER = "m.room.power_levels"
MUTED = -1
_ABOVE_ALL = math.inf
_CREATORS_ABOVE = 12
"""From this version of rooms on, whoever made the room stands above all levels."""


class Power(msgspec.Struct, frozen=True, kw_only=True):
    """Who may do what. `levels` is the content of the power levels event, empty where there is none; `creators` stand
    above all levels, or have 100 in a room without levels."""

    levels: Content = {}
    creators: frozenset[str] = frozenset()
    above: bool = False

    def of(self, user: str) -> float:
        """The level of a member."""
        if user in self.creators and (self.above or not self.levels):
            return _ABOVE_ALL if self.above else 100
        own = self.own(user)
        return own if own is not None else _number(self.levels.get("users_default"), 0)

    def own(self, user: str) -> int | None:
        """The level that was given to this member by name, None where it is the room's default."""
        users = self.levels.get("users")
        found = users.get(user) if isinstance(users, Mapping) else None
        return _number(found, 0) if found is not None else None

    def need(self, act: str) -> int:
        """The level for ban, kick or redact."""
        return _number(self.levels.get(act), 50)

    def to_send(self, kind: str, *, state: bool = False) -> int:
        """The level for sending an event of this type."""
        events = self.levels.get("events")
        if isinstance(events, Mapping) and kind in events:
            return _number(events[kind], 50 if state else 0)
        if state:
            return _number(self.levels.get("state_default"), 50 if self.levels else 0)
        return _number(self.levels.get("events_default"), 0)


def _number(found: Any, default: int) -> int:
    """A level: old rooms have them as texts, and a broken one counts as its default."""
    try:
        return int(found) if found is not None else default
    except (TypeError, ValueError, OverflowError):
        return default


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room as far as its state was read. `names` are display names of members by id."""

    id: str
    name: str = ""
    alias: str = ""
    encrypted: bool = False
    power: Power = Power()
    names: dict[str, str] = {}
    memberships: dict[str, str] = {}

    @property
    def title(self) -> str:
        """Its name, else its address, else its id."""
        return self.name.strip() or self.alias or self.id


def room_of(native: str, state: Iterable[Event]) -> Room:
    """A room from the events of its state."""
    name = alias = ""
    encrypted = above = False
    levels: Content = {}
    creators: set[str] = set()
    names: dict[str, str] = {}
    memberships: dict[str, str] = {}
    for one in state:
        content = one.content
        match one.type:
            case "m.room.name":
                name = _text(content.get("name"))
            case "m.room.canonical_alias":
                alias = _text(content.get("alias"))
            case "m.room.encryption":
                encrypted = True
            case "m.room.power_levels":
                levels = content
            case "m.room.create":
                above = _number(content.get("room_version"), 1) >= _CREATORS_ABOVE
                more = content.get("additional_creators")
                creators = {one.sender, *(_text(who) for who in (more if isinstance(more, list) else ()))}
            case "m.room.member" if one.state_key:
                names[one.state_key] = _text(content.get("displayname"))
                memberships[one.state_key] = _text(content.get("membership"))
    return Room(
        id=native, name=name, alias=alias, encrypted=encrypted, names=names, memberships=memberships,
        power=Power(levels=levels, creators=frozenset(creators), above=above),
    )  # fmt: skip


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""
