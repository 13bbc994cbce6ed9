"""What must work where modtui was installed as a package, away from its source: run by CI in a venv of its own.

`python tests/installed.py` with the venv's python first in PATH. Prints what is missing and exits with 1.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from importlib import resources
from importlib.metadata import entry_points

PARTS = (
    ("modtui", "modtui.tcss"), ("modtui", "py.typed"), ("modtui.settings", "defaults/reasons.json"),
    ("modtui.settings", "defaults/spam.de.md"), ("modtui.demo", "texts/en.toml"),
)  # fmt: skip


def run(*words: str, **more: str) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **more}, timeout=120, check=False)
    assert done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def main() -> None:
    """Check the parts, the entry points, and one decision on the embedded community. Raises AssertionError."""
    import modtui

    assert "site-packages" in str(modtui.__file__), f"this is not the installed package: {modtui.__file__}"
    for package, name in PARTS:
        assert (resources.files(package) / name).is_file(), f"{package} lacks {name}"
    found = {point.name: point.load() for point in entry_points(group="modtui.backends")}
    assert {"discourse", "openedx"} <= found.keys()
    importlib.import_module("modtui.app")
    assert run("modtui", "--version") == run(sys.executable, "-m", "modtui", "--version")
    with tempfile.TemporaryDirectory() as folder:
        places = {f"MODTUI_{kind}_DIR": f"{folder}/{kind}" for kind in ("CONFIG", "STATE", "CACHE")}
        assert run("modtui", "doctor", "--offline", "--json", LC_ALL="C.UTF-8", TERM="xterm-256color", **places)
        serve = subprocess.Popen(
            ["modtui", "demo", "serve", "--items", "20", "--members", "60"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert serve.stdout is not None
            site = json.loads(serve.stdout.readline())
            places["MODTUI_TOKEN"] = site["api_key"]
            at = ("modtui", "--url", site["url"], "--user", site["username"])
            first = json.loads(run(*at, "queue", "--json", "--limit", "1", **places))
            line = json.loads(run(*at, "act", "approve", first["id"], **places))
            assert line["state"] == "done", line
        finally:
            serve.terminate()
            serve.wait(60)


if __name__ == "__main__":
    main()
    print("installed: the parts, the entry points and a decision are as they should be")
