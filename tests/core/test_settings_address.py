"""Addresses have one spelling, and keys do not travel in the open."""

from __future__ import annotations

import pytest

from modtui.errors import UsageError
from modtui.settings.address import canonical, exposed, name_for


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("forum.example", "https://forum.example"),
        (" HTTPS://Forum.Example/ ", "https://forum.example"),
        ("https://forum.example:443/sub/", "https://forum.example/sub"),
        ("http://127.0.0.1:4200", "http://127.0.0.1:4200"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_one_spelling(text: str, url: str) -> None:
    assert canonical(text) == url == canonical(url)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "https://", "ftp://x.example", "https://a b.example", "https://x.example?q=1", "https://x.example/#a",
     "https://u:p@x.example", "https://x.example:99999", "https://x\x1b[2J.example", "javascript:alert(1)", "https://[x"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        canonical(text)
    assert caught.value.message.endswith(".") and "\x1b" not in str(caught.value)


def test_only_plain_http_to_another_machine_is_exposed() -> None:
    assert exposed("http://forum.example") and exposed("http://192.168.1.5")
    assert not any(map(exposed, ("https://forum.example", "http://127.0.0.9:80", "http://[::1]", "http://localhost:3")))


def test_names_for_communities() -> None:
    assert name_for("https://forum.harbour.example") == "harbour"
    assert name_for("https://harbour.example", ("Harbour",)) == "harbour-2"
    assert name_for("http://127.0.0.1:4200") == "127.0.0.1"
