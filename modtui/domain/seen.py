"""What the moderator was shown, as a digest, and what counts as a difference.

semantics: "Before and after sending". The digest covers text, edit, version, state, reports and the author's
sanctions; claims, scores and counters do not change what was judged.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Literal

import msgspec

from modtui.domain.items import Gone, Item, Penalty, Question
from modtui.text import Foreign
from modtui.text.time import stamp

What = Literal["text", "state", "reports", "sanctions", "gone", "version", "less", "answers"]
"""`less`: a report was withdrawn, or a sanction has ended. It stops nothing. `answers`: somebody wrote in the thread of
a question."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The shown facts. `text` is kept for the diff of a conflict and belongs to the personal part of a journal row.

    Where the text must not be kept (`without_text`), `mark` is its digest, and text and title are empty.
    """

    digest: str
    text: Foreign
    title: Foreign | None = None
    edited_ms: int | None = None
    edits: int = 0
    version: int | None = None
    state: str = "open"
    hidden: bool = False
    deleted: bool = False
    reports: tuple[str, ...] = ()
    penalties: tuple[str, ...] = ()
    mark: str | None = None
    last: str | None = None
    """The newest post of a question's thread."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was shown, in plain words."""

    what: What
    words: str


def _digest(raw: bytes) -> str:
    import hashlib  # late: no list of rows needs it

    return hashlib.sha256(raw).hexdigest()[:16]


def text_digest(text: str) -> str:
    """A text as a step's answer remembers it (16 hex digits); blanks at either end do not count."""
    return _digest(text.strip().encode("utf-8", "surrogatepass"))


def text_of(item: Item) -> Foreign:
    """The text that a decision rests on: as its author typed it, else as the site renders it."""
    return Foreign(item.source if item.source is not None else item.body.text if item.body else "")


def _judged(item: Item) -> Foreign:
    """The text that is compared. Lists show of a question only the beginning (`source` is None then): it is not judged
    by its text."""
    return Foreign("") if item.question is not None and item.source is None else text_of(item)


def seen_of(item: Item) -> Seen:
    """The facts of `item` that a decision rests on, with their digest (16 hex digits)."""
    text = _judged(item)
    penalties = tuple(sorted(map(_penalty, item.author.penalties))) if item.author else ()
    reports = tuple(sorted(report.id for report in item.reports))
    # Of a question the list tells neither whole text nor edits: one digest for both, so that it can be compared.
    shown = (text, item.edited_ms, item.edits) if item.question is None else ("", None, 0)
    facts = [
        str(item.ref), item.title, *shown, item.version, item.state, item.hidden, item.deleted, reports, penalties,
    ]
    last = item.question.last if item.question is not None else None
    if item.question is not None:  # other items keep the digest they had
        facts += [last, item.question.accepted]
    raw = json.dumps(facts, ensure_ascii=True, separators=(",", ":")).encode()
    return Seen(
        digest=_digest(raw), text=text, title=item.title, edited_ms=item.edited_ms,
        edits=item.edits, version=item.version, state=item.state, hidden=item.hidden, deleted=item.deleted,
        reports=reports, penalties=penalties, last=last,
    )


def _penalty(penalty: Penalty) -> str:
    """A sanction as it is compared; `?` where its end was not told."""
    return f"{penalty.kind}:{penalty.until_ms if penalty.told else '?'}"


def _other(these: tuple[str, ...], those: tuple[str, ...]) -> set[str]:
    """The sanctions of `these` that are not in `those`; one whose end was not told is any of its kind."""
    kinds = {one.partition(":")[0] for one in those}
    vague = {one.partition(":")[0] for one in those if one.endswith(":?")}
    return {
        one for one in set(these) - set(those)
        if (kind := one.partition(":")[0]) not in vague and not (one.endswith(":?") and kind in kinds)
    }  # fmt: skip


def without_text(seen: Seen) -> Seen:
    """The same for the journal, where the text is somebody's personal data: it can be compared, and not read."""
    return msgspec.structs.replace(seen, text=Foreign(""), title=None, mark=text_digest(seen.text))


def same_text(seen: Seen, item: Item) -> bool:
    """Whether the item has the text that was shown."""
    now = _judged(item)
    return now == seen.text if seen.mark is None else text_digest(now) == seen.mark


def _unread(seen: Seen, now: Item, fresh: Seen) -> bool:
    """Whether a question's text was not known then, or is not known now, so that nothing can be said about it."""
    if now.question is None:
        return False
    return not fresh.text or (not seen.text and seen.mark in (None, text_digest("")))


def differences(seen: Seen, now: Item | Gone) -> tuple[Difference, ...]:
    """Everything that changed between `seen` and `now`; empty when the digest is the same."""
    if isinstance(now, Gone):
        return (Difference(what="gone", words=now.why),)
    fresh = seen_of(now)
    if fresh.digest == seen.digest and (now.question is None or _unread(seen, now, fresh) or same_text(seen, now)):
        return ()
    found: list[Difference] = []
    if fresh.state != seen.state:
        by = f" by {now.handled_by}" if now.handled_by else " by somebody else"
        found.append(Difference(what="state", words=f"{now.state}{by}" if now.state != "open" else "open again"))
    if _unread(seen, now, fresh):
        if seen.title is not None and fresh.title != seen.title:
            found.append(Difference(what="text", words="the title was changed"))
    elif not same_text(seen, now) or fresh.edits != seen.edits or fresh.edited_ms != seen.edited_ms:
        found.append(Difference(what="text", words="the text was edited"))
    elif seen.title is not None and fresh.title != seen.title:
        found.append(Difference(what="text", words="the title was changed"))
    if (fresh.hidden, fresh.deleted) != (seen.hidden, seen.deleted):
        words = "deleted" if now.deleted else "hidden" if now.hidden else "visible again"
        found.append(Difference(what="state", words=f"the post is now {words}"))
    more, less = _other(fresh.penalties, seen.penalties), _other(seen.penalties, fresh.penalties)
    new = set(fresh.reports) - set(seen.reports)
    if new:
        found.append(Difference(what="reports", words=f"{len(new)} new report{'s' if len(new) > 1 else ''}"))
    if set(seen.reports) - set(fresh.reports):
        found.append(Difference(what="less", words="a report was withdrawn"))
    if more:
        found.append(Difference(what="sanctions", words="the author has a new sanction"))
    elif less:
        found.append(Difference(what="less", words="a sanction of the author has ended"))
    if fresh.last != seen.last and now.question is not None:
        found.append(Difference(what="answers", words=_answered(now.question)))
    if fresh.version != seen.version and not any(d.what == "state" for d in found):
        found.append(Difference(what="version", words="the site counts a newer version"))
    if not found and seen.title is None and now.question is None:  # not kept: nothing else is left that could differ
        found.append(Difference(what="text", words="the title was changed"))
    return tuple(found)


def _answered(question: Question) -> str:
    """Who wrote last in the thread, and when."""
    who = question.last_by or "somebody"
    if question.last_ms is None:
        return f"{who} has answered"
    return f"{who} has answered ({stamp(question.last_ms, UTC, zone=True)})"


def conflicts(verb: str, found: tuple[Difference, ...], *, sanctions: bool = False) -> tuple[Difference, ...]:
    """Which differences stop a decision: changed text, state, handler or version always; new reports for approve and
    ignore; a new answer for what answers; a new sanction only when the decision sanctions (semantics: "What is a
    conflict")."""
    stopping = {"text", "state", "gone", "version"}
    if verb in ("approve", "ignore"):
        stopping.add("reports")
    if verb in ("reply", "accept", "duplicate"):
        stopping.add("answers")
    if sanctions:
        stopping.add("sanctions")
    return tuple(difference for difference in found if difference.what in stopping)
