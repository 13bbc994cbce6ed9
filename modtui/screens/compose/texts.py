"""The composer's words and pieces of Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from modtui.domain.decisions import Audience
from modtui.domain.items import Body, Thread, ThreadPost
from modtui.text import Foreign, Shown, count, join, own, say, show_line
from modtui.text.document import plain_text
from modtui.text.html import from_html
from modtui.text.time import age
from modtui.text.width import cut, wrap
from modtui.widgets.draw import Line

AUDIENCES: dict[Audience, str] = {"public": "public reply", "staff": "staff note", "private": "private message"}
"""Who reads it, in words: line 1 has them in capitals."""

_QUOTED = 4_000
"""Signs of a post that are quoted at most."""


def kind_words(audience: Audience) -> Shown:
    """ "PUBLIC REPLY", "STAFF NOTE", "PRIVATE MESSAGE"."""
    return own(AUDIENCES[audience].upper())


def where_words(audience: Audience, to: str | None, title: str) -> Shown:
    """ 'to zimtstern in "Export als CSV"', with who reads it where that is not everybody."""
    name = show_line(to, 30) if to else own("the thread")
    about = show_line(title, 200)
    if audience == "staff":
        return say('about {name} in "{title}", the team reads it', name=name, title=about)
    if audience == "private":
        return say('only to {name}, about "{title}"', name=name, title=about)
    return say('to {name} in "{title}"', name=name, title=about)


def words_in(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def ago(ms: int) -> Shown:
    """How long something is past: "1 s", "40 s", "3 min", "2 h"."""
    seconds = max(0, ms // 1000)
    if seconds < 60:
        return own(f"{seconds} s")
    return own(f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h")


def plain(body: Body) -> str:
    """The text of a post as one would quote it."""
    return str(plain_text(from_html(Foreign(body.text[: 3 * _QUOTED])))) if body.format == "html" else body.text


def quote(text: str, author: str | None) -> str:
    """A post as a Markdown quote, with the name of who wrote it."""
    rows = text.strip()[:_QUOTED].split("\n")
    head = [f"{author}:", ""] if author else []
    return "\n".join([*(f"> {row}".rstrip() for row in [*head, *rows]), "", ""])


def link(title: str, url: str) -> str:
    """A Markdown link: brackets in the title and blanks in the address do not break it."""
    label = re.sub(r"([\[\]\\])", r"\\\1", " ".join(title.split()))
    target = url.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    return f"[{label or target}]({target})"


def posts_of(thread: Thread | None) -> Sequence[ThreadPost]:
    """The posts of a thread that people wrote and that can be seen."""
    return [post for post in thread.posts if not post.small and not post.deleted] if thread is not None else []


def post_of(thread: Thread | None, native: str | None) -> ThreadPost | None:
    """The post of the thread with this native id."""
    return next((post for post in posts_of(thread) if post.id == native), None) if native is not None else None


def quote_lines(who: Shown, when_ms: int | None, body: Body | None, width: int, rows: int, now_ms: int) -> list[Line]:
    """The post that is answered, in at most `rows` lines: "| zimtstern, 3h: Hallo, ..."."""
    head = join("", (who, say(", {age}", age=age(when_ms, now_ms)) if when_ms else own(""), own(": ")))
    text = show_line(plain(body), 4 * max(20, width) * max(1, rows)) if body is not None else own("(no text)")
    lines = [*wrap(join("", (head, text)), max(10, width - 4))]
    if len(lines) > rows:
        lines = [*lines[: rows - 1], cut(join(" ", (lines[rows - 1], lines[rows])), max(10, width - 4))]
    return [((own(" | "), "quote"), (line, "quote")) for line in lines]


def name_list(names: Sequence[Shown]) -> Shown:
    """ "ann", "ann and bo", "ann and 2 more"."""
    if len(names) <= 2:
        return join(" and ", names)
    return say("{first} and {rest}", first=names[0], rest=count(len(names) - 1, "more", "more"))
