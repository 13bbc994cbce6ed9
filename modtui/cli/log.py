"""`modtui log`: the journal, and whether it is whole."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from modtui import paths
from modtui.cli import accounts, crash
from modtui.cli.opening import identity, settings_of
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate
from modtui.domain.decisions import Decision
from modtui.domain.reasons import Reason
from modtui.errors import ReadOnly, StoreError, UsageError
from modtui.settings import Settings
from modtui.settings.options import Options
from modtui.text import Shown, count, join, own, pad, say, show_line
from modtui.text.time import iso, stamp

if TYPE_CHECKING:
    from modtui.store.journal import Journal

_SHOWN = 20
"""How many problems of a journal are printed."""


@contextmanager
def opened() -> Iterator[Journal]:
    """The journal of this machine, for a command that needs neither a site nor the cache. Raises StoreError."""
    from modtui.store.journal import Journal

    journal = Journal(paths.private(paths.state_dir()) / "state.db")
    try:
        yield journal
    finally:
        asyncio.run(journal.close())


def names(settings: Settings) -> dict[str, str]:
    """What the moderator calls each community, by its id."""
    in_settings = ((identity(one), one.name) for one in settings.communities)
    return {**accounts.names(), **{str(id): name for id, name in in_settings}}


def zone(settings: Settings) -> tzinfo | None:
    """The zone in which times are shown; None is this machine's."""
    if not settings.screen.timezone:
        return None
    from zoneinfo import ZoneInfo

    return ZoneInfo(settings.screen.timezone)


def as_json(decision: Decision, called: Mapping[str, str]) -> dict[str, object]:
    """One decision as `log --json` and `outbox --json` print it."""
    sanction = decision.intent.sanction
    return {
        "id": decision.id,
        "at": iso(decision.created_ms),
        "community": called.get(decision.community, decision.community),
        "community_id": decision.community,
        "communities": {called.get(id, id): number for id, number in decision.places.items()},
        "account": decision.account,
        "verb": decision.verb,
        "offer": decision.intent.offer,
        "reason": decision.intent.reason,
        "sanction": None if sanction is None else {"kind": sanction.kind, "duration_ms": sanction.duration_ms},
        "message": decision.intent.message is not None or any(target.message for target in decision.targets),
        "state": decision.state,
        "undo_of": decision.undo_of,
        "reversal": decision.reversal,
        "targets": [
            {
                "id": target.item, "community": called.get(target.ref.community, target.ref.community),
                "number": target.number, "author": target.author, "title": target.title,
                "state": target.state, "checked": target.checked, "conflict": list(target.conflict),
                "steps": [
                    {"words": step.words, "state": step.state, "error": step.error,
                     "due": iso(step.due_ms) if step.state == "held" else None}
                    for step in target.steps
                ],
            }
            for target in decision.targets
        ],
    }  # fmt: skip


def line(decision: Decision, reasons: Sequence[Reason], called: Mapping[str, str], tz: tzinfo | None) -> Shown:
    """One decision as a line of the table; a batch is one folded line."""
    from modtui.desk.words import act

    states: dict[str, int] = {}
    for target in decision.targets:
        states[target.state] = states.get(target.state, 0) + 1
    mixed = ", ".join(f"{number} {name}" for name, number in sorted(states.items()))
    state_words = mixed if len(states) > 1 else decision.state
    where = called.get(decision.community, str(decision.community))
    if len(decision.places) > 1:
        where = ", ".join(f"{number} {called.get(id, id)}" for id, number in decision.places.items())
    return join("  ", (
        pad(stamp(decision.created_ms, tz), 16), own(decision.id), pad(own(state_words), 9), show_line(where),
        act(decision, reasons),
    ))  # fmt: skip


@click.group(invoke_without_command=True, short_help="Show what was decided; check the journal.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON line for each decision.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, the newest first.")
@shared
def log(options: Options, as_lines: bool, limit: int) -> int:
    """Show what was decided, the newest first: when, what, and how far it got.

    A batch is one line. The ids are those that `modtui undo` takes.
    """
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        return 0
    settings = settings_of(options)
    called = names(settings)
    only = _only(options, called)
    tz = zone(settings)
    shown, before = 0, None
    with opened() as journal:
        while shown < limit:
            page = journal.history(limit=min(200, limit - shown), before=before, community=only)
            for decision in page:
                if not (
                    emit_json(as_json(decision, called)) if as_lines
                    else emit(line(decision, settings.reasons, called, tz))
                ):
                    return 0
                before = decision.id
            shown += len(page)
            if not page:
                break
    if not shown:
        narrate(own("Nothing was decided yet."))
    return 0


def _only(options: Options, called: Mapping[str, str]) -> str | None:
    """The id of the community of --community. Raises UsageError."""
    if options.community is None:
        return None
    only = next((id for id, name in called.items() if name.casefold() == options.community.casefold()), None)
    if only is None:
        raise UsageError(f'There is no community "{show_line(options.community, 60)}".')
    return only


@log.command()
@click.argument("member", metavar="NAME")
@click.option("--yes", is_flag=True, help="Do not ask.")
@shared
def forget(options: Options, member: str, yes: bool) -> int:
    """Forget the member NAME on this machine: names, texts and addresses in journal, drafts and cache.

    That something was decided, when, and for which reason stays, without a name, and `modtui log verify` still finds
    the journal whole. This cannot be taken back. With --community only there; else in all of them. What was sent to
    the site or to a route is not touched.
    """
    from modtui.store.store import Store

    if options.read_only:
        raise ReadOnly("modtui was started read-only, so nothing is forgotten.")
    name = member.strip().lstrip("@")
    if not name:
        raise UsageError("A name is needed.")
    only = _only(options, names(settings_of(options)))
    question = say("Forget {name}? Names and texts go for good; what was decided stays, without them.", name=name)
    if not yes and not click.confirm(str(question), err=True):
        narrate(own("Nothing was forgotten."))
        return 0

    async def run() -> tuple[int, int]:
        store = Store.open(paths.private(paths.state_dir()), paths.private(paths.cache_dir()))
        try:
            return await store.forget(name, community=only)
        finally:
            await store.close()

    parts, rows = asyncio.run(run())
    crash.forget(name)
    narrate(say(
        "Forgotten: {parts} of the journal, {rows} of the cache.", parts=count(parts, "part"), rows=count(rows, "row"),
    ))  # fmt: skip
    narrate(own("A modtui that is running keeps what it shows until it ends."))
    return 0


@log.command()
@click.option("--head", metavar="HASH", help="The head hash you kept: it must be in the journal.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON line.")
def verify(head: str | None, as_lines: bool) -> int:
    """Check that nobody changed the journal, and print its head hash.

    Keep the head hash elsewhere: a journal whose end was cut off shows only against a head that you kept (--head).
    Ends with 0 when the journal is whole, with 10 when it is not.
    """
    if head is not None and not re.fullmatch(r"[0-9a-f]{64}", head.strip().lower()):
        raise UsageError("A head hash has 64 hexadecimal digits.", "modtui log verify prints it.")
    with opened() as journal:
        found = journal.verify(head.strip().lower() if head else None)
    if as_lines:
        emit_json({
            "ok": found.ok, "events": found.rows, "head": found.head, "forgotten": found.forgotten,
            "problems": found.problems,
        })  # fmt: skip
    else:
        emit(own(f"head {found.head or '(empty journal)'}"))
        emit(own(f"{found.rows} events, {found.forgotten} forgotten parts"))
        for problem in found.problems[:_SHOWN]:
            emit(own(problem))
        if len(found.problems) > _SHOWN:
            emit(own(f"... and {len(found.problems) - _SHOWN} more; --json has them all"))
    if not found.ok:
        hint = "Keep the file as it is and look at the lines above."
        if found.chain_ok:
            hint = "Its events are whole: modtui outbox rebuild makes the outbox anew from them."
        raise StoreError("The journal is not whole.", hint)
    narrate(own("The journal is whole."))
    return 0
