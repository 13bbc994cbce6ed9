"""One moderation service of the atproto network: what is reported to it, and what it can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from modtui.backends.base import ChoiceKind, Connection, Fate, Plain
from modtui.backends.http import Door
from modtui.backends.ozone import calls, plans, undo
from modtui.backends.ozone.client import MOD, REPORT, Client, explain, read_rows
from modtui.backends.ozone.lane import Reported
from modtui.backends.ozone.offers import MISSING, verbs
from modtui.backends.ozone.parts import LABEL
from modtui.backends.ozone.people import People, check_member
from modtui.backends.ozone.session import CREATE, DELETE, REFRESH, Session
from modtui.backends.ozone.shape import Found, did_of, item_of, ref_of, replace_offers
from modtui.backends.ozone.site import Options, Site, labels_in, policies_in, queues_in, strikes_in
from modtui.backends.ozone.threads import AROUND, alone, thread_of
from modtui.backends.ozone.wire import Activities, Activity, Event, foreign, inner, rows, text, words
from modtui.domain.capability import ALLOWED, Blocked, Capabilities, Capability
from modtui.domain.decisions import Answer, Call, Intent, Plan, Step
from modtui.domain.items import (
    Account,
    Changes,
    Choice,
    Dossier,
    Gone,
    Item,
    MemberKind,
    Page,
    Private,
    Template,
    Thread,
)
from modtui.domain.subjects import LANES, Lane, SubjectRef
from modtui.errors import AuthError, ModtuiError, NotFound, Refused, SettingsError, UsageError
from modtui.text import Foreign, show_line

_POLL_S = 30.0
_BATCH = 100
_NO_LANE = Blocked("platform", "Ozone has no such queue")
_TOLD = (
    "modEventReport", "modEventAcknowledge", "modEventTakedown", "modEventReverseTakedown", "modEventEscalate",
    "modEventLabel", "modEventMute", "modEventUnmute", "modEventResolveAppeal", "modEventPriorityScore",
)  # fmt: skip
"""Entries of the log that change a row."""
_REVIEW = Choice(
    id="review", title=Foreign("Escalate"), note=Foreign("to the moderators and admins of the service")
)


class OzoneBackend(Plain):
    """Implements `base.Backend`. Subjects are of the kinds `record` (its at:// address), `account` (its DID), `chat`
    (named, and not read), and `user` (a member of the directory, by DID)."""

    name = "ozone"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._site = Site(Options.read(connection.options))
        self._door = Door(
            connection, explain=explain, reading_posts=(CREATE, REFRESH, DELETE), signing_in=(CREATE, REFRESH)
        )
        self._client = Client(self._door, Session(self._door, connection))
        self._lane = Reported(self._client, self._site)
        self._people = People(self._client, self._site, connection.community)

    def __repr__(self) -> str:
        return f"OzoneBackend({self._door!r}, {self._site.options.labeler!r})"

    @property
    def wire(self) -> Door:
        """The HTTP door, to look at."""
        return self._door

    @property
    def capabilities(self) -> Capabilities:
        """What can be done here, by the role on the team."""
        here = self._site.reads
        lanes: dict[str, Capability] = {lane: here if lane in ("reports", "members") else _NO_LANE for lane in LANES}
        features: dict[str, Capability] = {name: Blocked("platform", told) for name, told in MISSING.items()}
        features |= {name: here for name in ("members", "choices", "templates")}
        features["private"] = here if self._site.role != "triage" else self._site.decides
        return Capabilities(
            verbs=verbs(self._site), lanes=lanes, poll_s=_POLL_S, features=features, reread_batch=_BATCH
        )

    async def identify(self) -> Account:
        """Signs in (or takes the kept session), and asks the service for the role, its labels, policies and queues.

        Raises AuthError, RightsError (not on the team), SettingsError (options), WrongSite, NetworkError.
        """
        credential = self.connection.credential
        if credential is None or not credential.user:
            raise AuthError("Ozone needs your handle and an app password.", "Sign in: modtui login.")
        session, site = self._client.session, self._site
        await session.open()
        site.me, site.handle = session.did, session.handle
        site.labeler = self._client.labeler = site.options.labeler or session.did
        try:
            config = await self._client.read("tools.ozone.server.getConfig", dict[str, Any], why="your role")
        except (Refused, NotFound) as error:  # the PDS does not find the service behind the DID
            words = 'options: Ozone needs the DID of the moderation service: labeler = "did:plc:...".'
            raise SettingsError([words if not site.options.labeler else f"options.labeler: {error.message}"]) from None
        site.role = text(inner(config, "viewer"), "role").rpartition("#")[2].removeprefix("role").lower()
        await self._look_around()
        if site.role not in ("admin", "moderator", "triage"):
            raise AuthError(
                f"On the team of this service you are {show_line(site.role or 'nothing', 30)}, which may not moderate."
            )
        site.found = True
        title = Foreign(site.title or site.labeler)
        return Account(native=site.me, username=Foreign(site.handle), role=site.role, site_title=title)

    async def _look_around(self) -> None:
        """What the service has set up. What it does not tell is left out, but for a queue that the settings name."""
        site = self._site
        queues = await self._rows("tools.ozone.queue.listQueues", "queues", [("limit", "100")], "queues")
        site.queues = queues_in(queues)
        if wanted := site.options.queue:
            named = [one.id for one in site.queues.values() if wanted in (str(one.id), one.name)]
            if not named:
                known = ", ".join(one.name for one in site.queues.values()) or "none"
                raise SettingsError([f'options.queue: the service has no queue "{show_line(wanted, 60)}" ({known}).'])
            site.queue = named[0]
        options = await self._rows("tools.ozone.setting.listOptions", "options", [("limit", "100")], "policies")
        values = {text(one, "key").rpartition(".")[2]: one.get("value") for one in options}
        site.strikes = strikes_in(values.get("severityLevels"))
        site.policies = policies_in(values.get("policyList"), site.strikes)
        team = await self._rows("tools.ozone.team.listMembers", "members", [("limit", "100")], "the team")
        site.team = {text(one, "did"): text(inner(one, "profile"), "handle") for one in team}
        views = await self._rows(
            "app.bsky.labeler.getServices", "views", [("dids", site.labeler), ("detailed", "true")], "labels",
            proxy=False,
        )  # fmt: skip
        view = next(iter(views), {})
        site.title = text(inner(view, "creator"), "displayName") or text(inner(view, "creator"), "handle")
        site.labels = labels_in(inner(view, "policies"))

    async def _rows(
        self, nsid: str, name: str, params: list[tuple[str, str]], why: str, *, proxy: bool = True
    ) -> list[dict[str, Any]]:
        try:
            found = await self._client.read(nsid, dict[str, Any], params, why=why, proxy=proxy)
        except (NotFound, Refused, ModtuiError) as error:
            if isinstance(error, NotFound | Refused) or getattr(error, "exit_code", 0) in (5, 7):
                return []
            raise
        return rows(found.get(name))

    # --- looking

    async def counts(self) -> Mapping[Lane, int]:
        """How many subjects wait for review. The service computes its own numbers only now and then."""
        return {"reports": await self._lane.count()}

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        """25 subjects whose review is open, then escalated ones; those that were reported last at the end."""
        if lane != "reports":
            raise UsageError(f"Ozone has no lane {show_line(lane, 40)}.")
        found, following, bad, rising = await self._lane.page(cursor)
        items = [self._item(one) for one in found if one.open]
        return Page(items=tuple(items), cursor=following, unreadable=bad, rising=rising)

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        """Each subject as it is now. One costs six requests, a hundred hardly more."""
        asked = list(dict.fromkeys(refs))
        people = [ref for ref in asked if ref.kind == "user" and _can_be(ref)]
        subjects = [ref for ref in asked if ref.kind != "user" and _can_be(ref)]
        found: dict[str, Found] = {}
        for begin in range(0, len(subjects), _BATCH):
            found |= await self._lane.look([ref.native for ref in subjects[begin : begin + _BATCH]])
        members = {item.ref.native: item for item in await self._people.items([ref.native for ref in people])}
        answers: dict[SubjectRef, Item | Gone] = {}
        for ref in asked:
            one = found.get(ref.native)
            if ref.kind == "user":
                answers[ref] = members.get(ref.native) or Gone(ref=ref)
            elif one is None:
                answers[ref] = Gone(ref=ref)
            else:
                answers[ref] = self._item(one)
        return answers

    def _item(self, one: Found) -> Item:
        item = item_of(self._site, self.connection.community, one)
        return self._named(item)

    def _named(self, item: Item) -> Item:
        """The handler by handle, where the team is known."""
        by = item.handled_by
        if by is not None and (handle := self._site.team.get(str(by))):
            return msgspec.structs.replace(item, handled_by=Foreign(handle))
        return item

    async def thread(self, item: Item) -> Thread:
        """The posts above a post and below it, as the appview shows them; the post alone where it shows nothing."""
        uri = item.ref.native
        if item.ref.kind != "record" or item.kind != "post":
            return alone(item)
        params = [("uri", uri), ("depth", "2"), ("parentHeight", str(AROUND))]
        try:
            found = await self._client.read(
                "app.bsky.feed.getPostThread", dict[str, Any], params, why="the thread", proxy=False
            )
        except (NotFound, Refused):
            return alone(item)
        return thread_of(item, inner(found, "thread"))

    async def dossier(self, member: str) -> Dossier:
        """Everything about the member with this DID or handle."""
        return await self._people.dossier(member)

    async def private(self, member: str) -> Private:
        """The e-mail address of an account. The service tells no IP addresses."""
        return await self._people.private(check_member(member))

    async def members(self, text: str = "", *, kind: MemberKind = "all", cursor: str | None = None) -> Page:
        """The directory: all, those who are taken down ("suspended"), the team ("staff")."""
        return await self._people.members(text, kind, cursor)

    async def templates(self) -> tuple[Template, ...]:
        """The service's templates for e-mails."""
        found = await self._client.read(
            "tools.ozone.communication.listTemplates", dict[str, Any], why="templates"
        )
        return tuple(
            Template(
                id=str(one.get("id")), title=Foreign(text(one, "name")), text=Foreign(text(one, "contentMarkdown")),
                language=text(one, "lang").partition("-")[0].lower() or None,
            )
            for one in rows(found.get("communicationTemplates"))
            if one.get("disabled") is not True and text(one, "name") and text(one, "contentMarkdown")
        )  # fmt: skip

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        """Tags that are there, the team, queues to hand reports to, members by name."""
        begin = text.strip().casefold()
        site = self._site
        found: list[Choice] = []
        match kind:
            case "tag":
                given = [str(tag) for tag in item.place.tags] if item is not None else []
                labels = [LABEL + name for name in site.labels] if site.decides == ALLOWED else []
                every = dict.fromkeys((*given, *await self._tags(), *labels))
                found = [Choice(id=tag, title=Foreign(tag), note=_label_note(site, tag)) for tag in every]
            case "assignee":
                found = [_colleague(did, handle, site.me) for did, handle in site.team.items() if handle]
                if site.role != "admin":  # only admins may hand reports to somebody else
                    found = [one for one in found if one.mine]
            case "route":
                found = [_REVIEW] + [
                    Choice(id=f"queue:{one.id}", title=Foreign(one.name), note=foreign(one.about))
                    for one in site.queues.values()
                ]
            case "person" if begin:
                page = await self._people.members(text, "all", None)
                found = [
                    Choice(id=one.author.native, title=one.author.username, note=one.author.name,
                           written=Foreign(f"@{one.author.username}"))
                    for one in page.items if one.author is not None
                ]  # fmt: skip
                return tuple(found[:50])
        return tuple(one for one in found if one.title.casefold().startswith(begin))[:50]

    async def _tags(self) -> list[str]:
        """Tags that subjects of the queue carry; the service keeps no list of them."""
        params = [("limit", "100"), ("sortField", "lastReportedAt")]
        found = await self._client.read(f"{MOD}.queryStatuses", dict[str, Any], params, why="tags")
        given = (tag for row in rows(found.get("subjectStatuses")) for tag in words(row.get("tags")))
        return sorted(dict.fromkeys(given))

    # --- deciding

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What the intent would do. Raises Refused."""
        if self._site.found and not item.offers and item.ref.kind != "chat":
            item = replace_offers(self._site, item)
        return plans.plan(self._site, item, intent)

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        """How to take back the done steps."""
        return undo.plan_undo(done)

    async def send(self, call: Call, *, key: str) -> Answer:
        """Do one step. Raises Refused, Stale."""
        return await calls.send(self._client, call, key)

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        """What became of a step without an answer: the log has it by its key."""
        return await calls.fate(self._client, call, key, since_ms, known)

    # --- what others do

    async def changes(self, position: str | None) -> Changes:
        """The newest entries of the log, and what was done to single reports: two requests."""
        log = await self._client.events(kinds=_TOLD, limit=50, why="anything new?")
        events = read_rows(log.events, Event)[0]
        acts = await self._client.read(
            f"{REPORT}.queryActivities", Activities, [("limit", "50"), ("sortDirection", "desc")],
            why="what others do to reports",
        )  # fmt: skip
        activities = read_rows(acts.activities, Activity)[0]
        before = _position(position)
        here = msgspec.json.encode([
            max([one.id for one in events] + before[:1], default=0),
            max([one.id for one in activities] + before[1:], default=0),
        ]).decode()  # fmt: skip
        if position is None or not before:
            return Changes(position=here)
        fresh = [one for one in events if one.id > before[0]]
        done = [one for one in activities if one.id > before[1]]
        keys = [one.key for one in fresh] + [text(inner(one.report, "subject"), "subject") for one in done]
        touched = tuple(ref_of(self.connection.community, key) for key in dict.fromkeys(keys) if _readable(key))
        reload = any(one.kind in ("modEventReport", "modEventUnmute") for one in fresh) or len(fresh) >= 50
        reload = reload or any(text(one.activity, "$type").endswith("#reopenActivity") for one in done)
        return Changes(position=here, touched=touched, reload=reload, lanes=("reports",) if reload else ())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._door.aclose()


def _position(position: str | None) -> list[int]:
    try:
        return msgspec.json.decode(position or "", type=list[int]) if position else []
    except msgspec.DecodeError:
        return []


def _readable(key: str) -> bool:
    return key.startswith(("at://did:", "did:")) and "/chat.bsky." not in key


def _can_be(ref: SubjectRef) -> bool:
    """Whether the service can be asked about it at all: an address or a DID as the network writes them."""
    native = ref.native
    if ref.kind in ("account", "user"):
        return did_of(native) == native and native.startswith("did:") and native.isascii() and " " not in native
    parts = native.removeprefix("at://").split("/")
    return native.startswith("at://did:") and len(parts) == 3 and all(parts) and native.isascii() and " " not in native


def _label_note(site: Site, tag: str) -> Foreign | None:
    return foreign(site.labels.get(tag.removeprefix(LABEL))) if tag.startswith(LABEL) else None


def _colleague(did: str, handle: str, me: str) -> Choice:
    return Choice(id=did, title=Foreign(handle), mine=did == me)
