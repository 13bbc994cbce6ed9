"""The calls that modtui makes: Matrix' client API, and Synapse's admin API where the account is an administrator.

Traps that are kept here, so that nobody else has to know them (tests/servers holds each against the real server):

* Ids hold `!`, `$`, `:` and `/`: each is one part of a path only when it is percent-encoded.
* `room_id` and `user_id` as filters of the lists mean "contains", so rows are looked through once more.
* Redacting an event that does not exist is answered like a success: whoever redacts reads the event first.
* The state that comes with a context holds every member of the room unless only those who spoke are asked for, and it
  is that of the message's time: power levels are asked for anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from modtui.backends.http import Door
from modtui.backends.reply import Reply, decoded
from modtui.backends.synapse.rooms import POWER
from modtui.backends.synapse.wire import (
    Account,
    AccountPage,
    Addresses,
    Content,
    Context,
    Event,
    Messages,
    ReportPage,
    Sent,
    UserReportPage,
    Whoami,
)
from modtui.errors import AuthError, ModtuiError, NotFound, Refused, RightsError, WrongSite
from modtui.text import show_line

T = TypeVar("T")
CLIENT = "/_matrix/client/v3"
ADMIN = "/_synapse/admin/v1"
ADMIN2 = "/_synapse/admin/v2"
_SPOKE = '{"lazy_load_members":true}'


class NoSuchCall(WrongSite):
    """The homeserver does not know this call: it is no Synapse, or an older one."""


def explain(reply: Reply) -> ModtuiError:
    """The error for an answer that is no success, by Matrix' error codes."""
    found = reply.loose()
    code = found.get("errcode") if isinstance(found.get("errcode"), str) else ""
    words = show_line(str(found.get("error") or ""), 200)
    said = f" It says: {words}" if words else ""
    again = "Sign in again: modtui login."
    if code == "M_USER_LOCKED":
        return AuthError(f"{reply.place} has locked this account.", "An administrator can unlock it.")
    if reply.status == 401 or code in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"):
        return AuthError(f"{reply.place} does not accept this access token (any more).", again)
    if code == "M_USER_DEACTIVATED":
        return AuthError(f"{reply.place} has deactivated this account.", again)
    if code == "M_USER_SUSPENDED":
        return RightsError(f"{reply.place} has suspended this account: it can read and not act.")
    if code == "M_UNRECOGNIZED":
        return NoSuchCall(f"{reply.place} does not know this call.{said}", status=reply.status, sent=False)
    if code == "M_BAD_STATE":
        return Refused(f"{reply.place} will not do it.{said}")
    if reply.status == 403:
        return RightsError(f"{reply.place} does not let this account do it.{said}")
    if reply.status == 404 and reply.says_json:
        return NotFound(f"{reply.place} does not have it.{said}")
    if reply.status == 404:
        hint = "Check the address: it is the one that Matrix clients talk to."
        return WrongSite(f"{reply.place} has no Matrix homeserver at this address.", hint)
    if reply.status in (400, 409, 413):
        return Refused(f"{reply.place} will not do it.{said}")
    return reply.bad(f"{reply.place} answered with an error ({reply.status}).{said}")


class Client:
    """The calls. `admin` says which of two ways of reading a room is open: as an administrator every room can be read,
    else the rooms that the account is in."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.admin = False

    # --- who and what

    async def whoami(self) -> Whoami:
        """Whose token it is."""
        return await self._read(f"{CLIENT}/account/whoami", Whoami, why="who am I?")

    async def server_version(self) -> str:
        """The version of Synapse, "" where it is not told."""
        found = (await self.door.get(f"{ADMIN}/server_version", why="the server's version")).mapping()
        version = found.get("server_version")
        return version.partition(" ")[0] if isinstance(version, str) else ""

    async def well_known(self) -> str:
        """The address that the server's name points to, "" where it points to none. Asked without the token."""
        reply = await self.door.ask(
            "GET", "/.well-known/matrix/client", why="where the homeserver is", anonymous=True,
            accept_errors=range(400, 600),
        )  # fmt: skip
        found = reply.loose().get("m.homeserver") if reply.ok else None
        url = found.get("base_url") if isinstance(found, dict) else None
        return url.rstrip("/") if isinstance(url, str) else ""

    async def joined(self) -> frozenset[str]:
        """The rooms that this account is in."""
        found = (await self.door.get(f"{CLIENT}/joined_rooms", why="my rooms")).mapping().get("joined_rooms")
        return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()

    async def resolve(self, alias: str) -> str:
        """The id of the room with this address. Raises NotFound."""
        found = (await self.door.get(f"{CLIENT}/directory/room/{enc(alias)}", why="the room's id")).mapping()
        return str(found.get("room_id") or "")

    # --- reports

    async def event_reports(
        self, start: int = 0, limit: int = 100, *, newest: bool = False, room: str = "", sender: str = "",
        reporter: str = "", why: str = "reports",
    ) -> ReportPage:  # fmt: skip
        """A page of the reports of events, the oldest first."""
        params = [("from", str(start)), ("limit", str(limit)), ("dir", "b" if newest else "f")]
        params += [(name, value) for name, value in
                   (("room_id", room), ("event_sender_user_id", sender), ("user_id", reporter)) if value]  # fmt: skip
        return await self._read(f"{ADMIN}/event_reports", ReportPage, params, why=why)

    async def user_reports(
        self, start: int = 0, limit: int = 100, *, newest: bool = False, target: str = "", why: str = "reported members"
    ) -> UserReportPage:
        """A page of the reports of members, the oldest first. Older servers do not know it (NoSuchCall)."""
        params = [("from", str(start)), ("limit", str(limit)), ("dir", "b" if newest else "f")]
        params += [("target_user_id", target)] if target else []
        return await self._read(f"{ADMIN}/user_reports", UserReportPage, params, why=why)

    async def has_report(self, kind: str, native: int) -> bool:
        """Whether this report is still there."""
        try:
            (await self.door.get(f"{ADMIN}/{_reports(kind)}/{int(native)}", why="is the report open?")).mapping()
        except NotFound:
            return False
        return True

    async def close_report(self, kind: str, native: int) -> None:
        """Delete a report. Raises NotFound when somebody else did."""
        await self._do("DELETE", f"{ADMIN}/{_reports(kind)}/{int(native)}", why="close a report")

    async def report(self, room: str, event: str, reason: str) -> None:
        """Report a message in one's own name. Raises NotFound for who cannot see it."""
        path = f"{CLIENT}/rooms/{enc(room)}/report/{enc(event)}"
        await self._do("POST", path, json={"reason": reason}, why="report again")

    async def report_user(self, user: str, reason: str) -> None:
        """Report a member in one's own name."""
        await self._do("POST", f"{CLIENT}/users/{enc(user)}/report", json={"reason": reason}, why="report again")

    # --- rooms

    async def context(self, room: str, event: str, limit: int = 0, *, why: str = "the message") -> Context:
        """An event, up to `limit` events around it, and the room's state. Raises NotFound."""
        base = ADMIN if self.admin else CLIENT
        params = [("limit", str(limit)), ("filter", _SPOKE)]
        return await self._read(f"{base}/rooms/{enc(room)}/context/{enc(event)}", Context, params, why=why)

    async def near(self, room: str, event: str, limit: int) -> Context:
        """The same as a member of the room, which also tells what this session sent."""
        params = [("limit", str(limit)), ("filter", _SPOKE)]
        return await self._read(f"{CLIENT}/rooms/{enc(room)}/context/{enc(event)}", Context, params, why="my messages")

    async def original(self, event: str) -> Event | None:
        """An event as it was sent, also when it was redacted since; for administrators. None: the server has it no more
        (it deletes redacted texts after a week)."""
        try:
            reply = await self.door.get(f"{ADMIN}/fetch_event/{enc(event)}", why="the text before it was removed")
        except NotFound:
            return None
        found = reply.mapping().get("event")
        try:
            return msgspec.convert(found, Event, strict=False)
        except msgspec.ValidationError:
            return None

    async def messages(
        self, room: str, start: str = "", limit: int = 100, *, kinds: Sequence[str] = (), own: bool = False,
        why: str = "the room",
    ) -> Messages:  # fmt: skip
        """A page of a room's events, the newest first. `own` reads as a member: with what this session sent."""
        base = ADMIN if self.admin and not own else CLIENT
        params = [("dir", "b"), ("limit", str(limit))] + ([("from", start)] if start else [])
        if kinds:
            wanted = {"types": list(kinds), "lazy_load_members": True}
            params.append(("filter", msgspec.json.encode(wanted).decode()))
        return await self._read(f"{base}/rooms/{enc(room)}/messages", Messages, params, why=why)

    async def room_title(self, room: str) -> str:
        """The name of a room, else its address, else its id; for administrators."""
        found = (await self.door.get(f"{ADMIN}/rooms/{enc(room)}", why="the room's name")).mapping()
        told = (found.get("name"), found.get("canonical_alias"), room)
        return next(one for one in told if isinstance(one, str) and one.strip())

    async def levels(self, room: str, *, inside: bool) -> Content:
        """The power levels of a room as they are now, empty where it has none. (The state that comes with a message is
        that of its time.) `inside`: the account is in the room."""
        try:
            if inside or not self.admin:
                return await self.state(room, POWER, why="power levels")
            path, params = f"{ADMIN}/rooms/{enc(room)}/state", [("type", POWER)]
            found = (await self.door.get(path, params, why="power levels")).mapping().get("state")
        except NotFound:
            return {}
        for one in found if isinstance(found, list) else ():  # older servers send the whole state
            if isinstance(one, dict) and one.get("type") == POWER and isinstance(one.get("content"), dict):
                content: Content = one["content"]
                return content
        return {}

    async def state(self, room: str, kind: str, key: str = "", *, why: str = "the room") -> Content:
        """One piece of a room's state, as a member of it."""
        path = f"{CLIENT}/rooms/{enc(room)}/state/{enc(kind)}/{enc(key)}"
        return (await self.door.get(path.rstrip("/"), why=why)).mapping()

    async def set_state(self, room: str, kind: str, content: Content, *, why: str) -> str:
        """Put a piece of state into a room; the event's id."""
        path = f"{CLIENT}/rooms/{enc(room)}/state/{enc(kind)}"
        return decode(await self.door.ask("PUT", path, json=content, why=why), Sent).event_id

    async def send(self, room: str, kind: str, content: Content, txn: str, *, why: str) -> str:
        """Send an event; its id. The same `txn` again gives the same event."""
        path = f"{CLIENT}/rooms/{enc(room)}/send/{enc(kind)}/{enc(txn)}"
        return decode(await self.door.ask("PUT", path, json=content, why=why), Sent).event_id

    async def redact(self, room: str, event: str, reason: str, txn: str, *, why: str = "remove a message") -> str:
        """Take an event's content away for good; the id of the redaction."""
        path = f"{CLIENT}/rooms/{enc(room)}/redact/{enc(event)}/{enc(txn)}"
        body = {"reason": reason} if reason else {}
        return decode(await self.door.ask("PUT", path, json=body, why=why), Sent).event_id

    async def membership(self, room: str, act: str, user: str, reason: str = "") -> None:
        """Ban, unban, kick or invite a member."""
        body = {"user_id": user, **({"reason": reason} if reason else {})}
        await self._do("POST", f"{CLIENT}/rooms/{enc(room)}/{act}", json=body, why=f"{act} a member")

    async def make_room_admin(self, room: str, user: str) -> None:
        """Have a local administrator of the room give `user` as much power as they have."""
        path = f"{ADMIN}/rooms/{enc(room)}/make_room_admin"
        await self._do("POST", path, json={"user_id": user}, why="power in the room")

    async def join(self, room: str) -> None:
        """Go into a room."""
        await self._do("POST", f"{CLIENT}/join/{enc(room)}", json={}, why="join the room")

    # --- people

    async def account(self, user: str, *, why: str = "the member") -> Account:
        """A local account. Raises NotFound."""
        return await self._read(f"{ADMIN2}/users/{enc(user)}", Account, why=why)

    async def addresses(self, user: str) -> Addresses:
        """E-mail addresses of a local account."""
        return await self._read(f"{ADMIN2}/users/{enc(user)}", Addresses, why="private data")

    async def profile(self, user: str) -> Content:
        """The public profile of a member, also of another server's. Raises NotFound."""
        return (await self.door.get(f"{CLIENT}/profile/{enc(user)}", why="the member's profile")).mapping()

    async def whois(self, user: str) -> Content:
        """From where a member is connected. The site keeps no record of this look."""
        return (await self.door.get(f"{ADMIN}/whois/{enc(user)}", why="private data")).mapping()

    async def rooms_of(self, user: str) -> list[str]:
        """The rooms that a member is in, as far as this server knows."""
        path = f"{ADMIN}/users/{enc(user)}/joined_rooms"
        found = (await self.door.get(path, why="the member's rooms")).mapping().get("joined_rooms")
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []

    async def accounts(self, params: Sequence[tuple[str, str]], *, why: str = "members") -> AccountPage:
        """A page of the directory."""
        return await self._read(f"{ADMIN2}/users", AccountPage, params, why=why)

    async def change_account(self, user: str, body: Mapping[str, Any], *, why: str) -> None:
        """Change some fields of an existing account (the call would make one that does not exist)."""
        await self._do("PUT", f"{ADMIN2}/users/{enc(user)}", json=dict(body), why=why)

    async def suspend(self, user: str, *, on: bool) -> None:
        """Suspend an account (it reads, and writes nothing), or end that."""
        await self._do(
            "PUT", f"{ADMIN}/suspend/{enc(user)}", json={"suspend": on}, why="suspend" if on else "end a suspension"
        )

    async def shadow_ban(self, user: str, *, on: bool) -> None:
        """Let what a member sends reach nobody, without telling them, or end that."""
        await self._do("POST" if on else "DELETE", f"{ADMIN}/users/{enc(user)}/shadow_ban", why="shadow ban")

    async def deactivate(self, user: str) -> None:
        """Close an account: it leaves every room and its sessions end."""
        await self._do("POST", f"{ADMIN}/deactivate/{enc(user)}", json={"erase": False}, why="close an account")

    async def notice(self, user: str, text: str, txn: str) -> str:
        """Write to a member as the server; the event's id. The same `txn` again gives the same event."""
        body = {"user_id": user, "content": {"msgtype": "m.text", "body": text}}
        path = f"{ADMIN}/send_server_notice/{enc(txn)}"
        return decode(await self.door.ask("PUT", path, json=body, why="write to a member"), Sent).event_id

    async def notices(self) -> bool:
        """Whether the server is set up for notices: asked with an addressee that it cannot have, so that nothing is
        sent (it says first whether it could, and then that it will not)."""
        body = {"user_id": "@nobody:invalid", "content": {}}
        path = f"{ADMIN}/send_server_notice"
        reply = await self.door.ask("POST", path, json=body, why="can members be written to?", accept_errors=(400, 404))
        return "not enabled" not in str(reply.loose().get("error") or "")

    async def redact_all(self, user: str, rooms: Sequence[str], reason: str) -> str:
        """Have the server redact everything that a member sent to these rooms (none named: to all); the job's id."""
        body = {"rooms": list(rooms), **({"reason": reason} if reason else {})}
        reply = await self.door.ask("POST", f"{ADMIN}/user/{enc(user)}/redact", json=body, why="remove all of a member")
        return str(reply.mapping().get("redact_id") or "")

    async def redact_status(self, job: str) -> Content:
        """How far such a job is."""
        return (await self.door.get(f"{ADMIN}/user/redact_status/{enc(job)}", why="how far it is")).mapping()

    async def tasks(self, user: str) -> list[Content]:
        """Such jobs of a member that the server remembers."""
        params = [("action_name", "redact_all_events"), ("resource_id", user)]
        found = (await self.door.get(f"{ADMIN}/scheduled_tasks", params, why="is the job there?")).mapping()
        rows = found.get("scheduled_tasks")
        return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []

    # --- media

    async def quarantine(self, server: str, media: str, *, on: bool) -> None:
        """Have nobody load a file any more, or let it be loaded again."""
        act = "quarantine" if on else "unquarantine"
        path = f"{ADMIN}/media/{act}/{enc(server)}/{enc(media)}"
        await self._do("POST", path, why="quarantine a file" if on else "release a file")

    async def quarantined(self, server: str, media: str) -> bool:
        """Whether a file is in quarantine."""
        found = (await self.door.get(f"{ADMIN}/media/{enc(server)}/{enc(media)}", why="the file")).mapping()
        info = found.get("media_info")
        return bool(info.get("quarantined_by")) if isinstance(info, dict) else False

    async def _do(self, method: str, path: str, *, json: object = None, why: str) -> None:
        """A call whose answer says nothing that is needed. A web page in its place is no success."""
        (await self.door.ask(method, path, json=json, why=why)).settled()

    async def _read(self, path: str, kind: type[T], params: Sequence[tuple[str, str]] = (), *, why: str) -> T:
        return decode(await self.door.get(path, params, why=why), kind)


def enc(native: str) -> str:
    """An id as one part of a path."""
    if native in (".", ".."):
        raise NotFound("This is not an id.")
    return quote(native, safe="")


def _reports(kind: str) -> str:
    return "user_reports" if kind == "user" else "event_reports"


def decode(reply: Reply, kind: type[T]) -> T:
    """The body of an answer as `kind`. Raises SiteError when it is something else."""
    if not reply.says_json:
        reply.json()
    try:
        return decoded(reply.body, kind, strict=False)
    except (ValueError, RecursionError):
        reply.mapping()
        raise reply.bad(f"{reply.place} answered with data of another shape than a Matrix homeserver's.") from None


def read_rows(rows: Iterable[msgspec.Raw], kind: type[T]) -> tuple[list[T], int]:
    """The rows that can be read, and how many cannot."""
    found: list[T] = []
    bad = 0
    for row in rows:
        try:
            found.append(decoded(row, kind, strict=False))
        except (ValueError, RecursionError):
            bad += 1
    return found, bad
