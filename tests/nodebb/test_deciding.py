"""NodeBB's traps, on a hand-made fake of a forum over real HTTP: tokens, rights, what is answered with 200 and was not
done, bans, and what cannot be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from modtui.backends.nodebb.backend import Options
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Intent, Sanction
from modtui.domain.items import Item
from modtui.errors import AuthError, Refused, RightsError, SettingsError, SiteError, Stale
from modtui.testing import carry_out
from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_records import Post, User
from tests.nodebb.acting import HOUR_MS, Open, again, do, row, row_now, undo

pytestmark = pytest.mark.anyio


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


def test_categories_of_questions_are_a_list_or_a_word() -> None:
    for given in ([5, 7], ["5", "7"], "5,7", "5 7"):
        assert Options.read({"questions": given}).questions == ("5", "7")
    assert Options.read({"questions": 5}).questions == ("5",) and Options.read({}).questions == ()


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


async def test_an_administrator_bans_and_mutes_although_the_own_profile_says_no(
    forum: Forum, bad: Post, open_: Open
) -> None:
    backend = await open_(forum.admin)
    assert (await backend.identify()).role == "admin"
    item = await row(backend)
    assert all((offer := item.offer(verb)) and offer.capability == ALLOWED for verb in ("ban", "silence"))
    await do(backend, item, "ban", sanction=Sanction("ban", None))
    assert forum.users[bad.uid].banned


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


async def test_the_report_that_a_ban_closed_is_open_again_when_the_ban_is_taken_back(
    forum: Forum, mara: User, open_: Open
) -> None:
    spam = forum.member("spamlord")
    forum.report(mara, "user", spam.uid, "Spam account")
    backend = await open_(forum.gmod)
    item = await row(backend)
    done = await do(backend, item, "ban", sanction=Sanction("ban", 24 * HOUR_MS), reason_title="Advertising")
    assert (await row_now(backend, forum)).state != "open", "the forum closes the report by itself"
    await undo(backend, item, "ban", done)
    assert not spam.banned and (await row(backend)).ref == item.ref
    both = await do(backend, item, "ignore", sanction=Sanction("ban", 24 * HOUR_MS), reason_title="Advertising")
    await undo(backend, item, "ignore", both)
    assert not spam.banned and (await row(backend)).state == "open"
    with pytest.raises(Refused, match="closes the report"):
        backend.plan(item, Intent(verb="approve", sanction=Sanction("ban", HOUR_MS)))


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
