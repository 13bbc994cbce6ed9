"""What changed between two texts, line by line, for the view of a conflict."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Literal

from modtui.text.shown import Foreign, Shown, show

Sign = Literal[" ", "-", "+"]

MAX_LINES = 400
"""Changed lines on either side up to which they are compared; beyond, all old ones are followed by all new ones."""

MAX_SIGNS = 200_000


def text_diff(old: Foreign, new: Foreign) -> list[tuple[Sign, Shown]]:
    """Both texts as one list of lines: kept (` `), gone (`-`) and come (`+`). Invisible changes show as visible signs.

    Bounded: of longer texts the first 200,000 signs are compared, and a last line says so.
    """
    cut = len(old) > MAX_SIGNS or len(new) > MAX_SIGNS
    before = [show(line) for line in _lines(old[:MAX_SIGNS])]
    after = [show(line) for line in _lines(new[:MAX_SIGNS])]
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    out: list[tuple[Sign, Shown]] = [(" ", line) for line in before[:head]]
    out += _changed(before[head : len(before) - tail], after[head : len(after) - tail])
    out += [(" ", line) for line in before[len(before) - tail :]]
    if cut:
        out.append((" ", show("The rest is not compared: the texts are too long.")))
    return out


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n") if text else []


def _changed(before: list[Shown], after: list[Shown]) -> list[tuple[Sign, Shown]]:
    out: list[tuple[Sign, Shown]] = []
    if len(before) > MAX_LINES or len(after) > MAX_LINES:
        out += [("-", line) for line in before]
        out += [("+", line) for line in after]
        return out
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            out += [(" ", line) for line in before[a:b]]
        else:
            out += [("-", line) for line in before[a:b]]
            out += [("+", line) for line in after[c:d]]
    return out
