"""`modtui config` and `modtui keys`: the settings and the keys, checked and shown."""

from __future__ import annotations

import click

from modtui.cli.opening import backends, config_folder, settings_of
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate
from modtui.settings import Settings, load
from modtui.settings.options import Options
from modtui.text import cells, count, own, pad, say


@click.group(short_help="Look at the settings: check them, or say where they are.")
def config() -> None:
    """Look at the settings: check them, or say where they are."""


@config.command()
@shared
def check(options: Options) -> int:
    """Check config.toml, the reasons' messages and your keys: every mistake at once.

    Prints nothing to standard output and ends with 0 when all is well, with 2 when there are mistakes.
    """
    settings = checked(options)
    path = settings.path
    there = "" if path.exists() else " (there is no such file, so everything has its default)"
    number = len(settings.communities)
    narrate(say("{path}: no mistakes{there}; {communities}, {reasons} reasons, {routes}.", path=str(path), there=there,
                communities=count(number, "community", "communities"), reasons=len(settings.reasons),
                routes=count(len(settings.routes), "route")))  # fmt: skip
    for one in settings.routes:
        where = {"webhook": "webhook", "mail": f"mail to {one.to}", "command": "command", "site": f"site, {one.to}"}
        narrate(say("  {key}  {name}: {where}", key=one.key, name=one.name, where=where[one.kind]))
    return 0


def checked(options: Options) -> Settings:
    """The settings with the keys checked too. Raises SettingsError with every mistake in either."""
    from modtui.keymap import Keymap

    def keys_too(settings: Settings) -> list[str]:
        return [f"{settings.path}: {problem}" for problem in Keymap(settings.keys).problems]

    return load(config_folder(options) / "config.toml", backends=backends(), further=keys_too)


@config.command()
@shared
def path(options: Options) -> int:
    """Print where config.toml is, or would be."""
    emit(own(str(config_folder(options) / "config.toml")))
    return 0


@config.command()
def docs() -> int:
    """Print what every setting means, as docs/settings.md has it."""
    from modtui.settings.docs import settings_md

    emit(own(settings_md().rstrip("\n")))
    return 0


@click.command(short_help="List every action with its keys.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each action.")
@shared
def keys(options: Options, as_json: bool) -> int:
    """List every action with the keys that do it, yours included.

    The first column is what [keys] in the settings and the : line call an action.
    """
    from modtui.actions import ACTIONS, GROUPS
    from modtui.keymap import Keymap

    keymap = Keymap(settings_of(options).keys)
    for problem in keymap.problems:
        narrate(own(str(problem)))
    if as_json:
        for action in ACTIONS:
            emit_json({
                "id": action.id, "keys": list(keymap.keys[action.id]), "title": action.title, "help": action.help,
                "group": action.group, "scopes": sorted(action.scopes),
            })  # fmt: skip
        return 2 if keymap.problems else 0
    wide = max(cells(own(action.id)) for action in ACTIONS)
    for group in GROUPS:
        emit(own(group))
        for action in ACTIONS:
            if action.group == group:
                shown = "  ".join(keymap.keys[action.id]) or "(no key)"
                emit(own(f"  {pad(own(action.id), wide)}  {pad(own(shown), 20)}  {action.help}".rstrip()))
    return 2 if keymap.problems else 0
