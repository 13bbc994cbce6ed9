"""What a Discourse site and this account can do with threads, as it is found out; and what that means for each verb.

`None` means that it is not known yet: then a verb is allowed, and the site has the last word.
"""

from __future__ import annotations

from msgspec import Struct, field

from modtui.backends.discourse import wire
from modtui.domain.capability import ALLOWED, Blocked, Capability

THREAD_VERBS = (
    "reply", "accept", "unaccept", "duplicate", "move", "tag", "assign", "unassign", "bookmark", "unbookmark", "watch",
    "unwatch", "escalate",
)  # fmt: skip
"""The verbs on a thread, beside lock and unlock."""
NO_SOLVED = Blocked("plugin", "this site marks no answers (its Solved plugin is off)")
NO_ASSIGN = Blocked("plugin", "this site assigns no threads (its Assign plugin is off)")
NO_TEMPLATES = Blocked("plugin", "this site keeps no templates (its Templates plugin is off)")
NO_PRESENCE = Blocked("plugin", "this site does not tell who is writing (its Presence plugin is off)")
MAY_NOT_ASSIGN = Blocked("right", "this account may not assign threads on this site")
MAY_NOT_TEMPLATES = Blocked("right", "this account may not use the templates of this site")
MAY_NOT_WHISPER = Blocked("right", "this account cannot write whispers on this site")
MAY_NOT_MESSAGE = Blocked("right", "this account may not write private messages on this site")
STAFF_ONLY = Blocked("right", "only staff may do this, and this account is not staff")


class ThreadSite(Struct):
    """What was found out. `filters` says whether /filter exists, `picks` whether /latest heeds `topic_ids`; `solving`
    are categories that take answers, `unsolving` those that are known not to."""

    filters: bool | None = None
    picks: bool | None = None
    solved: bool | None = None
    assign: bool | None = None
    may_assign: bool = True
    templates: bool | None = None
    may_template: bool = True
    presence: bool | None = None
    whispers: bool = False
    messages: bool = True
    tag_search: bool | None = None
    pending: bool | None = None
    """Whether the site shows this account's own posts that wait for approval (staff's never wait)."""
    edits: bool = False
    """Whether the account may move and tag other people's threads."""
    solving: set[int] = field(default_factory=set)
    unsolving: set[int] = field(default_factory=set)
    groups: tuple[str, ...] = ()
    """Groups of this account."""

    def learn(self, user: wire.CurrentUser, *, staff: bool) -> None:
        """What /session/current says of the account: plugins add a key each, so a missing key means no plugin."""
        self.assign, self.may_assign = user.can_assign is not None, user.can_assign is not False
        self.templates, self.may_template = user.can_use_templates is not None, user.can_use_templates is not False
        self.whispers = user.whisperer if user.whisperer is not None else staff
        self.messages = user.can_send_private_messages is not False
        self.edits = staff
        self.pending = False if staff else None
        names = [row.get("name") for row in user.groups or () if isinstance(row, dict)]
        self.groups = tuple(name for name in names if isinstance(name, str))

    def takes_answers(self, category: int | None, replies: int) -> bool:
        """Whether answers can be marked in a category, as far as it is known. Where nothing is known of a category, a
        thread without replies tells nothing: then it can be tried."""
        if category is None or self.solved is False:
            return False
        return category in self.solving or (replies == 0 and category not in self.unsolving)

    def verbs(self) -> dict[str, Capability]:
        """Each thread verb as far as site and account decide it."""
        solved = NO_SOLVED if self.solved is False else ALLOWED
        assign = NO_ASSIGN if self.assign is False else ALLOWED if self.may_assign else MAY_NOT_ASSIGN
        edits = ALLOWED if self.edits else STAFF_ONLY
        own = {"accept": solved, "unaccept": solved, "assign": assign, "unassign": assign, "move": edits, "tag": edits,
               "duplicate": edits}  # fmt: skip
        return {verb: own.get(verb, ALLOWED) for verb in THREAD_VERBS}

    def features(self) -> dict[str, Capability]:
        """The optional reads, and kinds of reply."""
        templates = NO_TEMPLATES if self.templates is False else ALLOWED if self.may_template else MAY_NOT_TEMPLATES
        return {
            "choices": ALLOWED, "answered": ALLOWED, "search": ALLOWED, "templates": templates,
            "writing": NO_PRESENCE if self.presence is False else ALLOWED,
            "whisper": ALLOWED if self.whispers else MAY_NOT_WHISPER,
            "message": ALLOWED if self.messages else MAY_NOT_MESSAGE,
        }  # fmt: skip
