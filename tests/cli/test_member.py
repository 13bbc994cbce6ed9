"""`modtui member`, and deciding on members from the command line."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from modtui.demo.server import DemoServer
from tests.cli.conftest import Run, as_input

WANTED = {
    "id", "community", "username", "native", "url", "trust", "since_ms", "seen_ms", "flags", "posts", "penalties",
    "history", "notes", "reports_made", "reports_got", "posts_by_day", "recent", "ours", "sanctionable", "proposal",
}  # fmt: skip


def somebody(demo: DemoServer, where: str = "post_count > 10") -> dict[str, Any]:
    """A plain member without sanctions."""
    row = demo.db.one(
        "SELECT * FROM users WHERE id > 10 AND NOT admin AND NOT moderator AND active AND approved AND deleted_at IS"
        f" NULL AND silenced_till IS NULL AND suspended_till IS NULL AND ip IS NOT NULL AND {where} ORDER BY id LIMIT 1"
    )
    assert row is not None
    return dict(row)


def test_a_dossier_as_json_and_as_text(site: Run, demo: DemoServer) -> None:
    """One ASCII line with everything, or lines to read; neither has an address."""
    member = somebody(demo)
    told = site("member", str(member["username"]).upper(), "--json")
    assert told.code == 0, told.err
    (line,) = told.lines
    assert set(line) >= WANTED and told.out.isascii() and "private" not in line
    assert (line["username"], line["native"]) == (member["username"], str(member["id"]))
    assert line["posts"] == member["post_count"] and line["sanctionable"] is True
    text = site("member", f"@{member['username']}")
    assert text.code == 0 and text.out.startswith(str(member["username"]))
    assert "Next step of the ladder: ban " in text.out and "Newest posts:" in text.out
    by_number = site("member", str(member["id"]), "--json")
    assert by_number.lines[0]["username"] == member["username"]
    for ended in (told, text, by_number):
        assert str(member["email"]) not in ended.out + ended.err and str(member["ip"]) not in ended.out + ended.err


def test_addresses_are_printed_only_when_asked_for_and_kept_nowhere(
    site: Run, demo: DemoServer, tmp_path: Path
) -> None:
    """Not in a file of modtui's, not in what other commands print."""
    member = somebody(demo)
    found = site("member", str(member["username"]), "--json", "--private")
    assert found.code == 0, found.err
    assert found.lines[0]["private"]["email"] == member["email"] and found.lines[0]["private"]["ip"] == member["ip"]
    assert found.lines[0]["private"]["logged"] is True
    shown = site("member", str(member["username"]), "--private")
    assert f"e-mail             {member['email']}" in shown.out and "keeps a record" in shown.out
    others = [
        site("queue", "--json", "--lane", "members"), site("queue", "--lane", "members"), site("log", "--json"),
        site("act", "note", str(member["id"]), "--lane", "members", "--text", "Looked."), site("log"),
    ]  # fmt: skip
    secrets = [str(member["email"]), str(member["ip"])]
    for ended in others:
        assert ended.code == 0, ended.err
        assert not [one for one in secrets if one in ended.out + ended.err]
    files = [path for path in tmp_path.rglob("*") if path.is_file() and "world" not in path.parts]
    assert {"state.db", "cache.db"} <= {path.name for path in files}
    for path in files:
        assert not [one for one in secrets if one.encode() in path.read_bytes()], path


def test_who_is_not_there_and_who_may_not_look(site: Run, run: Run, demo: DemoServer) -> None:
    """The exit codes are those of the other commands."""
    nobody = site("member", "nobody-of-this-name")
    assert nobody.code == 3 and nobody.out == ""
    assert "nobody-of-this-name is not on the site, or not visible to this account." in nobody.err
    assert site("member", " ").code == 2
    plain = somebody(demo)
    other = run("--url", demo.url, "--user", str(plain["username"]), "member", "kestrel", "--json", token=demo.api_key)
    assert other.code == 0 and other.lines[0]["sanctionable"] is False and other.lines[0]["why_not"]
    secret = run("--url", demo.url, "--user", str(plain["username"]), "member", "kestrel", "--private",
                 token=demo.api_key)  # fmt: skip
    assert secret.code == 2 and "staff" in secret.err and secret.out == ""


def test_the_lane_of_members_goes_through_a_pipe(site: Run, demo: DemoServer) -> None:
    """What the list says of them is what a decision is checked against; also where the list told less."""
    listed = site("queue", "--lane", "members", "--json")
    assert listed.code == 0, listed.err
    member = somebody(demo)
    line = next(one for one in listed.lines if one["author"] == member["username"])
    assert line["kind"] == "member" and "warn" in {offer["verb"] for offer in line["offers"]}
    done = site("act", "silence", "--silence", "1d", "--words", "Tone", stdin=as_input([line]))
    assert done.code == 0, done.out
    assert [(one["state"], one["checked"]) for one in done.lines] == [("done", True)]
    assert demo.db.value("SELECT silence_reason FROM users WHERE id = ?", [member["id"]]) == "Tone"
    again = next(one for one in site("queue", "--lane", "members", "--json").lines if one["id"] == line["id"])
    noted = site("act", "note", "--text", "Was silenced.", stdin=as_input([again]))
    assert noted.code == 0 and noted.lines[0]["checked"] is True, noted.out
    stale = site("act", "ban", "--ban", "7d", "--words", "Spam", stdin=as_input([line]))
    assert stale.code == 9 and stale.lines[0]["state"] == "conflict"
    assert demo.db.value("SELECT suspended_till FROM users WHERE id = ?", [member["id"]]) is None


def test_verbs_on_members_by_name(site: Run, demo: DemoServer) -> None:
    """A ban, its place in the dossier with who, why and until when, and its end."""
    member = somebody(demo)
    name = str(member["username"])
    banned = site("act", "ban", name, "--lane", "members", "--ban", "7d", "--words", "Third time", "--message", "Bye.")
    assert banned.code == 0, banned.out + banned.err
    assert banned.lines[0]["state"] == "done" and banned.lines[0]["id"].startswith("members/")
    (line,) = site("member", name, "--json").lines
    assert [one["kind"] for one in line["penalties"]] == ["ban"]
    first = line["history"][0]
    assert (first["kind"], first["by"], first["reason"]) == ("ban", demo.username, "Third time")
    assert first["until_ms"] - first["at_ms"] == pytest.approx(7 * 86_400_000, abs=60_000)
    assert [one["verb"] for one in line["ours"]] == ["ban"] and line["ours"][0]["state"] == "done"
    assert "after a ban" in line["proposal"]["why"]
    lifted = site("act", "unban", f"@{name}", "--lane", "members")
    assert lifted.code == 0, lifted.out
    warned = site("act", "warn", name, "--lane", "members", "--message", "Please read the rules, {author}.")
    assert warned.code == 0, warned.out
    (line,) = site("member", name, "--json").lines
    assert line["penalties"] == [] and line["warned"] == member["warnings_count"] + 1
    missing = site("act", "ban", "nobody-of-this-name", "--lane", "members")
    assert missing.code == 3


def test_deleting_an_account_takes_its_name_once_more(site: Run, demo: DemoServer, tmp_path: Path) -> None:
    """A dry run says what goes; without the name nothing is done."""
    member = somebody(demo, "post_count BETWEEN 1 AND 5")
    name = str(member["username"])
    dry = site("act", "erase", name, "--lane", "members", "--dry-run")
    assert dry.code == 0, dry.err
    plan = dry.lines[0]["plan"]
    assert plan["reversal"] == "none" and any("deleted" in effect["words"] for effect in plan["effects"])
    for more in ([], ["--confirm", "somebody-else"]):
        refused = site("act", "erase", name, "--lane", "members", *more)
        assert refused.code == 2 and name in refused.err and refused.out == ""
    assert demo.db.value("SELECT deleted_at FROM users WHERE id = ?", [member["id"]]) is None
    done = site("act", "erase", name, "--lane", "members", "--confirm", name)
    assert done.code == 0, done.out + done.err
    assert demo.db.value("SELECT deleted_at FROM users WHERE id = ?", [member["id"]]) is not None
    assert site("member", name).code == 3
    with sqlite3.connect(tmp_path / "cache" / "cache.db") as cache:
        rows = cache.execute("SELECT state FROM item WHERE lane = 'members' AND native = ?", [str(member["id"])])
        assert {row[0] for row in rows} <= {"gone"}
    cache.close()
