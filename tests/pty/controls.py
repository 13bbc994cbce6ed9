"""Which control sequences modtui may write, and a search for any other: what came from a member must never be one."""

from __future__ import annotations

import re

_ALLOWED = re.compile(
    r"\x1b\[[0-9;:]*m"  # colours and styles
    r"|\x1b\[[0-9;]*[HABCDGJK]"  # the cursor's place, erasing
    r"|\x1b\[\?(?:7|25|1000|1002|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    r"|\x1b\[\?(?:2026|2048)\$p"
    r"|\x1b\[>[0-9]*u|\x1b\[<[0-9]*u"  # the kitty keyboard protocol, on and off
    r"|\x1b\]22;[a-z-]*\x07"  # the mouse pointer's shape
    r"|[\r\n]"
)
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|\t"
)


def strange(raw: bytes) -> list[str]:
    """Every control sign in `raw` that is not of a sequence modtui writes, with what stands around it."""
    text = raw.decode("utf-8", "replace")
    # Each allowed sequence becomes one plain sign, so that no two pieces can join to a new sequence.
    plain = _ALLOWED.sub("\n", text)
    return [repr(plain[max(0, m.start() - 30) : m.end() + 30]) for m in _SUSPECT.finditer(plain)]
