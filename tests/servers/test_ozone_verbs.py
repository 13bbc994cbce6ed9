"""What else the service can do, each on a real network: what others see of it, and whether it can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Gone
from modtui.domain.subjects import SubjectRef
from modtui.errors import NotFound, Refused, SettingsError, Stale
from tests.servers.ozone import Json, Ozone
from tests.servers.ozone_world import decide, listed, reported, row, signed_in, take_back

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


def labels(ozone: Ozone, uri: str) -> set[str]:
    """The labels that stand on a record now."""
    found = ozone.detail(uri)["record"]["labels"]
    return {one["val"] for one in found} - {one["val"] for one in found if one.get("neg")}


def with_queue(ozone: Ozone, name: str, *reasons: str) -> int:
    """A queue for reports with these reasons; its id. Queues may not overlap, so each reason is used once."""
    admin = ozone.staff("admin", "boss")
    given: Json = {
        "name": name, "subjectTypes": ["record"], "collection": "app.bsky.feed.post",
        "reportTypes": [f"tools.ozone.report.defs#{reason}" for reason in reasons], "description": f"About {name}.",
    }  # fmt: skip
    return int(ozone.as_mod(admin, "tools.ozone.queue.createQueue", json=given)["queue"]["id"])


async def test_a_label_is_set_and_taken_off(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Hidden advertising.")
    async with signed_in(ozone, tmp_path) as backend:
        item = await row(backend, uri)
        assert item.place.tags == tuple(str(tag) for tag in ozone.status(uri)["tags"])
        intent = Intent(verb="offer", offer="label:spam", reason_title="Advertising")
        plan, done = await decide(backend, item, intent, "label")
        assert plan.reversal == "full" and labels(ozone, uri) == {"spam"}
        now = await row(backend, uri)
        assert now.state == "open", "a label closes nothing"
        assert {"unlabel:spam"} <= {one.id for one in now.offers} and "label:spam" not in {one.id for one in now.offers}
        await take_back(backend, now, intent, done, "unlabel")
        assert labels(ozone, uri) == set()


async def test_tags_are_set_as_they_shall_be(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Tag me.")
    async with signed_in(ozone, tmp_path) as backend:
        item = await row(backend, uri)
        before = tuple(str(tag) for tag in item.place.tags)
        assert "report:spam" in before
        intent = Intent(verb="tag", tags=(*before, "wave:one"))
        _, done = await decide(backend, item, intent, "tag")
        assert set(ozone.status(uri)["tags"]) == {*before, "wave:one"}
        assert "wave:one" in {one.id for one in await backend.choices("tag")}
        await take_back(backend, await row(backend, uri), intent, done, "untag")
        assert set(ozone.status(uri)["tags"]) == set(before)
        assert {"label:spam", "label:!hide"} <= {one.id for one in await backend.choices("tag", "label:")}
        labelled = Intent(verb="tag", tags=(*before, "label:rude"))
        _, done = await decide(backend, await row(backend, uri), labelled, "label-tag")
        assert labels(ozone, uri) == {"rude"} and set(ozone.status(uri)["tags"]) == set(before)
        assert "label:rude" in (await row(backend, uri)).place.tags
        await take_back(backend, await row(backend, uri), labelled, done, "unlabel-tag")
        assert labels(ozone, uri) == set()
        with pytest.raises(Refused, match="so already"):
            backend.plan(item, Intent(verb="tag", tags=before))


async def test_notes_and_the_sticky_one(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Note me.")
    async with signed_in(ozone, tmp_path) as backend:
        item = await row(backend, uri)
        await decide(backend, item, Intent(verb="note", text="Seen before, see #12."), "note")
        assert ozone.events(uri, "modEventComment")[0]["event"]["comment"] == "Seen before, see #12."
        intent = Intent(verb="note", offer="sticky", text="Ask the lawyers first.")
        _, done = await decide(backend, item, intent, "sticky")
        now = await row(backend, uri)
        assert [note.text for note in now.notes] == ["Ask the lawyers first."] and now.state == "open"
        await take_back(backend, now, intent, done, "unsticky")
        assert (await row(backend, uri)).notes == ()


async def test_reports_are_taken_and_given_back(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Whose is it?", reasons=("reasonSpam", "reasonRude"))
    other = ozone.staff(name="other")
    async with signed_in(ozone, tmp_path / "a") as one, signed_in(ozone, tmp_path / "b", other) as two:
        before = await row(two, uri)
        _, done = await decide(one, await row(one, uri), Intent(verb="claim"), "claim")
        mine = await row(one, uri)
        assert mine.claim is not None and mine.claim.mine and mine.offer("release") is not None
        with pytest.raises(Stale, match=f"{ozone.user} has taken it meanwhile"):
            await decide(two, before, Intent(verb="claim"), "late")
        theirs = await row(two, uri)
        assert theirs.claim is not None and not theirs.claim.mine and theirs.claim.by == ozone.user
        offer = theirs.offer("claim")
        assert offer is not None and isinstance(offer.capability, Blocked) and offer.capability.code == "claimed"
        await take_back(one, mine, Intent(verb="claim"), done, "unclaim")
        assert (await row(two, uri)).claim is None


async def test_single_reports_are_closed_and_reopened(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Two say so.", reasons=("reasonSpam", "reasonRude"))
    async with signed_in(ozone, tmp_path) as backend:
        item = await row(backend, uri)
        first, second = item.reports
        intent = Intent(verb="offer", offer=f"close:{first.id}")
        plan, done = await decide(backend, item, intent, "close")
        assert plan.reversal == "full"
        assert [one["status"] for one in ozone.reports(uri)] == ["closed", "open"]
        now = await row(backend, uri)
        assert now.state == "open" and [one.id for one in now.reports] == [second.id]
        await take_back(backend, now, intent, done, "reopen")
        assert [one.id for one in (await row(backend, uri)).reports] == [first.id, second.id]


async def test_an_appeal_is_shown_as_one_and_resolved(ozone: Ozone, tmp_path: Path) -> None:
    author = ozone.named("appealer")
    uri = reported(ozone, "It was a joke.", author="appealer")
    mod = ozone.staff()
    ozone.emit(mod, (uri, ozone.cid_of(uri)), "modEventTakedown", reportAction={"all": True})
    ozone.report(author, (uri, ozone.cid_of(uri)), "It was a joke!", "tools.ozone.report.defs#reasonAppeal")
    ozone.process()
    async with signed_in(ozone, tmp_path) as backend:
        item = (await listed(backend))[uri]
        assert item.deleted and item.state == "open"
        (appeal,) = item.reports
        assert appeal.label == "Appeal" and appeal.text == "It was a joke!"
        assert appeal.reporter is not None and appeal.reporter.username == author.handle
        with pytest.raises(Refused, match="taken down already"):
            backend.plan(item, Intent(verb="remove", reason="spam"))
        plan, _ = await decide(backend, item, Intent(verb="approve", reason_title="No joke"), "appeal")
        assert any("appeal" in effect.words for effect in plan.effects)
        status = ozone.status(uri)
        assert status["takendown"] and not status.get("appealed") and status["reviewState"].endswith("#reviewClosed")
        assert (await row(backend, uri)).state == "removed"


async def test_a_muted_subject_leaves_the_queue_and_comes_back(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Not now.")
    async with signed_in(ozone, tmp_path) as backend:
        intent = Intent(verb="offer", offer="mute_day")
        _, done = await decide(backend, await row(backend, uri), intent, "mute")
        assert uri not in await listed(backend) and ozone.status(uri)["muteUntil"]
        now = await row(backend, uri)
        assert "unmute" in {one.id for one in now.offers}
        await take_back(backend, now, intent, done, "unmute")
        assert uri in await listed(backend)


async def test_a_takedown_for_a_day_under_a_policy(ozone: Ozone, tmp_path: Path) -> None:
    one, two = reported(ozone, "For a day."), reported(ozone, "Under a policy.")
    async with signed_in(ozone, tmp_path, policies={"spam": "policy-two/sev-4"}, tell_reporters=True) as backend:
        spam = Intent(verb="remove", offer="takedown_day", reason="spam", reason_title="Advertising")
        plan, _ = await decide(backend, await row(backend, one), spam, "day")
        assert any("for a day" in effect.words or "1 d" in effect.words for effect in plan.effects)
        (event,) = ozone.events(one, "modEventTakedown")
        assert event["event"]["durationInHours"] == 24 and event["event"]["policies"] == ["policy-two"]
        assert (event["event"]["severityLevel"], event["event"]["strikeCount"]) == ("sev-4", 4)
        assert ozone.reports(one)[0]["actionNote"] == "Advertising"
        policy = Intent(verb="remove", offer="takedown:policy-one", reason="other", reason_title="Rules")
        await decide(backend, await row(backend, two), policy, "policy")
        assert ozone.events(two, "modEventTakedown")[0]["event"]["policies"] == ["policy-one"]


async def test_a_reply_in_public_and_its_end(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Is this allowed?")
    async with signed_in(ozone, tmp_path) as backend:
        item = await row(backend, uri)
        intent = Intent(verb="reply", text="No; the rules are pinned.")
        plan, done = await decide(backend, item, intent, "reply")
        assert plan.reaches and plan.stays
        ozone.process()
        posts = (await backend.thread(item)).posts
        assert [one.body.text for one in posts] == ["Is this allowed?", "No; the rules are pinned."]
        assert posts[1].author is not None and posts[1].author.username == ozone.user and posts[1].reply_to == 1
        assert (await row(backend, uri)).state == "open"
        await take_back(backend, item, intent, done, "unreply")
        ozone.process()
        assert len((await backend.thread(item)).posts) == 1
        with pytest.raises(Refused, match="300"):
            backend.plan(item, Intent(verb="reply", text="x" * 301))


async def test_queues_are_rows_of_their_own_and_places_to_hand_to(ozone: Ozone, tmp_path: Path) -> None:
    near = with_queue(ozone, "Animals", "reasonSexualAnimal")
    far = with_queue(ozone, "Elections", "reasonCivicElectoralProcess")
    reason = "tools.ozone.report.defs#reasonSexualAnimal"
    uri = reported(ozone, "About animals.", reasons=(reason,))
    elsewhere = reported(ozone, "About pills.")
    async with signed_in(ozone, tmp_path, queue="Animals") as backend:
        assert backend.connection.options["queue"] == "Animals"
        found = await listed(backend)
        assert uri in found and elsewhere not in found
        assert (await backend.counts())["reports"] == len(found)
        assert found[uri].place.category == "Animals"
        routes = {one.id: one.title for one in await backend.choices("route", item=found[uri])}
        assert routes["review"] and routes[f"queue:{far}"] == "Elections" and f"queue:{near}" in routes
        intent = Intent(verb="escalate", route=f"site:queue:{far}", text="Is this yours?")
        plan, done = await decide(backend, found[uri], intent, "move")
        assert plan.reversal == "full" and uri not in await listed(backend)
        assert ozone.reports(uri)[0]["queue"]["name"] == "Elections"
        await take_back(backend, await row(backend, uri), intent, done, "move-back")
        assert uri in await listed(backend)
    with pytest.raises(SettingsError, match="no queue"):
        async with signed_in(ozone, tmp_path, queue="Nowhere"):
            pytest.fail("it opened")


async def test_the_dossier_remembers_what_was_done(ozone: Ozone, tmp_path: Path) -> None:
    author = ozone.create_account("regular", "I sell things.")
    posts = [ozone.post(author, f"Offer number {number}.") for number in range(3)]
    for post in posts:
        ozone.report(ozone.named("ann"), post)
    mod = ozone.staff(name="other")
    ozone.emit(mod, posts[0], "modEventTakedown", comment="Advertising", reportAction={"all": True})
    ozone.emit(mod, author.did, "modEventComment", comment="Was asked to stop.")
    ozone.emit(mod, author.did, "modEventEmail", subjectLine="Please stop", content="<p>Stop.</p>")
    ozone.process()
    async with signed_in(ozone, tmp_path) as backend:
        found = await backend.dossier(author.handle)
        assert found.member.native == author.did and found.bio == "I sell things." and found.member.posts == 3
        kinds = [line.kind for line in found.history]
        assert {"removal", "warning"} <= set(kinds) and found.member.warned == 1
        assert all(line.by == mod.handle for line in found.history if line.kind in ("removal", "warning"))
        assert [note.text for note in found.notes] == ["Was asked to stop."]
        assert len(found.recent) >= 2 and found.sanctionable == ALLOWED
        assert (await backend.private(author.did)).email is not None
        assert "@" not in repr(found).replace("@ ", "")
        with pytest.raises(NotFound):
            await backend.dossier("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")


async def test_the_services_templates_are_saved_replies(ozone: Ozone, tmp_path: Path) -> None:
    admin = ozone.staff("admin", "boss")
    given: Json = {
        "name": "Hello", "subject": "About your post", "contentMarkdown": "**Hi** there.", "lang": "de",
        "createdBy": admin.did,
    }  # fmt: skip
    ozone.as_mod(admin, "tools.ozone.communication.createTemplate", json=given)
    async with signed_in(ozone, tmp_path) as backend:
        (one,) = [one for one in await backend.templates() if one.title == "Hello"]
        assert (one.text, one.language) == ("**Hi** there.", "de")


async def test_what_its_author_deleted_is_a_row_with_a_problem(ozone: Ozone, tmp_path: Path) -> None:
    post = ozone.post(ozone.named("author"), "Soon gone.")
    ozone.report(ozone.named("ann"), post)
    ozone.process()
    ozone.unpost(ozone.named("author"), post[0])
    ozone.process()
    async with signed_in(ozone, tmp_path) as backend:
        item = (await listed(backend))[post[0]]
        assert item.problem is not None and item.body is None
        await decide(backend, item, Intent(verb="approve"), "gone")
        assert (await row(backend, post[0])).state == "kept"
        missing = SubjectRef(item.ref.community, "record", "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/x")
        kinds = ("record", "account", "user", "chat", "reviewable")
        broken = [SubjectRef(item.ref.community, kind, "8") for kind in kinds]
        found = await backend.reread([missing, *broken])
        assert all(isinstance(found[ref], Gone) for ref in (missing, *broken))


async def test_what_others_do_is_noticed(ozone: Ozone, tmp_path: Path) -> None:
    uri = reported(ozone, "Somebody else decides.", reasons=("reasonSpam", "reasonRude"))
    other = ozone.staff(name="other")
    async with signed_in(ozone, tmp_path) as backend:
        ref = SubjectRef(backend.connection.community, "record", uri)
        position = (await backend.changes(None)).position
        quiet = await backend.changes(position)
        assert not quiet.touched and not quiet.reload
        report = ozone.reports(uri)[0]["id"]
        closing = {"reportId": report, "activity": {"$type": "tools.ozone.report.defs#closeActivity"}}
        ozone.as_mod(other, "tools.ozone.report.createActivity", json=closing)
        seen = await backend.changes(quiet.position)
        assert seen.touched == (ref,) and not seen.reload
        ozone.emit(other, (uri, ozone.cid_of(uri)), "modEventAcknowledge", reportAction={"all": True})
        seen = await backend.changes(seen.position)
        assert ref in seen.touched
        ozone.report(ozone.named("cy"), (uri, ozone.cid_of(uri)), reason="reasonRude")
        ozone.process()
        seen = await backend.changes(seen.position)
        assert seen.reload and seen.lanes == ("reports",)
        assert not (await backend.changes(seen.position)).reload
