"""Where links really go, and what is said about those that pretend."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.text import Foreign, show
from modtui.text.links import Link, defang, host_alarm, make_link
from tests.core.test_text_signs import FORBIDDEN, hostile

SITE = "https://harbour.example"


def link(target: str, label: str = "here") -> Link:
    return make_link(1, label, Foreign(target), site=SITE)


def warning(target: str, label: str = "here") -> str:
    return str(link(target, label).warning or "")


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        ("https://harbour.example/docs/export", "harbour.example", "/docs/export"),
        ("/t/12/3", "harbour.example", "/t/12/3"),
        ("//harbour.example/x", "harbour.example", "/x"),
        ("HTTPS://WWW.Harbour.Example:443/x", "www.harbour.example:443", "/x"),
        ("https://harbour.example", "harbour.example", ""),
    ],
)
def test_links_of_this_site_are_known(target: str, host: str, path: str) -> None:
    found = link(target)
    assert (found.host, found.path, found.same_site, found.warning) == (host, path, True, None)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("https://evil.test/harbour.example", "evil.test"),
        ("https://harbour.example@evil.test/", "evil.test"),
        ("https:\\\\evil.test\\harbour.example", "evil.test"),
        (" \x01https://ev\til.te\nst/", "evil.test"),
        ("https:/evil.test", "evil.test"),
        ("https:evil.test", "evil.test"),
        ("//evil.test/x", "evil.test"),
        ("\\\\evil.test/x", "evil.test"),
        ("https://ｅｖｉｌ。test/", "evil.test"),
        ("https://%65vil.test/", "evil.test"),
        ("https://evil.test?@harbour.example/", "evil.test"),
        ("https://evil.test#@harbour.example/", "evil.test"),
        ("https://a@b@evil.test/", "evil.test"),
        ("https://evil.test./", "evil.test"),
        ("https://[::1]:8080/x", "[::1]:8080"),
    ],
)
def test_the_host_is_the_one_a_browser_would_ask(target: str, host: str) -> None:
    found = link(target)
    assert found.host == host
    assert not found.same_site


def test_other_scripts_show_both_forms() -> None:
    found = link("https://müller.example/ü")
    assert (found.host, found.decoded) == ("xn--mller-kva.example", "müller.example")
    assert found.warning is None
    assert link("https://xn--mller-kva.example/").decoded == "müller.example"
    assert not FORBIDDEN.search(link("https://xn--\u202e\x1b.example/").host)


@pytest.mark.parametrize(
    ("label", "target", "said"),
    [
        ("harbour.example/login", "https://xn--hrbour-bua.example/login", "looks like harbour.example, is not"),
        ("here", "https://härbour.example/", "looks like harbour.example, is not"),
        ("here", "https://hаrbour.example/", "looks like harbour.example, is not"),
        ("here", "https://harb0ur.example/", "looks like harbour.example, is not"),
        ("here", "https://login.harbour.example.evil.test/", "looks like harbour.example, is not"),
        ("here", "https://harbour.example-login.test/", "looks like harbour.example, is not"),
        ("bank.example", "https://evil.test/", "looks like bank.example, is not"),
        ("https://bank.example/login", "https://evil.test/", "looks like bank.example, is not"),
        ("go to https://bank.example/login now", "https://evil.test/", "looks like bank.example, is not"),
        ("https://me@bank.example/", "https://evil.test/", "looks like bank.example, is not"),
        ("here", "https://раураl.com/", "looks like paypal.com, is not"),
        ("here", "https://раураl.com/", "mixes Cyrillic and Latin letters"),
        ("here", "https://bank.example@evil.test/", "what stands before the @ is not the host"),
        ("here", "http://203.0.113.9/x", "a number instead of a name"),
        ("here", "http://2130706433/x", "a number instead of a name"),
        ("here", "http://0x7f.1/x", "a number instead of a name"),
        ("here", "https://evil.test/\u202ex", "hidden signs in the address"),
        ("here", "javascript:alert(1)", "not a web address: javascript"),
        ("here", "JaVaScRiPt:alert(1)", "not a web address: javascript"),
        ("here", "data:text/html,x", "not a web address: data"),
    ],
)
def test_pretenders_are_named(label: str, target: str, said: str) -> None:
    assert said in warning(target, label)


@pytest.mark.parametrize(
    ("label", "target"),
    [
        ("docs.harbour.example", "https://harbour.example/docs"),
        ("www.bank.example", "https://bank.example/"),
        ("README.md", "https://code.example/readme"),
        ("Node.js", "https://nodejs.example/"),
        ("the manual", "https://manual.example/"),
        ("here", "https://пример.рф/"),
        ("here", "https://日本語.example/"),
        ("mail", "mailto:bo@harbour.example"),
        ("cat", "upload://abc.png"),
        ("v1.2.3", "https://code.example/v1.2.3"),
    ],
)
def test_honest_links_are_left_alone(label: str, target: str) -> None:
    assert warning(target, label) == ""


def test_kinds_follow_the_address() -> None:
    assert link("mailto:bo@harbour.example").kind == "mail"
    assert link("tel:123").kind == "other"
    assert link("tel:123").url == ""
    assert make_link(0, "@bo", Foreign("/u/bo"), site=SITE, kind="mention").kind == "mention"


def test_an_address_for_the_clipboard_is_plain_ascii() -> None:
    found = link("https://müller.example/ü?q=a b&c=\u202e\x1bz")
    assert found.url == "https://xn--mller-kva.example/%C3%BC?q=a%20b&c=%E2%80%AE%1Bz"
    assert defang(found) == "hxxps://xn--mller-kva[.]example/%C3%BC?q=a%20b&c=%E2%80%AE%1Bz"
    assert defang(link("javascript:a.b")) == "javascript[:]a[.]b"


@given(hostile, hostile)
def test_no_address_breaks_or_escapes(target: str, label: str) -> None:
    for prefix in ("", "https://", "https://x.example/", "https://xn--"):
        found = make_link(1, label, Foreign(prefix + target), site=SITE)
        assert found.url.isascii() and (found.url.isprintable() or not found.url)
        for text in (found.label, found.host, found.path, found.decoded, found.warning or "", defang(found)):
            assert not FORBIDDEN.search(text)
            assert show(text) == text


@given(st.text(alphabet="abc.:@/\\[]?#%x0-", max_size=30))
def test_no_shape_of_address_breaks(target: str) -> None:
    assert make_link(1, target, Foreign("http://" + target), site=SITE).target == "http://" + target



@pytest.mark.parametrize(
    ("text", "host", "warning"),
    [
        ("see https://h\u0430rbour.example/login now", "xn--hrbour-3nf.example", "looks like harbour.example, is not"),
        ("see (https://harbour.example.evil.example/x).", "harbour.example.evil.example", "looks like harbour.example"),
        ("write to admin@h\u0430rbour.example!", "xn--hrbour-3nf.example", "looks like harbour.example, is not"),
        ("write to admin@harbour-example.evil.example", "", ""),
        ("go to \u0430\u0440\u0440\u04cf\u0435.com", "xn--80ak6aa92e.com", "looks like apple.com, is not"),
        ("go to xn--80ak6aa92e.com", "xn--80ak6aa92e.com", "looks like apple.com, is not"),
        ("https://harbour.example@evil.example/", "evil.example", "what stands before the @ is not the host"),
        ("http://203.0.113.9/x", "203.0.113.9", "a number instead of a name"),
    ],
)
def test_plain_words_are_looked_through_for_hosts(text: str, host: str, warning: str) -> None:
    """What is drawn as it was written (a report's words, a title): the real host and what is wrong with it."""
    found = host_alarm(text, site=SITE)
    assert (found or "").startswith(f"{host}: " if host else "") and warning in (found or "")
    assert (found is None) is not bool(host)


@pytest.mark.parametrize(
    "text",
    [
        "", "see https://harbour.example/t/9 and https://sub.harbour.example, e.g. setup.py or notes.md",
        "write to bo@harbour.example or bo@m\u00fcller.example", "https://m\u00fcller.example/", "v1.2.3 ... a.b.c",
        "\u65e5\u672c\u8a9e.jp",
    ],
)
def test_honest_words_raise_no_alarm(text: str) -> None:
    assert host_alarm(text, site=SITE) is None


@pytest.mark.parametrize("text", ["." * 300_000, "a.b " * 100_000, "@." * 100_000, "https://" * 30_000 + "."])
def test_the_search_for_hosts_is_bounded(text: str) -> None:
    begin = time.process_time()
    host_alarm(text, site=SITE)
    assert time.process_time() - begin < 1.0


def test_an_email_address_shows_the_host_it_goes_to() -> None:
    link = make_link(1, "write us", Foreign("mailto:us@h\u0430rbour.example?subject=x"), site=SITE)
    assert link.path == "us@xn--hrbour-3nf.example?subject=x" and link.decoded == "h\u0430rbour.example"
    assert link.warning is not None and "looks like harbour.example, is not" in link.warning
    claimed = make_link(1, "us@harbour.example", Foreign("mailto:us@evil.example"), site=SITE)
    assert claimed.warning is not None and "looks like harbour.example, is not" in claimed.warning
    honest = make_link(1, "us@harbour.example", Foreign("mailto:us@harbour.example"), site=SITE)
    assert honest.warning is None and honest.path == "us@harbour.example"
