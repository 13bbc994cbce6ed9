"""The message to an author that goes with a reason: filled for one item, in the language the author writes."""

from __future__ import annotations

from collections.abc import Sequence

from modtui.desk.desk import Desk
from modtui.desk.placeholders import values_for
from modtui.domain.decisions import Sanction
from modtui.domain.items import Item
from modtui.domain.reasons import Reason
from modtui.domain.replies import SANCTION_TEXTS, SavedReply, fill
from modtui.settings.reasons import Message, compose, pick_language
from modtui.text import Foreign


def message_for(
    desk: Desk, item: Item, reason: Reason, sanction: Sanction | None, language: str | None
) -> tuple[str, Message] | None:
    """The language and the message; None when the reason has no message at all."""
    dossier = desk.context(item).dossier
    known = dossier.member.locale if dossier else item.author.locale if item.author else None
    code = pick_language(reason, language, item.language, known)
    if code is None:
        return None
    values = values_for(desk.community(item.ref.community), item, sanction, language=code)
    message = compose(reason, code, values)
    return (code, message) if message is not None else None


def sanction_message(
    desk: Desk, item: Item, reason: Reason | None, sanction: Sanction | None, language: str | None, verb: str,
    replies: Sequence[SavedReply],
) -> tuple[str, Message] | None:
    """The language and the message of a sanction. About a post it is the reason's own; about a member the saved reply
    of the verb, with the reason in it. None where there is neither."""
    saved = next((one for one in replies if one.name == SANCTION_TEXTS.get(verb)), None)
    if (item.kind != "member" and verb != "warn") or saved is None:
        return message_for(desk, item, reason, sanction, language) if reason is not None else None
    dossier = desk.context(item).dossier
    known = dossier.member.locale if dossier else item.author.locale if item.author else None
    for wanted in (language, item.language, known, "en", *sorted(saved.texts)):
        code = next((one for one in (wanted, (wanted or "").partition("-")[0]) if one in saved.texts), None)
        if code is not None:
            break
    else:
        return None
    titles = reason.titles if reason is not None else {}
    own = {"reason": titles.get(code) or (reason.title if reason else None), "rule": reason.rule if reason else None}
    values = values_for(desk.community(item.ref.community), item, sanction, language=code)
    if sanction is not None and sanction.duration_ms is None:
        own["duration"] = None  # the saved texts speak of a length only where there is one
    text = fill(saved.texts[code], {**values, **own})
    return code, Message(Foreign(saved.titles.get(code) or saved.title), text)
