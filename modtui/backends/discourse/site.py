"""What `identify` found out about a site and the account on it; everything pure reads from here."""

from __future__ import annotations

from msgspec import Struct, field

from modtui.backends.discourse.thread_site import THREAD_VERBS, ThreadSite
from modtui.domain.capability import ALLOWED, Blocked, Capabilities, Capability
from modtui.domain.subjects import CommunityId
from modtui.text import Foreign

REREAD_BATCH = 10
"""Rows in a page of /review.json, fixed by the server."""

_PERFORM = ("approve", "remove", "spam", "ignore", "offer", "claim", "release", "reopen")
_STAFF = ("restore", "edit", "note", "silence", "unsilence", "ban", "unban", "lock", "unlock", "warn", "purge",
          "logout", "erase")  # fmt: skip


class Site(Struct):
    """One account on a Discourse site. `staff` sees /admin, `reviews` has a review queue at all; `categories` are
    names by id, `item_notes` and `user_notes` whether such exist (None: not tried yet), `claims_required` and
    `claims_off` are learnt from refusals."""

    community: CommunityId
    base: str
    me_id: int = 0
    me: Foreign = field(default=Foreign(""))
    admin: bool = False
    staff: bool = False
    reviews: bool = False
    known: bool = False
    claims_required: bool | None = None
    claims_off: bool = False
    item_notes: bool | None = None
    user_notes: bool | None = None
    members: int | None = None
    """How many members the site counts."""
    categories: dict[int, Foreign] = field(default_factory=dict)
    threads: ThreadSite = field(default_factory=ThreadSite)

    def ours(self, url: str | None) -> bool:
        """Whether an address that the server names is on this site."""
        return bool(url) and str(url).startswith(self.base + "/")


def capabilities(site: Site, *, limit: int, poll_s: float, read_only: bool) -> Capabilities:
    """What this account may do here. Everything is blocked before `identify`."""
    if not site.known:
        blocked: Capability = Blocked("offline", "the site has not answered yet")
        return Capabilities(verbs=dict.fromkeys((*_PERFORM, *_STAFF, *THREAD_VERBS), blocked),
                            lanes=_lanes(blocked), budget=limit)  # fmt: skip
    queue: Capability = ALLOWED if site.reviews else Blocked("right", "this account has no review queue on this site")
    staff: Capability = (
        ALLOWED if site.staff else Blocked("right", "only staff may do this, and this account is not staff")
    )
    verbs: dict[str, Capability] = dict.fromkeys(_PERFORM, queue) | dict.fromkeys(_STAFF, staff)
    verbs["edit"] = queue
    verbs |= site.threads.verbs()
    if read_only:
        verbs = dict.fromkeys(verbs, Blocked("read-only", "modtui was started read-only"))
    return Capabilities(
        verbs=verbs, lanes=_lanes(queue) | {"questions": ALLOWED, "members": ALLOWED},
        features={"members": ALLOWED, "private": staff, **site.threads.features()},
        reread_batch=REREAD_BATCH, budget=limit, poll_s=poll_s, live="poll",
        versions=True, claims_required=bool(site.claims_required),
    )  # fmt: skip


def _lanes(queue: Capability) -> dict[str, Capability]:
    return {"reports": queue, "pending": queue}
