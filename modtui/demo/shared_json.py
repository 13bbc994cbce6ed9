"""Small pieces of JSON that several areas use: tags, cooked posts, known usernames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modtui.demo.cooked import cook
from modtui.demo.model import (
    Row,
)
from modtui.demo.site import Site


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
