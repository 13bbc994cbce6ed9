"""A community as the desk works with it: the backend, who we are there, and how the line is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct, field

from modtui.desk.events import Link
from modtui.domain.items import Account
from modtui.domain.ladder import Ladder
from modtui.domain.subjects import CommunityId
from modtui.settings.address import exposed
from modtui.text import EMPTY, Shown

if TYPE_CHECKING:
    from modtui.backends.base import Backend


class Community(Struct, kw_only=True):
    """One account of the moderator on one site.

    `name` is the moderator's own word for it. `account` is None until the site said who we are (or the cache
    remembered). `poll_s` overrides how often the site is looked at (None: the backend's own figure). `language` is
    the community's default, `ladder` its steps of sanctions (None: the usual one).
    """

    name: str
    backend: Backend
    url: str
    account: Account | None = None
    link: Link = field(default_factory=Link)
    poll_s: float | None = None
    language: str | None = None
    ladder: Ladder | None = None
    options: dict[str, object] = field(default_factory=dict)
    chip: Shown = EMPTY
    """A few letters of its name that no other community of the desk has (`labels.label`)."""
    hue: int = 0
    """Which of the colours `chip.0` ... is its own."""
    synced_ms: int = 0
    """When it was last read without trouble in this session, in UTC milliseconds; 0 not yet."""
    _asked: bool = False
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def id(self) -> CommunityId:
        """The identity that survives renaming."""
        return self.backend.connection.community

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written there: by the settings, or by `--read-only`."""
        return self.backend.connection.read_only

    @property
    def insecure(self) -> bool:
        """Whether everything, the key too, travels there unencrypted: plain http to another machine."""
        return exposed(self.backend.connection.url)

    @property
    def identified(self) -> bool:
        """Whether the site said in this session who we are."""
        return self._asked

    async def identify(self, *, again: bool = False) -> Account:
        """Ask the site once who we are; several callers share one request. Raises the backend's errors."""
        async with self._lock:
            if again or not self._asked or self.account is None:
                self.account = await self.backend.identify()
                self._asked = True
            return self.account
