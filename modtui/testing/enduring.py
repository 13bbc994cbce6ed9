"""What the world does to a backend: strangers' texts, other versions, lost answers, and moderators who go away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from modtui.backends.base import Backend
from modtui.domain.decisions import Answer, Step
from modtui.domain.items import Item
from modtui.domain.seen import differences, seen_of
from modtui.domain.subjects import SubjectRef
from modtui.errors import ModtuiError, NetworkError
from modtui.testing.asking import HOSTILE
from modtui.testing.between import Between, between, later_version
from modtui.testing.lossy import lossy
from modtui.testing.offering import reported
from modtui.testing.site import Site
from modtui.testing.spending import plain
from modtui.testing.steps import all_items, carry_out, intent, one_of, steps_of
from modtui.text import show, show_line

PATIENCE_S = 30.0
_RAW = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066")


def texts(value: Any) -> Iterator[str]:
    """Every text in a domain object, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from (*texts(name), *texts(inner))
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from texts(inner)


@asynccontextmanager
async def watched(site: Site, tmp_path: Path) -> AsyncIterator[tuple[Between, Backend]]:
    """A way to the site, and the moderator's backend on it, which has identified itself."""
    connection = plain(site.connection(tmp_path))
    async with between(connection.url) as way:
        backend = site.make(msgspec.structs.replace(connection, url=way.url))
        try:
            await backend.identify()
            yield way, backend
        finally:
            await backend.aclose()


async def kept(way: Between, task: asyncio.Task[Any]) -> bool:
    """Wait until an answer is kept back; False when the task ended before."""
    waiting = asyncio.ensure_future(way.kept.wait())
    try:
        await asyncio.wait({task, waiting}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    assert way.kept.is_set() or task.done(), f"The site was not asked within {PATIENCE_S:.0f} s."
    return way.kept.is_set() and not task.done()


class EnduringContract:
    """Nothing that comes from outside makes a backend crash, forget or lie."""

    # --- texts of strangers

    async def test_hostile_texts_are_kept_as_they_are(self, site: Site, backend: Backend) -> None:
        """Keep every text as the site sent it, as `Foreign`: control signs, marks that turn the line, tags and braces
        are neither dropped, cut nor run; `modtui.text` makes them harmless when they are drawn."""
        ref = await site.hostile(HOSTILE)
        item = one_of(await all_items(backend, site.lane), ref)
        words = "The row of a hostile text has a `problem`; a text is no reason for one."
        assert item.problem is None, f"{words} It says: {show_line(item.problem or '', 200)}"
        typed = (await site.standing(ref)).text
        found = item.source if item.source is not None else item.body.text if item.body else ""
        if item.source is not None or (item.body is not None and item.body.format != "html"):
            words = "The text is not as the site has it. Keep it whole: the seen-digest and an edit rest on it."
            assert found.strip() == typed.strip(), words
        assert item.body is not None and "Plain words first." in item.body.text, "The row's body lacks its first words."
        thread = await backend.thread(item)
        shown = [post for post in thread.posts if post.subject]
        assert shown and "Plain words first." in shown[0].body.text, "The thread lacks the hostile post's words."
        for whole in (item, thread):
            stored = msgspec.json.decode(msgspec.json.encode(whole), type=type(whole))
            assert stored == whole, "What holds a hostile text has to come back from the cache as it went in."
        for text in texts(msgspec.to_builtins((item, thread))):
            assert not any(sign in show(text) for sign in _RAW), "show() left something raw."

    async def test_our_own_sentences_hold_nothing_raw(self, site: Site, backend: Backend) -> None:
        """Make what the site said harmless before it goes into a sentence of your own: words of steps, effects and
        errors are drawn as they are, so use `show_line` for names and texts in them."""
        for verb in ("approve", "remove"):
            ref = await site.hostile(HOSTILE)
            item = one_of(await all_items(backend, site.lane), ref)
            plan = backend.plan(item, intent(verb))
            said = [*(step.words for step in plan.steps), *(effect.words for effect in plan.effects), *plan.stays]
            for words in said:
                raw = any(sign in words for sign in _RAW)
                assert not raw, f"{verb}: use show_line for the foreign text in {words!r}."
            done = await carry_out(backend, plan, f"hostile-{verb}")
            assert all(step.state == "done" for step in done)

    # --- other versions of the platform

    async def test_unknown_and_missing_keys_change_nothing(self, site: Site, tmp_path: Path, backend: Backend) -> None:
        """Decode leniently: a key that a later version adds is ignored, and one that is null or that the site may leave
        out is the same as none. Let every field of `wire.py` have a default and forbid no unknown ones."""
        ref = await site.report("Read through another version.", reporters=2)
        plainly = one_of(await all_items(backend, site.lane), ref)
        async with watched(site, tmp_path) as (way, later):
            way.change = lambda value: later_version(value, site.optional)
            try:
                account = await later.identify()
                item = one_of(await all_items(later, site.lane), ref)
                again = (await later.reread([ref]))[ref]
                thread = await later.thread(item)
                await later.counts()
                assert account.username and item.author is not None
                await later.dossier(item.author.native)
                first = await later.changes(None)
                await later.changes(first.position)
            except ModtuiError as error:
                pytest.fail(f"With unknown keys in its answers the site cannot be read any more: {error.message}")
            changed = [one.words for one in differences(seen_of(plainly), item)]
            assert not changed, f"Unknown or missing keys changed what a row says: {'; '.join(changed)}."
            offered = [one.id for one in item.offers], [one.id for one in plainly.offers]
            assert offered[0] == offered[1], "Unknown or missing keys changed what is offered."
            assert isinstance(again, Item) and any(post.subject for post in thread.posts)
            await carry_out(later, later.plan(item, intent("approve")), "later")
        assert not (await site.standing(ref)).reported, "With unknown keys in the answers an approval did nothing."

    # --- lost answers

    @pytest.mark.parametrize("verb", ["approve", "remove"])
    async def test_a_decision_whose_answer_is_lost_is_looked_up(
        self, site: Site, backend: Backend, tmp_path: Path, verb: str
    ) -> None:
        """Raise NetworkError(sent=True) when the answer to a write is lost, never repeat the write, and let `fate` read
        from the site that it was done."""
        connection = plain(site.connection(tmp_path))
        item = await reported(site, backend)
        async with lossy(connection.url) as line:
            shaky = site.make(msgspec.structs.replace(connection, url=line.url))
            try:
                await shaky.identify()
                since = shaky.wire.clock_ms - 2000
                step = steps_of(shaky.plan(item, intent(verb)), "lost")[0]
                line.losing = True
                with pytest.raises(ModtuiError) as trouble:
                    await shaky.send(step.call, key=step.key)
                error = trouble.value
                words = f"`send` raised {type(error).__name__} when the answer was lost. Its fate is not known: "
                assert isinstance(error, NetworkError) and error.sent, words + "raise NetworkError(sent=True)."
                found = await shaky.fate(item, step.call, key=step.key, since_ms=since)
            finally:
                await shaky.aclose()
        assert found.is_ == "done", f"`fate` says {found.is_!r} of a step that arrived ({found.words}). Read the site."
        await self._undone(site, backend, item, verb, step, found.answer)

    async def _undone(
        self, site: Site, backend: Backend, item: Item, verb: str, step: Step, answer: Answer | None
    ) -> None:
        """What was looked up can be taken back."""
        done = [msgspec.structs.replace(step, state="done", answer=answer)]
        now = (await backend.reread([item.ref]))[item.ref]
        back = backend.plan_undo(now if isinstance(now, Item) else item, intent(verb), done)
        if back.reversal == "none":
            return
        await carry_out(backend, back, "found")
        stands = await site.standing(item.ref)
        words = "A step that `fate` found done cannot be taken back: let its answer hold what `send`'s holds."
        assert stands.shown and stands.text == "What was reported.", words

    # --- who goes away in the middle

    async def test_a_read_that_is_given_up_costs_nothing(self, site: Site, tmp_path: Path) -> None:
        """Survive that a read is cancelled: the moderator moved on. The next call works and loses nothing."""
        ref = await site.report("Looked at and left.")
        async with watched(site, tmp_path) as (way, backend):
            for read in ("page", "reread", "counts"):
                await self._given_up(site, way, backend, read, ref)
            words = "After a read that was cancelled the backend lost rows. Keep no half-read state."
            assert ref in {item.ref for item in await all_items(backend, site.lane)}, words
            assert isinstance((await backend.reread([ref]))[ref], Item), words

    async def _given_up(self, site: Site, way: Between, backend: Backend, read: str, ref: SubjectRef) -> None:
        way.keep("reads")
        calls = {
            "page": lambda: backend.page(site.lane), "reread": lambda: backend.reread([ref]), "counts": backend.counts,
        }  # fmt: skip
        task: asyncio.Task[Any] = asyncio.ensure_future(calls[read]())
        if not await kept(way, task):
            return  # it answered without asking
        task.cancel()
        ended = (await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), PATIENCE_S))[0]
        words = f"`{read}` swallowed its cancellation and answered {ended!r}. Let CancelledError pass."
        assert isinstance(ended, asyncio.CancelledError), words
        way.release()

    @pytest.mark.parametrize("verb", ["approve", "remove"])
    async def test_a_write_that_is_given_up_is_no_lie(self, site: Site, tmp_path: Path, verb: str) -> None:
        """Never turn a write that was cut off into "not sent": it is done, it is NetworkError(sent=True), or the
        cancellation passes; and `fate` says what the site says."""
        ref = await site.report("What was reported.")
        async with watched(site, tmp_path) as (way, backend):
            item = one_of(await all_items(backend, site.lane), ref)
            since = backend.wire.clock_ms - 2000
            step = steps_of(backend.plan(item, intent(verb)), "given-up")[0]
            way.keep("writes")
            task = asyncio.ensure_future(backend.send(step.call, key=step.key))
            assert await kept(way, task), f"`send` of {step.words!r} ended without having written anything."
            task.cancel()
            way.release()
            ended = (await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), PATIENCE_S))[0]
            honest = isinstance(ended, Answer | asyncio.CancelledError) or (
                isinstance(ended, NetworkError) and ended.sent
            )
            words = f"A write that had arrived was cut off, and `send` ended with {ended!r}. Its fate is unknown: let "
            assert honest, words + "CancelledError pass, or raise NetworkError(sent=True)."
            found = await backend.fate(item, step.call, key=step.key, since_ms=since)
            words = f"The site carried it out, and `fate` says {found.is_!r} ({found.words}). Read it from the site."
            assert found.is_ == "done", words
