"""The words of a text, folded for searching: case, accents and the commonest endings do not count."""

from __future__ import annotations

import re
import unicodedata

from modtui.text.patterns import pattern

MAX_SIGNS = 20_000
"""Signs of a text that are looked at."""
LONGEST = 40
"""Signs of a word that count."""

_WORD = pattern(r"[^\W_]+")
_TAG = pattern(r"<[^<>]{0,2000}>")
_AROUND = pattern(
    r"<(/?)(?:pre|code|aside|blockquote)\b[^<>]{0,2000}>|\[(/?)quote\b[^\[\]\n]{0,300}\]", re.IGNORECASE
)
_FENCE = pattern(r" {0,3}(```+|~~~+)")
_SHORT_CODE = pattern(r"`[^`\n]{1,300}`")
_LINK = pattern(r"!?\[([^\]\n]{0,300})\]\([^)\s]{0,2000}\)|\b(?:https?://|www\.)\S+", re.IGNORECASE)
_NAME = pattern(r"(?<!\w)@\w[\w.\-]*|(?<!\w):[a-z0-9_+\-]{2,40}:(?!\w)|&#?\w{1,10};", re.IGNORECASE)
_ENDINGS = ("ments", "ment", "en", "es", "er", "e", "s", "x", "n")
_FROM, _TO = "\u3040", "\u9fff"

_STOP = """
the and for with that this these those from have has had not but are was were you your can could would should
will does did how what when where which who why there here then than just only also any all some more most
its our they them their she him her his hello hey thanks thank please anyone somebody since after before into
les des une aux dans sur avec pour par pas que qui quoi est sont etait suis avez avons mais plus moins tres tout
tous toute cette ces cet son ses mon mes ton tes notre votre nous vous ils elle elles comme quand comment
pourquoi bonjour merci depuis apres avant sans chez
der die das den dem des ein eine einen einem einer und oder aber nicht kein keine mit von vom zum zur auf aus bei
fur uber unter wie was wenn wann wer wo warum ist sind war waren hat habe haben wird werden kann konnen ich wir
ihr sie mir mich uns euch auch noch nur schon sehr mehr hallo danke bitte seit nach vor ohne
"""
STOP = frozenset(_STOP.split())
"""Words that tell nothing about what a text is about in English, French and German, folded."""


def plain_case(text: str) -> str:
    """A text as it is looked through where accents count: without case, and with one spelling of each sign (an accent
    may stand in it, or behind its letter: both look the same)."""
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).casefold()


def without_dress(text: str) -> str:
    """A post without what its author did not say in words: code, quotes, addresses, names, tags. Any format."""
    text = _SHORT_CODE.sub(" ", _own_lines(_outside(text[:MAX_SIGNS])))
    text = _LINK.sub(lambda match: f" {match[1] or ''} ", text)
    return _NAME.sub(" ", _TAG.sub(" ", text))


def _outside(text: str) -> str:
    """What stands in no element of code or of a quote. One that is not closed goes on to the end."""
    parts: list[str] = []
    depth, at = 0, 0
    for match in _AROUND.finditer(text):
        if not depth:
            parts.append(text[at : match.start()])
        depth = max(0, depth - 1) if match[1] or match[2] else depth + 1
        at = match.end()
    if not depth:
        parts.append(text[at:])
    return " ".join(parts)


def _own_lines(text: str) -> str:
    """The lines that are neither quoted (>) nor in a fence of code."""
    fence = ""
    kept: list[str] = []
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if fence:
            if match is not None and match[1].startswith(fence):
                fence = ""
        elif match is not None:
            fence = match[1]
        elif not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept)


def fold(text: str) -> str:
    """`text` in lower case and without accents."""
    text = text.casefold()
    if text.isascii():
        return text
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def stem(word: str) -> str:
    """A folded word without the commonest endings of English, French and German plurals. At least four signs stay."""
    for _ in range(2):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                word = word[: -len(ending)]
                break
        else:
            break
    return word


def words_of(text: str, limit: int | None = None) -> list[str]:
    """The folded words of a text in their order, each once, without those that tell nothing and without single signs;
    at most `limit`. Scripts that write without blanks are cut into pairs of signs."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(fold(text[:MAX_SIGNS])):
        word = match[0][:LONGEST]
        if len(word) < 2 or word in STOP:
            continue
        if any(_FROM <= sign <= _TO for sign in word):
            found.update(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))
        else:
            found[stem(word)] = None
        if limit is not None and len(found) >= limit:
            break
    return list(found)[:limit]
