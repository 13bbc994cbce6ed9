"""The verbs with a line, a form or a text of their own, and everything else that the site offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modtui.actions import BY_ID
from modtui.desk import words
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Item, Offer
from modtui.errors import ModtuiError
from modtui.ondemand import on_demand
from modtui.screens.work.decide import WorkDecide
from modtui.text import Shown, count, own, say, show_line
from modtui.text.time import stamp

if TYPE_CHECKING:
    from modtui.desk.across import by_community
    from modtui.screens.lines.choose import BlockedLine, Choice, ChoiceLine
    from modtui.screens.lines.question import QuestionLine, ask_word
    from modtui.screens.lines.reason import ReasonLine
    from modtui.screens.lines.route import RouteLine, with_route
    from modtui.screens.lines.sanction import SanctionForm
else:
    on_demand(__name__, "modtui.desk.across", "by_community")
    on_demand(__name__, "modtui.screens.lines.sanction", "SanctionForm")
    on_demand(__name__, "modtui.screens.lines.route", "RouteLine", "with_route")
    on_demand(__name__, "modtui.screens.lines.reason", "ReasonLine")
    on_demand(__name__, "modtui.screens.lines.question", "QuestionLine", "ask_word")
    on_demand(__name__, "modtui.screens.lines.choose", "BlockedLine", "Choice", "ChoiceLine")

LETTERS = "abcdefghijklmnoprstuvwxyz"
"""Letters for the offers; q is the way out."""


class WorkVerbs(WorkDecide):
    """Claim, note, edit, lock, silence, ban, purge, and all offers."""

    def _one(self, what: str, verb: str | None, go: Callable[[Item], None]) -> None:
        """For what is done to one item: the one that is seen. Marks on others are asked about first."""
        item = self.current
        if item is None:
            self.refuse(own("There is nothing here to decide on."))
            return
        blocked = self._able(verb, [item]) if verb is not None else None
        if blocked is not None:
            self.refuse(self.blocked_words(what, blocked))
        elif self.marks_differ:
            n = count(len(self.view.marks), "marked item")
            template = "{what} is for one item at a time: for #{number}, which you see, not for the {n}? y/N"
            question = say(template, what=own(what.capitalize()), number=item.number, n=n)
            self.open_line(QuestionLine(self, question, lambda: go(item)))
        else:
            go(item)

    def act_item_claim(self) -> None:
        """Claim, or let go of one's own claim; the marks together."""
        items = self.targets()
        if not items:
            self.refuse(own("There is nothing here to decide on."))
            return
        first = items[0]
        verb = "release" if first.claim is not None and first.claim.mine else "claim"
        blocked = self._able(verb, items)
        if blocked is not None:
            self.refuse(self.blocked_words(verb, blocked))
        elif self.marks_differ:
            self.propose(items, lambda _: Intent(verb=verb))
        elif first.claim is not None and not first.claim.mine:
            question = words.claimed(first.claim.by, first.claim.since_ms, self.shell.now_ms(), "claim", first.lane)
            take = Intent(verb="claim")
            self.open_line(QuestionLine(self, question, lambda: self._commit(items, lambda _: take, overrule=True)))
        else:
            self._commit(items, lambda _: Intent(verb=verb))

    def act_item_note(self) -> None:
        """A note for the team; the marks get the same one."""
        items = self.targets()
        if len(items) < 2 or not self.marks_differ:
            self._one("note", "note", self._note)
            return
        blocked = self._able("note", items)
        if blocked is not None:
            self.refuse(self.blocked_words("note", blocked))
            return

        def done(text: str) -> None:
            if text.strip():
                self.propose(items, lambda _: Intent(verb="note", text=text.strip()))
            else:
                self.say(own("An empty note is not written."))

        self.ask_text(say("Note for the team on {n}", n=count(len(items), "marked item")), done)

    def _note(self, item: Item) -> None:
        def done(text: str) -> None:
            if text.strip():
                self._commit([item], lambda _: Intent(verb="note", text=text.strip()), keep_marks=True)
            else:
                self.say(own("An empty note is not written."))

        self.ask_text(say("Note for the team on #{number}", number=item.number), done)

    def act_item_edit(self) -> None:
        """Edit a held post's text."""
        self._one("edit", "edit", self._edit)

    def _edit(self, item: Item, offer: Offer | None = None) -> None:
        text = item.source if item.source is not None else item.body.text if item.body else ""

        def done(new: str) -> None:
            if new == text:
                self.say(own("Nothing was changed."))
            elif not new.strip():
                self.say(own("An empty text is not sent; d rejects it."), error=True)
            else:
                edit = Intent(verb="edit", offer=offer.id if offer is not None else None, text=new)
                self._commit([item], lambda _: edit, keep_marks=True)

        self.ask_long_text(say("Text of #{number}", number=item.number), text, done, draft=f"edit:{item.id}")

    def act_item_escalate(self) -> None:
        """The route line; for marks together."""
        items = self.targets()
        if not items:
            self.refuse(own("There is nothing here to decide on."))
            return
        blocked = self._able("escalate", items)
        if blocked is not None:
            self.refuse(self.blocked_words("escalate", blocked))
            return
        shown = items[0]

        def taken(route: Intent) -> None:
            self._routed(items, lambda item: with_route(Intent(verb="escalate"), route, item, shown))

        self.open_line(RouteLine(self, shown, taken, number=len(items), site=len(by_community(items)) < 2))

    def _reason_taken(self, items: Sequence[Item], each: Callable[[Item], Intent], line: ReasonLine) -> None:
        """A reason was picked; where the item is handed over too, the route is asked next."""
        if not line.escalates:
            super()._reason_taken(items, each, line)
            return
        shown = items[0]

        def taken(route: Intent) -> None:
            self._routed(items, lambda item: with_route(each(item), route, item, shown))

        words_of = say("{do} #{number}", do=own(words.do(line.verb, shown.lane).upper()), number=shown.number)
        site = len(by_community(items)) < 2
        self.open_line(RouteLine(self, shown, taken, number=len(items), too=words_of, site=site))

    def _routed(self, items: Sequence[Item], each: Callable[[Item], Intent]) -> None:
        """The note was taken with enter: what was said on the line needs no second question, but a claim does."""
        if not self.marks_differ and not self._may(items[0]):
            return
        self.close_line()
        if self.marks_differ:
            self._ask_many(items, each)
            return
        try:
            asks = self.desk.plan(items[0], each(items[0])).asks
        except ModtuiError as error:
            self.say(show_line(error.message), error=True)
            return
        if asks:
            question = say("{asks} y/N", asks=asks)
            self.open_line(QuestionLine(self, question, lambda: self._commit(items, each, overrule=True)))
        else:
            self._commit(items, each)

    def act_thread_lock(self) -> None:
        """Lock the thread, or open it."""
        item = self.current
        if item is not None:
            self._plain("unlock" if item.place.closed else "lock")

    def act_member_silence(self) -> None:
        """The silence form, or lift the silence."""
        self._sanction_form("silence")

    def act_member_ban(self) -> None:
        """The ban form, or lift the ban."""
        self._sanction_form("ban")

    def _sanction_form(self, kind: str) -> None:
        item = self.current
        if item is None:
            self.refuse(own("There is nothing here to decide on."))
            return
        in_force = item.author is not None and any(penalty.kind == kind for penalty in item.author.penalties)
        verb = f"un{kind}" if in_force else kind
        blocked = self._able(verb, [item])
        if blocked is not None:
            self.open_line(BlockedLine(self, own(kind.upper()), own(blocked.sentence)))
        elif in_force:
            self._one(f"the end of a {kind}", None, lambda one: self._lift(one, kind))
        else:
            self._one(f"a {kind}", None, lambda one: self._open_form(one, kind))

    def _open_form(self, item: Item, kind: str) -> None:
        self.open_line(SanctionForm(self, kind, item, lambda intent: self._form_taken(item, intent)))

    def _lift(self, item: Item, kind: str) -> None:
        """What is in force is lifted, after a question that says what it is."""
        author = item.author
        penalty = next((one for one in author.penalties if one.kind == kind), None) if author is not None else None
        if author is None or penalty is None:
            return
        until = own("for good")
        if penalty.until_ms is not None:
            until = say("until {when}", when=stamp(penalty.until_ms, self.shell.tz, now_ms=self.shell.now_ms()))
        by = say(" by {by}", by=penalty.by) if penalty.by else own("")
        did = own("banned" if kind == "ban" else "silenced")
        question = say("{who} is {did} {until}{by}. Lift it? y/N", who=author.username, did=did, until=until, by=by)
        lift = Intent(verb=f"un{kind}")
        self.open_line(QuestionLine(self, question, lambda: self._commit([item], lambda _: lift, keep_marks=True)))

    def _form_taken(self, item: Item, intent: Intent) -> None:
        if self._may(item):
            self.close_line()
            self._ask_or_commit([item], lambda _: intent, True)

    def act_item_purge(self) -> None:
        """Delete for good, after a typed word."""
        self._one("deleting for good", "purge", self._purge)

    def _purge(self, item: Item) -> None:
        question = say("Delete #{number} for good?", number=item.number)
        purge = Intent(verb="purge")
        ask_word(self, question, "delete", lambda: self._commit([item], lambda _: purge, keep_marks=True))

    def act_offers_show(self) -> None:
        """All offers of the item, a letter each."""
        self._one("what the site offers", None, self._offers)

    def _offers(self, item: Item) -> None:
        if not item.offers and not self._ours(item):
            self.say(own("The site offers nothing on this item."))
            return
        options: list[Choice] = []
        by_key: dict[str, Offer] = {}
        names = self._our_choices(item, options)
        for letter, offer in zip(LETTERS[len(options) :], item.offers, strict=False):
            by_key[letter] = offer
            blocked = own(offer.capability.sentence) if isinstance(offer.capability, Blocked) else None
            more = show_line(offer.description or "", 200) or self._offer_effects(item, offer)
            options.append(Choice(letter, show_line(offer.label, 60), more, blocked=blocked))
        title = say("WHAT THE SITE ALLOWS ON {name}", name=self._name_of(item))

        def chosen(key: str) -> None:
            if key in names:
                self.act(names[key])
            else:
                self._offer_taken(item, by_key[key])

        self.open_line(ChoiceLine(self, title, options, chosen))

    @staticmethod
    def _name_of(item: Item) -> Shown:
        """A member's name, else the number of the row."""
        member = item.author if item.kind == "member" else None
        return show_line(member.username, 40) if member is not None else say("#{number}", number=item.number)

    @staticmethod
    def _ours(item: Item) -> tuple[str, ...]:
        """Actions of modtui's own that `,` lists before those of the site."""
        return ("escalation.recall",) if item.lane == "escalated" else ()

    def _our_choices(self, item: Item, options: list[Choice]) -> dict[str, str]:
        """Add them to the choices, a letter each; the actions by letter."""
        found: dict[str, str] = {}
        for name in self._ours(item):
            letter, action = LETTERS[len(options)], BY_ID[name]
            options.append(Choice(letter, own(action.title.capitalize()), own(action.help)))
            found[letter] = name
        return found

    def _offer_effects(self, item: Item, offer: Offer) -> Shown:
        try:
            plan = self.desk.plan(item, Intent(verb=offer.verb, offer=offer.id))
        except ModtuiError:
            return own("")
        return words.effects(plan)

    def _offer_taken(self, item: Item, offer: Offer) -> None:
        if "duration" in offer.needs:
            kind = "ban" if offer.verb == "ban" or "suspend" in offer.id else "silence"
            form = SanctionForm(
                self, kind, item, lambda intent: self._form_taken(item, self._with_offer(intent, offer))
            )
            self.open_line(form)
        elif offer.verb == "note":
            self._note(item)
        elif "message" in offer.needs:
            who = show_line(item.author.username, 30) if item.author else own("the author")

            def written(text: str) -> None:
                self._offer_commit(item, offer, Intent(verb=offer.verb, offer=offer.id, message=text))

            self.ask_long_text(say("{label}: {who}", label=show_line(offer.label, 40), who=who), "", written)
        elif "text" in offer.needs:
            self._edit(item, offer if offer.verb == "edit" else None)
        elif "reason" in offer.needs:

            def done(text: str) -> None:
                intent = Intent(
                    verb=offer.verb, offer=offer.id, reason_text=text.strip() or None, reason_title=text.strip() or None
                )
                self._offer_commit(item, offer, intent)

            self.ask_text(own("Why? (the site keeps it)"), done)
        else:
            self._offer_commit(item, offer, Intent(verb=offer.verb, offer=offer.id))

    def _with_offer(self, intent: Intent, offer: Offer) -> Intent:
        from msgspec.structs import replace

        return replace(intent, verb=offer.verb, offer=offer.id)

    def _offer_commit(self, item: Item, offer: Offer, intent: Intent) -> None:
        if offer.irreversible:
            question = say("{label}?", label=show_line(offer.confirm or offer.label, 120).rstrip("?"))
            ask_word(self, question, "delete", lambda: self._commit([item], lambda _: intent))
        else:
            self.propose([item], lambda _: intent, alone=True)
