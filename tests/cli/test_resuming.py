"""`resume_after` of the settings, with the commands: what is young goes out by itself, what is older only by a word."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from modtui.demo.server import DemoServer
from tests.cli.conftest import Ended, Run, as_input, free


def keep_two(site: Run, tmp_path: Path, resume_after: str) -> tuple[list[str], Ended]:
    """Decide on two items without sending, say in the settings what is old, and decide on a third. Gives the ids of the
    first two decisions and how the third ended."""
    items = free(site("queue", "--json", "--lane", "reports").lines)[:3]
    ids = [
        str(site("act", "approve", "--no-wait", stdin=as_input([item])).lines[0]["decision"]) for item in items[:2]
    ]
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "config.toml").write_text(f'[undo]\nresume_after = "{resume_after}"\n')
    return ids, site("act", "approve", stdin=as_input(items[2:]))


def test_what_is_young_goes_out_with_the_next(site: Run, demo: DemoServer, tmp_path: Path) -> None:
    ids, third = keep_two(site, tmp_path, "1h")
    assert third.code == 0 and "to be asked about" not in third.err
    assert site("outbox", "send").code == 0
    states = {line["id"]: line["state"] for line in site("log", "--json").lines}
    assert [states[id] for id in ids] == ["done", "done"]
    assert demo.count("/review/", "PUT") == 3


def test_what_is_old_waits_for_a_word(site: Run, demo: DemoServer, tmp_path: Path) -> None:
    (first, second), third = keep_two(site, tmp_path, "0s")
    assert third.code == 0 and [line["state"] for line in third.lines] == ["done"]
    assert "2 decisions wait to be asked about" in third.err
    listed = site("outbox")
    assert first in listed.out and second in listed.out and "2 decisions wait to be asked about" in listed.err
    sent = site("outbox", "send")
    assert sent.code == 9 and "2 decisions wait to be asked about" in sent.err
    assert demo.count("/review/", "PUT") == 1, "not unasked"
    assert site("outbox", "send", first).code == 0
    assert demo.count("/review/", "PUT") == 2
    assert site("outbox", "send", "--all").code == 0
    assert demo.count("/review/", "PUT") == 3
    assert site("outbox").err == "The outbox is empty.\n"


@pytest.mark.parametrize("verb", ["undo", "drop"])
def test_what_is_old_can_be_taken_back(site: Run, demo: DemoServer, tmp_path: Path, verb: str) -> None:
    ids, _ = keep_two(site, tmp_path, "0s")
    for id in ids:
        assert site(*(("undo", id) if verb == "undo" else ("outbox", "drop", id))).code == 0
    assert site("outbox").err == "The outbox is empty.\n"
    assert demo.count("/review/", "PUT") == 1


def test_a_decision_of_the_future_is_asked_about(
    site: Run, demo: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock was set back: how old the decision is cannot be told."""
    item = free(site("queue", "--json", "--lane", "reports").lines)[:1]
    id = str(site("act", "approve", "--no-wait", stdin=as_input(item)).lines[0]["decision"])
    real = time.time_ns
    with monkeypatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: real() - 2 * 3_600 * 1_000_000_000)
        assert "1 decision waits to be asked about" in site("outbox").err
        assert site("outbox", "send").code == 9
        assert demo.count("/review/", "PUT") == 0
        assert site("log", "verify").code == 0
    assert site("outbox", "send", id).code == 0
    assert demo.count("/review/", "PUT") == 1


def test_a_sign_in_that_is_refused_ends_the_waiting(
    site: Run, demo: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script is not kept for ever: what is left waits in the outbox, and the exit code says why."""
    monkeypatch.setattr("modtui.cli.running._WORD_S", 0.05)
    item = free(site("queue", "--json", "--lane", "reports").lines)[:1]
    site("act", "approve", "--no-wait", stdin=as_input(item))
    sent = site("outbox", "send", token="f" * 64)
    assert sent.code == 4 and "then modtui outbox send" in sent.err, sent.err
    assert demo.count("/review/", "PUT") == 0
    assert site("outbox", "send").code == 0
    assert demo.count("/review/", "PUT") == 1
