"""A text that was typed is never lost: not by a crash, not by another window, not by a reply that did not get out."""

from __future__ import annotations

import json
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from msgspec.structs import replace

from modtui.domain.decisions import Intent
from modtui.errors import StoreError
from modtui.store.drafts import DraftRow
from modtui.store.journal import Journal
from tests.core.answering import Answering, AnsweringSite, answering
from tests.core.fakes import FakeClock, until

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


def on_disk(it: Answering) -> list[str]:
    """The texts that a process started now would find, the newest first."""
    return [json.loads(row.body)["text"] for row in it.desk.store.journal.drafts()]


def texts(it: Answering) -> list[str]:
    return [draft.text for draft in it.desk.drafts.all()]


async def test_a_burst_of_keys_is_few_writes_and_the_last_key_is_on_the_disk_within_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering(tmp_path) as it:
        writes: list[DraftRow] = []
        journal = it.desk.store.journal
        put = journal.put_draft

        async def counted(row: DraftRow, replaces: DraftRow | None = None) -> None:
            writes.append(row)
            await put(row, replaces)

        monkeypatch.setattr(journal, "put_draft", counted)
        draft = it.desk.drafts.new(await it.question("7"))
        for number in range(200):
            draft = it.desk.drafts.save(replace(draft, text=draft.text + "x"))
            if number == 100:
                await until(lambda: on_disk(it), "the first write waits for nothing", 30)
        await it.clock.advance(1.0)
        await until(lambda: on_disk(it) == ["x" * 200], "the last key", 30)
        assert len(writes) <= 4


async def test_kill_9_in_the_middle_of_a_word_loses_at_most_the_last_second(tmp_path: Path) -> None:
    child = await create_subprocess_exec(
        sys.executable, "-m", "tests.core.draft_child", str(tmp_path), "Hello", "zimtstern,", "WAIT", "and", "ON",
        stdout=PIPE, cwd=ROOT,
    )  # fmt: skip
    assert child.stdout is not None
    try:
        assert await child.stdout.readline() == b"saved\n"
        for _ in range(20):
            assert await child.stdout.readline() == b"typed\n"
    finally:
        child.kill()
        await child.wait()
    async with answering(tmp_path) as it:
        [draft] = it.desk.drafts.all()
        assert draft.text.startswith("Hello zimtstern, ")
        item = it.desk.item(draft.item)
        assert item is not None and it.desk.drafts.of(item.id) == [draft]
        assert draft.to == "zimtstern" and it.desk.state_of(item.id).letter == "d"


async def test_two_texts_for_one_target_are_both_kept_also_of_two_processes(tmp_path: Path) -> None:
    site = AnsweringSite(FakeClock())
    async with answering(tmp_path, site=site) as one, answering(tmp_path, site=site) as two:
        item = await one.question("7")
        for it, text in ((one, "first"), (one, "second"), (two, "third")):
            it.desk.drafts.save(it.desk.drafts.new(item, text=text))
            await it.desk.drafts.flush()
        assert sorted(texts(one)) == sorted(texts(two)) == ["first", "second", "third"]


async def test_going_on_with_the_same_draft_in_two_processes_keeps_both_texts(tmp_path: Path) -> None:
    site = AnsweringSite(FakeClock())
    async with answering(tmp_path, site=site) as one, answering(tmp_path, site=site) as two:
        item = await one.question("7")
        begun = one.desk.drafts.save(one.desk.drafts.new(item, text="Hello"))
        await one.desk.drafts.flush()
        [read] = two.desk.drafts.all()
        there = two.desk.drafts.save(replace(read, text="Hello there"))
        await two.desk.drafts.flush()
        assert texts(two) == ["Hello there"], "who goes on with a text that nobody writes has it alone"
        begun = one.desk.drafts.save(replace(begun, text="Hello again"))
        two.desk.drafts.save(replace(there, text="Hello there, zimtstern"))
        await one.desk.drafts.flush()
        await two.desk.drafts.flush()
        assert sorted(texts(one)) == sorted(texts(two)) == ["Hello again", "Hello there, zimtstern"]
        await two.desk.drafts.drop(there.id)
        assert texts(one) == texts(two) == ["Hello again"]


async def test_a_draft_that_was_read_can_be_saved_again_and_again_under_its_old_id(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        it.desk.drafts.save(it.desk.drafts.new(await it.question("7"), text="a"))
    async with answering(tmp_path) as it:
        [read] = it.desk.drafts.all()
        for text in ("ab", "abc"):
            it.desk.drafts.save(replace(read, text=text))
            await it.desk.drafts.flush()
        assert on_disk(it) == texts(it) == ["abc"]


async def test_quitting_keeps_what_was_typed_last_and_emptying_lets_go(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        draft = it.desk.drafts.save(it.desk.drafts.new(await it.question("7"), text="To be"))
        it.desk.drafts.save(replace(draft, text="To be continued", audience="staff", post="p7-1"))
    async with answering(tmp_path) as it:
        [read] = it.desk.drafts.all()
        assert (read.text, read.audience, read.post, read.title) == ("To be continued", "staff", "p7-1", "Question 7")
        it.desk.drafts.save(replace(read, text=" \n"))
        assert it.desk.drafts.all() == []
    async with answering(tmp_path) as it:
        assert it.desk.drafts.all() == []


async def test_a_row_shows_the_letter_as_long_as_a_draft_waits(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        assert it.desk.state_of(item.id).letter == ""
        draft = it.desk.drafts.save(it.desk.drafts.new(item, text="a"))
        state = it.desk.state_of(item.id)
        assert (state.letter, state.words, state.open) == ("d", "a draft of yours waits", True)
        await it.desk.drafts.drop(draft.id)
        assert it.desk.state_of(item.id).letter == "" and on_disk(it) == []


async def test_a_disk_that_takes_nothing_is_told_once_and_the_text_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering(tmp_path) as it:
        journal = it.desk.store.journal
        put = journal.put_draft
        full = True

        async def sometimes(row: DraftRow, replaces: DraftRow | None = None) -> None:
            if full:
                raise StoreError("The disk is full.")
            await put(row, replaces)

        monkeypatch.setattr(journal, "put_draft", sometimes)
        draft = it.desk.drafts.save(it.desk.drafts.new(await it.question("7"), text="Long thoughts"))
        await until(lambda: it.said, "told", 30)
        await it.clock.advance(10)
        draft = it.desk.drafts.save(replace(draft, text="Long thoughts, longer"))
        with pytest.raises(StoreError, match="full"):
            await it.desk.drafts.flush()
        assert it.said == ["Your text is not on the disk yet: The disk is full."]
        assert texts(it) == ["Long thoughts, longer"] and on_disk(it) == []
        full = False
        await it.desk.drafts.flush()
        assert on_disk(it) == ["Long thoughts, longer"]


async def test_a_draft_is_let_go_of_when_its_reply_is_on_the_site(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        other = it.desk.drafts.save(it.desk.drafts.new(item, text="Another one"))
        draft = it.desk.drafts.save(it.desk.drafts.new(item, text="Like this."))
        decision = await it.reply(item, draft.text)
        await it.desk.drafts.sent(draft, decision)
        assert len(on_disk(it)) == 2, "held: a crash now must not lose it"
        await it.clock.advance(61)
        await it.becomes(decision, "done")
        await until(lambda: on_disk(it) == [other.text], "let go", 30)


@pytest.mark.parametrize("fault", ["conflict", "refuse"])
async def test_a_reply_that_does_not_get_out_is_offered_again(tmp_path: Path, fault: str) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        draft = it.desk.drafts.save(it.desk.drafts.new(item, text="Like this."))
        decision = await it.reply(item, draft.text)
        await it.desk.drafts.sent(draft, decision)
        if fault == "conflict":
            it.site.post("7", "tobin_b", "Try that.")
        else:
            it.site.faults.append("refuse")
        await it.clock.advance(61)
        await it.becomes(decision, "conflict", "refused")
        assert texts(it) == ["Like this."]


async def test_a_crash_between_deciding_and_noting_it_makes_no_second_offer(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        draft = it.desk.drafts.save(it.desk.drafts.new(item, text="Like this."))
        await it.desk.drafts.flush()
        [row] = it.desk.store.journal.drafts()
        decided = await it.desk.decide([item], Intent(verb="reply", text=draft.text), hold_s=0)
        assert decided.decision is not None
        await it.becomes(decided.decision, "done")
        await until(lambda: not on_disk(it), "let go", 30)
        await it.desk.store.journal.put_draft(row)
        later = replace(row, id="later", saved_ms=row.saved_ms + 60_000)
        await it.desk.store.journal.put_draft(later)
    async with answering(tmp_path) as it:
        await until(lambda: len(on_disk(it)) == 1, "let go at the start", 30)
        assert [one.id for one in it.desk.drafts.all()] == ["later"], "the same words, typed after it, are a new text"


async def test_forgetting_a_member_and_the_end_of_retention_take_drafts_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.db", now_ms=lambda: 1_000)
    for id, text, saved in (("1", "Dear Zimtstern", 900), ("2", "old", 100), ("3", "new", 900)):
        body = json.dumps({"text": text, "to": "somebody"}).encode()
        await journal.put_draft(DraftRow(id=id, item="questions/c/topic/7", community="c", body=body, saved_ms=saved))
    assert await journal.forget("zimtstern", community="other") == 0
    assert len(journal.drafts()) == 3
    await journal.forget("zimtstern")
    assert [row.id for row in journal.drafts()] == ["3", "2"]
    await journal.prune(500)
    assert [row.id for row in journal.drafts()] == ["3"]
    await journal.close()
