"""The keyring, asked by a process of its own: it answers while this one loads the screens, and when it has ended the
libraries of keyrings (9 MB) are gone with it.

The other process is a fork: on Linux only, where keyrings are services that one talks to (Apple's and Windows' are
libraries that must not be used after a fork), and only while this process has a single thread. Where it cannot be, the
keyring is asked in this process, when the answer is wanted. Either way `modtui.credentials.ring` does the asking, with
the same limits and the same sentences.

What is found comes through a pipe, and nowhere else does it stand: lines of JSON, each with the `place` that was asked
for and either what is kept there (`kept`) or why it cannot be said (`words`). A line `patient` says that somebody is
asked at the terminal, who may take their time. This process ends the other one when it wants no more answers, when it
is interrupted, and when nothing comes for too long; the other one ends itself when nobody wants its answers.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from modtui.credentials import ring
from modtui.errors import AuthError

LIMIT_S = 10.0
"""How long an answer may take where nobody is asked at the terminal; the keyring's own limits are shorter, so this is
for libraries that hang while they are loaded."""


def can_fork() -> bool:
    """Whether the keyring can, and had better, be asked in a process of its own."""
    if not sys.platform.startswith("linux") or "keyring" in sys.modules:
        return False  # what is loaded here already saves nothing elsewhere
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


class Asked:
    """Questions to the keyring, begun at once and answered when `get` wants to know. Leaving the block ends them."""

    def __init__(self, places: Sequence[str]) -> None:
        self._answers: dict[str, dict[str, Any]] = {}
        self._waiting: set[str] = set()
        self._pid = self._pipe = -1
        self._rest = b""
        self._patient = False
        self._terminal: list[Any] | None = None
        if places and ring.keyring_blocked() is None and can_fork():
            self._begin(list(places))

    @property
    def begun(self) -> bool:
        """Whether another process is asking now, so that this one has time for something else."""
        return self._pid > 0

    def get(self, place: str) -> Any:
        """What the keyring keeps under this name; None when nothing. Blocks until it is known. Raises AuthError with
        the reason why the keyring cannot be used."""
        if place not in self._answers and not self.begun and ring.keyring_blocked() is None and can_fork():
            self._begin([place])
        while self.begun and place not in self._answers:
            self._hear()
        if place not in self._answers:
            return ring.get(place)
        answer = self._answers.pop(place)
        if "words" in answer:
            raise AuthError(str(answer["words"]))
        return answer.get("kept")

    def _begin(self, places: list[str]) -> None:
        self._terminal = _terminal()
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(ours)
                _answer(theirs, places)
            except BaseException:  # no trace of it may reach the terminal: what was not answered says enough
                pass
            finally:
                os._exit(0)
        os.close(theirs)
        self._pid, self._pipe, self._rest, self._patient = pid, ours, b"", False
        self._waiting = set(places)

    def _hear(self) -> None:
        """Take the next answers; when none will come, that is what each place is answered with. The other process is
        ended when it is no more needed."""
        try:
            ready, _, _ = select.select([self._pipe], [], [], None if self._patient else LIMIT_S)
            data = os.read(self._pipe, 65536) if ready else b""
        except BaseException:  # ctrl+c most of all
            self.close()
            raise
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data:
            words = "cannot be used: no answer came" if ready else f"gave no answer within {LIMIT_S:.0f} s"
            lines = [json.dumps({"place": place, "words": words}).encode() for place in self._waiting]
        for line in lines:
            said = json.loads(line)
            if "place" in said:
                self._answers[said["place"]] = said
                self._waiting.discard(said["place"])
            else:
                self._patient = True
        if not self._waiting:
            self.close()

    def close(self) -> None:
        """End the other process if it has not ended itself. The terminal is as it was: a passphrase may have been asked
        for without showing it."""
        if self._pid <= 0:
            return
        pid, self._pid = self._pid, -1
        os.close(self._pipe)
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        if self._patient and self._terminal is not None:
            import termios

            try:
                termios.tcsetattr(0, termios.TCSADRAIN, self._terminal)
            except termios.error:
                pass

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _terminal() -> list[Any] | None:
    """How the terminal is set; None where standard input is none."""
    import termios

    try:
        return termios.tcgetattr(0)
    except termios.error:
        return None


def _answer(pipe: int, places: Sequence[str]) -> None:
    """What the other process does: ask for each place, and say what came."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.alarm(int(LIMIT_S) * (len(places) + 1))  # should it hang while nobody waits for it any more

    def say(**words: Any) -> None:
        left = json.dumps(words, default=lambda strange: 0).encode("ascii") + b"\n"
        while left:
            left = left[os.write(pipe, left):]  # fmt: skip

    def patient() -> None:
        signal.alarm(0)
        say(patient=True)

    for place in places:
        try:
            kept = ring.get(place, patient)
        except AuthError as error:
            say(place=place, words=error.message)
        else:
            say(place=place, kept=kept)


__all__ = ["LIMIT_S", "Asked", "can_fork"]
