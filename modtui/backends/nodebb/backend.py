"""One account on a NodeBB forum: its reports, what waits, its questions, its members."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

import msgspec

from modtui.backends.base import ChoiceKind, Connection, Fate, Plain
from modtui.backends.http import Door
from modtui.backends.nodebb import changes, flags, people, plans, questions, queue
from modtui.backends.nodebb.calls import Calls
from modtui.backends.nodebb.client import Client, explain
from modtui.backends.nodebb.library import Library
from modtui.backends.nodebb.offers import MISSING, verbs
from modtui.backends.nodebb.shape import thread_of_item
from modtui.backends.nodebb.site import NO_MODERATOR, Site, config_of
from modtui.domain.capability import ALLOWED, Blocked, Capabilities, Capability, as_sentence
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
    Thread,
)
from modtui.domain.subjects import LANES, Lane, SubjectRef
from modtui.errors import AuthError, RightsError, SettingsError, UsageError, WrongSite
from modtui.text import Foreign, show_line

_POLL_S = 30.0
_NOT_YET = Blocked("offline", "modtui has not signed in yet")
_NO_LANE = Blocked("platform", "NodeBB has no such queue")
_LANES = ("reports", "pending", "questions", "members")
_NO_PLUGIN = Blocked("plugin", "the forum's plugin for questions and answers is not there")
_NO_SEARCH = Blocked("plugin", "the forum has no search plugin, or this account may not search")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The community's own settings. `lang` is the language in which the forum's own sentences are asked for, `uid` the
    member that a master token acts as (a member's own token needs none), `questions` the numbers of the categories
    whose topics are questions (none: all)."""

    lang: str = "en-GB"
    uid: str | None = None
    questions: tuple[str, ...] = ()

    @classmethod
    def read(cls, options: Mapping[str, object], user: str | None = None) -> Options:
        """Checks the options; `user` is the account that came with the key. Raises SettingsError with a sentence for
        each mistake."""
        problems: list[str] = []
        lang = options.get("lang", "en-GB")
        if not isinstance(lang, str) or not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}", lang):
            problems.append('options.lang: it is a language of the forum, such as lang = "en-GB".')
        given = options.get("uid", user)
        uid = str(given).strip() if isinstance(given, str | int) and not isinstance(given, bool) else None
        if given is not None and not (uid and uid.isascii() and uid.isdecimal() and int(uid) > 0 and len(uid) < 16):
            problems.append('options.uid: it is the number of the member that a master token acts as: uid = "2".')
        cids = options.get("questions", [])
        if isinstance(cids, str | int):  # on the command line it is one word
            cids = str(cids).replace(",", " ").split()
        found = [str(one).strip() for one in cids] if isinstance(cids, list | tuple) else ["?"]
        if not all(one.isascii() and one.isdecimal() for one in found):
            problems.append("options.questions: it is a list of the numbers of categories, such as questions = [5, 7].")
        if problems:
            raise SettingsError(problems)
        return cls(lang=str(lang), uid=uid, questions=tuple(found))


class NodeBBBackend(Plain):
    """Implements `base.Backend`. Subjects are of the kinds `flag` (reports), `queued` and `sign-up` (what waits),
    `question` (a topic) and `user`."""

    name = "nodebb"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        given = connection.credential
        self._options = Options.read(connection.options, given.user if given is not None else None)
        auth = {"Authorization": f"Bearer {given.secret}"} if given is not None else {}
        self._door = Door(connection, auth=auth, explain=explain)
        self._site = Site(connection.community, connection.url.rstrip("/"))
        self._client = Client(self._door, lang=self._options.lang, uid=self._options.uid)
        self._flags = flags.Flags(self._client, self._site)
        self._queue = queue.Queue(self._client, self._site)
        self._questions = questions.Questions(self._client, self._site, self._options.questions)
        self._people = people.People(self._client, self._site, self._queue)
        self._library = Library(self._client, self._site)
        self._calls = Calls(self._client, self._site, self._queue, self._people)

    def __repr__(self) -> str:
        return f"NodeBBBackend({self._door!r})"

    @property
    def wire(self) -> Door:
        """The HTTP door, to look at."""
        return self._door

    @property
    def capabilities(self) -> Capabilities:
        """What this account can do here."""
        site = self._site
        here: Capability = site.moderates if site.uid else _NOT_YET
        lanes: dict[str, Capability] = {lane: here if lane in _LANES else _NO_LANE for lane in LANES}
        features: dict[str, Capability] = {name: Blocked("platform", words) for name, words in MISSING.items()}
        features |= {
            "members": here, "choices": here, "private": site.everywhere if here == ALLOWED else here,
            "answered": here if here != ALLOWED or site.answers else _NO_PLUGIN,
            "search": here if here != ALLOWED or site.search else _NO_SEARCH,
        }  # fmt: skip
        return Capabilities(verbs=verbs(site, here), lanes=lanes, poll_s=_POLL_S, features=features)

    async def identify(self) -> Account:
        """Who the token acts as, the forum's version and title, and whether the plugins are there: five requests.

        Raises AuthError (also for a master token without a member), WrongSite, NetworkError.
        """
        if self.connection.credential is None:
            raise AuthError("NodeBB needs a token; an administrator of the forum makes one.", "Sign in: modtui login.")
        me = await self._client.myself()
        site = self._site
        version, config, solved, _ = await asyncio.gather(
            self._client.version(), self._client.maybe("/api/config", why="what has the forum?"),
            self._client.maybe("/api/solved", why="is there a plugin for questions?"),
            self._library.learn_categories(),
        )  # fmt: skip
        site.told_version(version)
        self._client.escaped = site.escaped
        site.answers = solved is not None
        site.title, site.search = config_of(config or {})
        site.me(me)
        if not site.uid:
            raise WrongSite(f"{self._door.origin.place} does not answer like a NodeBB forum.")
        return Account(
            native=str(site.uid), username=site.username, role=site.role,
            site_title=Foreign(site.title) if site.title else None, version=Foreign(version) if version else None,
        )  # fmt: skip

    # --- looking

    def _moderates(self) -> None:
        """Raises RightsError where the account moderates nothing."""
        if self._site.uid and self._site.moderates != ALLOWED:
            raise RightsError(as_sentence(NO_MODERATOR.sentence))

    async def counts(self) -> Mapping[Lane, int]:
        """Flags that are open or in work, and what waits. The forum does not count questions."""
        self._moderates()
        reports, pending = await asyncio.gather(self._flags.count(), self._queue.count())
        return {"reports": reports, "pending": pending}

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        """A page of a lane: twenty flags, oldest first; the whole queue; twenty topics, as the forum sorts them."""
        self._moderates()
        match lane:
            case "reports":
                return await self._flags.page(cursor)
            case "pending":
                return await self._queue.page(cursor)
            case "questions":
                return await self._questions.page(cursor)
        raise UsageError(f"NodeBB has no lane {show_line(lane, 40)}.")

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        """Each subject anew: a flag and a question cost three requests, the others one or two."""
        limit = asyncio.Semaphore(4)

        async def one(ref: SubjectRef) -> Item | Gone:
            async with limit:
                match ref.kind:
                    case flags.KIND:
                        return await self._flags.reread(ref)
                    case queue.KIND | queue.SIGN_UP:
                        return await self._queue.reread(ref)
                    case people.KIND:
                        return await self._people.reread(ref, self._door.clock_ms)
                return Gone(ref=ref, why="NodeBB has no such kind of subject")

        asked = list(dict.fromkeys(refs))
        asks = [ref for ref in asked if ref.kind == questions.KIND]
        rest = [ref for ref in asked if ref.kind != questions.KIND]
        answers, found = await asyncio.gather(
            asyncio.gather(*(one(ref) for ref in rest)), self._questions.reread(asks)
        )
        return {**dict(zip(rest, answers, strict=True)), **found}

    async def thread(self, item: Item) -> Thread:
        """The posts around the item's subject."""
        match item.ref.kind:
            case questions.KIND:
                return await self._questions.thread(item)
            case queue.KIND:
                return await self._queue.thread(item)
            case flags.KIND:
                return await self._flags.thread(item)
        return thread_of_item(item)

    async def dossier(self, member: str) -> Dossier:
        """Profile and, for administrators and global moderators, the history of moderation."""
        return await self._people.dossier(member)

    async def changes(self, position: str | None) -> Changes:
        """The lists again, compared row by row with the last look."""
        self._moderates()
        return await changes.look(self._flags, self._queue, self._questions, self._site, position)

    # --- deciding

    def plan(self, item: Item, intent: Intent) -> Plan:
        """What the intent does. Pure. Raises Refused."""
        return plans.plan(self._site, item, intent)

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        """How to take back the done steps. Pure."""
        return plans.plan_undo(item, done)

    async def send(self, call: Call, *, key: str) -> Answer:
        """Do one step. NodeBB knows no idempotency keys; `fate` looks the outcome up."""
        return await self._calls.send(call)

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        """What became of a call that was never answered: read from the subject; a reply from our posts in the topic."""
        return await self._calls.fate(call, since_ms, known)

    # --- the optional reads

    async def members(self, text: str = "", *, kind: MemberKind = "all", cursor: str | None = None) -> Page:
        """A page of the directory, newest members first."""
        return await self._people.page(text, kind, cursor, self._door.clock_ms)

    async def private(self, member: str) -> Private:
        """E-mail and IP addresses, for administrators and global moderators."""
        return await self._people.private(member)

    async def choices(self, kind: ChoiceKind, text: str = "", *, item: Item | None = None) -> tuple[Choice, ...]:
        """Categories, tags, colleagues, members and topics."""
        return await self._library.choices(kind, text, item)

    async def answered(self, cursor: str | None = None) -> Answers:
        """A page of solved questions, newest first (with the plugin)."""
        return await self._library.answered(cursor)

    async def search(self, text: str, *, solved: bool = True) -> tuple[Answered, ...]:
        """The forum's own search."""
        return await self._library.search(text, solved=solved)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._door.aclose()
