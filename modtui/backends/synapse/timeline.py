"""What is kept of a room of questions: its newest events, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from modtui.backends.synapse.rooms import Room
from modtui.backends.synapse.wire import Event
from modtui.domain.items import QuestionState

KINDS = ("m.room.message", "m.room.encrypted", "m.reaction", "m.room.redaction", "m.room.power_levels")
"""The events that questions follow from."""
_WORDS = ("m.room.message", "m.room.encrypted")
_DEPTH = 100


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its replies, oldest first. `accepted` is the reply that is marked, `mark` the reaction of each
    member that marks it."""

    root: Event
    replies: tuple[Event, ...] = ()
    accepted: str | None = None
    marks: dict[str, str] = {}
    marking: bool = False

    @property
    def last(self) -> Event:
        """What was said last."""
        return self.replies[-1] if self.replies else self.root

    @property
    def threaded(self) -> bool:
        """Whether the replies stand in a thread."""
        return any(one.threaded == self.root.event_id for one in self.replies)

    @property
    def state(self) -> QuestionState:
        """Whose turn it is."""
        asker = self.root.sender
        if self.accepted is not None:
            return "solved"
        if all(one.sender == asker for one in self.replies):
            return "unanswered"
        if self.last.sender == asker:
            return "asker"
        return "unsolved" if self.marking else "answered"

    @property
    def clock_ms(self) -> int:
        """Since when it waits: since the asker spoke again, else since it was asked."""
        return (self.last if self.state == "asker" else self.root).at_ms


class Timeline:
    """The newest events of one room in their order, at most `most` of them."""

    def __init__(self, room: Room, most: int) -> None:
        self.room, self._most = room, most
        self._events: dict[str, Event] = {}

    def add(self, newest_first: Sequence[Event]) -> None:
        """Events that came after those that are here, as the server lists them."""
        for one in reversed(newest_first):
            self._events[one.event_id] = one
        for one in newest_first:
            target = one.content.get("redacts") or one.redacts if one.type == "m.room.redaction" else None
            gone = self._events.get(target) if isinstance(target, str) else None
            if gone is not None and gone.redaction is None:
                because = {"sender": one.sender, "event_id": one.event_id, "origin_server_ts": one.at_ms}
                self._events[gone.event_id] = msgspec.structs.replace(
                    gone, content={}, unsigned={**gone.unsigned, "redacted_because": because, "was": gone.content}
                )
        while len(self._events) > self._most:
            del self._events[next(iter(self._events))]

    @property
    def newest(self) -> str | None:
        """The id of the newest event."""
        return next(reversed(self._events), None)

    def event(self, native: str) -> Event | None:
        """An event, where it is kept."""
        return self._events.get(native)

    def since(self, native: str) -> list[Event] | None:
        """What came after an event, oldest first; None where that one is not kept any more."""
        if native not in self._events:
            return None
        names = list(self._events)
        return [self._events[name] for name in names[names.index(native) + 1 :]]

    def root(self, event: Event) -> str | None:
        """The question that an event belongs to: itself, what it replies to, marks, edits or removes. None where that
        is not kept."""
        for _ in range(_DEPTH):
            if event.type == "m.room.redaction":
                target = event.content.get("redacts") or event.redacts
            else:
                content = event.unsigned.get("was") if event.redaction is not None else None
                shown = msgspec.structs.replace(event, content=content) if isinstance(content, dict) else event
                target = shown.threaded or shown.answers or shown.relation.get("event_id")
            if target is None:
                return event.event_id if event.type in _WORDS else None
            above = self._events.get(target) if isinstance(target, str) else None
            if above is None or above is event:
                return None
            event = above
        return None

    def talks(self, mark: str) -> list[Talk]:
        """Every question that is kept, oldest first."""
        below = self._below()
        return [self._talk(one, below.get(one.event_id, []), mark) for one in self._events.values() if self._asks(one)]

    def talk(self, native: str, mark: str) -> Talk | None:
        """One question; None where the message is none, or is removed."""
        root = self._events.get(native)
        if root is None or not self._asks(root, anybody=True):
            return None
        return self._talk(root, self._below().get(native, []), mark)

    def _asks(self, one: Event, *, anybody: bool = False) -> bool:
        """Whether it begins something: a message, not of a program, by somebody without power in the room."""
        if one.type not in _WORDS or one.redaction is not None or one.relation.get("event_id") or one.answers:
            return False
        if one.content.get("msgtype") == "m.notice":
            return False
        power = self.room.power
        return anybody or power.of(one.sender) < power.need("redact")

    def _below(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        for one in self._events.values():
            root = self.root(one)
            if root is not None and root != one.event_id:
                found.setdefault(root, []).append(one)
        return found

    def _talk(self, root: Event, below: Sequence[Event], mark: str) -> Talk:
        live = [one for one in below if one.redaction is None]
        edits = {one.replaces: one for one in live if one.replaces is not None}
        said = [one for one in live if one.type in _WORDS and one.replaces is None]
        replies = {one.event_id: self._edited(one, edits) for one in said}
        accepted, marks = None, dict[str, str]()
        power = self.room.power
        for one in live:
            on = one.relation.get("event_id")
            if not mark or one.type != "m.reaction" or one.relation.get("key") != mark or on not in replies:
                continue
            if one.sender == root.sender or power.of(one.sender) >= power.need("redact"):
                if on != accepted:
                    accepted, marks = on, {}
                marks[one.sender] = one.event_id
        return Talk(
            root=self._edited(root, edits), replies=tuple(replies.values()), accepted=accepted, marks=marks,
            marking=bool(mark),
        )  # fmt: skip

    def _edited(self, one: Event, edits: dict[str, Event]) -> Event:
        """The event with its newest edit, as servers add it."""
        edit = edits.get(one.event_id)
        if edit is None or edit.sender != one.sender:
            return one
        told = {"content": edit.content, "origin_server_ts": edit.origin_server_ts, "sender": edit.sender}
        return msgspec.structs.replace(one, unsigned={**one.unsigned, "m.relations": {"m.replace": told}})
