"""Members as Discourse lists them, typed. IP and e-mail addresses have no field here: they are never decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modtui.backends.discourse.wire import Person
from modtui.domain.items import Penalty
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

PRIVATE = ("email", "ip_address", "registration_ip_address", "secondary_emails", "associated_accounts", "ip_addresses")
"""Keys of Discourse's members that only `private` reads."""
NEVER_MS = 90 * 365 * 86_400_000
"""A sanction that ends later than this is for good."""


class ListedUser(Person, frozen=True, kw_only=True):
    """A row of /admin/users/list, or the same keys of /admin/users/:id."""

    approved: bool | None = None
    active: bool | None = None
    staged: bool | None = None
    silenced: bool | None = None
    suspended: bool | None = None
    warnings_received_count: int | None = None
    penalty_counts: dict[str, Any] | None = None
    can_be_deleted: bool | None = None
    can_delete_all_posts: bool | None = None


def without_private(row: dict[str, Any]) -> dict[str, Any]:
    """The row without addresses, so that nothing that is made of it can hold one."""
    return {key: value for key, value in row.items() if key not in PRIVATE}


def penalties_of(row: Mapping[str, Any], now_ms: int) -> tuple[Penalty, ...]:
    """The sanctions in force that a user's JSON tells of. Lists say only that there is one, not until when."""
    found = []
    for kind, word in (("silence", "silenced"), ("ban", "suspended")):
        until = parse_iso_or_none(row.get(f"{word}_till"))
        if until is None and row.get(word) is not True:
            continue
        if until is not None and until <= now_ms:
            continue
        by = row.get(f"{word}_by")
        name = by.get("username") if isinstance(by, dict) else None
        reason = row.get("silence_reason" if kind == "silence" else "suspend_reason")
        found.append(
            Penalty(
                kind="silence" if kind == "silence" else "ban",
                until_ms=until if until is not None and until - now_ms < NEVER_MS else None,
                by=Foreign(name) if isinstance(name, str) and name else None,
                since_ms=parse_iso_or_none(row.get(f"{word}_at")),
                reason=Foreign(reason) if isinstance(reason, str) and reason else None, told=until is not None,
            )
        )  # fmt: skip
    return tuple(found)
