"""What the plans share: how the service names a subject, the step of an event, words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modtui.domain.decisions import Call, Effect, Intent, PlannedStep
from modtui.domain.items import Item
from modtui.errors import Refused
from modtui.text import Shown, own, show_line

Made = tuple[list[PlannedStep], list[Effect]]
LABEL = "label:"
"""How a label is written among the tags."""
COMMENT = 1000
"""How long a text in the log may be here."""


def subject_of(item: Item, *, account: bool = False) -> dict[str, Any]:
    """How the service names the subject; with `account` its author."""
    native = item.native
    if account or item.ref.kind in ("account", "user"):
        did = str(native.get("did") or item.ref.native)
        return {"$type": "com.atproto.admin.defs#repoRef", "did": did}
    if not native.get("cid"):
        raise Refused("The service does not say which version of the post it is, so nothing can be done to it.")
    return {"$type": "com.atproto.repo.strongRef", "uri": item.ref.native, "cid": native["cid"]}


def event_step(
    item: Item, kind: str, event: dict[str, Any], words: str, *, reports: Sequence[int] = (), note: str | None = None,
    waits: bool = True, account: bool = False, before: str | None = None,
) -> PlannedStep:  # fmt: skip
    """The step that writes an event of this kind to the log, about the subject or (with `account`) its author.
    `reports` are closed or escalated by it, with `note` for those who reported; `before` is what an undo puts back."""
    args: dict[str, Any] = {
        "kind": kind, "event": {name: value for name, value in event.items() if value not in (None, "")},
        "subject": subject_of(item, account=account), "reports": list(reports),
    }  # fmt: skip
    if note:
        args["note"] = note
    if before is not None:
        args["before"] = before
    if item.native.get("state") == "escalated" and kind in ("modEventAcknowledge", "modEventTakedown") and not account:
        args["was"] = "escalated"
    return PlannedStep(call=Call("event", args), words=words, waits=waits)


def waiting(item: Item) -> list[int]:
    """The reports on it that are not closed, by id."""
    return [one["id"] for one in item.native.get("reports", ()) if one.get("status") != "closed"]


def holder(item: Item) -> str | None:
    """Who has its reports, by DID."""
    return next((one["by"] for one in item.native.get("reports", ()) if one.get("by")), None)


def comment(intent: Intent) -> str:
    """What stands in the log: the reason's title, and its text where that says more."""
    title, text = (intent.reason_title or "").strip(), (intent.reason_text or "").strip()
    both = f"{title}: {text}" if title and text and not text.startswith(title) else text or title
    return both[:COMMENT]


def untold() -> Effect:
    """Nobody writes to the author."""
    return Effect("author", own("is told nothing"))


def name_of(item: Item) -> Shown:
    """The author's handle, fit to be drawn."""
    return show_line(item.author.username, 60) if item.author else own("the author")


def past(kind: str) -> str:
    """What a report is after it was closed or reopened."""
    return "closed" if kind == "close" else "open again"
