"""Texts that attack the terminal: nothing that a member, a reporter or the site wrote reaches it as a control."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from modtui.demo.server import DemoServer
from tests.pty.conftest import Open
from tests.pty.controls import strange
from tests.pty.modtui import ROW, Harbour, Modtui
from tests.pty.test_composer import write

ESC, BEL = "\x1b", "\x07"
ATTACKS = (
    f"red {ESC}[31m, a clear screen {ESC}[2J{ESC}[H, a title {ESC}]0;own{BEL}, the clipboard {ESC}]52;c;cm0g{BEL} end",
    f"questions {ESC}[c {ESC}[6n {ESC}]11;?{ESC}\\ {ESC}P+q544e{ESC}\\ and kitty {ESC}[=31u {ESC}_Gi=1;{ESC}\\ end",
    "eight bits \x9b31m \x9b2J \x9d0;title\x9c \x90q\x9c \x85 \x84 end",
    "an invoice\u202egnp.exe\u202c \u2066apart\u2069 \u2067back\u2069 \u200fhere\u200e end",
    "[/foo] [bold]not bold[/bold] [@click=app.quit]quit[/] \\[x] [red on {ESC} $foo %s {0} end",
    "zero\u200bwidth \u2060\ufeff soft\u00adhyphen \u034f\u180e\u115f end",
    "nul \x00\x01\x02 back\b\b\b over\rwritten \x7f \x0b\x0c \ufffe end",
    "x" * 5000 + " 漢字" * 200,
    "e\u0301" + "Z\u0351\u036b\u0343\u036a" * 50 + " 👨‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 end",
)
TITLE = f"[/foo] {ESC}]0;owned{BEL} \u202etsop siht\u202c [bold] \u200bsync \x9b2J"


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """A community where every reported post attacks, and so do the title, the reporters and the author's names."""
    with DemoServer(tmp_path_factory.mktemp("attacked"), items=0, seed=7) as demo:
        posts = demo.db.all(
            "SELECT p.id, p.topic_id, p.user_id FROM posts p JOIN users u ON u.id = p.user_id WHERE p.hidden = 0"
            " AND p.deleted_at IS NULL AND p.post_type = 1 AND u.moderator = 0 AND u.admin = 0 AND u.trust_level < 3"
            " GROUP BY p.topic_id ORDER BY p.id LIMIT ?",
            [len(ATTACKS)],
        )
        reporter = demo.db.one("SELECT username FROM users WHERE trust_level = 2 AND moderator = 0 ORDER BY id LIMIT 1")
        assert reporter is not None and len(posts) == len(ATTACKS)
        for text, post in zip(ATTACKS, posts, strict=True):
            with demo.db.write():
                demo.db.run("UPDATE posts SET raw = ?, cooked = NULL WHERE id = ?", [text, post["id"]])
                demo.db.run("UPDATE topics SET title = ? WHERE id = ?", [TITLE, post["topic_id"]])
                demo.db.run("UPDATE users SET name = ?, title = ? WHERE id = ?", [text[:80], TITLE, post["user_id"]])
            demo.flag(post["id"], reporter["username"], "something_else", text)
        yield Harbour(demo)


def walk(modtui: Modtui) -> None:
    """See every item, folded and unfolded, and a second page of each."""
    modtui.press("enter")
    for _ in ATTACKS:
        for key in ("enter", "space", "j"):
            modtui.press(key)
            modtui.still(0.06)


@pytest.mark.parametrize(
    "term",
    [pytest.param("xterm", marks=pytest.mark.long, id="16-colours"), pytest.param("xterm-256color", id="256-colours")],
)
def test_no_foreign_control_reaches_the_terminal(attacked: Harbour, open_modtui: Open, term: str) -> None:
    modtui = open_modtui(on=attacked, hold=0, term=term).ready()
    walk(modtui)
    modtui.press("q")
    modtui.wait_for(ROW)
    modtui.press("g", "g")
    modtui.read()
    for key, place in (("p", "> Members >"), ("P", "> Reporters"), ("t", "> Thread"), ("f", "> Links")):
        modtui.press(key)
        modtui.wait_for(place)
        modtui.still(0.1)
        modtui.back(place)
    modtui.press("d")
    modtui.wait_for("a digit decides")
    modtui.press("q")
    modtui.wait_gone("a digit decides")
    modtui.read()
    modtui.decide("i", words="Ignored #")
    modtui.press("U")
    modtui.wait_for("> Journal")
    modtui.press("enter")
    modtui.still(0.2)
    modtui.press("ctrl+g")
    modtui.resize(80, 24)
    modtui.still(0.2)
    assert strange(modtui.raw) == []
    colours = modtui.raw.count(b"38;2;") + modtui.raw.count(b"48;2;")
    assert not colours, "no colour that the terminal did not promise"
    assert (b"38;5;" in modtui.raw) == (term == "xterm-256color")


def test_the_search_for_controls_finds_them() -> None:
    """The test above can fail: each attack, written to the terminal as it is, is found."""
    for text in (*ATTACKS[:4], *ATTACKS[5:7], TITLE):
        assert strange(b"\x1b[1mplain\x1b[0m " + text.encode()), text
    assert strange(b"\x1b[38;5;12mfine\x1b[0m\x1b[2;3H\x1b[?2026h\r\n") == []


def test_a_paste_into_a_reply_never_sends_it(harbour: Harbour, open_modtui: Open) -> None:
    """A text can hold the mark of its own end, and some terminals do not mark at all: what follows is no hand."""
    modtui = open_modtui(hold=0).ready()
    write(modtui, "Good morning")
    before = harbour.writes()
    modtui.paste("all of this\x1b[201~ends early\x0f\r\r")
    modtui.wait_for("What came in one go with pasted text is left out")
    modtui.wait_for("all of this")
    modtui.still(0.4)
    modtui.paste(" and this\x0f\r", bracketed=False)
    modtui.wait_for("SEND this")
    modtui.wait_for("press enter again")
    modtui.still(0.3)
    assert modtui.shows("SEND this") and harbour.writes() == before
    modtui.press("q")
    modtui.wait_gone("SEND this")
    modtui.press("ctrl+g")
    modtui.wait_for("the draft is kept")
    assert harbour.writes() == before
    assert strange(modtui.raw) == []
