"""`modtui queue`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from modtui.demo.server import DemoServer
from tests.cli.conftest import ROOT, Run, environment

FIELDS = {
    "id", "community", "backend", "lane", "kind", "title", "author", "reports", "reasons", "age_seconds", "language",
    "state", "claimed_by", "offers", "url", "seen",
}  # fmt: skip


def open_flags(demo: DemoServer) -> int:
    found = demo.db.one(
        "SELECT count(*) AS n FROM reviewables WHERE status = 0"
        " AND type NOT IN ('ReviewableQueuedPost', 'ReviewableUser')"
    )
    assert found is not None
    return int(found["n"])


def test_every_open_report_is_a_json_line_with_the_promised_fields(site_process: Run, demo: DemoServer) -> None:
    ended = site_process("queue", "--json")
    assert ended.code == 0, ended.err
    assert ended.out.isascii() and "\x1b" not in ended.out
    assert len(ended.lines) == open_flags(demo) == len({line["id"] for line in ended.lines})
    for line in ended.lines:
        assert line.keys() >= FIELDS
        assert isinstance(line["reports"], int) and isinstance(line["age_seconds"], int) and line["age_seconds"] >= 0
        assert line["backend"] == "discourse" and line["lane"] == "reports" and line["state"] == "open"
        assert line["url"].startswith(demo.url)
    ages = [line["age_seconds"] for line in ended.lines]
    assert ages == sorted(ages, reverse=True)


def test_the_same_with_a_user_key_and_the_site_is_asked_only_once_who_it_is(run: Run, demo: DemoServer) -> None:
    first = run("--url", demo.url, "queue", "--json", "--limit", "1", token=demo.user_api_key)
    assert first.code == 0, first.err
    demo.clear_requests()
    second = run("queue", "--url", demo.url, "--json", "--limit", "1", token=demo.user_api_key)
    assert second.lines[0]["id"] == first.lines[0]["id"]
    assert demo.count("/session/current") == 1


def test_lanes_filters_and_limits(site: Run) -> None:
    pending = site("queue", "--lane", "pending", "--json").lines
    assert pending and {line["lane"] for line in pending} == {"pending"}
    everything = site("queue", "--json").lines
    some = everything[0]["author"]
    found = site("queue", "--json", "--filter", f"author:{some}").lines
    assert found and {line["author"] for line in found} == {some}
    assert len(found) == sum(line["author"] == some for line in everything)
    assert len(site("queue", "--json", "--limit", "3").lines) == 3
    nothing = site("queue", "--json", "--filter", "author:nobody-of-that-name")
    assert (nothing.code, nothing.out) == (0, "") and "Nothing matches" in nothing.err
    away = site("queue", "--lane", "escalated", "--json")
    assert (away.code, away.out) == (0, ""), "nothing was handed on"


def test_the_table_is_harmless_and_as_wide_as_promised(site: Run, demo: DemoServer) -> None:
    row = demo.db.one("SELECT target_id AS post FROM reviewables WHERE type = 'ReviewableFlaggedPost' AND status = 0")
    assert row is not None
    with demo.db.write():
        demo.db.run(
            "UPDATE topics SET title = ? WHERE id = (SELECT topic_id FROM posts WHERE id = ?)",
            ["\x1b]0;owned\x07\u202eevil [/b]", row["post"]],
        )
    ended = site("queue")
    assert ended.code == 0
    assert "\x1b" not in ended.out and "\x07" not in ended.out and "\u202e" not in ended.out
    assert "[/b]" in ended.out and all(len(line) <= 200 for line in ended.out.splitlines())


def test_a_reader_that_has_seen_enough_is_no_error(demo: DemoServer, tmp_path: Path) -> None:
    env = environment(tmp_path, MODTUI_TOKEN=demo.api_key)
    call = f'"{sys.executable}" -m modtui --url {demo.url} --user {demo.username} queue --json'
    pipe = ["bash", "-c", f"set -o pipefail; {call} | head -2"]
    done = subprocess.run(pipe, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert done.returncode == 0 and done.stderr == ""
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 2


def test_read_only_still_looks(site: Run) -> None:
    assert site("--read-only", "queue", "--json", "--limit", "1").code == 0


def test_the_key_reaches_no_child_and_no_file(demo: DemoServer, process: Run, tmp_path: Path) -> None:
    assert process("--url", demo.url, "queue", "--json", "--limit", "1", token=demo.user_api_key).code == 0
    for path in tmp_path.rglob("*"):
        if path.is_file() and "world" not in path.parts:
            assert demo.user_api_key.encode() not in path.read_bytes(), path


def test_several_communities_and_one_without_a_line(demo: DemoServer, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    print_key = json.dumps([sys.executable, "-S", "-c", f"print({demo.api_key!r})"])
    (folder / "config.toml").write_text(
        f"[[communities]]\nname='harbour'\nurl='{demo.url}'\naccount='{demo.username}'\nkey='admin'\n"
        f"token_command={print_key}\n"
        f"[[communities]]\nname='closed'\nurl='http://127.0.0.1:9'\naccount='x'\ntoken_command={print_key}\n"
    )
    ended = run("queue", "--json")
    assert {line["community"] for line in ended.lines} == {"harbour"}
    assert "closed:" in ended.err and ended.code == 6, "the others' rows are there, and a script sees that one failed"
    only = run("queue", "-c", "Harbour", "--json", "--limit", "1")
    assert only.code == 0 and only.err == ""
    listed = run("communities", "--json").lines
    assert [line["name"] for line in listed] == ["harbour", "closed"]
    assert only.lines[0]["id"].split("/")[1] == listed[0]["id"]
    bare = run("act", "approve", only.lines[0]["number"])
    assert bare.code == 2 and "harbour, closed" in bare.err, "it may mean the one that cannot be opened"
    assert run("act", "approve", "--dry-run", only.lines[0]["id"]).code == 0


def test_a_community_that_the_settings_call_read_only_is_only_read(
    demo: DemoServer, run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    print_key = json.dumps([sys.executable, "-S", "-c", f"print({demo.api_key!r})"])
    (folder / "config.toml").write_text(
        f"[[communities]]\nname='harbour'\nurl='{demo.url}'\naccount='{demo.username}'\nkey='admin'\n"
        f"read_only=true\ntoken_command={print_key}\n"
    )
    [one] = run("queue", "--json", "--limit", "1").lines
    demo.clear_requests()
    ended = run("act", "approve", one["id"])
    assert ended.code == 11 and "read-only" in ended.err and run("log").out == ""
    assert all(request.method == "GET" for request in demo.requests)
