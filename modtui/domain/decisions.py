"""What a moderator decides: intents, plans, decisions and the state of each step.

State lives on the step and is derived upwards (semantics: "Decisions, steps, journal").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from modtui.domain.seen import Seen
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.text import Foreign, Shown

Verb = Literal[
    "approve", "remove", "spam", "ignore", "restore", "edit", "claim", "release", "note", "silence", "unsilence",
    "ban", "unban", "lock", "unlock", "purge", "warn", "reply", "accept", "unaccept", "duplicate", "move", "tag",
    "assign", "unassign", "bookmark", "unbookmark", "watch", "unwatch", "logout", "erase", "escalate", "reopen",
    "offer",
]
VERBS: tuple[str, ...] = Verb.__args__  # type: ignore[attr-defined]
"""`offer` is a platform-only action: the intent names it. `reopen` puts an item back (used by undo). `erase` deletes a
member as a spammer, with what they wrote."""

Audience = Literal["public", "staff", "private"]

StepState = Literal["held", "sending", "unknown", "done", "undone", "conflict", "refused", "discarded"]
FINAL: frozenset[str] = frozenset({"done", "undone", "conflict", "refused", "discarded"})
DecisionState = Literal["held", "sending", "unknown", "done", "undone", "conflict", "refused", "discarded", "partly"]


class Sanction(msgspec.Struct, frozen=True):
    """Silence or ban for `duration_ms` (None: for good). The end is computed from the site's clock when it is sent."""

    kind: Literal["silence", "ban"]
    duration_ms: int | None


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What the moderator wants, before a backend says how.

    `offer` picks one of the item's offers instead of the verb's default. `reason` is a reason's id, `reason_title` and
    `reason_text` its words (or the moderator's own). `message` goes to the author (None: modtui sends none).
    `text` is the new body of an edit, a note's or a reply's text, an escalation's note. `urgent`: the reason is one
    where hiding goes out at once and only the message is held.
    """

    verb: str
    offer: str | None = None
    reason: str | None = None
    urgent: bool = False
    reason_title: str | None = None
    reason_text: str | None = None
    message: str | None = None
    message_title: str | None = None
    sanction: Sanction | None = None
    lock: bool = False
    text: str | None = None
    title: str | None = None
    audience: Audience = "public"
    """Who reads a reply: everybody, the team (a whisper or staff note), or its addressee alone (a private message)."""
    post: str | None = None
    """Native id of the post that it is about: replied to, accepted. None: the item's own."""
    accept: bool = False
    """The reply is marked as the answer as well ..."""
    close: bool = False
    """... and the thread is closed after it."""
    to: str | None = None
    """A choice's id: assignee, category, or the thread that this one duplicates (its id or address)."""
    tags: tuple[str, ...] | None = None
    """All tags of the thread as they shall be."""
    when_ms: int | None = None
    """When a bookmark reminds (UTC ms)."""
    route: str | None = None
    """Where an escalation goes: a name of the settings, or `site:<choice id>` for the platform's own."""
    share: bool = True
    """Whether the post's text travels with an escalation."""
    due_ms: int | None = None
    """How soon an answer to an escalation is expected, as a duration; the end is computed when it is sent."""


class Call(msgspec.Struct, frozen=True):
    """One request in the backend's own words: `name` is one of its operations, `args` are JSON values.

    It is written to the journal, so it holds no secret; times in it are durations, never ends.
    """

    name: str
    args: dict[str, Any] = {}


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a plan. `words` is what will be so after it ("post hidden"). `reaches` means a member gets a message.

    `waits` means the hold applies; a step with waits=False (hiding personal data) goes out at once.
    """

    call: Call
    words: str
    executor: str = "backend"
    reaches: bool = False
    waits: bool = True


class Effect(msgspec.Struct, frozen=True):
    """One consequence, in plain words: on the post, the reporters, the author, the thread or the team."""

    on: Literal["post", "reporters", "author", "thread", "team"]
    words: Shown


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an intent on an item would do. The reason line, forms, --dry-run, the outbox and undo all read this.

    `tells_author`: the site itself writes to the author. `asks`: a question that must be answered first (the site's
    confirm, or ours). `reversal` says how far undo gets after sending, `stays` what it cannot take back.
    """

    verb: str
    offer: str | None = None
    label: Foreign | None = None
    steps: tuple[PlannedStep, ...]
    effects: tuple[Effect, ...] = ()
    reversal: Literal["full", "partial", "none"] = "full"
    stays: tuple[str, ...] = ()
    tells_author: bool = False
    asks: Foreign | None = None

    @property
    def reaches(self) -> bool:
        """Whether a step of ours writes to a member."""
        return any(step.reaches for step in self.steps)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a sent step brought. `data` goes to the journal (ids that an undo needs); `resolved` are siblings that the
    site closed with it; `held` says the site keeps it for approval.

    `edits` says that the step itself changed the text: then `data["text"]` is its `seen.text_digest` as it is now, so
    that the change is not taken for somebody else's.
    """

    data: dict[str, Any] = {}
    resolved: tuple[SubjectRef, ...] = ()
    held: bool = False
    edits: bool = False
    words: Foreign | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a decision with its state. `key` is its idempotency key, `due_ms` when the hold ends, `changed_ms`
    since when the state holds; for `unknown` it is when the step was sent."""

    index: int
    call: Call
    words: str
    key: str
    executor: str = "backend"
    reaches: bool = False
    due_ms: int
    state: StepState = "held"
    answer: Answer | None = None
    error: str | None = None
    changed_ms: int | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One subject of a decision: what was seen of it, and the steps. `number`, `author`, `title` are for people.

    `message` and `message_title` are this target's own wording where that differs from the intent's (it names its
    author).
    """

    index: int
    item: str
    ref: SubjectRef
    number: str
    author: Foreign | None = None
    title: Foreign | None = None
    seen: Seen | None = None
    checked: bool = True
    steps: tuple[Step, ...]
    conflict: tuple[str, ...] = ()
    message: str | None = None
    message_title: str | None = None

    def intent(self, whole: Intent) -> Intent:
        """The decision's intent `whole` as it was meant for this target."""
        if self.message is None:
            return whole
        return msgspec.structs.replace(whole, message=self.message, message_title=self.message_title)

    @property
    def state(self) -> DecisionState:
        """Derived from the steps."""
        return derive(step.state for step in self.steps)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One moderator's act. `account` is who acted; `undo_of` names the decision that this one takes back.

    Its targets may be of several communities: `community` and `account` are then those of the first.
    """

    id: str
    community: CommunityId
    account: Foreign
    intent: Intent
    created_ms: int
    hold_ms: int
    targets: tuple[Target, ...]
    undo_of: str | None = None
    reversal: Literal["full", "partial", "none"] = "full"
    stays: tuple[str, ...] = ()

    @property
    def verb(self) -> str:
        """The intent's verb."""
        return self.intent.verb

    @property
    def places(self) -> Mapping[CommunityId, int]:
        """How many targets it has in each community, in the order of the targets; without targets its own community."""
        counts: dict[CommunityId, int] = {}
        for target in self.targets:
            counts[target.ref.community] = counts.get(target.ref.community, 0) + 1
        return counts or {self.community: 0}

    @property
    def state(self) -> DecisionState:
        """Derived from all steps of all targets."""
        return derive(step.state for target in self.targets for step in target.steps)

    @property
    def open(self) -> bool:
        """Whether something of it is still on its way."""
        return any(step.state not in FINAL for target in self.targets for step in target.steps)


def derive(states: Iterable[StepState]) -> DecisionState:
    """The state of a whole from its steps: what still moves comes first; unlike ends make `partly`."""
    found = set(states)
    for moving in ("unknown", "sending", "held"):
        if moving in found:
            return moving
    if len(found) == 1:
        return found.pop()
    if not found:
        return "done"
    if "done" in found:
        return "partly"
    for worst in ("conflict", "refused", "undone"):
        if worst in found:
            return worst
    return "discarded"
