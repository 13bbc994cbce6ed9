"""What a moderator can do with a reported message, a reported member, or a member.

The server lists nothing, so offers are derived: from the power levels of the room, from whether the account is an
administrator of the server, and from how message and author stand. Acts in a room and acts on the whole server stand
side by side; `d` and `b` take those of the room where it has given the power.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from modtui.backends.synapse.rooms import MUTED, POWER, Room
from modtui.backends.synapse.wire import Account
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.decisions import VERBS
from modtui.domain.items import Offer
from modtui.text import Foreign

POSSIBLE = frozenset({
    "approve", "remove", "spam", "silence", "unsilence", "ban", "unban", "warn", "reply", "offer", "escalate",
    "accept", "unaccept", "reopen",
})  # fmt: skip
NEVER = {
    "ignore": "reports are closed without a verdict in Synapse: approve closes them",
    "restore": "a message that was removed stays removed in Matrix",
    "edit": "only its author can edit a message in Matrix",
    "purge": "removing a message is for good in Matrix: remove does it",
    "claim": "there are no claims in Synapse",
    "release": "there are no claims in Synapse",
    "note": "there are no notes for the team in Synapse",
    "lock": "a thread cannot be closed in Matrix",
    "unlock": "a thread cannot be closed in Matrix",
    "duplicate": "a thread cannot be closed in Matrix; a reply can link the other one",
    "move": "a message cannot be moved to another room in Matrix",
    "tag": "messages have no tags in Matrix",
    "assign": "nothing can be assigned to anybody in Matrix",
    "unassign": "nothing can be assigned to anybody in Matrix",
    "bookmark": "there are no bookmarks in Matrix",
    "unbookmark": "there are no bookmarks in Matrix",
    "watch": "a single thread cannot be watched in Matrix",
    "unwatch": "a single thread cannot be watched in Matrix",
    "logout": "locking an account ends its sessions",
    "erase": "remove everything of a member, and close the account, with the actions of the member",
}
NO_SUCH = "there is no such action in Matrix"
NO_NOTICES = Blocked("setting", "the server is not set up for server notices")
NO_MARKS = Blocked("setting", "the settings name no mark for answers (answer_mark)")
NO_MEMBER = Blocked("state", "a member is not removed: suspend or lock the account")
NO_ADMIN = "this account is no administrator of the server"
NO_SYNAPSE = "the calls for administrators are not at this address: it is not Synapse, or keeps them closed"
REMOTE = "the account is on another server: ban it from the room"


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What the account is: its id, whether it is an administrator (`admin` says why not), the rooms that it is in.
    `can` is why nothing can be done at all. `server` is the server's name, `team` whether a room of the team is named,
    `marks` whether answers are marked, `notices` whether the server can write to its members."""

    me: str = ""
    server: str = ""
    admin: Capability = Blocked("right", NO_ADMIN)
    joined: frozenset[str] = frozenset()
    can: Capability = ALLOWED
    team: bool = False
    marks: bool = False
    notices: bool = True

    def local(self, user: str) -> bool:
        """Whether an account is on this server."""
        return user.partition(":")[2] == self.server

    def in_room(self, room: Room, act: str) -> Capability:
        """Whether the account may ban, kick or redact in a room."""
        return self._in(room) or self._level(room, room.power.need(act))

    def speak(self, room: Room) -> Capability:
        """Whether it may write in a room."""
        return self._in(room) or self._level(room, room.power.to_send("m.room.message"))

    def state(self, room: Room, kind: str) -> Capability:
        """Whether it may change a piece of a room's state."""
        return self._in(room) or self._level(room, room.power.to_send(kind, state=True))

    def over(self, room: Room, user: str) -> Capability:
        """Whether it stands above a member of the room."""
        if user == self.me:
            return Blocked("state", "this is you")
        if room.power.of(self.me) <= room.power.of(user):
            return Blocked("right", "the author has as much power in this room as you")
        return ALLOWED

    def _in(self, room: Room) -> Capability | None:
        return None if room.id in self.joined else Blocked("right", "you are not in this room: take power in it first")

    def _level(self, room: Room, need: int) -> Capability:
        have = room.power.of(self.me)
        if have >= need:
            return ALLOWED
        return Blocked("right", f"this room asks for the power level {need} and you have {have:g}")


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """How message and author stand. `account` is the author's, where it is on this server and could be read; `member`
    their membership in the room."""

    user: str
    room: Room | None = None
    event: str = ""
    account: Account | None = None
    membership: str = ""
    reported: bool = False
    redacted: bool = False
    media: tuple[str, ...] = ()
    quarantined: bool | None = None


def verbs(rights: Rights) -> dict[str, Capability]:
    """What this account can do at all on this server."""
    found: dict[str, Capability] = {}
    for verb in VERBS:
        if verb not in POSSIBLE:
            found[verb] = Blocked("platform", NEVER.get(verb, NO_SUCH))
        elif verb == "warn":
            found[verb] = every(rights.can, rights.admin, None if rights.notices else NO_NOTICES)
        elif verb == "escalate" and not rights.team:
            found[verb] = every(rights.can, Blocked("setting", "the settings name no room of the team (team_rooms)"))
        elif verb in ("accept", "unaccept") and not rights.marks:
            found[verb] = every(rights.can, NO_MARKS)
        else:
            found[verb] = rights.can
    return found


def every(*conditions: Capability | None) -> Capability:
    """The first that is not allowed, else allowed."""
    return next((one for one in conditions if one is not None and one != ALLOWED), ALLOWED)


def message_offers(facts: Facts, rights: Rights) -> tuple[Offer, ...]:
    """The offers of a reported message."""
    room = facts.room
    assert room is not None
    gone = Blocked("state", "it is removed already") if facts.redacted else ALLOWED
    quiet = ALLOWED if facts.reported else Blocked("state", "nobody reports it now")
    redact = every(rights.can, gone, rights.in_room(room, "redact"),
                   rights._level(room, room.power.to_send("m.room.redaction")))  # fmt: skip
    closes = "; its reports are closed" if facts.reported and rights.admin == ALLOWED else ""
    away = f"Nobody can read it any more{closes}."
    found = [
        _offer("close", "approve", "Close the reports", every(rights.can, rights.admin, quiet), default=True,
               about="The message stays, and the server forgets these reports."),
        _offer("redact", "remove", "Remove the message", redact, default=True, needs=("reason",), about=away),
        _offer("spam", "spam", "Remove the message as spam", redact, default=True, about=away),
        _offer("reply", "reply", "Reply in the room", every(rights.can, gone, rights.speak(room)), default=True,
               needs=("text",)),
    ]  # fmt: skip
    if facts.media:
        found += media_offers(facts, rights)
    inside = room_offers(facts, room, rights)
    # What is so in the room already must not make the plain key reach for the whole server.
    spent = {one.verb for one in inside if one.default and isinstance(one.capability, Blocked)
             and one.capability.code == "state"}  # fmt: skip
    found += inside
    found += [
        msgspec.structs.replace(one, verb="offer", default=False) if one.verb in spent & {"silence", "ban"} else one
        for one in account_offers(facts, rights)
    ]
    if rights.team:
        found.append(_offer("team-room", "escalate", "Post it in a room of the team", rights.can, default=True))
    power = every(rights.can, rights.admin)
    if room.id not in rights.joined or redact != ALLOWED:
        found.append(
            _offer("take-power", "offer", "Take power in this room", power, about="The room shows that you have it.")
        )
    return tuple(found)


def media_offers(facts: Facts, rights: Rights) -> list[Offer]:
    """Quarantine of the message's files."""
    may = every(rights.can, rights.admin)
    known = facts.quarantined
    held = Blocked("state", "its files are in quarantine already") if known else ALLOWED
    free = Blocked("state", "its files are not in quarantine") if known is False else ALLOWED
    return [
        _offer("quarantine", "offer", "Quarantine the files", every(may, held),
               about="Nobody can load them any more, from this server."),
        _offer("release", "offer", "Release the files", every(may, free), about="They can be loaded again."),
    ]  # fmt: skip


def room_offers(facts: Facts, room: Room, rights: Rights) -> list[Offer]:
    """What power levels allow against the author in the room."""
    user = facts.user
    over = rights.over(room, user)
    own = room.power.own(user)
    banned = facts.membership == "ban"
    muted = own is not None and own < room.power.to_send("m.room.message")
    inside = ALLOWED if facts.membership in ("join", "") else Blocked("state", "the author is not in the room")
    levels = rights.state(room, POWER)
    return [
        _offer("mute", "silence", "Mute in the room", every(
            rights.can, over, levels, Blocked("state", "the author is muted already") if muted else ALLOWED),
            default=True, about=f"Their power level becomes {MUTED}: they read, and cannot write there."),
        _offer("unmute", "unsilence", "Let them write in the room again", every(
            rights.can, levels, ALLOWED if muted else Blocked("state", "the author is not muted")), default=True),
        _offer("ban", "ban", "Ban from the room", every(
            rights.can, over, rights.in_room(room, "ban"),
            Blocked("state", "the author is banned already") if banned else ALLOWED), default=True,
            needs=("reason",), about="They leave the room and cannot come back."),
        _offer("unban", "unban", "Lift the ban from the room", every(
            rights.can, rights.in_room(room, "ban"), ALLOWED if banned else Blocked("state", "there is no ban")),
            default=True),
        _offer("kick", "offer", "Kick from the room", every(rights.can, over, rights.in_room(room, "kick"), inside),
               needs=("reason",), about="They leave the room and may come back."),
    ]  # fmt: skip


def account_offers(facts: Facts, rights: Rights, *, default: bool = False) -> list[Offer]:
    """What an administrator can do to a local account. `default`: these are the plain keys' own (members, who are in no
    room here)."""
    user, account = facts.user, facts.account
    here = ALLOWED if rights.local(user) else Blocked("platform", REMOTE)
    known = ALLOWED if account is not None else Blocked("state", "the account could not be read")
    safe = protected(user, account, rights)
    may = every(rights.can, rights.admin, here, known)
    act = every(may, safe)
    on = account or Account(name=user)

    def unless(state: object, words: str) -> Capability:
        return Blocked("state", words) if state else ALLOWED

    def only(state: object, words: str) -> Capability:
        return ALLOWED if state else Blocked("state", words)

    return [
        _offer("suspend", "silence", "Suspend the account", every(act, unless(on.suspended, "it is suspended already")),
               default=default, about="They read, and cannot write anywhere on this server."),
        _offer("unsuspend", "unsilence", "End the suspension", every(may, only(on.suspended, "it is not suspended")),
               default=default),
        _offer("lock", "ban", "Lock the account", every(act, unless(on.locked, "it is locked already")),
               default=default, needs=("reason",), about="They cannot use it until it is unlocked."),
        _offer("unlock", "unban", "Unlock the account", every(may, only(on.locked, "it is not locked")),
               default=default),
        _offer("deactivate", "ban", "Close the account for good",
               every(act, unless(on.deactivated, "it is closed already")), needs=("reason",), irreversible=True,
               confirm="Close this account for good?", about="It leaves every room; its sessions end."),
        _offer("shadow-ban", "offer", "Shadow ban", every(act, unless(on.shadow_banned, "it is shadow banned already")),
               about="What they send reaches nobody, and they are not told."),
        _offer("shadow-unban", "offer", "Lift the shadow ban",
               every(may, only(on.shadow_banned, "it is not shadow banned"))),
        _offer("redact-all", "offer", "Remove everything of the member", act, irreversible=True,
               confirm="Remove every message of this member?", needs=("reason",),
               about="In all rooms that this server knows; it goes on at the server for a while."),
        _offer("notice", "warn", "Write as the server",
               every(rights.can, rights.admin, None if rights.notices else NO_NOTICES, here, known), default=True,
               needs=("message",), about="A server notice: they can read it, and not answer."),
    ]  # fmt: skip


def user_offers(facts: Facts, rights: Rights) -> tuple[Offer, ...]:
    """The offers of a reported member."""
    quiet = ALLOWED if facts.reported else Blocked("state", "nobody reports this member now")
    return (
        _offer("close", "approve", "Close the reports", every(rights.can, rights.admin, quiet), default=True,
               about="Nothing happens to the member, and the server forgets these reports."),
        *(_offer(verb, verb, verb.capitalize(), NO_MEMBER, default=True) for verb in ("remove", "spam")),
        *account_offers(facts, rights, default=True),
    )  # fmt: skip


def protected(user: str, account: Account | None, rights: Rights) -> Capability:
    """Whether an account may be sanctioned: not one's own, and not an administrator's."""
    if user == rights.me:
        return Blocked("state", "this is you")
    if account is not None and account.admin:
        return Blocked("right", "the account is an administrator of the server")
    return ALLOWED


def _offer(
    native: str, verb: str, label: str, capability: Capability, *, default: bool = False, about: str = "",
    needs: Iterable[str] = (), irreversible: bool = False, confirm: str = "",
) -> Offer:  # fmt: skip
    return Offer(
        id=native, verb=verb, label=Foreign(label), capability=capability, default=default,
        description=Foreign(about) if about else None, confirm=Foreign(confirm) if confirm else None,
        needs=tuple(needs), irreversible=irreversible,  # type: ignore[arg-type]
    )
