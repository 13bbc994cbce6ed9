"""modtui in a terminal on the mire, installed as a package with an entry point would be."""

from __future__ import annotations

import os
from pathlib import Path

import tests
from tests.pty.controls import strange
from tests.pty.modtui import modtui_command
from tests.pty.terminal import Terminal

COLOURS: dict[str, tuple[str, dict[str, str]]] = {
    "truecolor": ("xterm-256color", {"COLORTERM": "truecolor"}), "256": ("xterm-256color", {}), "16": ("xterm", {}),
    "none": ("xterm", {"NO_COLOR": "1"}),
}  # fmt: skip


def install(folder: Path) -> Path:
    """A folder for PYTHONPATH in which the mire's entry point is found; its module is that of the tests."""
    info = folder / "modtui_mire-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: modtui-mire\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[modtui.backends]\nmire = tests.hostile.backend:factory\n")
    return folder


def environment(home: Path) -> dict[str, str]:
    """Folders of its own under `home`, no key in any keyring, the mire to be found; what came to be drawn without
    having come through the door is told in `mended.txt` there."""
    packages = home / "packages"
    if not packages.exists():
        install(packages)
    roots = (packages, Path(tests.__file__).parent.parent)
    env = {f"MODTUI_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "state", "cache")}
    return env | {
        "HOME": str(home), "MODTUI_TOKEN": "none", "PYTHONPATH": os.pathsep.join(map(str, roots)),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "MIRE_SEEN": str(home / "mended.txt"),
    }  # fmt: skip


class Walker(Terminal):
    """The program on the mire; `site` says what it does to decisions: "fine", "refuse", "conflict"."""

    def __init__(
        self, home: Path, *, colours: str = "256", size: tuple[int, int] = (120, 40), site: str = "fine",
        options: tuple[str, ...] = ("--hold", "0"),
    ) -> None:  # fmt: skip
        self.seen = home / "mended.txt"
        term, more = COLOURS[colours]
        command = [*modtui_command(), "--url", f"http://127.0.0.1:9/{site}", "--backend", "mire", "--user", "mod"]
        super().__init__([*command, *options], {**environment(home), **more}, size, term=term)

    def see(self, *keys: str, until: str = "") -> None:
        """Press keys, wait for words (if any) and for the picture to rest."""
        for key in keys:
            self.press(key)
        if until:
            self.wait_for(until)
        self.still(0.05)

    def message(self) -> str:
        """The line above the keys."""
        return self.lines()[-2].strip()

    def strange(self) -> list[str]:
        """What reached the terminal and is not modtui's own."""
        return strange(self.raw)
