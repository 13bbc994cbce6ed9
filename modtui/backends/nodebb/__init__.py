"""The adapter to NodeBB forums (4.x, as 4.15.1 answers), by a bearer token.

`wire` is its JSON, `client` its calls and errors, `site` what is known of the site and the account; `flags`, `queue`,
`questions` and `people` are the lanes, `offers` what can be done, `plans` (with `thread_plans`) intent to calls,
`calls` (with `thread_calls`) carries them out and looks them up, `backend` puts it together.
"""

from __future__ import annotations

from modtui.backends.base import Backend, Connection


class NodeBBFactory:
    """Makes backends. A master token may act as any member, so the member's number is part of who a community is."""

    parts = ("uid",)

    def __call__(self, connection: Connection) -> Backend:
        """A backend for one account on one forum. Raises SettingsError where the options are off."""
        from modtui.backends.nodebb.backend import NodeBBBackend

        return NodeBBBackend(connection)


factory = NodeBBFactory()
