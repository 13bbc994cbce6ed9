"""What is done to a thread: replies, answers, its place, who has it. The steps, what each causes, how it is undone.

Pure. A step's `topic` is the thread's id; a post that only the step before it makes is named by the digest of its text
(`after`), since a plan cannot know its id.
"""

from __future__ import annotations

import re
from typing import Any

from modtui.backends.discourse.site import Site
from modtui.backends.discourse.thread_offers import LABELS, assigned_words, thread_capability, topic_of
from modtui.backends.discourse.thread_routes import handed_over
from modtui.backends.discourse.thread_undo import assignee
from modtui.backends.discourse.words import cut
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Call, Effect, Intent, Plan, PlannedStep
from modtui.domain.items import Item
from modtui.domain.seen import text_digest
from modtui.errors import Refused, UsageError
from modtui.text import Foreign, say, show_line
from modtui.text.time import stamp

TITLE_LIMIT = 250
_ADDRESS = re.compile(r"/t/(?:[^/?#]*[^/?#\d][^/?#]*/)?(\d{1,12})(?:[/?#].*)?$")
"""A slug has at least one sign that is no digit: /t/34/5 is a post of topic 34."""
Made = tuple[list[PlannedStep], list[Effect]]


def plan(site: Site, item: Item, intent: Intent) -> Plan:
    """The plan of a verb on the thread of `item`. Raises Refused where it is not possible, UsageError where the intent
    leaves out what it needs."""
    from modtui.backends.discourse.undo import reversal_of

    verb = intent.verb
    can = thread_capability(site, item, verb)
    if isinstance(can, Blocked):
        raise Refused(f"{verb.capitalize()} is not possible here: {can.sentence}.")
    if intent.offer not in (None, f"our_{verb}"):
        raise Refused(f"The site does not offer {show_line(intent.offer or '')} on this item.")
    topic = topic_of(item) or 0
    steps, effects = _MAKERS[verb](site, item, intent, topic)
    reversal, stays = reversal_of(item, [step.call for step in steps])
    return Plan(
        verb=verb, offer=f"our_{verb}", label=Foreign(LABELS[verb]), steps=tuple(steps), effects=tuple(effects),
        reversal=reversal, stays=stays, asks=_asks(item, intent),
        tells_author=verb in ("reply", "duplicate") and intent.audience == "public",
    )  # fmt: skip


def _asks(item: Item, intent: Intent) -> Foreign | None:
    """A question before a second answer to what waits for approval already."""
    waits = item.question is not None and item.question.state == "held"
    if waits and intent.verb in ("reply", "duplicate") and intent.audience == "public":
        return Foreign("A reply of yours waits for approval here. Write another one?")
    return None


# --- replies


def _reply(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    text = _typed(intent)
    if not text:
        raise UsageError("The reply is empty.")
    if intent.audience == "private":
        return _private(site, item, intent, text)
    if intent.audience == "staff" and not site.threads.whispers:
        raise Refused("This account cannot write whispers on this site.")
    if intent.accept and intent.audience != "public":
        raise Refused("Only a public reply can be marked as the answer.")
    steps, effects = _post(item, intent, topic, text, whisper=intent.audience == "staff")
    mark = text_digest(text)
    if intent.accept:
        blocked = _cannot_mark(site, item)
        if blocked:
            raise Refused(f"The reply cannot be marked as the answer: {blocked}.")
        steps.append(PlannedStep(call=_accept_call(item, topic, None, mark), words="reply marked as the answer"))
        effects.append(Effect("thread", say("is solved by this reply")))
    if intent.close:
        steps.append(_close(site, item, topic, mark))
        effects.append(Effect("thread", say("locked for replies")))
    return steps, effects


def _typed(intent: Intent) -> str:
    """The text as the site will keep it."""
    return (intent.text or "").replace("\r\n", "\n").strip()


def _cannot_mark(site: Site, item: Item) -> str:
    """Why a reply could not be marked as the answer, "" where it can be tried."""
    if site.threads.solved is False:
        return "this site marks no answers (its Solved plugin is off)"
    if item.question is not None and not item.question.can_accept:
        return "this category marks no answers"
    return ""


def _post(item: Item, intent: Intent, topic: int, text: str, *, whisper: bool) -> Made:
    post, number = intent.post, None
    if post is not None and not (post.isascii() and post.isdigit()):
        raise UsageError("A post to reply to is named by its number on the site.")
    if item.kind != "question" and (post is None or post == item.place.post_id):
        number, post = item.place.post_number, None  # a reported post is answered itself
    elif post is not None and post == item.place.post_id:
        number, post = item.place.post_number, None
    if number == 1:
        number = None  # an answer to the thread
    args = {"topic": topic, "raw": text, "to_post": int(post) if post else None, "to_number": number,
            "whisper": whisper}  # fmt: skip
    step = PlannedStep(call=Call("reply", args), words="whisper written" if whisper else "reply sent",
                       reaches=not whisper)  # fmt: skip
    if whisper:
        return [step], [Effect("team", say("only the team can read it"))]
    name = _asker(item)
    effects = [Effect("thread", say("gets your reply, which everybody can read"))]
    effects.append(Effect("author", say("the site tells {name} and those who watch the thread", name=name)))
    return [step], effects


def _private(site: Site, item: Item, intent: Intent, text: str) -> Made:
    if not site.threads.messages:
        raise Refused("This account may not write private messages on this site.")
    to = intent.to or (str(item.author.username) if item.author is not None else "")
    if not to:
        raise Refused("There is nobody to write to: the author has no account any more.")
    if intent.accept:
        raise Refused("A private message cannot be marked as the answer.")
    title = intent.message_title or f"About: {item.place.thread_title or item.title}"
    args = {"to": to, "title": cut(title, TITLE_LIMIT), "raw": text, "warning": False}
    steps = [PlannedStep(call=Call("message", args), words=f"message sent to {show_line(to)}", reaches=True)]
    effects = [Effect("author", say("{name} alone gets it, as a private message", name=to))]
    topic = topic_of(item)
    if intent.close and topic is not None:
        steps.append(_close(site, item, topic, None))
        effects.append(Effect("thread", say("locked for replies")))
    return steps, effects


def _close(site: Site, item: Item, topic: int, after: str | None) -> PlannedStep:
    can = thread_capability(site, item, "lock")
    if isinstance(can, Blocked):
        raise Refused(f"The thread cannot be locked: {can.sentence}.")
    args: dict[str, Any] = {"topic": topic, "status": "closed", "enabled": True}
    return PlannedStep(call=Call("topic", args | ({"after": after} if after else {})), words="thread locked")


def _duplicate(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    original = topic_number(site, intent.to)
    if original is None:
        raise UsageError("Name the thread that this one repeats: its number or its address.")
    if original == topic:
        raise Refused("A thread does not repeat itself: name another one.")
    link = f"{site.base}/t/{original}"
    text = _typed(intent)
    if not text:
        text = f"This question has been asked before. It goes on here: {link}"
    elif f"/t/{original}" not in text and not re.search(rf"/t/[^/\s]+/{original}\b", text):
        text = f"{text}\n\n{link}"
    steps, effects = _post(item, intent, topic, text, whisper=False)
    steps.append(_close(site, item, topic, text_digest(text)))
    effects.append(Effect("thread", say("locked for replies; the link leads to the original")))
    return steps, effects


def topic_number(site: Site, given: str | None) -> int | None:
    """The topic that an id or an address of this site names."""
    text = (given or "").strip()
    if text.isascii() and text.isdigit():
        return int(text) or None
    if text.startswith(("http://", "https://")) and not site.ours(text):
        raise Refused("That address is on another site.")
    found = _ADDRESS.search(text)
    return int(found[1]) if found else None


# --- answers


def _accept_call(item: Item, topic: int, post: int | None, after: str | None = None) -> Call:
    before = item.question.accepted if item.question is not None else None
    args: dict[str, Any] = {"topic": topic, "post": post, "before": int(before) if before else None}
    return Call("accept", args | ({"after": after} if after else {}))


def _accept(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    post = _post_number(intent.post)
    if post is None:
        if item.kind != "question":
            raise Refused("Accept is not possible here: choose the post of the thread that answers it.")
        raise UsageError("Choose the post that answers the question.")
    question = item.question
    if question is not None and question.accepted == str(post):
        raise Refused("This post is marked as the answer already.")
    if item.kind == "question" and str(post) == item.place.post_id:
        raise Refused("The question itself cannot be its answer.")
    steps = [PlannedStep(call=_accept_call(item, topic, post), words="answer marked")]
    effects = [Effect("thread", say("is solved by this post")),
               Effect("author", say("the site tells who wrote the answer"))]  # fmt: skip
    if question is not None and question.state == "solved":
        effects.insert(0, Effect("thread", say("another post is the answer no more")))
    return steps, effects


def _unaccept(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    given = intent.post or (item.question.accepted if item.question is not None else None)
    post = _post_number(given)
    if post is None and item.kind != "question":
        raise UsageError("Choose the post that is marked as the answer.")
    call = Call("unaccept", {"topic": topic, "post": post, "number": item.native.get("accepted")})
    return [PlannedStep(call=call, words="mark taken off")], [Effect("thread", say("counts as unsolved again"))]


def _post_number(given: str | None) -> int | None:
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()):
        raise UsageError("A post is named by its number on the site.")
    return int(given)


# --- its place


def _move(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    to = (intent.to or "").strip()
    if not (to.isascii() and to.isdigit()):
        raise UsageError("Choose the category to move it to.")
    if to == item.place.category_id:
        raise Refused("It stands in this category already.")
    name = site.categories.get(int(to))
    if site.categories and name is None:
        raise Refused("This site has no such category.")
    before = item.place.category_id
    args = {"topic": topic, "category": int(to), "before": int(before) if before and before.isdigit() else None}
    words = say("moved to {name}", name=name) if name else say("moved")
    return [PlannedStep(call=Call("move", args), words=str(words))], [Effect("thread", words)]


def _tag(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    if intent.tags is None:
        raise UsageError("Name all tags that the thread shall have.")
    after = list(dict.fromkeys(tag.strip() for tag in intent.tags if tag.strip()))
    before = [str(tag) for tag in item.place.tags]
    if sorted(after) == sorted(before):
        raise Refused("It has these tags already.")
    call = Call("tag", {"topic": topic, "tags": after, "before": before})
    effects = [Effect("thread", say("gets the tag {tag}", tag=tag)) for tag in after if tag not in before]
    effects += [Effect("thread", say("loses the tag {tag}", tag=tag)) for tag in before if tag not in after]
    words = f"tags: {', '.join(show_line(tag) for tag in after)}" if after else "tags removed"
    return [PlannedStep(call=call, words=words)], effects


# --- who has it


def _assign(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    who = assignee(intent.to)
    if who is None:
        raise UsageError("Choose who shall have it.")
    name = next(iter(who.values()))
    now = item.native.get("assigned")
    if now is not None and assignee(now) == who:
        raise Refused(f"{show_line(name)} has it already.")
    args = {"topic": topic, "who": who, "note": (intent.text or "").strip(), "before": now}
    effects = [Effect("team", say("{name} has the thread and is told by the site", name=name))]
    if now is not None:
        effects.append(Effect("team", say("{name} has it no more", name=assigned_words(item))))
    return [PlannedStep(call=Call("assign", args), words=f"assigned to {show_line(name)}")], effects


def _unassign(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    call = Call("unassign", {"topic": topic, "before": item.native.get("assigned")})
    words = say("{name} has it no more", name=assigned_words(item))
    return [PlannedStep(call=call, words="assignment taken away")], [Effect("team", words)]


# --- one's own marks


def _bookmark(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    known = item.native.get("bookmark")
    before = item.question.bookmarked_ms if item.question is not None else None
    args = {"topic": topic, "when_ms": intent.when_ms, "bookmark": known, "before_ms": before}
    words = say("bookmarked; the site reminds you {at}", at=stamp(intent.when_ms)) if intent.when_ms else say(
        "bookmarked, without a date"
    )
    return [PlannedStep(call=Call("bookmark", args), words="bookmarked")], [Effect("team", words)]


def _unbookmark(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    before = item.question.bookmarked_ms if item.question is not None else None
    args = {"topic": topic, "bookmark": item.native.get("bookmark"), "before_ms": before}
    return [PlannedStep(call=Call("unbookmark", args), words="bookmark deleted")], [
        Effect("team", say("the site does not remind you"))
    ]


def _watch(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    level = item.native.get("level")
    before = level if isinstance(level, int) and level != 3 else 1
    call = Call("level", {"topic": topic, "level": 3, "before": before})
    return [PlannedStep(call=call, words="watched")], [Effect("team", say("the site tells you of every reply"))]


def _unwatch(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    call = Call("level", {"topic": topic, "level": 1, "before": 3})
    return [PlannedStep(call=call, words="not watched any more")], [
        Effect("team", say("the site tells you of replies to yourself only"))
    ]


def _lock(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    on = intent.verb == "lock"
    call = Call("topic", {"topic": topic, "status": "closed", "enabled": on})
    words = say("locked for replies") if on else say("open for replies")
    return [PlannedStep(call=call, words="thread locked" if on else "thread unlocked")], [Effect("thread", words)]


def _asker(item: Item) -> str:
    return str(show_line(item.author.username)) if item.author else "the author"


def _escalate(site: Site, item: Item, intent: Intent, topic: int) -> Made:
    return handed_over(site, item, intent, topic)


_MAKERS = {
    "reply": _reply, "accept": _accept, "unaccept": _unaccept, "duplicate": _duplicate, "move": _move, "tag": _tag,
    "assign": _assign, "unassign": _unassign, "bookmark": _bookmark, "unbookmark": _unbookmark, "watch": _watch,
    "unwatch": _unwatch, "lock": _lock, "unlock": _lock, "escalate": _escalate,
}  # fmt: skip


def handles(item: Item, intent: Intent) -> bool:
    """Whether a thread verb is meant. Lock and unlock of reported posts are among their own offers."""
    if item.ref.kind == "user":
        return False
    return intent.verb in _MAKERS and (item.kind == "question" or intent.verb not in ("lock", "unlock"))
