"""What a message says: its text as typed, as it is drawn, and the files in it.

Everything in an event's content was written by a member's program, so nothing has a sure type; what is not as Matrix
says counts as missing.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import msgspec

from modtui.backends.synapse.wire import Content, Event, moment
from modtui.domain.items import Body
from modtui.text import Foreign

ENCRYPTED = "m.room.encrypted"
UNREADABLE = "the room is encrypted, so neither the server nor modtui can read this message"
_HTML = "org.matrix.custom.html"
_FILES = {"m.image": "picture", "m.video": "video", "m.audio": "recording", "m.file": "file"}
_TITLE = 120


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message's words. `source` is the text as typed; `media` are the addresses of its files (mxc://server/id)."""

    source: str
    body: Body
    media: tuple[str, ...] = ()
    edited_ms: int | None = None
    edits: int = 0
    problem: str | None = None


def said(event: Event, *, original: Event | None = None, edited: bool = True) -> Said:
    """What an event says now. `original` is the event before it was redacted, where the server still has that;
    `edited` False leaves later edits out."""
    source_event = original if event.redaction is not None and original is not None else event
    content = source_event.content
    edit = event.edit if edited and event.redaction is None else None
    edited_ms, edits = None, 0
    if edit is not None:
        new = edit["content"].get("m.new_content")
        content = new if isinstance(new, dict) else edit["content"]
        when = edit.get("origin_server_ts")
        edited_ms, edits = moment(when), 1
    if source_event.type == ENCRYPTED and event.redaction is None:
        return Said(source="", body=Body(text=Foreign("")), problem=UNREADABLE)
    if event.redaction is not None and not content:
        return Said(source="", body=Body(text=Foreign("")))
    text, media = words(source_event.type, content)
    html = content.get("formatted_body")
    drawn = Body(text=Foreign(text))
    if isinstance(html, str) and html.strip() and content.get("format") == _HTML and not media:
        drawn = Body(text=Foreign(html), format="html")
    return Said(source=text, body=drawn, media=media, edited_ms=edited_ms, edits=edits)


def words(kind: str, content: Content) -> tuple[str, tuple[str, ...]]:
    """The text of an event of this type, and the addresses of its files."""
    text = _text(content.get("body"))
    media = media_of(content)
    if kind == "m.room.message":
        what = _FILES.get(_text(content.get("msgtype")))
        if what is None:
            return text.strip(), media
        name = _text(content.get("filename")) or text
        caption = f"\n{text}" if text and text != name else ""
        return f"[{what}: {name or 'without a name'}]{caption}", media
    if kind == "m.sticker":
        return f"[sticker: {text or 'without a name'}]", media
    if kind == "m.room.member":
        name, state = _text(content.get("displayname")), _text(content.get("membership"))
        return f"[{state or 'membership'}] {name}".strip(), media
    for key in ("topic", "name", "body"):
        if found := _text(content.get(key)):
            return f"[{kind}] {found}", media
    return f"[{kind}]", media


def media_of(content: Content) -> tuple[str, ...]:
    """The addresses of the files that a content names, also those of its encrypted and small pictures."""
    found: list[str] = []
    info = content.get("info")
    for holder in (content, content.get("file"), info, info.get("thumbnail_file") if isinstance(info, dict) else None):
        if isinstance(holder, dict):
            found += [url for name in ("url", "thumbnail_url", "avatar_url") if is_media(url := holder.get(name))]
    return tuple(dict.fromkeys(found))


def is_media(url: Any) -> TypeGuard[str]:
    """Whether it is the address of a file of Matrix: a server and an id."""
    if not isinstance(url, str) or not url.startswith("mxc://"):
        return False
    server, _, native = url.removeprefix("mxc://").partition("/")
    return bool(server and native) and "/" not in native


def media_parts(url: str) -> tuple[str, str]:
    """Server and id of such an address."""
    server, _, native = url.removeprefix("mxc://").partition("/")
    return server, native


def title_of(text: str) -> tuple[str, str]:
    """A message of several paragraphs has its first line as title: title and the rest. One of a single paragraph is its
    own title, cut where it is long."""
    first, _, rest = text.strip().partition("\n")
    if rest.strip():
        return first.strip(), rest.strip()
    return (first if len(first) <= _TITLE else first[: _TITLE - 1].rstrip() + "\u2026"), text.strip()


def plain(found: Any) -> str:
    """A text, or "" for anything else."""
    return _text(found)


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""
