"""Discourse read through the embedded community: who am I, lanes, pages, rereading, context, changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import stamina

from modtui.demo.server import DemoServer
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.items import Gone, Item
from modtui.domain.seen import differences, seen_of
from modtui.domain.subjects import SubjectRef
from modtui.errors import AuthError, NetworkError, SiteError, UsageError, WrongSite
from tests.core.discourse_world import all_items, backend_on, connect, fresh, hold, one, sign_up
from tests.core.scripted_site import answer, connection, scripted

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("user", ["", None])
async def test_identify_with_either_kind_of_key(user: str | None, demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path, user=user), identify=False) as backend:
        assert isinstance(backend.capabilities.verb("approve"), Blocked)
        account = await backend.identify()
        assert (account.username, account.role, account.site_title) == (demo.username, "moderator", "Harbour Community")
        caps = backend.capabilities
    assert caps.lane("reports") == caps.lane("pending") == caps.verb("ban") == ALLOWED
    assert isinstance(caps.verb("dance"), Blocked)
    assert caps.versions and caps.reread_batch == 10


async def test_a_wrong_key_and_a_withdrawn_one(demo: DemoServer, tmp_path: Path) -> None:
    for user, key in (("rookmoor", "0" * 64), (None, "0" * 64), ("nobody", demo.api_key)):
        async with backend_on(connect(demo, tmp_path, user=user, key=key), identify=False) as backend:
            with pytest.raises(AuthError) as caught:
                await backend.identify()
            assert "key" in caught.value.message and "0000" not in str(caught.value)
    demo.db.run("UPDATE api_keys SET revoked_at = 1 WHERE kind = 'user'")
    async with backend_on(connect(demo, tmp_path, user=None), identify=False) as backend:
        with pytest.raises(AuthError, match="withdrawn"):
            await backend.identify()


@pytest.mark.parametrize(
    "raw",
    [
        answer(body=b"<html>Welcome</html>", kind="text/html"),
        answer(404, b"<html>Not found</html>", kind="text/html"),
        answer(404, {"detail": "no"}),
        answer(403, {"detail": "no"}),
        answer(body={"some": "api"}),
    ],
)
async def test_another_kind_of_site(raw: bytes, tmp_path: Path) -> None:
    async with scripted(raw) as site, backend_on(connection(site.url, tmp_path), identify=False) as backend:
        with pytest.raises((WrongSite, AuthError)) as caught:
            await backend.identify()
    assert isinstance(caught.value, WrongSite) or raw == answer(body={"some": "api"})


async def test_nothing_there(tmp_path: Path) -> None:
    async with scripted(answer()) as site:
        url = site.url
    with stamina.set_testing(True, attempts=1):
        async with backend_on(connection(url, tmp_path), identify=False) as backend:
            with pytest.raises(NetworkError, match="cannot be reached"):
                await backend.identify()


async def test_a_stumble_of_the_right_site_is_no_wrong_site(demo: DemoServer, tmp_path: Path) -> None:
    demo.inject("html", "/session/current")
    async with backend_on(connect(demo, tmp_path), identify=False) as backend:
        with pytest.raises(SiteError) as caught:
            await backend.identify()
    assert not isinstance(caught.value, WrongSite)


async def test_a_plain_member_has_no_queue(demo: DemoServer, tmp_path: Path) -> None:
    name = demo.db.value("SELECT username FROM users WHERE moderator = 0 AND admin = 0 AND active AND id > 0 LIMIT 1")
    async with backend_on(connect(demo, tmp_path, user=name)) as backend:
        blocked = backend.capabilities.lane("reports")
    assert isinstance(blocked, Blocked) and blocked.code == "right"


async def test_pages_hold_every_open_item_once_oldest_first(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        reports, pending = await all_items(backend), await all_items(backend, "pending")
        counts = await backend.counts()
        first = await backend.page("reports")
    wanted = {str(row["id"]) for row in demo.db.all("SELECT id FROM reviewables WHERE status = 0")}
    numbers = [item.number for item in reports + pending]
    assert set(numbers) == wanted and len(numbers) == len(wanted)
    assert counts["pending"] == len(pending)
    assert {item.kind for item in pending} == {"held post", "sign-up"}
    assert {item.lane for item in first.others} == {"pending"}
    assert [item.since_ms for item in first.items] == sorted(item.since_ms for item in first.items)
    assert all(item.place.category for item in reports if item.place.category_id)


async def test_handling_items_while_paging_skips_nothing(demo: DemoServer, tmp_path: Path) -> None:
    wanted = {str(row["id"]) for row in demo.db.all("SELECT id FROM reviewables WHERE status = 0")}
    async with backend_on(connect(demo, tmp_path)) as backend:
        met: set[str] = set()
        cursor: str | None = None
        while True:
            page = await backend.page("reports", cursor)
            here = [item for item in (*page.items, *page.others) if item.number not in met]
            met |= {item.number for item in here}
            for item in here[:6]:
                demo.db.run("UPDATE reviewables SET status = 3 WHERE id = ?", [int(item.number)])
            cursor = page.cursor
            if cursor is None:
                break
    assert met == wanted


async def test_many_items_of_one_instant(demo: DemoServer, tmp_path: Path) -> None:
    demo.db.run("UPDATE reviewables SET created_at = (SELECT max(created_at) FROM reviewables) WHERE id % 2")
    wanted = {str(row["id"]) for row in demo.db.all("SELECT id FROM reviewables WHERE status = 0")}
    async with backend_on(connect(demo, tmp_path)) as backend:
        found = {item.number for item in await all_items(backend)}
        found |= {item.number for item in await all_items(backend, "pending")}
    assert found == wanted


async def test_a_cursor_of_somebody_else_is_refused(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        with pytest.raises(UsageError):
            await backend.page("reports", "what?")
        with pytest.raises(UsageError):
            await backend.page("questions", "what?")
        with pytest.raises(UsageError):
            await backend.page("escalated")


async def test_reread_answers_every_ref_in_few_requests(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        items = [await fresh(backend, demo), *(await all_items(backend))[:22]]
        demo.perform(int(items[0].number), "ignore_and_do_nothing", "kestrel")
        lost = SubjectRef(backend.connection.community, "reviewable", "999999")
        odd = SubjectRef(backend.connection.community, "event", "1")
        before = len(backend.wire.requests)
        now = await backend.reread([*(item.ref for item in items), lost, odd])
        assert len(backend.wire.requests) - before == 3
    assert isinstance(now[lost], Gone) and isinstance(now[odd], Gone)
    first = now[items[0].ref]
    assert isinstance(first, Item)
    assert (first.state, first.handled_by) == ("ignored", "kestrel")
    assert not [offer for offer in first.offers if offer.verb in ("approve", "remove") and offer.capability == ALLOWED]
    for item in items[1:]:
        again = now[item.ref]
        assert isinstance(again, Item) and seen_of(again).digest == seen_of(item).digest


async def test_what_others_do_shows_as_a_difference(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        seen = seen_of(item)
        demo.flag(item.native["post_id"], "kestrel")
        assert [d.what for d in differences(seen, await one(backend, item.number))] == ["reports"]
        demo.edit_post(item.native["post_id"], "quite another text")
        again = await one(backend, item.number)
        assert [d.what for d in differences(seen, again)] == ["text", "reports"]
        assert again.edits == 1 and again.edited_ms
        demo.perform(int(item.number), "agree_and_hide", "kestrel")
        gone = differences(seen, await one(backend, item.number))
        assert gone[0].words == "removed by kestrel"


async def test_a_report_tells_who_why_and_how_reliable(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        demo.flag(item.native["post_id"], "ann", "something_else", "please look, it gets worse")
        now = await one(backend, item.number)
    report = now.reports[-1]
    assert report.reporter is not None and report.reporter.username == "ann"
    assert report.reason == "other" and report.text == "please look, it gets worse" and report.open
    assert None not in (report.reporter.upheld, report.reporter.wrong, report.reporter.left)


async def test_thread_and_dossier(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        thread = await backend.thread(item)
        assert [post.id for post in thread.posts if post.subject] == [item.place.post_id]
        assert thread.total >= len(thread.posts) and thread.title == item.title
        assert item.author is not None
        by_id, by_name = await backend.dossier(item.author.native), await backend.dossier(item.author.username)
        assert by_id.member.username == by_name.member.username == item.author.username
        assert by_id.recent and by_id.member.posts == item.author.posts
        assert by_id.sanctionable == ALLOWED
        staff = await backend.dossier("kestrel")
        assert isinstance(staff.sanctionable, Blocked) and staff.member.role is not None
        assert (await backend.thread(await one(backend, sign_up(demo)))).posts == ()
        held = await one(backend, hold(demo, topic=True))
        assert [post.subject for post in (await backend.thread(held)).posts] == [True]


async def test_a_dossier_without_the_notes_plugin(demo: DemoServer, tmp_path: Path) -> None:
    demo.site.settings.user_notes = False
    async with backend_on(connect(demo, tmp_path)) as backend:
        found = await backend.dossier("ann")
        again = await backend.dossier("ann")
        assert found.member.username == again.member.username == "ann"
    assert demo.count("/user_notes") == 1


async def test_mail_and_address_are_not_in_items(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        items = [*await all_items(backend), *await all_items(backend, "pending")]
    text = repr(items)
    for row in demo.db.all("SELECT email, ip FROM users WHERE ip IS NOT NULL AND id > 10"):
        assert row["email"] not in text
        assert f"'{row['ip']}'" not in text


async def test_changes_tell_news_claims_and_decisions(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        start = await backend.changes(None)
        assert not (start.reload or start.touched or start.claims)
        quiet = await backend.changes(start.position)
        assert not (quiet.reload or quiet.touched or quiet.claims)
        demo.flag(item.native["post_id"], "ann")
        news = await backend.changes(quiet.position)
        assert news.reload
        demo.perform(int(item.number), "ignore_and_do_nothing", "kestrel")
        done = await backend.changes(news.position)
        assert item.ref in done.touched
        after = await backend.changes(done.position)
        assert not (after.touched or after.reload)
        with pytest.raises(UsageError):
            await backend.changes("{")


async def test_claims_are_told_by_thread(demo: DemoServer, tmp_path: Path) -> None:
    async with (
        backend_on(connect(demo, tmp_path)) as backend,
        backend_on(connect(demo, tmp_path, user="kestrel")) as other,
    ):
        item = await fresh(backend, demo)
        start = await backend.changes(None)
        from modtui.domain.decisions import Intent

        for step in other.plan(item, Intent(verb="claim")).steps:
            await other.send(step.call, key="k")
        told = await backend.changes(start.position)
        claim = told.claims[str(item.place.thread_id)]
        assert claim is not None and (claim.by, claim.mine) == ("kestrel", False)
        now = await one(backend, item.number)
        assert now.claim is not None and now.claim.by == "kestrel"
        remove = now.offer("remove")
        assert remove is not None and remove.capability == Blocked("claimed", "taken by kestrel")
        for step in other.plan(now, Intent(verb="release")).steps:
            await other.send(step.call, key="k")
        assert (await backend.changes(told.position)).claims == {str(item.place.thread_id): None}


async def test_a_key_that_only_reads_compares_the_count(demo: DemoServer, tmp_path: Path) -> None:
    row = demo.db.one("SELECT id FROM users WHERE username = ?", [demo.username])
    assert row is not None
    key = demo.site.add_key("user", row["id"], scopes="read")
    async with backend_on(connect(demo, tmp_path, user=None, key=key)) as backend:
        item = await fresh(backend, demo)
        start = await backend.changes(None)
        assert not (await backend.changes(start.position)).reload
        demo.perform(int(item.number), "ignore_and_do_nothing", "kestrel")
        assert (await backend.changes(start.position)).reload


async def test_counting_again_costs_one_request_while_nothing_moves(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        first = await backend.counts()
        before = len(backend.wire.requests)
        assert await backend.counts() == first
        assert len(backend.wire.requests) - before == 1


@pytest.mark.parametrize("kind", ["cut", "drop", "502"])
async def test_a_page_survives_a_hiccup_or_says_why(kind: str, demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        demo.inject(kind, "/review")
        if kind == "cut":
            with pytest.raises(SiteError, match="cut off"):
                await backend.page("reports")
        assert (await backend.page("reports")).items
