"""From the forum's JSON to domain objects.

The forum knows little about a report: who reports a post now, and nothing else (no reason, no words, no time). So every
report has the reason `other`, and an item waits since its post was written. Nobody is recorded as the one who closed
reports; only the edit history names a moderator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from modtui.backends.openedx.offers import offers_for
from modtui.backends.openedx.wire import Comment, Content, Stats, Thread, time_order
from modtui.domain.capability import Blocked, Capability
from modtui.domain.items import (
    Body,
    Dossier,
    Format,
    Item,
    Member,
    Place,
    Record,
    Report,
    State,
    ThreadPost,
)
from modtui.domain.items import Thread as DomainThread
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

NOTICE = "Removed by a moderator"
"""What stands in place of a removed post, in square brackets, with the reason's title after a colon."""
AROUND = 20
"""How many posts of a thread are shown around an item."""
NO_SANCTIONS = Blocked("platform", "the Open edX forum cannot silence or ban a member")
_HTML = re.compile(r"\s*<(?:p|div|span|ul|ol|h[1-6]|pre|blockquote|table|img|a|br|strong|em)\b", re.IGNORECASE)
_NO_TEXT = "the post has no text, so the forum cannot show its thread"
_HIDDEN_REPORT = "a response in this thread is reported, but the forum cannot show the thread"


def notice(base: str, reason: str | None) -> str:
    """The text that replaces a removed post."""
    return f"[{base}: {reason}]" if reason else f"[{base}]"


def is_removed(text: str, base: str, edits: int) -> bool:
    """Whether a text is such a notice, put there by an edit."""
    return edits > 0 and text.startswith(f"[{base}")


def format_of(text: str) -> Format:
    """The platform's newer editor writes HTML, its older one Markdown; nothing says which."""
    return "html" if _HTML.match(text) else "markdown"


def body_of(content: Content) -> Body:
    """The text as it is drawn."""
    return Body(text=content.text, format=format_of(content.text))


def author_of(content: Content) -> Member | None:
    """Who wrote it. The forum names the author of anonymous posts too (`Item.anonymous` says that members see none)."""
    if content.user_id is None and not content.username:
        return None
    native = str(content.user_id) if content.user_id is not None else str(content.username)
    return Member(native=native, username=Foreign(content.username or f"member {native}"))


def reports_of(content: Content, names: Mapping[str, str]) -> tuple[Report, ...]:
    """One report for each member who reports it now. Its id is the reporter's."""
    return tuple(
        Report(
            id=native,
            reason="other",
            label=Foreign("Reported"),
            reporter=Member(native=native, username=Foreign(names.get(native) or f"member {native}")),
        )
        for native in content.flaggers
    )


def item_of(
    content: Thread | Comment, thread: Thread | None, *, community: CommunityId, names: Mapping[str, str],
    base: str = NOTICE, can_write: Capability, hides_reports: bool = False,
) -> Item:  # fmt: skip
    """A reported thread or comment as a row of the reports lane. `thread` is the comment's thread where it is known;
    `hides_reports` says that there are reported responses that the forum cannot show."""
    kind = "thread" if isinstance(content, Thread) else "comment"
    whole = content if isinstance(content, Thread) else thread
    edits = len(content.edit_history)
    last = content.edit_history[-1] if edits else None
    removed = is_removed(content.text, base, edits)
    state: State = "open" if content.flaggers or hides_reports else "removed" if removed else "kept"
    closed = whole.closed if whole else False
    thread_id = whole.native if whole else str(content.thread_id) if isinstance(content, Comment) else content.native
    problem = _NO_TEXT if not content.text else _HIDDEN_REPORT if hides_reports else None
    native = {
        "edits": edits,
        "closed": closed,
        "code": (whole.close_reason_code if whole else None) or "",
        "replies": content.comments_count if isinstance(content, Thread) else content.child_count,
    }
    created = content.created_ms
    return Item(
        lane="reports",
        ref=SubjectRef(community, kind, content.native),
        kind="post",
        number=content.native,
        title=Foreign(whole.title.strip() if whole else ""),
        author=author_of(content),
        anonymous=content.anonymous or content.anonymous_to_peers,
        body=body_of(content),
        source=content.text,
        reports=reports_of(content, names),
        since_ms=created or 0,
        created_ms=created,
        edited_ms=parse_iso_or_none(last.created_at) if last else None,
        edits=edits,
        state=state,
        handled_by=Foreign(last.editor_username) if state == "removed" and last and last.editor_username else None,
        handled_ms=parse_iso_or_none(last.created_at) if state == "removed" and last else None,
        place=Place(
            category=Foreign(whole.commentable_id) if whole and whole.commentable_id else None,
            category_id=whole.commentable_id if whole else None,
            tags=tuple(Foreign(tag) for tag in whole.tags) if whole else (),
            thread_id=thread_id,
            thread_title=Foreign(whole.title.strip()) if whole else None,
            thread_posts=whole.comments_count + 1 if whole else None,
            post_id=content.native,
            closed=closed,
        ),
        offers=offers_for(
            kind, state=state, removed=removed, closed=closed, can_write=can_write,
            unreadable=hides_reports and not content.flaggers,
        ),
        native=native,
        problem=problem,
    )  # fmt: skip


def in_order(comments: Sequence[Comment]) -> list[Comment]:
    """Responses by time, each followed by its replies."""
    replies: dict[str, list[Comment]] = {}
    known = {one.native for one in comments}
    tops: list[Comment] = []
    for one in sorted(comments, key=time_order):
        parent = str(one.parent_id) if one.parent_id is not None else ""
        if parent in known:
            replies.setdefault(parent, []).append(one)
        else:
            tops.append(one)
    return [post for top in tops for post in (top, *replies.get(top.native, ()))]


def thread_of(thread: Thread, comments: Sequence[Comment], item: Item) -> DomainThread:
    """The thread around the item's subject: its first post, and up to twenty posts with the subject among them."""
    ordered = in_order(comments)
    numbers = {one.native: number for number, one in enumerate(ordered, 2)}
    wanted = item.ref.native if item.ref.kind == "comment" else None
    at = numbers[wanted] - 2 if wanted in numbers else 0
    start = max(0, min(at - AROUND // 2, len(ordered) - AROUND + 1))
    posts = [_post(thread, 1, subject=wanted is None)]
    for one in ordered[start : start + AROUND - 1]:
        above = numbers.get(str(one.parent_id)) if one.parent_id is not None else 1
        posts.append(_post(one, numbers[one.native], subject=one.native == wanted, reply_to=above))
    if wanted is not None and wanted not in numbers:
        posts.append(_post_of(item, len(ordered) + 2))
    return DomainThread(
        id=thread.native,
        title=Foreign(thread.title.strip()),
        posts=tuple(posts),
        total=max(thread.comments_count + 1, len(posts)),
        closed=thread.closed,
    )


def thread_of_item(item: Item) -> DomainThread:
    """What can be shown of a thread that the forum cannot show: the subject."""
    return DomainThread(
        id=item.place.thread_id or item.ref.native,
        title=item.title,
        posts=(_post_of(item, 1),),
        total=max(item.place.thread_posts or 1, 1),
        closed=item.place.closed,
    )


def post_name(content: Thread | Comment) -> str:
    """A post's id in a thread: the numbers of threads and of comments overlap."""
    return f"{'thread' if isinstance(content, Thread) else 'comment'}-{content.native}"


def _post(content: Thread | Comment, number: int, *, subject: bool = False, reply_to: int | None = None) -> ThreadPost:
    return ThreadPost(
        id=post_name(content),
        number=number,
        author=author_of(content),
        body=body_of(content),
        created_ms=content.created_ms,
        accepted=isinstance(content, Comment) and content.endorsed,
        subject=subject,
        reply_to=reply_to,
    )


def _post_of(item: Item, number: int) -> ThreadPost:
    return ThreadPost(
        id=f"{item.ref.kind}-{item.ref.native}",
        number=number,
        author=item.author,
        body=item.body or Body(text=Foreign("")),
        created_ms=item.created_ms,
        subject=True,
    )


def dossier_of(member: Member, stats: Stats | None, threads: Sequence[Thread]) -> Dossier:
    """What the forum knows about a member. `reports_got` lags: the site counts a report when it is closed or when its
    statistics are rebuilt."""
    if stats is not None:
        member = Member(
            native=member.native,
            username=member.username,
            posts=stats.threads + stats.responses + stats.replies,
            threads=stats.threads,
            seen_ms=parse_iso_or_none(stats.last_activity_at),
        )
    recent = sorted(threads, key=time_order, reverse=True)
    return Dossier(
        member=member,
        reports_got=stats.active_flags + stats.inactive_flags if stats else None,
        got=Record(total=stats.active_flags + stats.inactive_flags, open=stats.active_flags) if stats else Record(),
        recent=tuple(_post(one, number) for number, one in enumerate(recent, 1)),
        recent_titles={post_name(one): Foreign(one.title.strip()) for one in recent},
        sanctionable=NO_SANCTIONS,
    )


def member_item(member: Member, ref: SubjectRef) -> Item:
    """A member as an item: what a command that names one works on. Nothing can be done to members here."""
    return Item(
        lane="members", ref=ref, kind="member", number=member.native, title=member.username, author=member,
        since_ms=member.seen_ms or 0,
    )  # fmt: skip
