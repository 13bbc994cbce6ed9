"""The reason line: why a post is removed, what its author is told, and what goes with it. A digit decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modtui.desk.across import by_community, lacking
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent, Plan, Sanction
from modtui.domain.items import Item
from modtui.domain.reasons import Reason
from modtui.errors import ModtuiError
from modtui.screens.lines import reason_rows as rows
from modtui.screens.lines.base import Drawn, Host, Line
from modtui.screens.lines.choose import title_row
from modtui.screens.lines.messages import message_for
from modtui.text import Shown, own, say, show_line
from modtui.text.time import duration
from modtui.text.width import wrap
from modtui.widgets.bars import hint_pieces

Commit = Callable[[Sequence[Item], Callable[[Item], Intent], "ReasonLine"], None]


class ReasonLine(Line):
    """Removes `items` (the first is `shown`) for a reason. `commit` gets the items and an intent for each."""

    def __init__(
        self, host: Host, verb: str, items: Sequence[Item], shown: Item, commit: Commit, *, marked: bool = False
    ) -> None:
        super().__init__(host)
        self.verb, self.items, self.shown, self.commit, self.marked = verb, tuple(items), shown, commit, marked
        self._places = by_community(self.items)
        """The items of each community: what one of them does not have is not offered."""
        reasons = [reason for reason in host.desk.reasons if self._everywhere(reason)]
        self.first = [reason for reason in reasons if reason.digit in tuple("12345678")]
        self.first.sort(key=lambda reason: reason.digit)
        self.more = [reason for reason in reasons if reason not in self.first]
        self.showing_more = False
        self.chosen = self._default()
        self.message: bool | None = None
        """Whether modtui writes to the author; None until the moderator says."""
        self.language: str | None = None
        self.sanction: Sanction | None = None
        self.lock = False
        self.escalates = False
        """The route is asked next, and the item handed over with this decision."""
        self.edited: tuple[str, str] | None = None
        self.stopped: Shown | None = None
        self._ban_at = -1
        self.proposal = host.desk.members.propose(shown) if len(items) == 1 else None
        """What the ladder proposes for the author."""

    # what is chosen
    def _default(self) -> int:
        wanted = self.shown.reasons
        for report in wanted:
            for n, reason in enumerate(self.first):
                if report in reason.matches:
                    return n
        return 0

    @property
    def listed(self) -> list[Reason]:
        """The reasons on the page that is shown."""
        return self.more if self.showing_more else self.first

    @property
    def reason(self) -> Reason | None:
        """The reason under the cursor of the panel."""
        return self.listed[self.chosen] if 0 <= self.chosen < len(self.listed) else None

    def tells(self, plan: Plan | None) -> bool:
        """Whether a message of ours goes out.

        As said; else with a sanction; else where the site itself does not write and the reason has a message.
        """
        if self._mute() is not None:
            return False
        if self.message is not None:
            return self.message
        if self.sanction is not None:
            return True
        return False if plan is None else not plan.tells_author and bool(self.reason and self.reason.messages)

    def _mute(self, item: Item | None = None) -> Shown | None:
        """Why no message can go to the author of the item (the shown one); None when one can."""
        item = item or self.shown
        try:
            self.host.desk.plan(item, Intent(verb=self.verb))
        except ModtuiError:
            return None
        try:
            self.host.desk.plan(item, Intent(verb=self.verb, message="text", message_title="title"))
        except ModtuiError as error:
            return show_line(error.message.rstrip("."))
        return None

    def intent(self, item: Item, reason: Reason | None, own_words: str | None = None, *, tell: bool) -> Intent:
        """The whole intent for one item."""
        title = text = None
        if tell:
            if own_words is not None:
                text = own_words
            elif self.edited is not None:
                title, text = self.edited
            elif reason is not None:
                found = message_for(self.host.desk, item, reason, self.sanction, self.language)
                if found is not None:
                    title, text = found[1].title, found[1].text
        code = self.language or item.language or "en"
        name = own_words if own_words is not None else (reason.titles.get(code) or reason.title if reason else None)
        return Intent(
            verb=self.verb,
            reason=reason.id if reason else "own",
            reason_title=name,
            reason_text=own_words,
            message=text,
            message_title=title,
            sanction=self.sanction,
            lock=self.lock,
            urgent=bool(reason and reason.urgent),
        )

    def plan(self, *, bare: bool = False) -> Plan | None:
        """What would happen to the shown item; None when it is not possible."""
        reason = self.reason
        try:
            if bare:
                return self.host.desk.plan(self.shown, Intent(verb=self.verb))
            return self.host.desk.plan(
                self.shown, self.intent(self.shown, reason, tell=self.tells(self.plan(bare=True)))
            )
        except ModtuiError:
            return None

    def _tells(self, item: Item) -> bool:
        """Whether our message goes to this item's author; sites differ from item to item."""
        try:
            if not self.tells(self.host.desk.plan(item, Intent(verb=self.verb))):
                return False
        except ModtuiError:
            return False
        return item.ref.community == self.shown.ref.community or self._mute(item) is None

    def refill(self, intent: Intent) -> None:
        """Set everything as it was in `intent` (the last decision, repeated here); nothing is decided by that."""
        for page in (self.first, self.more):
            for n, reason in enumerate(page):
                if reason.id == intent.reason:
                    self.showing_more, self.chosen = page is self.more, n
        self.sanction = intent.sanction
        if intent.sanction is not None and intent.sanction.duration_ms in self._lengths():
            self._ban_at = self._lengths().index(intent.sanction.duration_ms)
        self.lock = intent.lock
        self.message = bool(intent.message)

    # drawing
    def draw(self, width: int) -> list[Drawn]:
        """The panel of the mock-up: reasons, modifiers, the message's beginning, what will happen."""
        inside = any(item.id == self.shown.id for item in self.items)
        who = show_line(self.shown.author.username, 24) if self.shown.author else own("-")
        title = rows.title_of(self.verb, self.shown.lane, len(self.items), who, self.marked, inside)
        default = None if self.showing_more else self._default()
        listed = rows.cells_of(self.listed, self.chosen, default, len(self.more), self.showing_more)
        lines = [title_row(title, width), *rows.reason_rows(listed, width)]
        tell = self.tells(self.plan(bare=True))
        text: list[Drawn] = []
        if self.room < rows.COMFORT:
            lines.append(self._one_row(tell))
        else:
            lines += self._modifier_rows(width, tell)
            if tell and self.reason is not None:
                text = [rows.text_row(self.intent(self.shown, self.reason, tell=True).message, width)]
        if self.stopped is not None:
            stopped = say("{words} Nothing is decided until you leave: q.", words=self.stopped)
            return [*lines, *text, *(((say(" {l}", l=line), "message.error"),) for line in wrap(stopped, width - 2))]
        plan = self.plan()
        if plan is None:
            return [*lines, *text]
        hold = self.host.desk.hold_s(self.intent(self.shown, self.reason, tell=tell), plan)
        sanction = self.sanction is not None
        if len(lines) + len(text) + rows.will_need(plan, hold, sanction, width) > self.room:
            text = []  # e shows it; what will happen is nowhere else
        left = max(1, self.room - len(lines) - len(text))
        return [*lines, *text, *rows.will_rows(plan, hold, sanction, width, left)]

    def _one_row(self, tell: bool) -> Drawn:
        """All modifiers on one row, for a small terminal; what is not possible stands in brackets."""
        pieces: list[tuple[Shown, str]] = []
        for key, word, on, blocked in (
            ("m", "message", tell, self._mute()),
            ("b", "ban", self.sanction is not None and self.sanction.kind == "ban", self._able("ban")),
            ("s", "silence", self.sanction is not None and self.sanction.kind == "silence", self._able("silence")),
            ("l", "lock", self.lock, self._able("lock")),
            ("r", "escalate", self.escalates, self._able("escalate")),
        ):
            if key == "r" and blocked is not None:
                continue
            if on and key in "bs" and self.sanction is not None:
                length = self.sanction.duration_ms
                word = f"{word} {'for good' if length is None else duration(length)}"
            if blocked is not None:
                pieces.append((own(f" ({key} {word})"), "panel.dim"))
            else:
                pieces += [(own(f" {key} "), "panel.key"), (own(f"{rows.box(on)} {word}"), "panel")]
        return tuple(pieces)

    def _modifier_rows(self, width: int, tell: bool) -> list[Drawn]:
        reason = self.reason
        codes = sorted(reason.messages) if reason else []
        found = message_for(self.host.desk, self.shown, reason, self.sanction, self.language) if reason else None
        code = found[0] if found else (self.language or "-")
        theirs = (self.shown.language or "")[:2].lower()
        missing = theirs if theirs and codes and theirs not in codes else None
        ban, silence = (
            rows.sanction_piece(
                kind,
                self.sanction if self.sanction is not None and self.sanction.kind == kind else None,
                self._able(kind),
                self._lengths_after(),
                width,
                self.proposal,
            )
            for kind in ("ban", "silence")
        )
        lock = rows.lock_piece(self.lock, self._able("lock"))
        route = rows.route_piece(self.escalates) if self._able("escalate") is None else None
        message = rows.message_row(tell, self._mute(), codes, code, missing)
        return [message, *rows.modifier_rows(ban, silence, lock, width, self.room, route)]

    def _lengths(self) -> list[int | None]:
        settings = self.host.settings.ban
        lengths = [settings.default_ms, *settings.ladder_ms]
        if self.proposal is not None and self.proposal.kind == "ban":
            # b is a habit: without a ladder in the settings it stays at their default, and the ladder only speaks
            own = self.host.desk.members.own_ladder(self.shown)
            lengths.insert(0 if own else 1, self.proposal.duration_ms)
        return list(dict.fromkeys(lengths))

    def _lengths_after(self) -> list[Shown]:
        """The lengths that the key gives when it is pressed again, then off."""
        rest = self._lengths()[self._ban_at + 1 :]
        named = [own("for good") if length is None else duration(length) for length in rest]
        return [*named, own("off")]

    def _able(self, verb: str) -> Shown | None:
        """Why a modifier is not possible here; None when it is. Of several communities all have to have it."""
        desk = self.host.desk
        if len(self._places) > 1:
            return lacking(self.items, lambda item: desk.can(item, verb), desk.community)
        able = desk.can(self.shown, verb)
        return show_line(able.sentence) if isinstance(able, Blocked) else None

    def _everywhere(self, reason: Reason) -> bool:
        """Whether every community takes the reason; of one community its own plan says later what is wrong."""
        desk = self.host.desk
        for mine in self._places.values() if len(self._places) > 1 else ():
            item = next((one for one in mine[:10] if not isinstance(desk.can(one, self.verb), Blocked)), None)
            if item is None:
                continue  # it does not offer the verb at all: the question counts it
            try:
                desk.plan(item, Intent(verb=self.verb, reason=reason.id, reason_title=reason.title))
            except ModtuiError:
                return False
        return True

    def hint(self, width: int) -> Drawn:
        """The keys."""
        keys = [("1-9", "decide"), ("d", "takes <d>"), ("j k + enter", "decide too"), ("m b s l L e", "change it")]
        return hint_pieces([*((key, what, True) for key, what in keys), ("q", "cancel", True)], width, 1)

    # keys
    def key(self, token: str) -> None:
        """Take a key of the reason line."""
        if token in ("q", "escape", "ctrl+g"):
            self.leave()
        elif self.stopped is not None:
            self.host.say(own("A part was refused: nothing is decided until you leave with q."), error=True)
        elif token.isdigit():
            self._digit(token)
        elif token == "d" and not self.showing_more:
            self._take(self.first[self._default()] if self.first else None)
        elif token == "enter":
            self._take(self.reason)
        elif token in ("j", "down", "k", "up"):
            step = 1 if token in ("j", "down") else -1
            self.chosen = max(0, min(len(self.listed) - 1, self.chosen + step))
            self.host.redraw_line()
        elif token in ("b", "s"):
            self._sanction("ban" if token == "b" else "silence")
        elif token == "l":
            why = self._able("lock")
            if why is not None:
                self._stop(say("Lock is not possible here: {why}.", why=why))
            else:
                self.lock = not self.lock
                self.host.redraw_line()
        elif token == "m" and (mute := self._mute()) is not None:
            self._stop(say("A message is not possible here: {why}.", why=mute))
        elif token == "m":
            self.message = not self.tells(self.plan(bare=True))
            self.host.redraw_line()
        elif token == "L":
            self._language()
        elif token == "r" and (why := self._able("escalate")) is not None:
            self._stop(say("Escalating is not possible here: {why}.", why=why))
        elif token == "r":
            self.escalates = not self.escalates
            self.host.redraw_line()
        elif token == "e":
            self._edit()
        else:
            self.host.say(say("{key} is not a choice here; q cancels.", key=token), error=True)

    def _stop(self, words: Shown) -> None:
        self.stopped = words
        self.host.say(words, error=True)
        self.host.redraw_line()

    def _digit(self, digit: str) -> None:
        if digit == "0":
            self.host.ask_text(
                own("Your own words (the author reads them)"), self._own_words, left=self.host.redraw_line
            )
        elif digit == "9" and (self.more or self.showing_more):
            self.showing_more = not self.showing_more
            self.chosen = 0 if self.showing_more else self._default()
            self.host.redraw_line()
        elif self.showing_more:
            index = int(digit) - 1
            self._take(self.more[index] if index < len(self.more) else None)
        else:
            self._take(next((reason for reason in self.first if reason.digit == digit), None))

    def _own_words(self, text: str) -> None:
        if not text.strip():
            self.host.say(own("No words, nothing decided."), error=True)
            return
        self.commit(self.items, lambda item: self.intent(item, None, text.strip(), tell=self._tells(item)), self)

    def _take(self, reason: Reason | None) -> None:
        if reason is None:
            self.host.say(own("No reason has this digit."), error=True)
            return
        if reason in self.listed:
            self.chosen = self.listed.index(reason)
        self.commit(self.items, lambda item: self.intent(item, reason, tell=self._tells(item)), self)

    def _sanction(self, kind: str) -> None:
        why = self._able(kind)
        if why is not None:
            self._stop(say("{kind} is not possible here: {why}.", kind=own(kind.capitalize()), why=why))
            return
        lengths = self._lengths()
        if self.sanction is None or self.sanction.kind != kind:
            self._ban_at = 0
        else:
            self._ban_at += 1
        if self._ban_at >= len(lengths):
            self.sanction, self._ban_at = None, -1
        else:
            self.sanction = Sanction("ban" if kind == "ban" else "silence", lengths[self._ban_at])
        self.host.redraw_line()

    def _language(self) -> None:
        reason = self.reason
        codes = sorted(reason.messages) if reason else []
        if not codes:
            self.host.say(own("This reason has no message in any language."), error=True)
            return
        found = message_for(self.host.desk, self.shown, reason, self.sanction, self.language) if reason else None
        now = found[0] if found else codes[-1]
        self.language = codes[(codes.index(now) + 1) % len(codes)] if now in codes else codes[0]
        self.edited = None
        self.host.redraw_line()

    def _edit(self) -> None:
        if self.marked and len(self.items) > 1:
            self.host.say(own("The message is filled for each author; edit it with one post only."), error=True)
            return
        intent = self.intent(self.shown, self.reason, tell=True)

        def done(text: str) -> None:
            self.edited = (intent.message_title or (self.reason.title if self.reason else ""), text)
            self.message = True
            self.host.redraw_line()

        who = show_line(self.shown.author.username, 24) if self.shown.author else own("the author")
        self.host.ask_long_text(
            say("Message to {who}", who=who), intent.message or "", done,
            draft=f"message:{self.shown.id}",
        )
