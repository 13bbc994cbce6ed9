"""Posts built to cost time or memory: what they cost is bounded, whatever they hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from itertools import islice

import pytest
from _pytest.mark import ParameterSet
from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.text import Foreign, Shown, escape, hostile_kinds, show, unescape
from modtui.text.document import Document, plain_text
from modtui.text.html import from_html
from modtui.text.layout import lines
from modtui.text.links import make_link
from modtui.text.markdown import from_markdown
from modtui.text.output import carried
from tests.core.effort import within
from tests.examples import examples
from tests.hostile.corpus import CORPUS, TEXTS
from tests.hostile.posts import HTML, MARKDOWN
from tests.pty.controls import strange

MEMORY_MB = 120
"""What reading all of them, one after the other, may add to the process."""


def some(names: Iterable[str]) -> list[ParameterSet]:
    """Every third of them among the other tests, all of them among the long ones."""
    return [pytest.param(name, marks=[pytest.mark.long] * bool(n % 3)) for n, name in enumerate(names)]


def drawn(document: Document, rows: int = 40) -> str:
    """The first rows at 80 cells."""
    return "\n".join(line.text for line in islice(lines(document, 80), rows))


@pytest.mark.parametrize("name", some(HTML))
def test_no_html_takes_long(name: str) -> None:
    def work() -> str:
        return drawn(from_html(Foreign(HTML[name])))

    assert strange(within(3, work).encode()) == []


@pytest.mark.parametrize("name", some(MARKDOWN))
def test_no_markdown_takes_long(name: str) -> None:
    def work() -> str:
        return drawn(from_markdown(Foreign(MARKDOWN[name])))

    assert strange(within(3, work).encode()) == []


@pytest.mark.parametrize("step", [pytest.param(4, id="some"), pytest.param(1, id="all", marks=pytest.mark.long)])
def test_no_html_takes_much_memory(step: int) -> None:
    """In a process of its own: the parser's memory is none of Python's."""
    code = (
        "from modtui.text.html import from_html\n"
        "from modtui.text.layout import lines\n"
        "from tests.hostile.posts import HTML\n"
        # VmHWM, not ru_maxrss: that one remembers the process that this was forked from
        "def now(): return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024\n"
        "from_html('<p>x</p>')\n"
        "before = now()\n"
        f"for html in list(HTML.values())[::-{step}]:\n"
        "    document = from_html(html)\n"
        "    next(lines(document, 80), None)\n"
        "print(now() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert 0 < int(done.stdout) < MEMORY_MB


PIECES = [*TEXTS, "<b>", "</p>", "<a href='", "'>", "[", "](", "`", "\n\n", "&#x9b;", "‹202E›"]
pieces = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6)
mixed = pieces.map("".join).map(lambda text: text[:4000])


@given(mixed)
@settings(max_examples=examples(150), deadline=None)
def test_whatever_the_format_nothing_reaches_the_terminal(text: str) -> None:
    for document in (from_html(Foreign(text)), from_markdown(Foreign(text))):
        assert strange(drawn(document).encode()) == []
        assert strange(plain_text(document).encode()) == []
        for link in document.links:
            assert strange(f"{link.host} {link.path} {link.label} {link.warning} {link.decoded}".encode()) == []
            assert link.url.isascii() and link.url.isprintable()


@given(mixed)
@settings(max_examples=examples(150), deadline=None)
def test_what_is_shown_can_be_had_as_it_was(text: str) -> None:
    """The picture is harmless, an editor gives every sign back, what is copied is the true text."""
    assert unescape(escape(text)) == text
    assert strange(show(text).encode()) == []
    held = escape(text).replace("\t", "")
    assert strange(held.encode()) == []
    halves = any("\ud800" <= sign <= "\udfff" for sign in text)
    assert (carried(text) == text) is not halves
    carried(text).encode()


ODD = frozenset({"markup", "html", "links", "one long word", "honest", "many lines", "emoji without end"})
"""What is strange only to a program, or only too long."""


@pytest.mark.parametrize("name", [name for name in CORPUS if name not in ODD])
def test_every_hostile_text_of_the_corpus_is_told_as_one(name: str) -> None:
    assert hostile_kinds(CORPUS[name])


def test_the_search_for_controls_finds_each_attack() -> None:
    """The tests above can fail: written as it is, each attack is found."""
    for name, text in CORPUS.items():
        raw = text.encode("utf-8", "surrogatepass")
        assert bool(strange(raw)) is (name not in ODD or name == "many lines"), name  # those hold tabs


@pytest.mark.parametrize(
    ("target", "host", "warning"),
    [
        ("https://xn--harbur-zxa.example/x", "xn--harbur-zxa.example", "looks like harbour.example, is not"),
        ("https://h\u0430rbour.example/", "xn--hrbour-3nf.example", "looks like harbour.example, is not"),
        ("https://harbour.example@evil.example/", "evil.example", "what stands before the @ is not the host"),
        ("https://evil.example\\@harbour.example/", "evil.example", None),
        ("https://evil\u3002example/", "evil.example", None),
        ("https://ev\u00adil.example/\u202e", "evil.example", "hidden signs in the address"),
        ("https://ev\u200bi\u2060l.example/", "evil.example", "hidden signs in the address"),
        ("https://stra\xdfe.example/", "xn--strae-oqa.example", None),
        ("javascript:alert(1)", "", "not a web address: javascript"),
        ("https://0x7f.1/", "0x7f.1", "a number instead of a name"),
    ],
)
def test_the_real_host_is_said_and_a_look_alike_flagged(target: str, host: str, warning: str | None) -> None:
    link = make_link(1, "a label", Foreign(target), site="https://harbour.example")
    assert link.host == host
    assert warning is None or (link.warning is not None and warning in link.warning)
    assert isinstance(link.host, str) and strange(Shown(link.host).encode()) == []
