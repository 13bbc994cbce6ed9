"""Copying and opening links: OSC 52 through the terminal, or the machine's own clipboard where the screen is local."""

from __future__ import annotations

import shutil
import subprocess
import webbrowser
from typing import Any
from urllib.parse import urlsplit

from textual.app import App

from modtui.screens.shell import Shell
from modtui.text import Shown, hostile_kinds, own, say
from modtui.text.output import carried

LIMIT = 74_994
"""Bytes that common terminals take in one OSC 52."""

NATIVE = (("pbcopy",), ("wl-copy",), ("xclip", "-selection", "clipboard"))


def copy(app: App[Any], shell: Shell, text: str) -> Shown:
    """Copy `text` as it truly is and say what is known: terminals never confirm. Warns when the text was hostile."""
    setting = shell.settings.screen.clipboard
    if setting == "off":
        return own("not copied, the clipboard is off in the settings.")
    if len(text.encode("utf-8", "replace")) > LIMIT:
        return own("not copied, it is too long for a terminal's clipboard.")
    warning = (
        say(" It holds {kinds}.", kinds=", ".join(sorted(hostile_kinds(text)))) if hostile_kinds(text) else own("")
    )
    local = setting == "native" or (setting == "auto" and not shell.terminal.remote)
    if local:
        for command in NATIVE:
            if shutil.which(command[0]) and (command[0] == "pbcopy" or shell.terminal.display):
                try:
                    subprocess.run(command, input=carried(text).encode(), timeout=2, check=True, capture_output=True)
                except (OSError, subprocess.SubprocessError):
                    continue
                return say("copied.{warning}", warning=warning)
    app.copy_to_clipboard(carried(text))
    return say("sent to your terminal's clipboard.{warning}", warning=warning)


def browse(app: App[Any], shell: Shell, url: str) -> Shown:
    """Open a page where there is a browser; over SSH or without a display its link is copied instead."""
    if urlsplit(url).scheme not in ("http", "https"):
        return own("This has no page to open.")
    setting = shell.settings.screen.browser
    if setting == "command" and shell.settings.screen.browser_command:
        try:
            subprocess.Popen(
                [*shell.settings.screen.browser_command, url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            return say("The browser command does not start: {error}.", error=str(error.strerror))
        return say("Opened {url}", url=url)
    if setting == "copy" or shell.terminal.remote or not shell.terminal.display:
        return say("No browser here: {how} {url}", how=copy(app, shell, url), url=url)
    webbrowser.open(url)
    return say("Opened {url}", url=url)
