"""The codes with which the forum keeps why a moderator edited or closed something.

The forum stores any word. These are the ones that the platform around it knows: for edits the choices of the forum's
own model (`EditHistory.reason_code`), for closing those of the platform's settings. A reason of modtui chooses one;
each is also an offer of its own, `edit:CODE` and `lock:CODE`.
"""

from __future__ import annotations

EDIT_REASONS = {
    "grammar-spelling": "spelling or grammar",
    "needs-clarity": "not clear",
    "academic-integrity": "academic integrity",
    "inappropriate-language": "language",
    "format-change": "format",
    "contains-pii": "personal data",
    "violates-guidelines": "against the guidelines",
}
"""Without post-type-change: modtui changes texts and titles, and never the type of a thread."""
CLOSE_REASONS = {
    "academic-integrity": "academic integrity",
    "duplicate": "duplicate",
    "off-topic": "off topic",
    "read-only": "to be read only",
}
_EDITS = {
    "private": "contains-pii", "insult": "inappropriate-language", "hate": "inappropriate-language",
    "threat": "inappropriate-language",
}  # fmt: skip
_CLOSES = {"offtopic": "off-topic", "double": "duplicate"}


def edit_code(reason: str | None) -> str | None:
    """The code for a reason's id: the one it stands for, or the code that it is. None where there is none."""
    return _EDITS.get(reason or "", reason if reason in EDIT_REASONS else None)


def removal_code(reason: str | None) -> str:
    """The code for a text that is replaced: every removal has one."""
    return edit_code(reason) or "violates-guidelines"


def close_code(reason: str | None) -> str:
    """The code for closing, which the forum demands; read-only is the platform's general one."""
    return _CLOSES.get(reason or "") or (reason if reason and reason in CLOSE_REASONS else "read-only")
