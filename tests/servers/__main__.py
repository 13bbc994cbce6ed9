"""`python -m tests.servers prepare [NAME...] | start NAME | record NAME | list`: real servers for marked tests."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import cast

from tests.servers import base, openedx, openedx_record, ozone, synapse

_MODULES = cast("list[base.Server]", [openedx, synapse, ozone])
KNOWN: dict[str, base.Server] = {module.NAME: module for module in _MODULES}


def prepare(names: list[str]) -> None:
    """Install the named servers, or all; what is there already stays. Raises ServerTrouble."""
    for name in names or KNOWN:
        began = time.monotonic()
        KNOWN[name].prepare(lambda line: print(line, flush=True))
        print(f"{name}: ready, {time.monotonic() - began:.1f} s", flush=True)


def start(name: str, data: Path) -> None:
    """Run one server until it is interrupted; print one line of JSON (url, user, password) when it answers."""
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: stop.set())
    with KNOWN[name].running(data) as server:
        told = {"url": server.url, "user": server.user, "password": server.password}
        print(json.dumps({**told, **getattr(server, "options", {})}), flush=True)
        stop.wait()


def record(name: str) -> None:
    """Record the exchanges that offline tests decode anew, with a fresh server."""
    assert name == openedx.NAME
    with tempfile.TemporaryDirectory(prefix="modtui-server-") as data, openedx.running(Path(data)) as server:
        kept = openedx_record.record(server)
    openedx_record.write(kept)
    print(f"{name}: {len(kept)} exchanges in {openedx_record.FOLDER}")


def main(words: list[str]) -> int:
    """Exit code 0, or 1 with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("prepare", help="install the named servers, or all")
    one.add_argument("names", nargs="*", metavar="NAME", help=", ".join(KNOWN))
    one = commands.add_parser("start", help="run one server until Ctrl-C; prints its address and account as JSON")
    one.add_argument("name", choices=list(KNOWN))
    one.add_argument("--data", type=Path, help="a folder to keep its data in (default: a new one, deleted at the end)")
    one = commands.add_parser("record", help="record the exchanges that offline tests decode")
    one.add_argument("name", choices=[openedx.NAME])
    commands.add_parser("list", help="the servers and where they are")
    given = parser.parse_args(words)
    if unknown := [name for name in getattr(given, "names", []) if name not in KNOWN]:
        parser.error(f"no server is called {unknown[0]}; there is {', '.join(KNOWN)}")
    try:
        if given.command == "prepare":
            prepare(given.names)
        elif given.command == "record":
            record(given.name)
        elif given.command == "start" and given.data:
            start(given.name, given.data)
        elif given.command == "start":
            with tempfile.TemporaryDirectory(prefix="modtui-server-") as data:
                start(given.name, Path(data))
        else:
            for name, server in KNOWN.items():
                installed = (base.folder(name) / "ready.json").exists()
                print(f"{name}\t{'installed' if installed else 'missing'}\t{server.ABOUT}\t{base.folder(name)}")
    except base.ServerTrouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
