"""NodeBB's lanes, on a hand-made fake of a forum over real HTTP: what must never be published twice, replies and edits,
polling with 304, what older forums send, and texts of strangers."""

from __future__ import annotations

from datetime import UTC

import pytest

from modtui.backends.nodebb.values import Row
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Answer, Intent, Sanction
from modtui.domain.items import Gone
from modtui.domain.subjects import SubjectRef, community_id
from modtui.errors import ModtuiError, NetworkError, NotFound, Refused, Stale
from modtui.testing import carry_out
from modtui.testing.lossy import lossy
from modtui.widgets.item_lines import ItemView, body_lines
from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_records import Post, User
from tests.nodebb.acting import Open, again, do, row, undo

pytestmark = pytest.mark.anyio


# --- the queue

def waiting(forum: Forum, mara: User) -> SubjectRef:
    """A topic that waits; its reference comes from the backend."""
    forum.wait(forum.member("newbie"), "Hello, how do I *reset* it?", title="My very first question")
    return SubjectRef(community_id("x", "y", "z"), "queued", next(iter(forum.queue)))


async def test_what_waits_is_published_once(forum: Forum, mara: User, open_: Open) -> None:
    waiting(forum, mara)
    mine, theirs = await open_(forum.gmod), await open_(forum.admin)
    (item,) = (await mine.page("pending")).items
    plan = mine.plan(item, Intent(verb="approve"))
    assert plan.asks and plan.reversal == "none"
    await carry_out(mine, plan, "mine")
    with pytest.raises(Stale):
        await carry_out(theirs, plan, "theirs")
    assert len(forum.published) == 1 and not forum.queue
    assert [topic.title for topic in forum.topics.values()] == ["My very first question"]
    assert isinstance((await mine.reread([item.ref]))[item.ref], Gone)


async def test_a_lost_answer_to_publishing_is_looked_up_and_not_sent_again(
    forum: Forum, mara: User, open_: Open
) -> None:
    waiting(forum, mara)
    backend = await open_(forum.gmod)
    (item,) = (await backend.page("pending")).items
    (step,) = backend.plan(item, Intent(verb="approve")).steps
    assert (await backend.fate(item, step.call, key="k", since_ms=0)).is_ == "not sent"
    post = forum.accept(next(iter(forum.queue.values())))
    found = await backend.fate(item, step.call, key="k", since_ms=0)
    assert found.is_ == "done" and found.answer == Answer(data={"post": str(post.pid), "topic": str(post.tid)})
    decline = backend.plan(item, Intent(verb="remove", reason_title="Off topic")).steps[0]
    assert (await backend.fate(item, decline.call, key="k", since_ms=0)).is_ == "unclear", "it was published instead"


async def test_a_publishing_whose_answer_is_lost_on_the_line_happens_once(
    place: tuple[Forum, str], forum: Forum, mara: User, open_: Open
) -> None:
    waiting(forum, mara)
    async with lossy(place[1]) as line:
        backend = await open_(forum.gmod, url=line.url)
        (item,) = (await backend.page("pending")).items
        (step,) = backend.plan(item, Intent(verb="approve")).steps
        line.losing = True
        with pytest.raises(NetworkError) as error:
            await backend.send(step.call, key="k")
        assert error.value.sent and line.lost == 1
        found = await backend.fate(item, step.call, key="k", since_ms=0)
        await backend.aclose()
    assert found.is_ == "done" and len(forum.published) == 1


async def test_rejecting_sends_a_body_and_keeps_the_text_in_what_was_shown(
    forum: Forum, mara: User, open_: Open
) -> None:
    waiting(forum, mara)
    backend = await open_(forum.gmod)
    (item,) = (await backend.page("pending")).items
    assert item.source == "Hello, how do I *reset* it?"
    (step,) = await do(backend, item, "remove")
    assert not forum.queue and not forum.published
    assert (await backend.fate(item, step.call, key="k", since_ms=0)).is_ == "done"
    assert backend.plan_undo(item, Intent(verb="remove"), [step]).reversal == "none"


async def test_what_waits_is_edited_back_and_its_author_told(forum: Forum, mara: User, open_: Open) -> None:
    waiting(forum, mara)
    backend = await open_(forum.gmod)
    (item,) = (await backend.page("pending")).items
    (entry,) = forum.queue.values()
    done = await do(backend, item, "edit", text="Hello, how do I reset my password?")
    assert entry.raw == "Hello, how do I reset my password?"
    with pytest.raises(Stale):
        await do(backend, item, "approve")
    await undo(backend, item, "edit", done)
    assert entry.raw == item.source
    await do(backend, item, "warn", message="Please add the error text.")
    assert entry.notified == ["Please add the error text."] and entry.id in forum.queue


async def test_sign_ups_are_looked_at_only(forum: Forum, open_: Open) -> None:
    forum.sign_up("waiting1")
    backend = await open_(forum.gmod)
    (item,) = (await backend.page("pending")).items
    assert item.kind == "sign-up" and "waiting1@" not in repr(item)
    with pytest.raises(Refused) as error:
        backend.plan(item, Intent(verb="approve"))
    assert "password login" in str(error.value)
    assert item.author is not None
    private = await backend.private(item.author.native)
    assert (private.email, private.registration_ip) == ("waiting1@example.test", "198.51.100.9")
    with pytest.raises(NotFound):
        await backend.dossier(item.author.native)


async def test_more_than_a_page_waits_and_all_of_it_is_listed_and_watched(
    forum: Forum, mara: User, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [forum.wait(mara, f"Text {at}", title=f"Topic {at}") for at in range(42)]
    for at in range(25):
        forum.sign_up(f"waiting{at}")
    backend = await open_(forum.gmod)
    assert (await backend.counts())["pending"] == 67
    listed = await backend.page("pending")
    assert len(listed.items) == 67 == listed.total
    first = await backend.changes(None)
    entries.append(forum.wait(mara, "Newer", title="The newest"))
    assert (await backend.changes(first.position)).lanes == ("pending",)
    asked = backend._queue.entries  # an entry of the first page is published just after the last page was read

    async def meanwhile(page: int = 1, *, why: str = "") -> Row:
        body: Row = await asked(page, why=why)
        if page == 3:
            forum.accept(entries[0])
        return body

    monkeypatch.setattr(backend._queue, "entries", meanwhile)
    numbers = {item.ref.native for item in (await backend.page("pending")).items}
    assert {entry.id for entry in entries[1:]} <= numbers, "what moves up is not missed"


async def test_a_sign_up_says_who_has_the_same_address(forum: Forum, open_: Open) -> None:
    forum.sign_up("waiting1")
    backend = await open_(forum.gmod)
    (item,) = (await backend.page("pending")).items
    drawn = "\n".join(str(piece) for line in body_lines(ItemView(item=item, now_ms=0, tz=UTC), 80)
                      if isinstance(line, tuple) for piece, _ in line)  # fmt: skip
    assert "wrote nothing" in drawn
    rows, _ = await backend._queue.sign_ups()
    shared = backend._queue.sign_up({**rows[0], "ipMatch": [{"uid": 2, "username": "gmod"}]})
    drawn = "\n".join(str(piece) for line in body_lines(ItemView(item=shared, now_ms=0, tz=UTC), 80)
                      if isinstance(line, tuple) for piece, _ in line)  # fmt: skip
    assert "the same as 1 other account" in drawn


async def test_before_4_4_3_the_queue_is_looked_at_only(forum: Forum, mara: User, open_: Open) -> None:
    waiting(forum, mara)
    forum.version = "4.4.2"
    backend = await open_(forum.gmod)
    (item,) = (await backend.page("pending")).items
    for verb in ("approve", "remove", "edit"):
        offer = item.offer(verb)
        assert offer is not None and isinstance(offer.capability, Blocked) and offer.capability.code == "version"


# --- replies and edits

async def test_a_reply_that_waits_for_approval_says_so(forum: Forum, bad: Post, open_: Open) -> None:
    forum.queued_users.add(forum.gmod.uid)
    backend = await open_(forum.gmod)
    (step,) = await do(backend, await row(backend), "reply", text="Please do not.")
    assert step.answer is not None and step.answer.held and step.answer.data["queued"] in forum.queue


async def test_the_same_reply_twice_is_two_and_a_lost_one_is_found(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    item = await row(backend)
    since = backend.wire.clock_ms - 2000
    (step,) = await do(backend, item, "reply", text="Please do not.")
    found = await backend.fate(item, step.call, key="k", since_ms=since)
    assert found.is_ == "done" and step.answer is not None and found.answer is not None
    assert found.answer.data["post"] == step.answer.data["post"]
    assert (await backend.fate(item, step.call, key="k", since_ms=since, known=[found.answer])).is_ == "not sent"


async def test_a_lost_reply_is_found_at_the_end_of_a_long_topic(forum: Forum, bad: Post, open_: Open) -> None:
    topic = forum.topics[bad.tid]
    for number in range(60):
        forum.add(topic, forum.member(f"m{number}"), f"Number {number}")
    backend = await open_(forum.gmod)
    item = await row(backend)
    since = backend.wire.clock_ms - 2000
    (step,) = await do(backend, item, "reply", text="Please do not.")
    found = await backend.fate(item, step.call, key="k", since_ms=since)
    assert found.is_ == "done" and step.answer is not None and found.answer is not None
    assert found.answer.data["post"] == step.answer.data["post"] == str(topic.pids[-1])


async def test_editing_a_question_leaves_it_one(forum: Forum, mara: User, open_: Open) -> None:
    topic = forum.topic(mara, "How?", "How does it go on", cid=5, question=True)
    backend = await open_(forum.gmod)
    (listed,) = (await backend.page("questions")).items
    with pytest.raises(Refused):
        backend.plan(listed, Intent(verb="edit", text="Too soon"))
    item = await again(backend, listed)
    done = await do(backend, item, "edit", text="How does it go on?", title="How does it go on?")
    assert topic.question and topic.title == "How does it go on?"
    assert forum.posts[topic.pids[0]].raw == "How does it go on?"
    await undo(backend, item, "edit", done)
    assert topic.question and topic.title == "How?"


async def test_a_text_that_changed_meanwhile_is_not_overwritten(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    item = await row(backend)
    bad.raw = "BUY EVEN MORE"
    with pytest.raises(Stale):
        await do(backend, item, "edit", text="nothing to see")
    assert bad.raw == "BUY EVEN MORE"


async def test_platform_actions_on_the_topic(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    item, topic = await row(backend), forum.topics[bad.tid]
    done = await do(backend, item, "offer", offer="pin")
    assert topic.pinned
    await undo(backend, item, "offer", done)
    assert not topic.pinned
    done = await do(backend, item, "offer", offer="delete_topic")
    assert topic.deleted
    await undo(backend, item, "offer", done)
    assert not topic.deleted
    done = await do(backend, item, "move", to="5")
    assert topic.cid == 5
    await undo(backend, item, "move", done)
    assert topic.cid == 7


# --- polling

async def test_a_quiet_forum_answers_304(forum: Forum, mara: User, bad: Post, open_: Open) -> None:
    forum.topic(mara, "How?", "How does it go on?", cid=5, question=True)
    backend = await open_(forum.gmod)
    first = await backend.changes(None)
    forum.served.clear()
    quiet = await backend.changes(first.position)
    assert not quiet.reload and not quiet.touched
    assert {status for _, _, status in forum.served} == {304} and len(forum.served) <= 5
    await backend.page("reports")
    forum.served.clear()
    await backend.page("reports")
    assert [path for _, path, _ in forum.served] == ["/api/flags", "/api/flags"], "rows that stand cost nothing"
    forum.report(forum.member("tomasz"), "post", bad.pid, "Me too")
    loud = await backend.changes(quiet.position)
    assert [ref.kind for ref in loud.touched] == ["flag"] and not loud.reload
    assert len((await row(backend)).reports) == 2


async def test_what_was_changed_from_here_is_read_again(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    item = await row(backend)
    assert (await row(backend)).place.closed is False
    await do(backend, item, "lock")
    assert (await row(backend)).place.closed, "a row that stands is not read again for a while, but for this"


async def test_changes_say_which_lane(forum: Forum, mara: User, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    first = await backend.changes(None)
    forum.wait(mara, "It waits", title="A topic")
    found = await backend.changes(first.position)
    assert found.reload and found.lanes == ("pending",)
    forum.set_flag(forum.admin, next(iter(forum.flags.values())), {"state": "rejected"})
    gone = await backend.changes(found.position)
    assert [ref.kind for ref in gone.touched] == ["flag"] and not gone.reload and gone.counts == {"reports": 0}
    assert (await backend.changes("from another version")).position


# --- what older forums send

async def test_texts_of_a_forum_before_4_14_are_unescaped(forum: Forum, mara: User, open_: Open) -> None:
    forum.version = "4.13.2"
    topic = forum.topic(mara, "Tips & <b>tricks</b>", "Some text", tags=["q&a"])
    forum.report(mara, "post", topic.pids[0], 'He said "no" & left/right')
    backend = await open_(forum.gmod)
    item = await row(backend)
    assert item.title == "Tips & <b>tricks</b>" and item.place.tags == ("q&a",)
    assert item.reports[0].text == 'He said "no" & left/right'
    await do(backend, item, "note", text="5 < 6 & so on")
    note = (await again(backend, item)).notes[0]
    assert note.text == "5 < 6 & so on" and note.by == "gmod"


async def test_texts_since_4_14_are_taken_as_they_are(forum: Forum, mara: User, open_: Open) -> None:
    topic = forum.topic(mara, "Write &amp; like this", "Some text")
    forum.report(mara, "post", topic.pids[0], "It is &lt;b&gt;")
    item = await row(await open_(forum.gmod))
    assert item.title == "Write &amp; like this" and item.reports[0].text == "It is &lt;b&gt;"


async def test_without_the_plugin_a_topic_without_a_reply_waits(forum: Forum, mara: User, open_: Open) -> None:
    forum.plugin = False
    tomasz = forum.member("tomasz")
    asked = forum.topic(mara, "How?", "How does it go on?", cid=5)
    talked = forum.topic(mara, "Talk", "Hello", cid=5)
    forum.add(talked, tomasz, "Hello to you")
    back = forum.topic(mara, "Asked again", "Why?", cid=5)
    forum.add(back, tomasz, "Because.")
    forum.add(back, mara, "And why that?")
    forum.topic(mara, "Chatter", "Nice weather", cid=7)
    backend = await open_(forum.gmod, questions=[5])
    states = {item.number: item.question.state for item in (await backend.page("questions")).items if item.question}
    assert states == {str(asked.tid): "unanswered", str(back.tid): "asker"}
    assert isinstance(backend.capabilities.feature("answered"), Blocked)
    assert (await backend.answered()).threads == ()


async def test_a_reply_that_was_deleted_is_none(forum: Forum, mara: User, open_: Open) -> None:
    topic = forum.topic(mara, "How?", "How does it go on?", cid=5, question=True)
    reply = forum.add(topic, forum.member("tomasz"), "Like this")
    forum.delete_post(forum.gmod, reply)
    backend = await open_(forum.gmod)
    (item,) = (await backend.page("questions")).items
    assert item.question is not None and (item.question.state, item.question.replies) == ("unanswered", 0)


# --- what is private

async def test_addresses_are_kept_nowhere(forum: Forum, mara: User, bad: Post, open_: Open) -> None:
    forum.sign_up("waiting1")
    backend = await open_(forum.gmod)
    item = await row(backend)
    await again(backend, item)
    found = await backend.private(str(bad.uid))
    assert found.email == "spamlord@example.test" and found.ip == "203.0.113.7"
    told = [await backend.dossier(str(bad.uid)), await backend.page("reports"), await backend.page("pending"),
            await backend.members(), await backend.choices("assignee", item=item), vars(backend._client)]  # fmt: skip
    assert not any(word in repr(told) for word in ("@example.test", "203.0.113.7", "198.51.100.9"))


# --- texts of strangers

async def test_hostile_words_everywhere(forum: Forum, open_: Open) -> None:
    odd = "\x1b[31mred\x1b]0;x\x07 \u202eevil {name} [[error:no]] %s"
    user = forum.member("o'hara", about=odd)
    topic = forum.topic(user, odd, odd, tags=["\x1b[2J"])
    forum.report(user, "post", topic.pids[0], odd)
    forum.report(user, "user", user.uid, odd)
    forum.wait(user, odd, title=odd)
    backend = await open_(forum.gmod)
    items = [*(await backend.page("reports")).items, *(await backend.page("pending")).items]
    assert len(items) == 3 and all(item.title for item in items)
    for item in items:
        for offer in item.offers:
            intent = Intent(verb=offer.verb, offer=offer.id, text=odd, message=None, sanction=Sanction("ban", None)
                            if offer.verb == "ban" else Sanction("silence", 1) if offer.verb == "silence" else None,
                            reason_title=odd)  # fmt: skip
            try:
                plan = backend.plan(item, intent)
            except ModtuiError as error:
                assert not any(sign in str(error) for sign in "\x1b\x07\u202e")
            else:
                said = [*(step.words for step in plan.steps), *(one.words for one in plan.effects), *plan.stays]
                assert not any(sign in words for words in said for sign in "\x1b\x07\u202e")
    found = await backend.dossier("o'hara")
    assert found.member.username == "o'hara" and found.bio == odd
    assert (await backend.private("o'hara")).ip == "203.0.113.7"
