"""The adapter to the discussion forum of Open edX (openedx-forum on PyPI), alone or inside the platform.

`wire` is its JSON, `client` its calls, `shape` wire to domain, `offers` what can be done, `plans` intent to calls,
`calls` carries them out, `backend` puts it together.
"""

from __future__ import annotations

from modtui.backends.base import Backend, Connection


class OpenEdxFactory:
    """Makes backends. A service account may stand for several courses and moderators, so these are part of who a
    community is."""

    parts = ("course", "acting_user")

    def __call__(self, connection: Connection) -> Backend:
        """A backend for one course of a forum. Raises SettingsError where the options are not complete."""
        from modtui.backends.openedx.backend import OpenEdxBackend

        return OpenEdxBackend(connection)


factory = OpenEdxFactory()
