"""What can be put into a text: saved replies, similar solved threads, the site's templates, the posts of the thread.
Pure: from what the desk knows to entries of the picker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from modtui.desk.replies import Entry as Saved
from modtui.domain.items import Answered, Thread
from modtui.domain.replies import Filled
from modtui.screens.compose import texts
from modtui.screens.compose.fuzzy import score
from modtui.text import EMPTY, Shown, count, join, own, say, show_line
from modtui.text.time import age
from modtui.widgets.text_lines import excerpt

Kind = Literal["saved", "similar", "template", "post", "link"]

GROUPS: dict[Kind, str] = {
    "link": "LINK",
    "saved": "SAVED REPLIES",
    "similar": "SIMILAR AND SOLVED",
    "template": "TEMPLATES OF THE SITE",
    "post": "POSTS OF THIS THREAD",
}
_BEST = 1_000


class Entry(Struct, frozen=True):
    """One thing to insert: `text` with its placeholders filled as far as possible. `gap` says what is not as wished
    (another language than the asker's); `hay` is what a filter looks at beside the title; `keys` are short forms;
    `address` is what fills a `{link}`."""

    kind: Kind
    title: Shown
    text: str
    note: Shown = EMPTY
    gap: Shown = EMPTY
    hay: str = ""
    keys: tuple[str, ...] = ()
    name: str = ""
    language: str | None = None
    address: str = ""


def reply_entries(found: Sequence[Saved], fill: Callable[[Saved], Filled]) -> list[Entry]:
    """Saved replies and the site's templates, in the order in which the desk offers them: the reader's language first,
    the moderator's own before those that came along. `fill` puts the values in."""
    out: list[tuple[Entry, bool]] = []
    for one in found:
        filled = fill(one)
        empty = say("{words}", words=", ".join(f"{{{name}}}" for name in filled.missing))
        wanted = (one.wanted or "").partition("-")[0].upper()
        note = join(" ", [part for part in (empty, own((one.language or "").upper())) if part])
        entry = Entry(
            "template" if one.source == "site" else "saved", show_line(one.title, 80), filled.text, note=note,
            gap=say("no {wanted}", wanted=wanted) if one.gap else EMPTY,
            hay=" ".join((one.name, *one.tags, one.text[:600])), keys=one.keys, name=one.name, language=one.language,
        )  # fmt: skip
        out.append((entry, bool(set(filled.missing) - {"link"})))
    # what belongs to a ban or a removal has values that nobody has here: it is there, and last
    return [entry for entry, _ in sorted(out, key=lambda one: one[1])]


def similar_entries(found: Sequence[Answered], now_ms: int) -> list[Entry]:
    """Links to threads that were solved or answered."""
    out: list[Entry] = []
    for one in found:
        did = "solved" if one.solved else "answered"
        by = say("{did} by {by}", did=own(did), by=show_line(one.by, 24)) if one.by else own(did)
        parts = [by]
        if one.at_ms is not None:
            parts.append(age(one.at_ms, now_ms))
        if one.thanks:
            parts.append(count(one.thanks, "thank"))
        if one.language:
            parts.append(own(one.language[:2].upper()))
        entry = Entry(
            "similar", show_line(one.title, 120), texts.link(one.title, one.url or one.id), note=join(", ", parts),
            hay=f"{one.text[:600]} {one.answer[:600]}", address=one.url or one.id, name=one.id,
        )  # fmt: skip
        out.append(entry)
    return out


def post_entries(thread: Thread | None) -> list[Entry]:
    """The posts of the thread, to be quoted; the newest first."""
    out: list[Entry] = []
    for post in reversed(texts.posts_of(thread)):
        who = post.author.username if post.author else None
        words = texts.plain(post.body)
        title = say("{n} {who}: {words}", n=post.number, who=show_line(who or "-", 24), words=excerpt(post.body, 120))
        out.append(Entry("post", title, texts.quote(words, who), note=own("quote"), hay=words[:600], name=post.id))
    return out


def matching(entries: Sequence[Entry], query: str, first: Kind = "saved") -> list[Entry]:
    """The entries that fit what is typed, in their groups, `first` the first of them; with a query the group with the
    best one comes first."""
    wanted = query.strip()
    if not wanted:
        order = [first, *(kind for kind in GROUPS if kind != first)]
        return sorted(entries, key=lambda one: order.index(one.kind))
    scored: list[tuple[int, int, Entry]] = []
    for n, entry in enumerate(entries):
        if wanted.casefold() in entry.keys:
            scored.append((_BEST, n, entry))
        elif (found := score(wanted, entry.title, entry.hay)) is not None:
            scored.append((found - (50 if entry.gap else 0), n, entry))
    best: dict[Kind, int] = {}
    for points, _, entry in scored:
        best[entry.kind] = max(points, best.get(entry.kind, points))
    scored.sort(key=lambda one: (-best[one[2].kind], one[2].kind, -one[0], one[1]))
    found_ones = [entry for _, _, entry in scored]
    if wanted.startswith(("http://", "https://")) and " " not in wanted:
        found_ones.insert(0, Entry("link", show_line(wanted, 200), wanted, note=own("insert it"), address=wanted))
    return found_ones
