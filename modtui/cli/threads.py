"""What `modtui act` says about threads: replies, answers, duplicates, moves, tags, assignments, bookmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from modtui.cli.output import narrate
from modtui.desk.choosing import Chooser
from modtui.desk.placeholders import values_for
from modtui.domain.decisions import Audience, Intent
from modtui.domain.items import Item
from modtui.domain.replies import PLACEHOLDERS, fill_reply, unknown_in
from modtui.errors import ModtuiError, UsageError
from modtui.settings.kinds import nearest
from modtui.text import say, show_line
from modtui.text.time import parse_duration

if TYPE_CHECKING:
    from modtui.backends.base import ChoiceKind
    from modtui.desk.desk import Desk

THREAD = frozenset({
    "reply", "accept", "unaccept", "duplicate", "move", "tag", "assign", "unassign", "bookmark", "unbookmark", "watch",
    "unwatch",
})  # fmt: skip
"""Verbs whose words differ from item to item (names, languages, tags), so each item is a decision of its own."""
BELONGS: dict[str, tuple[str, ...]] = {
    "saved": ("reply", "duplicate"), "lang": ("reply", "duplicate"), "link": ("reply",), "audience": ("reply",),
    "accept": ("reply",), "close": ("reply",), "post": ("reply", "accept", "unaccept"), "to": ("move", "assign"),
    "of": ("duplicate",), "tags": ("tag",), "until": ("bookmark",),
}  # fmt: skip
"""Which verbs an option is for."""
_NEEDS = {"accept": "post", "move": "to", "assign": "to", "duplicate": "of", "tag": "tags"}
_WRITES = frozenset({"reply", "duplicate"})
_PICKS: dict[str, ChoiceKind] = {"move": "category", "assign": "assignee"}


@dataclass(frozen=True, slots=True)
class ThreadWords:
    """The checked words of a call about threads."""

    verb: str
    text: str | None = None
    saved: str | None = None
    language: str | None = None
    link: str | None = None
    audience: Audience = "public"
    accept: bool = False
    close: bool = False
    post: str | None = None
    to: str | None = None
    tags: str | None = None
    when_ms: int | None = None


def belongs(verb: str, values: Mapping[str, Any]) -> None:
    """Raises UsageError for an option that says nothing about this verb, or one that is missing."""
    for name, verbs in BELONGS.items():
        if values.get(name) and verb not in verbs:
            raise UsageError(f"--{name} is for {' and '.join(verbs)}, not for {verb}.")
    need = _NEEDS.get(verb)
    if need is not None and not str(values.get(need) or "").strip():
        raise UsageError(f"{verb} needs --{need}.")


def read(verb: str, values: Mapping[str, Any], text: str | None, now_ms: int, tz: tzinfo | None) -> ThreadWords:
    """The words of a thread verb; `text` is what --text, --message or --message-file gave. Raises UsageError."""
    saved = values.get("saved")
    if text is not None and saved is not None:
        raise UsageError("--saved and a text of your own exclude each other.")
    if text is not None and verb not in _WRITES:
        raise UsageError(f"{verb} takes no text.")
    if verb == "reply" and not (text or "").strip() and saved is None:
        raise UsageError("reply needs --message, --message-file or --saved.")
    if values.get("lang") and saved is None:
        raise UsageError("--lang chooses the language of a saved reply, so it needs --saved.")
    for _, name in unknown_in(text or ""):
        raise UsageError(
            f"{{{show_line(name, 40)}}} in the text is not a placeholder.",
            f"{nearest(name, PLACEHOLDERS)} What is meant literally is written as code, or \\{{{name}}}.".strip(),
        )
    return ThreadWords(
        verb=verb, text=text, saved=saved, language=values.get("lang"), link=values.get("link") or values.get("of"),
        audience=values.get("audience") or "public", accept=bool(values.get("accept")),
        close=bool(values.get("close")), post=values.get("post"), to=values.get("to") or values.get("of"),
        tags=values.get("tags"), when_ms=_until(values.get("until"), now_ms, tz),
    )  # fmt: skip


def _until(given: str | None, now_ms: int, tz: tzinfo | None) -> int | None:
    """When a bookmark reminds: a length from now, or a date with or without a time. Raises UsageError."""
    if given is None:
        return None
    try:
        when = datetime.fromisoformat(given)
    except ValueError:
        try:
            length = parse_duration(given)
        except ValueError:
            raise UsageError(f"--until: {show_line(given, 40)} is no date (2026-12-01) and no length (3d).") from None
        if length is None:
            raise UsageError("--until needs an end; without it the bookmark has no date.") from None
        return now_ms + length
    if when.tzinfo is None:
        when = when.replace(hour=when.hour or (9 if len(given) <= 10 else 0), tzinfo=tz)
    moment = int(when.timestamp() * 1000)
    if moment <= now_ms:
        raise UsageError("--until is in the past.")
    return moment


async def intents(desk: Desk, items: Sequence[Item], words: ThreadWords) -> dict[str, Intent | ModtuiError]:
    """What is meant for each item, by item id; or why it cannot be said for it. Raises UsageError for words that fit no
    item at all (a saved reply or a category that does not exist)."""
    chooser = Chooser(desk)
    found: dict[str, Intent | ModtuiError] = {}
    for item in items:
        try:
            found[item.id] = await _intent(desk, chooser, item, words)
        except UsageError:
            raise
        except ModtuiError as error:
            found[item.id] = error
    return found


async def _intent(desk: Desk, chooser: Chooser, item: Item, words: ThreadWords) -> Intent:
    to = words.to
    kind = _PICKS.get(words.verb)
    if kind is not None and to is not None:
        to = await _choice(chooser, item, kind, to)
    return Intent(
        verb=words.verb, text=await _text(desk, item, words) if words.verb in _WRITES else None,
        audience=words.audience, accept=words.accept, close=words.close, post=words.post, to=to,
        tags=_tags(item, words.tags) if words.tags is not None else None, when_ms=words.when_ms,
    )  # fmt: skip


async def _text(desk: Desk, item: Item, words: ThreadWords) -> str | None:
    """The reply's text, filled as far as it can be; what is left in braces makes the desk refuse it."""
    template = words.text
    if words.saved is not None:
        template = await _saved(desk, item, words.saved, words.language)
    if template is None:
        return None
    values = values_for(desk.community(item.ref.community), item, link=words.link)
    if words.post is not None and words.post != item.place.post_id:
        values["author"] = None  # the reply goes to somebody whom the item does not name
    return fill_reply(template, values).text


async def _saved(desk: Desk, item: Item, name: str, language: str | None) -> str:
    entry = desk.replies.named(name, item, language=language)
    if entry is None:
        known = await desk.replies.all(item, language=language)
        entry = desk.replies.named(name, item, language=language)
        if entry is None:
            names = [one.name for one in known]
            hint = nearest(name, names) or "modtui replies lists them."
            raise UsageError(f'There is no saved reply "{show_line(name, 40)}".', hint)
    if entry.gap and language is not None:
        there = ", ".join(one.upper() for one in entry.languages)
        raise UsageError(f'The saved reply "{entry.name}" is not there in {language.upper()}.', f"There is: {there}.")
    if entry.gap:
        narrate(say(
            '"{name}" has no {wanted}: it is taken in {language} for #{number}.', name=entry.name,
            wanted=(entry.wanted or "").upper(), language=(entry.language or "?").upper(), number=item.number,
        ))  # fmt: skip
    return entry.text


async def _choice(chooser: Chooser, item: Item, kind: ChoiceKind, given: str) -> str:
    """The id of what was named by its id or its title. Where the site lists nothing, as it was given."""
    wanted = given.strip().casefold()
    found = (*await chooser.ask(item, kind, given.strip()), *await chooser.ask(item, kind))
    if not found:
        return given.strip()
    for one in found:
        if wanted in (one.id.casefold(), one.title.casefold(), one.id.casefold().rpartition(":")[2]):
            return one.id
    names = [str(one.title) for one in found]
    what = "category" if kind == "category" else "colleague or group"
    raise UsageError(f'There is no {what} "{show_line(given, 40)}".', show_line(nearest(given, names), 200))


def _tags(item: Item, given: str) -> tuple[str, ...]:
    """All tags as they shall be: `a,b` sets them, `+a,-b` changes those that are there. Raises UsageError."""
    parts = [part.strip() for part in given.split(",") if part.strip()]
    signed = [part for part in parts if part[0] in "+-"]
    if signed and len(signed) != len(parts):
        raise UsageError("--tags: either all tags (a,b), or only changes (+a,-b).")
    if not signed:
        return tuple(dict.fromkeys(parts))
    taken = {part[1:].strip() for part in signed if part[0] == "-"}
    kept = [str(tag) for tag in item.place.tags if tag not in taken]
    return tuple(dict.fromkeys([*kept, *(part[1:].strip() for part in signed if part[0] == "+")]))
