"""`modtui login` for Ozone, as far as it goes without a network: only an app password leaves this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

URL = "http://localhost:1"
LABELER = "labeler=did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


@pytest.mark.parametrize("secret", ["hunter2-hunter2", "wxyz-wxyz-wxyz", "ABCD-EFGH-IJKL-MNOP", "zyxwvutsrqponmlkjih"])
def test_what_is_no_app_password_is_not_sent(run: Run, tmp_path: Path, secret: str) -> None:
    found = run("login", URL, "--backend", "ozone", "--user", "ann.test", "--option", LABELER, "--store", "file",
                token=secret)  # fmt: skip
    assert found.code == 2 and "nothing was sent" in found.err and "App passwords" in found.err
    assert secret not in found.err + found.out
    assert not (tmp_path / "config" / "secrets.toml").exists()


def test_an_app_password_is_tried_where_it_was_said(run: Run, tmp_path: Path) -> None:
    found = run("login", URL, "--backend", "ozone", "--user", "@ann.test", "--option", LABELER, "--store", "file",
                token="abcd-efgh-ijkl-mnop")  # fmt: skip
    assert found.code == 6 and "localhost:1 cannot be reached" in found.err
    assert "abcd-efgh" not in found.err + found.out and not (tmp_path / "config" / "secrets.toml").exists()


def test_a_labeler_is_a_did(run: Run) -> None:
    found = run("login", URL, "--backend", "ozone", "--user", "ann.test", "--option", "labeler=bsky.app", "--store",
                "file", token="abcd-efgh-ijkl-mnop")  # fmt: skip
    assert found.code == 2 and "options.labeler" in found.err
