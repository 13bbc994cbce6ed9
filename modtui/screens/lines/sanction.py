"""The form for a silence, a ban or a warning of one member: how long, why, what they are told, what will happen.

It opens on the proposed length, so the short way is ctrl+o, enter. Digits pick in the field at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from modtui.desk import words
from modtui.domain.decisions import Intent, Plan, Sanction
from modtui.domain.items import Item
from modtui.domain.ladder import Rung
from modtui.domain.reasons import Reason
from modtui.domain.replies import SANCTION_TEXTS
from modtui.errors import ModtuiError
from modtui.screens.lines.base import Drawn, Host, Line
from modtui.screens.lines.choose import title_row
from modtui.screens.lines.messages import sanction_message
from modtui.settings.reasons import Message
from modtui.text import Shown, count, join, own, say, show_line
from modtui.text.time import duration, parse_duration
from modtui.text.width import cells, cut, wrap
from modtui.widgets.bars import hint_pieces

FIELDS = ("length", "reason", "message")


class SanctionForm(Line):
    """Asks everything about a `kind` ("silence", "ban", or "warn", which has no length) of the author of `item`;
    `commit` gets the intent."""

    def __init__(self, host: Host, kind: str, item: Item, commit: Callable[[Intent], None]) -> None:
        super().__init__(host)
        self.kind, self.item, self.commit = kind, item, commit
        self.proposal: Shown | None = None
        """What the ladder proposes, and why."""
        self.proposed = own("")
        """What it proposes, alone."""
        settings = host.settings.ban
        lengths = list(dict.fromkeys([*settings.ladder_ms, settings.default_ms]))
        lengths.sort(key=lambda length: float("inf") if length is None else length)
        self.lengths: list[int | None] = lengths[:8]
        self.length: int | None = settings.default_ms
        proposed = host.desk.members.propose(item) if kind != "warn" else None
        if proposed is not None:
            self.proposal = say("the ladder proposes {what}", what=proposed.words)
            self.proposed = say("the ladder proposes {what}", what=Rung(proposed.kind, proposed.duration_ms).words)
            if proposed.kind == kind:
                if host.desk.members.own_ladder(item):
                    self.length = proposed.duration_ms
                if proposed.duration_ms not in self.lengths:
                    self.lengths = [*self.lengths[:7], proposed.duration_ms]
        self.reasons = [reason for reason in host.desk.reasons if reason.digit in tuple("12345678")]
        self.reasons.sort(key=lambda reason: reason.digit)
        self.reason: Reason | None = next(
            (reason for report in item.reasons for reason in self.reasons if report in reason.matches),
            self.reasons[0] if self.reasons else None,
        )
        self.words: str | None = None
        self.message = kind == "warn" or self._can_tell()
        self.edited: tuple[str, str] | None = None
        self.language: str | None = None
        self.fields = FIELDS if kind != "warn" else FIELDS[1:]
        self.field = 0
        self.asking = False

    def _can_tell(self) -> bool:
        """Whether a message can go along; where the platform sends none, the form does not begin with one."""
        sanction = self._sanction()
        try:
            self.host.desk.plan(self.item, Intent(verb=self.kind, reason_title="-", sanction=sanction))
        except ModtuiError:
            return True  # it is not possible at all, which the form says
        told = Intent(verb=self.kind, reason_title="-", sanction=sanction, message="-", message_title="-")
        try:
            self.host.desk.plan(self.item, told)
        except ModtuiError:
            return False
        return True

    def refill(self, intent: Intent) -> None:
        """Set everything as it was in `intent` (the last decision, repeated here); nothing is decided by that."""
        if intent.sanction is not None:
            self.length = intent.sanction.duration_ms
        self.reason = next((reason for reason in self.reasons if reason.id == intent.reason), self.reason)
        self.words = intent.reason_text
        self.message = bool(intent.message)

    def _sanction(self) -> Sanction | None:
        if self.kind == "warn":
            return None
        return Sanction("ban" if self.kind == "ban" else "silence", self.length)

    def intent(self) -> Intent:
        """What would be decided."""
        title = text = None
        if self.message:
            if self.edited is not None:
                title, text = self.edited
            elif self.words is not None:
                text = self.words
            elif (found := self._found()) is not None:
                title, text = found[1].title, found[1].text
        name = self.words or (
            self.reason.titles.get(self.language or "en") or self.reason.title if self.reason else None
        )
        return Intent(
            verb=self.kind,
            reason=None if self.words else self.reason.id if self.reason else None,
            reason_title=name,
            reason_text=self.words,
            message=text,
            message_title=title,
            sanction=self._sanction(),
        )

    def _found(self) -> tuple[str, Message] | None:
        """The message as it stands in its language."""
        replies = self.host.settings.saved_replies()
        return sanction_message(
            self.host.desk, self.item, self.reason, self._sanction(), self.language, self.kind, replies
        )

    def _codes(self) -> list[str]:
        """The languages that the message is there in."""
        name = SANCTION_TEXTS.get(self.kind)
        saved = next((one for one in self.host.settings.saved_replies() if one.name == name), None)
        if saved is not None and (self.item.kind == "member" or self.kind == "warn"):
            return sorted(saved.texts)
        return sorted(self.reason.messages) if self.reason else []

    def plan(self) -> Plan | Shown:
        """What would happen, or why it cannot."""
        try:
            return self.host.desk.plan(self.item, self.intent())
        except ModtuiError as error:
            return show_line(error.message)

    def draw(self, width: int) -> list[Drawn]:
        """The form; on a small terminal the parts that only explain give way."""
        lines = self._form(width, brief=False)
        return lines if len(lines) <= self.room else self._form(width, brief=True)

    def _form(self, width: int, *, brief: bool) -> list[Drawn]:
        small = self.room < 12
        who = show_line(self.item.author.username, 30) if self.item.author else own("-")
        lines = [title_row(say("{kind} {who}", kind=own(self.kind.upper()), who=who), width)]
        if "length" in self.fields:
            lengths = [self._length_words(one) for one in self.lengths]
            other = "0 another" if self._length_at() >= 0 else f"[0 {self._length_words(self.length)}]"
            lines += self._picks("length", "How long", lengths, self._length_at(), width, other)
            if not small:
                lines.append(((own(" " * 15), "panel"), (self._until(), "panel.dim")))
                lines += self._proposal_rows(width, 1 if brief else 2)
        titles = [cut(show_line(reason.title), 12 if small else 24) for reason in self.reasons]
        at = self.reasons.index(self.reason) if self.reason in self.reasons and self.words is None else -1
        tail = say("[0 own words: {words}]", words=show_line(self.words, 30)) if self.words else own("0 own words")
        lines += self._picks("reason", "Why", titles, at, width, tail)
        lines += self._message_rows(width, small or brief)
        plan = self.plan()
        if not isinstance(plan, Plan):
            return [*lines, ((say(" Not possible: {why}", why=plan), "message.error"),)]
        hold = self.host.desk.hold_s(self.intent(), plan)
        stays = join("; ", (own(part) for part in plan.stays)) or own("everything can still be taken back")
        free = say("free with u for {s} s", s=int(hold)) if hold else own("goes out at once")
        back = say("{free}; after that {stays}", free=free, stays=stays)
        for label, text in (("Will happen", words.effects(plan)), ("Way back", back)):
            if not text:
                continue
            for n, line in enumerate(islice(wrap(text, width - 16), 1 if small else 2)):
                lines.append(((own(f" {'' if n else label:<14}"), "panel.dim"), (line, "effect")))
        return lines

    def _until(self) -> Shown:
        """When it would end; the site's clock decides when it is sent."""
        if self.length is None:
            return own("it has no end; it can be lifted")
        until = self.host.when(self.host.desk.clock.now_ms() + self.length)
        return say("ends about {when}; counted from when it is sent", when=own(until.removeprefix("on ")))

    def _message_rows(self, width: int, small: bool) -> list[Drawn]:
        text = self.intent().message
        codes, found = self._codes(), self._found()
        names = " ".join(f"[{c.upper()}]" if found and c == found[0] else c.upper() for c in codes)
        box = "[x]" if self.message and text else "[ ]"
        head: Drawn = (
            self._label("message", "Message"),
            (own(f"{box} "), "panel"),
            (own("m on or off  e edit"), "panel.dim"),
            (say("  L {names}", names=own(names)) if names else own(""), "panel.dim"),
        )
        if small or not (self.message and text):
            return [head]
        flat = cut(show_line(text, 200), max(10, width - 30))
        lines = count(text.count("\n") + 1, "line")
        return [head, ((own(" " * 15), "panel"), (say('"{flat}" ({lines})', flat=flat, lines=lines), "italic"))]

    def _proposal_rows(self, width: int, most: int) -> list[Drawn]:
        """What the ladder proposes, and why; in one row only what."""
        if self.proposal is None:
            return []
        rows = [self.proposal] if cells(self.proposal) <= width - 16 else [*islice(wrap(self.proposal, width - 16), 2)]
        if len(rows) > most:
            rows = [cut(self.proposed, width - 16)]
        return [((own(" " * 15), "panel"), (line, "panel.dim")) for line in rows]

    def _label(self, field: str, words: str) -> tuple[Shown, str]:
        here = self.fields[self.field] == field
        return own(f"{'>' if here else ' '}{words:<13} "), "panel.title" if here else "panel.dim"

    def _picks(self, field: str, label: str, words: list[Shown], at: int, width: int, tail: str | Shown) -> list[Drawn]:
        rows: list[Drawn] = []
        pieces: list[tuple[Shown, str]] = [self._label(field, label)]
        used = 15
        for n, word in enumerate(words):
            text = say("[{n} {word}]" if n == at else "{n} {word}", n=n + 1, word=word)
            if used + len(text) + 3 > width:
                rows.append(tuple(pieces))
                pieces, used = [(own(" " * 15), "panel")], 15
            pieces += [(text, "panel.chosen" if n == at else "panel"), (own("  "), "panel")]
            used += len(text) + 2
        if used + len(tail) + 2 > width:
            rows.append(tuple(pieces))
            pieces = [(own(" " * 15), "panel")]
        pieces.append((own(tail), "panel.dim"))
        return [*rows, tuple(pieces)]

    def _length_words(self, length: int | None) -> Shown:
        return own("for good") if length is None else duration(length)

    def _length_at(self) -> int:
        return self.lengths.index(self.length) if self.length in self.lengths else -1

    def hint(self, width: int) -> Drawn:
        """The keys."""
        if self.asking:
            who = show_line(self.item.author.username, 30) if self.item.author else own("-")
            length = say(" {length}", length=self._length_words(self.length)) if "length" in self.fields else own("")
            told = "with a message" if self.message and self.intent().message else "without a message"
            return (
                (
                    say(
                        " {kind} {who}{length}, {told}?   enter: yes   q: back",
                        kind=own(self.kind.capitalize()),
                        who=who,
                        length=length,
                        told=own(told),
                    ),
                    "question",
                ),
            )
        keys = [("tab", "next field"), ("digits", "pick in it"), ("ctrl+o, then enter", "do it")]
        return hint_pieces([*((key, what, True) for key, what in keys), ("q", "leave", True)], width, 1)

    def key(self, token: str) -> None:
        """Take a key of the form."""
        if self.asking:
            self.asking = False
            if token == "enter" and isinstance(self.plan(), Plan):
                self.commit(self.intent())
            else:
                self.host.redraw_line()
            return
        if token in ("q", "escape", "ctrl+g"):
            self.leave()
        elif token in ("tab", "enter", "down", "j"):
            self.field = (self.field + 1) % len(self.fields)
            self.host.redraw_line()
        elif token in ("shift+tab", "up", "k"):
            self.field = (self.field - 1) % len(self.fields)
            self.host.redraw_line()
        elif token.isdigit():
            self._digit(int(token))
        elif token == "m":
            self.message = not self.message
            self.host.redraw_line()
        elif token == "L":
            codes = self._codes()
            if codes:
                self.language = (
                    codes[(codes.index(self.language) + 1) % len(codes)] if self.language in codes else codes[0]
                )
                self.edited = None
            self.host.redraw_line()
        elif token == "e":
            self._edit()
        elif token == "ctrl+o":
            plan = self.plan()
            if isinstance(plan, Plan):
                self.asking = True
            else:
                self.host.say(say("Not possible: {why}", why=plan), error=True)
            self.host.redraw_line()
        else:
            self.host.say(say("{key} is not a choice here; q leaves.", key=token), error=True)

    def _digit(self, n: int) -> None:
        field = self.fields[self.field]
        if field == "length":
            if n == 0:
                self.host.ask_text(
                    own("How long? e.g. 12h, 3 days, 2w, forever"), self._typed_length, left=self.host.redraw_line
                )
            elif n <= len(self.lengths):
                self.length = self.lengths[n - 1]
        elif field == "reason":
            if n == 0:
                self.host.ask_text(
                    own("Your own words (the site may show them)"), self._typed_reason, left=self.host.redraw_line
                )
            elif n <= len(self.reasons):
                self.reason, self.words, self.edited = self.reasons[n - 1], None, None
        self.host.redraw_line()

    def _typed_length(self, text: str) -> None:
        try:
            self.length = parse_duration(text)
        except ValueError as error:
            self.host.say(show_line(str(error)), error=True)
        self.host.redraw_line()

    def _typed_reason(self, text: str) -> None:
        self.words = text.strip() or None
        self.host.redraw_line()

    def _edit(self) -> None:
        intent = self.intent()

        def done(text: str) -> None:
            self.edited = (intent.message_title or self.kind.capitalize(), text)
            self.message = True
            self.host.redraw_line()

        self.host.ask_long_text(own("Message to the author"), intent.message or "", done)
