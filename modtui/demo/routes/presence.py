"""Presence: who is replying in a topic or editing a post, asked and told."""

from __future__ import annotations

import re

from modtui.demo import people, presence
from modtui.demo.model import Row
from modtui.demo.people import is_staff
from modtui.demo.thread_json import sees_topic
from modtui.demo.wire import Call, Json, bad_request

MOST = 50
_CHANNEL = re.compile(r"/discourse-presence/(reply|whisper|edit)/(\d+)")


def _may(call: Call, channel: str, viewer: Row | None) -> bool:
    """Whether a channel exists and the viewer may know about it."""
    found = _CHANNEL.fullmatch(channel)
    if found is None:
        return False
    kind, number = found[1], int(found[2])
    if kind == "edit":
        post = call.site.db.one("SELECT topic_id FROM posts WHERE id = ?", [number])
        number = post["topic_id"] if post else 0
    topic = call.site.db.one("SELECT * FROM topics WHERE id = ?", [number])
    if topic is None or not sees_topic(call.site, topic, viewer):
        return False
    return kind == "reply" or (viewer is not None and is_staff(viewer))


def _names(call: Call, name: str) -> list[str]:
    names = list(dict.fromkeys(call.items(name)))
    if len(names) > MOST:
        raise bad_request(f"Too many {name}")
    return names


def get(call: Call) -> Json:
    """GET /presence/get?channels[]=: the state of each channel, null for one that is not there or not to be seen."""
    if not isinstance(call.params.get("channels"), list):
        raise bad_request("channels is invalid")
    answer: Row = {}
    for channel in _names(call, "channels"):
        if not _may(call, channel, call.user):
            answer[channel] = None
            continue
        users = presence.present(call.site, channel)
        answer[channel] = {
            "count": len(users),
            "last_message_id": call.site.bus.last(f"/presence{channel}"),
            "users": [people.basic(user) for user in users],
        }
    return Json(answer)


def update(call: Call) -> Json:
    """POST /presence/update: client_id, present_channels[], leave_channels[]; to be repeated every 30 seconds."""
    me = call.me
    client = call.text("client_id")
    if not client:
        raise bad_request("client_id is invalid")
    answer: Row = {}
    for channel in _names(call, "present_channels"):
        answer[channel] = _may(call, channel, me)
        if answer[channel]:
            presence.enter(call.site, channel, me, client)
    for channel in _names(call, "leave_channels"):
        presence.leave(call.site, channel, me, client)
    return Json(answer)


ROUTES = [("GET", "/presence/get", get), ("POST", "/presence/update", update)]
