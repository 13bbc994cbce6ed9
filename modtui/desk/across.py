"""Words for what is about several communities at once: where its subjects are, and which of them have to wait."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from modtui.desk import undo_words, words
from modtui.desk.events import Link
from modtui.desk.labels import platform_of
from modtui.desk.outcome import Decided
from modtui.domain.capability import Blocked, Capability
from modtui.domain.decisions import Decision
from modtui.domain.items import Item
from modtui.domain.reasons import Reason
from modtui.domain.subjects import CommunityId
from modtui.text import EMPTY, Shown, join, own, say, show_line

if TYPE_CHECKING:
    from modtui.desk.community import Community

Find = Callable[[CommunityId], "Community | None"]
WAITING = {
    "offline": "offline", "down": "not answering as it should", "too-fast": "asking to wait",
    "signed-out": "not taking the key", "no-rights": "giving no rights", "wrong-site": "another site by now",
}  # fmt: skip
"""What a line that is down does, as the end of a sentence."""


_ASKED = 10
"""So many items of a community tell whether it has a verb: one of them may be by a colleague."""


def name_of(find: Find, id: CommunityId) -> Shown:
    """The moderator's word for a community; its identity where it is not open here."""
    one = find(id)
    return show_line(one.name, 24) if one is not None else show_line(id, 24)


def spread(places: Mapping[CommunityId, int], find: Find, *, chips: bool = False) -> Shown:
    """How many of it are where: `3 harbour, 2 lagoon` (or by chips); empty where all are in one community."""
    if len(places) < 2:
        return EMPTY

    def name(id: CommunityId) -> Shown:
        one = find(id)
        return own(one.chip) if chips and one is not None else name_of(find, id)

    return join(", ", [say("{n} {name}", n=n, name=name(id)) for id, n in places.items()])


def decided(result: Decided, find: Find, reasons: Sequence[Reason]) -> Shown:
    """The message line after a decision: what was done, where, the way back, and which communities have to wait."""
    decision = result.decision
    if decision is None:
        why = next(iter(result.skipped.values()), "there is nothing to decide")
        return show_line(words.sentence(say("Nothing decided: {why}", why=why)), 400)
    links: dict[CommunityId, Link] = {id: one.link for id in decision.places if (one := find(id)) is not None}
    down = {id: link for id, link in links.items() if link.state in WAITING}
    skipped = len(result.skipped)
    if len(decision.places) < 2 or len(down) == len(links):
        first = next(iter(links.values()), None)
        return words.decided(decision, reasons, link=first, skipped=skipped)
    said = [words.decided(decision, reasons, skipped=skipped)]
    for id, link in down.items():
        template = "{name} is {state}: {n} there {verb} until it is back."
        n = decision.places[id]
        verb, state = own("waits" if n == 1 else "wait"), own(WAITING[link.state])
        said.append(say(template, name=name_of(find, id), state=state, n=n, verb=verb))
    return join(" ", said)


def undo_sent(
    decision: Decision, undo: Decision, find: Find, *, later: Collection[CommunityId], silent: Collection[CommunityId]
) -> Shown:
    """After `u` on what was sent: what goes back now, what when its community answers again (`silent`), and what has no
    known outcome yet, so that it is not taken back so far (`later`)."""
    said = [undo_words.undo_sent(decision) if not later else say("Taking back {n}.", n=words.subject(undo))]
    counts = undo.places
    for id in silent:
        if id in counts:
            template = "{name} does not answer: {n} there {go} back when it does."
            go = own("goes" if counts[id] == 1 else "go")
            said.append(say(template, name=name_of(find, id), n=counts[id], go=go))
    for id in later:
        said.append(say("What arrived in {name} is not known yet: u again takes it back.", name=name_of(find, id)))
    return join(" ", said)


def not_offered(items: Sequence[Item], blocked: Mapping[str, Blocked], find: Find, verb: str) -> list[Shown]:
    """Which of `items` do not offer the verb, community by community, and why: `2 of 3 stay as they are: lagoon (Open
    edX) has no note.` `blocked` by item id. Empty where all offer it."""
    found: list[Shown] = []
    for id in dict.fromkeys(item.ref.community for item in items):
        here = [blocked[item.id] for item in items if item.ref.community == id and item.id in blocked]
        if not here:
            continue
        one = find(id)
        place = name_of(find, id)
        if one is not None:
            place = say("{name} ({platform})", name=place, platform=platform_of(one))
        why = say("{place}: {why}", place=place, why=show_line(here[0].sentence, 80).rstrip("."))
        if here[0].code == "platform":
            why = say("{place} has no {verb}", place=place, verb=own(words.do(verb)))
        template = "{n} of {all} stay as they are: {why}." if len(here) > 1 else "1 of {all} stays as it is: {why}."
        found.append(say(template, n=len(here), all=len(items), why=why))
    return found


def by_community(items: Sequence[Item]) -> dict[CommunityId, list[Item]]:
    """The items of each community, in their order."""
    found: dict[CommunityId, list[Item]] = {}
    for item in items:
        found.setdefault(item.ref.community, []).append(item)
    return found


def lacking(items: Sequence[Item], can: Callable[[Item], Capability], find: Find) -> Shown | None:
    """Why something is not possible on a choice of several communities: one of them has it on none of its items (the
    first of them are asked). None when each has it."""
    for id, mine in by_community(items).items():
        answers = [can(item) for item in mine[:_ASKED]]
        first = next((able for able in answers if isinstance(able, Blocked)), None)
        if first is not None and all(isinstance(able, Blocked) for able in answers):
            return say("{where}: {why}", where=name_of(find, id), why=show_line(first.sentence))
    return None


def accounts(decision: Decision, find: Find) -> Shown:
    """Who decided: one name, or one for each community where they differ."""
    names: dict[CommunityId, Shown] = {}
    for id in decision.places:
        one = find(id)
        account = one.account.username if one is not None and one.account is not None else decision.account
        names[id] = show_line(decision.account if id == decision.community else account, 24)
    if len(set(names.values())) == 1:
        return next(iter(names.values()))
    return join(", ", [say("{who} in {place}", who=who, place=name_of(find, id)) for id, who in names.items()])
