"""What is done to a topic and to posts as texts: replies, edits, locks, pins, places, tags. The steps, what each
causes, how it is undone. Pure. It works for questions and for reported posts alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modtui.backends.nodebb.making import made, sends
from modtui.backends.nodebb.site import Site
from modtui.domain.decisions import Effect, Intent, Plan, PlannedStep, Step
from modtui.domain.items import Item, Offer
from modtui.errors import Refused, UsageError
from modtui.text import own, say, show_line

_READ = "whoever has read the reply has read it"
_ADDRESS = re.compile(r"/topic/(\d{1,19})(?:[/?#].*)?$")
_INVERSE = {
    "lock": "unlock", "unlock": "lock", "pin": "unpin", "unpin": "pin", "delete": "restore", "restore": "delete",
    "watch": "unwatch", "unwatch": "watch",
}  # fmt: skip
_DONE = {
    "lock": ("topic locked", "locked: it can be read, and only moderators can answer"),
    "unlock": ("topic open", "open again"), "pin": ("topic pinned", "stands first in its category"),
    "unpin": ("topic not pinned", "stands where its time puts it"),
    "delete": ("topic deleted", "deleted with all its posts: members no longer read it, moderators do"),
    "restore": ("topic restored", "members read it again"),
    "watch": ("watched", "the forum tells you of new posts"),
    "unwatch": ("not watched any more", "the forum tells you of new posts no more"),
    "purge": ("topic erased", "erased for good, with all its posts"),
}  # fmt: skip
_TOPIC_OFFERS = {
    "lock": "lock", "unlock": "unlock", "pin": "pin", "unpin": "unpin", "delete_topic": "delete",
    "restore_topic": "restore", "purge_topic": "purge", "watch": "watch", "unwatch": "unwatch",
}  # fmt: skip


def topic_of(item: Item) -> str:
    """The number of the topic in which `item` stands. Raises Refused."""
    tid = item.ref.native if item.ref.kind == "question" else item.place.thread_id
    if not tid or not (tid.isascii() and tid.isdecimal()):
        raise Refused("The forum does not say in which topic this stands.")
    return tid


def topic_step(item: Item, act: str) -> PlannedStep:
    """One step on the topic."""
    return sends("topic", _DONE[act][0], tid=topic_of(item), act=act)


def make(site: Site, item: Item, intent: Intent, offer: Offer) -> Plan | None:
    """The plan of an action on the topic; None for what is something else."""
    act = _TOPIC_OFFERS.get(offer.id)
    if act is not None:
        return _topic(item, act)
    match offer.id:
        case "reply":
            return _reply(item, intent)
        case "duplicate":
            return _duplicate(site, item, intent)
        case "move":
            return _move(site, item, intent)
        case "tag":
            return _tag(item, intent)
        case "edit" if item.kind == "question":
            return edit(item, intent)
    return None


def _topic(item: Item, act: str) -> Plan:
    effect = Effect("team" if act in ("watch", "unwatch") else "thread", own(_DONE[act][1]))
    if act == "purge":
        return made(
            [topic_step(item, act)], [effect], stays=("nothing of it can be brought back",), none=True,
            asks=f"Erase topic {topic_of(item)} with all its posts for good? Nothing can bring it back.",
        )  # fmt: skip
    return made([topic_step(item, act)], [effect])


# --- replies


def _typed(intent: Intent) -> str:
    return (intent.text or "").replace("\r\n", "\n").strip()


def _reply(item: Item, intent: Intent) -> Plan:
    if intent.audience != "public":
        what = "has no posts that only the team reads" if intent.audience == "staff" else "gets no chat from modtui"
        raise Refused(f"The forum {what}.")
    if intent.accept:
        raise Refused("A token cannot mark an answer on NodeBB: reply, and mark it on the forum.")
    text = _typed(intent)
    if not text:
        raise UsageError("The reply is empty.")
    to = intent.post or (item.place.post_id if item.ref.kind == "flag" else None)
    if to is not None and not (to.isascii() and to.isdecimal()):
        raise UsageError("A post is named by its number on the forum.")
    if item.kind == "question" and to == item.place.post_id:
        to = None
    steps = [_post(item, text, to)]
    effects = [
        Effect("thread", say("gets your reply to post {n}", n=to) if to else own("gets your reply")),
        Effect("author", own("is told by the forum")),
    ]
    if intent.close:
        if item.place.closed:
            raise Refused("The topic is locked already.")
        steps.append(topic_step(item, "lock"))
        effects.append(Effect("thread", own(_DONE["lock"][1])))
    return made(steps, effects, stays=(_READ,))


def _post(item: Item, text: str, to: str | None) -> PlannedStep:
    return sends("reply", "reply sent", reaches=True, tid=topic_of(item), to=to, text=text)


def _duplicate(site: Site, item: Item, intent: Intent) -> Plan:
    given = (intent.to or "").strip()
    found = _ADDRESS.search(given) if given.startswith(site.base + "/") else None
    original = found[1] if found else given if given.isascii() and given.isdecimal() and len(given) < 20 else ""
    if not original or not int(original):
        raise UsageError("Name the topic that this one repeats: its number or its address on this forum.")
    if int(original) == int(topic_of(item)):
        raise Refused("A topic does not repeat itself: name another one.")
    link = f"{site.base}/topic/{int(original)}"
    text = _typed(intent)
    if not text:
        text = f"This question has been asked before. It goes on here: {link}"
    elif link not in text:
        text = f"{text}\n\n{link}"
    effects = [
        Effect("thread", own("gets a reply with the link")), Effect("thread", own(_DONE["lock"][1])),
        Effect("author", own("is told by the forum")),
    ]  # fmt: skip
    return made([_post(item, text, None), topic_step(item, "lock")], effects, stays=(_READ,))


# --- its place


def _move(site: Site, item: Item, intent: Intent) -> Plan:
    to = (intent.to or "").strip()
    if not (to.isascii() and to.isdecimal()) or len(to) > 12:
        raise UsageError("Choose the category to move it to.")
    if to == item.place.category_id:
        raise Refused("It stands in this category already.")
    name = site.categories.get(int(to), to)
    step = sends("move", str(say("moved to {name}", name=name)), tid=topic_of(item), to=to, was=item.place.category_id)
    return made([step], [Effect("thread", say("moved to {name}", name=name))])


def _tag(item: Item, intent: Intent) -> Plan:
    if intent.tags is None:
        raise UsageError("Say which tags it shall have.")
    tags = list(dict.fromkeys(one.strip() for one in intent.tags if one.strip()))
    was = [str(one) for one in item.place.tags]
    if set(tags) == set(was):
        raise Refused("It has these tags already.")
    words = ", ".join(str(show_line(one)) for one in tags) or "none"
    step = sends("tags", "tags changed", tid=topic_of(item), tags=tags, was=was)
    return made([step], [Effect("thread", own(f"tags: {words}"))])


# --- texts


def edit(item: Item, intent: Intent) -> Plan:
    """Another text for a post (and another title, where it opens its topic)."""
    if not (intent.text or "").strip():
        raise Refused("The forum cannot keep a post without text.")
    pid = item.place.post_id
    if pid is None:
        raise Refused("The forum does not say which post this is.")
    if item.source is None:
        raise Refused("The text of the post is not known yet: open it first.")
    args: dict[str, Any] = {"pid": pid, "text": str(intent.text), "before": str(item.source)}
    if intent.title is not None and intent.title != item.title and item.native.get("main"):
        if not intent.title.strip():
            raise Refused("The forum cannot keep a topic without a title.")
        args |= {"title": intent.title, "title_before": str(item.title)}
    step = sends("edit_post", "post edited", **args)
    effects = [Effect("post", own("edited; the forum keeps the versions")), Effect("author", own("is told nothing"))]
    return made([step], effects, stays=("the post stays marked as edited",))


# --- and back


def inverse(step: Step, data: Mapping[str, Any]) -> tuple[list[PlannedStep], tuple[str, ...]] | None:
    """The steps that take back a step of this file and what stays all the same; None for other steps."""
    args = step.call.args
    match step.call.name:
        case "reply":
            pid = str(data.get("post") or "")
            if not pid:
                return [], ("the reply waits for approval: reject it there",) if data.get("queued") else ("it stays",)
            return [sends("take_back", "reply deleted", pid=pid)], (_READ,)
        case "topic" if args["act"] in _INVERSE:
            if data.get("already"):
                return [], (f"{step.words}: it was so before",)
            act = _INVERSE[args["act"]]
            return [sends("topic", _DONE[act][0], tid=args["tid"], act=act)], ()
        case "move":
            if not args.get("was"):
                return [], ("its category before is not known",)
            return [sends("move", "moved back", tid=args["tid"], to=args["was"], was=args["to"])], ()
        case "tags":
            return [sends("tags", "tags as before", tid=args["tid"], tags=args["was"], was=args["tags"])], ()
        case "edit_post":
            back: dict[str, Any] = {"pid": args["pid"], "text": args["before"], "before": args["text"]}
            if "title" in args:
                back |= {"title": args["title_before"], "title_before": args["title"]}
            return [sends("edit_post", "old text back", **back)], ("the post stays marked as edited",)
    return None
