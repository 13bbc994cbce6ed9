"""Textual's driver for Linux with other hands: nothing wakes it while nothing happens, and nothing makes it wait.

Textual's own looks for the end of an escape ten times a second, whether there is one or not, so that an idle program
never rests and Esc takes a tenth of a second; and it waits for a terminal that reads slowly. Here a thread sleeps until
a key comes (a thread, because the time of a key is that of its arrival, also when the screen is being drawn: decisions
depend on it), and writing is for the loop, which keeps what the terminal does not take yet. The terminal's modes,
resizing and stopping are Textual's.

All that is used of Textual's inner parts is named in `USED`; where one of them is gone, its own driver is taken.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from codecs import getincrementaldecoder
from typing import Any

from textual.driver import Driver
from textual.message import Message

from modtui.drivers.keyboard import Keyboard, Parser
from modtui.drivers.output import Hooks, Output

_READ = 1 << 16
_FULL = 1024
"""A read that gives fewer bytes has emptied what the kernel holds for us (it holds 4 kB)."""
_STATE = ("last_x", "last_y", "mouse_pixels", "terminal_size", "terminal_pixel_size")
"""What a parser knows of the terminal and the mouse."""

USED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("start_application_mode", ("_run_input_thread",)),
    ("_run_input_thread", ("run_input_thread",)),
    ("disable_input", ("exit_event", "_key_thread", "join")),
    ("stop_application_mode", ("disable_input", "write")),
    ("process_message", ()),
    ("close", ()),
    ("write", ()),
    ("flush", ()),
)
"""Methods of Textual's driver that are replaced or relied on, and the names that each must use."""


def fits(base: type[Driver]) -> bool:
    """Whether a driver has the parts that `Own` builds on."""
    for method, names in USED:
        code = getattr(getattr(base, method, None), "__code__", None)
        if code is None or not set(names) <= set(code.co_names):
            return False
    return True


def open_terminal(fileno: int, other: int) -> int:
    """A way of our own to the terminal at `fileno`, on which nothing waits: shells and editors share the one given.

    Raises OSError where `fileno` and `other` are not the same terminal, or it may not be opened (after `su`).
    """
    name = os.ttyname(fileno)
    if os.ttyname(other) != name:
        raise OSError(f"not both on {name}")
    return os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


def make(base: type[Driver], parser: type[Any], *, escape_s: float, hooks: Hooks) -> type[Driver]:
    """The driver on top of `base`, Textual's own (see `fits`), with Textual's parser of sequences.

    Making an instance raises OSError where `open_terminal` does.
    """

    def parse(before: Parser | None) -> Parser:
        made: Parser = parser()
        for name in _STATE:
            if hasattr(before, name):
                setattr(made, name, getattr(before, name))
        return made

    class Own(base):  # type: ignore[misc, valid-type]
        """Reads in a thread that sleeps until there is something, and writes in the loop without waiting."""

        def __init__(self, *args: Any, **how: Any) -> None:
            super().__init__(*args, **how)
            assert sys.__stdin__ is not None and sys.__stderr__ is not None
            self._tty = open_terminal(sys.__stdin__.fileno(), sys.__stderr__.fileno())
            told = Hooks(hooks.stuck, hooks.redraw, self._lost)
            self._output = Output(self._tty, sys.__stderr__.encoding, sys.__stderr__.errors or "strict", told)
            self._ending = self._open = False
            self._here = True
            self._wake: tuple[int, int] | None = None
            self._reader = 0
            self._came: list[Message] = []

        # writing

        def write(self, data: str) -> None:
            """Write; nothing while somebody else has the terminal."""
            if self._open:
                self._output.write(data)

        def flush(self) -> None:
            """Write what was not yet."""
            self._output.flush()

        # beginning and ending

        def start_application_mode(self) -> None:
            """Take the terminal."""
            self._open, self._ending = True, False
            self._wake = self._wake or os.pipe()
            super().start_application_mode()

        def disable_input(self) -> None:
            """Read nothing more."""
            self._ending = True
            if self._wake is not None:
                os.write(self._wake[1], b".")
            super().disable_input()
            if self._wake is not None:
                for end in self._wake:
                    os.close(end)
                self._wake = None

        def stop_application_mode(self) -> None:
            """Give the terminal back."""
            super().stop_application_mode()
            self._output.flush()

        def close(self) -> None:
            """Write what waits; nothing from now on."""
            self._output.finish()
            self._open = False
            super().close()

        def _lost(self) -> None:
            if self._here:
                self._here = False
                self._output.forget()
                hooks.gone()

        # reading

        def run_input_thread(self) -> None:
            """Read until the end; in a thread."""
            assert self._wake is not None
            poll, self._reader = select.poll(), threading.get_ident()
            poll.register(self._wake[0], select.POLLIN)
            poll.register(self._tty, select.POLLIN)
            keyboard = Keyboard(parse, escape_s=escape_s)
            decode = getincrementaldecoder("utf-8")("replace").decode
            while True:
                wait = keyboard.wait()
                ready = poll.poll(None if wait is None else wait * 1000)
                if self._ending:
                    return
                data = self._read() if ready else b""
                if data is None:
                    self._call(self._lost)
                    return
                self._pass_on([*keyboard.feed(decode(data)), *keyboard.expired()])

        def _read(self) -> bytes | None:
            """All that is there; None when the terminal is no more."""
            found = b""
            while True:
                try:
                    data = os.read(self._tty, _READ)
                except BlockingIOError:
                    return found
                except OSError:
                    data = b""
                if not data:
                    return found or None
                found += data
                if len(data) < _FULL or len(found) >= _READ:
                    return found

        def _pass_on(self, messages: list[Message]) -> None:
            for message in messages:
                message.time = messages[0].time  # they came in one go, however long a busy machine took to part them
                self.process_message(message)
            if self._came:
                came, self._came = self._came, []
                self._call(self._post, came)

        def send_message(self, message: Message) -> None:
            """Send to the program, in one go with what came with it."""
            if threading.get_ident() == self._reader:
                self._came.append(message)
            else:
                super().send_message(message)

        def _post(self, messages: list[Message]) -> None:
            for message in messages:
                self._app.post_message(message)

        def _call(self, do: Any, *args: Any) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(do, *args)

    return Own


__all__ = ["USED", "fits", "make", "open_terminal"]
