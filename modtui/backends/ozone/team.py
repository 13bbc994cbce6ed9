"""What the team does among itself: taking reports, handing them over, escalating, tags."""

from __future__ import annotations

from modtui.backends.ozone.parts import COMMENT, LABEL, Made, comment, event_step, holder, waiting
from modtui.backends.ozone.site import Site
from modtui.domain.capability import Blocked, as_sentence
from modtui.domain.decisions import Call, Effect, Intent, PlannedStep
from modtui.domain.items import Item
from modtui.errors import Refused, UsageError
from modtui.text import count, own, say, show_line


def claim(site: Site, item: Item, kind: str) -> Made:
    """Take the open reports, or (kind release) give them back."""
    args = {"reports": waiting(item), "did": site.me, "before": None}
    words = "reports taken" if kind == "claim" else "reports given back"
    effect = "they are assigned to you" if kind == "claim" else "they are free again"
    return [PlannedStep(call=Call("assign" if kind == "claim" else "unassign", args), words=words)], [
        Effect("team", own(effect))
    ]


def assign(site: Site, item: Item, intent: Intent) -> Made:
    """Assign the open reports to somebody of the team, or to nobody."""
    reports = waiting(item)
    if not reports:
        raise Refused("No report on it is open.")
    if intent.verb == "unassign":
        if item.claim is None:
            raise Refused("Nobody has it.")
        call = Call("unassign", {"reports": reports, "did": holder(item)})
        return [PlannedStep(call=call, words="reports given back")], [Effect("team", own("they are free again"))]
    if not intent.to:
        raise UsageError("Choose who shall have it.")
    if item.claim is not None:
        raise Refused(f"{show_line(item.claim.by)} has it; unassign comes first.")
    if intent.to != site.me and site.role != "admin":
        raise Refused("Only admins of the service can hand reports to somebody else; claim takes them yourself.")
    name = show_line(site.team.get(intent.to, intent.to), 60)
    call = Call("assign", {"reports": reports, "did": intent.to, "before": None})
    return [PlannedStep(call=call, words=f"assigned to {name}")], [Effect("team", say("{n} has them", n=name))]


def escalate(site: Site, item: Item, intent: Intent) -> Made:
    """Hand it to the moderators and admins, to another queue, or to somebody of the team. Raises UsageError where the
    route is none of these."""
    prefix, _, route = (intent.route or "site:review").partition(":")
    if prefix != "site" or not route:
        raise UsageError("Choose where it shall go.")
    kind, _, rest = route.partition(":")
    note = (intent.text or "").strip()[:COMMENT]
    reports = waiting(item)
    if kind == "review":
        if item.native.get("state") == "escalated":
            raise Refused("It is escalated already.")
        able = [one["id"] for one in item.native.get("reports", ()) if one.get("status") in ("open", "assigned")]
        step = event_step(item, "modEventEscalate", {"comment": note or comment(intent)}, "escalated", reports=able)
        return [step], [Effect("team", own("moderators and admins of the service find it under escalated"))]
    if not reports:
        raise Refused("No report on it is open.")
    if kind == "assign" and rest:
        return assign(site, item, Intent(verb="assign", to=rest))
    if kind == "queue" and rest.isdecimal() and int(rest) in site.queues:
        name = show_line(site.queues[int(rest)].name, 60)
        rows = [one for one in item.native.get("reports", ()) if one.get("status") != "closed"]
        before = {str(one["id"]): one.get("queue") for one in rows}
        if all(queue == int(rest) for queue in before.values()):
            raise Refused(f"Its reports are in {name} already.")
        call = Call("queue", {"reports": reports, "queue": int(rest), "note": note, "before": before})
        words = say("{n} moved to the queue {name}", n=count(len(reports), "report"), name=name)
        return [PlannedStep(call=call, words=f"moved to {name}")], [Effect("team", words)]
    raise UsageError(f"The service has no way called {show_line(route, 60)}.")


def tag(site: Site, item: Item, intent: Intent) -> Made:
    """The subject's tags as they shall be; what is written label:NAME is a label."""
    if intent.tags is None:
        raise UsageError("Choose the tags.")
    before = [str(one) for one in item.place.tags]
    add = [one for one in dict.fromkeys(intent.tags) if one not in before]
    remove = [one for one in before if one not in intent.tags]
    if not add and not remove:
        raise Refused("The tags are so already.")
    steps: list[PlannedStep] = []
    tags = [[one for one in part if not one.startswith(LABEL)] for part in (add, remove)]
    labels = [[one.removeprefix(LABEL) for one in part if one.startswith(LABEL)] for part in (add, remove)]
    if any(tags):
        event = {"comment": comment(intent), "add": tags[0], "remove": tags[1]}
        steps.append(event_step(item, "modEventTag", event, "tags set"))
    if any(labels):
        if isinstance(site.decides, Blocked):
            raise Refused(as_sentence(site.decides.sentence))
        unknown = [one for one in labels[0] if one not in site.labels]
        if unknown:
            raise Refused(f"The service has no label {show_line(unknown[0], 60)}.")
        event = {"comment": comment(intent), "createLabelVals": labels[0], "negateLabelVals": labels[1]}
        steps.append(event_step(item, "modEventLabel", event, "labels set"))
    words = say("tags: {a}", a=", ".join([*(f"+{one}" for one in add), *(f"-{one}" for one in remove)]))
    return steps, [Effect("post" if any(labels) else "team", words)]
