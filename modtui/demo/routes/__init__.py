"""The routes, one module per area. Each module has `ROUTES`: (methods, path without .json, handler)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import Response

from modtui.demo.wire import Call

Handler = Callable[[Call], Response | Awaitable[Response]]
RouteLine = tuple[str, str, Handler]


def all_routes() -> list[RouteLine]:
    """Every route of the community, the more special paths before the more general ones."""
    from modtui.demo.routes import (
        about,
        admin,
        assign,
        bookmarks,
        completion,
        directory,
        keys,
        live,
        lookups,
        penalties,
        posting,
        posts,
        presence,
        reactions,
        review,
        review_edit,
        topics,
        users,
    )

    areas: list[Sequence[RouteLine]] = [
        completion.ROUTES,
        assign.ROUTES,
        bookmarks.ROUTES,
        presence.ROUTES,
        review.ROUTES,
        review_edit.ROUTES,
        topics.ROUTES,
        posts.ROUTES,
        posting.ROUTES,
        reactions.ROUTES,
        users.ROUTES,
        directory.ROUTES,
        lookups.ROUTES,
        admin.ROUTES,
        penalties.ROUTES,
        keys.ROUTES,
        live.ROUTES,
        about.ROUTES,
    ]
    return [line for area in areas for line in area]
