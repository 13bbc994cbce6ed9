"""The one HTTP door: every request of every backend goes through `Door`.

It keeps the origin, the budget, the read-only promise and the record of requests; a platform tells it how to sign in
(headers) and how to read a refusal (`explain`). What carries a request stands in `modtui.backends.transport`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from modtui.backends.base import Budget, Connection, RequestSeen
from modtui.backends.budget import Ledger, Priority, current_priority, ledger_name
from modtui.backends.limits import Limits as Limits
from modtui.backends.limits import Silent
from modtui.backends.origin import Origin, parse_origin, redirected
from modtui.backends.redact import Redactor, basic, shown_path
from modtui.backends.reply import Reply, date_ms, explain_plainly, seconds, whole_client
from modtui.backends.transport import Pairs as Pairs
from modtui.backends.transport import Transport, retrying
from modtui.errors import ModtuiError, NetworkError, RateLimited, ReadOnly, SiteError
from modtui.text.time import duration

KEPT = 500
_REDIRECTS = (301, 302, 303, 307, 308)
_GATEWAY = (502, 503, 504)
_ON_THE_WAY_S = 2.0
_NO_ROW = Reply(0, {}, b"")


class Door:
    """The way to one site with one credential. Implements `base.Wire`.

    `auth` are the headers that carry the credential, `limit` the platform's requests a minute (`options["budget"]`
    overrides it, 0 means none). `explain` makes the error of an answer that is no success, `pauses_all` and
    `spends_day` say what a 429 is about, `reading_posts` are beginnings of paths that only read although POSTed to,
    `signing_in` the paths whose successful answers bring tokens, and are handed on as they are.
    """

    def __init__(
        self, connection: Connection, *, auth: Mapping[str, str] | None = None, limit: int = 0,
        explain: Callable[[Reply], ModtuiError] = explain_plainly, pauses_all: Callable[[Reply], bool] = whole_client,
        spends_day: Callable[[Reply], bool] = lambda reply: False, reading_posts: Sequence[str] = (),
        signing_in: Sequence[str] = (),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep, now: Callable[[], float] = time.time,
        limits: type[Limits] = Limits,
    ) -> None:  # fmt: skip
        given = connection.options.get("budget")
        limit = given if isinstance(given, int) and not isinstance(given, bool) and given >= 0 else limit
        self._connection, self._auth, self._limits = connection, dict(auth or {}), limits
        self._explain, self._pauses_all, self._spends_day = explain, pauses_all, spends_day
        self._reading_posts, self._sleep, self._now = tuple(reading_posts), sleep, now
        credential = connection.credential
        secrets = [credential.secret] if credential else []
        if credential and credential.user:
            secrets.append(basic(credential.user, credential.secret).split()[1])
        self.redact = Redactor(secrets)
        # A request is charged here when it leaves and there when it arrives: the site's minute ends a little later.
        self._ledger = Ledger(connection.state, ledger_name(connection), limit, window_s=60.0 + _ON_THE_WAY_S, now=now)
        self._lines: dict[Priority, asyncio.Lock] = {}
        self._seen: deque[RequestSeen] = deque(maxlen=KEPT)
        self._watchers: list[Callable[[RequestSeen], None]] = []
        self._origin: Origin | None = None
        self._transport = Transport(limits, self.redact, tuple(signing_in))
        self._clock_offset_ms = 0
        self.last_headers: Mapping[str, str] = {}
        """The headers of the newest answer (lower-case names)."""

    def __repr__(self) -> str:
        return f"Door({self.redact(self._connection.url)})"

    # --- what is visible (base.Wire)

    @property
    def budget(self) -> Budget:
        """The budget now, over all processes with this credential."""
        return self._ledger.look()

    @property
    def requests(self) -> Sequence[RequestSeen]:
        """The newest requests, oldest first, at most 500."""
        return tuple(self._seen)

    def watch(self, seen: Callable[[RequestSeen], None]) -> None:
        """Call `seen` after each request."""
        self._watchers.append(seen)

    @property
    def clock_ms(self) -> int:
        """The site's clock in UTC milliseconds (a Date header has whole seconds; under 2 s apart counts as equal)."""
        return int(self._now() * 1000) + self._clock_offset_ms

    @property
    def origin(self) -> Origin:
        """Where requests go. Raises UsageError when the address is none, or plain http to another machine."""
        if self._origin is None:
            self._origin = parse_origin(self._connection.url, insecure=self._connection.insecure)
        return self._origin

    async def aclose(self) -> None:
        """Close the connections and the ledger."""
        await self._transport.aclose()
        self._ledger.close()

    async def still_there(self) -> None:
        """Look whether the site hung up and takes no connections any more; this costs no request. Raises NetworkError
        when it does not. Cheap enough for every second."""
        if self._origin is not None:
            await self._transport.still_there(self._origin)

    def sign_in(self, auth: Mapping[str, str], secrets: Iterable[str]) -> None:
        """Use these headers from the next request on: a session began, or its token was renewed. `secrets` are what
        must not be seen anywhere (the tokens)."""
        self.redact.learn(secrets)
        self._auth = dict(auth)

    # --- asking

    async def get(self, path: str, params: Pairs = (), *, why: str = "", priority: Priority | None = None) -> Reply:
        """A GET whose answer is a success. Raises what `explain` makes of anything else, and the door's own errors."""
        return await self.ask("GET", path, params, why=why, priority=priority)

    async def ask(
        self, method: str, path: str, params: Pairs = (), *, form: Pairs | None = None, json: object = None,
        headers: Mapping[str, str] | None = None, why: str = "", priority: Priority | None = None,
        accept_errors: Iterable[int] = (), anonymous: bool = False,
    ) -> Reply:  # fmt: skip
        """One request. `path` starts with a slash and stands below the community's address.

        Reads (GET, HEAD) are repeated when the line breaks or a gateway is down; a write only when no byte has left.
        Waits for its turn in the budget and after a 429, up to `Limits.patience`. Statuses in `accept_errors` are
        given back like a success; `anonymous` leaves the key out. `json` is a value, or JSON that is encoded already:
        these bytes go out as they are (a signature is over bytes).

        Raises ReadOnly, NetworkError(sent), SiteError(sent), RateLimited, UsageError, or what `explain` says.
        """
        reads = method in ("GET", "HEAD")
        self._check_read_only(method, path)
        if not path.startswith("/"):  # behind a bare host it would make another one: "@elsewhere", ".elsewhere"
            raise SiteError(f"{self.origin.place} was asked for an address that is none.")
        priority = priority or ("decision" if not reads else current_priority("read"))
        url = self.origin.url + path + ("?" + urlencode(params) if params else "")
        accepted = frozenset(accept_errors)
        all_headers = {"Accept": "application/json", **(headers or {}), **({} if anonymous else self._auth)}

        def again(error: Exception) -> bool:
            if isinstance(error, NetworkError):
                return not isinstance(error, Silent) and (reads or not error.sent) and not error.hint
            return reads and isinstance(error, SiteError) and error.status in _GATEWAY

        deadline = self._now() + self._limits.patience
        try:
            return await self._patiently(method, url, form, json, all_headers, why, priority, accepted, deadline, 1)
        except (NetworkError, SiteError) as error:
            if not again(error):
                raise
            first = error
        stamina = await retrying()
        async for attempt in stamina.retry_context(
            on=again, attempts=self._limits.attempts, timeout=None, wait_initial=0.25, wait_max=3.0, wait_jitter=0.25
        ):
            with attempt:
                if attempt.num == 1:
                    raise first
                return await self._patiently(
                    method, url, form, json, all_headers, why, priority, accepted, deadline, attempt.num
                )
        raise AssertionError("stamina ends with a result or an error")

    def _check_read_only(self, method: str, path: str) -> None:
        if not self._connection.read_only or method in ("GET", "HEAD"):
            return
        if method == "POST" and any(path.startswith(start) for start in self._reading_posts):
            return
        raise ReadOnly("modtui was started read-only, so nothing is sent to the site.")

    async def _patiently(
        self, method: str, url: str, form: Pairs | None, json: object, headers: Mapping[str, str], why: str,
        priority: Priority, accepted: frozenset[int], deadline: float, number: int,
    ) -> Reply:  # fmt: skip
        """One try, repeated after a 429 (which a site says instead of doing anything, so nothing can double)."""
        refusals = 0
        while True:
            await self._turn(priority, deadline)
            reply = await self._exchange(
                method, url, form, json, headers, why, number + refusals, lambda: self._turn(priority, deadline)
            )
            if reply.status == 429:
                limited = self._limited(reply, refusals)
                refusals += 1
                if not self._worth_waiting(limited, method, deadline):
                    raise limited
                if not limited.whole_client:
                    await self._sleep(limited.wait_s)
                continue
            if reply.ok or reply.status in accepted:
                return reply
            if reply.status in _GATEWAY and not reply.says_json:
                raise reply.bad(f"{reply.place} is not available at the moment ({reply.status}).")
            raise self._explain(reply)

    def _worth_waiting(self, limited: RateLimited, method: str, deadline: float) -> bool:
        if self._now() + limited.wait_s > deadline:
            return False
        if method in ("GET", "HEAD"):
            return True
        # What was looked at before a write is too old after a while: whoever sends it looks again.
        return limited.whole_client and limited.wait_s <= self._limits.before_write

    def _limited(self, reply: Reply, refusals: int) -> RateLimited:
        """What a 429 means, and the pause in the ledger that it asks for."""
        extras = reply.loose().get("extras")
        told = extras.get("wait_seconds") if isinstance(extras, dict) else None
        wait = seconds(told) if isinstance(told, int | float) and not isinstance(told, bool) else reply.retry_after()
        if wait is None:  # Matrix, before it had the header
            told = reply.loose().get("retry_after_ms")
            wait = seconds(told / 1000) if isinstance(told, int | float) and not isinstance(told, bool) else None
        day = self._spends_day(reply)
        everybody = day or self._pauses_all(reply)
        wait = max(1.0, wait if wait is not None else min(60.0, 10.0 * 2**refusals))
        if everybody:
            self._ledger.pause(wait, day=day)
        return self._rate_error(wait, day, everybody)

    def _rate_error(self, wait: float, day: bool, everybody: bool = True) -> RateLimited:
        until = time.strftime("%H:%M", time.localtime(self._now() + wait))
        if day:
            words = f"{self.origin.place} allows no more requests with this key today."
            return RateLimited(words, f"It goes on about {until}.", wait_s=wait)
        what = "requests" if everybody else "of this action"
        length = f"{max(1, round(wait))} s" if wait < 120 else duration(int(wait * 1000))
        words = f"{self.origin.place} allows no more {what} for {length}."
        return RateLimited(words, wait_s=wait, whole_client=everybody)

    async def _turn(self, priority: Priority, deadline: float) -> None:
        """Wait until the budget has room. Requests of one priority keep their order."""
        async with self._lines.setdefault(priority, asyncio.Lock()):
            while True:
                turn = self._ledger.take(priority)
                if not turn.wait_s:
                    return
                if turn.day or self._now() + turn.wait_s > deadline:
                    raise self._rate_error(turn.wait_s, turn.day)
                await self._sleep(turn.wait_s)

    # --- one exchange

    async def _exchange(
        self, method: str, url: str, form: Pairs | None, json: object, headers: Mapping[str, str], why: str,
        number: int, turn: Callable[[], Awaitable[None]],
    ) -> Reply:  # fmt: skip
        """Send, follow redirects of reads inside the origin (each costs a `turn` in the budget), and record."""
        started, at_ms = time.monotonic(), int(self._now() * 1000)
        asked, reply, problem = url, _NO_ROW, ""
        try:
            for hop in range(4):
                if hop:
                    await turn()
                reply = await self._once(method, asked, form, json, headers)
                if reply.status not in _REDIRECTS or "location" not in reply.headers:
                    return reply
                if method not in ("GET", "HEAD"):
                    raise self._not_sent_on(reply, asked)
                asked = redirected(self.origin, asked, reply.headers["location"])
            raise reply.bad(f"{reply.place} redirects in circles.")
        except ModtuiError as error:
            problem = self.redact(error.message)
            raise
        except asyncio.CancelledError:
            problem = "given up"
            raise
        finally:
            parts = urlsplit(url)
            self._record(
                RequestSeen(
                    at_ms=at_ms, method=method, path=shown_path(parts.path, parts.query, self.redact),
                    status=reply.status, took_ms=int((time.monotonic() - started) * 1000), size=len(reply.body),
                    why=why, error=problem, tries=number,
                )
            )  # fmt: skip

    def _not_sent_on(self, reply: Reply, asked: str) -> SiteError:
        """The error for a redirect of what is no read. After 302 and 303 nobody knows whether the request was taken."""
        try:
            redirected(self.origin, asked, reply.headers["location"])
        except SiteError as error:
            words, hint = error.message, error.hint
        else:
            words = f"{reply.place} redirects instead of taking the request; it is not sent on."
            hint = "Check the community's address."
        return SiteError(words, hint, status=reply.status, sent=reply.sent and reply.status in (302, 303))

    def _record(self, seen: RequestSeen) -> None:
        self._seen.append(seen)
        for watcher in tuple(self._watchers):
            watcher(seen)

    async def _once(self, method: str, url: str, form: Pairs | None, json: object, headers: Mapping[str, str]) -> Reply:
        reply = await self._transport.send(self.origin, method, url, form, json, headers)
        self.last_headers = reply.headers
        self._set_clock(reply.headers.get("date", ""))
        return reply

    def _set_clock(self, date: str) -> None:
        theirs = date_ms(date)
        if theirs is not None:
            offset = theirs + 500 - int(self._now() * 1000)
            self._clock_offset_ms = offset if abs(offset) >= 2000 else 0
