"""The reasons for which members report, as names of the network's lexicons, in modtui's terms."""

from __future__ import annotations

import re

_BY_WORD = (
    ("appeal", "other"),
    ("doxxing|minorprivacy|privacy", "private"),
    ("threat|selfharm|extremist", "threat"),
    ("csam|childsafety|ncii|sextortion|trafficking|prohibitedsales|abusecontent|stolencontent", "illegal"),
    ("hatespeech", "hate"),
    ("spam|scam|misleadingbot|engagement", "spam"),
    ("rude|harassment|troll", "insult"),
)
_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def reason_of(kind: str) -> str:
    """One of `items.REASONS` for a report type such as com.atproto.moderation.defs#reasonRude. Any text may come: the
    site takes types that nobody knows."""
    name = kind.rpartition("#")[2].removeprefix("reason").lower()
    return next((reason for word, reason in _BY_WORD if re.search(word, name)), "other")


def label_of(kind: str) -> str:
    """The type in words: "Harassment hate speech"."""
    name = kind.rpartition("#")[2].removeprefix("reason")
    parts = [one if one.isupper() else one.lower() for one in _PARTS.split(name) if one]
    words = " ".join(parts) or "Reported"
    return words[:1].upper() + words[1:]


def is_appeal(kind: str) -> bool:
    """Whether it is the author, who asks to look again."""
    return kind.endswith("#reasonAppeal")
