"""A backend of modtui for noticeboards, a made-up platform.

`wire` is the board's JSON, `actions` what can be done and how it is undone, `backend` puts it together.
"""

from __future__ import annotations

from modtui.backends.base import Backend, Connection


def factory(connection: Connection) -> Backend:
    """What the entry point names. Makes a backend without any request; the import waits until it is needed."""
    from modtui_noticeboard.backend import NoticeboardBackend

    return NoticeboardBackend(connection)
