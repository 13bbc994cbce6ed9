"""The lane of members and the dossier: names found while one types, what is private, sanctions from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from modtui.desk.events import ItemsChanged
from modtui.domain.capability import ALLOWED, Capabilities
from modtui.domain.decisions import Call, Effect, Intent, Plan, PlannedStep
from modtui.domain.items import (
    Body,
    Dossier,
    Item,
    Member,
    MemberKind,
    Page,
    Penalty,
    Private,
    Record,
    Sanctioned,
    ThreadPost,
)
from modtui.domain.subjects import SubjectRef
from modtui.text import Foreign, own
from tests.core.fakes import START_MS, FakeSite, make_item, until
from tests.ui.world import HOUR, PictureBackend, golden, rows, stage

pytestmark = pytest.mark.anyio

DAY = 24 * HOUR
MEMBER_VERBS = ("ban", "unban", "silence", "warn", "note", "erase", "logout")

ERASED = (
    Effect("author", own("is deleted with everything that it ever wrote, read, liked and saved")),
    Effect("thread", own("300 posts are deleted, also those that were answered or accepted as an answer")),
    Effect("team", own("the e-mail and IP addresses are blocked, and the links screened")),
    Effect("team", own("the last words of a long list of what happens")),
)
"""More than fits on three lines of 80 columns."""


class PeopleBackend(PictureBackend):
    """A fake site with a directory, dossiers and private data."""

    def __init__(self, site: FakeSite, state: Path, **how: Any) -> None:
        super().__init__(site, state, **how)
        capabilities = self._capabilities
        self._capabilities: Capabilities = msgspec.structs.replace(
            capabilities, verbs={**capabilities.verbs, **dict.fromkeys(MEMBER_VERBS, ALLOWED)},
            lanes={**capabilities.lanes, "members": ALLOWED}, features={"members": ALLOWED, "private": ALLOWED},
        )  # fmt: skip

    def person(self, native: str, name: str, **fields: Any) -> Item:
        """A row of the directory."""
        member = Member(native=native, username=Foreign(name), **{"posts": 12, "trust": 1, **fields})
        ref = SubjectRef(self.connection.community, "user", native)
        item = make_item(self.connection.community, native, author=name, title=Foreign(name))
        return msgspec.structs.replace(
            item, lane="members", kind="member", ref=ref, author=member, body=None, source=None, reports=(), offers=(),
            since_ms=member.since_ms or START_MS,
        )  # fmt: skip

    def directory(self) -> list[Item]:
        """Everybody."""
        banned = Penalty(kind="ban", until_ms=START_MS + DAY, by=Foreign("kestrel"))
        return [
            self.person("u-pixelwurm", "pixelwurm", posts=812, trust=3, since_ms=START_MS - 900 * DAY),
            self.person("u-pixie", "pixie", since_ms=START_MS - 2 * DAY, flags=("new",)),
            self.person("u-promo", "promo_pete", since_ms=START_MS - 41 * DAY, penalties=(banned,)),
        ]

    async def members(self, text: str = "", *, kind: MemberKind = "all", cursor: str | None = None) -> Page:
        self._reach()
        found = [one for one in self.directory() if str(one.title).startswith(text)]
        if text == "zo":
            found = [self.person("u-zo", "zora_far")]
        if kind == "new":
            found = [one for one in found if one.author is not None and "new" in one.author.flags]
        return Page(items=tuple(found), total=4_000)

    async def reread(self, refs: Any) -> Any:
        people = {one.ref: one for one in self.directory()}
        theirs = {ref: people[ref] for ref in refs if ref in people}
        rest = [ref for ref in refs if ref not in people]
        return {**theirs, **(await super().reread(rest) if rest else {})}

    async def dossier(self, member: str) -> Dossier:
        self._reach()
        who = next((one.author for one in self.directory() if one.author and one.author.native == member), None)
        who = who or Member(native=member, username=Foreign(member.removeprefix("u-")))
        post = ThreadPost(
            id="9", number=3, author=who, body=Body(Foreign("My honest review of ten VPN services")),
            created_ms=START_MS - 2 * HOUR,
        )  # fmt: skip
        return Dossier(
            member=who, recent=(post,), recent_titles={"9": Foreign("Ten VPN services")}, made=Record(total=3, wrong=3),
            got=Record(total=14, right=9, wrong=1, open=4), posts_by_day=(0, 0, 1, 0, 2, 5, 11), languages=("en", "de"),
            history=(
                Sanctioned(kind="silence", at_ms=START_MS - 5 * DAY, by=Foreign("kestrel"), reason=Foreign("spam"),
                           until_ms=START_MS - 2 * DAY),
                Sanctioned(kind="removal", at_ms=START_MS - 6 * DAY, title=Foreign("Best VPN"), by=Foreign("rookmoor")),
                Sanctioned(kind="removal", at_ms=START_MS - 8 * DAY, title=Foreign("VPN for devs")),
            ),
        )  # fmt: skip

    async def private(self, member: str) -> Private:
        self._reach()
        other = Member(native="u-2", username=Foreign("vpn_bob"), posts=2)
        return Private(email=Foreign("pete@inbox.example"), ip=Foreign("203.0.113.9"), shares=(other,), logged=True)

    def plan(self, item: Item, intent: Intent) -> Plan:
        if item.kind != "member":
            return super().plan(item, intent)
        who = str(item.author.username) if item.author is not None else ""
        args: dict[str, Any] = {"native": item.ref.native, "to": who, "message": intent.message}
        if intent.sanction is not None:
            args["duration_ms"] = intent.sanction.duration_ms
        step = PlannedStep(call=Call(intent.verb, args), words=intent.verb, reaches=bool(intent.message))
        if intent.verb == "erase":
            return Plan(verb=intent.verb, steps=(step,), reversal="none", effects=ERASED)
        return Plan(verb=intent.verb, steps=(step,), reversal="full")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["narrow", "wide"])
async def test_the_directory(tmp_path: Path, size: tuple[int, int]) -> None:
    async with stage(tmp_path, size=size, backend_type=PeopleBackend) as it:
        await it.press("4")
        await it.shows("promo_pete")
        await it.shows("EN new")  # the language is found a moment after the row came
        await it.shows("3 of about 4,000 known here")
        golden(f"members-{'wide' if size[0] > 100 else 'narrow'}", it.text())


async def test_a_name_is_found_while_it_is_typed_and_a_miss_asks_the_site(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=PeopleBackend) as it:
        await it.press("4")
        await it.shows("promo_pete")
        await it.press("/", "p", "i", "x")
        await until(lambda: "promo_pete" not in it.text())
        assert "pixelwurm" in it.text() and "pixie" in it.text()
        assert "3 of about 4,000 known here" in it.flat()
        await it.press("enter")
        await it.shows("2 names begin so.")
        await it.press("escape")
        await it.shows("promo_pete")
        await it.press("/", *("backspace",) * 3, "z", "o", "enter")
        await it.shows("zora_far")


async def test_the_dossier_and_a_ban_from_it(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=PeopleBackend) as it:
        await it.press("p")
        await it.shows("Ten VPN services")
        golden("dossier-narrow", it.text())
        assert "proposes ban 7 days: would be the third removal in 90 days, after a silence" in it.flat()
        await until(lambda: it.app.shell.gate.in_sight == f"members/{it.backend.connection.community}/user/u-pixelwurm")
        await it.press("B")
        await it.shows("BAN pixelwurm")
        assert "[3 7 days]" in it.text()
        await it.press("ctrl+o", "enter")
        await it.shows("Banned pixelwurm, reason")
        await it.clock.advance(61)
        await until(lambda: [call.name for _, call in it.site.applied] == ["ban"])
        (_, call) = it.site.applied[0]
        assert call.args["native"] == "u-pixelwurm" and call.args["duration_ms"] == 7 * DAY
        assert "How to object" in call.args["message"] or "widersprichst" in call.args["message"]
        await it.press("q")
        await it.shows("1 REPORTS")


async def test_a_form_opens_on_the_default_and_says_what_the_ladder_proposes(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=PeopleBackend, config='[ban]\ndefault = "30d"\n') as it:
        await it.press("p")
        await it.shows("Ten VPN services")
        await until(lambda: it.app.shell.gate.in_sight == f"members/{it.backend.connection.community}/user/u-pixelwurm")
        await it.press("B")
        await it.shows("BAN pixelwurm")
        assert "[4 30 days]" in it.text()
        assert "the ladder proposes ban 7 days: would be the third removal in 90 days, after a silence" in it.flat()
        assert "free with u for 60 s; after that everything can still be taken back" in it.flat(), "the last row"
        await it.press("q", "q", "d")
        await it.shows("ban the author   the ladder proposes 7 days")
        await it.press("b")
        await it.shows("[x] ban 30 days   b again: 7 days")


async def test_private_data_is_shown_by_key_and_gone_with_the_page(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=PeopleBackend) as it:
        await it.press("p")
        await it.shows("I shows IP, e-mail")
        assert "pete@inbox.example" not in it.text()
        await it.press("I")
        await it.shows("e-mail pete@inbox.example, IP 203.0.113.9")
        assert "vpn_bob" in it.text() and "The site keeps a record of this look." in it.flat()
        await it.press("I")
        await it.shows("Hidden again.")
        assert "pete@inbox.example" not in it.text()
        await it.press("I")
        await it.shows("pete@inbox.example")
        await it.press("q", "p")
        await it.shows("I shows IP, e-mail")
        assert "pete@inbox.example" not in it.text()


async def test_deleting_a_spammer_asks_for_the_name(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=PeopleBackend) as it:
        await it.press("4")
        await it.shows("promo_pete")
        it.app.screen.act("member.erase")  # type: ignore[attr-defined]
        await it.rest()
        assert "the last words of a long list of what happens. It cannot be undone." in it.flat()
        await it.press(*"yes", "enter")
        await it.shows("That is not the word: nothing was done.")
        assert not it.desk.outbox().held


async def test_who_is_gone_stays_in_the_columns_of_the_lane(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=PeopleBackend) as it:
        await it.press("4")
        await it.shows("promo_pete")
        assert isinstance(it.backend, PeopleBackend)
        [item] = [one for one in it.backend.directory() if one.author and one.author.username == "promo_pete"]
        await it.desk.store.cache.mark_gone([item.ref], "deleted")
        it.desk.events.tell(ItemsChanged((item.id,)))
        await until(lambda: any("promo_pete" in line and "gone" in line for line in it.lines()))
        [row] = [line for line in it.lines() if "promo_pete" in line and "gone" in line]
        assert row[3:].startswith("promo_pete"), row


async def test_what_a_member_allows_names_the_member(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), backend_type=PeopleBackend) as it:
        await it.press("4")
        await it.shows("promo_pete")
        await it.press(",")
        await it.shows("WHAT CAN BE DONE WITH")
        assert "WHAT CAN BE DONE WITH pixie" in it.flat() and "#u-" not in it.flat()
        assert "a approve Lets a member in who waits for approval." in it.flat()


async def test_a_warning_has_its_form(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 24), items=None, backend_type=PeopleBackend) as it:
        assert rows(it.backend)
        await it.press("4")
        await it.shows("promo_pete")
        await it.press("w")
        await it.shows("WARN pixie")
        assert "How long" not in it.text()
        await it.press("ctrl+o", "enter")
        await it.shows("Warned pixie")
