"""The ladder of sanctions: which step a member's history asks for next, and why. Pure.

A ladder is a list of rungs, the mildest first. What counts is what happened within its window: removals, warnings,
silences and bans. A sanction that staff lifted again does not count, nor does what has no known time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from modtui.domain.capability import ALLOWED
from modtui.domain.items import Dossier, Sanctioned
from modtui.text import Shown, count, join, own, say
from modtui.text.time import duration

DAY_MS = 86_400_000
SAME_MS = 120_000
"""Two lines of one kind within this time are one act, told by the site and by our own journal."""
RungKind = Literal["warn", "silence", "ban"]
_SANCTIONS: dict[str, RungKind] = {"warning": "warn", "silence": "silence", "ban": "ban"}
_LIFTS = {"unsilence": "silence", "unban": "ban"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


class Rung(Struct, frozen=True):
    """One step: an official warning, or a silence or ban of `duration_ms` (None: for good; a warning has none)."""

    kind: RungKind = "ban"
    duration_ms: int | None = None

    @property
    def words(self) -> Shown:
        """`ban 7 days`, `silence 1 day`, `official warning`."""
        if self.kind == "warn":
            return own("official warning")
        length = own("for good") if self.duration_ms is None else duration(self.duration_ms)
        return say("{kind} {length}", kind=self.kind, length=length)


BANS = (Rung("ban", DAY_MS), Rung("ban", 3 * DAY_MS), Rung("ban", 7 * DAY_MS), Rung("ban", 30 * DAY_MS), Rung("ban"))


class Ladder(Struct, frozen=True):
    """The rungs of a community, the mildest first, and how far back its history counts."""

    rungs: tuple[Rung, ...] = BANS
    within_ms: int = 90 * DAY_MS


class Proposal(Struct, frozen=True):
    """The step that comes next (`step` of `steps`, from 0), and why in words: "would be the third
    removal in 90 days, after a silence"."""

    step: int
    steps: int
    kind: RungKind
    duration_ms: int | None
    why: Shown

    @property
    def words(self) -> Shown:
        """`ban 7 days: would be the third removal in 90 days, after a silence`."""
        return say("{what}: {why}", what=Rung(self.kind, self.duration_ms).words, why=self.why)


def propose(
    dossier: Dossier, earlier: Sequence[Sanctioned], ladder: Ladder, *, now_ms: int
) -> Proposal | None:
    """The next step for this member, if something of theirs is removed now. `earlier` is what our own journal has,
    which the site may tell as well. None where there is no ladder, the member cannot be sanctioned, or is banned for
    good already. The order of the histories does not matter, and more of them never proposes less."""
    if not ladder.rungs or dossier.sanctionable != ALLOWED:
        return None
    if any(one.kind == "ban" and one.told and one.until_ms is None for one in dossier.member.penalties):
        return None
    lines = counted((*dossier.history, *earlier), ladder.within_ms, now_ms)
    removals = sum(line.kind == "removal" for line in lines)
    sanctions = [line for line in lines if line.kind in _SANCTIONS]
    reached = [place for line in sanctions if (place := _place(line, ladder.rungs)) is not None]
    step = min(max([removals, len(sanctions), *(place + 1 for place in reached)]), len(ladder.rungs) - 1)
    rung = ladder.rungs[step]
    return Proposal(step, len(ladder.rungs), rung.kind, rung.duration_ms, _why(removals, sanctions, ladder.within_ms))


def counted(lines: Iterable[Sanctioned], within_ms: int, now_ms: int) -> list[Sanctioned]:
    """The lines that count, each act once, oldest first: those of the window, without the sanctions that were lifted.

    Of two lines that tell of one act the one with an end is kept.
    """
    timed = [line for line in lines if line.at_ms is not None]
    timed.sort(key=lambda line: (line.at_ms or 0, line.kind, line.url, line.until_ms is None, line.until_ms or 0))
    kept: list[Sanctioned] = []
    for line in timed:
        lifted = _LIFTS.get(line.kind)
        if lifted is not None:
            before = [place for place, one in enumerate(kept) if one.kind == lifted]
            if before:
                kept.pop(before[-1])
            continue
        same = next((place for place in range(len(kept) - 1, -1, -1) if _same(kept[place], line)), None)
        if same is None:
            kept.append(line)
        elif (kept[same].until_ms is None and line.until_ms is not None) or (not kept[same].url and line.url):
            kept[same] = line
    return [line for line in kept if now_ms - within_ms <= (line.at_ms or 0) <= now_ms]


def _same(one: Sanctioned, other: Sanctioned) -> bool:
    """Whether two lines tell of one act. Two posts may be removed at a time; where a line does not name the post, it is
    taken for the one beside it."""
    if one.kind != other.kind or abs((one.at_ms or 0) - (other.at_ms or 0)) > SAME_MS:
        return False
    return one.kind != "removal" or not one.url or not other.url or one.url == other.url


def _place(line: Sanctioned, rungs: Sequence[Rung]) -> int | None:
    """The highest rung that this sanction reached, None where the ladder has none like it."""
    kind = _SANCTIONS[line.kind]
    mine = [place for place, rung in enumerate(rungs) if rung.kind == kind]
    if not mine:
        return None
    if kind == "warn" or line.until_ms is None or line.at_ms is None:
        return mine[0]  # how long it was is not known
    length = (line.until_ms - line.at_ms) * 1.02  # the site rounds, or counts from its own clock
    reached = [place for place in mine if (long := rungs[place].duration_ms) is not None and long <= length]
    return max(reached, default=mine[0])


def _why(removals: int, sanctions: Sequence[Sanctioned], within_ms: int) -> Shown:
    number = _ORDINALS[removals] if removals < len(_ORDINALS) else f"{removals + 1}th"
    first = say("would be the {number} removal in {window}", number=number, window=duration(within_ms))
    tally = Counter(line.kind for line in sanctions)
    parts = [
        own(f"a {kind}") if tally[kind] == 1 else count(tally[kind], kind)
        for kind in ("warning", "silence", "ban") if tally[kind]
    ]  # fmt: skip
    if not parts:
        return first
    listed = join(", ", parts[:-1]) if len(parts) > 1 else own("")
    after = say("{some} and {last}", some=listed, last=parts[-1]) if len(parts) > 1 else parts[0]
    return say("{first}, after {after}", first=first, after=after)
