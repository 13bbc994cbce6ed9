"""The entry point `modtui`: the group of commands, and how every error ends."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

import modtui
from modtui import credentials
from modtui.cli import ending, output
from modtui.cli.options import group_options, start

COMMANDS: dict[str, str] = {
    "login": "login", "logout": "login", "communities": "login",
    "queue": "queue", "member": "member", "act": "act", "replies": "replies", "drafts": "replies",
    "outbox": "outbox", "undo": "outbox", "log": "log",
    "routes": "routes", "demo": "demo", "keys": "config", "config": "config", "doctor": "doctor",
}  # fmt: skip
"""Every command and the module of modtui.cli that has it, in the order of help."""

EXIT_CODES: tuple[tuple[int, str], ...] = (
    (0, "all went well; `act`: every item is done or held"),
    (1, "an error that fits no other number, or a mistake of modtui itself"),
    (2, "wrong words: an unknown command, option, verb or id, or a mistake in config.toml"),
    (3, "not found: it is not on the site, or not visible to this account"),
    (4, "no key, a wrong one, or one that was withdrawn"),
    (5, "the account may not do this"),
    (6, "the site could not be reached"),
    (7, "the site answered with something its platform does not say, or it is another site"),
    (8, "the site asks to wait"),
    (9, "not done as asked; `act`: at least one item was refused, skipped, in conflict, partly done or is unknown"),
    (10, "the journal or the cache cannot be used"),
    (11, "a write was asked for with --read-only"),
    (130, "stopped with ctrl+c"),
)
"""Documented here, in `modtui --help` and in docs/cli.md."""

_EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {words}" for code, words in EXIT_CODES)


class Lazy(click.Group):
    """A group whose commands are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command, from its module."""
        module = COMMANDS.get(name)
        if module is None:
            return None
        found: click.Command = getattr(importlib.import_module(f"modtui.cli.{module}"), name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, and with the nearest command in the message."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from modtui.settings.kinds import nearest

            ctx.fail(f'There is no command "{output.safe(name)}". {nearest(name, COMMANDS)}')
        return super().resolve_command(ctx, args)


@click.group(
    cls=Lazy, invoke_without_command=True, epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)  # fmt: skip
@group_options
@click.version_option(modtui.__version__, prog_name="modtui", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **values: Any) -> int:
    """The moderator's terminal: one keyboard and one queue for every community you look after.

    Without a command modtui opens its screens. `modtui demo` opens them on a community made up for trying things out.

    MODTUI_TOKEN=KEY modtui --url URL [--user NAME] works on a community that is not in the settings.
    """
    ctx.obj = start(values, ctx.obj)
    if ctx.invoked_subcommand is None:
        from modtui.cli.screens import open_screens

        return open_screens(ctx.obj)
    return 0


def main(args: Sequence[str] | None = None) -> int:
    """Run modtui and return the exit code. No expected error shows a traceback."""
    token = credentials.take_token()
    ending.begin()
    return ending.ended(lambda: called(args, token))


def called(args: Sequence[str] | None, token: str | None) -> int:
    """Do what the words say (without them: those of the process). `token` is what MODTUI_TOKEN said.

    Raises ModtuiError, and KeyboardInterrupt for an ended question.
    """
    try:
        result = cli.main(
            args=list(args) if args is not None else None, prog_name="modtui", standalone_mode=False, obj=token
        )
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None


if __name__ == "__main__":
    sys.exit(main())
