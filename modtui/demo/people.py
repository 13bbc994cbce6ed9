"""Members as the API shows them, in all their richness, and what may be done to them."""

from __future__ import annotations

from typing import Any

from modtui.demo.model import DAY, FOREVER_MS, Row, iso, now_ms
from modtui.demo.site import Site

_COLORS = ("9fc29f", "c57346", "e36144", "59ef86", "ba9def", "e9c0ed", "7bcc69", "bbce97", "82dd89", "f14d63")


def is_staff(user: Row) -> bool:
    """Whether a member is a moderator or an admin (the system account is too)."""
    return bool(user["admin"] or user["moderator"])


def is_silenced(user: Row, now: int | None = None) -> bool:
    """Whether a silence is in force."""
    return user["silenced_till"] is not None and user["silenced_till"] > (now or now_ms())


def is_suspended(user: Row, now: int | None = None) -> bool:
    """Whether a suspension is in force."""
    return user["suspended_till"] is not None and user["suspended_till"] > (now or now_ms())


def sees_emails(site: Site, viewer: Row) -> bool:
    """Whether a viewer may look up e-mail addresses: admins, and moderators where the site's setting allows it."""
    return bool(viewer["admin"] or (viewer["moderator"] and site.settings.moderators_view_emails))


def can_be_deleted(user: Row) -> bool:
    """Whether a moderator may delete the account: not staff, and either new or with few posts."""
    return (
        not is_staff(user) and user["id"] > 0 and (user["post_count"] <= 5 or user["created_at"] > now_ms() - 60 * DAY)
    )


def avatar(user: Row) -> str:
    """The avatar's path with `{size}` in it."""
    return f"/letter_avatar_proxy/v4/letter/{user['username'][0].lower()}/{_COLORS[user['id'] % 10]}/{{size}}.png"


def basic(user: Row) -> Row:
    """The plainest form: id, username, name, avatar."""
    return {"id": user["id"], "username": user["username"], "name": user["name"], "avatar_template": avatar(user)}


def notes_count(site: Site, user_id: int) -> int:
    """How many user notes there are about a member."""
    return int(site.db.value("SELECT count(*) FROM user_notes WHERE user_id = ?", [user_id]))


def with_fields(site: Site, user: Row) -> Row:
    """The form with `custom_fields`, where the number of user notes lives (as text)."""
    count = notes_count(site, user["id"])
    return {**basic(user), "custom_fields": {"user_notes_count": str(count)} if count else {}}


def flagged(site: Site, user: Row) -> Row:
    """The "flagged user" form of the review queue: counts, address, mail."""
    return {
        **with_fields(site, user),
        "can_delete_all_posts": can_be_deleted(user) or user["post_count"] <= 15,
        "can_be_deleted": can_be_deleted(user),
        "post_count": user["post_count"],
        "topic_count": user["topic_count"],
        "ip_address": user["ip"],
        "email": user["email"],
        "flags_agreed": user["flags_agreed"],
        "flags_disagreed": user["flags_disagreed"],
        "flags_ignored": user["flags_ignored"],
        "created_at": iso(user["created_at"]),
        "trust_level": user["trust_level"],
        "silenced_count": user["silenced_count"],
        "suspended_count": user["suspended_count"],
        "rejected_posts_count": user["rejected_posts_count"],
    }


def penalties(site: Site, user: Row, target_id: int | None) -> list[Row]:
    """What is in force against a member, for `author_penalties`; `from_this_target` when this post caused it."""
    out: list[Row] = []
    now = now_ms()
    for kind, in_force in (("silence", is_silenced(user, now)), ("suspension", is_suspended(user, now))):
        if not in_force:
            continue
        word = "silenced" if kind == "silence" else "suspended"
        by = site.user(user[f"{word}_by"])
        till = user[f"{word}_till"]
        row = site.db.one(
            "SELECT * FROM penalties WHERE user_id = ? AND kind = ? AND lifted_at IS NULL ORDER BY id DESC",
            [user["id"], kind],
        )
        out.append(
            {
                "kind": kind,
                "expires_at": iso(till),
                "forever": till - now > FOREVER_MS * 0.9,
                "applied_at": iso(user[f"{word}_at"]),
                "applied_by": basic(by) if by else None,
                "automatic": bool(row and row["automatic"]),
                "reason": user["silence_reason" if kind == "silence" else "suspend_reason"],
                "from_this_target": bool(row and row["post_id"] is not None and row["post_id"] == target_id),
            }
        )
    return out


def bio_cooked(user: Row) -> str:
    """The profile text as HTML (one paragraph)."""
    from modtui.demo.cooked import cook

    return cook(user["bio"]) if user["bio"] else ""


def card(site: Site, user: Row, viewer: Row | None) -> dict[str, Any]:
    """The `user` object of /u/:username.json; staff see counts of what went wrong."""
    out: dict[str, Any] = {
        **with_fields(site, user),
        "last_posted_at": iso(user["last_posted_at"]),
        "last_seen_at": iso(user["last_seen_at"]),
        "created_at": iso(user["created_at"]),
        "trust_level": user["trust_level"],
        "moderator": bool(user["moderator"]),
        "admin": bool(user["admin"]),
        "title": user["title"],
        "badge_count": 1 + user["post_count"] // 200,
        "time_read": user["time_read"],
        "recent_time_read": user["time_read"] // 30,
        "post_count": user["post_count"],
        "topic_count": user["topic_count"],
        "profile_view_count": user["days_visited"] * 2,
        "locale": user["locale"],
        "accepted_answers": user["solved_count"],
        "groups": groups(user),
        "can_ignore_user": True,
        "can_mute_user": True,
        "can_send_private_messages": True,
        "can_send_private_message_to_user": True,
    }
    for name in ("website", "location"):
        if user[name]:
            out[name] = user[name]
    if user["bio"]:
        out |= {"bio_raw": user["bio"], "bio_cooked": bio_cooked(user), "bio_excerpt": user["bio"][:200]}
    if is_suspended(user):
        out |= {"suspended_till": iso(user["suspended_till"]), "suspend_reason": user["suspend_reason"]}
    if viewer and is_staff(viewer):
        count = site.db.value
        out |= {
            "silenced": is_silenced(user),
            "silence_reason": user["silence_reason"] if is_silenced(user) else None,
            "can_be_deleted": can_be_deleted(user),
            "can_delete_all_posts": can_be_deleted(user) or user["post_count"] <= 15,
            "number_of_deleted_posts": count(
                "SELECT count(*) FROM posts WHERE user_id = ? AND deleted_at IS NOT NULL AND NOT user_deleted",
                [user["id"]],
            ),
            "number_of_flagged_posts": user["flags_received"],
            "number_of_flags_given": user["flags_agreed"] + user["flags_disagreed"] + user["flags_ignored"],
            "number_of_warnings": user["warnings_count"],
            "number_of_silencings": user["silenced_count"],
            "number_of_suspensions": user["suspended_count"],
            "number_of_rejected_posts": user["rejected_posts_count"],
        }
    return out


def groups(user: Row) -> list[Row]:
    """Automatic groups of a member."""
    out = [
        {"id": 10 + level, "automatic": True, "name": f"trust_level_{level}"}
        for level in range(user["trust_level"] + 1)
    ]
    if user["admin"]:
        out.append({"id": 1, "automatic": True, "name": "admins"})
    if user["moderator"]:
        out.append({"id": 2, "automatic": True, "name": "moderators"})
    if is_staff(user):
        out.append({"id": 3, "automatic": True, "name": "staff"})
    return out
