"""Backends with one fault each, and the test of the contract that finds it. Run by test_example.py in a pytest of its
own: every test here has to fail.
"""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from board import READER, Board, running
from modtui_noticeboard.backend import NoticeboardBackend
from test_noticeboard import NoticeboardSite

from modtui.backends.base import Backend, Connection, Credential, Fate
from modtui.backends.http import Door
from modtui.domain.capability import ALLOWED, Blocked, Capabilities
from modtui.domain.decisions import Answer, Call, Intent, Plan, Step
from modtui.domain.items import Account, Body, Gone, Item, Page, Thread
from modtui.domain.subjects import Lane, SubjectRef
from modtui.errors import NetworkError, SiteError, Stale
from modtui.testing import BackendContract
from modtui.text import Foreign

replace = msgspec.structs.replace


class LosesARowWhilePaging(NoticeboardBackend):
    """Begins each later page with its second row."""

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        page = await super().page(lane, cursor)
        return replace(page, items=page.items[1:]) if cursor else page


class PagesByNumber(NoticeboardBackend):
    """Counts rows instead of naming the last one, so that rows which move up are skipped."""

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        rows: list[Item] = []
        place: str | None = None
        while True:
            page = await super().page(lane, place)
            rows, place = [*rows, *page.items], page.cursor
            if place is None:
                break
        begin = int(cursor or 0)
        return Page(items=tuple(rows[begin : begin + 10]), cursor=str(begin + 10) if begin + 10 < len(rows) else None)


class ARowForEachReport(NoticeboardBackend):
    """Shows each complaint by itself."""

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        page = await super().page(lane, cursor)
        items = tuple(replace(item, reports=(report,)) for item in page.items for report in item.reports)
        return replace(page, items=items)


class RepeatsAWrite(NoticeboardBackend):
    """Sends everything twice, to be sure."""

    async def send(self, call: Call, *, key: str) -> Answer:
        await super().send(call, key=key)
        return await super().send(call, key=key)


class BlocksWithoutAReason(NoticeboardBackend):
    """Says that something is not possible, and not why."""

    @property
    def capabilities(self) -> Capabilities:
        found = super().capabilities
        verbs = {verb: Blocked(one.code, "") if isinstance(one, Blocked) else one for verb, one in found.verbs.items()}
        return replace(found, verbs=verbs)


class LeavesOutWhatIsBlocked(NoticeboardBackend):
    """Offers only what is possible just now, and plans as if everything were."""

    def plan(self, item: Item, intent: Intent) -> Plan:
        offer = [one for one in item.offers if one.verb == intent.verb][0]  # noqa: RUF015
        return super().plan(item, replace(intent, offer=offer.id))

    def _item(self, one: Any) -> Item:
        item = super()._item(one)
        return replace(item, offers=tuple(offer for offer in item.offers if offer.capability == ALLOWED))


class IgnoresTheRole(NoticeboardBackend):
    """Offers everything to an account that may only read."""

    async def identify(self) -> Account:
        account = await super().identify()
        self._can = ALLOWED
        return account


class PlansWhatIsBlocked(NoticeboardBackend):
    """Makes a plan whatever the offer says."""

    def plan(self, item: Item, intent: Intent) -> Plan:
        offers = tuple(replace(offer, capability=ALLOWED) for offer in item.offers)
        return super().plan(replace(item, offers=offers), intent)


class CleansTexts(NoticeboardBackend):
    """Makes foreign text harmless too early."""

    def _item(self, one: Any) -> Item:
        item = super()._item(one)
        clean = Foreign("".join(sign for sign in str(item.source) if sign.isprintable()))
        return replace(item, source=clean, body=Body(text=clean))


class UndoesHalf(NoticeboardBackend):
    """Shows the notice again and forgets the complaints."""

    def plan_undo(self, item: Item, intent: Intent, done: Sequence[Step]) -> Plan:
        plan = super().plan_undo(item, intent, done)
        steps = tuple(
            replace(step, call=Call("put", {name: value for name, value in step.call.args.items() if name != "reopen"}))
            for step in plan.steps
        )
        return replace(plan, steps=steps)


class HidesThatALineBroke(NoticeboardBackend):
    """Takes a lost answer for a refusal."""

    async def send(self, call: Call, *, key: str) -> Answer:
        try:
            return await super().send(call, key=key)
        except NetworkError:
            raise Stale("It did not work.") from None


class GuessesTheFate(NoticeboardBackend):
    """Says of every lost step that it may be sent again."""

    async def fate(
        self, before: Item | None, call: Call, *, key: str, since_ms: int, known: Sequence[Answer] = ()
    ) -> Fate:
        return Fate(is_="not sent")


class KnowsOnlyOneVersion(NoticeboardBackend):
    """Refuses an answer with a key that it does not know."""

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        found = (await self._door.get("/api/reported", [("limit", "1")], why="is it known?")).mapping()
        if found.keys() - {"notices", "total", "next"}:
            raise SiteError("The board answered with keys that are not known.")
        return await super().page(lane, cursor)


class GoesOnWhenCancelled(NoticeboardBackend):
    """Answers a read that nobody waits for."""

    async def page(self, lane: Lane, cursor: str | None = None) -> Page:
        try:
            return await super().page(lane, cursor)
        except asyncio.CancelledError:
            return Page(items=())


class TakesACutOffWriteForNotSent(NoticeboardBackend):
    """Says after a cancelled write that nothing was sent."""

    async def send(self, call: Call, *, key: str) -> Answer:
        try:
            return await super().send(call, key=key)
        except asyncio.CancelledError:
            raise NetworkError("It was given up.", sent=False) from None


class AsksBesideTheDoor(NoticeboardBackend):
    """Has a second way to the site."""

    async def thread(self, item: Item) -> Thread:
        def look() -> None:
            with urllib.request.urlopen(f"{self.connection.url}/api/somewhere"):
                pass

        await asyncio.gather(asyncio.to_thread(look), return_exceptions=True)
        return await super().thread(item)


class ReadsEverythingTwice(NoticeboardBackend):
    """Looks at each notice before and after."""

    async def send(self, call: Call, *, key: str) -> Answer:
        await self.fate(None, call, key=key, since_ms=0)
        answer = await super().send(call, key=key)
        await self.fate(None, call, key=key, since_ms=0)
        return answer


class BoastsOfItsBatch(NoticeboardBackend):
    """Reads one by one what it says it reads together."""

    async def reread(self, refs: Sequence[SubjectRef]) -> Mapping[SubjectRef, Item | Gone]:
        found: dict[SubjectRef, Item | Gone] = {}
        for ref in refs:
            found |= await super().reread([ref])
        return found


class SaysDoneWhenItIsNot(NoticeboardBackend):
    """Does nothing when another moderator was faster, and says nothing of it."""

    async def send(self, call: Call, *, key: str) -> Answer:
        found = (await self._door.get(f"/api/notices/{call.args['id']}", why="still open?")).mapping()
        if not any(one["open"] for one in found["complaints"]):
            return Answer()
        return await super().send(call, key=key)


class TellsItsSecret(NoticeboardBackend):
    """Shows the token to whoever prints it."""

    def __repr__(self) -> str:
        assert self.connection.credential is not None
        return f"NoticeboardBackend({self.connection.credential.secret})"


class BreaksOnAnotherShape(NoticeboardBackend):
    """Takes every answer for what it should be."""

    async def identify(self) -> Account:
        me: Any = (await self._door.get("/api/me", why="who am I")).json()
        account = Account(native=me["username"], username=Foreign(me["username"]))
        await super().identify()
        return account


class ForgetsTheBudget(NoticeboardBackend):
    """Has a door that does not know the options."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        given = connection.credential
        auth = {"Authorization": f"Bearer {given.secret}"} if given else {}
        self._door = Door(replace(connection, options={}), auth=auth)


@pytest.fixture(scope="module")
def board() -> Any:
    """One board for all of them."""
    with running() as board:
        yield board


class BrokenSite(NoticeboardSite):
    """The board, with a backend that has a fault."""

    def __init__(self, board: Board, fault: type[NoticeboardBackend]) -> None:
        super().__init__(board)
        self.fault = fault

    def connection(self, state: Path) -> Connection:
        found = super().connection(state)
        reader = Credential(kind="token", secret=READER)
        return replace(found, credential=reader) if self.fault is IgnoresTheRole else found

    def make(self, connection: Connection) -> Backend:
        return self.fault(connection)


class _Broken(BackendContract):
    """The contract on a backend with a fault."""

    fault: ClassVar[type[NoticeboardBackend]]

    @pytest.fixture
    def site(self, board: Board) -> BrokenSite:
        return BrokenSite(board, self.fault)


FAULTS: dict[type[NoticeboardBackend], tuple[str, str]] = {
    LosesARowWhilePaging: ("test_pages_lose_nothing", "each open row stands on one of them"),
    PagesByNumber: ("test_pages_lose_nothing_while_others_decide", "Page by a key of the last row"),
    ARowForEachReport: ("test_one_row_however_many_reporters", "Group the reports: a post that three members reported"),
    RepeatsAWrite: ("test_sending_a_step_is_one_write", "send it once; PUT /api/notices/"),
    BlocksWithoutAReason: ("test_what_is_blocked_has_a_code_and_a_sentence", "say in the Blocked's sentence why"),
    LeavesOutWhatIsBlocked: ("test_what_is_not_possible_any_more_says_why", "or let `plan` raise Refused"),
    IgnoresTheRole: ("test_what_is_offered_is_done_and_taken_back", "Read the account's rights and make it Blocked"),
    PlansWhatIsBlocked: ("test_a_blocked_verb_is_not_offered", "`plan` has to raise Refused"),
    CleansTexts: ("test_hostile_texts_are_kept_as_they_are", "The text is not as the site has it. Keep it whole"),
    UndoesHalf: ("test_what_is_offered_is_done_and_taken_back", "Undo every step, or say reversal='partial'"),
    HidesThatALineBroke: ("test_a_decision_whose_answer_is_lost_is_looked_up[remove]", "raise NetworkError(sent=True)"),
    GuessesTheFate: ("test_a_decision_whose_answer_is_lost_is_looked_up[approve]", "Read the site."),
    KnowsOnlyOneVersion: ("test_unknown_and_missing_keys_change_nothing", "a key that a later version adds is ignored"),
    GoesOnWhenCancelled: ("test_a_read_that_is_given_up_costs_nothing", "Let CancelledError pass."),
    TakesACutOffWriteForNotSent: ("test_a_write_that_is_given_up_is_no_lie[remove]", "Its fate is unknown"),
    AsksBesideTheDoor: ("test_every_request_goes_through_the_door", "did not go through the door: /api/somewhere"),
    ReadsEverythingTwice: ("test_an_approval_with_its_context_costs_few_requests", "cost 5 requests instead of 3"),
    BoastsOfItsBatch: ("test_rereading_costs_what_the_capabilities_say", "of 5 subjects cost 5 requests, not 3"),
    SaysDoneWhenItIsNot: ("test_a_decision_that_comes_too_late_tells_no_lie", "raise Stale when the site did not"),
    TellsItsSecret: ("test_the_secret_is_shown_nowhere", "Keep the secret out of every repr"),
    BreaksOnAnotherShape: ("test_data_of_another_shape_is_a_site_error", "never a KeyError or TypeError"),
    ForgetsTheBudget: ("test_the_budget_counts_what_was_asked", "The option budget = 500 has to reach the door"),
}
"""Each fault: the test that finds it, and words of the sentence that says what to fix."""

for _fault in FAULTS:
    globals()[f"Test{_fault.__name__}"] = type(f"Test{_fault.__name__}", (_Broken,), {"fault": _fault})
