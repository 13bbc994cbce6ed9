"""`modtui demo`: a community made up for trying things out, on this machine only."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from modtui.cli.output import narrate
from modtui.errors import ModtuiError, UsageError
from modtui.settings.options import Options
from modtui.text import own

_START_S = 120.0


def _world(port: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of the community itself."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((
            click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; 0 picks one."),
            click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
                         help="Keep the world in this folder, and open it again when it is there."),
            click.option("--items", type=click.IntRange(0), default=500, show_default=True,
                         help="How many things wait for a moderator."),
            click.option("--members", type=click.IntRange(0), default=3000, show_default=True,
                         help="How many members there are."),
            click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same world."),
            click.option("--traffic", type=click.FloatRange(0), default=0.0, metavar="PER_MINUTE",
                         help="New things that happen each minute."),
            click.option("--moderators", type=click.IntRange(0), default=0,
                         help="How many other moderators are at work."),
            click.option("--limits", type=click.Choice(["admin", "user"]),
                         help="Switch on the request budget that such a key has on a real site."),
        )[0 if port else 1:]):  # fmt: skip
            function = option(function)
        return function

    return add


def _words(values: dict[str, Any]) -> list[str]:
    """The options as arguments for the server's process."""
    return [word for name, value in values.items() if value is not None for word in (f"--{name}", str(value))]


@contextlib.contextmanager
def served(values: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The community in a process of its own; yields its line (`url`, `api_key`, `username`, `user_api_key`, `data`).

    Ended when the block ends. Raises ModtuiError when it does not start.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "modtui.demo", *_words(values)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,  # ctrl+c in the terminal is for the screens, not for the server
    )  # fmt: skip
    try:
        yield _announced(child)
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()


def _announced(child: subprocess.Popen[bytes]) -> dict[str, str]:
    """The server's line, or ModtuiError with what it said instead."""
    assert child.stdout is not None and child.stderr is not None
    end, raw = time.monotonic() + _START_S, b""
    while not raw.endswith(b"\n"):
        ready, _, _ = select.select([child.stdout], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise ModtuiError(f"The embedded community did not start within {_START_S:.0f} s.")
        more = os.read(child.stdout.fileno(), 65536)
        if not more:
            said = child.stderr.read().decode("utf-8", "replace").strip().splitlines()
            raise ModtuiError(f"The embedded community did not start. {own(said[-1]) if said else ''}".strip())
        raw += more
    line: dict[str, str] = json.loads(raw)
    return line


@contextlib.contextmanager
def _folders(root: Path) -> Iterator[None]:
    """Settings, state and cache of this run in the private folder too, unless the environment already places them."""
    placed = {f"MODTUI_{kind.upper()}_DIR": kind for kind in ("config", "state", "cache")}
    mine = [name for name in placed if not os.environ.get(name)]
    for name in mine:
        os.environ[name] = str(root / "modtui" / placed[name])
    try:
        yield
    finally:
        for name in mine:
            os.environ.pop(name, None)


@click.group(invoke_without_command=True, short_help="Open a made-up community on this machine.")
@_world(port=False)
@click.option("--keep", is_flag=True, help="Keep the private folder, and say where it is.")
@click.pass_context
def demo(ctx: click.Context, /, keep: bool, **values: Any) -> int:
    """Open modtui on a made-up community that runs on this machine only.

    Everything lives in a private folder that is removed at the end; --keep keeps it.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    options: Options = ctx.obj
    for name, value in (("--url", options.url), ("--community", options.community), ("--user", options.user)):
        if value is not None:
            raise UsageError(f"{name} is for a real community; modtui demo has its own.")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The screens need a terminal.", "modtui demo serve only serves the community.")
    data: Path | None = values.pop("data")
    keep = keep or data is not None
    root = data if data is not None else Path(tempfile.mkdtemp(prefix="modtui-demo-"))
    if values["items"] > 5000:
        narrate(own("Making the world ..."))
    try:
        with _folders(root), served({**values, "data": root / "world"}) as line:
            from modtui.cli.screens import open_screens

            limits = values["limits"]
            admin = limits == "admin"
            return open_screens(dataclasses.replace(
                options, url=line["url"], name="harbour", user=line["username"] if admin else None, backend="discourse",
                token=line["api_key"] if admin else line["user_api_key"], budget=None if limits else 0,
            ))  # fmt: skip
    finally:
        if keep:
            narrate(own(f"The community is kept in {root}; modtui demo --data {root} opens it again."))
        else:
            shutil.rmtree(root, ignore_errors=True)


@demo.command()
@_world(port=True)
def serve(**values: Any) -> int:
    """Only serve the community, until SIGTERM or ctrl+c.

    When it answers, one JSON line is printed: url, api_key, username, user_api_key, data. The keys are random and new
    at each start.
    """
    from modtui.demo.serve import serve as run

    try:
        run(**values)
    except OSError as error:
        raise ModtuiError(f"The community cannot be served: {error.strerror or error}.") from error
    return 0
