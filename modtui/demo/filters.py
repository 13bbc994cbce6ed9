"""The filter language of /filter.json, and the one of /search.json, turned into SQL over `topics t`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from modtui.demo.model import DAY, Row, now_ms, parse_time
from modtui.demo.people import is_staff
from modtui.demo.site import Site

_TOKEN = re.compile(r'([-=]{0,2})([a-z-]+):("[^"]*"|\S+)|"([^"]*)"|(\S+)')

ORDERS = {
    "activity": "t.bumped_at",
    "created": "t.created_at",
    "latest-post": "t.last_posted_at",
    "likes": "t.like_count",
    "likes-op": "t.like_count",
    "posts": "t.posts_count",
    "posters": "t.participants",
    "views": "t.views",
    "title": "t.title",
    "category": "t.category_id",
    "hot": "t.bumped_at",
}
COUNTS = {
    "likes": "t.like_count",
    "likes-op": "t.like_count",
    "posts": "t.posts_count",
    "posters": "t.participants",
    "views": "t.views",
}
TIMES = {"activity": "t.bumped_at", "created": "t.created_at", "latest-post": "t.last_posted_at"}
SINGLE = (
    "NOT EXISTS (SELECT 1 FROM posts p WHERE p.topic_id = t.id AND p.deleted_at IS NULL AND p.user_id != "
    "t.user_id AND p.post_type = 1)"
)
STATUS = {
    "open": "NOT t.closed AND NOT t.archived",
    "closed": "t.closed",
    "archived": "t.archived",
    "listed": "t.visible",
    "unlisted": "NOT t.visible",
    "noreplies": "t.posts_count = 1",
    "single-user": SINGLE,
    "single_user": SINGLE,
    "solved": "t.accepted_post_id IS NOT NULL",
    "unsolved": "t.accepted_post_id IS NULL AND NOT t.closed AND NOT t.archived AND t.category_id IN (SELECT id "
    "FROM categories WHERE solved)",
    "public": "t.category_id NOT IN (SELECT id FROM categories WHERE read_restricted)",
}


@dataclass(slots=True)
class Filter:
    """A condition, its parameters, the order, and the words that were not understood."""

    parts: list[str] = field(default_factory=list)
    params: list[object] = field(default_factory=list)
    order: str = "t.bumped_at DESC, t.id DESC"
    invalid: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    deleted: bool = False

    def add(self, sql: str, *params: object, negate: bool = False) -> None:
        """One more condition."""
        self.parts.append(f"NOT ({sql})" if negate else f"({sql})")
        self.params.extend(params)

    @property
    def where(self) -> str:
        """The whole condition."""
        base = "t.deleted_at IS NOT NULL" if self.deleted else "t.deleted_at IS NULL"
        return " AND ".join([base, *self.parts])


def topics_where(site: Site, query: str, viewer: Row | None) -> Filter:
    """Read a query. Unknown words are collected in `invalid`; free words search titles and first posts."""
    out = Filter()
    for sign, name, value, quoted, word in _TOKEN.findall(query):
        if not name:
            out.words.append(quoted or word)
            continue
        value = value.strip('"')
        if not _apply(site, out, sign, name, value, viewer):
            out.invalid.append(f"{sign}{name}:{value}")
    for free in out.words:
        like = f"%{free}%"
        out.add(
            "t.title LIKE ? OR EXISTS (SELECT 1 FROM posts p WHERE p.topic_id = t.id AND p.post_number = 1 AND "
            "p.raw LIKE ?)",
            like,
            like,
        )
    return out


def _apply(site: Site, out: Filter, sign: str, name: str, value: str, viewer: Row | None) -> bool:
    negate = "-" in sign
    if name == "status":
        if value == "deleted" and viewer is not None and is_staff(viewer):
            out.deleted = True
            return True
        if value not in STATUS:
            return False
        out.add(STATUS[value], negate=negate)
        return True
    simple = SIMPLE.get(name)
    if simple is not None:
        return simple(site, out, sign, value, viewer)
    if name == "order":
        column, direction = value.removesuffix("-asc"), "ASC" if value.endswith("-asc") else "DESC"
        if column not in ORDERS:
            return False
        out.order = f"{ORDERS[column]} {direction}, t.id {direction}"
        return True
    stem, _, end = name.rpartition("-")
    if end in ("min", "max") and stem in COUNTS and value.isdigit():
        out.add(f"{COUNTS[stem]} {'>=' if end == 'min' else '<='} ?", int(value), negate=negate)
        return True
    if end in ("before", "after") and (stem in TIMES or stem == "bookmarked"):
        at = now_ms() - int(value) * DAY if value.isdigit() else parse_time(value)
        if at is None:
            return False
        if stem == "bookmarked":
            mine = f"SELECT topic_id FROM bookmarks WHERE user_id = {_id(viewer)} AND created_at"
            out.add(f"t.id IN ({mine} {'<' if end == 'before' else '>='} ?)", at, negate=negate)
            return True
        out.add(f"{TIMES[stem]} {'<' if end == 'before' else '>='} ?", at, negate=negate)
        return True
    return False


def _category(site: Site, out: Filter, sign: str, value: str, viewer: Row | None) -> bool:
    ids: list[int] = []
    for slug in value.split(","):
        slug = slug.rpartition(":")[2]
        for category in site.categories().values():
            if category["slug"] == slug.lower():
                ids.append(category["id"])
                if "=" not in sign:
                    ids += [c["id"] for c in site.categories().values() if c["parent_id"] == category["id"]]
    marks = ", ".join(map(str, ids)) or "0"
    out.add(f"t.category_id IN ({marks})", negate="-" in sign)
    return True


def _tag(site: Site, out: Filter, sign: str, value: str, viewer: Row | None) -> bool:
    one = "EXISTS (SELECT 1 FROM json_each(t.tags) g WHERE g.value = ?)"
    joiner, names = (" AND ", value.split("+")) if "+" in value else (" OR ", value.split(","))
    out.add(joiner.join([one] * len(names)), *names, negate="-" in sign)
    return True


def _people(column: str) -> Callable[[Site, Filter, str, str, Row | None], bool]:
    def apply(site: Site, out: Filter, sign: str, value: str, viewer: Row | None) -> bool:
        joiner, names = (" AND ", value.split("+")) if "+" in value else (" OR ", value.split(","))
        ids: list[Any] = []
        for name in names:
            user = viewer if name == "me" else site.user_named(name.lstrip("@"))
            ids.append(user["id"] if user else 0)
        sql = (
            "t.user_id = ?"
            if column == "author"
            else "EXISTS (SELECT 1 FROM posts p WHERE p.topic_id = t.id AND p.user_id = ? AND p.deleted_at IS NULL)"
        )
        out.add(joiner.join([sql] * len(ids)), *ids, negate="-" in sign)
        return True

    return apply


def _topic(site: Site, out: Filter, sign: str, value: str, viewer: Row | None) -> bool:
    ids = [part for part in value.split(",") if part.isdigit()]
    if not ids:
        return False
    out.add(f"t.id IN ({', '.join(ids)})", negate="-" in sign)
    return True


def _locale(site: Site, out: Filter, sign: str, value: str, viewer: Row | None) -> bool:
    names = value.split(",")
    out.add(" OR ".join(["t.locale = ?"] * len(names)), *names, negate="-" in sign)
    return True


def _in(site: Site, out: Filter, sign: str, value: str, viewer: Row | None) -> bool:
    parts: list[str] = []
    for one in value.split(","):
        if one == "bookmarked":
            parts.append(f"t.id IN (SELECT topic_id FROM bookmarks WHERE user_id = {_id(viewer)})")
        elif one in LEVELS:
            mine = f"SELECT level FROM topic_users x WHERE x.topic_id = t.id AND x.user_id = {_id(viewer)}"
            parts.append(f"coalesce(({mine}), 1) = {LEVELS[one]}")
        elif one in PLAIN_IN:
            parts.append(PLAIN_IN[one])
        else:
            return False
    out.add(" OR ".join(parts), negate="-" in sign)
    return True


LEVELS = {"muted": 0, "normal": 1, "tracking": 2, "watching": 3, "watching-first-post": 4}
PLAIN_IN = {"pinned": "t.pinned OR t.pinned_globally", "untagged": "t.tags = '[]'"}


def _id(viewer: Row | None) -> int:
    return int(viewer["id"]) if viewer else 0


def _assigned(site: Site, out: Filter, sign: str, value: str, viewer: Row | None) -> bool:
    """`assigned:name`, `me`, a group's name, `*` for anybody, `nobody`; whoever may not assign is not understood."""
    if not site.settings.assign or viewer is None or not is_staff(viewer):
        return False
    taken = "EXISTS (SELECT 1 FROM assignments a WHERE a.topic_id = t.id"
    if value in ("nobody", "*"):
        out.add(f"{taken})", negate=("-" in sign) != (value == "nobody"))
        return True
    parts, params = [], list[object]()
    for name in value.split(","):
        user = viewer if name == "me" else site.user_named(name.lstrip("@"))
        parts.append(f"{taken} AND (a.user_id = ? OR a.group_name = ?))")
        params += [user["id"] if user else 0, name]
    out.add(" OR ".join(parts), *params, negate="-" in sign)
    return True


def _group(site: Site, out: Filter, sign: str, value: str, viewer: Row | None) -> bool:
    """Topics in which somebody of a group wrote."""
    wanted = {"moderators": "u.moderator", "admins": "u.admin", "staff": "u.moderator OR u.admin"}
    parts = [
        "EXISTS (SELECT 1 FROM posts p JOIN users u ON u.id = p.user_id WHERE p.topic_id = t.id AND u.id > 0"
        f" AND p.deleted_at IS NULL AND ({wanted.get(name, '0')}))"
        for name in value.split(",")
    ]
    out.add(" OR ".join(parts), negate="-" in sign)
    return True


SIMPLE: dict[str, Callable[[Site, Filter, str, str, Row | None], bool]] = {
    "category": _category,
    "categories": _category,
    "tag": _tag,
    "tags": _tag,
    "created-by": _people("author"),
    "users": _people("poster"),
    "topic": _topic,
    "locale": _locale,
    "in": _in,
    "assigned": _assigned,
    "group": _group,
    "groups": _group,
}
