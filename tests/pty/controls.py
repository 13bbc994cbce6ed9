"""Which control sequences modtui may write, and a search for any other: what came from a member must never be one."""

from __future__ import annotations

import codecs
import re

_ALLOWED = re.compile(
    r"\x1b\[[0-9;:]*m"  # colours and styles
    r"|\x1b\[[0-9;]*[HABCDGJK]"  # the cursor's place, erasing
    r"|\x1b\[\?(?:7|25|1000|1002|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    r"|\x1b\[\?(?:2026|2048)\$p"
    r"|\x1b\[>[0-9]*u|\x1b\[<[0-9]*u"  # the kitty keyboard protocol, on and off
    r"|\x1b\]22;[a-z-]*\x07"  # the mouse pointer's shape
    r"|\x1b\]52;c;[A-Za-z0-9+/]*={0,2}\x07"  # what is copied, in letters that do nothing
    r"|[\r\n]"
)
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0100-\U0010ffff\ud800-\udfff]|\t"  # halves: no UTF-8
    "|[\u0300-\u036f]{7}"  # a stack that climbs over the rows above
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]"  # tags that spell no flag
)


def strange(raw: bytes) -> list[str]:
    """Every control sign in `raw` that is not of a sequence modtui writes, with what stands around it."""
    # a sign that the end cuts in two is none yet
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(raw)
    # Each allowed sequence becomes one plain sign, so that no two pieces can join to a new sequence.
    plain = _ALLOWED.sub("\n", text)
    return [repr(plain[max(0, m.start() - 30) : m.end() + 30]) for m in _SUSPECT.finditer(plain)]
