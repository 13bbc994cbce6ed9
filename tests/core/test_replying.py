"""Replies from the desk: what stops them, what is said about them, and what becomes of their text."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.domain.decisions import Intent
from modtui.domain.seen import seen_of
from modtui.errors import NetworkError, Refused
from tests.core.answering import answering
from tests.core.fakes import until

pytestmark = pytest.mark.anyio


async def test_a_reply_is_held_then_published_and_the_words_say_whom_it_goes_to(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        decided = await it.desk.decide([item], Intent(verb="reply", text="Like this.", accept=True, close=True))
        assert it.desk.words_for(decided) == (
            "Held 60 s: reply to zimtstern, as the answer, thread closed. u takes it back and opens the text again."
        )
        await it.clock.advance(59)
        assert len(it.site.posts["7"]) == 1
        await it.clock.advance(2)
        assert decided.decision is not None
        await it.becomes(decided.decision, "done")
        assert it.site.posts["7"][1] == (it.site.me, "Like this.")
        assert [call.name for _, call in it.site.applied] == ["create", "accept", "close"]


async def test_what_was_answered_meanwhile_is_a_conflict_that_says_who_and_when(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        decision = await it.reply(item)
        it.site.post("7", "tobin_b", "Try that.")
        await it.clock.advance(61)
        await it.becomes(decision, "conflict")
        found = it.desk.decision(decision.id)
        assert found is not None and found.targets[0].conflict == ("tobin_b has answered (Tue 14 Nov 2023 22:13 UTC)",)
        assert len(it.site.posts["7"]) == 2, "nothing of ours was sent"
        again = await it.desk.resolve_conflict(decision.id, "mine")
        assert again is not None
        await it.becomes(again, "done")
        assert it.site.posts["7"][-1] == (it.site.me, "Like this.")


async def test_what_we_answered_ourselves_is_no_conflict_for_the_next_reply(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        await it.becomes(first := await it.reply(item, "One."), "held")
        await it.desk.send_now(first.id)
        await it.becomes(first, "done")
        seen = seen_of(item)  # what the moderator still has on the screen
        decided = await it.desk.decide([item], Intent(verb="reply", text="Two."), seen={item.id: seen}, hold_s=0)
        assert decided.decision is not None
        await it.becomes(decided.decision, "done", "conflict")
        assert it.state(decided.decision) == "done"
        assert [text for _, text in it.site.posts["7"][1:]] == ["One.", "Two."]


async def test_a_reply_that_the_site_keeps_is_said_to_be_held_and_not_sent(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        it.site.holds = True
        decision = await it.reply(await it.question("7"))
        await it.clock.advance(61)
        await it.becomes(decision, "done")
        assert it.said == ["The site holds the reply to zimtstern for approval: not published yet."]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("See {link}.", "{link} is not filled in"),
        ("Hello {author}, see {link} or {link}.", "{author} and {link} are not filled in"),
        ("  \n", "no text"),
    ],
)
async def test_a_reply_with_a_gap_is_refused_and_names_it(tmp_path: Path, text: str, missing: str) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        with pytest.raises(Refused, match=missing):
            await it.desk.decide([item], Intent(verb="reply", text=text))
        with pytest.raises(Refused, match=missing):
            it.desk.plan(item, Intent(verb="reply", text=text))
        assert it.desk.outbox().held == 0


async def test_braces_in_code_and_in_quotes_are_no_gaps(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        text = '[quote="bo"]\nWhat is {link}?\n[/quote]\n\n> {title}\n\nWrite `{author}`, or:\n\n```\n{url}\n```\n'
        decision = await it.reply(await it.question("7"), text)
        assert it.state(decision) == "held"


async def test_taking_back_a_held_reply_gives_its_draft_back(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        draft = it.desk.drafts.save(it.desk.drafts.new(item, text="Like this."))
        decision = await it.reply(item, draft.text)
        await it.desk.drafts.sent(draft, decision)
        assert it.desk.drafts.all() == [], "on its way: it is not offered"
        assert it.desk.state_of(item.id).letter == "H"
        result = await it.desk.undo()
        assert result.kind == "taken back" and result.draft is not None
        assert result.words == "Taken back: reply to zimtstern was not sent. Its text is a draft again."
        [back] = it.desk.drafts.all()
        assert (back.id, back.text, back.item) == (result.draft, "Like this.", item.id)


async def test_a_reply_without_a_draft_has_one_after_it_was_taken_back(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        await it.reply(item, "From the command line.", audience="staff")
        result = await it.desk.undo()
        [back] = it.desk.drafts.all()
        assert (back.id, back.text, back.audience) == (result.draft, "From the command line.", "staff")


async def test_the_text_of_a_published_reply_that_is_taken_back_is_a_draft(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        decision = await it.reply(await it.question("7"), "Too quick.")
        await it.desk.send_now(decision.id)
        await it.becomes(decision, "done")
        assert (await it.desk.undo()).kind == "asks" and it.desk.drafts.all() == []
        result = await it.desk.undo(confirmed=True)
        assert result.kind == "sent undo"
        assert [(one.id, one.text) for one in it.desk.drafts.all()] == [(result.draft, "Too quick.")]
        await until(lambda: it.site.deleted == ["p7-2"], "deleted", 30)


async def test_who_else_writes_is_asked_for_seldom(tmp_path: Path) -> None:
    async with answering(tmp_path) as it:
        item = await it.question("7")
        it.backend.typing = ("tobin_b", it.site.me, "an\x1bna")
        assert list(await it.desk.writing(item)) == ["tobin_b", "an␛na"]
        it.backend.typing = ()
        assert len(await it.desk.writing(item)) == 2
        assert it.backend.asked == ["writing"]
        await it.clock.advance(16)
        it.backend.broken = NetworkError("The site cannot be reached.", sent=False)
        assert await it.desk.writing(item) == ()
        assert it.backend.asked == ["writing"] * 2
