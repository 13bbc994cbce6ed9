"""Delivering what goes to routes, for one community: a loop beside the sender, so that a slow mail server holds up no
decision, and a site that is down no escalation.

Delivery is at least once under one stable key. What cannot have arrived is tried again, with growing pauses; what may
have arrived is `unknown` and never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from modtui import errors
from modtui.desk.book import current, in_community
from modtui.desk.carrier import Carrier, Job
from modtui.desk.community import Community
from modtui.desk.deadline import Deadline, plain_deadline
from modtui.desk.escalation import route_of
from modtui.desk.landing import Landing
from modtui.desk.link import Backoff
from modtui.domain.decisions import Answer, Call
from modtui.domain.items import Gone, Item
from modtui.errors import ModtuiError, NetworkError, SiteError
from modtui.text.time import iso

if TYPE_CHECKING:
    from modtui.desk.outbox import Outbox
    from modtui.routes.base import Route


class Courier(Carrier):
    """Delivers to the routes for one community."""

    def __init__(
        self, outbox: Outbox, community: Community, routes: Mapping[str, Route], deadline: Deadline = plain_deadline
    ) -> None:
        super().__init__(outbox, community)
        self._routes = routes
        self._deadline = deadline
        self._landing = _Delivered(outbox, community)
        self._pauses: dict[str, tuple[Backoff, float]] = {}
        """By route: how often it failed in a row, and until when it is left alone (monotonic seconds)."""

    def _hurry(self) -> None:
        self._pauses.clear()

    async def _work(self) -> float | None:
        await self._landing.write_kept()
        job, next_due = self._choose()
        if job is None:
            return next_due
        await self._one(job)
        return 0.0

    def _choose(self) -> tuple[Job | None, float | None]:
        """The delivery that is due longest, or when the next one is (seconds)."""
        now = self._clock.monotonic()
        due: list[tuple[float, int, int, Job]] = []
        waits: list[float] = []
        for order, decision in enumerate(self._book.open()):
            if self._outbox.is_waiting(decision.id):
                continue
            for target in in_community(decision, self.community.id):
                step = current(target)
                name = route_of(step) if step is not None else None
                if step is None or name is None or step.state != "held":
                    continue
                at = max(self._outbox.dues.at(decision, target, step), self._pauses.get(name, (None, 0.0))[1])
                if at <= now:
                    due.append((at, order, target.index, Job(decision, target, step)))
                else:
                    waits.append(at - now)
        due.sort(key=lambda entry: entry[:3])
        return (due[0][3] if due else None), min(waits, default=None)

    async def _one(self, job: Job) -> None:
        if job.decision.id in self._book.stopping:
            await self._landing.take_back(job)
            return
        route = self._routes.get(route_of(job.step) or "")
        if route is None or not job.target.item:
            why = "this route is not in the settings any more" if route is None else "what it said was forgotten"
            await self._landing.refused(job, f"modtui cannot deliver it: {why}.", frm="held")
            return
        gone = self._gone(job)
        if gone is not None:
            await self._landing.conflict(job, (gone.why,), None, frm="held")
            return
        with self._flying(job):
            if await self._begin(job):
                await self._deliver(job, route)

    def _gone(self, job: Job) -> Gone | None:
        """The subject is not on the site any more, as far as is known here; what we removed with it does not count."""
        if any(step.state == "done" for step in job.target.steps):
            return None
        fresh = self._outbox.reads.get(job.target.ref)
        if isinstance(fresh, Gone):
            return fresh
        item = self._outbox.cached(job.target)
        gone = isinstance(item, Item) and item.state == "gone" and item.problem
        return Gone(ref=job.target.ref, why=str(gone)) if gone else None

    async def _deliver(self, job: Job, route: Route) -> None:
        now = self._clock.now_ms()
        length = job.decision.intent.due_ms if job.decision.intent.due_ms is not None else route.due_ms
        due = self._deadline(now, length, route.hours) if length is not None else None
        args = {**job.step.call.args, "key": job.step.key, "due": iso(due) if due is not None else None}
        try:
            answer = await route.deliver(Call(job.step.call.name, args), job.step.key)
        except errors.RateLimited as error:
            await self._landing.not_sent(job, error.message)
            self._rest(route.name, max(1.0, error.wait_s))
        except (NetworkError, SiteError) as error:
            if error.sent:
                await self._landing.lost(job, error.message)
            else:
                await self._landing.not_sent(job, error.message)
                self._rest(route.name)
        except ModtuiError as error:
            await self._landing.refused(job, error.message)
        except Exception as error:
            # A mistake of ours in the middle of a delivery: nobody knows whether it arrived.
            await self._landing.lost(job, "modtui made a mistake while delivering it.")
            self._outbox.mistake(error, self.community)
        else:
            self._pauses.pop(route.name, None)
            data = {**answer.data, "sent_ms": now, "due_ms": due}
            await self._landing.done(job, replace(answer, data=data))

    def _rest(self, name: str, seconds: float | None = None) -> None:
        """Leave a route alone for a while."""
        backoff = self._pauses.get(name, (Backoff(), 0.0))[0]
        wait_s = backoff.next()
        self._pauses[name] = (backoff, self._clock.monotonic() + (wait_s if seconds is None else seconds))


class _Delivered(Landing):
    """Outcomes of deliveries: nothing on the site changed by them, so no row changes and nothing is read back."""

    async def _after_done(self, job: Job, answer: Answer) -> None:
        return
