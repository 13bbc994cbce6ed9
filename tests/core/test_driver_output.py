"""A terminal that does not read: nothing waits for it, pictures are left out, and nothing else is lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest

from modtui.drivers.output import LIMIT, Hooks, Output

pytestmark = pytest.mark.anyio

PICTURE = "\x1b[?2026h", "\x1b[3;1Hpicture {}" + "x" * 4000 + "\x1b[1;1H", "\x1b[?2026l"


class Line:
    """A pipe as a terminal, with what was told of it."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.write_end, False)
        os.set_blocking(self.read_end, False)
        self.told: list[str] = []
        stuck = lambda yes: self.told.append("stuck" if yes else "free")  # noqa: E731
        hooks = Hooks(stuck, self._tell("redraw"), self._tell("gone"))
        self.output = Output(self.write_end, "utf-8", "backslashreplace", hooks)

    def _tell(self, word: str) -> Callable[[], None]:
        return lambda: self.told.append(word)

    def take(self) -> str:
        """What a terminal reads now."""
        found = b""
        while True:
            try:
                data = os.read(self.read_end, 1 << 16)
            except BlockingIOError:
                return found.decode()
            if not data:
                return found.decode()
            found += data

    async def take_all(self) -> str:
        """What it reads until nothing waits."""
        found = self.take()
        async with asyncio.timeout(30):
            while self.output.behind:
                await asyncio.sleep(0)
                found += self.take()
        return found + self.take()

    def draw(self, number: int) -> None:
        """One picture, as Textual writes it."""
        for piece in PICTURE:
            self.output.write(piece.format(number))
        self.output.flush()


@pytest.fixture
async def line(anyio_backend: str) -> Iterator[Line]:  # type: ignore[misc]
    """A line whose ends are closed after the test."""
    one = Line()
    yield one
    one.output.forget()
    for end in (one.read_end, one.write_end):
        os.close(end)


async def test_what_is_written_is_there_at_once_or_when_the_loop_has_a_moment(line: Line) -> None:
    line.output.write("a")
    line.output.write("ä")
    line.output.flush()
    assert line.take() == "aä"
    line.output.write("b")
    assert line.take() == ""
    await asyncio.sleep(0)
    assert line.take() == "b"
    assert line.told == []


async def test_another_thread_may_write(line: Line) -> None:
    await asyncio.to_thread(line.output.write, "from a thread")
    async with asyncio.timeout(30):
        while not (found := line.take()):  # noqa: ASYNC110 (nothing tells that it may be read)
            await asyncio.sleep(0)
    assert found == "from a thread"


async def test_a_little_that_waits_comes_whole_and_in_order(line: Line) -> None:
    sent = "".join(f"{number:6}" for number in range(12_000))
    line.output.write(sent)
    line.output.flush()
    assert line.output.behind > 0
    assert line.told == ["stuck"]
    line.output.write("the end")
    assert await line.take_all() == f"{sent}the end"
    assert line.told == ["stuck", "free"]


async def test_pictures_that_nobody_saw_are_left_out_and_drawn_anew(line: Line) -> None:
    pictures = 200
    for number in range(pictures):
        line.draw(number)
        if number == 100:
            line.output.write("\x1b]52;c;Y29waWVk\x07")
            line.output.write("\x1b[?2004l")
    assert line.output.behind < LIMIT + 2 * 4100
    assert line.told == ["stuck"]
    found = await line.take_all()
    assert "\x1b]52;c;Y29waWVk\x07\x1b[?2004l" in found, "what is no picture is kept"
    assert found.count("picture") < 60
    assert found.count("\x1b[?2026h") == found.count("picture"), "whole pictures"
    assert found.rfind("\x1b[?2026l") > found.rfind("\x1b[?2026h"), "and shown"
    assert line.told == ["stuck", "free", "redraw"]
    line.draw(pictures)
    assert f"picture {pictures}x" in await line.take_all()


async def test_a_picture_that_has_begun_is_shown_also_when_the_next_ones_are_left_out(line: Line) -> None:
    line.output.write("\x1b[?2026h")
    line.output.write("\x1b[3;1Hfirst" + "x" * 200_000)  # more than the line takes, and its end comes later
    line.output.flush()
    line.output.write("\x1b[?2026l")
    for number in range(40):
        line.draw(number)
    found = await line.take_all()
    assert "first" in found
    assert "picture" not in found
    assert found.endswith("\x1b[?2026l")
    assert line.told == ["stuck", "free", "redraw"]


async def test_a_terminal_that_is_gone_is_told_once_and_nothing_is_written_to_it(line: Line) -> None:
    reader, line.read_end = line.read_end, os.open(os.devnull, os.O_RDONLY)
    os.close(reader)
    line.draw(1)
    line.draw(2)
    assert line.told == ["gone"]
    assert line.output.behind == 0


async def test_the_end_is_written_without_the_pictures_before_it(line: Line) -> None:
    """`finish` waits for a slow terminal: here a thread reads it."""
    for number in range(40):
        line.draw(number)
    line.output.write("\x1b[?1049l")
    found: list[str] = []

    def read() -> None:
        os.set_blocking(line.read_end, True)
        while "\x1b[?1049l" not in "".join(found)[-20:]:
            found.append(os.read(line.read_end, 1 << 12).decode())

    reading = asyncio.get_running_loop().run_in_executor(None, read)
    line.output.finish()
    await asyncio.wait_for(reading, 30)
    assert "".join(found).endswith("\x1b[?1049l")
    assert line.told == ["stuck", "free"]


async def test_the_end_does_not_wait_for_a_terminal_that_takes_nothing(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modtui.drivers.output._PATIENCE_S", 0.01)
    for number in range(40):
        line.draw(number)
    line.output.finish()
    assert line.output.behind == 0
