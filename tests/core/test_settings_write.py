"""What login writes to config.toml."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from modtui.errors import SettingsError, StoreError
from modtui.settings import CommunitySettings, load
from modtui.settings.write import remove_community, save_community

HARBOUR = CommunitySettings(name="harbour", url="https://forum.harbour.example", account="rookmoor")
WRITTEN = """# my settings
[undo]
hold = "5s"  # I am quick

[[communities]]
name = "quay"
url = "https://quay.example"
# the key is in pass
token_command = ["pass", "show", "quay"]
"""


def test_login_adds_a_community_to_a_new_private_file(tmp_path: Path) -> None:
    path = tmp_path / "config" / "config.toml"
    save_community(path, HARBOUR)
    assert load(path).communities == (HARBOUR,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_comments_and_order_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN)
    save_community(path, HARBOUR)
    text = path.read_text()
    assert text.startswith(WRITTEN.rstrip("\n"))
    assert [one.name for one in load(path).communities] == ["quay", "harbour"]
    assert load(path).undo.hold_s == 5


def test_a_second_login_brings_the_entry_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN)
    save_community(path, CommunitySettings(name="Quay", url="https://quay.example", account="ann", key="admin"))
    [quay] = load(path).communities
    assert (quay.account, quay.key, quay.token_command) == ("ann", "admin", ("pass", "show", "quay"))
    assert "# the key is in pass" in path.read_text()


def test_logout_takes_the_entry_out(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN)
    save_community(path, HARBOUR)
    assert remove_community(path, "HARBOUR") and not remove_community(path, "harbour")
    assert [one.name for one in load(path).communities] == ["quay"]
    assert remove_community(path, "quay") and load(path).communities == ()
    assert load(path).undo.hold_s == 5 and "# my settings" in path.read_text()
    assert not remove_community(tmp_path / "none.toml", "quay")


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[undo\n")
    with pytest.raises(SettingsError, match="not valid TOML"):
        save_community(path, HARBOUR)
    assert path.read_text() == "[undo\n"


def test_a_failed_write_leaves_the_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        save_community(path, HARBOUR)
    assert path.read_text() == WRITTEN and [one.name for one in tmp_path.iterdir()] == ["config.toml"]


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "modtui.toml"
    real.parent.mkdir()
    real.write_text(WRITTEN)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    save_community(link, HARBOUR)
    assert link.is_symlink() and "harbour" in real.read_text()
