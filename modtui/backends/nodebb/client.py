"""The calls of NodeBB that modtui makes, and how its three styles of refusal are read.

Traps that are kept here, so that nobody else has to know them:

* A DELETE without a JSON body does nothing and answers 400, so each carries `{}`.
* `?lang=` is sent with everything: refusals have no code but a sentence in the account's language.
* Each answer sets the cookie of a session that has ended already; sent back with the token it does no harm.
* The write API wraps what it says (`response`), the read API does not, and a missing page is the text "Not found".
* Posting too fast is a 400.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from modtui.backends.http import Door
from modtui.backends.nodebb.values import Row, Unreadable, row_of, text, unkeyed
from modtui.backends.nodebb.wire import Flag, Post, Topic
from modtui.backends.reply import Reply
from modtui.errors import (
    AuthError,
    ModtuiError,
    NotFound,
    RateLimited,
    Refused,
    RightsError,
    SiteError,
    WrongSite,
)
from modtui.text import show_line

T = TypeVar("T")
_KEPT = 1500
_KEPT_BYTES = 12_000_000
_ONE_BYTES = 150_000
_PERSONAL = frozenset({"email", "emails", "ip", "ips", "meta"})
"""`meta` is what the forum mixes into the history of a flag: changes of the member's address, among others."""
_GONE = re.compile(r"does not exist|^not found$|invalid user id", re.IGNORECASE)
_FAST = re.compile(r"once every (\d{1,5}) (second|minute)|already posting", re.IGNORECASE)
_NO_CALL = "Invalid API call"
_IN_ORDER = ("sort", "oldest_to_newest")
_NO_ACTOR = "master-token-no-uid"


def words_of(reply: Reply) -> str:
    """What an error answer says, whichever of the styles it has; "" for nothing that is for people."""
    if not reply.says_json:
        plain = reply.body[:300].decode("utf-8", "replace") if reply.kind == "text/plain" else ""
        return str(show_line(unkeyed(plain), 200))
    found = reply.loose()
    told = text(row_of(found.get("status")).get("message")) or text(found.get("error"))
    return str(show_line(unkeyed(told), 200))


def explain(reply: Reply) -> ModtuiError:
    """The error for an answer that is no success."""
    words = words_of(reply)
    said = f" It says: {words}" if words else ""
    status = reply.status
    if status == 500 and _NO_ACTOR in reply.body[:2000].decode("utf-8", "replace"):
        return AuthError(
            f"{reply.place} takes this for a master token, which has to say whom it acts as.",
            'Give the member\'s number: modtui login --user NUMBER, or options = { uid = "..." }.',
        )
    if status == 401:
        return AuthError(f"{reply.place} does not accept this token.", "An administrator of the forum makes tokens.")
    if status == 403:
        return RightsError(f"{reply.place} does not let this account do it.{said}")
    if status == 404:
        if not reply.says_json and reply.kind != "text/plain":
            return WrongSite(f"{reply.place} has no NodeBB forum at this address.", "Check the community's address.")
        if _NO_CALL in words:
            return Refused(f"{reply.place} does not know this call: its NodeBB is too old for it.")
        return NotFound(f"{reply.place} does not have it, or not for this account.{said}")
    if status == 503:
        return reply.bad(f"{reply.place} is in maintenance or overloaded (503).")
    if status == 400:
        fast = _FAST.search(words)
        if fast is not None:
            wait = float(fast[1]) * (60 if fast[2] == "minute" else 1) if fast[1] else 5.0
            return RateLimited(f"{reply.place} takes no post so soon.{said}", wait_s=wait, whole_client=False)
        if _GONE.search(words):
            return NotFound(f"{reply.place} does not have it any more.{said}")
        return Refused(f"{reply.place} will not do it.{said}")
    return reply.bad(f"{reply.place} answered with an error ({status}).{said}")


class _Kept(msgspec.Struct, frozen=True):
    """An answer that is known: its ETag, when it was asked for, and how much came."""

    etag: str
    body: Row
    at: float
    size: int


def without_addresses(value: Any) -> Any:
    """An answer without e-mail and IP addresses, however deep they stand: pages for moderators have those of colleagues
    and members beside what they are about."""
    if isinstance(value, dict):
        return {name: without_addresses(inner) for name, inner in value.items() if name not in _PERSONAL}
    if isinstance(value, list):
        return [without_addresses(inner) for inner in value]
    return value


class Client:
    """The calls for one account. `uid` is whom a master token acts as (None for a member's own token)."""

    def __init__(self, door: Door, *, lang: str = "en-GB", uid: str | None = None) -> None:
        self.door = door
        self.escaped = False
        self._always = [("lang", lang), *([("_uid", uid)] if uid else [])]
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0
        self._wrote = 0.0
        """When something was last changed from here: what was read before it is asked for again."""

    # --- asking

    async def read(
        self, path: str, params: Sequence[tuple[str, str]] = (), *, why: str, fresh_s: float = 0.0,
        personal: bool = False,
    ) -> Row:  # fmt: skip
        """A page of the read API, or the `response` of a GET of the write API. What was read less than `fresh_s` ago is
        not asked for again, unless something was changed from here since; else it is asked for with its ETag, and 304
        brings what is known. Addresses of members are left out; `personal` brings them, and keeps nothing."""
        key = repr((path, sorted(params)))
        known = self._kept.get(key) if not personal else None
        if known is not None and time.monotonic() - known.at < fresh_s and known.at > self._wrote:
            return known.body
        headers = {"If-None-Match": known.etag} if known is not None and known.etag else {}
        began = time.monotonic()
        reply = await self.door.ask(
            "GET", path, [*params, *self._always], headers=headers, why=why, accept_errors=(304,)
        )
        if reply.status == 304 and known is not None:
            self._keep(key, msgspec.structs.replace(known, at=began))
            return known.body
        found = reply.mapping()
        body = row_of(_response(reply, found) if path.startswith("/api/v3/") else found)
        if personal:
            return body
        body = row_of(without_addresses(body))
        self._keep(key, _Kept(reply.headers.get("etag", ""), body, began, len(reply.body)))
        return body

    def _keep(self, key: str, one: _Kept) -> None:
        old = self._kept.pop(key, None)
        self._size -= old.size if old is not None else 0
        if one.size > _ONE_BYTES:
            return
        self._kept[key] = one
        self._size += one.size
        while len(self._kept) > _KEPT or self._size > _KEPT_BYTES:
            _, out = self._kept.popitem(last=False)
            self._size -= out.size

    async def write(self, method: str, path: str, body: Row | None = None, *, why: str) -> Row:
        """A call of the write API that changes something; its `response`. It always has a JSON body."""
        try:
            reply = await self.door.ask(method, f"/api/v3{path}", self._always, json=dict(body or {}), why=why)
        finally:
            self._wrote = time.monotonic()
        return row_of(_response(reply, reply.mapping()))

    # --- the account and the forum

    async def myself(self) -> Row:
        """Who the token acts as. Raises AuthError, WrongSite."""
        try:
            reply = await self.door.get("/api/self", self._always, why="who am I?")
        except NotFound:
            place = self.door.origin.place
            raise WrongSite(f"{place} does not answer like a NodeBB forum.", "Check the community's address.") from None
        found = reply.mapping()
        if "uid" not in found or "username" not in found:
            raise WrongSite(f"{reply.place} does not answer like a NodeBB forum.", "Check the community's address.")
        return found

    async def version(self) -> str:
        """The forum's version, "" where it does not say."""
        try:
            reply = await self.door.ask("GET", "/nodeinfo/2.0", why="which version?", anonymous=True)
            return text(row_of(reply.mapping().get("software")).get("version"))
        except (NotFound, RightsError, SiteError, Refused, AuthError):
            return ""

    async def maybe(
        self, path: str, params: Sequence[tuple[str, str]] = (), *, why: str, fresh_s: float = 0.0,
        personal: bool = False,
    ) -> Row | None:  # fmt: skip
        """As `read`, None where the forum does not have it or does not show it."""
        try:
            return await self.read(path, params, why=why, fresh_s=fresh_s, personal=personal)
        except (NotFound, RightsError, WrongSite):
            return None

    # --- flags

    async def flags(self, state: str, page: int, per_page: int, *, why: str) -> Row:
        """A page of the flags in this state, oldest first. What the forum does not know it ignores without a word, so
        the answer names its `filters` and every row its state."""
        params = [("state", state), ("sort", "oldest"), ("perPage", str(per_page)), ("page", str(page))]
        return await self.read("/api/flags", params, why=why)

    async def flag(self, native: str, *, why: str = "the report", fresh_s: float = 0.0) -> Flag:
        """A flag with target, reports and notes. Raises NotFound."""
        return self._of(Flag.of, await self.read(f"/api/v3/flags/{_id(native)}", why=why, fresh_s=fresh_s))

    async def flag_page(self, native: str, *, why: str = "the report", fresh_s: float = 0.0) -> Flag:
        """The same with its history and who can have it. Raises NotFound."""
        return self._of(Flag.of, await self.read(f"/api/flags/{_id(native)}", why=why, fresh_s=fresh_s))

    # --- posts and topics

    async def post(self, pid: object, *, why: str = "the post", fresh_s: float = 0.0) -> Post:
        """A post with its source (Markdown); a moderator gets that of a deleted one, too. Raises NotFound."""
        return self._of(Post.of, await self.read(f"/api/v3/posts/{_id(pid)}", why=why, fresh_s=fresh_s))

    async def summary(self, pid: object, *, why: str = "the post") -> Row:
        """A post with its topic and category. Raises NotFound."""
        return await self.read(f"/api/v3/posts/{_id(pid)}/summary", why=why)

    async def topic(self, tid: object, *, why: str = "the topic", fresh_s: float = 0.0) -> Topic:
        """A topic without its posts. Raises NotFound."""
        return self._of(Topic.of, await self.read(f"/api/v3/topics/{_id(tid)}", why=why, fresh_s=fresh_s))

    async def topic_page(self, tid: object, *, page: int = 1, index: int | None = None, why: str = "the topic") -> Row:
        """A topic's page: twenty posts, those around `index` where one is given. Raises NotFound."""
        if index is not None:
            return await self.read(f"/api/topic/{_id(tid)}/x/{max(1, index)}", [_IN_ORDER], why=why)
        return await self.read(f"/api/topic/{_id(tid)}", [("page", str(page)), _IN_ORDER], why=why)

    # --- members

    async def slug_of(self, member: str) -> str:
        """The name in addresses of the member with this number or username. Raises NotFound."""
        if member.isascii() and member.isdecimal() and 0 < int(member) < 2**63:
            try:
                found = await self.read(f"/api/v3/users/{member}", why="the member", fresh_s=300)
                if text(found.get("userslug")):
                    return text(found.get("userslug"))
            except NotFound:
                pass  # a name may be all digits
        return slug(member)

    async def profile(self, slug_: str, *, why: str = "the member", personal: bool = False) -> Row:
        """A profile, with the member's addresses only where they are asked for. Raises NotFound."""
        return await self.read(profile_path(slug_), why=why, personal=personal)

    def _of(self, kind: Callable[..., T], body: Row) -> T:
        try:
            return kind(body, escaped=self.escaped)
        except Unreadable:
            place = self.door.origin.place
            if not body:  # some forums answer with nothing instead of 404
                raise NotFound(f"{place} does not have it, or not for this account.") from None
            raise SiteError(f"{place} answered with data of another shape than a NodeBB forum's.") from None


def _response(reply: Reply, body: Row) -> Any:
    """What the write API wrapped. Raises SiteError where it is no such answer."""
    if "response" not in body or "status" not in body:
        raise reply.bad(f"{reply.place} answered with data of another shape than a NodeBB forum's.")
    return body["response"]


def slug(name: str) -> str:
    """A username as the forum writes it in addresses."""
    kept = re.sub(r"[^\w\s-]", "", name.strip().lower())
    return re.sub(r"[\s-]+", "-", kept).strip("-") or "-"


def profile_path(slug_: str) -> str:
    """The path of a profile. Raises NotFound for what would lead out of the profiles."""
    if slug_ in ("", ".", ".."):
        raise NotFound("This is not the name of a member.")
    return f"/api/user/{quote(slug_, safe='')}"


def _id(native: object) -> str:
    """A number as it goes into a path."""
    found = str(native)
    if not (found.isascii() and found.isdecimal()) or len(found) > 19:
        raise NotFound(f"{show_line(found, 40)} is not the number of anything on this forum.")
    return found
