"""Stopped and continued: ctrl+z, a SIGTSTP from outside, and the SIGSTOP that nobody can catch.

Before modtui stops, texts are on the disk, what is in flight has landed, another modtui may send, and the terminal is
as the shell left it. Textual stops its own process only, also where no shell could continue it; here the whole job
stops, as the shell expects it, and where there is no shell nothing does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from textual.app import App, SuspendNotSupported

from modtui.desk.desk import Desk
from modtui.errors import ModtuiError, StoreError
from modtui.screens.surface import Surface
from modtui.text import Shown, count, own, say

POSSIBLE = hasattr(signal, "SIGTSTP")
_STOPS_S = 0.1
"""How long the system may take to stop us; where it does not, there is no shell that could continue us."""


class Stopper:
    """Stops modtui and puts everything back when it goes on. `tell` shows a sentence (and whether it is an error)."""

    def __init__(self, app: App[Any], desk: Desk, tell: Callable[[Shown, bool], None]) -> None:
        self._app, self._desk, self._tell = app, desk, tell
        self._task: asyncio.Task[None] | None = None
        self._continued = 0

    def catch(self) -> None:
        """Take over the signals from Textual; once it has begun to draw."""
        if not POSSIBLE or self._app.is_headless:
            return
        loop = asyncio.get_running_loop()

        def asked(number: int, frame: FrameType | None) -> None:
            if self._away:  # the moderator's editor has the terminal, and stops with us
                os.kill(os.getpid(), signal.SIGSTOP)
            else:
                loop.call_soon_threadsafe(self.stop)

        def on(number: int, frame: FrameType | None) -> None:
            self._continued += 1
            if not self._away:
                loop.call_soon_threadsafe(self._woken)

        signal.signal(signal.SIGTSTP, asked)
        signal.signal(signal.SIGCONT, on)

    def stop(self) -> None:
        """Stop as soon as all is safe; a second time meanwhile does nothing."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._stop())

    @property
    def _away(self) -> bool:
        """Whether the terminal is not ours: `App.suspend` tells the driver so."""
        return self._app._driver is None or not self._app._driver._auto_restart

    async def _stop(self) -> None:
        if not POSSIBLE or _alone():
            self._tell(own("There is no shell to go back to here: ctrl+z does nothing. q leaves."), True)
            return
        for screen in self._app.screen_stack:
            if isinstance(screen, Surface):
                screen.keep()
        try:
            await self._desk.drafts.flush()
        except StoreError as error:
            self._tell(say("Not stopped: {why}", why=str(error)), True)
            return
        before = self._states()
        await self._desk.pause_sending()
        stopped = False
        words: Shown | None = None
        try:
            with self._app.suspend():
                stopped = self._sleep(len(before))
        except SuspendNotSupported:
            pass
        finally:
            try:
                await self._desk.resume_sending()
            except ModtuiError as error:
                words = say("{message} {hint}", message=error.message, hint=error.hint)
        if not stopped:
            words = own("There is no shell to go back to here: ctrl+z does nothing. q leaves.")
        self._tell(words or self._news(before), words is not None)

    def _sleep(self, waiting: int) -> bool:
        """Stop the job until somebody continues it in the foreground. False where the system would not."""
        held = f" {count(waiting, 'decision waits', 'decisions wait')} here or for another modtui." if waiting else ""
        with contextlib.suppress(OSError):
            os.write(1, own(f"modtui is stopped: fg goes on.{held}\n").encode())
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        try:
            stopped = self._send(signal.SIGTSTP)
            while stopped and _behind():  # continued with bg: a program for the screen cannot go on there
                stopped = self._send(signal.SIGTTOU)
            return stopped
        finally:
            signal.signal(signal.SIGTSTP, before)

    def _send(self, number: int) -> bool:
        """A signal that stops, to the whole job; whether it did, once it goes on."""
        known = self._continued
        os.kill(0, number)
        end = time.monotonic() + _STOPS_S
        while self._continued == known and time.monotonic() < end:
            time.sleep(0.001)
        return self._continued > known

    def _woken(self) -> None:
        """Continued after a SIGSTOP, which came unasked: whoever had the terminal meanwhile left it as it likes."""
        driver = self._app._driver
        if driver is None or self._away:
            return
        if _behind():
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        driver.suspend_application_mode()  # as at the end: what was before modtui is found again then
        driver.resume_application_mode()
        self._app.refresh(layout=True)
        self._tell(own("Back again."), False)

    def _states(self) -> dict[str, str]:
        """What was not on the site, and its state."""
        return {decision.id: decision.state for decision in self._desk.outbox().decisions if decision.open}

    def _news(self, before: dict[str, str]) -> Shown:
        """What became of it meanwhile."""
        now = [found.state for id in before if (found := self._desk.decision(id)) is not None]
        done = sum(state in ("done", "undone") for state in now)
        bad = sum(state in ("conflict", "refused", "partly") for state in now)
        what = [f"another modtui saw to {done}"] if done else []
        if bad:
            what.append(f"{count(bad, 'needs', 'need')} you: U")
        return own(f"Back again; {', '.join(what)}." if what else "Back again.")


def _behind() -> bool:
    """Whether another job has the terminal."""
    try:
        return os.tcgetpgrp(0) != os.getpgrp()
    except OSError:  # no terminal any more: a hang-up is on its way
        return False


def _alone() -> bool:
    """Whether nobody could continue us: started by a terminal itself, or by something outside of its session."""
    try:
        return os.getsid(0) == os.getpid() or os.getsid(os.getppid()) != os.getsid(0)
    except OSError:
        return True
