"""The route line: to whom an item is handed, whether its text goes along, and a note. Enter on the note sends."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from modtui.desk.escalation import RouteChoice
from modtui.domain.capability import Allowed, Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item
from modtui.errors import ModtuiError
from modtui.screens.lines.base import Drawn, Host, Line
from modtui.screens.lines.choose import title_row
from modtui.text import Shown, own, say, show_line
from modtui.text.time import duration
from modtui.text.width import cells, cut, pad, wrap
from modtui.widgets.bars import hint_pieces

LETTERS = "abcdfghijklmnoprstuvwyz"
"""Letters of the site's own routes on their page: q leaves, x is the text, e goes back."""
SITE_KEY = "e"


class RouteLine(Line):
    """Asks the route for `item`, then the note. `taken` gets an intent with route, note, share and due time; with `too`
    it goes with another decision, whose words stand in the title. `site` False: the items are of several communities,
    and only the routes of the settings lead from all of them."""

    def __init__(
        self, host: Host, item: Item, taken: Callable[[Intent], None], *, number: int = 1, too: Shown | None = None,
        site: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(host)
        self.item, self.taken, self.number, self.too = item, taken, number, too
        self.own_routes = host.desk.own_routes(item)
        self.site: list[RouteChoice] | None = None
        self.site_trouble: Shown | None = None
        self.on_site_page = False
        self.top = 0
        self.picked: RouteChoice | None = None
        self.text: bool | None = None
        """Whether the post's text travels; None until the moderator says, then each route has its own way."""
        if site:
            host.run(self._ask_site())
        else:
            self.site = []

    async def _ask_site(self) -> None:
        try:
            self.site = await self.host.desk.site_routes(self.item)
        except ModtuiError as error:
            self.site, self.site_trouble = [], show_line(error.message.rstrip("."))
        self.host.redraw_line()

    # what there is
    def _lettered(self) -> dict[str, RouteChoice]:
        """The routes of the settings by letter, the site's own among them where they have one."""
        found = {one.key: one for one in self.own_routes}
        found.update({one.key: one for one in self.site or () if one.key})
        return found

    def _unlettered(self) -> list[RouteChoice]:
        return [one for one in self.site or () if not one.key][: len(LETTERS)]

    def shares(self, choice: RouteChoice | None) -> bool:
        """Whether the text travels to this route; None: as the item has it by itself."""
        if self.text is not None:
            return self.text
        return choice.share if choice is not None else not self.item.folded

    # drawing
    def draw(self, width: int) -> list[Drawn]:
        """The routes with where they lead and until when, the text, and what will happen."""
        words = say("ESCALATE #{number}: where to?", number=self.item.number)
        if self.too is not None:
            words = say("{too}, AND ESCALATE: where to?", too=self.too)
        elif self.number > 1:
            words = say("ESCALATE {n} marked items: where to?", n=self.number)
        lines = [title_row(words, width)]
        if self.on_site_page:
            lines += self._site_page(width)
        else:
            site = self._site_row(width)
            lines += [site] if site is not None else []
            lines += [self._row(key, one, width) for key, one in sorted(self._lettered().items())]
        lines.append(self._text_row())
        if self.picked is not None:
            will = self._will_rows(self.picked, width)
            if len(lines) + len(will) > self.room:  # the note is asked: what was picked matters, not the others
                lines = [lines[0], self._row(self._key_of(self.picked), self.picked, width), lines[-1]]
            lines += will
        return lines

    def _key_of(self, choice: RouteChoice) -> str:
        rest = [one.name for one in self._unlettered()]
        return choice.key or (LETTERS[rest.index(choice.name)] if self.on_site_page and choice.name in rest else "e")

    def _site_page(self, width: int) -> list[Drawn]:
        """The site's own routes, as many as there is room for; space shows the next."""
        listed = list(zip(LETTERS, self._unlettered(), strict=False))
        most = self.room - 2
        if len(listed) <= most:
            return [self._row(key, one, width) for key, one in listed]
        page = listed[self.top : self.top + most - 1]
        words = say(" {a} to {b} of {n}; space shows the next", a=self.top + 1, b=self.top + len(page), n=len(listed))
        return [*(self._row(key, one, width) for key, one in page), ((words, "panel.dim"),)]

    def _next_page(self) -> None:
        self.top += max(1, self.room - 3)
        if self.top >= len(self._unlettered()):
            self.top = 0
        self.host.redraw_line()

    def _row(self, key: str, choice: RouteChoice, width: int) -> Drawn:
        blocked = choice.capability
        chosen = self.picked is not None and self.picked.name == choice.name
        names = [cells(one.title) for one in (*self.own_routes, *(self.site or ()))]
        column = max(8, min(24, max(names, default=8) + 2))
        last = self._due_words(choice)
        middle = max(10, width - column - 4 - 24)
        name = pad(cut(choice.title, column - 1), column)
        if isinstance(blocked, Blocked):
            why = say("not possible: {why}", why=blocked.sentence)
            return ((own(f" {key}  "), "hint.dim"), (name, "panel.dim"), (why, "panel.dim"))
        mark = ">" if chosen else " "
        return (
            (own(f"{mark}{key}  "), "panel.key"),
            (name, "panel.chosen" if chosen else "panel"),
            (pad(cut(choice.where, middle - 1), middle), "panel.dim"),
            (last, "panel.dim"),
        )

    def _site_row(self, width: int) -> Drawn | None:
        """The row of the key e; None where the site has nothing of its own."""
        rest = self._unlettered()
        if self.site is None:
            words = own("the site itself: asking what it has ...")
        elif self.site_trouble is not None:
            words = say("the site itself: not known now ({why})", why=self.site_trouble)
        elif not rest:
            return None
        elif len(rest) == 1:
            return self._row(SITE_KEY, rest[0], width)
        else:
            words = say("the site itself: {names}", names=", ".join(one.title for one in rest))
        return ((own(f" {SITE_KEY}  "), "panel.key"), (cut(words, width - 6), "panel"))

    def _text_row(self) -> Drawn:
        goes = self.shares(self.picked)
        words = own("send the post's text along: yes")
        if not goes:
            why = own(" (personal data)") if self.item.folded and self.text is None else own("")
            words = say("send the post's text along: NO{why}. Only the link goes.", why=why)
        return ((own(" x  "), "panel.key"), (own("[x] " if goes else "[ ] "), "panel"), (words, "panel"))

    def _due_words(self, choice: RouteChoice) -> Shown:
        if choice.due_ms is None:
            return own("no clock")
        if not choice.hours:
            return say("answer due in {time}", time=duration(choice.due_ms))
        at = self.host.desk.answer_due(choice)
        when = self.host.when(at) if at is not None else ""
        return say("due {when}", when=own(when.removeprefix("at ").removeprefix("on ")))

    def _will_rows(self, choice: RouteChoice, width: int) -> list[Drawn]:
        """What happens then, and how long it is free."""
        lane = self.item.lane.capitalize()
        back = "comes back when due or answered" if choice.due_ms is not None else "comes back when answered"
        parts = [say("Then: leaves {lane}, waits in 5 Escalated, {back}.", lane=own(lane), back=own(back))]
        if self.too is not None:
            parts = [say("Then: the reason's own part, and {title} gets it.", title=choice.title)]
        intent = self._intent(choice, "")
        try:
            plan = self.host.desk.plan(self.item, intent)
        except ModtuiError as error:
            wrong = wrap(show_line(error.message), width - 2)
            return [((say(" {line}", line=line), "message.error"),) for line in wrong]
        hold_s = self.host.desk.hold_s(intent, plan)
        free = say("Goes out in {s} s; u is free until then.", s=int(hold_s)) if hold_s else own("Goes out at once.")
        after = show_line("; ".join(plan.stays), 120)
        parts.append(say("{free} {after}.", free=free, after=after[:1].upper() + after[1:]) if after else free)
        return [((say(" {line}", line=line), "panel"),) for part in parts for line in wrap(part, width - 2)]

    def hint(self, width: int) -> Drawn:
        """The keys."""
        keys = [("a letter", "picks the route"), ("x", "text along or not")]
        back = "back" if self.on_site_page else "cancel"
        return hint_pieces([*((key, what, True) for key, what in keys), ("q", back, True)], width, 1)

    # keys
    def key(self, token: str) -> None:
        """Take a letter, x, or leave."""
        if token in ("q", "escape", "ctrl+g"):
            if self.on_site_page and token != "ctrl+g":
                self.on_site_page = False
                self.host.redraw_line()
            else:
                self.leave()
            return
        if token == "x":
            self.text = not self.shares(self.picked)
            self.host.redraw_line()
            return
        if self.on_site_page and token == "space":
            self._next_page()
            return
        if self.on_site_page:
            found = dict(zip(LETTERS, self._unlettered(), strict=False)).get(token)
        elif token == SITE_KEY:
            self._site_key()
            return
        else:
            found = self._lettered().get(token)
        if found is None:
            self.host.say(say("{key} is no route here; q cancels.", key=token), error=True)
        else:
            self._pick(found)

    def _site_key(self) -> None:
        rest = self._unlettered()
        if self.site is None:
            self.host.say(own("The site is still being asked."), error=True)
        elif self.site_trouble is not None:
            self.host.say(say("The site's own routes are not known now: {why}.", why=self.site_trouble), error=True)
        elif not rest:
            self.host.refuse(own("The site has no route of its own here."))
        elif len(rest) == 1:
            self._pick(rest[0])
        else:
            self.on_site_page = True
            self.host.redraw_line()

    def _pick(self, choice: RouteChoice) -> None:
        """Ask for the note; enter sends."""
        if not isinstance(choice.capability, Allowed):
            why = show_line(choice.capability.sentence.rstrip("."))
            self.host.refuse(say("{title} is not possible here: {why}.", title=choice.title, why=why))
            return
        self.picked = choice
        self.host.redraw_line()
        self._ask_note(choice, "")

    def _ask_note(self, choice: RouteChoice, text: str) -> None:
        self.host.ask_text(
            say("Note to {title}, may be empty", title=choice.title), lambda text: self._noted(choice, text), text=text,
            left=self._unpick,
        )

    def _unpick(self) -> None:
        self.picked = None
        self.host.redraw_line()

    def _intent(self, choice: RouteChoice, note: str) -> Intent:
        return Intent(
            verb="escalate", route=choice.name, text=note.strip() or None, share=self.shares(choice),
            due_ms=choice.due_ms,
        )

    def _noted(self, choice: RouteChoice, text: str) -> None:
        try:
            self.host.desk.plan(self.item, self._intent(choice, text))
        except ModtuiError as error:  # too short for the site, perhaps: what was written is not lost
            self.host.redraw_line()
            self._ask_note(choice, text)
            self.host.say(show_line(error.message), error=True)
            return
        self.taken(self._intent(choice, text))


def with_route(intent: Intent, route: Intent, item: Item, seen: Item) -> Intent:
    """A decision that hands its item over too. Personal data of another item than the one that was `seen` stays
    here."""
    share = route.share and (not item.folded or item.id == seen.id)
    return replace(intent, route=route.route, text=route.text, due_ms=route.due_ms, share=share)
