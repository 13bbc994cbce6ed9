"""The right side of line 2, alike on every screen: trouble, what is on its way, what failed, budget and link."""

from __future__ import annotations

from msgspec.structs import replace

from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.link import shorter_words, words_for
from modtui.desk.outcome import OutboxState
from modtui.domain.decisions import FINAL, Decision
from modtui.screens.shell import Shell
from modtui.text import Shown, own, say, show_line
from modtui.text.time import duration
from modtui.widgets.bars import TopState

Note = tuple[Shown, str]
QUIET = ("live", "starting", "closed")
"""States of a line that need no alarm."""


def troubled_of(desk: Desk, one: Community | None) -> list[Community]:
    """The communities whose line is down, that of the screen first."""
    bad = [each for each in desk.communities if each.link.state not in QUIET]
    return sorted(bad, key=lambda each: each is not one)


def alert_of(troubled: list[Community], one: Community | None, shell: Shell) -> tuple[Shown, ...]:
    """What is wrong with the line, in ever fewer words; of several communities the name is said."""
    if not troubled:
        return ()
    first = troubled[0]
    long = words_for(first.link, first.name, shell.now_ms(), clock=shell.time_of_day)
    variants = [long, *shorter_words(first.link, shell.time_of_day(first.link.since_ms))]
    if one is None or first is not one:
        variants = [say("{name}: {words}", name=show_line(first.name, 20), words=words) for words in variants]
    if len(troubled) > 1:
        more = say(" (and {n} more: {key})", n=len(troubled) - 1, key=shell.keymap.shown("communities.open"))
        variants = [say("{words}{more}", words=words, more=more) for words in variants[:-1]] + variants
    return tuple(variants)


def warnings_of(desk: Desk, shell: Shell) -> list[Shown]:
    """What must be seen all the time: that nothing can be written, that the line can be read by others."""
    found: list[Shown] = []
    closed = [one.name for one in desk.communities if one.read_only]
    if shell.read_only or desk.read_only or (closed and len(closed) == len(desk.communities)):
        found.append(own("READ-ONLY"))
    elif closed:
        found.append(say("READ-ONLY: {names}", names=show_line(", ".join(closed), 24)))
    plain = [one.name for one in desk.communities if one.insecure]
    if plain and len(plain) == len(desk.communities):
        found.append(own("PLAIN HTTP"))
    elif plain:
        found.append(say("PLAIN HTTP: {names}", names=show_line(", ".join(plain), 24)))
    return found


def notes_of(desk: Desk, shell: Shell, troubled: bool) -> list[Note]:
    """The counters that never give way."""
    box = desk.outbox()
    now = shell.now_ms()
    notes: list[Note] = []
    notes.extend((words, "status.alert") for words in warnings_of(desk, shell))
    if desk.store.journal.database.trouble is not None:
        notes.append((own("JOURNAL NOT WRITTEN"), "status.alert"))
    for word, n in (("conflict", box.conflict), ("failed", box.failed), ("unknown", box.unknown)):
        if n:
            notes.append((say("{word} {n}: U", word=own(word), n=n), "status.alert"))
    batch = _batch(box, now)
    waiting = box.held - box.waiting
    if batch is not None:
        notes.append((batch, "status.good"))
    elif troubled and box.held:
        notes.append((say("waiting to be sent {n}: U", n=box.held), "status.alert"))
    elif waiting:
        due = box.next_due_ms
        seconds = max(0, -(-(due - now) // 1000)) if due is not None else 0
        words = say("held {n} ({s} s)", n=waiting, s=seconds) if seconds else say("held {n}", n=waiting)
        notes.append((words, "status.good"))
    elif not troubled and not box.waiting:
        notes.append((own("held 0"), "status"))
    if box.waiting and not troubled:
        notes.append((say("waiting {n}: g o", n=box.waiting), "status.alert"))
    if box.sending and batch is None:
        notes.append((say("sending {n}", n=box.sending), "status.good"))
    return notes


def _batch(box: OutboxState, now_ms: int) -> Shown | None:
    """ "batch 118 of 297, refused 3, 19 min left: U": a decision on many that is going out just now."""
    for decision in box.decisions:
        if len(decision.targets) > 1 and decision.open:
            words = batch_words(decision, now_ms)
            if words is not None:
                return words
    return None


def batch_words(decision: Decision, now_ms: int) -> Shown | None:
    """How far a decision on many is; None while all of it is held or after it has ended."""
    total = len(decision.targets)
    final = [target for target in decision.targets if all(step.state in FINAL for step in target.steps)]
    begun = final or [t for t in decision.targets if any(step.state != "held" for step in t.steps)]
    if not begun or len(final) == total:
        return None
    bad = sum(target.state in ("refused", "conflict", "partly") for target in final)
    refused = f", refused {bad}" if bad else ""
    started = decision.created_ms + decision.hold_ms
    left = own("")
    if len(final) >= 3 and now_ms > started:
        rest = (now_ms - started) * (total - len(final)) // len(final)
        left = say(", {time} left", time=_about(rest))
    return say("batch {n} of {all}{refused}{left}: U", n=len(final), all=total, refused=own(refused), left=left)


def _about(ms: int) -> Shown:
    """A time to wait, in one unit."""
    return own(f"{-(-ms // 60_000)} min") if ms > 90_000 else duration(max(1000, ms // 1000 * 1000))


def minor_of(desk: Desk, one: Community | None, wide: bool) -> list[Note]:
    """The request budget and the link: the first to give way."""
    notes: list[Note] = []
    if drafts := len(desk.drafts.items()):
        notes.append((say("draft {n}: g d", n=drafts), "status.good"))
    if one is None:
        live = all(c.link.state == "live" for c in desk.communities)
        return [*notes, (own("live"), "status.good")] if live else notes
    budget = desk.budget(one.id)
    if budget.limit:
        template = "requests {used} of {limit} a minute" if wide else "{used}/{limit} a min"
        style = "status.alert" if budget.used >= budget.limit else "status"
        notes.append((say(template, used=budget.used, limit=budget.limit), style))
    live = one.link.state == "live"
    notes.append((own("live" if live else "reading the site ..."), "status.good"))
    return notes


def only_counted(before: TopState, now: TopState) -> bool:
    """Whether nothing but the number of requests moved, and the budget is not spent."""
    if len(before.minor) != len(now.minor):
        return False
    pairs = zip(before.minor, now.minor, strict=True)
    return all(a == b or a[1] == b[1] == "status" for a, b in pairs) and replace(now, minor=before.minor) == before


def page_top(shell: Shell, one: Community | None, where: Shown, left: Shown) -> TopState:
    """The first two lines of a page above the queue."""
    desk = shell.desk
    troubled = troubled_of(desk, one)
    return TopState(
        place=show_line(one.name, 24) if one else own("modtui"),
        where=where,
        name=show_line(one.account.username, 24) if one and one.account else own(""),
        left=left,
        alert=alert_of(troubled, one, shell),
        notes=tuple(notes_of(desk, shell, bool(troubled))) if desk.communities else (),
    )
