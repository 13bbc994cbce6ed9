"""The running community: its world, its settings, its keys, who asked what, and what it tells its listeners."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from modtui.demo.bus import Bus
from modtui.demo.db import Database
from modtui.demo.model import Row, now_ms


class LoggedRequest(NamedTuple):
    """One answered request: method, path with its query, status, acting username (empty when anonymous), and when it
    came, in seconds of `time.monotonic`."""

    method: str
    path: str
    status: int
    username: str
    came: float


@dataclass(slots=True)
class SiteSettings:
    """Settings that change behaviour. `claiming` is disabled, optional or required; `limits` admin, user or None."""

    title: str = "Harbour Community"
    claiming: str = "optional"
    limits: str | None = None
    hide_threshold: float = 12.0
    min_post_length: int = 10
    user_notes: bool = True
    solved: bool = True
    assign: bool = True
    moderators_view_emails: bool = True
    moderators_view_ips: bool = True
    templates: bool = True
    approval_categories: tuple[int, ...] = (13,)
    """Categories where every reply waits for approval, ..."""
    approval_staff: bool = False
    """... those of staff too, as some plugins want it."""
    topic_excerpts: bool = False  # lists say the beginning of every topic, as some themes want; else of pinned ones
    device_code: bool = True
    long_poll_s: float = 25.0
    pace: float = 1.0  # how fast the other moderators are; 0.001 is a thousand times a human's pace
    revise_reasons: tuple[str, ...] = ("Duplicate", "Unclear title", "Private data", "Wrong category")


@dataclass(slots=True)
class Fault:
    """A failure to inject: requests whose method and path prefix match are answered with `kind`, `times` times."""

    kind: str
    method: str
    prefix: str
    times: int
    wait_s: float = 0.0
    gate: threading.Event | None = None


@dataclass(slots=True)
class Site:
    """Everything a handler needs."""

    db: Database
    settings: SiteSettings = field(default_factory=SiteSettings)
    bus: Bus = field(default_factory=Bus)
    base_url: str = "http://127.0.0.1"
    requests: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=20_000))
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    windows: dict[str, deque[float]] = field(default_factory=dict)
    poll_sequences: dict[str, int] = field(default_factory=dict)
    devices: dict[str, dict[str, Any]] = field(default_factory=dict)
    counted: tuple[int, int] = (-1, 0)
    memo: dict[str, tuple[float, Any]] = field(default_factory=dict)
    present: dict[str, dict[tuple[int, str], float]] = field(default_factory=dict)
    category_cache: dict[int, Row] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    """The clock of the budgets, in seconds; a test may let it stand still."""

    def categories(self) -> dict[int, Row]:
        """All categories by id (they do not change while the site runs)."""
        if not self.category_cache:
            self.category_cache = {
                row["id"]: row for row in self.db.all("SELECT * FROM categories ORDER BY position, id")
            }
        return self.category_cache

    def user(self, user_id: int | None) -> Row | None:
        """A member who still exists, by id."""
        if user_id is None:
            return None
        return self.db.one("SELECT * FROM users WHERE id = ? AND deleted_at IS NULL", [user_id])

    def user_named(self, username: str) -> Row | None:
        """A member who still exists, by username in any case."""
        return self.db.one("SELECT * FROM users WHERE username_lower = ? AND deleted_at IS NULL", [username.lower()])

    def add_key(
        self,
        kind: str,
        user_id: int | None,
        *,
        scopes: str = "write",
        client_id: str = "",
        label: str = "",
        expires_at: int | None = None,
        length: int = 32,
    ) -> str:
        """Make a random key of `length` bytes in hex; only its digest is stored. `kind` is admin or user."""
        key = secrets.token_hex(length)
        self.db.insert(
            "api_keys",
            hash=digest(key),
            kind=kind,
            user_id=user_id,
            scopes=scopes,
            client_id=client_id,
            label=label,
            created_at=now_ms(),
            expires_at=expires_at,
        )
        return key

    def log_staff(self, action: str, by: int, **about: Any) -> None:
        """Write the staff action log. `about`: target_user_id, post_id, topic_id, details."""
        self.db.insert("staff_log", action=action, acting_user_id=by, created_at=now_ms(), **about)

    def tell_counts(self, updates: dict[str, Any] | None = None) -> None:
        """Tell every moderator who listens the number of pending items, on /reviewable_counts/:id."""
        for channel in self.bus.listening("/reviewable_counts/"):
            count = self.pending_count(int(channel.rsplit("/", 1)[1]))
            data: dict[str, Any] = {"reviewable_count": count, "unseen_reviewable_count": count}
            if updates:
                data["updates"] = updates
            self.bus.publish(channel, data)

    def pending_count(self, user_id: int) -> int:
        """Pending items, without those in topics that another moderator claimed."""
        if self.counted[0] != self.db.changes:
            total = int(self.db.value("SELECT count(*) FROM reviewables WHERE status = 0"))
            self.counted = (self.db.changes, total)
        total = self.counted[1]
        claimed = self.db.value(
            "SELECT count(*) FROM claims c CROSS JOIN reviewables r ON c.topic_id = r.topic_id"
            " WHERE r.status = 0 AND c.user_id != ? AND c.automatic = 0",
            [user_id],
        )
        return total - int(claimed)


def digest(key: str) -> str:
    """How a key is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


def load_list(text: str | None) -> list[Any]:
    """A JSON list column."""
    return json.loads(text) if text else []
