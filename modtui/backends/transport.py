"""What carries a request to a site: connections that are kept for a while, with time and size limits.

Only this module imports httpx.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import ssl
import sys
import time
import types
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import modtui
from modtui.backends.idle import IdleLines, knock
from modtui.backends.limits import Limits, Silent
from modtui.backends.origin import Origin, unreachable
from modtui.backends.redact import Redactor
from modtui.backends.reply import Reply
from modtui.backends.unpack import ACCEPTED, CannotUnpack, Unpacker
from modtui.errors import NetworkError, SiteError

if TYPE_CHECKING:
    import httpx

Pairs = Sequence[tuple[str, str]]
AGENT = f"modtui/{modtui.__version__} (moderation client)"
MAX_BYTES = 8_000_000


class Transport:
    """The connections to one site. `redact` cleans what comes back, except the answers of the paths `signing_in`, which
    bring tokens."""

    def __init__(self, limits: type[Limits], redact: Redactor, signing_in: tuple[str, ...]) -> None:
        self._limits, self._redact, self._signing_in = limits, redact, signing_in
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()
        self._idle = IdleLines()
        self._used = 0.0

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def still_there(self, origin: Origin) -> None:
        """See `Door.still_there`."""
        if self._client is None or time.monotonic() - self._used > _kept_s(origin):
            return
        if not self._idle.ended(self._client):
            return  # lines that were given up here because they are old tell nothing
        try:
            await knock(origin.host, origin.port, self._limits.connect)
        except OSError as error:
            raise unreachable(origin.place, error) from None

    async def send(
        self, origin: Origin, method: str, url: str, form: Pairs | None, json: object, headers: Mapping[str, str]
    ) -> Reply:
        """One exchange, as it is: nothing is repeated or followed. Raises NetworkError(sent) and SiteError(sent)."""
        httpx = await libraries()
        client = await self._open(origin)
        writes = method not in ("GET", "HEAD")
        content, kind = _body(form, json)
        sent_headers = {**headers, "Content-Type": kind} if kind else headers
        place = origin.place
        try:
            async with asyncio.timeout(self._limits.total):
                request = client.build_request(method, url, content=content, headers=sent_headers)
                response = await client.send(request, stream=True)
                try:
                    body = await _read(response, place, writes)
                    # A sign-in brings tokens, perhaps one that is known: within a second a server may give it again.
                    if not (response.status_code == 200 and url.endswith(self._signing_in)):
                        body = self._redact.raw(body)
                finally:
                    await response.aclose()
        except httpx.InvalidURL:
            raise SiteError(f"{place} was asked for an address that is none.") from None
        except TimeoutError:
            raise Silent(f"{place} did not answer within {self._limits.total:.0f} s.", sent=writes) from None
        except httpx.TimeoutException as error:
            early = isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise Silent(f"{place} does not answer.", sent=writes and not early) from None
        except httpx.ConnectError as error:
            raise unreachable(place, error) from None
        except (httpx.TransportError, OSError):
            # An end too early, a reset while reading or writing, broken TLS records (which httpx hands on as the
            # OSError that they are): however the line broke, a write may have arrived.
            raise NetworkError(f"The line to {place} broke.", sent=writes) from None
        except CannotUnpack:
            raise SiteError(f"{place} sent an answer that cannot be unpacked.", sent=writes) from None
        self._used = time.monotonic()
        found = {name.lower(): self._redact(value) for name, value in response.headers.items()}
        return Reply(response.status_code, found, body, place, writes)

    async def _open(self, origin: Origin) -> httpx.AsyncClient:
        if self._client is None:
            async with self._opening:
                if self._client is None:
                    self._client = await asyncio.to_thread(self._make, origin)
        return self._client

    def _make(self, origin: Origin) -> httpx.AsyncClient:
        # In a thread: reading the certificates takes tens of milliseconds. Plain http needs none of them.
        import httpx

        limits = self._limits
        named = tuple(os.environ.get(name) for name in _AUTHORITIES)
        verify: ssl.SSLContext | bool = _context(named) if origin.scheme == "https" else False
        return httpx.AsyncClient(
            verify=verify,
            trust_env=not origin.loopback,
            headers={"User-Agent": AGENT, "Accept-Encoding": ACCEPTED},
            timeout=httpx.Timeout(limits.read, connect=limits.connect),
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=_kept_s(origin)),
            follow_redirects=False,
        )


_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
"""What the user's environment says of certificates."""


@lru_cache(maxsize=1)
def _context(named: tuple[str | None, ...]) -> ssl.SSLContext:
    """The known authorities, once for all sites: each reading of them takes 0.6 MB. `named` is what it was read by."""
    import httpx

    return httpx.create_ssl_context()


def _kept_s(origin: Origin) -> float:
    """So long a line that nobody uses is kept open."""
    # A moderator reads for a while between requests, and a new TLS connection costs several round trips. Servers on
    # this machine are often small ones that hang up after five seconds.
    return 4.0 if origin.loopback else 55.0


async def _read(response: httpx.Response, place: str, writes: bool) -> bytes:
    unpacker = Unpacker(response.headers.get("content-encoding", ""), MAX_BYTES)
    pieces: list[bytes] = []
    async for piece in response.aiter_raw():
        pieces.append(unpacker.take(piece))
        if unpacker.full:
            raise SiteError(
                f"{place} sent more than {MAX_BYTES // 1_000_000} MB, so the answer was not read.",
                status=response.status_code, sent=writes,
            )  # fmt: skip
    unpacker.end()
    return b"".join(pieces)


def _body(form: Pairs | None, json: object) -> tuple[bytes | None, str]:
    if isinstance(json, bytes):
        return json, "application/json"
    if json is not None:
        import msgspec

        return msgspec.json.encode(json), "application/json"
    if form is not None:
        return urlencode(form).encode("ascii"), "application/x-www-form-urlencoded"
    return None, ""


_PARTS = ("http.client", "h11", "anyio", "anyio._backends._asyncio", "http.cookiejar", "httpcore", "idna")
"""What httpx itself imports, in portions of 5 to 15 ms."""
_loaded: Any = None
_retrying: Any = None


async def libraries() -> Any:
    """httpx, imported in a thread on first use unless it is there: that costs about 80 ms."""
    global _loaded
    if _loaded is None:
        _loaded = await asyncio.to_thread(load)
    return _loaded


async def retrying() -> Any:
    """stamina, imported in a thread when a line breaks first: most runs need none of its 0.7 MB."""
    global _retrying
    if _retrying is None:
        _retrying = await asyncio.to_thread(load_retrying)
    return _retrying


def load_retrying() -> Any:
    """Import stamina, and silence its log: it would warn on standard error, across the screen."""
    import stamina
    import stamina.instrumentation

    stamina.instrumentation.set_on_retry_hooks([])
    return stamina


def load_in_parts() -> Iterator[None]:
    """Import httpx in steps, between which keys can be answered. In a thread it would answer keys no sooner, and what
    is loaded there takes half a megabyte more: each thread gets its memory from a place of its own."""
    global _loaded
    for name in _PARTS:
        with contextlib.suppress(ImportError):  # another version of it has other parts
            import_module(name)
        yield
    _loaded = load()


def load() -> Any:
    """Import httpx (without its command line, which would load click and rich), and silence its logs: httpcore's shows
    request headers, hence keys."""
    if "httpx._main" not in sys.modules:
        stub = types.ModuleType("httpx._main")
        stub.main = lambda: None  # type: ignore[attr-defined]
        sys.modules["httpx._main"] = stub
    if "sniffio" not in sys.modules and importlib.util.find_spec("sniffio") is None:
        # httpcore tries to import it for every lock of every request, and looks through all folders for it each time: a
        # sixth of what a request costs. This entry says that there is none.
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    import httpx

    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        with contextlib.suppress(AttributeError):
            logger.propagate = False
    return httpx
