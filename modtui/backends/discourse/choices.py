"""What can be picked for a verb: categories, tags, colleagues and groups, members, threads, the site's own routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modtui.backends.base import ChoiceKind
from modtui.backends.choosing import MOST, some
from modtui.backends.discourse.answered import found_by
from modtui.backends.discourse.asking import or_none, together
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.thread_offers import topic_of
from modtui.backends.discourse.thread_plans import topic_number
from modtui.backends.discourse.topics import Topics, rows_of
from modtui.backends.discourse.wire_topics import tag_names
from modtui.domain.items import Choice, Item
from modtui.errors import NotFound, Refused, RightsError
from modtui.text import Foreign


class Choices:
    """The lists on one site. Categories are asked for once; everything else when it is needed."""

    def __init__(self, topics: Topics, site: Site) -> None:
        self._topics, self._site = topics, site
        self._categories: tuple[Choice, ...] = ()

    async def find(self, kind: ChoiceKind, text: str, item: Item | None) -> tuple[Choice, ...]:
        """What begins with `text`. Most kinds cost one request, categories one in all, routes two."""
        words = text.strip()
        match kind:
            case "category":
                return some(await self._all_categories(), words)
            case "tag":
                return await self._tags(words)
            case "assignee":
                return await self._assignees(words)
            case "group":
                return await self._groups(words)
            case "person":
                return await self._people(words, item)
            case "thread":
                return await self._threads(words, item)
            case "route":
                return some(await self._routes(), words)

    async def _all_categories(self) -> tuple[Choice, ...]:
        if not self._categories:
            rows = [row for row in await self._topics.categories() if whole(row.get("id")) is not None]
            names = {whole(row.get("id")): text_of(row.get("name")) for row in rows}
            slugs = {whole(row.get("id")): text_of(row.get("slug")) for row in rows}
            found = []
            for row in rows:
                above = names.get(whole(row.get("parent_category_id")))
                about = text_of(row.get("description_text"))
                title = f"{above} / {text_of(row.get('name'))}" if above else text_of(row.get("name"))
                if title:
                    note = Foreign(about[:200]) if about else None
                    # A text names a category #slug, one below another #parent:slug.
                    slug, under = text_of(row.get("slug")), slugs.get(whole(row.get("parent_category_id")))
                    written = Foreign(f"{under}:{slug}" if under else slug) if slug else None
                    found.append(Choice(id=str(row["id"]), title=Foreign(title), note=note, written=written))
                    self._site.categories.setdefault(int(row["id"]), Foreign(text_of(row.get("name"))))
            self._categories = tuple(found)
        return self._categories

    async def _tags(self, text: str) -> tuple[Choice, ...]:
        threads, rows = self._site.threads, None
        if threads.tag_search is not False:
            try:
                rows = await self._topics.tags(text)
            except (NotFound, RightsError, Refused):
                rows = None
            threads.tag_search = rows is not None
        if rows is None:
            rows = await self._topics.all_tags()
        found = []
        for row in rows:
            names = tag_names([row if isinstance(row.get("name"), str) else row.get("text") or row.get("id")])
            count = whole(row.get("count"))
            note = Foreign(f"{count} threads") if count else None
            found += [Choice(id=name, title=Foreign(name), note=note) for name in names]
        return some(found, text)

    async def _assignees(self, text: str) -> tuple[Choice, ...]:
        answer = await self._topics.assignees()
        found = [self._person(row, "user:") for row in rows_of(answer, "suggestions")]
        found += [self._group(name, "group:") for name in names_in(answer, "assign_allowed_for_groups")]
        fitting = some([one for one in found if one is not None], text)
        if text and not any(one.id.startswith("user:") for one in fitting):
            # Who is in none of these groups is refused ("is not in a group that can be assigned to").
            more = await or_none(self._topics.people(text, among=names_in(answer, "assign_allowed_on_groups"))) or {}
            people = (self._person(row, "user:") for row in rows_of(more, "users"))
            fitting += tuple(one for one in people if one is not None)
        return fitting[:MOST]

    async def _groups(self, text: str) -> tuple[Choice, ...]:
        answer = await or_none(self._topics.people(text, groups=True)) or {}
        names = [text_of(row.get("name")) for row in rows_of(answer, "groups")]
        # Every site has them, whatever its search shows.
        mine = [name for name in self._site.threads.groups if not name.startswith("trust_level_")]
        found = [self._group(name, "") for name in dict.fromkeys([*names, *mine, "moderators"])]
        return some([one for one in found if one is not None], text)

    async def _people(self, text: str, item: Item | None) -> tuple[Choice, ...]:
        answer = await self._topics.people(text, topic_of(item) if item is not None else None)
        found = (self._person(row, "") for row in rows_of(answer, "users"))
        return tuple(one for one in found if one is not None)[:MOST]

    async def _threads(self, text: str, item: Item | None) -> tuple[Choice, ...]:
        own = topic_of(item) if item is not None else None
        try:
            number = topic_number(self._site, text)
        except Refused:
            return ()
        if number is not None:
            answer = await or_none(self._topics.topic(number, why="thread named")) or {}
            title = text_of(answer.get("title"))
            return (Choice(id=str(number), title=Foreign(title)),) if title and number != own else ()
        if len(text) < 3:
            return ()
        found = found_by(self._site, await self._topics.search(text, why="threads"))
        return tuple(
            Choice(id=one.id, title=one.title, note=Foreign("solved") if one.solved else None)
            for one in found if one.id != str(own)
        )  # fmt: skip

    async def _routes(self) -> tuple[Choice, ...]:
        """The site's own ways to hand something over, as ids that `site:<id>` names."""
        threads, found = self._site.threads, list[Choice]()
        asks_assign = threads.assign is not False and threads.may_assign
        assigns, groups = await together(
            or_none(self._topics.assignees()) if asks_assign else _nothing(),
            self._groups("") if threads.messages else _nothing(),
        )
        for name in names_in(assigns or {}, "assign_allowed_for_groups"):
            found.append(
                Choice(id=f"assign:group:{name}", title=Foreign(f"Assign to {name}"), mine=name in threads.groups)
            )
        for row in rows_of(assigns or {}, "suggestions"):
            person = self._person(row, "assign:user:")
            if person is not None and not person.mine:
                found.append(Choice(id=person.id, title=Foreign(f"Assign to {person.title}")))
        for group in groups or ():
            found.append(
                Choice(id=f"message:{group.id}", title=Foreign(f"Message to {group.title}"), mine=group.mine)
            )
        found.append(Choice(id="flag", title=Foreign("Report to the moderators"),
                            note=Foreign("stands in the review queue, with your words")))  # fmt: skip
        return tuple(found)

    def _person(self, row: Mapping[str, Any], prefix: str) -> Choice | None:
        username, name = text_of(row.get("username")), text_of(row.get("name"))
        if not username:
            return None
        mine = username.lower() == str(self._site.me).lower()
        return Choice(id=prefix + username, title=Foreign(username), note=Foreign(name) if name else None, mine=mine)

    def _group(self, name: str, prefix: str) -> Choice | None:
        if not name:
            return None
        mine = name in self._site.threads.groups
        return Choice(id=prefix + name, title=Foreign(name), note=Foreign("group"), mine=mine)


def names_in(answer: Mapping[str, Any], key: str) -> list[str]:
    """The names of a list in an answer; empty when there is no such list."""
    names = answer.get(key)
    return [name for name in names if isinstance(name, str) and name] if isinstance(names, list) else []


async def _nothing() -> None:
    return None


def whole(value: object) -> int | None:
    """A whole number, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text_of(value: object) -> str:
    """A text, "" for anything else."""
    return value if isinstance(value, str) else ""
