"""The sentences of the message line, in one place, so that they stay alike (screens.md: "Sentences of the hint line").

Everything here is pure. Foreign parts go through `say`, which makes them harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from modtui.desk import reply_words
from modtui.desk.events import Link
from modtui.desk.route_words import to_whom
from modtui.domain.decisions import Decision, Effect, Intent, Plan, Step, Target
from modtui.domain.items import Item
from modtui.domain.reasons import Reason
from modtui.domain.seen import Difference
from modtui.domain.subjects import LANES
from modtui.text import Foreign, Shown, count, join, own, say, show_line
from modtui.text.time import duration

_DID = {
    "approve": "kept", "remove": "removed", "spam": "removed", "ignore": "ignored", "restore": "restored",
    "edit": "edited", "claim": "claimed", "release": "released", "note": "noted", "silence": "silenced",
    "unsilence": "lifted the silence of", "ban": "banned", "unban": "lifted the ban of", "lock": "locked",
    "unlock": "unlocked", "purge": "deleted for good", "warn": "warned", "reply": "answered", "accept": "accepted",
    "unaccept": "took the mark of the answer off", "duplicate": "marked as a duplicate:", "move": "moved",
    "tag": "tagged", "assign": "assigned", "unassign": "unassigned", "bookmark": "bookmarked",
    "unbookmark": "dropped the bookmark of", "watch": "watching", "unwatch": "no longer watching",
    "logout": "logged out", "erase": "deleted as a spammer:", "escalate": "escalated", "reopen": "reopened",
    "offer": "acted on",
}  # fmt: skip
_IMPERATIVE = {
    "approve": "keep", "spam": "remove as spam", "unsilence": "lift the silence", "unban": "lift the ban",
    "purge": "delete for good", "reply": "answer", "accept": "accept", "offer": "do it",
    "unaccept": "take the mark of the answer off", "duplicate": "mark as a duplicate", "logout": "log out",
    "unbookmark": "drop the bookmark", "unwatch": "watch no longer", "erase": "delete as a spammer",
}  # fmt: skip
_PENDING = {"approve": "approved", "remove": "rejected"}
_PENDING_IMPERATIVE = {"approve": "approve", "remove": "reject"}
_NOUN = {"reports": "post", "pending": "item", "questions": "question", "members": "member", "escalated": "item"}

STATE_DONE = {"kept": "kept", "removed": "removed", "ignored": "ignored", "deleted": "deleted", "gone": "gone"}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """`text` with a capital at the start and a full stop at the end, as one sentence among others."""
    text = _capital(text.strip())
    return text if not text or text[-1] in ".!?" else text + "."


def lane_of(target: Target) -> str:
    """The lane of the row that was decided on."""
    lane = target.item.split("/", 1)[0]
    return lane if lane in LANES else "reports"


def did(verb: str, lane: str = "reports") -> str:
    """What was done, in the past: `removed`; held posts and sign-ups are `approved` and `rejected`."""
    if lane == "pending" and verb in _PENDING:
        return _PENDING[verb]
    if lane == "members" and verb == "approve":
        return "approved"
    return _DID.get(verb, verb)


def closes(verb: str) -> bool:
    """Whether the verb takes the item out of its lane."""
    return verb in ("approve", "remove", "spam", "ignore", "purge")


def do(verb: str, lane: str = "reports") -> str:
    """What the verb asks for: `keep`, `remove`, `remove as spam`."""
    if lane == "pending" and verb in _PENDING_IMPERATIVE:
        return _PENDING_IMPERATIVE[verb]
    return _IMPERATIVE.get(verb, verb)


def things(number: int, lane: str = "reports") -> Shown:
    """`37 posts`, `1 item`: the targets of a decision, counted."""
    return count(number, _NOUN.get(lane, "item"))


_OF = {"post": "post ", "thread": "thread ", "author": "author "}


def effect(one: Effect) -> Shown:
    """One consequence as a clause of its own: `post is hidden`, `1 report closed as right`."""
    head = _OF.get(one.on, "") if one.on != "author" or one.words.startswith(("is ", "erased")) else ""
    return say("{head}{words}", head=own(head), words=one.words) if not head else own(head + one.words)


def effects(plan: Plan) -> Shown:
    """All consequences of a plan in one sentence without a full stop."""
    return join("; ", (effect(one) for one in plan.effects))


def sanction_words(intent: Intent) -> str:
    """`ban 7 days`, empty without a sanction."""
    if intent.sanction is None:
        return ""
    length = intent.sanction.duration_ms
    return f"{intent.sanction.kind} {'for good' if length is None else duration(length)}"


def detail(intent: Intent, reasons: Sequence[Reason] = (), steps: Sequence[Step] = ()) -> Shown:
    """The part after the author: `reason 2, ban 7 days, message`. Empty when there is nothing to add. `steps` are those
    of the decision, where there is one: they know the title of a route."""
    parts: list[str] = []
    if intent.verb == "spam":
        parts.append("spam")
    elif intent.reason or intent.reason_title or intent.reason_text:
        found = next((reason for reason in reasons if reason.id == intent.reason), None)
        if found is not None and found.digit:
            parts.append(f"reason {found.digit}")
        elif found is not None:
            parts.append(found.title)
        else:
            parts.append(show_line(intent.reason_title or intent.reason or "own words", 40))
    if intent.sanction is not None and intent.verb not in ("ban", "silence"):
        parts.append(sanction_words(intent))
    elif intent.sanction is not None:
        length = intent.sanction.duration_ms
        parts.append("for good" if length is None else str(duration(length)))
    if intent.lock:
        parts.append("thread locked")
    if intent.message:
        parts.append("message")
    if to := to_whom(intent, steps):
        parts.append(to)
    return say("{words}", words=", ".join(parts))


def subject(decision: Decision) -> Shown:
    """What a decision is about: `#4127 by tante_erna`, `37 posts`."""
    if len(decision.targets) != 1:
        return things(len(decision.targets), lane_of(decision.targets[0]) if decision.targets else "reports")
    target = decision.targets[0]
    if lane_of(target) == "members" and target.author:
        return say("{author}", author=target.author)
    if target.author:
        return say("#{number} by {author}", number=target.number, author=target.author)
    return say("#{number}", number=target.number)


def short(decision: Decision) -> Shown:
    """The shortest name: `#4127`, `37 posts`."""
    if len(decision.targets) == 1:
        return say("#{number}", number=decision.targets[0].number)
    return subject(decision)


def act(decision: Decision, reasons: Sequence[Reason] = ()) -> Shown:
    """`Removed #4127 by tante_erna, reason 2`, without a full stop. An undo is `Took back: ...`."""
    lane = lane_of(decision.targets[0]) if decision.targets else "reports"
    if decision.undo_of is not None:
        return say("Taking back {subject}", subject=subject(decision))
    told = decision.intent.message or next((target.message for target in decision.targets if target.message), None)
    more = detail(replace(decision.intent, message=told), reasons, steps_of(decision))
    words = say("{did} {subject}", did=_capital(did(decision.verb, lane)), subject=subject(decision))
    more = more or _whereto(decision)
    return say("{words}, {more}", words=words, more=more) if more else words


def steps_of(decision: Decision) -> Sequence[Step]:
    """The steps of its first target; all targets of a decision have the same kinds."""
    return decision.targets[0].steps if decision.targets else ()


def _whereto(decision: Decision) -> Shown:
    """To whom a thread was given, or where it was moved; only its step knows the name: `to kestrel`."""
    steps = decision.targets[0].steps if len(decision.targets) == 1 else ()
    began, _, rest = steps[0].words.partition(" to ") if steps and decision.verb in ("assign", "move") else ("", "", "")
    return say("to {name}", name=rest) if rest and began == did(decision.verb) else own("")


def seconds(ms: int) -> str:
    """A wait as the message line says it: `60 s`, `9 s`, `5 min`."""
    return f"{-(-ms // 1000)} s" if ms < 120_000 else f"{round(ms / 60_000)} min"


def decided(
    decision: Decision, reasons: Sequence[Reason] = (), *, link: Link | None = None, skipped: int = 0
) -> Shown:
    """What just happened, with the way back: `Removed #4127 by tante_erna, reason 2. u takes it back (60 s free).`"""
    many = len(decision.targets) > 1
    it = "them all" if many else "it"
    steps = [step for target in decision.targets for step in target.steps]
    at_once = [step for step in steps if step.due_ms <= decision.created_ms]
    waits = ""
    if link is not None and link.state in ("offline", "down", "too-fast", "signed-out", "no-rights", "wrong-site"):
        waits = {"offline": "for the line", "down": "for the site", "too-fast": "for the site"}.get(
            link.state, "until the sign-in works"
        )
    if decision.verb == "reply" and decision.undo_of is None:
        held = seconds(decision.hold_ms) if decision.hold_ms else ""
        left = [own(f"{skipped:,} left out.")] if skipped else []
        return join(" ", [reply_words.decided(decision, waits=waits, held=held), *left])
    if waits:
        way = f"Waits {waits}; u takes {it} back (free)."
    elif not decision.hold_ms:
        way = f"Goes out now; u takes {it} back (asks first)."
    elif at_once and len(at_once) < len(steps):
        rest = "message" if any(step.reaches for step in steps if step.due_ms > decision.created_ms) else "the rest"
        way = f"Goes out at once, {rest} in {seconds(decision.hold_ms)}; u takes {it} back."
    else:
        way = f"u takes {it} back ({seconds(decision.hold_ms)} free)."
    parts = [say("{act}.", act=act(decision, reasons)), own(way)]
    if skipped:
        parts.append(own(f"{skipped:,} left out."))
    return join(" ", parts)


def conflict(decision: Decision, target: Target) -> Shown:
    """A conflict, for the message line."""
    what = "; ".join(target.conflict) or "it changed meanwhile"
    return say("Not sent: #{number} is not what you saw ({what}). U shows it.", number=target.number, what=what)


def differences_words(found: Iterable[Difference]) -> tuple[str, ...]:
    """The words of a conflict, each once."""
    return tuple(dict.fromkeys(difference.words for difference in found))


def changed_again(number: str, found: Iterable[Difference]) -> str:
    """`m` on a conflict whose page shows something older than what is there now."""
    return f"#{number} has changed again since you looked: {'; '.join(differences_words(found))}."


def partly(target: Target) -> Shown:
    """Which part of a decision is in force: `removed, but refused: ban (right lost)`."""
    done = [step.words for step in target.steps if step.state == "done"]
    failed = [step for step in target.steps if step.state in ("refused", "conflict", "discarded", "undone")]
    if not failed:
        return say("{done}", done=", ".join(done) or "nothing to do")
    first = failed[0]
    why = first.error or ("; ".join(target.conflict) if first.state == "conflict" else "")
    state = {"refused": "refused", "conflict": "not sent", "discarded": "dropped", "undone": "taken back"}[first.state]
    parts = [say("in force: {done}", done=", ".join(done))] if done else []
    template = "{state}: {words} ({why})" if why else "{state}: {words}"
    if why and len(target.steps) == 1:  # why is what one wants to read; what was wanted stands beside it
        template, why = "{state}: {why}", why.rpartition(" refuses: ")[2]
    parts.append(say(template, state=own(state), words=first.words, why=show_line(why, 200).rstrip(".")))
    return join("; ", parts)


def not_possible(verb: str, why: str, role: str = "") -> Shown:
    """A dim verb: `Lock is not possible here: needs trust 4 or staff (you: moderator).`"""
    template = "{verb} is not possible here: {why} (you: {role})." if role else "{verb} is not possible here: {why}."
    return say(template, verb=_capital(do(verb)), why=why.strip().rstrip("."), role=role)


def claimed(by: Foreign, since_ms: int | None, now_ms: int, verb: str, lane: str = "reports") -> Shown:
    """The question before deciding on what another has taken."""
    if since_ms is None:
        return say("{by} has taken this. {verb} it anyway? y/N", by=by, verb=_capital(do(verb, lane)))
    long = duration(max(1000, now_ms - since_ms))
    return say("{by} has had this for {long}. {verb} it anyway? y/N", by=by, long=long, verb=_capital(do(verb, lane)))


def too_fast(key: str) -> Shown:
    """A key before the item was painted long enough."""
    return say("Too fast to have been read: nothing decided. Press {key} again.", key=key)


def pasted(keys: int) -> Shown:
    """Pasted text."""
    return say("Pasted text decides nothing ({keys} ignored).", keys=count(keys, "key"))


def marks_elsewhere(verb: str, number: int, lane: str = "reports") -> Shown:
    """Marks, and another item is shown."""
    return say(
        "{verb} the {number} marked {things}? The one you see is NOT among them. y yes, t only this one, N",
        verb=_capital(do(verb, lane)), number=number, things=own(_NOUN.get(lane, "item") + "s"),
    )  # fmt: skip


def one_mark(verb: str, marked: str, shown: str, lane: str = "reports") -> Shown:
    """One forgotten mark."""
    return say(
        "1 {thing} is marked (#{marked}), you see #{shown}. {verb} which? m the marked, t this one, q neither",
        thing=own(_NOUN.get(lane, "item")), marked=marked, shown=shown, verb=_capital(do(verb, lane)),
    )  # fmt: skip


def nothing_matches(filter_text: str, hidden: int) -> Shown:
    """The filter leaves nothing."""
    others = f"{hidden:,} others are hidden" if hidden != 1 else "1 other is hidden"
    return say("Nothing matches {filter}. {others}. Esc clears the filter.", filter=filter_text, others=own(others))


def new_ones(number: int) -> Shown:
    """New rows wait for a merge."""
    return say("{number} new. R shows them; your row stays.", number=number)


def leave(held: int, wait_s: float) -> Shown:
    """`q` at the top while decisions are held."""
    are = "is" if held == 1 else "are"
    return say(
        "Leave modtui? {held} {are} held for {wait}. q again: wait and leave; s: send now; any other key stays.",
        held=held, are=own(are), wait=own(seconds(int(max(0.0, wait_s) * 1000))),
    )  # fmt: skip


def repeat(decision: Decision, item: Item, reasons: Sequence[Reason] = ()) -> Shown:
    """`.` after a decision that reached a person."""
    intent = decision.intent
    parts = [do(intent.verb, item.lane), detail(intent, reasons, steps_of(decision))]
    words = ", ".join(part for part in parts if part)
    return say('Repeat "{words}" on {author}? y/N', words=words, author=item.author.username if item.author else "this")


def ctrl_c() -> Shown:
    """ctrl+c leaves nothing."""
    return own("q leaves. ctrl+c does nothing here.")


def read_only() -> Shown:
    """The sentence of `--read-only`."""
    return own("Read-only: nothing is sent (started with --read-only).")


def read_only_there(name: str) -> Shown:
    """The sentence of `read_only = true` of one community."""
    return say("Read-only: nothing is sent to {name} (read_only in the settings).", name=name)


def already(decision: Decision | None) -> str:
    """Why an item was left out of a decision: it has one."""
    return {
        "held": "you decided on it already: it is held", "sending": "your decision on it is on its way",
        "unknown": "the fate of your last decision on it is not known yet",
    }.get(decision.state if decision else "held", "you decided on it already")  # fmt: skip
