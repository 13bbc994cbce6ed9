"""What is particular about the Open edX forum, against a real one: two kinds of subjects, edits, deleting, refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from modtui.backends.base import Backend, Connection
from modtui.backends.openedx import factory
from modtui.backends.openedx.codes import CLOSE_REASONS
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Gone, Item
from modtui.domain.seen import seen_of
from modtui.domain.subjects import SubjectRef
from modtui.errors import AuthError, Refused, RightsError, SettingsError, Stale, UsageError
from modtui.testing import carry_out
from modtui.testing.steps import all_items, one_of
from tests.contract.test_openedx import OpenEdxSite
from tests.servers.community import Community
from tests.servers.conftest import openedx  # noqa: F401 (a fixture)
from tests.servers.openedx import OUTSIDER, OpenEdx

pytestmark = [pytest.mark.servers, pytest.mark.anyio]


@pytest.fixture
def forum(openedx: OpenEdx) -> Community:  # noqa: F811
    """A course of its own."""
    return Community(openedx)


@pytest.fixture
def connection(forum: Community, tmp_path: Path) -> Connection:
    return OpenEdxSite(forum, "thread").connection(tmp_path)


@pytest.fixture
async def backend(connection: Connection) -> AsyncIterator[Backend]:
    made = factory(connection)
    await made.identify()
    yield made
    await made.aclose()


async def rows(backend: Backend) -> dict[tuple[str, str], Item]:
    """The lane by kind and number."""
    return {(item.ref.kind, item.ref.native): item for item in await all_items(backend, "reports")}


async def again(backend: Backend, item: Item) -> Item:
    """The item as it is now."""
    found = (await backend.reread([item.ref]))[item.ref]
    assert isinstance(found, Item)
    return found


async def reported_thread(forum: Community, backend: Backend, text: str = "What was reported.") -> Item:
    """A thread that two members report."""
    native = forum.thread(text)
    forum.server.flag_thread(native, forum.ann, forum.bo)
    return (await rows(backend))["thread", native]


# The lane


async def test_every_reported_post_is_a_row_and_no_other(forum: Community, backend: Backend) -> None:
    server = forum.server
    both = forum.thread("Reported, and a reply below it too.")
    server.flag_thread(both, forum.ann)
    response = forum.respond(both, "Harmless.")
    reply = server.create_reply(forum.course, response, forum.author, "Not harmless.")
    server.flag_comment(reply, forum.bo)
    question = forum.thread("A harmless question.", kind="question")
    bad, worse = forum.respond(question, "Bad."), forum.respond(question, "Worse.")
    server.flag_comment(bad, forum.ann)
    server.flag_comment(worse, forum.ann, forum.bo)
    forum.thread("Nobody minds this one.")
    found = await rows(backend)
    assert {key: len(item.reports) for key, item in found.items()} == {
        ("thread", both): 1, ("comment", reply): 1, ("comment", bad): 1, ("comment", worse): 2,
    }  # fmt: skip
    assert found["comment", worse].place.thread_title == "A title"
    assert {report.reporter.username for report in found["comment", worse].reports if report.reporter} == {
        forum.ann.name, forum.bo.name,
    }  # fmt: skip


async def test_approving_a_thread_leaves_its_responses_reported(forum: Community, backend: Backend) -> None:
    thread = await reported_thread(forum, backend)
    response = forum.respond(thread.ref.native)
    forum.server.flag_comment(response, forum.ann)
    await carry_out(backend, backend.plan(thread, Intent(verb="approve")), "a")
    assert list(await rows(backend)) == [("comment", response)]


async def test_a_reported_response_far_down_a_long_thread_is_found(forum: Community, backend: Backend) -> None:
    thread = forum.thread("A long one.")
    responses = [forum.respond(thread, f"Response {number}.") for number in range(104)]
    last = max(responses)  # as text: the site's own order, so this one is on the second page
    forum.server.flag_comment(last, forum.ann)
    item = (await rows(backend))["comment", last]
    shown = await backend.thread(item)
    assert [post.body.text for post in shown.posts if post.subject] == [item.source]
    assert shown.total == 105 and len(shown.posts) <= 20


async def test_a_thread_that_the_forum_cannot_show_is_still_a_row(forum: Community, backend: Backend) -> None:
    thread = await reported_thread(forum, backend)
    forum.server.call("PUT", f"threads/{thread.ref.native}", json={"body": "", "editing_user_id": forum.author.id})
    item = (await rows(backend))["thread", thread.ref.native]
    assert item.problem and len(item.reports) == 2
    assert seen_of(await again(backend, item)) == seen_of(item)
    assert [post.subject for post in (await backend.thread(item)).posts] == [True]


async def test_a_cursor_from_elsewhere_is_refused(backend: Backend) -> None:
    with pytest.raises(UsageError):
        await backend.page("reports", "no-cursor")
    for lane, cursor in (("questions", "no-cursor"), ("questions", "1:²"), ("members", None)):
        with pytest.raises(UsageError):
            await backend.page(lane, cursor)  # type: ignore[arg-type]


async def test_changes_name_the_thread(forum: Community, backend: Backend) -> None:
    item = await reported_thread(forum, backend)
    position = (await backend.changes(None)).position
    forum.server.flag_thread(item.ref.native, forum.mod)
    changes = await backend.changes(position)
    assert changes.touched == (item.ref,) and changes.reload
    assert (await backend.changes("from another version")).position == changes.position


# Editing


async def test_a_removed_thread_comes_back_with_title_text_and_reporters(forum: Community, backend: Backend) -> None:
    item = await reported_thread(forum, backend, "Buy *cheap* watches.")
    intent = Intent(verb="remove", reason="spam", reason_title="Advertising", lock=True)
    steps = await carry_out(backend, backend.plan(item, intent), "do")
    raw = forum.server.thread(item.ref.native)
    assert raw["title"] == raw["body"] == "[Removed by a moderator: Advertising]"
    assert raw["closed"] and raw["closed_by"] == forum.mod.name and raw["username"] == forum.author.name
    removed = await again(backend, item)
    assert (removed.state, removed.handled_by) == ("removed", forum.mod.name)
    await carry_out(backend, backend.plan_undo(removed, intent, steps), "undo")
    raw = forum.server.thread(item.ref.native)
    assert (raw["title"], raw["body"], raw["closed"]) == ("A title", "Buy *cheap* watches.", False)
    assert raw["user_id"] == forum.author.id and set(raw["abuse_flaggers"]) == {forum.ann.id, forum.bo.id}


async def test_a_removal_by_somebody_else_can_be_restored(forum: Community, backend: Backend) -> None:
    item = await reported_thread(forum, backend)
    await carry_out(backend, backend.plan(item, Intent(verb="remove")), "theirs")
    removed = await again(backend, item)
    plan = backend.plan(removed, Intent(verb="restore"))
    steps = await carry_out(backend, plan, "restore")
    assert forum.server.thread(item.ref.native)["body"] == "What was reported."
    await carry_out(backend, backend.plan_undo(removed, Intent(verb="restore"), steps), "undo")
    assert (await again(backend, item)).state == "removed"


async def test_an_edit_does_not_overwrite_a_newer_text(forum: Community, backend: Backend) -> None:
    item = await reported_thread(forum, backend)
    plan = backend.plan(item, Intent(verb="remove"))
    edit = {"body": "A newer text.", "editing_user_id": forum.author.id}
    forum.server.ask("PUT", f"threads/{item.ref.native}", json=edit)
    call = plan.steps[0].call
    with pytest.raises(Stale):
        await backend.send(call, key="k")
    assert forum.server.thread(item.ref.native)["body"] == "A newer text."
    assert (await backend.fate(item, call, key="k", since_ms=0)).is_ == "unclear"


async def test_the_moderators_own_words_keep_the_reports_open(forum: Community, backend: Backend) -> None:
    item = await reported_thread(forum, backend)
    plan = backend.plan(item, Intent(verb="edit", text="Something nicer.", title="A nicer title"))
    steps = await carry_out(backend, plan, "edit")
    edited = await again(backend, item)
    assert (edited.source, edited.title, edited.state) == ("Something nicer.", "A nicer title", "open")
    assert edited.edits == 1 and edited.edited_ms is not None
    await carry_out(backend, backend.plan_undo(edited, Intent(verb="edit"), steps), "undo")
    back = await again(backend, item)
    assert (back.source, back.title) == (item.source, item.title)


async def test_an_anonymous_response_stays_anonymous(forum: Community, backend: Backend) -> None:
    body = {"body": "Nobody knows me.", "course_id": forum.course, "user_id": forum.author.id, "anonymous": True}
    native = str(forum.server.ask("POST", f"threads/{forum.thread()}/comments", json=body)["id"])
    forum.server.flag_comment(native, forum.ann)
    item = (await rows(backend))["comment", native]
    assert item.anonymous
    await carry_out(backend, backend.plan(item, Intent(verb="remove")), "do")
    assert forum.server.comment(native)["anonymous"] is True


# Closing and deleting


async def test_a_thread_is_locked_and_unlocked(forum: Community, backend: Backend) -> None:
    item = await reported_thread(forum, backend)
    steps = await carry_out(backend, backend.plan(item, Intent(verb="lock", reason="double")), "lock")
    raw = forum.server.thread(item.ref.native)
    assert raw["closed"] and raw["close_reason_code"] == "duplicate" and len(raw["abuse_flaggers"]) == 2
    locked = await again(backend, item)
    assert locked.place.closed
    with pytest.raises(Refused, match="closed already"):
        backend.plan(locked, Intent(verb="lock"))
    unlock = backend.plan(locked, Intent(verb="unlock"))
    assert unlock.steps[0].call == backend.plan_undo(locked, Intent(verb="lock"), steps).steps[0].call
    await carry_out(backend, unlock, "unlock")
    assert not (await again(backend, item)).place.closed


async def test_what_is_deleted_is_gone_with_everything_below(forum: Community, backend: Backend) -> None:
    thread = await reported_thread(forum, backend)
    response = forum.respond(thread.ref.native)
    forum.server.flag_comment(response, forum.ann)
    below = SubjectRef(thread.ref.community, "comment", response)
    plan = backend.plan(thread, Intent(verb="purge"))
    before = await backend.fate(thread, plan.steps[0].call, key="k", since_ms=0)
    await carry_out(backend, plan, "delete")
    after = await backend.fate(thread, plan.steps[0].call, key="k", since_ms=0)
    assert (before.is_, after.is_) == ("not sent", "done")
    answers = await backend.reread([thread.ref, below])
    assert all(isinstance(answer, Gone) for answer in answers.values())
    for call in (plan.steps[0].call, backend.plan(thread, Intent(verb="lock")).steps[0].call):
        with pytest.raises(Stale, match="not on the forum any more"):
            await backend.send(call, key="again")


@pytest.mark.parametrize("code", sorted(CLOSE_REASONS))
async def test_a_thread_is_closed_under_a_code_that_was_chosen(forum: Community, backend: Backend, code: str) -> None:
    item = await reported_thread(forum, backend)
    plan = backend.plan(item, Intent(verb="lock", offer=f"lock:{code}"))
    assert CLOSE_REASONS[code] in " ".join(effect.words for effect in plan.effects)
    steps = await carry_out(backend, plan, "close")
    raw = forum.server.thread(item.ref.native)
    assert (raw["closed"], raw["close_reason_code"], raw["closed_by"]) == (True, code, forum.mod.name)
    closed = await again(backend, item)
    blocked = {offer.id: offer.capability for offer in closed.offers}[f"lock:{code}"]
    assert isinstance(blocked, Blocked) and blocked.code == "state"
    await carry_out(backend, backend.plan_undo(closed, Intent(verb="lock"), steps), "open")
    assert not forum.server.thread(item.ref.native)["closed"]


@pytest.mark.parametrize("kind", ["thread", "comment"])
async def test_an_edit_keeps_the_code_that_was_chosen(forum: Community, backend: Backend, kind: str) -> None:
    native = forum.thread("Teh words.")
    if kind == "comment":
        native = forum.respond(native, "Teh words.")
    (forum.server.flag_thread if kind == "thread" else forum.server.flag_comment)(native, forum.ann)
    item = (await rows(backend))[kind, native]
    for code, text in (("grammar-spelling", "The words."), ("needs-clarity", "The clear words.")):
        plan = backend.plan(item, Intent(verb="edit", offer=f"edit:{code}", text=text))
        await carry_out(backend, plan, code)
        item = await again(backend, item)
    history = forum.server.ask("GET", f"{kind}s/{native}")["edit_history"]
    codes = [(entry["reason_code"], entry["editor_username"]) for entry in history]
    assert codes == [("grammar-spelling", forum.mod.name), ("needs-clarity", forum.mod.name)]
    assert item.source == "The clear words." and item.state == "open"


async def test_a_reason_of_the_settings_may_be_a_code_itself(forum: Community, backend: Backend) -> None:
    item = await reported_thread(forum, backend)
    await carry_out(backend, backend.plan(item, Intent(verb="remove", reason="academic-integrity")), "remove")
    raw = forum.server.thread(item.ref.native)
    assert raw["edit_history"][0]["reason_code"] == "academic-integrity"
    item = await reported_thread(forum, backend)
    plan = backend.plan(item, Intent(verb="remove", offer="close", reason="academic-integrity"))
    await carry_out(backend, plan, "close")
    assert forum.server.thread(item.ref.native)["close_reason_code"] == "academic-integrity"


async def test_no_decision_gives_the_post_to_the_moderator(forum: Community, backend: Backend) -> None:
    """The forum makes whoever stands in `user_id` of a change the author, so no change of ours may name anybody."""
    thread = await reported_thread(forum, backend)
    response = forum.respond(thread.ref.native, "An answer.")
    forum.server.flag_comment(response, forum.ann)
    comment = (await rows(backend))["comment", response]
    for item, wanted in (
        (thread, Intent(verb="edit", offer="edit:format-change", text="Better words.", title="A better title")),
        (thread, Intent(verb="lock", offer="lock:off-topic")),
        (thread, Intent(verb="unlock")),
        (thread, Intent(verb="remove", reason="spam")),
        (thread, Intent(verb="restore")),
        (comment, Intent(verb="edit", text="A better answer.")),
        (comment, Intent(verb="remove", reason="insult")),
        (comment, Intent(verb="approve")),
    ):
        now = await again(backend, item)
        if wanted.verb == "approve" and now.state != "open":
            forum.server.flag_comment(response, forum.bo)
            now = await again(backend, item)
        steps = await carry_out(backend, backend.plan(now, wanted), wanted.verb)
        raw = forum.server.ask("GET", f"{item.ref.kind}s/{item.ref.native}")
        assert (raw["user_id"], raw["username"]) == (forum.author.id, forum.author.name), wanted
        if wanted.verb == "edit":
            await carry_out(backend, backend.plan_undo(await again(backend, item), wanted, steps), "back")
            raw = forum.server.ask("GET", f"{item.ref.kind}s/{item.ref.native}")
            assert (raw["user_id"], raw["username"]) == (forum.author.id, forum.author.name), wanted


# Who may


async def test_an_account_that_is_not_staff_is_told_so(connection: Connection) -> None:
    assert connection.credential is not None
    outsider = msgspec.structs.replace(connection.credential, user=OUTSIDER)
    backend = factory(msgspec.structs.replace(connection, credential=outsider))
    with pytest.raises(RightsError, match="staff account"):
        await backend.identify()
    await backend.aclose()


async def test_a_credential_without_a_name_is_refused_before_it_is_sent(connection: Connection) -> None:
    assert connection.credential is not None
    nameless = msgspec.structs.replace(connection.credential, user=None)
    backend = factory(msgspec.structs.replace(connection, credential=nameless))
    with pytest.raises(AuthError, match="name and the password"):
        await backend.identify()
    assert not backend.wire.requests
    await backend.aclose()


async def test_an_unknown_acting_member_is_a_mistake_in_the_settings(connection: Connection) -> None:
    backend = factory(msgspec.structs.replace(connection, options={**connection.options, "acting_user": "99999999"}))
    with pytest.raises(SettingsError, match="acting_user"):
        await backend.identify()
    await backend.aclose()


async def test_without_an_acting_member_everything_can_be_read(forum: Community, connection: Connection) -> None:
    native = forum.thread("Reported.")
    forum.server.flag_thread(native, forum.ann)
    backend = factory(msgspec.structs.replace(connection, options={"course": forum.course}))
    account = await backend.identify()
    assert account.username == forum.server.user
    blocked = backend.capabilities.verb("approve")
    assert isinstance(blocked, Blocked) and blocked.code == "setting" and "acting_user" in blocked.sentence
    item = one_of(await all_items(backend, "reports"), SubjectRef(connection.community, "thread", native))
    with pytest.raises(Refused, match="acting_user"):
        backend.plan(item, Intent(verb="approve"))
    await backend.aclose()
