"""`modtui demo serve`, and `python -m modtui.demo`: serve the community and say on standard output where it is."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from modtui.demo.server import Ready, run


def serve(
    *,
    port: int = 0,
    data: Path | None = None,
    items: int = 500,
    members: int = 3000,
    seed: int = 7,
    traffic: float = 0.0,
    moderators: int = 0,
    limits: str | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Prints exactly one line of JSON when requests are answered: `url`, `api_key`, `username`, `user_api_key`, `data`.
    Without `data` the world lives in a private temporary folder that is removed at the end; with it, it is made there
    once and opened again later. Raises OSError when the port is taken or the folder cannot be written.
    """
    folder = data if data is not None else Path(tempfile.mkdtemp(prefix="modtui-demo-"))

    def announce(ready: Ready) -> None:
        line = {name: getattr(ready, name) for name in ("url", "api_key", "username", "user_api_key", "data")}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    try:
        run(
            folder,
            port,
            items=items,
            members=members,
            seed=seed,
            traffic=traffic,
            moderators=moderators,
            limits=limits,
            ready=announce,
        )
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _at_least(least: int) -> type[int]:
    class Number(int):
        def __new__(cls, text: str) -> Number:
            value = super().__new__(cls, text)
            if value < least:
                raise argparse.ArgumentTypeError(f"{text} is less than {least}")
            return value

    Number.__name__ = "number"
    return Number


def main(arguments: Sequence[str] | None = None) -> None:
    """The options of `python -m modtui.demo`."""
    parser = argparse.ArgumentParser(
        prog="python -m modtui.demo", description="Serve the embedded community on this machine."
    )
    parser.add_argument("--port", type=_at_least(0), default=0, help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--data", type=Path, help="folder of the world; kept, and opened again when it exists")
    parser.add_argument("--items", type=_at_least(0), default=500, help="how many things wait for a moderator")
    parser.add_argument("--members", type=_at_least(0), default=3000, help="how many members there are")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same world")
    parser.add_argument("--traffic", type=float, default=0.0, metavar="PER_MINUTE", help="new events per minute")
    parser.add_argument("--moderators", type=_at_least(0), default=0, help="how many other moderators are at work")
    parser.add_argument("--limits", choices=("admin", "user"), help="switch a request budget on")
    options = parser.parse_args(arguments)
    try:
        serve(**vars(options))
    except OSError as error:
        parser.exit(1, f"The community cannot be served: {error.strerror or error}.\n")
