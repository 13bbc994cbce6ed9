"""What waits for a moderator: one method per kind of trouble. Deterministic, given the dice."""

from __future__ import annotations

import json
import random
from typing import Any

from modtui.demo.model import (
    AKISMET,
    CHAT,
    DAY,
    FLAGGED,
    HOUR,
    ILLEGAL,
    INAPPROPRIATE,
    MINUTE,
    NEEDS_APPROVAL,
    NOTIFY_MODERATORS,
    OFF_TOPIC,
    POST,
    PROPOSAL,
    QUEUED,
    SPAM,
    USER,
)
from modtui.demo.world.hostile import HOSTILE, HOSTILE_NAME, HOSTILE_TITLE
from modtui.demo.world.members import Members
from modtui.demo.world.rows import ItemRow, PostRow, Rows, ScoreRow, TopicRow, UserRow
from modtui.demo.world.texts import fill, load, numbers
from modtui.demo.world.threads import Threads

STEMS = (
    "quietbyte",
    "loudbyte",
    "fastbyte",
    "dealbyte",
    "promo_pete",
    "bonplan_",
    "seo_meister",
    "keyseller",
    "best_offer",
)
CATEGORIES = {"en": (4, 5, 6, 7, 9), "de": (10, 12), "fr": (11, 13)}
SCORE = {OFF_TOPIC: 0.0, INAPPROPRIATE: 0.0, SPAM: 0.0, NOTIFY_MODERATORS: 0.0, ILLEGAL: 2.0}


class Items:
    """Makes reviewables with the posts, members and reports they need."""

    def __init__(self, rows: Rows, dice: random.Random, now: int, members: Members, threads: Threads) -> None:
        self.rows, self.dice, self.now, self.members, self.threads = rows, dice, now, members, threads
        self.hostile = 0
        self.age = (2 * MINUTE, 30 * HOUR)
        self.pool: dict[str, list[TopicRow]] = {"en": [], "de": [], "fr": []}
        self.topic_limit = 400
        self.waves: dict[str, tuple[str, str, int]] = {}

    def when(self) -> int:
        """A moment within the age that is being filled."""
        low, high = self.age
        return self.now - low - int(self.dice.random() ** 1.6 * (high - low))

    def place(self, language: str, before: int) -> TopicRow:
        """A topic for trouble to happen in: often a new thread, else one that is busy already."""
        dice, pool = self.dice, self.pool[language]
        if len(pool) < 4 or (len(pool) < self.topic_limit and dice.random() < 0.55):
            topic = self.threads.any_written(language, before - dice.randrange(20, 240) * MINUTE)
            pool.append(topic)
            return topic
        return dice.choice(pool)

    def report(self, reporter: UserRow, kind: int, at: int, words: str = "") -> ScoreRow:
        """One report, weighed as the platform does."""
        score = 1.0 + (5 if reporter.moderator else reporter.trust_level)
        decided = reporter.flags_agreed + reporter.flags_disagreed
        if decided > 5:
            score += round((reporter.flags_agreed / decided - 0.7) * 5, 2)
        return ScoreRow(reporter.id, kind, max(round(score, 2), 0.0), at, message=words or None)

    def flagged(
        self, post: PostRow, topic: TopicRow, kind: int, words: list[str], reports: int = 1, **more: Any
    ) -> ItemRow:
        """A reported post. `words` are possible texts of the reporters; the first report keeps the first."""
        dice, members = self.dice, self.members
        scores, seen = [], {post.user_id}
        at = post.created_at
        for number in range(reports):
            reporter = members.reporter()
            for _ in range(5):
                if reporter.id not in seen:
                    break
                reporter = members.reporter()
            seen.add(reporter.id)
            at = min(at + dice.randrange(3, 50) * MINUTE, self.now - MINUTE)
            text = (
                (words[number % len(words)] if words else "")
                if kind in (NOTIFY_MODERATORS, ILLEGAL) or number == 0
                else ""
            )
            scores.append(self.report(reporter, kind, at, text))
        item = ItemRow(
            FLAGGED,
            scores[0].user_id,
            "Post",
            post.id,
            post.user_id,
            topic.id,
            topic.category_id,
            scores[0].created_at,
            scores,
            potential_spam=int(kind == SPAM),
            potentially_illegal=int(kind == ILLEGAL),
            **more,
        )
        self._conversation(item, topic, kind)
        self.rows.items.append(item)
        return item

    def _conversation(self, item: ItemRow, topic: TopicRow, kind: int) -> None:
        if kind != NOTIFY_MODERATORS:
            return
        for score in item.scores:
            if score.message:
                author = UserRow(score.user_id, "", "", "", "", "", 1, 0, 0, None, topic.locale)
                private = self.threads.private(
                    author, f"Something Else: {topic.title}", score.message, score.created_at, group="moderators"
                )
                score.meta_topic_id = private.id

    def _bad_post(
        self, language: str, pool: str, author: UserRow | None = None, at: int | None = None
    ) -> tuple[PostRow, TopicRow]:
        dice, texts = self.dice, load(language)[pool]["texts"]
        at = at or self.when() - 30 * MINUTE
        topic = self.place(language, at)
        at = max(at, topic.last_posted_at + MINUTE) if topic.last_posted_at < self.now - 10 * MINUTE else at
        author = author or self.members.anyone(language)
        victims = [p for p in self.threads.posts_of[topic.id] if p.user_id != author.id]
        victim = dice.choice(victims) if victims else None
        slots = numbers(dice) | {"victim": self._name(victim)}
        reply = victim.post_number if victim and dice.random() < 0.6 else None
        post = self.threads.post(topic, author, fill(dice.choice(texts), dice, slots), at, reply)
        return post, topic

    def _name(self, post: PostRow | None) -> str:
        if post is None:
            return "bo_lind"
        return self.members.username_of(post.user_id)

    def language(self) -> str:
        """A language, by how much is written in it."""
        return self.dice.choices(("en", "de", "fr"), (58, 24, 18))[0]

    # Reported posts

    def insult(self) -> None:
        """An insult; often by somebody with a record."""
        dice, language = self.dice, self.language()
        repeat = [u for u in self.members.by_part["repeat"] if u.locale == language]
        author = dice.choice(repeat) if repeat and dice.random() < 0.4 else None
        post, topic = self._bad_post(language, "insult", author)
        words = dice.sample(load(language)["insult"]["reports"], 2)
        kind = NOTIFY_MODERATORS if dice.random() < 0.1 and words[0] else INAPPROPRIATE
        self.flagged(post, topic, kind, words, dice.choices((1, 2, 3, 5), (50, 30, 15, 5))[0])
        if dice.random() < 0.4:
            self.threads.chatter(topic, language, 1, post.created_at, min(post.created_at + 2 * HOUR, self.now))

    def offtopic(self) -> None:
        """Something that belongs elsewhere."""
        language = self.language()
        post, topic = self._bad_post(language, "offtopic")
        self.flagged(
            post,
            topic,
            OFF_TOPIC,
            self.dice.sample(load(language)["offtopic"]["reports"], 2),
            self.dice.choice((1, 1, 2)),
        )

    def personal(self) -> None:
        """Somebody's address, number or record."""
        language = self.language()
        post, topic = self._bad_post(language, "personal")
        words = load(language)["personal"]["reports"]
        self.flagged(post, topic, NOTIFY_MODERATORS, [self.dice.choice(words)], self.dice.choice((1, 2, 4)))

    def illegal(self) -> None:
        """Cracked copies, stolen courses, threats."""
        language = self.language()
        post, topic = self._bad_post(language, "illegal")
        self.flagged(
            post, topic, ILLEGAL, [self.dice.choice(load(language)["illegal"]["reports"])], self.dice.choice((1, 2))
        )

    def other(self) -> None:
        """ "Something else", in the reporter's own words."""
        language = self.language()
        post, topic = self._bad_post(language, "other")
        self.flagged(post, topic, NOTIFY_MODERATORS, [self.dice.choice(load(language)["other"]["reports"])])

    def badday(self) -> None:
        """A valued member loses patience."""
        author = self.dice.choice(self.members.by_part["valued"])
        post, topic = self._bad_post(author.locale, "badday", author)
        self.flagged(post, topic, INAPPROPRIATE, load(author.locale)["badday"]["reports"], self.dice.choice((1, 2)))

    def campaign(self) -> None:
        """Four accounts with a poor record report a harmless member."""
        dice = self.dice
        author = dice.choice(self.members.by_part["victim"])
        post, topic = self._bad_post("en", "campaign", author)
        scores = [
            self.report(
                user,
                dice.choice((SPAM, INAPPROPRIATE)),
                post.created_at + 4 * MINUTE * (n + 1),
                dice.choice(load("en")["campaign"]["reports"]),
            )
            for n, user in enumerate(self.members.by_part["clique"])
        ]
        self.rows.items.append(
            ItemRow(
                FLAGGED,
                scores[0].user_id,
                "Post",
                post.id,
                author.id,
                topic.id,
                topic.category_id,
                scores[0].created_at,
                scores,
                potential_spam=1,
            )
        )

    def wave(self) -> None:
        """One post of a wave: nearly the same text by fresh accounts in different topics."""
        dice = self.dice
        language = dice.choices(("en", "de", "fr"), (70, 15, 15))[0]
        pattern, stem, left = self.waves.get(language, ("", "", 0))
        if left == 0:
            pattern, stem, left = (
                dice.choice(load(language)["spam"]["waves"]),
                dice.choice(STEMS),
                dice.randrange(4, 12),
            )
        self.waves[language] = (pattern, stem, left - 1)
        author = self.members.newcomer(language, stem)
        at = self.when()
        topic = self.place(language, at)
        post = self.threads.post(topic, author, fill(pattern, dice, numbers(dice)), at)
        if dice.random() < 0.3:
            self._hide(post)
        self.flagged(post, topic, SPAM, load(language)["spam"]["reports"], dice.choice((1, 1, 2, 3)))

    def spam(self) -> None:
        """A single advertisement."""
        language, dice = self.language(), self.dice
        author = self.members.newcomer(language, dice.choice(("", dice.choice(STEMS))))
        at = self.when()
        topic = self.place(language, at)
        post = self.threads.post(
            topic, author, fill(dice.choice(load(language)["spam"]["single"]), dice, numbers(dice)), at
        )
        self.flagged(post, topic, SPAM, load(language)["spam"]["reports"], 1)

    def hostile_text(self) -> None:
        """The next of the texts that attack the reader's program."""
        _, text, words = HOSTILE[self.hostile % len(HOSTILE)]
        self.hostile += 1
        at = self.when()
        if self.hostile % 7 == 1:
            author = self.members.newcomer("en")
            author.name = HOSTILE_NAME
            topic = self.threads.topic(HOSTILE_TITLE, author, 9, at, [])
        else:
            author, topic = self.members.anyone("en"), self.place("en", at)
        post = self.threads.post(topic, author, text, at)
        self.flagged(post, topic, NOTIFY_MODERATORS if self.hostile % 3 else INAPPROPRIATE, [words])

    def _hide(self, post: PostRow) -> None:
        post.hidden, post.hidden_at, post.hidden_reason_id = 1, min(post.created_at + 40 * MINUTE, self.now), 1

    def hidden(self) -> None:
        """A post that the reports hid already; its author was silenced for it by the machine."""
        post, topic = self._bad_post("en", "insult", self.members.newcomer("en", hours=300))
        self._hide(post)
        author = self.members.user(post.user_id)
        self.members.in_force(author, "silence", post_id=post.id, automatic=True, days=900)
        self.flagged(post, topic, INAPPROPRIATE, ["personal attack"], 4)

    def deleted(self) -> None:
        """A reported post that a moderator, or its author, deleted meanwhile."""
        language = self.language()
        post, topic = self._bad_post(language, "insult")
        own = self.dice.random() < 0.5
        post.deleted_at, post.deleted_by, post.user_deleted = self.now - MINUTE, post.user_id if own else 3, int(own)
        topic.posts_count -= 1
        self.flagged(post, topic, INAPPROPRIATE, load(language)["insult"]["reports"][:1])

    def edited(self) -> None:
        """A post its author changed after the report."""
        language = self.language()
        post, topic = self._bad_post(language, "insult")
        before, post.raw = (
            post.raw,
            f"{post.raw}\n\n(edit: {fill(self.dice.choice(load(language)['replies']['texts']), self.dice, numbers(self.dice))})",
        )
        post.version, post.updated_at = 2, min(post.created_at + 50 * MINUTE, self.now)
        self.rows.revisions.append((post.id, 2, before, post.raw, post.user_id, post.updated_at))
        self.flagged(post, topic, INAPPROPRIATE, load(language)["insult"]["reports"])

    def formatted(self) -> None:
        """A harmless post with everything a post can hold."""
        at = self.when()
        topic = self.place("en", at)
        first = self.threads.posts_of[topic.id][0]
        raw = (
            f'[quote="{self._name(first)}, post:1, topic:{topic.id}"]\nSee above\n[/quote]\n\n# What I tried\n\n1. `hbctl restart`\n'
            "2. a **new** profile, ~~twice~~ once\n   - with sync\n   - without\n\n| step | seconds |\n|---|---|\n| scan | 14 |\n| copy | 212 |\n\n"
            '```python\nfor name in names:\n    print(f"{name:>20}")\n```\n\n![the window|690x420](upload://wnd42.png)\n\n'
            "[spoiler]It was the antivirus.[/spoiler]\n\nhttps://harbour.example/docs/antivirus\n\n"
            "Pictures are [here](https://harbour.example.evil-host.example/login), ask @bo_lind or @nobody_here. :tada:"
        )
        post = self.threads.post(topic, self.members.anyone("en"), raw, at, 1)
        self.flagged(post, topic, OFF_TOPIC, ["long and confusing"])

    # Held posts

    def queued_reply(self) -> None:
        """A reply that waits for approval."""
        language, dice = self.language(), self.dice
        at = self.when()
        topic = self.place(language, at)
        if dice.random() < 0.06:
            topic.closed = 1
        author = self.members.newcomer(language)
        raw = fill(dice.choice(load(language)["queued"]["replies"]), dice, numbers(dice))
        self._queued(author, raw, at, topic, topic.category_id)

    def queued_topic(self) -> None:
        """A new topic that waits for approval."""
        language, dice = self.language(), self.dice
        at = self.when()
        title, raw = dice.choice(load(language)["queued"]["topics"])
        author = self.members.newcomer(language)
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
            "typing_duration_msecs": 900 if reason == "fast_typer" else dice.randrange(9_000, 90_000),
            "composer_open_duration_msecs": dice.randrange(12_000, 200_000),
            "tags": [],
            "via_email": False,
        }
        if topic is None:
            payload |= {
                "title": title,
                "tags": dice.sample(["howto", "backup", "billing", "idea"], dice.randrange(0, 3)),
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
        pick = dice.randrange(len(texts["bios"]))
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
        author = self.members.newcomer("en", dice.choice(STEMS))
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
        for number in range(count):
            (self.insult, self.spam, self.offtopic, self.queued_reply, self.insult, self.other)[number % 6]()
        self.age = age
        for item in self.rows.items[first:]:
            item.decided_by, item.version = dice.choice((2, 2, 3, 4, 5, 6)), 1
            item.decided_at = min(item.created_at + dice.randrange(5, 900) * MINUTE, self.now)
            item.status = dice.choices((1, 2, 3), (60, 25, 15))[0]
            for score in item.scores:
                score.status, score.reviewed_by_id, score.reviewed_at = item.status, item.decided_by, item.decided_at
