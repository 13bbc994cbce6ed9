"""Discourse as modtui's protocol has it. Thin: asks `client`, joins through `items`, decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from modtui.backends.base import ChoiceKind, Connection, Fate, Plain, Wire
from modtui.backends.budget import current_priority, spending
from modtui.backends.discourse import changes as live
from modtui.backends.discourse import paging, plans, undo
from modtui.backends.discourse.answered import Library
from modtui.backends.discourse.around import lone_thread, thread_of
from modtui.backends.discourse.asking import or_none, together
from modtui.backends.discourse.client import Client, door, ids_pairs, limit_of
from modtui.backends.discourse.items import KIND, PENDING_TYPES, items_of
from modtui.backends.discourse.lane import DAYS, Questions
from modtui.backends.discourse.member_calls import MemberCalls
from modtui.backends.discourse.members import USER
from modtui.backends.discourse.paging import Cursor
from modtui.backends.discourse.questions import KIND as TOPIC
from modtui.backends.discourse.side import Queue, read_queue
from modtui.backends.discourse.site import REREAD_BATCH, Site, capabilities
from modtui.backends.discourse.thread_offers import topic_of
from modtui.backends.discourse.topics import Topics
from modtui.backends.http import Door
from modtui.domain.capability import Capabilities
from modtui.domain.decisions import Answer, Call, Intent, Plan, Step
from modtui.domain.items import (
    Account,
    Answered,
    Answers,
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
from modtui.domain.subjects import Lane, SubjectRef
from modtui.errors import (
    AuthError,
    NotFound,
    RightsError,
    SiteError,
    UsageError,
    WrongSite,
)
from modtui.text import Foreign

if TYPE_CHECKING:  # loaded when they are first needed: to be at rest needs none of them
    from modtui.backends.discourse.choices import Choices
    from modtui.backends.discourse.directory import Directory
    from modtui.backends.discourse.dossier import Records
    from modtui.backends.discourse.send import Sender


class DiscourseBackend(Plain):
    """One account on one Discourse site."""

    name = "discourse"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._door: Door = door(connection)
        self._client = Client(self._door)
        self._site = Site(community=connection.community, base=connection.url.rstrip("/"))
        self._topics = topics = Topics(self._door)
        given = connection.options.get("questions_days")
        days = given if isinstance(given, int) and not isinstance(given, bool) and given >= 0 else DAYS
        self._questions = Questions(topics, self._site, days=days)
        self._library = Library(topics, self._site)
        self._named = False
        self._split: tuple[int, dict[Lane, int]] | None = None
        poll = connection.options.get("poll_s")
        self._poll_s = float(poll) if isinstance(poll, int | float) and poll > 0 else 60.0

    @cached_property
    def _sender(self) -> Sender:
        from modtui.backends.discourse.send import Sender

        return Sender(self._client, self._site, self._reread_one)

    @cached_property
    def _directory(self) -> Directory:
        from modtui.backends.discourse.directory import Directory

        return Directory(MemberCalls(self._door), self._site)

    @cached_property
    def _records(self) -> Records:
        from modtui.backends.discourse.dossier import Records

        return Records(self._client, MemberCalls(self._door), self._site)

    @cached_property
    def _choices(self) -> Choices:
        from modtui.backends.discourse.choices import Choices

        return Choices(self._topics, self._site)

    @property
    def wire(self) -> Wire:
        """The HTTP door, to look at."""
        return self._door

    @property
    def capabilities(self) -> Capabilities:
        """What `identify` found; before it, everything is blocked."""
        return capabilities(
            self._site, limit=limit_of(self.connection), poll_s=self._poll_s, read_only=self.connection.read_only
        )

    async def identify(self) -> Account:
        """Who the key is. Raises AuthError for a wrong or withdrawn key, WrongSite for another kind of site."""
        if self.connection.credential is None:
            raise AuthError("There is no key for this community.", "Sign in with modtui login.")
        user, about = None, None
        with spending("decision"):
            try:
                user = await self._client.current_user()
            except RightsError:
                await self._need_discourse()
                raise AuthError(
                    f"{self._door.origin.place} does not take this key for this account.",
                    "Check key and username, or sign in again with modtui login.",
                ) from None
            except SiteError as error:
                if error.status < 500:
                    await self._need_discourse()
                raise
            except NotFound:
                await self._need_discourse()
            about = await or_none(self._client.about())
        if user is None:
            raise AuthError(
                f"{self._door.origin.place} does not say whose key this is.", "Sign in again with modtui login."
            )
        site = self._site
        site.me_id, site.me = user.id, Foreign(user.username)
        site.admin = bool(user.admin)
        site.staff = bool(user.admin or user.moderator or user.staff)
        site.reviews = site.staff or bool(user.can_review)
        if not site.reviews and user.can_review is None:
            site.reviews = await or_none(self._client.review_count()) is not None
        site.threads.learn(user, staff=site.staff)
        site.known = True
        stats = (about or {}).get("stats")
        members = stats.get("users_count", stats.get("user_count")) if isinstance(stats, dict) else None
        site.members = members if isinstance(members, int) and not isinstance(members, bool) else None
        title, version = (about or {}).get("title"), (about or {}).get("version")
        role = "admin" if user.admin else "moderator" if user.moderator else "reviewer" if site.reviews else "member"
        return Account(
            native=str(user.id), username=site.me, role=role,
            site_title=Foreign(title) if isinstance(title, str) and title else None,
            version=Foreign(version) if isinstance(version, str) and version else None,
        )  # fmt: skip

    async def _need_discourse(self) -> None:
        """Raise WrongSite unless the site answers a public question as only Discourse does."""
        try:
            info = await self._client.basic_info()
        except (SiteError, NotFound, RightsError):
            info = {}
        if "title" not in info:
            raise WrongSite(
                f"{self._door.origin.place} does not answer like a Discourse community.",
                "Check the address: it is the one of the community's front page.",
            )

    async def counts(self) -> Mapping[Lane, int]:
        """Open items per lane: one request while the sum stands still, three when it moved."""
        total = await self._client.review_count()
        if total is None:
            return {}
        if self._split is None or self._split[0] != total:
            queues = await together(*(self._queue(Cursor(kind), "count") for kind in PENDING_TYPES))
            pending = sum(queue.total if queue.total is not None else queue.size for queue in queues)
            self._split = (total, {"reports": max(0, total - pending), "pending": pending})
        return dict(self._split[1])

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        """One page of open items, oldest first.

        The reports lane reads all types (the server filters by one only) and gives the rows of other lanes as `others`;
        the pending lane reads its two types side by side.
        """
        if lane == "members":
            return await self.members(cursor=cursor)
        if lane == "questions":
            await self._name_categories()
            return await self._questions.page(cursor)
        if lane not in ("reports", "pending"):
            raise UsageError(f"Discourse has no lane {lane} yet.")
        kinds = PENDING_TYPES if lane == "pending" else ("",)
        cursors = paging.decode(cursor) if cursor else [Cursor(kind) for kind in kinds]
        pages = [self._queue(one, f"{lane} page") for one in cursors]
        queues = (await together(self._name_categories(), *pages))[1:]
        items: list[Item] = []
        unreadable = 0
        for one, queue in zip(cursors, queues, strict=True):
            found, lost = items_of(self._site, paging.unseen(one, queue))
            items += found
            unreadable += lost
        further = [paging.following(one, queue) for one, queue in zip(cursors, queues, strict=True)]
        items.sort(key=lambda item: (item.since_ms, item.number))
        total = None
        if cursor is None and lane == "pending" and all(queue.total is not None for queue in queues):
            total = sum(queue.total or 0 for queue in queues)
        elif cursor is None and lane == "reports" and self._split is not None:
            total = self._split[1]["reports"]
        return Page(
            items=tuple(item for item in items if item.lane == lane),
            others=tuple(item for item in items if item.lane != lane),
            cursor=paging.encode([one for one in further if one is not None]), total=total, unreadable=unreadable,
        )  # fmt: skip

    async def _queue(self, cursor: Cursor, why: str) -> Queue:
        return read_queue(await self._client.review(paging.query(cursor), why=why))

    async def _name_categories(self) -> None:
        """Learn the categories' names once; without them items show none."""
        if self._named:
            return
        self._named = True
        try:
            found = await or_none(self._client.categories()) or {}
        except BaseException:
            self._named = False
            raise
        self._site.categories |= {native: Foreign(name) for native, name in found.items()}

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        """The items as they are now, in any state: ten to a request, members one by one."""
        found: dict[SubjectRef, Item | Gone] = {}
        ids = [ref.native for ref in refs if ref.kind == KIND and ref.native.isdigit()]
        with spending(current_priority("decision")):
            for start in range(0, len(ids), REREAD_BATCH):
                batch = ids[start : start + REREAD_BATCH]
                params = [("status", "all"), ("priority", "low"), *ids_pairs(batch)]
                queue = read_queue(await self._client.review(params, why="read again"))
                for item in items_of(self._site, queue)[0]:
                    found[item.ref] = item
            if topics := [ref for ref in refs if ref.kind == TOPIC]:
                found |= await self._questions.reread(topics)
            if users := [ref for ref in refs if ref.kind == USER]:
                found |= await self._directory.reread(users, self._client.admin_user, self._client.card)
        return {ref: found.get(ref) or Gone(ref=ref) for ref in refs}

    async def _reread_one(self, native: str) -> Item | None:
        ref = SubjectRef(self.connection.community, KIND, native)
        now = (await self.reread([ref]))[ref]
        return now if isinstance(now, Item) else None

    async def thread(self, item: Item) -> Thread:
        """The posts around the item; for what has no thread, the item's own text."""
        topic = item.native.get("topic_id")
        if not isinstance(topic, int):
            return lone_thread(self._site, item)
        if item.ref.kind == TOPIC:
            return await self._questions.thread(item, topic)
        number = item.place.post_number
        if number is None:
            reply_to = item.native.get("reply_to")
            number = reply_to if isinstance(reply_to, int) else item.place.thread_posts
        return thread_of(self._site, item, await self._client.topic(topic, number))

    async def dossier(self, member: str) -> Dossier:
        """A member's profile, record, sanctions, team notes and newest posts; what is not to be had is left out."""
        return await self._records.dossier(member, self._door.clock_ms)

    async def members(self, text: str = "", *, kind: MemberKind = "all", cursor: str | None = None) -> Page:
        """A page of the directory; with `text` those whose username or name begins so."""
        return await self._directory.page(text, kind, cursor)

    async def private(self, member: str) -> Private:
        """Addresses of a member and who shares them; the site logs this look. Raises RightsError for all but staff."""
        if not self._site.staff:
            raise RightsError("Only staff see addresses.")
        return await self._directory.private(member)

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        """What can be picked for a verb on `item`."""
        return await self._choices.find(kind, text, item)

    async def templates(self) -> tuple[Template, ...]:
        """The site's own saved texts."""
        return await self._library.templates()

    async def answered(self, cursor: str | None = None) -> Answers:
        """A page of solved threads with their first lines, newest first."""
        await self._name_categories()
        return await self._library.answered(cursor)

    async def search(self, text: str, *, solved: bool = True) -> tuple[Answered, ...]:
        """The site's own search for threads."""
        return await self._library.search(text, solved=solved)

    async def writing(self, item: Item) -> tuple[Foreign, ...]:
        """Who else is writing in the item's thread."""
        topic = topic_of(item)
        return await self._library.writing(topic) if topic is not None else ()

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What the intent would do. Raises Refused with a sentence."""
        return plans.plan(self._site, item, intent)

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        """How to take back the done steps."""
        return undo.plan_undo(item, intent, done)

    async def send(self, call: Call, *, key: str) -> Answer:
        """Do one step."""
        with spending("decision"):  # what a step has to look up first does not queue behind reading
            return await self._sender.send(call, key)

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        """Look up what became of a step whose answer was lost."""
        from modtui.backends.discourse import fate as fates

        with spending("decision"):
            return await fates.fate(self._client, self._site, self._reread_one, call, since_ms, known)

    async def changes(self, position: str | None) -> Changes:
        """Ask the message bus once; where that is not allowed, compare the count."""
        return await live.changes(self._client, self._site, position)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._door.aclose()
