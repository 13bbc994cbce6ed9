"""The whole loop on a real network: a report, its context, the decision, what others see of it, and the way back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modtui.domain.decisions import Intent, Sanction
from modtui.errors import AuthError, NetworkError, Refused, RightsError, Stale
from modtui.testing.lossy import lossy
from modtui.testing.steps import steps_of
from tests.servers.ozone import Answer, Ozone
from tests.servers.ozone_world import decide, listed, reported, row, signed_in, take_back

pytestmark = [pytest.mark.servers, pytest.mark.anyio]

SPAM = Intent(verb="remove", reason="spam", reason_title="Advertising", reason_text="No advertising here.")
HOUR_MS = 3_600_000


async def test_from_the_report_to_the_takedown_and_back(ozone: Ozone, tmp_path: Path) -> None:
    root = ozone.post(ozone.named("author"), "Who knows a good pharmacy?")
    above = {"uri": root[0], "cid": root[1]}
    post = ozone.post(ozone.named("seller"), "Cheap pills, ask me.", {"root": above, "parent": above})
    ozone.report(ozone.named("ann"), post, "advertising")
    ozone.report(ozone.named("bo"), post, reason="reasonRude")
    ozone.process()
    async with signed_in(ozone, tmp_path) as backend:
        item = (await listed(backend))[post[0]]
        assert [report.text for report in item.reports] == ["advertising", None]
        assert {report.reason for report in item.reports} == {"spam", "insult"}
        assert item.author is not None and item.author.username == ozone.named("seller").handle
        thread = await backend.thread(item)
        assert [one.body.text for one in thread.posts] == ["Who knows a good pharmacy?", "Cheap pills, ask me."]

        plan, done = await decide(backend, item, SPAM, "loop-do")
        assert plan.reversal == "partial" and done[0].answer is not None and done[0].answer.words is None
        status = ozone.status(post[0])
        assert status["takendown"] and status["lastReviewedBy"] == ozone.staff().did
        (event,) = ozone.events(post[0], "modEventTakedown")
        assert event["event"]["comment"] == "Advertising: No advertising here."
        assert event["id"] == done[0].answer.data["event"]
        assert [one["status"] for one in ozone.reports(post[0])] == ["closed", "closed"]
        assert post[0] not in await listed(backend)
        assert (await row(backend, post[0])).state == "removed"

        back = await take_back(backend, await row(backend, post[0]), SPAM, done, "loop-undo")
        assert back.reversal == "partial" and any("open again" in words for words in back.stays)
        assert not ozone.status(post[0])["takendown"]
        again = (await listed(backend))[post[0]]
        assert again.state == "open" and [one.id for one in again.reports] == [one.id for one in item.reports]


async def test_the_second_takedown_is_told_who_was_faster(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Both saw it.")
    other = ozone.staff(name="other")
    async with signed_in(ozone, tmp_path) as backend:
        item = await row(backend, uri)
        ozone.emit(other, (uri, ozone.cid_of(uri)), "modEventTakedown", reportAction={"all": True})
        with pytest.raises(Stale, match=f"{other.handle} took it down already"):
            await decide(backend, item, SPAM, "second")
        assert len(ozone.events(uri, "modEventTakedown")) == 1
        now = await row(backend, uri)
        assert (now.state, now.handled_by) == ("removed", other.handle)


async def test_two_takedowns_at_the_same_moment_are_said(ozone: Ozone, tmp_path: Path) -> None:
    """The service takes both, or refuses one: either way each moderator hears of the other."""
    uri = reported(ozone, "Both saw it at once.")
    other = ozone.staff(name="other")
    async with signed_in(ozone, tmp_path / "a") as one, signed_in(ozone, tmp_path / "b", other) as two:
        both = [(one, await row(one, uri)), (two, await row(two, uri))]
        plain = Intent(verb="remove", reason="spam", reason_title="Advertising")
        ends = await asyncio.gather(
            *(decide(backend, item, plain, f"race-{place}") for place, (backend, item) in enumerate(both)),
            return_exceptions=True,
        )
    refused = [end for end in ends if isinstance(end, BaseException)]
    assert all(isinstance(end, Stale) for end in refused) and len(refused) < 2
    log = ozone.events(uri, "modEventTakedown")
    assert len(log) == 2 - len(refused)
    told = [end[1][0].answer.words for end in ends if not isinstance(end, BaseException) and end[1][0].answer]
    if not refused:
        assert any(words and "took it down" in words for words in told), "at least the later one sees both"


async def test_a_lost_answer_is_found_by_its_key(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "The line breaks.")
    async with lossy(ozone.url) as line, signed_in(ozone, tmp_path, url=line.url) as backend:
        item = await row(backend, uri)
        (step,) = steps_of(backend.plan(item, Intent(verb="approve")), "lost")
        since = backend.wire.clock_ms - 2000
        line.losing = True
        with pytest.raises(NetworkError) as broken:
            await backend.send(step.call, key=step.key)
        assert broken.value.sent and line.lost == 1
        fate = await backend.fate(item, step.call, key=step.key, since_ms=since)
        assert fate.is_ == "done" and fate.answer is not None
        again = await backend.send(step.call, key=step.key)
        assert again.data == fate.answer.data, "the service refuses the key a second time, and ours is found"
    assert len(ozone.events(uri, "modEventAcknowledge")) == 1


async def test_a_takedown_is_not_done_twice_after_a_lost_answer(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "The line breaks again.")
    async with signed_in(ozone, tmp_path) as backend:
        (step,) = steps_of(backend.plan(await row(backend, uri), SPAM), "once")
        first = await backend.send(step.call, key=step.key)
        second = await backend.send(step.call, key=step.key)
        assert first.data == second.data
    assert len(ozone.events(uri, "modEventTakedown")) == 1


async def test_a_report_that_others_closed_stops_the_decision(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Half closed.", reasons=("reasonSpam", "reasonRude"))
    async with signed_in(ozone, tmp_path) as backend:
        item = await row(backend, uri)
        closing = {"reportId": int(item.reports[0].id), "activity": {"$type": "tools.ozone.report.defs#closeActivity"}}
        ozone.as_mod(ozone.staff(name="other"), "tools.ozone.report.createActivity", json=closing)
        with pytest.raises(Stale, match="closed meanwhile"):
            await decide(backend, item, Intent(verb="approve"), "half")
        assert not ozone.events(uri, "modEventAcknowledge"), "nothing was written"


async def test_what_the_role_does_not_allow_is_no_bad_sign_in(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Triage looks at it.")
    async with signed_in(ozone, tmp_path / "tri", ozone.staff("triage", "tri")) as triage:
        item = await row(triage, uri)
        offer = item.offer("remove")
        assert offer is not None
        with pytest.raises(Refused, match="Only moderators and admins"):
            triage.plan(item, SPAM)
        async with signed_in(ozone, tmp_path / "mod") as mod:
            (step,) = steps_of(mod.plan(await row(mod, uri), SPAM), "right")
        with pytest.raises(RightsError, match="full moderator") as refused:
            await triage.send(step.call, key=step.key)
        assert not isinstance(refused.value, AuthError)
        # what triage is for: it hands the post to those who may
        intent = Intent(verb="escalate", text="Please look.")
        await decide(triage, item, intent, "hand-over")
        assert uri not in await listed(triage), "handed over, so it is not theirs any more"
    async with signed_in(ozone, tmp_path / "mod") as mod:
        assert uri in await listed(mod)
    assert ozone.status(uri)["reviewState"].endswith("#reviewEscalated")


async def test_a_ban_ends_the_members_session_and_is_lifted(ozone: Ozone, tmp_path: Path) -> None:
    member = ozone.create_account("shouter")
    ozone.process()
    ozone.report(ozone.named("ann"), member.did, reason="reasonRude")
    ozone.process()
    signing = {"identifier": member.handle, "password": member.password}
    async with signed_in(ozone, tmp_path) as backend:
        item = (await listed(backend))[member.did]
        assert item.kind == "member"
        intent = Intent(verb="ban", reason_title="Insults", sanction=Sanction("ban", 36 * HOUR_MS + 1))
        plan, done = await decide(backend, item, intent, "ban")
        assert plan.steps[0].call.args["event"]["durationInHours"] == 37, "whole hours, and never less than was said"
        assert ozone.status(member.did)["suspendUntil"]
        ozone.process()
        with pytest.raises(Answer) as refused:
            ozone.call("POST", "com.atproto.server.createSession", json=signing)
        assert refused.value.error == "AccountTakedown"
        now = await row(backend, member.did)
        assert now.state == "removed" and now.author is not None and now.author.penalties[0].until_ms is not None
        gone = [one.ref.native for one in (await backend.members(kind="suspended")).items]
        assert member.did in gone
        await take_back(backend, now, intent, done, "unban")
        ozone.process()
        assert ozone.call("POST", "com.atproto.server.createSession", json=signing)["did"] == member.did


async def test_a_removal_can_tell_and_ban_the_author(ozone: Ozone, tmp_path: Path) -> None:
    author = ozone.create_account("seller")
    post = ozone.post(author, "Buy, buy, buy.")
    ozone.report(ozone.named("ann"), post)
    ozone.process()
    async with signed_in(ozone, tmp_path) as backend:
        email = (await backend.private(author.did)).email
        intent = Intent(
            verb="remove", reason="spam", reason_title="Advertising", message="**Stop** that.\n\nThe <team>",
            sanction=Sanction("ban", None),
        )  # fmt: skip
        plan, done = await decide(backend, await row(backend, post[0]), intent, "three")
        assert [step.call.args["kind"] for step in plan.steps] == [
            "modEventTakedown", "modEventEmail", "modEventTakedown"
        ]  # fmt: skip
        assert plan.reaches and "an e-mail cannot be called back" in plan.stays
        (mail,) = [one for one in ozone.mails() if one["to"] == email]
        assert mail["subject"] == "Advertising"
        assert "<strong>Stop</strong>" in mail["html"] and "&lt;team&gt;" in mail["html"]
        assert ozone.status(post[0])["takendown"] and ozone.status(author.did)["takendown"]
        back = await take_back(backend, await row(backend, post[0]), intent, done, "three-back")
        assert "an e-mail cannot be called back" in back.stays
        assert not ozone.status(post[0])["takendown"] and not ozone.status(author.did)["takendown"]
