"""`modtui replies` and `modtui drafts`: the saved replies with their gaps, and texts that wait to be sent."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any

import click

from modtui import paths
from modtui.cli.log import names
from modtui.cli.opening import settings_of
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate, width
from modtui.domain.replies import PLACEHOLDERS, SavedReply, missing_languages
from modtui.errors import NotFound, ReadOnly
from modtui.settings import Settings
from modtui.settings.options import Options
from modtui.text import cut, join, own, pad, say, show_line
from modtui.text.time import age

if TYPE_CHECKING:
    from modtui.desk.drafts import Draft

_NAME = re.compile(r"\{([A-Za-z_]+)\}")


def _languages(settings: Settings, replies: tuple[SavedReply, ...]) -> list[str]:
    """What a family is measured by: every language that some reply has, and those of the communities."""
    there = {code for reply in replies for code in reply.texts if code}
    return sorted(there | {one.language for one in settings.communities if one.language})


def _line(reply: SavedReply, languages: list[str]) -> dict[str, Any]:
    used = (name for text in reply.texts.values() for name in _NAME.findall(text) if name in PLACEHOLDERS)
    return {
        "name": reply.name, "title": reply.title, "titles": dict(sorted(reply.titles.items())),
        "tags": list(reply.tags), "keys": list(reply.keys), "languages": sorted(reply.texts),
        "missing": list(missing_languages(reply, languages)), "placeholders": sorted(set(used)),
        "source": "starter" if reply.starter else "own",
    }  # fmt: skip


@click.command(short_help="List the saved replies, with the languages they lack.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each.")
@shared
def replies(options: Options, as_json: bool) -> int:
    """List the saved replies: yours from replies/ in the settings folder, and the starters of modtui.

    A JSON line has: name, title, titles (by language), tags, keys, languages, missing (languages that other replies or
    your communities have), placeholders, source (own or starter).
    """
    settings = settings_of(options)
    found = settings.saved_replies()
    languages = _languages(settings, found)
    for reply in found:
        line = _line(reply, languages)
        if as_json:
            emit_json(line)
            continue
        gaps = [own(f"no {code.upper()}") for code in line["missing"]]
        there = join(" ", [own(code.upper() or "?") for code in line["languages"]])
        source = own("starter" if reply.starter else "yours")
        parts = [pad(show_line(reply.name), 24), pad(there, 14), pad(source, 8), show_line(reply.title)]
        row = join("  ", [*parts, *([join(", ", gaps)] if gaps else [])])
        emit(cut(row, width()))
    if not found:
        narrate(say("There are no saved replies. They are files {folder}/NAME.LANGUAGE.md.",
                    folder=str(settings.path.parent / "replies")))  # fmt: skip
    return 0


def _draft(draft: Draft, called: dict[str, str], now_ms: int) -> dict[str, Any]:
    return {
        "id": draft.id, "item": draft.item, "number": draft.number,
        "community": called.get(draft.community, draft.community), "verb": draft.verb, "audience": draft.audience,
        "to": draft.to, "title": draft.title, "post": draft.post, "words": draft.words,
        "saved_ms": draft.saved_ms, "age_seconds": max(0, now_ms - draft.saved_ms) // 1000, "text": draft.text,
    }  # fmt: skip


@click.command(short_help="List texts that were not sent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each, with the text.")
@click.option("--drop", metavar="ID", help="Throw this one away.")
@shared
def drafts(options: Options, as_json: bool, drop: str | None) -> int:
    """List the texts that were written and not sent, the newest first. No site is asked.

    A JSON line has: id, item, number, community, verb, audience (public, staff or private), to, title, post, words,
    saved_ms, age_seconds, text.
    """
    from modtui.desk.desk import Desk
    from modtui.store.store import Store

    if drop is not None and options.read_only:
        raise ReadOnly("modtui was started read-only, so nothing can be thrown away.")
    settings = settings_of(options)

    async def run() -> int:
        store = Store.open(paths.private(paths.state_dir()), paths.private(paths.cache_dir()))
        desk = Desk([], store, read_only=options.read_only)
        try:
            await desk.start(sync=False, send=False)
            found = desk.drafts.all()
            if drop is not None:
                found = [one for one in found if one.id == drop]
                if not found:
                    raise NotFound(f"There is no draft {show_line(drop, 40)}.", "modtui drafts lists them.")
                await desk.drafts.drop(drop)
            called, now_ms = names(settings), time.time_ns() // 1_000_000
            for one in found:
                line = _draft(one, called, now_ms)
                emit_json(line) if as_json else emit(_row(one, line, now_ms))
            if not found:
                narrate(own("No text waits to be sent."))
            elif drop is not None:
                narrate(own("It is thrown away."))
            return 0
        finally:
            await desk.close()
            await store.close()

    return asyncio.run(run())


def _row(draft: Draft, line: dict[str, Any], now_ms: int) -> Any:
    to = say("to {to}", to=draft.to) if draft.to else say("#{number}", number=draft.number)
    parts = [
        own(draft.id), pad(age(draft.saved_ms, now_ms), 4), pad(show_line(line["community"], 16), 16),
        pad(own(draft.audience), 7), pad(cut(to, 24), 24), show_line(draft.text, 200),
    ]  # fmt: skip
    return cut(join("  ", parts), width())
