"""Saved replies: read with every mistake named, filled, found, and never sent with a gap."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.domain.items import Template
from modtui.domain.replies import PLACEHOLDERS, SavedReply, fill_reply, gaps, lacks, mentions, variant
from modtui.errors import NetworkError, SettingsError
from modtui.settings import load
from modtui.settings.replies import LIMIT, load_replies, starters, with_starters
from modtui.text import Foreign
from tests.core.answering import answering

ASKED = {"author": "zimtstern", "title": "CSV", "moderator": "rookmoor", "community": "Harbour", "category": "Export"}


def put(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# ---------------------------------------------------------------- files


def test_the_starters_are_whole_in_three_languages_and_fill_without_a_rest() -> None:
    values = {**ASKED, "link": "https://forum.example/t/1", "url": "x", "duration": "7 days", "until": "then",
              "reason": "spam", "rule": "2"}  # fmt: skip
    assert {"ask-details", "welcome", "duplicate", "solved-check", "moved"} <= {reply.name for reply in starters()}
    for reply in starters():
        assert set(reply.texts) == set(reply.titles) == {"en", "de", "fr"}, reply.name
        for language, text in reply.texts.items():
            filled = fill_reply(text, values)
            assert filled.missing == () and "{" not in filled.text, (reply.name, language)


def test_one_file_for_each_language_makes_a_family(tmp_path: Path) -> None:
    put(tmp_path, "csv.en.md", '---\ntitle: "CSV: umlauts"\ntags: [export, excel]\nkeys: cs\n---\n\nHello {author}\n')
    put(tmp_path, "csv.de.md", "\ufeff---\r\ntitle: CSV\r\ntags:\r\n  - export\r\n  - umlaute\r\n---\r\nHallo {author}")
    put(tmp_path, "plain.pt-BR.md", "Sem cabeçalho")
    put(tmp_path, "README.md", "What this folder is {about}")
    put(tmp_path, ".csv.en.md.swp", "")
    (csv, plain), problems = load_replies(tmp_path)
    assert problems == []
    assert (csv.title, csv.titles) == ("CSV: umlauts", {"en": "CSV: umlauts", "de": "CSV"})
    assert csv.tags == ("export", "umlaute", "excel") and csv.keys == ("cs",)
    assert csv.texts == {"en": "Hello {author}", "de": "Hallo {author}"}
    assert (plain.title, plain.texts) == ("Plain", {"pt-br": "Sem cabeçalho"})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.en.md", "---\ntitle: x\n", "line 1: the front matter has no end"),
        ("a.en.md", "---\ntitel: x\n---\nx", 'line 2: there is no "titel" here. Did you mean "title"?'),
        ("a.en.md", "---\ntitle: x\nrubbish\n---\nx", 'line 3: "rubbish" is not "key: value"'),
        ("a.en.md", "---\ntags: [a, b\n---\nx", "line 2: the brackets of tags are not closed"),
        ("a.en.md", "---\ntitle: a\ntitle: b\n---\nx", 'line 3: "title" stands here twice'),
        ("a.en.md", "---\ntitle:\n---\nx", "line 2: the title is empty"),
        ("a.en.md", "---\nkeys: two words\n---\nx", 'line 2: the key "two words" must be'),
        ("a.en.md", "---\ntitle: x\n---\n\n", "there is no text"),
        ("a.en.md", "", "line 1: there is no text"),
        ("a.en.md", "---\ntitle: x\n---\nHello\n{autor}", "line 5: {autor} is not a placeholder. Did you mean"),
        ("a.en.md", b"---\ntitle: x\n---\nHi\n\xff\xfe", "line 5: is not UTF-8 text"),
        ("a.en.md", b"x" * (LIMIT + 1), "is larger than 100 kB"),
        ("answer.md", "x", "must be called <name>.<language>.md"),
        ("a b.en.md", "x", "must be called <name>.<language>.md"),
        ("a.en.md", "---\ntitle: \x1b[31mred\x07\nbad\x1b line\n---\nx", 'line 3: "bad␛ line" is not'),
    ],
)
def test_each_mistake_is_named_with_its_file_and_line(tmp_path: Path, name: str, text: str | bytes, said: str) -> None:
    path = put(tmp_path / "replies", name, text)
    with pytest.raises(SettingsError) as raised:
        load(tmp_path / "config.toml")
    [problem] = raised.value.problems
    assert problem.startswith(f"{path}: ") and said in problem, problem


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.en.md")
    (tmp_path / "folder.en.md").mkdir()
    (tmp_path / "lost.en.md").symlink_to(tmp_path / "nowhere")
    found, problems = load_replies(tmp_path)
    assert found == () and len(problems) == 3
    assert sum("is not a file" in problem for problem in problems) == 2


def test_two_replies_with_one_key_or_name_are_a_mistake_and_an_own_key_wins_over_a_starters(tmp_path: Path) -> None:
    put(tmp_path, "a.en.md", "---\nkeys: ad\n---\nx")
    own, problems = load_replies(tmp_path)
    assert problems == []
    assert [reply.name for reply in with_starters(own) if "ad" in reply.keys] == ["a"]
    put(tmp_path, "b.en.md", "---\nkeys: AD\n---\nx")
    put(tmp_path, "A.EN.md", "---\nkeys: ad\n---\nx")
    problems = load_replies(tmp_path)[1]
    assert any("is the same reply in the same language" in problem for problem in problems)
    assert any('the key "ad" belongs to two replies, a and b' in problem for problem in problems)


def test_an_own_reply_replaces_the_starter_of_its_name_and_starters_can_be_left_out(tmp_path: Path) -> None:
    put(tmp_path / "replies", "welcome.en.md", "Ours")
    found = {reply.name: reply for reply in load(tmp_path / "config.toml").saved_replies()}
    assert found["welcome"].texts == {"en": "Ours"} and found["moved"].starter
    (tmp_path / "config.toml").write_text("[replying]\nstarters = false\n")
    assert [reply.name for reply in load(tmp_path / "config.toml").saved_replies()] == ["welcome"]


# ---------------------------------------------------------------- languages and gaps


@pytest.mark.parametrize(
    ("language", "default", "found", "gap"),
    [("de", None, "de", False), ("de-AT", None, "de", False), ("fr", "de", "de", True), ("fr", None, "en", True),
     (None, None, "en", False), ("pt-br", "it", "en", True)],
)  # fmt: skip
def test_the_variant_for_a_language(language: str | None, default: str | None, found: str, gap: bool) -> None:
    reply = SavedReply(name="a", title="A", texts={"de": "d", "en": "e", "es": "s"})
    assert variant(reply, language, default)[0] == found
    assert lacks(reply, language) is gap


def test_without_english_any_variant_is_better_than_none() -> None:
    assert variant(SavedReply(name="a", title="A", texts={"it": "i", "es": "s"}), "fr") == ("es", "s")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello {author}, see {link}, {author}", ("author", "link")),
        ("{ author } {} {0} {nonsense} {Author}", ()),
        ("`{link}` and ``{url} ` {url}`` and {title}", ("title",)),
        ("```py\n{link}\n```\n{url}", ("url",)),
        ("~~~\n{link}\n```\n{title}\n~~~\n", ()),
        ("```\nnever closed {link}", ()),
        ("text\n\n    {link}\n\n{url}", ("url",)),
        ("a paragraph\n    goes on with {link}", ("link",)),
        ("> {link}\n\n{url}", ("url",)),
        ('[quote="bo, post:1"]\n{link}\n[quote]{url}[/quote]\n{title}\n[/quote]\n{author}', ("author",)),
        ("\\{link} is how a link is written", ()),
    ],
)
def test_gaps_are_what_the_moderator_wrote_and_not_what_is_quoted_or_code(text: str, found: tuple[str, ...]) -> None:
    assert gaps(text) == found


def test_mentions_are_counted_once_and_not_in_code_or_mail_addresses() -> None:
    text = "@bo and @Bo, @tante_erna. mail@example.org `@code`\n> @quoted\n(@last-one)"
    assert mentions(text) == ("bo", "tante_erna", "last-one")


@given(st.text(), st.dictionaries(st.sampled_from(sorted(PLACEHOLDERS)), st.text()))
def test_filling_never_leaves_a_gap_that_it_does_not_name(text: str, values: dict[str, str]) -> None:
    filled = fill_reply(text, dict(values))
    assert set(gaps(filled.text)) <= set(filled.missing)
    assert all(not values.get(name, "").strip() for name in filled.missing)


def test_a_thread_called_like_a_placeholder_is_no_gap() -> None:
    filled = fill_reply("About {title}", {"title": "What is {link}, and %{this}, for?"})
    assert filled.text == "About What is \\{link}, and %\\{this}, for?" and gaps(filled.text) == ()


# ---------------------------------------------------------------- on the desk

OWN = (
    SavedReply(name="csv-encoding", title="Umlauts in CSV", tags=("export",), keys=("cs",),
               texts={"de": "Hallo {author}: {link}", "en": "Hello {author}: {link}"}, titles={"de": "Umlaute in CSV"}),
    SavedReply(name="late", title="Sorry, late", texts={"en": "Sorry for the delay with the export."}),
    SavedReply(name="verspaetet", title="Verspätung", texts={"de": "Entschuldigung"}),
)  # fmt: skip


@pytest.mark.anyio
async def test_the_authors_language_comes_first_and_a_gap_is_told(tmp_path: Path) -> None:
    async with answering(tmp_path, replies=lambda: OWN) as it:
        item = await it.question("7", language="de")
        found = it.desk.replies.known(item)
        assert [(one.name, one.language, one.gap) for one in found] == [
            ("csv-encoding", "de", False), ("verspaetet", "de", False), ("late", "en", True)
        ]  # fmt: skip
        assert found[0].title == "Umlaute in CSV"
        filled = it.desk.replies.fill(found[0], item)
        assert filled.text == "Hallo zimtstern: {link}" and filled.missing == ("link",)
        assert it.desk.replies.fill(found[0], item, to="bo", link="https://x.example").text == "Hallo bo: https://x.example"
        assert it.desk.replies.named("CS", item) == found[0]
        assert it.desk.replies.known(item, language="en")[0].text == "Hello {author}: {link}"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["csv-encoding", "verspaetet", "late"]),
        ("cs", ["csv-encoding"]),
        ("UMLAUT csv", ["csv-encoding"]),
        ("verspat", ["verspaetet"]),
        ("export", ["csv-encoding", "late"]),
        ("csvenc", ["csv-encoding"]),
        ("nothing like it", []),
    ],
)
async def test_the_picker_finds_by_key_name_title_tag_and_text(tmp_path: Path, typed: str, found: list[str]) -> None:
    async with answering(tmp_path, replies=lambda: OWN) as it:
        item = await it.question("7", language="de")
        assert [one.name for one in it.desk.replies.find(typed, item)] == found


@pytest.mark.anyio
async def test_the_sites_own_texts_stand_in_the_same_list_and_are_asked_for_seldom(tmp_path: Path) -> None:
    async with answering(tmp_path, replies=lambda: OWN) as it:
        item = await it.question("7", language="en")
        it.backend.broken = NetworkError("The site cannot be reached.", sent=False)
        assert len(await it.desk.replies.all(item)) == 3, "the own ones need no site"
        it.backend.broken = None
        text = Foreign("%{topic_url}, %{reply_to_name}: %{agent}")
        it.backend.kept = (Template(id="9", title=Foreign("Reset a password"), text=text),)
        assert len(await it.desk.replies.all(item)) == 3 and it.backend.asked == ["templates"]
        await it.clock.advance(61)
        await it.desk.replies.all(item)
        await it.desk.replies.all(item)
        assert it.backend.asked == ["templates"] * 2
        [entry] = it.desk.replies.find("password", item)
        assert (entry.id, entry.source, entry.gap) == ("site:9", "site", False)
        filled = it.desk.replies.fill(entry, item)
        assert filled.text == "https://harbour.example/t/7, zimtstern: %{agent}"
        assert filled.missing == gaps(filled.text) == ("agent",)
