"""Questions that wait, and threads like them that were solved: what the questions lane and its search need."""

from __future__ import annotations

from typing import Any

from modtui.demo.model import DAY, HOUR, MINUTE
from modtui.demo.world.dice import Dice
from modtui.demo.world.members import Members
from modtui.demo.world.rows import Rows, TopicRow, UserRow
from modtui.demo.world.texts import fill, load, numbers
from modtui.demo.world.threads import Threads

# How the threads of a family stand; the first of a family are solved, so that every open one has something like it.
STATES = ("solved", "unanswered", "asker", "unsolved", "first", "unanswered", "solved", "first", "asker", "solved")
UNTOLD = 0.45
"""The share of threads whose language the platform does not know."""


class Asked:
    """Adds questions to a world that is otherwise complete; it throws dice of its own, so the rest stays as it is."""

    def __init__(self, rows: Rows, dice: Dice, now: int, members: Members, threads: Threads) -> None:
        self.rows, self.dice, self.now, self.members, self.threads = rows, dice, now, members, threads

    def questions(self, count: int) -> None:
        """About `count` threads, spread over the families of all languages in turn."""
        families: list[dict[str, Any]] = load("asked")["families"]
        order = families[::5] + families[1::5] + families[2::5] + families[3::5] + families[4::5]
        for number in range(count):
            family = order[number % len(order)]
            turn = number // len(order)
            # Small worlds have few turns: from the second on, neighbours stand differently.
            self._thread(family, turn, STATES[(turn + (number % 3 if turn else 0)) % len(STATES)])
        self._cheers()

    def _thread(self, family: dict[str, Any], turn: int, state: str) -> TopicRow:
        dice, members, language = self.dice, self.members, family["lang"]
        slots = numbers(dice)
        # Solved ones are weeks old; what waits was asked within the last days, a good part of it today.
        age = dice.between(6 * DAY, 90 * DAY) if state == "solved" else 12 * MINUTE + int(dice.random() ** 3 * 6 * DAY)
        at = self.now - age
        asker = self._newcomer(language, at) if state == "first" else self._anyone(language, at)
        category = family["category"]
        if language != "en" and dice.random() < 0.12:
            category = 4
        title, text = family["asked"][turn % len(family["asked"])]
        topic = self.threads.topic(fill(title, dice, slots), asker, category, at, list(family["tags"]))
        first = self.threads.post(topic, asker, fill(text, dice, slots), at)
        if state == "first":
            first.notice_type = "new_user"
        if state in ("unanswered", "first"):
            return topic
        step = max(age // 8, MINUTE)
        helper = members.helper(language)
        answer = self.threads.post(topic, helper, fill(dice.choice(family["answers"]), dice, slots), at + step, 1)
        if state == "solved":
            self.threads.post(topic, members.helper(language), self._extra(language), at + 2 * step)
            topic.accepted_post_id = answer.id
            helper.solved_count += 1
        elif state == "asker":
            self.threads.post(topic, asker, fill(family["again"], dice, slots), at + 3 * step, 2)
        else:
            self.threads.post(topic, members.helper(language), self._extra(language), at + 2 * step, 2)
        return topic

    def _extra(self, language: str) -> str:
        return str(self.dice.choice(load("asked")["extra"][language]))

    def _anyone(self, language: str, at: int) -> UserRow:
        for _ in range(12):
            found = self.members.anyone(language)
            if found.created_at < at and not found.suspended_till and not found.silenced_till:
                return found
        return self.members.helper(language)

    def _newcomer(self, language: str, at: int) -> UserRow:
        user = self.members.newcomer(language, at=at)
        user.created_at = at - self.dice.between(8 * MINUTE, 3 * HOUR)
        user.last_seen_at = user.last_posted_at = at
        user.post_count, user.topic_count, user.likes_given, user.likes_received = 1, 1, 0, 0
        user.days_visited, user.posts_read = 1, self.dice.between(1, 12)
        return user

    def _cheers(self) -> None:
        """The announcement was answered, so that it is no open question."""
        for topic in self.rows.topics:
            if topic.pinned:
                for number, words in enumerate(load("asked")["extra"]["announcement"], 1):
                    at = topic.created_at + number * 5 * HOUR
                    self.threads.post(topic, self.members.helper("en"), words, at)

    def languages(self) -> None:
        """The platform does not know the language of every thread. Reported ones keep theirs."""
        reported = {item.topic_id for item in self.rows.items}
        for topic in self.rows.topics:
            if topic.archetype == "regular" and topic.id not in reported and self.dice.random() < UNTOLD:
                topic.locale = None
                for post in self.threads.posts_of[topic.id]:
                    post.locale = None
