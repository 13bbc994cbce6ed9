"""A start whose key is in a keyring: another process gets it, and the running program has nothing of the keyring."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pty.conftest import Open
from tests.pty.modtui import Harbour, Modtui
from tests.pty.terminal import TIMEOUT_S

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there the keyring is asked in-process")

ROOT = Path(__file__).parents[2]

DRAWER = '''
"""Looks for all keyrings of this machine first, as the library does on a desktop, and has its key in a file."""
import os, pathlib
import keyring.backend

HERE = pathlib.Path(os.environ["DRAWER"])

class Drawer(keyring.backend.KeyringBackend):
    priority = 1
    set_password = None
    def get_password(self, service, username):
        (HERE / "asker.txt").write_text(f"{os.getpid()}")
        keyring.backend.get_all_keyring()
        return (HERE / "kept.json").read_text()
'''

ASKING = '''
"""As keyrings that are files with a passphrase: it is asked for at the terminal."""
import getpass, os, pathlib
import keyring.backend

HERE = pathlib.Path(os.environ["DRAWER"])

class Asking(keyring.backend.KeyringBackend):
    priority = 1
    set_password = None
    def get_password(self, service, username):
        (HERE / "asker.txt").write_text(f"{os.getpid()}")
        if getpass.getpass("Passphrase: ") == "open sesame":
            return (HERE / "kept.json").read_text()
        return None
'''

HANGING = '''
import os, pathlib, threading
pathlib.Path(os.environ["DRAWER"], "asker.txt").write_text(f"{os.getpid()}")
threading.Event().wait()
'''

AT_END = '''
"""Writes down at the end what is loaded."""
import atexit, json, os, sys
atexit.register(lambda: open(os.environ["DRAWER"] + "/loaded.json", "w").write(json.dumps(sorted(sys.modules))))
'''

NOT_HERE = (
    "keyring", "keyrings", "jeepney", "secretstorage", "cryptography", "importlib_metadata", "jaraco", "more_itertools",
    "zipp",
)  # fmt: skip


@pytest.fixture
def drawer(harbour: Harbour, tmp_path: Path) -> Iterator[Path]:
    """A folder with keyrings, one of which has the key."""
    folder = tmp_path / "drawer"
    (folder / "keyrings").mkdir(parents=True)
    key = {"kind": "admin", "user": harbour.demo.username, "secret": harbour.demo.api_key}
    (folder / "kept.json").write_text(json.dumps(key))
    (folder / "drawer.py").write_text(DRAWER)
    (folder / "keyrings" / "asking.py").write_text(ASKING)
    (folder / "sitecustomize.py").write_text(AT_END)
    yield folder


def opened(open_modtui: Open, drawer: Path, backend: str) -> Modtui:
    """modtui without a key in its environment."""
    env = {
        "MODTUI_TOKEN": "", "PYTHON_KEYRING_BACKEND": backend, "PYTHONPATH": f"{drawer}:{ROOT}", "DRAWER": str(drawer),
    }  # fmt: skip
    return open_modtui(more_env=env)


def asker(drawer: Path) -> int:
    """Who asked the keyring."""
    return int((drawer / "asker.txt").read_text())


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    return not Path(f"/proc/{pid}").exists()


def waits(modtui: Modtui) -> None:
    """Wait until the program has nothing to do but wait: what it loads meanwhile is loaded."""
    calm = 0

    def calmly() -> bool:
        nonlocal calm
        state = Path(f"/proc/{modtui.pid}/stat").read_text().rpartition(")")[2].split()[0]
        calm = calm + 1 if state == "S" else 0
        return calm > 8

    modtui.wait_for(calmly, why="the program waiting")


def test_the_key_comes_from_another_process_and_nothing_of_the_keyring_is_loaded(
    open_modtui: Open, drawer: Path
) -> None:
    modtui = opened(open_modtui, drawer, "drawer.Drawer").ready()
    modtui.wait_for("live")  # the site takes the key
    assert asker(drawer) != modtui.pid and gone(asker(drawer))
    modtui.leave()
    loaded = json.loads((drawer / "loaded.json").read_text())
    assert "httpx" in loaded and "textual" in loaded
    assert [name for name in loaded if name.split(".")[0] in NOT_HERE] == []


def test_a_passphrase_is_asked_for_at_the_terminal_before_the_screens(open_modtui: Open, drawer: Path) -> None:
    modtui = opened(open_modtui, drawer, "keyrings.asking.Asking")
    modtui.wait_for("Passphrase:")
    waits(modtui)
    modtui.type("open sesame\r")
    modtui.ready()
    assert b"sesame" not in modtui.raw and gone(asker(drawer))
    assert modtui.leave() == 0


def test_ctrl_c_at_the_passphrase_ends_both_and_the_terminal_shows_what_is_typed(
    open_modtui: Open, drawer: Path
) -> None:
    modtui = opened(open_modtui, drawer, "keyrings.asking.Asking")
    modtui.wait_for("Passphrase:")
    waits(modtui)
    modtui.press("ctrl+c")
    assert modtui.wait_end() == 130
    assert "Stopped." in modtui.text() and "Traceback" not in modtui.text()
    assert gone(asker(drawer)) and modtui.left_behind() == []


def test_ctrl_c_ends_the_wait_for_a_keyring_that_hangs(open_modtui: Open, drawer: Path) -> None:
    (drawer / "keyring.py").write_text(HANGING)
    modtui = opened(open_modtui, drawer, "drawer.Drawer")
    modtui.wait_for(lambda: (drawer / "asker.txt").exists() and (drawer / "asker.txt").read_text() != "", why="a wait")
    waits(modtui)
    modtui.press("ctrl+c")
    assert modtui.wait_end() == 130
    assert "Stopped." in modtui.text() and "Traceback" not in modtui.text()
    assert asker(drawer) != modtui.pid and gone(asker(drawer))


def test_a_closed_terminal_ends_the_asking_process_too(open_modtui: Open, drawer: Path) -> None:
    modtui = opened(open_modtui, drawer, "keyrings.asking.Asking")
    modtui.wait_for("Passphrase:")
    waits(modtui)
    child = os.pidfd_open(asker(drawer))
    try:
        modtui.hangup()
        assert select.select([child], [], [], TIMEOUT_S)[0], "it still asks"
    finally:
        os.close(child)
