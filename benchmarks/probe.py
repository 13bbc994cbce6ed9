"""A program in a pseudo-terminal, measured as its user's terminal sees it: when bytes come, how many, what changed.

Bytes are stamped when they are read and drawn afterwards, so that drawing, the slow part, is not in any figure.
Processor time, wake-ups and memory are those of the program and all that it started.
"""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyte

from tests.pty.terminal import Terminal, key_bytes

REST_S = 0.04
"""So much silence ends the answer to a key."""

UPDATE_END = b"\x1b[?2026l"
"""The end of a synchronized update."""

CONTROLS = rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x1a\x20]|\x1b[()][0-9A-B]|\x1b[=>]"
VISIBLE = re.compile(rb"(?:%s)*[!-~\x80-\xff]" % CONTROLS)


class Piece(NamedTuple):
    """Bytes that came at one time (seconds of `time.perf_counter`)."""

    at: float
    data: bytes


@dataclass(slots=True)
class Answer:
    """What came of one key: seconds until the picture had changed and until the last byte, bytes, and the pieces."""

    change: float | None
    quiet: float | None
    size: int
    pieces: list[Piece] = field(default_factory=list)
    began: float = 0.0


@dataclass(slots=True)
class Idle:
    """What a resting program costs a second: seconds of processor time, wake-ups; and the bytes of the whole time."""

    cpu: float
    wakeups: float
    size: int


class _Screen(pyte.Screen):
    """pyte's screen with what ncurses also uses: repeating a sign, scrolling a region, going back by tabs."""

    last = " "

    def draw(self, data: str) -> None:
        self.last = data[-1:]
        super().draw(data)

    def repeat(self, count: int = 1, **_: Any) -> None:
        super().draw(self.last * (count or 1))

    def scroll_up(self, count: int = 1, **_: Any) -> None:
        self._scroll(count, up=True)

    def scroll_down(self, count: int = 1, **_: Any) -> None:
        self._scroll(count, up=False)

    def back_tab(self, count: int = 1, **_: Any) -> None:
        self.cursor.x = max(0, ((self.cursor.x - 1) // 8 - (count or 1) + 1) * 8)

    def _scroll(self, count: int, *, up: bool) -> None:
        keep, margins = self.cursor.y, self.margins or pyte.screens.Margins(0, self.lines - 1)
        self.cursor.y = margins.bottom if up else margins.top
        for _ in range(count or 1):
            if up:
                self.index()
            else:
                self.reverse_index()
        self.cursor.y = keep


class _Stream(pyte.Stream):
    csi = {  # noqa: RUF012 - pyte reads it from the class
        **pyte.Stream.csi, "S": "scroll_up", "T": "scroll_down", "b": "repeat", "Z": "back_tab",
    }  # fmt: skip
    events = pyte.Stream.events | frozenset(csi.values())


class Probe(Terminal):
    """A terminal that measures. Leaving the block kills the program."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str] | None = None, size: tuple[int, int] = (120, 40),
        *, term: str = "xterm-256color", cwd: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(command, env, size, term=term, cwd=cwd)
        self.began = time.perf_counter()
        self._spent: dict[str, float] = {}
        self._woken: dict[str, int] = {}
        self.opening: list[Piece] = []
        """What came until it was ready."""
        emulator = self.emulator
        emulator._main, emulator._other = _Screen(*size), _Screen(*size)
        emulator.screen = emulator._main
        emulator._stream = _Stream(emulator.screen)

    # what comes

    def pieces(self, rest: float, limit: float) -> list[Piece]:
        """Read until `rest` seconds pass without bytes, at most `limit` for the first; then draw it all."""
        found: list[Piece] = []
        begin = time.perf_counter()
        while True:
            left = (found[-1].at + rest if found else begin + limit) - time.perf_counter()
            if left <= 0 or not self._take(found, left) or time.perf_counter() > begin + 20:
                break
        for piece in found:
            self.emulator.feed(piece.data)
        return found

    def _take(self, found: list[Piece], left: float) -> bool:
        """Wait for bytes and stamp them; False when the program has gone."""
        if self.wait_readable(left):
            stamp = time.perf_counter()
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                return False
            found.append(Piece(stamp, data))
            return bool(data)
        return not self.ended

    def picture(self) -> tuple[object, ...]:
        """Everything on the screen with its colours, to be compared."""
        screen, columns = self.emulator.screen, range(self.emulator.screen.columns)
        cursor = (screen.cursor.x, screen.cursor.y, screen.cursor.hidden)
        return (cursor, *(tuple(screen.buffer[y][x] for x in columns) for y in range(screen.lines)))

    def key(self, *names: str, rest: float = REST_S, limit: float = 1.0, watch: bool = True) -> Answer:
        """Press keys in one write and read until the picture rests. `watch=False` skips looking for the change."""
        before = self.picture() if watch else ()
        begin = time.perf_counter()
        os.write(self._fd, b"".join(map(key_bytes, names)))
        found: list[Piece] = []
        while True:
            left = (found[-1].at + rest if found else begin + limit) - time.perf_counter()
            if left <= 0 or not self._take(found, left) or time.perf_counter() > begin + 20:
                break
        change = None
        for piece in found:
            self.emulator.feed(piece.data)
            if watch and change is None and not self.emulator.in_update and self.picture() != before:
                change = piece.at - begin
        quiet = found[-1].at - begin if found else None
        return Answer(change, quiet, sum(len(piece.data) for piece in found), found, begin)

    def hold(self, name: str, times: int, hz: float = 30.0, *, rest: float = 0.25) -> tuple[Answer, float]:
        """Hold a key down. Gives all that came as one answer, and when the key was released (`time.perf_counter`)."""
        data = key_bytes(name)
        found: list[Piece] = []
        begin = time.perf_counter()
        for n in range(times):
            os.write(self._fd, data)
            while (left := begin + (n + 1) / hz - time.perf_counter()) > 0:
                self._take(found, left)
        released = time.perf_counter()  # a repeat after the last press, when the next one does not come
        while True:
            left = max(released, found[-1].at if found else 0.0) + rest - time.perf_counter()
            if left <= 0 or not self._take(found, left) or time.perf_counter() > released + 20:
                break
        for piece in found:
            self.emulator.feed(piece.data)
        quiet = found[-1].at - begin if found else None
        return Answer(None, quiet, sum(len(piece.data) for piece in found), found, begin), released

    def quick(self, name: str, times: int, hz: float) -> list[Answer]:
        """Press a key again and again at this rate, and give what came of each before the next; nothing is drawn
        meanwhile, which would make the hand stumble. Left out: the first, which is a single key still, the last, whose
        answer is for a hand that rests, and those that a busy machine pressed too late. `change` is the end of the
        first screen update."""
        data = key_bytes(name)
        pressed: list[float] = []
        found: list[Piece] = []
        begin = time.perf_counter()
        for n in range(times):
            pressed.append(time.perf_counter())
            os.write(self._fd, data)
            while (left := begin + (n + 1) / hz - time.perf_counter()) > 0:
                self._take(found, left)
        for piece in found:
            self.emulator.feed(piece.data)
        answers = []
        for before, at, after in zip(pressed, pressed[1:], pressed[2:], strict=False):
            if max(at - before, after - at) > 1.15 / hz:
                continue
            mine = [piece for piece in found if at <= piece.at < after]
            first = next((piece.at for piece in mine if UPDATE_END in piece.data), mine[0].at if mine else at)
            size = sum(len(piece.data) for piece in mine)
            answers.append(Answer(first - at, mine[-1].at - at, size, mine, at) if mine else Answer(None, None, 0))
        return answers

    def until(self, what: Callable[[], bool], timeout: float = 60.0) -> float | None:
        """Seconds from the start until a condition holds on the screen; None when it does not in time."""
        end = time.perf_counter() + timeout
        if not self.emulator.in_update and what():
            return time.perf_counter() - self.began
        while time.perf_counter() < end:
            found: list[Piece] = []
            alive = self._take(found, 0.05)
            for piece in found:
                self.emulator.feed(piece.data)
                if not self.emulator.in_update and what():
                    return piece.at - self.began
            if not alive:
                return None
        return None

    def start(self, ready: re.Pattern[str], timeout: float = 60.0) -> tuple[float, float] | None:
        """Seconds until the first visible sign and until the awaited text; None when it did not come."""
        paint: float | None = None
        found = self.opening
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            before = len(found)
            alive = self._take(found, 0.05)
            for piece in found[before:]:
                self.emulator.feed(piece.data)
                if paint is None and visible(self.raw):
                    paint = piece.at - self.began
                if not self.emulator.in_update and ready.search(self.text()):
                    return (paint if paint is not None else piece.at - self.began), piece.at - self.began
            if not alive:
                return None
        return None

    def settle(self, seconds: float, limit: float = 30.0) -> None:
        """Read until nothing has come for so long, at most `limit` seconds: not every program comes to rest."""
        end = time.perf_counter() + limit
        while time.perf_counter() < end:
            if not self.pieces(seconds, seconds):
                return

    # what it costs

    def processes(self) -> list[int]:
        """The program and everything that it started."""
        todo, found = [self.pid], []
        while todo:
            found.append(pid := todo.pop())
            for task in _tasks(pid):
                todo += map(int, _read(task / "children").split())
        return found

    def cpu(self) -> float:
        """Processor seconds so far, from the scheduler's own counter. A thread that has ended counts as it was seen
        last: the counter never goes back."""
        for pid in self.processes():
            for task in _tasks(pid):
                if spent := _read(task / "schedstat").split():
                    self._spent[str(task)] = int(spent[0]) / 1e9
        return sum(self._spent.values())

    def wakeups(self) -> int:
        """How often a thread has slept and was woken; ended threads count as in `cpu`."""
        for pid in self.processes():
            for task in _tasks(pid):
                if found := re.search(r"^voluntary\S+\s+(\d+)", _read(task / "status"), re.M):
                    self._woken[str(task)] = int(found[1])
        return sum(self._woken.values())

    def memory(self) -> tuple[float, float]:
        """Resident and proportional set size, MB."""
        rss = pss = 0.0
        for pid in self.processes():
            sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB", _read(Path(f"/proc/{pid}/smaps_rollup")), re.M))
            rss += int(sizes.get("Rss", 0)) / 1024
            pss += int(sizes.get("Pss", 0)) / 1024
        return rss, pss

    def idle(self, seconds: float) -> Idle:
        """Touch nothing for so long."""
        cpu, wakeups, size = self.cpu(), self.wakeups(), len(self.emulator.raw)
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0 and not self.ended:
            self.pump(left)
        return Idle(
            (self.cpu() - cpu) / seconds, (self.wakeups() - wakeups) / seconds, len(self.emulator.raw) - size
        )


def visible(raw: bytes) -> bool:
    """Whether something other than blanks and controls was written, after the alternate screen began if it did."""
    return VISIBLE.match(raw, max(0, raw.find(b"\x1b[?1049h"))) is not None


def middle(values: Sequence[float]) -> float:
    """The median; 0 of nothing."""
    return statistics.median(values) if values else 0.0


def high(values: Sequence[float], share: float = 0.95) -> float:
    """The value that this share of the values does not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
