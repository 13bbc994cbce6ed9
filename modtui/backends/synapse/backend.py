"""One account on one homeserver: the lanes of reports, questions and members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from modtui.backends.base import ChoiceKind, Connection, Fate, Plain
from modtui.backends.http import Door
from modtui.backends.synapse import plans, shape, undo
from modtui.backends.synapse.calls import Calls
from modtui.backends.synapse.client import Client, NoSuchCall, explain, read_rows
from modtui.backends.synapse.fates import fate
from modtui.backends.synapse.offers import NO_ADMIN, NO_MARKS, NO_SYNAPSE, Rights, every, verbs
from modtui.backends.synapse.options import Options
from modtui.backends.synapse.people import People
from modtui.backends.synapse.queue import Queue
from modtui.backends.synapse.rooms import room_of
from modtui.backends.synapse.talks import Talks
from modtui.backends.synapse.wire import Event, ReportRow, UserReportRow
from modtui.domain.capability import ALLOWED, Blocked, Capabilities, Capability, as_sentence
from modtui.domain.decisions import Answer, Call, Intent, Plan, Step
from modtui.domain.items import (
    Account,
    Answers,
    Changes,
    Choice,
    Dossier,
    Gone,
    Item,
    MemberKind,
    Page,
    Private,
    Thread,
)
from modtui.domain.subjects import LANES, Lane, SubjectRef
from modtui.errors import AuthError, ModtuiError, NotFound, RightsError, UsageError, WrongSite
from modtui.text import Foreign, show_line

_POLL_S = 30.0
_NOT_YET = Blocked("offline", "modtui has not signed in yet")
_NO_LANE = Blocked("platform", "there is no such queue in Matrix")
_NO_ROOMS = Blocked("setting", "the settings name no rooms in which members ask (question_rooms)")
MISSING = {
    "templates": "the server keeps no saved texts",
    "search": "the server's search does not know which messages were answered",
    "writing": "who is writing is not followed in Matrix",
    "whisper": "there are no messages in Matrix that only the team reads",
    "message": "no rooms are opened with single members: write as the server",
}


class SynapseBackend(Plain):
    """Implements `base.Backend`. Subjects are of the kinds `event` and `account` (reports), `question` (a message in a
    room of questions) and `user` (the directory)."""

    name = "synapse"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._options = Options.read(connection.options)
        given = connection.credential
        auth = {"Authorization": f"Bearer {given.secret}"} if given else {}
        # A refusal for haste is about one kind of act (messages, logins), so nothing else has to wait for it.
        self._door = Door(connection, auth=auth, explain=explain, pauses_all=lambda reply: False)
        self._client = Client(self._door)
        self._rights = Rights(can=_NOT_YET, admin=_NOT_YET)
        self._reports: Capability = _NOT_YET
        self._found = False
        self._calls = Calls(self._client, mark=self._options.answer_mark)
        self._queue = Queue(self._client, connection.community, lambda: self._rights)
        self._people = People(self._client, self._queue, connection.community, lambda: self._rights)
        self._talks = Talks(self._client, connection.community, lambda: self._rights, self._options,
                            self._queue.account)  # fmt: skip

    def __repr__(self) -> str:
        return f"SynapseBackend({self._door!r})"

    @property
    def wire(self) -> Door:
        """The HTTP door, to look at."""
        return self._door

    @property
    def capabilities(self) -> Capabilities:
        """What can be done here: on the whole server as its administrator, in rooms by their power levels."""
        here: Capability = ALLOWED if self._found else _NOT_YET
        admin = every(here, self._rights.admin)
        lanes: dict[str, Capability] = dict.fromkeys(LANES, _NO_LANE)
        lanes["reports"] = every(here, self._reports)
        lanes["members"] = admin
        lanes["questions"] = every(here, None if self._options.question_rooms else _NO_ROOMS)
        features: dict[str, Capability] = {name: Blocked("platform", words) for name, words in MISSING.items()}
        features |= {"members": admin, "private": admin, "choices": here}
        asks = None if self._options.question_rooms else _NO_ROOMS
        features["answered"] = every(here, asks, None if self._options.answer_mark else NO_MARKS)
        return Capabilities(verbs=verbs(self._rights), lanes=lanes, poll_s=_POLL_S, features=features)

    async def identify(self) -> Account:
        """Who the token is, and whether it is an administrator's of a Synapse: asked of the list of reports.

        Raises AuthError, WrongSite (with the address that the server's name points to), NetworkError.
        """
        if self.connection.credential is None:
            raise AuthError("A Matrix homeserver needs an access token.", "Sign in: modtui login --backend synapse.")
        try:
            me = (await self._client.whoami()).user_id
        except WrongSite as wrong:
            raise await self._elsewhere(wrong) from None
        if not me.startswith("@") or ":" not in me:
            raise WrongSite("The server does not say whose access token this is.", "Check the community's address.")
        server = me.partition(":")[2]
        version, role = "", "member"
        admin: Capability = ALLOWED
        self._reports = ALLOWED
        try:
            await self._client.event_reports(0, 1, why="may I see reports?")
            self._client.admin, role = True, "admin"
        except RightsError:
            self._reports = Blocked("right", f"{NO_ADMIN}, and only administrators see reports")
            admin = Blocked("right", NO_ADMIN)
        except (NoSuchCall, WrongSite):
            self._reports = admin = Blocked("platform", NO_SYNAPSE)
        if self._client.admin:
            version = await self._client.server_version()
        notices = self._client.admin and (self.connection.read_only or await self._client.notices())
        self._calls.me = me
        self._rights = Rights(
            me=me, server=server, admin=admin, joined=await self._client.joined(), team=bool(self._options.team_rooms),
            marks=bool(self._options.answer_mark), notices=notices,
        )  # fmt: skip
        self._found = True
        return Account(
            native=me, username=Foreign(shape.name_of(me, server)), role=role, site_title=Foreign(server),
            version=Foreign(version) if version else None,
        )  # fmt: skip

    async def _elsewhere(self, wrong: WrongSite) -> WrongSite:
        """The same error with the address that the server's name points to: the token goes there only when somebody
        names it."""
        try:
            found = await self._client.well_known()
        except ModtuiError:
            return wrong
        if not found or found == self._door.origin.url:
            return wrong
        words = f"{self._door.origin.place} is the name of a homeserver that lives at {show_line(found, 120)}."
        return WrongSite(words, "Use that address: the token is sent to no address that you did not name.")

    # --- looking

    async def counts(self) -> Mapping[Lane, int]:
        """How many subjects are reported and how many questions wait. The server counts reports, not messages."""
        found: dict[Lane, int] = {}
        if self._client.admin:
            found["reports"] = await self._queue.count()
        if self._options.question_rooms:
            found["questions"] = await self._talks.count()
        return found

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        """A page of reported subjects or of questions, the longest waiting first; or of members."""
        can = self.capabilities.lane(lane)
        if isinstance(can, Blocked):
            error = RightsError if can.code == "right" else UsageError
            raise error(f"There is no lane {show_line(lane, 40)} here: {can.sentence}.")
        if cursor is None:
            await self._refresh_rooms()
        if lane == "questions":
            return await self._talks.page(cursor)
        if lane == "members":
            return await self._people.page("", "all", cursor)
        return await self._queue.page(cursor)

    async def _refresh_rooms(self) -> None:
        self._rights = msgspec.structs.replace(self._rights, joined=await self._client.joined())

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        """Each subject anew, in any state."""
        asked = list(dict.fromkeys(refs))
        known = (shape.EVENT, shape.ACCOUNT)
        rooms = {shape.parts_of(ref.native)[0] for ref in asked if ref.kind in (shape.EVENT, shape.QUESTION)} - {""}
        if rooms - self._rights.joined:  # perhaps this account has come in meanwhile
            await self._refresh_rooms()
        found = await self._queue.reread([ref for ref in asked if ref.kind in known])
        found |= await self._talks.reread([ref for ref in asked if ref.kind == shape.QUESTION])
        found |= await self._people.reread([ref for ref in asked if ref.kind == shape.USER])
        for ref in asked:
            found.setdefault(ref, Gone(ref=ref, why="Matrix has no such kind of subject"))
        return found

    async def thread(self, item: Item) -> Thread:
        """About twenty events around a message. Of a question: the question with its replies."""
        if item.ref.kind == shape.QUESTION:
            return await self._talks.thread(item)
        if "event" not in item.native:
            return Thread(id=item.ref.native, title=item.title)
        room, event = str(item.native["room"]), str(item.native["event"])
        try:
            context = await self._client.context(room, event, 2 * shape.AROUND, why="what was said around it")
        except NotFound:
            return Thread(id=room, title=item.title)
        before, _ = read_rows(context.events_before, Event)
        later, _ = read_rows(context.events_after, Event)
        state = room_of(room, read_rows(context.state, Event)[0])
        events = shape.around([*reversed(before), context.event, *later], event)
        return shape.thread_of(item, events, event, state, self._rights.server)

    async def dossier(self, member: str) -> Dossier:
        """What the server knows of a member (by id or name)."""
        return await self._people.dossier(member)

    async def changes(self, position: str | None) -> Changes:
        """The newest report and how many there are, of events and of members: two requests; and what was written in the
        rooms of questions. Reports wake nobody, so they are asked for."""
        here = _Position()
        counts: dict[str, int] = {}
        if self._client.admin:
            page = await self._client.event_reports(0, 1, newest=True, why="anything new?")
            rows, _ = read_rows(page.event_reports, ReportRow)
            here.n, here.newest = page.total, rows[0].id if rows else 0
            try:
                people = await self._client.user_reports(0, 1, newest=True, why="anything new?")
                users, _ = read_rows(people.user_reports, UserReportRow)
                here.users, here.user = people.total, users[0].id if users else 0
            except NoSuchCall:
                pass
        before = _position(position)
        talks, touched, more = await self._talks.changes(before.talks if before is not None else None)
        here.talks = talks
        if self._options.question_rooms:
            counts["questions"] = self._talks.waiting()
        told = msgspec.json.encode(here).decode()
        if before is None:
            return Changes(position=told, counts=counts)
        moved = (before.n, before.newest, before.users, before.user) != (here.n, here.newest, here.users, here.user)
        lanes: tuple[Lane, ...] = ("reports",) if moved else ()
        lanes = (*lanes, "questions") if more else lanes
        return Changes(position=told, counts=counts, touched=touched, reload=bool(lanes), lanes=lanes)

    # --- deciding

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What the intent does. Pure. Raises Refused."""
        return plans.plan(item, intent)

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        """How to take back the done steps. Pure."""
        return undo.plan_undo(item, done)

    async def send(self, call: Call, *, key: str) -> Answer:
        """Do one step. What makes an event carries a transaction id from `key`, so it is safe to send again."""
        try:
            answer = await self._calls.send(call, key)
        finally:
            self._queue.forget()
        if call.name == "take_power":
            await self._refresh_rooms()
        return answer

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        """What became of a call that was never answered: read from the server."""
        return await fate(
            self._client, self._calls, call, key=key, since_ms=since_ms, now_ms=self._door.clock_ms, known=known
        )

    # --- members, and what can be picked

    async def members(self, text: str = "", *, kind: MemberKind = "all", cursor: str | None = None) -> Page:
        """A page of the accounts of this server."""
        self._need_admin()
        return await self._people.page(text, kind, cursor)

    async def private(self, member: str) -> Private:
        """Addresses of a member of this server."""
        self._need_admin()
        return await self._people.private(member)

    def _need_admin(self) -> None:
        can = self._rights.admin
        if isinstance(can, Blocked):
            raise RightsError(as_sentence(can.sentence))

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        """Rooms of the team to hand something over to, and members of this server to mention."""
        if kind == "route":
            return await self._talks.team(text)
        if kind == "person" and self._client.admin:
            return await self._people.named(text)
        return ()

    async def answered(self, cursor: str | None = None) -> Answers:
        """Questions with a marked reply, newest first: those that are kept of their rooms, in one page."""
        return await self._talks.answered() if self._options.answer_mark else Answers(threads=())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._door.aclose()


class _Position(msgspec.Struct):
    """Where a look for changes stands: number of reports and the newest one, of events and of members; and the newest
    event of each room of questions."""

    n: int = 0
    newest: int = 0
    users: int = 0
    user: int = 0
    talks: dict[str, str] = {}


def _position(text: str | None) -> _Position | None:
    """Where the last look stood; None for none, or for one that another version wrote."""
    try:
        return msgspec.json.decode(text, type=_Position) if text else None
    except msgspec.DecodeError:
        return None
