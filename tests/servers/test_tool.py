"""The tool that installs and starts servers, as far as it goes without any."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import __main__ as tool
from tests.servers import base, openedx, openedx_record


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for servers that is empty."""
    monkeypatch.setenv("MODTUI_SERVERS_DIR", str(tmp_path / "servers"))


def test_a_missing_server_names_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(base.NotPrepared, match=r"python -m tests\.servers prepare openedx"), openedx.running(tmp_path):
        pytest.fail("it started")


def test_list_says_what_is_missing_and_where_it_would_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["list"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert {name for name, *_ in lines} == set(tool.KNOWN)
    for name, state, about, where in lines:
        assert (state, where) == ("missing", str(tmp_path / "servers" / name)) and about


def test_start_of_a_missing_server_fails_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert tool.main(["start", "openedx", "--data", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "not installed" in err


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        tool.main(["prepare", "nonesuch"])
    assert "no server is called nonesuch" in capsys.readouterr().err


def test_a_changed_recipe_means_install_again(tmp_path: Path) -> None:
    base.folder("x").mkdir(parents=True)
    assert not base.prepared("x", "one")
    base.mark_prepared("x", "one", {})
    assert base.prepared("x", "one")
    assert not base.prepared("x", "two")
    (base.folder("x") / "ready.json").write_text("{cut")
    assert not base.prepared("x", "one")


def test_a_failing_install_command_shows_its_last_lines() -> None:
    with pytest.raises(base.ServerTrouble, match=r"Fetching failed with exit code 3\.\nthe reason"):
        base.run(["sh", "-c", "echo the reason; exit 3"], what="Fetching")
    with pytest.raises(base.ServerTrouble, match="Fetching failed: No such file"):
        base.run(["/no/such/program"], what="Fetching")


def test_recordings_hold_no_host_and_no_credential() -> None:
    recordings = openedx_record.read()
    assert "threads-flagged-1" in recordings
    for name, exchange in recordings.items():
        assert exchange["request"]["path"].startswith("/api/v2/"), name
        text = (openedx_record.FOLDER / f"{name}.json").read_text()
        for word in ("127.0.0.1", "Authorization", "modtui-service", openedx.OUTSIDER):
            assert word not in text, name
