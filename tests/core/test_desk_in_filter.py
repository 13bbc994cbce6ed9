"""The filter language: what it finds, over items and over the cache alike, and what it says to a slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.desk.filter import Around, parse
from modtui.desk.language import language_of
from modtui.desk.rows import match_rows
from modtui.domain.items import Claim, Item
from modtui.errors import UsageError
from modtui.store.store import Store
from modtui.text import Foreign

from .desk_in_fakes import HARBOUR, START, item, world

pytestmark = pytest.mark.anyio

ROWS = [
    item(1, author="Bo", language="de", text="Günstige STRASSE und 100% Rabatt", hours=30, category="Support DE"),
    item(2, author="bob", language="de-AT", text="Straße 12_b", hours=5, reasons=("insult", "insult", "other")),
    item(3, author="keybyte001", language="en", text="keys [80] off", hours=1, claim=Claim(by=Foreign("ann"))),
    item(4, author="keybyte118", text='say "hello world" twice', hours=1.5, tags=("Export", "csv"), hidden=True),
    item(5, author="Łukasz", language="fr", title="Ma question", hours=50, score=9.0, edited_ms=START),
    item(6, author="mapletux", language="en", reasons=("private",), reporters=("jardin*libre",), score=2.0,
         claim=Claim(by=Foreign("me"), mine=True), hours=3),
    item(7, author="other", state="removed", hours=2),
]  # fmt: skip
AROUND = Around(
    now_ms=START, marked={ROWS[0].id, ROWS[4].id}, mine={ROWS[1].id}, new={ROWS[3].id}, like={"1": {ROWS[0].id}}
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "123456"),
        ("author:bo", "1"),
        ("author:bo,bob", "12"),
        ("author:keybyte*", "34"),
        ("author:ŁUKASZ", "5"),
        ("-author:bo*", "3456"),
        ("lang:de", "12"),
        ("lang:none", "4"),
        ("lang:de,fr", "125"),
        ("-lang:en", "1245"),
        ("reports>2", "2"),
        ("reports>=1 reports<3", "13456"),
        ("reason:insult", "2"),
        ("reason:pri", "6"),
        ("age>2h", "1256"),
        ("age<2d age>4h", "12"),
        ("score>8", "5"),
        ("-score>8", "12346"),
        ("is:claimed", "36"),
        ("-is:claimed", "1245"),
        ("is:mine", "26"),
        ("is:marked", "15"),
        ("is:new", "4"),
        ("is:severe", "6"),
        ("is:hidden", "4"),
        ("is:edited", "5"),
        ("is:hidden,edited", "45"),
        ("is:mine,hidden", "246"),
        ("-is:marked", "2346"),
        ("category:support", "1"),
        ('category:"support de"', "1"),
        ("tag:export", "4"),
        ("tag:exp", ""),
        ("-tag:csv", "12356"),
        ("text:strasse", "12"),
        ("straße", "12"),
        ("100%", "1"),
        ("12_b", "2"),
        ("1%b", ""),
        ("[80]", "3"),
        ('"hello world"', "4"),
        (r'"say \"hello"', "4"),
        ("question", "5"),
        ("-text:keys lang:en", "6"),
        ("günstige", "1"),
        ("native", ""),
        ("reporter:jardin*", "6"),
        ("reporter:mapletux lang:fr", "5"),
        ("-reporter:mapletux", "6"),
        ("kind:post -kind:held", "123456"),
        ("like:1", "1"),
        ("-like:1 lang:de", "2"),
        ("state:removed", "7"),
        ("state:open lang:fr", "5"),
        ("https://keys.example/x", ""),
    ],
)
async def test_finds_the_same_in_items_and_in_the_cache(tmp_path: Path, text: str, found: str) -> None:
    store = Store.open(tmp_path / "s", tmp_path / "c")
    await store.cache.put_items(ROWS)
    wanted = parse(text)
    open_only = not wanted.uses("state")
    by_item = "".join(sorted(each.number for each in ROWS if _shown(each, open_only) and wanted.matches(each, AROUND)))
    rows = match_rows(store.cache, "reports", [HARBOUR], "oldest", wanted, AROUND, open_only=open_only)
    ids = [id or "" for id in store.cache.ids_of(rows)]
    await store.close()
    assert by_item == found
    assert "".join(sorted(id.rsplit("/", 1)[1] for id in ids)) == found


def _shown(each: Item, open_only: bool) -> bool:
    return each.state == "open" or not open_only


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("autor:bo", '"author:"'),
        ("rports>2", '"reports"'),
        ("is:claimd", '"claimed"'),
        ("reason:spma", '"spam"'),
        ("state:opne", '"open"'),
        ("reports:3", "reports>3"),
        ("author>3", "author:3"),
        ("reports>many", "not a number"),
        ("age>soon", "length of time"),
        ("author:", "no value"),
        ('text:"open', "not closed"),
        ("-", "minus"),
        ('""', "empty quotes"),
        ("kind:zzz", "held post"),
    ],
)
def test_a_slip_gets_a_sentence_with_the_way_out(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert says in str(caught.value)


def test_language_is_the_sites_then_the_members() -> None:
    assert language_of(item(1, language="pt_BR", locale="de")) == "pt"
    assert language_of(item(1, locale="de-AT")) == "de"
    assert language_of(item(1, locale="x")) is None
    assert language_of(item(1)) is None
    assert language_of(item(1), "de_CH") == "de"
    assert language_of(item(1, locale="fr"), "de") == "fr"


async def test_where_nobody_can_tell_the_communitys_own_language_is_taken(tmp_path: Path) -> None:
    async with world(tmp_path, [item(1), item(2, language="en")]) as w:
        w.community.language = "de"
        await w.live()
        rows = [w.store.cache.item(f"reports/{HARBOUR}/post/{n}") for n in (1, 2)]
        assert [row and row.language for row in rows] == ["de", "en"]
