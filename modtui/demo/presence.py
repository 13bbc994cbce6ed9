"""Who is writing where: channels with the members who are present, each for a minute unless they say so again."""

from __future__ import annotations

import threading
import time

from modtui.demo import people
from modtui.demo.model import Row
from modtui.demo.site import Site

LAST_S = 60.0
_LOCK = threading.Lock()


def reply_channel(topic_id: int) -> str:
    """The channel of those who write a reply in a topic."""
    return f"/discourse-presence/reply/{topic_id}"


def enter(site: Site, channel: str, user: Row, client: str) -> None:
    """Somebody is there, from one of their programs; listeners are told when it is news."""
    with _LOCK:
        here = site.present.setdefault(channel, {})
        _forget(here)
        news = all(user_id != user["id"] for user_id, _ in here)
        here[user["id"], client] = time.monotonic() + LAST_S
    if news:
        site.bus.publish(f"/presence{channel}", {"entering_users": [people.basic(user)]})


def leave(site: Site, channel: str, user: Row, client: str) -> None:
    """Somebody has gone."""
    with _LOCK:
        here = site.present.get(channel, {})
        was = here.pop((user["id"], client), None)
        news = was is not None and all(user_id != user["id"] for user_id, _ in here)
    if news:
        site.bus.publish(f"/presence{channel}", {"leaving_user_ids": [user["id"]]})


def present(site: Site, channel: str) -> list[Row]:
    """Who is there now."""
    with _LOCK:
        here = site.present.get(channel, {})
        _forget(here)
        ids = list(dict.fromkeys(user_id for user_id, _ in here))
    found = site.db.by_ids("users", ids)
    return [found[user_id] for user_id in ids if user_id in found]


def _forget(here: dict[tuple[int, str], float]) -> None:
    now = time.monotonic()
    for key in [key for key, until in here.items() if until < now]:
        del here[key]
