"""What `modtui act` acts on: ids as arguments, ids or JSON lines on standard input, read afresh from the site."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modtui.domain.items import Gone, Item
from modtui.domain.seen import Seen, differences, seen_of
from modtui.domain.subjects import LANES, Lane, SubjectRef, item_id, parse_item_id
from modtui.errors import NotFound, UsageError
from modtui.text import show_line

if TYPE_CHECKING:
    from modtui.desk.community import Community
    from modtui.desk.desk import Desk

_LINE_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Named:
    """One item as the caller named it. `seen` is the digest of what was shown, None for a bare id."""

    id: str
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One item as it is now. `seen` is what the decision rests on, `checked` whether the caller's digest is behind it.

    Without an `item`, `problem` says why; `state` is then how `act` reports it.
    """

    id: str
    item: Item | None = None
    seen: Seen | None = None
    checked: bool = False
    problem: str = ""
    state: str = "refused"
    missing: bool = False


def read_lines(lines: Iterable[str]) -> list[Named]:
    """Ids from standard input: a JSON line of `modtui queue --json`, a JSON text, or a bare id in each line.

    Raises UsageError with the number of the first line that is neither; nothing was done then.
    """
    found: list[Named] = []
    for number, raw in enumerate(lines, 1):
        line = raw.strip().lstrip("\ufeff")
        if not line or line.startswith("#"):
            continue
        if len(line) > _LINE_LIMIT:
            raise UsageError(f"Line {number} of the input is too long.")
        found.append(_line(line, number))
    return found


def _line(line: str, number: int) -> Named:
    if line[0] not in '{["':
        return Named(line)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError(
            f"Line {number} of the input is not whole JSON.", "Give it lines of modtui queue --json, or ids."
        ) from None
    if isinstance(value, str) and value.strip():
        return Named(value.strip())
    id = value.get("id") if isinstance(value, dict) else None
    if isinstance(id, int) and not isinstance(id, bool):
        id = str(id)
    if not isinstance(id, str) or not id.strip():
        raise UsageError(f'Line {number} of the input has no "id".', "Give it lines of modtui queue --json, or ids.")
    seen = value.get("seen")
    if seen is not None and not isinstance(seen, str):
        raise UsageError(f'"seen" in line {number} of the input is not text.')
    return Named(id.strip(), seen or None)


def _home(desk: Desk, ref: SubjectRef) -> Community | None:
    return next((one for one in desk.communities if one.id == ref.community), None)


def _sole(desk: Desk, id: str, names: Sequence[str]) -> Community:
    """The one community that a bare id can belong to; one that could not be opened counts too."""
    if len(names) == 1:
        return desk.communities[0]
    known = ", ".join(names)
    raise UsageError(f'"{show_line(id, 60)}" could be in several communities.', f"Say --community, one of: {known}.")


def _bare(desk: Desk, named: Named, lane: Lane | None, names: Sequence[str]) -> list[tuple[str, SubjectRef]]:
    """What a bare native id can mean: the rows of the cache with it, else each kind that the backend has."""
    community = _sole(desk, named.id, names)
    number = named.id.lstrip("#")
    kinds = KINDS.get(community.backend.name, ("reviewable", "post", "thread", "comment", "user"))
    asked = SubjectRef(community.id, ASKED.get(community.backend.name, "topic"), number)
    if lane in ("members", "questions"):
        kinds = ("user",) if lane == "members" else (asked.kind,)
    refs = [SubjectRef(community.id, kind, number) for kind in kinds]
    known = [item for ref in refs for item in desk.store.cache.by_ref(ref) if lane in (None, item.lane)]
    if not known and lane is None:  # a number out of the list of questions, where no report has it
        known = [item for item in desk.store.cache.by_ref(asked) if item.lane == "questions"]
    if known:
        return [(item.id, item.ref) for item in known]
    return [(item_id(lane or "reports", ref), ref) for ref in refs]


KINDS: dict[str, tuple[str, ...]] = {"discourse": ("reviewable",), "openedx": ("thread", "comment"),
                                     "synapse": ("event", "account"), "ozone": ("account",)}  # fmt: skip
"""The kinds of subjects that a bare number can mean, by backend."""
ASKED: dict[str, str] = {"discourse": "topic", "openedx": "question", "synapse": "question"}
"""The kind of the subjects in the lane of questions, by backend."""


def _places(desk: Desk, named: Named, lane: Lane | None, names: Sequence[str]) -> list[tuple[str, SubjectRef]]:
    full = parse_item_id(named.id)
    if full is None:
        text = named.id
        if not text or len(text) > 200 or not text.isprintable() or " " in text or "/" in text:
            raise UsageError(f'"{show_line(named.id, 60)}" is not an id.', "modtui queue --json prints them.")
        return _bare(desk, named, lane, names)
    found_lane, ref = full
    if found_lane not in LANES:
        raise UsageError(f'"{show_line(named.id, 80)}" is not an id: there is no such lane.')
    if _home(desk, ref) is None:
        raise UsageError(
            f'"{show_line(named.id, 80)}" belongs to a community that is not open here.',
            "Was it listed with another --url, --user or --community?",
        )
    return [(named.id, ref)]


async def by_name(desk: Desk, all_named: Sequence[Named], names: Sequence[str]) -> list[Named]:
    """Usernames as the ids of members (for `--lane members`); what is no member's name stays as it is. Raises
    UsageError where the name could be of several communities, and the backend's errors."""
    found: list[Named] = []
    for one in all_named:
        if parse_item_id(one.id) is None and (name := one.id.lstrip("@#")) and "/" not in name:
            try:
                item = await desk.members.named(name, _sole(desk, one.id, names).id)
            except NotFound:
                found.append(one)
                continue
            found.append(Named(item.id, one.seen))
        else:
            found.append(one)
    return found


async def resolve(
    desk: Desk, all_named: Sequence[Named], lane: Lane | None = None, *, names: Sequence[str]
) -> list[Found]:
    """Read every named item afresh, in batches, in the order in which they were named; each once. `names` are the
    communities that were asked for, also those that could not be opened: a bare id may belong to any of them.

    Raises UsageError for what cannot be an id, before anything is read; a site's error when no site answers.
    """
    places = {named.id: _places(desk, named, lane, names) for named in all_named}
    refs = list(dict.fromkeys(ref for found in places.values() for _, ref in found))
    before = {item.id: item for ref in refs for item in desk.store.cache.by_ref(ref)}
    now, silent = await desk.read_all(refs)
    found: dict[str, Found] = {}
    for named in all_named:
        one = _found(named, places[named.id], now, before)
        trouble = next((silent[ref.community] for _, ref in places[named.id] if ref.community in silent), None)
        if trouble is not None and one.item is None:
            one = Found(named.id, problem=str(trouble))
        found.setdefault(one.id, one)
    return list(found.values())


def _found(
    named: Named, places: list[tuple[str, SubjectRef]], now: Mapping[SubjectRef, Item | Gone],
    before: Mapping[str, Item],
) -> Found:  # fmt: skip
    items = {item.ref: item for _, ref in places if isinstance(item := now.get(ref), Item)}
    if not items:
        gone = next((got for _, ref in places if isinstance(got := now.get(ref), Gone)), None)
        why = gone.why if gone is not None else "it is not on the site"
        return Found(named.id, problem=f"There is no such item: {why}.", missing=True)
    if len(items) > 1:
        ids = ", ".join(item.id for item in items.values())
        return Found(named.id, problem=f"This id means several items: {ids}.")
    item = next(iter(items.values()))
    fresh = seen_of(item)
    if named.seen is None:
        return Found(item.id, item, fresh, checked=False)
    if named.seen == fresh.digest:
        return Found(item.id, item, fresh, checked=True)
    if item.state != "open":
        by = f" by {item.handled_by}" if item.handled_by else ""
        return Found(item.id, checked=True, problem=f"It is {item.state} already{by}.")
    old = before.get(item.id)
    if old is not None and seen_of(old).digest == named.seen:
        found = differences(seen_of(old), item)
        if not found:  # the list told less of it than the item itself does: a sanction without its end
            return Found(item.id, item, fresh, checked=True)
        words = ", ".join(difference.words for difference in found)
    else:
        words = "it changed"
    problem = f"Not as it was when it was listed: {words}. List it again."
    return Found(item.id, checked=True, state="conflict", problem=problem)


def confirmed(found: Sequence[Found], name: str | None) -> None:
    """Deleting an account needs its name once more, so one at a time. Raises UsageError."""
    items = [one.item for one in found if one.item is not None]
    if len(items) > 1:
        raise UsageError("erase takes one member at a time.", "Nothing was done.")
    for item in items:
        username = str(item.author.username) if item.author else ""
        if name is None or name.lstrip("@").casefold() != username.casefold():
            raise UsageError(
                f"erase deletes the account of {show_line(username, 60)} with all posts, for good. Nothing was done.",
                f"--dry-run shows what would go; --confirm {show_line(username, 60)} does it.",
            )


def missing(found: Sequence[Found]) -> NotFound | None:
    """The error when not one of the named items exists."""
    if found and all(one.missing for one in found):
        ids = ", ".join(str(show_line(one.id, 60)) for one in found[:3])
        return NotFound(f"Not on the site, or not visible to this account: {ids}{' ...' if len(found) > 3 else ''}.")
    return None
