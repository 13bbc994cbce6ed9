"""The lane of questions, read from the embedded community."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import stamina

from modtui.demo import effects
from modtui.demo.model import now_ms
from modtui.demo.server import DemoServer
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.items import WAITING, Gone, Item
from modtui.domain.seen import conflicts, differences, seen_of
from modtui.domain.subjects import SubjectRef
from modtui.text.time import iso
from tests.core.asking import TEXT, answer, ask, category, filtered, people, post, question, ref, row, whole_lane
from tests.core.discourse_world import DAY_MS, backend_on, connect, copied, fresh
from tests.core.scripted_site import Asked, connection, scripted
from tests.core.scripted_site import answer as answered

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def demo(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One community for this module; every test asks its own questions."""
    server = DemoServer(copied(world, tmp_path_factory.mktemp("asked")))
    with server, stamina.set_testing(True, attempts=3):
        yield server


async def test_the_lane_lists_exactly_what_the_server_calls_unanswered(demo: DemoServer, tmp_path: Path) -> None:
    ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        items = await whole_lane(backend)
    unanswered = {number for number, item in items.items() if item.question and item.question.state == "unanswered"}
    assert unanswered == filtered(demo, "status:noreplies status:open") and unanswered
    assert {item.question.state for item in items.values() if item.question} <= WAITING
    assert all(item.lane == "questions" and item.kind == "question" and item.state == "open" for item in items.values())


async def test_the_rest_of_the_lane_is_unsolved_or_waits_for_an_answer_to_its_asker(
    demo: DemoServer, tmp_path: Path
) -> None:
    unsolved, talk = ask(demo, "other"), ask(demo, "other", "asker", solved=False)
    answered_, solved = ask(demo, "other", solved=False), ask(demo, "other")
    demo.db.run("UPDATE topics SET accepted_post_id = ? WHERE id = ?", [post(demo, solved, 2), solved])
    closed = ask(demo)
    demo.db.run("UPDATE topics SET closed = 1 WHERE id = ?", [closed])
    async with backend_on(connect(demo, tmp_path)) as backend:
        items = await whole_lane(backend)
        states = {number: item.question.state for number, item in items.items() if item.question}
        assert states[str(unsolved)] == "unsolved" and states[str(talk)] == "asker"
        assert not {str(answered_), str(solved), str(closed)} & set(items)
        now = await backend.reread([ref(backend, one) for one in (answered_, solved, closed)])
    found = [item.question.state for item in now.values() if isinstance(item, Item) and item.question]
    assert found == ["answered", "solved", "closed"]
    recent = f"latest-post-after:{demo.db.value('SELECT date(?, ?)', ['now', '-89 days'])}"
    assert filtered(demo, f"status:unsolved status:open posts-min:2 {recent}") <= set(items)


@pytest.mark.parametrize(("days", "there"), [(30, False), (0, True)])
async def test_how_long_a_talk_is_followed_is_a_setting(
    days: int, there: bool, demo: DemoServer, tmp_path: Path
) -> None:
    old = ask(demo, "other", "asker", solved=False, days=40)
    fresh_one = ask(demo, days=40)
    options = {"budget": 0, "questions_days": days}
    async with backend_on(connect(demo, tmp_path, options=options)) as backend:
        items = await whole_lane(backend)
    assert (str(old) in items) == there and str(fresh_one) in items, "what nobody answered is never left out"


async def test_a_question_says_what_its_row_shows(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, "other", "asker", days=2)
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = (await whole_lane(backend))[str(topic)]
        exact = await question(backend, topic)
    asker = people(demo)[0]
    for one in (item, exact):
        assert one.author is not None and one.author.username == asker["username"] and one.question is not None
        asked = one.question
        assert (asked.state, asked.replies, asked.last, asked.last_by) == ("asker", 2, "3", asker["username"])
        assert asked.can_accept and asked.accepted is None and not asked.watched and asked.bookmarked_ms is None
        assert one.since_ms < asked.clock_ms == asked.last_ms, "the clock starts anew when the asker writes again"
        assert one.place.category and one.place.tags == ("restore",) and one.place.thread_id == str(topic)
        assert one.url == f"{demo.url}/t/{topic}" and one.ref == ref(backend, topic)
    assert exact.source == TEXT and exact.body is not None and exact.place.post_id == str(post(demo, topic, 1))


async def test_a_first_post_and_our_own_marks_are_told(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, "other")
    demo.db.run("UPDATE posts SET notice_type = 'new_user' WHERE id = ?", [post(demo, topic, 1)])
    me = demo.db.value("SELECT id FROM users WHERE username = ?", [demo.username])
    now = now_ms()
    demo.db.run("INSERT INTO topic_users VALUES (?, ?, 3)", [topic, me])
    with demo.db.write():
        demo.db.insert("bookmarks", user_id=me, bookmarkable_type="Topic", bookmarkable_id=topic, topic_id=topic,
                       reminder_at=now + DAY_MS, created_at=now, updated_at=now)  # fmt: skip
        demo.db.insert("assignments", target_type="Topic", target_id=topic, topic_id=topic, user_id=me,
                       assigned_by=me, created_at=now)  # fmt: skip
    async with backend_on(connect(demo, tmp_path)) as backend:
        exact, listed = await question(backend, topic), (await whole_lane(backend))[str(topic)]
    asked = exact.question
    assert asked is not None and asked.first and asked.watched and asked.assigned_mine
    assert (asked.assigned, asked.bookmarked_ms) == (demo.username, now + DAY_MS)
    marks = listed.question
    assert marks is not None and marks.watched and marks.assigned_mine and marks.bookmarked_ms is not None
    for verb, possible in (("unassign", True), ("unbookmark", True), ("unwatch", True), ("watch", False)):
        offer = exact.offer(verb)
        assert offer is not None and (offer.capability == ALLOWED) == possible, verb


async def test_unanswered_questions_come_with_their_first_lines(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        first = await backend.page("questions")
        item = next(one for one in first.items if one.number == str(topic))
        assert item.body is not None and item.body.text.startswith("Since the update") and item.source is None
        exact = await question(backend, topic)
        assert exact.source == TEXT
        again = (await whole_lane(backend))[str(topic)]
        assert again.source == TEXT, "what was read is not lost with the next list"
        for seen, now in ((item, exact), (exact, item), (item, again)):
            assert differences(seen_of(seen), now) == (), "a list's first lines are not taken for an edit"


async def test_edits_and_answers_by_others_are_seen(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        before = await question(backend, topic)
        answer(demo, topic)
        after = await question(backend, topic)
        found = differences(seen_of(before), after)
        assert [one.what for one in found] == ["answers"] and people(demo)[1]["username"] in found[0].words
        assert conflicts("reply", found) and not conflicts("tag", found)
        demo.db.run("UPDATE posts SET raw = raw || ' Please.', version = 2 WHERE id = ?", [post(demo, topic, 1)])
        edited = differences(seen_of(after), await question(backend, topic))
    assert [one.what for one in edited] == ["text"]


async def test_many_are_read_again_in_one_request(demo: DemoServer, tmp_path: Path) -> None:
    topics = [ask(demo) for _ in range(6)]
    async with backend_on(connect(demo, tmp_path)) as backend:
        before = len(backend.wire.requests)
        now = await backend.reread([ref(backend, topic) for topic in topics])
        assert len(backend.wire.requests) - before == 1
        assert [item.number for item in now.values() if isinstance(item, Item)] == [str(topic) for topic in topics]
        moderator = demo.site.user_named("kestrel")
        assert moderator is not None
        with demo.db.write():
            effects.delete_post(demo.site, row(demo, "posts", post(demo, topics[0], 1)), moderator)
            demo.db.update("topics", topics[0], deleted_at=now_ms())
        odd = SubjectRef(backend.connection.community, "topic", "999999")
        before = len(backend.wire.requests)
        now = await backend.reread([*(ref(backend, topic) for topic in topics), odd])
        assert len(backend.wire.requests) - before == 3, "one list, and one look at each that it does not show"
    gone = now[ref(backend, topics[0])]
    assert isinstance(gone, Gone) and "deleted" in gone.why and isinstance(now[odd], Gone)
    assert sum(isinstance(one, Item) for one in now.values()) == 5


async def test_reports_and_questions_are_read_again_together(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    async with backend_on(connect(demo, tmp_path)) as backend:
        report = await fresh(backend, demo)
        now = await backend.reread([report.ref, ref(backend, topic)])
    assert {item.kind for item in now.values() if isinstance(item, Item)} == {"post", "question"}


async def test_pages_hold_every_question_once_while_some_are_answered(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("modtui.backends.discourse.lane.SIZE", 5)
            wanted = filtered(demo, "status:noreplies status:open")
            met: list[str] = []
            cursor: str | None = None
            answered_one = False
            while True:
                page = await backend.page("questions", cursor)
                new = [one.number for one in page.items if one.question and one.question.state == "unanswered"]
                met += [number for number in new if number not in met]
                if new and not answered_one:
                    answered_one = True
                    answer(demo, int(new[0]))
                cursor = page.cursor
                if cursor is None:
                    break
    assert set(met) == wanted and answered_one


async def test_the_thread_shows_the_question_and_what_was_said_last(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, *["other", "asker"] * 24)
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await question(backend, topic)
        before = len(backend.wire.requests)
        thread = await backend.thread(item)
        assert len(backend.wire.requests) - before == 2
        short = await backend.thread(await question(backend, ask(demo, "other")))
    numbers = [one.number for one in thread.posts]
    assert numbers[0] == 1 and numbers[-1] == 49 and numbers == sorted(numbers) and thread.total == 49
    assert [one.number for one in thread.posts if one.subject] == [1]
    assert [one.number for one in short.posts] == [1, 2] and short.id and short.url


class OldSite:
    """A server without plugins, and (with `filters` False) without the filter language; it knows no word of a filter
    but `status:noreplies`, and says nothing of the others."""

    def __init__(self, *, filters: bool) -> None:
        self.filters = filters
        self.rows = [
            self.row(1, posts=1, last="bo"), self.row(2, posts=3, last="bo"), self.row(3, posts=2, last="ann"),
            self.row(4, posts=1, last="bo", closed=True),
        ]  # fmt: skip

    @staticmethod
    def row(native: int, *, posts: int, last: str, closed: bool = False) -> dict[str, Any]:
        return {
            "id": native, "title": f"Question {native}", "posts_count": posts, "highest_post_number": posts,
            "created_at": f"2026-10-0{native}T10:00:00Z", "last_posted_at": iso(now_ms() - DAY_MS),
            "closed": closed, "last_poster_username": last, "category_id": 4,
            "posters": [{"extras": None, "description": "Autor", "user_id": 2}],
        }  # fmt: skip

    def __call__(self, request: Asked) -> bytes:
        path, _, query = request.path.partition("?")
        words = parse_qs(query)
        if path.startswith("/session"):
            user = {"id": 1, "username": "ann", "moderator": True, "groups": [{"id": 2, "name": "moderators"}]}
            return answered(body={"current_user": user})
        if path.startswith(("/filter", "/latest")) and (self.filters or path.startswith("/latest")):
            alone = "status:noreplies" in words.get("q", [""])[0] or "max_posts" in words
            rows = [row for row in self.rows if not alone or row["posts_count"] == 1]
            if "topic_ids" in words and not self.filters:
                rows = self.rows
            users = [{"id": 2, "username": "bo"}, {"id": 1, "username": "ann"}]
            return answered(body={"users": users, "topic_list": {"topics": rows}})
        if path.startswith("/t/"):
            native = int(re.findall(r"[0-9]+", path)[0])
            details = {"created_by": {"id": 2, "username": "bo"}}
            return answered(body={**self.rows[native - 1], "details": details, "post_stream": {"posts": []}})
        return answered(404, {"errors": ["no"], "error_type": "not_found"})


@pytest.mark.parametrize("filters", [True, False])
async def test_an_older_site_without_plugins(filters: bool, tmp_path: Path) -> None:
    async with scripted(by=OldSite(filters=filters)) as site, backend_on(connection(site.url, tmp_path)) as backend:
        items = await whole_lane(backend)
        asked = len(site.asked)
        assert set(await whole_lane(backend)) == set(items)
        assert len(site.asked) - asked <= 4, "what the site lacks is found out once"
        caps = backend.capabilities
        wanted = [ref(backend, native) for native in (1, 2, 3)]
        now = await backend.reread(wanted)
    states = {number: item.question.state for number, item in items.items() if item.question}
    assert states == {"1": "unanswered", "2": "asker"}
    assert [isinstance(now[one], Item) for one in wanted] == [True, True, True]
    for blocked in (caps.verb("accept"), caps.verb("assign"), caps.feature("templates")):
        assert isinstance(blocked, Blocked) and blocked.code == "plugin" and "plugin" in blocked.sentence
    assert caps.verb("reply") == caps.verb("bookmark") == caps.lane("questions") == ALLOWED


async def test_a_plain_member_may_answer_and_not_move(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo, solved=False)
    async with backend_on(connect(demo, tmp_path, user=people(demo)[1]["username"])) as backend:
        caps, item = backend.capabilities, await question(backend, topic)
    assert caps.verb("reply") == caps.lane("questions") == ALLOWED
    for verb in ("move", "tag", "lock"):
        offer = item.offer(verb)
        assert offer is not None and isinstance(offer.capability, Blocked) and offer.capability.code == "right", verb
    assert isinstance(caps.feature("whisper"), Blocked)


async def test_our_reply_that_waits_for_approval_is_seen(demo: DemoServer, tmp_path: Path) -> None:
    topic = ask(demo)
    page = {
        "id": topic, "title": "T", "posts_count": 1, "highest_post_number": 1, "created_at": "2026-10-01T10:00:00Z",
        "last_posted_at": "2026-10-01T10:00:00Z", "category_id": category(demo), "post_stream": {"posts": []},
        "details": {"created_by": {"id": 9, "username": "bo"}, "last_poster": {"id": 9, "username": "bo"}},
        "pending_posts": [{"id": 4, "raw": "Mine", "created_at": "2026-10-01T11:00:00Z"}],
    }  # fmt: skip

    def by(request: Asked) -> bytes:
        return answered(body=page)

    async with scripted(by=by) as site, backend_on(connection(site.url, tmp_path), identify=False) as backend:
        item = await question(backend, topic)
    assert item.question is not None and item.question.state == "held"


async def test_the_bus_tells_of_new_questions_and_answers(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        start = await backend.changes(None)
        topic = ask(demo)
        first = await backend.changes(start.position)
        assert ref(backend, topic) in first.touched and not first.reload
        answer(demo, topic)
        second = await backend.changes(first.position)
        assert ref(backend, topic) in second.touched
        assert ref(backend, topic) not in (await backend.changes(second.position)).touched


async def test_a_key_that_only_reads_compares_what_moved(demo: DemoServer, tmp_path: Path) -> None:
    me = row(demo, "users", int(demo.db.value("SELECT id FROM users WHERE username = ?", [demo.username])))
    key = demo.site.add_key("user", me["id"], scopes="read")
    async with backend_on(connect(demo, tmp_path, user=None, key=key)) as backend:
        start = await backend.changes(None)
        assert not start.touched
        topic = ask(demo)
        demo.db.run("UPDATE topics SET bumped_at = ? WHERE id = ?", [now_ms() + 1000, topic])
        before = len(backend.wire.requests)
        news = await backend.changes(start.position)
        assert len(backend.wire.requests) - before == 2
        assert news.touched == (ref(backend, topic),) and not news.reload
        assert not (await backend.changes(news.position)).touched
