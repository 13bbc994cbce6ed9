"""The verbs on a thread that ask for something first: where to, to whom, which tags, when."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from modtui.actions import BY_ID
from modtui.backends.base import ChoiceKind
from modtui.desk.later import LATER, comes_back
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent
from modtui.domain.items import Choice, Item, Offer
from modtui.ondemand import on_demand
from modtui.screens.lines import choose
from modtui.screens.work.places import ASKS, MEMBER_VERBS, MEMBER_WORDS, THREAD_VERBS
from modtui.screens.work.verbs import LETTERS, WorkVerbs
from modtui.text import Foreign, Shown, own, say, show_line

if TYPE_CHECKING:
    from modtui.desk.choosing import Chooser
else:
    on_demand(__name__, "modtui.desk.choosing", "Chooser")


class WorkThreads(WorkVerbs):
    """Assign, move, tag, duplicate, bookmark, watch, and `,` where the site lists no offers of its own."""

    _chooser: Chooser | None = None

    @property
    def chooser(self) -> Chooser:
        """What was asked of the sites to pick from."""
        if self._chooser is None:
            self._chooser = Chooser(self.desk)
        return self._chooser

    def pick(
        self, item: Item, kind: ChoiceKind, prompt: Shown, chosen: Callable[[tuple[Choice, ...]], None], *,
        many: bool = False, picked: tuple[Choice, ...] = (), own_words: bool = False,
    ) -> None:
        """Open the page that narrows while one types."""
        from modtui.screens.pages.pick import PickPage

        page = PickPage(
            self.shell, prompt, lambda text: self.chooser.ask(item, kind, text),
            lambda text: self.chooser.known(item, kind, text), chosen, many=many, picked=picked, own_words=own_words,
        )  # fmt: skip
        self.app.push_screen(page)

    def _decide_thread(self, item: Item, intent: Intent) -> None:
        self.propose([item], lambda _: intent, alone=True)

    def act_thread_assign(self) -> None:
        """Give it to a colleague or a group, or take it back."""
        item = self.current
        question = item.question if item is not None else None
        if question is not None and question.assigned:
            self._one("the end of an assignment", "unassign", self._assigned_asks)
        else:
            self._one("assign", "assign", self._assign)

    def _assigned_asks(self, item: Item) -> None:
        who = item.question.assigned if item.question is not None else None
        options = [choose.Choice("g", own("give it to another")), choose.Choice("t", own("take it back"))]

        def chosen(key: str) -> None:
            if key == "g":
                self._assign(item)
            else:
                self._decide_thread(item, Intent(verb="unassign"))

        title = say("#{number} IS GIVEN TO {who}", number=item.number, who=show_line(who or "-", 30))
        self.open_line(choose.ChoiceLine(self, title, options, chosen))

    def _assign(self, item: Item) -> None:
        def chosen(found: tuple[Choice, ...]) -> None:
            self._decide_thread(item, Intent(verb="assign", to=found[0].id))

        self.pick(item, "assignee", say("Give #{number} to whom?", number=item.number), chosen)

    def act_thread_move(self) -> None:
        """Another category."""
        self._one("move", "move", self._move_thread)

    def _move_thread(self, item: Item) -> None:
        def chosen(found: tuple[Choice, ...]) -> None:
            self._decide_thread(item, Intent(verb="move", to=found[0].id))

        self.pick(item, "category", say("Move #{number} to which category?", number=item.number), chosen)

    def act_thread_tag(self) -> None:
        """Its tags."""
        self._one("tag", "tag", self._tag)

    def _tag(self, item: Item) -> None:
        now = tuple(Choice(id=tag, title=tag) for tag in item.place.tags)

        def chosen(found: tuple[Choice, ...]) -> None:
            tags = tuple(one.id for one in found)
            if set(tags) == set(item.place.tags):
                self.say(own("Nothing was changed."))
            else:
                self._decide_thread(item, Intent(verb="tag", tags=tags))

        prompt = say("Tags of #{number}", number=item.number)
        self.pick(item, "tag", prompt, chosen, many=True, picked=now, own_words=True)

    def act_thread_duplicate(self) -> None:
        """Mark it as a duplicate: a reply that links the original, then closed."""
        self._one("duplicate", "duplicate", self._duplicate)

    def _duplicate(self, item: Item) -> None:
        similar = tuple(
            Choice(id=one.url or one.id, title=one.title, note=Foreign(one.by or "")) for one in self.similar_of(item)
        )

        async def ask(text: str) -> tuple[Choice, ...]:
            if not text.strip() and similar:
                return similar
            return await self.chooser.ask(item, "thread", text)

        def known(text: str) -> tuple[Choice, ...] | None:
            return similar if not text.strip() and similar else self.chooser.known(item, "thread", text)

        def chosen(found: tuple[Choice, ...]) -> None:
            self._decide_thread(item, Intent(verb="duplicate", to=found[0].id))

        from modtui.screens.pages.pick import PickPage

        prompt = say("#{number} asks the same as which thread? (a title, an id or a link)", number=item.number)
        self.app.push_screen(PickPage(self.shell, prompt, ask, known, chosen, own_words=True))

    def act_thread_bookmark(self) -> None:
        """Keep it in mind, with a date."""
        item = self.current
        if item is not None and item.question is not None and item.question.bookmarked_ms is not None:
            off = Intent(verb="unbookmark")
            self._one("the end of a bookmark", "unbookmark", lambda one: self._decide_thread(one, off))
        else:
            self._one("bookmark", "bookmark", self._bookmark)

    def _bookmark(self, item: Item) -> None:
        options = [choose.Choice(key, own(words)) for key, words in LATER.items()]
        options += [choose.Choice("7", own("in a week")), choose.Choice("0", own("without a date"))]

        def chosen(key: str) -> None:
            now = self.shell.now_ms()
            if key == "0":
                when = None
            elif key == "7":
                when = comes_back("3", now + 6 * 86_400_000, self.shell.tz)
            else:
                when = comes_back(key, now, self.shell.tz)
            self._decide_thread(item, Intent(verb="bookmark", when_ms=when))

        title = say("BOOKMARK #{number} ON THE SITE: REMIND WHEN?", number=item.number)
        self.open_line(choose.ChoiceLine(self, title, options, chosen))

    def act_thread_watch(self) -> None:
        """Be told of every new post, or no longer."""
        item = self.current
        watched = item is not None and item.question is not None and item.question.watched
        verb = "unwatch" if watched else "watch"
        self._one(verb, verb, lambda one: self._decide_thread(one, Intent(verb=verb)))

    # ,
    def _offers(self, item: Item) -> None:
        """The site's own offers first; where it lists none (questions, members), everything that has a verb."""
        if item.offers:
            super()._offers(item)
            return
        options: list[choose.Choice] = []
        by_key = self._our_choices(item, options)
        verbs = MEMBER_VERBS if item.lane == "members" else THREAD_VERBS
        for letter, (verb, name) in zip(LETTERS[len(options) :], verbs, strict=False):
            action = BY_ID.get(name)
            if action is None or action.missing:
                continue
            able = self.desk.can(item, verb)
            blocked = own(able.sentence) if isinstance(able, Blocked) else None
            words = MEMBER_WORDS.get(verb) if item.lane == "members" else None
            named, does = words or (action.title, action.help)
            options.append(choose.Choice(letter, own(named), own(does), blocked=blocked))
            by_key[letter] = name
        title = say("WHAT CAN BE DONE WITH {name}", name=self._name_of(item))
        self.open_line(choose.ChoiceLine(self, title, options, lambda key: self.act(by_key[key])))

    def _offer_effects(self, item: Item, offer: Offer) -> Shown:
        """What asks for something first cannot say yet what it will do: its help does."""
        action = dict(THREAD_VERBS).get(offer.verb)
        if action is not None and item.kind == "question":
            return own(BY_ID[action].help)
        return super()._offer_effects(item, offer)

    def _offer_taken(self, item: Item, offer: Offer) -> None:
        """What asks for something first has its own line or page; the rest is as the site offers it."""
        action = ASKS.get(offer.verb)
        if action is not None and item.kind in ("question", "member"):
            self.act(action)
        else:
            super()._offer_taken(item, offer)
