"""The words of an escalation for people: the subject and the text of a mail, from the payload.

Placeholders come from one fixed table; everything from outside is made harmless by `modtui.text` on the way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from modtui.routes.base import Payload
from modtui.settings.route_words import PLACEHOLDERS
from modtui.text import Shown, own, show, show_line

SUBJECT = "[{community}] {title} (#{number})"
BODY = """{by} hands this over to {route}.

{note}

What:      {title}, by {author}
Where:     {url}
Why:       {reasons}
Answer by: {due}

{reports}

{text}

{community}, #{number}. Reference: {key}
"""
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
_LINES = frozenset({"text", "reports", "note", "excerpt"})
"""What may have several lines."""
_SUBJECT_SIGNS = 150


def values(payload: Payload) -> dict[str, str]:
    """What each placeholder becomes; "" for what does not travel or is not known."""
    item = payload.get("item") or {}
    community = payload.get("community") or {}
    found = {
        "community": community.get("name"), "route": payload.get("route_title") or payload.get("route"),
        "number": item.get("number"), "title": item.get("title") or "(title not sent)", "url": item.get("url"),
        "author": item.get("author") or "(name not sent)", "lane": item.get("lane"),
        "reasons": ", ".join(dict.fromkeys(str(one.get("reason")) for one in payload.get("reports") or ())),
        "reports": _reports(payload), "excerpt": payload.get("excerpt"), "text": _quoted(payload.get("text")),
        "note": payload.get("note"), "by": payload.get("by"), "due": _moment(payload.get("due")) or "no clock",
        "key": payload.get("key"),
    }  # fmt: skip
    return {name: "" if value is None else str(value) for name, value in found.items()}


def _moment(text: object) -> str:
    return f"{text[:10]} {text[11:16]} UTC" if isinstance(text, str) and len(text) > 16 else ""


def _quoted(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        return ""
    return "\n".join(f"> {line}" for line in text.strip().splitlines())


def _reports(payload: Payload) -> str:
    said = [one for one in payload.get("reports") or () if one.get("text")]
    return "\n".join(f'{one.get("by") or "the site"}: "{show_line(str(one["text"]))}"' for one in said)


def fill(template: str, found: Mapping[str, str]) -> Shown:
    """The template with its placeholders filled in; runs of empty lines become one."""

    def part(match: re.Match[str]) -> str:
        value = found.get(match[1], "")
        return show(value) if match[1] in _LINES else show_line(value)

    text = _PLACEHOLDER.sub(part, template)
    return own(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")


def subject(template: str, payload: Payload) -> Shown:
    """One line for a mail's subject."""
    return show_line(fill(template or SUBJECT, values(payload)), _SUBJECT_SIGNS)


def body(template: str, payload: Payload) -> Shown:
    """The text of a mail."""
    return fill(template or BODY, values(payload))
