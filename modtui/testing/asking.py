"""The lane of questions, looked at."""

from __future__ import annotations

import msgspec
import pytest

from modtui.backends.base import Backend
from modtui.domain.capability import Blocked
from modtui.domain.items import WAITING, Gone, Item
from modtui.domain.seen import conflicts, differences, seen_of
from modtui.domain.subjects import SubjectRef, parse_item_id
from modtui.testing.site import Site

HOSTILE = (
    "Plain words first.\n\n\x1b[31mred\x1b[0m \u202eturned\u202c zero\u200bwidth <script>alert(1)</script> **bold** "
    "{author} %s 👩‍👩‍👧 \u0301e" + "x" * 300
)
"""What a text of a stranger may hold: escapes, marks that turn the line, tags, braces, one endless word."""


def need_questions(site: Site, backend: Backend) -> None:
    """Skip the test where the platform has no questions; a lane that is there has to be tested."""
    open_ = not isinstance(backend.capabilities.lane("questions"), Blocked)
    if not open_ and not site.questions:
        pytest.skip("this platform has no lane of questions")
    assert open_ and site.questions, "the Site's `questions` and the backend's lane say the same"


async def question_now(backend: Backend, ref: SubjectRef) -> Item:
    """The question as the site has it now."""
    found = (await backend.reread([ref]))[ref]
    assert isinstance(found, Item), found
    return found


async def waiting(backend: Backend) -> dict[SubjectRef, Item]:
    """The whole lane by subject. A question may come on two pages (some sites answer with several lists), but not twice
    on one."""
    found: dict[SubjectRef, Item] = {}
    cursor: str | None = None
    for _ in range(200):
        page = await backend.page("questions", cursor)
        assert len({item.ref for item in page.items}) == len(page.items), "nothing comes twice on a page"
        assert page.cursor is None or page.cursor != cursor, "every page leads on"
        found.update((item.ref, item) for item in page.items)
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the lane does not end")


class AskingContract:
    """What waits for an answer, and how it stands."""

    async def test_a_question_is_a_row(self, site: Site, backend: Backend) -> None:
        """Make each waiting question one row of the lane of questions, with its state, its clock, its asker and
        its text, and count it."""
        need_questions(site, backend)
        before = (await backend.counts()).get("questions")
        ref = await site.ask("How do I get out of here?", title="How do I leave, please?")
        item = (await waiting(backend))[ref]
        assert (item.lane, item.kind, item.state) == ("questions", "question", "open")
        assert parse_item_id(item.id) == ("questions", ref) and ref.community == backend.connection.community
        assert item.title == "How do I leave, please?" and item.number and item.place.thread_id
        assert item.author is not None and item.author.username
        asked = item.question
        assert asked is not None and asked.state == "unanswered" and asked.replies == 0
        assert asked.clock_ms == item.since_ms > 1_500_000_000_000, "UTC milliseconds, since it was asked"
        assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item, "it survives the cache"
        whole = await question_now(backend, ref)
        assert whole.body is not None and "get out of here" in whole.body.text
        if before is not None:
            assert (await backend.counts())["questions"] == before + 1

    async def test_the_state_says_whose_turn_it_is(self, site: Site, backend: Backend) -> None:
        """Derive the state of a question from who spoke last: unanswered, asker, unsolved, solved; list and
        single reads agree."""
        need_questions(site, backend)
        asked, talked, asker, solved = [await site.ask(f"Question number {n}, how?") for n in range(4)]
        for ref in (talked, asker):
            await site.answer(ref, "Have you tried to turn it off and on again?")
        await site.answer(asker, "I have, and it is as before.", by_asker=True)
        answer = await site.answer(solved, "Like this.")
        await site.mark(solved, answer)
        rows = await waiting(backend)
        again = await backend.reread([asked, talked, asker, solved])
        for ref, state in ((asked, "unanswered"), (talked, "unsolved"), (asker, "asker")):
            for item in (rows[ref], again[ref]):
                assert isinstance(item, Item) and item.question is not None
                assert item.question.state == state and item.question.state in WAITING
        assert solved not in rows, "who has an answer does not wait"
        done = again[solved]
        assert isinstance(done, Item) and done.question is not None
        assert done.question.state == "solved" and done.question.accepted in (None, answer)
        alone = await question_now(backend, solved)
        assert alone.question is not None and alone.question.accepted == answer
        spoke, quiet = again[asker], again[talked]
        assert isinstance(spoke, Item) and isinstance(quiet, Item) and spoke.question and quiet.question
        assert spoke.question.clock_ms == spoke.question.last_ms, "the clock runs since the asker spoke again"
        assert quiet.question.clock_ms == quiet.since_ms
        assert spoke.author is not None and spoke.question.last_by == spoke.author.username
        assert quiet.question.last_by not in (None, spoke.author.username) and quiet.question.replies == 1

    async def test_pages_of_questions_lose_nothing(self, site: Site, backend: Backend) -> None:
        """Lead through all pages of questions: each waiting question stands on one of them."""
        need_questions(site, backend)
        made = [await site.ask(f"Question number {n}, why?") for n in range(site.questions_page + 3)]
        first = await backend.page("questions")
        assert first.cursor is not None, "there is more than one page"
        assert set(made) <= set(await waiting(backend))

    async def test_pages_of_questions_lose_nothing_while_others_answer(self, site: Site, backend: Backend) -> None:
        """Lose no question when another one leaves the lane between two pages: what moves up must not be
        skipped."""
        need_questions(site, backend)
        made = [await site.ask(f"Question number {n}, when?") for n in range(site.questions_page + 3)]
        before = set(await waiting(backend))
        first = await backend.page("questions")
        assert first.cursor is not None
        seen = {item.ref for item in first.items}
        mine = next(ref for ref in made if ref in seen or ref == made[-1])
        await site.mark(mine, await site.answer(mine, "At noon."))
        cursor: str | None = first.cursor
        while cursor is not None:
            page = await backend.page("questions", cursor)
            seen |= {item.ref for item in page.items}
            cursor = page.cursor
        missed = (before | set(made)) - {mine} - seen
        assert not missed, f"{len(missed)} of {len(before)} questions stood on no page when one was answered meanwhile."

    async def test_questions_are_read_again(self, site: Site, backend: Backend) -> None:
        """Answer every reference in `reread`: with the question as the list has it, or with Gone."""
        need_questions(site, backend)
        one, two, three, gone = [await site.ask(f"Again, number {n}?") for n in range(4)]
        missing = site.unknown(one)
        await site.unask(gone)
        rows = await waiting(backend)
        assert gone not in rows
        answers = await backend.reread([two, missing, one, gone, two, three])
        assert set(answers) == {one, two, three, missing, gone}
        assert isinstance(answers[missing], Gone) and isinstance(answers[gone], Gone)
        for ref in (one, two, three):
            assert differences(seen_of(rows[ref]), answers[ref]) == (), "the list and the thread say the same"
            assert differences(seen_of(rows[ref]), await question_now(backend, ref)) == ()

    async def test_questions_and_reports_are_read_again_together(self, site: Site, backend: Backend) -> None:
        """Take references of several lanes in one `reread`, each answered in its own lane."""
        need_questions(site, backend)
        asked, reported = await site.ask("Together with others?"), await site.report("Reported, meanwhile.")
        answers = await backend.reread([asked, reported])
        lanes = {ref: item.lane for ref, item in answers.items() if isinstance(item, Item)}
        assert lanes == {asked: "questions", reported: site.lane}

    async def test_somebody_elses_answer_is_noticed(self, site: Site, backend: Backend) -> None:
        """Let `Question.last` name the newest post, so that somebody else's answer is seen as a difference."""
        need_questions(site, backend)
        ref = await site.ask("Who is faster?")
        seen = seen_of((await waiting(backend))[ref])
        await site.answer(ref, "I am.")
        found = differences(seen, await question_now(backend, ref))
        assert "answers" in {one.what for one in found}
        assert conflicts("reply", found) and not conflicts("lock", found)

    async def test_the_thread_begins_with_the_question(self, site: Site, backend: Backend) -> None:
        """Begin the thread of a question with the question itself, marked as the subject, and mark the accepted
        answer."""
        need_questions(site, backend)
        ref = await site.ask("What comes first?")
        answer = await site.answer(ref, "The question does.")
        await site.mark(ref, answer)
        item = await question_now(backend, ref)
        thread = await backend.thread(item)
        assert thread.id == item.place.thread_id
        first, last = thread.posts[0], thread.posts[-1]
        assert first.subject and "What comes first?" in first.body.text and first.number == 1
        assert last.id == answer and last.accepted and "The question does." in last.body.text
        assert [post.subject for post in thread.posts].count(True) == 1

    async def test_changes_tell_of_questions(self, site: Site, backend: Backend) -> None:
        """Tell in `changes` of questions that are new or were answered, and of nothing when nothing
        happened."""
        need_questions(site, backend)
        old = await site.ask("Before the look?")
        first = await backend.changes(None)
        quiet = await backend.changes(first.position)
        assert not quiet.reload and old not in quiet.touched
        await site.answer(old, "After it.")
        loud = await backend.changes(quiet.position)
        assert old in loud.touched or (loud.reload and (not loud.lanes or "questions" in loud.lanes))
        new = await site.ask("And this one?")
        more = await backend.changes(loud.position)
        told = new in more.touched or more.counts.get("questions") != loud.counts.get("questions")
        assert told or (more.reload and (not more.lanes or "questions" in more.lanes))

    async def test_a_strangers_words_arrive_as_they_are(self, site: Site, backend: Backend) -> None:
        """Keep titles and texts of questions as the site sent them, as `Foreign`."""
        need_questions(site, backend)
        title = "A \u202etitle\u202c \x1b[2J with {name} <b>things</b>"
        ref = await site.ask(HOSTILE, title=title)
        await site.answer(ref, HOSTILE)
        item = (await waiting(backend))[ref]
        assert item.title == title and item.problem is None
        whole = await question_now(backend, ref)
        assert whole.source is None or whole.source == HOSTILE.strip()
        thread = await backend.thread(whole)
        assert len(thread.posts) == 2 and all("Plain words first." in post.body.text for post in thread.posts)
        assert msgspec.json.decode(msgspec.json.encode(whole), type=Item) == whole
