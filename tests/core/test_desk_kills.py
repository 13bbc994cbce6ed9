"""`kill -9` at any instant, on a bad line, beside busy colleagues: what the journal says is what the server has."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from modtui.demo.wire import Problem
from modtui.domain.decisions import Decision
from modtui.store.journal import Journal

pytestmark = pytest.mark.anyio
FAULTS = ("lost", "drop", "cut", "slow", "500", "502", "429-json", "html")
PATHS = ("/review/", "/posts", "/admin/users", "/review", "/")
WRITTEN = {
    "perform": "SELECT reviewable_id AS who FROM reviewable_histories WHERE type = 1 AND created_by_id = ?",
    "message": "SELECT u.username AS who FROM topics t JOIN topic_allowed a ON a.topic_id = t.id JOIN users u"
    " ON u.id = a.user_id WHERE t.archetype = 'private_message' AND t.title = 'Please be kind' AND t.user_id = ?"
    " AND u.id <> t.user_id",
    "penalise": "SELECT u.username AS who FROM penalties p JOIN users u ON u.id = p.user_id WHERE p.applied_by = ?",
}
"""What the server has of each kind of step, by item or member."""


class Harbour:
    """The community, its bad line, and the process that is killed again and again."""

    def __init__(self, demo: DemoServer, folder: Path, seed: int) -> None:
        self.demo = demo
        self.folder = folder
        self.dice = random.Random(seed)
        self.acknowledged: set[str] = set()
        rows = demo.db.all(
            "SELECT r.id FROM reviewables r JOIN posts p ON p.id = r.target_id WHERE r.status = 0"
            " AND r.type = 'ReviewableFlaggedPost' AND NOT p.hidden AND p.deleted_at IS NULL ORDER BY r.id"
        )
        self.items = [str(row["id"]) for row in rows]
        self.dice.shuffle(self.items)
        self.before = {name: self.on_server(name) for name in WRITTEN}

    def on_server(self, name: str) -> Counter[str]:
        me = self.demo.user_id(self.demo.username)
        return Counter(str(row["who"]) for row in self.demo.db.all(WRITTEN[name], [me]))

    async def start(self, what: str, *natives: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.core.kill_child", str(self.folder), self.demo.url, self.demo.api_key,
            self.demo.username, str(self.dice.random()), what, *natives, stdout=PIPE, cwd=Path(__file__).parents[2],
        )  # fmt: skip

    async def listen(self, child: Process, up: asyncio.Event) -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            up.set()
            word, _, id = line.decode().strip().partition(" ")
            if word == "decided":
                self.acknowledged.add(id)

    async def kill_one(self, *, processes: int) -> None:
        """One life of one or two processes, ended without warning."""
        dice = self.dice
        self.demo.site.faults.clear()
        for _ in range(dice.randrange(5)):
            self.demo.inject(dice.choice(FAULTS), dice.choice(PATHS), dice.choice(("PUT", "POST", "*")),
                             wait_s=dice.random() / 2)  # fmt: skip
        shares = [[self.items.pop() for _ in range(6)] for _ in range(processes)]
        children = [await self.start("work", *share) for share in shares]
        ups = [asyncio.Event() for _ in children]
        heard = [asyncio.create_task(self.listen(child, up)) for child, up in zip(children, ups, strict=True)]
        await asyncio.wait_for(asyncio.gather(*(up.wait() for up in ups)), 30)
        end = asyncio.get_running_loop().time() + dice.random() * 1.2
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)
            if dice.random() < 0.05:
                self.meddle(int(dice.choice(shares[0])))
        for child in children:
            child.kill()
            await child.wait()
        await asyncio.gather(*heard)

    def meddle(self, native: int) -> None:
        """A colleague decides, or the author edits."""
        row = self.demo.db.one("SELECT * FROM reviewables WHERE id = ? AND status = 0", [native])
        try:
            if row is not None and self.dice.random() < 0.5:
                self.demo.perform(native, "ignore_and_do_nothing", "kestrel")
            elif row is not None:
                self.demo.edit_post(row["target_id"], f"Edited {self.dice.random()}")
        except Problem:
            pass  # the process was faster

    async def come_to_rest(self) -> list[Decision]:
        """Everything is sent or has failed for good; all decisions of the journal, which verifies."""
        self.demo.site.faults.clear()
        child = await self.start("rest")
        out, _ = await asyncio.wait_for(child.communicate(), 240)
        assert out.decode().strip() == "rest" and child.returncode == 0
        journal = Journal(self.folder / "state" / "state.db")
        try:
            assert journal.verify().problems == []
            return journal.history(limit=100_000)
        finally:
            await journal.close()

    def in_journal(self, decisions: list[Decision], name: str) -> Counter[str]:
        """What the journal says was done, by item or member; what the site closed with another is no step of ours."""
        found: Counter[str] = Counter()
        for decision in decisions:
            for target in decision.targets:
                for step in target.steps:
                    if step.call.name == name and step.state == "done" and not (step.answer and step.answer.words):
                        found[target.ref.native if name == "perform" else str(target.author)] += 1
        return found


@pytest.mark.parametrize(
    ("kills", "processes"),
    [(3, 1), (2, 2), pytest.param(40, 1, marks=pytest.mark.long), pytest.param(25, 2, marks=pytest.mark.long)],
)
async def test_nothing_is_lost_or_doubled(tmp_path: Path, kills: int, processes: int) -> None:
    with DemoServer(tmp_path / "world", items=max(120, 16 * kills * processes), members=300, seed=kills) as demo:
        harbour = Harbour(demo, tmp_path / "own", kills)
        for _ in range(kills):
            await harbour.kill_one(processes=processes)
        decisions = await harbour.come_to_rest()
        lost = harbour.acknowledged - {decision.id for decision in decisions}
        states = Counter(decision.state for decision in decisions)
        print(f"{kills} kills, {len(decisions)} decisions ({dict(states)}), {len(lost)} lost")
        assert lost == set()
        assert not [decision.id for decision in decisions if decision.open]
        for name in WRITTEN:
            assert harbour.in_journal(decisions, name) == harbour.on_server(name) - harbour.before[name], name
