"""The filter language of the queue: `author:bo lang:de reports>2 age<2d -is:claimed "quoted text"`.

Words in one filter must all hold; values parted by a comma are alternatives (`lang:de,fr`); a minus in front turns a
word round; a word without a key is looked for in title and text. Used by the screen (`F`) and by `queue --filter`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Container, Mapping
from typing import Literal

import msgspec
from msgspec import Struct, field

from modtui.domain.items import REASONS, SEVERE, WAITING, Item, ItemKind, QuestionState, State
from modtui.errors import UsageError
from modtui.store.people import flags
from modtui.text.patterns import pattern
from modtui.text.time import parse_duration
from modtui.text.words import plain_case

Op = Literal[":", ">", "<", ">=", "<="]

KINDS: tuple[str, ...] = ItemKind.__args__  # type: ignore[attr-defined]
QUESTION_STATES: tuple[str, ...] = QuestionState.__args__  # type: ignore[attr-defined]
STATES: tuple[str, ...] = (*State.__args__, *QUESTION_STATES)  # type: ignore[attr-defined]
OF_MEMBERS = ("new", "staff", "silenced", "suspended", "suspect", "waiting", "unanswered")
"""What `is:` can ask about members: `waiting` for approval, `unanswered` first posts."""
IS = (
    "mine", "marked", "claimed", "hidden", "new", "severe", "open", "edited", "late", "soon", "assigned", "first",
    "watched", *OF_MEMBERS[1:],
)  # fmt: skip
WORDS: dict[str, str] = {
    "author": "who wrote it, whole name, * for any signs",
    "reporter": "who reported it, whole name, * for any signs",
    "reason": "a reason it was reported for, such as spam",
    "kind": "what it is: " + ", ".join(KINDS),
    "lang": "its language, such as de; none for unknown",
    "text": "words in its title or text",
    "like": "near copies of the item with this number",
    "is": "one of " + ", ".join(IS),
    "state": "one of " + ", ".join(STATES),
    "category": "part of the category's name",
    "tag": "a tag, whole",
    "community": "the beginning of a community's name, its short form in the list, or its platform",
}
NUMBERS: dict[str, str] = {
    "reports": "how many reports, as reports>2",
    "score": "the site's score, as score>=8",
    "age": "how long it waits, as age>2h",
}
_KNOWN = (*WORDS, *NUMBERS)
_TOKEN = pattern(r'(-?)(?:([A-Za-z][\w-]*)(:|>=|<=|>|<))?(?:"((?:[^"\\]|\\.)*)"|(\S*))')


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a filter can ask about one row of work. Names are as the site writes them; `text` is title and body."""

    id: str
    number: str = ""
    since_ms: int = 0
    author: str = ""
    reporters: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    reports: int = 0
    kind: str = "post"
    language: str | None = None
    state: str = "open"
    score: float | None = None
    hidden: bool = False
    edited: bool = False
    claimed_by: str = ""
    claim_mine: bool = False
    category: str = ""
    tags: tuple[str, ...] = ()
    text: str = ""
    question: str | None = None
    clock_ms: int | None = None
    amber_ms: int | None = None
    due_ms: int | None = None
    assigned: str = ""
    assigned_mine: bool = False
    watched: bool = False
    first: bool = False
    flags: tuple[str, ...] = ()
    """What is known of a member (`store.people.flags`)."""
    community: str = ""
    """The identity of the community."""


class Around(Struct, frozen=True):
    """What a filter needs beside the row: the clock, and the ids that are marked, mine, new, or like an item.

    `like` has, for each value of a `like:` word, the ids of the near copies; `communities`, for each value of a
    `community:` word, the identities that it names. A value that is missing matches nothing.
    """

    now_ms: int = 0
    marked: Container[str] = frozenset()
    mine: Container[str] = frozenset()
    new: Container[str] = frozenset()
    like: Mapping[str, Container[str]] = field(default_factory=dict)
    communities: Mapping[str, Collection[str]] = field(default_factory=dict)


_NOTHING_AROUND = Around()


class Term(Struct, frozen=True):
    """One word of a filter. `values` are alternatives, folded to lower case; `number` is set for > and <."""

    key: str
    op: Op
    values: tuple[str, ...]
    negative: bool = False
    number: float = 0.0

    def holds(self, facts: Facts, around: Around) -> bool:
        """Whether this word holds for a row."""
        return self._plain(facts, around) is not self.negative

    def _plain(self, facts: Facts, around: Around) -> bool:
        if self.op != ":":
            return self._compares(facts, around)
        return _TESTS[self.key](self, facts, around)

    def _compares(self, facts: Facts, around: Around) -> bool:
        have: float | None
        if self.key == "reports":
            have = facts.reports
        elif self.key == "age":
            have = around.now_ms - facts.since_ms
        else:
            have = facts.score
        if have is None:
            return False
        if self.op == ">":
            return have > self.number
        if self.op == "<":
            return have < self.number
        return have >= self.number if self.op == ">=" else have <= self.number


class Filter(Struct, frozen=True):
    """A filter that was read: `text` as it was typed, `terms` in its order. An empty one lets everything through."""

    text: str = ""
    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def matches(self, row: Facts | Item, around: Around = _NOTHING_AROUND) -> bool:
        """Whether the row passes."""
        facts = facts_of(row) if isinstance(row, Item) else row
        return all(term.holds(facts, around) for term in self.terms)

    @property
    def likes(self) -> tuple[str, ...]:
        """The item numbers of `like:` words, which the caller looks up before it asks `matches`."""
        return tuple(value for term in self.terms if term.key == "like" for value in term.values)

    def uses(self, *keys: str) -> bool:
        """Whether a word with one of these keys is in it (`is:marked` is asked for as `is:marked`)."""
        words = {word for term in self.terms for word in (term.key, *(f"{term.key}:{value}" for value in term.values))}
        return not words.isdisjoint(keys)

    @property
    def communities(self) -> tuple[str, ...]:
        """What `community:` words name, which the caller looks up before it asks `matches`."""
        return tuple(value for term in self.terms if term.key == "community" for value in term.values)

    @property
    def any_state(self) -> bool:
        """Whether it asks for rows that are not open, too. A question that waits is open."""
        return any(term.key == "state" and not WAITING.issuperset(term.values) for term in self.terms)


EVERYTHING = Filter()


def facts_of(item: Item) -> Facts:
    """What a filter can ask about a whole item."""
    body = item.source if item.source is not None else item.body.text if item.body else ""
    asked, due = item.question, item.due
    return Facts(
        id=item.id, number=item.number, since_ms=item.since_ms, author=item.author.username if item.author else "",
        reporters=tuple(r.reporter.username for r in item.reports if r.reporter), reasons=item.reasons,
        reports=sum(r.open for r in item.reports), kind=item.kind, language=item.language, state=item.state,
        score=item.score, hidden=item.hidden, edited=item.edits > 0 or item.edited_ms is not None,
        claimed_by=item.claim.by if item.claim else "", claim_mine=bool(item.claim and item.claim.mine),
        category=item.place.category or "", tags=tuple(item.place.tags), text=f"{item.title}\n{body}",
        flags=flags(item.author) if item.lane == "members" and item.author else (),
        question=asked.state if asked else None, clock_ms=asked.clock_ms if asked else None,
        amber_ms=due.amber_ms if due else None, due_ms=due.due_ms if due else None,
        assigned=asked.assigned or "" if asked else "", assigned_mine=bool(asked and asked.assigned_mine),
        watched=bool(asked and asked.watched), first=bool(asked and asked.first), community=item.ref.community,
    )  # fmt: skip


def parse(text: str) -> Filter:
    """Read a filter. Raises UsageError with a sentence that names the nearest valid word."""
    terms: list[Term] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise UsageError(f"The filter cannot be read from {text[at:at + 20]!r} on.")
        minus, key, op, quoted, bare = match.groups()
        if bare is not None and bare.startswith('"'):
            raise UsageError("A quote in the filter is not closed.", 'Write text:"two words".')
        at = match.end()
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare
        terms.append(_term(bool(minus), key, op, value, quoted is not None, match.group(0)))
    return Filter(text=text.strip(), terms=tuple(terms))


def _term(negative: bool, key: str | None, op: str | None, value: str, quoted: bool, whole: str) -> Term:
    if key is None or op is None or value.startswith("//"):
        word = value if key is None else whole.lstrip("-")
        if not word:
            lone = "A minus in the filter stands alone." if negative else "The filter has empty quotes."
            raise UsageError(lone, "Write -is:claimed, for one." if negative else 'Write "two words".')
        return Term("text", ":", (plain_case(word),), negative)
    name = key.lower()
    if name not in _KNOWN:
        raise UsageError(f'There is no filter word "{key}".', _nearest(name, _KNOWN, op if op == ":" else ""))
    if not value:
        raise UsageError(f'The filter word "{key}{op}" has no value.', f"It is {WORDS.get(name) or NUMBERS[name]}.")
    if name in NUMBERS:
        return _number(negative, name, op, value)
    if op != ":":
        raise UsageError(f'"{name}" is not a number.', f"Write {name}:{value}")
    values = (value,) if quoted or name == "text" else tuple(part for part in value.split(",") if part)
    fold = plain_case if name == "text" else str.casefold
    return Term(name, ":", tuple(_check(name, fold(one).lstrip("#@")) for one in values), negative)


def _number(negative: bool, name: str, op: str, value: str) -> Term:
    if op == ":":
        raise UsageError(f'"{name}" is compared with > or <.', f"Write {name}>{value}")
    try:
        if name == "age":
            length = parse_duration(value)
            if length is None:
                raise ValueError("A filter's age has an end.")
            return Term(name, op, (value,), negative, float(length))  # type: ignore[arg-type]
        return Term(name, op, (value,), negative, float(value))  # type: ignore[arg-type]
    except ValueError as error:
        if name == "age":
            raise UsageError(str(error)) from None
        raise UsageError(f'"{value}" is not a number.', f"It is {NUMBERS[name]}.") from None


def _check(name: str, value: str) -> str:
    """A value of a closed list, completed from its beginning ("held" is "held post"); others as they are."""
    choices: tuple[str, ...]
    if name == "is":
        choices = IS
    elif name == "kind":
        choices = KINDS
    elif name == "state":
        choices = STATES
    elif name == "reason":
        choices = REASONS
    else:
        return value
    if value in choices:
        return value
    starts = [choice for choice in choices if choice.startswith(value)]
    if len(starts) == 1:
        return starts[0]
    raise UsageError(f'"{name}:" knows no "{value}".', _nearest(value, choices))


def _nearest(word: str, choices: tuple[str, ...], suffix: str = "") -> str:
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    if near:
        return f'Did you mean "{near[0]}{":" if near[0] in WORDS and suffix == ":" else ""}"?'
    return "There are " + ", ".join(choices) + "."


def named(pattern: str, name: str) -> bool:
    """A whole name in any case; `*` stands for any signs."""
    if "*" not in pattern:
        return name.casefold() == pattern
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name.casefold(), re.DOTALL) is not None


def _is(value: str, facts: Facts, around: Around) -> bool:
    if value == "mine":
        return facts.claim_mine or facts.assigned_mine or facts.id in around.mine
    if value == "late":
        return facts.due_ms is not None and facts.due_ms <= around.now_ms
    if value == "soon":
        return facts.amber_ms is not None and facts.amber_ms <= around.now_ms and not _is("late", facts, around)
    if value == "assigned":
        return bool(facts.assigned) or facts.assigned_mine
    if value == "first":
        return facts.first
    if value == "watched":
        return facts.watched
    if value == "marked":
        return facts.id in around.marked
    if value == "claimed":
        return bool(facts.claimed_by)
    if value == "hidden":
        return facts.hidden
    if value == "new":
        return facts.id in around.new or value in facts.flags
    if value in OF_MEMBERS:
        return value in facts.flags
    if value == "open":
        return facts.state == "open"
    if value == "edited":
        return facts.edited
    return any(reason in SEVERE for reason in facts.reasons)


def _lang(value: str, facts: Facts) -> bool:
    if value in ("none", "?", "??"):
        return facts.language is None
    return facts.language is not None and facts.language.casefold().split("-")[0].split("_")[0] == value


_TESTS: dict[str, Callable[[Term, Facts, Around], bool]] = {
    "author": lambda t, f, a: any(named(v, f.author) for v in t.values),
    "reporter": lambda t, f, a: any(named(v, name) for v in t.values for name in f.reporters),
    "reason": lambda t, f, a: any(v in f.reasons for v in t.values),
    "kind": lambda t, f, a: f.kind in t.values,
    "lang": lambda t, f, a: any(_lang(v, f) for v in t.values),
    "text": lambda t, f, a: any(v in text for text in [plain_case(f.text)] for v in t.values),
    "like": lambda t, f, a: any(f.id in a.like.get(v, ()) for v in t.values),
    "is": lambda t, f, a: any(_is(v, f, a) for v in t.values),
    "state": lambda t, f, a: f.state in t.values or f.question in t.values,
    "category": lambda t, f, a: any(v in f.category.casefold() for v in t.values),
    "community": lambda t, f, a: any(f.community in a.communities.get(v, ()) for v in t.values),
    "tag": lambda t, f, a: any(v == tag.casefold() for v in t.values for tag in f.tags),
}
