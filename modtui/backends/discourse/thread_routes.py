"""The site's own ways to hand a thread over: assign it, write to a group, report it to the moderators.

A route's id is `assign:user:bo`, `assign:group:team`, `message:team` or `flag`; an intent names it `site:<id>`.
"""

from __future__ import annotations

from modtui.backends.discourse.site import Site
from modtui.backends.discourse.thread_site import MAY_NOT_ASSIGN, NO_ASSIGN
from modtui.backends.discourse.words import cut
from modtui.domain.decisions import Call, Effect, Intent, PlannedStep
from modtui.domain.items import Item
from modtui.errors import Refused, UsageError
from modtui.text import say, show_line

TO_MODERATORS = 7
"""The kind of report that goes to the moderators with a message ("something else")."""
TITLE_LIMIT, EXCERPT = 250, 1200
LEAST = 10
"""The site refuses a message to moderators that is shorter."""


def handed_over(site: Site, item: Item, intent: Intent, topic: int) -> tuple[list[PlannedStep], list[Effect]]:
    """The steps and effects of an escalation by the site itself. Raises UsageError without a route of the site's."""
    prefix, _, route = (intent.route or "").partition(":")
    if prefix != "site" or not route:
        raise UsageError("Choose where it shall go.")
    note = (intent.text or "").strip()
    kind, _, rest = route.partition(":")
    match kind:
        case "assign" if rest:
            return _assigned(site, item, rest, note, topic)
        case "message" if rest:
            return _written(site, item, intent, rest, note)
        case "flag":
            return _flagged(item, note, topic)
    raise UsageError(f"This site has no way called {show_line(route)}.")


def _assigned(site: Site, item: Item, who: str, note: str, topic: int) -> tuple[list[PlannedStep], list[Effect]]:
    kind, _, name = who.partition(":")
    if kind not in ("user", "group") or not name:
        raise UsageError("Choose who shall have it.")
    if not topic:
        raise Refused("There is no thread to assign.")
    blocked = NO_ASSIGN if site.threads.assign is False else None if site.threads.may_assign else MAY_NOT_ASSIGN
    if blocked is not None:
        raise Refused(f"It cannot be assigned: {blocked.sentence}.")
    args = {"topic": topic, "who": {"username" if kind == "user" else "group_name": name}, "note": note,
            "before": item.native.get("assigned")}  # fmt: skip
    step = PlannedStep(call=Call("assign", args), words=f"assigned to {show_line(name)}")
    effects = [Effect("team", say("{name} has the thread and is told by the site", name=name))]
    if note:
        effects.append(Effect("team", say("your note stands with the assignment")))
    return [step], effects


def _written(
    site: Site, item: Item, intent: Intent, group: str, note: str
) -> tuple[list[PlannedStep], list[Effect]]:
    if not site.threads.messages:
        raise Refused("This account may not write private messages on this site.")
    about = item.place.thread_title or item.title if intent.share or not item.folded else f"#{item.number}"
    title = intent.title or f"Please look: {about}"
    args = {"to": group, "title": cut(str(title), TITLE_LIMIT), "raw": letter(item, note, share=intent.share),
            "warning": False}  # fmt: skip
    step = PlannedStep(call=Call("message", args), words=f"message sent to {show_line(group)}", reaches=True)
    effects = [Effect("team", say("everybody in {group} gets a private message", group=group))]
    if intent.share and item.body is not None:
        effects.append(Effect("team", say("the post's text goes with it")))
    return [step], effects


def letter(item: Item, note: str, *, share: bool) -> str:
    """What the message says: the note, the reporters' words, the text as a quote, and where it is.

    Where the item is about personal data, the reporters' words stay here with the text: they may repeat it.
    """
    parts = [note] if note else []
    for report in item.reports:
        if report.open and report.text and (share or not item.folded):
            by = report.reporter.username if report.reporter is not None else "the site"
            parts.append(f"Reported by {by} ({report.label}): {report.text}")
    text = item.source if item.source is not None else item.body.text if share and item.body is not None else None
    if share and text:
        quoted = cut(str(text).strip(), EXCERPT).replace("\r\n", "\n").split("\n")
        parts.append("\n".join(f"> {line}" for line in quoted))
    parts.append(item.url)
    return "\n\n".join(part for part in parts if part)


def _flagged(item: Item, note: str, topic: int) -> tuple[list[PlannedStep], list[Effect]]:
    if len(note) < LEAST:
        raise UsageError("Say in a few words what the moderators shall do.")
    post = item.native.get("post_id")
    if post is None and not topic:
        raise Refused("There is no post to report.")
    args = {"topic": topic, "post": post, "kind": TO_MODERATORS, "message": note}
    step = PlannedStep(call=Call("raise", args), words="reported to the moderators", reaches=False)
    return [step], [Effect("team", say("it stands in the review queue, with your words"))]
