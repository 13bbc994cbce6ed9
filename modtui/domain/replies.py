"""Saved texts: what stands in braces, how it is filled, which language is taken. Reasons' messages and saved replies
share the table of placeholders and the way of filling.

The one difference: a line of a reason's message without its value is left out (`fill`), so that one text serves with
and without a ban; in a reply it stays, is named, and blocks sending (`fill_reply`, `gaps`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from modtui.text import Foreign
from modtui.text.patterns import pattern

PLACEHOLDERS: dict[str, str] = {
    "author": "the author's user name",
    "title": "the title of the thread",
    "url": "the address of the post",
    "category": "the category of the thread",
    "link": "the address of another thread that you choose in the composer",
    "reason": "the reason's title in the message's language",
    "rule": "your community's rule for this reason",
    "community": "the community's name",
    "moderator": "your user name",
    "duration": "the length of the silence or ban, where there is one",
    "until": "when it ends, where it ends",
}
"""Everything that can stand in braces in a saved text, and what it becomes."""

_PLACEHOLDER = pattern(r"\{([A-Za-z_]+)\}")
_OPEN = pattern(r"(?<![\\%])\{([A-Za-z_]+)\}")
"""One that a backslash before it does not make literal, as in Markdown."""
_SITE = pattern(r"(?<!\\)%\{([A-Za-z_]+)\}")
"""The same in the texts of Discourse's templates plugin."""
_EITHER = pattern(r"(?<!\\)%?\{([A-Za-z_]+)\}")
_SITE_NAMES = {
    "my_username": "moderator", "my_name": "moderator", "topic_title": "title", "context_title": "title",
    "topic_url": "url", "context_url": "url",
    **{f"{whom}_{part}": "author" for part in ("username", "name")
       for whom in ("original_poster", "reply_to", "reply_to_or_last_poster", "reply_to_or_original_poster")},
}  # fmt: skip
_MENTION = pattern(r"(?<![\w@/.`])@(\w(?:[\w.-]*\w)?)")
_FENCE = pattern(r" {0,3}(`{3,}|~{3,})")
_QUOTE = pattern(r"\[quote\b[^\]]*\]|\[/quote\]", re.IGNORECASE)
_CODE = pattern(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


SANCTION_TEXTS = {"ban": "ban", "silence": "silence", "warn": "warning"}
"""Saved replies that tell a member of a sanction, by verb: their forms take them, the composer does not offer them."""


class SavedReply(msgspec.Struct, frozen=True, kw_only=True):
    """One saved reply in all its languages. `texts` and `titles` are by language code ("de", "pt-br"; "" where the
    language is not known), `title` is the one that stands for all.

    `keys` are short forms: typed in the picker, they put this reply first. `starter`: it comes with modtui.
    """

    name: str
    title: str
    tags: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    texts: dict[str, str]
    titles: dict[str, str] = {}
    starter: bool = False


class Filled(msgspec.Struct, frozen=True):
    """A saved text with its values. `missing` names the placeholders that have none, each once; they stand in the text
    as they were."""

    text: Foreign
    missing: tuple[str, ...] = ()


def fill(template: str, values: Mapping[str, str | None]) -> Foreign:
    """The template with its placeholders replaced in one pass: braces in a value mean nothing.

    Values are flattened to one line. A line that has a placeholder without a value is left out; so are blank lines that
    pile up by it. Names outside PLACEHOLDERS stay as they are.
    """
    lines: list[str] = []
    for line in template.splitlines():
        names = [name for name in _PLACEHOLDER.findall(line) if name in PLACEHOLDERS]
        if any(not values.get(name) for name in names):
            continue
        lines.append(_PLACEHOLDER.sub(lambda match: _value(match, values), line).rstrip())
    return Foreign(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n"))


def fill_reply(template: str, values: Mapping[str, str | None]) -> Filled:
    """The template with the values there are. What has none stays as `{name}`, for the moderator to fill.

    Values are flattened to one line; a placeholder's name in a value (a thread called "What is {title}?") is escaped as
    Markdown does it, so that it is no gap.
    """
    missing: dict[str, None] = {}

    def put(match: re.Match[str]) -> str:
        site = match[0].startswith("%")
        if site or (match[1] in PLACEHOLDERS and not (values.get(match[1]) or "").strip()):
            missing[match[1]] = None
            return match[0]
        return match[0] if match[1] not in PLACEHOLDERS else _EITHER.sub(_literal, _value(match, values))

    return Filled(Foreign(_EITHER.sub(put, template)), tuple(missing))


def from_site(text: str) -> str:
    """A text that the site keeps, with our placeholders for its own (`%{my_username}`). What we cannot know stays as
    it is, and is a gap."""
    return _SITE.sub(lambda match: f"{{{_SITE_NAMES[match[1]]}}}" if match[1] in _SITE_NAMES else match[0], text)


def _literal(match: re.Match[str]) -> str:
    marked = match[0].startswith("%") or match[1] in PLACEHOLDERS
    return match[0].replace("{", "\\{") if marked else match[0]


def _value(match: re.Match[str], values: Mapping[str, str | None]) -> str:
    if match[1] not in PLACEHOLDERS:
        return match[0]
    return re.sub(r"\s+", " ", values.get(match[1]) or "").strip()


def unknown_placeholders(text: str) -> list[str]:
    """The names in braces that mean nothing, each once."""
    return list(dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS))


def gaps(text: str) -> tuple[str, ...]:
    """The placeholders that are still in a composed text, each once, in their order.

    What others wrote and what is meant literally does not count: quotes, code, and `\\{title}`.
    """
    found = _EITHER.finditer(_own_words(text))
    return tuple(dict.fromkeys(one[1] for one in found if one[1] in PLACEHOLDERS or one[0].startswith("%")))


def unknown_in(text: str) -> list[tuple[int, str]]:
    """The names in braces of a saved reply that mean nothing, with their lines (from 1); not those in code."""
    lines = enumerate(_own_words(text).split("\n"), 1)
    return [(number, name) for number, line in lines for name in _OPEN.findall(line) if name not in PLACEHOLDERS]


def mentions(text: str) -> tuple[str, ...]:
    """The names that a composed text calls (`@name`), each once in any case; not those in quotes and code."""
    found: dict[str, str] = {}
    for match in _MENTION.finditer(_own_words(text)):
        found.setdefault(match[1].casefold(), match[1])
    return tuple(found.values())


def _own_words(text: str) -> str:
    """The text with its quotes and code blanked out; lines keep their places."""
    lines: list[str] = []
    fence = ""
    depth = 0
    for line in text.splitlines():
        opened = _FENCE.match(line)
        if fence:
            if opened is not None and opened[1].startswith(fence) and not line[opened.end() :].strip():
                fence = ""
            lines.append("")
            continue
        if opened is not None and not ("`" in opened[1] and "`" in line[opened.end() :]):
            fence = opened[1]
            lines.append("")
            continue
        kept, depth = _outside_quotes(line, depth)
        if kept.startswith(("    ", "\t")) and not (lines and lines[-1].strip()):
            kept = ""  # indented code; inside a paragraph the blanks mean nothing
        elif kept.lstrip(" ").startswith(">"):
            kept = ""
        lines.append(kept)
    return _CODE.sub(lambda match: " " + "\n" * match[0].count("\n"), "\n".join(lines))


def _outside_quotes(line: str, depth: int) -> tuple[str, int]:
    """What of a line stands outside `[quote]` blocks, and how deep the next line stands in them."""
    kept: list[str] = []
    at = 0
    for match in _QUOTE.finditer(line):
        if depth == 0:
            kept.append(line[at : match.start()])
        depth = max(0, depth + (-1 if match[0].startswith("[/") else 1))
        at = match.end()
    if depth == 0:
        kept.append(line[at:])
    return " ".join(kept), depth


def codes(language: str | None) -> tuple[str, ...]:
    """A language code and what it falls back to: `de-at`, `de`; nothing for none."""
    whole = (language or "").strip().replace("_", "-").lower()
    return tuple(dict.fromkeys(code for code in (whole, whole.partition("-")[0]) if code))


def variant(reply: SavedReply, language: str | None, default: str | None = None) -> tuple[str | None, str]:
    """The text of a family for a reader of `language`: in that, else in the community's `default`, else in English,
    else in any. With it the language found, None where it is not known which one it is."""
    for wanted in (*codes(language), *codes(default), "en", ""):
        if reply.texts.get(wanted):
            return wanted or None, reply.texts[wanted]
    first = min(reply.texts, default="")
    return first or None, reply.texts.get(first, "")


def lacks(reply: SavedReply, language: str | None) -> bool:
    """Whether a reader of `language` gets another language: the gap that the picker shows."""
    wanted = codes(language)
    return bool(wanted) and "" not in reply.texts and not any(code in reply.texts for code in wanted)


def missing_languages(reply: SavedReply, languages: Iterable[str]) -> tuple[str, ...]:
    """Which of `languages` the family lacks, sorted."""
    return tuple(sorted({language for language in languages if lacks(reply, language)}))
