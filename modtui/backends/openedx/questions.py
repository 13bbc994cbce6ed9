"""Threads of the type question as items of the lane of questions.

A list tells how many answers a thread has and when somebody wrote last, but not who, nor which answer is marked: that
comes from the thread read with its responses (`Talk`).

The subject is the thread, but of another kind (`question`) than in the lane of reports (`thread`): there it is the
opening post with its reports, and the two are compared and decided apart. Posts are named as in `ThreadPost`:
`thread-5` is the question itself, `comment-12` a response or reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from modtui.backends.openedx.offers import question_offers
from modtui.backends.openedx.shape import NOTICE, author_of, body_of, is_removed
from modtui.backends.openedx.wire import Comment, Thread, time_order
from modtui.domain.capability import Capability
from modtui.domain.items import Item, Place, Question, QuestionState
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

KIND = "question"
QUESTION = "question"
"""The forum's own word in `thread_type`."""


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """What was said below a question: the newest post (`last`, as posts are named), who wrote it and when; `accepted`
    is the answer that was marked last, `answers` counts responses (without the replies to them)."""

    last: str
    last_by: Foreign | None = None
    by_asker: bool = False
    last_ms: int | None = None
    accepted: str | None = None
    answers: int = 0


def post_id(native: str, kind: str = "comment") -> str:
    """A post's name as `ThreadPost.id` has it."""
    return f"{kind}-{native}"


def comment_id(given: str) -> str | None:
    """The number of the response or reply that a post's name (or bare number) means, None for anything else."""
    number = given.removeprefix("comment-").strip()
    return number if number.isascii() and number.isdecimal() and len(number) < 20 else None


def talk_of(thread: Thread, comments: Sequence[Comment]) -> Talk:
    """What the comments of a thread say (all of them, in any order)."""
    marked = [one for one in comments if one.endorsed and one.above is None]
    accepted = max(marked, key=_marked_at, default=None)
    newest = max(comments, key=time_order, default=None)
    tops = sum(one.above is None for one in comments)
    if newest is None:
        return Talk(last=post_id(thread.native, "thread"), by_asker=True, last_by=_name(thread),
                    last_ms=thread.created_ms)  # fmt: skip
    return Talk(
        last=post_id(newest.native), last_by=_name(newest), last_ms=newest.created_ms, answers=tops,
        by_asker=newest.user_id is not None and str(newest.user_id) == str(thread.user_id),
        accepted=post_id(accepted.native) if accepted is not None else None,
    )  # fmt: skip


def _marked_at(one: Comment) -> tuple[int, tuple[int, tuple[int, str]]]:
    return one.endorsed_ms or 0, time_order(one)


def _name(content: Thread | Comment) -> Foreign | None:
    author = author_of(content)
    return author.username if author is not None else None


def question_item(
    thread: Thread, talk: Talk | None, *, community: CommunityId, course: str, can_write: Capability,
    base: str = NOTICE, watched: bool = False, address: str = "",
) -> Item:  # fmt: skip
    """A question as a row of its lane. `talk` None says that the thread could not be read whole: then nobody knows who
    spoke last. `address` is where a thread's page is, as the settings have it ("" where they do not say)."""
    if talk is None and not thread.comments_count:
        talk = talk_of(thread, ())
    created = thread.created_ms
    replies = thread.comments_count
    state = _state(thread, talk)
    asked_again = talk.last_ms if state == "asker" and talk is not None else None
    edits = len(thread.edit_history)
    last_edit = thread.edit_history[-1] if edits else None
    removed = is_removed(thread.text, base, edits)
    question = Question(
        state=state, clock_ms=(asked_again if asked_again is not None else created) or 0, replies=replies,
        last=talk.last if talk is not None else None, last_by=talk.last_by if talk is not None else None,
        last_ms=talk.last_ms if talk is not None else parse_iso_or_none(thread.last_activity_at),
        accepted=talk.accepted if talk is not None else None, can_accept=True, watched=watched,
    )  # fmt: skip
    item = Item(
        lane="questions",
        ref=SubjectRef(community, KIND, thread.native),
        kind="question",
        number=thread.native,
        title=Foreign(thread.title.strip()),
        author=author_of(thread),
        anonymous=thread.anonymous or thread.anonymous_to_peers,
        body=body_of(thread),
        source=thread.text,
        since_ms=created or 0,
        created_ms=created,
        edited_ms=parse_iso_or_none(last_edit.created_at) if last_edit else None,
        edits=edits,
        state="removed" if removed else "kept" if thread.closed else "open",
        handled_by=_handler(thread, removed=removed),
        place=Place(
            category=Foreign(thread.commentable_id) if thread.commentable_id else None,
            category_id=thread.commentable_id,
            tags=tuple(Foreign(tag) for tag in thread.tags),
            thread_id=thread.native,
            thread_title=Foreign(thread.title.strip()),
            thread_posts=replies + 1,
            post_id=post_id(thread.native, "thread"),
            post_number=1,
            closed=thread.closed,
        ),
        url=thread_url(address, course, thread.native),
        question=question,
        native={
            "edits": edits, "closed": thread.closed, "code": thread.close_reason_code or "", "replies": replies,
            "answers": talk.answers if talk is not None else replies,
        },
        problem=None if thread.text else "the post has no text, so the forum cannot show its thread",
    )  # fmt: skip
    return msgspec.structs.replace(item, offers=question_offers(item, can_write))


def _state(thread: Thread, talk: Talk | None) -> QuestionState:
    if talk is not None and talk.accepted is not None:
        return "solved"
    if thread.closed:
        return "closed"
    if not thread.comments_count:
        return "unanswered"
    return "asker" if talk is not None and talk.by_asker else "unsolved"


def _handler(thread: Thread, *, removed: bool) -> Foreign | None:
    """Who took the question out of the lane, where the forum says so."""
    if removed and thread.edit_history:
        return Foreign(thread.edit_history[-1].editor_username) or None
    return Foreign(thread.closed_by) if thread.closed and thread.closed_by else None


def thread_url(address: str, course: str, native: str) -> str:
    """The address of a thread's page, from the settings' words: `{course}` and `{thread}` stand for both."""
    return address.replace("{course}", quote(course, safe=":+")).replace("{thread}", native)
