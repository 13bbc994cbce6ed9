"""What the desk answers: the state of a row, what came of a decision or an undo, and what is on its way."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from modtui.domain.decisions import Decision
from modtui.text import EMPTY, Shown

RowKind = Literal[
    "open", "deciding", "held", "sending", "unknown", "refused", "conflict", "partly", "done", "handled", "other",
    "mine", "later", "draft", "skipped",
]  # fmt: skip
_WORKABLE = frozenset({"open", "other", "mine", "draft"})


class RowState(Struct, frozen=True):
    """What the second column of a row says.

    `letter` is one sign: blank open, `.` deciding, `H` held, `>` sending, `?` fate unknown, `x` refused or partly,
    `!` conflict, `o` taken by another, `c` taken by me, `z` later, `d` a draft waits, `n` not for me; blank again when
    it is done, then `words` say by whom. `decision` is the decision behind it.
    """

    letter: str = ""
    words: Shown = EMPTY
    decision: str | None = None
    kind: RowKind = "open"

    @property
    def open(self) -> bool:
        """Whether the row still waits for a decision of the moderator."""
        return self.kind in _WORKABLE


OPEN = RowState()


class Decided(Struct, frozen=True):
    """What came of `Desk.decide`: the committed decision (None when nothing was left to decide), and by item id the
    sentence why an item was left out."""

    decision: Decision | None
    skipped: dict[str, str] = field(default_factory=dict)


UndoKind = Literal["taken back", "asks", "sent undo", "again", "nothing", "impossible", "wait"]


class UndoResult(Struct, frozen=True):
    """What `u` or ctrl+r did or asks.

    `asks`: call again with `confirmed=True` to go on. `sent undo`: `decision` is the new one that takes the old back.
    `again`: ctrl+r made `decision` (it is None where ctrl+r did nothing).
    `wait`: its answer is still out; what has not left will not be sent. `draft`: the text of a reply that was taken
    back is in the draft with this id.
    """

    kind: UndoKind
    words: Shown
    decision: Decision | None = None
    draft: str | None = None


class OutboxState(Struct, frozen=True):
    """What is on its way, counted in decisions' targets (a batch of 37 counts 37).

    `failed` counts refused ones, `waiting` those that are older than the settings allow to send unasked (they are in
    `held` too). `next_due_ms` is when the next hold ends on the wall clock, None when nothing is held. `decisions` are
    all that are open or failed, the oldest first.
    """

    held: int = 0
    sending: int = 0
    unknown: int = 0
    failed: int = 0
    conflict: int = 0
    waiting: int = 0
    next_due_ms: int | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def on_their_way(self) -> int:
        """How many are not final yet."""
        return self.held + self.sending + self.unknown
