"""Which actions the server offers on a reviewable, in the yes/no bundles of 2026."""

from __future__ import annotations

import json
from dataclasses import dataclass

from modtui.demo.model import (
    AKISMET,
    CHAT,
    FLAGGED,
    PENDING,
    POST,
    PROPOSAL,
    QUEUED,
    REJECTED,
    USER,
    Row,
)
from modtui.demo.offer_words import (
    DELETE,
    DELETE_BLOCK,
    DELETE_REPLIES,
    DELETE_USER,
    EDIT,
    HIDE,
    KEEP,
    KEEP_DELETED,
    KEEP_HIDDEN,
    RESTORE,
    SILENCE,
    SUSPEND,
    Bundle,
    Offer,
)
from modtui.demo.people import can_be_deleted, is_silenced, is_staff
from modtui.demo.site import Site


@dataclass(frozen=True, slots=True)
class Subject:
    """What the offers depend on."""

    reviewable: Row
    post: Row | None
    author: Row | None
    topic: Row | None


def subject_of(site: Site, reviewable: Row) -> Subject:
    """Read post, author and topic of a reviewable."""
    post = None
    if reviewable["target_type"] == "Post" and reviewable["target_id"] is not None:
        post = site.db.one("SELECT * FROM posts WHERE id = ?", [reviewable["target_id"]])
    topic_id = reviewable["topic_id"]
    topic = site.db.one("SELECT * FROM topics WHERE id = ?", [topic_id]) if topic_id else None
    return Subject(reviewable, post, site.user(reviewable["target_created_by_id"]), topic)


def bundles(subject: Subject, viewer: Row) -> list[Bundle]:
    """The bundles for this viewer, empty when nothing is legal."""
    kind = subject.reviewable["type"]
    if kind == FLAGGED:
        return _flagged(subject)
    if kind == QUEUED:
        return _queued(subject, viewer)
    if kind == USER:
        return _user(subject, viewer)
    if subject.reviewable["status"] != PENDING:
        return []
    if kind == POST:
        return _post(subject)
    if kind == CHAT:
        return _chat(subject)
    if kind == AKISMET:
        return _akismet(subject)
    if kind == PROPOSAL:
        return _proposal(subject)
    return []


def _kept(
    subject: Subject, name: str, label: str, icon: str, *offers: Offer | None, secondary: bool = False
) -> list[Bundle]:
    legal = tuple(offer for offer in offers if offer is not None)
    return [Bundle(f"{subject.reviewable['id']}-{name}", label, icon, legal, secondary)] if legal else []


def _may_punish(author: Row | None) -> bool:
    return author is not None and author["id"] > 0 and not is_staff(author)


def _flagged(subject: Subject) -> list[Bundle]:
    item, post, author = subject.reviewable, subject.post, subject.author
    if item["status"] != PENDING or post is None:
        return []
    deleted, hidden = post["deleted_at"] is not None, bool(post["hidden"])
    punish = _may_punish(author)
    spammy = bool(item["potential_spam"] or item["potentially_illegal"])
    replies = post["reply_count"] > 0
    yes: list[Offer | None]
    if deleted:
        yes = [KEEP_DELETED, RESTORE if post["user_deleted"] else None]
    else:
        yes = [KEEP_HIDDEN] if hidden else [HIDE, KEEP]
        yes += [EDIT, DELETE, DELETE_REPLIES if replies else None]
    yes += [SILENCE, SUSPEND] if punish else []
    if author is not None and spammy and can_be_deleted(author):
        yes += [DELETE_USER, DELETE_BLOCK]
    no: list[Offer | None]
    ignore = Offer(
        "ignore_and_do_nothing",
        "Ignore",
        "Close the flags without a verdict; nobody's record changes much.",
        "up-right-from-square",
    )
    if deleted:
        no = [
            Offer(
                "disagree_and_restore", "Restore post", "Disagree with the flags and bring the post back.", "far-eye"
            ),
            Offer(
                "disagree_and_keep_deleted",
                "Keep post deleted",
                "Disagree with the flags, but leave the post deleted.",
                "trash-can",
            ),
            ignore,
        ]
    else:
        words = (
            ("Unhide post", "Disagree with the flags, show the post again and tell the author.")
            if hidden
            else ("Keep post", "Disagree with the flags; the post stays as it is.")
        )
        no = [
            Offer("disagree", *words, "far-eye"),
            ignore,
            Offer("delete_and_ignore", "Delete post", "Ignore the flags and delete the post.", "trash-can"),
            Offer(
                "delete_and_ignore_replies",
                "Delete post and replies",
                "Ignore the flags, delete the post and its replies.",
                "trash-can",
                confirm="The replies of other members will be deleted too. Go on?",
            )
            if replies
            else None,
        ]
    return [
        *_kept(subject, "agree", "Yes", "thumbs-up", *yes),
        *_kept(subject, "disagree", "No", "thumbs-down", *no),
        *_unsilence(subject),
    ]


def _unsilence(subject: Subject) -> list[Bundle]:
    if subject.author is None or not is_silenced(subject.author):
        return []
    lift = Offer(
        "unsilence_author", "Unsilence author", "Lift the author's silence. The item stays open.", "microphone"
    )
    return _kept(subject, "author", "Author", "user", lift, secondary=True)


def _queued(subject: Subject, viewer: Row) -> list[Bundle]:
    item, author = subject.reviewable, subject.author
    if item["status"] not in (PENDING, REJECTED):
        return []
    approve = Offer("approve_post", "Approve post", "Publish the post as it stands.", "check", "The post is published.")
    if subject.topic is not None and subject.topic["closed"]:
        approve = Offer(
            "approve_post_closed",
            "Approve post",
            "Publish the post in a closed topic.",
            "check",
            confirm="This topic is closed. Publish the post all the same?",
        )
    if item["status"] == REJECTED:
        return _kept(subject, "approve", "Yes", "thumbs-up", approve)
    no: list[Offer | None] = [
        Offer(
            "reject_post",
            "Reject post",
            "Do not publish the post. The author is not told.",
            "xmark",
            "The post is rejected.",
        )
    ]
    if author is not None:
        no.append(
            Offer(
                "revise_and_reject_post",
                "Revise and reject post",
                "Reject, and send the author what to change.",
                "pencil",
            )
        )
    if _may_punish(author):
        no += [
            Offer(
                "silence_user",
                "Silence user",
                "Reject, and keep the author from posting.",
                "microphone-slash",
                "",
                "silence",
                penalty_effect="silence",
            ),
            Offer(
                "suspend_user",
                "Suspend user",
                "Reject, and lock the author out.",
                "ban",
                "",
                "suspend",
                penalty_effect="suspend",
            ),
        ]
    if author is not None and can_be_deleted(author):
        no += [DELETE_USER, DELETE_BLOCK]
    mine = item["created_by_id"] == viewer["id"]
    return [
        *_kept(subject, "approve", "Yes", "thumbs-up", approve),
        *_kept(
            subject, "reject", "No", "thumbs-down", *no, Offer("delete", "Withdraw", "", "trash-can") if mine else None
        ),
    ]


def _user(subject: Subject, viewer: Row) -> list[Bundle]:
    item, author = subject.reviewable, subject.author
    if item["status"] == REJECTED and author is None and viewer["admin"]:
        payload = json.loads(item["payload"] or "{}")
        if "scrubbed_at" not in payload:
            scrub = Offer("scrub", "Scrub", "Erase what is kept of this sign-up.", "eraser", "", "scrub")
            return _kept(subject, "scrub", "Scrub", "eraser", scrub)
    if item["status"] != PENDING or author is None:
        return []
    suspect = bool(item["potential_spam"])
    approve = Offer("approve_user", "Approve user", "Let the member in.", "user-plus", "The member is approved.")
    ask = not suspect
    reject: list[Offer | None] = [
        Offer("delete_user", "Reject user", "Delete the sign-up.", "user-xmark", require_reject_reason=ask),
        Offer(
            "delete_user_block",
            "Reject and block user",
            "Delete the sign-up and block its address.",
            "ban",
            require_reject_reason=ask,
        ),
    ]
    if suspect:
        reject += [
            Offer(
                "silence_user",
                "Silence user",
                "Keep the member from posting.",
                "microphone-slash",
                "",
                "silence",
                penalty_effect="silence",
            ),
            Offer(
                "suspend_user", "Suspend user", "Lock the member out.", "ban", "", "suspend", penalty_effect="suspend"
            ),
        ]
    return [
        *_kept(subject, "approve", "Yes", "thumbs-up", approve),
        *_kept(subject, "reject", "No", "thumbs-down", *reject),
    ]


def _post(subject: Subject) -> list[Bundle]:
    post = subject.post
    if post is None:
        return []
    deleted, hidden = post["deleted_at"] is not None, bool(post["hidden"])
    yes: list[Offer | None] = [
        Offer("approve_and_restore", "Approve and restore", "Bring the post back.", "check")
        if deleted
        else Offer("approve_and_unhide", "Approve and unhide", "Show the post again.", "check")
        if hidden
        else Offer("approve", "Approve", "The post stays.", "check")
    ]
    no: list[Offer | None] = [
        Offer("reject_and_keep_deleted", "Keep deleted", "The post stays deleted.", "trash-can")
        if deleted
        else Offer("reject_and_delete", "Delete post", "Delete the post.", "trash-can")
    ]
    if _may_punish(subject.author):
        no += [
            Offer(
                "reject_and_silence",
                "Silence user",
                "Reject, and keep the author from posting.",
                "microphone-slash",
                "",
                "silence",
                penalty_effect="silence",
            ),
            Offer(
                "reject_and_suspend",
                "Suspend user",
                "Reject, and lock the author out.",
                "ban",
                "",
                "suspend",
                penalty_effect="suspend",
            ),
        ]
    return [*_kept(subject, "approve", "Yes", "thumbs-up", *yes), *_kept(subject, "reject", "No", "thumbs-down", *no)]


def _chat(subject: Subject) -> list[Bundle]:
    deleted = bool(json.loads(subject.reviewable["payload"] or "{}").get("deleted_at"))
    punish = _may_punish(subject.author)
    yes: list[Offer | None]
    if deleted:
        yes = [
            Offer("agree_and_keep_deleted", "Keep deleted", "Agree; the message stays deleted.", "trash-can"),
            Offer("agree_and_restore", "Restore message", "Agree, but bring the message back.", "far-eye"),
        ]
        no = [Offer("disagree_and_restore", "Restore message", "Disagree and bring the message back.", "far-eye")]
    else:
        yes = [
            Offer("agree_and_delete", "Delete message", "Agree and delete the message.", "trash-can"),
            Offer("agree_and_keep_message", "Keep message", "Agree, but leave the message.", "thumbs-up"),
        ]
        no = [
            Offer("disagree", "Keep message", "Disagree; the message stays.", "thumbs-down"),
            Offer("ignore", "Ignore", "Close without a verdict.", "up-right-from-square"),
            Offer("delete_and_agree", "Delete message", "Delete the message.", "trash-can"),
        ]
    return [
        *_kept(subject, "agree", "Yes", "thumbs-up", *yes, SILENCE if punish else None, SUSPEND if punish else None),
        *_kept(subject, "disagree", "No", "thumbs-down", *no),
    ]


def _akismet(subject: Subject) -> list[Bundle]:
    author = subject.author
    yes: list[Offer | None] = [
        Offer("confirm_spam", "Confirm spam", "The post stays deleted and the filter learns.", "check")
    ]
    if _may_punish(author):
        yes.append(
            Offer(
                "confirm_suspend",
                "Suspend user",
                "Confirm, and lock the author out.",
                "ban",
                "",
                "suspend",
                penalty_effect="suspend",
            )
        )
    if author is not None and can_be_deleted(author):
        yes += [DELETE_USER, DELETE_BLOCK]
    no = [
        Offer("not_spam", "Not spam", "Bring the post back and teach the filter.", "thumbs-down"),
        Offer("ignore", "Ignore", "Close without a verdict.", "up-right-from-square"),
    ]
    return [*_kept(subject, "agree", "Yes", "thumbs-up", *yes), *_kept(subject, "disagree", "No", "thumbs-down", *no)]


def _proposal(subject: Subject) -> list[Bundle]:
    """A plugin's type that no client knows, in the shape of older servers: bare ids, one bundle per action."""
    accept = Offer("approve_event", "Put on the calendar", "Show the event to everybody.", "calendar")
    decline = Offer("decline_event", "Decline", "Send the proposal back.", "xmark", require_reject_reason=True)
    return [
        *_kept(subject, "approve_event", "", "calendar", accept),
        *_kept(subject, "decline_event", "", "xmark", decline),
    ]
