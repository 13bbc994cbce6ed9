"""The world: made once, from a seed. The same seed, items and members give the same ids, texts and relations."""

from __future__ import annotations

import gc
import json
import secrets

from modtui.demo.db import Database
from modtui.demo.model import DAY, MINUTE, now_ms
from modtui.demo.schema import DEFINITIONS
from modtui.demo.world.asked import Asked
from modtui.demo.world.dice import Dice
from modtui.demo.world.held import Held
from modtui.demo.world.members import Members
from modtui.demo.world.past import Past
from modtui.demo.world.rows import Rows
from modtui.demo.world.texts import load
from modtui.demo.world.threads import Threads

# The first items, so that every kind is there within 60; after them the dice decide with the weights below.
_FIRST_WORDS = (
    "insult wave queued_reply personal hostile_text wave signup badday hidden queued_topic offtopic "
    "hostile_text campaign chat insult other hostile_text illegal wave formatted queued_reply insult "
    "hostile_text deleted signup edited every_post hostile_text wave offtopic other queued_topic hostile_text "
    "insult akismet hostile_text wave campaign queued_reply spam hostile_text proposal insult hostile_text "
    "signup hostile_text badday deleted queued_reply hostile_text offtopic wave hostile_text other insult "
    "queued_topic hostile_text personal hostile_text queued_reply "
)
FIRST = _FIRST_WORDS.split()
WEIGHTS = {
    "insult": 21,
    "wave": 20,
    "spam": 5,
    "offtopic": 12,
    "other": 6,
    "personal": 3,
    "illegal": 2,
    "badday": 2,
    "campaign": 1.4,
    "hidden": 0.6,
    "deleted": 0.8,
    "edited": 1,
    "formatted": 0.4,
    "hostile_text": 0.3,
    "queued_reply": 12,
    "queued_topic": 5,
    "signup": 6,
    "every_post": 0.6,
    "akismet": 0.5,
    "chat": 0.6,
    "proposal": 0.1,
}


def create_world(db: Database, *, items: int, members: int, seed: int) -> None:
    """Fill an empty database with `items` pending reviewables and about `members` members, in one transaction."""
    # Millions of small objects live until the end: looking for garbage among them costs a third of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        _create(db, items, members, seed)
    finally:
        if collecting:
            gc.enable()


def _create(db: Database, items: int, members: int, seed: int) -> None:
    dice = Dice(seed)
    now = now_ms()
    db.create()
    rows = Rows()
    people = Members(rows, dice, now)
    people.populate(members)
    threads = Threads(rows, dice, now, people)
    threads.rules()
    maker = Held(rows, dice, now, people, threads)
    maker.topic_limit = max(min(items // 10, 2500), 12)
    threads.questions(min(24 + items // 6, 900))
    _pending(maker, items)
    maker.decided(min(items // 5, 300))
    asked = Asked(rows, Dice(seed * 7919 + 3), now, people, threads)
    people.dice = threads.dice = asked.dice
    asked.questions(min(15 + items // 4, 700))
    asked.languages()
    Past(rows, asked.dice, now, people, threads).make()
    threads.settle()
    with db.write():
        _places(db)
        rows.write(db)
        db.run(DEFINITIONS)
        _finish(db, now, seed, items, members)
    db.index()


def _pending(maker: Held, items: int) -> None:
    first = len(maker.rows.items)
    for kind in FIRST[:items]:
        getattr(maker, kind)()
    rest = max(items - len(FIRST), 0)
    maker.age = (MINUTE, 14 * DAY if rest > 2000 else 4 * DAY)
    for kind in maker.dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=rest):
        getattr(maker, kind)()
    pending = maker.rows.items[first:]
    for item in pending[7::40][:12]:
        item.note = maker.dice.choice(load("en")["notes"]["item_notes"])


def _places(db: Database) -> None:
    places = load("places")
    for position, place in enumerate(places["categories"]):
        db.insert(
            "categories",
            id=place["id"],
            name=place["name"],
            slug=place["slug"],
            color=place["color"],
            parent_id=place.get("parent"),
            description=place["rules"],
            locale=place["lang"],
            solved=int(place["solved"]),
            read_restricted=int(place.get("restricted", False)),
            position=position,
        )
    for name in places["tags"]["names"]:
        db.insert("tags", name=name)
    for template in places["templates"]:
        db.insert("templates", title=template["title"], content=template["content"], tags=json.dumps(template["tags"]))


def _finish(db: Database, now: int, seed: int, items: int, members: int) -> None:
    for key, value in (
        ("seed", seed),
        ("items", items),
        ("members", members),
        ("base_now", now),
        ("site_id", secrets.token_hex(8)),
    ):
        db.set_meta(key, value)
    db.set_meta("complete", 1)


__all__ = ["create_world"]
