"""From the words of `modtui act` to intents."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from modtui.cli.escalating import Routed, own_share, routed, with_route
from modtui.cli.log import zone
from modtui.cli.threads import THREAD, ThreadWords, belongs, read
from modtui.desk.placeholders import values_for
from modtui.domain.decisions import VERBS, Intent, Sanction
from modtui.domain.items import Item
from modtui.domain.reasons import Reason
from modtui.domain.replies import PLACEHOLDERS, fill, unknown_placeholders
from modtui.errors import UsageError
from modtui.settings import Settings
from modtui.settings.kinds import nearest
from modtui.settings.reasons import compose, pick_language
from modtui.text import show_line
from modtui.text.time import parse_duration

if TYPE_CHECKING:
    from modtui.desk.desk import Desk

_INNER = frozenset({"offer", "reopen"})
"""Verbs that this has no words for."""
_WANT_TEXT = frozenset({"edit", "note"})
_SIZE = 100_000


def verb_of(text: str) -> str:
    """The verb. Raises UsageError with the nearest one."""
    verbs = [verb for verb in VERBS if verb not in _INNER]
    if text in verbs:
        return text
    raise UsageError(f'There is no verb "{show_line(text, 40)}".', nearest(text, verbs))


@dataclass(frozen=True, slots=True)
class Words:
    """The checked words of a call."""

    verb: str
    reason: Reason | None = None
    own_words: str | None = None
    message: str | None = None
    tell: bool = False
    sanction: Sanction | None = None
    lock: bool = False
    text: str | None = None
    offer: str | None = None
    thread: ThreadWords | None = None
    routed: Routed | None = None

    @classmethod
    def read(cls, settings: Settings, verb: str, values: Mapping[str, Any]) -> Words:
        """Check the options of `act`. Raises UsageError."""
        belongs(verb, values)
        if verb in THREAD:
            return cls(verb=verb, offer=values.get("offer"), thread=_thread(settings, verb, values))
        given = routed(settings, verb, values, lambda: _given(values))
        if verb == "escalate":
            return cls(verb=verb, routed=given)
        reason = None
        if values.get("reason") is not None:
            reason = settings.reason(values["reason"])
            if reason is None:
                name, known = str(values["reason"]), [one.id for one in settings.reasons]
                raise UsageError(f'There is no reason "{show_line(name, 40)}".', nearest(name, known))
        if values.get("tell") and (reason is None or not reason.messages):
            raise UsageError("--tell sends the reason's message, so it needs a --reason that has one.")
        message = _message(values.get("message"), values.get("message_file"))
        if message is not None and values.get("tell"):
            raise UsageError("--tell and --message exclude each other.")
        text = values.get("text")
        if verb in _WANT_TEXT and not (text or "").strip():
            raise UsageError(f"{verb} needs --text.")
        if text is not None and verb not in _WANT_TEXT:
            raise UsageError(f"--text is for {', '.join(sorted(_WANT_TEXT))}, not for {verb}.")
        if verb == "warn" and message is None and not values.get("tell"):
            raise UsageError("warn needs --message, --message-file, or a --reason with --tell.")
        return cls(
            verb=verb, reason=reason, own_words=values.get("words"), message=message, tell=bool(values.get("tell")),
            sanction=_sanction(settings, verb, values), lock=bool(values.get("lock")), text=text,
            offer=values.get("offer"), routed=given,
        )  # fmt: skip


def _given(values: Mapping[str, Any]) -> str | None:
    """The note of an escalation, where it comes as a message."""
    return _message(values.get("message"), values.get("message_file"), filled=False)


def _thread(settings: Settings, verb: str, values: Mapping[str, Any]) -> ThreadWords:
    for name in ("reason", "words", "tell", "ban", "silence", "lock"):
        if values.get(name):
            raise UsageError(f"--{name} is not for {verb}.")
    given = values.get("text")
    if given is not None and (values.get("message") is not None or values.get("message_file") is not None):
        raise UsageError("--text and --message exclude each other.")
    text = given if given is not None else _message(values.get("message"), values.get("message_file"), filled=False)
    return read(verb, values, text, time.time_ns() // 1_000_000, zone(settings))


def _message(given: str | None, file: Path | None, *, filled: bool = True) -> str | None:
    """The message as given. Raises UsageError for one that cannot be read, is empty, or (where it is `filled` as
    messages are) has unknown placeholders."""
    if given is not None and file is not None:
        raise UsageError("--message and --message-file exclude each other.")
    if file is not None:
        try:
            given = file.read_text("utf-8")
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise UsageError(f"{file} is not UTF-8 text.") from None
    if given is None:
        return None
    if not given.strip():
        raise UsageError("The message is empty.")
    if len(given) > _SIZE:
        raise UsageError(f"The message is longer than {_SIZE:,} signs.")
    for name in unknown_placeholders(given) if filled else ():
        words = f"{{{show_line(name, 40)}}} in the message is not a placeholder."
        raise UsageError(words, nearest(name, PLACEHOLDERS))
    return given


def _sanction(settings: Settings, verb: str, values: Mapping[str, Any]) -> Sanction | None:
    found: list[Sanction] = []
    if values.get("ban") is not None:
        found.append(Sanction("ban", _length("--ban", values["ban"])))
    if values.get("silence") is not None:
        found.append(Sanction("silence", _length("--silence", values["silence"])))
    if len(found) > 1:
        raise UsageError("--ban and --silence exclude each other.")
    if verb == "ban":
        if found and found[0].kind != "ban":
            raise UsageError("ban takes --ban, not --silence.")
        return found[0] if found else Sanction("ban", settings.ban.default_ms)
    if verb == "silence":
        if found and found[0].kind != "silence":
            raise UsageError("silence takes --silence, not --ban.")
        return found[0] if found else Sanction("silence", settings.ban.default_ms)
    return found[0] if found else None


def _length(option: str, text: str) -> int | None:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def intent_for(settings: Settings, words: Words) -> Intent:
    """What the moderator wants, the same for all items. See `each_for` for what differs."""
    reason = words.reason
    intent = Intent(
        verb=words.verb, offer=words.offer, reason=reason.id if reason else None,
        reason_title=reason.title if reason else None, reason_text=words.own_words, message=words.message,
        sanction=words.sanction, lock=words.lock, text=words.text, urgent=bool(reason and reason.urgent),
    )  # fmt: skip
    return intent if words.routed is None else with_route(intent, words.routed)


def each_for(desk: Desk, intent: Intent, words: Words) -> Callable[[Item], Intent] | None:
    """The intent for one item, where the message names its author or speaks its language, or where its text may have to
    stay here; else None."""
    if words.routed is not None:
        share = own_share(intent, words.routed)
        return lambda item: _own_message(desk, item, share(item), words) if words.tell else share(item)
    if not words.tell and (words.message is None or "{" not in words.message):
        return None
    return lambda item: _own_message(desk, item, intent, words)


def _own_message(desk: Desk, item: Item, intent: Intent, words: Words) -> Intent:
    values = values_for(desk.community(item.ref.community), item, intent.sanction)
    if words.message is not None:
        own = {"reason": words.reason.title if words.reason else words.own_words}
        own["rule"] = words.reason.rule if words.reason else None
        filled = fill(words.message, {**values, **own})
        if not filled.strip():
            raise UsageError(
                f"Nothing of the message is left for {show_line(item.id, 80)}: every line of it has a placeholder "
                "without a value.", "A line with such a placeholder is left out.",
            )  # fmt: skip
        return replace(intent, message=filled)
    if words.reason is None:
        return intent
    community = next((one for one in desk.communities if one.id == item.ref.community), None)
    language = pick_language(words.reason, item.language, community.language if community else None)
    values = values_for(desk.community(item.ref.community), item, intent.sanction, language=language or "en")
    message = compose(words.reason, language or "en", values)
    if message is None:
        return intent
    return replace(intent, message=message.text, message_title=message.title)
