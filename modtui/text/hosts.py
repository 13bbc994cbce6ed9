"""Host names as they really are, and whether one is dressed up as another.

Browsers fold a host before they look it up (case, full-width letters, percent signs, other dots); so do we, or a
look-alike would slip through. No name is ever resolved.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from modtui.text.patterns import pattern

_SKIPPED = pattern(
    "[\xad\u034f\u180b-\u180d\u180f\u200b\u2060\u2064\ufe00-\ufe0f\ufeff\U0001bca0-\U0001bca3\U000e0100-\U000e01ef]"
)
_KEPT = "\xdf\u03c2"
_DOTS = pattern(r"[。．｡]")
_IPV4_LIKE = pattern(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}")
_MIXABLE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})

# Letters that most fonts draw like a Latin one. Single letters only: enough for what is seen in spam, small enough
# to read.
_LOOKS = str.maketrans(
    "аеорсухіјѕԁһԛԝӏԍьαονρτικυεηχγıłøđɑɡƅօսոհցᴀᴇᴏᴜᴠᴡꜱɴʀʏɪʟ",
    "aeopcyxijsdhqwlgbaovptikuenxyilodagbounhgaeouvwsnryil",
)

_TWINS = str.maketrans("01i|", "olll")


def ascii_host(host: str) -> str:
    """The host as it is looked up: lower case, `xn--` for other scripts. What cannot be coded stays.

    After UTS #46 as browsers do it: what draws nothing is skipped, and the German sharp s is a letter of its own.
    """
    host = unicodedata.normalize("NFKC", _DOTS.sub(".", _SKIPPED.sub("", unquote(host))))
    folded = "".join(sign if sign in _KEPT else sign.casefold() for sign in host)
    host = unicodedata.normalize("NFKC", folded).rstrip(".")
    return ".".join(map(_encode, host.split(".")))


def _encode(label: str) -> str:
    if label.isascii():
        return label
    try:
        return "xn--" + label.encode("punycode").decode("ascii")
    except UnicodeError:
        return label


def decoded_host(host: str) -> str:
    """The host with its `xn--` parts decoded; a broken one stays. This text is foreign."""
    return ".".join(map(_decode, host.split("."))) if "xn--" in host else host


def _decode(label: str) -> str:
    if not label.startswith("xn--") or len(label) > 80:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError, ValueError):
        return label


@lru_cache(256)
def site_host(site: str) -> str:
    """The looked-up host of a site's address or bare host name; empty for an empty one."""
    rest = site.split("://", 1)[-1]
    rest = re.split(r"[/?#]", rest, maxsplit=1)[0].rsplit("@", 1)[-1]
    return ascii_host(re.sub(r":\d*$", "", rest))


def bare(host: str) -> str:
    """The host without a leading `www.`."""
    return host.removeprefix("www.")


def related(one: str, other: str) -> bool:
    """Whether two looked-up hosts are the same, or one lies under the other."""
    one, other = bare(one), bare(other)
    return one == other or one.endswith("." + other) or other.endswith("." + one)


@lru_cache(1024)
def skeleton(host: str) -> str:
    """What is left of a looked-up host for the eye, see `fold_looks`."""
    return fold_looks(decoded_host(host))


def fold_looks(text: str) -> str:
    """A text in lower case without accents, its look-alikes (`0o`, `1il|`, `rn`-`m`, other scripts) folded."""
    return _fold(text).translate(_TWINS).replace("rn", "m").replace("vv", "w")


def _fold(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.translate(_LOOKS))
    return "".join(sign for sign in text if not unicodedata.combining(sign)).translate(_LOOKS)


def imitates(host: str, known: str) -> bool:
    """Whether a looked-up host looks like a known one and is not it (nor under it)."""
    if not known or related(host, known):
        return False
    mine, theirs = skeleton(bare(host)), skeleton(bare(known))
    if mine == theirs or mine.endswith("." + theirs):
        return True
    return mine.startswith((theirs + ".", theirs + "-")) or f".{theirs}." in mine


def latin_twin(host: str) -> str:
    """The plain Latin name that a host of other letters is drawn like, or empty. Accents alone are honest."""
    name = decoded_host(host)
    top = name.rpartition(".")[2]
    if name.isascii() or not top.isascii():
        return ""
    twin = name.translate(_LOOKS)
    return twin if twin.isascii() else ""


def mixed_scripts(host: str) -> tuple[str, ...]:
    """The scripts that one part of the host mixes although no language does (Latin with Cyrillic), or nothing."""
    for label in decoded_host(host).split("."):
        if label.isascii():
            continue
        found = {unicodedata.name(sign, "").partition(" ")[0] for sign in label if sign.isalpha()} & _MIXABLE
        if len(found) > 1:
            return tuple(sorted(name.capitalize() for name in found))
    return ()


def is_address(host: str) -> bool:
    """Whether the host is a number instead of a name (`203.0.113.9`, `0x7f000001`, `[::1]`)."""
    return host.startswith("[") or bool(_IPV4_LIKE.fullmatch(host))
