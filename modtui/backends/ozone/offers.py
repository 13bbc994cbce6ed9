"""What a moderator can do on this service, and to one subject.

The service lists nothing per subject; offers are derived from the team role and from how the subject stands. What makes
no sense as it stands (restoring what is not taken down) is not listed, and the verb says why when it is asked for. What
the role does not allow is listed as blocked.
"""

from __future__ import annotations

from typing import Literal

from modtui.backends.ozone.site import Site
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.decisions import VERBS
from modtui.domain.items import Item, Offer
from modtui.text import Foreign, show_line

Needs = tuple[Literal["reason", "duration", "message", "text"], ...]
DAY_H, WEEK_H = 24, 168
POSSIBLE = frozenset({
    "approve", "remove", "spam", "restore", "reopen", "offer", "claim", "release", "note", "ban", "unban", "warn",
    "reply", "tag", "assign", "unassign", "escalate",
})  # fmt: skip
DECIDING = frozenset({"remove", "spam", "restore", "ban", "unban"})
"""Verbs for moderators and admins; triage may do the rest."""
NEVER = {
    "ignore": "the service closes a review in one way, without a verdict: approve does that",
    "edit": "nobody but its author can change a post; it is in the author's own repository",
    "silence": "the service cannot silence a member; a ban with a length suspends the account",
    "unsilence": "the service cannot silence a member",
    "lock": "the service cannot close a thread; only its author limits who may reply",
    "unlock": "the service cannot close a thread",
    "purge": "nothing is ever deleted by the moderation service: a takedown hides it from everybody",
    "erase": "the moderation service cannot delete an account: a takedown closes it",
    "accept": "posts have no answers that could be marked",
    "unaccept": "posts have no answers that could be marked",
    "duplicate": "posts have no originals to link to",
    "move": "posts stand in no category; reports are moved between queues by escalating",
    "bookmark": "the moderation service has no bookmarks",
    "unbookmark": "the moderation service has no bookmarks",
    "watch": "the moderation service does not tell of new posts in a thread",
    "unwatch": "the moderation service does not tell of new posts in a thread",
    "logout": "the moderation service cannot end a member's sessions",
}
"""Why the other verbs are not there."""
MISSING = {
    "answered": "the network marks no answers",
    "search": "the network marks no answers, so there are no solved threads to search",
    "writing": "the network does not tell who is writing",
    "whisper": "the network has no posts that only the team reads",
    "message": "a private message would come from your own account; warning writes an e-mail for the service",
}
"""Optional parts of the protocol that the service does not have."""
NO_SUCH = "the service has no such action"
_NEAR = {
    "spam": ("spam", "scam"), "insult": ("rude",), "hate": ("intolerant",), "threat": ("threat",),
    "illegal": ("illicit",), "private": ("security",),
}  # fmt: skip
_LABELS, _POLICIES, _SINGLE = 5, 3, 3
"""How many of a kind are listed: the list of offers has a letter for each."""


def verbs(site: Site) -> dict[str, Capability]:
    """What this account can do at all."""
    found: dict[str, Capability] = {}
    for verb in VERBS:
        if verb not in POSSIBLE:
            found[verb] = Blocked("platform", NEVER.get(verb, NO_SUCH)) if site.found else site.reads
        else:
            found[verb] = site.decides if verb in DECIDING else site.reads
    return found


def offers_for(site: Site, item: Item) -> tuple[Offer, ...]:
    """The offers of a subject as it stands."""
    if item.ref.kind == "chat":
        return tuple(_closing(item, site.reads, 10))
    found = [*_reviewing(site, item), *_member(site, item), *_team(site, item), *_labels(site, item)]
    return (*found, *_closing(item, site.reads, _SINGLE))


def _offer(
    id: str, verb: str, label: str, can: Capability, about: str = "", *, default: bool = False, needs: Needs = ()
) -> Offer:
    return Offer(
        id=id, verb=verb, label=Foreign(label), description=Foreign(about) if about else None, capability=can,
        default=default, needs=needs,
    )  # fmt: skip


def _reviewing(site: Site, item: Item) -> list[Offer]:
    native, decides = item.native, site.decides
    account = item.ref.kind in ("account", "user")
    what = "the account" if account else "it"
    waits = native.get("state") in ("open", "escalated") or any(
        one.get("status") != "closed" for one in native.get("reports", ())
    )
    busy = ALLOWED if waits else Blocked("state", "nobody reports it now, and its review is closed")
    down = bool(native.get("takendown"))
    found = [
        _offer(
            "acknowledge", "approve", "Acknowledge", site.reads if site.reads != ALLOWED else busy,
            f"The review is closed, {what} stays as it is, and its reports are closed.", default=True,
        )
    ]  # fmt: skip
    if native.get("appealed"):
        found.append(
            _offer("resolve_appeal", "offer", "Resolve the appeal", site.reads, "The appeal is over; the rest stays.")
        )
    if not account:
        found.append(
            _offer(
                "acknowledge_all", "offer", "Acknowledge everything by this account", site.reads,
                "The reviews of the account and of all its posts are closed, and what was reported of them stays.",
            )
        )  # fmt: skip
    if down:
        found.append(
            _offer("restore", "restore", "Reverse the takedown", decides, "Everybody can see it again.", default=True)
        )
        return found
    needs: Needs = ("reason",)
    found += [
        _offer(
            "takedown", "remove", "Take down the account" if account else "Take down", decides,
            f"Nobody can see {what} any more, and its reports are closed.", default=True, needs=needs,
        ),
        _offer("spam", "spam", "Take down as spam", decides, "The same, with spam as the reason.", default=True),
        _offer("takedown_day", "remove", "Take down for a day", decides, "After a day it is there again.", needs=needs),
        _offer(
            "takedown_week", "remove", "Take down for a week", decides, "After a week it is there again.", needs=needs
        ),
    ]  # fmt: skip
    for policy in list(site.policies.values())[:_POLICIES]:
        strikes = f" It counts {policy.strikes} against the account." if policy.strikes else ""
        found.append(
            _offer(
                f"takedown:{policy.id}", "remove", f"Take down: {policy.name}", decides,
                f"Taken down under this policy.{strikes}", needs=needs,
            )
        )  # fmt: skip
    return found


def _member(site: Site, item: Item) -> list[Offer]:
    who = item.author
    found = []
    mine = who is not None and who.native in (site.me, site.labeler)
    spared = Blocked("right", "this is the account of the service, or your own") if mine else ALLOWED
    may = site.decides if site.decides != ALLOWED else spared
    if item.native.get("banned"):
        found.append(_offer("unban", "unban", "Lift the account's takedown", site.decides, default=True))
    elif who is not None:
        about = "The whole account is taken down, for good or, with a length, suspended."
        found.append(
            _offer("ban", "ban", "Ban the account", may, about, default=True, needs=("reason", "duration"))
        )
    if who is not None:
        about = "The service's own mail, to the address that the account has."
        found.append(_offer("email", "warn", "Write an e-mail", site.reads, about, default=True, needs=("message",)))
    if item.ref.kind == "record" and item.kind == "post":
        there = ALLOWED if item.native.get("there") else Blocked("state", "the post is gone")
        found.append(
            _offer(
                "reply", "reply", "Reply in public", site.reads if site.reads != ALLOWED else there,
                "A post by your own account, which everybody can read.", default=True, needs=("text",),
            )
        )  # fmt: skip
    return found


def _team(site: Site, item: Item) -> list[Offer]:
    can = site.reads
    waiting = [one for one in item.native.get("reports", ()) if one.get("status") != "closed"]
    found = [
        _offer("note", "note", "Note in the log", can, "The team can read it.", default=True, needs=("text",)),
        _offer("sticky", "note", "Sticky note", can, "It stands at the subject until another takes its place.",
               needs=("text",)),
    ]  # fmt: skip
    if waiting and item.claim is not None and item.claim.mine:
        found.append(_offer("release", "release", "Give the reports back", can, default=True))
    elif waiting:
        taken = Blocked("claimed", f"{show_line(item.claim.by, 40)} has it") if item.claim is not None else can
        found.append(_offer("claim", "claim", "Take the reports", taken, "They are assigned to you.", default=True))
    if item.native.get("state") != "escalated":
        about = "Its review waits for a moderator or admin, with its reports."
        found.append(_offer("escalate", "escalate", "Escalate", can, about, default=True))
    if item.native.get("muted"):
        found.append(_offer("unmute", "offer", "Unmute", can, "It comes back into the queue."))
    else:
        found += [
            _offer("mute_day", "offer", "Mute for a day", can, "It leaves everybody's queue until then."),
            _offer("mute_week", "offer", "Mute for a week", can, "It leaves everybody's queue until then."),
        ]
    return found


def _labels(site: Site, item: Item) -> list[Offer]:
    """What can be taken off, and the labels that are near: those of the reports' reasons, then those that the service
    itself has defined. All of them can be picked with the tags."""
    there = [str(one) for one in item.native.get("labels", ())]
    near = [name for reason in item.reasons for name in _NEAR.get(reason, ())]
    own = [name for name, title in site.labels.items() if title]
    wanted = [name for name in (*near[:2], "!warn", "!hide", *own, *site.labels) if name in site.labels]
    fresh = [name for name in dict.fromkeys(wanted) if name not in there][:_LABELS]
    found = [_offer(f"unlabel:{name}", "offer", f"Take off: {_named(site, name)}", site.decides) for name in there[:4]]
    return found + [_offer(f"label:{name}", "offer", f"Label: {_named(site, name)}", site.decides) for name in fresh]


def _named(site: Site, name: str) -> str:
    title = site.labels.get(name, "")
    return f"{name} ({title})" if title and title.casefold() != name.casefold() else name


def _closing(item: Item, can: Capability, most: int) -> list[Offer]:
    """Single reports, where there are several."""
    by = {report.id: report for report in item.reports}
    found = []
    reports = [one for one in item.native.get("reports", ()) if str(one.get("id")) in by]
    waiting = [one for one in reports if one.get("status") != "closed"]
    for one in waiting[:most] if len(waiting) > 1 or item.ref.kind == "chat" else ():
        report = by[str(one["id"])]
        who = show_line(report.reporter.username, 30) if report.reporter is not None else "the site"
        found.append(_offer(f"close:{report.id}", "offer", f"Close the report by {who}", can, str(report.label)))
    for one in [one for one in reports if one.get("status") == "closed"][:most]:
        report = by[str(one["id"])]
        who = show_line(report.reporter.username, 30) if report.reporter is not None else "the site"
        found.append(_offer(f"reopen:{report.id}", "offer", f"Reopen the report by {who}", can, str(report.label)))
    return found
