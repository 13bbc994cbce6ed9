"""Asking several things at once, and things that a site may not have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from modtui.errors import AuthError, ModtuiError, NetworkError, RateLimited

T = TypeVar("T")


async def or_none(asked: Awaitable[T]) -> T | None:
    """The answer, None when the site does not have it or does not show it. The line's own troubles still raise."""
    try:
        return await asked
    except (NetworkError, RateLimited, AuthError):
        raise
    except ModtuiError:
        return None


async def together(*asked: Coroutine[Any, Any, Any]) -> list[Any]:
    """Ask side by side. When one fails, the others are given up and have ended before the error goes on, so that no
    request outlives the backend."""
    tasks = [asyncio.ensure_future(one) for one in asked]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
