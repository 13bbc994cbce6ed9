"""From an intent to the requests that carry it out, and back. Pure.

Calls name everything they need (they are journalled), so sending one needs no memory: what the subject was like when it
was decided (`was`, `expect`) stands in them, and lengths of bans, never their ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modtui.backends.nodebb import queue_plans, thread_plans
from modtui.backends.nodebb.making import made, sends
from modtui.backends.nodebb.offers import NEVER, NOT_HERE, beside, in_force, sanctionable
from modtui.backends.nodebb.site import Site
from modtui.domain.capability import Blocked, as_sentence
from modtui.domain.decisions import Effect, Intent, Plan, PlannedStep, Sanction, Step
from modtui.domain.items import SEVERE, Item, Offer
from modtui.errors import Refused, UsageError
from modtui.text import count, own, say, show_line
from modtui.text.time import duration

_NOTHING_BACK = "nothing of it can be brought back"
UNTOLD = Effect("author", own("is told nothing"))
_RECORD = "the record of the member keeps both lines"


def choose(site: Site, item: Item, intent: Intent) -> Offer:
    """The offer that the intent means. Raises Refused where there is none or it is blocked."""
    if intent.offer:
        offer = next((one for one in item.offers if one.id == intent.offer), None)
    else:
        offer = item.offer(intent.verb)
    if offer is None and intent.offer in (None, intent.verb):
        offer = beside(item, intent.verb, site.moderates)
    if offer is not None and offer.verb == "offer" and not intent.offer:
        raise Refused("Say which action of the forum is meant.")
    if offer is None:
        if not intent.offer and intent.verb in NEVER:
            raise Refused(as_sentence(NEVER[intent.verb]))
        if not intent.offer and intent.verb in NOT_HERE:
            raise Refused(as_sentence(NOT_HERE[intent.verb]))
        raise Refused(f"The forum has no action {show_line(intent.offer or intent.verb, 40)} here.")
    if isinstance(offer.capability, Blocked):
        raise Refused(as_sentence(offer.capability.sentence))
    return offer


def plan(site: Site, item: Item, intent: Intent) -> Plan:
    """What the intent does to the item. Raises Refused with a sentence, UsageError where it leaves something out."""
    offer = choose(site, item, intent)
    if intent.message and offer.id not in ("notify", "reply"):
        raise Refused("The author cannot be told: modtui sends no chat messages on NodeBB.")
    main = thread_plans.make(site, item, intent, offer) or _MAKERS[offer.id](site, item, intent)
    extra = _beside(site, item, intent, offer)
    stays = tuple(dict.fromkeys((*main.stays, *extra.stays)))
    reversal = main.reversal
    if reversal == "full" and stays:
        reversal = "partial"
    return Plan(
        verb=intent.verb, offer=offer.id, label=offer.label, steps=(*main.steps, *extra.steps),
        effects=_told((*main.effects, *extra.effects)), reversal=reversal, stays=stays, asks=main.asks,
        tells_author=main.tells_author or extra.tells_author,
    )  # fmt: skip


def _told(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """The effects; that the author is told nothing is said last, and only where nothing else reaches them."""
    quiet = [one for one in effects if one == UNTOLD]
    rest = [one for one in effects if one != UNTOLD]
    return (*rest, *(quiet[:1] if not any(one.on == "author" for one in rest) else ()))


def _beside(site: Site, item: Item, intent: Intent, offer: Offer) -> Plan:
    """The sanction and the lock that an intent asks for beside what it does."""
    steps: list[PlannedStep] = []
    effects: list[Effect] = []
    stays: tuple[str, ...] = ()
    tells = False
    if intent.sanction is not None and offer.verb not in ("ban", "silence"):
        if offer.id == "reject" and item.kind == "member" and intent.sanction.kind == "ban":
            raise Refused("A ban closes the report on a member as resolved: resolve it, or ban them alone.")
        more = _sanction(site, item, intent, intent.sanction, alone=False)
        steps, effects, stays, tells = [*more.steps], [*more.effects], more.stays, more.tells_author
    if intent.lock and offer.id not in ("lock", "duplicate", "delete_topic", "purge_topic"):
        blocked = next((one.capability for one in item.offers if one.id == "lock"), None)
        if blocked is None or isinstance(blocked, Blocked):
            words = blocked.sentence if isinstance(blocked, Blocked) else "there is no topic to lock"
            raise Refused(as_sentence(words))
        steps.append(thread_plans.topic_step(item, "lock"))
        effects.append(Effect("thread", own("locked: it can be read, and only moderators can answer")))
    return made(steps, effects, stays=stays, tells=tells)


# --- reports


def _verdict(to: str, words: str, effect: str) -> Callable[[Site, Item, Intent], Plan]:
    def make(site: Site, item: Item, intent: Intent) -> Plan:
        one = sends("flag", words, flag=item.ref.native, to=to, expect=["open", "wip"], was=item.native.get("state"))
        stays = Effect("author", own("stays as they are")) if item.kind == "member" else Effect(
            "post", own("stays as it is")
        )
        return made([one], (stays, _reports(item, effect), UNTOLD))

    return make


def _reopen(site: Site, item: Item, intent: Intent) -> Plan:
    was = str(item.native.get("state"))
    one = sends("flag", "report open again", flag=item.ref.native, to="open", expect=[was], was=was)
    return made([one], (Effect("reporters", own("the report is open again; the forum tells nobody")),))


def _delete(site: Site, item: Item, intent: Intent) -> Plan:
    # What must not be read goes out at once; the forum writes to nobody, so nothing else is held.
    urgent = intent.urgent or intent.reason in SEVERE
    one = sends(
        "delete_post", "post deleted", waits=not urgent, pid=item.place.post_id or str(item.native.get("target")),
        flag=item.ref.native, was=item.native.get("state"),
    )  # fmt: skip
    effects = [Effect("post", own("deleted: members no longer read it, moderators do"))]
    if item.native.get("main") and (item.place.thread_posts or 1) == 1:
        effects.append(Effect("thread", own("deleted with its only post")))
    elif item.native.get("main"):
        effects.append(Effect("thread", own("stays, without its first post")))
    effects += [_reports(item, "closed as resolved"), UNTOLD]
    return made([one], effects)


def _restore(site: Site, item: Item, intent: Intent) -> Plan:
    one = sends("restore_post", "post restored", pid=_pid(item))
    return made([one], (Effect("post", own("members read it again; the report stays as it is")),))


def _purge(site: Site, item: Item, intent: Intent) -> Plan:
    one = sends("purge_post", "post erased", pid=_pid(item), flag=item.ref.native)
    return made(
        [one], (Effect("post", own("erased for good, with its history")), _reports(item, "closed as resolved")),
        stays=(_NOTHING_BACK,), none=True, asks=f"Erase post {_pid(item)} for good? Nothing can bring it back.",
    )  # fmt: skip


def _erase_flag(site: Site, item: Item, intent: Intent) -> Plan:
    one = sends("erase_flag", "report erased", flag=item.ref.native)
    return made(
        [one], (Effect("reporters", own("the report, its notes and its history are gone; nobody is told")),),
        stays=(_NOTHING_BACK,), none=True, asks="Erase the report for good, with its notes and history?",
    )  # fmt: skip


def _note(site: Site, item: Item, intent: Intent) -> Plan:
    text = (intent.text or "").strip()
    if not text:
        raise UsageError("The note is empty.")
    one = sends("note", "note written", flag=item.ref.native, text=text)
    return made([one], (Effect("team", own("moderators read the note on the report")),))


def _claim(site: Site, item: Item, intent: Intent) -> Plan:
    other = item.claim is not None and not item.claim.mine
    by = show_line(item.claim.by) if item.claim is not None else ""
    return made(
        [_assign_step(item, str(site.uid), "wip", "report taken")],
        (Effect("team", own("the report is marked as in work, with your name")),),
        asks=f"{by} has it. Take it over?" if other else "",
    )


def _release(site: Site, item: Item, intent: Intent) -> Plan:
    return made(
        [_assign_step(item, "", "open", "report given back")],
        (Effect("team", own("nobody has the report, and it is open")),),
    )


def _assign(site: Site, item: Item, intent: Intent) -> Plan:
    to = (intent.to or "").strip()
    if not to:
        raise UsageError("Choose who shall have it.")
    if not (to.isascii() and to.isdecimal()):
        raise UsageError("A colleague is named by the number of the account.")
    name = site.names.get(int(to), f"member {to}")
    return made(
        [_assign_step(item, to, str(item.native.get("state")), f"report given to {show_line(name)}")],
        (Effect("team", say("{name} has the report, and the forum tells them", name=name)),),
    )


def _unassign(site: Site, item: Item, intent: Intent) -> Plan:
    return made(
        [_assign_step(item, "", str(item.native.get("state")), "report is nobody's")],
        (Effect("team", own("nobody has the report")),),
    )


def _assign_step(item: Item, to: str, state: str, words: str) -> PlannedStep:
    was = item.native.get("assignee")
    return sends(
        "assign", words, flag=item.ref.native, to=to, state=state, was_to=str(was) if was else "",
        was_state=str(item.native.get("state")),
    )  # fmt: skip


# --- members


def _sanction(site: Site, item: Item, intent: Intent, sanction: Sanction, *, alone: bool = True) -> Plan:
    """A ban or mute; `alone`: nothing else is decided with it."""
    may = sanctionable(site, item.author)
    right = site.may_ban if sanction.kind == "ban" else site.may_mute
    for can in (right, may):
        if isinstance(can, Blocked):
            raise Refused(as_sentence(can.sentence))
    if sanction.duration_ms is not None and sanction.duration_ms <= 0:
        raise Refused("The end must lie ahead: the forum takes one that is over for a ban for good.")
    member = item.author
    assert member is not None
    ban = sanction.kind == "ban"
    # A ban closes the report on that member by itself, and lifting it opens nothing again.
    closes = alone and ban and item.native.get("type") == "user" and item.state == "open"
    reason = (intent.reason_text or intent.reason_title or "").strip()
    one = sends(
        "sanction", "banned" if ban else "muted", kind="ban" if ban else "mute", uid=member.native,
        duration_ms=sanction.duration_ms, reason=reason,
        flag=item.ref.native if item.ref.kind == "flag" else None,
        closes=str(item.native.get("state")) if closes else None,
    )  # fmt: skip
    length = own("for good") if sanction.duration_ms is None else say("for {d}", d=duration(sanction.duration_ms))
    what = own("cannot sign in") if ban else own("cannot post")
    effects = [Effect("author", say("{name} {what} {length}", name=member.username, what=what, length=length))]
    if ban and reason:
        effects.append(Effect("author", own("is shown the reason at the next sign-in")))
    if closes:
        effects.append(_reports(item, "closed as resolved"))
    return made([one], effects, stays=(_RECORD,), tells=ban)


def _punish(kind: str) -> Callable[[Site, Item, Intent], Plan]:
    def make(site: Site, item: Item, intent: Intent) -> Plan:
        if intent.sanction is None or intent.sanction.kind != kind:
            raise UsageError("Say for how long.")
        return _sanction(site, item, intent, intent.sanction)

    return make


def _lift(kind: str) -> Callable[[Site, Item, Intent], Plan]:
    def make(site: Site, item: Item, intent: Intent) -> Plan:
        member = item.author
        if member is None:
            raise Refused("The author is not known.")
        now = in_force(member, kind)
        word = "ban" if kind == "ban" else "mute"
        one = sends(
            "lift", f"{word} lifted", kind=word, uid=member.native, reason=(intent.reason_text or "").strip(),
            until_ms=now.until_ms if now is not None else None,
        )
        can = own("can sign in again") if kind == "ban" else own("can post again")
        return made(
            [one], (Effect("author", say("{name} {can}", name=member.username, can=can)),),
            stays=(f"a lifted {word} does not come back by itself",), none=True,
        )  # fmt: skip

    return make


_MAKERS: dict[str, Callable[[Site, Item, Intent], Plan]] = {
    "reject": _verdict("rejected", "report rejected", "closed as rejected"),
    "resolve": _verdict("resolved", "report resolved", "closed as resolved"),
    "reopen": _reopen, "delete": _delete, "restore": _restore, "purge": _purge, "erase_flag": _erase_flag,
    "note": _note, "claim": _claim, "release": _release, "assign": _assign, "unassign": _unassign,
    "ban": _punish("ban"), "silence": _punish("silence"), "unban": _lift("ban"), "unsilence": _lift("silence"),
    "accept": queue_plans.accept, "decline": queue_plans.decline, "notify": queue_plans.notify,
}  # fmt: skip


def _spam(site: Site, item: Item, intent: Intent) -> Plan:
    return queue_plans.decline(site, item, intent) if item.kind == "held post" else _delete(site, item, intent)


def _edit(site: Site, item: Item, intent: Intent) -> Plan:
    return queue_plans.edit(site, item, intent) if item.kind == "held post" else thread_plans.edit(item, intent)


_MAKERS |= {"spam": _spam, "edit": _edit}


# --- pieces


def _pid(item: Item) -> str:
    found = item.place.post_id or str(item.native.get("target") or "")
    if not (found.isascii() and found.isdecimal()):
        raise Refused("The forum does not say which post this is.")
    return found


def _reports(item: Item, words: str) -> Effect:
    return Effect("reporters", own(f"{count(max(len(item.reports), 1), 'report')} {words}; the forum tells nobody"))


# --- and back


def plan_undo(item: Item, done: Sequence[Step]) -> Plan:
    """How to take back the done steps: the last one first."""
    steps: list[PlannedStep] = []
    stays: list[str] = []
    missing = False
    for step in reversed(done):
        back, left = _inverse(step)
        missing = missing or not back
        steps += back
        stays += [words for words in left if words not in stays]
    effects = tuple(Effect("thread" if one.call.name == "topic" else "post", own(one.words)) for one in steps)
    return Plan(
        verb="reopen", steps=tuple(steps), effects=effects, stays=tuple(stays),
        reversal="none" if not steps else "partial" if stays or missing else "full",
    )  # fmt: skip


def _reopened(flag: str, to: str) -> PlannedStep:
    """The report that the forum closed by itself, as it was."""
    return sends("flag", "report open again", flag=flag, to=to, expect=["resolved", "rejected"], was="resolved")


def _inverse(step: Step) -> tuple[list[PlannedStep], tuple[str, ...]]:
    """The steps that take back one step, and what stays all the same."""
    args, data = step.call.args, step.answer.data if step.answer is not None else {}
    match step.call.name:
        case "flag":
            to = str(args.get("was") or "open")
            words = "report open again" if to in ("open", "wip") else f"report {to} again"
            back = sends("flag", words, flag=args["flag"], to=to, expect=[args["to"]], was=args["to"])
            return [back], ()
        case "delete_post":
            steps = [sends("restore_post", "post restored", pid=args["pid"])]
            if args.get("flag"):
                to = str(args.get("was") or "open")
                if to in ("open", "wip"):
                    steps.append(_reopened(args["flag"], to))
            return steps, ()
        case "restore_post":
            return [sends("delete_post", "post deleted again", pid=args["pid"])], ()
        case "note":
            if not data.get("note"):
                return [], ("the note stays",)
            return [sends("unnote", "note deleted", flag=args["flag"], note=data["note"])], ()
        case "assign":
            return [
                sends("assign", "report as before", flag=args["flag"], to=args["was_to"], state=args["was_state"],
                      was_to=args["to"], was_state=args["state"])
            ], ()  # fmt: skip
        case "sanction":
            word = args["kind"]
            steps = [sends("lift", f"{word} lifted", kind=word, uid=args["uid"], reason="", until_ms=None)]
            if args.get("closes"):
                steps.append(_reopened(args["flag"], str(args["closes"])))
            return steps, (_RECORD,)
        case "edit_queued":
            back_args = {"id": args["id"], "text": args["before"], "before": args["text"]}
            if "title" in args:
                back_args |= {"title": args["title_before"], "title_before": args["title"]}
            return [sends("edit_queued", "old text back", **back_args)], ()
    return thread_plans.inverse(step, data) or ([], (f"{step.words}: the forum cannot take this back",))
