"""Wherever words of others are drawn, a host that is not what it seems is said so, and the real one is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from modtui.domain.items import Answered, Body, Format, Member, Report
from modtui.screens.compose.preview import preview_lines
from modtui.text import Foreign
from modtui.widgets.around_lines import report_lines
from modtui.widgets.draw import Line
from modtui.widgets.question_lines import similar_lines
from modtui.widgets.text_lines import text_lines

SITE = "https://harbour.example"
FALSE = "https://h\u0430rbour.example/login"
REAL = "xn--hrbour-3nf.example"


def words(lines: Iterable[Line]) -> str:
    """All of it, however it was wrapped."""
    return " ".join(" ".join("".join(text for text, _ in line) for line in lines).split())


def report(text: str) -> Iterator[Line]:
    """A report with these words."""
    who = Member(native="1", username=Foreign("bo"))
    made = Report(id="1", reason="other", label=Foreign("x"), reporter=who, text=Foreign(text))
    return report_lines(made, 80, 0, site=SITE)


def test_in_the_words_of_a_report() -> None:
    told = words(report(f"he sends everybody to {FALSE} and asks for the password"))
    assert REAL in told and "looks like harbour.example, is not" in told
    assert "is not" not in words(report(f"he sends everybody to {SITE}/login"))


@pytest.mark.parametrize("form", ["html", "markdown", "plain"])
def test_in_a_post_whatever_it_is_written_in(form: Format) -> None:
    """Of an item, of a thread, and of what a member wrote before."""
    text = {"html": f'<p>go to <a href="{FALSE}">the login</a></p>', "markdown": f"go to [the login]({FALSE})"}
    told = words(text_lines(Body(Foreign(text.get(form, f"go to {FALSE}")), form), SITE, 80, indent=2))
    assert REAL in told and "looks like harbour.example, is not" in told


@pytest.mark.parametrize("text", [f"go to {FALSE}", f"[harbour.example]({FALSE})", f"[us](mailto:us@{FALSE[8:-6]})"])
def test_in_a_template_or_saved_reply_before_it_is_inserted(text: str) -> None:
    told = words(preview_lines(text, SITE, 80))
    assert REAL in told and "looks like harbour.example, is not" in told


def test_in_the_title_of_a_similar_thread() -> None:
    thread = Answered(id="1", title=Foreign(f"solved, see {FALSE}"), solved=True)
    told = words(similar_lines([thread], 80, 0, site=SITE))
    assert REAL in told and "looks like harbour.example, is not" in told
