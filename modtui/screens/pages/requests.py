"""Every request to the sites, newest first, and the budget."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk.events import Event, RequestMade
from modtui.screens.pages.lines_page import LinesPage
from modtui.text import Shown, join, own, say, show_line
from modtui.text.width import pad
from modtui.widgets.draw import Line


class RequestsPage(LinesPage):
    """Method, path, answer, how long it took. No header and no body is ever shown or kept."""

    SCOPE: ClassVar[Scope] = "requests"
    TITLE_WORDS = "Requests"
    HINTS = ("nav.next", "find.text", "lane.merge", "back")

    def heard(self, event: Event) -> None:
        """A new request."""
        if isinstance(event, RequestMade):
            self.show()

    def left_words(self) -> Shown:
        """The budget of each community."""
        parts: list[Shown] = []
        for community in self.desk.communities:
            budget = self.desk.budget(community.id)
            if budget.limit:
                wait = f", waits {budget.wait_s:.0f} s" if budget.wait_s else ""
                parts.append(
                    say(
                        "{name}: {used} of {limit} a minute{wait}",
                        name=community.name,
                        used=budget.used,
                        limit=budget.limit,
                        wait=own(wait),
                    )
                )
            else:
                parts.append(say("{name}: no known limit", name=community.name))
        return join("   ", parts)

    def head(self, width: int) -> list[Line]:
        """The columns."""
        return [((own("   time      answer   ms     kB  what for      request"), "row.head"),)]

    def body(self, width: int) -> Iterable[Line]:
        """A line for each request."""
        requests = list(reversed(self.desk.requests()))
        if not requests:
            yield ((own(" No request was made yet."), "dim"),)
        for _, seen in requests[:2000]:
            when = datetime.fromtimestamp(seen.at_ms / 1000, self.shell.tz).strftime("%H:%M:%S")
            status = str(seen.status) if seen.status else "none"
            good = 200 <= seen.status < 400
            tries = f" ({seen.tries} tries)" if seen.tries > 1 else ""
            error = f"  {seen.error}" if seen.error else ""
            yield (
                (own(f"   {when}  "), "row.age"),
                (own(f"{status:<7}"), "good" if good else "bad"),
                (own(f"{seen.took_ms:>5} {seen.size / 1000:>6.1f}  "), "text"),
                (pad(show_line(seen.why, 12), 13), "dim"),
                (
                    say(
                        " {method} {path}{tries}{error}",
                        method=own(seen.method),
                        path=show_line(seen.path, 200),
                        tries=own(tries),
                        error=show_line(error),
                    ),
                    "text",
                ),
            )
