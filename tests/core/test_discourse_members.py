"""Members on Discourse: the directory, dossiers, addresses, and what staff do to an account, on the embedded site."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from modtui.backends.base import Backend
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.backends.discourse.dossier import by_day, by_month
from modtui.demo.model import now_ms
from modtui.demo.server import DemoServer
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Intent, Sanction
from modtui.domain.items import Gone, Item
from modtui.domain.seen import conflicts, differences, seen_of
from modtui.domain.subjects import SubjectRef
from modtui.errors import Refused, RightsError
from modtui.text.time import iso
from tests.core.discourse_world import DAY_MS, backend_on, connect, copied, decide, send_all, take_back

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def site(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One community for the tests that only read, or act on members of their own."""
    with DemoServer(copied(world, tmp_path_factory.mktemp("members"))) as server, stamina.set_testing(True, attempts=3):
        yield server


@pytest.fixture
async def backend(site: DemoServer, tmp_path: Path) -> AsyncIterator[DiscourseBackend]:
    """The moderator on it."""
    async with backend_on(connect(site, tmp_path)) as found:
        yield found


_taken: dict[str, set[int]] = {}


def somebody(site: DemoServer, where: str = "post_count > 3") -> dict[str, Any]:
    """A plain member nobody else in this module acts on."""
    used = _taken.setdefault(site.url, set())
    marks = ",".join(map(str, used)) or "0"
    row = site.db.one(
        "SELECT * FROM users WHERE id > 10 AND NOT admin AND NOT moderator AND active AND approved AND deleted_at"
        f" IS NULL AND silenced_till IS NULL AND suspended_till IS NULL AND {where} AND id NOT IN ({marks})"
        " ORDER BY id LIMIT 1"
    )
    assert row is not None
    used.add(row["id"])
    return dict(row)


async def read(backend: Backend, native: object) -> Item:
    """A member as the site has them now."""
    ref = SubjectRef(backend.connection.community, "user", str(native))
    found = (await backend.reread([ref]))[ref]
    assert isinstance(found, Item), found
    return found


def capability(item: Item, verb: str) -> Any:
    """What is said of a verb on the item."""
    offer = item.offer(verb)
    assert offer is not None, verb
    return offer.capability


# --- the directory


async def test_all_members_come_page_by_page_each_once(backend: DiscourseBackend, site: DemoServer) -> None:
    """With the number that the site counts."""
    seen: list[str] = []
    cursor, total = None, None
    for _ in range(20):
        page = await backend.page("members", cursor)
        total = page.total if total is None else total
        seen += [item.ref.native for item in page.items]
        assert all(item.lane == "members" and item.kind == "member" and item.ref.kind == "user" for item in page.items)
        cursor = page.cursor
        if cursor is None:
            break
    there = site.db.value("SELECT count(*) FROM users WHERE active AND deleted_at IS NULL AND id > 0")
    assert len(seen) == len(set(seen)) >= there
    assert total is not None and abs(total - len(seen)) <= len(seen) // 10


async def test_a_search_finds_beginnings_of_names_only(backend: DiscourseBackend, site: DemoServer) -> None:
    """Not the middle, which the site's own filter finds, too."""
    name = str(somebody(site)["username"])
    found = (await backend.members(name[:3])).items
    assert name in {str(item.title) for item in found}
    for item in found:
        assert item.author is not None
        words = [item.author.username.casefold(), *(item.author.name or "").casefold().split()]
        assert any(word.startswith(name[:3].casefold()) for word in words), words
    middle = name[2:6]
    for item in (await backend.members(middle)).items:
        assert item.author is not None
        assert item.author.username.casefold().startswith(middle) or middle in (item.author.name or "").casefold()


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("staff", "(admin OR moderator) AND id > 0"), ("silenced", "silenced_till > :now"),
        ("suspended", "suspended_till > :now"), ("waiting", "NOT approved"), ("new", "created_at > :week AND active"),
    ],
)
async def test_each_kind_lists_those_members(
    backend: DiscourseBackend, site: DemoServer, kind: Any, where: str
) -> None:
    """As the database has them."""
    wanted = site.db.all(
        f"SELECT id FROM users WHERE deleted_at IS NULL AND id > 0 AND {where}",
        {"now": now_ms(), "week": now_ms() - 7 * DAY_MS},
    )
    page = await backend.members(kind=kind)
    assert {item.ref.native for item in page.items} == {str(row["id"]) for row in wanted}
    marks = {"staff": "staff", "waiting": "waiting", "new": "new"}
    for item in page.items:
        assert item.author is not None
        if kind in marks:
            assert marks[kind] in item.author.flags
        else:
            assert [one.told for one in item.author.penalties if one.kind == kind.replace("suspended", "ban")
                    .replace("silenced", "silence")] == [False]  # fmt: skip


async def test_lists_never_decode_addresses(backend: DiscourseBackend, site: DemoServer) -> None:
    """Neither the rows nor the dossier have the member's IP or e-mail anywhere."""
    import msgspec

    member = somebody(site)
    name = str(member["username"])
    texts = [
        msgspec.json.encode(await backend.members(name)), msgspec.json.encode(await read(backend, member["id"])),
        msgspec.json.encode(await backend.dossier(str(member["id"]))),
    ]  # fmt: skip
    for text in texts:
        assert name.encode() in text
        assert str(member["email"]).encode() not in text and str(member["ip"]).encode() not in text


async def test_a_plain_member_sees_the_public_directory_only(site: DemoServer, tmp_path: Path) -> None:
    """No list of the silenced, no addresses, no verbs; each says so."""
    member = somebody(site, "post_count > 20")
    async with backend_on(connect(site, tmp_path, user=str(member["username"]))) as plain:
        page = await plain.members()
        assert page.items and page.total
        with pytest.raises(RightsError, match="staff"):
            await plain.members(kind="silenced")
        with pytest.raises(RightsError, match="staff"):
            await plain.private("11")
        assert isinstance(plain.capabilities.feature("private"), Blocked)
        assert all(isinstance(offer.capability, Blocked) for offer in page.items[0].offers)
        again = await read(plain, page.items[0].ref.native)
        assert again.title == page.items[0].title


async def test_the_list_and_the_account_read_alike(backend: DiscourseBackend, site: DemoServer) -> None:
    """What a decision rests on is the same whether a row came from the list or was read alone; a sanction whose end
    the list does not tell is no new one."""
    plain = somebody(site)
    listed = next(one for one in (await backend.members(str(plain["username"]))).items
                  if one.ref.native == str(plain["id"]))  # fmt: skip
    alone = await read(backend, plain["id"])
    assert seen_of(listed).digest == seen_of(alone).digest
    await decide(backend, alone, "silence", sanction=Sanction("silence", DAY_MS), reason_title="Tone")
    vague = next(one for one in (await backend.members(kind="silenced")).items if one.ref == alone.ref)
    assert differences(seen_of(vague), await read(backend, plain["id"])) == ()
    found = differences(seen_of(alone), vague)
    assert [one.what for one in conflicts("ban", found, sanctions=True)] == ["sanctions"]


async def test_looking_for_an_address_leaves_it_out_of_the_list_of_requests(
    backend: DiscourseBackend, site: DemoServer
) -> None:
    """A moderator may type one; names stay readable."""
    member = somebody(site)
    for text in (str(member["email"]), str(member["ip"]), "kestrel"):
        await backend.members(text)
    shown = [request.path for request in backend.wire.requests][-3:]
    assert ["filter=..." in path for path in shown] == [True, True, False] and "filter=kestrel" in shown[2]


# --- the dossier


async def test_a_ban_stands_in_the_dossiers_history(backend: DiscourseBackend, site: DemoServer) -> None:
    """With who, why and until when."""
    member = somebody(site, "post_count > 20")
    item = await read(backend, member["id"])
    await decide(backend, item, "ban", sanction=Sanction("ban", 7 * DAY_MS), reason_title="Spam in five threads")
    dossier = await backend.dossier(str(member["id"]))
    line = next(line for line in dossier.history if line.kind == "ban")
    assert line.by == site.username and line.reason == "Spam in five threads"
    assert line.until_ms is not None and abs(line.until_ms - (now_ms() + 7 * DAY_MS)) < 60_000
    assert [one.kind for one in dossier.member.penalties] == ["ban"]
    assert dossier.sanctionable == ALLOWED and dossier.shares is None


async def test_a_dossier_counts_posts_and_reports(backend: DiscourseBackend, site: DemoServer) -> None:
    """As the database has them."""
    row = site.db.one(
        "SELECT u.* FROM users u JOIN reviewables r ON r.target_created_by_id = u.id WHERE r.type ="
        " 'ReviewableFlaggedPost' AND u.deleted_at IS NULL AND NOT u.admin AND NOT u.moderator AND u.id > 10"
        " GROUP BY u.id HAVING count(*) <= 8 ORDER BY count(*) DESC, u.id LIMIT 1"
    )
    assert row is not None
    dossier = await backend.dossier(str(row["id"]))
    made: tuple[int, ...] = (row["flags_agreed"], row["flags_disagreed"], row["flags_ignored"])
    assert (dossier.made.right, dossier.made.wrong, dossier.made.ignored) == made
    assert dossier.made.total == sum(made)
    open_ones = site.db.value(
        "SELECT count(*) FROM reviewables WHERE type = 'ReviewableFlaggedPost' AND status = 0"
        " AND target_created_by_id = ?", [row["id"]],
    )  # fmt: skip
    assert dossier.got.open == open_ones
    assert dossier.likes_got == row["likes_received"]
    for post in dossier.recent:
        assert dossier.recent_titles[post.id]


def test_posts_by_day_end_today_and_promise_no_day_that_was_cut() -> None:
    """Sixty rows may reach back three days only: then three are told, not thirty."""
    now = 1_800_000_000_000
    rows = [{"created_at": iso(now - ago * DAY_MS)} for ago in (0, 0, 1, 29)]
    days = by_day(rows, now)
    assert len(days) == 30 and days[-1] == 2 and days[-2] == 1 and days[0] == 1 and sum(days) == 4
    busy = [{"created_at": iso(now - n * DAY_MS // 20)} for n in range(60)]
    assert by_day(busy, now) == (20, 20, 7) and by_day([], now) == () and by_day([{"created_at": "never"}], now) == ()
    assert by_month([{"created_at": iso(now)}], now)[-1] == 1 and by_month(None, now) == ()


async def test_addresses_come_only_when_asked_for_and_the_site_logs_it(
    backend: DiscourseBackend, site: DemoServer
) -> None:
    """With the accounts that share one; neither the repr nor the list of requests shows them."""
    one, other = somebody(site), somebody(site)
    site.db.update("users", other["id"], ip=one["ip"])
    before = site.db.value("SELECT count(*) FROM staff_log WHERE action = 'check_email'")
    found = await backend.private(str(one["id"]))
    assert found.email == one["email"] and found.ip == one["ip"] and found.logged
    assert other["username"] in {member.username for member in found.shares}
    assert str(one["username"]) not in {member.username for member in found.shares}
    assert site.db.value("SELECT count(*) FROM staff_log WHERE action = 'check_email'") == before + 1
    assert str(one["ip"]) not in repr(found) and str(one["email"]) not in repr(found)
    for request in backend.wire.requests:
        assert str(one["ip"]) not in request.path and str(one["email"]) not in request.path


# --- what staff do to an account


async def test_silence_and_ban_and_back(backend: DiscourseBackend, site: DemoServer) -> None:
    """Each verb is possible when it makes sense, and its undo takes it back."""
    member = somebody(site)
    item = await read(backend, member["id"])
    assert capability(item, "silence") == ALLOWED and isinstance(capability(item, "unsilence"), Blocked)
    sent = await decide(backend, item, "silence", sanction=Sanction("silence", DAY_MS), reason_title="Tone")
    assert sent.plan.reversal == "partial" and sent.plan.reaches
    now = await read(backend, member["id"])
    assert capability(now, "unsilence") == ALLOWED
    assert "until" in capability(now, "silence").sentence
    await take_back(backend, item, sent, "silence")
    assert (await read(backend, member["id"])).author.penalties == ()  # type: ignore[union-attr]
    await decide(backend, item, "ban", sanction=Sanction("ban", None), reason_text="For good", message="You are out.")
    row = site.db.one("SELECT * FROM users WHERE id = ?", [member["id"]])
    assert row is not None and row["suspended_till"] > now_ms() + 100 * 365 * DAY_MS
    assert row["suspend_reason"] == "For good"
    await decide(backend, await read(backend, member["id"]), "unban")
    assert isinstance(capability(await read(backend, member["id"]), "unban"), Blocked)


async def test_a_warning_is_an_official_one(backend: DiscourseBackend, site: DemoServer) -> None:
    """Counted by the site, with the title that was given."""
    member = somebody(site)
    item = await read(backend, member["id"])
    sent = await decide(backend, item, "warn", message="Please read the rules.", message_title="About your posts")
    assert sent.plan.reversal == "none" and sent.plan.reaches
    count = site.db.value("SELECT warnings_count FROM users WHERE id = ?", [member["id"]])
    assert count == member["warnings_count"] + 1
    call = sent.plan.steps[0].call
    fate = await backend.fate(item, call, key="k", since_ms=now_ms() - 5000)
    assert fate.is_ == "done"


async def test_a_note_is_added_and_taken_back(backend: DiscourseBackend, site: DemoServer) -> None:
    """Its lost answer is found by its text; one that was answered before is not taken for it."""
    member = somebody(site)
    item = await read(backend, member["id"])
    sent = await decide(backend, item, "note", text="Wants to be asked twice")
    before = (await backend.dossier(str(member["id"]))).notes
    assert [str(note.text) for note in before].count("Wants to be asked twice") == 1
    call = sent.plan.steps[0].call
    assert (await backend.fate(item, call, key="k", since_ms=now_ms() - 5000)).is_ == "done"
    other = await backend.fate(item, call, key="k", since_ms=now_ms() - 5000, known=sent.answers)
    assert other.is_ == "not sent"
    await take_back(backend, item, sent, "note")
    after = (await backend.dossier(str(member["id"]))).notes
    assert len(after) == len(before) - 1 and "Wants to be asked twice" not in {note.text for note in after}


async def test_log_out_and_approve(backend: DiscourseBackend, site: DemoServer) -> None:
    """A sign-up that does not wait cannot be approved."""
    member = somebody(site)
    item = await read(backend, member["id"])
    assert isinstance(capability(item, "approve"), Blocked)
    with pytest.raises(Refused, match="does not wait"):
        backend.plan(item, Intent(verb="approve"))
    sent = await decide(backend, item, "logout")
    assert sent.plan.reversal == "none" and sent.plan.stays
    assert site.db.value("SELECT logged_out_at FROM users WHERE id = ?", [member["id"]])
    assert (await backend.fate(item, sent.plan.steps[0].call, key="k", since_ms=now_ms() - 5000)).is_ == "done"
    site.db.update("users", member["id"], approved=0)
    waiting = await read(backend, member["id"])
    assert waiting.author is not None and "waiting" in waiting.author.flags
    done = await decide(backend, waiting, "approve")
    assert (await backend.fate(waiting, done.plan.steps[0].call, key="k", since_ms=0)).is_ == "done"
    assert site.db.value("SELECT approved FROM users WHERE id = ?", [member["id"]]) == 1


async def test_deleting_a_spammer_says_first_what_goes(backend: DiscourseBackend, site: DemoServer) -> None:
    """It asks, cannot be taken back, and the member is gone after it."""
    member = somebody(site, "post_count BETWEEN 2 AND 5")
    item = await read(backend, member["id"])
    plan = backend.plan(item, Intent(verb="erase", reason_title="Casino links"))
    said = " ".join(str(effect.words) for effect in plan.effects)
    assert f"{member['post_count']} posts" in said and "blocked" in said and plan.asks is not None
    assert plan.reversal == "none" and plan.stays
    call = plan.steps[0].call
    assert (await backend.fate(item, call, key="k", since_ms=0)).is_ == "not sent"
    await send_all(backend, plan)
    assert (await backend.fate(item, call, key="k", since_ms=0)).is_ == "done"
    ref = item.ref
    assert isinstance((await backend.reread([ref]))[ref], Gone)


async def test_old_accounts_and_staff_are_safe(backend: DiscourseBackend, site: DemoServer) -> None:
    """The reasons are sentences, and a plan is refused with them."""
    old = somebody(site, f"post_count > 50 AND created_at < {now_ms() - 100 * DAY_MS}")
    item = await read(backend, old["id"])
    assert isinstance(capability(item, "erase"), Blocked) and capability(item, "ban") == ALLOWED
    with pytest.raises(Refused, match="only new members"):
        backend.plan(item, Intent(verb="erase"))
    staff = next(one for one in (await backend.members(kind="staff")).items)
    for verb in ("warn", "silence", "ban", "logout", "erase"):
        assert "is staff" in capability(staff, verb).sentence
    assert capability(staff, "note") == ALLOWED
    assert isinstance((await backend.dossier(staff.ref.native)).sanctionable, Blocked)


async def test_without_the_plugin_notes_say_so(demo: DemoServer, tmp_path: Path) -> None:
    """First when one is sent, then at once."""
    demo.site.settings.user_notes = False
    async with backend_on(connect(demo, tmp_path)) as backend:
        native = demo.db.value("SELECT id FROM users WHERE id > 10 AND NOT admin AND NOT moderator LIMIT 1")
        item = await read(backend, native)
        with pytest.raises(Refused, match="User Notes plugin"):
            await decide(backend, item, "note", text="x")
        found = capability(await read(backend, native), "note")
        assert isinstance(found, Blocked) and found.code == "plugin"
        with contextlib.suppress(Refused):
            await decide(backend, await read(backend, native), "note", text="y")
        assert demo.db.value("SELECT count(*) FROM user_notes WHERE raw IN ('x', 'y')") == 0
