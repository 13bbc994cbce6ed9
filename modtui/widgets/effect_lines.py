"""What the keys do on an item, as lines: the site's label and our words, or why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from modtui.text import EMPTY, Shown, join, own, say
from modtui.text.width import cells, cut, pad, wrap
from modtui.widgets.draw import Line


class KeyEffect(Struct, frozen=True):
    """What a key does on this item: the site's label, our words, or why not.

    `title` is the key's own word ("keep"), `brief` are the effects as short clauses, what matters most first.
    """

    key: Shown
    label: Shown
    words: Shown
    blocked: bool = False
    title: Shown = EMPTY
    brief: tuple[Shown, ...] = ()


def effect_lines(effects: Iterable[KeyEffect], width: int) -> Iterator[Line]:
    """What each key does here."""
    for effect in effects:
        key = join("", (own("   "), pad(effect.key, 2), own("  ")))
        if effect.blocked:
            yield from _hang(key, "hint.dim", own(""), say("not possible: {why}", why=effect.words), "hint.dim", width)
        else:
            yield from _hang(key, "hint.key", effect.label, effect.words, "effect", width)


def _hang(key: Shown, key_style: str, label: Shown, words: Shown, style: str, width: int) -> Iterator[Line]:
    column = 22 if width >= 60 else 18
    label = pad(cut(label, column - 1), column) if label else own("")
    room = max(10, width - cells(key) - cells(label) - 1)
    for n, line in enumerate(wrap(words, room)):
        if n == 0:
            yield ((key, key_style), (label, "text"), (line, style))
        else:
            yield ((own(" " * (cells(key) + cells(label))), "text"), (line, style))


def brief_effects(effects: Sequence[KeyEffect], width: int) -> Shown:
    """The first three possible keys and what each does, on one line: `a: 3 reports closed as wrong | d: hidden, ...`.

    Each begins with its first clause; further clauses come where there is room."""
    able = [effect for effect in effects if not effect.blocked and effect.brief][:3]
    depth = [1] * len(able)

    def line() -> Shown:
        parts = (say("{key}: {w}", key=e.key, w=join(", ", e.brief[:n])) for e, n in zip(able, depth, strict=True))
        return join(" | ", parts)

    for step in (2, 3, 4):
        for at in (1, 0, 2):
            if at < len(able) and len(able[at].brief) >= step:
                depth[at] += 1
                if cells(line()) > width:
                    depth[at] -= 1
    return cut(line(), width)
