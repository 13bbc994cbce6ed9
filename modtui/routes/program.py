"""A command of the moderator's own: it gets the payload as JSON on standard input and answers with its exit code.

0 means taken, 75 (EX_TEMPFAIL) try again later, anything else refused. Nothing of the payload is in its arguments, no
shell reads them, and no secret of modtui is in its environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

import msgspec

from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.domain.decisions import Answer, Call
from modtui.errors import NetworkError, Refused, SiteError
from modtui.routes.base import Kind
from modtui.settings.model import RouteSettings
from modtui.text import show_line

TIMEOUT_S = 30
TRY_AGAIN = 75
_SAID = 4096
_PRIVATE = "MODTUI_"
"""No variable of modtui's own is handed on but where its folders are."""
_FOLDERS = frozenset({"MODTUI_CONFIG_DIR", "MODTUI_STATE_DIR", "MODTUI_CACHE_DIR"})


class Program:
    """Starts one program for each escalation. See `base.Route`."""

    kind: Kind = "command"

    def __init__(self, one: RouteSettings) -> None:
        self.name, self.key, self.due_ms, self.hours, self.share = one.name, one.key, one.due_ms, one.hours, one.text
        self.title = one.title or one.name
        self._command = one.command
        self._program = show_line(os.path.basename(one.command[0]) if one.command else "", 40)
        self.where = f"command {self._program}"
        self.stays = f"what {self._program} did stays done"
        self._seconds = float(one.options.get("timeout", TIMEOUT_S))

    def __repr__(self) -> str:
        return f"Program({self.name!r})"

    @property
    def capability(self) -> Capability:
        """Blocked where the program is not there."""
        import shutil

        if not self._command or shutil.which(os.path.expanduser(self._command[0])) is None:
            return Blocked("setting", f"there is no program {self._program}, or it may not be started")
        return ALLOWED

    async def deliver(self, call: Call, key: str) -> Answer:
        """Hand over. Raises NetworkError, SiteError and Refused as `base` says."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE) or name in _FOLDERS
        }
        program, *words = self._command
        try:
            child = await asyncio.create_subprocess_exec(
                os.path.expanduser(program), *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE, env=environment, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "its words cannot be used"
            raise Refused(f"{self._program} cannot be started: {why}.") from None
        try:
            async with asyncio.timeout(self._seconds):
                said, _ = await asyncio.gather(_first(child.stderr), _hand_over(child.stdin, call))
                code = await child.wait()
        except TimeoutError:
            await _kill(child)
            words_said = f"{self._program} was not done after {self._seconds:.0f} s and was ended."
            raise NetworkError(words_said, sent=True) from None
        except BaseException:
            await _kill(child)
            raise
        return self._judge(code, said)

    def _judge(self, code: int, said: str) -> Answer:
        why = f": {said}" if said else ""
        if code == 0:
            return Answer(data={"code": 0})
        if code == TRY_AGAIN:
            raise SiteError(f"{self._program} asks to try again later{why}.", status=code, sent=False)
        if code < 0:
            raise SiteError(f"{self._program} was ended by signal {-code}.", status=code, sent=True)
        raise Refused(f"{self._program} ended with code {code}{why}.")

    async def aclose(self) -> None:
        """Nothing is kept."""


async def _hand_over(pipe: asyncio.StreamWriter | None, call: Call) -> None:
    """Write the payload as one line; a program that does not read it decides by its exit code all the same."""
    if pipe is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(msgspec.json.encode(call.args) + b"\n")
        await pipe.drain()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        pipe.close()
        await pipe.wait_closed()


async def _first(pipe: asyncio.StreamReader | None) -> str:
    """The first line of what it says, made harmless; the rest is read and thrown away, so that it can end."""
    if pipe is None:
        return ""
    kept = b""
    while piece := await pipe.read(65_536):
        kept += piece[: max(0, _SAID - len(kept))]
    lines = kept.decode("utf-8", "replace").strip().splitlines()
    return show_line(lines[0], 160).rstrip(".") if lines else ""


async def _kill(child: asyncio.subprocess.Process) -> None:
    """End the program and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    await child.wait()
