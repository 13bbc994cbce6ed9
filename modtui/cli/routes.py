"""`modtui routes`: where escalations can go, and a test of one."""

from __future__ import annotations

import asyncio
import getpass
from typing import TYPE_CHECKING, Any

import click

from modtui import credentials
from modtui.cli.opening import routes_of, settings_of
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate
from modtui.domain.capability import Allowed
from modtui.errors import ModtuiError, ReadOnly, UsageError
from modtui.settings.kinds import nearest
from modtui.settings.model import RouteSettings
from modtui.settings.options import Options
from modtui.text import own, pad, say, show_line
from modtui.text.time import duration

if TYPE_CHECKING:
    from modtui.routes import Route


def signing(one: RouteSettings, options: Options) -> credentials.Key | None:
    """The secret that a webhook signs with, asked of the same places as at a delivery."""
    from modtui.routes.build import wanted

    token = credentials.route_tokens().get(credentials.route_variable(one.name))
    return credentials.look(wanted(one), token=token, config=options.config)[0]


def line_of(one: RouteSettings, route: Route | None, signed: bool | None) -> dict[str, Any]:
    """A route as `routes --json` prints it: no secret, and no address that may hold one. `signed` is for webhooks."""
    able = route.capability if route is not None else None
    return {
        "name": one.name, "key": one.key, "title": one.title or one.name, "kind": one.kind,
        "where": route.where if route is not None else f"the site's own: {one.to}",
        "due_ms": one.due_ms, "hours": one.hours or None, "text": one.text, "signed": signed,
        "possible": able is None or isinstance(able, Allowed),
        "why_not": None if able is None or isinstance(able, Allowed) else able.sentence,
    }  # fmt: skip


@click.group(invoke_without_command=True, short_help="List where escalations can go; test one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each route.")
@shared
def routes(options: Options, as_json: bool) -> int:
    """List where escalations can go: the routes of the settings, without their secrets.

    The sites' own routes differ from item to item: the route line (e) of the screens shows them.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return 0
    settings = settings_of(options)
    ready = {one.name: one for one in routes_of(options, settings)}
    for one in settings.routes:
        signed = signing(one, options) is not None if one.kind == "webhook" else None
        line = line_of(one, ready.get(one.name), signed)
        if as_json:
            emit_json(line)
            continue
        clock = f"answer due in {duration(one.due_ms)}" if one.due_ms is not None else "no clock"
        hours = f" ({one.hours})" if one.due_ms is not None and one.hours else ""
        why = f"; not possible: {line['why_not']}" if line["why_not"] else ""
        bare = ", NOT SIGNED: it has no secret" if signed is False else ""
        where = show_line(line["where"], 60)
        emit(own(f"{one.key}  {pad(show_line(one.name, 20), 20)} {where}, {clock}{hours}{bare}{why}"))
    if not settings.routes:
        narrate(own("There is no route in the settings; docs/escalation.md shows how to add one."))
    return 0


@routes.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@shared
def test(options: Options, name: str, yes: bool) -> int:
    """Send a message that is marked as a test to the route NAME, once, and say what came of it.

    Prints one JSON line: name, state (done, refused, unknown, not sent), message. Ends with 0 when it was taken.
    """
    from modtui.desk.escalation import trial_payload
    from modtui.domain.decisions import Call
    from modtui.store.ids import new_id
    from modtui.text.time import iso

    if options.read_only:
        raise ReadOnly("modtui was started read-only, so nothing is sent.")
    settings = settings_of(options)
    found = next((one for one in routes_of(options, settings) if one.name.casefold() == name.casefold()), None)
    if found is None:
        one = next((one for one in settings.routes if one.name.casefold() == name.casefold()), None)
        if one is not None:
            raise UsageError(f"{one.name} is the site's own route, which has no test.")
        hint = nearest(name, [one.name for one in settings.routes])
        raise UsageError(f'There is no route "{show_line(name, 40)}".', hint or "There is none in the settings.")
    question = say("Send a test to {title} ({where})?", title=found.title, where=found.where)
    if not yes and not click.confirm(str(question), err=True):
        narrate(own("Nothing was sent."))
        return 0
    import time

    now = time.time_ns() // 1_000_000
    key = f"{new_id(now)}-test"
    payload = trial_payload(found, _me(), now)
    due = iso(now + found.due_ms) if found.due_ms is not None else None

    async def run() -> None:
        try:
            await found.deliver(Call("deliver", {**payload, "key": key, "due": due}), key)
        finally:
            await found.aclose()

    state, words = "done", f"{found.title} has taken it."
    try:
        asyncio.run(run())
    except ModtuiError as error:
        sent = getattr(error, "sent", None)
        state = "refused" if sent is None else "unknown" if sent else "not sent"
        words = str(error)
    emit_json({"name": found.name, "state": state, "message": words})
    return 0 if state == "done" else 9


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "modtui"
