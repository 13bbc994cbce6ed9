"""Makes docs/queue.svg, the picture in the README: the real program on the embedded community.

`python -m tests.ui.picture`
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import tempfile
from pathlib import Path

from modtui.app import ModtuiApp
from modtui.cli.opening import opening, settings_of
from modtui.demo.server import DemoServer
from modtui.desk.desk import Desk
from modtui.settings.options import Options

TARGET = Path(__file__).parent.parent.parent / "docs" / "queue.svg"


def plain(svg: str) -> str:
    """The picture without anything that a viewer would fetch from elsewhere."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    return re.sub(r"font-family: [^;]*;", "font-family: ui-monospace, Menlo, Consolas, monospace;", svg)


async def _take(desk: Desk, app: ModtuiApp) -> str:
    async with app.run_test(size=(120, 34)) as pilot:
        while len(desk.view("reports", community=desk.communities[0].id)) < 30:
            await pilot.pause(0.05)
        for key in ("a", "j", "d", "2", "j", "j"):
            await pilot.pause(0.4)
            await pilot.press(key)
        await pilot.pause(0.8)
        return app.export_screenshot(title="modtui")


def main() -> None:
    """Start a community, take the picture, write it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("config", "state", "cache"):
            os.environ[f"MODTUI_{kind.upper()}_DIR"] = str(folder / kind)
        config = folder / "config"
        config.mkdir()
        (config / "config.toml").write_text('[screen]\ntheme = "dark"\n')
        with DemoServer(folder / "demo", items=200, seed=7) as demo:
            options = dataclasses.replace(Options(token=demo.api_key), url=demo.url, user=demo.username)
            settings = settings_of(options)
            with opening(options, settings) as desk:
                desk.communities[0].name = "harbour"
                svg = asyncio.run(_take(desk, ModtuiApp(desk, settings, options)))
    TARGET.write_text(plain(svg), encoding="utf-8")


if __name__ == "__main__":
    main()
