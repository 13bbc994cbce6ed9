"""Texts that are not sent yet. Written within a second of the last key, through the journal's writer thread; never in
the way of a key, and never over another text.

A draft is let go of when its reply is on the site: the decision is found by the draft that was sent with it, else by
target and text, so that a crash in between makes no second offer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from modtui.domain.decisions import Audience, Decision, Intent, Target
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId, parse_item_id
from modtui.errors import StoreError
from modtui.store.codec import decode, encode
from modtui.store.drafts import DraftRow
from modtui.store.ids import new_id
from modtui.text import Foreign

if TYPE_CHECKING:
    from modtui.desk.book import Book
    from modtui.desk.clock import Clock
    from modtui.store.journal import Journal

_log = logging.getLogger(__name__)
EVERY_S = 0.3
"""Between two writes while somebody types; the last key is on the disk well within a second."""
AGAIN_S = 3.0
"""After a write that failed."""
LOOK_S = 1.0
"""How often rows ask whether another process has written."""


class _Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a draft stands in the body of its row."""

    subject: str = ""
    number: str = ""
    to: Foreign | None = None
    title: Foreign | None = None
    verb: str = "reply"
    audience: Audience = "public"
    text: str = ""
    post: str | None = None
    quote: Foreign | None = None
    reply: str | None = None
    language: str | None = None
    decision: str | None = None
    left: bool = False
    """The moderator went away from it on purpose; else the program ended while it was written."""


class Draft(_Body, frozen=True, kw_only=True, omit_defaults=True):
    """One unsent text and what it is for.

    `item` is the item's id, `subject` its reference as text, `to` the member it goes to, `title` the thread's (None
    where the item is folded). `post` is the native id of the post replied to, `quote` what was quoted of it. `reply`
    and `language` name the saved reply that it began with. `decision` is the one that sends it. `saved_ms` 0: it was
    never written.
    """

    id: str
    item: str
    community: CommunityId
    saved_ms: int = 0
    revision: int = 0
    """Which writing of it was read from the disk."""

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.text.split())

    def intent(self, *, accept: bool = False, close: bool = False) -> Intent:
        """What sending it asks for."""
        return Intent(
            verb=self.verb, text=self.text, audience=self.audience, post=self.post, accept=accept, close=close
        )


_BODY = msgspec.json.Decoder(_Body)
_FIELDS = _Body.__struct_fields__


def _of_row(row: DraftRow) -> Draft:
    body = decode(row.body, _BODY) or _Body()
    values = {name: getattr(body, name) for name in _FIELDS}
    return Draft(
        id=row.id, item=row.item, community=CommunityId(row.community), saved_ms=row.saved_ms, revision=row.revision,
        **values,
    )  # fmt: skip


def _row(draft: Draft) -> DraftRow:
    body = _Body(**{name: getattr(draft, name) for name in _FIELDS})
    return DraftRow(
        id=draft.id, item=draft.item, community=draft.community, body=encode(body), saved_ms=draft.saved_ms,
        revision=draft.revision,
    )  # fmt: skip


class Drafts:
    """The drafts of all communities. `tell` hears a sentence when they cannot be written, `changed` the item ids whose
    row has or lost one."""

    def __init__(
        self, journal: Journal, clock: Clock, book: Book, *, tell: Callable[[StoreError], None],
        changed: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._book = book
        self._tell = tell
        self._changed = changed
        self._pending: dict[str, Draft] = {}
        self._flying: dict[str, Draft] = {}
        self._mine: set[str] = set()
        """The rows that this process writes ..."""
        self._replaced: dict[str, DraftRow] = {}
        """... the rows that they go on from, until they are written ..."""
        self._own: dict[str, str] = {}
        """... and which row of ours goes on with one that was read."""
        self._turn = asyncio.Lock()
        self._hurry = asyncio.Event()
        self._settled = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._failed: StoreError | None = None
        self._items: frozenset[str] | None = None
        self._told: frozenset[str] = frozenset()
        self._version = -1
        self._looked = 0.0

    # ---------------------------------------------------------------- writing

    def new(
        self, item: Item, *, text: str = "", audience: Audience = "public", post: str | None = None,
        quote: Foreign | None = None, verb: str = "reply",
    ) -> Draft:
        """A new draft for the item, besides those there are; `save` keeps it. `post` None is the item's own post."""
        return Draft(
            id=self._fresh(), item=item.id, community=item.ref.community, subject=str(item.ref), number=item.number,
            to=item.author.username if item.author is not None else None,
            title=None if item.folded else item.place.thread_title or item.title, verb=verb, audience=audience,
            text=text, post=post, quote=quote, language=item.language,
        )  # fmt: skip

    def _fresh(self) -> str:
        id = new_id(self._clock.now_ms())
        self._mine.add(id)
        return id

    def save(self, draft: Draft) -> Draft:
        """Keep the draft as it is now; gives it with its time, and with its new id where it goes on from one that this
        process did not write. To be called at each change, with what the last call gave: it costs nothing, the disk is
        written behind it. An empty text is let go of."""
        if draft.id not in self._mine:
            old = draft
            if old.id not in self._own:
                self._own[old.id] = self._fresh()
                self._replaced[self._own[old.id]] = _row(old)
            draft = replace(draft, id=self._own[old.id])
        return self._keep(replace(draft, saved_ms=self._clock.now_ms()))

    def _keep(self, draft: Draft) -> Draft:
        self._pending[draft.id] = draft
        self._items = None if self._items is None or draft.item not in self._items else self._items
        self._start()
        return draft

    def _start(self) -> None:
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write(), name="drafts")

    @property
    def saving(self) -> bool:
        """Whether something is not on the disk yet."""
        return bool(self._pending or self._flying)

    async def flush(self) -> None:
        """Wait until everything is on the disk. Raises StoreError when it cannot be; then the text is still here."""
        while self.saving:
            self._start()
            self._settled.clear()
            self._hurry.set()
            await self._settled.wait()
            if self._failed is not None:
                raise self._failed

    async def close(self) -> None:
        """Write what is left. What the disk does not take is told, and lost with the process."""
        try:
            await self.flush()
        except StoreError as error:
            self._tell(error)
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def _write(self) -> None:
        told = False
        while self._pending:
            batch, self._pending = self._pending, {}
            self._flying = batch
            wait_s = EVERY_S
            try:
                await self._put(batch)
                self._failed, told = None, False
            except Exception as mistake:
                error = mistake if isinstance(mistake, StoreError) else StoreError("modtui made a mistake.")
                if error is not mistake:
                    _log.error("%s while writing a draft", type(mistake).__name__)
                self._pending = {**batch, **self._pending}
                self._failed = error
                wait_s = AGAIN_S
                if not told:
                    told = True
                    self._tell(StoreError(f"Your text is not on the disk yet: {error.message}", error.hint))
            finally:
                self._flying = {}
                self._settled.set()
            hurried = self._hurry.is_set()
            self._hurry.clear()
            if wait_s == AGAIN_S or not (hurried and self._pending):
                await self._clock.wait(self._hurry, wait_s)

    async def _put(self, batch: dict[str, Draft]) -> None:
        async with self._turn:
            for id, draft in batch.items():
                replaced = self._replaced.get(id)
                if draft.text.strip():
                    await self._journal.put_draft(_row(draft), replaced)
                else:
                    await self._journal.drop_drafts([id, *([replaced.id] if replaced is not None else [])])
                self._replaced.pop(id, None)
        self._moved()

    async def drop(self, id: str) -> None:
        """Throw a draft away. Raises StoreError."""
        await self._drop([id])

    async def _drop(self, ids: Sequence[str]) -> None:
        async with self._turn:
            for id in ids:
                self._pending.pop(id, None)
                self._replaced.pop(id, None)
            await self._journal.drop_drafts(ids)
        self._moved()

    def _moved(self) -> None:
        """Rows that got or lost a draft are told."""
        self._items = None
        moved = self.items() ^ self._told
        self._told = self.items()
        if moved:
            self._changed(tuple(sorted(moved)))

    # ---------------------------------------------------------------- looking

    def _everything(self) -> list[Draft]:
        """All drafts as they are now, sent ones too, the newest first. Raises StoreError."""
        found = {row.id: _of_row(row) for row in self._journal.drafts()}
        for id, draft in (*self._flying.items(), *self._pending.items()):
            replaced = self._replaced.get(id)
            if replaced is not None and (old := found.get(replaced.id)) and old.revision == replaced.revision:
                found.pop(replaced.id)
            found.pop(id, None)
            if draft.text.strip():
                found[id] = draft
        return sorted(found.values(), key=lambda draft: (draft.saved_ms, draft.id), reverse=True)

    def all(self) -> list[Draft]:
        """The drafts that wait for the moderator, the newest first; not those whose reply is on its way. Raises
        StoreError."""
        return [draft for draft in self._everything() if not self._on_its_way(draft)]

    def of(self, item_id: str) -> list[Draft]:
        """Those for one item, the newest first. Raises StoreError."""
        return [draft for draft in self.all() if draft.item == item_id]

    def get(self, id: str) -> Draft | None:
        """The draft with this id, waiting or on its way. Raises StoreError."""
        return next((draft for draft in self._everything() if draft.id == id), None)

    def items(self) -> frozenset[str]:
        """The items that have a draft, for the letters of rows. Cheap: read again only after a change, and looked for
        changes of other processes at most once a second."""
        now = self._clock.monotonic()
        if self._items is not None and now - self._looked > LOOK_S:
            self._looked = now
            version = self._journal.data_version()
            if version != self._version:
                self._version = version
                self._items = None
        if self._items is None:
            try:
                self._items = frozenset(draft.item for draft in self.all())
            except StoreError as error:
                self._items = frozenset()
                self._tell(error)
        return self._items

    # ---------------------------------------------------------------- sending

    def _decision(self, draft: Draft, known: Iterable[tuple[Decision, Target]] = ()) -> tuple[Decision, Target] | None:
        """The newest decision that sends, or sent, this text. `known` are older ones, from the journal."""
        parsed = parse_item_id(draft.item)
        if parsed is None:
            return None
        for decision, target in (*self._book.of(parsed[1]), *known):
            if decision.undo_of is not None or decision.verb != draft.verb:
                continue
            same = decision.created_ms >= draft.saved_ms and draft.text.strip() == (decision.intent.text or "").strip()
            if same or decision.id == draft.decision:
                return decision, target
        return None

    def _on_its_way(self, draft: Draft) -> bool:
        found = self._decision(draft)
        return found is not None and (_arrived(found[1]) or found[1].state in ("held", "sending", "unknown"))

    async def sent(self, draft: Draft, decision: Decision) -> None:
        """The draft was decided on: it is offered again only if that does not reach the site. Raises StoreError."""
        self.save(replace(draft, decision=decision.id))
        await self.flush()

    async def heard(self, decision: Decision) -> None:
        """A decision moved: what is on the site needs no draft any more. Raises StoreError."""
        items = {target.item for target in decision.targets}
        if decision.undo_of is not None or not any(draft.item in items for draft in self._everything()):
            return
        await self._let_go([draft for draft in self._everything() if draft.item in items])
        self._moved()

    async def tidy(self) -> None:
        """At the start: let go of what reached the site before its process could. Raises StoreError."""
        await self._let_go(self._everything(), older=True)

    async def _let_go(self, drafts: Sequence[Draft], *, older: bool = False) -> None:
        done: list[str] = []
        for draft in drafts:
            parsed = parse_item_id(draft.item)
            known = [(one, target) for one in self._journal.earlier(parsed[1]) for target in one.targets
                     if target.ref == parsed[1]] if older and parsed is not None else []  # fmt: skip
            found = self._decision(draft, known)
            if found is not None and _arrived(found[1]):
                done.append(draft.id)
        if done:
            await self._drop(done)

    async def give_back(self, decision: Decision, item: Item | None) -> str | None:
        """The draft that holds the text of a reply which was taken back: its own, else a new one with the text of the
        decision. None where the decision has no such text. Raises StoreError."""
        if decision.verb != "reply" or not (decision.intent.text or "").strip() or not decision.targets:
            return None
        target = decision.targets[0]
        later_ms = max(self._clock.now_ms(), decision.created_ms + 1)  # so that it is not taken for what was sent
        for draft in self._everything():
            it = self._decision(draft) if draft.item == target.item else None
            if it is not None and it[0].id == decision.id:
                kept = self._keep(replace(self.save(draft), decision=None, saved_ms=later_ms))
                await self.flush()
                return kept.id
        intent = decision.intent
        fresh = Draft(
            id=self._fresh(), item=target.item, community=target.ref.community,
            subject=str(target.ref), number=target.number, to=target.author, title=target.title,
            audience=intent.audience, text=intent.text or "", post=intent.post,
            language=item.language if item is not None else None, saved_ms=later_ms,
        )  # fmt: skip
        self._keep(fresh)
        await self.flush()
        return fresh.id


def _arrived(target: Target) -> bool:
    """Whether the text itself is on the site, whatever became of the steps after it."""
    first = next((step for step in target.steps if step.reaches), target.steps[0] if target.steps else None)
    return first is not None and first.state == "done"
