"""The pure parts of the composer: what fits what is typed, which name ends at the cursor, quotes and links."""

from __future__ import annotations

import pytest

from modtui.domain.items import Choice
from modtui.keymap import Keymap
from modtui.screens.compose import texts
from modtui.screens.compose.complete import Token, fitting, token_at
from modtui.screens.compose.fuzzy import score
from modtui.screens.compose.names import slug
from modtui.screens.compose.offers import Entry, matching
from modtui.text import Foreign, own, show_line
from modtui.text.markdown import from_markdown


@pytest.mark.parametrize(
    "before,token",
    [
        ("Hallo @bo", Token("@", "bo")),
        ("@", Token("@", "")),
        ("(see #exp", Token("#", "exp")),
        ("# ", None),
        ("#", None),
        ("mail@host", None),
        ("a/@b", None),
        ("@bo lind", None),
        ("", None),
    ],
)
def test_the_name_that_ends_at_the_cursor(before: str, token: Token | None) -> None:
    assert token_at(before) == token


def test_a_key_of_the_composer_is_none_that_types() -> None:
    (problem,) = Keymap({"compose.send": ["x"]}).problems
    assert str(problem) == "[keys] compose.send: 'x' is typed into the text."
    assert not Keymap({"compose.send": ["ctrl+n"], "compose.quote": ["f2"]}).problems


def _choice(name: str, title: str = "") -> Choice:
    return Choice(id=name, title=Foreign(title or name))


def test_who_is_in_the_thread_comes_first_and_nobody_twice() -> None:
    near = [_choice("bo_lind")]
    far = [_choice("bob"), _choice("bo_lind"), _choice("x", "Rambo")]
    assert [one.id for one in fitting(Token("@", "bo"), near, far)] == ["bo_lind", "bob", "x"]
    assert fitting(Token("@", "bo_lind"), near, far) == [], "a name that is whole needs no popup"


def test_a_category_is_called_by_its_short_name() -> None:
    assert slug(_choice("12", "Hilfe & Tipps")) == "hilfe-tipps"
    assert slug(_choice("support")) == "support"
    below = Choice(id="7", title=Foreign("Support / Backup & restore"), written=Foreign("support:backup"))
    assert slug(below) == "support:backup"
    assert fitting(Token("#", "back"), (), [below]) == [below], "its short name is typed, too"


@pytest.mark.parametrize(
    "better,worse,query",
    [
        ("CSV encoding", "Export of CSV", "csv"),
        ("Export of CSV", "recsvery", "csv"),
        ("recsvery", "cold servant vans", "csv"),
        ("Réponse type", "re: ponse", "reponse"),
    ],
)
def test_a_better_fit_scores_higher(better: str, worse: str, query: str) -> None:
    first, second = score(query, better), score(query, worse)
    assert first is not None
    assert second is None or first > second


def test_every_word_must_be_found() -> None:
    assert score("csv umlaut", "CSV encoding") is None
    assert score("csv umlaut", "CSV encoding", "about Umlaute") is not None
    assert score("", "anything") == 0


def _entry(title: str, kind: str = "saved", **fields: object) -> Entry:
    return Entry(kind, show_line(title), title, **fields)  # type: ignore[arg-type]


def test_a_short_key_wins_and_an_address_can_be_linked() -> None:
    entries = [_entry("address of the office"), _entry("Ask for details", keys=("ad",))]
    assert matching(entries, "ad")[0].title == "Ask for details"
    (link,) = matching(entries, "https://example.org/a")
    assert (link.kind, link.text) == ("link", "https://example.org/a")


def test_without_a_query_the_groups_stand_in_their_order() -> None:
    entries = [_entry("p", "post"), _entry("t", "template"), _entry("s", "saved"), _entry("q", "similar")]
    assert [one.title for one in matching(entries, "")] == ["s", "q", "t", "p"]


def test_a_gap_gives_way_to_a_text_in_the_askers_language() -> None:
    entries = [_entry("csv export", gap=own("no DE")), _entry("csv import")]
    assert [one.title for one in matching(entries, "csv")] == ["csv import", "csv export"]


def test_a_link_is_one_link_whatever_the_title_holds() -> None:
    document = from_markdown(Foreign(texts.link("a [b] \\ c](http://evil)", "https://harbour.example/t/9 (x)")))
    assert [link.host for link in document.links] == ["harbour.example"]


def test_a_quote_is_a_quote_on_each_line() -> None:
    assert texts.quote("one\n\ntwo", "bo") == "> bo:\n>\n> one\n>\n> two\n\n"
