"""What all servers share: where they live, how a step is reported, how a process is started and ended."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

Say = Callable[[str], None]
"""Takes one line about the progress of an installation."""


class ServerTrouble(Exception):
    """A server cannot be installed, started or asked; the message is a sentence with the last lines of its output."""


class NotPrepared(ServerTrouble):
    """The server is not installed; the message names the command that installs it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed here: run python -m tests.servers prepare {name}.")


class Running(Protocol):
    """A server that answers."""

    @property
    def url(self) -> str:
        """Address of the site, without a slash at its end."""

    @property
    def user(self) -> str:
        """The account that a client logs in with."""

    @property
    def password(self) -> str:
        """Its password."""


class Server(Protocol):
    """What a module of this package offers for one server."""

    NAME: str
    ABOUT: str

    def prepare(self, say: Say) -> None:
        """Installs what is missing. Raises ServerTrouble."""

    def running(self, data: Path) -> AbstractContextManager[Running]:
        """A server with its data in that folder. Raises NotPrepared, ServerTrouble."""


def folder(name: str) -> Path:
    """Where a server is installed: `.servers/<name>` at the repository root, or below MODTUI_SERVERS_DIR."""
    root = os.environ.get("MODTUI_SERVERS_DIR")
    return (Path(root) if root else Path(__file__).resolve().parents[2] / ".servers") / name


def recipe(*parts: str) -> str:
    """A short digest of what an installation consists of; a changed recipe means: install again."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def prepared(name: str, wanted: str) -> bool:
    """Whether the last installation of `name` was completed and followed this recipe."""
    try:
        done = json.loads((folder(name) / "ready.json").read_text())
    except (OSError, ValueError):
        return False
    return isinstance(done, dict) and done.get("recipe") == wanted


def mark_prepared(name: str, wanted: str, facts: dict[str, Any]) -> None:
    """Record a completed installation: its recipe, and facts for people (versions)."""
    (folder(name) / "ready.json").write_text(json.dumps({"recipe": wanted, **facts}, indent=1) + "\n")


def make_environment(name: str, title: str, *installs: Sequence[str], say: Say) -> list[str]:
    """A new Python environment in `venv` of the server's folder, with what pip installs, one call for each of
    `installs` (its words); gives the versions (NAME==VERSION) in it.

    Raises:
        ServerTrouble: pip could not do it.
    """
    home = folder(name) / "venv"
    python = home / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    with step(say, f"{name}: environment"):
        shutil.rmtree(home, ignore_errors=True)
        run([sys.executable, "-m", "venv", home], what="Making the environment")
    with step(say, f"{name}: {title}"):
        for words in installs:
            run([*pip, "install", *words], what=f"Installing the {title}")
        return [word for word in run([*pip, "freeze"], what="Listing the versions").split() if "==" in word]


@contextmanager
def step(say: Say, title: str) -> Iterator[None]:
    """Says the title of a step and, when it is over, how many seconds it took."""
    began = time.monotonic()
    yield
    say(f"{title}: {time.monotonic() - began:.1f} s")


def run(command: Sequence[str | Path], *, what: str) -> str:
    """The output of a command that installs something.

    Raises:
        ServerTrouble: it failed or is missing; with the last lines of what it printed.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError as error:
        raise ServerTrouble(f"{what} failed: {error.strerror or error}.") from error
    if done.returncode:
        raise ServerTrouble(f"{what} failed with exit code {done.returncode}.\n{tail(done.stdout)}")
    return done.stdout


def tail(text: str, lines: int = 15) -> str:
    """The last lines of some output."""
    return "\n".join(text.rstrip().splitlines()[-lines:])


def wait_for(check: Callable[[], str], process: subprocess.Popen[bytes], log: Path, seconds: float) -> str:
    """Ask `check` until it answers with something, and return that.

    Raises:
        ServerTrouble: the process ended, or the time is over; with the last lines of its log.
    """
    until = time.monotonic() + seconds
    while True:
        if answer := check():
            return answer
        gone = process.poll()
        if gone is not None:
            raise ServerTrouble(f"The server ended with exit code {gone}.\n{tail(log.read_text(errors='replace'))}")
        if time.monotonic() > until:
            raise ServerTrouble(
                f"The server did not answer within {seconds:.0f} s.\n{tail(log.read_text(errors='replace'))}"
            )
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes], grace: float = 5.0) -> None:
    """End a server and all it started: its process group is asked, and after `grace` seconds killed."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            continue
        break
    process.wait()
    if process.stdin:
        with suppress(BrokenPipeError):
            process.stdin.close()
