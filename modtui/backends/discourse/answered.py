"""Threads that were solved or answered, the site's own search for them, its templates, and who is writing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modtui.backends.discourse.asking import or_none, together
from modtui.backends.discourse.items import locale_language
from modtui.backends.discourse.lane import blurbs_of
from modtui.backends.discourse.members import foreign
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.topics import Topics, rows_of
from modtui.backends.discourse.wire_topics import Listing, Topic, read_listing, tag_names
from modtui.domain.items import Answered, Answers, Template
from modtui.errors import NotFound, Refused, RightsError, UsageError
from modtui.text import Foreign
from modtui.text.time import parse_iso_or_none

SIZE = 50
"""Threads a page: as many as the search tells first lines of."""
SEARCH_PAGES = 10
"""The site's search goes no further."""
_LANGUAGE = re.compile(r"^(?:lang(?:uage)?[-_:])?([a-z]{2})$")
_LANGUAGES = frozenset({
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hr", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "nb", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "vi", "zh",
})  # fmt: skip


class Library:
    """What the site has to answer with."""

    def __init__(self, topics: Topics, site: Site) -> None:
        self._topics, self._site = topics, site

    async def answered(self, cursor: str | None) -> Answers:
        """A page of solved threads (where the site marks no answers: of threads that others answered), newest first.
        Two requests: the list, and a search that brings the questions' first lines."""
        page = _page_number(cursor)
        marks = self._site.threads.solved is not False
        words = "status:solved order:latest-post" if marks else "posts-min:2 order:latest-post"
        lines = "status:solved in:first order:latest_topic" if marks else "min_posts:2 in:first order:latest_topic"
        listing, found = await together(
            self._list(words, page), or_none(self._topics.search(lines, page=page + 1, why="first lines"))
            if page < SEARCH_PAGES else _nothing(),
        )  # fmt: skip
        if listing is None:
            return Answers(threads=())
        texts = blurbs_of(found or {})
        threads = tuple(
            self._answered(topic, listing, texts.get(topic.id, "")) for topic in listing.topics
            if topic.has_accepted_answer or (not marks and _others_answered(topic, listing))
        )  # fmt: skip
        return Answers(threads=threads, cursor=str(page + 1) if listing.more and listing.topics else None)

    async def _list(self, words: str, page: int) -> Listing | None:
        threads = self._site.threads
        if threads.filters is not False:
            try:
                return read_listing(await self._topics.filter(words, page=page, size=SIZE, why="solved threads"))
            except (NotFound, Refused, RightsError):
                threads.filters = False
        answer = await or_none(self._topics.latest([("solved", "yes"), ("min_posts", "2")], page=page, why="solved"))
        return read_listing(answer) if answer is not None else None

    def _answered(self, topic: Topic, listing: Listing, text: str) -> Answered:
        first = topic.posters[0].get("user_id") if topic.posters else None
        asker = listing.users.get(first) if isinstance(first, int) else None
        return answered_of(self._site, topic, text or (topic.excerpt or ""), foreign(asker.username) if asker else None)

    async def search(self, text: str, *, solved: bool) -> tuple[Answered, ...]:
        """The site's own search, ten threads at most. One request."""
        words = " ".join(text.split())[:200]
        if len(words) < 3:
            return ()
        marks = " status:solved" if solved and self._site.threads.solved is not False else ""
        return found_by(self._site, await self._topics.search(words + marks))

    async def templates(self) -> tuple[Template, ...]:
        """The site's own saved texts; none without the plugin. One request."""
        threads = self._site.threads
        if threads.templates is False:
            return ()
        try:
            rows = await self._topics.templates()
        except NotFound:
            threads.templates = False
            return ()
        except RightsError:
            threads.may_template = False
            return ()
        threads.templates = True
        return tuple(
            Template(
                id=str(row["id"]), title=Foreign(str(row.get("title") or "")), text=Foreign(str(row["content"])),
                language=template_language(tag_names(row.get("tags"))),
                tags=tuple(Foreign(tag) for tag in tag_names(row.get("tags"))),
            )
            for row in rows if isinstance(row.get("content"), str) and "id" in row
        )  # fmt: skip

    async def writing(self, topic: int) -> tuple[Foreign, ...]:
        """Who else is writing in a topic. One request; none where the plugin is off."""
        threads = self._site.threads
        if threads.presence is False:
            return ()
        try:
            rows = await self._topics.presence(topic)
        except (NotFound, RightsError, Refused):
            threads.presence = False
            return ()
        names = (row.get("username") for row in rows)
        return tuple(Foreign(name) for name in names if isinstance(name, str) and name and name != self._site.me)


async def _nothing() -> None:
    return None


def _page_number(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 7):
        raise UsageError("This place in the list is not one of modtui's.")
    return int(cursor)


def _others_answered(topic: Topic, listing: Listing) -> bool:
    """Whether the last word is another's than the asker's."""
    first = topic.posters[0].get("user_id") if topic.posters else None
    asker = listing.users.get(first) if isinstance(first, int) else None
    last = topic.last_poster_username
    return (topic.posts_count or 1) > 1 and (asker is None or (last or "").lower() != asker.username.lower())


def answered_of(site: Site, topic: Topic, text: str, by: Foreign | None = None) -> Answered:
    """A thread for the search for similar ones."""
    category = site.categories.get(topic.category_id) if topic.category_id is not None else None
    return Answered(
        id=str(topic.id), title=Foreign(topic.title), text=Foreign(text), url=f"{site.base}/t/{topic.id}", by=by,
        solved=bool(topic.has_accepted_answer), at_ms=parse_iso_or_none(topic.last_posted_at or topic.created_at),
        thanks=topic.like_count, language=locale_language(topic.locale), category=category,
    )  # fmt: skip


def found_by(site: Site, answer: Mapping[str, Any]) -> tuple[Answered, ...]:
    """The threads of an answer of the search, in its order, each once, ten at most."""
    from modtui.backends.discourse import wire
    from modtui.backends.discourse.items import plain

    topics = {topic.id: topic for topic in (wire.lenient(row, Topic)[0] for row in rows_of(answer, "topics")) if topic}
    texts: dict[int, str] = {}
    for row in rows_of(answer, "posts"):
        topic, blurb = row.get("topic_id"), row.get("blurb")
        if isinstance(topic, int) and topic in topics and topic not in texts:
            texts[topic] = plain(blurb) if isinstance(blurb, str) else ""
    return tuple(answered_of(site, topics[native], text) for native, text in texts.items())[:10]


def template_language(tags: tuple[str, ...]) -> str | None:
    """The language that a template's tags name ("fr", "lang-fr"), None when none does."""
    for tag in tags:
        found = _LANGUAGE.match(tag.lower())
        if found and found[1] in _LANGUAGES:
            return found[1]
    return None
