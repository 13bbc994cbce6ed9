"""What each lane shows at the bottom, and which keys its items tell the effects of. Data only."""

from __future__ import annotations

from modtui.domain.items import MemberKind
from modtui.domain.subjects import Lane

_END = ("offers.show", "undo", "help.show")

HINTS: dict[Lane, tuple[str, ...]] = {
    "reports": (
        "item.open", "item.approve", "item.remove", "item.spam", "item.ignore", "item.escalate", "item.claim",
        "item.later", "item.note", "member.show", "links.show", "item.reply", *_END,
    ),
    "pending": (
        "item.open", "item.approve", "item.remove", "item.spam", "item.edit", "item.claim", "item.later", "item.note",
        "member.show", "links.show", *_END,
    ),
    "questions": (
        "item.open", "item.reply", "question.accept-answer", "item.escalate", "item.later", "language.cycle",
        "thread.show", "member.show", "links.show", *_END,
    ),
    "members": (
        "item.open", "find.text", "member.ban", "member.silence", "member.warn", "item.note", "filter.edit",
        "sort.choose", *_END,
    ),
    "escalated": (
        "item.open", "item.approve", "item.remove", "item.reply", "item.escalate", "item.later", "item.note",
        "member.show", *_END,
    ),
}  # fmt: skip
"""The keys of the hint line, what matters most first; the last ones never give way."""

EFFECTS: dict[Lane, tuple[str, ...]] = {
    "questions": ("item.reply", "thread.lock"),
    "members": ("item.approve", "member.silence", "member.ban", "item.note"),
}
"""Keys whose effects the item tells; other lanes have those of reports."""

REPORT_EFFECTS = (
    "item.approve", "item.remove", "item.spam", "item.ignore", "item.restore", "thread.lock",
)  # fmt: skip

ONLY_WHY = frozenset({"member.silence", "member.ban", "item.note"})
"""Keys that ask for more before they do anything: an item tells only why they are not possible."""

THREAD_VERBS = (
    ("reply", "item.reply"), ("accept", "question.accept-answer"), ("assign", "thread.assign"),
    ("move", "thread.move"), ("tag", "thread.tag"), ("duplicate", "thread.duplicate"),
    ("bookmark", "thread.bookmark"), ("watch", "thread.watch"), ("lock", "thread.lock"),
    ("escalate", "item.escalate"), ("note", "item.note"), ("claim", "item.claim"),
)  # fmt: skip
"""What `,` lists for an item with a thread beside the site's own offers: verb and action."""

ASKS = {
    **dict(THREAD_VERBS), "unassign": "thread.assign", "unbookmark": "thread.bookmark", "unwatch": "thread.watch",
    "unlock": "thread.lock", "unaccept": "question.accept-answer", "warn": "member.warn", "erase": "member.erase",
    "logout": "member.log-out",
}  # fmt: skip
"""Verbs that ask for something first, and the action that asks: an offer of the site with this verb leads there."""

MEMBER_VERBS = (
    ("approve", "item.approve"), ("silence", "member.silence"), ("ban", "member.ban"), ("warn", "member.warn"),
    ("note", "item.note"), ("logout", "member.log-out"), ("erase", "member.erase"),
)  # fmt: skip
"""The same for a member."""

MEMBER_WORDS = {"approve": ("approve", "Lets a member in who waits for approval.")}
"""Title and help of a verb that means something else for a member than for a post."""

FILTERS: dict[Lane, str] = {
    "reports": "reason:spam lang:de author:bo age>2d reports>2 is:mine",
    "questions": "state:unanswered lang:de category:export tag:csv is:late is:first",
    "members": "is:new is:staff is:silenced is:suspended is:suspect is:waiting",
    "escalated": "is:late author:bo lang:de text:word",
}
"""What the filter line gives as examples."""

KINDS: tuple[MemberKind, ...] = ("new", "staff", "silenced", "suspended", "suspect", "waiting")
"""Kinds of members that a site lists by themselves: a filter with `is:` reads them, too."""
