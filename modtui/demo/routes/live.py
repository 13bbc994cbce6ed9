"""Message bus polling."""

from __future__ import annotations

import json

from starlette.responses import Response

from modtui.demo.model import Row
from modtui.demo.thread_json import staff
from modtui.demo.wire import Call, Json, as_int


def _may_listen(channel: str, user: Row | None) -> bool:
    if channel.startswith("/reviewable_counts/"):
        return user is not None and channel == f"/reviewable_counts/{user['id']}" and staff(user)
    if channel == "/reviewable_claimed":
        return staff(user)
    if channel.startswith("/notification/"):
        return user is not None and channel == f"/notification/{user['id']}"
    return True


async def poll(call: Call) -> Response:
    """POST /message-bus/:client_id/poll: `dlp=t` answers at once, else it is held until there is something."""
    client = str(call.path_params["client"])
    site = call.site
    positions: dict[str, int] = {}
    for channel, position in call.params.items():
        number = as_int(position)
        if channel.startswith("/") and number is not None and _may_listen(channel, call.user):
            positions[channel] = number
    sequence = call.number("__seq")
    newest = site.poll_sequences.get(client, -1)
    if sequence is not None:
        if sequence < newest:
            return _answer(call, [])
        site.poll_sequences[client] = sequence
    found, status = site.bus.since(positions)
    hold = not (call.text("dlp") == "t" or found or status)
    if hold:
        await site.bus.wait(positions, site.settings.long_poll_s)
        found, status = site.bus.since(positions)
    if status:
        found = [*found, {"global_id": -1, "message_id": -1, "channel": "/__status", "data": status}]
    return _answer(call, found)


def _answer(call: Call, messages: list[Row]) -> Response:
    if call.headers.get("dont-chunk"):
        return Json(messages)
    body = json.dumps(messages).replace("|", "||") + "\r\n|\r\n"
    return Response(body, media_type="text/plain; charset=utf-8")


ROUTES = [("POST", "/message-bus/{client}/poll", poll)]
