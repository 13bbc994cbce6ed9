"""The lane of questions, worked on: replies, answers that are marked, and the thread's other verbs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Backend
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Intent, Plan, Step
from modtui.domain.items import Item
from modtui.errors import ModtuiError, NetworkError, ReadOnly, Refused, UsageError
from modtui.testing.asking import HOSTILE, need_questions, question_now, waiting
from modtui.testing.lossy import lossy
from modtui.testing.site import Site
from modtui.testing.steps import all_items, carry_out, one_of, steps_of, thread_intent

REPLY = "Turn it off, count to ten, and turn it on again."


async def _asked(site: Site, backend: Backend, text: str = "How does it go on?") -> Item:
    return await question_now(backend, await site.ask(text))


async def _undo(backend: Backend, item: Item, intent: Intent, done: list[Step]) -> Plan:
    """Take back what was done, as the question is now."""
    now = await question_now(backend, item.ref)
    back = backend.plan_undo(now, intent, done)
    assert back == backend.plan_undo(now, intent, done), "the same steps, the same way back"
    await carry_out(backend, back, "undo")
    return back


def _place(item: Item) -> object:
    """What the thread's verbs change."""
    asked = item.question
    assert asked is not None
    tags = sorted(item.place.tags)
    return (item.state, item.place.closed, item.place.category_id, tags, asked.state, asked.assigned, asked.watched,
            asked.bookmarked_ms, asked.accepted, asked.replies)  # fmt: skip


def _marks(backend: Backend) -> bool:
    """Whether this account can mark answers (on NodeBB that takes a live connection, which a token does not get)."""
    return not isinstance(backend.capabilities.verb("accept"), Blocked)


def _closes(item: Item) -> bool:
    """Whether the site can close the thread of a question (Matrix has nothing of the kind)."""
    lock = item.offer("lock")
    return lock is not None and lock.capability == ALLOWED


class AnsweringContract:
    """A reply arrives once, where it belongs, and can be taken back."""

    # --- plans

    async def test_every_offer_of_a_question_has_a_plan_or_a_reason(self, site: Site, backend: Backend) -> None:
        """Give every offer of a question a plan that is pure, has words and names what stays; or make it
        Blocked with a sentence and let `plan` refuse it."""
        need_questions(site, backend)
        item, other = await _asked(site, backend), await _asked(site, backend, "Another one?")
        post = await site.answer(item.ref, "So.")
        item = await question_now(backend, item.ref)
        reply = item.offer("reply")
        assert reply is not None and reply.capability == ALLOWED
        assert len({offer.id for offer in item.offers}) == len(item.offers)
        intents = {offer.id: await thread_intent(backend, item, offer.verb, post=post, original=other.number)
                   for offer in item.offers}  # fmt: skip
        asked = len(backend.wire.requests)
        stored = msgspec.json.decode(msgspec.json.encode(item), type=Item)
        for offer in item.offers:
            intent = intents[offer.id]
            assert offer.label
            if isinstance(offer.capability, Blocked):
                sentence = offer.capability.sentence
                assert sentence and not sentence.endswith("."), offer.id
                with pytest.raises(Refused) as refusal:
                    backend.plan(item, intent or Intent(verb=offer.verb))
                assert refusal.value.message
            elif intent is not None:
                intent = msgspec.structs.replace(intent, offer=offer.id, text=intent.text or "Some words.")
                plan = backend.plan(item, intent)
                assert plan.steps and plan.effects and all(step.words for step in plan.steps), offer.id
                assert plan.reversal == "full" or plan.stays, f"{offer.id}: what stays is named"
                assert plan == backend.plan(item, intent) == backend.plan(stored, intent)
                assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan, "it fits the journal"
        assert len(backend.wire.requests) == asked, "planning asks nobody"
        assert await site.talk(item.ref) == await site.talk(item.ref)

    async def test_what_a_reply_needs_is_asked_for(self, site: Site, backend: Backend) -> None:
        """Refuse with a sentence what is not complete: a reply without text, an answer to mark without a post,
        a duplicate without another thread, an audience that the site does not have."""
        need_questions(site, backend)
        item = await _asked(site, backend)
        await site.answer(item.ref, "So.")
        item = await question_now(backend, item.ref)
        for empty in (Intent(verb="reply"), Intent(verb="reply", text=" \n "), Intent(verb="accept"),
                      Intent(verb="duplicate"), Intent(verb="duplicate", to=item.number)):  # fmt: skip
            with pytest.raises((Refused, UsageError)) as trouble:
                backend.plan(item, empty)
            assert trouble.value.message, empty.verb
        for audience, feature in (("staff", "whisper"), ("private", "message")):
            intent = Intent(verb="reply", text=REPLY, audience=audience)  # type: ignore[arg-type]
            if isinstance(backend.capabilities.feature(feature), Blocked):
                with pytest.raises(Refused):
                    backend.plan(item, intent)
            else:
                assert backend.plan(item, intent).steps

    # --- replies

    @pytest.mark.parametrize("text", [REPLY, HOSTILE], ids=["plain", "hostile"])
    async def test_a_reply_arrives_and_is_taken_back(self, site: Site, backend: Backend, text: str) -> None:
        """Send a reply once, as it was written, into the thread of its question; know it as our own when the
        row is read again; and take it back as the plan promised."""
        need_questions(site, backend)
        before = await _asked(site, backend)
        intent = Intent(verb="reply", text=text)
        plan = backend.plan(before, intent)
        assert plan.reaches, "it waits as long as what a member gets"
        assert await site.talk(before.ref) == await site.talk(before.ref)
        done = await carry_out(backend, plan, "reply")
        assert (await site.talk(before.ref)).replies == (text.strip(),)
        now = await question_now(backend, before.ref)
        answer = done[0].answer
        assert now.question is not None and answer is not None
        assert now.question.last in (str(answer.data.get("post")), str(answer.data.get("number"))), "known as our own"
        assert now.question.state != "unanswered" and now.question.replies == 1
        account = await backend.identify()
        assert now.question.last_by == account.username
        back = await _undo(backend, before, intent, done)
        assert (back.reversal == "none") == (plan.reversal == "none"), "the plan promised what undo can do"
        if back.reversal != "none":
            assert (await site.talk(before.ref)).replies == ()
            assert _place(await question_now(backend, before.ref)) == _place(before)
            assert before.ref in await waiting(backend)

    async def test_a_reply_stands_below_the_post_that_it_answers(self, site: Site, backend: Backend) -> None:
        """Send a reply to the post that the intent names (`Intent.post`), and let `ThreadPost.reply_to` say
        so."""
        need_questions(site, backend)
        item = await _asked(site, backend)
        await site.answer(item.ref, "The first answer.")
        post = await site.answer(item.ref, "The second answer, which is wrong.")
        await carry_out(
            backend, backend.plan(await question_now(backend, item.ref), Intent(verb="reply", text=REPLY, post=post)),
            "reply",
        )  # fmt: skip
        thread = await backend.thread(await question_now(backend, item.ref))
        mine = next(one for one in thread.posts if REPLY in one.body.text)
        above = next(one for one in thread.posts if one.id == post)
        assert mine.reply_to == above.number

    async def test_a_reply_can_be_the_answer_and_close(self, site: Site, backend: Backend) -> None:
        """Make a reply with `accept` and `close` three steps: the reply, the mark on it, the closing (where the site
        closes threads); and undo them in reverse."""
        need_questions(site, backend)
        item = await _asked(site, backend)
        closes, marks = _closes(item), _marks(backend)
        intent = Intent(verb="reply", text=REPLY, accept=marks, close=closes)
        done = await carry_out(backend, backend.plan(item, intent), "reply")
        stands = await site.talk(item.ref)
        assert (stands.replies, stands.marked, stands.closed) == ((REPLY,), (REPLY,) if marks else (), closes)
        now = await question_now(backend, item.ref)
        assert now.question is not None and (now.question.state == "solved") == marks and now.place.closed == closes
        assert item.ref not in await waiting(backend)
        back = await _undo(backend, item, intent, done)
        if back.reversal != "none":
            stands = await site.talk(item.ref)
            assert (stands.replies, stands.marked, stands.closed) == ((), (), False)

    # --- answers

    async def test_an_answer_is_marked_and_unmarked(self, site: Site, backend: Backend) -> None:
        """Mark the post that the intent names as the answer, tell so in the row, offer to take the mark off,
        and undo it."""
        need_questions(site, backend)
        ref = await site.ask("Which one is right?")
        await site.answer(ref, "Not this one.")
        post = await site.answer(ref, "This one.")
        before = await question_now(backend, ref)
        if not _marks(backend):
            with pytest.raises(Refused):
                backend.plan(before, Intent(verb="accept", post=post))
            return
        assert before.question is not None and before.question.can_accept
        intent = Intent(verb="accept", post=post)
        done = await carry_out(backend, backend.plan(before, intent), "accept")
        assert (await site.talk(ref)).marked == ("This one.",)
        now = await question_now(backend, ref)
        assert now.question is not None and (now.question.state, now.question.accepted) == ("solved", post)
        with pytest.raises(Refused):
            backend.plan(now, intent)
        off = now.offer("unaccept")
        assert off is not None and off.capability == ALLOWED and backend.plan(now, Intent(verb="unaccept")).steps
        await _undo(backend, before, intent, done)
        assert (await site.talk(ref)).marked == ()
        assert _place(await question_now(backend, ref)) == _place(before)

    # --- what else a thread takes

    @pytest.mark.parametrize("verb", ["lock", "watch", "move", "tag", "assign", "bookmark", "duplicate"])
    async def test_a_verb_on_the_thread_is_sent_looked_up_and_taken_back(
        self, site: Site, backend: Backend, verb: str
    ) -> None:
        """Let each verb on a thread be seen in the row after it, be found by `fate`, and be taken back; or
        block it with a sentence."""
        need_questions(site, backend)
        item = await _asked(site, backend)
        original = await site.ask("Where did this begin?")
        offer = item.offer(verb)
        if offer is None or isinstance(offer.capability, Blocked):
            blocked = backend.capabilities.verb(verb)
            assert offer is not None or (isinstance(blocked, Blocked) and blocked.sentence), verb
            with pytest.raises((Refused, UsageError)):
                backend.plan(item, Intent(verb=verb, to=original.native))
            return
        intent = await thread_intent(backend, item, verb, original=original.native)
        if intent is None:
            pytest.skip("the site has nothing to pick")
        plan, since = backend.plan(item, intent), backend.wire.clock_ms - 2000
        done: list[Step] = []
        for step in steps_of(plan, verb):
            asked = await backend.fate(item, step.call, key=step.key, since_ms=since)
            assert asked.is_ == "not sent", f"{step.words}: {asked.words}"
            answer = await backend.send(step.call, key=step.key)
            asked = await backend.fate(item, step.call, key=step.key, since_ms=since)
            assert asked.is_ == "done", f"{step.words}: {asked.words}"
            done.append(msgspec.structs.replace(step, state="done", answer=answer))
        after = await question_now(backend, item.ref)
        assert _place(after) != _place(item), "it is to be seen"
        again = after.offer(verb)
        assert verb not in ("lock", "watch", "duplicate") or (again and isinstance(again.capability, Blocked))
        back = await _undo(backend, item, intent, done)
        assert back.reversal != "none" and (back.reversal == "full" or back.stays)
        assert _place(await question_now(backend, item.ref)) == _place(item)

    async def test_a_reported_post_can_be_answered(self, site: Site, backend: Backend) -> None:
        """Let a reported post be answered below it, and leave its reports as they are."""
        if isinstance(backend.capabilities.verb("reply"), Blocked):
            pytest.skip("this platform has no replies")
        ref = await site.report("What was reported, and asked.")
        item = one_of(await all_items(backend, site.lane), ref)
        stands = await site.standing(item.ref)
        intent = Intent(verb="reply", text=REPLY)
        done = await carry_out(backend, backend.plan(item, intent), "reply")
        thread = await backend.thread(item)
        mine = next(one for one in thread.posts if REPLY in one.body.text)
        subject = next(one for one in thread.posts if one.subject)
        assert mine.number > subject.number and mine.reply_to in (None, subject.number)
        now = (await backend.reread([item.ref]))[item.ref]
        assert isinstance(now, Item) and await site.standing(item.ref) == stands, "the report is as open as before"
        back = backend.plan_undo(now, intent, done)
        await carry_out(backend, back, "undo")
        left = [one for one in (await backend.thread(item)).posts if REPLY in one.body.text and not one.deleted]
        assert back.reversal == "none" or not left

    # --- lost answers

    async def test_what_became_of_a_reply_is_read_from_the_thread(self, site: Site, backend: Backend) -> None:
        """Let `fate` find a reply in the thread by its text, author and time, with the same data as `send`, and
        never the reply of another decision (`known`)."""
        need_questions(site, backend)
        item = await _asked(site, backend)
        since = backend.wire.clock_ms - 2000
        plan = backend.plan(item, Intent(verb="reply", text=REPLY, accept=_marks(backend), close=_closes(item)))
        steps = steps_of(plan, "fate")
        for step in steps:
            before = await backend.fate(item, step.call, key=step.key, since_ms=since)
            assert before.is_ == "not sent", f"{step.words}: {before.words}"
            answer = await backend.send(step.call, key=step.key)
            after = await backend.fate(item, step.call, key=step.key, since_ms=since)
            assert after.is_ == "done", f"{step.words}: {after.words}"
            if answer.data:
                assert after.answer is not None and after.answer.data.keys() >= answer.data.keys(), "undo needs it"
                assert after.answer.data.get("post") == answer.data.get("post")
        reply = plan.steps[0].call
        mine = (await backend.fate(item, reply, key=steps[0].key, since_ms=since)).answer
        assert mine is not None
        other = await backend.fate(item, reply, key="second", since_ms=since, known=[mine])
        assert other.is_ == "not sent", "the reply of another decision with the same words is not this one"

    async def test_a_reply_whose_answer_is_lost_is_not_doubled(
        self, site: Site, backend: Backend, tmp_path: Path
    ) -> None:
        """Never send a reply twice: when its answer is lost, raise NetworkError(sent=True) and let `fate` find
        it in the thread."""
        need_questions(site, backend)
        connection = site.connection(tmp_path)
        if not connection.url.startswith("http://"):
            pytest.skip("the answer cannot be lost on a line that is encrypted")
        item = await _asked(site, backend)
        async with lossy(connection.url) as line:
            shaky = site.make(msgspec.structs.replace(connection, url=line.url))
            try:
                await shaky.identify()
                step = steps_of(shaky.plan(item, Intent(verb="reply", text=REPLY)), "lost")[0]
                since = shaky.wire.clock_ms - 2000
                line.losing = True
                with pytest.raises(ModtuiError) as trouble:
                    await shaky.send(step.call, key=step.key)
                assert line.lost == 1
                assert isinstance(trouble.value, NetworkError) and trouble.value.sent, "its fate is not known"
                found = await shaky.fate(item, step.call, key=step.key, since_ms=since)
            finally:
                await shaky.aclose()
        assert (await site.talk(item.ref)).replies == (REPLY,), "it was sent once"
        assert found.is_ == "done" and found.answer is not None
        sent = msgspec.structs.replace(step, state="done", answer=found.answer)
        await _undo(backend, item, Intent(verb="reply", text=REPLY), [sent])
        assert (await site.talk(item.ref)).replies == (), "what was looked up can be taken back"

    # --- read-only

    async def test_read_only_answers_nobody(self, site: Site, backend: Backend, read_only: Backend) -> None:
        """Send every write through the door, which refuses it with --read-only."""
        need_questions(site, backend)
        item = await _asked(site, backend)
        assert item.ref in await waiting(read_only), "reading still works"
        intent = Intent(verb="reply", text=REPLY, accept=_marks(backend), close=_closes(item))
        for step in steps_of(backend.plan(item, intent), "never"):
            with pytest.raises((ReadOnly, Refused)):
                await read_only.send(step.call, key=step.key)
        stands = await site.talk(item.ref)
        assert (stands.replies, stands.marked, stands.closed) == ((), (), False)
