"""What can be done, and if not, why not."""

from __future__ import annotations

from typing import Literal

import msgspec

Code = Literal["platform", "plugin", "version", "right", "setting", "state", "claimed", "offline", "read-only"]


class Allowed(msgspec.Struct, frozen=True, tag="allowed"):
    """It can be done."""


class Blocked(msgspec.Struct, frozen=True, tag="blocked"):
    """It cannot be done: `code` for programs, `sentence` for people (starts in lower case, no full stop)."""

    code: Code
    sentence: str


def as_sentence(words: str) -> str:
    """Words as `Blocked.sentence` has them as a sentence of their own: with a capital and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


Capability = Allowed | Blocked
ALLOWED = Allowed()


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What this site, this account and this version can do.

    `verbs` and `lanes` name everything modtui knows; what is missing from them is not possible on this platform.
    `reread_batch` is how many subjects one request can re-read; `budget` is requests a minute (0: not known);
    `poll_s` is how often it is fair to look for changes; `live` is how changes arrive.
    """

    verbs: dict[str, Capability] = {}
    lanes: dict[str, Capability] = {}
    reread_batch: int = 1
    budget: int = 0
    poll_s: float = 60.0
    live: Literal["push", "poll"] = "poll"
    versions: bool = False
    claims_required: bool = False
    features: dict[str, Capability] = {}
    """The optional reads of the protocol: "members", "private", "choices", "templates", "answered", "search",
    "writing", and "whisper" and "message" as kinds of reply."""

    def feature(self, name: str) -> Capability:
        """Whether the site has an optional part of the protocol for this account."""
        return self.features.get(name, Blocked("platform", "this platform has no such thing"))

    def verb(self, verb: str) -> Capability:
        """Whether this account may use `verb` on this site at all."""
        return self.verbs.get(verb, Blocked("platform", "this platform has no such action"))

    def lane(self, lane: str) -> Capability:
        """Whether this account has the lane."""
        return self.lanes.get(lane, Blocked("platform", "this platform has no such lane"))
