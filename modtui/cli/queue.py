"""`modtui queue`: what waits for a moderator, as a table or as JSON lines for other programs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from modtui.cli.opening import opening, settings_of
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate, width
from modtui.cli.running import patient
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.hours import standing
from modtui.domain.items import Due, Item, Question
from modtui.domain.seen import seen_of
from modtui.domain.subjects import LANES, CommunityId, Lane
from modtui.errors import ModtuiError, RightsError, UsageError
from modtui.settings.options import Options
from modtui.text import Shown, cut, join, own, pad, say, show_line
from modtui.text.time import MINUTE, age

if TYPE_CHECKING:
    from modtui.desk.community import Community
    from modtui.desk.desk import Desk
    from modtui.desk.filter import Filter

_COLUMNS = 16
"""Cells of the author's column."""


def line_of(desk: Desk, community: Community, item: Item) -> dict[str, Any]:
    """An item as `queue --json` prints it. Scripts rely on these names: see docs/cli.md."""
    mine = desk.store.journal.open_for(item.ref)
    return {
        "id": item.id,
        "number": item.number,
        "community": community.name,
        "backend": community.backend.name,
        "lane": item.lane,
        "kind": item.kind,
        "title": item.title,
        "author": item.author.username if item.author else None,
        "reports": len(item.reports),
        "reasons": list(item.reasons),
        "age_seconds": max(0, (community.backend.wire.clock_ms - item.since_ms) // 1000),
        "language": item.language,
        "state": item.state,
        "claimed_by": item.claim.by if item.claim else None,
        "hidden": item.hidden,
        "score": item.score,
        "offers": [
            {
                "id": offer.id, "verb": offer.verb, "label": offer.label, "allowed": offer.capability == ALLOWED,
                "why_not": offer.capability.sentence if isinstance(offer.capability, Blocked) else None,
            }
            for offer in item.offers
        ],
        "url": item.url,
        "question": item.question.state if item.question else None,
        "replies": item.question.replies if item.question else None,
        "due_ms": item.due.due_ms if item.due else None,
        "due": standing(item.due, community.backend.wire.clock_ms),
        "category": item.place.category,
        "tags": list(item.place.tags),
        "seen": seen_of(item).digest,
        "escalation": None if item.escalation is None else {
            "route": item.escalation.route, "title": item.escalation.title, "state": item.escalation.state,
            "at_ms": item.escalation.at_ms, "due_ms": item.escalation.due_ms, "decision": item.escalation.decision,
        },
        "decision": None if mine is None else {"id": mine.id, "state": mine.state},
    }  # fmt: skip


def row_of(community: Community, item: Item, columns: int, *, named: bool) -> Shown:
    """An item as a line of the table."""
    who = show_line(item.author.username) if item.author else own("-")
    why = show_line(", ".join(item.reasons) or "-")
    title = own(f"(folded: {why})") if item.folded else show_line(item.title)
    if item.question is not None:
        return _cut(community, [*_question_cells(community, item, item.question), title], columns, named=named)
    cells = [
        pad(show_line(item.number), 7), pad(age(item.since_ms, community.backend.wire.clock_ms), 4),
        pad(own(f"{len(item.reports)} rp"), 5), pad(own((item.language or "??").upper()), 2), pad(cut(why, 14), 14),
        pad(cut(who, _COLUMNS), _COLUMNS), title,
    ]  # fmt: skip
    return _cut(community, cells, columns, named=named)


def _question_cells(community: Community, item: Item, asked: Question) -> list[Shown]:
    """The columns of a question before its title: number, age, what is due when, language, state, category, asker."""
    now_ms = community.backend.wire.clock_ms
    return [
        pad(show_line(item.number), 7), pad(age(asked.clock_ms, now_ms), 4), pad(_due_words(item.due, now_ms), 9),
        pad(own((item.language or "??").upper()), 2), pad(own(asked.state), 10),
        pad(cut(show_line(item.place.category or "-"), 14), 14),
        pad(cut(show_line(item.author.username) if item.author else own("-"), _COLUMNS), _COLUMNS),
    ]  # fmt: skip


def _due_words(due: Due | None, now_ms: int) -> Shown:
    """`in 3h`, `late 26h`, or a dash."""
    if due is None:
        return own("-")
    if now_ms >= due.due_ms:
        return say("late {time}", time=age(due.due_ms, now_ms))
    return say("in {time}", time=age(now_ms, max(due.due_ms, now_ms + MINUTE)))


def _cut(community: Community, cells: list[Shown], columns: int, *, named: bool) -> Shown:
    """The cells as one line, after the community's name where there are several."""
    first = [pad(cut(show_line(community.name), 12), 12)] if named else []
    return cut(join("  ", [*first, *cells]), max(40, columns))


def lane_open(community: Community, lane: Lane) -> None:
    """Raise a sentence when this account does not have the lane on this site."""
    found = community.backend.capabilities.lane(lane)
    if isinstance(found, Blocked):
        words = f"{community.name} has no lane {lane} for you: {found.sentence}."
        raise RightsError(words) if found.code in ("right", "setting") else UsageError(words)


async def walk(desk: Desk, community: Community, lane: Lane) -> AsyncIterator[Item]:
    """Every open item of a lane, a page at a time, each once, with language and clock; what comes is put into the
    cache too."""
    cursor: str | None = None
    met: set[str] = set()
    unreadable = 0
    while True:
        page = await community.backend.page(lane, cursor)
        items = await desk.filling.fill_whole(page.items)
        await desk.store.cache.put_items(items)
        unreadable += page.unreadable
        for item in items:
            if item.id not in met:
                met.add(item.id)
                yield item
        cursor = page.cursor
        if cursor is None:
            break
    if unreadable:
        narrate(say("{name}: {number} rows could not be read.", name=community.name, number=unreadable))


def _chosen_lanes(lane: str) -> tuple[Lane, ...]:
    return LANES if lane == "all" else (next(one for one in LANES if one == lane),)


async def _matching(
    desk: Desk, community: Community, lane: Lane, wanted: Filter, places: Mapping[str, frozenset[CommunityId]], *,
    asked: bool,
) -> AsyncIterator[Item]:  # fmt: skip
    """The items of one lane that pass; nothing where the account does not have a lane that was not `asked` for."""
    from modtui.desk.filter import Around
    from modtui.desk.pages import PAGED

    if lane == "escalated":  # made here, from the journal: no site has a page of it
        for item in await desk.escalations.refresh() if asked else ():  # of "all", they stand in their lanes already
            now_ms = community.backend.wire.clock_ms
            around = Around(now_ms=now_ms, mine=frozenset({item.id}), communities=places)
            if item.ref.community == community.id and wanted.matches(item, around):
                yield item
        return
    if asked:
        lane_open(community, lane)
    elif lane not in PAGED or community.backend.capabilities.lane(lane) != ALLOWED:
        return
    async for item in walk(desk, community, lane):
        mine = {item.id} if desk.store.journal.open_for(item.ref) else frozenset[str]()
        around = Around(now_ms=community.backend.wire.clock_ms, mine=mine, communities=places)
        if wanted.matches(item, around):
            yield item


async def _print(
    desk: Desk, lanes: tuple[Lane, ...], wanted: Filter, limit: int | None, show: Callable[[Community, Item], bool],
    takes: Callable[[Item], bool], places: Mapping[str, frozenset[CommunityId]],
) -> tuple[int, int]:  # fmt: skip
    """Print what passes and what `takes` lets through, site by site, questions as they are due; gives
    how many, and the exit code: of several sites that of the first one that failed. Raises the first site's error when
    no site answered."""
    from modtui.cli.reading import together
    from modtui.desk.orders import due_place

    async def rows(community: Community) -> AsyncIterator[Item]:
        await community.identify()
        for lane in lanes:
            async for item in _matching(desk, community, lane, wanted, places, asked=len(lanes) == 1):
                if takes(item):
                    yield item

    count = 0
    waiting: list[tuple[Community, Item]] = []
    async with together(desk.communities, rows) as reading:
        async for community, item in reading.rows():
            if item.lane == "questions":
                waiting.append((community, item))
                continue
            if not show(community, item):
                return count, 0
            count += 1
            if limit is not None and count >= limit:
                return count, 0
    waiting.sort(key=lambda pair: due_place(pair[1]))
    for community, item in waiting[: None if limit is None else limit - count]:
        if not show(community, item):
            break
        count += 1
    troubles = reading.troubles
    if troubles and len(troubles) == len(desk.communities) and not count:
        if len(troubles) > 1:
            _told(troubles[1:])
        raise troubles[0][1]
    _told(troubles)
    codes = [*(trouble.exit_code for _, trouble in troubles), *(absent.code for absent in desk.absent)]
    return count, codes[0] if codes else 0


def _told(troubles: Sequence[tuple[Community, ModtuiError]]) -> None:
    for community, trouble in troubles:
        narrate(say("{name}: {words}", name=community.name, words=str(trouble)))


@click.command(short_help="List what waits for a moderator.")
@click.option("--lane", type=click.Choice([*LANES, "all"]), default="reports", show_default=True, help="Which work.")
@click.option("--filter", "words", default="", metavar="WORDS",
              help="Only what matches, as in the screens: \"author:bo lang:de reports>2 age<2d -is:claimed\".")
@click.option("--limit", type=click.IntRange(1), help="Stop after so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each item, in ASCII.")
@shared
def queue(options: Options, lane: str, words: str, limit: int | None, as_json: bool) -> int:
    """List what waits for a moderator, the oldest first where the site can; questions by what is due next.

    Lines come page by page, as the site's budget allows (those of questions when all are read); `| head` may stop it at
    any time. The lines of --json are what `modtui act` takes. What you put off, left to the others or handed over is
    left out, as on the screen; --lane all has it.

    Several communities are read at the same time. One that fails has its sentence on standard error and gives the exit
    code; the others' rows are printed all the same.
    """
    from modtui.desk.filter import parse
    from modtui.desk.labels import named as communities_named

    wanted = parse(words)
    if wanted.likes or wanted.uses("is:marked", "is:new"):
        raise UsageError("like:, is:marked and is:new need the screens.", "The other filter words work here.")
    settings = settings_of(options)
    columns = width()
    places: dict[str, frozenset[CommunityId]] = {}
    left: set[str] = set()

    async def run(desk: Desk) -> tuple[int, int]:
        named = len(desk.communities) > 1
        aside = frozenset() if lane in ("all", "escalated") else await desk.put_aside()

        def takes(item: Item) -> bool:
            if item.id in aside:
                left.add(item.id)
            return item.id not in aside

        def show(community: Community, item: Item) -> bool:
            if as_json:
                return emit_json(line_of(desk, community, item))
            return emit(row_of(community, item, columns, named=named))

        try:
            async with patient(desk.communities):
                return await _print(desk, _chosen_lanes(lane), wanted, limit, show, takes, places)
        finally:
            for community in desk.communities:
                await community.backend.aclose()

    with opening(options, settings) as desk:
        places.update(communities_named(desk.communities, wanted.communities))
        found, code = asyncio.run(run(desk))
    if left:
        narrate(say("{number} put aside or handed over {are} left out; --lane all lists them too.",
                    number=len(left), are="is" if len(left) == 1 else "are"))  # fmt: skip
    if not found and not code:
        narrate(own("Nothing waits here." if not wanted else "Nothing matches the filter."))
    return code
