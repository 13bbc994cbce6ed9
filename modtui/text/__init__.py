"""The only door for foreign text: cleaning, documents, widths, times. Imports nothing else of modtui.

`Foreign` is raw text from outside, `Shown` is safe to draw. The modules that parse (`html`, `markdown`) are imported by
those who need them, since they cost start-up time.
"""

from __future__ import annotations

from modtui.text.output import csv_cell, json_line
from modtui.text.shown import EMPTY, Foreign, Shown, count, join, own, say, show, show_line
from modtui.text.signs import escape, hostile_kinds, is_hostile, unescape
from modtui.text.width import cells, cut, pad, wrap

__all__ = [
    "EMPTY",
    "Foreign",
    "Shown",
    "cells",
    "count",
    "csv_cell",
    "cut",
    "escape",
    "hostile_kinds",
    "is_hostile",
    "join",
    "json_line",
    "own",
    "pad",
    "say",
    "show",
    "show_line",
    "unescape",
    "wrap",
]
