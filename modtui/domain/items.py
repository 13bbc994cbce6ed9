"""Rows of work and what stands around them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from modtui.domain.capability import ALLOWED, Capability
from modtui.domain.members import Member as Member
from modtui.domain.members import MemberKind as MemberKind
from modtui.domain.members import Penalty as Penalty
from modtui.domain.members import Private as Private
from modtui.domain.members import Record as Record
from modtui.domain.members import Sanctioned as Sanctioned
from modtui.domain.subjects import Lane, SubjectRef, item_id
from modtui.text import Foreign

Format = Literal["html", "markdown", "plain"]
State = Literal["open", "kept", "removed", "ignored", "deleted", "gone"]
ItemKind = Literal["post", "held post", "sign-up", "question", "message", "member", "other"]
REASONS = ("spam", "insult", "hate", "private", "illegal", "threat", "offtopic", "double", "held", "sign-up", "other")
SEVERE = frozenset({"private", "threat", "illegal"})
"""Reasons where hiding goes out at once and the text is folded (personal data)."""


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """A post's text as the site sent it."""

    text: Foreign
    format: Format = "plain"


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One member's complaint, or the site's own reason for holding something. `reason` is one of REASONS."""

    id: str
    reason: str
    label: Foreign
    reporter: Member | None = None
    text: Foreign | None = None
    created_ms: int | None = None
    open: bool = True


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody is on it. `covers` is how many items the claim holds where the platform says."""

    by: Foreign
    mine: bool = False
    automatic: bool = False
    since_ms: int | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A verb that the backend says is legal (or not) on this item now.

    `id` is the platform's own action, `label` and `description` its words, `confirm` its question. `default` marks the
    offer that the plain key of `verb` takes. `needs` names what must be asked first.
    """

    id: str
    verb: str
    label: Foreign
    description: Foreign | None = None
    confirm: Foreign | None = None
    capability: Capability = ALLOWED
    default: bool = False
    needs: tuple[Literal["reason", "duration", "message", "text"], ...] = ()
    irreversible: bool = False


QuestionState = Literal["unanswered", "asker", "unsolved", "held", "answered", "solved", "closed"]
"""Nobody replied; the asker spoke last; replies but no accepted answer; our reply waits for the site's approval; the
last word is another's and the category takes no accepted answers; solved; closed without an answer."""
WAITING: frozenset[str] = frozenset({"unanswered", "asker", "unsolved", "held"})
"""The question states that stand in the lane."""


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a question adds to an item. Its subject is the thread.

    `clock_ms` is where the first-response clock starts: when it was asked, or when its asker spoke last. `last` is the
    native id (or number) of the newest post that was there when it was read, `last_by` its author: a reply is judged
    against it. `accepted` is the native id of the accepted post. `can_accept`: the category takes accepted answers.
    """

    state: QuestionState
    clock_ms: int
    replies: int | None = None
    last: str | None = None
    last_by: Foreign | None = None
    last_ms: int | None = None
    first: bool = False
    """The asker's first post here."""
    accepted: str | None = None
    can_accept: bool = False
    assigned: Foreign | None = None
    assigned_mine: bool = False
    watched: bool = False
    bookmarked_ms: int | None = None
    views: int | None = None


class Due(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A clock that runs, as instants (UTC ms): from `amber_ms` on half of the target is used, from `red_ms` on nine
    tenths, after `due_ms` it is late. `target` names the setting it comes from, `within_ms` its length (working time
    where `hours` names working hours)."""

    target: str
    within_ms: int
    amber_ms: int
    red_ms: int
    due_ms: int
    hours: str = ""


class Escalation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an item was handed to. `state`: waiting, due (its clock ran out), answered (the site shows an answer),
    or failed (it was not delivered). `trail` is one line about what happened so far."""

    route: str
    title: Foreign
    decision: str
    at_ms: int
    due_ms: int | None = None
    by: Foreign | None = None
    note: Foreign | None = None
    state: Literal["waiting", "due", "answered", "failed"] = "waiting"
    trail: Foreign | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where in the community it stands."""

    category: Foreign | None = None
    category_id: str | None = None
    tags: tuple[Foreign, ...] = ()
    thread_id: str | None = None
    thread_title: Foreign | None = None
    thread_posts: int | None = None
    post_id: str | None = None
    post_number: int | None = None
    closed: bool = False


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A team note, on an item or on a member."""

    id: str
    by: Foreign
    text: Foreign
    created_ms: int | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of work: one subject in one lane, however many reports it has.

    `native` is the backend's own luggage (JSON values): what its `plan` needs and nobody else reads.
    `hidden` and `deleted` tell of the post; `problem` is set when the row could not be read whole.
    """

    lane: Lane
    ref: SubjectRef
    kind: ItemKind
    number: str
    title: Foreign
    author: Member | None = None
    anonymous: bool = False
    """Whether other members see no author; the site still tells moderators who it was."""
    body: Body | None = None
    source: Foreign | None = None
    """The text as the author typed it (for editing and for the digest), where the site gives it."""
    reports: tuple[Report, ...] = ()
    since_ms: int
    created_ms: int | None = None
    edited_ms: int | None = None
    edits: int = 0
    score: float | None = None
    state: State = "open"
    handled_by: Foreign | None = None
    handled_ms: int | None = None
    hidden: bool = False
    deleted: bool = False
    claim: Claim | None = None
    place: Place = Place()
    offers: tuple[Offer, ...] = ()
    version: int | None = None
    url: str = ""
    language: str | None = None
    notes: tuple[Note, ...] = ()
    question: Question | None = None
    due: Due | None = None
    """Filled in by the desk from the settings' targets; backends leave it alone."""
    escalation: Escalation | None = None
    """Filled in by the desk."""
    native: dict[str, Any] = {}
    problem: str | None = None

    @property
    def id(self) -> str:
        """The opaque id of this row."""
        return item_id(self.lane, self.ref)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons given, the most frequent first, each once."""
        seen: dict[str, int] = {}
        for report in self.reports:
            seen[report.reason] = seen.get(report.reason, 0) + 1
        places = {reason: place for place, reason in enumerate(REASONS)}
        return tuple(sorted(seen, key=lambda reason: (-seen[reason], places.get(reason, len(places)))))

    @property
    def severe(self) -> bool:
        """Whether a reason is one where every minute counts."""
        return any(report.reason in SEVERE for report in self.reports)

    @property
    def folded(self) -> bool:
        """Whether the text stays folded until asked for (personal data of somebody)."""
        return any(report.reason == "private" for report in self.reports)

    def offer(self, verb: str) -> Offer | None:
        """The offer that the plain key of `verb` takes: the default one, else the first, allowed ones first."""
        mine = [offer for offer in self.offers if offer.verb == verb]
        mine.sort(key=lambda offer: (offer.capability != ALLOWED, not offer.default))
        return mine[0] if mine else None


class Gone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The subject is not there (any more), or not for this account."""

    ref: SubjectRef
    why: str = "it is not on the site any more"


class ThreadPost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One post of a thread. `subject` marks the post that the item is about."""

    id: str
    number: int
    author: Member | None
    body: Body
    created_ms: int | None = None
    hidden: bool = False
    deleted: bool = False
    staff_only: bool = False
    accepted: bool = False
    small: bool = False
    subject: bool = False
    reply_to: int | None = None
    url: str = ""


class Thread(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The posts around an item; `total` counts the whole thread."""

    id: str
    title: Foreign
    posts: tuple[ThreadPost, ...] = ()
    total: int = 0
    closed: bool = False
    url: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that can be picked: a category, a tag, a colleague or a group. `id` is what an intent names, `written`
    how a text names it where that is something else (a category's short name after its #)."""

    id: str
    title: Foreign
    note: Foreign | None = None
    mine: bool = False
    written: Foreign | None = None


class Template(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A saved text that the site itself keeps (Discourse templates, Ozone's communication templates)."""

    id: str
    title: Foreign
    text: Foreign
    language: str | None = None
    tags: tuple[Foreign, ...] = ()


class Answered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A thread that was solved or answered, as the search for similar ones keeps it. `text` is the question's own
    text, `answer` the accepted one where the site gives it."""

    id: str
    title: Foreign
    text: Foreign = Foreign("")
    answer: Foreign = Foreign("")
    url: str = ""
    by: Foreign | None = None
    solved: bool = True
    at_ms: int | None = None
    thanks: int | None = None
    language: str | None = None
    category: Foreign | None = None


class Answers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of solved or answered threads, newest first. `cursor` None means that it was the last."""

    threads: tuple[Answered, ...]
    cursor: str | None = None


class Dossier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything known about one member. `recent` are their newest posts, `history` every sanction and removal, newest
    first. `posts_by_day` counts posts a day up to today (the last entry), `accepted_by_month` likewise; empty where
    the site does not tell. `made` and `got` are reports by and about this member. `shares` is how many other accounts
    share something with this one (None: the site does not tell without `private`)."""

    member: Member
    bio: Foreign | None = None
    likes_got: int | None = None
    likes_given: int | None = None
    reports_made: int | None = None
    reports_got: int | None = None
    notes: tuple[Note, ...] = ()
    recent: tuple[ThreadPost, ...] = ()
    recent_titles: dict[str, Foreign] = {}
    """Thread titles of `recent`, by post id."""
    history: tuple[Sanctioned, ...] = ()
    made: Record = Record()
    got: Record = Record()
    posts_by_day: tuple[int, ...] = ()
    accepted_by_month: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    groups: tuple[Foreign, ...] = ()
    shares: int | None = None
    sanctionable: Capability = ALLOWED
    url: str = ""


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One page of a lane. `cursor` None means that it was the last; `total` as the site counts, None when it does not.

    `others` are items of other lanes that came with it. `rising` False says that later pages may hold older items than
    this one, so that nothing follows from what it does not show.
    """

    items: tuple[Item, ...]
    others: tuple[Item, ...] = ()
    cursor: str | None = None
    total: int | None = None
    unreadable: int = 0
    rising: bool = True


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who modtui acts as."""

    native: str
    username: Foreign
    role: str = "member"
    site_title: Foreign | None = None
    version: Foreign | None = None


class Changes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one look for changes brought. `position` is handed to the next look.

    `counts` are new lane counts, `touched` subjects that should be re-read, `claims` of threads by their id (None:
    released), `reload` says that the lanes should be read again: those of `lanes`, all of them when it names none.
    """

    position: str | None = None
    counts: dict[str, int] = {}
    touched: tuple[SubjectRef, ...] = ()
    claims: dict[str, Claim | None] = {}
    reload: bool = False
    lanes: tuple[Lane, ...] = ()
