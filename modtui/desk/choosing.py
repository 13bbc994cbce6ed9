"""What can be picked for a verb: categories, tags, colleagues, groups, members to mention. Asked of the site once,
kept for a while, filtered here; a site that lists only what begins with a text is asked again for that text."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from modtui.backends.base import ChoiceKind
from modtui.backends.budget import spending
from modtui.domain.capability import Allowed
from modtui.domain.items import Choice, Item

if TYPE_CHECKING:
    from modtui.desk.desk import Desk

KEPT_MS = 300_000
"""So long an answer holds."""
_LIMIT = 200
_WHOLE = 40
"""A list shorter than this is taken to be whole, so it is filtered here and not asked for again."""
_LISTED = frozenset({"category", "tag", "route"})
"""Kinds that a site lists whole. Of the others it shows some before a text is typed: what begins with the text may be
among them, what is not has to be asked for."""
_ABOUT_ITEM = frozenset({"assignee", "thread", "route"})
"""Kinds whose answer may differ from item to item."""

_Key = tuple[str, str, str, str]


class Chooser:
    """Asks for choices and remembers them. One per screen or desk; the keys never wait for it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: OrderedDict[_Key, tuple[int, tuple[Choice, ...]]] = OrderedDict()

    def known(self, item: Item, kind: ChoiceKind, text: str = "") -> tuple[Choice, ...] | None:
        """The choices as far as they are here already, None when the site has to be asked."""
        exact = self._fresh(self._key(item, kind, text))
        if exact is not None:
            return exact
        whole = self._fresh(self._key(item, kind, ""))
        if whole is None or len(whole) >= _WHOLE:
            return None
        if kind in _LISTED:
            return matching(whole, text)
        wanted = text.strip().casefold()
        return tuple(one for one in whole if one.title.casefold().startswith(wanted)) or None

    async def ask(self, item: Item, kind: ChoiceKind, text: str = "") -> tuple[Choice, ...]:
        """The choices that match `text`; the site is asked where nothing is known. Empty where it has none. Raises the
        backend's errors."""
        known = self.known(item, kind, text)
        if known is not None:
            return known
        community = self._desk.community(item.ref.community)
        if community is None:
            return ()
        backend = community.backend
        if community.identified and not isinstance(backend.capabilities.feature("choices"), Allowed):
            return ()
        with spending("read"):
            await community.identify()
            found = await backend.choices(kind, text, item=item)
        self._known[self._key(item, kind, text)] = (self._desk.clock.now_ms(), found)
        while len(self._known) > _LIMIT:
            self._known.popitem(last=False)
        return found

    def _fresh(self, key: _Key) -> tuple[Choice, ...] | None:
        found = self._known.get(key)
        if found is None or self._desk.clock.now_ms() - found[0] > KEPT_MS:
            return None
        return found[1]

    @staticmethod
    def _key(item: Item, kind: ChoiceKind, text: str) -> _Key:
        return item.ref.community, kind, item.ref.native if kind in _ABOUT_ITEM else "", text.strip().casefold()


def matching(choices: tuple[Choice, ...], text: str) -> tuple[Choice, ...]:
    """The choices that fit a typed text: those that begin with it first, then those that have all its letters in order
    somewhere in id, title or note."""
    wanted = text.strip().casefold()
    if not wanted:
        return choices
    first = [one for one in choices if one.title.casefold().startswith(wanted) or one.id.casefold().startswith(wanted)]
    held = [one for one in choices if one not in first and wanted in _words(one)]
    rest = [one for one in choices if one not in first and one not in held and _letters(wanted, one.title.casefold())]
    return (*first, *held, *rest)


def _words(one: Choice) -> str:
    return f"{one.title}\n{one.id}\n{one.note or ''}".casefold()


def _letters(wanted: str, text: str) -> bool:
    at = iter(text)
    return all(letter in at for letter in wanted if letter != " ")
