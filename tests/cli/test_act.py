"""`modtui act`, `outbox`, `undo`, `log`: deciding without a screen."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from modtui.demo.server import DemoServer
from tests.cli.conftest import ROOT, Run, as_input, environment, free


def status(demo: DemoServer, line: dict[str, Any]) -> int:
    """The site's own word on an item: 0 pending, 1 approved, 2 rejected, 3 ignored, 4 deleted."""
    row = demo.db.one("SELECT status FROM reviewables WHERE id = ?", [int(line["number"])])
    assert row is not None
    return int(row["status"])


def listed(site: Run, number: int, verb: str = "approve", lane: str = "reports") -> list[dict[str, Any]]:
    found = free(site("queue", "--json", "--lane", lane).lines, verb)
    assert len(found) >= number
    return found[:number]


def test_a_dry_run_sends_nothing_then_the_same_items_are_approved_once(site_process: Run, demo: DemoServer) -> None:
    five = listed(site_process, 5)
    demo.clear_requests()
    dry = site_process("act", "approve", "--dry-run", stdin=as_input(five))
    assert dry.code == 0, dry.err
    assert [line["id"] for line in dry.lines] == [line["id"] for line in five]
    assert all(line["state"] == "skipped" and line["decision"] is None and line["possible"] for line in dry.lines)
    assert all(request.method == "GET" for request in demo.requests)
    assert site_process("log").out == ""

    first = site_process("act", "approve", stdin=as_input(five))
    assert first.code == 0, first.out
    assert [(line["id"], line["state"], line["checked"]) for line in first.lines] == [
        (line["id"], "done", True) for line in five
    ]
    assert len({line["decision"] for line in first.lines}) == 1
    assert all(status(demo, line) != 0 for line in five)
    assert demo.count("/review/", "PUT") == 5

    second = site_process("act", "approve", stdin=as_input(five))
    assert second.code == 9
    assert all(line["state"] in ("skipped", "refused") and len(line["message"]) > 5 for line in second.lines)
    assert demo.count("/review/", "PUT") == 5


def test_an_item_that_changed_after_it_was_listed_is_not_decided(site: Run, demo: DemoServer) -> None:
    one, other = listed(site, 2)
    row = demo.db.one("SELECT target_id AS post FROM reviewables WHERE id = ?", [int(one["number"])])
    assert row is not None
    demo.edit_post(row["post"], "I have changed my mind, and this is a longer text now.")
    ended = site("act", "approve", stdin=as_input([one, other]))
    assert ended.code == 9
    assert [line["state"] for line in ended.lines] == ["conflict", "done"]
    assert "edited" in ended.lines[0]["message"]
    assert (status(demo, one), status(demo, other) != 0) == (0, True)


def test_a_bare_id_is_checked_only_against_the_fresh_read(site: Run, demo: DemoServer) -> None:
    [one] = listed(site, 1)
    ended = site("act", "ignore", one["number"])
    assert ended.code == 0 and ended.lines[0]["id"] == one["id"] and ended.lines[0]["checked"] is False
    assert status(demo, one) == 3


def test_unknown_ids(site: Run, demo: DemoServer) -> None:
    [one] = listed(site, 1)
    gone = site("act", "approve", "99999999")
    assert gone.code == 3 and gone.lines[0]["state"] == "refused" and "99999999" in gone.err
    mixed = site("act", "approve", "99999999", one["id"])
    assert mixed.code == 9 and [line["state"] for line in mixed.lines] == ["refused", "done"]
    for text in ("", "a/b", "reports/000000000000/reviewable/1", "nolane/a/b/c"):
        ended = site("act", "approve", text)
        assert ended.code == 2 and ended.out == "" and text in ended.err
    for stdin in ('{"id": 3', '{"number": 3}', "[1, 2]", '{"id": "1", "seen": 3}'):
        ended = site("act", "approve", stdin=stdin)
        assert ended.code == 2 and "line 1 of the input" in ended.err.lower()


def test_remove_tell_and_ban_is_one_decision(site: Run, demo: DemoServer) -> None:
    [one] = [line for line in listed(site, 3, "ban") if line["author"]][:1]
    ended = site("act", "remove", "--reason", "spam", "--tell", "--ban", "7d", stdin=as_input([one]))
    assert ended.code == 0, ended.out
    row = demo.db.one("SELECT suspended_till FROM users WHERE username = ?", [one["author"]])
    assert row is not None and row["suspended_till"]
    [entry] = site("log", "--json").lines
    assert entry["verb"] == "remove" and entry["sanction"] == {"kind": "ban", "duration_ms": 604_800_000}
    assert entry["message"] is True and len(entry["targets"][0]["steps"]) >= 2
    assert "ban 7 days, message" in site("log").out
    assert f"{one['author']} banned" in ended.lines[0]["message"], "a name keeps its letters"


def test_held_then_undone_leaves_the_site_untouched(site: Run, demo: DemoServer) -> None:
    [one] = listed(site, 1)
    demo.clear_requests()
    held = site("--hold", "600", "act", "approve", "--no-wait", stdin=as_input([one]))
    assert held.code == 0 and held.lines[0]["state"] == "held"
    again = site("act", "remove", stdin=as_input([one]))
    assert again.code == 9 and again.lines[0]["state"] == "skipped"
    assert len(site("outbox", "--json").lines) == 1
    undone = site("undo", held.lines[0]["decision"])
    assert undone.code == 0, undone.err
    assert "ctrl+r" not in undone.err, "a command has no keys"
    assert demo.count("/review/", "PUT") == 0 and status(demo, one) == 0
    assert site("outbox").out == ""
    assert site("log", "--json").lines[0]["state"] == "undone"


def test_outbox_send_and_drop(site: Run, demo: DemoServer) -> None:
    one, other = listed(site, 2)
    first = site("act", "approve", "--no-wait", "--hold", "600", one["id"]).lines[0]["decision"]
    second = site("act", "approve", "--no-wait", "--hold", "600", other["id"]).lines[0]["decision"]
    dropped = site("outbox", "drop", second)
    assert dropped.code == 0 and second in dropped.out
    sent = site("outbox", "send")
    assert sent.code == 0 and first in sent.out, sent.err
    assert (status(demo, one) != 0, status(demo, other)) == (True, 0)
    assert site("outbox", "send").err == "The outbox is empty.\n"
    assert site("outbox", "drop", "nothing-like-that").code == 3


def test_what_an_earlier_run_left_is_skipped_and_never_a_conflict_with_ourselves(site: Run, demo: DemoServer) -> None:
    several = listed(site, 6)
    earlier, other = several[:5], several[5]
    assert site("act", "approve", "--no-wait", stdin=as_input(earlier)).code == 0
    ended = site("act", "approve", stdin=as_input([*reversed(earlier), other]))
    assert ended.code == 9 and [line["state"] for line in ended.lines] == ["skipped"] * 5 + ["done"]
    assert site("outbox", "send").code == 0
    assert {entry["state"] for entry in site("log", "--json").lines} == {"done"}
    assert demo.count("/review/", "PUT") == 6


def test_what_was_sent_is_undone_as_far_as_the_site_can(site: Run, demo: DemoServer) -> None:
    [one] = listed(site, 1, "remove")
    done = site("act", "remove", stdin=as_input([one]))
    assert done.code == 0, done.out
    ended = site("undo", done.lines[0]["decision"])
    assert ended.code == 0, ended.err
    assert "?" not in ended.err and "y/N" not in ended.err, "a command does not ask"
    assert len(site("log", "--json").lines) == 2
    repeated = site("undo", done.lines[0]["decision"])
    assert repeated.code == 9
    assert site("undo", "no-such-decision").code == 3


def test_read_only_decides_nothing(site: Run, demo: DemoServer) -> None:
    [one] = listed(site, 1)
    demo.clear_requests()
    assert site("--read-only", "act", "approve", one["id"]).code == 11
    assert site("--read-only", "undo", "x").code == 11
    assert site("--read-only", "outbox", "send").code == 11
    assert site("--read-only", "outbox", "drop", "--all").code == 11
    assert site("--read-only", "outbox", "rebuild").code == 11
    assert demo.requests == []
    assert site("--read-only", "act", "approve", "--dry-run", one["id"]).code == 0
    assert all(request.method == "GET" for request in demo.requests)


def test_a_held_post_is_approved_and_a_note_is_written(site: Run, demo: DemoServer) -> None:
    [held] = [line for line in listed(site, 1, lane="pending")]
    assert site("act", "approve", stdin=as_input([held])).lines[0]["state"] == "done"
    [one] = listed(site, 1, "note")
    assert site("act", "note", "--text", "please look", one["id"]).code == 0
    assert status(demo, one) == 0


def test_a_lost_answer_is_looked_up_and_not_sent_twice(site: Run, demo: DemoServer) -> None:
    [one] = listed(site, 1)
    demo.clear_requests()
    demo.inject("lost", "/review/", method="PUT")
    ended = site("act", "approve", stdin=as_input([one]))
    assert ended.lines[0]["state"] in ("done", "unknown"), ended.out
    assert demo.count("/review/", "PUT") == 1 and status(demo, one) != 0


@pytest.mark.parametrize("broken", ["message", "both"])
def test_messages_from_files(site: Run, demo: DemoServer, tmp_path: Path, broken: str) -> None:
    file = tmp_path / "message.md"
    file.write_text("Hello {author}, please read the rules of {community}.")
    if broken == "both":
        ended = site("act", "remove", "--message", "x", "--message-file", str(file), "1")
        assert ended.code == 2 and "exclude" in ended.err
        assert site("act", "remove", "--message-file", str(tmp_path / "none.md"), "1").code == 2
        return
    [one] = listed(site, 1, "remove")
    ended = site("act", "remove", "--reason", "spam", "--message-file", str(file), stdin=as_input([one]))
    assert ended.code == 0, ended.out
    row = demo.db.one("SELECT raw FROM posts ORDER BY id DESC LIMIT 1")
    assert row is not None and row["raw"].startswith(f"Hello {one['author']}, please read the rules of ")
    assert "{" not in row["raw"]


def test_the_journal_verifies_and_a_kept_head_is_found(site: Run) -> None:
    [one] = listed(site, 1)
    site("act", "approve", stdin=as_input([one]))
    head = site("log", "verify", "--json").lines[0]["head"]
    assert len(head) == 64
    assert site("log", "verify", "--head", head).code == 0
    assert site("log", "verify", "--head", "0" * 64).code == 10
    assert site("log", "--limit", "1").out.count("\n") == 1


def test_a_message_of_which_nothing_is_left_is_not_silently_left_out(site: Run, demo: DemoServer) -> None:
    one, other = listed(site, 2, "remove")
    demo.clear_requests()
    ended = site("act", "remove", "--message", "{rule}", one["id"], other["id"])
    assert ended.code == 2 and "Nothing of the message is left" in ended.err and ended.out == ""
    assert all(request.method == "GET" for request in demo.requests) and site("log").out == ""


def test_a_damaged_outbox_is_made_anew_from_the_events(site: Run, tmp_path: Path) -> None:
    one, other = listed(site, 2)
    site("act", "approve", stdin=as_input([one]))
    site("act", "approve", "--no-wait", "--hold", "600", stdin=as_input([other]))
    before = site("log", "--json").lines
    (tmp_path / "cache" / "cache.db").unlink()
    (tmp_path / "cache" / "cache.db").mkdir()  # neither the log nor the outbox needs the cache
    file = tmp_path / "state" / "state.db"

    def tamper(words: str) -> None:
        with contextlib.closing(sqlite3.connect(file)) as connection, connection:
            connection.executescript(words)

    tamper("UPDATE decision SET state = 'done', open = 0; UPDATE step SET state = 'done'")
    assert site("outbox").out == "", "the damage hides the held one"
    bad = site("log", "verify")
    assert bad.code == 10 and "modtui outbox rebuild" in bad.err
    assert site("outbox", "rebuild").code == 0
    assert site("log", "verify").code == 0 and site("log", "--json").lines == before
    assert [entry["state"] for entry in site("outbox", "--json").lines] == ["held"]

    tamper("DROP TRIGGER event_stays; UPDATE event SET at_ms = 1 WHERE seq = 1")
    refused = site("outbox", "rebuild")
    assert refused.code == 10 and "damaged or were changed" in refused.err
    assert "modtui outbox rebuild" not in site("log", "verify").err


def test_scripts_can_count_on_one_line_for_each_item_even_twice_named(site: Run) -> None:
    [one] = listed(site, 1)
    ended = site("act", "approve", one["id"], one["id"], one["number"])
    assert ended.code == 0 and len(ended.lines) == 1
    assert ended.lines[0].keys() >= {"id", "decision", "state", "checked", "message"}
    assert ended.out.isascii()


def test_what_is_older_than_the_settings_allow_is_forgotten_and_the_journal_still_verifies(
    site: Run, tmp_path: Path
) -> None:
    one, other = listed(site, 2)
    assert site("act", "approve", stdin=as_input([one])).code == 0
    assert len(site("log", "--json").lines) == 1
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[journal]\nretention = '1ms'\ncache = '1ms'\n")
    (tmp_path / "cache" / "cache.db").unlink()  # nobody has tidied yet, as far as this one knows
    assert site("act", "approve", "--no-wait", "--hold", "600", stdin=as_input([other])).code == 0
    left = site("log", "--json").lines
    assert [entry["state"] for entry in left] == ["held"], "what is on its way is never forgotten"
    assert site("log", "verify").code == 0


def test_ctrl_c_while_it_waits_leaves_the_decision_in_the_outbox(
    site: Run, demo: DemoServer, tmp_path: Path
) -> None:
    [one] = listed(site, 1)
    child = subprocess.Popen(
        [sys.executable, "-m", "modtui", "--url", demo.url, "--user", demo.username, "--hold", "600", "act", "approve",
         one["id"]],
        env=environment(tmp_path, MODTUI_TOKEN=demo.api_key), cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # where the tests run in the background of a shell they inherit that ctrl+c is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not site("outbox", "--json").out and time.monotonic() < end:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 130 and err.strip() == "Stopped."
    [held] = site("outbox", "--json").lines
    assert held["state"] == "held" and status(demo, one) == 0
