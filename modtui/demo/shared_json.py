"""Small pieces of JSON that several areas use: tags, cooked posts, known usernames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modtui.demo.cooked import cook
from modtui.demo.model import Row, iso
from modtui.demo.site import Site


def topic_json(topic: Row) -> Row:
    """What a topic has in lists and beside reviewables alike."""
    return {
        "id": topic["id"],
        "title": topic["title"],
        "fancy_title": topic["title"],
        "slug": topic["slug"],
        "posts_count": topic["posts_count"],
        "reply_count": topic["reply_count"],
        "highest_post_number": topic["highest_post_number"],
        "created_at": iso(topic["created_at"]),
        "last_posted_at": iso(topic["last_posted_at"]),
        "bumped_at": iso(topic["bumped_at"]),
        "archetype": topic["archetype"],
        "visible": bool(topic["visible"]),
        "closed": bool(topic["closed"]),
        "archived": bool(topic["archived"]),
        "has_accepted_answer": topic["accepted_post_id"] is not None,
    }


def tags_json(names: Iterable[str], ids: dict[str, int]) -> list[Row]:
    """Tags as objects, as in 2026."""
    return [{"id": ids.get(name, 0), "name": name, "slug": name} for name in names]


def tag_ids(site: Site) -> dict[str, int]:
    """All tags by name."""
    return {row["name"]: row["id"] for row in site.db.all("SELECT * FROM tags")}


def existing(site: Site) -> Any:
    """A cached test "is this lower-case name a member", for mentions."""
    seen: dict[str, bool] = {}

    def exists(name: str) -> bool:
        if name not in seen:
            seen[name] = site.db.one("SELECT 1 FROM users WHERE username_lower = ?", [name]) is not None
        return seen[name]

    return exists


def cooked_of(site: Site, post: Row) -> str:
    """The HTML of a post; cooked on first use and kept."""
    if post["cooked"] is None:
        post["cooked"] = cook(post["raw"], existing(site))
        site.db.run("UPDATE posts SET cooked = ? WHERE id = ? AND raw = ?", [post["cooked"], post["id"], post["raw"]])
    return str(post["cooked"])
