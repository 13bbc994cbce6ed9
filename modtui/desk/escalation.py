"""Escalating: which routes an item has, what travels, and what a decision that escalates would do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from modtui.domain.capability import ALLOWED, Allowed, Blocked, Capability
from modtui.domain.decisions import Call, Decision, Effect, Intent, Plan, PlannedStep, Step, Target
from modtui.domain.items import Choice, Item
from modtui.domain.seen import text_of
from modtui.errors import ModtuiError, Refused, UsageError
from modtui.text import Foreign, Shown, own, say, show_line
from modtui.text.time import iso

if TYPE_CHECKING:
    from modtui.desk.community import Community
    from modtui.routes.base import Payload, Route
    from modtui.settings.model import RouteSettings

FORMAT = 1
DELIVER = "deliver"
EXECUTOR = "route:"
"""What the executor of a step that a route delivers begins with; its name follows."""
SITE = "site:"
"""What the name of one of the site's own routes begins with; the id of a choice follows."""
EXCERPT = 300
TEXT = 20_000
"""Signs of the excerpt and of the whole text that travel at most."""

Planner = Callable[[Item, Intent], Plan]


class RouteChoice(Struct, frozen=True):
    """One way on the route line. `name` is what an intent names; `key` its letter, "" for one of the site's own, which
    stand under `e`. `share`: whether the text of this item travels unless the moderator says otherwise."""

    key: str
    name: str
    title: Shown
    kind: str
    where: Shown
    capability: Capability = ALLOWED
    due_ms: int | None = None
    hours: str = ""
    share: bool = True
    stays: str = ""


def route_of(step: Step) -> str | None:
    """The route that delivers a step; None for a step of the backend's."""
    return step.executor.removeprefix(EXECUTOR) if step.executor.startswith(EXECUTOR) else None


def handing_over(decision: Decision, target: Target) -> Step | None:
    """The step of a target that hands it to somebody; None when the decision escalates nothing."""
    for step in target.steps:
        if route_of(step) is not None:
            return step
    if decision.undo_of is None and (decision.intent.route or "").startswith(SITE) and target.steps:
        return target.steps[-1]
    return None


def shares(item: Item) -> bool:
    """Whether the text of an item may travel at all without being asked: not where it is somebody's personal data."""
    return not item.folded


def own_choices(routes: Iterable[Route], item: Item | None) -> list[RouteChoice]:
    """The routes of the settings that modtui delivers itself, as they hold for an item."""
    return [
        RouteChoice(
            key=one.key, name=one.name, title=show_line(one.title, 40), kind=one.kind, where=show_line(one.where, 60),
            capability=one.capability, due_ms=one.due_ms, hours=one.hours,
            share=one.share and (item is None or shares(item)), stays=one.stays,
        )
        for one in routes
    ]  # fmt: skip


def site_choices(found: Iterable[Choice], settings: Iterable[RouteSettings], item: Item) -> list[RouteChoice]:
    """The site's own routes; where the settings have one under a letter, it has title and due time from there."""
    named = {one.to: one for one in settings if one.kind == "site"}
    made: list[RouteChoice] = []
    for choice in found:
        mine = named.get(choice.id)
        made.append(
            RouteChoice(
                key=mine.key if mine else "", name=SITE + choice.id,
                title=show_line(mine.title or mine.name if mine else choice.title, 40), kind="site",
                where=show_line(choice.note or "", 60), due_ms=mine.due_ms if mine else None,
                hours=mine.hours if mine else "", share=(mine.text if mine else True) and shares(item),
            )
        )  # fmt: skip
    return made


async def site_routes(community: Community, settings: Sequence[RouteSettings], item: Item) -> list[RouteChoice]:
    """What the site itself offers for an item, and what the settings say of it. Raises the site's errors."""
    await community.identify()
    backend = community.backend
    if isinstance(backend.capabilities.verb("escalate"), Blocked):
        return []
    if isinstance(backend.capabilities.feature("choices"), Blocked):
        return []
    made = site_choices(await backend.choices("route", item=item), settings, item)
    return [replace(one, capability=_possible(backend.plan, item, one)) for one in made]


def _possible(backend: Planner, item: Item, choice: RouteChoice) -> Capability:
    """Whether the site's own route takes this item."""
    try:
        backend(item, Intent(verb="escalate", route=choice.name, text="a note, long enough", share=False))
    except Refused as error:
        text = error.message.rstrip(".")
        return Blocked("state", text[:1].lower() + text[1:])
    except ModtuiError:
        return ALLOWED  # it needs more words
    return ALLOWED


def named(routes: Mapping[str, Route], name: str) -> Route:
    """The route with this name, in any case of letters. Raises UsageError with the names there are."""
    for one in routes.values():
        if one.name.casefold() == name.casefold():
            return one
    names = ", ".join(routes) or "none in the settings"
    raise UsageError(f'There is no route "{show_line(name, 40)}".', f"There are: {names}.")


def payload(item: Item, intent: Intent, route: Route, community: Community, now_ms: int) -> Payload:
    """What travels, as JSON values; key, sending time and due time are added when it is sent (docs/escalation.md).

    Without `intent.share` neither text nor excerpt travel; where the item is about personal data, title and the
    reporters' words stay here too, since they may repeat it.
    """
    share = intent.share
    open_words = share or not item.folded
    reports = [
        {
            "reason": report.reason, "label": report.label,
            "by": report.reporter.username if report.reporter else None,
            "text": report.text if open_words else None,
            "at": iso(report.created_ms) if report.created_ms is not None else None,
        }
        for report in item.reports
    ]  # fmt: skip
    text = text_of(item)
    return {
        "format": FORMAT,
        "event": "escalation",
        "route": route.name,
        "route_title": route.title,
        "by": community.account.username if community.account is not None else None,
        "decided": iso(now_ms),
        "decision": None if intent.verb == "escalate" else {"verb": intent.verb, "reason": intent.reason_title},
        "note": (intent.text or "").strip() or None,
        "community": {"name": community.name, "url": community.url},
        "item": {
            "id": item.id, "lane": item.lane, "kind": item.kind, "number": item.number,
            "title": (item.place.thread_title or item.title) if open_words else None,
            "url": item.url or None,
            "author": item.author.username if item.author is not None else None,
            "since": iso(item.since_ms), "language": item.language,
            "category": item.place.category,
        },
        "reports": reports,
        "excerpt": excerpt(text) if share else None,
        "text": text[:TEXT] if share else None,
        "shared": share,
    }  # fmt: skip


def excerpt(text: str) -> str:
    """The beginning of a text on one line."""
    flat = " ".join(text[: 4 * EXCERPT].split())
    return flat if len(flat) <= EXCERPT else flat[: EXCERPT - 1].rstrip() + "…"


def trial_payload(route: Route, by: str, now_ms: int) -> Payload:
    """What `modtui routes test` sends: marked as a test, about nothing."""
    return {
        "format": FORMAT, "event": "test", "route": route.name, "route_title": route.title, "by": by,
        "decided": iso(now_ms), "decision": None,
        "note": "This is a test from modtui. Nothing has to be done.",
        "community": {"name": "test", "url": None},
        "item": {
            "id": None, "lane": None, "kind": None, "number": "0", "title": "Test from modtui", "url": None,
            "author": None, "since": iso(now_ms), "language": None, "category": None,
        },
        "reports": [], "excerpt": None, "text": None, "shared": False,
    }  # fmt: skip


def plan(
    item: Item, intent: Intent, *, community: Community, routes: Mapping[str, Route], now_ms: int, backend: Planner
) -> Plan:
    """What an intent with a route would do: the hand-over alone, or what its verb does and the hand-over after it.

    Raises Refused and UsageError with a sentence.
    """
    name = intent.route
    if name is None:
        if intent.verb != "escalate":
            return backend(item, intent)
        raise UsageError("An escalation needs a route.", "modtui routes shows them.")
    over = _hand_over(item, intent, name, community, routes, now_ms, backend)
    if intent.verb == "escalate":
        return over
    first = backend(item, replace(intent, route=None, share=True, due_ms=None))
    mixed = {first.reversal, over.reversal}
    return replace(
        first, steps=(*first.steps, *over.steps), effects=(*first.effects, *over.effects),
        reversal=first.reversal if len(mixed) == 1 else "partial",
        stays=tuple(dict.fromkeys((*first.stays, *over.stays))),
    )  # fmt: skip


def _hand_over(
    item: Item, intent: Intent, name: str, community: Community, routes: Mapping[str, Route], now_ms: int,
    backend: Planner,
) -> Plan:
    if name.startswith(SITE):
        alone = Intent(
            verb="escalate", route=name, text=intent.text, share=intent.share, due_ms=intent.due_ms
        )
        return backend(item, alone)
    route = named(routes, name)
    if not isinstance(route.capability, Allowed):
        raise Refused(f"{route.title} cannot be used: {route.capability.sentence}.")
    data: dict[str, Any] = payload(item, intent, route, community, now_ms)
    step = PlannedStep(
        call=Call(DELIVER, data), words=f"handed to {route.title}", executor=EXECUTOR + route.name
    )
    words = say("{title} gets it ({where})", title=show_line(route.title, 40), where=show_line(route.where, 60))
    return Plan(
        verb="escalate", label=Foreign(route.title), steps=(step,), effects=(Effect("team", words),), reversal="none",
        stays=(route.stays,),
    )


def can_escalate(routes: Iterable[Route], site: Capability) -> Capability:
    """Whether there is any way to escalate: of the settings, or of the site."""
    first: Blocked | None = None
    for one in routes:
        able = one.capability
        if isinstance(able, Allowed):
            return able
        first = first or Blocked(able.code, f"{one.title}: {able.sentence}")
    if isinstance(site, Allowed):
        return site
    if first is not None:
        return first
    return Blocked("setting", "no route is set up, the site has none")


def trail_of(step: Step, title: str, by: str | None) -> Shown:
    """One line about what happened so far."""
    who = say(" by {by}", by=by) if by else own("")
    said = {
        "held": "held", "sending": "on its way", "unknown": "delivered or not: nobody knows", "done": "delivered",
    }.get(step.state, step.state)  # fmt: skip
    if route_of(step) is None:  # the step says what the site was asked to do
        tail = own("") if step.state == "done" else say(": {said}", said=own(said))
        return say("{words}{who}{tail}", words=step.words or title, who=who, tail=tail)
    return say("to {title}{who}: {said}", title=title, who=who, said=own(said))
