"""Where something was handed to, in words: from the steps of its decision, whose words have the route's title."""

from __future__ import annotations

from collections.abc import Sequence

from modtui.domain.decisions import Intent, Step
from modtui.text import Shown, own, say, show_line

_OURS, _SITE = "route:", "site:"
_HANDED = "handed to "


def to_whom(intent: Intent, steps: Sequence[Step] = ()) -> Shown:
    """`to Product`, `assigned to kestrel`; `escalated to Product` beside another verb. Empty without a route.

    Without the steps only the name of the route is known.
    """
    if intent.route is None:
        return own("")
    name: str = intent.route.removeprefix(_SITE)
    ours = next((step.words for step in steps if step.executor.startswith(_OURS)), None)
    if ours is not None:
        name = ours.removeprefix(_HANDED)
    elif intent.route.startswith(_SITE) and steps:
        return show_line(steps[-1].words, 60)  # what the site was asked to do, last of all
    to = say("to {name}", name=show_line(name, 40))
    return to if intent.verb == "escalate" else say("escalated {to}", to=to)
