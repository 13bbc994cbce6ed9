"""What a decision causes on Discourse, in plain words: on the post, its reporters, its author."""

from __future__ import annotations

from modtui.backends.discourse.actions import Meaning
from modtui.domain.decisions import Effect, Intent, Sanction
from modtui.domain.items import Item
from modtui.text import Shown, count, own, say
from modtui.text.time import duration

_VERDICTS = {"right": "closed as right", "wrong": "closed as wrong", "none": "closed without a verdict"}


def about_action(item: Item, action: str, sense: Meaning) -> tuple[list[Effect], bool]:
    """The effects of one of the server's actions, and whether the site itself writes to the author."""
    effects: list[Effect] = []
    name = _name(item)
    shows_again = action == "disagree" and item.hidden
    if sense.post:
        effects.append(Effect("post", say("is shown again") if shows_again else own(sense.post)))
    reports = [report for report in item.reports if report.open and report.reason not in ("held", "sign-up")]
    if reports and sense.verdict:
        effects.append(
            Effect("reporters", say("{n} {what}", n=count(len(reports), "report"), what=_VERDICTS[sense.verdict]))
        )
    tells = sense.tells or shows_again
    if tells:
        effects.append(Effect("author", say("the site itself writes to {name}", name=name)))
    if action == "disagree" and "silence" in item.native.get("caused", ()):
        effects.append(Effect("author", say("the silence that this post caused is lifted")))
    if sense.verb == "unsilence":
        effects.append(Effect("author", say("{name} may post again", name=name)))
    if action == "approve_user":
        effects.append(Effect("author", say("{name} can sign in", name=name)))
    if sense.final:
        effects.append(Effect("author", say("the account of {name} is deleted", name=name)))
    return effects, tells


def about_author(item: Item, message: str, mails: bool) -> list[Effect]:
    """What our own message means."""
    if mails:
        return [Effect("author", say("{name} gets the reason by e-mail", name=_name(item)))]
    return [Effect("author", say("{name} gets your message", name=_name(item)))]


def about_sanction(item: Item, sanction: Sanction, intent: Intent) -> list[Effect]:
    """What a silence or ban means."""
    what = "cannot post" if sanction.kind == "silence" else "cannot sign in"
    length = own("for good") if sanction.duration_ms is None else say("for {d}", d=duration(sanction.duration_ms))
    effects = [Effect("author", say("{name} {what} {length}", name=_name(item), what=what, length=length))]
    if sanction.kind == "ban":
        effects.append(Effect("author", say("the reason can be read on the profile")))
    if intent.message is None:
        effects.append(Effect("author", say("no e-mail about it")))
    return effects


def _name(item: Item) -> Shown:
    return say("{n}", n=item.author.username) if item.author else own("the author")
