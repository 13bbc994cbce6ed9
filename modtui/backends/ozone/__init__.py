"""The adapter to Ozone, the moderation service of Bluesky and of other labelers of the atproto network.

`session` signs in and renews, `wire` is the JSON, `client` the calls, `site` what signing in found, `lane` the list of
what is reported, `shape` wire to domain, `offers` what can be done, `plans` and `undo` intent to calls, `calls` carries
them out, `people` members and their history, `backend` puts it together.
"""

from __future__ import annotations

from modtui.backends.base import Backend, Connection


class OzoneFactory:
    """Makes backends. One account can be on the team of several services, and look after one queue of them."""

    parts = ("labeler", "queue")

    def __call__(self, connection: Connection) -> Backend:
        """A backend for one moderation service. Raises SettingsError where the options are off."""
        from modtui.backends.ozone.backend import OzoneBackend

        return OzoneBackend(connection)


factory = OzoneFactory()
