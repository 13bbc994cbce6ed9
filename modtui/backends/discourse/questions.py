"""Topics as questions: items of the lane, from a row of a list or from a topic's whole page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from modtui.backends.discourse import wire
from modtui.backends.discourse.items import locale_language, plain
from modtui.backends.discourse.members import foreign, member, name_of, role_of
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.thread_offers import thread_offers
from modtui.backends.discourse.wire_topics import Topic, posts_of, tag_names
from modtui.domain.items import Body, Gone, Item, Member, Place, Question, QuestionState
from modtui.domain.subjects import SubjectRef
from modtui.text import Foreign, show_line
from modtui.text.time import parse_iso_or_none

KIND = "topic"
WATCHING = 3
NEW_MEMBER = "new_user"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question's own text: whole (`source`), or its beginning as lists and the search tell it."""

    body: Body
    source: Foreign | None = None
    author: Member | None = None
    post: int | None = None
    edits: int = 0
    edited_ms: int | None = None
    locale: str | None = None
    first: bool = False


def topic_ref(site: Site, native: int | str) -> SubjectRef:
    """The reference of a topic."""
    return SubjectRef(site.community, KIND, str(native))


def opening(topic: Topic) -> Asked | None:
    """The question's own text out of a topic's page, None when the page does not hold the first post."""
    for post in posts_of(topic):
        if post.post_number == 1:
            return asked_of(post)
    return None


def asked_of(post: wire.Post) -> Asked:
    """The question's own text out of its post."""
    edits = max(0, (post.version or 1) - 1)
    source = Foreign(post.raw) if post.raw is not None else None
    notice = post.notice.get("type") if isinstance(post.notice, dict) else None
    author = Member(
        native=str(post.user_id or 0), username=Foreign(post.username), name=foreign(post.name),
        trust=post.trust_level, role=role_of(post.admin, post.moderator),
    ) if post.username else None  # fmt: skip
    return Asked(
        body=Body(Foreign(post.cooked), "html") if post.cooked else Body(source or Foreign(""), "markdown"),
        source=source, author=author, post=post.id, edits=edits,
        edited_ms=parse_iso_or_none(post.updated_at) if edits else None, locale=post.locale,
        first=notice == NEW_MEMBER,
    )  # fmt: skip


def from_row(
    site: Site, topic: Topic, users: Mapping[int, wire.User], asked: Asked | None, *, takes_answers: bool,
    held: bool = False,
) -> Item:  # fmt: skip
    """An item from a row of a list. `asked` is the text as far as it is known, `held` a reply of ours that waits."""
    native = _asker_id(topic)
    user = users.get(native) if native is not None else None
    author = member(user) if user is not None else asked.author if asked is not None else None
    if asked is None and topic.excerpt:
        asked = Asked(body=Body(Foreign(plain(topic.excerpt)), "plain"))
    replies = max(0, (topic.posts_count or 1) - 1)
    can_accept = topic.can_have_answer
    if can_accept is None:
        can_accept = takes_answers or site.threads.takes_answers(topic.category_id, replies)
    can_accept = can_accept or bool(topic.has_accepted_answer)
    return _item(
        site, topic, author, asked, last_by=foreign(topic.last_poster_username), can_accept=can_accept,
        solved=bool(topic.has_accepted_answer), held=held, level=topic.notification_level,
        bookmarked=0 if topic.bookmarked else None, native={},
    )  # fmt: skip


def from_page(site: Site, topic: Topic, asked: Asked | None) -> Item | Gone:
    """An item from a topic's own page. Deleted topics are gone, though staff can still read them."""
    details = topic.details or {}
    if topic.deleted_at:
        return Gone(ref=topic_ref(site, topic.id), why="the thread was deleted")
    created_by, last = details.get("created_by"), details.get("last_poster")
    author = asked.author if asked is not None and asked.author is not None else _person(created_by)
    posts = posts_of(topic)
    accepted = next((post for post in posts if post.accepted_answer), None)
    number = _accepted_number(topic)
    takes = any(post.can_accept_answer or post.can_unaccept_answer for post in posts)
    replies = max(0, (topic.posts_count or 1) - 1)
    if takes and topic.category_id is not None:
        site.threads.solving.add(topic.category_id)
    elif topic.category_id is not None and site.staff and len(posts) > 1 and not _accepted_number(topic):
        site.threads.unsolving.add(topic.category_id)  # staff may mark everywhere where answers are marked at all
    mark = _bookmark(topic)
    held = any(isinstance(row, dict) for row in topic.pending_posts or ())
    solved = accepted is not None or number is not None
    native = {
        "accepted": accepted.post_number if accepted is not None else number, "bookmark": mark[0] if mark else None,
        "may_edit": details.get("can_edit") if isinstance(details.get("can_edit"), bool) else None,
        "may_close": details.get("can_close_topic") if isinstance(details.get("can_close_topic"), bool) else None,
    }  # fmt: skip
    return _item(
        site, topic, author, asked, last_by=name_of(last if isinstance(last, dict) else None),
        can_accept=takes or solved or site.threads.takes_answers(topic.category_id, replies), solved=solved, held=held,
        level=_whole(details.get("notification_level")), bookmarked=mark[1] if mark else None, native=native,
        accepted=str(accepted.id) if accepted is not None else None,
    )  # fmt: skip


def _item(
    site: Site, topic: Topic, author: Member | None, asked: Asked | None, *, last_by: Foreign | None,
    can_accept: bool, solved: bool, held: bool, level: int | None, bookmarked: int | None, native: dict[str, Any],
    accepted: str | None = None,
) -> Item:  # fmt: skip
    created = parse_iso_or_none(topic.created_at) or 0
    last_ms = parse_iso_or_none(topic.last_posted_at) or created
    replies = max(0, (topic.posts_count or 1) - 1)
    closed = bool(topic.closed or topic.archived)
    state = question_state(
        replies=replies, solved=solved, closed=closed, held=held, can_accept=can_accept,
        asker_last=author is not None and last_by is not None and last_by.lower() == author.username.lower(),
    )  # fmt: skip
    who = topic.assigned_to_user or topic.assigned_to_group
    assigned = name_of(topic.assigned_to_user) if topic.assigned_to_user else _group_name(topic.assigned_to_group)
    mine = bool(topic.assigned_to_user) and assigned == site.me
    if topic.assigned_to_group and assigned is not None:
        mine = str(assigned) in site.threads.groups
    question = Question(
        state=state, clock_ms=last_ms if state == "asker" else created, replies=replies,
        last=str(topic.highest_post_number) if topic.highest_post_number is not None else None, last_by=last_by,
        last_ms=last_ms, first=bool(asked and asked.first), accepted=accepted, can_accept=can_accept,
        assigned=assigned if who else None, assigned_mine=bool(who) and mine, watched=level == WATCHING,
        bookmarked_ms=bookmarked, views=topic.views,
    )  # fmt: skip
    category = topic.category_id
    place = Place(
        category=site.categories.get(category) if category is not None else None,
        category_id=str(category) if category is not None else None,
        tags=tuple(Foreign(name) for name in tag_names(topic.tags)), thread_id=str(topic.id),
        thread_title=foreign(topic.title), thread_posts=topic.posts_count,
        post_id=str(asked.post) if asked is not None and asked.post is not None else None, post_number=1,
        closed=closed,
    )  # fmt: skip
    item = Item(
        lane="questions", ref=topic_ref(site, topic.id), kind="question", number=str(topic.id),
        title=Foreign(topic.title or f"thread {topic.id}"), author=author, body=asked.body if asked else None,
        source=asked.source if asked else None, since_ms=created, created_ms=created or None,
        edited_ms=asked.edited_ms if asked else None, edits=asked.edits if asked else 0,
        state="kept" if closed else "open", place=place, url=f"{site.base}/t/{topic.id}",
        language=locale_language(topic.locale or (asked.locale if asked else None)), question=question,
        native={
            "topic_id": topic.id, "user_id": int(author.native) if author and author.native.isdigit() else None,
            "post_id": asked.post if asked else None, "level": level,
            "assigned": assignee_of(topic), **native,
        },
    )  # fmt: skip
    return msgspec.structs.replace(item, offers=thread_offers(site, item))


def question_state(
    *, replies: int, solved: bool, closed: bool, held: bool, can_accept: bool, asker_last: bool
) -> QuestionState:
    """How a question stands. A reply of ours that waits comes first: another one would double it."""
    if solved:
        return "solved"
    if closed:
        return "closed"
    if held:
        return "held"
    if replies == 0:
        return "unanswered"
    if asker_last:
        return "asker"
    return "unsolved" if can_accept else "answered"


def assignee_of(topic: Topic) -> str | None:
    """Who has a topic, as a choice's id: `user:bo`, `group:team`."""
    if topic.assigned_to_user:
        name = name_of(topic.assigned_to_user)
        return f"user:{name}" if name else None
    name = _group_name(topic.assigned_to_group)
    return f"group:{name}" if name else None


def _group_name(group: dict[str, Any] | None) -> Foreign | None:
    given = (group or {}).get("name")
    return foreign(given) if isinstance(given, str) else None


def _asker_id(topic: Topic) -> int | None:
    """The first of the posters is who opened the topic; their descriptions come in the account's language."""
    first = topic.posters[0] if topic.posters else None
    return _whole(first.get("user_id")) if isinstance(first, dict) else topic.user_id


def _person(row: object) -> Member | None:
    if not isinstance(row, dict) or not isinstance(row.get("username"), str) or not row["username"]:
        return None
    name = row.get("name")
    return Member(
        native=str(_whole(row.get("id")) or 0), username=Foreign(row["username"]),
        name=foreign(name if isinstance(name, str) else None), trust=_whole(row.get("trust_level")),
    )  # fmt: skip


def _accepted_number(topic: Topic) -> int | None:
    given = topic.accepted_answer
    if isinstance(given, list):
        given = given[0] if given else None
    return _whole(given.get("post_number")) if isinstance(given, dict) else None


def _bookmark(topic: Topic) -> tuple[int, int] | None:
    """Our bookmark on the topic itself: its id and when it reminds (0: without a date)."""
    for row in topic.bookmarks or ():
        if isinstance(row, dict) and row.get("bookmarkable_type") == "Topic" and _whole(row.get("id")) is not None:
            return int(row["id"]), parse_iso_or_none(row.get("reminder_at")) or 0
    return None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def named(item: Item) -> str:
    """The asker for a sentence."""
    return str(show_line(item.author.username)) if item.author else "the author"
