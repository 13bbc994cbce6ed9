"""A community that does not stand still: new things happen (`--traffic`), other moderators work (`--moderators`)."""

from __future__ import annotations

import asyncio

from modtui.demo.site import Site


def start(site: Site, traffic: float, moderators: int) -> list[asyncio.Task[None]]:
    """Start the background tasks; the caller cancels them."""
    return []
