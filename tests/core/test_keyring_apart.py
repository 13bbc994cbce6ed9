"""The keyring asked by a process of its own: the same answers and sentences as in this one, and nothing of it stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there the keyring is asked in-process")

ROOT = Path(__file__).parents[2]
SECRET = "k3y-of-the-harbour-0123456789abcdef"
PLACE = "discourse https://forum.harbour.example {}"

DRAWER = '''
"""A keyring in a file. What it does when it is asked is in the environment; who asked is written down."""
import json, os, pathlib, threading
import keyring.backend, keyring.errors

HERE = pathlib.Path(os.environ["DRAWER"])

class Drawer(keyring.backend.KeyringBackend):
    priority = 1
    set_password = None
    def __init__(self):
        super().__init__()
        if os.environ.get("MOOD") == "hangs":  # it was found, however long that took; now its answer is waited for
            import modtui.credentials.ring
            modtui.credentials.ring.KEYRING_S = 0.2
    def get_password(self, service, username):
        with (HERE / "asked.txt").open("a") as file:
            file.write(f"{os.getpid()} {service} {username}\\n")
        mood = os.environ.get("MOOD", "")
        if mood == "hangs":
            threading.Event().wait()
        if mood == "dies":
            os._exit(3)
        if mood == "strange":
            return b"no text"
        errors = {"none": keyring.errors.NoKeyringError, "locked": keyring.errors.KeyringLocked, "broken": RuntimeError}
        if mood in errors:
            raise errors[mood]("not to be shown")
        return json.loads((HERE / "kept.json").read_text()).get(f"{service} {username}")
'''

ASKING = """
import json, os, sys, threading
from modtui import credentials
from modtui.credentials import Wanted, apart, ring

here, moods, names = sys.argv[1] == "here", sys.argv[2].split(","), sys.argv[3].split(",")
ring.KEYRING_S, apart.LIMIT_S = 30.0, float(sys.argv[4])
never = threading.Event()
if here:
    threading.Thread(target=never.wait, daemon=True).start()
found = {"pid": os.getpid(), "begun": [], "said": {}}
for mood in moods:
    os.environ["MOOD"] = mood
    wanted = [Wanted("discourse", "https://forum.harbour.example", name) for name in names]
    with apart.Asked([one.place for one in wanted]) as asked:
        found["begun"].append(asked.begun)
        for one in wanted:
            key, tried = credentials.look(one, asked=asked)
            words = next(each.words for each in tried if each.source == "keyring")
            found["said"].setdefault(mood, []).append([key.secret, key.kind, key.user] if key else words)
found["loaded"] = sorted(
    {"keyring", "jeepney", "secretstorage", "cryptography", "importlib_metadata", "jaraco"} & set(sys.modules))
try:
    os.waitpid(-1, os.WNOHANG)
    found["left"] = True
except ChildProcessError:
    found["left"] = False
print(json.dumps(found))
"""


class Desk:
    """A folder with a keyring in it, and a process that asks it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "drawer.py").write_text(DRAWER)
        self.env = {
            "PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8", "DRAWER": str(folder),
            "PYTHONPATH": f"{folder}:{ROOT}", "PYTHON_KEYRING_BACKEND": "drawer.Drawer",
            **{f"MODTUI_{kind.upper()}_DIR": str(folder / kind) for kind in ("config", "state", "cache")},
        }  # fmt: skip
        self.keep(ann=SECRET)

    def keep(self, **keys: str) -> None:
        """Put keys into the file, as `modtui login` does."""
        packed = {f"modtui {PLACE.format(name)}": json.dumps({"kind": "admin", "user": name, "secret": secret})
                  for name, secret in keys.items()}  # fmt: skip
        (self.folder / "kept.json").write_text(json.dumps(packed))

    def ask(
        self, *names: str, moods: str = "kept", here: bool = False, limit_s: float = 60
    ) -> dict[str, Any]:
        """What a process found out: in itself (`here`) or by another one."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", ASKING, "here" if here else "apart", moods, ",".join(names),
             str(limit_s)],
            env=self.env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0 and done.stderr == "", done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def askers(self) -> set[int]:
        """The processes that have asked the keyring."""
        path = self.folder / "asked.txt"
        return {int(line.split()[0]) for line in path.read_text().splitlines()} if path.exists() else set()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_another_process_asks_for_all_keys_and_nothing_of_the_keyring_is_loaded_here(desk: Desk) -> None:
    desk.keep(ann=SECRET, cy="another-" + SECRET)
    found = desk.ask("ann", "bob", "cy")
    assert found["begun"] == [True] and found["loaded"] == []
    assert found["said"]["kept"] == [
        [SECRET, "admin", "ann"], "has no key for this account", ["another-" + SECRET, "admin", "cy"],
    ]  # fmt: skip
    (asker,) = desk.askers()
    assert asker != found["pid"] and not found["left"] and not Path(f"/proc/{asker}").exists()


def test_the_same_answers_and_sentences_as_when_this_process_asks(desk: Desk) -> None:
    moods = "kept,none,locked,broken,strange"
    apart, here = desk.ask("ann", "bob", moods=moods), desk.ask("ann", "bob", moods=moods, here=True)
    assert apart["said"] == here["said"]
    assert apart["loaded"] == [] and "keyring" in here["loaded"]
    assert here["begun"] == [False] * 5 and here["pid"] in desk.askers()  # a second thread: no fork
    assert [apart["said"][mood][1] for mood in moods.split(",")] == [
        "has no key for this account", "there is none on this machine", "it is locked",
        "cannot be used: RuntimeError", "what is kept there is not a key of modtui",
    ]  # fmt: skip


def test_a_keyring_that_hangs_is_given_up_in_the_other_process(desk: Desk) -> None:
    found = desk.ask("ann", moods="hangs")
    assert found["said"]["hangs"] == ["gave no answer within 0 s; perhaps it is locked"]
    assert not found["left"] and found["pid"] not in desk.askers()


def test_a_library_that_hangs_while_it_is_loaded_is_given_up_too(desk: Desk) -> None:
    (desk.folder / "keyring.py").write_text("import threading\nthreading.Event().wait()\n")
    found = desk.ask("ann", "bob", limit_s=0.5)
    assert found["said"]["kept"] == ["gave no answer within 0 s"] * 2  # one wait for both
    assert not found["left"]


def test_a_process_that_dies_is_only_the_next_source(desk: Desk) -> None:
    found = desk.ask("ann", "bob", moods="dies")
    assert found["said"]["dies"] == ["cannot be used: no answer came"] * 2
    assert not found["left"]


def test_the_keyring_that_its_own_settings_name_is_asked(desk: Desk) -> None:
    del desk.env["PYTHON_KEYRING_BACKEND"]
    desk.env["XDG_CONFIG_HOME"] = str(desk.folder / "xdg")
    (desk.folder / "xdg" / "python_keyring").mkdir(parents=True)
    (desk.folder / "xdg" / "python_keyring" / "keyringrc.cfg").write_text(
        f"[backend]\ndefault-keyring=drawer.Drawer\nkeyring-path={desk.folder}\n"
    )
    found = desk.ask("ann")
    assert found["begun"] == [True] and found["said"]["kept"] == [[SECRET, "admin", "ann"]]


def test_over_ssh_without_dbus_no_process_is_begun(desk: Desk) -> None:
    del desk.env["PYTHON_KEYRING_BACKEND"]
    desk.env["SSH_CONNECTION"] = "1 2 3 4"
    found = desk.ask("ann")
    assert found["begun"] == [False] and found["loaded"] == [] and desk.askers() == set()
    assert found["said"]["kept"] == ["not asked: this is an SSH session without D-Bus"]


def test_what_was_not_asked_at_once_is_asked_by_another_process_later(desk: Desk) -> None:
    code = (
        "import sys\nfrom modtui.credentials import apart\n"
        "with apart.Asked([]) as asked:\n"
        f"    begun, kept = asked.begun, asked.get({PLACE.format('ann')!r})\n"
        "print(begun, 'keyring' in sys.modules, kept)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=desk.env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False False ") and SECRET in done.stdout


def test_leaving_without_wanting_the_answer_ends_the_other_process(desk: Desk) -> None:
    code = (
        "import os\nfrom modtui.credentials import apart\n"
        f"asked = apart.Asked([{PLACE.format('ann')!r}])\n"
        "with asked:\n    pid = asked._pid\n    assert os.path.exists(f'/proc/{pid}')\n"
        "print(os.path.exists(f'/proc/{pid}'), asked.begun)"
    )
    desk.env["MOOD"] = "hangs"
    done = subprocess.run([sys.executable, "-c", code], env=desk.env, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
