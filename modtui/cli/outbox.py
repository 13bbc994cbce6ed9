"""`modtui outbox` and `modtui undo`: what is on its way, and taking it back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from modtui import paths
from modtui.cli.log import as_json, line, names, opened, zone
from modtui.cli.opening import opening, settings_of
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate, safe
from modtui.cli.running import finished, old_words, working
from modtui.desk.book import failed, steps_of
from modtui.desk.recovery import too_old
from modtui.domain.decisions import Decision
from modtui.errors import AuthError, NotFound, ReadOnly, Refused, StoreError, UsageError
from modtui.settings import Settings
from modtui.settings.options import Options
from modtui.text import Shown, own, say

if TYPE_CHECKING:
    from modtui.desk.desk import Desk
    from modtui.store.journal import Journal


def waiting(journal: Journal) -> list[Decision]:
    """What is on its way or failed, the oldest first."""
    found = {decision.id: decision for decision in journal.open_decisions()}
    for decision in journal.history(limit=200):
        if failed(decision):
            found.setdefault(decision.id, decision)
    return sorted(found.values(), key=lambda one: (one.created_ms, one.id))


def full_id(journal: Journal, text: str) -> str:
    """The decision's id, which may be cut short where that is unambiguous. Raises NotFound."""
    if journal.decision(text) is not None:
        return text
    close = [one.id for one in journal.history(limit=500) if len(text) >= 4 and one.id.startswith(text)]
    if len(close) == 1:
        return close[0]
    words = "means several decisions" if close else "is not a decision in the journal"
    raise NotFound(f'"{safe(text[:60])}" {words}.', "modtui log shows the ids.")


@click.group(invoke_without_command=True, short_help="Show, send or drop what is not sent yet.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON line for each decision.")
@shared
def outbox(options: Options, as_lines: bool) -> int:
    """Show what is held, on its way, in conflict or refused; the oldest first."""
    if click.get_current_context().invoked_subcommand is not None:
        return 0
    settings = settings_of(options)
    called, tz = names(settings), zone(settings)
    with opened() as journal:
        found = waiting(journal)
    for decision in found:
        row = line(decision, settings.reasons, called, tz)
        if not (emit_json(as_json(decision, called)) if as_lines else emit(row)):
            return 0
    if not found:
        narrate(own("The outbox is empty."))
    now = time.time_ns() // 1_000_000
    old = sum(too_old(one, settings.undo.resume_after_s, now) for one in found)
    if old:
        narrate(old_words(old))
    return 0


def _print(desk: Desk, settings: Settings, ids: Sequence[str]) -> int:
    """The decisions as they are now; 0 when all are done, undone or dropped, else 9."""
    called, tz = names(settings), zone(settings)
    good = True
    for id in ids:
        decision = desk.store.journal.decision(id)
        if decision is not None:
            emit(line(decision, settings.reasons, called, tz))
            good = good and decision.state in ("done", "undone", "discarded")
    return 0 if good else 9


def _may_write(options: Options) -> None:
    if options.read_only:
        raise ReadOnly("modtui was started read-only, so nothing can be sent or taken back.")


def _lost(decision: Decision) -> bool:
    """Whether a route may have got it, and nobody can be asked."""
    return any(step.state == "unknown" and step.executor != "backend" for _, step in steps_of(decision))


@outbox.command()
@click.argument("id", required=False)
@click.option("--all", "everything", is_flag=True, help="Also what is older than resume_after in the settings.")
@shared
def send(options: Options, id: str | None, everything: bool) -> int:
    """Send what is held, now: the decision ID, or all. Each is checked against the site first.

    What is older than resume_after ([undo] in the settings, an hour) goes out only by its ID or with --all. Ends with 0
    when all of it is done, else with 9.
    """
    _may_write(options)
    settings = settings_of(options)

    async def run(desk: Desk) -> int:
        async with working(desk, send=True):
            journal = desk.store.journal
            here = {community.id for community in desk.communities}
            closed = {community.id for community in desk.communities if community.read_only}
            old = set() if everything or id is not None else {one.id for one in desk.waiting_old()}
            chosen = (
                [full_id(journal, id)] if id is not None
                else [one.id for one in journal.open_decisions()
                      if one.places.keys() & (here - closed) and one.id not in old]
            )
            if not chosen and not old:
                narrate(own("The outbox is empty."))
                return 0
            for one in chosen:
                decision = journal.decision(one)
                if decision is not None and not decision.places.keys() & here:
                    raise NotFound(f"The community of {one} is not open here.")
                if decision is not None and (not decision.open or (id is not None and _lost(decision))):
                    await desk.retry(one)  # refused, or perhaps delivered: again because it was asked for by name
                else:
                    await desk.send_now(one)
            shut = await finished(desk, chosen)
            code = max(_print(desk, settings, chosen), 9 if old else 0)
            if shut is not None:
                raise shut
            return code

    with opening(options, settings) as desk:
        return asyncio.run(run(desk))


@outbox.command()
@click.argument("id", required=False)
@click.option("--all", "everything", is_flag=True, help="Drop everything that is not sent.")
@shared
def drop(options: Options, id: str | None, everything: bool) -> int:
    """Drop the decision ID, or with --all everything that waits: it is not sent. Needs no site."""
    _may_write(options)
    if (id is None) != everything:
        raise UsageError("Say which: an ID, or --all.", "modtui outbox shows the ids.")
    settings = settings_of(options)

    async def run(desk: Desk) -> int:
        await desk.start(sync=False, send=False)
        try:
            journal = desk.store.journal
            chosen = [full_id(journal, id)] if id is not None else [one.id for one in waiting(journal)]
            if not chosen:
                narrate(own("The outbox is empty."))
            for one in chosen:
                try:
                    await desk.discard(one)
                except Refused:
                    if id is not None:
                        raise
            called, tz = names(settings), zone(settings)
            for one in chosen:
                decision = journal.decision(one)
                if decision is not None:
                    emit(line(decision, settings.reasons, called, tz))
            return 0
        finally:
            await desk.close()

    from modtui.desk.desk import Desk
    from modtui.store.store import Store

    store = Store.open(paths.private(paths.state_dir()), paths.private(paths.cache_dir()))
    try:
        return asyncio.run(run(Desk([], store)))
    finally:
        asyncio.run(store.close())


@outbox.command()
@shared
def rebuild(options: Options) -> int:
    """Make the outbox anew from the journal's events, when modtui log verify says that it differs from them.

    No event is changed or lost, and nothing is sent. Ends with 10 when the events themselves are damaged.
    """
    _may_write(options)
    with opened() as journal:
        if not journal.verify().chain_ok:
            raise StoreError(
                "The events of the journal are damaged or were changed, so no outbox is made from them.",
                "modtui log verify shows where. Keep the file, and move it away to start a new journal.",
            )
        events = journal.rebuild()
        found = journal.verify()
        waiting_now = len(journal.open_decisions())
    if not found.ok:
        raise StoreError("The outbox could not be made anew.", "modtui log verify shows why.")
    narrate(say("The outbox was made anew from {events} events; {number} decisions wait in it.",
                events=events, number=waiting_now))  # fmt: skip
    return 0


def _told(words: str) -> Shown:
    """The screens' words for a command, which neither asks nor has keys: the question becomes what is being done."""
    before, asks, after = words.removesuffix(" y/N").removesuffix(" ctrl+r does it again.").partition("Take it back (")
    return own(f"{before}Taking it back ({after.replace(')?', ').', 1)}" if asks else before)


@click.command(short_help="Take a decision back.")
@click.argument("id")
@shared
def undo(options: Options, id: str) -> int:
    """Take back the decision ID (modtui log has them).

    What is held is taken back at once. What was sent is undone as far as the site can; what stays is said. Ends with 0
    when it is taken back, else with 9.
    """
    _may_write(options)
    settings = settings_of(options)

    async def run(desk: Desk) -> int:
        async with working(desk, send=True):
            chosen = full_id(desk.store.journal, id)
            shut: AuthError | None = None
            result = await desk.undo(chosen)
            if result.kind == "asks":
                narrate(_told(result.words))
                result = await desk.undo(chosen, confirmed=True)
            if result.kind == "wait":
                narrate(result.words)
                if (shut := await finished(desk, [chosen])) is not None:
                    raise shut
                result = await desk.undo(chosen, confirmed=True)
            made = [chosen]
            if result.kind not in ("sent undo", "taken back"):
                raise Refused(str(result.words))
            narrate(_told(result.words))
            if result.kind == "sent undo" and result.decision is not None:
                made.append(result.decision.id)
                shut = await finished(desk, made)
            code = _print(desk, settings, made[-1:])
            if shut is not None:
                raise shut
            return code

    if "/" in id:
        raise NotFound(f'"{safe(id[:80])}" is an item, not a decision.', "modtui log shows the ids of decisions.")
    with opening(options, settings) as desk:
        return asyncio.run(run(desk))
