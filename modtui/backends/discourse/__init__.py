"""Discourse: the adapter. `factory` is what the entry point `modtui.backends` names."""

from __future__ import annotations

from modtui.backends.base import Backend, Connection


def factory(connection: Connection) -> Backend:
    """A backend for a Discourse site, made without I/O."""
    from modtui.backends.discourse.backend import DiscourseBackend

    return DiscourseBackend(connection)
