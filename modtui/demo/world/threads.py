"""Threads: written ones that read like people, and longer ones put together from single lines."""

from __future__ import annotations

import re
from typing import Any

from modtui.demo.model import DAY, HOUR, MINUTE
from modtui.demo.world.dice import Dice
from modtui.demo.world.members import Members
from modtui.demo.world.rows import PostRow, Rows, TopicRow, UserRow
from modtui.demo.world.texts import fill, load, numbers

_QUOTED = re.compile(r'(\[quote="[^"]*?, post:)(\d+)')
FIRST_TOPIC, FIRST_POST = 31, 501


class Threads:
    """Makes topics and posts, keeping every count right."""

    def __init__(self, rows: Rows, dice: Dice, now: int, members: Members) -> None:
        self.rows, self.dice, self.now, self.members = rows, dice, now, members
        self.next_topic, self.next_post = FIRST_TOPIC, FIRST_POST
        self.posts_of: dict[int, list[PostRow]] = {}
        self.slots_of: dict[int, dict[str, str]] = {}

    def topic(
        self, title: str, author: UserRow, category: int | None, at: int, tags: list[str], **more: Any
    ) -> TopicRow:
        """An empty topic."""
        topic = TopicRow(self.next_topic, title, author.id, category, at, at, at, author.locale, tags, **more)
        topic.views = self.dice.between(5, 900)
        self.next_topic += 1
        self.rows.topics.append(topic)
        self.posts_of[topic.id] = []
        return topic

    def post(
        self, topic: TopicRow, author: UserRow, raw: str, at: int, reply_to: int | None = None, **more: Any
    ) -> PostRow:
        """The next post of a topic."""
        number = topic.highest_post_number + 1
        post = PostRow(
            self.next_post,
            topic.id,
            number,
            author.id,
            raw,
            at,
            at,
            author.locale,
            reply_to_post_number=reply_to,
            **more,
        )
        self.next_post += 1
        self.rows.posts.append(post)
        posts = self.posts_of[topic.id]
        posts.append(post)
        topic.highest_post_number = number
        topic.posts_count += 1
        topic.last_posted_at = topic.bumped_at = at
        topic.last_post_user_id = author.id
        if reply_to is not None:
            topic.reply_count += 1
            for earlier in posts:
                if earlier.post_number == reply_to:
                    earlier.reply_count += 1
        return post

    def written(self, language: str, thread: dict[str, Any], end: int, upto: int | None = None) -> TopicRow:
        """A thread from the texts, its last post around `end`; `upto` cuts it after that many posts."""
        dice = self.dice
        slots = numbers(dice)
        roles: dict[str, UserRow] = {}
        for role, _ in thread["posts"]:
            if role not in roles:
                roles[role] = self.members.anyone(language) if role == "op" else self.members.helper(language)
        slots |= {role: user.username for role, user in roles.items()}
        lines = thread["posts"][:upto]
        at = end - int(dice.uniform(0.5, 9) * HOUR) * len(lines)
        gap = max((end - at) // max(len(lines), 1), MINUTE)
        op = roles["op"]
        tags = [
            fill(tag, dice, slots).removesuffix(".0").removesuffix(".1").removesuffix(".3") for tag in thread["tags"]
        ]
        topic = self.topic(fill(thread["title"], dice, slots), op, thread["category"], at, tags)
        self.slots_of[topic.id] = slots
        for number, (role, text) in enumerate(lines):
            reply = dice.between(1, number + 1) if number > 1 and dice.random() < 0.4 else None
            post = self.post(
                topic, roles[role], fill(text, dice, slots), at + gap * number, reply, like_count=dice.between(0, 4)
            )
            if thread.get("solved") == number + 1:
                topic.accepted_post_id = post.id
        return topic

    def any_written(self, language: str, end: int, upto: int | None = None) -> TopicRow:
        """One of the written threads of a language."""
        return self.written(language, self.dice.choice(load(language)["threads"]), end, upto)

    def chatter(self, topic: TopicRow, language: str, count: int, start: int, end: int) -> None:
        """Ordinary replies between two moments."""
        dice, texts = self.dice, load(language)["replies"]["texts"]
        slots = self.slots_of.get(topic.id, {"op": "all"})
        for number in range(count):
            at = start + (end - start) * (number + 1) // (count + 1)
            self.post(topic, self.members.helper(language), fill(dice.choice(texts), dice, slots | numbers(dice)), at)

    def private(
        self, author: UserRow, title: str, raw: str, at: int, *, group: str | None = None, to: UserRow | None = None
    ) -> TopicRow:
        """A private message."""
        topic = self.topic(title, author, None, at, [], archetype="private_message")
        self.post(topic, author, raw, at)
        self.rows.allowed.append((topic.id, author.id, None))
        if group:
            self.rows.allowed.append((topic.id, None, group))
        if to:
            self.rows.allowed.append((topic.id, to.id, None))
        return topic

    def questions(self, count: int) -> None:
        """Topics nobody reported: unanswered, unsolved and solved questions, of all ages."""
        for number in range(count):
            language = self.dice.choices(("en", "de", "fr"), (6, 3, 2))[0]
            end = self.now - int(self.dice.random() ** 2 * 40 * DAY) - 10 * MINUTE
            self.any_written(language, end, upto=1 if number % 3 == 0 else None)

    def settle(self) -> None:
        """Number the posts of every topic by time; replies and quotes follow their posts."""
        topics = {topic.id: topic for topic in self.rows.topics}
        for topic_id, posts in self.posts_of.items():
            topic = topics[topic_id]
            if not posts:
                continue
            first, rest = posts[0], sorted(posts[1:], key=lambda p: p.created_at)
            if rest and rest[0].created_at < first.created_at:
                topic.created_at = first.created_at = first.updated_at = rest[0].created_at - MINUTE
            if rest != posts[1:]:
                moved = {1: 1} | {post.post_number: number for number, post in enumerate(rest, 2)}
                for post in rest:
                    post.post_number = moved[post.post_number]
                    if post.reply_to_post_number is not None:
                        post.reply_to_post_number = moved[post.reply_to_post_number]
                    if "[quote=" in post.raw:
                        post.raw = _QUOTED.sub(lambda m, to=moved: m[1] + str(to.get(int(m[2]), m[2])), post.raw)  # type: ignore[misc]
            last = rest[-1] if rest else first
            topic.last_posted_at = topic.bumped_at = last.created_at
            topic.last_post_user_id = last.user_id
            topic.participants = len({post.user_id for post in posts})

    def rules(self) -> None:
        """The topic about each category, with its rules, and one pinned announcement."""
        author = self.rows.users[1]
        long_ago = self.now - 900 * DAY
        for place in load("places")["categories"]:
            topic = self.topic(f"About the {place['name']} category", author, place["id"], long_ago, [])
            self.post(topic, author, place["rules"], long_ago)
        topic = self.topic("Harbour 4.2.1 is out", author, 3, self.now - 6 * DAY, ["4.2"], pinned=1)
        self.post(
            topic,
            author,
            "Repairs the export that waited for the sync. [Release notes](https://harbour.example/releases/4.2.1)",
            self.now - 6 * DAY,
        )
