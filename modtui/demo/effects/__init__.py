"""What happens in the world: posts are hidden, deleted and brought back, members are told, silenced and deleted."""

from modtui.demo.effects.members import delete_user, lift, penalise, user_note, warned
from modtui.demo.effects.posts import (
    delete_post,
    delete_replies,
    edit_post,
    hide,
    may_edit_hidden,
    new_post,
    new_topic,
    recover,
    system_message,
    unhide,
)
from modtui.demo.effects.reports import (
    agree_with_flags,
    decide_scores,
    enqueue,
    flag,
    flag_score,
    history,
    rescore,
    transition,
)

__all__ = [
    "agree_with_flags",
    "decide_scores",
    "delete_post",
    "delete_replies",
    "delete_user",
    "edit_post",
    "enqueue",
    "flag",
    "flag_score",
    "hide",
    "history",
    "lift",
    "may_edit_hidden",
    "new_post",
    "new_topic",
    "penalise",
    "recover",
    "rescore",
    "system_message",
    "transition",
    "unhide",
    "user_note",
    "warned",
]
