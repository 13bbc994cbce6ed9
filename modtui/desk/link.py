"""The line to a community: which state an error means, when to try again, and the words for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from modtui.desk.events import Link, LinkState
from modtui.errors import AuthError, ModtuiError, NetworkError, RateLimited, RightsError, SiteError, WrongSite
from modtui.text import Shown, own, say, show_line
from modtui.text.patterns import pattern
from modtui.text.time import duration

FIRST_S = 2.0
LONGEST_S = 120.0
RIGHTS_S = 300.0
_NUMBER = pattern(r"(\d{3}): ")
"""The status before the words of an error that the site answered with."""
_LONG_MS = 120_000
"""A pause from here on is told as a time of day."""


class Backoff:
    """Waiting times between tries: doubled each time from `FIRST_S` up to `LONGEST_S`, and spread by a quarter, so that
    many clients do not come back in the same second. `chance` gives numbers from 0 to 1."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self.tries = 0

    def next(self) -> float:
        """Seconds to wait before the next try."""
        plain = min(LONGEST_S, FIRST_S * 2.0 ** min(self.tries, 16))
        self.tries += 1
        return float(plain * (0.75 + 0.5 * self._chance()))

    def reset(self) -> None:
        """The line is up: the next outage begins with short waits again."""
        self.tries = 0


def state_for(error: BaseException) -> LinkState:
    """What an error says about the line."""
    if isinstance(error, AuthError):
        return "signed-out"
    if isinstance(error, RightsError):
        return "no-rights"
    if isinstance(error, RateLimited):
        return "too-fast"
    if isinstance(error, WrongSite):
        return "wrong-site"
    if isinstance(error, NetworkError):
        return "offline"
    return "down"


def broken(error: BaseException) -> bool:
    """Whether an error is about the line at all (and not about one subject)."""
    return isinstance(error, AuthError | NetworkError | SiteError | RateLimited)


def wait_for(error: BaseException, backoff: Backoff) -> float | None:
    """Seconds until the next try; None when only the moderator can mend it (a new login, another address)."""
    state = state_for(error)
    if state in ("signed-out", "wrong-site"):
        return None
    if isinstance(error, RateLimited):
        return max(1.0, error.wait_s)
    if state == "no-rights":
        return RIGHTS_S
    return backoff.next()


def link_for(error: BaseException, before: Link, now_ms: int, wait_s: float | None) -> Link:
    """The new link after an error. The same trouble keeps its beginning."""
    state = state_for(error)
    since = before.since_ms if before.state == state else now_ms
    words = error.message if isinstance(error, ModtuiError) else "modtui made a mistake while reading the site."
    if isinstance(error, SiteError) and error.status >= 400:
        words = f"{error.status}: {words}"
    return Link(state=state, words=words, since_ms=since, next_ms=0 if wait_s is None else now_ms + int(wait_s * 1000))


def words_for(link: Link, name: str, now_ms: int, *, clock: Callable[[int], str] | None = None) -> Shown:
    """The words of line 2 for a link as they hold at `now_ms`: `OFFLINE since 12:02 (6 min), next try in 18 s (R now)`.

    `name` is the community's. `clock` turns an instant into a time of day (in this machine's zone by default)."""
    since = (clock or _time_of_day)(link.since_ms)
    minutes = max(0, now_ms - link.since_ms) // 60_000
    if link.state == "live":
        return say("live")
    if link.state == "starting":
        return say("reading the site ...")
    if link.state == "closed":
        return say("closed")
    if link.state == "signed-out":
        return say("SIGNED OUT: modtui login {name}", name=name)
    if link.state == "wrong-site":
        return say("WRONG SITE since {since}: {words}", since=since, words=link.words)
    if link.state == "too-fast":
        left_ms = link.next_ms - now_ms
        if left_ms >= _LONG_MS:
            until = (clock or _time_of_day)(link.next_ms)
            return say("TOO FAST: the site asks to wait until {until} ({time})", until=until, time=duration(left_ms))
        return say("TOO FAST: the site asks to wait {wait} s", wait=_seconds(left_ms))
    if link.state == "no-rights" and link.next_ms <= now_ms:
        return say("NO RIGHTS since {since} (R tries again)", since=since)
    if link.state == "no-rights":
        what = say("NO RIGHTS")
    elif link.state == "down":
        number = _NUMBER.match(link.words)
        what = say("SITE DOWN ({number})", number=int(number[1])) if number else say("SITE DOWN")
    else:
        what = say("OFFLINE")
    ago = say(" ({minutes} min)", minutes=minutes) if minutes else say("")
    again = (
        say(", next try in {wait} s (R now)", wait=_seconds(link.next_ms - now_ms))
        if link.next_ms > now_ms
        else say(", trying now")
    )
    return own(f"{what} since {since}{ago}{again}")


def why(link: Link) -> Shown:
    """The sentence about a line that is down, for the message line."""
    words = _NUMBER.sub("", link.words)
    return show_line(words, 200) if words else own("The site does not answer as it should.")


def shorter_words(link: Link, since: str) -> tuple[Shown, ...]:
    """The state in few words, and alone, for a line that has no room for more. `since` is a time of day."""
    words = {
        "offline": "OFFLINE", "down": "SITE DOWN", "signed-out": "SIGNED OUT", "no-rights": "NO RIGHTS",
        "too-fast": "TOO FAST", "wrong-site": "WRONG SITE",
    }  # fmt: skip
    name = own(words.get(link.state, link.state))
    if link.state == "too-fast":
        return (name,)
    return say("{name} since {since}, R tries", name=name, since=since), name


def _seconds(ms: int) -> int:
    return max(0, -(-ms // 1000))


def _time_of_day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%H:%M")
