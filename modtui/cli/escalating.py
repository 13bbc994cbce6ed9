"""What `modtui act` says about routes: `escalate --route NAME`, and `--route` beside another verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import UsageError
from modtui.settings import Settings
from modtui.settings.kinds import nearest
from modtui.text import show_line

_SITE = "site:"
_ALSO = frozenset({"approve", "remove", "spam", "ignore", "restore", "purge", "lock"})
"""Verbs beside which an item can be handed over in one decision."""


@dataclass(frozen=True, slots=True)
class Routed:
    """Where it goes: `route` as an intent names it. `share` None leaves the text to the route and the item."""

    route: str
    note: str | None = None
    share: bool | None = None
    route_shares: bool = True
    due_ms: int | None = None


def routed(
    settings: Settings, verb: str, values: Mapping[str, Any], message: Callable[[], str | None]
) -> Routed | None:
    """The checked words about a route; None when the call names none. `message` gives --message or --message-file,
    which is another word for the note of `escalate`. Raises UsageError."""
    name = values.get("route")
    if name is None:
        for option in ("note", "no_text", "with_text"):
            if values.get(option):
                raise UsageError(f"--{option.replace('_', '-')} belongs to --route.")
        if verb == "escalate":
            raise UsageError("escalate needs --route.", _known(settings))
        return None
    if verb != "escalate" and verb not in _ALSO:
        raise UsageError(f"--route is not for {verb}.")
    if values.get("no_text") and values.get("with_text"):
        raise UsageError("--no-text and --with-text exclude each other.")
    note = values.get("note")
    if verb == "escalate":
        for option in ("reason", "words", "tell", "ban", "silence", "lock", "text", "offer"):
            if values.get(option):
                raise UsageError(f"--{option} is not for escalate.")
        said = message()
        if said is not None and note is not None:
            raise UsageError("--note and --message exclude each other.")
        note = note if note is not None else said
    share = False if values.get("no_text") else True if values.get("with_text") else None
    if name.startswith(_SITE) and len(name) > len(_SITE):
        return Routed(name, note, share)
    one = next((one for one in settings.routes if one.name.casefold() == name.casefold()), None)
    if one is None:
        names = [one.name for one in settings.routes]
        hint = nearest(name, names) if names else _known(settings)
        raise UsageError(f'There is no route "{show_line(name, 40)}".', hint)
    route = _SITE + one.to if one.kind == "site" else one.name
    return Routed(route, note, share, one.text, one.due_ms)


def _known(settings: Settings) -> str:
    names = ", ".join(one.name for one in settings.routes)
    return f"There are: {names}." if names else "There is none in the settings; docs/escalation.md shows how."


def with_route(intent: Intent, words: Routed) -> Intent:
    """The intent that hands over, or the one that hands over too."""
    share = words.share if words.share is not None else words.route_shares
    return replace(intent, route=words.route, text=words.note, share=share, due_ms=words.due_ms)


def own_share(intent: Intent, words: Routed) -> Callable[[Item], Intent]:
    """The intent for each item: the text of what is about personal data stays here unless it was asked for by name."""
    return lambda item: replace(intent, share=intent.share and (words.share is True or not item.folded))
