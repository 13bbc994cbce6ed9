"""What the program costs as its terminal sees it: `python -m benchmarks.pty [--rounds N] [--items N] [--size WxH]`.

The real program runs in a real pseudo-terminal on an embedded community in a process of its own. A bare Textual app
(one line of text that changes with each key) runs in the same rounds and is the floor: what no program on Textual can
beat. Read the ratios; milliseconds depend on the machine and on what else it does.

paint   from the start of the process until the first visible character
ready   ... until the queue's rows are on the screen, and the processor time of the process until then
j       from the key to the end of the screen update that it caused, and the bytes of all updates until 60 ms of rest
page    the same for pagedown
idle    ten seconds without a key: bytes, processor time
memory  resident and proportional set size after the keys
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.pty.modtui import ROW, modtui_command
from tests.pty.terminal import Terminal

HELLO = """
import os
os.environ["TEXTUAL_ANIMATIONS"] = "none"
from textual.app import App
from textual.widgets import Static
class Hello(App, inherit_bindings=False):
    ENABLE_COMMAND_PALETTE = False
    n = 0
    def compose(self):
        yield Static("hello 0")
    def on_key(self, event):
        self.n += 1
        self.query_one(Static).update(f"hello {self.n}")
Hello().run(mouse=False)
"""
UPDATE_END = b"\x1b[?2026l"
HEAD = b"wait rp"
"""The head of the list, which is drawn when there are rows."""
REST_S = 0.06
CONTROLS = rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x1a\x20]"
VISIBLE = re.compile(rb"(?:%s)*[!-~\x80-\xff]" % CONTROLS)


@dataclass
class Figures:
    """What one program's runs gave; times in seconds."""

    name: str
    paint: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    start_cpu: list[float] = field(default_factory=list)
    keys: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    idle_bytes: int = 0
    idle_cpu: float = 0.0
    rss: float = 0.0
    pss: float = 0.0


class Probe(Terminal):
    """A terminal that notes when bytes came, before it draws them: drawing is the slow part and is not measured."""

    def collect(self, rest: float, limit: float) -> list[tuple[float, int, bool]]:
        """Read until `rest` seconds pass without bytes, at most `limit` for the first.

        Gives of each piece when it came, its size, and whether it ended a screen update.
        """
        found: list[tuple[float, int, bool]] = []
        begin = time.perf_counter()
        while True:
            before = len(self.emulator.raw)
            end = found[-1][0] + rest if found else begin + limit
            left = end - time.perf_counter()
            if left <= 0 or self.ended:
                return found
            stamp = self._stamp(left)
            new = bytes(self.emulator.raw[before:])
            if new:
                found.append((stamp, len(new), UPDATE_END in new))

    def _stamp(self, timeout: float) -> float:
        """Wait for bytes, note the time, then let the terminal take them."""
        self.wait_readable(timeout)
        stamp = time.perf_counter()
        self.pump(0)
        return stamp

    def key(self, name: str) -> tuple[float, int]:
        """Press a key: seconds until the first update has ended, and the bytes until the picture rests."""
        begin = time.perf_counter()
        self.press(name)
        found = self.collect(REST_S, 1.0)
        if not found:
            return 0.0, 0
        first = next((stamp for stamp, _, ended in found if ended), found[0][0])
        return first - begin, sum(size for _, size, _ in found)

    def first(self, what: Callable[[bytes], bool], timeout: float = 20.0) -> float:
        """Seconds from the start until the bytes written so far satisfy `what`."""
        end = time.monotonic() + timeout
        while not what(self.raw):
            if time.monotonic() > end or self.ended:
                raise SystemExit(f"It did not start:\n{self.text()}")
            self.pump(0.05)
        return time.monotonic() - self.started

    def cpu(self) -> float:
        """Processor seconds of all threads so far."""
        tasks = Path(f"/proc/{self.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    def memory(self) -> tuple[float, float]:
        """Resident and proportional set size, MB."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        sizes = {name: int(number) for name, number in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}
        return sizes["Rss"] / 1024, sizes["Pss"] / 1024


def visible(raw: bytes) -> bool:
    """Whether something other than blanks and controls was written after the alternate screen began."""
    at = raw.find(b"\x1b[?1049h")
    return at >= 0 and VISIBLE.match(raw, at) is not None


def press_many(app: Probe, figures: Figures, label: str, name: str, times: int) -> None:
    """Press a key many times, one after the other, and keep the figures."""
    cpu = app.cpu()
    figures.keys.setdefault(label, []).extend(app.key(name) for _ in range(times))
    figures.cpu[label] = (app.cpu() - cpu) / times


def rest(app: Probe, figures: Figures, seconds: float) -> None:
    """Let the program idle and note what that costs."""
    app.still(1.0)
    cpu, size = app.cpu(), len(app.raw)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        app.pump(left)
    figures.idle_bytes, figures.idle_cpu = len(app.raw) - size, (app.cpu() - cpu) / seconds
    figures.rss, figures.pss = app.memory()


@contextmanager
def community(items: int, folder: Path) -> Iterator[dict[str, str]]:
    """An embedded community in a process of its own."""
    command = [sys.executable, "-m", "modtui.demo", "--items", str(items), "--seed", "7", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def measure(items: int, rounds: int, size: tuple[int, int], idle_s: float) -> list[Figures]:
    """Run everything, interleaved: each round starts each program once."""
    floor, first, again = Figures("bare Textual"), Figures("modtui, nothing cached"), Figures("modtui, from the cache")
    with tempfile.TemporaryDirectory() as name, community(items, Path(name) / "world") as site:
        plain = {"COLORTERM": "truecolor"}
        command = [*modtui_command(), "--url", site["url"], "--user", site["username"], "--read-only"]
        for n in range(rounds):
            last = n == rounds - 1
            home = Path(name) / f"home{n}"  # a new one each round: the request budget is kept in it
            env = {f"MODTUI_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "state", "cache")}
            env |= {"MODTUI_TOKEN": site["api_key"], "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **plain}
            with Probe([sys.executable, "-c", HELLO], plain, size) as app:
                floor.paint.append(app.first(visible))
                floor.ready.append(app.first(lambda raw: b"hello" in raw))
                floor.start_cpu.append(app.cpu())
                app.still(0.5)
                press_many(app, floor, "j", "j", 40)
                if last:
                    rest(app, floor, idle_s)
            for figures in (first, again):
                with Probe(command, env, size) as app:
                    figures.paint.append(app.first(visible))
                    figures.ready.append(app.first(lambda raw: HEAD in raw))
                    figures.start_cpu.append(app.cpu())
                    app.wait_for(ROW)
                    if figures is first:
                        app.still(2.0)  # the first pages are written to the cache
                        continue
                    app.still(1.0)
                    press_many(app, figures, "j", "j", 30)
                    app.still(1.0)
                    app.press("g", "g")
                    app.still(0.5)
                    press_many(app, figures, "page", "pagedown", 5)
                    if last:
                        rest(app, figures, idle_s)
    return [floor, first, again]


def ms(values: list[float], share: float = 0.5) -> str:
    """A quantile in milliseconds."""
    ordered = sorted(values)
    value = statistics.median(ordered) if share == 0.5 else ordered[min(len(ordered) - 1, int(len(ordered) * share))]
    return f"{value * 1000:.0f}" if value >= 0.02 else f"{value * 1000:.1f}"


def table(found: list[Figures], size: tuple[int, int]) -> str:
    """The figures as a Markdown table."""
    names = (
        f"{size[0]}x{size[1]}", "paint ms", "ready ms", "start cpu ms", "j ms p50 / p95", "j bytes", "j cpu ms",
        "page ms p50 / p95", "page bytes", "idle bytes", "idle cpu ms/s", "RSS MB", "PSS MB",
    )  # fmt: skip
    rows = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for one in found:
        cells = [one.name, ms(one.paint), ms(one.ready), ms(one.start_cpu)]
        for label in ("j", "page"):
            keys = [key for key in one.keys.get(label, []) if key[1]]
            if keys:
                times = [seconds for seconds, _ in keys]
                cells += [f"{ms(times)} / {ms(times, 0.95)}", f"{statistics.median(size for _, size in keys):.0f}"]
            else:
                cells += ["-", "-"]
            if label == "j":
                cells.append(ms([one.cpu["j"]]) if "j" in one.cpu else "-")
        if one.rss:
            cells += [str(one.idle_bytes), f"{one.idle_cpu * 1000:.1f}", f"{one.rss:.0f}", f"{one.pss:.0f}"]
        else:
            cells += ["-"] * 4
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pty", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="starts of each program")
    parser.add_argument("--items", type=int, default=500, help="items in the community")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to watch an idle program")
    parser.add_argument("--size", action="append", metavar="120x40", help="terminal size (repeatable)")
    options = parser.parse_args()
    python = sys.version.split()[0]
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {python}, {options.items} items\n")
    for text in options.size or ["120x40", "80x24"]:
        width, height = map(int, text.split("x"))
        print(table(measure(options.items, options.rounds, (width, height), options.idle), (width, height)), flush=True)
        print()


if __name__ == "__main__":
    main()
