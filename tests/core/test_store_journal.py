"""What the desk relies on: decisions are kept, moved by compare-and-set, and found again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from modtui.domain.decisions import Answer, Call, Decision, Sanction, StepState
from modtui.domain.transitions import MEANINGS, sources
from modtui.errors import StoreError
from modtui.store import ConflictingOpen, Journal, Move, new_id
from modtui.store.drafts import DraftRow
from modtui.text import Foreign
from tests.core.store_samples import HARBOUR, OTHER, START, decision, ref

pytestmark = pytest.mark.anyio


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(tmp_path / "state" / "state.db", now_ms=lambda: START)
    yield opened
    await opened.close()


async def step(journal: Journal, made: Decision, to: StepState, target: int = 0, at: int = 0) -> None:
    assert await journal.move(made.id, target, at, frm=sources(to), to=to, at_ms=START + 1)


async def test_a_decision_comes_back_as_it_was_also_after_a_restart(journal: Journal, tmp_path: Path) -> None:
    made = decision([1, 2, 3], steps=2, sanction=Sanction("ban", None))
    await journal.record(made)
    assert journal.decision(made.id) == made
    again = Journal(tmp_path / "state" / "state.db")
    assert again.open_decisions() == [made]
    await again.close()


async def test_unknown_ids_are_none(journal: Journal) -> None:
    assert journal.decision("nothing") is None
    assert journal.open_for(ref(1)) is None
    assert journal.history() == []
    assert journal.last_undoable() is None
    assert journal.verify().ok and journal.verify().head == ""


async def test_only_one_open_decision_per_subject(journal: Journal) -> None:
    first = decision([1, 2])
    await journal.record(first)
    with pytest.raises(ConflictingOpen) as caught:
        await journal.record(decision([3, 2], at_ms=START + 1))
    assert caught.value.decision == first.id
    assert first.id in str(caught.value)
    assert journal.open_for(ref(3)) is None, "nothing of the refused decision may be there"
    await step(journal, first, "refused", 1)
    second = decision([2], at_ms=START + 2)
    await journal.record(second)
    assert journal.open_for(ref(2)) == second
    with pytest.raises(ConflictingOpen):
        await journal.move(first.id, 1, 0, frm=("refused",), to="held", at_ms=START)
    assert journal.verify().ok


async def test_a_way_that_is_not_in_the_table_is_not_taken(journal: Journal) -> None:
    made = decision([1])
    await journal.record(made)
    for to in MEANINGS:
        for frm in MEANINGS:
            if frm not in sources(to):
                with pytest.raises(ValueError, match="never goes"):
                    await journal.move(made.id, 0, 0, frm=("held", frm) if "held" in sources(to) else (frm,), to=to,
                                       at_ms=START)  # fmt: skip
    assert journal.decision(made.id) == made


async def test_a_batch_with_a_subject_twice_is_refused(journal: Journal) -> None:
    with pytest.raises(StoreError, match="twice"):
        await journal.record(decision([1, 1]))
    assert journal.history() == []


async def test_the_same_id_is_not_taken_twice(journal: Journal) -> None:
    made = decision([1])
    await journal.record(made)
    with pytest.raises(StoreError, match=made.id):
        await journal.record(msgspec.structs.replace(decision([2]), id=made.id))


async def test_decisions_recorded_at_once_are_judged_one_by_one(journal: Journal) -> None:
    """They share commits; a refused one must not take the others with it."""
    wanted = [decision([number], at_ms=START + at) for at, number in enumerate([1, 2, 1, 3, 2, 4])]
    results = await asyncio.gather(*(journal.record(made) for made in wanted), return_exceptions=True)
    assert [type(result) for result in results] == [
        type(None), type(None), ConflictingOpen, type(None), ConflictingOpen, type(None)
    ]
    assert [found.id for found in journal.open_decisions()] == [wanted[at].id for at in (0, 1, 3, 5)]
    assert journal.verify().rows == 4


async def test_move_is_compare_and_set(journal: Journal) -> None:
    made = decision([1], steps=2)
    await journal.record(made)
    results = await asyncio.gather(
        *(journal.move(made.id, 0, 0, frm=("held",), to="sending", at_ms=START + at) for at in range(5))
    )
    assert sorted(results) == [False, False, False, False, True]
    answer = Answer(data={"post": 7}, words=Foreign("Post hidden"), resolved=(ref(9),))
    assert await journal.move(made.id, 0, 0, frm=("sending",), to="done", at_ms=START + 9, answer=answer)
    assert await journal.move(made.id, 0, 1, frm=("held",), to="refused", at_ms=START + 9, error="right lost")
    found = journal.decision(made.id)
    assert found is not None
    first, second = found.targets[0].steps
    assert (first.state, first.answer, first.changed_ms) == ("done", answer, START + 9)
    assert (second.state, second.error) == ("refused", "right lost")
    assert found.state == "partly" and not found.open
    assert journal.open_decisions() == []
    assert not await journal.move(made.id, 7, 0, frm=("held",), to="done", at_ms=START)
    assert not await journal.move("nothing", 0, 0, frm=("held",), to="done", at_ms=START)


async def test_a_conflict_is_kept_until_the_step_is_held_again(journal: Journal) -> None:
    made = decision([1])
    await journal.record(made)
    words = ("removed by kestrel", "the text was edited")
    await journal.move(made.id, 0, 0, frm=("held",), to="conflict", at_ms=START, conflict=words, error="changed")
    found = journal.decision(made.id)
    assert found and found.targets[0].conflict == words and found.state == "conflict"
    assert await journal.move(made.id, 0, 0, frm=("conflict",), to="held", at_ms=START + 5, due_ms=START + 99)
    found = journal.decision(made.id)
    assert found and found.targets[0].conflict == ()
    assert (found.targets[0].steps[0].error, found.targets[0].steps[0].due_ms) == (None, START + 99)
    assert journal.open_for(ref(1)) == found


async def test_many_moves_answer_each_for_itself(journal: Journal) -> None:
    made = decision([1, 2, 3])
    await journal.record(made)
    await step(journal, made, "sending", 1)
    moves = [
        Move(decision=made.id, target=at, step=0, frm=("held",), to="undone", at_ms=START + 3) for at in range(3)
    ]
    assert await journal.move_many(moves) == [True, False, True]
    assert await journal.move_many([]) == []
    found = journal.decision(made.id)
    assert found and [own.state for own in found.targets] == ["undone", "sending", "undone"]


async def test_one_transaction_may_hand_a_subject_over(journal: Journal) -> None:
    """The newer decision is dropped and the older one held again, in that order."""
    older, newer = decision([1]), decision([1], at_ms=START + 1)
    await journal.record(older)
    await step(journal, older, "conflict")
    await journal.record(newer)
    hold = Move(decision=older.id, target=0, step=0, frm=("conflict",), to="held", at_ms=START + 2)
    drop = Move(decision=newer.id, target=0, step=0, frm=("held",), to="discarded", at_ms=START + 2)
    with pytest.raises(ConflictingOpen) as caught:
        await journal.move_many([hold, drop])
    assert caught.value.decision == newer.id
    assert journal.open_for(ref(1)) == newer and journal.verify().rows == 3
    assert await journal.move_many([drop, hold]) == [True, True]
    found = journal.open_for(ref(1))
    assert found and found.id == older.id and journal.verify().ok


async def test_history_is_newest_first_and_pages_exactly(journal: Journal) -> None:
    made = [decision([at], at_ms=START, community=OTHER if at == 3 else HARBOUR) for at in range(5)]
    for one in made:
        await journal.record(one)
    await step(journal, made[2], "done")
    newest = [one.id for one in reversed(made)]
    assert [one.id for one in journal.history()] == newest
    page = journal.history(limit=2)
    assert [one.id for one in journal.history(limit=2, before=page[-1].id)] == newest[2:4]
    assert [one.id for one in journal.history(community=OTHER)] == [made[3].id]
    assert made[2].id not in [one.id for one in journal.history(open_only=True)]
    assert journal.history(before=START) == []
    assert [one.id for one in journal.open_decisions(OTHER)] == [made[3].id]


async def test_last_undoable_skips_what_is_taken_back(journal: Journal) -> None:
    old, newer = decision([1]), decision([2], at_ms=START + 10, community=OTHER)
    await journal.record(old)
    await journal.record(newer)
    assert journal.last_undoable() == newer
    only_here = journal.last_undoable(communities=[HARBOUR])
    assert only_here and only_here.id == old.id
    assert journal.last_undoable(communities=[]) is None
    await step(journal, newer, "done")
    back = decision([2], at_ms=START + 20, community=OTHER, undo_of=newer.id)
    await journal.record(back)
    found = journal.last_undoable()
    assert found and found.id == old.id
    await step(journal, back, "refused")
    found = journal.last_undoable()
    assert found and found.id == newer.id, "an undo that the site refused leaves the decision in force"
    assert [one.id for one in journal.undo_of(newer.id)] == [back.id]
    await step(journal, newer, "undone")
    await step(journal, old, "undone")
    assert journal.last_undoable() is None
    assert journal.last_undoable(since_ms=START + 5) is None


async def test_earlier_finds_subject_and_author_without_regard_to_case(journal: Journal) -> None:
    first = decision([1], author="Tante_Erna")
    await journal.record(first)
    await step(journal, first, "done")
    second = decision([2, 3], author="tante_erna", at_ms=START + 5)
    await journal.record(second)
    await journal.record(decision([1], community=OTHER, author="tante_erna", at_ms=START + 6))
    assert [one.id for one in journal.earlier(ref(1))] == [first.id]
    assert [one.id for one in journal.earlier(author="TANTE_ERNA", community=HARBOUR)] == [second.id, first.id]
    assert len(journal.earlier(author="tante_erna")) == 3
    assert len(journal.earlier(ref(1), author="tante_erna", limit=2)) == 2
    assert journal.earlier(author="nobody") == []


async def test_counts_tell_what_was_done(journal: Journal) -> None:
    batch = decision([1, 2, 3], verb="approve")
    ban = decision([4], sanction=Sanction("ban", 86_400_000), at_ms=START + 1)
    back = decision([5], verb="ignore", at_ms=START + 2)
    refused = decision([6], verb="approve", at_ms=START + 3)
    for made in (batch, ban, back, refused):
        await journal.record(made)
    await step(journal, back, "undone")
    await step(journal, refused, "refused")
    assert journal.counts() == {"approve": 3, "remove": 1, "undone": 1}
    assert journal.counts(START + 1) == {"remove": 1, "undone": 1}
    assert journal.counts(community=OTHER) == {}
    await step(journal, ban, "done")
    undo = decision([4], verb="restore", at_ms=START + 9, undo_of=ban.id)
    await journal.record(undo)
    await step(journal, undo, "done")
    assert journal.counts(START + 1) == {"undone": 2}


async def test_notes_are_events_with_a_forgettable_part(journal: Journal) -> None:
    await journal.note("started", {"version": "1"}, {"account": "rookmoor"})
    made = decision([1])
    await journal.record(made)
    await journal.note("ended", {})
    rows = list(journal.events())
    assert [(row.seq, row.kind) for row in rows] == [(1, "started"), (2, "decided"), (3, "ended")]
    assert rows[0].data == {"version": "1"} and rows[0].personal == ({"account": "rookmoor"},)
    assert rows[1].decision == made.id and rows[1].community == HARBOUR
    assert [row.seq for row in journal.events(after=2)] == [3]
    assert rows[-1].hash == journal.verify().head
    with pytest.raises(ValueError, match="forgot"):
        await journal.note("forgot", {})


async def test_what_is_hashed_for_good_names_nobody(journal: Journal) -> None:
    """Names, texts, addresses and subject ids must lie in the part that can be forgotten."""
    await journal.record(decision([4711], author="bo_lind", sanction=Sanction("silence", 60_000)))
    (row,) = journal.events()
    told = msgspec.json.encode(row.data).decode()
    for personal in ("bo_lind", "rookmoor", "4711 ", "/4711", "Anchors", "Please", "the text", "Advertising", "unsent"):
        assert personal not in told
    assert "ads" in told and "silence" in told


async def test_odd_text_is_kept(journal: Journal) -> None:
    """Lone surrogates cannot be stored as they are; everything else can."""
    odd = "\x00\x1b[2J \u202e \U0001f468\u200d\U0001f469 [/red] \ud800 end"
    made = decision([1], author=odd, message=odd)
    call = Call("perform", {"text": odd, odd: [odd, None, 1.5, {"a": True}]})
    steps = (msgspec.structs.replace(made.targets[0].steps[0], call=call),)
    made = msgspec.structs.replace(made, targets=(msgspec.structs.replace(made.targets[0], steps=steps),))
    await journal.record(made)
    found = journal.decision(made.id)
    clean = odd.replace("\ud800", "\ufffd")
    assert found and found.intent.message == clean and found.targets[0].author == clean
    assert found.targets[0].steps[0].call.args == {"text": clean, clean: [clean, None, 1.5, {"a": True}]}
    assert journal.earlier(author=odd) == [found]
    assert journal.verify().ok


async def test_steps_must_be_numbered_from_zero(journal: Journal) -> None:
    made = decision([1])
    wrong = (msgspec.structs.replace(made.targets[0], index=1),)
    with pytest.raises(ValueError, match="numbered"):
        await journal.record(msgspec.structs.replace(made, targets=wrong))


async def test_a_cancelled_wait_does_not_take_the_record_back(journal: Journal) -> None:
    made = decision([1])
    task = asyncio.create_task(journal.record(made))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await journal.note("after", {})
    assert journal.decision(made.id) == made


async def test_snoozes_and_skips(journal: Journal) -> None:
    await journal.snooze("reports/a/post/1", START + 5)
    await journal.snooze("reports/a/post/2", START + 6)
    await journal.snooze("reports/a/post/1", START + 7)
    await journal.snooze("reports/a/post/2", None)
    assert journal.snoozed() == {"reports/a/post/1": START + 7}
    await journal.skip("reports/a/post/3", START)
    assert journal.skipped() == {"reports/a/post/3": START}
    await journal.skip("reports/a/post/3", None)
    assert journal.skipped() == {}


async def test_each_draft_has_its_own_row(journal: Journal) -> None:
    first = DraftRow(id="one", item="reports/a/post/1", community="a", body=b'{"text":"Half a sen"}', saved_ms=START)
    await journal.put_draft(first)
    other = replace(first, id="two", body=b'{"text":"Another"}', saved_ms=START + 1)
    await journal.put_draft(other)
    await journal.put_draft(replace(first, body=b'{"text":"Half a sentence"}', saved_ms=START + 2))
    assert [(row.id, row.body, row.revision) for row in journal.drafts()] == [
        ("one", b'{"text":"Half a sentence"}', 2), ("two", b'{"text":"Another"}', 1)
    ]  # fmt: skip
    assert await journal.drop_drafts(["one", "never there"]) == 1
    assert [row.id for row in journal.drafts()] == ["two"]


async def test_who_goes_on_with_a_draft_takes_it_away_only_as_it_was_read(journal: Journal) -> None:
    await journal.put_draft(DraftRow(id="one", item="reports/a/post/1", community="a", body=b"{}", saved_ms=START))
    read = journal.drafts()[0]
    await journal.put_draft(replace(read, body=b'{"text":"written by its owner meanwhile"}'))
    await journal.put_draft(replace(read, id="mine", body=b'{"text":"from here"}', saved_ms=START + 1), read)
    assert [row.id for row in journal.drafts()] == ["mine", "one"], "both texts are kept"
    await journal.put_draft(replace(read, id="again", saved_ms=START + 2), journal.drafts()[1])
    assert [row.id for row in journal.drafts()] == ["again", "mine"]


async def test_another_process_is_noticed_and_we_are_not(journal: Journal, tmp_path: Path) -> None:
    before = journal.data_version()
    await journal.record(decision([1]))
    assert journal.data_version() == before
    other = Journal(tmp_path / "state" / "state.db")
    await other.record(decision([2], at_ms=START + 1))
    await other.close()
    assert journal.data_version() != before
    assert len(journal.open_decisions()) == 2


async def test_after_closing_there_is_a_sentence(journal: Journal) -> None:
    await journal.close()
    await journal.close()
    with pytest.raises(StoreError, match="closed"):
        await journal.record(decision([1]))
    with pytest.raises(StoreError, match="closed"):
        journal.history()


async def test_rows_that_cannot_be_read_are_told(journal: Journal, tmp_path: Path) -> None:
    made = decision([1])
    await journal.record(made)
    with sqlite3.connect(tmp_path / "state" / "state.db") as tampering:
        tampering.execute("UPDATE target SET body=?", (b"{",))
    tampering.close()
    with pytest.raises(StoreError, match="log verify"):
        journal.decision(made.id)
    assert not journal.verify().ok
    assert journal.rebuild() == 1
    assert journal.decision(made.id) == made
    assert journal.verify().ok


def test_ids_are_short_sortable_typeable_and_unique() -> None:
    made = [new_id(START + at // 100) for at in range(2_000)]
    assert made == sorted(made) and len(set(made)) == 2_000
    assert all(len(one) == 16 and set(one) <= set("0123456789abcdefghjkmnpqrstvwxyz") for one in made)
    assert new_id(START) < new_id(START + 1) < new_id(START * 2)
    assert len(new_id(-5)) == len(new_id(1 << 70)) == 16
