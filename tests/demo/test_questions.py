"""The lists of questions: what waits, who wrote in it, in which language, and threads like it that were solved."""

from __future__ import annotations

from typing import Any

import httpx

from modtui.demo.server import DemoServer
from tests.demo.test_threads import Act, ask


def test_unanswered_ones_are_those_with_one_post(mod: httpx.Client, house: DemoServer) -> None:
    listed = {t["id"] for t in ask(mod, "status:noreplies status:open")}
    known = house.db.all(
        "SELECT id FROM topics WHERE archetype = 'regular' AND posts_count = 1 AND NOT closed AND NOT archived"
        " AND deleted_at IS NULL AND title NOT LIKE 'About the % category'"
    )
    assert listed == {row["id"] for row in known}
    assert len(listed) > 12
    assert listed.isdisjoint(t["id"] for t in ask(mod, "in:pinned"))


def test_an_asker_who_spoke_last_is_seen_in_the_list(mod: httpx.Client) -> None:
    again = []
    for topic in ask(mod, "status:unsolved posts-min:2"):
        asker = next(p["user_id"] for p in topic["posters"] if p["description"].startswith("Original Poster"))
        newest = next(p for p in topic["posters"] if (p["extras"] or "").startswith("latest"))
        if newest["user_id"] == asker:
            again.append(topic)
            thread = mod.get(f"/t/{topic['id']}.json").json()
            assert thread["details"]["last_poster"]["id"] == asker
            assert thread["details"]["last_poster"]["username"] == topic["last_poster_username"]
    assert len(again) >= 4


def test_posters_name_who_wrote(mod: httpx.Client, house: DemoServer) -> None:
    answer = mod.get("/filter.json", params={"q": "posters-min:3"}).json()
    users = {user["id"] for user in answer["users"]}
    for topic in answer["topic_list"]["topics"]:
        ids = [poster["user_id"] for poster in topic["posters"]]
        assert 2 <= len(ids) == len(set(ids)) <= 5
        assert set(ids) <= users
        rows = house.db.all("SELECT DISTINCT user_id FROM posts WHERE topic_id = ?", [topic["id"]])
        assert set(ids) <= {row["user_id"] for row in rows}


def test_open_questions_have_solved_ones_like_them(mod: httpx.Client) -> None:
    for words, waiting in (("export", "en"), ("Export", "de"), ("sauvegarde", "fr")):
        found: dict[str, set[Any]] = {
            status: {t["id"] for t in ask(mod, f"status:{status} {words}")} for status in ("solved", "unsolved")
        }
        assert found["solved"], waiting
        assert found["unsolved"], waiting
        assert found["solved"].isdisjoint(found["unsolved"])


def test_the_platform_does_not_tell_every_language(mod: httpx.Client, house: DemoServer) -> None:
    told = house.db.all(
        "SELECT locale IS NULL AS silent, count(*) AS n FROM topics WHERE archetype = 'regular' GROUP BY 1"
    )
    counts = {row["silent"]: row["n"] for row in told}
    assert counts[0] > 20
    assert counts[1] > 20
    silent = house.db.value("SELECT id FROM topics WHERE archetype = 'regular' AND locale IS NULL AND posts_count = 1")
    topic = mod.get(f"/t/{silent}.json").json()
    assert topic["locale"] is None
    assert {post["locale"] for post in topic["post_stream"]["posts"]} == {None}


def test_the_first_post_of_a_new_member_is_marked(mod: httpx.Client, house: DemoServer) -> None:
    row = house.db.one("SELECT id, topic_id, user_id FROM posts WHERE notice_type = 'new_user'")
    assert row is not None
    topic = mod.get(f"/t/{row['topic_id']}.json").json()
    assert topic["post_stream"]["posts"][0]["notice"] == {"type": "new_user"}
    assert mod.get(f"/admin/users/{row['user_id']}.json").json()["post_count"] == 1


def test_categories_and_their_topics_about_themselves(mod: httpx.Client) -> None:
    for query in ("", "category:backup"):
        assert not [t for t in ask(mod, query) if t["title"].startswith("About the ")]
    everything = mod.get("/latest.json", params={"order": "created", "ascending": "true"}).json()["topic_list"]
    assert not [t for t in everything["topics"] if t["title"].startswith("About the ")]


def test_known_topics_are_read_together(mod: httpx.Client) -> None:
    wanted = [t["id"] for t in ask(mod, "status:unsolved")[:7]]
    answer = mod.get("/latest.json", params={"topic_ids": ",".join(map(str, wanted))}).json()["topic_list"]["topics"]
    assert {t["id"] for t in answer} == set(wanted)
    assert {t["id"] for t in ask(mod, f"topic:{','.join(map(str, wanted))}")} == set(wanted)


def test_lists_say_where_an_answer_can_be_accepted(mod: httpx.Client) -> None:
    rows = ask(mod, "status:noreplies")
    assert {t["can_have_answer"] for t in rows if t["category_id"] in (4, 5, 10, 11)} == {True}
    assert {t["can_have_answer"] for t in rows if t["category_id"] in (8, 9)} <= {False}


def test_only_staff_filter_by_who_is_assigned(mod: httpx.Client, by: Act) -> None:
    assert "invalid_filters" not in mod.get("/filter.json", params={"q": "assigned:*"}).json()["topic_list"]
    refused = by("bo_lind").get("/filter.json", params={"q": "assigned:*"}).json()["topic_list"]
    assert refused["invalid_filters"] == ["assigned:*"]
