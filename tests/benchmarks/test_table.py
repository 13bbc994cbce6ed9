"""Figures, goals and how they are shown."""

from __future__ import annotations

import json

import pytest

from benchmarks.table import KEY_FIGURES, Figure, Goal, Run, row, row_heads, shown, table


@pytest.mark.parametrize(
    ("goal", "value", "ratio", "met"),
    [
        (Goal(1.35), 500.0, 1.35, True),
        (Goal(1.35), 500.0, 1.36, False),
        (Goal(1.35), 500.0, None, None),
        (Goal(4000, "value"), 4000.0, None, True),
        (Goal(4000, "value"), 4001.0, 0.1, False),
        (Goal(0, "value"), 0.0, None, True),
        (Goal(1, "value", least=True), 0.0, None, False),
        (Goal(0.85, least=True), 430.0, 0.9, True),
        (Goal(50, "value"), None, None, None),
    ],
)
def test_a_goal_is_judged_by_what_it_is_about(
    goal: Goal, value: float | None, ratio: float | None, met: bool | None
) -> None:
    assert goal.met(value, ratio) is met


def test_a_figure_says_what_it_is_beside() -> None:
    one = Figure("start", 450.0, "ms", "hello", 300.0, Goal(1.35))
    assert one.ratio == 1.5 and one.met is False
    plain = one.plain()
    assert {"name", "value", "unit", "reference", "ratio", "goal"} <= plain.keys()
    assert plain["reference"] == "hello 300 ms" and plain["ratio"] == 1.5 and plain["goal"] == "<= 1.35x"


def test_each_reference_makes_a_figure_of_its_own_and_a_missing_one_says_so() -> None:
    run = Run()
    run.add("start", 450.0, "ms", ("hello", 300.0, Goal(2)), ("toot", None, Goal(0.75)), note="from the cache")
    first, second = run.figures
    assert (first.name, first.ratio, first.met, first.note) == ("start / hello", 1.5, True, "from the cache")
    assert (second.name, second.ratio, second.met, second.note) == ("start / toot", None, None, "no toot here")
    text = table(run.figures)
    assert "no toot here" in text and "1.50x" in text and "<= 2x" in text


def test_what_could_not_be_taken_is_a_dash_and_no_goal_missed() -> None:
    run = Run()
    run.add("page", None, "ms", goal=Goal(8, "value"))
    assert run.figures[0].met is None
    assert json.loads(run.to_json())["figures"][0]["value"] is None
    line = table(run.figures).splitlines()[-1]
    assert [cell.strip() for cell in line.strip("|").split("|")] == ["page", "-", "ms", "", "", "<= 8 ms", "-", ""]


def test_the_json_holds_every_figure_and_what_did_not_run() -> None:
    run = Run(short=True)
    run.add("idle.bytes", 0.0, "B", goal=Goal(0, "value"))
    run.trouble.append("sync: the site did not start")
    found = json.loads(run.to_json())
    assert [one["name"] for one in found["figures"]] == ["idle.bytes"] and found["figures"][0]["met"] is True
    assert found["trouble"] == ["sync: the site did not start"] and found["short"] is True
    assert "cores" in found["machine"]


def test_a_row_has_a_cell_for_each_head() -> None:
    run = Run()
    run.add(KEY_FIGURES[0][0].split(" / ")[0], 450.0, "ms", ("hello", 300.0, None))
    run.add("idle.bytes", 0.0, "B")
    cells = [cell.strip() for cell in row(run).strip("|").split("|")]
    heads = [head.strip() for head in row_heads().splitlines()[0].strip("|").split("|")]
    assert len(cells) == len(heads)
    found = dict(zip(heads, cells, strict=True))
    assert found[KEY_FIGURES[0][1]] == "1.50x" and found["idle bytes"] == "0" and found["page bytes"] == "-"


@pytest.mark.parametrize(
    ("value", "words"), [(None, "-"), (0.0, "0"), (2.345, "2.35"), (15.04, "15.0"), (8120.0, "8,120")]
)
def test_numbers_have_the_digits_that_say_something(value: float | None, words: str) -> None:
    assert shown(value) == words
