"""The screens on a fake site whose rows are those of the design's pictures: nothing moves unless a test moves it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from modtui.app import ModtuiApp
from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.domain.decisions import Effect, Intent, Plan
from modtui.domain.items import Body, Item, Member, Offer, Place, Report, Thread, ThreadPost
from modtui.screens.gate import Gate
from modtui.screens.work.base import WorkBase
from modtui.settings import Settings, load
from modtui.settings.options import Options
from modtui.store.database import Database
from modtui.store.store import Store
from modtui.terminal import Terminal
from modtui.text import Foreign, own
from tests.core.fakes import START_MS, FakeBackend, FakeClock, FakeSite, breathe, make_item, until

HOUR = 3_600_000
GOLDENS = Path(__file__).parent / "goldens"
REMOTE = Terminal(term="xterm-256color", colours=256, remote=True, utf8=True, multiplexer="", display=False)


class PictureBackend(FakeBackend):
    """The fake backend with the words of a real site, so that pictures read like the program."""

    def plan(self, item: Item, intent: Intent) -> Plan:
        plan = super().plan(item, intent)
        words = {
            "approve": ("post", "stays", "reporters", "3 reports closed as wrong"),
            "remove": ("post", "is hidden", "author", "the site itself writes to the author"),
            "spam": ("post", "is deleted", "reporters", "3 reports closed as right"),
            "ignore": ("post", "stays as it is", "reporters", "3 reports closed without a verdict"),
        }.get(intent.verb)
        effects: tuple[Effect, ...] = ()
        if words is not None:
            effects = (Effect(words[0], own(words[1])), Effect(words[2], own(words[3])))  # type: ignore[arg-type]
        return msgspec.structs.replace(plan, effects=effects, tells_author=intent.verb == "remove")

    async def thread(self, item: Item) -> Thread:
        self._reach()
        posts = tuple(
            ThreadPost(
                id=str(n),
                number=n,
                author=Member(native=f"m{n}", username=Foreign(name)),
                body=Body(Foreign(text)),
                created_ms=START_MS - (30 - n) * HOUR,
                subject=n == 7,
            )
            for n, name, text in (
                (5, "tante_erna", "Hast du den Cache geleert? Half bei mir."),
                (6, "mapletux", "Same here on 4.2, fine on 4.1."),
                (7, "pixelwurm", "Das ist jetzt das dritte Mal."),
                (8, "bo_lind", "Bitte sachlich bleiben."),
            )
        )
        return Thread(id="35", title=item.title, posts=posts, total=9)


def _member(name: str, **fields: Any) -> Member:
    return Member(native=f"u-{name}", username=Foreign(name), **fields)


def _report(n: int, reason: str, reporter: str, text: str | None, hours: int, right: int, wrong: int) -> Report:
    who = _member(reporter, upheld=right, wrong=wrong)
    return Report(
        id=f"r{n}",
        reason=reason,
        label=Foreign("It's inappropriate"),
        reporter=who,
        text=Foreign(text) if text else None,
        created_ms=START_MS - hours * HOUR,
    )


def offers() -> tuple[Offer, ...]:
    """What a real site lists on a reported post."""
    return tuple(
        Offer(id=id, verb=verb, label=Foreign(label), default=True)
        for id, verb, label in (
            ("disagree", "approve", "No: Keep post"),
            ("agree_and_hide", "remove", "Yes: Hide post"),
            ("delete_and_agree", "spam", "Yes: Delete post"),
            ("ignore", "ignore", "No: Ignore"),
        )
    )


def rows(backend: FakeBackend) -> list[Item]:
    """A queue like that of the design: insults, spam, personal data, hostile text, a long title."""
    community = backend.connection.community
    author = _member(
        "pixelwurm",
        since_ms=START_MS - 4 * 8766 * HOUR,
        posts=812,
        trust=3,
        accepted=31,
        removed=1,
        silenced=0,
        banned=0,
    )
    text = (
        "Das ist jetzt das dritte Mal. Wer so etwas ausliefert, sollte sich schämen. @tante_erna du hast ja"
        " offensichtlich gar keine Ahnung, halt doch einfach die Klappe."
    )
    first = make_item(
        community,
        "4121",
        author="pixelwurm",
        text=text,
        language="de",
        title=Foreign("Export bricht ab"),
        since_ms=START_MS - 26 * HOUR,
        created_ms=START_MS - 27 * HOUR,
        score=8.5,
        offers=offers(),
        place=Place(
            category=Foreign("Support DE"), thread_title=Foreign("Export bricht ab"), post_number=7, thread_posts=9
        ),
        reports=(
            _report(1, "insult", "tante_erna", "persönlicher Angriff", 25, 12, 1),
            _report(2, "insult", "bo_lind", None, 22, 3, 1),
            _report(3, "other", "mapletux", "please look, it gets worse", 2, 0, 0),
        ),
        url="https://harbour.example/t/export/35/7",
    )
    first = msgspec.structs.replace(first, author=author)
    found = [first]
    for n, (name, reason, title, language, hours) in enumerate(
        (
            ("quietbyte77", "spam", "Genuine licence keys 80% off, message me", "en", 22),
            ("jardin_libre", "other", "Ma question n'a rien à faire ici, merci de la déplacer", "fr", 19),
            ("user_88412", "private", "About that moderator", "en", 18),
            ("petrichor_x", "other", "look \u202ehere\u202c \x1b[31mred [/foo]", "en", 9),
            ("oldsalt", "insult", "Re: " * 40 + "backup job stuck", "en", 8),
            ("lucarne", "offtopic", "Quelle version de Python faut-il ?", "fr", 5),
        ),
        1,
    ):
        report = Report(id=f"x{n}", reason=reason, label=Foreign(reason), created_ms=START_MS - hours * HOUR)
        found.append(
            make_item(
                community,
                str(4121 + n),
                author=name,
                text=f"{title}. And some more words.",
                title=Foreign(title),
                language=language,
                since_ms=START_MS - hours * HOUR,
                reports=(report,),
                offers=offers(),
                url=f"https://harbour.example/t/{4121 + n}",
            )
        )
    return found


class Hand(Gate):
    """Keys come at the pace of a hand, however busy the machine is: a tenth of a second after the one before, a second
    where a test does something else in between. So the second of two like keys is a press of its own on any machine,
    and one that follows a refused key at once is ignored on any machine."""

    def __init__(self) -> None:
        self._at = 1_000.0
        super().__init__(painted_s=0, now=lambda: self._at)

    def moves(self, seconds: float) -> None:
        """The next key comes so much later."""
        self._at += seconds

    def key(self, token: str, late_s: float = 0.0) -> bool:
        """It came when the hand pressed it, not when the program came to it."""
        return super().key(token)


class Pens:
    """How much of what both databases were given to write is waited for."""

    def __init__(self, store: Store) -> None:
        self.writing = 0
        for database in (store.journal.database, store.cache.database):
            self._follow(database)

    def _follow(self, database: Database) -> None:
        write = database.write

        async def following(*args: Any, **named: Any) -> Any:
            self.writing += 1
            try:
                return await write(*args, **named)
            finally:
                self.writing -= 1

        database.write = following  # type: ignore[method-assign]


@dataclass
class Stage:
    """The running app and what is behind it."""

    app: ModtuiApp
    pilot: Pilot[int]
    desk: Desk
    site: FakeSite
    clock: FakeClock
    backend: PictureBackend
    pens: Pens
    hand: Hand

    def lines(self) -> list[str]:
        """What is on the screen, a line each, without trailing blanks."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines())

    def flat(self) -> str:
        """The whole screen as one line, so that a sentence is found wherever it was wrapped."""
        return " ".join(self.text().split())

    async def press(self, *keys: str) -> None:
        """Press keys in one go, and let what they began come to rest."""
        self.hand.moves(1)
        for key in keys:
            self.hand.moves(0.1)
            await self.pilot.press(key)
            await self._taken()
            await self._drawn()
        await self.rest()

    async def _taken(self) -> None:
        """Wait until the key has come to the part that it is for, and what it decided is on the disk: a busy machine's
        pilot does not wait for it."""
        for _ in range(3):
            await self.pilot._wait_for_screen()
            await self._written()

    async def _written(self) -> None:
        await breathe()
        await until(lambda: not self.pens.writing, "all is written")
        await breathe()

    async def _drawn(self) -> None:
        """Wait until the item under the cursor is painted: what is pressed before that decides nothing, and on a busy
        machine the pilot comes to the next key first. Where nothing is to be painted it goes on after a while."""
        screen, gate = self.app.screen, self.app.shell.gate
        if isinstance(screen, WorkBase) and screen.current is not None:
            work = screen
            with contextlib.suppress(AssertionError):
                await until(lambda: self.app.screen is not work or gate.in_sight == work.current_id, seconds=3)

    async def rest(self) -> None:
        """Wait until the loop is quiet and everything is on the disk."""
        for _ in range(3):
            await self.pilot.pause()
            await self._written()

    async def shows(self, words: str) -> None:
        """Wait until `words` stand on the screen, and what changes with them."""
        try:
            await until(lambda: words in self.text())
        except AssertionError:
            raise AssertionError(f"{words!r} never came on\n{self.text()}") from None
        await self.rest()

    def on_site(self, number: str) -> str:
        """The state of an item on the site."""
        return self.site.items[number].state


@asynccontextmanager
async def stage(
    folder: Path,
    *,
    size: tuple[int, int] = (120, 40),
    items: Sequence[Item] | None = None,
    second: Callable[[FakeBackend], Sequence[Item]] | None = None,
    config: str = "",
    theme: str = "dark",
    ready: bool = True,
    backend_type: type[PictureBackend] = PictureBackend,
    **desk_settings: Any,
) -> AsyncIterator[Stage]:
    """The app on a fake site in a terminal of `size`. Time stands still; keys may decide at once. `second` makes the
    rows of another community, "lagoon"; with `ready` False it does not wait for the sites."""
    config_dir = Path(os.environ["MODTUI_CONFIG_DIR"])
    config_dir.mkdir(parents=True, exist_ok=True)
    (config_dir / "config.toml").write_text(f'[screen]\npainted_ms = 0\ntheme = "{theme}"\ntimezone = "UTC"\n{config}')
    settings: Settings = load(config_dir / "config.toml", backends={})
    clock = FakeClock()
    site = FakeSite(clock)
    backend = backend_type(site, folder / "state")
    for item in rows(backend) if items is None else items:
        site.items[item.ref.native] = item
    store = Store.open(folder / "state", folder / "cache")
    community = Community(name="harbour", backend=backend, url="https://harbour.example")
    communities, sites = [community], [site]
    if second is not None:
        other = FakeSite(clock)
        lagoon = backend_type(other, folder / "state", url="https://lagoon.example")
        other.items = {item.ref.native: item for item in second(lagoon)}
        sites.append(other)
        communities.append(Community(name="lagoon", backend=lagoon, url="https://lagoon.example"))
    desk_settings.setdefault("replies", settings.saved_replies)
    desk = Desk(communities, store, reasons=settings.reasons, clock=clock, **desk_settings)
    app = ModtuiApp(desk, settings, Options(read_only=bool(desk_settings.get("read_only"))), terminal=REMOTE)
    pens, hand = Pens(store), Hand()
    app.shell.gate = hand
    outbox = desk._outbox
    clock.busy.append(lambda: outbox._sending and not outbox.resting and not any(one.gated for one in sites))
    try:
        async with app.run_test(size=size) as pilot:
            here = Stage(app, pilot, desk, site, clock, backend, pens, hand)
            await until(lambda: not ready or not site.items or all(one.link.state == "live" for one in communities))
            await here.rest()
            yield here
    finally:
        await store.close()


def golden(name: str, text: str) -> None:
    """Compare with the picture in goldens/; MODTUI_GOLDENS=write makes it anew."""
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("MODTUI_GOLDENS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text + "\n"
