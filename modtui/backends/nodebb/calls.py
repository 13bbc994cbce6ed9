"""Carries out the steps on reports, members and the queue, and looks up what became of one.

NodeBB has no versions and no keys, its last writer wins, and much that it did not do it answers with 200: an unknown
state, an assignee without rights. So the subject is read before a write, where the write rests on what it was, and read
again after it and compared with what was asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from modtui.backends.base import Fate
from modtui.backends.nodebb.client import Client
from modtui.backends.nodebb.people import People
from modtui.backends.nodebb.queue import Queue
from modtui.backends.nodebb.site import STAFF_GROUPS, Site
from modtui.backends.nodebb.thread_calls import ThreadCalls, fate_of
from modtui.backends.nodebb.values import Row, each, number, row_of, rows_of
from modtui.backends.nodebb.wire import Flag, Noted, Post, User, notes_of
from modtui.domain.decisions import Answer, Call
from modtui.domain.seen import text_digest
from modtui.errors import NotFound, Refused, RightsError, SiteError, Stale, UsageError
from modtui.text import Foreign, show_line

Args = Mapping[str, Any]
Act = Callable[[Args], Awaitable[Answer]]
_GONE = "It is not on the forum any more, so nothing was changed."
_SLACK_MS = 2000
"""The forum stores the end of a ban as it is sent; a look back allows for the clocks' whole seconds."""


class Calls:
    """The steps on one forum."""

    def __init__(self, client: Client, site: Site, queue: Queue, people: People) -> None:
        self._client, self._site, self._queue, self._people = client, site, queue, people
        self._threads = ThreadCalls(client, site)
        self._acts: dict[str, Act] = {
            "flag": self._flag, "assign": self._assign, "note": self._note, "unnote": self._unnote,
            "delete_post": self._delete_post, "restore_post": self._restore_post, "purge_post": self._purge_post,
            "erase_flag": self._erase_flag, "sanction": self._sanction, "lift": self._lift, "accept": self._accept,
            "decline": self._decline, "edit_queued": self._edit_queued, "notify": self._notify, **self._threads.acts,
        }  # fmt: skip

    async def send(self, call: Call) -> Answer:
        """Do one step. Raises Stale when the subject is gone or not what it was, Refused, and the door's errors."""
        act = self._acts.get(call.name)
        if act is None:
            raise UsageError(f"The forum has no action {show_line(call.name, 40)}.")
        try:
            return await act(call.args)
        except NotFound:
            raise Stale(_GONE) from None

    # --- flags

    async def _flag(self, args: Args) -> Answer:
        native, to = str(args["flag"]), str(args["to"])
        before = await self._client.flag(native, why="is it as it was?")
        if before.row.state not in args["expect"]:
            raise Stale(await self._who(native, before.row.state))
        await self._client.write("PUT", f"/flags/{native}", {"state": to}, why=f"report {to}")
        after = await self._client.flag(native, why="was it done?")
        if after.row.state != to:
            raise Refused(f"The forum took the request, but the report is {show_line(after.row.state, 40)}.")
        return Answer()

    async def _who(self, native: str, state: str) -> str:
        """A sentence about who was faster."""
        try:
            page = await self._client.flag_page(native, why="who decided?")
        except (NotFound, RightsError, SiteError):
            page = None
        line = next((one for one in page.history if "state" in one.fields), None) if page is not None else None
        by = f" by {show_line(line.by, 40)}" if line is not None else ""
        return f"The report is {show_line(state, 40)} already{by}, so nothing was changed."

    async def _assign(self, args: Args) -> Answer:
        native, to, state = str(args["flag"]), str(args["to"]), str(args["state"])
        before = await self._client.flag(native, why="who has it?")
        has = str(before.row.assignee or "")
        if has not in (str(args["was_to"]), to):
            raise Stale("Somebody else took the report meanwhile, so nothing was changed.")
        if before.row.state not in ("open", "wip"):
            raise Stale(await self._who(native, before.row.state))
        # As text: the same number sent as a number writes another line of history each time.
        await self._client.write("PUT", f"/flags/{native}", {"assignee": to, "state": state}, why="who has the report")
        after = await self._client.flag(native, why="was it done?")
        if str(after.row.assignee or "") != to:
            raise Refused("The forum took the request, but did not give the report away: that account may not have it.")
        return Answer()

    async def _note(self, args: Args) -> Answer:
        native, words = str(args["flag"]), str(args["text"]).strip()
        if not words:
            raise Refused("The note is empty, so nothing was sent.")
        body = await self._client.write("POST", f"/flags/{native}/notes", {"note": words}, why="note")
        mine = self._my_note(notes_of(body.get("notes"), escaped=self._site.escaped), words, 0, frozenset())
        return Answer(data={"note": str(mine.at_ms)} if mine is not None else {})

    def _my_note(self, notes: Sequence[Noted], words: str, since_ms: int, but: frozenset[str]) -> Noted | None:
        """My newest note with these words, written after `since_ms`; not one of `but`."""
        mine = [
            one for one in notes
            if one.uid == self._site.uid and one.text.strip() == words.strip() and one.at_ms >= since_ms
            and str(one.at_ms) not in but
        ]  # fmt: skip
        return max(mine, key=lambda one: one.at_ms, default=None)

    async def _unnote(self, args: Args) -> Answer:
        native, note = str(args["flag"]), str(args["note"])
        if not note.isdecimal():
            raise Refused("This is not a note of the forum.")
        try:
            await self._client.write("DELETE", f"/flags/{native}/notes/{note}", why="delete the note")
        except Refused:
            if any(str(one.at_ms) == note for one in (await self._client.flag(native)).notes):
                raise
        return Answer()

    async def _erase_flag(self, args: Args) -> Answer:
        await self._client.write("DELETE", f"/flags/{number(args['flag']) or 0}", why="erase the report")
        return Answer()

    # --- posts

    async def _delete_post(self, args: Args) -> Answer:
        pid, flag = str(args["pid"]), args.get("flag")
        try:
            await self._client.write("DELETE", f"/posts/{number(pid) or 0}/state", why="delete the post")
        except Refused:
            if (await self._client.post(pid, why="is it deleted?")).deleted:
                raise Stale("The post is deleted already, so nothing was changed.") from None
            raise
        if not (await self._client.post(pid, why="was it done?")).deleted:
            raise Refused("The forum took the request, but the post still stands there.")
        if flag and (await self._client.flag(str(flag), why="is the report closed?")).row.state in ("open", "wip"):
            # Deleting closes the report by itself; where it did not, it is closed here.
            await self._client.write("PUT", f"/flags/{flag}", {"state": "resolved"}, why="close the report")
        return Answer()

    async def _restore_post(self, args: Args) -> Answer:
        pid = str(args["pid"])
        try:
            await self._client.write("PUT", f"/posts/{number(pid) or 0}/state", why="restore the post")
        except Refused:
            if not (await self._client.post(pid, why="is it restored?")).deleted:
                raise Stale("The post is restored already, so nothing was changed.") from None
            raise
        if (await self._client.post(pid, why="was it done?")).deleted:
            raise Refused("The forum took the request, but the post is still deleted.")
        return Answer()

    async def _purge_post(self, args: Args) -> Answer:
        pid = number(args["pid"]) or 0
        await self._client.write("DELETE", f"/posts/{pid}", why="erase the post")
        if await self._client.maybe(f"/api/v3/posts/{pid}", why="was it done?"):
            raise Refused("The forum took the request, but the post still stands there.")
        return Answer()

    # --- members

    async def _sanction(self, args: Args) -> Answer:
        uid, kind, length = number(args["uid"]) or 0, str(args["kind"]), args.get("duration_ms")
        if length is not None and (not isinstance(length, int) or length <= 0):
            raise Refused("The end must lie ahead: the forum takes one that is over for a ban for good.")
        await self._never_staff(uid, args.get("flag"))
        now_ms = self._client.door.clock_ms
        until = 0 if length is None else now_ms + length
        body: Row = {"until": until, "reason": str(args.get("reason") or "")}
        await self._client.write("PUT", f"/users/{uid}/{kind}", body, why=f"{kind} the member")
        user = await self._people.user(str(uid))
        holds, end = _in_force(user, kind)
        if not holds or (end or 0) != until:
            raise Refused(f"The forum took the request, but the {kind} is not as asked for: look at the profile.")
        return Answer(data={"until": until})

    async def _never_staff(self, uid: int, flag: object) -> None:
        """A ban takes all system groups away for good, so nobody of the team is ever banned or muted. Who belongs to it
        is asked again: the profile names groups, a report's page the moderators of its category. Raises Refused."""
        if uid == self._site.uid:
            raise Refused("This is your own account.")
        user = await self._people.user(str(uid))
        staff = user.admin or bool(STAFF_GROUPS & set(user.groups)) or uid in self._site.staff
        if not staff and number(flag) is not None:
            try:
                people = (await self._client.flag_page(str(flag), why="is the member on the team?")).people
            except NotFound:
                people = ()
            staff = any(one.uid == uid for one in people)
        if staff:
            raise Refused("This member is staff: a ban would take that role away, and lifting it brings nothing back.")

    async def _lift(self, args: Args) -> Answer:
        uid, kind = number(args["uid"]) or 0, str(args["kind"])
        if not _in_force(await self._people.user(str(uid)), kind)[0]:
            raise Stale(f"The member is not {'banned' if kind == 'ban' else 'muted'} any more, so nothing was changed.")
        reason = str(args.get("reason") or "")
        await self._client.write("DELETE", f"/users/{uid}/{kind}", {"reason": reason} if reason else {}, why="lift it")
        if _in_force(await self._people.user(str(uid)), kind)[0]:
            raise Refused(f"The forum took the request, but the {kind} is still in force.")
        return Answer()

    # --- the queue

    async def _accept(self, args: Args) -> Answer:
        native = str(args["id"])
        # Two accepts publish twice, so it is read immediately before, and never sent again without looking.
        entry = await self._queue.entry(native, why="does it still wait?")
        if text_digest(entry.raw) != args["expect"]:
            raise Stale("Its text was changed meanwhile, so nothing was published.")
        body = await self._client.write("POST", f"/posts/queue/{native}", why="publish")
        made = row_of(body.get("post"))
        return Answer(data={"post": str(number(made.get("pid")) or ""), "topic": str(number(made.get("tid")) or "")})

    async def _decline(self, args: Args) -> Answer:
        native, message = str(args["id"]), str(args.get("message") or "")
        entry = await self._queue.entry(native, why="does it still wait?")
        if text_digest(entry.raw) != args["expect"]:
            raise Stale("Its text was changed meanwhile, so nothing was rejected.")
        body = {"message": message} if message else {}
        await self._client.write("DELETE", f"/posts/queue/{native}", body, why="reject")
        return Answer()

    async def _edit_queued(self, args: Args) -> Answer:
        native, words = str(args["id"]), str(args["text"])
        entry = await self._queue.entry(native, why="does it still wait?")
        if text_digest(entry.raw) != text_digest(str(args["before"])):
            raise Stale("Its text was changed meanwhile, so nothing was sent.")
        body: dict[str, Any] = {"content": words}
        if "title" in args:
            body["title"] = str(args["title"])
        await self._client.write("PUT", f"/posts/queue/{native}", body, why="edit what waits")
        after = await self._queue.entry(native, why="was it done?")
        told = None if text_digest(after.raw) == text_digest(words) else Foreign("the forum changed the text itself")
        return Answer(edits=True, data={"text": text_digest(after.raw)}, words=told)

    async def _notify(self, args: Args) -> Answer:
        native = str(args["id"])
        await self._queue.entry(native, why="does it still wait?")
        body = {"message": str(args["message"])}
        await self._client.write("POST", f"/posts/queue/{native}/notify", body, why="notice")
        return Answer()

    # --- what became of a lost one

    async def fate(self, call: Call, since_ms: int, known: Sequence[Answer]) -> Fate:
        """What became of a step that was never answered. `known` are the answers to other steps of this name."""
        if call.name not in self._acts:
            return Fate(is_="unclear", words="NodeBB has no such action")
        if call.name in self._threads.acts:
            return await self._threads.fate(call, since_ms, known)
        try:
            return await self._fate(call, since_ms, known)
        except NotFound:
            if call.name in ("purge_post", "erase_flag"):
                return Fate(is_="done", answer=Answer(), words="it is not on the forum any more")
            return Fate(is_="not sent", words="it is not on the forum any more")

    async def _fate(self, call: Call, since_ms: int, known: Sequence[Answer]) -> Fate:
        args = call.args
        match call.name:
            case "flag":
                return fate_of((await self._seen(args)).row.state == args["to"])
            case "assign":
                row = (await self._seen(args)).row
                return fate_of(str(row.assignee or "") == str(args["to"]) and row.state == args["state"])
            case "note":
                others = frozenset(str(one.data.get("note")) for one in known)
                mine = self._my_note((await self._seen(args)).notes, str(args["text"]), since_ms, others)
                return Fate(is_="done", answer=Answer(data={"note": str(mine.at_ms)})) if mine else fate_of(False)
            case "unnote":
                return fate_of(all(str(one.at_ms) != args["note"] for one in (await self._seen(args)).notes))
            case "delete_post" | "restore_post":
                return fate_of((await self._client.post(args["pid"])).deleted == (call.name == "delete_post"))
            case "purge_post":
                await self._client.post(args["pid"])
                return fate_of(False)
            case "erase_flag":
                await self._seen(args)
                return fate_of(False)
            case "sanction":
                holds, end = _in_force(await self._people.user(str(args["uid"])), str(args["kind"]))
                length = args.get("duration_ms")
                if length is None:
                    return fate_of(holds and end is None, {"until": 0})
                return fate_of(holds and end is not None and end >= since_ms + length - _SLACK_MS, {"until": end or 0})
            case "lift":
                return fate_of(not _in_force(await self._people.user(str(args["uid"])), str(args["kind"]))[0])
            case "edit_queued":
                now = text_digest((await self._queue.entry(str(args["id"]))).raw)
                if now == text_digest(str(args["text"])):
                    return Fate(is_="done", answer=Answer(edits=True, data={"text": now}))
                clear = now == text_digest(str(args["before"]))
                return Fate(is_="not sent" if clear else "unclear", words="" if clear else "it has a third text")
            case "accept" | "decline":
                return await self._gone_from_queue(call)
        return Fate(is_="unclear", words="the forum does not tell whether the notice was sent")

    async def _seen(self, args: Args) -> Flag:
        return await self._client.flag(str(args["flag"]), why="what became of it?")

    async def _gone_from_queue(self, call: Call) -> Fate:
        """An entry that still waits was not decided. One that does not was published when its author has a post of that
        very time: publishing keeps the time at which it was written."""
        args = call.args
        try:
            await self._queue.entry(str(args["id"]), why="does it still wait?")
            return Fate(is_="not sent")
        except NotFound:
            pass
        found = await self._published(args)
        if call.name == "accept":
            if found is None:
                return Fate(is_="unclear", words="it waits no longer, and the author has no such post")
            data = {"post": str(found.pid), "topic": str(found.tid or "")}
            return Fate(is_="done", answer=Answer(data=data))
        if found is None:
            return Fate(is_="done", answer=Answer())
        return Fate(is_="unclear", words="somebody else has published it")

    async def _published(self, args: Args) -> Post | None:
        if not args.get("slug") or not args.get("at"):
            return None
        try:
            row = await self._client.profile(str(args["slug"]), why="was it published?")
        except (NotFound, RightsError):
            return None
        given = [*rows_of(row.get("latestPosts")), *rows_of(row.get("posts"))]
        posts, _ = each(given, Post.of, escaped=self._site.escaped)
        return next((one for one in posts if one.at_ms == args["at"]), None)


def _in_force(user: User, kind: str) -> tuple[bool, int | None]:
    """Whether a ban or mute is in force, and until when (None: for good)."""
    return (user.banned, user.banned_until_ms) if kind == "ban" else (user.muted, user.muted_until_ms)


