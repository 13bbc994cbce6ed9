"""All communities on one page: who we are there, how the line is, what waits, what is on its way, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from modtui.actions import Scope
from modtui.desk.events import CountsChanged, DecisionChanged, Event, LaneLoaded, LinkChanged, RequestMade
from modtui.desk.labels import platform_of
from modtui.desk.link import words_for
from modtui.desk.overview import Absent, Standing, standings
from modtui.screens.pages.lines_page import LinesPage
from modtui.screens.status import QUIET
from modtui.screens.work.outage import ADVICE
from modtui.screens.work.tell import LANE_NAMES
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.time import age
from modtui.text.width import cells, cut, pad, wrap
from modtui.widgets.draw import Line

Piece = tuple[Shown, str]
SOON_S = 0.25
"""What changes within this time is drawn together."""


class CommunitiesPage(LinesPage):
    """A block of lines for each community; enter shows its queue, R tries its line now."""

    SCOPE: ClassVar[Scope] = "communities"
    TITLE_WORDS = "Communities"
    HINTS = ("page.open", "lane.merge", "community.all", "requests.open", "outbox.open", "back")

    cursor: int | None = 0

    def on_mount(self) -> None:
        """Ages grow, and the cursor begins at the community that one came from."""
        self._drawn = False
        self.set_interval(1.0, self._again)
        work = next((one for one in self.app.screen_stack if hasattr(one, "community") and one is not self), None)
        here = getattr(work, "community", None)
        self.cursor = next((n for n, one in enumerate(self.desk.communities) if one.id == here), 0)

    def heard(self, event: Event) -> None:
        """Something to show anew, together with what comes at the same time."""
        told = LinkChanged | DecisionChanged | LaneLoaded | CountsChanged | RequestMade
        if isinstance(event, told) and not self._drawn and self.built:
            self._drawn = True
            self.set_timer(SOON_S, self._again)

    def _again(self) -> None:
        self._drawn = False
        if self.app.screen is self:
            self.show()

    def left_words(self) -> Shown:
        """How many there are, and how many lines are up."""
        many = self.desk.communities
        up = sum(one.link.state == "live" for one in many)
        all_of = count(len(many) + len(self.desk.absent), "community", "communities")
        return say("{all}, {up} live", all=all_of, up=up)

    def rows(self) -> int:
        """The cursor stands on communities that are open."""
        return len(self.desk.communities)

    def line_of(self, row: int) -> int:
        """The first line of a block."""
        width = self.pane.size.width or self.size.width
        return sum(len(self._block(one, width)) for one in standings(self.desk)[:row])

    def body(self, width: int) -> Iterable[Line]:
        """The blocks, then what could not be opened."""
        found = standings(self.desk)
        if not found and not self.desk.absent:
            yield ((own(" No community is set up yet: modtui login URL adds one."), "dim"),)
        for one in found:
            yield from self._block(one, width)
        for absent in self.desk.absent:
            yield from _absent_lines(absent, width)

    def _block(self, one: Standing, width: int) -> list[Line]:
        """Name and account, lanes, line and outbox; where something is wrong also what to do."""
        lines: list[Line] = [self._who(one, width), _lanes(one, width), self._how(one, width)]
        link = one.community.link
        if link.state not in QUIET:
            lines += [((say("       {line}", line=line), "text"),) for line in wrap(_what_to_do(one), width - 8)]
        lines.append(((own(""), "text"),))
        return lines

    def _who(self, one: Standing, width: int) -> Line:
        it = one.community
        link = words_for(it.link, it.name, self.shell.now_ms(), clock=self.shell.time_of_day)
        good = "status.good" if it.link.state == "live" else "dim" if it.link.state in QUIET else "status.alert"
        version = say(" {version}", version=show_line(one.version, 16)) if one.version else own("")
        who = show_line(it.account.username, 24) if it.account is not None else own("not signed in yet")
        role = say(", {role}", role=show_line(one.role, 24)) if one.role else own("")
        left: list[Piece] = [
            (own("   "), "text"),
            (pad(own(it.chip), 3), f"chip.{it.hue}"),
            (own(" "), "text"),
            (show_line(it.name, 24), "heading"),
            (say("  {platform}{version}", platform=platform_of(it), version=version), "text"),
            (say("  {who}{role}", who=who, role=role), "author"),
        ]
        room = width - 1 - sum(cells(text) for text, _ in left) - 2
        if room < cells(link):  # a long word about the line stands below, in what to do
            link = cut(own(str(link).split(":")[0].split(" since")[0]), max(0, room))
        gap = max(2, width - 1 - sum(cells(text) for text, _ in left) - cells(link))
        return (*left, (own(" " * gap), "text"), (link, good))

    def _how(self, one: Standing, width: int) -> Line:
        now = self.shell.now_ms()
        ago = age(one.synced_ms, now) if one.synced_ms else own("")
        sync = own("not read yet") if not one.synced_ms else say(
            "read {ago}{word}", ago=own("just now" if ago == "now" else str(ago)), word="" if ago == "now" else " ago"
        )  # fmt: skip
        took = own("no answer yet") if one.latency_ms is None else say("answers in {ms} ms", ms=one.latency_ms)
        budget = own("no known limit")
        if one.budget.limit:
            budget = say("{used} of {limit} a minute", used=one.budget.used, limit=one.budget.limit)
        pieces: list[Piece] = [(own("       "), "text"), (join(", ", [sync, took]), "dim"), (own("  "), "text")]
        pieces.append((budget, "status.alert" if 0 < one.budget.limit <= one.budget.used else "dim"))
        box = one.outbox
        bad = box.failed + box.conflict
        for words, n, style in (
            ("held {n}", box.held, "status.good"), ("sending {n}", box.sending, "status.good"),
            ("unknown {n}", box.unknown, "status.alert"), ("failed {n}", bad, "status.alert"),
        ):  # fmt: skip
            if n or words.startswith("held"):
                pieces.append((say(f"  {words}", n=n), style if n else "dim"))
        if one.community.read_only or self.desk.read_only:
            pieces.append((own("  READ-ONLY"), "status.alert"))
        if one.community.insecure:
            pieces.append((own("  PLAIN HTTP"), "status.alert"))
        return tuple(pieces)

    # what can be done
    def act_page_open(self) -> None:
        """The queue of this community."""
        one = self._chosen
        if one is not None:
            self.to_work(community=one.community.id)

    def act_community_all(self) -> None:
        """The queue of all."""
        self.to_work("community.all")

    def act_communities_open(self) -> None:
        """Here already."""
        self.say(own("Here they are. enter shows one's queue, q leaves."))

    def act_lane_merge(self) -> None:
        """Try this community's line now, and read its lane again."""
        one = self._chosen
        if one is not None:
            self.say(say("Asking {name} ...", name=show_line(one.community.name, 24)))
            self.run(self._ask(one))

    async def _ask(self, one: Standing) -> None:
        await self.desk.refresh("reports", one.community.id)
        if not self.built:
            return
        self.show()
        link = one.community.link
        if link.state == "live":
            self.say(say("{name} is up to date.", name=show_line(one.community.name, 24)))
        else:
            self.say(words_for(link, one.community.name, self.shell.now_ms(), clock=self.shell.time_of_day), error=True)

    @property
    def _chosen(self) -> Standing | None:
        found: Sequence[Standing] = standings(self.desk)
        return found[self.cursor] if self.cursor is not None and self.cursor < len(found) else None


def _lanes(one: Standing, width: int) -> Line:
    """What waits, lane by lane; a lane that the platform or the account does not have is left out."""
    parts: list[Shown] = []
    for lane, names in LANE_NAMES.items():
        n = one.counts.get(lane)
        if n is not None:
            parts.append(say("{lane} {n}", lane=own(names[0].lower()), n=n))
    words = join("  ", parts) if parts else own("nothing counted yet")
    return ((own("       "), "text"), (cut(words, max(8, width - 8)), "text"))


def _what_to_do(one: Standing) -> Shown:
    """What is wrong in the site's words, and the way out."""
    link = one.community.link
    if link.state == "signed-out":
        template = "The site does not take the key. Leave with q, then: modtui login {name}"
        return say(template, name=show_line(one.community.name, 40))
    why = show_line(link.words, 200)
    advice = ADVICE.get(link.state, "R tries again.")
    return say("{why} {advice}", why=why, advice=own(advice)) if why else own(advice)


def _absent_lines(one: Absent, width: int) -> Iterable[Line]:
    """A community that could not be opened."""
    name = show_line(one.name, 24)
    yield ((say("   -   {name}", name=name), "heading"), (own("  not opened"), "status.alert"))
    for line in wrap(show_line(one.why, 300), width - 8):
        yield ((say("       {line}", line=line), "text"),)
    yield ((own(""), "text"),)
