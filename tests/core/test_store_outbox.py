"""The outbox follows from the events alone, and any decision comes back as it went in."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.domain.decisions import FINAL, VERBS, Answer, Call, Decision, Intent, Sanction, Step, StepState, Target
from modtui.domain.seen import Seen
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.domain.transitions import sources
from modtui.errors import StoreError
from modtui.store import Journal, Move
from modtui.store.projection import TABLES, rows
from modtui.text import Foreign
from tests.core.store_samples import START, decision
from tests.examples import examples

STATES: tuple[StepState, ...] = (
    "held", "sending", "unknown", "done", "undone", "conflict", "refused", "discarded"
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
foreign = texts.map(Foreign)
maybe = st.none() | texts
moments = st.integers(min_value=0, max_value=2**53)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6,
)
objects = st.dictionaries(texts, values, max_size=3)
refs = st.builds(SubjectRef, texts.map(CommunityId), texts, texts)
answers = st.builds(
    Answer, data=objects, resolved=st.lists(refs, max_size=2).map(tuple), held=st.booleans(), words=st.none() | foreign
)
seens = st.builds(
    Seen, digest=texts, text=foreign, edited_ms=st.none() | moments, edits=st.integers(0, 9),
    version=st.none() | moments, state=texts, hidden=st.booleans(), deleted=st.booleans(),
    reports=st.lists(texts, max_size=3).map(tuple),
    penalties=st.lists(texts, max_size=2).map(tuple),
)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Any decision: states, texts and numbers as no moderator would make them."""
    targets: list[Target] = []
    for at, native in enumerate(draw(st.lists(texts, max_size=3, unique=True))):
        steps = tuple(
            Step(
                index=index, call=Call(draw(texts), draw(objects)), words=draw(texts), key=draw(texts),
                executor=draw(texts), reaches=draw(st.booleans()), due_ms=draw(moments),
                state=draw(st.sampled_from(STATES)), answer=draw(st.none() | answers), error=draw(maybe),
                changed_ms=draw(st.none() | moments),
            )
            for index in range(draw(st.integers(0, 3)))
        )
        targets.append(
            Target(
                index=at, item=draw(texts), ref=SubjectRef(draw(texts.map(CommunityId)), draw(texts), native),
                number=draw(texts), author=draw(st.none() | foreign), title=draw(st.none() | foreign),
                seen=draw(st.none() | seens), checked=draw(st.booleans()), steps=steps,
                conflict=draw(st.lists(texts, max_size=2).map(tuple)),
            )
        )
    intent = Intent(
        verb=draw(st.sampled_from(VERBS)), offer=draw(maybe), reason=draw(maybe), reason_title=draw(maybe),
        reason_text=draw(maybe), message=draw(maybe), message_title=draw(maybe), text=draw(maybe), title=draw(maybe),
        sanction=draw(st.none() | st.builds(Sanction, st.sampled_from(("silence", "ban")), st.none() | moments)),
        lock=draw(st.booleans()), urgent=draw(st.booleans()),
    )
    return Decision(
        id=draw(st.text("0123456789abcdefgh", min_size=16, max_size=16)), community=CommunityId(draw(texts)),
        account=draw(foreign), intent=intent, created_ms=draw(moments), hold_ms=draw(moments), targets=tuple(targets),
        undo_of=draw(maybe), reversal=draw(st.sampled_from(("full", "partial", "none"))),
        stays=draw(st.lists(texts, max_size=2).map(tuple)),
    )


@settings(max_examples=examples(60))
@given(made=decisions())
def test_any_decision_comes_back_as_it_was(made: Decision) -> None:
    async def run(folder: Path) -> None:
        journal = Journal(folder / "state.db")
        await journal.record(made)
        assert journal.decision(made.id) == made
        assert [one.id for one in journal.open_decisions()] == ([made.id] if made.open else [])
        journal.rebuild()
        assert journal.decision(made.id) == made
        assert journal.verify().ok
        await journal.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


acts: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("decide"), st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True), st.integers(1, 2)),
    st.tuples(
        st.just("move"),
        st.lists(
            st.tuples(
                st.integers(0, 9), st.integers(0, 2), st.integers(0, 1), st.sampled_from(STATES), st.none() | answers,
                st.none() | moments, st.lists(texts, max_size=1).map(tuple),
            ), min_size=1, max_size=3,
        ),
    ),
    st.tuples(st.just("forget"), st.sampled_from(("bo_lind", "tante_erna"))),
    st.tuples(st.just("prune"), st.integers(START, START + 20)),
    st.tuples(st.just("note"), objects),
)


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the outbox."""
    with closing(sqlite3.connect(path)) as connection:
        return {table: list(rows(connection, table)) for table in TABLES}


@settings(max_examples=examples(40))
@given(script=st.lists(acts, max_size=25))
def test_the_outbox_is_what_the_events_make_of_it(script: list[tuple[Any, ...]]) -> None:
    """Whatever happens in whatever order: rebuilt from the events alone, every row is the same, and the chain holds.

    No subject ever has two open decisions.
    """

    async def run(folder: Path) -> None:
        path = folder / "state.db"
        journal = Journal(path, now_ms=lambda: START + 99)
        made: list[Decision] = []
        for at, act in enumerate(script):
            await one(journal, made, START + at, act)
            subjects = [target.ref for found in journal.open_decisions() for target in found.targets
                        if any(step.state not in FINAL for step in target.steps)]
            assert len(subjects) == len(set(subjects))
        before = tables(path)
        journal.rebuild()
        assert tables(path) == before
        found = journal.verify()
        assert found.ok, found.problems
        await journal.close()

    async def one(journal: Journal, made: list[Decision], now: int, act: tuple[Any, ...]) -> None:
        try:
            if act[0] == "decide":
                author = ("bo_lind", "tante_erna")[act[1][0] % 2]
                fresh = decision(act[1], at_ms=now, steps=act[2], author=author)
                await journal.record(fresh)
                made.append(fresh)
            elif act[0] == "move" and made:
                await journal.move_many([
                    Move(
                        decision=made[which % len(made)].id, target=target, step=step, frm=sources(to), to=to,
                        at_ms=now, answer=answer, due_ms=due, conflict=conflict,
                        error="odd" if to == "refused" else None,
                    )
                    for which, target, step, to, answer, due, conflict in act[1]
                ])
            elif act[0] == "forget":
                await journal.forget(act[1])
            elif act[0] == "prune":
                await journal.prune(act[1])
            elif act[0] == "note":
                await journal.note("resent", {"n": 1}, act[1])
        except StoreError:
            pass  # refused, and nothing of it may show: that is what the comparison is for

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
