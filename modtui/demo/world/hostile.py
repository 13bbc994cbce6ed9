"""Texts that attack the reader's terminal or program; each with the words of its reporter."""

from __future__ import annotations

ESC, CSI, BEL, ST = "\x1b", "\x9b", "\x07", "\x1b\\"

_LINE = "I measured it again and again and the number is always the same. "
_QUOTES = "".join(f'[quote="thornbush, post:{n}"]\n' for n in range(1, 26)) + "no, you\n" + "[/quote]\n" * 25

HOSTILE: tuple[tuple[str, str], ...] = (
    (
        f"Look at my {ESC}[31mred text{ESC}[0m {ESC}[2J{ESC}[H and {ESC}]0;owned{BEL}{ESC}]52;c;cm0gLXJmIH4={BEL} "
        f"the end",
        "control characters",
    ),
    (
        f"Eight bits: {CSI}31m {CSI}2J \x9d0;title\x9c \x90q\x9c \x85 next line \x84 done",
        "strange signs in the text",
    ),
    (
        "Please open invoice\u202egnp.exe\u202c and the \u2066isolated\u2069 \u2067text\u2069 \u200fhere\u200e.",
        "the file name is not what it looks like",
    ),
    (
        "[/foo] [bold]not bold[/bold] [link=https://evil.example]click[/link] [@click=app.quit]quit[/] "
        "\\[escaped] [red on",
        "broken markup",
    ),
    ("pass\u200bword \u200c\u200d\u2060\ufeffzero\u00adwidth \u034f\u180e\u115fdone", "invisible signs"),
    (_LINE * (50_000 // len(_LINE) + 1), "fifty thousand characters in one line"),
    (_QUOTES + "\nWho started this?", "quotes without end"),
    ("👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🇩🇪🇫🇷 ✈️ ☝🏿 🧑‍🤝‍🧑 e\u0301 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘", "zalgo and signs over the line"),
    ("هذا المنتج سيئ جدا وأنت لا تفهم شيئا (version 4.2) شكرا", "insult, I think"),
    ("שלום לכולם, הגיבוי נתקע ב-40 אחוז 123 abc ואין הודעה", "not in English"),
    (
        "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1)) "
        "[here](https://harbour.example@evil.example/login) <https://xn--harbur-bxa.example>",
        "tries to run code",
    ),
    ("\x00\x01\x02 nul and friends\x7f \ufffe \uffff \r\rover\rwritten\b\b\b\t\ttabs", "binary"),
    ("`" * 200 + "\n" + "*" * 3000 + "\n" + "> " * 120 + "deep\n" + "- " * 60 + "list", "broken formatting"),
    ("x" * 400 + " " + "W" * 300 + " 漢字" * 90 + "ｆｕｌｌ ｗｉｄｔｈ", "one word that breaks the page"),
)

HOSTILE_NAME = "Robert \u202eenaM\u202c [/b] \x1b[5m"
HOSTILE_TITLE = "[/foo] \u202etsop siht daer\u202c [bold] \u200bsync"
