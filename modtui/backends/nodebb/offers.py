"""What a moderator can do on this forum: with a reported post or member, a waiting entry, a question, a member.

The forum lists no actions, so offers are derived from how the subject stands and from what the account may do.
"""

from __future__ import annotations

from typing import Literal

from modtui.backends.nodebb.site import Site
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.decisions import VERBS
from modtui.domain.items import Item, Member, Offer, Penalty
from modtui.text import Foreign, show_line
from modtui.text.time import stamp

Needs = tuple[Literal["reason", "duration", "message", "text"], ...]
LIVE = "NodeBB takes it over a live connection only, which needs a password login; modtui has a token"
POSSIBLE = frozenset({
    "approve", "remove", "spam", "ignore", "restore", "edit", "claim", "release", "note", "silence", "unsilence", "ban",
    "unban", "lock", "unlock", "purge", "warn", "reply", "duplicate", "move", "tag", "assign", "unassign", "watch",
    "unwatch", "reopen", "offer",
})  # fmt: skip
NEVER = {
    "accept": LIVE,
    "unaccept": LIVE,
    "bookmark": "bookmarks on NodeBB have no date; watch the topic instead",
    "unbookmark": "bookmarks on NodeBB have no date",
    "logout": "NodeBB lets nobody end another member's sessions by a token",
    "erase": "only administrators can delete an account, on the forum itself",
    "escalate": "NodeBB itself has nobody to escalate to; give the report to a colleague instead",
}
"""Why the other verbs are not there."""
MISSING = {
    "templates": "NodeBB keeps no saved texts",
    "writing": "a token is not told who is writing",
    "whisper": "NodeBB has no posts that only the team reads",
    "message": "there is no way to write to a member: modtui sends no chat messages on NodeBB",
}
"""Optional parts of the protocol that are not there."""
_TAKEN = "only reports can be taken or given away"
_LOCKED = "only topics of reports and of questions are locked"
NOT_HERE = {
    "lock": _LOCKED, "unlock": _LOCKED, "warn": MISSING["message"], "note": "the team's notes stand on reports only",
    "claim": _TAKEN, "release": _TAKEN, "assign": _TAKEN, "unassign": _TAKEN,
    "ban": "members are banned on their own page or on a report", "reply": "there is no topic to reply in",
    "silence": "members are muted on their own page or on a report", "edit": "there is no text to edit",
    "spam": "only a reported post and what waits can be spam", "ignore": "there is no report to close",
}  # fmt: skip
"""Why a verb that stands elsewhere does not stand on this kind of row."""


def verbs(site: Site, can: Capability) -> dict[str, Capability]:
    """What this account can do; `can` blocks everything (not signed in, or no moderator)."""
    found: dict[str, Capability] = {}
    for verb in VERBS:
        if verb not in POSSIBLE:
            found[verb] = Blocked("platform", NEVER.get(verb, "NodeBB has no such action"))
        elif can != ALLOWED:
            found[verb] = can
        elif verb in ("ban", "unban"):
            found[verb] = site.may_ban
        elif verb in ("silence", "unsilence"):
            found[verb] = site.may_mute
        else:
            found[verb] = ALLOWED
    return found


class Offering:
    """Collects the offers of one item; the first of a verb is its default."""

    def __init__(self, can: Capability) -> None:
        self._can = can
        self._seen: set[str] = set()
        self.found: list[Offer] = []

    def add(
        self, id_: str, verb: str, label: str, *conditions: Capability, about: str = "", needs: Needs = (),
        confirm: str = "", irreversible: bool = False,
    ) -> None:  # fmt: skip
        """One more, blocked by the first condition that is not met."""
        capability = next((one for one in (self._can, *conditions) if one != ALLOWED), ALLOWED)
        self.found.append(
            Offer(
                id=id_, verb=verb, label=Foreign(label), description=Foreign(about) if about else None,
                confirm=Foreign(confirm) if confirm else None, capability=capability, needs=needs,
                default=verb != "offer" and verb not in self._seen, irreversible=irreversible,
            )
        )  # fmt: skip
        self._seen.add(verb)


def _state(words: str) -> Capability:
    return Blocked("state", words)


def _unless(blocked: bool, words: str) -> Capability:
    return _state(words) if blocked else ALLOWED


# --- reported posts and members


def flag_offers(site: Site, item: Item, can: Capability) -> tuple[Offer, ...]:
    """The offers of a flag."""
    native, of = item.native, Offering(can)
    post, open_ = native.get("type") == "post", item.state == "open"
    purged = bool(native.get("purged"))
    closed = ALLOWED if open_ else _state("the report is closed already")
    there = _unless(purged, "the post is gone for good")
    only_post = ALLOWED if post else Blocked("platform", "a member is reported, not a post: ban or mute them")
    gone = _unless(item.deleted, "the post is deleted already")
    of.add("reject", "approve", "Reject the report", closed,
           about="The post stays as it is, and the report is marked as rejected.")
    of.add("delete", "remove", "Delete the post", only_post, there, gone, needs=("reason",),
           about="Members no longer read it; the forum closes the report as resolved. It can be restored.")
    of.add("spam", "spam", "Delete the post as spam", only_post, there, gone,
           about="As deleting it; the report is closed as resolved.")
    of.add("resolve", "ignore", "Mark as resolved", closed, about="The post stays; the report is marked as resolved.")
    of.add("reopen", "reopen", "Open the report again", _unless(open_, "the report is open"))
    if post:
        of.add("restore", "restore", "Restore the post", there, _unless(not item.deleted, "the post is not deleted"),
               about="Members read it again; the report stays as it is.")
        of.add("purge", "purge", "Erase the post", there, irreversible=True, confirm="Erase the post for good?",
               about="The post is gone for good, with its history.")
        of.add("edit", "edit", "Edit the post", there, needs=("text",), about="The report stays open.")
        _topic_offers(of, item, there)
    of.add("note", "note", "Note for the team", needs=("text",), about="Stands on the report, for moderators only.")
    mine = item.claim is not None and item.claim.mine
    taken = item.claim is not None and not mine
    by = show_line(item.claim.by) if item.claim is not None else ""
    of.add("claim", "claim", "Take the report", _unless(mine, "it is yours already"), closed,
           about="It is marked as in work, with your name.", confirm=f"{by} has it. Take it over?" if taken else "")
    of.add("release", "release", "Give the report back", _unless(item.claim is None, "nobody has taken it"), closed)
    of.add("unassign", "unassign", "Take it from whoever has it", _unless(item.claim is None, "nobody has it"), closed)
    author_offers(of, site, item.author)
    of.add("warn", "warn", "Write to the author", Blocked("platform", MISSING["message"]), needs=("message",))
    of.add("erase_flag", "offer", "Erase the report", irreversible=True,
           confirm="Erase the report for good?", about="The report with its notes and history is gone for good.")
    return tuple(of.found)  # fmt: skip


def _topic_offers(of: Offering, item: Item, there: Capability) -> None:
    topic = ALLOWED if item.place.thread_id else Blocked("platform", "the forum does not say which topic it is in")
    locked, pinned = item.place.closed, bool(item.native.get("pinned"))
    gone = bool(item.native.get("topic_deleted"))
    of.add("lock", "lock", "Lock the topic", topic, _unless(locked, "the topic is locked already"))
    of.add("unlock", "unlock", "Unlock the topic", topic, _unless(not locked, "the topic is not locked"))
    of.add("pin", "offer", "Pin the topic", topic, _unless(pinned, "the topic is pinned already"))
    of.add("unpin", "offer", "Unpin the topic", topic, _unless(not pinned, "the topic is not pinned"))
    of.add("delete_topic", "offer", "Delete the topic", topic, _unless(gone, "the topic is deleted already"),
           about="With all its posts; it can be restored.")
    of.add("restore_topic", "offer", "Restore the topic", topic, _unless(not gone, "the topic is not deleted"))
    of.add("purge_topic", "offer", "Erase the topic", topic, irreversible=True,
           confirm="Erase the topic with all its posts for good?")  # fmt: skip


_BESIDE = {
    "reply": "Reply", "move": "Move the topic", "tag": "Change the tags", "watch": "Watch the topic",
    "duplicate": "Link the original and lock", "unwatch": "Stop watching", "assign": "Give it to a colleague",
}  # fmt: skip


def beside(item: Item, verb: str, can: Capability) -> Offer | None:
    """A verb on the topic of a report, or on the report, that needs something picked first and so stands in no list."""
    if item.ref.kind != "flag" or verb not in _BESIDE:
        return None
    capability: Capability = can
    if can != ALLOWED:
        pass
    elif verb == "assign":
        capability = ALLOWED if item.state == "open" else _state("the report is closed already")
    elif not item.place.thread_id:
        capability = Blocked("platform", "the forum does not say which topic it is in")
    elif verb == "duplicate":
        capability = _unless(item.place.closed, "the topic is locked already")
    return Offer(id=verb, verb=verb, label=Foreign(_BESIDE[verb]), capability=capability, default=True)


def author_offers(of: Offering, site: Site, member: Member | None, who: str = "author") -> None:
    """What can be done to a member; `who` is what they are called here."""
    may = sanctionable(site, member)
    for kind, verb, past, words, lift, about in (
        ("silence", site.may_mute, "muted", f"Mute the {who}", "Lift the mute", "They read, and cannot write."),
        ("ban", site.may_ban, "banned", f"Ban the {who}", "Lift the ban", "They cannot sign in, and read the reason."),
    ):
        now = in_force(member, kind)
        already = _unless(now is not None, f"the {who} is {past} already{_until(now)}")
        of.add(kind, kind, words, verb, may, already, needs=("reason", "duration"), about=about)
        of.add(f"un{kind}", f"un{kind}", lift, verb, may, _unless(now is None, f"the {who} is not {past}"))


def in_force(member: Member | None, kind: str) -> Penalty | None:
    """The sanction of this kind that is in force."""
    return next((one for one in (member.penalties if member is not None else ()) if one.kind == kind), None)


def _until(now: Penalty | None) -> str:
    if now is None or not now.told:
        return ""
    return f", until {stamp(now.until_ms)}" if now.until_ms is not None else ", for good"


def sanctionable(site: Site, member: Member | None) -> Capability:
    """Whether a member may be banned or muted at all: never staff, and never oneself."""
    if member is None or not member.native.isdecimal():
        return _state("the author is not known or has no account any more")
    if int(member.native) == site.uid:
        return Blocked("right", "this is your own account")
    if member.role is not None:
        return Blocked("right", "the author is staff: a ban takes that role away, and lifting it brings nothing back")
    return ALLOWED


# --- what waits


def queued_offers(site: Site, item: Item, can: Capability) -> tuple[Offer, ...]:
    """The offers of an entry of the post queue."""
    of = Offering(can)
    not_mine = Blocked("right", "this account may not decide on it")
    may: Capability = ALLOWED if item.native.get("can_accept") else not_mine
    edit: Capability = ALLOWED if item.native.get("can_edit") else not_mine
    if not site.queue_calls:
        may = edit = Blocked("version", "before NodeBB 4.4.3 what waits can be decided on the forum's own pages only")
    gone = _unless(item.state != "open", "it waits no longer")
    of.add("accept", "approve", "Publish", gone, may, irreversible=True, about="It cannot be put back into the queue.")
    of.add("decline", "remove", "Reject", gone, may, irreversible=True, needs=("reason",),
           about="The text is gone from the forum; the author is told the reason where there is one.")
    of.add("spam", "spam", "Reject as spam", gone, may, irreversible=True)
    of.add("ignore", "ignore", "Leave it", Blocked("platform", "what waits is published or rejected"))
    of.add("edit", "edit", "Edit the text", gone, edit, needs=("text",))
    of.add("notify", "warn", "Write to the author about it", gone, may, needs=("message",),
           about="A notice of the forum; the text goes on waiting.")
    author_offers(of, site, item.author)
    return tuple(of.found)  # fmt: skip


def sign_up_offers(can: Capability) -> tuple[Offer, ...]:
    """A sign-up can be looked at, not decided."""
    of = Offering(can)
    live = Blocked("platform", LIVE)
    of.add("accept_sign_up", "approve", "Let them in", live)
    of.add("reject_sign_up", "remove", "Turn them away", live)
    either = Blocked("platform", "whoever waits is let in or turned away")
    of.add("spam", "spam", "Turn away as spam", either)
    of.add("ignore", "ignore", "Leave it", either)
    return tuple(of.found)


# --- questions


def question_offers(site: Site, item: Item, can: Capability) -> tuple[Offer, ...]:
    """The offers of a question: its topic, and the post that asks."""
    of, question = Offering(can), item.question
    locked = item.place.closed
    open_ = _unless(locked, "the topic is locked")
    watched = question is not None and question.watched
    of.add("reply", "reply", "Reply", open_, needs=("text",), about="Everybody who reads the topic can read it.")
    of.add("accept", "accept", "Mark a post as the answer", Blocked("platform", NEVER["accept"]))
    of.add("unaccept", "unaccept", "Take the mark off", Blocked("platform", NEVER["unaccept"]))
    of.add("duplicate", "duplicate", "Link the original and lock", open_,
           about="A reply with the link, then the topic is locked.")
    of.add("move", "move", "Move to another category")
    of.add("tag", "tag", "Change the tags")
    of.add("watch", "watch", "Watch the topic", _unless(watched, "you watch it already"))
    of.add("unwatch", "unwatch", "Stop watching", _unless(not watched, "you do not watch it"))
    of.add("lock", "lock", "Lock the topic", _unless(locked, "the topic is locked already"))
    of.add("unlock", "unlock", "Unlock the topic", _unless(not locked, "the topic is not locked"))
    of.add("assign", "assign", "Give it to a colleague", Blocked("platform", "NodeBB assigns reports, not topics"))
    of.add("edit", "edit", "Edit the question", needs=("text",))
    gone = item.deleted
    of.add("delete_topic", "remove", "Delete the topic", _unless(gone, "the topic is deleted already"),
           needs=("reason",), about="With all its posts; it can be restored.")
    of.add("restore_topic", "restore", "Restore the topic", _unless(not gone, "the topic is not deleted"))
    of.add("purge_topic", "purge", "Erase the topic", irreversible=True,
           confirm="Erase the topic with all its posts for good?")
    pinned = bool(item.native.get("pinned"))
    of.add("pin", "offer", "Pin the topic", _unless(pinned, "the topic is pinned already"))
    of.add("unpin", "offer", "Unpin the topic", _unless(not pinned, "the topic is not pinned"))
    return tuple(of.found)  # fmt: skip


# --- members


def member_offers(site: Site, member: Member, can: Capability) -> tuple[Offer, ...]:
    """The offers of a member."""
    of = Offering(can)
    author_offers(of, site, member, "member")
    of.add("approve", "approve", "Let them in", _state("this account does not wait to be let in"))
    of.add("note", "note", "Note for the team", Blocked("platform", LIVE), needs=("text",))
    of.add("warn", "warn", "Write to the member", Blocked("platform", MISSING["message"]), needs=("message",))
    return tuple(of.found)
