"""The calls: to the PDS, to Ozone through the PDS, to the appview through the PDS; and what their refusals mean.

Ozone is never asked directly: the PDS signs for the moderator and hands the request on (`atproto-proxy`). Almost every
refusal is HTTP 400 with a name; a missing right is 401 with a sentence, as a wrong token is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from modtui.backends.http import Door
from modtui.backends.ozone.session import Session, SessionEnded
from modtui.backends.ozone.wire import EVENTS, Events
from modtui.backends.reply import Reply, decoded
from modtui.errors import AuthError, ModtuiError, NotFound, Refused, RightsError, Stale, WrongSite
from modtui.text import show_line

T = TypeVar("T")
Pairs = list[tuple[str, str]]

MOD, REPORT = "tools.ozone.moderation", "tools.ozone.report"
_ENDED = frozenset({"ExpiredToken", "InvalidToken"})
_GONE = frozenset({
    "RecordNotFound", "RepoNotFound", "NotFound", "ReportNotFound", "EventNotFound", "HandleNotFound", "QueueNotFound",
    "InvalidHandle",
})  # fmt: skip
_OTHERS = frozenset({
    "AlreadyInTargetState", "InvalidStateTransition", "DuplicateExternalId", "AlreadyAssigned", "AlreadyInTargetQueue",
    "InvalidAssignment", "ReportClosed",
})  # fmt: skip
_DOWN, _NOT_DOWN = "already taken down", "not taken down"
_CLOSED = ("No matching reports found", "are already closed, or do not belong")


class Already(Stale):
    """Somebody was faster, or it is so already. `code` is Ozone's name for it."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def explain(reply: Reply) -> ModtuiError:
    """The error that an answer of the PDS or of Ozone means."""
    told = reply.loose()
    name = told.get("error") if isinstance(told.get("error"), str) else ""
    words = told.get("message") if isinstance(told.get("message"), str) else ""
    shown = show_line(str(words), 200)
    said = f" It says: {shown}" if shown else ""
    if name in _ENDED:
        return SessionEnded(f"{reply.place} does not accept the session any more.", "Sign in again: modtui login.")
    if name == "AuthMissing":
        return AuthError(f"{reply.place} wants to know who asks.", "Sign in again: modtui login.")
    if name in ("AccountTakedown", "AccountDeactivated"):
        return AuthError(f"{reply.place} has closed this account.{said}")
    if reply.status in (401, 403):
        if str(words).lower() == "not a moderator account":
            return RightsError(
                "This account is not on the moderation service's team.",
                "An admin of the service adds it there; options.labeler names the service.",
            )
        return RightsError(f"The moderation service does not let this account do that.{said}")
    if reply.status == 404 and not reply.says_json:
        return WrongSite(f"{reply.place} has no server of the atproto network at this address.")
    if name in ("XRPCNotSupported", "MethodNotImplemented") or reply.status in (404, 501):
        return WrongSite(f"{reply.place} does not know this call; modtui needs Ozone 0.4 or newer.{said}")
    if reply.status == 400:
        if name in _GONE:
            return NotFound(f"{reply.place} does not have it.{said}")
        code = name if name in _OTHERS else _code(str(words))
        if code:
            return Already(f"Another moderator was faster, or it is so already.{said}", code)
        return Refused(f"The moderation service will not do it.{said}")
    return reply.bad(f"{reply.place} answered with an error ({reply.status}).{said}")


def _code(words: str) -> str:
    """A name for what Ozone only says in a sentence."""
    if _DOWN in words:
        return "TakenDown"
    if _NOT_DOWN in words:
        return "NotTakenDown"
    return "ReportsClosed" if any(one in words for one in _CLOSED) else ""


class Client:
    """The calls of one account to one moderation service."""

    def __init__(self, door: Door, session: Session) -> None:
        self.door, self.session = door, session
        self.labeler = ""
        """The DID of the moderation service; set before the first call to it."""

    # --- ways

    async def ask(
        self, method: str, nsid: str, params: Iterable[tuple[str, str]] = (), *, json: object = None, why: str,
        proxy: bool = True,
    ) -> Reply:  # fmt: skip
        """One call with the session, which is renewed where its token is not taken any more (a call that was refused
        for that was not carried out). `proxy`: it is for Ozone, not for the PDS and the appview."""
        await self.session.open()
        headers = {"atproto-proxy": f"{self.labeler}#atproto_labeler"} if proxy else None
        used = self.session.current
        try:
            return await self.door.ask(method, f"/xrpc/{nsid}", list(params), json=json, headers=headers, why=why)
        except SessionEnded:
            await self.session.renew(used)
        return await self.door.ask(method, f"/xrpc/{nsid}", list(params), json=json, headers=headers, why=why)

    async def read(
        self, nsid: str, kind: type[T], params: Iterable[tuple[str, str]] = (), *, why: str, proxy: bool = True
    ) -> T:
        """A GET whose answer is `kind`."""
        return decode(await self.ask("GET", nsid, params, why=why, proxy=proxy), kind)

    async def write(self, nsid: str, body: dict[str, Any], *, why: str, proxy: bool = True) -> dict[str, Any]:
        """A POST; the object that it answers, {} where it answers nothing."""
        reply = await self.ask("POST", nsid, json=body, why=why, proxy=proxy)
        return reply.mapping() if reply.body.strip() else {}

    # --- Ozone

    async def emit(
        self, event: dict[str, Any], subject: dict[str, Any], *, key: str, reports: Sequence[int] = (),
        note: str | None = None, why: str,
    ) -> dict[str, Any]:  # fmt: skip
        """Write an event to the log, which is how anything is decided. With `reports` those are closed by it (or
        escalated). `key` makes it unique: a second time is refused as DuplicateExternalId. The service compares keys
        among all subjects of one account, so the subject is part of it."""
        named = str(subject.get("uri") or subject.get("did")).removeprefix("at://")
        body: dict[str, Any] = {
            "event": event, "subject": subject, "createdBy": self.session.did, "externalId": f"{key}/{named}",
            "modTool": {"name": "modtui", "meta": {"key": key}},
        }  # fmt: skip
        if reports:
            body["reportAction"] = {"ids": list(reports), **({"note": note} if note else {})}
        return await self.write(f"{MOD}.emitEvent", body, why=why)

    async def activity(self, report: int, kind: str, *, why: str) -> None:
        """Close, reopen or escalate a single report (`kind` closeActivity ...). Raises Already, NotFound."""
        body = {"reportId": report, "activity": {"$type": f"{REPORT}.defs#{kind}"}}
        await self.write(f"{REPORT}.createActivity", body, why=why)

    async def events(
        self, subject: str | None = None, kinds: Sequence[str] = (), *, limit: int = 50, everything: bool = False,
        by: str | None = None, why: str,
    ) -> Events:  # fmt: skip
        """The newest entries of the log, about a subject (with `everything` about an account and all its records)."""
        params: Pairs = [("limit", str(limit)), ("sortDirection", "desc")]
        params += [("subject", subject)] if subject else []
        params += [("includeAllUserRecords", "true")] if everything else []
        params += [("createdBy", by)] if by else []
        params += [("types", EVENTS + kind) for kind in kinds]
        return await self.read(f"{MOD}.queryEvents", Events, params, why=why)

    # --- the PDS and the appview

    async def resolve(self, handle: str) -> str:
        """The DID of a handle. Raises NotFound."""
        if handle.startswith("did:"):
            return handle
        name = handle.removeprefix("@").strip()
        labels = name.split(".")
        if len(labels) < 2 or not all(one and one.replace("-", "").isalnum() and one.isascii() for one in labels):
            raise NotFound(f"{show_line(handle, 60)} is not a handle.")
        found = await self.read(
            "com.atproto.identity.resolveHandle", dict[str, Any], [("handle", name)], why="whose handle", proxy=False
        )
        did = found.get("did")
        if not isinstance(did, str) or not did.startswith("did:"):
            raise NotFound(f"Nobody has the handle {show_line(handle, 60)}.")
        return did


def decode(reply: Reply, kind: type[T]) -> T:
    """The body of an answer as `kind`. Raises SiteError when it is something else."""
    if not reply.says_json:
        reply.json()
    try:
        return decoded(reply.body, kind)
    except (ValueError, RecursionError):
        reply.mapping()
        raise reply.bad(f"{reply.place} answered with data of another shape than Ozone's.") from None


def read_rows(found: Iterable[msgspec.Raw], kind: type[T]) -> tuple[list[T], int]:
    """The rows that can be read, and how many cannot."""
    good: list[T] = []
    bad = 0
    for row in found:
        try:
            good.append(decoded(row, kind))
        except (ValueError, RecursionError):
            bad += 1
    return good, bad
