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
from tests.hostile.posts import HTML, MARKDOWN

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
NOTE = (
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


PEAK = "peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024\n"
PARSE = {"HTML": ("html", "from_html", "<p>x</p>"), "MARKDOWN": ("markdown", "from_markdown", "x")}
MOST_S = 20.0
"""How long a reference may take before it is given up."""


def attack(kind: str, name: str) -> str:
    """Parsing, drawing and memory of one hostile post, in a process of its own: the parser's memory is not Python's."""
    module, function, warm = PARSE[kind]
    code = (
        "import sys, time\n"
        "from itertools import islice\n"
        f"from modtui.text.{module} import {function} as read\n"
        "from modtui.text.layout import lines\n"
        f"from tests.hostile.posts import {kind} as posts\n{PEAK}"
        f"list(lines(read({warm!r}), 80)); text = posts[sys.argv[1]]; before = peak()\n"
        "start = time.process_time(); document = read(text); parsed = time.process_time()\n"
        "list(islice(lines(document, 80), 40)); done = time.process_time()\n"
        "print(f'{(parsed - start) * 1e3:10.0f}{(done - parsed) * 1e3:12.0f}{peak() - before:10.0f}')\n"
    )
    return _alone(code, name)


def reference(kind: str, name: str) -> str:
    """The same post read by the parser beneath, with nothing of ours around it: time and memory, or what became of it.
    """
    how = {
        "HTML": "from selectolax.lexbor import LexborHTMLParser\nread = lambda text: LexborHTMLParser(text).text()\n",
        "MARKDOWN": "from markdown_it import MarkdownIt\nread = MarkdownIt('commonmark').enable('table').parse\n",
    }[kind]
    code = (
        f"import sys, time\n{how}from tests.hostile.posts import {kind} as posts\n{PEAK}"
        "read('x'); text = posts[sys.argv[1]]; before = peak()\n"
        "start = time.process_time(); read(text); done = time.process_time()\n"
        "print(f'{(done - start) * 1e3:14.0f}{peak() - before:10.0f}')\n"
    )
    return _alone(code, name)


def _alone(code: str, name: str) -> str:
    """What a process of its own prints."""
    root = Path(__file__).resolve().parent.parent
    try:
        answer = subprocess.run(
            [sys.executable, "-c", code, name], capture_output=True, text=True, cwd=root, timeout=MOST_S
        )
    except subprocess.TimeoutExpired:
        return f"{f'over {MOST_S:.0f} s':>14}"
    if answer.returncode:
        error = answer.stderr.strip().rpartition("\n")[2].partition(":")[0]
        return f"{f'{error or answer.returncode}':>14}"
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
    raw = Foreign(NOTE * (20_000 // len(NOTE)))
    report("Markdown, 20 kB post", lambda: from_markdown(raw))
    huge = Foreign(POST * (1_000_000 // len(POST)))
    report("HTML, 1 MB post (bounded)", lambda: from_html(huge))
    report("  its first 40 rows", top(from_html(huge)))
    report("first 40 rows of one 250 kB line", top(from_html(Foreign("<p>" + "word " * 50_000))))
    report("HTML, 100,000 nested elements", lambda: from_html(Foreign("<div>" * 100_000 + "x")))
    for kind, posts in (("HTML", HTML), ("MARKDOWN", MARKDOWN)):
        heads = f"{'parse ms':>10}{'40 rows ms':>12}{'peak MB':>10}{'parser alone':>14}{'MB':>10}"
        print(f"\n{f'hostile {kind}, 300,000 signs':36}{heads}")
        for name in posts:
            print(f"{name:36}{attack(kind, name)}{reference(kind, name)}", flush=True)
    print()
    prints = [fingerprint(f"{title} {at}") for at in range(1000)]
    report("likeness, one against 1,000", lambda: [alike(prints[0], other) for other in prints])


if __name__ == "__main__":
    main()
