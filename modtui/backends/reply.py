"""What a site answered, before a platform reads it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, TypeVar

import msgspec

from modtui.errors import ModtuiError, SiteError

T = TypeVar("T")
LONGEST_WAIT_S = 86_400.0
_GENTLE = 2_000_000
"""A damaged body up to this size is read all the same, which takes several times as long as a sound one."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: `headers` have lower-case names, `body` is decompressed and whole. `place` names the site in errors,
    `sent` says that the request was a write, so that an unreadable answer leaves its fate unknown."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    place: str = "The site"
    sent: bool = False

    @property
    def ok(self) -> bool:
        """Whether the status is a success."""
        return 200 <= self.status < 300

    @property
    def kind(self) -> str:
        """The media type without parameters, lower case."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def says_json(self) -> bool:
        """Whether the answer calls itself JSON."""
        return self.kind.endswith(("/json", "+json"))

    def json(self) -> Any:
        """The body as JSON values. Raises SiteError when it is a web page, cut off, or no JSON at all."""
        if not self.says_json:
            if self.kind == "text/html" or self.body[:200].lstrip().startswith(b"<"):
                raise self.bad(f"{self.place} answered with a web page instead of data.")
            what = f" ({self.kind})" if re.fullmatch(r"[a-z0-9.+/-]{3,60}", self.kind) else ""
            raise self.bad(f"{self.place} answered with something that is not data{what}.")
        return self.parsed()

    def parsed(self) -> Any:
        """The body as JSON values, whatever it calls itself. Raises SiteError when it is cut off or no JSON.

        Half signs, invalid UTF-8, raw control characters and numbers beyond measure are let through: one post with such
        a thing must not hide the whole page.
        """
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        try:
            return json.loads(_sound(self.body))
        except (ValueError, RecursionError):
            raise self.bad(f"{self.place} answered with data that is cut off or damaged.") from None

    def mapping(self) -> dict[str, Any]:
        """The body as a JSON object. Raises SiteError when it is something else."""
        found = self.json()
        if not isinstance(found, dict):
            raise self.bad(f"{self.place} answered with data of another shape than expected.")
        return found

    def settled(self) -> None:
        """Check the answer to a write that says nothing we need: empty, or data. Raises SiteError for anything else,
        such as the page of a login wall, which is no success although its status says so."""
        if self.body.strip():
            self.json()

    def loose(self) -> dict[str, Any]:
        """The body as a JSON object, empty when it is none: for reading error answers."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def bad(self, words: str, hint: str = "") -> SiteError:
        """A SiteError about this answer."""
        return SiteError(words, hint, status=self.status, sent=self.sent)

    def retry_after(self) -> float | None:
        """Seconds of a Retry-After header (a number or a date), None when there is none that means anything."""
        given = self.headers.get("retry-after", "").strip()
        if not given:
            return None
        try:
            return seconds(float(given))
        except ValueError:
            until, now = date_ms(given), date_ms(self.headers.get("date", ""))
            return seconds((until - now) / 1000) if until is not None and now is not None else None


def decoded(data: bytes | msgspec.Raw, kind: type[T], *, strict: bool = True) -> T:
    """JSON as `kind`, which may keep parts raw. What `Reply.parsed` lets through is let through here, too. Raises
    ValueError (msgspec's errors are such) and RecursionError."""
    try:
        return msgspec.json.decode(data, type=kind, strict=strict)
    except msgspec.ValidationError:
        raise  # it is sound, and of another shape
    except (msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(_sound(bytes(data)), type=kind, strict=strict)


def _sound(data: bytes) -> bytes:
    """Damaged JSON mended, as far as it can be: a half sign becomes U+FFFD. Raises ValueError, RecursionError."""
    if len(data) > _GENTLE:
        raise ValueError
    found = json.loads(data.decode("utf-8", "replace"), strict=False, parse_constant=lambda name: None)
    whole = json.dumps(found, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.encode()


def seconds(told: float) -> float | None:
    """A wait that a site asks for, within reason: from none to a day. None for what is no number."""
    return min(max(0.0, float(told)), LONGEST_WAIT_S) if math.isfinite(told) else None


def explain_plainly(reply: Reply) -> ModtuiError:
    """The error for an answer that is no success, where a platform has nothing better to say."""
    return reply.bad(f"{reply.place} answered with an error ({reply.status}).")


def whole_client(reply: Reply) -> bool:
    """Whether a 429 means every request (the default), where a platform has nothing better to say."""
    return True


def date_ms(text: str) -> int | None:
    """An HTTP date as UTC milliseconds, None when it is none."""
    try:
        import email.utils  # late: 3 ms that a start does not need

        found = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return int(found.timestamp() * 1000)
