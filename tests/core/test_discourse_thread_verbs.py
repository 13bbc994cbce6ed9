"""What is done to threads, over HTTP: sent, taken back, and found again when the answer was lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from modtui.backends.base import Fate
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.model import now_ms
from modtui.demo.server import DemoServer
from modtui.domain.decisions import Answer, Call, Intent, Plan
from modtui.domain.items import Item
from modtui.errors import NetworkError, Refused, Stale
from tests.core.asking import answer, ask, category, people, post, question, row, tags
from tests.core.discourse_world import DAY_MS, Sent, backend_on, connect, copied, decide, fresh, send_all, take_back

pytestmark = pytest.mark.anyio
REPLY = "Please send us the log file, then we can see more."


@pytest.fixture(scope="module")
def demo(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One community for this module; every test asks its own questions."""
    server = DemoServer(copied(world, tmp_path_factory.mktemp("verbs")))
    with server, stamina.set_testing(True, attempts=3):
        yield server


def newest(demo: DemoServer, topic: int) -> dict[str, Any]:
    """The last post of a topic that members wrote."""
    found = demo.db.one(
        "SELECT p.*, u.username FROM posts p JOIN users u ON u.id = p.user_id WHERE topic_id = ? AND post_type != 3"
        " ORDER BY post_number DESC LIMIT 1", [topic],
    )  # fmt: skip
    assert found is not None
    return found


def posts(demo: DemoServer, topic: int, raw: str = REPLY) -> int:
    """How many posts of a topic have this text and are not deleted."""
    return int(demo.db.value("SELECT count(*) FROM posts WHERE topic_id = ? AND raw = ? AND deleted_at IS NULL",
                             [topic, raw]))  # fmt: skip


async def undone(backend: DiscourseBackend, item: Item, sent: Sent, verb: str) -> Plan:
    """Take it back; gives the plan of it."""
    return (await take_back(backend, item, sent, verb)).plan


# --- replies


async def test_a_reply_stands_in_the_thread_under_the_post_it_answers(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, "other", "asker")
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        plain = await decide(backend, item, "reply", text=REPLY)
        made = newest(demo, topic)
        assert (made["raw"], made["username"], made["reply_to_post_number"]) == (REPLY, demo.username, None)
        data = {"post": made["id"], "number": made["post_number"], "topic": topic}
        assert plain.answers[0].data == data and not plain.answers[0].held
        under = await decide(backend, item, "reply", text=REPLY + " Thanks!", post=str(post(demo, topic, 3)))
        assert newest(demo, topic)["reply_to_post_number"] == 3
        again = await question(backend, topic)
        assert again.question is not None and again.question.last_by == demo.username
        back = await undone(backend, item, under, "reply")
        assert back.steps and any("may have read it" in line for line in back.stays)
        assert row(demo, "posts", under.answers[0].data["post"])["deleted_at"] is not None
    assert plain.plan.reaches and plain.plan.tells_author and plain.plan.reversal == "partial"


async def test_reply_accept_and_close_in_this_order(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        before = await question(backend, topic)
        sent = await decide(backend, before, "reply", text=REPLY, accept=True, close=True)
        assert [step.call.name for step in sent.plan.steps] == ["reply", "accept", "topic"]
        made = sent.answers[0].data["post"]
        now = row(demo, "topics", topic)
        assert now["accepted_post_id"] == made and now["closed"]
        after = await question(backend, topic)
        assert after.question is not None and (after.question.state, after.question.accepted) == ("solved", str(made))
        await undone(backend, before, sent, "reply")
    now = row(demo, "topics", topic)
    assert now["accepted_post_id"] is None and not now["closed"] and posts(demo, topic) == 0


async def test_steps_after_a_reply_find_it_also_in_another_process(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        plan = backend.plan(await question(backend, topic), Intent(verb="reply", text=REPLY, accept=True, close=True))
        made = (await backend.send(plan.steps[0].call, key="a")).data["post"]
    async with backend_on(connect(demo, tmp_path)) as other:
        marked = await other.send(plan.steps[1].call, key="b")
        assert marked.data["post"] == made
        await other.send(plan.steps[2].call, key="c")
    assert row(demo, "topics", topic)["closed"]


async def test_nothing_is_closed_over_a_reply_that_is_not_there(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        plan = backend.plan(await question(backend, topic), Intent(verb="reply", text=REPLY, accept=True, close=True))
        for step in plan.steps[1:]:
            with pytest.raises(Refused, match="not in the thread"):
                await backend.send(step.call, key="k")
    assert not row(demo, "topics", topic)["closed"]


async def test_a_reply_that_the_site_holds_is_told_and_can_be_withdrawn(demo: DemoServer, tmp_path: Path) -> None:
    member = people(demo)[1]["username"]
    topic = ask(demo, solved=False)
    text = "You could ask a freelancer to look at it for you."
    async with backend_on(connect(demo, tmp_path, user=member)) as backend:
        item = await question(backend, topic)
        sent = await decide(backend, item, "reply", text=text)
        (kept,) = sent.answers
        assert kept.held and kept.words is not None and "approval" in kept.words and "post" not in kept.data
        held = await question(backend, topic)
        assert held.question is not None and held.question.state == "held" and posts(demo, topic, text) == 0
        call, key = sent.plan.steps[0].call, "k0"
        found = await backend.fate(None, call, key=key, since_ms=backend.wire.clock_ms)
        assert found.is_ == "done" and found.answer is not None and found.answer.held
        await undone(backend, item, sent, "reply")
        now = await question(backend, topic)
    assert now.question is not None and now.question.state == "unanswered"


async def test_a_whisper_and_a_private_message(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        whisper = await decide(backend, item, "reply", text=REPLY, audience="staff")
        assert newest(demo, topic)["post_type"] == 4 and not whisper.plan.tells_author and not whisper.plan.reaches
        private = await decide(backend, item, "reply", text=REPLY, audience="private")
        message = row(demo, "topics", private.answers[0].data["topic"])
        assert message["archetype"] == "private_message" and item.title in message["title"]
        asker = people(demo)[0]["id"]
        assert demo.db.value("SELECT count(*) FROM topic_allowed WHERE topic_id = ? AND user_id = ?",
                             [message["id"], asker])  # fmt: skip
    assert row(demo, "topics", topic)["posts_count"] == 1


async def test_a_reported_post_is_answered_itself(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        sent = await decide(backend, item, "reply", text=REPLY)
        made = row(demo, "posts", sent.answers[0].data["post"])
        assert made["reply_to_post_number"] == item.place.post_number and made["topic_id"] == item.native["topic_id"]
        with pytest.raises(Refused, match="choose the post"):
            backend.plan(item, Intent(verb="accept"))


async def test_the_post_that_was_answered_is_gone(demo: DemoServer, tmp_path: Path) -> None:
    topic, other = ask(demo, "other"), ask(demo, "other")
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        with pytest.raises(Refused, match="not in this thread"):
            await decide(backend, item, "reply", text=REPLY, post=str(post(demo, other, 2)))
    assert posts(demo, topic) == 0


# --- a lost answer


async def lose(backend: DiscourseBackend, demo: DemoServer, call: Call, path: str, method: str) -> int:
    """Send a call whose answer is lost on the way; gives when it was sent."""
    since = backend.wire.clock_ms
    demo.inject("lost", path, method)
    with pytest.raises(NetworkError) as caught:
        await backend.send(call, key="lost")
    assert caught.value.sent
    return since


async def look(backend: DiscourseBackend, call: Call, since: int, *known: Answer) -> Fate:
    return await backend.fate(None, call, key="lost", since_ms=since, known=known)


async def test_a_lost_reply_is_found_and_never_doubled(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        plan = backend.plan(await question(backend, topic), Intent(verb="reply", text=REPLY))
        call = plan.steps[0].call
        assert (await look(backend, call, backend.wire.clock_ms)).is_ == "not sent"
        since = await lose(backend, demo, call, "/posts", "POST")
        for _ in range(25):
            answer(demo, topic)
        found = await look(backend, call, since)
        assert found.is_ == "done" and found.answer is not None
        assert found.answer.data["post"] == demo.db.value("SELECT id FROM posts WHERE topic_id = ? AND raw = ?",
                                                          [topic, REPLY])  # fmt: skip
        assert (await look(backend, call, since, found.answer)).is_ == "not sent", "that was another reply of ours"
    assert posts(demo, topic) == 1


async def test_an_older_reply_or_anothers_is_not_the_lost_one(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    answer(demo, topic, REPLY)
    async with backend_on(connect(demo, tmp_path)) as backend:
        call = backend.plan(await question(backend, topic), Intent(verb="reply", text=REPLY)).steps[0].call
        assert (await look(backend, call, backend.wire.clock_ms)).is_ == "not sent"
        mine = (await backend.send(call, key="a")).data["post"]
        demo.db.run("UPDATE posts SET created_at = created_at - 3600000 WHERE id = ?", [mine])
        assert (await look(backend, call, backend.wire.clock_ms)).is_ == "not sent"


LOST: list[tuple[str, dict[str, Any], str, str]] = [
    ("accept", {}, "/solution", "POST"), ("move", {}, "/t/", "PUT"), ("tag", {"tags": ("sync",)}, "/t/", "PUT"),
    ("assign", {"to": "group:product-team"}, "/assign", "PUT"), ("bookmark", {}, "/bookmarks", "POST"),
    ("watch", {}, "/t/", "POST"), ("lock", {}, "/t/", "PUT"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "more", "path", "method"), LOST, ids=[one[0] for one in LOST])
async def test_every_other_lost_step_is_looked_up(
    verb: str, more: dict[str, Any], path: str, method: str, demo: DemoServer, tmp_path: Path
) -> None:
    topic = ask(demo, "other")
    more = dict(more) | ({"post": str(post(demo, topic, 2))} if verb == "accept" else {})
    more |= {"to": str(category(demo, solved=False))} if verb == "move" else {}
    more |= {"when_ms": now_ms() + 2 * DAY_MS} if verb == "bookmark" else {}
    async with backend_on(connect(demo, tmp_path)) as backend:
        call = backend.plan(await question(backend, topic), Intent(verb=verb, **more)).steps[0].call
        assert (await look(backend, call, backend.wire.clock_ms)).is_ == "not sent"
        since = await lose(backend, demo, call, path, method)
        assert (await look(backend, call, since)).is_ == "done"


# --- answers, place, who has it


async def test_any_post_becomes_the_answer_and_the_one_before_comes_back(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, "other", "asker", "other")
    async with backend_on(connect(demo, tmp_path)) as backend:
        first = await question(backend, topic)
        await decide(backend, first, "accept", post=str(post(demo, topic, 2)))
        second = await question(backend, topic)
        assert second.question is not None and second.question.accepted == str(post(demo, topic, 2))
        other = await decide(backend, second, "accept", post=str(post(demo, topic, 4)))
        assert row(demo, "topics", topic)["accepted_post_id"] == post(demo, topic, 4)
        await undone(backend, second, other, "accept")
        assert row(demo, "topics", topic)["accepted_post_id"] == post(demo, topic, 2)
        off = await decide(backend, second, "unaccept")
        assert row(demo, "topics", topic)["accepted_post_id"] is None
        await undone(backend, second, off, "unaccept")
    assert row(demo, "topics", topic)["accepted_post_id"] == post(demo, topic, 2)


async def test_a_duplicate_gets_the_link_and_is_closed(demo: DemoServer, tmp_path: Path) -> None:
    original, topic, third = ask(demo), ask(demo), ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        sent = await decide(backend, item, "duplicate", to=f"{demo.url}/t/some-words/{original}/3", text="Look here:")
        assert f"{demo.url}/t/{original}" in newest(demo, topic)["raw"] and row(demo, "topics", topic)["closed"]
        await undone(backend, item, sent, "duplicate")
        assert not row(demo, "topics", topic)["closed"]
        await decide(backend, await question(backend, third), "duplicate", to=str(original))
        assert f"/t/{original}" in newest(demo, third)["raw"]
        for wrong in (str(topic), "https://elsewhere.example/t/1"):
            with pytest.raises(Refused):
                backend.plan(item, Intent(verb="duplicate", to=wrong))


async def test_moved_and_back(demo: DemoServer, tmp_path: Path) -> None:
    topic, there = ask(demo), category(demo, solved=False)
    async with backend_on(connect(demo, tmp_path)) as backend:
        await backend.choices("category")
        item = await question(backend, topic)
        sent = await decide(backend, item, "move", to=str(there))
        assert row(demo, "topics", topic)["category_id"] == there and sent.plan.reversal == "full"
        await undone(backend, item, sent, "move")
        assert row(demo, "topics", topic)["category_id"] == category(demo)
        for wrong in (str(category(demo)), "424242"):
            with pytest.raises(Refused):
                backend.plan(item, Intent(verb="move", to=wrong))


async def test_tags_change_only_when_nobody_else_changed_them(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, tags=("restore", "howto"))
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        sent = await decide(backend, item, "tag", tags=("howto", "sync"))
        assert tags(demo, topic) == ["howto", "sync"]
        with pytest.raises(Stale):
            await send_all(backend, backend.plan(item, Intent(verb="tag", tags=("licence",))))
        await undone(backend, item, sent, "tag")
        assert tags(demo, topic) == ["howto", "restore"]
        cleared = await decide(backend, item, "tag", tags=())
        assert tags(demo, topic) == []
        await undone(backend, item, cleared, "tag")
    assert tags(demo, topic) == ["howto", "restore"]


def assigned(demo: DemoServer, topic: int) -> tuple[Any, Any] | None:
    found = demo.db.one("SELECT * FROM assignments WHERE target_type = 'Topic' AND target_id = ?", [topic])
    return (found["user_id"], found["group_name"]) if found else None


async def test_assigned_to_a_colleague_then_to_a_group_and_back(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    kestrel = demo.db.value("SELECT id FROM users WHERE username = 'kestrel'")
    async with backend_on(connect(demo, tmp_path)) as backend:
        first = await question(backend, topic)
        given = await decide(backend, first, "assign", to="user:kestrel")
        assert assigned(demo, topic) == (kestrel, None)
        second = await question(backend, topic)
        assert second.question is not None and second.question.assigned == "kestrel"
        moved = await decide(backend, second, "assign", to="group:product-team")
        assert assigned(demo, topic) == (None, "product-team")
        await undone(backend, second, moved, "assign")
        assert assigned(demo, topic) == (kestrel, None)
        taken = await decide(backend, await question(backend, topic), "unassign")
        assert assigned(demo, topic) is None
        await undone(backend, second, taken, "unassign")
        assert assigned(demo, topic) == (kestrel, None)
        await undone(backend, first, given, "assign")
    assert assigned(demo, topic) is None


async def test_bookmarked_with_a_date_another_date_and_none(demo: DemoServer, tmp_path: Path) -> None:
    topic, when = ask(demo), (now_ms() // 1000 + 86_400) * 1000
    async with backend_on(connect(demo, tmp_path)) as backend:
        first = await question(backend, topic)
        made = await decide(backend, first, "bookmark", when_ms=when)
        marked = await question(backend, topic)
        assert marked.question is not None and marked.question.bookmarked_ms == when
        later = await decide(backend, marked, "bookmark", when_ms=when + DAY_MS)
        now = await question(backend, topic)
        assert now.question is not None and now.question.bookmarked_ms == when + DAY_MS
        await undone(backend, marked, later, "bookmark")
        back = await question(backend, topic)
        assert back.question is not None and back.question.bookmarked_ms == when
        await decide(backend, first, "bookmark", when_ms=when + 2 * DAY_MS)  # not known there yet: the one that is
        await undone(backend, first, made, "bookmark")
        gone = await question(backend, topic)
        assert gone.question is not None and gone.question.bookmarked_ms is None
        with pytest.raises(Refused, match="future"):
            await decide(backend, gone, "bookmark", when_ms=now_ms() - 1000)


async def test_watched_and_not_any_more(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)

    def level() -> Any:
        return demo.db.value("SELECT max(level) FROM topic_users WHERE topic_id = ?", [topic])

    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        sent = await decide(backend, item, "watch")
        assert level() == 3
        await decide(backend, await question(backend, topic), "unwatch")
        assert level() == 1
        await send_all(backend, backend.plan(item, Intent(verb="watch")))
        await undone(backend, item, sent, "watch")
    assert level() == 1


async def test_locked_and_open_again(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        sent = await decide(backend, item, "lock")
        closed = await question(backend, topic)
        assert closed.question is not None and closed.question.state == "closed" and closed.state != "open"
        await undone(backend, item, sent, "lock")
        await decide(backend, await question(backend, topic), "lock")
        await decide(backend, await question(backend, topic), "unlock")
    assert not row(demo, "topics", topic)["closed"]


# --- handed over by the site itself


async def test_the_sites_own_ways_are_listed_and_work(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    note = "Could product say whether this is a known fault?"
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        routes = {one.id: one for one in await backend.choices("route", item=item)}
        assert {"assign:group:product-team", "message:moderators", "flag"} <= set(routes)
        given = await decide(backend, item, "escalate", route="site:assign:group:product-team", text=note)
        assert assigned(demo, topic) == (None, "product-team")
        await undone(backend, item, given, "escalate")
        assert assigned(demo, topic) is None
        written = await decide(backend, item, "escalate", route="site:message:moderators", text=note)
        letter = demo.db.value("SELECT raw FROM posts WHERE id = ?", [written.answers[0].data["post"]])
        assert note in letter and item.url in letter and f"> {item.source}" in letter
        quiet = backend.plan(item, Intent(verb="escalate", route="site:message:moderators", text=note, share=False))
        assert "> " not in quiet.steps[0].call.args["raw"]
        flagged = await decide(backend, item, "escalate", route="site:flag", text=note)
        assert demo.db.value("SELECT count(*) FROM reviewables WHERE target_id = ?", [post(demo, topic, 1)]) == 1
        await undone(backend, item, flagged, "escalate")
        assert not demo.db.value(
            "SELECT count(*) FROM reviewable_scores s JOIN reviewables r ON r.id = s.reviewable_id"
            " WHERE r.target_id = ? AND r.status = 0 AND s.status = 0", [post(demo, topic, 1)],
        )  # fmt: skip


async def test_a_lost_message_to_a_group_is_found(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        plan = backend.plan(item, Intent(verb="escalate", route="site:message:moderators", text="Please look at it."))
        call = plan.steps[0].call
        assert (await look(backend, call, backend.wire.clock_ms)).is_ == "not sent"
        since = await lose(backend, demo, call, "/posts", "POST")
        assert (await look(backend, call, since)).is_ == "done"
