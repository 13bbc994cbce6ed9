"""One noticeboard: its walls are categories, what members complained about is the lane of reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from modtui.backends.base import Connection, Fate, Plain
from modtui.backends.http import Door
from modtui.backends.reply import Reply
from modtui.domain.capability import ALLOWED, Blocked, Capabilities, Capability
from modtui.domain.decisions import Answer, Call, Intent, Plan, Step
from modtui.domain.items import (
    Account,
    Body,
    Changes,
    Dossier,
    Gone,
    Item,
    Page,
    Place,
    Record,
    Report,
    Thread,
    ThreadPost,
)
from modtui.domain.items import Member as Person
from modtui.domain.subjects import LANES, Lane, SubjectRef
from modtui.errors import AuthError, ModtuiError, NotFound, Refused, RightsError, Stale, UsageError, WrongSite
from modtui.text import Foreign, show_line
from modtui_noticeboard import actions
from modtui_noticeboard.wire import Complaint, Me, Member, News, Notice, Notices, decode, rows

KIND = "notice"
PER_PAGE = 10
BATCH = 50
REASONS = {"spam": "spam", "rude": "insult", "address": "private", "twice": "double"}
"""The board's kinds of complaints in modtui's words; the others are `other`."""
_NOT_YET = Blocked("offline", "modtui has not signed in yet")
_READER = Blocked("right", "only a moderator of the board decides here")
_NO_LANE = Blocked("platform", "the board has only complaints")


def explain(reply: Reply) -> ModtuiError:
    """The error for an answer that is no success. What the site said is foreign, so it goes through `show_line`."""
    words = show_line(str(reply.loose().get("error") or ""), 200)
    said = f" It says: {words}" if words else ""
    match reply.status:
        case 401:
            return AuthError(f"{reply.place} does not accept this token.", "Sign in again: modtui login.")
        case 403:
            return RightsError(f"{reply.place} does not let this account do that.{said}")
        case 404 if not reply.says_json:
            return WrongSite(f"{reply.place} is no noticeboard.", "Check the community's address.")
        case 404:
            return NotFound(f"{reply.place} does not have it.{said}")
        case 409:
            return Stale("The notice was changed meanwhile, so nothing was done.")
        case 400 | 422:
            return Refused(f"{reply.place} will not do it.{said}")
    return reply.bad(f"{reply.place} answered with an error ({reply.status}).{said}")


class NoticeboardBackend(Plain):
    """Implements `modtui.backends.base.Backend`. Subjects are of the kind `notice`."""

    name = "noticeboard"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        given = connection.credential
        auth = {"Authorization": f"Bearer {given.secret}"} if given else {}
        self._door = Door(connection, auth=auth, explain=explain)
        self._can: Capability = _NOT_YET
        self._here: Capability = _NOT_YET

    def __repr__(self) -> str:
        return f"NoticeboardBackend({self._door!r})"

    @property
    def wire(self) -> Door:
        """The HTTP door, to look at."""
        return self._door

    @property
    def capabilities(self) -> Capabilities:
        """What the account may do, from its role."""
        lanes: dict[str, Capability] = {lane: self._here if lane == "reports" else _NO_LANE for lane in LANES}
        return Capabilities(verbs=actions.verbs(self._can), lanes=lanes, reread_batch=BATCH, poll_s=30.0)

    async def identify(self) -> Account:
        """Who the token belongs to. Raises AuthError, WrongSite, NetworkError."""
        if self.connection.credential is None:
            raise AuthError("The board needs a token.", "Sign in: modtui login.")
        me = decode(await self._door.get("/api/me", why="who am I"), Me)
        self._here = ALLOWED
        self._can = ALLOWED if me.role == "moderator" else _READER
        return Account(
            native=me.username, username=Foreign(me.username), role=me.role,
            site_title=Foreign(me.board) if me.board else None, version=Foreign(me.version) if me.version else None,
        )  # fmt: skip

    # --- looking

    async def counts(self) -> Mapping[Lane, int]:
        """How many notices have open complaints."""
        page = decode(await self._door.get("/api/reported", [("limit", "1")], why="how many"), Notices)
        return {"reports": page.total or 0}

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        """Ten notices, the oldest complaint first. The cursor names a complaint and no row number, so no row is missed
        when others leave the list between two pages."""
        if lane != "reports":
            raise UsageError(f"The board has no lane {show_line(lane, 40)}.")
        asked = [("limit", str(PER_PAGE)), *([("after", cursor)] if cursor else [])]
        page = decode(await self._door.get("/api/reported", asked, why="complaints"), Notices)
        found, bad = rows(page)
        items = tuple(self._item(one) for one in found)
        return Page(items=items, cursor=str(page.next) if page.next else None, total=page.total, unreadable=bad)

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        """The notices as they are now, fifty with one request."""
        wanted = [ref for ref in dict.fromkeys(refs) if ref.kind == KIND]
        items: dict[SubjectRef, Item] = {}
        for start in range(0, len(wanted), BATCH):
            ids = ",".join(ref.native for ref in wanted[start : start + BATCH])
            page = decode(await self._door.get("/api/notices", [("ids", ids)], why="the notices again"), Notices)
            items |= {item.ref: item for item in map(self._item, rows(page)[0])}
        return {ref: items.get(ref) or Gone(ref=ref) for ref in refs}

    async def thread(self, item: Item) -> Thread:
        """The wall on which the notice hangs."""
        wall = item.place.thread_id or ""
        page = decode(await self._door.get(f"/api/walls/{quote(wall, safe='')}", why="the wall"), Notices)
        posts = tuple(
            ThreadPost(
                id=str(one.id), number=number, author=_person(one.author), body=Body(text=Foreign(one.text)),
                created_ms=_ms(one.posted), hidden=one.hidden, subject=str(one.id) == item.ref.native,
            )
            for number, one in enumerate(rows(page)[0], 1)
        )  # fmt: skip
        return Thread(id=wall, title=Foreign(wall), posts=posts, total=max(page.total or 0, len(posts)))

    async def dossier(self, member: str) -> Dossier:
        """What the board tells of a member. Raises NotFound."""
        found = decode(await self._door.get(f"/api/members/{quote(member, safe='')}", why="the member"), Member)
        return Dossier(
            member=_person(found.username, since=_ms(found.joined), posts=found.notices),
            got=Record(total=found.complained), sanctionable=Blocked("platform", "the board has no sanctions"),
        )  # fmt: skip

    async def changes(self, position: str | None) -> Changes:
        """What happened since the position; a new complaint means that the lane is read again."""
        since = position if position and position.isdecimal() else "-1"
        news = decode(await self._door.get("/api/news", [("since", since)], why="anything new?"), News)
        touched = tuple(self._ref(one) for one in news.notices) if position else ()
        return Changes(position=str(news.position), touched=touched, reload=bool(position and news.complaints))

    # --- deciding

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What the intent does. Pure. Raises Refused."""
        return actions.plan(item, intent)

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        """How to take back the done steps. Pure."""
        return actions.plan_undo(done)

    async def send(self, call: Call, *, key: str) -> Answer:
        """Do one step. Raises Stale when the author changed the text meanwhile, or the notice is gone."""
        if call.name != "put":
            raise UsageError(f"The board has no action {show_line(call.name, 40)}.")
        changes = {name: value for name, value in call.args.items() if name != "id"}
        try:
            now = decode(await self._door.ask("PUT", _path(call), json=changes, why="decide"), Notice)
        except NotFound:
            raise Stale("The notice is not on the board any more.") from None
        # The board lets the last writer win: what came back is compared with what was wanted.
        return Answer() if _stands(call, now) else Answer(words=Foreign("somebody else decided at the same moment"))

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        """What became of a step whose answer was lost: the notice itself says how it stands."""
        try:
            now = decode(await self._door.get(_path(call), why="was it done?"), Notice)
        except NotFound:
            return Fate(is_="unclear", words="the notice is not on the board any more")
        return Fate(is_="done", answer=Answer()) if _stands(call, now) else Fate(is_="not sent")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._door.aclose()

    # --- wire to domain

    def _ref(self, native: int) -> SubjectRef:
        return SubjectRef(self.connection.community, KIND, str(native))

    def _item(self, one: Notice) -> Item:
        reports = [_report(each) for each in one.complaints if each.open]
        since = min((each.made for each in one.complaints if each.open), default=one.posted)
        return Item(
            lane="reports", ref=self._ref(one.id), kind="post", number=str(one.id), title=Foreign(one.wall),
            author=_person(one.author), body=Body(text=Foreign(one.text)), source=Foreign(one.text),
            reports=tuple(reports), since_ms=_ms(since) or 0, created_ms=_ms(one.posted), edited_ms=_ms(one.edited),
            edits=one.revision - 1, state="open" if reports else "removed" if one.hidden else "kept",
            hidden=one.hidden, version=one.revision,
            place=Place(category=Foreign(one.wall), thread_id=one.wall, post_id=str(one.id)),
            offers=actions.offers(open_=bool(reports), hidden=one.hidden, pinned=one.pinned, can=self._can),
        )  # fmt: skip


def _report(one: Complaint) -> Report:
    return Report(
        id=str(one.id), reason=REASONS.get(one.kind, "other"), label=Foreign(one.kind), reporter=_person(one.member),
        text=Foreign(one.words) if one.words else None, created_ms=_ms(one.made),
    )  # fmt: skip


def _person(name: str, *, since: int | None = None, posts: int | None = None) -> Person:
    return Person(native=name, username=Foreign(name), since_ms=since, posts=posts)


def _ms(seconds: float | None) -> int | None:
    """The board counts seconds, modtui milliseconds."""
    return int(seconds * 1000) if seconds else None


def _path(call: Call) -> str:
    return f"/api/notices/{int(call.args['id'])}"


def _stands(call: Call, now: Notice) -> bool:
    """Whether the notice is as the call wanted it."""
    args, open_ = call.args, {one.id for one in now.complaints if one.open}
    return (
        args.get("hidden", now.hidden) == now.hidden
        and args.get("pinned", now.pinned) == now.pinned
        and not open_.intersection(args.get("close", ()))
        and open_.issuperset(args.get("reopen", ()))
    )
