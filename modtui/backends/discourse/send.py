"""Doing one step: each call of a plan as a request. Nothing is repeated here that may have arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from modtui.backends.discourse.client import Client
from modtui.backends.discourse.items import ref_of
from modtui.backends.discourse.member_verbs import MemberSteps
from modtui.backends.discourse.site import Site
from modtui.backends.discourse.thread_send import ThreadSteps
from modtui.domain.decisions import Answer, Call
from modtui.domain.items import Item
from modtui.domain.seen import text_digest
from modtui.errors import ModtuiError, NotFound, Refused, RightsError, Stale, UsageError
from modtui.text import Foreign, show_line
from modtui.text.time import iso

FOREVER_MS = 200 * 365 * 86_400_000
"""Discourse counts a hundred years and more as for good; twice that, so that it stays so."""

Reread = Callable[[str], Awaitable[Item | None]]


class Sender(MemberSteps, ThreadSteps):
    """Turns calls into requests. `reread` gives an item as it is now."""

    def __init__(self, client: Client, site: Site, reread: Reread) -> None:
        self._client, self._site, self._reread = client, site, reread

    async def send(self, call: Call, key: str) -> Answer:
        """Do it. Raises Refused, Stale, NotFound, RightsError, NetworkError(sent), SiteError(sent), RateLimited."""
        handler = getattr(self, f"_do_{call.name}", None)
        if handler is None:
            raise UsageError(f"This version of modtui cannot send {show_line(call.name)} to Discourse.")
        # Only what is written has use for the step's key: all else is guarded by a version, or the same done twice.
        answer: Answer = await (handler(call.args, key) if call.name in ("message", "reply") else handler(call.args))
        return answer

    async def _do_perform(self, args: dict[str, Any]) -> Answer:
        topic = args.get("topic") if not args.get("mine") else None
        claimed = False
        if topic and self._site.claims_required:
            claimed = await self._claim_first(topic, str(args["id"]))
        try:
            return await self._perform(args)
        except Stale:
            await self._release_after(topic, claimed)
            raise
        except Refused as refusal:
            if topic and not claimed and self._site.claims_required is None:
                return await self._perform_claimed(args, topic, refusal)
            await self._release_after(topic, claimed)
            raise
        except RightsError:
            await self._release_after(topic, claimed)
            await self._explain_forbidden(args)
            raise

    async def _perform(self, args: dict[str, Any]) -> Answer:
        native = str(args["id"])
        extra = [(str(name), str(value)) for name, value in args.get("extra") or ()]
        done = await self._client.perform(native, str(args["action"]), int(args["version"]), extra)
        data: dict[str, Any] = {"version": done.version}
        if done.created_post_id is not None:
            data |= {"created_post_id": done.created_post_id, "created_post_topic_id": done.created_post_topic_id}
        others = [one for one in done.remove_reviewable_ids or () if str(one) != native]
        return Answer(data=data, resolved=tuple(ref_of(self._site, one) for one in others))

    async def _claim_first(self, topic: int, native: str) -> bool:
        """Claim the topic; whether it is ours because of this. The site also says "conflict" where it is ours already:
        another item of the topic claimed it, or a request whose answer was lost."""
        try:
            await self._client.claim(topic)
        except Stale:
            now = await self._reread(native)
            if now is None or now.claim is None or not now.claim.mine:
                raise Refused("Somebody else has claimed this thread.") from None
            return False
        except RightsError:
            return False
        return True

    async def _perform_claimed(self, args: dict[str, Any], topic: int, refusal: Refused) -> Answer:
        """The site refused by a rule. Its words come in the account's language, so whether the rule is "claim it first"
        shows only by trying; a 422 has changed nothing."""
        try:
            await self._client.claim(topic)
        except ModtuiError:
            raise refusal from None
        try:
            answer = await self._perform(args)
        except (Refused, RightsError):
            await self._release_after(topic, True)
            self._site.claims_required = False
            raise refusal from None
        self._site.claims_required = True
        return answer

    async def _release_after(self, topic: int | None, claimed: bool) -> None:
        if claimed and topic:
            try:
                await self._client.release(topic)
            except ModtuiError:
                pass  # The refusal is what the moderator has to read; a stale claim is visible in the list.

    async def _explain_forbidden(self, args: dict[str, Any]) -> None:
        """Discourse says 403 also for an action that is not legal any more: look before blaming rights."""
        now = await self._reread(str(args["id"]))
        if now is None:
            raise Stale("The item is not on the site any more.")
        if now.state != "open" or now.version != args["version"]:
            by = f" by {show_line(now.handled_by)}" if now.handled_by else ""
            raise Stale(f"The item is {now.state}{by} meanwhile.")
        if args["action"] not in {entry.get("do") for entry in now.native.get("actions", {}).values()}:
            raise Stale("The site does not offer this action on the item any more.")

    async def _do_message(self, args: dict[str, Any], key: str) -> Answer:
        body = await self._client.message(
            str(args["to"]), str(args["title"]), str(args["raw"]), key=key, warning=bool(args.get("warning"))
        )
        if body.get("action") == "enqueued":
            return Answer(held=True, words=Foreign("the site holds the message for approval"))
        post = body.get("post") if isinstance(body.get("post"), dict) else body
        assert isinstance(post, dict)
        return Answer(data={"post": post.get("id"), "topic": post.get("topic_id")})

    async def _do_penalise(self, args: dict[str, Any]) -> Answer:
        duration = args.get("duration_ms")
        now = self._client.door.clock_ms
        until = now + (FOREVER_MS if duration is None else int(duration))
        if until <= now + 1000:
            raise Refused("The end of this sanction would not be in the future.")
        kind = "silence" if args["kind"] == "silence" else "suspend"
        form = [
            ("silenced_till" if kind == "silence" else "suspend_until", iso(until)),
            ("reason", str(args["reason"])),
        ]
        form += [("message", str(args["message"]))] if args.get("message") else []
        form += [("post_id", str(args["post"])), ("post_action", "none")] if args.get("post") else []
        form += [("reviewable_id", str(args["id"]))] if args.get("id") else []
        try:
            await self._client.penalise(str(args["user"]), kind, form)
        except Stale as taken:
            raise Refused(taken.message, "The sanction in force was not changed.") from None
        return Answer(data={"user": args["user"], "until_ms": None if duration is None else until})

    async def _do_lift(self, args: dict[str, Any]) -> Answer:
        await self._client.admin_put(str(args["user"]), "unsilence" if args["kind"] == "unsilence" else "unsuspend")
        return Answer()

    async def _do_deactivate(self, args: dict[str, Any]) -> Answer:
        await self._client.admin_put(str(args["user"]), "deactivate")
        return Answer()

    async def _do_topic(self, args: dict[str, Any]) -> Answer:
        await self._after(args)
        await self._client.topic_status(int(args["topic"]), str(args["status"]), bool(args["enabled"]))
        return Answer()

    async def _do_claim(self, args: dict[str, Any]) -> Answer:
        try:
            await self._client.claim(int(args["topic"]))
        except Stale:
            raise Refused("Somebody else has claimed this thread.") from None
        except RightsError:
            self._site.claims_off = True
            raise Refused("Claiming is switched off on this site.") from None
        return Answer()

    async def _do_release(self, args: dict[str, Any]) -> Answer:
        await self._client.release(int(args["topic"]))
        return Answer()

    async def _do_note(self, args: dict[str, Any]) -> Answer:
        """A note on the item where the server knows such, else on its author (a plugin)."""
        text, site = str(args["text"]), self._site
        if site.item_notes is not False:
            try:
                body = await self._client.note_item(str(args["id"]), text)
            except NotFound:
                site.item_notes = False
            else:
                site.item_notes = True
                return Answer(data={"where": "item", "note": _note_id(body, "reviewable_note")})
        if args.get("user"):
            try:
                body = await self._client.note_user(str(args["user"]), text, args.get("post"))
            except NotFound:
                site.user_notes = False
            else:
                site.user_notes = True
                return Answer(data={"where": "user", "note": _note_id(body, "user_note")})
        raise Refused(
            "This site keeps no team notes (its version has none on items, and the User Notes plugin is off)."
        )

    async def _do_unnote(self, args: dict[str, Any]) -> Answer:
        if args.get("where") == "user":
            await self._client.unnote_user(str(args["user"]), str(args["note"]))
        else:
            await self._client.unnote_item(str(args["id"]), str(args["note"]))
        return Answer()

    async def _do_edit_held(self, args: dict[str, Any]) -> Answer:
        body = await self._client.edit_queued(str(args["id"]), int(args["version"]), args["changes"])
        version = body.get("version")
        if not isinstance(version, int):
            version = (
                (body.get("reviewable") or {}).get("version") if isinstance(body.get("reviewable"), dict) else None
            )
        return Answer(data={"version": version if isinstance(version, int) else int(args["version"])})

    async def _do_edit_post(self, args: dict[str, Any]) -> Answer:
        raw = str(args["raw"])
        await self._client.edit_post(int(args["post"]), raw, str(args["reason"]), args.get("original"))
        return Answer(data={"text": text_digest(raw)}, edits=True)

    async def _do_recover(self, args: dict[str, Any]) -> Answer:
        await self._client.recover_post(int(args["post"]))
        return Answer()

    async def _do_unhide(self, args: dict[str, Any]) -> Answer:
        await self._client.unhide_post(int(args["post"]))
        return Answer()

    async def _do_restore(self, args: dict[str, Any]) -> Answer:
        post = await self._client.post(int(args["post"]), priority="decision")
        if post is not None and (post.deleted_at or post.user_deleted):
            return await self._do_recover(args)
        if post is not None and post.hidden:
            return await self._do_unhide(args)
        raise Refused("The post is visible already.")

    async def _do_delete(self, args: dict[str, Any]) -> Answer:
        await self._client.delete_post(int(args["post"]))
        return Answer()

    async def _do_flag(self, args: dict[str, Any]) -> Answer:
        await self._client.flag(int(args["post"]), int(args["kind"]), args.get("message"), hide=bool(args.get("hide")))
        return Answer()

    async def _do_scrub(self, args: dict[str, Any]) -> Answer:
        await self._client.scrub(str(args["id"]), str(args["reason"]))
        return Answer()


def _note_id(body: dict[str, Any], root: str) -> str | None:
    inner = body.get(root)
    found = inner.get("id") if isinstance(inner, dict) else body.get("id")
    return str(found) if found is not None else None
