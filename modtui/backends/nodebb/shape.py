"""From the forum's JSON to domain objects, as all lanes need them."""

from __future__ import annotations

import re

import msgspec

from modtui.backends.nodebb.site import Site
from modtui.backends.nodebb.values import Row, rows_of, text, unkeyed
from modtui.backends.nodebb.wire import Flag, Noted, Post, Reported, Topic, User
from modtui.domain.items import Body, Claim, Item, Member, Note, Penalty, Place, Report, State, ThreadPost
from modtui.domain.items import Thread as DomainThread
from modtui.text import Foreign

_REASONS = {
    "spam": "spam", "offensive": "insult", "off-topic": "offtopic", "off topic": "offtopic", "duplicate": "double",
    "illegal": "illegal", "hate speech": "hate",
}  # fmt: skip
"""What the report dialog offers, and words that communities add to it; anything else is `other`."""
_SPAM = re.compile(r"\bspam(?:mer|ming)?\b", re.IGNORECASE)


def member_of(site: Site, user: User, *, vague: bool = False) -> Member:
    """A member. `vague`: the row says only whether there is a ban, and nothing of mutes."""
    penalties: list[Penalty] = []
    if user.banned:
        penalties.append(Penalty(kind="ban", until_ms=user.banned_until_ms, told=user.ban_told and not vague))
    if user.muted and not vague:
        reason = Foreign(user.mute_reason) if user.mute_reason else None
        penalties.append(
            Penalty(kind="silence", until_ms=user.muted_until_ms, told=user.mute_told, reason=reason)
        )
    role = site.role_of(user)
    return Member(
        native=str(user.uid), username=Foreign(user.username),
        name=Foreign(user.name) if user.name and user.name != user.username else None, role=role,
        since_ms=user.joined_ms, seen_ms=user.seen_ms, posts=user.posts, threads=user.threads,
        flags=("staff",) if role is not None else (), penalties=tuple(penalties),
    )  # fmt: skip


def somebody(uid: int | None) -> Member | None:
    """A member of whom only the number is known."""
    return Member(native=str(uid), username=Foreign(f"member {uid}")) if uid else None


def reason_of(value: str) -> str:
    """One of our reasons for a reporter's words: what the dialog offers, in English; else `other`."""
    plain = unkeyed(value).strip().casefold()
    return _REASONS.get(plain) or ("spam" if len(plain) < 200 and _SPAM.search(plain) else "other")


def report_of(site: Site, one: Reported, *, open_: bool) -> Report:
    """A report. The forum knows it by reporter and time."""
    words = unkeyed(one.value)
    reporter = member_of(site, one.user, vague=True) if one.user is not None else None
    return Report(
        id=f"{reporter.native if reporter is not None else 0}-{one.at_ms or 0}", reason=reason_of(one.value),
        label=Foreign(words[:60] or "Reported"), reporter=reporter, text=Foreign(words) if words else None,
        created_ms=one.at_ms, open=open_,
    )  # fmt: skip


def note_of(one: Noted) -> Note:
    """A team note; the forum knows it by its time."""
    return Note(id=str(one.at_ms), by=Foreign(one.by), text=Foreign(one.text), created_ms=one.at_ms or None)


def claim_of(site: Site, assignee: int | None) -> Claim | None:
    """Who has a flag."""
    if assignee is None:
        return None
    if assignee == site.uid:
        return Claim(by=site.username, mine=True)
    return Claim(by=Foreign(site.names.get(assignee, f"member {assignee}")))


def topic_url(site: Site, tid: object) -> str:
    """The address of a topic's page."""
    return f"{site.base}/topic/{tid}"


def place_of(site: Site, topic: Topic, post: Post | None = None) -> Place:
    """Where something stands."""
    return Place(
        category=site.category(topic.cid, topic.category), category_id=str(topic.cid) if topic.cid else None,
        tags=tuple(map(Foreign, topic.tags)), thread_id=str(topic.tid), thread_title=Foreign(topic.title),
        thread_posts=topic.posts, post_id=str(post.pid) if post is not None else None,
        post_number=post.index + 1 if post is not None and post.index is not None else None, closed=topic.locked,
    )  # fmt: skip


def flag_item(site: Site, flag: Flag, source: Post | None, topic: Topic | None) -> Item:
    """A flag as a row of the lane of reports, without its offers. `source` is the post with what its author typed (None
    where a member is reported, or the post is gone), `topic` where it stands (None where that cannot be read)."""
    row, post, user = flag.row, flag.post, flag.user
    writer = post.user if post is not None else user
    purged = flag.purged or (row.type == "post" and source is None)
    deleted = purged or bool(source is not None and source.deleted)
    open_ = row.state in ("open", "wip")
    state: State = "open"
    if not open_:
        state = "removed" if deleted else "kept" if row.state == "rejected" else "ignored"
    decided = next((line for line in flag.history if "state" in line.fields), None) if not open_ else None
    first = min((one.at_ms for one in flag.reports if one.at_ms is not None), default=None)
    author = member_of(site, writer) if writer is not None else somebody(flag.target_uid)
    body, typed = None, None
    if source is not None and post is not None:
        body, typed = Body(text=Foreign(post.content), format="html"), Foreign(source.content)
    elif user is not None:
        body = Body(text=Foreign(user.about or user.username), format="plain")
    title = topic.title if topic is not None else user.username if user is not None else f"{row.type} {row.target}"
    edited = source.edited_ms if source is not None else None
    return Item(
        lane="reports", ref=site.ref("flag", row.id), kind="member" if row.type == "user" else "post",
        number=str(row.id), title=Foreign(title), author=author, body=body, source=typed,
        reports=tuple(report_of(site, one, open_=open_) for one in reversed(flag.reports)),
        since_ms=row.at_ms or first or 0, created_ms=source.at_ms if source is not None else None, edited_ms=edited,
        edits=1 if edited else 0, score=float(max(row.heat, len(flag.reports))), state=state,
        handled_by=Foreign(decided.by) if decided is not None else None,
        handled_ms=decided.at_ms or None if decided is not None else None, deleted=deleted,
        claim=claim_of(site, row.assignee),
        place=place_of(site, topic, source) if topic is not None else Place(),
        url=f"{site.base}/post/{source.pid}" if source is not None else f"{site.base}/flags/{row.id}",
        notes=tuple(note_of(one) for one in reversed(flag.notes)),
        native={
            "type": row.type, "state": row.state, "target": row.target, "purged": purged,
            "main": bool(topic is not None and source is not None and topic.first == source.pid),
            "pinned": bool(topic is not None and topic.pinned),
            "topic_deleted": bool(topic is not None and topic.deleted), "slug": writer.slug if writer else "",
            "assignee": row.assignee,
        },
        problem="the post was erased, so only the report is left" if purged and row.type == "post" else None,
    )  # fmt: skip


# --- topics


def post_of(site: Site, post: Post, number: int, *, subject: bool, numbers: dict[int, int]) -> ThreadPost:
    """A post of a topic's page."""
    return ThreadPost(
        id=str(post.pid), number=number, author=member_of(site, post.user) if post.user else somebody(post.uid),
        body=Body(text=Foreign(unkeyed(post.content) if post.deleted else post.content), format="html"),
        created_ms=post.at_ms, deleted=post.deleted, accepted=post.answer, subject=subject,
        reply_to=numbers.get(post.to_pid) if post.to_pid is not None else None, url=f"{site.base}/post/{post.pid}",
    )  # fmt: skip


def thread_of(site: Site, body: Row, subject: int | None) -> DomainThread:
    """A topic's page around `subject` (a pid; None: the post that opens it)."""
    topic = Topic.of(body, escaped=site.escaped)
    wanted = subject if subject is not None else topic.first
    posts: list[ThreadPost] = []
    numbers: dict[int, int] = {}
    used: set[int] = set()
    for at, row in enumerate(rows_of(body.get("posts"))):
        one = Post.maybe(row, escaped=site.escaped)
        if one is None or one.pid in numbers:
            continue
        number = one.index + 1 if one.index is not None else at + 1
        if number in used:
            continue
        used.add(number)
        numbers[one.pid] = number
        answer = one.answer or (topic.answer is not None and topic.answer == one.pid)
        made = post_of(site, one, number, subject=one.pid == wanted, numbers=numbers)
        posts.append(made if made.accepted == answer else _marked(made))
    posts.sort(key=lambda one: one.number)
    return DomainThread(
        id=str(topic.tid), title=Foreign(topic.title), posts=tuple(posts),
        total=max(topic.posts, len(posts), posts[-1].number if posts else 0), closed=topic.locked,
        url=topic_url(site, text(topic.slug) or topic.tid),
    )  # fmt: skip


def _marked(post: ThreadPost) -> ThreadPost:
    return msgspec.structs.replace(post, accepted=True)


def thread_of_item(item: Item) -> DomainThread:
    """What can be shown where the topic is gone or cannot be read: the subject."""
    post = ThreadPost(
        id=item.place.post_id or item.ref.native, number=item.place.post_number or 1, author=item.author,
        body=item.body or Body(text=Foreign("")), created_ms=item.created_ms, deleted=item.deleted, subject=True,
    )  # fmt: skip
    return DomainThread(
        id=item.place.thread_id or "", title=item.title, posts=(post,), total=max(1, post.number),
        closed=item.place.closed, url=item.url,
    )  # fmt: skip
