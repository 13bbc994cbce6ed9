"""Whose the files are and who else reaches them: on the disk, whatever the umask says and whoever was there before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modtui import credentials, paths
from modtui.credentials import Key, Wanted, keeping
from modtui.errors import AuthError, SettingsError, StoreError
from modtui.settings import load
from modtui.store import Journal, Store

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(os.name != "posix", reason="POSIX rights")]
SOMEBODY = 54_321
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277])
async def test_what_is_made_is_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        store = Store.open(tmp_path / "new" / "state", tmp_path / "new" / "cache")
        paths.replace_private(tmp_path / "new" / "config" / "secrets.toml", "x = 1\n")
        await store.close()
    for folder in ("new", "new/state", "new/cache", "new/config"):
        assert mode(tmp_path / folder) == 0o700, folder
    for file in ("state/state.db", "cache/cache.db", "config/secrets.toml"):
        assert mode(tmp_path / "new" / file) == 0o600, file


@pytest.mark.parametrize("rights", [0o755, 0o750, 0o775, 0o711])
async def test_a_folder_that_others_could_enter_is_closed_to_them(tmp_path: Path, rights: int) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(rights)
    await Journal(folder / "state.db").close()
    assert mode(folder) == 0o700 and mode(folder / "state.db") == 0o600


def test_files_that_were_left_open_to_others_are_closed_at_the_start(tmp_path: Path) -> None:
    folder = paths.state_dir()
    folder.mkdir(mode=0o700)
    for name, rights in (("accounts.json", 0o644), ("state.db.v1.bak", 0o664), ("mine", 0o400)):
        (folder / name).write_text("{}")
        (folder / name).chmod(rights)
    paths.private(folder)
    assert {one.name: mode(one) for one in folder.iterdir()} == {
        "accounts.json": 0o600, "state.db.v1.bak": 0o600, "mine": 0o400,
    }  # fmt: skip


@pytest.mark.parametrize("rights", [0o777, 0o1777])
def test_a_folder_where_everybody_writes_is_refused_and_left_alone(tmp_path: Path, rights: int) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(rights)
    with pytest.raises(StoreError) as caught:
        Journal(folder / "state.db")
    assert "Everybody may write" in str(caught.value) and str(folder) in str(caught.value)
    assert mode(folder) == rights and list(folder.iterdir()) == []


def test_an_account_that_owns_none_of_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, SOMEBODY, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    with pytest.raises(StoreError, match="state belongs to somebody else"):
        paths.private(folder)


@as_root
def test_links_and_files_of_somebody_else_are_refused(tmp_path: Path) -> None:
    mine, link = tmp_path / "mine", paths.state_dir()
    mine.mkdir(mode=0o700)
    link.symlink_to(mine)
    assert paths.private(link) == link, "a link of one's own is fine"
    os.chown(link, SOMEBODY, -1, follow_symlinks=False)
    with pytest.raises(StoreError, match="a link that somebody else made"):
        paths.private(link)

    victim = tmp_path / "victim"
    victim.write_text("keep me")
    planted = mine / "state.db"
    planted.symlink_to(victim)
    os.chown(planted, SOMEBODY, -1, follow_symlinks=False)
    with pytest.raises(StoreError, match=r"state\.db belongs to somebody else"):
        Journal(planted)
    with pytest.raises(StoreError, match="a link that somebody else made"):
        paths.replace_private(planted, "overwritten")
    assert victim.read_text() == "keep me"


@as_root
def test_what_a_group_could_plant_is_looked_for_before_a_folder_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o775)
    (folder / "cache.db").write_bytes(b"")
    os.chown(folder / "cache.db", SOMEBODY, -1)
    with pytest.raises(StoreError, match="belongs to somebody else"):
        paths.private(folder)


def test_a_link_of_ones_own_to_the_settings_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "config.toml"
    real.parent.mkdir(mode=0o755)
    real.parent.chmod(0o755)
    real.write_text("")
    link = tmp_path / "config" / "config.toml"
    link.parent.mkdir()
    link.symlink_to(real)
    paths.replace_private(link, "[screen]\n")
    assert link.is_symlink() and real.read_text() == "[screen]\n" and mode(real) == 0o600
    assert mode(real.parent) == 0o755, "the folder of the real file is not modtui's"


@pytest.mark.parametrize("what", ["file", "folder"])
def test_settings_that_others_can_change_are_not_used(tmp_path: Path, what: str) -> None:
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir(mode=0o755)
    path.write_text('[[routes]]\nname = "x"\nkey = "p"\nkind = "command"\ncommand = ["touch", "owned"]\n')
    path.chmod(0o644)
    assert len(load(path).routes) == 1, "that others read them is fine: no secret is in them"
    one = path if what == "file" else path.parent
    one.chmod(one.stat().st_mode | 0o002)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert "can be changed by everybody" in str(caught.value) and f"chmod go-w {one}" in str(caught.value)


@as_root
def test_settings_of_somebody_else_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir()
    path.write_text("")
    os.chown(path, SOMEBODY, -1)
    with pytest.raises(SettingsError, match="belongs to somebody else"):
        load(path)


def test_a_group_counts_as_others_unless_it_is_the_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0o664)
    monkeypatch.setattr(paths, "_own_group", lambda uid, gid: False)
    assert paths.changeable(path) == "can be changed by its group"
    monkeypatch.setattr(paths, "_own_group", lambda uid, gid: True)
    assert paths.changeable(path) is None


def test_no_key_is_taken_from_a_folder_that_others_can_change(tmp_path: Path) -> None:
    wanted = Wanted("discourse", "https://forum.harbour.example", "ann")
    keeping.keep(wanted, Key("k3y"), "file")
    paths.config_dir().chmod(0o777)
    with pytest.raises(AuthError) as caught:
        credentials.resolve(wanted)
    assert "can be changed by everybody" in str(caught.value)
