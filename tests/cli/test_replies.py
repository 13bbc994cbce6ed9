"""`modtui act reply` and its like, `modtui replies`, `modtui drafts`: answering without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modtui.demo.server import DemoServer
from tests.cli.conftest import Run, as_input


def questions(site: Run, filter: str = "state:unanswered") -> list[dict[str, Any]]:
    """The questions that wait, in the order in which they are due."""
    found = site("queue", "--lane", "questions", "--filter", filter, "--json")
    assert found.code == 0 and found.lines, found.err
    return found.lines


def posts(demo: DemoServer, line: dict[str, Any]) -> list[dict[str, Any]]:
    """The posts of a question on the site, the first one first."""
    return [dict(row) for row in demo.db.all(
        "SELECT id, raw, user_id, reply_to_post_number, post_type FROM posts WHERE topic_id = ? ORDER BY post_number",
        [int(line["id"].rpartition("/")[2])],
    )]  # fmt: skip


def saved(tmp_path: Path, name: str, text: str) -> None:
    folder = tmp_path / "config" / "replies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_reply_from_a_file_is_on_the_site_and_a_dry_run_shows_its_text(
    site: Run, demo: DemoServer, tmp_path: Path
) -> None:
    [one, *_] = questions(site)
    file = tmp_path / "answer.md"
    file.write_text("Hello @{author},\n\nplease read {url}.\n", encoding="utf-8")
    dry = site("act", "reply", "--message-file", str(file), "--dry-run", stdin=as_input([one]))
    assert dry.code == 0 and f"Hello @{one['author']}," in dry.lines[0]["text"], dry.out
    before = posts(demo, one)
    ended = site("act", "reply", "--message-file", str(file), stdin=as_input([one]))
    assert ended.code == 0, ended.out
    assert (ended.lines[0]["state"], ended.lines[0]["checked"]) == ("done", True)
    [new] = posts(demo, one)[len(before) :]
    assert new["raw"].startswith(f"Hello @{one['author']},\n\nplease read http")
    assert site("drafts", "--json").out == ""


def test_a_saved_reply_is_taken_in_the_askers_language_and_a_gap_is_told(
    site: Run, demo: DemoServer, tmp_path: Path
) -> None:
    saved(tmp_path, "hello.en.md", "---\ntitle: Hello\n---\nHello {author}")
    saved(tmp_path, "hello.de.md", "Hallo {author}")
    rows = questions(site)
    for language, begin in (("en", "Hello"), ("de", "Hallo"), ("fr", "Hello")):
        one = next(row for row in rows if row["language"] == language)
        ended = site("act", "reply", "--saved", "hello", stdin=as_input([one]))
        assert ended.code == 0, ended.out + ended.err
        assert posts(demo, one)[-1]["raw"] == f"{begin} {one['author']}"
        assert ("no FR" in ended.err) is (language == "fr")


def test_a_reply_with_a_gap_is_refused_and_names_it(site: Run, demo: DemoServer) -> None:
    [one, *_] = questions(site)
    before = posts(demo, one)
    ended = site("act", "reply", "--saved", "duplicate", stdin=as_input([one]))
    assert ended.code == 9 and ended.lines[0]["state"] == "refused"
    assert ended.lines[0]["message"].startswith("{link} is not filled in")
    assert posts(demo, one) == before
    good = site("act", "reply", "--saved", "duplicate", "--link", "https://forum.example/t/1", stdin=as_input([one]))
    assert good.code == 0 and "https://forum.example/t/1" in posts(demo, one)[-1]["raw"]


def test_who_answered_meanwhile_is_told_and_nothing_is_sent(site: Run, demo: DemoServer) -> None:
    [one, *_] = questions(site)
    assert site("act", "reply", "--message", "The first answer here.", one["id"]).code == 0
    late = site("act", "reply", "--message", "The second answer here.", stdin=as_input([one]))
    assert late.code == 9 and late.lines[0]["state"] == "conflict"
    assert posts(demo, one)[-1]["raw"] == "The first answer here."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reply"], "reply needs --message"),
        (["reply", "--saved", "welcome", "--message", "x"], "exclude each other"),
        (["reply", "--saved", "welcom"], "welcome"),
        (["reply", "--saved", "welcome", "--lang", "it"], "not there in IT"),
        (["reply", "--message", "Dear {autor}"], "author"),
        (["reply", "--message", "x", "--ban", "7d"], "--ban is not for reply"),
        (["accept"], "accept needs --post"),
        (["move"], "move needs --to"),
        (["move", "--to", "No such place"], "no category"),
        (["tag", "--tags", "+a,b"], "--tags"),
        (["bookmark", "--until", "soon"], "no date"),
        (["bookmark", "--until", "2001-01-01"], "in the past"),
        (["approve", "--accept"], "--accept is for reply"),
    ],
)
def test_wrong_words_are_named(site: Run, words: list[str], said: str) -> None:
    [one, *_] = questions(site)
    ended = site("act", *words, one["id"])
    assert ended.code == 2 and said in ended.err and ended.out == "", ended.err


def test_threads_are_moved_tagged_bookmarked_and_closed_as_duplicates(site: Run, demo: DemoServer) -> None:
    one, other, third = questions(site)[:3]
    topic = int(one["id"].rpartition("/")[2])
    category = demo.db.one("SELECT c.id, c.name FROM categories c WHERE c.id <> (SELECT category_id FROM topics WHERE"
                           " id = ?) ORDER BY c.id LIMIT 1", [topic])  # fmt: skip
    assert category is not None
    moved = site("act", "move", "--to", category["name"], one["id"])
    assert moved.code == 0, moved.out
    row = demo.db.one("SELECT category_id FROM topics WHERE id = ?", [topic])
    assert row is not None and row["category_id"] == category["id"]
    assert site("act", "bookmark", "--until", "3d", one["id"]).code == 0
    assert site("act", "watch", one["id"]).code == 0
    wrote = site("act", "duplicate", "--of", other["id"].rpartition("/")[2], third["id"])
    assert wrote.code == 0, wrote.out
    assert f"/t/{other['id'].rpartition('/')[2]}" in "".join(post["raw"] for post in posts(demo, third))
    closed = demo.db.one("SELECT closed FROM topics WHERE id = ?", [int(third["id"].rpartition("/")[2])])
    assert closed is not None and closed["closed"]


def test_saved_replies_are_listed_with_their_gaps_and_mistakes_with_their_lines(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "csv.de.md", "---\ntitle: CSV\ntags: [export, excel]\nkeys: cs\n---\nHallo {author}: {link}")
    line = next(one for one in run("replies", "--json").lines if one["name"] == "csv")
    assert line == {
        "name": "csv", "title": "CSV", "titles": {"de": "CSV"}, "tags": ["export", "excel"], "keys": ["cs"],
        "languages": ["de"], "missing": ["en", "fr"], "placeholders": ["author", "link"], "source": "own",
    }  # fmt: skip
    row = next(row for row in run("replies").out.splitlines() if row.startswith("csv "))
    assert "no EN, no FR" in row and "yours" in row
    saved(tmp_path, "bad.en.md", "---\ntitel: x\n---\nDear {autor}")
    wrong = run("replies")
    assert wrong.code == 2
    assert 'bad.en.md: line 2: there is no "titel" here. Did you mean "title"?' in wrong.err
    assert 'bad.en.md: line 4: {autor} is not a placeholder. Did you mean "author"?' in wrong.err


def test_a_reply_that_was_taken_back_is_a_draft_until_it_is_dropped(site: Run, demo: DemoServer) -> None:
    [one, *_] = questions(site)
    held = site("act", "reply", "--message", "On second thought.", "--no-wait", "--hold", "60", one["id"])
    assert held.code == 0 and held.lines[0]["state"] == "held", held.out
    assert site("undo", held.lines[0]["decision"]).code == 0
    [draft] = site("drafts", "--json").lines
    assert (draft["text"], draft["item"], draft["to"]) == ("On second thought.", one["id"], one["author"])
    assert "On second thought." in site("drafts").out
    assert site("drafts", "--drop", draft["id"]).code == 0
    gone = site("drafts", "--json")
    assert gone.out == "" and "No text waits" in gone.err
    assert site("drafts", "--drop", draft["id"]).code == 3
