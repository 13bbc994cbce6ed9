"""`modtui doctor`: what modtui sees of the terminal, settings, keys, folders, sites and versions."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

import modtui
from modtui import credentials, paths, terminal
from modtui.cli.config import checked
from modtui.cli.opening import as_credential, backend, backends, chosen, config_folder, routes_of, token_for, wanted
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate
from modtui.cli.routes import signing
from modtui.credentials.keeping import can_keep
from modtui.domain.capability import Blocked
from modtui.errors import ModtuiError, SettingsError
from modtui.settings import CommunitySettings, Settings
from modtui.settings.address import exposed
from modtui.settings.options import Options
from modtui.text import own, pad, show_line

LIBRARIES = (
    "textual", "rich", "httpx", "keyring", "click", "msgspec", "selectolax", "markdown-it-py", "cryptography",
    "tomlkit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. `ok` False is something to mend; `hint` says how."""

    part: str
    name: str
    words: str
    ok: bool = True
    hint: str = ""


def _versions() -> Iterator[Line]:
    yield Line("versions", "modtui", modtui.__version__)
    yield Line("versions", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in LIBRARIES:
        try:
            yield Line("versions", name, version(name))
        except PackageNotFoundError:
            yield Line("versions", name, "not installed", ok=False, hint=f"pip install {name}")
    yield Line("versions", "backends", ", ".join(sorted(backends())) or "none", ok=bool(backends()))


def _terminal(settings: Settings | None) -> Iterator[Line]:
    seen = terminal.look(setting=settings.screen.color if settings else "auto")
    colours = {0: "none", 16: "16", 256: "256"}.get(seen.colours, "all (truecolor)")
    here = sys.stdout.isatty() and sys.stdin.isatty()
    yield Line("terminal", "terminal", f"{seen.term or 'TERM is not set'}{'' if here else ' (not at a terminal now)'}",
               ok=bool(seen.term), hint="" if seen.term else "export TERM=xterm-256color")  # fmt: skip
    size = shutil.get_terminal_size((0, 0))
    if size.columns:
        small = size.columns < 60 or size.lines < 16
        yield Line("terminal", "size", f"{size.columns}x{size.lines}", ok=not small,
                   hint="modtui needs at least 60x16." if small else "")  # fmt: skip
    yield Line("terminal", "colours", colours)
    yield Line("terminal", "over SSH", "yes" if seen.remote else "no")
    yield Line("terminal", "inside", seen.multiplexer or "no multiplexer")
    name = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "not set"
    plain = "" if seen.utf8 else " (not UTF-8: other letters than English ones may look wrong)"
    yield Line("terminal", "locale", f"{show_line(name, 40)}{plain}",
               ok=seen.utf8, hint="" if seen.utf8 else "export LC_CTYPE=C.UTF-8")  # fmt: skip


def _folder(name: str, folder: Path) -> Line:
    if not folder.exists():
        return Line("folders", name, f"{folder} (not there yet)")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Line("folders", name, f"{folder} cannot be written", ok=False, hint=f"chmod u+rwx {folder}")
    if (why := paths.changeable(folder)) is not None:
        return Line("folders", name, f"{folder} {why}", ok=False, hint=f"Look into it, then chmod 700 {folder}")
    return Line("folders", name, str(folder))


def _folders(options: Options) -> Iterator[Line]:
    yield _folder("settings", config_folder(options))
    yield _folder("state", paths.state_dir())
    yield _folder("cache", paths.cache_dir())


def _settings(options: Options) -> tuple[Settings | None, list[Line]]:
    try:
        settings = checked(options)
    except SettingsError as error:
        return None, [Line("settings", "mistake", problem, ok=False) for problem in error.problems]
    path = settings.path
    return settings, [Line("settings", "file", f"{path}{'' if path.exists() else ' (not there: all defaults)'}")]


def _journal() -> Line:
    from modtui.cli.log import opened

    if not (paths.state_dir() / "state.db").exists():
        return Line("journal", "journal", "nothing was decided yet")
    try:
        with opened() as journal:
            found = journal.verify()
            waiting = len(journal.open_decisions())
    except ModtuiError as error:
        return Line("journal", "journal", error.message, ok=False, hint=error.hint)
    if not found.ok:
        return Line("journal", "journal", found.problems[0], ok=False, hint="modtui log verify shows more.")
    return Line("journal", "journal", f"whole, {found.rows} events, {waiting} decisions on their way")


def _keyring() -> Line:
    try:
        can_keep("keyring")
    except ModtuiError as error:
        return Line("keys", "keyring", error.message.removeprefix("The keyring cannot keep a key: ").rstrip("."))
    return Line("keys", "keyring", "works")


async def _site(one: CommunitySettings, key: credentials.Key, options: Options) -> Line:
    """Whether the site answers, and as whom it knows us. The key itself is shown nowhere."""
    try:
        asked = backend(one, as_credential(one, key), options)
        try:
            account = await asked.identify()
        finally:
            await asked.aclose()
    except ModtuiError as error:
        return Line("sites", one.name, error.message.split("\n")[0], ok=False, hint=error.hint)
    kind = f", {one.backend} {account.version}" if account.version else f", {one.backend}"
    words = f"answers at {one.url}{kind}; you are {account.username} ({account.role})"
    if exposed(one.url):
        hint = "PLAIN HTTP: the key and all that is read and decided travels unencrypted."
        return Line("sites", one.name, words, hint=hint)
    return Line("sites", one.name, words)


def _proofs(options: Options, settings: Settings) -> Iterator[Line]:
    """On what the backend of each community was proven; no site is asked."""
    from modtui.backends.proven import proof_line

    try:
        picked = chosen(options, settings, none=True)
    except ModtuiError:
        return  # said with the sites
    for one in picked:
        yield Line("proven", one.name, proof_line(one.backend))


def _routes(options: Options, settings: Settings) -> Iterator[Line]:
    """Where escalations can go; no secret, and nothing is sent."""
    entries = {one.name: one for one in settings.routes}
    for route in routes_of(options, settings):
        able = route.capability
        words, ok = route.where, not isinstance(able, Blocked)
        if isinstance(able, Blocked):
            words = f"{route.where}: {able.sentence}"
        elif route.kind == "webhook":
            key = signing(entries[route.name], options)
            words += f", signed (key from {key.source})" if key is not None else ", not signed: it has no secret"
        yield Line("routes", route.name, words, ok=ok)
    for one in settings.routes:
        if one.kind == "site":
            yield Line("routes", one.name, f"the site's own: {one.to}")


def _sites(options: Options, settings: Settings) -> Iterator[Line]:
    try:
        picked = chosen(options, settings, none=True)
    except ModtuiError as error:
        yield Line("sites", "communities", error.message, ok=False, hint=error.hint)
        return
    if not picked:
        yield Line("sites", "communities", "none yet; modtui login URL adds one")
    for one in picked:
        key, tried = credentials.look(wanted(one), token=token_for(options), config=options.config)
        if key is not None:
            yield Line("keys", one.name, f"from {key.source}, {key.kind} key")
        for said in tried:
            if said.words:
                yield Line("keys", one.name, f"not from {said.source}: {said.words}", ok=True)
        if key is None:
            yield Line("keys", one.name, "no key", ok=False, hint=f"modtui login {one.url}")
            continue
        yield asyncio.run(_site(one, key, options))


@click.command(short_help="Say what modtui sees of this machine and its sites.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each finding.")
@click.option("--offline", is_flag=True, help="Ask no site.")
@shared
def doctor(options: Options, as_json: bool, offline: bool) -> int:
    """Say what modtui sees: terminal, settings, folders, journal, keys, sites, versions. No key is shown.

    Lines that begin with ! are something to mend. Ends with 0 when there is none, else with 1.
    """
    settings, found = _settings(options)
    parts: list[Callable[[], Any]] = [
        _versions, lambda: _terminal(settings), lambda: found, lambda: _folders(options), lambda: [_journal()],
        lambda: [_keyring()],
    ]  # fmt: skip
    if settings is not None:
        parts += [lambda: _proofs(options, settings), lambda: _routes(options, settings)]
    if settings is not None and not offline:
        parts.append(lambda: _sites(options, settings))
    bad = 0
    for part in parts:
        for line in part():
            bad += not line.ok
            if as_json:
                emit_json({"part": line.part, "name": line.name, "words": line.words, "ok": line.ok, "hint": line.hint})
                continue
            sign = " " if line.ok else "!"
            emit(own(f"{sign} {pad(own(line.part), 9)} {pad(own(line.name), 15)} {show_line(line.words, 300)}"))
            if line.hint:
                emit(own(f"  {' ' * 26}{line.hint}"))
    narrate(own("All is well." if not bad else f"{bad} to mend." if bad > 1 else "One thing to mend."))
    return 1 if bad else 0
