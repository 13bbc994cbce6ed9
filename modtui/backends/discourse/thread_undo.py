"""How steps on threads are taken back, and what stays all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modtui.domain.decisions import Call, PlannedStep
from modtui.text import show_line

Back = tuple[tuple[PlannedStep, ...], tuple[str, ...]]
"""Steps, and what stays all the same."""


def inverse(call: Call, data: Mapping[str, Any], *, planned: bool) -> Back | None:
    """The steps that take back a call of this file, and what stays; None for other calls. `data` is what its answer
    said; `planned` says that it was not sent yet."""
    args = call.args
    topic = args.get("topic")
    match call.name:
        case "reply":
            if not planned and not data.get("post"):
                if data.get("queued"):
                    step = _step("withdraw", {"queued": data["queued"]}, "held reply withdrawn")
                    return (step,), ()
                return (), ("the reply stays",)
            back = _step("delete", {"post": data.get("post")}, "reply deleted")
            stays = () if args.get("whisper") else ("who was told of the reply may have read it",)
            return (back,), ("the team can still read the deleted reply", *stays)
        case "accept":
            post = data.get("post", args.get("post"))
            told = ("what the site told about the answer stays sent",)
            if args.get("before"):
                again = {"topic": topic, "post": args["before"], "before": post}
                return (_step("accept", again, "the answer before it marked again"),), told
            return (_step("unaccept", {"topic": topic, "post": post, "number": None}, "mark taken off"),), told
        case "unaccept":
            post = data.get("post", args.get("post"))
            if post is None and not planned:
                return (), ("which post was the answer is not known",)
            return (_step("accept", {"topic": topic, "post": post, "before": None}, "answer marked again"),), ()
        case "move":
            if args.get("before") is None:
                return (), ("it had no category before",)
            back_to = {"topic": topic, "category": args["before"], "before": args["category"]}
            return (_step("move", back_to, "moved back"),), ()
        case "tag":
            old = {"topic": topic, "tags": args["before"], "before": args["tags"]}
            return (_step("tag", old, "old tags back"),), ()
        case "assign":
            who = assignee(args.get("before"))
            told = ("what the site told about the assignment stays sent",)
            if who is None:
                return (_step("unassign", {"topic": topic, "before": None}, "assignment taken away"),), told
            again = {"topic": topic, "who": who, "note": "", "before": None}
            return (_step("assign", again, f"assigned to {show_line(next(iter(who.values())))} again"),), told
        case "unassign":
            who = assignee(args.get("before"))
            if who is None:
                return (), ("who had it is not known",)
            name = show_line(next(iter(who.values())))
            again = {"topic": topic, "who": who, "note": "", "before": None}
            return (_step("assign", again, f"assigned to {name} again"),), (f"{name} is told once more",)
        case "bookmark":
            mark = data.get("bookmark", args.get("bookmark"))
            if args.get("before_ms") is not None:
                again = {"topic": topic, "when_ms": args["before_ms"] or None, "bookmark": mark, "before_ms": None}
                return (_step("bookmark", again, "old date back"),), ()
            gone = {"topic": topic, "bookmark": mark, "before_ms": None}
            return (_step("unbookmark", gone, "bookmark deleted"),), ()
        case "unbookmark":
            again = {"topic": topic, "when_ms": args.get("before_ms") or None, "bookmark": None, "before_ms": None}
            return (_step("bookmark", again, "bookmarked again"),), ()
        case "level":
            back_level = {"topic": topic, "level": args["before"], "before": args["level"]}
            return (_step("level", back_level, "watched again" if args["before"] == 3 else "not watched any more"),), ()
        case "raise":
            if not planned and not data.get("post"):
                return (), ("the report stays",)
            gone = {"post": data.get("post"), "kind": args["kind"]}
            return (_step("lower", gone, "own report taken back"),), ("who read the report knows of it",)
    return None


def _step(name: str, args: dict[str, Any], words: str) -> PlannedStep:
    return PlannedStep(call=Call(name, args), words=words)


def assignee(given: str | None) -> dict[str, str] | None:
    """Who a choice's id names, as the site wants it: `user:bo`, `group:team`, or a bare username."""
    text = (given or "").strip()
    kind, colon, name = text.partition(":")
    if not colon:
        kind, name = "user", text
    if kind not in ("user", "group") or not name:
        return None
    return {"username" if kind == "user" else "group_name": name}
