"""One course of an Open edX forum: its lanes of reports and of questions."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import msgspec

from modtui.backends.base import ChoiceKind, Connection, Fate, Plain
from modtui.backends.http import Door
from modtui.backends.openedx import calls, plans, shape
from modtui.backends.openedx.answered import Library
from modtui.backends.openedx.client import Client, Unshowable, explain, read_cursor, read_rows
from modtui.backends.openedx.lane import Questions, fingerprints
from modtui.backends.openedx.offers import MISSING, verbs
from modtui.backends.openedx.questions import KIND
from modtui.backends.openedx.thread_calls import ThreadCalls
from modtui.backends.openedx.wire import Comment, Thread, ThreadPage
from modtui.backends.redact import basic
from modtui.domain.capability import ALLOWED, Blocked, Capabilities, Capability
from modtui.domain.decisions import Answer, Call, Intent, Plan, Step
from modtui.domain.items import Account, Answered, Answers, Changes, Choice, Dossier, Gone, Item, Member, Page
from modtui.domain.items import Thread as DomainThread
from modtui.domain.subjects import LANES, Lane, SubjectRef
from modtui.errors import AuthError, NotFound, Refused, SettingsError, UsageError
from modtui.text import Foreign, show_line

PER_PAGE = 20
_WATCHED = 100
_POLL_S = 30.0
_NOT_YET = Blocked("offline", "modtui has not signed in yet")
_NO_LANE = Blocked("platform", "the Open edX forum has no such queue")
_LANES = ("reports", "questions")
USER = "user"
"""The kind of subject that a member is: read by number or name, since nobody is listed."""
_NOBODY = Blocked("setting", "the settings do not name the acting member: options = { acting_user = \"...\" }")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The community's own settings. `course` is the course's id; `acting_user` the number of the member that the
    moderator acts as (without it, nothing can be decided); `removed_text` the words in place of a removed post;
    `thread_url` where the page of a thread is, with `{thread}` for its number (the forum itself has no pages)."""

    course: str
    acting_user: str | None = None
    removed_text: str = shape.NOTICE
    thread_url: str = ""

    @classmethod
    def read(cls, options: Mapping[str, object]) -> Options:
        """Checks the options. Raises SettingsError with a sentence for each mistake."""
        problems: list[str] = []
        course = options.get("course")
        if not isinstance(course, str) or not course.strip():
            problems.append('options: the Open edX forum needs the course: course = "course-v1:Org+Course+Run".')
        acting = options.get("acting_user")
        native = str(acting).strip() if isinstance(acting, str | int) and not isinstance(acting, bool) else None
        if acting is not None and not (native and native.isascii() and native.isdecimal()):
            problems.append('options.acting_user: it is the number of a member, such as acting_user = "42".')
        removed = options.get("removed_text", shape.NOTICE)
        if not isinstance(removed, str) or not removed.strip():
            problems.append("options.removed_text: it must be the words that stand in place of a removed post.")
        page = options.get("thread_url", "")
        told = isinstance(page, str) and page.startswith(("http://", "https://")) and "{thread}" in page
        if page != "" and not told:
            problems.append('options.thread_url: it is an address with "{thread}" in place of a thread\'s number.')
        if problems:
            raise SettingsError(problems)
        return cls(
            course=str(course).strip(), acting_user=native, removed_text=str(removed).strip(), thread_url=str(page)
        )


class OpenEdxBackend(Plain):
    """Implements `base.Backend`. Subjects are of the kinds `thread` and `comment` (reports; their numbers overlap) and
    `question` (a thread in the lane of questions)."""

    name = "openedx"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._options = Options.read(connection.options)
        given = connection.credential
        auth = {"Authorization": basic(given.user or "", given.secret)} if given else {}
        self._door = Door(connection, auth=auth, explain=explain)
        self._client = Client(self._door, self._options.course)
        self._can: Capability = _NOT_YET
        self._found = False
        self._questions = Questions(
            self._client, connection.community, member=self._options.acting_user, notice=self._options.removed_text,
            address=self._options.thread_url, can=lambda: self._can,
        )  # fmt: skip
        self._library = Library(self._client, self._options.thread_url)
        self._threads = ThreadCalls(self._client, lambda native, on: self._questions.note_watched(native, on=on))

    def __repr__(self) -> str:
        return f"OpenEdxBackend({self._door!r}, {self._options.course!r})"

    @property
    def wire(self) -> Door:
        """The HTTP door, to look at."""
        return self._door

    @property
    def capabilities(self) -> Capabilities:
        """What can be done here. The site checks no rights of the acting member; the service account may do all."""
        here: Capability = ALLOWED if self._found else _NOT_YET
        lanes: dict[str, Capability] = {lane: here if lane in _LANES else _NO_LANE for lane in LANES}
        lanes["members"] = Blocked("platform", MISSING["members"])
        features: dict[str, Capability] = {name: Blocked("platform", words) for name, words in MISSING.items()}
        features |= {"choices": here, "answered": here}
        features["search"] = self._library.can_search if self._found else _NOT_YET
        return Capabilities(verbs=verbs(self._can), lanes=lanes, poll_s=_POLL_S, features=features)

    async def identify(self) -> Account:
        """Asks for the reported posts (which tells whether the account is let in) and for the acting member.

        Raises AuthError, RightsError (no staff account), WrongSite, SettingsError (no such member), NetworkError.
        """
        credential = self.connection.credential
        if credential is None or not credential.user:
            raise AuthError(
                "The Open edX forum needs the name and the password of a service account.", "Sign in: modtui login."
            )
        await self._client.find_prefix()
        native, name = credential.user, credential.user
        if self._options.acting_user:
            try:
                found = await self._client.user(self._options.acting_user)
            except NotFound:
                words = f"options.acting_user: {self._options.acting_user} is not the number of a member of this forum."
                raise SettingsError([words]) from None
            native, name = str(found.id), found.username
        self._can = ALLOWED if self._options.acting_user else _NOBODY
        self._found = True
        return Account(
            native=native, username=Foreign(name), role="moderator", site_title=Foreign(self._options.course)
        )

    # --- looking

    async def counts(self) -> Mapping[Lane, int]:
        """Threads with something reported in them (the site counts threads, not posts), and questions that wait."""
        page, questions = await asyncio.gather(self._client.flagged(1, 1, why="count"), self._questions.count())
        return {"reports": page.thread_count or 0, "questions": questions}

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        """A page of questions; or of flagged threads and, read from those that hold some, flagged comments. Newest
        first, as the site sorts. The cursor holds how many threads there were, so that rows which moved up meanwhile
        are not missed."""
        if lane not in _LANES:
            raise UsageError(f"The Open edX forum has no lane {show_line(lane, 40)}.")
        number, before = read_cursor(cursor)
        if lane == "questions":
            return await self._questions.page(number, before)
        page = await self._client.flagged(number, PER_PAGE)
        rows = list(page.collection)
        now = page.thread_count
        if number > 1 and now is not None and now < before:
            rows = [*(await self._client.flagged(number - 1, PER_PAGE)).collection, *rows]
        threads, bad = read_rows(rows, Thread)
        limit = asyncio.Semaphore(4)
        parts = await asyncio.gather(*(self._reported_in(thread, limit) for thread in threads))
        found = {(kind_of(one), one.native): (one, whole, blind) for part in parts for one, whole, blind in part[0]}
        bad += sum(part[1] for part in parts)
        items = await self._items([*found.values()])
        last = number >= page.num_pages or not page.collection
        total = len(items) if number == 1 and last else None
        return Page(
            items=tuple(items), cursor=None if last else f"{number + 1}:{now or 0}", total=total, unreadable=bad
        )

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        """Each subject anew. A comment costs two requests, its own and its thread's (once for all of a thread); a
        question costs one."""
        limit = asyncio.Semaphore(4)
        threads: dict[str, asyncio.Task[Thread | None]] = {}

        async def whole(native: str) -> Thread | None:
            try:
                return await self._client.thread(native)
            except (NotFound, Unshowable):
                return None

        async def one(ref: SubjectRef) -> tuple[Thread | Comment, Thread | None, bool] | Gone:
            async with limit:
                try:
                    if ref.kind == "thread":
                        return await self._client.thread(ref.native), None, False
                    if ref.kind == "comment":
                        comment = await self._client.comment(ref.native)
                        native = str(comment.thread_id)
                        task = threads.setdefault(native, asyncio.ensure_future(whole(native)))
                        return comment, await task, False
                    return Gone(ref=ref, why="the Open edX forum has no such kind of subject")
                except NotFound:
                    return Gone(ref=ref)
                except Unshowable:
                    listed = await self._listed(ref.native)
                    return (listed, None, False) if listed else Gone(ref=ref, why="the forum cannot show this thread")

        asked = list(dict.fromkeys(refs))
        wanted = [ref for ref in asked if ref.kind not in (KIND, USER)]
        answers, questions, people = await asyncio.gather(
            asyncio.gather(*(one(ref) for ref in wanted)),
            self._questions.reread([ref for ref in asked if ref.kind == KIND]),
            asyncio.gather(*(self._member(ref) for ref in asked if ref.kind == USER)),
        )  # fmt: skip
        there = [answer for answer in answers if not isinstance(answer, Gone)]
        items = iter(await self._items(there))
        pairs = zip(wanted, answers, strict=True)
        found = {ref: answer if isinstance(answer, Gone) else next(items) for ref, answer in pairs}
        return {**found, **questions, **dict(people)}

    async def thread(self, item: Item) -> DomainThread:
        """The thread's first post and up to twenty posts around the subject, responses by time with their replies."""
        native = item.place.thread_id or item.ref.native
        wanted = item.ref.native if item.ref.kind == "comment" else None
        try:
            # Where the subject is the thread itself, its first hundred responses are enough.
            enough = 0 if wanted is None else None
            first, comments, _ = await self._client.comments_of(native, reports=enough, until=wanted)
        except Unshowable:
            return shape.thread_of_item(item)
        return shape.thread_of(first, comments, item)

    async def dossier(self, member: str) -> Dossier:
        """What the forum knows: name, numbers in the course, newest threads. By name, only the numbers can be had."""
        if member.isascii() and member.isdecimal():
            found = await self._client.user(member)
            who = Member(native=str(found.id), username=Foreign(found.username))
            page = await self._client.threads_of(member)
            threads, _ = read_rows(page.collection, Thread)
            return shape.dossier_of(who, await self._client.stats(found.username), threads)
        stats = await self._client.stats(member)
        if stats is None:
            raise NotFound(f"Nobody in this course is called {show_line(member, 60)}.")
        return shape.dossier_of(Member(native=stats.username, username=Foreign(stats.username)), stats, ())

    async def changes(self, position: str | None) -> Changes:
        """The first hundred reported threads and the hundred questions in which something was written last, compared
        row by row with the last look: two requests. The forum has no live events."""
        page, asked = await asyncio.gather(
            self._client.flagged(1, _WATCHED, why="anything new?"), self._questions.newest(why="any new question?")
        )
        rows, talks = _fingerprints(page), fingerprints(asked)
        before = _position(position)
        counts = {
            "reports": page.thread_count if page.thread_count is not None else len(rows),
            "questions": self._questions.number(asked),
        }
        here = msgspec.json.encode(_Position(counts["reports"], rows, counts["questions"], talks)).decode()
        if before is None:
            return Changes(position=here, counts=counts)
        moved, known = _moved(before.rows, rows)
        stirred, asked_before = _moved(before.talks, talks)
        lanes: tuple[Lane, ...] = ("reports",) if moved or before.n != counts["reports"] else ()
        if len(stirred) > len(asked_before):  # a question that the last look did not have: new, or asked again
            lanes = (*lanes, "questions")
        touched = [SubjectRef(self.connection.community, "thread", native) for native in known]
        touched += [self._questions.ref(native) for native in asked_before]
        return Changes(position=here, counts=counts, touched=tuple(touched), reload=bool(lanes), lanes=lanes)

    # --- deciding

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What the intent does. Pure. Raises Refused."""
        course = self._options.course
        address = self._options.thread_url.replace("{course}", quote(course, safe=":+"))
        return plans.plan(item, intent, self._options.acting_user or "", self._options.removed_text, address)

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        """How to take back the done steps. Pure."""
        return plans.plan_undo(item, done, self._options.acting_user or "")

    async def send(self, call: Call, *, key: str) -> Answer:
        """Do one step. The forum knows no idempotency keys; `fate` looks the outcome up."""
        if self._threads.handles(call):
            return await self._threads.send(call)
        return await calls.send(self._client, call)

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        """What became of a call that was never answered: from the post itself, a reply from our posts in the thread."""
        if self._threads.handles(call):
            return await self._threads.fate(call, since_ms, known)
        return await calls.fate(self._client, call)

    # --- to answer with

    async def answered(self, cursor: str | None = None) -> Answers:
        """A page of questions with a marked answer, newest first."""
        return await self._library.answered(cursor)

    async def search(self, text: str, *, solved: bool = True) -> tuple[Answered, ...]:
        """The site's own search for questions; nothing where its search service does not answer."""
        return await self._library.search(text, solved=solved)

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        """The course's topics to move a thread to, and threads to name as the original."""
        return await self._library.choices(kind, text)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._door.aclose()

    # --- pieces

    async def _reported_in(
        self, thread: Thread, limit: asyncio.Semaphore
    ) -> tuple[list[tuple[Thread | Comment, Thread | None, bool]], int]:
        """What is reported of a listed thread: itself, its comments. Only the thread read anew tells which comments."""
        if not thread.abuse_flagged_count:
            return [(thread, None, False)], 0
        try:
            async with limit:
                whole, comments, bad = await self._client.comments_of(
                    thread.native, reports=thread.abuse_flagged_count
                )
        except NotFound:
            return [], 0
        except Unshowable:
            return [(thread, None, True)], 0
        found: list[tuple[Thread | Comment, Thread | None, bool]] = [
            (comment, whole, False) for comment in comments if comment.flaggers
        ]
        if thread.flaggers:
            found.insert(0, (thread, None, False))
        return found, bad

    async def _member(self, ref: SubjectRef) -> tuple[SubjectRef, Item | Gone]:
        try:
            return ref, shape.member_item((await self.dossier(ref.native)).member, ref)
        except (NotFound, Refused):
            return ref, Gone(ref=ref, why="nobody in this course has this number or name")

    async def _items(self, found: Sequence[tuple[Thread | Comment, Thread | None, bool]]) -> list[Item]:
        names = await self._client.names({one for content, _, _ in found for one in content.flaggers})
        return [
            shape.item_of(
                content, whole, community=self.connection.community, names=names, base=self._options.removed_text,
                can_write=self._can, hides_reports=blind,
            )
            for content, whole, blind in found
        ]  # fmt: skip

    async def _listed(self, native: str) -> Thread | None:
        """A thread that the forum cannot show, from the list of flagged ones."""
        for number in range(1, 6):
            page = await self._client.flagged(number, 100)
            threads, _ = read_rows(page.collection, Thread)
            found = next((thread for thread in threads if thread.native == native), None)
            if found or number >= page.num_pages:
                return found
        return None


def kind_of(content: Thread | Comment) -> str:
    """The kind of subject that a post is."""
    return "thread" if isinstance(content, Thread) else "comment"


def _moved(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The rows that are not as they were, and those of them that were there before."""
    moved = sorted(native for native in old.keys() | new.keys() if old.get(native) != new.get(native))
    return moved, [native for native in moved if native in old]


def _fingerprints(page: ThreadPage) -> dict[str, str]:
    """Id of each row with a short digest of what a moderator would see change."""
    threads, _ = read_rows(page.collection, Thread)
    found: dict[str, str] = {}
    for one in threads:
        facts = (one.flaggers, one.abuse_flagged_count, one.closed, len(one.edit_history), one.title, one.text)
        found[one.native] = hashlib.sha256(repr(facts).encode()).hexdigest()[:10]
    return found


class _Position(msgspec.Struct):
    """Where a look for changes stands: how many threads there were, and the rows' fingerprints; for reports and for
    questions."""

    n: int
    rows: dict[str, str]
    asked: int
    talks: dict[str, str]


def _position(text: str | None) -> _Position | None:
    """Where the last look stood; None for none, or for one that another version wrote."""
    try:
        return msgspec.json.decode(text, type=_Position) if text else None
    except msgspec.DecodeError:
        return None
