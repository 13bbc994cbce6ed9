"""The adapter to Matrix homeservers that run Synapse: server moderation through its admin API, room moderation through
the client API (which works on every homeserver).

`wire` is the JSON, `client` the calls, `rooms` what power levels allow, `shape` wire to domain, `lane` the list of
reports, `offers` what can be done, `plans` intent to calls, `calls` carries them out and looks up what became of them,
`talks` the rooms of questions, `people` members; `backend` puts it together.
"""

from __future__ import annotations

from modtui.backends.base import Backend, Connection


def factory(connection: Connection) -> Backend:
    """A backend for one account on one homeserver. Raises SettingsError where the options are off."""
    from modtui.backends.synapse.backend import SynapseBackend

    return SynapseBackend(connection)
