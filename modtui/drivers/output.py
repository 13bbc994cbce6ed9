"""Writing to a terminal without ever waiting for it.

What the terminal does not take at once is kept and written when it does. When a lot waits, pictures in it are left out,
as a newer one will cover them: what else was written (modes, what is copied) is kept, and the program is asked to draw
everything again once the terminal reads.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from modtui.text.patterns import pattern

LIMIT = 64 * 1024
"""How many bytes may wait before pictures are left out."""
_PATIENCE_S = 3.0
"""How long a terminal may take nothing at all before it is left as it is, when the program leaves it."""
_DRAWS = pattern(r"\x1b\[\d+;\d+H|\x1b\[\?2026[hl]\Z")
"""A piece that is a picture, or the mark around one."""
_SHOWN = b"\x1b[?2026l"
"""The mark after a picture."""


class Hooks(Struct, frozen=True):
    """What a driver tells the program, all in the loop's thread.

    `stuck(True)`: what is painted does not reach the terminal; `stuck(False)`: all of it did. `redraw`: pictures were
    left out. `gone`: the terminal is no more.
    """

    stuck: Callable[[bool], None]
    redraw: Callable[[], None]
    gone: Callable[[], None]


class Output:
    """Writes to `fd`, which does not block. Made and used in the loop's thread; `write` may be called in any."""

    def __init__(self, fd: int, encoding: str, errors: str, hooks: Hooks) -> None:
        self._fd, self._encoding, self._errors, self._hooks = fd, encoding, errors, hooks
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._new: list[str] = []
        self._due = False
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._size = 0
        self._stale = self._dead = False

    @property
    def behind(self) -> int:
        """How many bytes the terminal has not taken."""
        return self._size

    def write(self, data: str) -> None:
        """Write `data`, at the latest when the loop has a moment; with what else is written until then."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.write, data)
            return
        if self._dead:
            return
        self._new.append(data)
        if not self._due:
            self._due = True
            self._loop.call_soon(self._at_last)

    def _at_last(self) -> None:
        self._due = False
        self.flush()

    def flush(self) -> None:
        """Give the terminal what was written, as far as it takes it."""
        new = self._new
        if not new or self._dead:
            return
        self._new = []
        if self._waiting:
            for piece in new:
                self._keep(self._bytes(piece), bool(_DRAWS.search(piece)))
            if self._size > LIMIT:
                self._leave_out()
            return
        data = self._bytes("".join(new))
        taken = self._give(data)
        if taken is not None and taken < len(data):
            self._keep(data[taken:], False)  # it may have begun: the rest belongs to it
            self._loop.add_writer(self._fd, self._more)
            self._hooks.stuck(True)

    def finish(self) -> None:
        """Write what waits, without pictures, and wait for a terminal that is slow; not for one that takes nothing."""
        self.flush()
        self._leave_out()
        end = time.monotonic() + _PATIENCE_S
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        while self._waiting and (left := end - time.monotonic()) > 0:
            if poll.poll(left * 1000) and self._some():
                end = time.monotonic() + _PATIENCE_S
        self._forget()
        self._stale = False

    def forget(self) -> None:
        """The terminal is no more: nothing is written from now on."""
        self._dead = True
        self._new.clear()
        self._forget()

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._encoding, self._errors)

    def _give(self, data: bytes) -> int | None:
        """How many bytes of `data` the terminal took; None when it is no more."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self.forget()
            self._hooks.gone()
            return None

    def _keep(self, data: bytes, picture: bool) -> None:
        self._waiting.append((data, picture))
        self._size += len(data)

    def _leave_out(self) -> None:
        """Leave out the pictures that wait, but for one that may have begun: then its end is kept, too."""
        if not self._waiting:
            return
        first, *others = self._waiting
        kept = [first, *(one for one in others if not one[1])]
        self._stale = self._stale or len(kept) <= len(others)
        if any(data == _SHOWN for data, picture in others if picture):
            kept.insert(1, (_SHOWN, True))  # without it a terminal would hold back what is written from now on
        self._waiting = deque(kept)
        self._size = sum(len(data) for data, _ in kept)

    def _some(self) -> bool:
        """Write some of what waits; whether the terminal took any."""
        data, _ = self._waiting[0]
        taken = self._give(data)
        if not taken:
            return False
        self._size -= taken
        if taken < len(data):
            self._waiting[0] = (data[taken:], False)
        else:
            self._waiting.popleft()
        return True

    def _more(self) -> None:
        """The terminal takes more."""
        while self._waiting and self._some():
            pass
        if not self._waiting and not self._dead:
            self._forget()
            if self._stale:
                self._stale = False
                self._hooks.redraw()

    def _forget(self) -> None:
        was = bool(self._waiting) or self._loop.remove_writer(self._fd)
        self._loop.remove_writer(self._fd)
        self._waiting.clear()
        self._size = 0
        if was:
            self._hooks.stuck(False)


__all__ = ["LIMIT", "Hooks", "Output"]
