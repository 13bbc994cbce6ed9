"""How long the HTTP door waits, and the error when that was in vain."""

from __future__ import annotations

from modtui.errors import NetworkError


class Silent(NetworkError):
    """No answer in time. Not tried again at once: that would keep the moderator waiting for as long once more, and who
    asked tries again anyway, with the state told."""


class Limits:
    """The time limits of the door, in seconds: to connect, between two pieces of an answer, for a whole request, and
    how long a request waits for its turn in the budget; `before_write` is the longest wait after a 429 that a write
    sits out here. `attempts` counts tries of what can be repeated."""

    connect = 10.0
    read = 20.0
    total = 45.0
    patience = 90.0
    before_write = 10.0
    attempts = 3
