"""`modtui act`: decide from the command line, with the same desk, journal and look before sending as the screens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from modtui.cli import targets
from modtui.cli.intents import Words, each_for, intent_for, verb_of
from modtui.cli.opening import chosen, opening, settings_of
from modtui.cli.options import shared
from modtui.cli.output import emit_json, narrate
from modtui.cli.running import finished, working
from modtui.cli.targets import Found, Named
from modtui.cli.threads import intents
from modtui.desk.reply_words import held_by_site
from modtui.desk.words import sentence
from modtui.domain.decisions import Decision, Intent, Plan, Target
from modtui.domain.items import Item
from modtui.domain.seen import Seen
from modtui.domain.subjects import LANES, Lane
from modtui.errors import AuthError, ModtuiError, ReadOnly, Refused, UsageError
from modtui.settings.options import Options
from modtui.text import own

if TYPE_CHECKING:
    from modtui.desk.desk import Desk

GOOD = frozenset({"held", "done"})
"""States that count as done as asked."""


def _result(id: str, decision: str | None, state: str, checked: bool, message: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "decision": decision, "state": state, "checked": checked, "message": sentence(message), **more}


def _dry(desk: Desk, one: Found, intent: Intent | ModtuiError) -> dict[str, Any]:
    """What the decision would do to the item, without deciding."""
    if one.item is None:
        return _result(one.id, None, one.state, one.checked, one.problem, possible=False)
    open_one = desk.store.journal.open_for(one.item.ref)
    if open_one is not None:
        words = f"A decision on it is on its way already ({open_one.id})"
        return _result(one.id, None, "skipped", one.checked, words, possible=False)
    try:
        if isinstance(intent, ModtuiError):
            raise intent
        plan = desk.plan(one.item, intent)
    except ModtuiError as error:
        return _result(one.id, None, "skipped", one.checked, error.message, possible=False)
    more = {"text": intent.text} if intent.verb == "reply" else {}
    said = f"Dry run: {_would(plan)}"
    return _result(one.id, None, "skipped", one.checked, said, possible=True, plan=_plan(plan), **more)


def _would(plan: Plan) -> str:
    words = [step.words for step in plan.steps] or ["nothing"]
    told = "the site tells the author" if plan.tells_author else ""
    return ", ".join((*words, told) if told else words)


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "steps": [step.words for step in plan.steps],
        "effects": [{"on": effect.on, "words": effect.words} for effect in plan.effects],
        "tells_author": plan.tells_author, "reversal": plan.reversal, "stays": list(plan.stays),
    }  # fmt: skip


def _done(target: Target) -> str:
    """What was done, each thing once."""
    return ", ".join(dict.fromkeys(step.words for step in target.steps if step.state == "done")) or "nothing"


def _final(decision: Decision, target: Target) -> dict[str, Any]:
    """The line of one item of a decision, as it stands now."""
    state = target.state
    shown = {"sending": "unknown", "discarded": "undone"}.get(state, state)
    if state == "done" and held_by_site(target):
        words = "The site holds it for approval: not published yet"
    elif state == "done":
        words = f"Done: {_done(target)}"
    elif state == "held":
        words = "Held; modtui outbox send sends it, modtui undo takes it back"
    elif state == "conflict":
        words = f"Not sent, it changed meanwhile: {', '.join(target.conflict) or 'somebody else was quicker'}"
    elif state == "partly":
        failed = next((step.error for step in target.steps if step.error), None)
        words = f"Only in part: {_done(target)}{f'; then: {failed}' if failed else ''}"
    elif shown == "unknown" and any(step.executor != "backend" for step in target.steps if step.state == "unknown"):
        words = "It may have been delivered or not; nothing is sent again by itself, modtui outbox send ID does"
    elif shown == "unknown":
        words = "It is not known whether the site has it; modtui looks it up before anything is sent again"
    elif shown == "undone":
        words = "Taken back before it was sent" if state == "discarded" else "Taken back"
    else:
        words = next((step.error for step in target.steps if step.error), None) or "The site will not do it"
    return _result(target.item, decision.id, shown, target.checked, words)


async def _decide(
    desk: Desk, found: Sequence[Found], intent: Intent, each: Callable[[Item], Intent] | None, wait: bool,
    hold_s: float, overrule: bool, *, singly: Mapping[str, Intent | ModtuiError] | None = None,
) -> tuple[list[dict[str, Any]], AuthError | None]:  # fmt: skip
    """Decide, wait, and give a line for each item, in the order in which they were named; and the error to end with."""
    lines: dict[str, dict[str, Any]] = {
        one.id: _result(one.id, None, one.state, one.checked, one.problem) for one in found if one.item is None
    }
    seen = {one.id: one.seen for one in found if one.seen is not None}
    made: list[str] = []
    shut: AuthError | None = None
    for one in found if singly is not None else ():
        await _decide_one(desk, one, (singly or {}).get(one.id), seen, hold_s, overrule, lines, made)
    for checked in (True, False) if singly is None else ():
        for community in desk.communities:
            mine = [
                one.item for one in found
                if one.item is not None and one.checked is checked and one.item.ref.community == community.id
            ]  # fmt: skip
            if not mine:
                continue
            decided = await desk.decide(
                mine, intent, seen=seen, hold_s=hold_s, checked=checked, overrule=overrule, each=each
            )
            for id, why in decided.skipped.items():
                lines[id] = _result(id, None, "skipped", checked, why)
            if decided.decision is not None:
                made.append(decided.decision.id)
    if wait and made:
        await desk.resume_sending()
        shut = await finished(desk, made)
    for id in made:
        decision = desk.store.journal.decision(id)
        for target in decision.targets if decision is not None else ():
            if decision is not None:
                lines[target.item] = _final(decision, target)
    return [lines[one.id] for one in found if one.id in lines], shut


async def _decide_one(
    desk: Desk, one: Found, intent: Intent | ModtuiError | None, seen: Mapping[str, Seen], hold_s: float,
    overrule: bool, lines: dict[str, dict[str, Any]], made: list[str],
) -> None:  # fmt: skip
    """Decide on one item with words of its own; what cannot be is a line that says why."""
    if one.item is None or intent is None:
        return
    try:
        if isinstance(intent, ModtuiError):
            raise intent
        decided = await desk.decide(
            [one.item], intent, seen=seen, hold_s=hold_s, checked=one.checked, overrule=overrule
        )
    except (Refused, UsageError) as error:
        lines[one.id] = _result(one.id, None, "refused", one.checked, error.message)
        return
    for id, why in decided.skipped.items():
        lines[id] = _result(id, None, "skipped", one.checked, why)
    if decided.decision is not None:
        made.append(decided.decision.id)


def _exit_code(lines: Sequence[dict[str, Any]], dry: bool) -> int:
    good = all(line["possible"] if dry else line["state"] in GOOD for line in lines)
    return 0 if good else 9


def _named(ids: Sequence[str], stdin: TextIO) -> list[Named]:
    """The arguments, or standard input when there are none (or a lone `-`). Raises UsageError."""
    if ids and tuple(ids) != ("-",):
        return [Named(id) for id in ids]
    if stdin.isatty():
        raise UsageError("There are no ids.", "Give ids, or lines of modtui queue --json on standard input.")
    try:
        return targets.read_lines(stdin)
    except UnicodeDecodeError:
        raise UsageError("The input is not UTF-8 text.") from None


async def _run(
    desk: Desk, named: Sequence[Named], intent: Intent, words: Words, *,
    lane: Lane | None, names: Sequence[str], dry: bool, wait: bool, hold_s: float, overrule: bool,
    confirm: str | None = None,
) -> int:  # fmt: skip
    async with working(desk, send=wait and not dry):
        # What an earlier run left in the outbox goes out with ours, not between our reading and our deciding.
        await desk.pause_sending()
        if lane == "members":
            named = await targets.by_name(desk, named, names)
        found = await targets.resolve(desk, named, lane, names=names)
        if intent.verb == "erase" and not dry:
            targets.confirmed(found, confirm)
        gone, shut = targets.missing(found), None
        each = each_for(desk, intent, words)
        own_intents = {one.item.id: each(one.item) for one in found if one.item is not None} if each else {}
        singly: Mapping[str, Intent | ModtuiError] | None = None
        if words.thread is not None:
            singly = await intents(desk, [one.item for one in found if one.item is not None], words.thread)
        if dry:
            lines = [_dry(desk, one, (singly or own_intents).get(one.id, intent)) for one in found]
        else:
            each = (lambda item: own_intents[item.id]) if each else None
            lines, shut = await _decide(desk, found, intent, each, wait, hold_s, overrule, singly=singly)
        for line in lines:
            emit_json(line)
        if (error := gone or shut) is not None:
            raise error
        return _exit_code(lines, dry)


@click.command(short_help="Decide on items.")
@click.argument("verb")
@click.argument("ids", nargs=-1)
@click.option("--reason", metavar="ID", help="One of the reasons of the settings (modtui config docs lists them).")
@click.option("--words", metavar="TEXT", help="A reason in your own words.")
@click.option("--message", metavar="TEXT",
              help="A message to the author, or the text of a reply; placeholders such as {author} are filled in.")
@click.option("--message-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The same, from a file.")
@click.option("--tell", is_flag=True, help="Send the author the reason's own message, in the language of the post.")
@click.option("--ban", metavar="LENGTH", help="Ban the author too: 7d, 30d, forever.")
@click.option("--silence", metavar="LENGTH", help="Silence the author too.")
@click.option("--lock", is_flag=True, help="Lock the thread too.")
@click.option("--text", metavar="TEXT", help="The text of a note, a reply or an edit.")
@click.option("--saved", metavar="NAME", help="Reply with this saved reply, in the author's language.")
@click.option("--lang", metavar="CODE", help="The language of the saved reply, where the author's is not wanted.")
@click.option("--link", metavar="URL", help="What {link} becomes: another thread's address.")
@click.option("--audience", type=click.Choice(("public", "staff", "private")),
              help="Who reads a reply: everybody, the team, or the author alone. Without it: everybody.")
@click.option("--accept", is_flag=True, help="Mark the reply as the answer too.")
@click.option("--close", is_flag=True, help="Close the thread after the reply.")
@click.option("--post", metavar="ID", help="The post to reply to, or to mark as the answer.")
@click.option("--to", metavar="NAME", help="Where a thread moves to, or who gets it.")
@click.option("--of", metavar="ID", help="The thread that a duplicate repeats: its id or its address.")
@click.option("--tags", metavar="TAGS", help="All tags of a thread (a,b), or changes (+a,-b).")
@click.option("--until", metavar="WHEN", help="When a bookmark reminds: 3d, 2026-12-01, 2026-12-01T09:30.")
@click.option("--route", metavar="NAME",
              help="Where escalate hands it to; with remove and the like it is handed over too. `modtui routes` lists.")
@click.option("--note", metavar="TEXT", help="A note for whom it is handed to.")
@click.option("--no-text", is_flag=True, help="The post's text does not go along, only the link.")
@click.option("--with-text", is_flag=True, help="The text goes along even where it is personal data.")
@click.option("--offer", metavar="ID", help="Take this offer of the site instead of the verb's usual one.")
@click.option("--lane", type=click.Choice(LANES), help="The lane that bare ids belong to.")
@click.option("--claimed-too", is_flag=True, help="Decide even where a colleague has taken the item.")
@click.option("--confirm", metavar="NAME", help="For erase: the member's username, since nothing brings it back.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--no-wait", is_flag=True, help="Leave it in the outbox, for modtui outbox send or the next modtui.")
@shared
def act(options: Options, verb: str, ids: tuple[str, ...], **values: Any) -> int:
    """Decide: VERB on the items with these IDS, or on the lines of standard input.

    Verbs: approve, remove, spam, ignore, restore, edit, claim, release, note, silence, unsilence, ban, unban, lock,
    unlock, purge, warn, escalate (--route); on threads reply, accept, unaccept, duplicate, move, tag, assign, unassign,
    bookmark, unbookmark, watch, unwatch; on members (--lane members, by name) logout, approve, erase. What a site
    allows on an item is in the offers of `modtui queue --json`.

    A line of `modtui queue --json` says what you were shown: if the item is not so any more, nothing is sent. Every
    item is read again before anything is sent; for a bare id that read is all there is, and the result says
    "checked": false.

    A reply needs a text (--message, --message-file or --saved); one with a placeholder that nothing fills is refused
    and names it. Each item gets a reply of its own, in its author's language where the saved reply has that.

    One JSON line is printed for each item: id, decision, state, checked, message. States are held, done, undone,
    conflict, refused, unknown, partly, skipped. With --dry-run the state is skipped, and "possible" says the rest.
    Nothing is held unless --hold says so. What is done, `modtui undo` takes back as far as the site can.

    Ends with 0 when every item is done or held (with --dry-run: would be), with 3 when none exists, else with 9.
    """
    settings = settings_of(options)
    words = Words.read(settings, verb_of(verb), values)
    intent = intent_for(settings, words)
    dry, wait = bool(values["dry_run"]), not values["no_wait"]
    if options.read_only and not dry:
        raise ReadOnly("modtui was started read-only, so nothing can be decided.", "--dry-run shows what would happen.")
    named = _named(ids, sys.stdin)
    if not named:
        narrate(own("The input is empty, so there is nothing to do."))
        return 0
    names = [one.name for one in chosen(options, settings)]
    with opening(options, settings) as desk:
        return asyncio.run(_run(
            desk, named, intent, words, lane=values["lane"], names=names, dry=dry, wait=wait,
            hold_s=options.hold_s or 0.0, overrule=bool(values["claimed_too"]), confirm=values["confirm"],
        ))  # fmt: skip
