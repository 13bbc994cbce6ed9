"""Posts that are built to cost their reader time or memory: deep, enormous, broken. About 300,000 signs each."""

from __future__ import annotations

from typing import Final

HTML: Final[dict[str, str]] = {
    "nested elements": "<div>" * 60_000 + "x",
    "nested quotes": "<aside class=quote data-username=a><blockquote>" * 6_000 + "x",
    "nested tables": "<table><tr><td>" * 20_000 + "x",
    "marks that cross": "<b><i>" * 25_000 + "</b></i>" * 25_000,
    "blocks in marks": "<p><b>" * 45_000 + "x",
    "links in links": "<a href=x><p>" * 23_000 + "x",
    "links never closed": "<a href=x>" * 30_000,
    "text between rows": "<table>" + "x<tr>" * 50_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(40_000)) + ">x",
    "classes": "<div class='" + "a " * 145_000 + "'>x</div>",
    "angles": "<" * 300_000,
    "declarations": "<!" * 150_000,
    "comments": "<!--" * 75_000,
    "nul": "\0" * 300_000,
    "entities": "&#x1b;&#8238;" * 23_000,
    "names without end": "&CounterClockwiseContourIntegral" * 9_000,
    "cells": "<table><tr>" + "<td>x</td>" * 28_000 + "</tr></table>",
    "rows": "<table>" + "<tr><td>x</td></tr>" * 15_000 + "</table>",
    "images": "<img src=x alt=y>" * 17_000,
    "previews": "<aside class=onebox data-onebox-src=x>" * 7_000 + "x",
    "breaks": "<br>" * 75_000 + "x",
    "one line": "<p>" + "word " * 60_000,
    "marks on one sign": "<p>e" + "\u0301" * 290_000,
    "orders to turn": "\u202e" * 100_000,
    "joined emoji": "\U0001f469\u200d" * 100_000,
    "five million signs": "<p>ok</p>" * 560_000,
}

MARKDOWN: Final[dict[str, str]] = {
    "brackets": "[" * 200_000, "links": "[a](" * 50_000, "ticks": "`a``b```" * 25_000, "stars": "*" * 200_000,
    "quotes": "> " * 100_000, "lists": "- " * 100_000, "headings": "a\n=\n" * 60_000,
    "rows": "|a|\n|-|\n" + "|" * 150_000,
    "addresses": ("http://x.example/" + "(" * 1000 + ")" * 1000 + " ") * 90, "fences": "~~~\n" * 50_000,
    "spoilers": "[spoiler]" * 20_000, "details": "[details=a]\n" * 16_000, "references": "[a]: b\n" * 28_000,
    "names": "@a." * 66_000, "blank": "\n " * 100_000,
}  # fmt: skip
