"""A real terminal for tests: a program in a pseudo-terminal, with a screen that shows what its user would see.

Nothing here sleeps blindly: every wait reads the program's output until a condition holds, and fails with the screen as
it was when the time is up. Linux only: it waits for the program's end with a pidfd.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from tests.pty.emulator import Emulator

DRAWN = b"\x1b[?2026l"
"""The end of a synchronised update: the picture is whole."""

KEYS: dict[str, str] = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
}  # fmt: skip
"""What a plain terminal sends for the keys that are no character; `ctrl+x` is made."""

TIMEOUT_S = 30.0
"""How long a condition may take before the test fails; a busy machine is slow, and a wait ends when it holds."""


def key_bytes(name: str) -> bytes:
    """What the terminal sends for a key: a name of KEYS, `ctrl+x`, or the character itself."""
    if name in KEYS:
        return KEYS[name].encode()
    if name.startswith("ctrl+") and len(name) == 6:
        return bytes([ord(name[5].upper()) & 0x1F])
    return name.encode()


class Terminal:
    """`command` running in a terminal of `size` (columns, rows), as a context manager: leaving kills the program.

    `env` is the whole environment beside PATH, HOME, LANG and TERM, so that nothing of the developer's leaks in.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str] | None = None, size: tuple[int, int] = (120, 40),
        *, term: str = "xterm-256color", cwd: str | None = None,
    ) -> None:  # fmt: skip
        self.emulator = Emulator(*size, answer=self._write)
        self.exit_code: int | None = None
        """The code of the ended program, minus the signal's number when one killed it; None while it runs."""
        self._closed = self._eof = False
        self._unseen = b""
        self._last_output = time.monotonic()
        whole = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8",
                 "TERM": term, **(env or {})}  # fmt: skip
        with warnings.catch_warnings():  # newer Pythons warn of a fork beside threads; the child only execs
            warnings.simplefilter("ignore")
            self.pid, self._fd = pty.fork()
        if self.pid == 0:  # the child: nothing but exec from here
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
                if cwd is not None:
                    os.chdir(cwd)
                for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):  # its parent may ignore them
                    signal.signal(number, signal.SIG_DFL)
                os.execvpe(command[0], list(command), whole)
            except BaseException as error:
                os.write(2, f"{command[0]}: {error}\r\n".encode())
            os._exit(127)
        self.started = time.monotonic()
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        os.set_blocking(self._fd, False)
        self._pidfd = os.pidfd_open(self.pid)
        self._modes_before = termios.tcgetattr(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # what is seen

    @property
    def raw(self) -> bytes:
        """Every byte that the program wrote so far."""
        return bytes(self.emulator.raw)

    def lines(self) -> list[str]:
        """The rows of the screen, without the blanks at their ends."""
        return self.emulator.lines()

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines())

    def shows(self, what: str | re.Pattern[str]) -> bool:
        """Whether a text (or a match of a pattern) is on the screen now."""
        return bool(what.search(self.text())) if isinstance(what, re.Pattern) else what in self.text()

    # what is typed

    def press(self, *keys: str) -> None:
        """Press keys, all in one write, as a fast hand or a slow line delivers them. Call it twice for two writes."""
        self._write(b"".join(key_bytes(key) for key in keys))

    def type(self, text: str) -> None:
        """Type a text, in one write."""
        self._write(text.encode())

    def paste(self, text: str, *, bracketed: bool = True) -> None:
        """Paste a text. `bracketed=False` is a terminal that does not mark what is pasted."""
        self._write(b"\x1b[200~" + text.encode() + b"\x1b[201~" if bracketed else text.encode())

    def repeat(self, key: str, times: int, hz: float = 30.0) -> int:
        """Hold a key down: `times` presses at the rate at which keyboards repeat, whatever the program writes.

        Gives how often a busy machine made the hand stumble: a pause after which the next press is one of its own.
        """
        begin = last = time.monotonic()
        written: list[bytes] = []
        stumbles = 0
        for n in range(times):
            self.press(key)
            now = time.monotonic()
            stumbles += now - last > 2 / hz
            last = now
            while (left := begin + (n + 1) / hz - time.monotonic()) > 0:
                if self.wait_readable(left):
                    written.append(os.read(self._fd, 1 << 16))  # drawn below: drawing would make the hand stumble
        for data in written:
            self.emulator.feed(data)
        return stumbles

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size; the kernel tells the program."""
        self._see_all()
        self.emulator.resize(width, height)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def _write(self, data: bytes) -> None:
        while data and not self._closed:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                self.pump(0.01)
            except OSError:
                return

    # waiting

    def pump(self, timeout: float) -> bool:
        """Take what the program has written, waiting for it at most `timeout` seconds. False when nothing came.

        It is taken picture by picture: words that stand there for a while are seen however late the test looks.
        """
        if self._unseen:
            self._see()
            return True
        if self._closed or self._eof:
            if self.exit_code is None:
                self._reap(timeout)
            return False
        ready, _, _ = select.select([self._fd], [], [], max(0.0, timeout))
        if not ready:
            return False
        try:
            data = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return False
        except OSError:  # EIO: the program has gone
            data = b""
        if not data:
            self._eof = True
            return False
        self._last_output = time.monotonic()
        self._unseen = data
        self._see()
        return True

    def _see(self) -> None:
        """The next picture of what was read."""
        end = self._unseen.find(DRAWN)
        end = len(self._unseen) if end < 0 else end + len(DRAWN)
        data, self._unseen = self._unseen[:end], self._unseen[end:]
        self.emulator.feed(data)

    def _see_all(self) -> None:
        while self._unseen:
            self._see()

    def wait_readable(self, timeout: float) -> bool:
        """Wait until the program has written something, without taking it."""
        self._see_all()
        return not self._closed and bool(select.select([self._fd], [], [], max(0.0, timeout))[0])

    def wait_for(
        self, what: str | re.Pattern[str] | Callable[[], bool], timeout: float = TIMEOUT_S, *, why: str = ""
    ) -> float:
        """Read until a text, a pattern's match or a condition is there; give the seconds that took.

        Raises AssertionError with the screen when it does not come in time, or when the program ends before.
        """
        begin = time.monotonic()
        while True:
            if not self.emulator.in_update and (what() if callable(what) else self.shows(what)):
                return time.monotonic() - begin
            left = begin + timeout - time.monotonic()
            wanted = why or (getattr(what, "__doc__", None) or "the condition" if callable(what) else repr(what))
            if left <= 0:
                raise AssertionError(f"{wanted} did not come in {timeout:g} s. The screen:\n{self._frame()}")
            if not self.pump(min(left, 0.05)) and self.ended and not (what() if callable(what) else self.shows(what)):
                raise AssertionError(f"{wanted} did not come: it ended ({self.exit_code}).\n{self._frame()}")

    def wait_gone(self, what: str | re.Pattern[str], timeout: float = TIMEOUT_S) -> float:
        """Read until a text is no longer on the screen."""
        return self.wait_for(lambda: not self.shows(what), timeout, why=f"the end of {what!r}")

    def still(self, seconds: float = 0.25, timeout: float = TIMEOUT_S) -> None:
        """Read until nothing has come for `seconds`: the picture rests, as a reader needs it."""
        begin = time.monotonic()
        self._last_output = begin
        self._see_all()
        while (left := self._last_output + seconds - time.monotonic()) > 0 and not self.ended:
            if time.monotonic() > begin + timeout:
                raise AssertionError(f"The screen did not come to rest in {timeout:g} s:\n{self._frame()}")
            self.pump(left)
            self._see_all()

    def wait_end(self, timeout: float = TIMEOUT_S) -> int:
        """Read until the program has ended; give its exit code (see `exit_code`)."""
        end = time.monotonic() + timeout
        while self.exit_code is None:
            if time.monotonic() > end:
                raise AssertionError(f"It did not end in {timeout:g} s. The screen:\n{self._frame()}")
            self.pump(0.02)
            self._reap(0)
        while not self._eof and not self._closed and self.pump(0.05):
            pass
        return self.exit_code

    @property
    def ended(self) -> bool:
        """Whether the program has ended."""
        self._reap(0)
        return self.exit_code is not None

    def _reap(self, timeout: float) -> None:
        if self.exit_code is None and select.select([self._pidfd], [], [], timeout)[0]:
            status = os.waitpid(self.pid, 0)[1]
            self.exit_code = os.waitstatus_to_exitcode(status)

    # ends

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send the program a signal (and nothing else the terminal would do)."""
        if not self.ended:
            os.kill(self.pid, number)

    def hangup(self) -> None:
        """Close the terminal, as a line that drops does: the kernel hangs up on the program, nobody reads any more."""
        if not self._closed:
            self._closed = True
            os.close(self._fd)

    def left_behind(self) -> list[str]:
        """What the program did not put back in the terminal; empty when it is clean."""
        found = self.emulator.left_behind()
        if not self._closed:
            local = termios.tcgetattr(self._fd)[3]
            wrong = (local ^ self._modes_before[3]) & (termios.ECHO | termios.ICANON | termios.ISIG)
            if wrong:
                found.append("echo, line editing or signal keys are not as they were")
        return found

    def close(self) -> None:
        """End the program if it still runs, and give everything back."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._reap(TIMEOUT_S)
        self.hangup()
        with contextlib.suppress(OSError):
            os.close(self._pidfd)

    def _frame(self) -> str:
        return self.emulator.frame()
