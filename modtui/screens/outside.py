"""The moderator's own editor, on a private file; sending pauses meanwhile, since it owns the terminal."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from textual.app import SuspendNotSupported

from modtui.screens.page import Page
from modtui.text import own, say


async def edit_outside(page: Page, text: str) -> str | None:
    """The text as $VISUAL or $EDITOR left it; None where it could not be started or failed, which is said on `page`.
    Another modtui may send meanwhile."""
    try:
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    except ValueError:
        command = []
    if not command:
        page.say(own("$VISUAL or $EDITOR cannot be read as a command."), error=True)
        return None
    await page.desk.pause_sending()
    try:
        return _run(page, command, text)
    except (OSError, SuspendNotSupported) as error:
        why = getattr(error, "strerror", None) or str(error)
        template = "The editor {name} cannot be started: {why}. Your text is here."
        page.say(say(template, name=command[0], why=why), error=True)
        return None
    finally:
        await page.desk.resume_sending()


def _run(page: Page, command: list[str], text: str) -> str | None:
    folder = Path(tempfile.mkdtemp(prefix="modtui-"))
    path = folder / "text.md"
    try:
        path.write_text(text, encoding="utf-8")
        with page.app.suspend():
            code = subprocess.run([*command, str(path)], check=False).returncode
        if code:
            page.say(say("The editor ended with {code}: your text is as it was before.", code=code), error=True)
            return None
        return path.read_text(encoding="utf-8", errors="replace").removesuffix("\n")
    finally:
        for left in folder.glob("*"):
            left.unlink(missing_ok=True)
        folder.rmdir()
