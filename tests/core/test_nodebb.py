"""NodeBB's traps, on a hand-made fake of a forum over real HTTP: what is answered with 200 and was not done, what must
never happen twice, who may do what, and what older forums send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modtui.backends.base import Connection, Credential
from modtui.backends.nodebb import factory
from modtui.backends.nodebb.backend import NodeBBBackend, Options
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Answer, Intent, Plan, Sanction, Step
from modtui.domain.items import Gone, Item
from modtui.domain.subjects import SubjectRef, community_id
from modtui.errors import AuthError, ModtuiError, NotFound, Refused, RightsError, SettingsError, SiteError, Stale
from modtui.testing import carry_out
from tests.fakes.nodebb import Forum, Post, User
from tests.fakes.nodebb_app import serving

pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Forum, str]]:
    """One server for all tests; each has an empty forum."""
    made = Forum()
    with serving(made) as url:
        yield made, url


@pytest.fixture
def forum(place: tuple[Forum, str]) -> Forum:
    """An empty forum, as new."""
    made, _ = place
    made.clear()
    made.version, made.plugin, made.mutes, made.down, made.resolves = "4.15.1", True, True, "", True
    return made


Open = Callable[..., Any]


@pytest.fixture
async def open_(place: tuple[Forum, str], forum: Forum, tmp_path: Path) -> AsyncIterator[Open]:
    """Makes a backend for a member; `signed` has it identify itself."""
    made: list[NodeBBBackend] = []

    async def start(user: User | None, *, signed: bool = True, key: str = "", **options: object) -> NodeBBBackend:
        url = place[1]
        connection = Connection(
            community=community_id("nodebb", url, user.username if user else "master"), url=url, state=tmp_path,
            credential=Credential(kind="token", secret=key or forum.token(user)), options=options,
        )  # fmt: skip
        backend = factory(connection)
        assert isinstance(backend, NodeBBBackend)
        made.append(backend)
        if signed:
            await backend.identify()
        return backend

    yield start
    for one in made:
        await one.aclose()


@pytest.fixture
def mara(forum: Forum) -> User:
    """Somebody who writes and reports."""
    return forum.member("mara")


@pytest.fixture
def bad(forum: Forum, mara: User) -> Post:
    """A reported post by a spammer, in a topic of somebody else."""
    topic = forum.topic(mara, "Favourite keyboards", "Mechanical or not?")
    post = forum.add(topic, forum.member("spamlord"), "BUY WATCHES")
    forum.report(mara, "post", post.pid, "Spam")
    return post


async def row(backend: NodeBBBackend) -> Item:
    """The only report."""
    (item,) = (await backend.page("reports")).items
    return item


async def again(backend: NodeBBBackend, item: Item) -> Item:
    """The same item as it is now."""
    found = (await backend.reread([item.ref]))[item.ref]
    assert isinstance(found, Item), found
    return found


async def do(backend: NodeBBBackend, item: Item, verb: str, **more: Any) -> list[Step]:
    """Decide and carry it out; the done steps."""
    return await carry_out(backend, backend.plan(item, Intent(verb=verb, **more)), verb)


async def undo(backend: NodeBBBackend, item: Item, verb: str, done: list[Step]) -> Plan:
    """Take it back."""
    back = backend.plan_undo(item, Intent(verb=verb), done)
    await carry_out(backend, back, f"{verb}-back")
    return back


# --- tokens

async def test_a_master_token_acts_as_the_member_of_the_settings(forum: Forum, open_: Open) -> None:
    backend = await open_(None, uid=str(forum.gmod.uid))
    assert backend.capabilities.verb("ban") == ALLOWED
    account = await backend.identify()
    assert (account.username, account.role) == ("gmod", "global moderator")


async def test_a_master_token_without_a_member_says_what_to_do(open_: Open) -> None:
    backend = await open_(None, signed=False)
    with pytest.raises(AuthError) as error:
        await backend.identify()
    assert "uid" in error.value.hint and "[[" not in str(error.value)


@pytest.mark.parametrize("given", [{"uid": "mara"}, {"lang": "x"}, {"questions": ["help"]}, {"uid": -1}])
def test_options_are_checked(given: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as error:
        Options.read(given)
    assert "options." in str(error.value)


async def test_an_ordinary_member_has_nothing_to_do_here(mara: User, open_: Open) -> None:
    backend = await open_(mara)
    assert isinstance(backend.capabilities.lane("reports"), Blocked)
    with pytest.raises(RightsError):
        await backend.page("reports")


async def test_maintenance_is_said_in_a_sentence(forum: Forum, open_: Open) -> None:
    backend = await open_(forum.gmod)
    forum.down = "maintenance"
    with pytest.raises(SiteError) as error:
        await backend.counts()
    assert "maintenance" in str(error.value)


# --- rights

async def test_a_category_moderator_sees_that_category_and_bans_nobody(
    forum: Forum, mara: User, bad: Post, open_: Open
) -> None:
    other = forum.topic(mara, "Elsewhere", "Another bad one", cid=5)
    forum.report(mara, "post", other.pids[0], "Spam")
    forum.report(mara, "user", bad.uid, "Spam account")
    backend = await open_(forum.catmod)
    item = await row(backend)
    assert item.place.post_id == str(bad.pid)
    can = backend.capabilities
    for verb in ("ban", "silence"):
        offer = item.offer(verb)
        assert isinstance(can.verb(verb), Blocked) and offer is not None and isinstance(offer.capability, Blocked)
    assert isinstance(can.feature("private"), Blocked)
    with pytest.raises(RightsError):
        await backend.private(str(bad.uid))
    found = await backend.dossier(str(bad.uid))
    assert found.history == () and found.member.notes is None, "what moderators know is not for this account"
    done = await do(backend, item, "remove")
    assert bad.deleted
    await undo(backend, item, "remove", done)
    assert not bad.deleted and (await row(backend)).state == "open"
    assert not any(item.kind == "sign-up" for item in (await backend.page("pending")).items)


async def test_a_global_moderator_may_be_without_the_right_to_mute(forum: Forum, bad: Post, open_: Open) -> None:
    forum.mutes = False
    backend = await open_(forum.gmod)
    item = await row(backend)
    mute, ban = item.offer("silence"), item.offer("ban")
    assert mute is not None and isinstance(mute.capability, Blocked) and "administrator" in mute.capability.sentence
    assert ban is not None and ban.capability == ALLOWED


# --- two hundreds that did nothing

async def test_an_assignee_without_rights_is_ignored_by_the_forum_and_not_by_us(
    forum: Forum, mara: User, bad: Post, open_: Open
) -> None:
    backend = await open_(forum.gmod)
    with pytest.raises(Refused) as error:
        await do(backend, await row(backend), "assign", to=str(mara.uid))
    assert "may not have it" in str(error.value)
    assert [flag.assignee for flag in forum.flags.values()] == [None]


async def test_a_state_that_was_not_taken_is_noticed(
    forum: Forum, bad: Post, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = await open_(forum.gmod)
    item = await row(backend)
    monkeypatch.setattr(forum, "set_flag", lambda *ignored: None)
    with pytest.raises(Refused) as error:
        await do(backend, item, "approve")
    assert "the report is open" in str(error.value)


async def test_tags_that_the_forum_dropped_are_told(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    with pytest.raises(Refused) as error:
        await do(backend, await row(backend), "tag", tags=("layout", "a-tag-that-is-much-too-long"))
    assert "the tags are: layout" in str(error.value)


async def test_deleting_closes_the_report_also_where_the_forum_does_not(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    forum.resolves = False
    done = await do(backend, await row(backend), "remove")
    assert [flag.state for flag in forum.flags.values()] == ["resolved"]
    await undo(backend, await row_now(backend, forum), "remove", done)
    assert [flag.state for flag in forum.flags.values()] == ["open"] and not bad.deleted


async def row_now(backend: NodeBBBackend, forum: Forum) -> Item:
    """The only flag, in whatever state."""
    (native,) = forum.flags
    ref = SubjectRef(backend.connection.community, "flag", str(native))
    found = (await backend.reread([ref]))[ref]
    assert isinstance(found, Item)
    return found


async def test_a_flag_in_work_goes_back_to_work(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    await do(backend, await row(backend), "claim")
    item = await again(backend, await row(backend))
    assert item.claim is not None and item.claim.mine
    (flag,) = forum.flags.values()
    assert (flag.state, flag.assignee) == ("wip", str(forum.gmod.uid)), "as text: a number would write more history"
    done = await do(backend, item, "approve")
    assert flag.state == "rejected"
    await undo(backend, item, "approve", done)
    assert flag.state == "wip"


async def test_anothers_claim_is_asked_about_and_a_faster_one_is_not_overruled(
    forum: Forum, bad: Post, open_: Open
) -> None:
    backend = await open_(forum.gmod)
    free = await row(backend)
    (flag,) = forum.flags.values()
    forum.set_flag(forum.admin, flag, {"assignee": str(forum.admin.uid), "state": "wip"})
    with pytest.raises(Stale):
        await do(backend, free, "claim")
    taken = await again(backend, free)
    assert taken.claim is not None and (taken.claim.by, taken.claim.mine) == ("admin", False)
    plan = backend.plan(taken, Intent(verb="claim"))
    assert plan.asks and "admin has it" in plan.asks
    done = await carry_out(backend, plan, "over")
    assert flag.assignee == str(forum.gmod.uid)
    await undo(backend, taken, "claim", done)
    assert flag.assignee == str(forum.admin.uid)


# --- bans and mutes

async def test_a_ban_ends_by_the_sites_clock_and_is_lifted(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    item = await row(backend)
    spam = forum.users[bad.uid]
    done = await do(backend, item, "ban", sanction=Sanction("ban", 24 * HOUR_MS), reason_title="Advertising")
    ahead = spam.ban_until - backend.wire.clock_ms
    assert spam.banned and 23 * HOUR_MS < ahead <= 24 * HOUR_MS and spam.log[0]["reason"] == "Advertising"
    now = await again(backend, item)
    ban = now.offer("ban")
    assert ban is not None and isinstance(ban.capability, Blocked) and "banned already" in ban.capability.sentence
    back = await undo(backend, now, "ban", done)
    assert not spam.banned and back.reversal == "partial" and back.stays


@pytest.mark.parametrize("kind", ["ban", "silence"])
async def test_for_good_is_for_good_and_an_end_that_is_over_is_refused(
    forum: Forum, bad: Post, open_: Open, kind: Any
) -> None:
    backend = await open_(forum.gmod)
    item, spam = await row(backend), forum.users[bad.uid]
    with pytest.raises(Refused):
        backend.plan(item, Intent(verb=kind, sanction=Sanction(kind, -HOUR_MS)))
    await do(backend, item, kind, sanction=Sanction(kind, None))
    assert (spam.banned, spam.muted) == (kind == "ban", kind == "silence")
    (penalty,) = (await again(backend, item)).author.penalties  # type: ignore[union-attr]
    assert (penalty.kind, penalty.until_ms) == (kind, None)
    back = await do(backend, await again(backend, item), f"un{kind}")
    assert not spam.banned and not spam.muted and back


@pytest.mark.parametrize("who", ["admin", "gmod", "catmod", "promoted"])
async def test_staff_and_oneself_are_never_banned(forum: Forum, mara: User, open_: Open, who: str) -> None:
    made = forum.member("promoted") if who == "promoted" else getattr(forum, who)
    post = forum.add(forum.topic(mara, "A topic", "First"), made, "By one of us")
    forum.report(mara, "post", post.pid, "Offensive")
    backend = await open_(forum.gmod)
    item = await row(backend)
    offer = item.offer("ban")
    assert offer is not None
    if who != "promoted":
        assert isinstance(offer.capability, Blocked) and offer.capability.code == "right"
        with pytest.raises(Refused):
            backend.plan(item, Intent(verb="remove", sanction=Sanction("ban", None)))
        return
    plan = backend.plan(item, Intent(verb="ban", sanction=Sanction("ban", None)))
    made.groups.append("Global Moderators")  # meanwhile
    with pytest.raises(Refused) as error:
        await carry_out(backend, plan, "late")
    assert "staff" in str(error.value) and not made.banned and "Global Moderators" in made.groups


async def test_removing_can_ban_and_lock_too(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    item = await row(backend)
    done = await do(backend, item, "remove", sanction=Sanction("silence", HOUR_MS), lock=True, reason_title="Spam")
    topic, spam = forum.topics[bad.tid], forum.users[bad.uid]
    assert bad.deleted and spam.muted and topic.locked and len(done) == 3
    await undo(backend, item, "remove", done)
    assert not bad.deleted and not spam.muted and not topic.locked


# --- what cannot be taken back

async def test_erasing_asks_and_has_no_way_back(forum: Forum, bad: Post, open_: Open) -> None:
    backend = await open_(forum.gmod)
    item = await row(backend)
    plan = backend.plan(item, Intent(verb="purge"))
    assert plan.asks and plan.reversal == "none" and plan.stays
    done = await carry_out(backend, plan, "purge")
    assert bad.pid not in forum.posts and not backend.plan_undo(item, Intent(verb="purge"), done).steps
    left = await again(backend, item)
    assert left.problem and left.state == "removed"
    assert isinstance((await backend.reread([item.ref]))[item.ref], Item)
    fate = await backend.fate(item, plan.steps[0].call, key="k", since_ms=0)
    assert fate.is_ == "done"


async def test_the_first_post_of_a_talk_is_not_erased(forum: Forum, mara: User, bad: Post, open_: Open) -> None:
    first = forum.topics[bad.tid].pids[0]
    forum.report(mara, "post", first, "Spam")
    backend = await open_(forum.gmod)
    item = next(one for one in (await backend.page("reports")).items if one.place.post_id == str(first))
    with pytest.raises(Refused) as error:
        await do(backend, item, "purge")
    assert "delete topic instead" in str(error.value) and first in forum.posts


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
