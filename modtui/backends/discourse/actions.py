"""What Discourse's actions mean: the verb each answers, which one the plain key takes, what it causes, what undoes it.

The server says per item which actions are legal; this table only names them. An action that is not in it is still
offered, under its own label.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Inverse = Literal["unhide", "recover", "flag", "delete again", "publish", "unpublish", "deactivate", "none"]
Verdict = Literal["right", "wrong", "none", ""]


class Meaning(Struct, frozen=True):
    """One action. `words` is what will be so after it, `post` what happens to the post, `verdict` what the reporters'
    records get, `tells` whether the site itself writes to the author, `inverse` what takes it back (never the verdict).
    `final` marks what cannot be taken back at all and destroys something."""

    verb: str
    words: str
    post: str = ""
    verdict: Verdict = ""
    tells: bool = False
    inverse: Inverse = "none"
    final: bool = False


_KEPT = "post kept"
_DELETE_USER = Meaning(
    "offer", "account and posts deleted", "deleted with the account and all its posts", "right", final=True
)

# The order within a verb is the order of preference: the first one that an item offers is what the plain key does.
ACTIONS: dict[str, Meaning] = {
    # approve
    "disagree": Meaning("approve", _KEPT, "stays", "wrong", inverse="flag"),
    "disagree_and_restore": Meaning("approve", "post back", "is brought back", "wrong", inverse="delete again"),
    "approve_post": Meaning("approve", "post published", "is published", tells=True, inverse="unpublish"),
    "approve_post_closed": Meaning("approve", "post published", "is published in the closed thread", tells=True,
                                   inverse="unpublish"),
    "approve_user": Meaning("approve", "sign-up approved", tells=True, inverse="deactivate"),
    "approve": Meaning("approve", _KEPT, "stays", inverse="flag"),
    "approve_and_restore": Meaning("approve", "post back", "is brought back", inverse="delete again"),
    "approve_and_unhide": Meaning("approve", "post visible", "is shown again", inverse="flag"),
    "not_spam": Meaning("approve", "not spam, post back", "is brought back, and the filter learns", inverse="flag"),
    "keep_post": Meaning("approve", _KEPT, "stays", inverse="flag"),
    "disagree_and_keep_deleted": Meaning("approve", "reports wrong, post stays deleted", "stays deleted", "wrong"),
    # remove
    "agree_and_hide": Meaning("remove", "post hidden", "is hidden", "right", tells=True, inverse="unhide"),
    "agree_and_keep_hidden": Meaning("remove", "post stays hidden", "stays hidden", "right", inverse="flag"),
    "agree_and_delete": Meaning("remove", "message deleted", "is deleted", "right"),
    "delete_and_agree": Meaning("remove", "post deleted", "is deleted; staff can bring it back", "right", tells=True,
                                inverse="recover"),
    "agree_and_keep_deleted": Meaning("remove", "post stays deleted", "stays deleted", "right", inverse="recover"),
    "reject_post": Meaning("remove", "post rejected", "is not published", inverse="publish"),
    "discard_post": Meaning("remove", "post rejected", "is not published", inverse="publish"),
    "reject_and_delete": Meaning("remove", "post deleted", "is deleted; staff can bring it back", inverse="recover"),
    "reject_and_keep_deleted": Meaning("remove", "post stays deleted", "stays deleted", inverse="recover"),
    "hide_post": Meaning("remove", "post hidden", "is hidden", "right", tells=True, inverse="unhide"),
    "keep_hidden_post": Meaning("remove", "post stays hidden", "stays hidden", "right", inverse="flag"),
    "delete_post": Meaning("remove", "post deleted", "is deleted; staff can bring it back", "right", inverse="recover"),
    "keep_deleted_post": Meaning("remove", "post stays deleted", "stays deleted", "right", inverse="recover"),
    "confirm_spam": Meaning("remove", "spam confirmed", "stays away, and the filter learns", inverse="recover"),
    "delete_and_agree_replies": Meaning("remove", "post and replies deleted", "is deleted with its replies", "right",
                                        tells=True, inverse="recover"),
    "delete_and_ignore": Meaning("remove", "post deleted, reports ignored", "is deleted; staff can bring it back",
                                 "none", inverse="recover"),
    "delete_and_ignore_replies": Meaning("remove", "post and replies deleted, reports ignored",
                                         "is deleted with its replies", "none", inverse="recover"),
    "revise_and_reject_post": Meaning("remove", "post rejected, author told what to change", "is not published",
                                      tells=True, inverse="publish"),
    # ignore
    "ignore_and_do_nothing": Meaning("ignore", "reports ignored", "stays as it is", "none", inverse="flag"),
    "ignore": Meaning("ignore", "ignored", "stays as it is", "none", inverse="flag"),
    # restore
    "agree_and_restore": Meaning("restore", "reports right, post back", "is brought back", "right",
                                 inverse="delete again"),
    "restore_post": Meaning("restore", "post back", "is brought back", inverse="delete again"),
    "unhide_post": Meaning("restore", "post visible", "is shown again", inverse="flag"),
    # the rest is reached under its own label
    "agree_and_keep": Meaning("offer", "reports right, post kept", "stays", "right", inverse="flag"),
    "agree_and_keep_message": Meaning("offer", "reports right, message kept", "stays", "right"),
    "agree_and_edit": Meaning("edit", "reports right", "gets the new text", "right"),
    "edit_post": Meaning("edit", "post edited", "gets the new text"),
    "agree_and_silence": Meaning("silence", "reports right, author silenced", "stays as it is", "right"),
    "agree_and_suspend": Meaning("ban", "reports right, author banned", "stays as it is", "right"),
    "reject_and_silence": Meaning("silence", "post rejected, author silenced", "stays as it is"),
    "reject_and_suspend": Meaning("ban", "post rejected, author banned", "stays as it is"),
    "confirm_suspend": Meaning("ban", "spam confirmed, author banned", "stays away"),
    "silence_user": Meaning("silence", "rejected, author silenced", "is not published"),
    "suspend_user": Meaning("ban", "rejected, author banned", "is not published"),
    "unsilence_author": Meaning("unsilence", "author may post again"),
    "convert_to_pm": Meaning("offer", "post turned into a private message", "becomes a private message"),
    "delete": Meaning("offer", "held post withdrawn", "is not published"),
    "delete_user": _DELETE_USER,
    "delete_user_block": _DELETE_USER,
    "delete_and_block_user": _DELETE_USER,
    "scrub": Meaning("purge", "what is kept of the sign-up erased", final=True),
}  # fmt: skip

SPAM = (
    "agree_and_delete", "delete_and_agree", "confirm_spam", "agree_and_keep_deleted", "agree_and_hide",
    "agree_and_keep_hidden", "reject_post", "discard_post", "reject_and_delete", "reject_and_keep_deleted",
    "delete_post", "keep_deleted_post", "hide_post",
)  # fmt: skip
"""What `spam` does, the first that is offered. Deleting comes before hiding, because the author of a hidden post may
edit it back into view; it can be taken back. An account is never deleted by this verb."""

CLIENT_VERBS = {"silence": "silence", "suspend": "ban", "edit": "edit", "scrub": "purge"}
"""`client_action`: the second call that the client has to make itself."""

HIDDEN_SIGNS = frozenset({"agree_and_keep_hidden", "approve_and_unhide", "unhide_post", "keep_hidden_post"})
"""The queue does not say whether a post is hidden; that one of these is legal says it."""
DELETED_SIGNS = frozenset({
    "agree_and_keep_deleted", "disagree_and_keep_deleted", "disagree_and_restore", "approve_and_restore",
    "reject_and_keep_deleted", "keep_deleted_post", "restore_post",
})  # fmt: skip
"""The same for deleted posts."""


def meaning(action: str, *, sign_up: bool = False, client: str | None = None) -> Meaning:
    """What an action means; for one that is not known, as much as its name and `client_action` tell.

    `sign_up`: on a sign-up, deleting the account is the only way to reject it, hence `remove`.
    """
    found = ACTIONS.get(action)
    if sign_up and action in ("delete_user", "delete_user_block", "delete_and_block_user"):
        verb = "remove" if action == "delete_user" else "offer"
        return Meaning(verb, "sign-up rejected, account deleted", final=True)
    if found is not None:
        return found
    if client in CLIENT_VERBS:
        return Meaning(CLIENT_VERBS[client], action.replace("_", " "))
    if "unsilence" in action:
        return Meaning("unsilence", "author may post again")
    deletes = "delete" in action and "user" in action
    return Meaning("offer", action.replace("_", " "), final=deletes)


def rank(action: str) -> int:
    """The place in the order of preference; unknown actions come last."""
    return _ORDER.get(action, len(_ORDER))


_ORDER = {name: number for number, name in enumerate(ACTIONS)}
