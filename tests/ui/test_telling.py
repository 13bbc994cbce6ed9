"""What the keys do, in short clauses."""

from __future__ import annotations

from modtui.actions import ACTIONS
from modtui.desk.words import did
from modtui.domain.decisions import Effect, Plan
from modtui.screens.pages.journal_words import SHORT
from modtui.screens.work.tell import brief_of
from modtui.text import own


def test_a_clause_about_the_thread_says_so() -> None:
    effects = (
        Effect("thread", own("gets your reply, which everybody can read")),
        Effect("author", own("the site tells fleet_hill and those who watch the thread")),
    )
    told = brief_of(Plan(verb="reply", steps=(), effects=effects))
    assert told == ("the site tells fleet_hill and those who watch the thread", "thread gets your reply")


def test_that_the_thread_is_locked_needs_no_subject() -> None:
    plan = Plan(verb="lock", steps=(), effects=(Effect("thread", own("locked for replies")),))
    assert brief_of(plan) == ("locked for replies",)


def test_the_journal_has_a_word_for_every_verb_that_fits_its_column() -> None:
    for action in ACTIONS:
        if action.verb:
            word = SHORT.get(action.verb) or did(action.verb)
            assert len(word) <= 10 and not word.endswith(":"), word
    for verb in ("unban", "unsilence", "unwatch", "unbookmark", "unaccept", "unassign", "unlock", "release"):
        assert len(SHORT.get(verb) or did(verb)) <= 10, verb
