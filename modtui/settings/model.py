"""The settings as the program reads them: frozen, typed, complete. What each key means stands in `fields`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from modtui.domain.hours import Hours as Hours
from modtui.domain.ladder import BANS, Ladder, Rung
from modtui.domain.reasons import Reason
from modtui.domain.replies import SavedReply

KeyKind = Literal["user", "admin", "service"]


class CommunitySettings(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[communities]]` entry. `url` is canonical (`address.canonical`); `budget` None leaves it to the backend."""

    name: str
    url: str
    backend: str = "discourse"
    account: str = ""
    key: KeyKind = "user"
    token_command: tuple[str, ...] = ()
    insecure: bool = False
    read_only: bool = False
    budget: int | None = None
    language: str = ""
    ladder: tuple[Rung, ...] | None = None
    options: dict[str, Any] = {}


class RouteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[routes]]` entry: where an escalation can go. `due_ms` is how soon an answer is expected."""

    name: str
    key: str
    kind: str = "webhook"
    title: str = ""
    url: str = ""
    to: str = ""
    command: tuple[str, ...] = ()
    token_command: tuple[str, ...] = ()
    due_ms: int | None = None
    hours: str = ""
    text: bool = True
    options: dict[str, Any] = {}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """How soon something should be handled: `name` is a community, `category:NAME`, `lang:CODE`, `lane:NAME` or
    `default`; `within_ms` 0 means no clock."""

    name: str
    within_ms: int
    hours: str = ""


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """Holds in seconds."""

    hold_s: float = 15.0
    hold_person_s: float = 60.0
    resume_after_s: float = 3600.0
    on_quit: Literal["ask", "wait", "send", "stay"] = "ask"


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths of sanctions in milliseconds, None is for good. `ladder` is what a member's history proposes, mildest
    first; what is older than `window_ms` does not count."""

    default_ms: int | None = 7 * 86_400_000
    ladder: tuple[Rung, ...] = BANS
    window_ms: int = 90 * 86_400_000

    @property
    def ladder_ms(self) -> tuple[int | None, ...]:
        """The lengths of the ladder's bans, to choose from."""
        return tuple(rung.duration_ms for rung in self.ladder if rung.kind == "ban") or (self.default_ms,)


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """How the screens look and what the terminal is asked for. `timezone` "" is this machine's; `escape_ms` None is the
    driver's."""

    theme: str = "auto"
    color: Literal["auto", "truecolor", "256", "16", "none"] = "auto"
    mouse: Literal["auto", "on", "off"] = "auto"
    keyboard: Literal["default", "azerty"] = "default"
    painted_ms: int = 200
    escape_ms: int | None = None
    driver: Literal["auto", "own", "textual"] = "auto"
    timezone: str = ""
    clipboard: Literal["auto", "osc52", "native", "off"] = "auto"
    browser: Literal["auto", "copy", "command"] = "auto"
    browser_command: tuple[str, ...] = ()


class JournalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How long things are kept, in milliseconds; None is forever."""

    retention_ms: int | None = None
    cache_ms: int | None = 30 * 86_400_000


class Replying(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the saved replies that come with modtui are offered."""

    starters: bool = True


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that config.toml and reasons/ say, with defaults for the rest. `path` is the file, there or not."""

    path: Path
    communities: tuple[CommunitySettings, ...] = ()
    reasons: tuple[Reason, ...] = ()
    routes: tuple[RouteSettings, ...] = ()
    hours: dict[str, Hours] = {}
    targets: tuple[Target, ...] = ()
    undo: Undo = Undo()
    ban: Ban = Ban()
    keys: dict[str, tuple[str, ...]] = {}
    screen: Screen = Screen()
    journal: JournalSettings = JournalSettings()
    replies: tuple[SavedReply, ...] = ()
    """Those of replies/ alone; see `saved_replies`."""
    replying: Replying = Replying()

    def saved_replies(self) -> tuple[SavedReply, ...]:
        """All saved replies in force. The starters are read here, and not at each start of the program."""
        from modtui.settings.replies import with_starters

        return with_starters(self.replies) if self.replying.starters else self.replies

    def community(self, name: str) -> CommunitySettings | None:
        """The entry with this name, in any case of letters."""
        return next((one for one in self.communities if one.name.casefold() == name.casefold()), None)

    def ladder(self, community: CommunitySettings) -> Ladder:
        """The ladder of sanctions of a community: its own, else the one of [ban]."""
        rungs = community.ladder if community.ladder is not None else self.ban.ladder
        return Ladder(rungs, self.ban.window_ms)

    def reason(self, id: str) -> Reason | None:
        """The reason with this id."""
        return next((one for one in self.reasons if one.id == id), None)
