"""The actions the server knows, with their words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """One legal action: what to call (`server_action`), its words, and what the client has to do beside it."""

    server_action: str
    label: str
    description: str = ""
    icon: str = "check"
    done: str = ""
    client_action: str | None = None
    confirm: str | None = None
    require_reject_reason: bool = False
    penalty_effect: str | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """One answer to the question; `secondary` bundles do not answer it."""

    id: str
    label: str
    icon: str
    offers: tuple[Offer, ...]
    secondary: bool = False


HIDE = Offer(
    "agree_and_hide",
    "Hide post",
    "Agree with the flags and hide the post. The author is told by message and urged to edit it.",
    "far-eye-slash",
    "The post is hidden.",
)


KEEP = Offer(
    "agree_and_keep",
    "Keep post",
    "Agree with the flags, but leave the post as it is.",
    "thumbs-up",
    "The flags were agreed with.",
)


KEEP_HIDDEN = Offer(
    "agree_and_keep_hidden", "Keep post hidden", "Agree with the flags and leave the post hidden.", "far-eye-slash"
)


KEEP_DELETED = Offer(
    "agree_and_keep_deleted", "Keep post deleted", "Agree with the flags and leave the post deleted.", "trash-can"
)


RESTORE = Offer(
    "agree_and_restore", "Restore post", "Agree with the flags and bring the post back for everybody.", "far-eye"
)


EDIT = Offer("agree_and_edit", "Edit post", "Agree with the flags and change the post.", "pencil", "", "edit")


DELETE = Offer(
    "delete_and_agree",
    "Delete post",
    "Delete the post (the topic, when it is the first post) and tell the author.",
    "trash-can",
)


DELETE_REPLIES = Offer(
    "delete_and_agree_replies",
    "Delete post and replies",
    "Delete the post and every reply to it.",
    "trash-can",
    confirm="The replies of other members will be deleted too. Go on?",
)


SILENCE = Offer(
    "agree_and_silence",
    "Silence user",
    "Agree with the flags and keep the author from posting.",
    "microphone-slash",
    "",
    "silence",
    penalty_effect="silence",
)


SUSPEND = Offer(
    "agree_and_suspend",
    "Suspend user",
    "Agree with the flags and lock the author out.",
    "ban",
    "",
    "suspend",
    penalty_effect="suspend",
)


DELETE_USER = Offer(
    "delete_user",
    "Delete user",
    "Delete the account and all its posts.",
    "user-xmark",
    confirm="The account and all its posts will be deleted. Go on?",
)


DELETE_BLOCK = Offer(
    "delete_user_block",
    "Delete and block user",
    "Delete the account and block its address, so that it cannot come back.",
    "user-xmark",
    confirm="The account will be deleted, its e-mail and IP address blocked. Go on?",
)
