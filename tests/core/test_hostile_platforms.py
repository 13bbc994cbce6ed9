"""NodeBB, Matrix and Ozone: hostile texts and wrong types in any field of any answer. What comes of it can be kept,
compared and shown, an error is a sentence, and one broken row costs no other."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from modtui.backends.http import Door
from modtui.backends.ozone import calls as ozone_calls
from modtui.backends.synapse import calls as matrix_calls
from modtui.text import show
from tests.hostile.platforms import NAMES, Platform, platform_named
from tests.hostile.sound import faults, told
from tests.hostile.spoiling import DEEP, LONG, MIX, WRONG, beside, everywhere, names
from tests.hostile.tape import Change
from tests.hostile.tour import Tour

pytestmark = pytest.mark.anyio
Take = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is waited for."""
    monkeypatch.setattr(matrix_calls, "_PAUSE_S", 0)
    monkeypatch.setattr(ozone_calls, "_WAITS_S", (0,))
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Take:
    """`await take(platform, change)`: the whole tour on changed answers, looked through; nothing but errors of modtui's
    own may end a part of it."""

    async def tour(platform: Platform, change: Change | None = None, *, sends: bool = False, items: int = 1) -> Tour:
        once = platform.tape.once(change)
        monkeypatch.setattr(Door, "_once", lambda self, *given: once(self, *given))
        backend = platform.make(tmp_path)
        found = Tour()
        try:
            await found.read(backend, items=items)
            for item in {(one.lane, one.ref.kind): one for one in found.items}.values():
                for name, call in found.plan(backend, item).items():
                    if sends:
                        await found.send(backend, item, name, call)
        finally:
            await backend.aclose()
        assert [fault for one in found.seen for fault in faults(one)] == []
        assert [fault for one in found.errors for fault in told(one)] == []
        return found

    return tour


def kept(before: Tour, after: Tour) -> None:
    """The rows of before are all there."""
    for lane, page in before.pages.items():
        assert lane in after.pages, (lane, [str(one) for one in after.errors])
        lost = {item.ref for item in page.items} - {item.ref for item in after.pages[lane].items}
        assert lost == set(), lane


@pytest.mark.parametrize("name", NAMES)
async def test_rows_beside_a_broken_one_are_kept(take: Take, tmp_path: Path, name: str) -> None:
    """Beside each sound row of each list stand copies of it, each broken in another field."""
    platform = await platform_named(name, tmp_path / "forum")
    honest = await take(platform, sends=True)
    assert len(honest.worked) > 16, "the tour gets around"
    for to in (MIX, 2**70):
        kept(honest, await take(platform, beside(to)))


@pytest.mark.parametrize("name", NAMES)
async def test_texts_that_attack_in_every_field(take: Take, tmp_path: Path, name: str) -> None:
    """All fields at once, but for those that a row is known by: the rows stay, and every text goes through the door."""
    platform = await platform_named(name, tmp_path / "forum")
    honest = await take(platform)
    found = await take(platform, _speech(MIX), sends=True)
    kept(honest, found)
    assert MIX[:9] in json.dumps([repr(one) for one in found.seen]).replace("\\\\x1b", "\x1b"), "it comes through"
    kept(honest, await take(platform, _speech(DEEP)))
    kept(honest, await take(platform, _once_in_each(LONG)))


SPEECH = {
    "nodebb": ("content", "title", "titleRaw", "reason", "value", "description", "fullname", "aboutme", "rawContent",
               "displayname", "name", "signature", "message", "mutedReason", "teaser", "text", "category", "icon:text",
               "status"),
    "synapse": ("body", "formatted_body", "displayname", "reason", "name", "topic", "canonical_alias", "error", "ip",
                "user_agent", "address", "server_version", "status", "filename", "avatar_url", "room_version"),
    "ozone": ("text", "displayName", "description", "comment", "name", "contentMarkdown", "email", "message",
              "subject_line", "title", "lang", "handle", "creatorHandle", "subjectHandle", "tags", "langs"),
}  # fmt: skip
"""Fields that hold what somebody wrote."""
_FIELDS = frozenset(name for found in SPEECH.values() for name in found)


def _speech(attack: str) -> Change:
    def change(method: str, path: str, body: Any) -> Any:
        return _spoken(body, attack)

    return change


def _once_in_each(attack: str) -> Change:
    """One such text in each answer: the size of an answer has a limit."""

    def change(method: str, path: str, body: Any) -> Any:
        raw = json.dumps(_spoken(body, "\0attack"))
        mark = json.dumps("\0attack")
        return json.loads(raw.replace(mark, json.dumps(attack), 1).replace(mark, '"x"'))

    return change


def _spoken(value: Any, attack: str, inside: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _spoken(inner, attack, key in _FIELDS) for key, inner in value.items()}
    if isinstance(value, list):
        return [_spoken(inner, attack, inside and isinstance(inner, str)) for inner in value]
    return attack if inside and isinstance(value, str) and not value.startswith(("did:", "@", "http")) else value


async def _field_by_field(take: Take, platform: Platform, some: slice) -> None:
    fields = names(platform.tape)
    random.Random(4).shuffle(fields)
    for place, field in enumerate(fields[some]):
        await take(platform, everywhere(field, MIX, texts=True), sends=place % 3 == 0)
        await take(platform, everywhere(field, WRONG[place % len(WRONG)]))


@pytest.mark.parametrize("name", NAMES)
async def test_some_fields_each_alone(take: Take, tmp_path: Path, name: str) -> None:
    await _field_by_field(take, await platform_named(name, tmp_path / "forum"), slice(0, None, 40))


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
async def test_every_field_alone(take: Take, tmp_path: Path, name: str) -> None:
    platform = await platform_named(name, tmp_path / "forum")
    honest = await take(platform, sends=True)
    for to in WRONG:
        kept(honest, await take(platform, beside(to)))
    await _field_by_field(take, platform, slice(None))


@pytest.mark.parametrize("name", ["synapse", "ozone"])
async def test_half_a_sign_or_broken_bytes_hide_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One member's text is not whole: everybody else's reports are there all the same, and that one's, too."""
    platform = await platform_named(name, tmp_path)
    for broken in (b"\\ud83d", b"\xff\xfe", b"\x01\x02", b"\\udc00\\ud800"):
        once = platform.tape.once()

        async def spoiling(self: Door, *given: Any, once: Any = once, broken: bytes = broken) -> Any:
            reply = await once(self, *given)
            body = reply.body.replace(b"cheap.", broken).replace(b"Cheap", broken).replace(b"Look at", broken)
            return type(reply)(reply.status, reply.headers, body, reply.place, reply.sent)

        monkeypatch.setattr(Door, "_once", spoiling)
        backend = platform.make(tmp_path / "state")
        try:
            await backend.identify()
            page = await backend.page("reports")
        finally:
            await backend.aclose()
        assert page.unreadable == 0 and len(page.items) >= 4
        assert not any(item.problem for item in page.items)
        text = "".join(str(item.source or "") + str(item.body.text if item.body else "") for item in page.items)
        assert "eap" not in text and show(text).isprintable() is not None
        assert [fault for item in page.items for fault in faults(item)] == []
