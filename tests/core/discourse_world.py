"""The embedded community for tests of the Discourse adapter: one world, made once, copied for each test."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modtui.backends.base import Connection, Credential
from modtui.backends.discourse.backend import DiscourseBackend
from modtui.demo import effects
from modtui.demo.model import now_ms
from modtui.demo.server import DemoServer, open_world
from modtui.domain.capability import ALLOWED
from modtui.domain.decisions import Answer, Intent, Plan, Sanction, Step
from modtui.domain.items import Item
from modtui.domain.subjects import SubjectRef, community_id

DAY_MS = 86_400_000
BAN = Sanction("ban", 7 * DAY_MS)


def make_world(folder: Path) -> Path:
    """A small world, to be copied."""
    open_world(folder, items=60, members=200, seed=7).close()
    return folder


def copied(world: Path, tmp_path: Path) -> Path:
    """The world's own copy for one test."""
    return Path(shutil.copytree(world, tmp_path / "world"))


def connect(
    demo: DemoServer, tmp_path: Path, *, user: str | None = "", key: str | None = None, **more: Any
) -> Connection:
    """A connection as the moderator, with an admin's key (`user` None: with the moderator's own). No local budget."""
    name = demo.username if user == "" else user
    secret = key or (demo.api_key if name else demo.user_api_key)
    options = more.pop("options", {"budget": 0})
    return Connection(
        community=community_id("discourse", demo.url, name or demo.username), url=demo.url,
        credential=Credential(kind="token", secret=secret, user=name), state=tmp_path / "state", options=options,
        **more,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def backend_on(connection: Connection, *, identify: bool = True) -> AsyncIterator[DiscourseBackend]:
    """A backend that has identified itself, closed afterwards."""
    backend = DiscourseBackend(connection)
    try:
        if identify:
            await backend.identify()
        yield backend
    finally:
        await backend.aclose()


async def all_items(backend: DiscourseBackend, lane: Any = "reports") -> list[Item]:
    """Every open item of a lane, page by page."""
    found: dict[str, Item] = {}
    cursor: str | None = None
    for _ in range(100):
        page = await backend.page(lane, cursor)
        found |= {item.number: item for item in page.items}
        cursor = page.cursor
        if cursor is None:
            return list(found.values())
    raise AssertionError("the lane does not end")


def _place(demo: DemoServer, *, new: bool = False) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A plain member about whom nothing is open, a thread in which nothing is, and another member's name."""
    wanted = "post_count BETWEEN 1 AND 5" if new else "post_count > 20"
    author = demo.db.one(
        "SELECT * FROM users u WHERE id > 10 AND trust_level < 3 AND NOT admin AND NOT moderator AND active"
        f" AND deleted_at IS NULL AND silenced_till IS NULL AND suspended_till IS NULL AND {wanted}"
        " AND NOT EXISTS (SELECT 1 FROM reviewables r WHERE r.target_created_by_id = u.id) ORDER BY id LIMIT 1"
    )
    topic = demo.db.one(
        "SELECT * FROM topics t WHERE archetype = 'regular' AND NOT closed AND deleted_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM reviewables r WHERE r.topic_id = t.id) AND NOT EXISTS"
        " (SELECT 1 FROM claims c WHERE c.topic_id = t.id) ORDER BY id LIMIT 1"
    )
    assert author is not None and topic is not None
    other = demo.db.value(
        "SELECT username FROM users WHERE id > 10 AND trust_level = 1 AND NOT moderator AND NOT admin AND id != ?"
        " AND deleted_at IS NULL ORDER BY id LIMIT 1",
        [author["id"]],
    )
    return author, topic, str(other)


def report(
    demo: DemoServer, type: str = "inappropriate", *, hidden: bool = False, deleted: bool = False, new: bool = False
) -> int:
    """A post of a plain member in an open thread, reported just now by another; gives the item's id. `new`: by a member
    who has hardly written anything."""
    author, topic, other = _place(demo, new=new)
    with demo.db.write():
        post = effects.new_post(demo.site, topic["id"], author["id"], "You lot have no idea what you talk about.")
    number = demo.flag(post, other, type)
    made, moderator = demo.db.one("SELECT * FROM posts WHERE id = ?", [post]), demo.site.user_named("kestrel")
    assert made is not None and moderator is not None
    with demo.db.write():
        if hidden:
            effects.hide(demo.site, made)
        if deleted:
            effects.delete_post(demo.site, made, moderator)
    return number


def hold(demo: DemoServer, *, topic: bool = False) -> int:
    """A reply (or, with `topic`, a new topic) that waits for approval; gives the item's id."""
    author, thread, _ = _place(demo)
    payload: dict[str, Any] = {"raw": "Which version do I need for a network drive? I have 4.1 here."}
    if topic:
        payload |= {"title": "Network drives and versions", "category": thread["category_id"], "tags": []}
    with demo.db.write():
        return effects.enqueue(
            demo.site, author, payload, None if topic else thread, thread["category_id"], "post_count"
        )  # fmt: skip


def sign_up(demo: DemoServer, *, suspect: bool = False) -> int:
    """A new account that waits for approval; gives the item's id. Rejecting one that is not suspect needs a reason."""
    now = now_ms()
    name = f"newcomer{demo.db.value('SELECT max(id) FROM users')}"
    with demo.db.write():
        member = demo.db.insert(
            "users", username=name, username_lower=name, email=f"{name}@mail.example", trust_level=0, approved=0,
            created_at=now,
        )  # fmt: skip
        number = demo.db.insert(
            "reviewables", type="ReviewableUser", created_by_id=-1, target_type="User", target_id=member,
            target_created_by_id=member, score=6.0, potential_spam=int(suspect), force_review=1, created_at=now,
            updated_at=now, payload=json.dumps({"username": name, "name": "", "bio": "I repair old radios."}),
        )  # fmt: skip
        demo.db.insert(
            "reviewable_scores", reviewable_id=number, user_id=-1, score_type=9, score=6.0, created_at=now,
            reason_type="suspect_user" if suspect else "must_approve_users",
        )  # fmt: skip
    return int(number)


async def fresh(
    backend: DiscourseBackend, demo: DemoServer, type: str = "inappropriate", *, hidden: bool = False,
    deleted: bool = False, new: bool = False,
) -> Item:  # fmt: skip
    """A reported post as `report` makes it, read."""
    return await one(backend, report(demo, type, hidden=hidden, deleted=deleted, new=new))


async def one(backend: DiscourseBackend, native: int | str) -> Item:
    """An item as it is now."""
    ref = SubjectRef(backend.connection.community, "reviewable", str(native))
    found = (await backend.reread([ref]))[ref]
    assert isinstance(found, Item), found
    return found


def post(demo: DemoServer, item: Item) -> dict[str, Any]:
    """The row of the item's post on the site."""
    found = demo.db.one("SELECT * FROM posts WHERE id = ?", [item.native["post_id"]])
    assert found is not None
    return found


def user(demo: DemoServer, item: Item) -> dict[str, Any]:
    """The row of its author."""
    found = demo.db.one("SELECT * FROM users WHERE id = ?", [item.native["user_id"]])
    assert found is not None
    return found


def messages(demo: DemoServer, item: Item, by: str = "rookmoor") -> list[dict[str, Any]]:
    """The private messages that its author got from somebody, the oldest first."""
    return demo.db.all(
        "SELECT t.title, t.is_warning, p.raw FROM topics t JOIN posts p ON p.topic_id = t.id AND p.post_number = 1"
        " JOIN topic_allowed a ON a.topic_id = t.id AND a.user_id = ? WHERE t.archetype = 'private_message'"
        " AND t.user_id = ? ORDER BY t.id",
        [item.native["user_id"], demo.user_id(by)],
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending a plan brought."""

    plan: Plan
    answers: list[Answer]
    steps: list[Step]


async def send_all(backend: DiscourseBackend, plan: Plan) -> Sent:
    """Send the steps of a plan in order, as the desk does."""
    answers, steps = [], []
    for number, planned in enumerate(plan.steps):
        answer = await backend.send(planned.call, key=f"k{number}")
        answers.append(answer)
        steps.append(
            Step(
                index=number,
                call=planned.call,
                words=planned.words,
                key=f"k{number}",
                due_ms=0,
                state="done",
                answer=answer,
            )
        )
    return Sent(plan, answers, steps)


async def decide(backend: DiscourseBackend, item: Item, verb: str, **more: Any) -> Sent:
    """Plan an intent and send it."""
    return await send_all(backend, backend.plan(item, Intent(verb=verb, **more)))


async def take_back(backend: DiscourseBackend, item: Item, sent: Sent, verb: str) -> Sent:
    """Plan the undo of what was sent, and send it."""
    return await send_all(backend, backend.plan_undo(item, Intent(verb=verb), sent.steps))


def pick(items: list[Item], offer: str, *, kind: str | None = None, hidden: bool | None = None) -> Item:
    """The first item that offers this action, allowed."""
    for item in items:
        fits = any(one.id == offer and one.capability == ALLOWED for one in item.offers)
        if fits and (kind is None or item.kind == kind) and (hidden is None or item.hidden == hidden):
            return item
    pytest.fail(f"no item offers {offer}")
