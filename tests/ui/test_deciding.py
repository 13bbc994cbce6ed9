"""What keys do to the site and to the screen: through the real app, desk and store, on a fake site."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.fakes import until
from tests.ui.world import rows, stage

pytestmark = pytest.mark.anyio


async def test_approve_is_held_then_on_the_site_and_the_cursor_goes_on(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("a")
        await it.shows("Kept #4121 by pixelwurm. u takes it back (15 s free).")
        await it.shows("#4122 reported post by quietbyte77")
        assert "held 1" in it.lines()[1]
        assert it.on_site("4121") == "open"
        await it.clock.advance(16)
        await until(lambda: it.on_site("4121") == "kept")
        assert it.on_site("4122") == "open"


async def test_undo_while_held_leaves_the_site_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("a")
        await it.shows("Kept #4121")
        await it.press("u")
        await it.shows("Taken back: #4121 is open again, nothing was sent.")
        await it.clock.advance(120)
        assert it.on_site("4121") == "open"
        assert it.site.writes == []
        assert it.lines()[3].startswith(">   26h"), "the cursor is back on it"


async def test_undo_of_what_was_sent_says_when_it_is_done(tmp_path: Path) -> None:
    async with stage(tmp_path, hold_override_s=0) as it:
        await it.press("i")
        await until(lambda: it.on_site("4121") == "ignored")
        await it.press("u")
        await it.shows("Take it back")
        await it.press("y")
        await it.shows("Taken back on the site: #4121 by pixelwurm.")
        assert it.on_site("4121") == "open"


async def test_remove_with_a_reason_is_two_keys(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24)) as it:
        await it.press("d")
        await it.shows("REMOVE this 1 post by pixelwurm")
        assert it.on_site("4121") == "open"
        await it.press("2")
        await it.shows("Removed #4121 by pixelwurm, reason 2")
        await it.clock.advance(120)
        await until(lambda: it.on_site("4121") == "removed")


async def test_a_key_that_is_no_choice_decides_nothing_and_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("d", "x")
        await it.shows("x is not a choice here; q cancels.")
        await it.press("q", "2")
        assert it.desk.outbox().held == 0


async def test_a_refused_modifier_stops_the_line(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("d", "s")
        await it.shows("Silence is not possible here")
        await it.press("2")
        await it.shows("nothing is decided until you leave")
        assert it.desk.outbox().held == 0
        await it.press("q", "a")
        await it.shows("Kept #4121")


async def test_marks_ask_once_and_are_one_decision(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("x", "j", "x", "j", "i")
        await it.shows("Ignore 2 marked items? The one you see is NOT among them.")
        await it.press("y")
        await it.shows("Ignored 2 posts")
        assert len(it.desk.store.journal.history(10)) == 1
        await it.press("u")
        await it.shows("Taken back: 2 posts")
        assert it.desk.outbox().held == 0


async def test_any_other_key_is_no(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("x", "j", "i", "n")
        await it.shows("Nothing was done.")
        assert it.desk.outbox().held == 0


async def test_many_marks_ask_for_the_number(tmp_path: Path) -> None:
    async with stage(tmp_path) as first:
        one = rows(first.backend)[0]
    import msgspec

    from modtui.domain.subjects import SubjectRef

    many = [
        msgspec.structs.replace(one, ref=SubjectRef(one.ref.community, "post", str(n)), number=str(n))
        for n in range(5000, 5030)
    ]
    async with stage(tmp_path / "two", items=many) as it:
        await until(lambda: it.desk.view("reports", community=it.backend.connection.community).loaded >= 20)
        await it.press("G", "*")
        n = len(it.desk.view("reports", community=it.backend.connection.community).marks)
        if n <= 25:
            await it.press("R")
            await it.press("*")
            n = len(it.desk.view("reports", community=it.backend.connection.community).marks)
        await it.press("i")
        await it.shows(f"Type {n} to go on")
        await it.press("y", "enter")
        await it.shows("nothing was done")
        assert it.desk.outbox().held == 0
        await it.press("i", *str(n), "enter")
        await until(lambda: it.desk.outbox().held == n)


async def test_a_batch_writes_to_each_author_by_name(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("x", "j", "x", "d", "m", "m", "2", "y")
        await until(lambda: bool(it.desk.store.journal.history(1)))
        decision = it.desk.store.journal.history(1)[0]
        for target in decision.targets:
            message = target.intent(decision.intent).message
            assert message is None or str(target.author) in message


async def test_a_conflict_is_not_sent_and_shows_what_changed(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("a")
        await it.shows("Kept #4121")
        await it.clock.advance(12)
        it.site.change("4121", source="Sorry, war ein langer Tag.", edits=1)
        await it.clock.advance(30)
        await it.shows("Not sent: #4121 is not what you saw")
        assert it.on_site("4121") == "open"
        await it.press("U", "enter")
        await it.shows("WHAT CHANGED IN THE TEXT")
        assert "+ Sorry, war ein langer Tag." in it.text()
        await it.press("m")
        await until(lambda: it.on_site("4121") == "kept")


async def test_read_only_says_so_and_writes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, read_only=True) as it:
        assert "READ-ONLY" in it.lines()[1]
        for key in ("a", "i", "m", "c", "E", "B", "S", "D", "+", "="):
            await it.press(key)
            await it.press("q")
        assert it.site.writes == []
        assert it.desk.store.journal.history(5) == []


async def test_a_paste_decides_nothing(tmp_path: Path) -> None:
    from textual import events

    async with stage(tmp_path) as it:
        it.app.screen.post_message(events.Paste("aaaa"))
        await it.shows("Pasted text decides nothing (4 keys ignored).")
        assert it.desk.outbox().held == 0


async def test_leaving_with_something_held_asks_and_can_send_first(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.press("a")
        await it.shows("Kept #4121")
        await it.press("q")
        await it.shows("Leave modtui? 1 is held for")
        await it.press("j")
        await it.shows("Still here.")
        await it.press("q", "s")
        await it.clock.advance(1)
        await until(lambda: it.on_site("4121") == "kept")


async def test_a_claimed_item_asks_before_deciding(tmp_path: Path) -> None:
    import msgspec

    from modtui.domain.items import Claim
    from modtui.text import Foreign

    async with stage(tmp_path) as first:
        items = rows(first.backend)
    items[0] = msgspec.structs.replace(items[0], claim=Claim(by=Foreign("kestrel")))
    async with stage(tmp_path / "two", items=items) as it:
        assert "TAKEN by kestrel" in it.text()
        await it.press("a")
        await it.shows("kestrel has")
        await it.press("n")
        assert it.desk.outbox().held == 0
        await it.press("a", "y")
        await it.shows("Kept #4121")
