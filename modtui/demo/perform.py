"""Doing what was decided on a reviewable: one function per server action, each with its real consequences."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from modtui.demo import effects
from modtui.demo.model import (
    AGREED,
    APPROVED,
    DELETED,
    DISAGREED,
    IGNORED,
    PENDING,
    REJECTED,
    SCORE_IGNORED,
    USER,
    Row,
    now_ms,
)
from modtui.demo.offers import Subject, bundles, subject_of
from modtui.demo.people import is_silenced
from modtui.demo.site import Site
from modtui.demo.wire import Call, Problem, conflict, invalid_access, unprocessable


@dataclass(slots=True)
class Job:
    """One action being performed; `removed` collects items that leave the queue."""

    site: Site
    subject: Subject
    by: Row
    args: Call
    status: int | None = None
    verdict: int | None = None
    removed: list[int] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def post(self) -> Row:
        """The post in question; 404 when it does not exist any more."""
        if self.subject.post is None:
            raise Problem(404, {"errors": ["The post is gone."], "error_type": "not_found"})
        return self.subject.post

    def fresh_post(self) -> Row:
        """The post as it is now, after an effect changed it."""
        found = self.site.db.one("SELECT * FROM posts WHERE id = ?", [self.post["id"]])
        assert found is not None
        return found


Effect = Callable[[Job], None]


def _agree(job: Job) -> None:
    job.status, job.verdict = APPROVED, AGREED


def _hide(job: Job) -> None:
    _agree(job)
    effects.hide(job.site, job.post)


def _agree_restore(job: Job) -> None:
    _agree(job)
    effects.recover(job.site, job.post)


def _delete_agree(job: Job) -> None:
    _agree(job)
    effects.delete_post(job.site, job.post, job.by, tell_flagged=True)


def _delete_agree_replies(job: Job) -> None:
    effects.delete_replies(job.site, job.post, job.by)
    _delete_agree(job)


def _disagree(job: Job) -> None:
    job.status, job.verdict = REJECTED, DISAGREED
    effects.unhide(job.site, job.fresh_post())
    author = job.subject.author
    if author is not None and is_silenced(author) and author["silenced_post_id"] == job.post["id"]:
        effects.lift(job.site, author, "silence", job.by["id"])


def _disagree_restore(job: Job) -> None:
    effects.recover(job.site, job.post)
    _disagree(job)


def _disagree_keep_deleted(job: Job) -> None:
    job.status, job.verdict = REJECTED, DISAGREED


def _ignore(job: Job) -> None:
    job.status, job.verdict = IGNORED, SCORE_IGNORED


def _delete_ignore(job: Job) -> None:
    _ignore(job)
    effects.delete_post(job.site, job.post, job.by)


def _delete_ignore_replies(job: Job) -> None:
    effects.delete_replies(job.site, job.post, job.by)
    _delete_ignore(job)


def _delete_user(job: Job, block: bool = False) -> None:
    item, author = job.subject.reviewable, job.subject.author
    if author is None:
        raise Problem(404, {"errors": ["The member is gone."], "error_type": "not_found"})
    if item["type"] == USER:
        reason = job.args.text("reject_reason")[:500]
        job.site.db.update("reviewables", item["id"], reject_reason=reason or None)
    # The item itself is closed below, with the version that was asked for.
    job.status = REJECTED if item["type"] in (USER, "ReviewableQueuedPost", "ReviewablePost") else APPROVED
    job.verdict = AGREED
    job.removed += [i for i in effects.delete_user(job.site, author, job.by, block=block) if i != item["id"]]


def _delete_block(job: Job) -> None:
    _delete_user(job, block=True)


def _approve_queued(job: Job) -> None:
    item = job.subject.reviewable
    payload = json.loads(item["payload"] or "{}")
    raw, author_id = str(payload.get("raw", "")), item["target_created_by_id"]
    site = job.site
    if site.user(author_id) is None:
        raise unprocessable("The author's account does not exist any more.")
    if item["topic_id"] is not None:
        topic = job.subject.topic
        if topic is None or topic["deleted_at"] is not None:
            raise unprocessable("The topic this reply belongs to was deleted.")
        post_id = effects.new_post(site, topic["id"], author_id, raw, reply_to=payload.get("reply_to_post_number"))
        topic_id = topic["id"]
    else:
        if len(str(payload.get("title", "")).strip()) < 8:
            raise unprocessable("Title is too short (minimum is 8 characters)")
        topic_id, post_id = effects.new_topic(
            site,
            author_id,
            payload["title"],
            raw,
            category_id=item["category_id"],
            tags=[str(tag) for tag in payload.get("tags") or []],
        )
    job.status, job.verdict = APPROVED, AGREED
    site.db.update("reviewables", item["id"], target_type="Post", target_id=post_id, topic_id=topic_id)
    job.extra = {"created_post_id": post_id, "created_post_topic_id": topic_id}


def _reject_queued(job: Job) -> None:
    job.status, job.verdict = REJECTED, DISAGREED
    job.site.db.run(
        "UPDATE users SET rejected_posts_count = rejected_posts_count + 1 WHERE id = ?",
        [job.subject.reviewable["target_created_by_id"]],
    )


def _revise(job: Job) -> None:
    reason = job.args.text("revise_custom_reason") or job.args.text("revise_reason")
    feedback = job.args.text("revise_feedback")
    _reject_queued(job)
    item = job.subject.reviewable
    raw = json.loads(item["payload"] or "{}").get("raw", "")
    effects.system_message(
        job.site,
        item["target_created_by_id"],
        "Your post needs changes",
        f"Your post was not published. Reason: {reason or 'not given'}.\n\n{feedback}\n\n[quote]\n{raw}\n[/quote]",
    )


def _withdraw(job: Job) -> None:
    job.status, job.verdict = DELETED, SCORE_IGNORED


def _approve_user(job: Job) -> None:
    author = job.subject.author
    assert author is not None
    job.site.db.update("users", author["id"], approved=1)
    job.status, job.verdict = APPROVED, AGREED


def _reject_only(job: Job) -> None:
    job.status, job.verdict = REJECTED, AGREED


def _approve(job: Job) -> None:
    job.status, job.verdict = APPROVED, DISAGREED


def _approve_restore(job: Job) -> None:
    _approve(job)
    effects.recover(job.site, job.post)


def _approve_unhide(job: Job) -> None:
    _approve(job)
    effects.unhide(job.site, job.post)


def _reject_delete(job: Job) -> None:
    _reject_only(job)
    effects.delete_post(job.site, job.post, job.by)


def _message(job: Job, deleted: bool) -> None:
    item = job.subject.reviewable
    payload = json.loads(item["payload"] or "{}")
    payload["deleted_at"] = now_ms() if deleted else None
    job.site.db.update("reviewables", item["id"], payload=json.dumps(payload))


def _message_delete(job: Job) -> None:
    _agree(job)
    _message(job, True)


def _message_restore(job: Job) -> None:
    _agree(job)
    _message(job, False)


def _message_disagree_restore(job: Job) -> None:
    job.status, job.verdict = REJECTED, DISAGREED
    _message(job, False)


def _chat_disagree(job: Job) -> None:
    job.status, job.verdict = REJECTED, DISAGREED


def _not_spam(job: Job) -> None:
    job.status, job.verdict = REJECTED, DISAGREED
    effects.recover(job.site, job.post)


def _unsilence(job: Job) -> None:
    author = job.subject.author
    assert author is not None
    effects.lift(job.site, author, "silence", job.by["id"])


def _decline_event(job: Job) -> None:
    job.site.db.update("reviewables", job.subject.reviewable["id"], reject_reason=job.args.text("reject_reason")[:500])
    job.status, job.verdict = REJECTED, DISAGREED


_COMMON: dict[str, Effect] = {
    "agree_and_hide": _hide,
    "agree_and_keep": _agree,
    "agree_and_keep_hidden": _agree,
    "agree_and_keep_deleted": _agree,
    "agree_and_edit": _agree,
    "agree_and_restore": _agree_restore,
    "agree_and_silence": _agree,
    "agree_and_suspend": _agree,
    "delete_and_agree": _delete_agree,
    "delete_and_agree_replies": _delete_agree_replies,
    "disagree": _disagree,
    "disagree_and_restore": _disagree_restore,
    "disagree_and_keep_deleted": _disagree_keep_deleted,
    "ignore_and_do_nothing": _ignore,
    "ignore": _ignore,
    "delete_and_ignore": _delete_ignore,
    "delete_and_ignore_replies": _delete_ignore_replies,
    "delete_user": _delete_user,
    "delete_user_block": _delete_block,
    "unsilence_author": _unsilence,
    "approve_post": _approve_queued,
    "approve_post_closed": _approve_queued,
    "reject_post": _reject_queued,
    "revise_and_reject_post": _revise,
    "delete": _withdraw,
    "silence_user": _reject_only,
    "suspend_user": _reject_only,
    "approve_user": _approve_user,
    "approve": _approve,
    "approve_and_restore": _approve_restore,
    "approve_and_unhide": _approve_unhide,
    "reject_and_delete": _reject_delete,
    "reject_and_keep_deleted": _reject_only,
    "reject_and_silence": _reject_only,
    "reject_and_suspend": _reject_only,
    "confirm_spam": _agree,
    "confirm_suspend": _agree,
    "not_spam": _not_spam,
    "approve_event": _approve,
    "decline_event": _decline_event,
}
_CHAT: dict[str, Effect] = {
    "agree_and_delete": _message_delete,
    "delete_and_agree": _message_delete,
    "agree_and_keep_message": _agree,
    "agree_and_restore": _message_restore,
    "disagree": _chat_disagree,
    "disagree_and_restore": _message_disagree_restore,
}
_QUEUED = {"silence_user": _reject_queued, "suspend_user": _reject_queued}
_ALIASES = {"discard_post": "reject_post", "reject_post_and_block": "reject_post"}


def _effect(kind: str, action: str) -> Effect:
    table = _CHAT if kind == "Chat::ReviewableMessage" else _QUEUED if kind == "ReviewableQueuedPost" else {}
    return table.get(action) or _COMMON[action]


def perform(site: Site, call: Call, item: Row, action: str, version: int) -> dict[str, Any]:
    """Do it, in one transaction. Gives `reviewable_perform_result`.

    Raises Problem: 403 when the action is not offered (any longer), 409 when the version is stale, 422 for what the
    effects refuse.
    """
    by = call.me
    action = _ALIASES.get(action, action)
    subject = subject_of(site, item)
    if not any(offer.server_action == action for bundle in bundles(subject, by) for offer in bundle.offers):
        raise invalid_access()
    item_id = int(item["id"])
    with site.db.write():
        raised = site.db.run(
            "UPDATE reviewables SET version = version + 1 WHERE id = ? AND version = ?", [item_id, version]
        )
        if not raised:
            raise conflict()
        job = Job(site, subject, by, call)
        _effect(item["type"], action)(job)
        if job.status is not None:
            now = site.db.one("SELECT status FROM reviewables WHERE id = ?", [item_id])
            if (now is not None and now["status"] == PENDING) or item["status"] != PENDING:
                if job.verdict is not None:
                    effects.decide_scores(site, item_id, job.verdict, by["id"])
                effects.transition(site, item_id, job.status, by["id"])
            job.removed.insert(0, item_id)
            if item["topic_id"] is not None:
                release(site, item["topic_id"])
        site.db.run("UPDATE reviewables SET version = ? WHERE id = ?", [version + 1, item_id])
    count = site.pending_count(by["id"])
    site.tell_counts(
        {
            str(i): {"last_performing_username": by["username"], "status": job.status, "version": version + 1}
            for i in job.removed
        }
    )
    return {
        "success": True,
        "remove_reviewable_ids": job.removed,
        "version": version + 1,
        "reviewable_count": count,
        "unseen_reviewable_count": count,
        **job.extra,
    }


def release(site: Site, topic_id: int) -> None:
    """Drop the claim on a topic, if any, and tell the listeners."""
    if site.db.run("DELETE FROM claims WHERE topic_id = ?", [topic_id]):
        site.bus.publish("/reviewable_claimed", {"topic_id": topic_id, "claimed": False})
