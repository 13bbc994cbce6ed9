"""The ASGI application: one door for every route, with keys, budgets, injected failures and the request log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modtui.demo.gate import SlowDown, charge, identify
from modtui.demo.routes import all_routes
from modtui.demo.site import Fault, LoggedRequest, Site
from modtui.demo.wire import Call, Json, Problem, not_found, read_params

log = logging.getLogger("modtui.demo")
Handler = Callable[[Call], Response | Awaitable[Response]]
MAX_BODY = 4_000_000

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="generator" content="Discourse 2026.9.0"></head>
<body class="crawler"><h1>{title}</h1><p>{words}</p></body></html>
"""


def page(title: str, words: str, status: int = 200) -> HTMLResponse:
    """An HTML page, as the web interface would answer."""
    return HTMLResponse(PAGE.format(title=title, words=words), status)


def slow_down(problem: SlowDown) -> Response:
    """429 in the shape asked for."""
    if problem.shape == "html":
        return HTMLResponse(
            "<html>\r\n<head><title>429 Too Many Requests</title></head>\r\n<body>\r\n<center><h1>429 Too Many "
            "Requests</h1></center>"
            "\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
            429,
        )
    headers = {"Retry-After": str(problem.wait_s), "Discourse-Rate-Limit-Error-Code": problem.code}
    if problem.shape == "text":
        return PlainTextResponse(
            f"Slow down, you're making too many requests.\nError code: {problem.code}.", 429, headers
        )
    left = f"{problem.wait_s} seconds" if problem.wait_s < 120 else f"{problem.wait_s // 60} minutes"
    words = f"You’ve performed this action too many times. Please wait {left} before trying again."
    extras = {"wait_seconds": problem.wait_s, "time_left": left}
    return Json({"errors": [words], "error_type": "rate_limit", "extras": extras}, 429, headers)


class Door:
    """Turns a handler of ours into an endpoint."""

    def __init__(self, site: Site, handler: Handler) -> None:
        self.site, self.handler = site, handler

    async def __call__(self, request: Request) -> Response:
        """Identify, charge, read the parameters, answer."""
        state = request.scope["modtui"]
        call = Call(self.site, request.method, state["path"], {}, {k.lower(): v for k, v in request.headers.items()})
        call.path_params = dict(request.path_params)
        try:
            identify(call)
            state["username"] = call.user["username"] if call.user else ""
            charge(call)
            body = await request.body()
            if len(body) > MAX_BODY:
                return Json({"errors": ["The request is too large."]}, 413)
            call.body = body
            call.params = read_params(request.scope["query_string"], request.headers.get("content-type", ""), body)
            if request.method == "GET" and not state["json"] and not getattr(self.handler, "any_format", False):
                return page("Harbour Community", "This page is meant for a browser.")
            answer = self.handler(call)
            response = answer if isinstance(answer, Response) else await answer
        except Problem as problem:
            response = Json(problem.body, problem.status, problem.headers)
        except SlowDown as problem:
            response = slow_down(problem)
        if call.user is not None:
            response.headers["X-Discourse-Username"] = call.user["username"]
        return response


class Outer:
    """Strips `.json`, injects failures, writes the request log."""

    def __init__(self, site: Site, inner: ASGIApp) -> None:
        self.site, self.inner = site, inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        came = time.monotonic()
        path = scope["path"]
        accept = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"accept"), "")
        wants_json = path.endswith(".json") or "application/json" in accept
        if path.endswith(".json"):
            path = path.removesuffix(".json")
        scope["modtui"] = state = {"json": wants_json, "path": path, "username": ""}
        scope["path"], scope["raw_path"] = path, path.encode()
        query = scope["query_string"].decode("latin-1")
        logged = False

        def note(status: int) -> None:
            nonlocal logged
            logged = True
            asked = path + (f"?{query}" if query else "")
            self.site.requests.append(LoggedRequest(scope["method"], asked, status, state["username"], came))
            self.site.counts[f"{scope['method']} {path}"] += 1

        async def noting(message: Any) -> None:
            # Noted before the client can know the answer, so that a test that has the answer finds it in the log.
            if message["type"] == "http.response.start":
                note(message["status"])
            await send(message)

        try:
            fault = self._fault(scope["method"], path)
            if fault is not None:
                await self._fail(fault, scope, receive, noting)
            else:
                await self.inner(scope, receive, noting)
        finally:
            if not logged:
                note(0)

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.site.faults:
            if fault.times > 0 and fault.method in ("*", method) and path.startswith(fault.prefix):
                fault.times -= 1
                return fault
        return None

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as a broken site does. `lost` and `cut` do the work and lose the answer, `drop` does nothing."""
        kind = fault.kind
        if kind == "slow":
            await asyncio.sleep(fault.wait_s)
            while fault.gate is not None and not fault.gate.is_set():  # noqa: ASYNC110 (it is set in another thread)
                await asyncio.sleep(0.01)
            await self.inner(scope, receive, send)
        elif kind.startswith("429"):
            shape = kind.partition("-")[2] or "json"
            await slow_down(SlowDown("user_api_key_limiter_60_secs", fault.wait_s or 1, shape))(scope, receive, send)
        elif kind == "html":
            await page("Harbour Community", "Please enable JavaScript.")(scope, receive, send)
        elif kind in ("500", "502", "503"):
            headers = {"Discourse-Readonly": "true"} if kind == "503" else {}
            body = {"errors": ["This site is in read only mode."], "error_type": "read_only"}
            answer = (
                Json(body, 503, headers)
                if kind == "503"
                else page("Oops", "The software powering this forum failed.", int(kind))
            )
            await answer(scope, receive, send)
        elif kind in ("lost", "cut", "drop"):
            chunks: list[bytes] = []

            async def catch(message: Any) -> None:
                if message["type"] == "http.response.body":
                    chunks.append(message.get("body", b""))

            # Closed over unread bytes, the kernel would send a reset, and a reset can overtake what was sent before:
            # so the whole request is taken in, and the client sees one and the same end each time.
            whole = await _whole(receive)
            if kind != "drop":
                await self.inner(scope, whole, catch)
            body_bytes = b"".join(chunks)
            if kind == "cut":
                await Response(body_bytes[: len(body_bytes) // 2], media_type="application/json")(scope, receive, send)
                return
            # A head that promises more than comes: the connection breaks under the client.
            start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]}
            await send(start)
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
        else:
            raise ValueError(f"unknown fault {kind!r}")


async def _whole(receive: Receive) -> Receive:
    """Read a request to its end; what is given back tells it once more."""
    told: list[Message] = []
    while not told or (told[-1]["type"] == "http.request" and told[-1].get("more_body", False)):
        told.append(await receive())

    async def again() -> Message:
        return told.pop(0) if told else await receive()

    return again


def build(site: Site) -> ASGIApp:
    """The application for a site."""
    routes = [
        Route(path, Door(site, handler).__call__, methods=methods.split("|")) for methods, path, handler in all_routes()
    ]

    async def unknown(request: Request, error: Exception) -> Response:
        if request.scope["modtui"]["json"]:
            return Json(not_found().body, 404)
        return page("Oops! That page doesn’t exist or is private.", "Not found", 404)

    async def wrong_method(request: Request, error: Exception) -> Response:
        return await unknown(request, error)

    async def broken(request: Request, error: Exception) -> Response:
        log.exception("request failed", exc_info=error)
        return page("Oops", "The software powering this forum encountered an unexpected problem.", 500)

    app = Starlette(routes=routes, exception_handlers={404: unknown, 405: wrong_method, Exception: broken})
    return Outer(site, app)
