"""How a community is told from the others where there is little room: a few letters and a colour of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from modtui.domain.subjects import CommunityId
from modtui.errors import UsageError
from modtui.text import Shown, own, show_line
from modtui.text.width import cells

if TYPE_CHECKING:
    from modtui.desk.community import Community

CHIP = 3
"""Cells of a chip."""
HUES = 6
"""So many colours there are (the styles `chip.0` to `chip.5`); with more communities some share one."""

PLATFORMS = {
    "discourse": "Discourse", "openedx": "Open edX", "synapse": "Matrix Synapse", "matrix": "Matrix Synapse",
    "ozone": "Bluesky Ozone", "nodebb": "NodeBB",
}  # fmt: skip
"""What people call a platform; one of another package is called as its backend is."""


def label(communities: Sequence[Community]) -> None:
    """Give each community its chip and its colour. Both depend on those before it only, so that one more at the end of
    the settings changes none; the colour depends on the account, so that a new name keeps it."""
    taken: set[str] = set()
    used: list[int] = []
    for one in communities:
        one.chip = next(chip for chip in _chips(show_line(one.name)) if chip.casefold() not in taken)
        taken.add(one.chip.casefold())
        one.hue = _hue(one.id, used)
        used.append(one.hue)


def _hue(id: CommunityId, used: Sequence[int]) -> int:
    """The colour that the id asks for, or the next one that fewest have."""
    first = sum(id.encode()) % HUES
    fewest = min(used.count(hue) for hue in range(HUES))
    return next(hue % HUES for hue in range(first, first + HUES) if used.count(hue % HUES) == fewest)


def _chips(name: str) -> Iterator[Shown]:
    """Short names for a name, the best first: the beginnings of its words, its own beginning, its first letter with two
    later ones, and at last numbers, which never end."""
    words = "".join(sign if sign.isalnum() else " " for sign in name).split()
    letters = "".join(words) or "?"
    if len(words) > 1:
        yield _fit("".join(word[0] for word in words))
    yield _fit(letters)
    for second in range(1, min(len(letters), 12)):
        for third in range(second + 1, min(len(letters), 12)):
            yield _fit(letters[0] + letters[second] + letters[third])
    number = 2
    while True:
        yield own(f"{letters[0]}{number}")
        number += 1


def _fit(letters: str) -> Shown:
    """As many whole signs as there is room for."""
    while cells(letters) > CHIP:
        letters = letters[:-1]
    return own(letters)


def platform_of(community: Community) -> Shown:
    """What people call the community's platform: `Open edX`."""
    name = community.backend.name
    return own(PLATFORMS[name]) if name in PLATFORMS else show_line(name.capitalize(), 24)


def named(communities: Sequence[Community], values: Sequence[str]) -> Mapping[str, frozenset[CommunityId]]:
    """The communities that each value of a `community:` filter names: by its chip, the beginning of its name, or its
    platform, in any case. Raises UsageError for one that names none."""
    found: dict[str, frozenset[CommunityId]] = {}
    for value in values:
        wanted = value.casefold()
        exact = frozenset(one.id for one in communities if wanted in (one.chip.casefold(), one.name.casefold()))
        found[value] = exact or frozenset(
            one.id for one in communities
            if any(name.casefold().startswith(wanted) for name in (one.name, one.backend.name, platform_of(one)))
        )  # fmt: skip
        if not found[value]:
            names = ", ".join(one.name for one in communities) or "none"
            raise UsageError(f'"community:" knows no "{value}".', f"There are {names}.")
    return found
