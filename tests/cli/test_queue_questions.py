"""`modtui queue --lane questions`: what nobody answered, by what is due next."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from modtui.demo.server import DemoServer
from tests.cli.conftest import Run

FIELDS = {"question", "replies", "due_ms", "due", "category", "tags", "language"}


def unanswered(demo: DemoServer) -> set[str]:
    """The topics that the server's own filter lists as unanswered, over all its pages; closed ones are no work."""
    found: set[str] = set()
    page = 0
    while True:
        words = urllib.parse.urlencode({"q": "status:noreplies status:open", "page": page})
        request = urllib.request.Request(
            f"{demo.url}/filter.json?{words}", headers={"Api-Key": demo.api_key, "Api-Username": demo.username}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            topics: list[dict[str, Any]] = json.load(answer)["topic_list"]["topics"]
        new = {str(topic["id"]) for topic in topics} - found
        if not new:
            return found
        found |= new
        page += 1


def test_unanswered_questions_are_those_of_the_sites_own_filter_in_due_order(site: Run, demo: DemoServer) -> None:
    ended = site("queue", "--lane", "questions", "--filter", "state:unanswered", "--json")
    assert ended.code == 0, ended.err
    rows = ended.lines
    assert {row["number"] for row in rows} == unanswered(demo) and len(rows) > 3
    assert [row["due_ms"] for row in rows] == sorted(row["due_ms"] for row in rows)
    for row in rows:
        assert row.keys() >= FIELDS
        assert (row["question"], row["lane"], row["replies"], row["state"]) == ("unanswered", "questions", 0, "open")
        assert row["due"] in ("ok", "soon", "late") and isinstance(row["tags"], list)


def test_every_question_has_a_state_and_filters_take_them_apart(site: Run) -> None:
    everything = site("queue", "--lane", "questions", "--json").lines
    states = {row["question"] for row in everything}
    assert states <= {"unanswered", "asker", "unsolved", "held"} and len(states) > 1
    for state in states:
        some = site("queue", "--lane", "questions", "--filter", f"state:{state}", "--json").lines
        assert [row["id"] for row in some] == [row["id"] for row in everything if row["question"] == state]
    late = site("queue", "--lane", "questions", "--filter", "is:late", "--limit", "2", "--json").lines
    assert [row["id"] for row in late] == [row["id"] for row in everything if row["due"] == "late"][:2]


def test_the_clock_is_that_of_the_settings(site: Run, tmp_path: Path) -> None:
    before = {row["id"]: row["due_ms"] for row in site("queue", "--lane", "questions", "--json").lines}
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "config.toml").write_text('[targets]\ndefault = "26h"\n"lang:de" = "forever"\n')
    rows = site("queue", "--lane", "questions", "--json").lines
    assert {row["id"] for row in rows} == before.keys()
    german = [row for row in rows if row["language"] == "de"]
    assert german and all(row["due_ms"] is None and row["due"] is None for row in german)
    assert rows[-len(german) :] == german, "what has no clock comes last"
    for row in rows[: -len(german)]:
        assert row["due_ms"] - before[row["id"]] == 2 * 3_600_000


def test_the_table_says_what_is_late(site: Run) -> None:
    rows = site("queue", "--lane", "questions", "--json").lines
    lines = site("queue", "--lane", "questions").out.splitlines()
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert row["number"] in line and row["question"] in line
        assert ("  late " in line) == (row["due"] == "late")


@pytest.mark.parametrize("words", ["state:unansw", "state:sol"])
def test_states_may_be_shortened(site: Run, words: str) -> None:
    assert site("queue", "--lane", "questions", "--filter", words).code == 0
