"""`modtui act escalate`, `modtui routes`: handing over without a screen, in pipes."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from tests.cli.conftest import Run, as_input, free

SECRET = "correct-horse-battery"


class Receiver(HTTPServer):
    """Takes requests in a thread of its own; `answers` are statuses for the next ones, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.answers: deque[int] = deque()
        self.taken: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Hook(BaseHTTPRequestHandler):
    """One request."""

    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.answers.popleft() if self.server.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Path:
    folder = tmp_path / "config"
    folder.mkdir(exist_ok=True)
    file = folder / "config.toml"
    file.write_text(
        f'[[routes]]\nname = "Product"\nkey = "p"\nurl = "{receiver.url}?token=abcdef"\ndue = "1h"\n'
        '[[routes]]\nname = "mods"\nkey = "m"\nkind = "site"\nto = "group:moderators"\n'
        '[[routes]]\nname = "pager"\nkey = "s"\nkind = "command"\ncommand = ["/nonexistent/page"]\n'
    )
    return file


@pytest.mark.usefixtures("settings")
def test_a_pipe_hands_over(site: Run, demo: DemoServer, receiver: Receiver) -> None:
    items = free(site("queue", "--json").lines, "approve")[:2]
    done = site(
        "act", "escalate", "--route", "product", "--note", "is it known?", stdin=as_input(items),
        MODTUI_ROUTE_PRODUCT=SECRET,
    )  # fmt: skip
    assert done.code == 0, done.err + done.out
    assert [(line["id"], line["state"]) for line in done.lines] == [(line["id"], "done") for line in items]
    assert len(receiver.taken) == 2
    for (headers, body), item in zip(receiver.taken, items, strict=True):
        data = json.loads(body)
        assert data["item"]["id"] == item["id"] and data["item"]["url"] == item["url"]
        assert data["note"] == "is it known?" and data["key"] == headers["idempotency-key"] and data["due"]
        signed = headers["modtui-timestamp"].encode() + b"." + body
        mine = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["modtui-signature"] == mine
    away = site("queue", "--lane", "escalated", "--json").lines
    assert [(line["number"], line["escalation"]["route"]) for line in away] == [
        (item["number"], "Product") for item in items
    ]
    assert all(line["escalation"]["state"] == "waiting" and line["escalation"]["due_ms"] for line in away)
    waits = site("queue", "--json")
    assert not {line["id"] for line in waits.lines} & {item["id"] for item in items}
    assert "2 put aside or handed over are left out; --lane all lists them too." in waits.err
    assert {item["id"] for item in items} <= {line["id"] for line in site("queue", "--lane", "all", "--json").lines}
    log = site("log", "--json")
    assert SECRET not in log.out + done.out + done.err


@pytest.mark.usefixtures("settings")
def test_a_dry_run_sends_nothing_and_says_what_stays(site: Run, demo: DemoServer, receiver: Receiver) -> None:
    items = free(site("queue", "--json").lines, "approve")[:1]
    dry = site("act", "escalate", "--route", "product", "--dry-run", stdin=as_input(items))
    assert dry.code == 0 and receiver.taken == []
    [line] = dry.lines
    assert line["plan"]["steps"] == ["handed to Product"] and line["plan"]["reversal"] == "none"
    assert line["plan"]["stays"] == ["what Product was sent stays sent"]


@pytest.mark.usefixtures("settings")
def test_what_is_refused_says_so_and_goes_out_later(site: Run, demo: DemoServer, receiver: Receiver) -> None:
    receiver.answers.append(400)
    items = free(site("queue", "--json").lines, "approve")[:1]
    refused = site("act", "escalate", "--route", "product", "--no-text", stdin=as_input(items))
    assert refused.code == 9
    [line] = refused.lines
    assert line["state"] == "refused" and "400" in line["message"]
    again = site("outbox", "send", line["decision"])
    assert again.code == 0, again.err
    keys = {headers["idempotency-key"] for headers, _ in receiver.taken}
    assert len(receiver.taken) == 2 and len(keys) == 1
    assert json.loads(receiver.taken[0][1])["text"] is None


@pytest.mark.usefixtures("settings")
def test_a_lost_answer_is_said_and_can_be_sent_again(site: Run, demo: DemoServer, receiver: Receiver) -> None:
    receiver.answers.append(504)
    items = free(site("queue", "--json").lines, "approve")[:1]
    lost = site("act", "escalate", "--route", "product", stdin=as_input(items))
    [line] = lost.lines
    assert lost.code == 9 and line["state"] == "unknown" and "delivered or not" in line["message"]
    assert site("outbox", "send").code in (0, 9) and len(receiver.taken) == 1, "not without being named"
    again = site("outbox", "send", line["decision"])
    assert again.code == 0 and len(receiver.taken) == 2


@pytest.mark.usefixtures("settings")
def test_processes_that_send_at_once_deliver_each_once(
    site: Run, site_process: Run, demo: DemoServer, receiver: Receiver
) -> None:
    """Three programs on one account are told to send what waits: each escalation arrives once, under its own key."""
    items = free(site("queue", "--json").lines, "approve")[:4]
    made = site("act", "escalate", "--route", "product", "--no-wait", stdin=as_input(items))
    assert made.code == 0 and receiver.taken == []
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda _: site_process("outbox", "send"), range(3)))
    assert {one.code for one in ended} == {0}, [one.err for one in ended]
    keys = [headers["idempotency-key"] for headers, _ in receiver.taken]
    assert len(keys) == len(set(keys)) == 4
    assert {state["state"] for line in site("log", "--json").lines for state in line["targets"]} == {"done"}
    assert site("log", "verify").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("escalate", "1"), "escalate needs --route"),
        (("escalate", "1", "--route", "prodct"), 'Did you mean "Product"?'),
        (("approve", "1", "--note", "x"), "--note belongs to --route"),
        (("note", "1", "--text", "x", "--route", "product"), "--route is not for note"),
        (("escalate", "1", "--route", "product", "--no-text", "--with-text"), "exclude each other"),
        (("escalate", "1", "--route", "product", "--ban", "7d"), "--ban is not for escalate"),
        (("escalate", "1", "--route", "product", "--note", "a", "--message", "b"), "exclude each other"),
    ],
)
@pytest.mark.usefixtures("settings")
def test_wrong_words(site: Run, demo: DemoServer, words: tuple[str, ...], said: str) -> None:
    wrong = site("act", *words)
    assert wrong.code == 2 and said in wrong.err


@pytest.mark.usefixtures("settings")
def test_the_list_of_routes(run: Run, receiver: Receiver) -> None:
    listed = run("routes", "--json")
    assert listed.code == 0, listed.err
    product, mods, pager = listed.lines
    assert product["where"] == f"webhook at 127.0.0.1:{receiver.server_port}" and product["possible"]
    assert mods["where"] == "the site's own: group:moderators"
    assert not pager["possible"] and "no program page" in pager["why_not"]
    plain = run("routes")
    assert "answer due in 1 h" in plain.out and "abcdef" not in plain.out + listed.out
    assert plain.out.count("NOT SIGNED") == 1 and [line["signed"] for line in listed.lines] == [False, None, None]
    signed = run("routes", "--json", MODTUI_ROUTE_PRODUCT=SECRET)
    assert signed.lines[0]["signed"] and SECRET not in signed.out
    assert "NOT SIGNED" not in run("routes", MODTUI_ROUTE_PRODUCT=SECRET).out


@pytest.mark.usefixtures("settings")
def test_a_test_is_marked_and_asked_about(run: Run, receiver: Receiver) -> None:
    asked = run("routes", "test", "product", stdin="n\n")
    assert asked.code == 0 and receiver.taken == [] and "Nothing was sent" in asked.err
    sent = run("routes", "test", "product", "--yes", MODTUI_ROUTE_PRODUCT=SECRET)
    assert sent.code == 0 and sent.lines == [
        {"name": "Product", "state": "done", "message": "Product has taken it."}
    ]
    [(headers, body)] = receiver.taken
    assert json.loads(body)["event"] == "test" and "modtui-signature" in headers
    receiver.answers.append(503)
    later = run("routes", "test", "product", "--yes")
    assert later.code == 9 and later.lines[0]["state"] == "not sent"
    assert run("routes", "test", "mods", "--yes").code == 2
    assert run("routes", "test", "nobody", "--yes").code == 2


@pytest.mark.usefixtures("settings")
def test_check_and_doctor_show_routes_without_secrets(run: Run, receiver: Receiver) -> None:
    checked = run("config", "check")
    assert checked.code == 0 and "3 routes" in checked.err and "p  Product: webhook" in checked.err
    told = run("doctor", "--offline", MODTUI_ROUTE_PRODUCT=SECRET)
    assert "signed (key from" in told.out and SECRET not in told.out + told.err and "abcdef" not in told.out
    assert "no program page" in told.out
    bare = run("doctor", "--offline")
    assert "not signed" in bare.out


def test_without_routes(run: Run) -> None:
    assert "no route in the settings" in run("routes").err
