"""The terminal driver of our own, in a terminal: no key is lost or made up, nothing waits, nothing wakes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.pty.conftest import Open
from tests.pty.terminal import TIMEOUT_S, Terminal

ROOT = Path(__file__).parents[2]
FAST_S = 0.01


class Echoing(Terminal):
    """The small program on a driver; see `echoing`."""

    def __init__(
        self, folder: Path, *, driver: str = "own", escape_s: float = FAST_S, size: tuple[int, int] = (100, 20),
        options: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.log = folder / "keys"
        self.log.touch()
        command = [sys.executable, "-m", "tests.pty.echoing", driver, str(escape_s), str(self.log), *options]
        super().__init__(command, size=size, cwd=str(ROOT))
        self.wait_for("ready")

    def send(self, data: bytes) -> None:
        """What the terminal sends, in one write."""
        self._write(data)

    def send_blindly(self, data: bytes) -> None:
        """Send without reading anything; a machine that is slow, or a program that waits, may take its time."""
        end = time.monotonic() + TIMEOUT_S
        while data:
            assert time.monotonic() < end, "the program takes no keys"
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                time.sleep(0.001)

    def logged(self) -> list[str]:
        """The keys that the program has taken, whether it has shown them or not."""
        return [word for word in self.log.read_text().split() if not word.isupper()]

    def is_stuck(self) -> bool:
        """Whether the terminal has not taken what the program painted."""
        told = [word for word in self.log.read_text().split() if word.isupper()]
        return told[-1:] == ["STUCK"]

    def shown(self) -> str:
        """What came, as it is on the screen."""
        return "".join(line.ljust(100) for line in self.lines()[1:5]).split("|")[0].strip()

    def wait_logged(self, count: int) -> None:
        """Wait, without reading, until the program has taken so many keys."""
        end = time.monotonic() + TIMEOUT_S
        while len(self.logged()) < count:
            assert time.monotonic() < end, f"{len(self.logged())} of {count} keys were taken"
            time.sleep(0.001)

    def is_shown(self, words: str) -> bool:
        """Whether this came, and nothing else."""
        return self.shown() == words

    def expect(self, words: str) -> None:
        """Wait until this came; nothing else may."""
        self.wait_for(partial(self.is_shown, words), why=f"{words!r} and nothing else")


Start = Callable[..., Echoing]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the program, and ends it after the test."""
    started: list[Echoing] = []

    def begin(**how: object) -> Echoing:
        one = Echoing(tmp_path, **how)  # type: ignore[arg-type]
        started.append(one)
        return one

    yield begin
    for one in started:
        one.close()


def woken(pid: int) -> int:
    """How often any thread of a process went to sleep so far: as often as it was woken."""
    found = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt_switches")]
        found += int(line.split()[1])
    return found


def test_esc_is_told_without_the_tenth_of_a_second(start: Start) -> None:
    """The quickest of some, beside a plain key: a wait of 100 ms would be there each time, on a busy machine, too."""
    echo = start()
    taken: dict[str, list[float]] = {"j": [], "escape": []}
    words: list[str] = []
    while len(words) < 60 and min(taken["escape"], default=1.0) >= 0.06 + min(taken["j"], default=0.0):
        for key, times in taken.items():
            echo.press(key)
            words.append(key)
            times.append(echo.wait_for(partial(echo.is_shown, " ".join(words)), why=" ".join(words)))
    assert min(taken["escape"]) < 0.06 + min(taken["j"])


def test_keys_of_all_kinds_as_they_are_cut_by_the_line(start: Start) -> None:
    """An escape is held for long here, so that a test on a busy machine may send piece by piece."""
    echo = start(escape_s=TIMEOUT_S)
    for piece in (b"\x1b", b"[", b"A"):
        echo.send(piece)
        echo.pump(0.01)
    echo.expect("up")
    echo.send(b"\x1b[1;5")
    echo.send(b"Cj")
    echo.expect("up ctrl+right j")
    echo.send("é中".encode()[:1])
    echo.pump(0.01)
    echo.send("é中".encode()[1:4])
    echo.pump(0.01)
    echo.send("é中".encode()[4:])
    echo.expect("up ctrl+right j é 中")
    echo.send(b"\x1b[O\x1b[I\x1b[<0;3;4M\x1b[<0;3;4m")
    echo.expect("up ctrl+right j é 中 blur focus mouse(2,3)")
    echo.press("q")
    assert echo.wait_end() == 0
    assert echo.left_behind() == []


def test_answers_and_rubbish_type_nothing_and_end_nothing(start: Start) -> None:
    echo = start()
    echo.send(b"\x1b]11;rgb:1c1c/1c1c/1c1c\x1b\\\x1b[?64;1;22c\x1b[99999999999uj\xff\xfe\x1b[?1;2ck")
    echo.wait_for("k|")
    assert [word for word in echo.shown().split() if word != "replacement_character"] == ["j", "k"], "no UTF-8, no key"


def test_a_burst_of_keys_arrives_whole_and_in_order(start: Start) -> None:
    echo = start()
    echo.send(b"\x1b[A\x1bOB" * 1500 + b"j")
    echo.wait_for("keys 3001")
    assert echo.logged() == ["up", "down"] * 1500 + ["j"]


def test_a_paste_in_pieces_is_one_text(start: Start) -> None:
    """Every byte in a write of its own, also those of one sign and of the mark at the end."""
    echo = start()
    echo.send(b"\x1b[200~")
    for byte in "aä中🙂 j\x1b[201~".encode():
        echo.send(bytes([byte]))
        echo.pump(0.001)
    echo.send(b"k")
    echo.wait_for("<aä中", why="the text")
    echo.wait_for("> k|")
    assert echo.logged() == ["k"], "nothing of it was a key"
    text = "0123456789" * 5000
    echo.paste(text)
    echo.wait_for(f"{text[-200:]}>".replace("\n", "")[-60:], why="the end of a long text")
    assert echo.logged() == ["k"]


def test_another_size_is_told(start: Start) -> None:
    echo = start()
    for width, height in ((70, 15), (120, 30)):
        echo.resize(width, height)
        echo.wait_for(f"{width}x{height} keys 0")


def test_a_terminal_that_does_not_read_stops_nothing(start: Start) -> None:
    """Keys are taken and the program goes on; when the terminal reads again the picture is whole, and the last one."""
    echo = start()
    count, more = 0, 60  # pictures of 2 kB: more than the driver keeps
    while more and count < 3000:
        count += 1
        echo.send_blindly(b"\x1b[A")
        echo.wait_logged(count)
        more -= echo.is_stuck()
    assert echo.is_stuck()
    echo.wait_for(f"keys {count}")
    echo.wait_for(lambda: sum(line.startswith(f"{count:5} ") for line in echo.lines()) == 14, why="all of the picture")
    echo.wait_for(lambda: not echo.is_stuck(), why="the end of it")
    echo.press("q")
    assert echo.wait_end() == 0
    assert echo.left_behind() == []


def test_more_keys_than_the_kernel_keeps_are_not_lost_meanwhile(start: Start) -> None:
    echo = start()
    echo.send_blindly(b"jk" * 3000)
    echo.wait_logged(6000)
    echo.wait_for("keys 6000")
    assert echo.logged() == ["j", "k"] * 3000


def test_nothing_wakes_a_program_that_has_nothing_to_do(start: Start) -> None:
    """Textual's own driver wakes twenty times in two seconds. The best of some: it may still be at its start."""
    echo = start()
    echo.press("escape", "j")
    echo.still()
    fewest = 1000
    end = time.monotonic() + TIMEOUT_S
    while fewest > 2 and time.monotonic() < end:
        before, until = woken(echo.pid), time.monotonic() + 2
        while (left := until - time.monotonic()) > 0:
            echo.pump(left)
        fewest = min(fewest, woken(echo.pid) - before)
    assert fewest <= 2


@pytest.mark.parametrize("options", [(), ("deaf",)], ids=["with a hang-up", "without"])
def test_a_terminal_that_is_gone_ends_the_program(start: Start, options: tuple[str, ...]) -> None:
    echo = start(options=options)
    echo.hangup()
    assert echo.wait_end() in ((7,) if options else (7, -signal.SIGHUP))


def test_textuals_driver_can_be_chosen(open_modtui: Open, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir(mode=0o700)
    (folder / "config.toml").write_text('[screen]\ndriver = "textual"\nescape_ms = 20\n')
    modtui = open_modtui().ready()
    modtui.press("?")
    modtui.wait_for("The post stays; its reports are closed as wrong")
    modtui.press("escape")
    modtui.wait_gone("The post stays; its reports are closed as wrong")
    assert modtui.leave() == 0
    assert modtui.left_behind() == []


def test_modtui_goes_on_while_its_terminal_does_not_read(open_modtui: Open) -> None:
    """What was left out is drawn when the terminal reads again."""
    modtui = open_modtui().ready()
    modtui.wait_for("live")
    for _ in range(3):  # something may come from the site between two pictures
        for key in ("pagedown", "pageup", "G", "home") * 20:  # pictures of 8 kB; nothing is read meanwhile
            modtui.press(key)
            time.sleep(0.02)
        modtui.still(1)
        before = modtui.lines()
        modtui.press("ctrl+l")
        modtui.still(1)
        if (after := modtui.lines()) == before:
            break
    assert after == before
    assert modtui.leave() == 0
    assert modtui.left_behind() == []
