"""Text in its place also where the terminal thinks otherwise of the width of a sign.

Terminals agree about letters, but not about emoji of several parts, flags, marks and much that is new: what is
two cells here is one, four or six there. All that follows on the line would stand elsewhere, and signs of what stood
there before would be left. So what may be of another width gets blanks below it, and what follows it its own column.
"""

from __future__ import annotations

from functools import lru_cache

from modtui.text.patterns import pattern
from modtui.text.width import clusters

_AGREED = (
    " -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u05d0-\u05ea\u0620-\u063f\u0641-\u064a\u2010-\u2027\u2030-\u203a"
    "\u20ac\u2190-\u2193\u2400-\u2426\u2500-\u259f\u3001-\u3029\u3041-\u3096\u30a0-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uff01-\uff60"
)
"""Letters and signs of one code point whose width is the same everywhere, as a class of a pattern."""
_ONE = pattern(f"[{_AGREED}]")
_ALL = pattern(f"[{_AGREED}\x1b]*")


def agreed(text: str) -> bool:
    """Whether all terminals give a text the same width; it may have styles in it."""
    return text.isascii() or _ALL.fullmatch(text) is not None


@lru_cache(2048)
def steady(text: str, x: int) -> str:
    """`text` for column `x` (from 0) of the terminal, so that what follows stands where it belongs."""
    if agreed(text):
        return text
    out: list[str] = []
    run: list[str] = []
    size = 0
    for start, stop, width in clusters(text):
        sign = text[start:stop]
        if stop - start == 1 and _ONE.match(sign):
            if run:
                out.append(_held(run, x, size))
                run, x, size = [], x + size, 0
            out.append(sign)
            x += width
        else:
            run.append(sign)
            size += width
    if run:
        out.append(_held(run, x, size))
    return "".join(out)


def _held(run: list[str], x: int, size: int) -> str:
    """Signs of `size` cells in all, at column `x`, over blanks."""
    return f"{' ' * size}\x1b[{x + 1}G{''.join(run)}\x1b[{x + size + 1}G"


__all__ = ["agreed", "steady"]
