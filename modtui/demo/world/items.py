"""What waits for a moderator: one method per kind of trouble. Deterministic, given the dice."""

from __future__ import annotations

from typing import Any

from modtui.demo.model import (
    FLAGGED,
    HOUR,
    ILLEGAL,
    INAPPROPRIATE,
    MINUTE,
    NOTIFY_MODERATORS,
    OFF_TOPIC,
    SPAM,
)
from modtui.demo.world.dice import Dice
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

    def __init__(self, rows: Rows, dice: Dice, now: int, members: Members, threads: Threads) -> None:
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
        """A topic that existed by then, for trouble to happen in: often a new thread, else one that is busy already."""
        dice, pool = self.dice, self.pool[language]
        if len(pool) >= 4 and (len(pool) >= self.topic_limit or dice.random() > 0.55):
            for _ in range(8):
                topic = dice.choice(pool)
                if topic.created_at < before:
                    return topic
        topic = self.threads.any_written(language, before - dice.between(20, 240) * MINUTE)
        pool.append(topic)
        return topic

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
            at = min(at + dice.between(3, 50) * MINUTE, self.now - MINUTE)
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
                author = UserRow(score.user_id, "", "", "", "", "", 1, 0, 0, None, topic.locale or "en")
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
        author = author or self.members.anyone(language)
        victims = [p for p in self.threads.posts_of[topic.id] if p.user_id != author.id and p.created_at < at]
        # Nobody bothers to insult an advertisement.
        settled = [p for p in victims if self.members.user(p.user_id).trust_level > 0] or victims
        victim = dice.choice(settled) if settled else None
        slots = numbers(dice) | {"victim": self._name(victim), "topic": str(topic.id), "vpost": "1", "quoted": "…"}
        if victim is not None:
            slots |= {"vpost": str(victim.post_number), "quoted": victim.raw.split("\n")[0][:160]}
        reply = victim.post_number if victim and dice.random() < 0.6 else None
        post = self.threads.post(topic, author, fill(dice.choice(texts), dice, slots), at, reply)
        return post, topic

    def _name(self, post: PostRow | None) -> str:
        if post is None:
            return "bo_lind"
        return self.members.username_of(post.user_id)

    def language(self) -> str:
        """A language, by how much is written in it."""
        throw = self.dice.random()
        return "en" if throw < 0.58 else "de" if throw < 0.82 else "fr"

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
                dice.between(4, 12),
            )
        self.waves[language] = (pattern, stem, left - 1)
        at = self.when()
        author = self.members.newcomer(language, stem, at)
        topic = self.place(language, at)
        post = self.threads.post(topic, author, fill(pattern, dice, numbers(dice)), at)
        if dice.random() < 0.3:
            self._hide(post)
        self.flagged(post, topic, SPAM, load(language)["spam"]["reports"], dice.choice((1, 1, 2, 3)))

    def spam(self) -> None:
        """A single advertisement."""
        language, dice = self.language(), self.dice
        at = self.when()
        author = self.members.newcomer(language, dice.choice(("", dice.choice(STEMS))), at)
        topic = self.place(language, at)
        post = self.threads.post(
            topic, author, fill(dice.choice(load(language)["spam"]["single"]), dice, numbers(dice)), at
        )
        self.flagged(post, topic, SPAM, load(language)["spam"]["reports"], 1)

    def hostile_text(self) -> None:
        """The next of the texts that attack the reader's program."""
        text, words = HOSTILE[self.hostile % len(HOSTILE)]
        self.hostile += 1
        at = self.when()
        if self.hostile % 7 == 1:
            author = self.members.newcomer("en", at=at)
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
        post, topic = self._bad_post("en", "insult", self.members.newcomer("en", at=self.now - 300 * HOUR))
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
            f"{post.raw}\n\n(edit: "
            f"{fill(self.dice.choice(load(language)['replies']['texts']), self.dice, numbers(self.dice))})",
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
            f'[quote="{self._name(first)}, post:1, topic:{topic.id}"]\nSee above\n[/quote]\n\n# What I '
            f"tried\n\n1. `hbctl restart`\n"
            "2. a **new** profile, ~~twice~~ once\n   - with sync\n   - without\n\n| step | seconds "
            "|\n|---|---|\n| scan | 14 |\n| copy | 212 |\n\n"
            '```python\nfor name in names:\n    print(f"{name:>20}")\n```\n\n![the window|690x420](upload://wnd42.png)\n\n'
            "[spoiler]It was the antivirus.[/spoiler]\n\nhttps://harbour.example/docs/antivirus\n\n"
            "Pictures are [here](https://harbour.example.evil-host.example/login), ask @bo_lind or @nobody_here. :tada:"
        )
        post = self.threads.post(topic, self.members.anyone("en"), raw, at, 1)
        self.flagged(post, topic, OFF_TOPIC, ["long and confusing"])
