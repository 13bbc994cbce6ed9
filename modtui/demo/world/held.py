"""Held posts, sign-ups and the rarer kinds of reviewables."""

from __future__ import annotations

import json
from typing import Any

from modtui.demo.model import (
    AKISMET,
    CHAT,
    DAY,
    INAPPROPRIATE,
    MINUTE,
    NEEDS_APPROVAL,
    POST,
    PROPOSAL,
    QUEUED,
    SPAM,
    USER,
)
from modtui.demo.world.items import CATEGORIES, STEMS, Items
from modtui.demo.world.rows import ItemRow, ScoreRow, TopicRow, UserRow
from modtui.demo.world.texts import fill, load, numbers


class Held(Items):
    """Adds what waits for approval to the reports."""

    def queued_reply(self) -> None:
        """A reply that waits for approval."""
        language, dice = self.language(), self.dice
        at = self.when()
        topic = self.place(language, at)
        if dice.random() < 0.06:
            topic.closed = 1
        author = self.members.newcomer(language, at=at)
        raw = fill(dice.choice(load(language)["queued"]["replies"]), dice, numbers(dice))
        self._queued(author, raw, at, topic, topic.category_id)

    def queued_topic(self) -> None:
        """A new topic that waits for approval."""
        language, dice = self.language(), self.dice
        at = self.when()
        title, raw = dice.choice(load(language)["queued"]["topics"])
        author = self.members.newcomer(language, at=at)
        self._queued(author, fill(raw, dice, numbers(dice)), at, None, dice.choice(CATEGORIES[language]), title)

    def _queued(
        self, author: UserRow, raw: str, at: int, topic: TopicRow | None, category: int | None, title: str = ""
    ) -> None:
        dice = self.dice
        reason, data = dice.choice(
            (
                ("post_count", None),
                ("trust_level", None),
                ("fast_typer", None),
                ("new_topics_unless_allowed_groups", None),
                ("category", None),
                ("contains_media", None),
                ("watched_word", {"words": ["casino", "freelancer"]}),
            )
        )
        payload: dict[str, Any] = {
            "raw": raw,
            "archetype": "regular",
            "category": category,
            "visible": True,
            "is_warning": False,
            "first_post_checks": True,
            "typing_duration_msecs": 900 if reason == "fast_typer" else dice.between(9_000, 90_000),
            "composer_open_duration_msecs": dice.between(12_000, 200_000),
            "tags": [],
            "via_email": False,
        }
        if topic is None:
            payload |= {
                "title": title,
                "tags": dice.sample(["howto", "backup", "billing", "idea"], dice.between(0, 3)),
            }
        elif dice.random() < 0.4:
            payload["reply_to_post_number"] = 1
        score = ScoreRow(-1, NEEDS_APPROVAL, 5.0, at, reason, json.dumps(data) if data else None)
        self.rows.items.append(
            ItemRow(
                QUEUED,
                -1,
                None,
                None,
                author.id,
                topic.id if topic else None,
                category,
                at,
                [score],
                payload,
                force_review=1,
            )
        )

    # Sign-ups and the rest

    def signup(self) -> None:
        """A new account that looks suspicious, or that has to be approved."""
        language, dice = self.language(), self.dice
        texts = load(language)["signup"]
        suspect = dice.random() < 0.6
        user = self.members.newcomer(language, dice.choice(STEMS) if suspect and dice.random() < 0.6 else "")
        slots = numbers(dice)
        pick = dice.between(0, len(texts["bios"]))
        user.bio = fill(texts["bios"][pick], dice, slots) or None
        user.website = fill(texts["websites"][min(pick, len(texts["websites"]) - 1)], dice, slots) or None
        user.name, user.approved, user.post_count = dice.choice(texts["names"]), int(suspect), 0
        payload = {
            "username": user.username,
            "name": user.name,
            "email": user.email,
            "bio": user.bio,
            "website": user.website,
        }
        reason = "suspect_user" if suspect else dice.choice(("must_approve_users", "invite_only"))
        score = ScoreRow(-1, NEEDS_APPROVAL, 6.0 if suspect else 4.0, user.created_at, reason)
        self.rows.items.append(
            ItemRow(
                USER,
                -1,
                "User",
                user.id,
                user.id,
                None,
                None,
                user.created_at,
                [score],
                payload,
                force_review=1,
                potential_spam=int(suspect),
            )
        )

    def every_post(self) -> None:
        """An ordinary post of a category where every post is reviewed."""
        at = self.when()
        topic = self.place("en", at)
        post = self.threads.post(
            topic, self.members.anyone("en"), "My first answer here: the log is under Help, then Diagnosis.", at
        )
        score = ScoreRow(-1, NEEDS_APPROVAL, 3.0, at, "category")
        self.rows.items.append(
            ItemRow(POST, -1, "Post", post.id, post.user_id, topic.id, topic.category_id, at, [score])
        )

    def akismet(self) -> None:
        """A post that a spam filter deleted."""
        at, dice = self.when(), self.dice
        topic = self.place("en", at)
        author = self.members.newcomer("en", dice.choice(STEMS), at)
        post = self.threads.post(
            topic, author, fill(dice.choice(load("en")["spam"]["single"]), dice, numbers(dice)), at
        )
        post.deleted_at, post.deleted_by = at + MINUTE, -1
        topic.posts_count -= 1
        score = ScoreRow(-1, SPAM, 5.0, at, "akismet_spam_post")
        self.rows.items.append(
            ItemRow(AKISMET, -1, "Post", post.id, author.id, topic.id, topic.category_id, at, [score], potential_spam=1)
        )

    def chat(self) -> None:
        """A message in the chat."""
        dice, at = self.dice, self.when()
        author = self.members.anyone("en")
        payload = {
            "message": fill(dice.choice(load("en")["chat"]["texts"]), dice, numbers(dice)),
            "channel": "General",
            "channel_id": 2,
            "created_at": at,
        }
        scores = [self.report(self.members.reporter(), INAPPROPRIATE, at + 2 * MINUTE)]
        self.rows.items.append(
            ItemRow(
                CHAT,
                scores[0].user_id,
                "Chat::Message",
                7000 + len(self.rows.items),
                author.id,
                None,
                None,
                at + 2 * MINUTE,
                scores,
                payload,
            )
        )

    def proposal(self) -> None:
        """A plugin's own kind, which no client knows."""
        at = self.when()
        author = self.members.anyone("en")
        payload = {
            "raw": load("en")["event"]["texts"][0],
            "title": "Harbour users meet",
            "starts_at": "2027-06-04T16:00:00.000Z",
        }
        score = ScoreRow(-1, NEEDS_APPROVAL, 2.0, at)
        self.rows.items.append(ItemRow(PROPOSAL, author.id, None, None, author.id, None, 9, at, [score], payload))

    # Work that is done

    def decided(self, count: int) -> None:
        """Items of the past weeks that the team decided."""
        dice, first = self.dice, len(self.rows.items)
        age, self.age = self.age, (2 * DAY, 60 * DAY)
        self.pool = {"en": [], "de": [], "fr": []}
        for number in range(count):
            (self.insult, self.spam, self.offtopic, self.queued_reply, self.insult, self.other)[number % 6]()
        self.age = age
        for item in self.rows.items[first:]:
            item.decided_by, item.version = dice.choice((2, 2, 3, 4, 5, 6)), 1
            item.decided_at = min(item.created_at + dice.between(5, 900) * MINUTE, self.now)
            item.status = dice.choices((1, 2, 3), (60, 25, 15))[0]
            for score in item.scores:
                score.status, score.reviewed_by_id, score.reviewed_at = item.status, item.decided_by, item.decided_at
