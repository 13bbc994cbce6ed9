"""The corpus: every kind of text that attacks a terminal or its reader. Written with escapes, never raw."""

from __future__ import annotations

from typing import Final

ESC, BEL, ST, CSI, OSC, DCS = "\x1b", "\x07", "\x1b\\", "\x9b", "\x9d", "\x90"

_TAGS = "".join(chr(0xE0000 + ord(sign)) for sign in "obey me")
_SECRET = "".join(chr(0xE0100 + ord(sign)) for sign in "hidden")
_ZALGO = "".join(chr(0x300 + n % 0x4E) for n in range(60))

CORPUS: Final[dict[str, str]] = {
    "colours and cursor": f"red {ESC}[31m{ESC}[2J{ESC}[H{ESC}[?1049l{ESC}[3;9r{ESC}7{ESC}c over",
    "title and clipboard": (
        f"own {ESC}]0;owned{BEL}{ESC}]52;c;cm0gLXJmIH4={BEL}{ESC}]8;;https://evil.example{ST}x"
        " over"
    ),
    "questions to the terminal": (
        f"ask {ESC}[c{ESC}[6n{ESC}[21t{ESC}]11;?{ST}{ESC}P$qm{ST}{ESC}_Gi=1;AAAA{ST}{ESC}Z"
        " over"
    ),
    "keyboard and mouse modes": f"set {ESC}[?1003h{ESC}[?2004l{ESC}[>31u{ESC}=\x0e\x0f{ESC}(0{ESC}%@ over",
    "eight bits": f"c1 {CSI}31m{CSI}2J{OSC}0;t\x9c{DCS}q\x9c\x84\x85\x88\x8d\x8e\x8f\x98\x9a\x9e\x9f over",
    "control signs": "nul \x00\x01\x05 back\b\b\b over\rwritten \x7f\x0b\x0c\x1a\x1c\x1d\x1e\x1f over",
    "right to left": (
        "pay \u202egnp.exe\u202c \u2066apart\u2069 \u2067x\u2069"
        " \u2068y\u2069 \u200f\u200e\u061c\u202a\u202b\u202d over"
    ),
    "without width": (
        "ad\u200bm\u2060i\ufeffn \u200c\u200d\u034f\u180e\u115f\u1160\u3164\uffa0\u17b4\xad\u2061\u206a"
        " over"
    ),
    "tag characters": f"tag {_TAGS}\U0001f3f4{_TAGS}\U000e007f\U000e0001 over",
    "variation selectors": f"vary a\ufe0fb\ufe0ec\ufe00 x{_SECRET} \u180bq over",
    "private and broken": (
        "own \ue000\uf8ff\U000f0001\U0010fffd \ufdd0\ufffe\uffff\U0001fffe\ufff9a\ufffab\ufffb\u2028\u2029"
        " over"
    ),
    "half pairs": "half \ud83d \udc00 \udfff\ud800 over",
    "stacks of marks": f"Z{_ZALGO} a\u20dd{_ZALGO} \u0301first \U00010a0f{chr(0x10A0F) * 20} over",
    "markup": (
        "[/] [/foo] [bold]b[/bold] [@click=app.quit]q[/] [red"
        " on \\[x] $x {0} {x!r} %s %(a)s {{gap}} &lt;b&gt; over"
    ),
    "html": (
        "<script>alert(1)</script><img src=x onerror=x><a href='https://xn--harbur-bxa.example'>h</a>"
        " &#27;[31m&#x9b;2J&#8238; over"
    ),
    "links": (
        "[https://harbour.example](https://harbour.example@xn--harbur-bxa.example/%1b]0;x%07)"
        " <javascript:x> over"
    ),
    "one long word": "w" * 3000 + "\u6f22\u5b57" * 300 + " over",
    "emoji without end": "\U0001f469" + "\u200d\U0001f469\U0001f3fd" * 40 + "\U0001f1e9\U0001f1ea\U0001f1eb over",
    "many lines": "a\n" * 300 + "\ttab\t\tab \r\n\r over",
    "honest": (
        "Sch\xf6ne Gr\xfc\xdfe \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
        " \u05e9\u05dc\u05d5\u05dd \u65e5\u672c\u8a9e over"
    ),
}
"""Name -> text. Each ends in "over", so that one sees where it ends."""

TEXTS: Final = tuple(CORPUS.values())
SHORT: Final = tuple(text[:60] if len(text) > 200 else text.split("\n")[0] for text in TEXTS)
"""The same for places where a whole page would hide all others."""
