"""From a key to the picture: through the queue, by pages, into an item and back, lanes, the filter, deciding, undo."""

from __future__ import annotations

from collections import defaultdict

from benchmarks.bench import Bench, Sample, opened, series, size_name
from benchmarks.probe import Probe
from benchmarks.table import Goal
from benchmarks.world import served
from tests.pty.modtui import ROW

SIZES = (1_000, 100_000)
LONG = 1_000_000
WALK = ("j",) * 12 + ("k",) * 10
QUICK_HZ = 30.0
FILTER = "lang:de spam"
HOLD_S = 3600
"""So long a decision waits in the private community: nothing is sent while it is measured."""


def measure(bench: Bench) -> None:
    """Walking, in series that go round the programs."""
    sizes = SIZES if bench.short else (*SIZES, LONG)
    ours = [bench.modtui(items) for items in sizes]
    names = [one.name for one in ours]
    found: dict[str, dict[str, Sample]] = defaultdict(lambda: defaultdict(Sample))
    rounds = max(2, bench.rounds - 1)
    with opened([*bench.present, *ours]) as apps:
        for n in range(rounds):
            bench.told(f"keys, round {n + 1} of {rounds}")
            for name, app in apps.items():
                series(app, found[name]["j"], WALK)
            for name, app in apps.items():
                if name in names:
                    others(app, found[name])
                elif name != "hello":
                    page(app, found[name], back="=" if name == "neomutt" else "")
                    quick(app, found[name])
                else:
                    quick(app, found[name])
    report(bench, found, sizes)


def others(app: Probe, found: dict[str, Sample]) -> None:
    """What one does in modtui beside walking."""
    quick(app, found)
    page(app, found, back="g")
    for label, keys in (("open", ("enter", "q")), ("lane", ("2", "1")), ("help", ("?", "q"))):
        for _ in range(2):
            series(app, found[label], keys, gap=0.35, rest=0.1)
    series(app, Sample(), ("F",))
    series(app, found["filter"], tuple(FILTER), gap=0.2, rest=0.1)
    app.key("ctrl+g", rest=0.2, watch=False)
    app.settle(0.3, 5)


def quick(app: Probe, found: dict[str, Sample]) -> None:
    """Keys as fast as a keyboard repeats them: only the list moves."""
    sample = found["list"]
    for name in ("j", "k"):
        before = app.cpu()
        sample.answers += app.quick(name, 12, QUICK_HZ)
        sample.cpu.append((app.cpu() - before) / 12)
        app.settle(0.15, 3)


def page(app: Probe, found: dict[str, Sample], back: str) -> None:
    """By pages, and back to the head of the list."""
    series(app, found["page"], ("pagedown",) * 5)
    for key in (back, back) if back == "g" else (back or "home",):
        app.key(key, watch=False)
    app.settle(0.3, 5)


def report(bench: Bench, found: dict[str, dict[str, Sample]], sizes: tuple[int, ...]) -> None:
    """The figures of all that."""
    run = bench.run
    hello, neomutt, toot = (found[name]["j"] for name in ("hello", "neomutt", "toot"))
    for items in sizes:
        words = size_name(items)
        own = found[f"modtui {words}"]
        j = own["j"]
        wanted = items <= 100_000
        run.add(f"j.cpu.{words}", j.cpu_ms(), "ms", ("hello", hello.cpu_ms(), Goal(3.0) if wanted else None),
                ("toot", toot.cpu_ms(), None))  # fmt: skip
        run.add(f"j.change.p50.{words}", j.change(), "ms", ("hello", hello.change(), None))
        run.add(f"j.quiet.p50.{words}", j.quiet(), "ms", ("hello", hello.quiet(), None))
        run.add(
            f"j.quiet.p95.{words}", j.quiet(0.95), "ms", ("neomutt", neomutt.quiet(0.95), Goal(6) if wanted else None),
            ("toot", toot.quiet(0.95), Goal(1.2) if wanted else None), ("hello", hello.quiet(0.95), None),
        )  # fmt: skip
        run.add(f"list.change.p95.{words}", own["list"].change(0.95), "ms",
                ("neomutt", found["neomutt"]["list"].change(0.95), Goal(3) if wanted else None))  # fmt: skip
        run.add(f"page.quiet.p50.{words}", own["page"].quiet(), "ms", ("own j", j.quiet(), Goal(3) if wanted else None))
        run.add(f"page.cpu.{words}", own["page"].cpu_ms(), "ms", ("own j", j.cpu_ms(), Goal(3) if wanted else None))
        for label in ("open", "lane", "help", "filter"):
            goal = Goal(6) if wanted and label != "filter" else None
            run.add(f"{label}.change.p95.{words}", own[label].change(0.95), "ms")
            run.add(f"{label}.quiet.p50.{words}", own[label].quiet(), "ms", ("own j", j.quiet(), goal))
            run.add(f"{label}.cpu.{words}", own[label].cpu_ms(), "ms", ("own j", j.cpu_ms(), goal))
    for name in ("hello", "neomutt", "toot"):
        for label in ("j", "page"):
            if found[name][label].heard:
                run.add(f"{label}.bytes.{name}", found[name][label].size(), "B")
    first = found[f"modtui {size_name(sizes[0])}"]["j"]
    for items in sizes[1:]:
        j = found[f"modtui {size_name(items)}"]["j"]
        goal = Goal(1.1) if items == 100_000 else None
        beside = f"modtui {size_name(sizes[0])}"
        run.add(f"j.quiet.p95.{size_name(items)}", j.quiet(0.95), "ms", (beside, first.quiet(0.95), goal))
        run.add(f"j.cpu.{size_name(items)}", j.cpu_ms(), "ms", (beside, first.cpu_ms(), goal))


def decide(bench: Bench) -> None:
    """Deciding and taking back, on a community of its own; the decisions wait an hour, so nothing is sent."""
    times = 10 if bench.short else 30
    decided, undone, walked = Sample(), Sample(), Sample()
    folder = bench.world.folder / "private"
    with served(folder / "site", 200) as site:
        env = bench.world.env(folder / "home") | {"MODTUI_TOKEN": site["api_key"]}
        words = [*bench.world.command()[:1], "--url", site["url"], "--user", site["username"], "--hold", str(HOLD_S)]
        with Probe(words, env) as app:
            if app.start(ROW) is None:
                raise RuntimeError(f"modtui did not start:\n{app.text()}")
            app.settle(2.0, 15)
            series(app, walked, ("j",) * 10)
            for n in range(times):
                app.settle(0.5, 5)  # the item was in sight long enough to be decided on
                if not _try(app, decided, "a", "Kept #"):
                    app.key("j", watch=False)
                    continue
                app.settle(0.5, 5)
                _try(app, undone, "u", "Taken back")
                if n % 2:
                    app.key("j", watch=False)
    run = bench.run
    j = walked.quiet()
    note = f"{len(decided.answers)} decisions, {len(undone.answers)} taken back"
    run.add("decide.change.p95", decided.change(0.95), "ms", note=note)
    run.add("decide.quiet.p50", decided.quiet(), "ms", ("own j", j, None))
    run.add("decide.cpu", decided.cpu_ms(), "ms", ("own j", walked.cpu_ms(), None))
    run.add("undo.change.p95", undone.change(0.95), "ms")
    run.add("undo.quiet.p50", undone.quiet(), "ms", ("own j", j, None))
    run.add("undo.cpu", undone.cpu_ms(), "ms", ("own j", walked.cpu_ms(), None))


def _try(app: Probe, sample: Sample, key: str, words: str) -> bool:
    """Press a key; its answer counts when the program says that it did it."""
    one = Sample()
    series(app, one, (key,), gap=0.3, rest=0.12)
    if not app.shows(words):
        return False
    sample.answers += one.answers
    sample.cpu += one.cpu
    return True

