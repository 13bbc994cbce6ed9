"""Rooms in which members ask: their messages as the lane of questions.

Matrix has no list of unanswered messages, and what replies to a message is told only for threads. So the newest events
of each such room are read once and kept (bounded), and each look brings what came since. Who replied to what, in a
thread or plainly, which reply was marked by a reaction, what was edited and what was removed follows from them.

A question is a message that replies to nothing, by somebody without the power to remove messages (who has it
announces things). It waits until somebody else replies; where the settings name a mark, until a reply is marked by the
asker or by somebody with that power.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from modtui.backends.synapse.client import Client, read_rows
from modtui.backends.synapse.offers import Rights
from modtui.backends.synapse.options import Options
from modtui.backends.synapse.rooms import POWER, Room, room_of
from modtui.backends.synapse.shape import QUESTION, native_of, parts_of
from modtui.backends.synapse.talk_shape import answered_of, question_item, thread_of_question
from modtui.backends.synapse.texts import plain
from modtui.backends.synapse.timeline import KINDS, Talk, Timeline
from modtui.backends.synapse.wire import Account, Event
from modtui.domain.items import WAITING, Answers, Choice, Gone, Item, Page, Thread
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import ModtuiError, NotFound, Refused, RightsError, UsageError
from modtui.text import Foreign

PER_PAGE = 20
_CHUNK = 250
_AROUND = 100


class Talks:
    """The rooms of one account. `account` reads an author's account (None where that is not possible)."""

    def __init__(
        self, client: Client, community: CommunityId, rights: Callable[[], Rights], options: Options,
        account: Callable[[str], Awaitable[Account | None]],
    ) -> None:  # fmt: skip
        self._client, self._community, self._rights, self._options = client, community, rights, options
        self._account = account
        self._rooms: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._lines: dict[str, Timeline] = {}
        self._lock = asyncio.Lock()

    # --- the lane

    async def count(self) -> int:
        """How many questions wait, after a look at each room."""
        await self._update()
        return self.waiting()

    def waiting(self) -> int:
        """How many questions wait, by the last look."""
        return len(self._waiting())

    def _waiting(self) -> list[tuple[Timeline, Talk]]:
        found = [(line, talk) for line in self._lines.values() for talk in self._talks_of(line)]
        return sorted(found, key=lambda one: _place(one[1]))

    def _talks_of(self, line: Timeline) -> list[Talk]:
        talks = line.talks(self._options.answer_mark)
        return [talk for talk in talks if talk.state in WAITING]

    async def page(self, cursor: str | None) -> Page:
        """Twenty questions that wait, the oldest first, behind the cursor."""
        place = _read_cursor(cursor)
        await self._update()
        rest = [one for one in self._waiting() if place is None or _place(one[1]) > place]
        page = rest[:PER_PAGE]
        items = await asyncio.gather(*(self._item(line.room, talk) for line, talk in page))
        when, native = _place(page[-1][1]) if page else (0, "")
        next_ = f"{when}:{native}" if len(rest) > PER_PAGE else None
        return Page(items=tuple(items), cursor=next_, total=len(rest) if cursor is None else None)

    async def reread(self, refs: Sequence[SubjectRef]) -> dict[SubjectRef, Item | Gone]:
        """Questions anew: one request for each room, and one for a question that is older than what is kept of it."""
        if not refs:
            return {}
        await self._update({parts_of(ref.native)[0] for ref in refs})
        answers = await asyncio.gather(*(self._again(ref) for ref in refs))
        return dict(zip(refs, answers, strict=True))

    async def _again(self, ref: SubjectRef) -> Item | Gone:
        line = await self._line_of(ref.native)
        if line is None:
            return Gone(ref=ref, why="the message is not on the server, or not for this account")
        _, event = parts_of(ref.native)
        found = line.event(event)
        if found is not None and found.redaction is not None:
            return Gone(ref=ref, why="the question was removed")
        talk = line.talk(event, self._options.answer_mark)
        return await self._item(line.room, talk) if talk is not None else Gone(ref=ref, why="it is no question")

    async def _line_of(self, native: str) -> Timeline | None:
        """What is known of a room that holds this message: what is kept, else what was said around it."""
        room, event = parts_of(native)
        if not room:
            return None
        kept = self._lines.get(room)
        if kept is not None and kept.event(event) is not None:
            return kept
        try:
            context = await self._client.context(room, event, _AROUND)
        except (NotFound, Refused, RightsError):
            return None
        before, _ = read_rows(context.events_before, Event)
        later, _ = read_rows(context.events_after, Event)
        line = Timeline(room_of(room, read_rows(context.state, Event)[0]), _AROUND * 2)
        line.add([*reversed(later), context.event, *before])
        return line

    async def _item(self, room: Room, talk: Talk) -> Item:
        try:
            account = await self._account(talk.root.sender)
        except ModtuiError:
            account = None
        return question_item(
            talk, room, community=self._community, rights=self._rights(), account=account,
            marks=bool(self._options.answer_mark),
        )  # fmt: skip

    async def thread(self, item: Item) -> Thread:
        """A question and what was replied to it."""
        room, event = parts_of(item.ref.native)
        await self._update({room})
        line = await self._line_of(item.ref.native)
        talk = line.talk(event, self._options.answer_mark) if line is not None else None
        if line is None or talk is None:
            return Thread(id=event, title=item.title)
        return thread_of_question(talk, line.room, self._rights().server)

    async def answered(self) -> Answers:
        """Questions with a reply that is marked, among what is kept of the rooms, the newest first."""
        await self._update()
        found = [
            answered_of(talk, line.room, self._rights().server)
            for line in self._lines.values() for talk in line.talks(self._options.answer_mark)
            if talk.accepted is not None
        ]  # fmt: skip
        return Answers(threads=tuple(sorted(found, key=lambda one: -(one.at_ms or 0))))

    # --- reading the rooms

    async def ids(self) -> list[str]:
        """The ids of the rooms that the settings name. One that cannot be found is left out until it can."""
        return [found for one in self._options.question_rooms if (found := await self._id(one))]

    async def _id(self, given: str) -> str:
        if given.startswith("!"):
            return given
        if given not in self._rooms:
            try:
                self._rooms[given] = await self._client.resolve(given)
            except (NotFound, Refused):
                return ""
        return self._rooms[given]

    async def _update(self, only: set[str] | None = None) -> None:
        """Read what came since the last look, in all rooms or in those of `only`. One room after the other, since two
        looks at once would both read it."""
        async with self._lock:
            for room in await self.ids():
                if only is None or room in only:
                    await self._look(room)

    async def _look(self, room: str) -> None:
        line = self._lines.get(room) or Timeline(Room(id=room), self._options.question_events)
        new: list[Event] = []
        names: dict[str, str] = {}
        start, met = "", False
        while len(new) < self._options.question_events:
            limit = _CHUNK if line.newest is None else 50
            page = await self._client.messages(room, start, limit, kinds=KINDS, why="questions")
            events, _ = read_rows(page.chunk, Event)
            names = {**room_of(room, read_rows(page.state, Event)[0]).names, **names}
            met = any(line.event(one.event_id) is not None for one in events)
            new += [one for one in events if line.event(one.event_id) is None]
            if met or not page.end or not page.chunk:
                break
            start = page.end
        if line.newest is not None and not met and new:
            line = Timeline(line.room, self._options.question_events)  # more happened than was read: begin anew
        if new and (line.newest is None or any(one.type == POWER for one in new)):
            line.room = await self._room(room, new[0])
        line.room = msgspec.structs.replace(line.room, names={**line.room.names, **names})
        line.add(new)
        self._lines[room] = line

    async def _room(self, room: str, newest: Event) -> Room:
        """Name and power levels of a room as they are now."""
        context = await self._client.context(room, newest.event_id, why="the room of questions")
        found = room_of(room, read_rows(context.state, Event)[0])
        levels = await self._client.levels(room, inside=room in self._rights().joined)
        return msgspec.structs.replace(found, power=msgspec.structs.replace(found.power, levels=levels))

    # --- news

    async def changes(self, before: Mapping[str, str] | None) -> tuple[dict[str, str], tuple[SubjectRef, ...], bool]:
        """The newest event of each room, the questions that were touched since `before`, and whether there are new
        ones."""
        await self._update()
        here = {room: line.newest or "" for room, line in self._lines.items()}
        if before is None:
            return here, (), False
        touched: set[str] = set()
        new = False
        for room, line in self._lines.items():
            if before.get(room) == here[room]:
                continue
            since = line.since(before.get(room, ""))
            if since is None:
                new = True
                continue
            for one in since:
                root = line.root(one)
                if root == one.event_id:
                    new = True
                elif root is not None:
                    touched.add(native_of(room, root))
        refs = tuple(SubjectRef(self._community, QUESTION, native) for native in sorted(touched))
        return here, refs, new

    # --- the team's rooms

    async def team(self, text: str) -> tuple[Choice, ...]:
        """The rooms of the team that the settings name and this account is in, to hand something over to."""
        found: list[Choice] = []
        for one in self._options.team_rooms:
            native = await self._id(one)
            inside = native in self._rights().joined
            title = await self._title(native, one) if inside else one
            if inside and any(name.casefold().startswith(text.casefold()) for name in (title, one, one[1:])):
                found.append(Choice(id=native, title=Foreign(title), note=Foreign(one) if title != one else None))
        return tuple(found)

    async def _title(self, room: str, given: str) -> str:
        """The name of a room of the team, else what the settings call it."""
        if room not in self._titles:
            try:
                told = plain((await self._client.state(room, "m.room.name", why="the room's name")).get("name"))
            except (NotFound, Refused, RightsError):
                told = ""
            self._titles[room] = told.strip() or given
        return self._titles[room]


def _place(talk: Talk) -> tuple[int, str]:
    return talk.root.at_ms, talk.root.event_id


def _read_cursor(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    when, _, native = cursor.partition(":")
    if not (when.isascii() and when.isdecimal()) or len(cursor) > 300:
        raise UsageError("This is not a place in the list of questions.")
    return int(when), native
