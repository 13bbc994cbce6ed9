"""Discourse: the adapter. `factory` is what the entry point `modtui.backends` names."""

from __future__ import annotations

from modtui.backends.base import Backend, Connection
from modtui.errors import UsageError


class DiscourseFactory:
    """Makes backends."""

    def __call__(self, connection: Connection) -> Backend:
        """A backend for a Discourse site, made without I/O. Raises UsageError as `check`."""
        from modtui.backends.discourse.backend import DiscourseBackend

        return DiscourseBackend(connection)

    def check(self, connection: Connection) -> None:
        """All that can be wrong with a connection before it is used. Raises UsageError for a service login."""
        if connection.credential is not None and connection.credential.kind != "token":
            raise UsageError("A Discourse community is entered with a key, not with a service login.")


factory = DiscourseFactory()
