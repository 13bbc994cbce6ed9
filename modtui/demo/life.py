"""A community that does not stand still: new things happen (`--traffic`), other moderators work (`--moderators`).

Both act through the same effects as requests do, but leave no line in the request log.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable

from modtui.demo import effects, presence
from modtui.demo.model import (
    FLAGGED,
    INAPPROPRIATE,
    NEEDS_APPROVAL,
    NOTIFY_MODERATORS,
    OFF_TOPIC,
    SPAM,
    SYSTEM_ID,
    USER,
    Row,
    now_ms,
)
from modtui.demo.offers import bundles, subject_of
from modtui.demo.perform import perform, release
from modtui.demo.routes.review_edit import take
from modtui.demo.site import Site
from modtui.demo.wire import Call, Problem
from modtui.demo.world.dice import Dice
from modtui.demo.world.texts import fill, load, numbers

log = logging.getLogger("modtui.demo")

NAMES = ("kestrel", "ann", "lotsin", "phare")
# How long a moderator looks around before an item, and at it; seconds.
PAUSE_S, LOOK_S, WRITE_S = (6.0, 30.0), (4.0, 20.0), (15.0, 60.0)
# How often a moderator answers a question instead of deciding an item.
ANSWERS = 0.15
TASTE = {
    "agree_and_hide": 6,
    "disagree": 5,
    "ignore_and_do_nothing": 3,
    "delete_and_agree": 3,
    "agree_and_keep": 1,
    "approve_post": 6,
    "reject_post": 3,
    "approve_user": 4,
    "delete_user": 1,
}


def start(site: Site, traffic: float, moderators: int) -> list[asyncio.Task[None]]:
    """Start the background tasks; the caller cancels them. `traffic` is events per minute."""
    tasks = []
    if traffic > 0:
        tasks.append(asyncio.create_task(_go_on(site, traffic)))
    tasks += [asyncio.create_task(_moderate(site, NAMES[number % len(NAMES)])) for number in range(moderators)]
    return tasks


async def _go_on(site: Site, per_minute: float) -> None:
    traffic = Traffic(site)
    while True:
        await asyncio.sleep(traffic.dice.expovariate(per_minute / 60))
        try:
            with site.db.write():
                traffic.something()
        except Exception:
            log.exception("an event of the traffic failed")


class Traffic:
    """Things that members do."""

    def __init__(self, site: Site) -> None:
        self.site, self.dice = site, Dice()

    def something(self) -> None:
        """One event, by chance."""
        kinds: list[tuple[Callable[[], object], int]] = [
            (self.reply, 6),
            (self.bad_reply, 5),
            (self.another_report, 3),
            (self.edit, 2),
            (self.hold, 3),
            (self.sign_up, 1),
            (self.question, 2),
            (self.again, 1),
        ]
        kind = self.dice.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        kind()

    def _topic(self) -> Row:
        topics = self.site.db.all(
            "SELECT * FROM topics WHERE archetype = 'regular' AND deleted_at IS NULL AND NOT closed"
            " AND category_id NOT IN (3, 14) ORDER BY bumped_at DESC LIMIT 60"
        )
        return self.dice.choice(topics)

    def _member(self, locale: str) -> Row:
        found = self.site.db.one(
            "SELECT * FROM users WHERE id >= (SELECT abs(random()) % max(id) FROM users) AND locale = ? AND NOT "
            "moderator"
            " AND deleted_at IS NULL AND silenced_till IS NULL AND suspended_till IS NULL ORDER BY id LIMIT 1",
            [locale],
        )
        return found or self.site.db.all("SELECT * FROM users WHERE id > 100 AND deleted_at IS NULL LIMIT 1")[0]

    def _words(self, locale: str, pool: str) -> str:
        texts = load(locale)[pool]["texts"]
        return fill(self.dice.choice(texts), self.dice, numbers(self.dice) | {"op": "all", "victim": "bo_lind"})

    def reply(self) -> int:
        """An ordinary reply; gives the post's id."""
        topic = self._topic()
        locale = topic["locale"] or "en"
        return effects.new_post(self.site, topic["id"], self._member(locale)["id"], self._words(locale, "replies"))

    def bad_reply(self) -> None:
        """A reply that is reported at once."""
        topic = self._topic()
        locale = topic["locale"] or "en"
        pool, kind = self.dice.choice(
            (("insult", INAPPROPRIATE), ("offtopic", OFF_TOPIC), ("other", NOTIFY_MODERATORS))
        )
        author = self._member(locale)
        post_id = effects.new_post(self.site, topic["id"], author["id"], self._words(locale, pool))
        post = self.site.db.one("SELECT * FROM posts WHERE id = ?", [post_id])
        reporter = self.site.user_named("tante_erna")
        if post and reporter:
            effects.flag(self.site, post, reporter, kind, self.dice.choice(load(locale)[pool]["reports"]))

    def _pending_post(self) -> Row | None:
        items = self.site.db.all(
            "SELECT target_id FROM reviewables WHERE status = 0 AND type = ? ORDER BY created_at DESC LIMIT 40",
            [FLAGGED],
        )
        if not items:
            return None
        return self.site.db.one("SELECT * FROM posts WHERE id = ?", [self.dice.choice(items)["target_id"]])

    def another_report(self) -> None:
        """One more report on something that waits."""
        post = self._pending_post()
        if post is not None and post["deleted_at"] is None:
            reporter = self._member(post["locale"] or "en")
            if reporter["id"] != post["user_id"]:
                effects.flag(self.site, post, reporter, self.dice.choice((SPAM, INAPPROPRIATE, OFF_TOPIC)))

    def edit(self) -> None:
        """An author changes a reported post."""
        post = self._pending_post()
        if post is not None and post["deleted_at"] is None:
            words = self._words(post["locale"] or "en", "replies")
            effects.edit_post(self.site, post, f"{post['raw'][:4000]}\n\n{words}", post["user_id"])

    def hold(self) -> None:
        """A post that has to be approved."""
        topic = self._topic()
        locale = topic["locale"] or "en"
        raw = fill(self.dice.choice(load(locale)["queued"]["replies"]), self.dice, numbers(self.dice))
        payload = {"raw": raw, "archetype": "regular", "category": topic["category_id"], "visible": True, "tags": []}
        effects.enqueue(self.site, self._member(locale), payload, topic, None, "post_count")

    def question(self) -> None:
        """A new question; now and then the first post of its author."""
        dice = self.dice
        family = dice.choice(load("asked")["families"])
        title, text = dice.choice(family["asked"])
        slots = numbers(dice)
        fresh = "SELECT * FROM users WHERE post_count = 0 AND id > 0 AND deleted_at IS NULL AND approved LIMIT 1"
        author = (self.site.db.one(fresh) if dice.random() < 0.3 else None) or self._member(family["lang"])
        category = family["category"]
        effects.new_topic(
            self.site,
            author["id"],
            fill(title, dice, slots),
            fill(text, dice, slots),
            category_id=category,
            tags=family["tags"],
        )

    def again(self) -> None:
        """An asker writes again, since the answers did not help."""
        topic = self.site.db.one(
            "SELECT * FROM topics WHERE archetype = 'regular' AND deleted_at IS NULL AND NOT closed AND posts_count > 1"
            " AND accepted_post_id IS NULL AND last_post_user_id != user_id AND category_id IN"
            " (SELECT id FROM categories WHERE solved) ORDER BY random() LIMIT 1"
        )
        if topic is not None:
            language = self.site.categories()[topic["category_id"]]["locale"]
            families = [f for f in load("asked")["families"] if f["lang"] == language]
            words = fill(self.dice.choice(families)["again"], self.dice, numbers(self.dice))
            effects.new_post(self.site, topic["id"], topic["user_id"], words)

    def sign_up(self) -> None:
        """A new account that looks suspicious."""
        now = now_ms()
        name = f"newcomer{self.dice.between(0, 10**7)}"
        bio = fill(load("en")["signup"]["bios"][0], self.dice, numbers(self.dice))
        user_id = self.site.db.insert(
            "users",
            username=name,
            username_lower=name,
            email=f"{name}@mail.example",
            trust_level=0,
            created_at=now,
            bio=bio,
        )
        item_id = self.site.db.insert(
            "reviewables",
            type=USER,
            created_by_id=SYSTEM_ID,
            target_type="User",
            target_id=user_id,
            target_created_by_id=user_id,
            score=6.0,
            potential_spam=1,
            force_review=1,
            payload=json.dumps(
                {"username": name, "name": "", "email": f"{name}@mail.example", "bio": bio, "website": None}
            ),
            created_at=now,
            updated_at=now,
        )
        self.site.db.insert(
            "reviewable_scores",
            reviewable_id=item_id,
            user_id=SYSTEM_ID,
            score_type=NEEDS_APPROVAL,
            score=6.0,
            reason_type="suspect_user",
            created_at=now,
        )
        self.site.tell_counts()


async def _moderate(site: Site, username: str) -> None:
    """Another moderator at a human pace: looks around, sometimes claims, reads, decides."""
    dice, pace = Dice(), site.settings.pace
    while True:
        await asyncio.sleep(dice.uniform(*PAUSE_S) * pace)
        me = site.user_named(username)
        if me is not None and dice.random() < ANSWERS:
            await _answer(site, dice, me)
            continue
        item = _pick(site, dice)
        if me is None or item is None:
            continue
        call = Call(site, "PUT", "", {}, {}, user=me, via="admin")
        try:
            if item["topic_id"] is not None and site.settings.claiming != "disabled" and dice.random() < 0.4:
                take(call, item["topic_id"], me, automatic=False)
            await asyncio.sleep(dice.uniform(*LOOK_S) * pace)
            decide(site, call, item["id"], dice)
        except Problem:
            # Somebody else was faster. That is the point of having company.
            continue
        except Exception:
            log.exception("a moderator's decision failed")


async def _answer(site: Site, dice: Dice, me: Row) -> None:
    """Begin to answer a question, seen by everybody who asks who is writing there; not every answer is sent."""
    topic = site.db.one(
        "SELECT * FROM topics WHERE archetype = 'regular' AND deleted_at IS NULL AND NOT closed AND posts_count = 1"
        " AND category_id IN (SELECT id FROM categories WHERE solved) ORDER BY random() LIMIT 1"
    )
    if topic is None:
        return
    channel = presence.reply_channel(topic["id"])
    presence.enter(site, channel, me, f"life-{me['id']}")
    try:
        await asyncio.sleep(dice.uniform(*WRITE_S) * site.settings.pace)
        if dice.random() < 0.5:
            category = site.categories()[topic["category_id"]]
            words = dice.choice(load("asked")["extra"][category["locale"]])
            with site.db.write():
                effects.new_post(site, topic["id"], me["id"], words, reply_to=1)
    except Exception:
        log.exception("a moderator's answer failed")
    finally:
        presence.leave(site, channel, me, f"life-{me['id']}")


def _pick(site: Site, dice: Dice) -> Row | None:
    order = dice.choice(("score DESC, created_at DESC", "created_at ASC", "created_at DESC"))
    items = site.db.all(
        f"SELECT * FROM reviewables WHERE status = 0 AND (topic_id IS NULL OR topic_id NOT IN (SELECT topic_id "
        f"FROM claims))"
        f" ORDER BY {order} LIMIT 25"
    )
    return dice.choice(items) if items else None


def decide(site: Site, call: Call, item_id: int, dice: Dice) -> None:
    """Perform one of the ordinary actions on an item, or let it go. Raises Problem when somebody else was faster."""
    item = site.db.one("SELECT * FROM reviewables WHERE id = ?", [item_id])
    if item is None:
        return
    offered = [o.server_action for b in bundles(subject_of(site, item), call.me) for o in b.offers if not b.secondary]
    legal = [(action, TASTE[action]) for action in offered if action in TASTE]
    if legal and dice.random() < 0.85:
        action = dice.choices([a for a, _ in legal], [w for _, w in legal])[0]
        perform(site, call, item, action, item["version"])
    elif item["topic_id"] is not None:
        claim = site.db.one("SELECT * FROM claims WHERE topic_id = ?", [item["topic_id"]])
        if claim is not None and claim["user_id"] == call.me["id"]:
            release(site, item["topic_id"])
