"""`kill -9` at any instant, on a bad line, beside busy colleagues: what the journal says is what the server has.

The processes are forked from one that has everything imported, so that hundreds of lives take minutes.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
from collections import Counter
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from modtui.demo.wire import Problem
from modtui.desk.escalation import route_of
from modtui.domain.decisions import Decision, Step, Target
from modtui.store.journal import Journal
from tests.core import kill_child
from tests.core.kill_child import ANSWER, TITLE, unfinished

pytestmark = pytest.mark.anyio
FAULTS = ("lost", "drop", "cut", "slow", "500", "502", "429-json", "html")
PATHS = ("/review/", "/posts", "/admin/users", "/review", "/solution", "/t/", "/")
WRITTEN = {
    "perform": "SELECT reviewable_id AS who FROM reviewable_histories WHERE type = 1 AND created_by_id = :me",
    "message": "SELECT u.username AS who FROM topics t JOIN topic_allowed a ON a.topic_id = t.id JOIN users u"
    f" ON u.id = a.user_id WHERE t.archetype = 'private_message' AND t.title = '{TITLE}' AND t.user_id = :me"
    " AND u.id <> t.user_id",
    "penalise": "SELECT u.username AS who FROM penalties p JOIN users u ON u.id = p.user_id WHERE p.applied_by = :me",
    "reply": f"SELECT topic_id AS who FROM posts WHERE raw = '{ANSWER}' AND user_id = :me",
    "accept": "SELECT t.id AS who FROM topics t JOIN posts p ON p.id = t.accepted_post_id WHERE p.user_id = :me",
    "topic": "SELECT id AS who FROM topics WHERE closed AND :me",
}
"""What the server has of each kind of step, by report, member or thread."""
ONCE = frozenset({"accept", "topic"})
"""Doing these twice is the same as once, so the server cannot show how often it was."""


class Harbour:
    """The community, its bad line, and the processes that are killed again and again."""

    def __init__(self, demo: DemoServer, folder: Path, seed: int, subjects: int) -> None:
        self.demo = demo
        self.folder = folder
        self.folder.mkdir()
        (self.folder / "said").touch()
        self.dice = random.Random(seed)
        self.fork = multiprocessing.get_context("forkserver")
        self.fork.set_forkserver_preload([kill_child.__name__])
        rows = demo.db.all(
            "SELECT r.id FROM reviewables r JOIN posts p ON p.id = r.target_id WHERE r.status = 0"
            " AND r.type = 'ReviewableFlaggedPost' AND NOT p.hidden AND p.deleted_at IS NULL ORDER BY r.id"
        )
        self.reports = [str(row["id"]) for row in rows]
        plain = demo.db.all(
            "SELECT id, username FROM users WHERE id > 10 AND NOT admin AND NOT moderator AND active AND approved"
            " AND deleted_at IS NULL AND silenced_till IS NULL AND suspended_till IS NULL ORDER BY id DESC"
        )
        self.members = [str(row["id"]) for row in plain]
        asker = plain[-1]["username"]
        self.questions = [
            str(demo.ask(asker, f"Where is the switch number {n}?", "I cannot find it anywhere, please help me."))
            for n in range(subjects)
        ]
        for some in (self.reports, self.members, self.questions):
            self.dice.shuffle(some)
        self.before = {name: self.on_server(name) for name in WRITTEN}

    def on_server(self, name: str) -> Counter[str]:
        me = self.demo.user_id(self.demo.username)
        return Counter(str(row["who"]) for row in self.demo.db.all(WRITTEN[name], {"me": me}))

    def start(self, what: str, names: list[tuple[str, str]]) -> BaseProcess:
        child = self.fork.Process(
            target=kill_child.main, args=(self.folder, self.demo.url, self.demo.api_key, self.demo.username,
                                          str(self.dice.random()), what, names),
        )  # fmt: skip
        child.start()
        return child

    def said(self) -> list[list[str]]:
        return [line.split() for line in (self.folder / "said").read_text().splitlines()]

    def share(self) -> list[tuple[str, str]]:
        """What one life decides on."""
        reports = [("reviewable", self.reports.pop()) for _ in range(self.dice.choice((2, 4)))]
        return [*reports, ("topic", self.questions.pop()), ("user", self.members.pop())]

    async def kill_some(self, processes: int) -> None:
        """One life of one or two processes, ended without warning."""
        dice = self.dice
        self.demo.site.faults.clear()
        for _ in range(dice.randrange(5)):
            self.demo.inject(dice.choice(FAULTS), dice.choice(PATHS), dice.choice(("PUT", "POST", "*")),
                             wait_s=dice.random() / 2)  # fmt: skip
        shares = [self.share() for _ in range(processes)]
        children = [self.start("work", share) for share in shares]
        clock = asyncio.get_running_loop().time
        latest = clock() + 30
        while not {str(child.pid) for child in children} <= {who for who, *_ in self.said()}:
            assert clock() < latest and all(child.is_alive() for child in children), "it never came up"
            await asyncio.sleep(0.01)
        end = clock() + dice.random() * 0.7
        while clock() < end:
            await asyncio.sleep(0.03)
            if dice.random() < 0.05:
                self.meddle(shares[0])
        for child in children:
            child.kill()
        for child in children:
            await asyncio.to_thread(child.join, 30)

    def meddle(self, share: list[tuple[str, str]]) -> None:
        """A colleague decides or answers, or the author edits."""
        kind, native = self.dice.choice(share)
        try:
            if kind == "topic":
                self.demo.answer(int(native), "kestrel", "Have you looked behind the door?")
            elif kind == "reviewable":
                row = self.demo.db.one("SELECT * FROM reviewables WHERE id = ? AND status = 0", [int(native)])
                if row is not None and self.dice.random() < 0.5:
                    self.demo.perform(int(native), "ignore_and_do_nothing", "kestrel")
                elif row is not None:
                    self.demo.edit_post(row["target_id"], f"Edited {self.dice.random()}")
        except Problem:
            pass  # the process was faster

    async def come_to_rest(self) -> list[Decision]:
        """Everything is sent or has failed for good; all decisions of the journal, which verifies."""
        self.demo.site.faults.clear()
        child = self.start("rest", [])
        await asyncio.to_thread(child.join, 240)
        assert child.exitcode == 0
        journal = Journal(self.folder / "state" / "state.db")
        try:
            assert journal.verify().problems == []
            return journal.history(limit=100_000)
        finally:
            await journal.close()


def steps_of(decisions: list[Decision]) -> list[tuple[Target, Step]]:
    return [(target, step) for decision in decisions for target in decision.targets for step in target.steps]


def in_journal(decisions: list[Decision], name: str) -> Counter[str]:
    """What the journal says was done, by report, member or thread; what the site closed with another is no step of
    ours."""
    found: Counter[str] = Counter()
    for target, step in steps_of(decisions):
        if step.call.name != name or step.state != "done" or (step.answer is not None and step.answer.words):
            continue
        if name == "perform":
            found[target.ref.native] += 1
        else:
            found[str(step.call.args.get("topic", target.author))] += 1
    return Counter(dict.fromkeys(found, 1)) if name in ONCE else found


@pytest.mark.parametrize(
    ("lives", "processes"),
    [(5, 1), (3, 2), pytest.param(100, 1, marks=pytest.mark.long), pytest.param(100, 2, marks=pytest.mark.long)],
)
async def test_nothing_is_lost_or_doubled(
    tmp_path: Path, record_property: Callable[[str, object], None], lives: int, processes: int
) -> None:
    kills = lives * processes
    with DemoServer(tmp_path / "world", items=max(120, 8 * kills), members=300 + 2 * kills, seed=kills) as demo:
        harbour = Harbour(demo, tmp_path / "own", kills, kills)
        for _ in range(lives):
            await harbour.kill_some(processes)
        decisions = await harbour.come_to_rest()
        lost = {line[2] for line in harbour.said() if line[1] == "decided"} - {decision.id for decision in decisions}
        states = Counter(decision.state for decision in decisions)
        done = Counter(step.call.name for _, step in steps_of(decisions) if step.state == "done")
        assert lost == set()
        assert not [decision.id for decision in decisions if unfinished(decision)]
        for name in WRITTEN:
            now, known = harbour.on_server(name), in_journal(decisions, name)
            new = now - harbour.before[name]
            assert new - known == Counter(), f"{name}: done, and not in the journal, or twice"
            assert known - (now if name in ONCE else new) == Counter(), f"{name}: in the journal, and not done"
        got = harbour.folder / "got"
        lines = got.read_bytes().split(b"\n") if got.exists() else []
        keys = Counter(json.loads(line)["key"] for line in lines if line)
        for _, step in steps_of(decisions):
            if route_of(step) is not None:
                arrived = keys.pop(step.key, 0)
                assert arrived == 1 if step.state == "done" else arrived <= (step.state == "unknown"), step
        assert not keys, "delivered, and in no journal"
        counts = f"{kills} kills: {len(decisions)} decisions {dict(states)}, steps done {dict(done)}, 0 lost, 0 doubled"
        record_property("counts", counts)
