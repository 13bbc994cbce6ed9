"""Reasons and the messages to authors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.domain.items import REASONS
from modtui.domain.replies import PLACEHOLDERS, fill
from modtui.errors import SettingsError
from modtui.settings import load
from modtui.settings.reasons import LANGUAGES, builtin, compose, pick_language

VALUES = {
    "author": "pixelwurm", "title": "Export bricht ab", "url": "https://x.example/t/7", "community": "harbour",
    "moderator": "rookmoor", "duration": None, "until": None,
}  # fmt: skip


def settings_with(folder: Path, text: str, **messages: str) -> tuple[Path, Path]:
    reasons = folder / "config" / "reasons"
    reasons.mkdir(parents=True)
    path = folder / "config" / "config.toml"
    path.write_text(text, "utf-8")
    for name, words in messages.items():
        (reasons / f"{name.replace('__', '.')}.md").write_text(words, "utf-8")
    return path, reasons


def test_built_in_reasons_have_a_message_in_every_language() -> None:
    assert len(builtin()) == 12
    for reason in builtin():
        assert set(reason.messages) == set(reason.titles) == set(LANGUAGES), reason.id
        assert all(match in REASONS for match in reason.matches)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_names_rule_next_step_and_objection_and_no_gender(language: str) -> None:
    object_to, do = {
        "en": ("How to object", "What you can do"),
        "de": ("widersprechen", "Was du tun kannst"),
        "fr": ("Comment contester", "Ce que vous pouvez faire"),
    }[language]
    for reason in builtin():
        text = reason.messages[language]
        assert object_to in text and do in text and "{rule}" in text and "{reason}" in text
        assert set(re.findall(r"\{(\w+)\}", text)) <= set(PLACEHOLDERS)
        assert not re.search(r"\b(he|she|his|her|him)\b|\(e\)|:in\b|\*in\b|/in\b", text), reason.id


def test_a_composed_message_has_no_hole_without_ban_and_rule() -> None:
    spam = next(reason for reason in builtin() if reason.id == "spam")
    message = compose(spam, "en", VALUES)
    assert message is not None
    assert message.title == 'About your post in "Export bricht ab"'
    assert "{" not in message.text and "restriction" not in message.text and "Rule:" not in message.text
    assert "\n\n\n" not in message.text and message.text.startswith("Hello pixelwurm,")
    banned = compose(spam, "en", {**VALUES, "duration": "7 days", "until": "Fri 27 Nov 10:05 UTC"})
    assert banned is not None and "7 days" in banned.text and "27 Nov" in banned.text


def test_without_a_thread_the_title_is_the_reason() -> None:
    spam = next(reason for reason in builtin() if reason.id == "spam")
    message = compose(spam, "de", {**VALUES, "title": None})
    assert message is not None and message.title == "Spam oder Werbung" and "„" not in message.text.split("\n")[2]


@given(st.text(), st.text())
def test_what_a_member_wrote_is_never_a_placeholder(author: str, title: str) -> None:
    filled = fill("{author}|{title}|{url.__class__}|{nothing}", {"author": author or "-", "title": title or "-"})
    if author.strip() and title.strip():
        flat = [re.sub(r"\s+", " ", part).strip() for part in (author, title)]
        assert filled == f"{flat[0]}|{flat[1]}|{{url.__class__}}|{{nothing}}".strip("\n")
    assert "\n" not in filled


def test_own_reasons_are_all_and_take_over_what_they_leave_out(tmp_path: Path) -> None:
    path, _ = settings_with(
        tmp_path,
        "[[reasons]]\nid = 'insult'\nrule = 'Rule 2'\n[[reasons]]\nid = 'house'\ndigit = 1\ntitle = 'house rule'\n",
        insult__de="# Betreff\nHallo {author}",
        house__en="Hi {author}",
    )
    insult, house = load(path).reasons
    assert insult.digit == "2" and insult.rule == "Rule 2" and insult.matches == ("insult",)
    assert compose(insult, "de", VALUES) is not None and insult.messages["de"].startswith("# Betreff")
    assert "How to object" in insult.messages["en"]
    assert house.messages == {"en": "Hi {author}"} and house.digit == "1"
    message = compose(house, "en", VALUES)
    assert message is not None and (message.title, message.text) == ("house rule", "Hi pixelwurm")
    assert compose(house, "fr", VALUES) is None


def test_an_explicit_digit_wins_over_a_built_in_one(tmp_path: Path) -> None:
    path, _ = settings_with(tmp_path, "[[reasons]]\nid = 'insult'\n[[reasons]]\nid = 'house'\ndigit = 2\n")
    insult, house = load(path).reasons
    assert (insult.digit, house.digit) == ("", "2")


def test_mistakes_in_messages_are_named_with_the_nearest_placeholder(tmp_path: Path) -> None:
    path, folder = settings_with(tmp_path, "", spam__en="Hi {autor}", spm__en="Hi", spam="Hi", insult__en="  ")
    with pytest.raises(SettingsError) as caught:
        load(path)
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    assert f'{folder / "spam.en.md"}: {{autor}} is not a placeholder. Did you mean "author"?' in text
    assert 'there is no reason "spm". Did you mean "spam"?' in text
    assert "must be called <reason>.<language>.md" in text and "is empty" in text


def test_the_language_of_a_message() -> None:
    spam = builtin()[0]
    assert pick_language(spam, "de-AT", "fr") == "de"
    assert pick_language(spam, None, "it", "fr") == "fr"
    assert pick_language(spam, "it") == "en"
