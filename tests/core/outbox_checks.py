"""What must hold of the outbox after any run of its machine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from modtui.desk.escalation import route_of
from modtui.domain.decisions import FINAL, Decision, Step, Target
from modtui.domain.seen import seen_of
from modtui.domain.transitions import LEGAL
from modtui.store.journal import Journal
from tests.core.outbox_world import ModelRoute, ModelSite, Process, Write

COUNTS: Counter[str] = Counter()
"""What was played since it was cleared."""


def check(
    process: Process, running: Sequence[Process | None], made: Mapping[str, float], site: ModelSite, route: ModelRoute
) -> None:
    """From the site, from the journal, from the screens."""
    journal = process.journal
    found = journal.verify()
    assert found.ok, found.problems  # the chain holds, and a rebuild gives the same outbox
    history = {one.id: one for one in journal.history(limit=10_000)}
    lost = set(made) - set(history)
    assert not lost, f"lost: {lost}"
    steps: dict[str, tuple[Decision, Target, Step]] = {
        step.key: (one, target, step) for one in history.values() for target in one.targets for step in target.steps
    }
    paths = paths_of(journal, history)
    applied = Counter(key for key, _ in site.applied)
    delivered = Counter(key for key, _ in route.got)
    assert set(applied) | set(delivered) <= set(steps), "something was done that no row says"
    for key, (_, _, step) in steps.items():
        path = paths[key]
        told = (key, step.call.name, path)
        tally(step, path)
        if route_of(step) is not None:
            assert step.state in FINAL or step.state == "unknown", told
            again = path.count(("unknown", "held"))
            assert delivered[key] <= 1 + again, ("delivered again by itself", told)
            if ("sending", "done") in path:
                assert delivered[key] >= 1, told
            elif not any(to == "unknown" for _, to in path):
                assert not delivered[key], told
            continue
        assert step.state in FINAL, ("no end", told)
        assert applied[key] <= 1, ("twice", told)
        dropped = ("unknown", "discarded") in path
        came_done = any(to == "done" for _, to in path)
        with_another = step.answer is not None and bool(step.answer.words)
        if applied[key]:
            assert came_done or dropped, ("done, and the journal does not say so", told)
        elif came_done:
            assert with_another, ("not done, and the journal says so", told)
    check_writes(site.at_write, made, site.me, steps, paths)
    for desk in (one.desk for one in running if one is not None):
        shown = {one.id: one for one in desk._book.all()}
        assert {id: one for id, one in history.items() if id in shown} == shown, "a screen shows something else"
        assert {one.id for one in desk._book.open()} == {one.id for one in history.values() if one.open}


def check_writes(
    writes: Iterable[Write], made: Mapping[str, float], me: str, steps: Mapping[str, tuple[Decision, Target, Step]],
    paths: Mapping[str, list[tuple[str, str]]],
) -> None:
    """Nothing left before it was on the disk, and nothing was applied to what was not shown."""
    for write in writes:
        decision, target, _ = steps[write.key]
        assert write.state == "sending", ("sent before it was on the disk", write)
        if write.call.name not in ("perform", "reply") or ("conflict", "held") in paths[write.key]:
            continue
        assert write.known is not None and target.seen is not None, write
        now = seen_of(write.known)
        assert now.text == target.seen.text, ("another text", write, target)
        by_us = write.known.handled_by == me  # what our own other decisions did is no surprise
        assert write.known.state == target.seen.state or by_us, ("another state", write, target)
        assert write.known.state == "open" or write.call.name != "perform", ("closed already", write, target)
        if decision.verb in ("approve", "ignore"):
            assert set(now.reports) <= set(target.seen.reports), ("a report that was not shown", write)
        assert write.now - write.read < 11, ("an old look", write)
        if decision.id in made:
            assert write.read > made[decision.id], ("a look from before the decision", write)


def paths_of(journal: Journal, history: dict[str, Decision]) -> dict[str, list[tuple[str, str]]]:
    """Every step's way through the states, from the events alone; each is a way that the table has."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for event in journal.events():
        if event.kind != "step" or event.decision not in history:
            continue
        assert event.target is not None and event.step is not None
        key = history[event.decision].targets[event.target].steps[event.step].key
        way = (str(event.data["frm"]), str(event.data["to"]))
        assert way in LEGAL, way
        assert way[0] == (found[key][-1][1] if found[key] else "held"), "a jump"
        found[key].append(way)
    return found


def tally(step: Step, path: list[tuple[str, str]]) -> None:
    """Count how it went, for the summary of the run."""
    COUNTS[f"ended {step.state}"] += 1
    COUNTS["conflicts"] += sum(to == "conflict" for _, to in path)
    COUNTS["lost answers"] += sum(way == ("sending", "unknown") for way in path)
    COUNTS["transitions"] += len(path)
