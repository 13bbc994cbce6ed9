"""Random sessions with a spoiled line: whatever happens, no decision is lost, doubled, or applied to what was not seen.

Each seed plays one session of several processes' lives: decisions, undos, colleagues' acts, lost answers, refusals,
outages, crashes. Then the line is mended and everything has to come to rest.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from modtui.domain.decisions import FINAL, Answer, Call, Decision, Intent, Sanction
from modtui.domain.items import Item
from modtui.domain.seen import seen_of
from modtui.errors import ModtuiError
from modtui.text import Foreign
from tests.core.desk_out import Bench, bench, crash
from tests.core.fakes import OFFLINE, FakeClock, FakeSite

pytestmark = pytest.mark.anyio
FAULTS = ("refuse", "stale", "lost", "lost before", "lost late", "offline", "rate", "mistake", "", "", "", "")


class WatchedSite(FakeSite):
    """Remembers what the desk knew of each subject when a write reached it, and how old that was."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.at_write: list[tuple[str, Call, Item | None, float]] = []

    def apply(self, call: Call, key: str) -> Answer:
        read_at, known = self.last_read.get(str(call.args.get("native", "")), (0.0, None))
        answer = super().apply(call, key)
        late = any(key == one for _, one, _ in self.late)
        self.at_write.append((key, call, known, 0.0 if late else self.clock.monotonic() - read_at))
        return answer


@dataclass
class Play:
    """One session."""

    folder: Path
    dice: random.Random
    clock: FakeClock = field(default_factory=FakeClock)
    decided: dict[str, Decision] = field(default_factory=dict)
    colleague: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.site = WatchedSite(self.clock)

    async def live(self, steps: int) -> None:
        """One process' life."""
        dice = self.dice
        versions = dice.random() < 0.5
        async with bench(
            self.folder, clock=self.clock, site=self.site, batch=dice.choice((1, 3, 10)), versions=versions
        ) as it:
            for native in range(8):
                if str(native) not in self.site.items:
                    await it.post(str(native), author=f"m{native % 3}")
            for _ in range(steps):
                await self.step(it)
            if dice.random() < 0.5:
                await crash(it)

    async def step(self, it: Bench) -> None:
        dice = self.dice
        what = dice.random()
        try:
            if what < 0.40:
                await self.decide(it)
            elif what < 0.50:
                await it.desk.undo(confirmed=dice.random() < 0.5)
            elif what < 0.54:
                await it.desk.redo()
            elif what < 0.62:
                self.meddle()
            elif what < 0.72:
                self.site.faults.append(dice.choice(FAULTS))
            elif what < 0.76:
                self.site.down = OFFLINE if self.site.down is None else None
            elif what < 0.79:
                self.site.arrive()
            elif what < 0.82:
                await it.desk.send_now()
            elif what < 0.85:
                for decision in it.desk.outbox().decisions:
                    await it.desk.retry(decision.id)
            else:
                await it.clock.advance(dice.choice((0.5, 5, 16, 61)))
        except ModtuiError:
            pass
        for known in it.desk._book.all():
            self.decided[known.id] = known

    async def decide(self, it: Bench) -> None:
        dice = self.dice
        natives = dice.sample(range(8), dice.choice((1, 1, 1, 3)))
        items = [found for native in natives if (found := it.desk.item(f"reports/{self.ref(it, native)}"))]
        verb = dice.choice(("approve", "remove", "ignore"))
        message = "m" if verb == "remove" and dice.random() < 0.5 else None
        sanction = Sanction("ban", None) if verb == "remove" and dice.random() < 0.3 else None
        reason = "private" if dice.random() < 0.2 else None
        await it.desk.decide(items, Intent(verb=verb, message=message, sanction=sanction, reason=reason))

    def ref(self, it: Bench, native: int) -> str:
        return str(self.site.items[str(native)].ref)

    def meddle(self) -> None:
        """A colleague, or the author, does something."""
        native = str(self.dice.randrange(8))
        item = self.site.items[native]
        if self.dice.random() < 0.5 and item.state == "open":
            self.site.handle(native, "kept", "kestrel")
        else:
            self.colleague[native] += 1
            self.site.change(native, source=Foreign(f"Edit {self.colleague[native]}."), edits=self.colleague[native])

    async def rest(self) -> list[Decision]:
        """Mend everything and let all come to rest."""
        self.site.down = None
        self.site.faults.clear()
        self.site.arrive()
        async with bench(self.folder, clock=self.clock, site=self.site) as it:
            await it.desk.resume([decision.id for decision in it.desk.waiting_old()])
            for _ in range(8):
                await it.clock.advance(61)
            assert it.store.journal.verify().ok
            return it.store.journal.history(limit=1000)


@pytest.mark.parametrize("seed", range(24))
async def test_nothing_is_lost_doubled_or_applied_to_what_was_not_seen(tmp_path: Path, seed: int) -> None:
    play = Play(tmp_path, random.Random(seed))
    for _ in range(3):
        await play.live(25)
    history = {decision.id: decision for decision in await play.rest()}

    steps = {step.key: (decision, target, step) for decision in history.values() for target in decision.targets
             for step in target.steps}  # fmt: skip
    # Nothing is lost: every decision that was ever shown is in the journal, and has an end.
    assert set(play.decided) <= set(history)
    assert all(step.state in FINAL for _, _, step in steps.values())
    # Nothing is done twice, and nothing without a row in the journal that says so.
    applied = Counter(key for key, _, _, _ in play.site.at_write)
    assert not [key for key, times in applied.items() if times > 1]
    for key in applied:
        assert steps[key][2].state in ("done", "undone"), steps[key]
    # What the journal calls done was done (or closed by the site with another).
    for key, (_, _, step) in steps.items():
        if step.state == "done":
            assert key in applied or (step.answer is not None and step.answer.words)
    # Nothing was applied to a text that the moderator had not seen, as far as a look of ten seconds ago can tell.
    for key, call, known, age_s in play.site.at_write:
        _, target, _ = steps[key]
        if call.name == "perform":
            assert known is not None and target.seen is not None
            assert seen_of(known).text == target.seen.text and known.state == "open"
            assert age_s < 11
