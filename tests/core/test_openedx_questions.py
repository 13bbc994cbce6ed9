"""The lane of questions of an Open edX forum, from recorded answers on a site on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from modtui.backends.base import Backend, Connection, Credential
from modtui.backends.openedx import factory
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import VERBS, Answer, Call, Intent
from modtui.domain.items import Gone, Item, Question
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import Refused, SettingsError, Stale, UsageError
from tests.core.scripted_site import Asked, Script, answer, scripted
from tests.servers.openedx_record import read

pytestmark = pytest.mark.anyio

ID = CommunityId("0123456789ab")
RECORDED = read()
EMPTY = {"collection": [], "num_pages": 1, "page": 1, "thread_count": 0}
ASKED = SubjectRef(ID, "question", "3")


def recorded(name: str) -> Any:
    """The body of a recorded answer."""
    return json.loads(json.dumps(RECORDED[name]["response"]["body"]))


MOD = str(recorded("response-create")["user_id"])


class Forum:
    """Recorded answers by what is asked for; a test changes some of them."""

    def __init__(self) -> None:
        self.waiting, self.all = recorded("questions-waiting"), recorded("questions-all")
        self.thread = recorded("question-waiting")
        for name in ("comments_count", "last_activity_at"):  # the list was recorded before the newest response
            self.waiting["collection"][0][name] = self.thread[name]
        self.more: dict[str, bytes] = {}
        """Answers of this test, by method and the end of the path."""

    def __call__(self, asked: Asked) -> bytes:
        url = urlsplit(asked.path)
        wanted = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = url.path.removeprefix("/api/v2/")
        for end, given in self.more.items():
            if f"{asked.method} {path}".endswith(end):
                return given
        if path == "threads":
            if wanted.get("flagged"):
                return answer(200, EMPTY)
            return answer(200, self.waiting if wanted.get("unanswered") else self.all)
        names = {
            "users/1004": "user", "users/1004/subscribed_threads": "watched", "threads/3/subscriptions": "watchers",
            "threads/3/comments": "response-create", "users/1004/subscriptions": "watch",
        }  # fmt: skip
        if path in names:
            return answer(200, recorded(names[path]))
        if path == "threads/3":
            return answer(200, recorded("thread-move") if asked.method == "PUT" else self.thread)
        if path.startswith("comments/"):
            return answer(200, self.comment(path.rpartition("/")[2]))
        return answer(400, {"error": f"Thread does not exist with Id: {path}"})

    def comment(self, native: str) -> Any:
        """A post of the recorded thread as a read of it alone has it."""
        posts = [post for top in self.thread["children"] for post in (top, *top.get("children", ()))]
        return next(post for post in posts if post["id"] == native)


Opened = Callable[..., AbstractAsyncContextManager[tuple[Backend, Script]]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Opens a backend on a forum."""

    @asynccontextmanager
    async def open_(forum: Forum, **options: str) -> Any:
        async with scripted(by=forum) as site:
            backend = factory(Connection(
                community=ID, url=site.url, credential=Credential(kind="service", user="service", secret="secret"),
                state=tmp_path, options={"course": "course-v1:A+B+C", "acting_user": MOD, **options},
            ))  # fmt: skip
            try:
                await backend.identify()
                site.asked.clear()
                yield backend, site
            finally:
                await backend.aclose()

    return open_


def question(item: object) -> Question:
    """What makes the item a question."""
    assert isinstance(item, Item) and item.question is not None
    return item.question


def paths(site: Script) -> list[str]:
    """What was asked for, without the values."""
    return sorted(f"{asked.method} {urlsplit(asked.path).path.removeprefix('/api/v2/')}" for asked in site.asked)


def body(site: Script, end: str) -> Any:
    """What was sent to the path that ends so, by the newest write."""
    return json.loads(next(one.body for one in reversed(site.asked) if one.method != "GET" and one.path.endswith(end)))


# The lane


async def test_a_thread_is_read_for_who_spoke_last_and_not_again_until_it_moves(opened: Opened) -> None:
    forum = Forum()
    async with opened(forum) as (backend, site):
        (item,) = (await backend.page("questions")).items
        asked = question(item)
        assert (asked.state, asked.last, asked.replies) == ("unsolved", f"comment-{newest(forum)}", 3)
        assert asked.last_by == "mod" and asked.watched and item.since_ms == asked.clock_ms
        assert paths(site) == ["GET threads", "GET threads/3", "GET users/1004/subscribed_threads"]
        site.asked.clear()
        assert (await backend.page("questions")).items == (item,)
        assert paths(site) == ["GET threads", "GET users/1004/subscribed_threads"], "the thread has not moved"
        site.asked.clear()
        forum.waiting["collection"][0]["comments_count"] += 1
        await backend.page("questions")
        assert "GET threads/3" in paths(site)


def newest(forum: Forum) -> str:
    """The id of the newest response."""
    return str(max(int(post["id"]) for post in forum.thread["children"]))


async def test_nobody_answered_costs_no_further_request(opened: Opened) -> None:
    forum = Forum()
    forum.waiting["collection"][0]["comments_count"] = 0
    async with opened(forum) as (backend, site):
        (item,) = (await backend.page("questions")).items
        assert question(item).state == "unanswered" and question(item).last == "thread-3"
        assert len(item.offers) <= 25, "a letter each, where they are listed"
        assert "GET threads/3" not in paths(site)


async def test_the_asker_spoke_last_and_a_marked_answer_ends_it(opened: Opened) -> None:
    forum = Forum()
    last = next(post for post in forum.thread["children"] if post["id"] == newest(forum))
    last |= {"user_id": forum.thread["user_id"], "created_at": "2026-11-22T05:00:00Z"}
    async with opened(forum) as (backend, _):
        asked = question((await backend.reread([ASKED]))[ASKED])
        assert asked.state == "asker" and asked.clock_ms == asked.last_ms
        forum.thread = recorded("question-marked")
        asked = question((await backend.reread([ASKED]))[ASKED])
        marked = next(post["id"] for post in forum.thread["children"] if post["endorsed"])
        assert (asked.state, asked.accepted) == ("solved", f"comment-{marked}")


async def test_closed_and_replaced_questions_do_not_wait_and_are_not_counted(opened: Opened) -> None:
    forum = Forum()
    row = forum.waiting["collection"][0]
    edit = {"original_body": "x", "editor_username": "mod", "created_at": "2026-11-22T05:00:00Z"}
    removed = {"body": "[Removed by a moderator: Advertising]", "edit_history": [edit]}
    forum.waiting |= {"collection": [row, {**row, "id": "8", "closed": True}, {**row, "id": "9", **removed}],
                      "thread_count": 41}  # fmt: skip
    async with opened(forum) as (backend, _):
        assert [item.number for item in (await backend.page("questions")).items] == ["3"]
        assert (await backend.counts())["questions"] == 39


async def test_one_broken_row_or_thread_costs_only_itself(opened: Opened) -> None:
    forum = Forum()
    row = forum.waiting["collection"][0]
    forum.waiting["collection"] = [{"id": ["?"]}, row, {**row, "id": "7"}, "row", {**row, "id": "6"}]
    forum.more = {"threads/7": answer(500, b"<h1>Server Error</h1>", kind="text/html"), "threads/6": answer(200, [])}
    async with opened(forum) as (backend, _):
        page = await backend.page("questions")
    assert page.unreadable == 2
    assert [(item.number, bool(item.problem)) for item in page.items] == [("3", False), ("7", True), ("6", True)]
    assert question(page.items[1]).state == "unsolved", "that there are replies is known"


async def test_what_is_gone_or_no_question_any_more_is_said(opened: Opened) -> None:
    forum = Forum()
    gone = SubjectRef(ID, "question", "77")
    async with opened(forum) as (backend, _):
        assert isinstance((await backend.reread([gone]))[gone], Gone)
        forum.thread["thread_type"] = "discussion"
        found = (await backend.reread([ASKED]))[ASKED]
    assert isinstance(found, Gone) and "not a question" in found.why


async def test_changes_name_the_questions_that_moved(opened: Opened) -> None:
    forum = Forum()
    async with opened(forum) as (backend, site):
        first = await backend.changes(None)
        assert len(site.asked) == 2 and first.counts == {"reports": 0, "questions": 1}
        assert not (await backend.changes(first.position)).touched
        forum.waiting["collection"][0]["last_activity_at"] = "2026-11-22T06:00:00Z"
        moved = await backend.changes(first.position)
        assert moved.touched == (ASKED,) and not moved.reload
        forum.waiting["collection"].append({**forum.waiting["collection"][0], "id": "12"})
        new = await backend.changes(moved.position)
        assert new.reload and new.lanes == ("questions",) and not new.touched
        old = '{"n": 1, "rows": {}}'
        assert not (await backend.changes(old)).reload, "the place of an older version: look from now on"


# What is done


async def test_no_change_names_another_author(opened: Opened) -> None:
    forum = Forum()
    async with opened(forum) as (backend, site):
        item = (await backend.reread([ASKED]))[ASKED]
        assert isinstance(item, Item)
        answers = [post["id"] for post in forum.thread["children"]]
        for intent in (Intent(verb="accept", post=f"comment-{answers[0]}"), Intent(verb="move", to="help"),
                       Intent(verb="lock")):  # fmt: skip
            for step in backend.plan(item, intent).steps:
                await backend.send(step.call, key="k")
        written = [json.loads(one.body) for one in site.asked if one.method == "PUT"]
        assert len(written) == 3
        assert all("user_id" not in one for one in written), "it would give the post to the moderator"
        await backend.send(backend.plan(item, Intent(verb="reply", text="  So.\r\nThen wait. ")).steps[0].call, key="k")
        assert body(site, "threads/3/comments") == {
            "body": "So.\nThen wait.", "course_id": "course-v1:A+B+C", "user_id": MOD,
        }  # fmt: skip


async def test_a_reply_to_a_reply_stands_below_its_response(opened: Opened) -> None:
    forum = Forum()
    top = forum.thread["children"][0]
    forum.more["POST comments/" + top["id"]] = answer(200, recorded("response-create"))
    forum.more["GET comments/900"] = answer(200, {**forum.comment(top["id"]), "id": "900", "parent_id": top["id"]})
    forum.more["GET comments/901"] = answer(200, {**forum.comment(top["id"]), "id": "901", "thread_id": "99"})
    async with opened(forum) as (backend, _):
        item = (await backend.reread([ASKED]))[ASKED]
        assert isinstance(item, Item)
        step = backend.plan(item, Intent(verb="reply", text="So.", post="comment-900")).steps[0]
        assert (await backend.send(step.call, key="k")).data["post"] == f"comment-{recorded('response-create')['id']}"
        for wrong in (Call("reply", {**step.call.args, "to": "901"}),
                      Call("endorse", {"thread": "3", "id": "900", "user": MOD})):  # fmt: skip
            with pytest.raises(Refused):
                await backend.send(wrong, key="k")


async def test_a_lost_reply_is_found_by_its_words_its_author_and_its_time(opened: Opened) -> None:
    forum = Forum()
    mine = next(post for post in forum.thread["children"] if post["id"] == newest(forum))
    async with opened(forum) as (backend, _):
        item = (await backend.reread([ASKED]))[ASKED]
        assert isinstance(item, Item)
        call = backend.plan(item, Intent(verb="reply", text=str(mine["body"]))).steps[0].call
        written = question(item).last_ms or 0
        done = await backend.fate(item, call, key="k", since_ms=written + 400)
        assert done.is_ == "done" and done.answer is not None, "the forum tells whole seconds only"
        assert done.answer.data["post"] == f"comment-{mine['id']}"
        for since, known in ((written + 5000, ()), (written - 5000, (done.answer,))):
            assert (await backend.fate(item, call, key="k", since_ms=since, known=known)).is_ == "not sent"
        for other in ({"body": "Other words."}, {"user": "1001"}):
            fate = await backend.fate(item, Call("reply", {**call.args, **other}), key="k", since_ms=written)
            assert fate.is_ == "not sent"


async def test_taking_a_reply_back_takes_nobody_elses_words_along(opened: Opened) -> None:
    forum = Forum()
    top = forum.thread["children"][0]
    forum.more["GET comments/" + top["id"]] = answer(200, {**forum.comment(top["id"]), "child_count": 1})
    async with opened(forum) as (backend, site):
        with pytest.raises(Refused, match="answered your reply"):
            await backend.send(Call("take_back", {"kind": "comment", "id": top["id"]}), key="k")
        assert not [one for one in site.asked if one.method == "DELETE"]
        forum.more["GET comments/55"] = answer(400, {"error": "Comment does not exist with Id: 55"})
        with pytest.raises(Stale):
            await backend.send(Call("take_back", {"kind": "comment", "id": "55"}), key="k")
        assert (await backend.fate(None, Call("take_back", {"kind": "comment", "id": "55"}), key="k",
                                   since_ms=0)).is_ == "done"  # fmt: skip


async def test_not_watching_twice_is_no_error(opened: Opened) -> None:
    forum = Forum()
    forum.more["DELETE users/1004/subscriptions"] = answer(400, recorded("unwatch-again"))
    async with opened(forum) as (backend, _):
        await backend.send(Call("unwatch", {"id": "3", "user": MOD}), key="k")
        forum.more["DELETE users/1004/subscriptions"] = answer(400, {"error": "User / Thread doesn't exist"})
        with pytest.raises(Stale):
            await backend.send(Call("unwatch", {"id": "3", "user": MOD}), key="k")


async def test_a_duplicate_names_the_original_by_its_page_where_the_settings_have_one(opened: Opened) -> None:
    address = "https://apps.example/discussions/{course}/posts/{thread}"
    for options, where in (({}, "thread 12"), ({"thread_url": address}, "/discussions/course-v1:A+B+C/posts/12")):
        async with opened(Forum(), **options) as (backend, _):
            item = (await backend.reread([ASKED]))[ASKED]
            assert isinstance(item, Item) and item.url.endswith("/posts/3") == bool(options)
            plan = backend.plan(item, Intent(verb="duplicate", to="12"))
            assert where in plan.steps[0].call.args["body"] and plan.steps[1].call.args["code"] == "duplicate"
            page = "https://apps.example/discussions/x/posts/12?a=b"
            assert page in backend.plan(item, Intent(verb="duplicate", to=page)).steps[0].call.args["body"]
            for wrong in ("", "twelve", "https://example.org/about", "²", "0"):
                with pytest.raises(UsageError):
                    backend.plan(item, Intent(verb="duplicate", to=wrong))
            with pytest.raises(Refused):
                backend.plan(item, Intent(verb="duplicate", to="3"))


@pytest.mark.parametrize("wrong", ["apps.example/{thread}", "https://apps.example/posts", 7])
async def test_an_address_of_threads_names_the_thread(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(SettingsError, match="thread_url"):
        factory(Connection(community=ID, url="http://127.0.0.1:9", credential=None, state=tmp_path,
                           options={"course": "c", "thread_url": wrong}))  # fmt: skip


async def test_every_verb_is_there_or_says_why_not(opened: Opened) -> None:
    async with opened(Forum()) as (backend, _):
        verbs = backend.capabilities.verbs
        assert set(verbs) == set(VERBS)
        for verb in ("assign", "bookmark", "tag", "escalate", "warn", "erase"):
            assert isinstance(verbs[verb], Blocked), verb
        for verb in ("reply", "accept", "unaccept", "duplicate", "move", "watch", "lock"):
            assert verbs[verb] == ALLOWED, verb
        item = (await backend.reread([ASKED]))[ASKED]
        assert isinstance(item, Item)
        for audience in ("staff", "private"):
            with pytest.raises(Refused, match="The forum has no"):
                backend.plan(item, Intent(verb="reply", text="So.", audience=audience))


async def test_without_an_acting_member_nothing_is_answered(tmp_path: Path) -> None:
    async with scripted(by=Forum()) as site:
        backend = factory(Connection(
            community=ID, url=site.url, credential=Credential(kind="service", user="service", secret="secret"),
            state=tmp_path, options={"course": "course-v1:A+B+C"},
        ))  # fmt: skip
        try:
            await backend.identify()
            (item,) = (await backend.page("questions")).items
            assert not question(item).watched and isinstance(backend.capabilities.verb("reply"), Blocked)
            with pytest.raises(Refused, match="acting member"):
                backend.plan(item, Intent(verb="reply", text="So."))
        finally:
            await backend.aclose()


# To answer with


async def test_only_questions_with_a_marked_answer_are_read_for_it(opened: Opened) -> None:
    forum = Forum()
    row = forum.all["collection"][0]
    forum.all["collection"] = [row, {**row, "id": "20"}, {**row, "id": "21", "comments_count": 0}]
    forum.waiting["collection"] = [{**row, "id": "20"}, {**row, "id": "21", "comments_count": 0}]
    forum.thread = recorded("question-marked")
    async with opened(forum) as (backend, site):
        page = await backend.answered()
        assert [(one.id, one.title, one.solved) for one in page.threads] == [("3", "Upload", True)]
        assert page.threads[0].answer == "Press the arrow." and page.cursor is None
        assert paths(site) == ["GET threads", "GET threads", "GET threads/3"]
        with pytest.raises(UsageError):
            await backend.answered("elsewhere")


async def test_a_search_service_that_does_not_answer_is_said_and_not_asked_again(opened: Opened) -> None:
    forum = Forum()
    forum.more["search/threads"] = answer(500, b"<h1>Server Error</h1>", kind="text/html")
    async with opened(forum) as (backend, site):
        assert backend.capabilities.feature("search") == ALLOWED
        assert await backend.search("how to upload") == ()
        assert isinstance(backend.capabilities.feature("search"), Blocked)
        site.asked.clear()
        with pytest.raises(Refused):
            await backend.search("how to upload")
        assert not site.asked


async def test_topics_can_be_picked_by_their_beginning(opened: Opened) -> None:
    forum = Forum()
    forum.more["/counts"] = answer(200, {**recorded("topics"), "": {"question": 1}, "odd": ["?"]})
    async with opened(forum) as (backend, _):
        assert [one.id for one in await backend.choices("category")] == ["general", "help", "odd"]
        (found,) = await backend.choices("category", "HE")
        assert (found.id, found.note) == ("help", "1 thread")
        assert await backend.choices("assignee") == ()


async def test_the_numbers_of_a_member_are_in_the_dossier(opened: Opened) -> None:
    forum = Forum()
    stats = recorded("stats-of-one")
    stats["user_stats"][0] |= {"active_flags": 2, "inactive_flags": 3}
    forum.more["/stats"] = answer(200, stats)
    async with opened(forum) as (backend, _):
        found = await backend.dossier("ada")
    assert (found.got.total, found.got.open, found.reports_got) == (5, 2, 5)
    assert found.member.posts == 2 and found.member.seen_ms is not None


def test_an_answer_of_a_reply_names_the_post_as_the_thread_does() -> None:
    from modtui.backends.openedx.thread_plans import inverse

    answered = Answer(data={"post": "comment-12"})
    back = inverse(Call("reply", {"thread": "3", "to": None, "body": "x", "user": MOD}), answered.data)
    assert back is not None and back[0][0].call.args["id"] == "12"
    assert inverse(Call("reply", {"thread": "3"}), {}) == ([], ("the reply stays",)), "nothing is deleted on a guess"
