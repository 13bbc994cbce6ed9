"""How a decision is split for the journal: what is hashed as it is, and what is personal and can be forgotten.

Personal: the account's name, words written by people, names, titles, addresses, what was seen, the ids of subjects (on
some platforms they are names), call arguments, answers and errors. A decision's parts are numbered: 0 the account,
1 the words, 2 and up its targets.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from modtui.domain.decisions import Answer, Audience, Call, Decision, Intent, Sanction, Step, StepState, Target
from modtui.domain.seen import Seen
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.store.codec import encode
from modtui.text import Foreign

Reversal = Literal["full", "partial", "none"]
ACCOUNT, WORDS, TARGETS = 0, 1, 2
"""Numbers of the personal parts of a "decided" event; targets count on from TARGETS."""


class DecisionHead(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The non-personal part of a decision without its targets."""

    verb: str
    hold_ms: int
    offer: str | None = None
    reason: str | None = None
    urgent: bool = False
    sanction: Sanction | None = None
    lock: bool = False
    undo_of: str | None = None
    reversal: Reversal = "full"
    audience: Audience = "public"
    accept: bool = False
    close: bool = False
    when_ms: int | None = None
    route: str | None = None
    share: bool = True
    due_ms: int | None = None


class StepHead(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The non-personal part of a step."""

    index: int
    name: str
    key: str
    due_ms: int
    executor: str = "backend"
    reaches: bool = False
    state: StepState = "held"
    changed_ms: int | None = None


class TargetHead(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The non-personal part of a target."""

    index: int
    kind: str
    checked: bool = True
    steps: tuple[StepHead, ...] = ()
    community: str = ""
    """Where it is, when that is not the decision's own community (its first target's)."""


class Decided(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of a "decided" event."""

    head: DecisionHead
    targets: tuple[TargetHead, ...] = ()


class Words(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The words of a decision."""

    reason_title: str | None = None
    reason_text: str | None = None
    message: str | None = None
    message_title: str | None = None
    text: str | None = None
    title: str | None = None
    stays: tuple[str, ...] = ()
    post: str | None = None
    to: str | None = None
    tags: tuple[str, ...] | None = None


class StepBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The personal part of a step."""

    args: dict[str, Any] = {}
    words: str = ""
    answer: Answer | None = None
    error: str | None = None


class TargetBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The personal part of a target, with that of its steps in their order."""

    item: str
    ref: SubjectRef
    number: str
    author: Foreign | None = None
    title: Foreign | None = None
    seen: Seen | None = None
    conflict: tuple[str, ...] = ()
    steps: tuple[StepBody, ...] = ()
    message: str | None = None
    message_title: str | None = None


class Moved(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of a "step" event: a step went from one state to another."""

    frm: StepState
    to: StepState
    due_ms: int | None = None


class MovedBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The personal part of a "step" event."""

    answer: Answer | None = None
    error: str | None = None
    conflict: tuple[str, ...] = ()


DECIDED = msgspec.json.Decoder(Decided)
MOVED = msgspec.json.Decoder(Moved)
ACCOUNT_BODY = msgspec.json.Decoder(str)
WORDS_BODY = msgspec.json.Decoder(Words)
TARGET_BODY = msgspec.json.Decoder(TargetBody)
MOVED_BODY = msgspec.json.Decoder(MovedBody)
HEAD = msgspec.json.Decoder(DecisionHead)
ANSWER = msgspec.json.Decoder(Answer)
CONFLICT = msgspec.json.Decoder(tuple[str, ...])


def split(decision: Decision) -> tuple[bytes, list[bytes]]:
    """The data and the personal parts of the "decided" event of `decision`."""
    intent = decision.intent
    head = DecisionHead(
        verb=intent.verb, offer=intent.offer, reason=intent.reason, urgent=intent.urgent, sanction=intent.sanction,
        lock=intent.lock, hold_ms=decision.hold_ms, undo_of=decision.undo_of, reversal=decision.reversal,
        audience=intent.audience, accept=intent.accept, close=intent.close, when_ms=intent.when_ms, route=intent.route,
        share=intent.share, due_ms=intent.due_ms,
    )
    words = Words(
        reason_title=intent.reason_title, reason_text=intent.reason_text, message=intent.message,
        message_title=intent.message_title, text=intent.text, title=intent.title, stays=decision.stays,
        post=intent.post, to=intent.to, tags=intent.tags,
    )
    data = Decided(head=head, targets=tuple(_target_head(target, decision.community) for target in decision.targets))
    parts = [encode(decision.account), encode(words)]
    parts.extend(encode(_target_body(target)) for target in decision.targets)
    return encode(data), parts


def _target_head(target: Target, community: CommunityId) -> TargetHead:
    steps = tuple(
        StepHead(
            index=step.index, name=step.call.name, key=step.key, due_ms=step.due_ms, executor=step.executor,
            reaches=step.reaches, state=step.state, changed_ms=step.changed_ms,
        )
        for step in target.steps
    )
    return TargetHead(
        index=target.index, kind=target.ref.kind, checked=target.checked, steps=steps,
        community=target.ref.community if target.ref.community != community else "",
    )  # fmt: skip


def _target_body(target: Target) -> TargetBody:
    steps = tuple(
        StepBody(args=step.call.args, words=step.words, answer=step.answer, error=step.error) for step in target.steps
    )
    return TargetBody(
        item=target.item, ref=target.ref, number=target.number, author=target.author, title=target.title,
        seen=target.seen, conflict=target.conflict, steps=steps, message=target.message,
        message_title=target.message_title,
    )


def join_step(head: StepHead, body: StepBody | None, answer: Answer | None, error: str | None) -> Step:
    """A step from its two parts; without the personal one it has no arguments and no words."""
    return Step(
        index=head.index, call=Call(head.name, body.args if body else {}), words=body.words if body else "",
        key=head.key, executor=head.executor, reaches=head.reaches, due_ms=head.due_ms, state=head.state,
        answer=answer, error=error, changed_ms=head.changed_ms,
    )


def join_target(
    index: int, community: str, kind: str, checked: bool, body: TargetBody | None, conflict: tuple[str, ...],
    steps: tuple[Step, ...],
) -> Target:
    """A target from its parts; a forgotten one has an empty id and names nobody."""
    if body is None:
        nobody = SubjectRef(CommunityId(community), kind, "")
        return Target(index=index, item="", ref=nobody, number="", checked=checked, steps=steps, conflict=conflict)
    return Target(
        index=index, item=body.item, ref=body.ref, number=body.number, author=body.author, title=body.title,
        seen=body.seen, checked=checked, steps=steps, conflict=conflict, message=body.message,
        message_title=body.message_title,
    )


def join(
    id_: str, community: str, created_ms: int, account: str | None, head: DecisionHead, words: Words | None,
    targets: tuple[Target, ...],
) -> Decision:
    """A decision from its parts."""
    said = words or Words()
    intent = Intent(
        verb=head.verb, offer=head.offer, reason=head.reason, urgent=head.urgent, sanction=head.sanction,
        lock=head.lock, reason_title=said.reason_title, reason_text=said.reason_text, message=said.message,
        message_title=said.message_title, text=said.text, title=said.title,
        audience=head.audience, post=said.post, accept=head.accept, close=head.close, to=said.to, tags=said.tags,
        when_ms=head.when_ms, route=head.route, share=head.share, due_ms=head.due_ms,
    )
    return Decision(
        id=id_, community=CommunityId(community), account=Foreign(account or ""), intent=intent, created_ms=created_ms,
        hold_ms=head.hold_ms, targets=targets, undo_of=head.undo_of, reversal=head.reversal, stays=said.stays,
    )
