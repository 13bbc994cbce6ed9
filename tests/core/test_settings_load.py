"""config.toml: what a moderator writes, and every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from modtui.errors import SettingsError
from modtui.settings import Settings, load
from modtui.settings.fields import SECTIONS
from modtui.themes import PALETTES

BACKENDS = ("discourse", "openedx")


def write(folder: Path, text: str) -> Path:
    path = folder / "config" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(write(folder, text), backends=BACKENDS)
    assert caught.value.exit_code == 2
    return caught.value.problems


def test_no_file_means_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path / "config.toml")
    assert settings.communities == ()
    assert settings.undo.hold_s == 15 and settings.undo.hold_person_s == 60
    assert [reason.digit for reason in settings.reasons][:8] == list("12345678")


def test_a_whole_file(tmp_path: Path) -> None:
    settings = load(
        write(
            tmp_path,
            """
[[communities]]
name = "harbour"
url = "HTTPS://Forum.Harbour.example:443/"
account = "rookmoor"
token_command = ["pass", "show", "mod/harbour"]
budget = 10
options = { course = "x" }

[[routes]]
name = "legal"
key = "l"
kind = "mail"
to = "legal@harbour.example"
due = "2h"
hours = "office"
options = { host = "smtp.harbour.example", from = "modtui@harbour.example" }

[hours.office]
tz = "Europe/Paris"
days = ["fri", "mon"]
from = "08:30"
to = 17:00:00
holidays = [2026-12-25, "2027-01-01"]

[targets]
default = "24h"
"lang:de" = { within = "8h", hours = "office" }
harbour = "2h"

[undo]
hold = 5
hold_person = "2m"
resume_after = "0s"
on_quit = "wait"

[ban]
default = "forever"
ladder = ["1d", "2w", "forever"]

[keys]
"item.approve" = ["a", "g a"]
item.purge = []
"item.remove" = "d"

[screen]
color = "16"
timezone = "UTC"

[journal]
retention = "365d"
""",
        ),
        backends=BACKENDS,
    )
    [harbour] = settings.communities
    assert harbour.url == "https://forum.harbour.example" and harbour.budget == 10
    assert settings.community("Harbour") is harbour
    assert settings.hours["office"].days == (0, 4) and settings.hours["office"].start == 8 * 60 + 30
    assert settings.hours["office"].holidays == ("2026-12-25", "2027-01-01")
    assert {one.name: one.within_ms for one in settings.targets} == {
        "default": 86_400_000, "lang:de": 28_800_000, "harbour": 7_200_000,
    }  # fmt: skip
    assert settings.routes[0].due_ms == 7_200_000
    assert settings.undo.hold_s == 5 and settings.undo.hold_person_s == 120 and settings.undo.resume_after_s == 0
    assert settings.ban.default_ms is None and settings.ban.ladder_ms == (86_400_000, 14 * 86_400_000, None)
    assert settings.keys == {"item.approve": ("a", "g a"), "item.purge": (), "item.remove": ("d",)}
    assert settings.journal.retention_ms == 365 * 86_400_000


def test_every_mistake_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
[[communities]]
name = "harbour"
url = "https://forum.harbour.example"
backend = "discurse"
tokencommand = ["pass"]

[undo]
on_quit = "aks"

[scren]
theme = "dark"
""",
    )
    assert len(found) == 4
    text = "\n".join(found)
    assert all(str(tmp_path / "config" / "config.toml") in one for one in found)
    for where, nearest in (
        ("[[communities]] 1 backend", "discourse"),
        ("[[communities]] 1", "token_command"),
        ("[undo] on_quit", "ask"),
        ("[scren]", "screen"),
    ):
        assert any(where in one and f'Did you mean "{nearest}"?' in one for one in found), text
    assert all(one.endswith((".", "?")) for one in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[communities]]\nname = 'a'", 'lacks "url"'),
        ("[communities]\nname = 'a'", "must be written [[communities]]"),
        ("[[communities]]\nname = 'a'\nurl = 'ftp://x.example'", "begin with https:// or http://"),
        ("[[communities]]\nname = 'a'\nurl = 'https://me:pw@x.example'", "name or a password"),
        ("[[communities]]\nname = 'a'\nurl = 'http://x.example'", "could be read on the way"),
        ("[[communities]]\nname = 'a'\nurl = 'https://x.example'\nkey = 'admin'", 'needs "account"'),
        ("[[communities]]\nname = 'a'\nurl = 'https://x.example'\ntoken_command = 'pass show'", "each word in quotes"),
        ("[[communities]]\nname = 'a'\nurl = 'https://x.example'\n[[communities]]\nname = 'A'\nurl = 'https://y.example'",
         "already the name"),
        ("[[communities]]\nname = 'a'\nurl = 'https://x.example'\n[[communities]]\nname = 'b'\nurl = 'https://x.example/'",
         "same account on the same site"),
        ("[[routes]]\nname = 'r'\nkey = 'q'\nurl = 'https://x.example'", "q leaves the line"),
        ("[[routes]]\nname = 'r'\nkey = 'x'\nurl = 'https://x.example'", "x keeps the text back"),
        ("[[routes]]\nname = 'r'\nkey = 'e'\nurl = 'https://x.example'", "the site's own route"),
        ("[[routes]]\nname = 'r'\nkey = 'l'", 'needs "url"'),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nurl = 'https://x.example'\nhours = 'offce'\n[hours.office]", "office"),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nurl = 'http://x.example/hook'", "plain http to another machine"),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nurl = 'https://a:b@x.example/hook'", "must not hold a name"),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nurl = 'hook'", "not a web address"),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nkind = 'fax'\nurl = 'https://x.example'", "Known are"),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nkind = 'email'\nto = 'a@x.example'\n"
         "options = { from = 'a@x.example' }", 'need "host"'),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nkind = 'mail'\nto = 'a\\r\\nBcc: b@x.example'\n"
         "options = { host = 'h', from = 'a@x.example' }", "mail address"),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nkind = 'mail'\nto = 'a@x.example'\n"
         "options = { host = 'smtp.x.example', from = 'a@x.example', tls = 'none' }", "could be read on the way"),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nkind = 'mail'\nto = 'a@x.example'\n"
         "options = { host = 'h', from = 'a@x.example', subject = '{titel}' }", 'Did you mean "title"?'),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nkind = 'command'", 'needs "command"'),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nkind = 'site'", 'needs "to"'),
        ("[[routes]]\nname = 'r'\nkey = 'l'\nurl = 'https://x.example'\n"
         "[[routes]]\nname = 'R'\nkey = 'm'\nurl = 'https://x.example'", "already the name of"),
        ("[[reasons]]\nid = 'a'\ndigit = 9", "a digit from 1 to 8"),
        ("[[reasons]]\nid = 'a'\ndigit = 1\n[[reasons]]\nid = 'b'\ndigit = '1'", 'already the digit of "a"'),
        ("[[reasons]]\nid = 'a'\n[[reasons]]\nid = 'a'", "already the id"),
        ("[[reasons]]\nid = '../a'", "letters, digits"),
        ("[hours.night]\nfrom = '22:00'\nto = '22:00'", "has no working time"),
        ("[hours.never]\ndays = []", "has no working time"),
        ("[targets]\ndefault = 0", "longer than nothing"),
        ("[targets]\n'lane:members' = '1h'", "lane:reports"),
        ("[hours.night]\ntz = 'Europe/Pariss'", 'Did you mean "Europe/Paris"?'),
        ("[targets]\nharbor = '2h'", "there is no \"harbor\""),
        ("[undo]\nhold = 'soon'", 'write a length of time like "15s"'),
        ("[undo]\nhold = -1", "from 0 up"),
        ("[undo]\nhold = 'forever'", "must end some time"),
        ("[ban]\nladder = []", "a list of lengths of time"),
        ("[ban]\ndefault = 0", "longer than nothing"),
        ("[keys]\n'item.approve' = 3", "list of keys"),
        ("[screen]\npainted_ms = true", "a whole number"),
        ("[screen]\nbrowser = 'command'", "browser_command must name a program"),
        ("undo = 3", "[undo]: must be a table"),
        ("[undo\n", "is not valid TOML"),
    ],
)
def test_a_mistake_is_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    [problem] = problems(tmp_path, text)
    assert words in problem and problem.endswith((".", "?")), problem


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(path)


def test_a_hostile_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    [problem] = problems(tmp_path, '[undo]\n"\\u001b]0;x\\u0007" = 1')
    assert "\x1b" not in problem and "\x07" not in problem


def test_plain_http_is_fine_on_this_machine_and_where_it_is_allowed(tmp_path: Path) -> None:
    settings = load(
        write(
            tmp_path,
            "[[communities]]\nname='a'\nurl='http://127.0.0.1:4000'\n"
            "[[communities]]\nname='b'\nurl='http://x.example'\ninsecure=true",
        )
    )
    assert [one.url for one in settings.communities] == ["http://127.0.0.1:4000", "http://x.example"]


def test_the_table_of_keys_has_every_field_of_the_model() -> None:
    for section in SECTIONS:
        if section.shape == "free":
            continue
        left_out = {"name"} if section.shape == "named" else {"messages"} if section.name == "reasons" else set()
        fields = set(section.struct.__struct_fields__) - left_out
        assert {field.attr for field in section.fields} == fields, section.name
        assert all(field.words.endswith(".") for field in section.fields)
    assert {section.name for section in SECTIONS} == set(Settings.__struct_fields__) - {"path", "replies"}


def test_the_examples_of_the_docs_are_valid(tmp_path: Path) -> None:
    text = "\n\n".join(section.example for section in SECTIONS)
    settings = load(write(tmp_path, text), backends=BACKENDS)
    assert settings.communities and settings.routes and settings.hours and settings.targets and settings.keys


@pytest.mark.parametrize("name", ["auto", *PALETTES])
def test_every_theme_there_is_can_be_chosen_and_no_other(tmp_path: Path, name: str) -> None:
    assert load(write(tmp_path, f"[screen]\ntheme = '{name}'\n")).screen.theme == name
    [wrong] = problems(tmp_path, f"[screen]\ntheme = '{name}r'\n")
    assert f'Did you mean "{name}"?' in wrong
