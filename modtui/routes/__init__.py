"""Where escalations go: webhook, e-mail, command. See `base` for the protocol, `build` for how settings become routes.

The platform's own escalations (a message to a group, an assignment) are planned by its backend.
"""

from modtui.routes.base import DELIVER, FORMAT, Payload, Route
from modtui.routes.build import make_routes

__all__ = ["DELIVER", "FORMAT", "Payload", "Route", "make_routes"]
