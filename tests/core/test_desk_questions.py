"""The lane of questions: clocks, due order, filters and counts, languages, and what was answered before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from modtui.desk import lateness
from modtui.desk.events import ItemsChanged, LaneLoaded
from modtui.desk.targets import Targets
from modtui.desk.view import View
from modtui.domain.capability import ALLOWED
from modtui.domain.hours import Hours
from modtui.domain.items import (
    Answered,
    Answers,
    Body,
    Due,
    Item,
    Member,
    Place,
    Question,
    QuestionState,
    Thread,
    ThreadPost,
)
from modtui.domain.subjects import CommunityId, Lane, SubjectRef
from modtui.errors import NetworkError, RightsError, UsageError
from modtui.settings.model import Target
from modtui.text import Foreign

from .desk_in_fakes import HARBOUR, HOUR, START, World, item, quiet, until, world

pytestmark = pytest.mark.anyio
GERMAN = "Seit gestern bricht der Export bei vierzig Prozent ab, und im Protokoll steht nichts. Woran liegt das?"
FRENCH = "Depuis hier l'export s'arrête à quarante pour cent et le journal reste vide. Quelqu'un a une idée ?"


def asked(
    number: int, *, state: QuestionState = "unanswered", hours: float = 1.0, title: str = "A question", text: str = "",
    language: str | None = None, category: str | None = None, tags: Sequence[str] = (), assigned: str | None = None,
    mine: bool = False, first: bool = False, watched: bool = False, locale: str | None = None,
    due_h: float | None = None, community: CommunityId = HARBOUR,
) -> Item:  # fmt: skip
    """A question that has waited for so many hours; `due_h` from now gives it a clock of ten hours' time."""
    due = None
    if due_h is not None:
        at = START + int(due_h * HOUR)
        due = Due(target="t", within_ms=10 * HOUR, amber_ms=at - 5 * HOUR, red_ms=at - HOUR, due_ms=at)
    return Item(
        lane="questions", ref=SubjectRef(community, "topic", str(number)), kind="question", number=str(number),
        title=Foreign(title), author=Member(native="7", username=Foreign("bo_lind"), locale=locale), due=due,
        body=Body(Foreign(text)) if text else None, since_ms=START - int(hours * HOUR), language=language,
        place=Place(
            category=Foreign(category) if category else None, tags=tuple(map(Foreign, tags)), thread_id=str(number)
        ),
        question=Question(
            state=state, clock_ms=START - int(hours * HOUR), assigned=Foreign(assigned) if assigned else None,
            assigned_mine=mine, first=first, watched=watched,
        ),
    )  # fmt: skip


def row(number: int) -> str:
    return f"questions/{HARBOUR}/topic/{number}"


def numbers(view: View) -> list[int]:
    return [int(id.rsplit("/", 1)[1]) for id in view.ids()]


def allow(w: World, lanes: Sequence[Lane] = ("reports", "pending", "questions"), *features: str) -> None:
    """What the fake site lets this account do."""
    w.backend.capabilities = replace(
        w.backend.capabilities, lanes=dict.fromkeys(lanes, ALLOWED), features=dict.fromkeys(features, ALLOWED)
    )


# --- targets


def test_the_most_specific_target_counts() -> None:
    targets = Targets(
        [
            Target(name="default", within_ms=10 * HOUR), Target(name="lane:questions", within_ms=9 * HOUR),
            Target(name="harbour", within_ms=8 * HOUR), Target(name="lang:DE", within_ms=7 * HOUR),
            Target(name="category:Export", within_ms=6 * HOUR), Target(name="category:Chat", within_ms=0),
        ],
        names={HARBOUR: "harbour"},
    )  # fmt: skip
    other = CommunityId("bbbbbbbbbbbb")

    def within(one: Item) -> int | None:
        due = targets.due(one)
        return None if due is None else due.within_ms // HOUR

    assert within(asked(1, category="export", language="de")) == 6
    assert within(asked(1, category="Import", language="de")) == 7
    assert within(asked(1, category="Import", language="fr")) == 8
    assert within(asked(1, community=other)) == 9
    assert within(asked(1, category="chat", language="de")) is None
    assert within(asked(1, state="held")) == 8
    for over in ("solved", "answered", "closed"):
        assert within(replace(asked(1), question=Question(state=over, clock_ms=START))) is None
    assert within(replace(asked(1), state="gone")) is None
    assert (within(item(1)), within(item(1, lane="pending"))) == (None, None)


def test_without_targets_a_question_has_a_day_and_reports_have_a_clock_only_where_one_is_named() -> None:
    due = Targets().due(asked(1, hours=3))
    assert due is not None and due.due_ms == START + 21 * HOUR
    assert Targets().due(item(1)) is None
    named = Targets([Target(name="lane:reports", within_ms=HOUR)]).due(item(1, hours=2))
    assert named is not None and named.due_ms == START - HOUR


def test_targets_count_in_working_hours() -> None:
    office = Hours(name="office", tz="UTC")
    targets = Targets([Target(name="default", within_ms=8 * HOUR, hours="office")], {"office": office})
    due = targets.due(asked(1, hours=0))
    assert due is not None and due.hours == "office"
    assert due.due_ms - START > 8 * HOUR or due.due_ms == START + 8 * HOUR
    assert targets.mark != Targets([Target(name="default", within_ms=8 * HOUR)]).mark


# --- the list


async def test_what_is_due_next_comes_first_and_later_pages_follow(tmp_path: Path) -> None:
    rows = [asked(1, due_h=5), asked(2, due_h=-3), asked(3, hours=9), asked(4, due_h=1), asked(5, hours=2)]
    async with world(tmp_path, cached=rows) as w:
        view = w.desk.view("questions")
        assert (view.sort, numbers(view)) == ("due", [2, 4, 1, 3, 5])
        late = [asked(6, hours=1), asked(7, due_h=2)]
        put = await w.store.cache.put_items(late[:1])
        w.desk.events.tell(LaneLoaded(HARBOUR, "questions", 1, first=False, ids=tuple(put.added), backlog=True))
        assert (numbers(view), view.new) == ([2, 4, 1, 3, 5, 6], 0)
        put = await w.store.cache.put_items(late[1:])
        w.desk.events.tell(LaneLoaded(HARBOUR, "questions", 1, first=False, ids=tuple(put.added), backlog=True))
        assert (len(view), view.new) == (6, 1)
        view.merge()
        assert numbers(view) == [2, 4, 7, 1, 3, 5, 6]
        orders = {}
        for name in view.sorts:
            view.set_sort(name)
            orders[name] = numbers(view)[0]
        assert orders["oldest"] == 3 and orders["due"] == 2


async def test_filters_by_state_clock_and_whose_it_is(tmp_path: Path) -> None:
    rows = [
        asked(1, due_h=-1, first=True, category="Export", tags=("pdf", "4.2")), asked(2, state="asker", due_h=2),
        asked(3, state="unsolved", due_h=30, assigned="ann"), asked(4, state="held", mine=True, watched=True),
        replace(asked(5, state="solved"), state="kept"),
    ]  # fmt: skip
    wanted = {
        "state:unanswered": [1], "state:asker,held": [2, 4], "state:unsolved": [3], "-state:unanswered": [2, 3, 4],
        "state:solved": [5], "is:late": [1], "is:soon": [2], "is:assigned": [3, 4], "is:mine": [4],
        "is:first": [1], "is:watched": [4], "-is:late,soon": [3, 4], "category:exp": [1], "tag:pdf": [1],
        "is:late,mine": [1, 4], "state:unanswered is:first": [1], "tag:pd": [],
    }  # fmt: skip
    async with world(tmp_path, cached=rows) as w:
        view = w.desk.view("questions")
        assert sorted(numbers(view)) == [1, 2, 3, 4]
        for text, expected in wanted.items():
            view.set_filter(text)
            assert sorted(numbers(view)) == expected, text
        with pytest.raises(UsageError, match="late"):
            view.set_filter("is:lat3")


async def test_counts_by_state_category_tag_and_language_with_the_oldest_age(tmp_path: Path) -> None:
    rows = [
        asked(1, hours=5, category="Export", tags=("pdf",), language="de"),
        asked(2, hours=9, category="Export", tags=("pdf", "odd=tag"), language="de"),
        asked(3, hours=2, state="asker", category="Import", language="fr"),
    ]  # fmt: skip
    async with world(tmp_path, cached=rows) as w:
        view = w.desk.view("questions")
        for by, expected in {
            "state": [("unanswered", 2, 9), ("asker", 1, 2)], "category": [("Export", 2, 9), ("Import", 1, 2)],
            "tag": [("pdf", 2, 9), ("odd=tag", 1, 9), (None, 1, 2)], "language": [("de", 2, 9), ("fr", 1, 2)],
        }.items():  # fmt: skip
            found = [(one.value, one.count, (START - one.oldest_ms) // HOUR) for one in view.tally(by)]
            assert found == expected, by
        assert view.oldest_ms == START - 9 * HOUR
        assert view.cycle_language() == "de" and numbers(view) == [2, 1]
        assert [one.value for one in view.tally("state")] == ["unanswered"]
        view.set_filter("tag:nothing")
        assert view.oldest_ms is None and not view.tally("tag")
        with pytest.raises(UsageError, match="category"):
            view.tally("colour")


async def test_the_status_line_knows_what_is_late_and_what_soon_will_be(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[asked(1, due_h=-1), asked(2, due_h=2), asked(3, due_h=30), asked(4)]) as w:
        assert w.desk.lateness("questions") == (1, 1)
        w.clock.advance(3 * 3600)
        assert w.desk.lateness("questions") == (2, 0)
        await w.desk.skip(row(1))
        assert w.desk.lateness("questions") == (1, 0)
        assert w.desk.lateness("reports") == (0, 0)


# --- filling in


async def test_rows_get_their_clock_and_only_lanes_with_pages_are_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path, [asked(1, hours=2, due_h=99)]) as w:
        allow(w, ("reports", "pending", "questions", "members", "escalated"))
        await w.live()
        found = w.desk.item(row(1))
        assert found is not None and found.due is not None and found.due.due_ms == START + 22 * HOUR
        asked_for = {call.split()[1] for call in w.backend.calls if call.startswith("page")}
        assert asked_for == {"reports", "pending", "questions"}


async def test_in_a_long_lane_the_clocks_rest_in_proportion_and_catch_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lateness, "FEW", 3)
    monkeypatch.setattr(lateness, "REST_S", 1.0)
    async with world(tmp_path, cached=[asked(n, due_h=-1) for n in range(1, 5)]) as w:
        assert w.desk.lateness("questions") == (4, 0)
        await w.store.cache.put_items([asked(1, due_h=9)])
        w.desk.events.tell(ItemsChanged((row(1),)))
        w.clock.advance(3.9)
        assert w.desk.lateness("questions") == (4, 0), "four rows: four seconds"
        w.clock.advance(0.2)
        assert w.desk.lateness("questions") == (3, 0)


async def test_clocks_are_made_anew_when_the_settings_or_the_asker_say_so(tmp_path: Path) -> None:
    async with world(tmp_path, cached=[asked(1, hours=2, due_h=99)]) as w:
        await w.desk.start(sync=False, send=False)
        await until(lambda: (one := w.desk.item(row(1))) and one.due and one.due.due_ms == START + 22 * HOUR)
        await until(lambda: w.store.cache.get_meta("targets"))
        assert any(row(1) in event.items for event in w.tell_of(ItemsChanged) if isinstance(event, ItemsChanged))
        again = asked(1, hours=0, state="asker")
        await w.store.cache.put_items(w.desk.filling.fill([again]))
        found = w.desk.item(row(1))
        assert found is not None and found.due is not None and found.due.due_ms == START + 24 * HOUR
        await w.store.cache.put_items(w.desk.filling.fill([asked(1, state="answered")]))
        found = w.desk.item(row(1))
        assert found is not None and found.due is None
        await w.desk.close()


async def test_languages_come_from_field_locale_words_and_community_in_this_order(tmp_path: Path) -> None:
    site = [
        asked(1, text=GERMAN, language="fr"), asked(2, text=GERMAN, locale="it"), asked(3, text=GERMAN),
        asked(4, text="Danke!"), asked(5, text=FRENCH),
    ]  # fmt: skip
    async with world(tmp_path, site) as w:
        w.community.language = "en"
        allow(w)
        await w.live()

        def languages() -> list[str | None]:
            return [one.language if (one := w.desk.item(row(n))) else None for n in range(1, 6)]

        assert languages() == ["fr", "it", "en", "en", "en"]
        await w.trickle_until(lambda: languages() == ["fr", "it", "de", "en", "fr"], "the languages")
        assert w.desk.view("questions").language_counts() == {"en": 1, "fr": 2, "it": 1, "de": 1}
        await w.store.cache.put_items(w.desk.filling.fill([asked(3, text=GERMAN)]))
        assert languages()[2] == "de"  # the second read needs no second look
        await w.store.cache.put_items(w.desk.filling.fill([asked(3)]))
        assert languages()[2] == "de"  # nor does a list that shows no text


async def test_a_language_set_by_hand_wins_until_it_is_taken_back(tmp_path: Path) -> None:
    async with world(tmp_path, [asked(1, text=GERMAN, locale="de")]) as w:
        allow(w)
        await w.live()
        await w.desk.filling.set_language(row(1), "fr")
        found = w.desk.item(row(1))
        assert found is not None and found.language == "fr"
        await w.store.cache.put_items(w.desk.filling.fill([asked(1, text=GERMAN, locale="de")]))
        found = w.desk.item(row(1))
        assert found is not None and found.language == "fr"
        await w.desk.filling.set_language(row(1), None)
        await w.store.cache.put_items(w.desk.filling.fill([asked(1, text=GERMAN, locale="de")]))
        found = w.desk.item(row(1))
        assert found is not None and found.language == "de"


async def test_a_thread_that_is_read_tells_the_language_that_its_list_did_not(tmp_path: Path) -> None:
    async with world(tmp_path, [asked(1)]) as w:
        allow(w)
        await w.live()
        await w.trickle_until(lambda: w.desk.filling.idle, "the first look")
        found = w.desk.item(row(1))
        assert found is not None and found.language is None
        post = ThreadPost(id="10", number=1, author=None, body=Body(Foreign(GERMAN)))
        w.desk.filling.read(found, Thread(id="1", title=Foreign("A question"), posts=(post,)))
        await w.trickle_until(lambda: (one := w.desk.item(row(1))) and one.language == "de", "the language")


# --- what was answered before


def solved(number: int, title: str) -> Answered:
    return Answered(id=str(number), title=Foreign(title), at_ms=START - number)


async def test_what_was_answered_is_read_by_the_trickle_to_its_end_and_only_the_news_the_next_time(
    tmp_path: Path,
) -> None:
    pages = [[solved(1, "Torn sails"), solved(2, "Broken ropes")], [solved(3, "Rusty chains")], [solved(4, "Old flag")]]
    read: list[str | None] = []

    async def answered(cursor: str | None = None) -> Answers:
        read.append(cursor)
        at = int(cursor or 0)
        return Answers(threads=tuple(pages[at]), cursor=str(at + 1) if at + 1 < len(pages) else None)

    for expected in ([None, "1", "2"], [None]):
        read.clear()
        async with world(tmp_path / "same") as w:
            allow(w, ("reports",), "answered")
            w.backend.answered = answered  # type: ignore[method-assign]
            await w.live()
            last = expected[-1]
            await w.trickle_until(lambda last=last: last in read, "the pages")  # type: ignore[misc]
            w.clock.advance(10)
            await quiet()
            assert read == expected
            assert w.desk.solved.index.count(HARBOUR) == 4
            like = await w.desk.similar(asked(50, title="My chains are rusty"))
            assert [one.id for one in like] == ["3"]
        pages[0].insert(0, solved(0, "A new thread"))
        pages[0].pop(0)


async def test_a_thread_that_was_read_and_has_an_answer_is_found_later(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        question = asked(1, title="The anchor drags at night", category="Anchoring")
        posts = (
            ThreadPost(id="10", number=1, author=None, body=Body(Foreign("<p>It drags &amp; slips.</p>"), "html")),
            ThreadPost(
                id="11", number=2, author=Member(native="9", username=Foreign("ann")), accepted=True,
                body=Body(Foreign("<p>Use more chain.</p>"), "html"), created_ms=START,
            ),
        )  # fmt: skip
        thread = Thread(id="1", title=question.title, posts=posts, url="https://harbour.example/t/1")
        await w.desk.solved.learn(question, replace(thread, posts=posts[:1]))
        assert w.desk.solved.index.count() == 0
        await w.desk.solved.learn(question, thread)
        (found,) = await w.desk.similar(asked(2, title="My anchor slips"))
        assert (found.id, found.by, found.text, found.answer) == ("1", "ann", "It drags & slips.", "Use more chain.")
        assert await w.desk.similar(question) == ()
        assert [one.id for one in await w.desk.solved.search("anch", HARBOUR)] == ["1"]


async def test_the_site_is_asked_once_where_little_is_known_here_and_its_trouble_is_no_error(tmp_path: Path) -> None:
    words: list[str] = []
    trouble = [NetworkError("The site cannot be reached.", sent=False)]

    async def search(text: str, *, solved: bool = True) -> tuple[Answered, ...]:
        words.append(text)
        if trouble:
            raise trouble.pop()
        return (Answered(id="8", title=Foreign("Chain too short for the anchor"), at_ms=START),)

    async with world(tmp_path) as w:
        w.backend.search = search  # type: ignore[method-assign]
        question = asked(1, title="How long is the chain of an anchor?")
        assert await w.desk.similar(question) == ()
        assert words == []  # the site has no search for us
        allow(w, ("questions",), "search")
        await w.live()
        assert await w.desk.similar(question) == ()
        edited = asked(1, title="How long is the chain of my anchor?")
        assert [one.id for one in await w.desk.similar(edited)] == ["8"]
        assert w.desk.solved.known(edited) is not None and w.desk.solved.known(asked(1, title="Other")) is None
        assert [one.id for one in await w.desk.similar(edited)] == ["8"]
        assert len(words) == 2 and "anchor" in words[0].split() and "the" not in words[0].split()


async def test_a_list_of_answers_that_is_not_for_us_leaves_the_line_up(tmp_path: Path) -> None:
    asked_for: list[str | None] = []

    async def answered(cursor: str | None = None) -> Answers:
        asked_for.append(cursor)
        raise RightsError("This list is for staff.")

    async with world(tmp_path) as w:
        allow(w, ("reports",), "answered")
        w.backend.answered = answered  # type: ignore[method-assign]
        await w.live()
        await w.trickle_until(lambda: asked_for, "the try")
        w.clock.advance(60)
        await quiet()
        assert w.community.link.state == "live" and len(asked_for) == 1
