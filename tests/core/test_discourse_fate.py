"""A lost answer among many alike: whose message, whose note, whose sanction it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.backends.base import Fate
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo.server import DemoServer
from modtui.domain.decisions import Answer, Call, Intent, Sanction
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from tests.core.discourse_world import DAY_MS, backend_on, connect, fresh, one, report

pytestmark = pytest.mark.anyio
TITLE, TEXT = "Please be kind", "Hello, we removed your post."


def message(to: str, text: str = TEXT, title: str = TITLE) -> Call:
    return Call("message", {"to": to, "title": title, "raw": text, "warning": False})


async def look(backend: DiscourseBackend, call: Call, *known: Answer, since_ms: int | None = None) -> Fate:
    since = backend.wire.clock_ms if since_ms is None else since_ms
    return await backend.fate(None, call, key="k", since_ms=since, known=known)


def members(demo: DemoServer, number: int) -> list[str]:
    rows = demo.db.all(
        "SELECT username FROM users WHERE id > 10 AND NOT moderator AND NOT admin AND active AND deleted_at IS NULL"
        " AND silenced_till IS NULL AND suspended_till IS NULL ORDER BY id LIMIT ?", [number],
    )  # fmt: skip
    return [row["username"] for row in rows]


async def test_the_same_message_to_another_member_is_not_ours(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        bo, amy = members(demo, 2)
        await backend.send(message(amy), key="a")
        assert (await look(backend, message(bo))).is_ == "not sent"
        assert (await look(backend, message(amy))).is_ == "done"
        assert (await look(backend, message(amy, "Another text."))).is_ == "not sent"


async def test_the_same_message_to_the_same_member_is_counted(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        (bo,) = members(demo, 1)
        first = await backend.send(message(bo), key="a")
        assert (await look(backend, message(bo), first)).is_ == "not sent"
        second = await backend.send(message(bo), key="b")
        found = await look(backend, message(bo), first)
        assert found.is_ == "done" and found.answer is not None
        assert found.answer.data["topic"] == second.data["topic"]


async def test_a_title_that_the_site_tidied_is_found(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        (bo,) = members(demo, 1)
        sent = await backend.send(message(bo, title="please be kind!!"), key="a")
        with demo.db.write():
            demo.db.update("topics", sent.data["topic"], title="Please be kind!")
        assert (await look(backend, message(bo, title="please be kind!!"))).is_ == "done"


async def test_a_message_below_many_others_is_found(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        everybody = members(demo, 40)
        for name in everybody:
            await backend.send(message(name), key=name)
        assert (await look(backend, message(everybody[0]))).is_ == "done"


async def test_an_old_message_is_not_ours(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        (bo,) = members(demo, 1)
        sent = await backend.send(message(bo), key="a")
        with demo.db.write():
            old = backend.wire.clock_ms - 3_600_000
            demo.db.update("topics", sent.data["topic"], created_at=old, bumped_at=old)
        assert (await look(backend, message(bo))).is_ == "not sent"


async def test_a_sanction_that_another_decision_put_in_force_is_not_this_ones(
    demo: DemoServer, tmp_path: Path
) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        for length in (DAY_MS, None):
            intent = Intent(verb="ban", sanction=Sanction("ban", length), reason_title="Spam")
            call = backend.plan(item, intent).steps[0].call
            answer = await backend.send(call, key="k")
            assert (await look(backend, call)).is_ == "done"
            assert (await look(backend, call, answer)).is_ == "not sent"
            await backend.send(Call("lift", {"kind": "unsuspend", "user": call.args["user"]}), key="k")


async def test_another_members_sanction_of_the_same_moment_is_not_this_ones(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        intent = Intent(verb="ban", sanction=Sanction("ban", DAY_MS), reason_title="Spam")
        call = backend.plan(item, intent).steps[0].call
        answer = await backend.send(call, key="k")
        other = Answer(data=answer.data | {"user": 4711})
        assert (await look(backend, call, other)).is_ == "done"
        assert (await look(backend, call, answer)).is_ == "not sent"


async def test_the_same_note_twice_is_two_notes(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        call = backend.plan(item, Intent(verb="note", text="Seen before.")).steps[0].call
        first = await backend.send(call, key="a")
        assert (await look(backend, call, first)).is_ == "not sent"
        await backend.send(call, key="b")
        assert (await look(backend, call, first)).is_ == "done"


async def test_another_verdict_of_our_own_account_is_not_this_one(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item = await fresh(backend, demo)
        approve, remove = (backend.plan(item, Intent(verb=verb)).steps[0].call for verb in ("approve", "remove"))
        demo.perform(int(item.number), str(remove.args["action"]), demo.username)
        assert (await look(backend, approve)).is_ == "not sent"
        assert (await look(backend, remove)).is_ == "done"


async def test_an_edit_is_found_although_the_site_cuts_blanks(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        item: Item = await one(backend, report(demo))
        post = int(item.native["post_id"])
        args = {"post": post, "raw": "Kinder words.\n\n", "original": item.source, "reason": ""}
        demo.edit_post(post, "Kinder words.")
        found = await look(backend, Call("edit_post", args))
        assert found.is_ == "done" and found.answer is not None and found.answer.edits


async def test_a_message_that_is_gone_again_is_no_trouble(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        (bo,) = members(demo, 1)
        await backend.send(message(bo), key="a")
        demo.inject("500", "/t/", "GET", times=9)
        with pytest.raises(ModtuiError):
            await look(backend, message(bo))
        demo.site.faults.clear()
        assert (await look(backend, message(bo))).is_ == "done"


async def test_the_same_step_twice_is_one_message(demo: DemoServer, tmp_path: Path) -> None:
    async with backend_on(connect(demo, tmp_path)) as backend:
        (bo,) = members(demo, 1)
        once, again = [await backend.send(message(bo), key="a") for _ in range(2)]
        assert once.data["topic"] == again.data["topic"]
