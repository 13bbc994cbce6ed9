"""What it costs: requests, counted where they arrive."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from modtui.backends.base import Backend, Connection, RequestSeen
from modtui.domain.items import Item
from modtui.testing.between import between
from modtui.testing.offering import reported
from modtui.testing.site import Site
from modtui.testing.steps import all_items, carry_out, intent, one_of, steps_of


def plain(connection: Connection) -> Connection:
    """The connection, where the line to the site can be watched; else the test is skipped."""
    if not connection.url.startswith("http://"):
        pytest.skip("what passes on a line that is encrypted cannot be counted")
    return connection


def _place(path: str) -> str:
    return unquote(urlsplit(path).path)[:150]


class SpendingContract:
    """Requests are few, and the door knows them all."""

    async def test_every_request_goes_through_the_door(self, site: Site, tmp_path: Path) -> None:
        """Ask the site only through `modtui.backends.http.Door`: it paces, redacts and records; a request beside it is
        missing from the budget and from the requests screen."""
        connection = plain(site.connection(tmp_path))
        ref = await site.report("Counted on the way.")
        async with between(connection.url) as way:
            backend = site.make(msgspec.structs.replace(connection, url=way.url))
            try:
                await backend.identify()
                item = one_of(await all_items(backend, site.lane), ref)
                await backend.thread(item)
                await carry_out(backend, backend.plan(item, intent("approve")), "counted")
                seen = list(backend.wire.requests)
            finally:
                await backend.aclose()
        beside = {path for _, path in way.asked if _place(path) not in {_place(one.path) for one in seen}}
        assert not beside, f"These requests did not go through the door: {', '.join(sorted(beside))}."
        sent = len(seen)
        words = f"{len(way.asked)} requests arrived, and the door knows of {sent}. Send all through the door."
        assert len(way.asked) <= sent, words

    async def test_an_approval_with_its_context_costs_few_requests(self, site: Site, backend: Backend) -> None:
        """Spend little on a decision: the thread around a row, the look before sending and the approval are what a
        moderator does all day. Fetch nothing twice (`Site.approval_requests` is the limit)."""
        item = await reported(site, backend)
        spent: list[RequestSeen] = []
        backend.wire.watch(spent.append)
        await backend.thread(item)
        await backend.reread([item.ref])
        await carry_out(backend, backend.plan(item, intent("approve")), "cheap")
        asked = ", ".join(f"{one.method} {one.path.partition('?')[0]}" for one in spent)
        words = f"An approval with its context cost {len(spent)} requests instead of {site.approval_requests}: {asked}."
        assert len(spent) <= site.approval_requests, words

    async def test_rereading_costs_what_the_capabilities_say(self, site: Site, backend: Backend) -> None:
        """Read as many subjects with one request as `Capabilities.reread_batch` says, or say a smaller number: the desk
        plans its budget with it."""
        batch = backend.capabilities.reread_batch
        assert batch >= 1, "`reread_batch` is how many subjects one request reads: at least 1."
        number = min(batch, 5) if batch > 1 else 2
        refs = [await site.report(f"Read again, number {one}.") for one in range(number)]
        spent: list[RequestSeen] = []
        backend.wire.watch(spent.append)
        found = await backend.reread(refs)
        assert all(isinstance(one, Item) for one in found.values())
        most = site.reread_requests * (1 if batch > 1 else len(refs))
        words = f"`reread` of {number} subjects cost {len(spent)} requests, not {most} (reread_batch is {batch})."
        assert len(spent) <= most, words

    async def test_the_budget_counts_what_was_asked(self, site: Site, tmp_path: Path) -> None:
        """Let the door keep the budget: `wire.budget` has the limit of the option `budget`, and every request is
        charged to it."""
        connection = site.connection(tmp_path)
        options = {**connection.options, "budget": 500}
        backend = site.make(msgspec.structs.replace(connection, options=options))
        try:
            await backend.identify()
            before = backend.wire.budget
            assert before.limit == 500, f"The option budget = 500 has to reach the door; its limit is {before.limit}."
            await backend.counts()
            now = backend.wire.budget
        finally:
            await backend.aclose()
        assert before.used < now.used <= now.limit, "Every request has to be charged to the budget of the door."

    async def test_sending_a_step_is_one_write(self, site: Site, tmp_path: Path) -> None:
        """Send each step once: a `send` that writes twice does the decision twice where the site counts."""
        connection = plain(site.connection(tmp_path))
        ref = await site.report("Sent once.")
        async with between(connection.url) as way:
            backend = site.make(msgspec.structs.replace(connection, url=way.url))
            try:
                await backend.identify()
                item = one_of(await all_items(backend, site.lane), ref)
                for step in steps_of(backend.plan(item, intent("remove")), "once"):
                    before = len(way.writes)
                    await backend.send(step.call, key=step.key)
                    same = [one for one in set(way.writes[before:]) if way.writes[before:].count(one) > 1]
                    assert not same, f"{step.words}: send it once; {same[0][0]} {_place(same[0][1])} arrived again."
            finally:
                await backend.aclose()
