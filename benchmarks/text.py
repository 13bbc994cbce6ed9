"""What cleaning, parsing and drawing of foreign text cost. Run: `python benchmarks/text.py`. CPU time, best of
several runs.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from modtui.text import Foreign, cut, show, show_line
from modtui.text.document import Document
from modtui.text.html import from_html
from modtui.text.layout import lines
from modtui.text.markdown import from_markdown
from modtui.text.similar import alike, fingerprint
from tests.hostile.posts import HTML

SAMPLES = {
    "ASCII": "Hello, please look at this. ",
    "ASCII, lines": "Hello, please look\nat this. ",
    "German": "Schöne Grüße aus Zürich. ",
    "Persian with joiners": "می‌خواهم کتاب بخوانم ",
    "Japanese": "日本語のテキストです。",
    "emoji sequences": "👍 ❤️ 👩‍👩‍👧‍👦 x",
    "escape sequences": "\x1b[31mred\x1b[0m ",
}
POST = (
    "<p>Das ist <b>jetzt</b> das dritte Mal, <a class='mention' href='/u/bo'>@bo</a>: "
    "<a href='https://harbour.example/docs/export'>docs</a> &amp; mehr, sollte sich schämen.</p>\n"
    "<aside class='quote' data-username='bo'><blockquote><p>zitiert</p></blockquote></aside>\n<ul><li>eins</li></ul>\n"
)
MARKDOWN = (
    "Das ist **jetzt** das dritte Mal, @bo: [docs](https://harbour.example/docs) und `code`.\n\n- eins\n- zwei\n\n"
)


def best(call: Callable[[], object], runs: int = 7) -> float:
    """Seconds of CPU of the best run."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def report(name: str, call: Callable[[], object], *, per: float = 1000.0, unit: str = "ms") -> None:
    """One figure: the best run's seconds times `per`."""
    print(f"{name:36}{best(call) * per:10.2f} {unit}")


def top(document: Document) -> Callable[[], object]:
    """Draws the first 40 rows at 80 cells."""
    return lambda: list(itertools.islice(lines(document, 80), 40))


def attack(name: str) -> str:
    """Parsing, drawing and memory of one hostile post, in a process of its own: the parser's memory is not Python's."""
    code = (
        "import sys, time\n"
        "from itertools import islice\n"
        "from modtui.text.html import from_html\n"
        "from modtui.text.layout import lines\n"
        "from tests.hostile.posts import HTML\n"
        "peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024\n"
        "list(lines(from_html('<p>x</p>'), 80)); text = HTML[sys.argv[1]]; before = peak()\n"
        "start = time.process_time(); document = from_html(text); parsed = time.process_time()\n"
        "list(islice(lines(document, 80), 40)); done = time.process_time()\n"
        "print(f'{(parsed - start) * 1e3:10.0f}{(done - parsed) * 1e3:12.0f}{peak() - before:10.0f}')\n"
    )
    root = Path(__file__).resolve().parent.parent
    answer = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=True, cwd=root)
    return answer.stdout.rstrip()


def main() -> None:
    """Prints one figure a line."""
    for name, unit in SAMPLES.items():
        text = unit * (100_000 // len(unit))
        report(f"show, {name}", partial(show, text), per=1e9 / len(text), unit="us per 1,000 signs")
    title = "Export bricht ab, ihr habt doch keine Ahnung — schämt euch"
    report("show_line and cut, a title", lambda: [cut(show_line(title), 38) for _ in range(1000)], unit="us")
    post = Foreign(POST * (20_000 // len(POST)))
    report("HTML, 20 kB post", lambda: from_html(post))
    document = from_html(post)
    report("  all its rows at 80 cells", lambda: list(lines(document, 80)))
    report("  its first 40 rows", top(document))
    raw = Foreign(MARKDOWN * (20_000 // len(MARKDOWN)))
    report("Markdown, 20 kB post", lambda: from_markdown(raw))
    huge = Foreign(POST * (1_000_000 // len(POST)))
    report("HTML, 1 MB post (bounded)", lambda: from_html(huge))
    report("  its first 40 rows", top(from_html(huge)))
    report("first 40 rows of one 250 kB line", top(from_html(Foreign("<p>" + "word " * 50_000))))
    report("HTML, 100,000 nested elements", lambda: from_html(Foreign("<div>" * 100_000 + "x")))
    print(f"\n{'hostile posts, 300,000 signs':36}{'parse ms':>10}{'40 rows ms':>12}{'peak MB':>10}")
    for name in HTML:
        print(f"{name:36}{attack(name)}")
    print()
    prints = [fingerprint(f"{title} {at}") for at in range(1000)]
    report("likeness, one against 1,000", lambda: [alike(prints[0], other) for other in prints])


if __name__ == "__main__":
    main()
