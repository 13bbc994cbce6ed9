"""Wiring: the screens, the theme, the keys, the desk. Nothing else."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from importlib import import_module
from types import FrameType
from typing import Any, ClassVar

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.filter import Monochrome, NoColor
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES, Theme
from textual.widget import Widget

from modtui.desk.desk import Desk
from modtui.desk.events import DecisionChanged, Event, LinkChanged, Troubled
from modtui.drivers import Hooks, escape_wait, size_now
from modtui.drivers import choose as choose_driver
from modtui.errors import ModtuiError, SettingsError
from modtui.keymap import Keymap
from modtui.lean import lean_driver
from modtui.screens.gate import Gate
from modtui.screens.shell import Shell
from modtui.screens.stopping import Stopper
from modtui.settings import Settings
from modtui.settings.options import Options
from modtui.terminal import Terminal, look
from modtui.text import Shown, count, own, say
from modtui.themes import Palette, choose
from modtui.widgets.draw import Painter
from modtui.widgets.patch import Patching

_HANGUP = 1
"""The number of SIGHUP, which Windows does not have: what ended a program whose terminal is no more."""


_RESIZED_S = 0.02
"""So long after the window's size changed the screens know at the latest; a window that is dragged changes often."""

_NEXT = (
    "modtui.text.html", "modtui.widgets.item_lines", "modtui.desk.context", "modtui.backends.http", "modtui.desk.sync",
)  # fmt: skip
"""What the item beside the first rows needs, and the site: loaded after the rows are on the screen, one by one."""
_PARTS = ("wire", "client", "backend")
"""Modules of a backend, the small ones first."""


def _nothing() -> None:
    """Not listening yet."""


def zone(name: str) -> tzinfo:
    """The moderator's time zone: by name, else this machine's."""
    if name:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            pass
    return datetime.now().astimezone().tzinfo or UTC


class ModtuiApp(App[int], inherit_bindings=False):
    """The program on the screen. It owns the terminal, and starts and ends the desk."""

    CSS_PATH = "modtui.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "modtui"
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(
        self, desk: Desk, settings: Settings, options: Options, *, terminal: Terminal | None = None,
        keymap: Keymap | None = None,
    ) -> None:
        terminal = terminal or look()
        self.palette: Palette = choose(settings.screen.theme, colours=terminal.colours)
        self._themed = False
        self._wanted, self._remote = settings.screen, terminal.remote
        super().__init__()
        if self.no_color:  # grey would make text of the terminal's own colours black on black: no colour at all
            self._filters = [NoColor() if isinstance(one, Monochrome) else one for one in self._filters]
        self.animation_level = "none"
        self._disable_tooltips = self._disable_notifications = True  # never used; their widgets cost a layout a screen
        self._take_theme(_theme(self.palette))
        self.desk, self.settings, self.options = desk, settings, options
        self.shell = Shell(
            desk=desk, settings=settings, keymap=keymap or Keymap(settings.keys), painter=Painter(self.palette),
            terminal=terminal, gate=Gate(painted_s=settings.screen.painted_ms / 1000),
            tz=zone(settings.screen.timezone), now_ms=desk.clock.now_ms, read_only=options.read_only or desk.read_only,
        )  # fmt: skip
        self._stopper = Stopper(self, desk, lambda words, error: self._say(words, error=error))
        self.shell.stop = self._stopper.stop
        self._opening: asyncio.Task[None] | None = None
        self._drawn = False
        self._ended_early: int | None = None
        self._stop_listening: Callable[[], None] = _nothing

    def _take_theme(self, theme: Theme) -> None:
        """The one theme of this run. Setting `theme` would have Textual read the style sheets a second time."""
        self.register_theme(theme)
        self.set_reactive(App.theme, theme.name)
        self.set_class(theme.dark, "-dark-mode", update=False).set_class(not theme.dark, "-light-mode", update=False)
        self.add_class(f"-theme-{theme.name}", update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self._themed = True
        self.stylesheet.set_variables(self.get_css_variables())

    def get_css_variables(self) -> dict[str, str]:
        """The colours for the style sheets; none before the theme is there, since nothing is drawn with another."""
        return super().get_css_variables() if self._themed else {}

    def get_driver_class(self) -> type[Driver]:
        """Our own driver or the platform's, made to write fewer bytes."""
        wait = escape_wait(self._wanted.escape_ms, remote=self._remote)
        hooks = Hooks(self._stuck, self._redraw, lambda: self._ended_by(_HANGUP))
        return lean_driver(choose_driver(super().get_driver_class(), self._wanted.driver, escape_s=wait, hooks=hooks))

    def _stuck(self, yes: bool) -> None:
        """What the terminal has not taken is not in sight."""
        self.shell.gate.stuck(yes)

    def _redraw(self) -> None:
        """What stands on the terminal is not what was drawn: it missed some of it, or had another size."""
        screen = self._screen_stack[-1] if self._screen_stack else None
        if isinstance(screen, Patching):
            screen.paint_anew()

    def get_default_screen(self) -> Screen[Any]:
        """What the cache has is the first screen: an empty one below it would be laid out and painted, too."""
        if not self.desk.communities:
            from modtui.screens.pages.start import FirstRunPage

            return FirstRunPage(self.shell)
        from modtui.screens.work import WorkScreen

        community = self.desk.communities[0].id if len(self.desk.communities) == 1 else None
        return WorkScreen(self.shell, community=community)

    async def on_event(self, event: events.Event) -> None:
        """Keys that come in one burst with pasted text are part of it."""
        if not event.is_forwarded:
            if isinstance(event, events.Paste):
                self.shell.gate.pasted(event.time)
            elif isinstance(event, events.Key) and self.shell.gate.of_a_paste(event.time):
                self._say(own("What came in one go with pasted text is left out."), error=True)
                return
            elif isinstance(event, events.Resize):
                if (now := size_now(self._driver)) is not None and now != event.size:
                    event = events.Resize(now, now)
                if self._drawn:
                    self._redraw()  # it may have had another size meanwhile, and be back at this one
                # Textual's own timer for this leaves out what comes late, and with it every size from then on.
                asyncio.get_running_loop().call_later(_RESIZED_S, self._check_resize)
        await super().on_event(event)

    def on_mount(self) -> None:
        """Open the desk behind the first screen."""
        self._catch_signals()
        if self.desk.communities:
            self._stop_listening = self.desk.events.subscribe(self._heard)
        self.call_after_refresh(self._first_drawn)

    def push_screen(self, *args: Any, **named: Any) -> Any:
        """A screen that is opened before the first picture is the first picture: what waits for that waits for it."""
        opened = super().push_screen(*args, **named)
        if not self._drawn and len(self._screen_stack) > 1:
            self.call_after_refresh(self._first_drawn)
        return opened

    def _first_drawn(self) -> None:
        if self._drawn:
            return
        self._drawn = True
        if self._ended_early is not None:
            self._ended_by(self._ended_early)
        elif self.desk.communities:
            self._open()
        else:
            self.shell.rows_first = False

    async def _show_the_rest(self) -> None:
        """The rows are on the screen: now the item beside them, and what the keys do on it. A key that comes meanwhile
        waits for one module, not for all."""
        from modtui.screens.work import WorkScreen

        for widget in (self.screen, *self.screen.walk_children(Widget)):
            widget._styles_cache.clear()  # the lines as Textual put them together once; from now on few go that way
        backends = {f"modtui.backends.{one.backend.name}.{part}" for one in self.desk.communities for part in _PARTS}
        for module in (*_NEXT, *sorted(backends, key=lambda name: _PARTS.index(name.rpartition(".")[2]))):
            with suppress(ImportError):  # another's backend; one of ours says so where it is needed
                import_module(module)
            await asyncio.sleep(0)
        self.shell.rows_first = False
        if isinstance(self.screen, WorkScreen):
            self.screen.show_item()
            await asyncio.sleep(0)
        if any(name in sys.modules for name in backends):  # others may not need the network
            from modtui.backends.transport import load_in_parts

            for _ in load_in_parts():
                await asyncio.sleep(0)

    def _open(self) -> None:
        if not gc.isenabled():  # the start had no time for it; what it made stays until the end
            gc.freeze()
            gc.enable()
        self._opening = asyncio.ensure_future(self._open_desk())

    async def _open_desk(self) -> None:
        if self.shell.rows_first:
            await self._show_the_rest()
        try:
            await self.desk.start()
        except ModtuiError as error:
            self._tell(error)
            return
        from modtui.screens.work import WorkScreen

        for screen in self.screen_stack:
            if isinstance(screen, WorkScreen):
                screen.leave_out_aside()
        drafts = self.desk.drafts.all()
        if self.desk.waiting_old() or any(not draft.left for draft in drafts):
            from modtui.screens.pages.start import LeftoversPage

            self.push_screen(LeftoversPage(self.shell))
        elif drafts:
            self._say(say("{n} to be sent: g d", n=count(len(drafts), "draft waits", "drafts wait")))

    def _tell(self, error: ModtuiError) -> None:
        self._say(say("{message} {hint}", message=error.message, hint=error.hint), error=True)

    def _say(self, words: Shown, *, error: bool = False) -> None:
        from modtui.screens.page import Page

        if isinstance(self.screen, Page):
            self.screen.say(words, error=error)

    def _heard(self, event: Event) -> None:
        from modtui.screens.page import Page

        if isinstance(event, LinkChanged | DecisionChanged | Troubled) and isinstance(self.screen, Page):
            self.screen.refresh_top()
            if isinstance(event, Troubled):  # whatever is on the screen: the queue below it says so, too
                self.screen.say(say("{words}", words=event.words), error=True)

    def _catch_signals(self) -> None:
        """A hang-up, an end or a stop from outside leaves the terminal as it was found."""
        loop = asyncio.get_running_loop()
        for name in ("SIGHUP", "SIGTERM"):
            number = getattr(signal, name, None)
            if number is not None and sys.platform != "win32":
                loop.add_signal_handler(number, self._ended_by, number)
        self._stopper.catch()

    def wait_with_signals(self) -> None:
        """From before the terminal is taken until the first screen is drawn, a signal that ends us is remembered."""

        def early(number: int, frame: FrameType | None) -> None:
            self._ended_early = number

        for name in ("SIGHUP", "SIGTERM"):
            if (number := getattr(signal, name, None)) is not None and sys.platform != "win32":
                signal.signal(number, early)

    def _ended_by(self, number: int) -> None:
        if self._drawn:
            self.exit(return_code=128 + number)
        else:
            self._ended_early = number  # the first screen is half made: Textual would stumble over it

    def _fatal_error(self) -> None:
        """Textual would print the values of all variables, members' texts and keys among them. `run` raises instead."""
        self._close_messages_no_wait()

    async def on_unmount(self) -> None:
        """Close the desk: a write in flight is waited for, never cancelled."""
        self._stop_listening()
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
        await self.desk.close()


def _theme(palette: Palette) -> Theme:
    """Textual's own parts (the text fields) in our colours."""
    if palette.ansi:
        base = BUILTIN_THEMES["ansi-dark"]
        return replace(base, name=f"modtui-{palette.name}", variables={**base.variables, "rule": "ansi_default"})
    return Theme(
        name=f"modtui-{palette.name}", primary="#7fb4e8" if palette.dark else "#1d5fa8", foreground=palette.foreground,
        background=palette.background, surface=palette.background, panel=palette.background, dark=palette.dark,
        variables={"rule": "#3a4656" if palette.dark else "#c5c8cc"},
    )  # fmt: skip


def run(desk: Desk, settings: Settings, options: Options) -> int:
    """Open the screens on a desk and give back the exit code.

    Raises SettingsError when the keys clash, and whatever unexpected error ended the screens.
    """
    keymap = Keymap(settings.keys)
    if keymap.problems:
        raise SettingsError([f"{settings.path}: {problem}" for problem in keymap.problems])
    terminal = look(setting=settings.screen.color)
    mouse = {"on": True, "off": False}.get(settings.screen.mouse, not terminal.remote)
    app = ModtuiApp(desk, settings, options, terminal=terminal, keymap=keymap)
    app.shell.rows_first = True
    app.wait_with_signals()
    code = app.run(mouse=mouse)
    if app._exception is not None:
        raise app._exception
    return code if code is not None else app.return_code or 0


__all__ = ["ModtuiApp", "run"]
