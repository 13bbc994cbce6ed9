"""Everything that can go wrong, as one tree.

    ModtuiError                      exit 1   any error that modtui explains in a sentence
      UsageError                     exit 2   the call's own words are off (unknown verb, unknown id, bad option)
      SettingsError                  exit 2   mistakes in config.toml, all of them at once
      NotFound                       exit 3   the subject is not on the site, or not visible to this account
      AuthError                      exit 4   no credential, a wrong one, or one that was withdrawn
      RightsError                    exit 5   the account is known but may not do this
      NetworkError                   exit 6   the site could not be reached; `sent` says whether bytes may have arrived
      SiteError                      exit 7   the site answered, but not as its platform does (HTML, cut JSON, 5xx)
        WrongSite                    exit 7   something else lives at this address
      RateLimited                    exit 8   the site asks to wait; `wait_s` says how long
      Refused                        exit 9   the site understood the decision and will not do it
        Stale                        exit 9   it changed meanwhile (409): read again
      StoreError                     exit 10  the journal or the cache cannot be read or written
      ReadOnly                       exit 11  a write was asked for with --read-only

Messages are complete sentences for a moderator and hold no secret. `hint` says what to do next.
"""

from __future__ import annotations


class ModtuiError(Exception):
    """Base of all expected errors. `message` is a sentence for people, `hint` (may be empty) the way out."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        between = "" if self.message.endswith("\n") else " "
        return f"{self.message}{between}{self.hint}".strip()


class UsageError(ModtuiError):
    """The words of the call are off."""

    exit_code = 2


class SettingsError(ModtuiError):
    """Mistakes in the settings; `problems` has every one, each a sentence with file and key."""

    exit_code = 2

    def __init__(self, problems: list[str], hint: str = "") -> None:
        super().__init__("\n".join(problems), hint)
        self.problems = problems


class NotFound(ModtuiError):
    """The subject is gone, or this account cannot see it."""

    exit_code = 3


class AuthError(ModtuiError):
    """There is no credential, or the site does not take it."""

    exit_code = 4


class RightsError(ModtuiError):
    """The account may not do this."""

    exit_code = 5


class NetworkError(ModtuiError):
    """The site could not be reached. `sent` is true when the request may have arrived, so its fate is unknown."""

    exit_code = 6

    def __init__(self, message: str, hint: str = "", *, sent: bool = False) -> None:
        super().__init__(message, hint)
        self.sent = sent


class SiteError(ModtuiError):
    """The site answered with something its platform does not say. `sent` as in NetworkError."""

    exit_code = 7

    def __init__(self, message: str, hint: str = "", *, status: int = 0, sent: bool = False) -> None:
        super().__init__(message, hint)
        self.status = status
        self.sent = sent


class WrongSite(SiteError):
    """Something else than the expected platform lives at this address."""


class RateLimited(ModtuiError):
    """The site asks to wait. `wait_s` is in seconds; `whole_client` when every request must wait, not just this one."""

    exit_code = 8

    def __init__(self, message: str, hint: str = "", *, wait_s: float = 60.0, whole_client: bool = True) -> None:
        super().__init__(message, hint)
        self.wait_s = wait_s
        self.whole_client = whole_client


class Refused(ModtuiError):
    """The site understood and will not do it. `message` carries the site's own reason."""

    exit_code = 9


class Stale(Refused):
    """The subject changed since it was read (409)."""


class StoreError(ModtuiError):
    """The journal or the cache cannot be used."""

    exit_code = 10


class ReadOnly(ModtuiError):
    """A write was asked for although modtui was started read-only."""

    exit_code = 11
