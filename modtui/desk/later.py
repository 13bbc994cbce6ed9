"""Putting an item aside: when it comes back."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

LATER: dict[str, str] = {"1": "in an hour", "2": "tonight (18:00)", "3": "tomorrow (8:00)"}
"""The choices with a time, by key."""

WHEN_IT_CHANGES = 253_402_300_799_000
"""The instant (the last of the year 9999) that stands for "when it changes" in the store."""


def watched(item_id: str) -> str:
    """The cache's key for how an item looked when it was put off until it changes. A lost cache brings it back."""
    return f"later:{item_id}"


def comes_back(key: str, now_ms: int, tz: tzinfo) -> int:
    """When an item put aside with `key` of LATER comes back, in UTC ms. After 18:00, tonight is tomorrow at 18:00."""
    now = datetime.fromtimestamp(now_ms / 1000, tz)
    if key == "1":
        back = now + timedelta(hours=1)
    elif key == "2":
        back = datetime.combine(now.date(), time(18), tz)
        if back <= now:
            back = datetime.combine(now.date() + timedelta(days=1), time(18), tz)
    else:
        back = datetime.combine(now.date() + timedelta(days=1), time(8), tz)
    return int(back.timestamp() * 1000)
