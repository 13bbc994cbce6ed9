"""Both databases of one process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from modtui.store.cache import Cache
from modtui.store.journal import Journal


class Store:
    """The journal (state.db, to be kept) and the cache (cache.db, disposable). Opened once per process."""

    def __init__(self, journal: Journal, cache: Cache) -> None:
        self.journal = journal
        self.cache = cache

    @classmethod
    def open(
        cls, state: Path, cache: Path, *, wait_s: float = 5.0, now_ms: Callable[[], int] | None = None
    ) -> Store:
        """Open, or make, state.db in the folder `state` and cache.db in the folder `cache`, both private.

        An older journal is copied and migrated, a newer one refused; a broken or other cache is replaced. `wait_s`
        bounds every wait for another process; `now_ms` is the clock (UTC ms). Raises StoreError.
        """
        journal = Journal(state / "state.db", wait_s=wait_s, now_ms=now_ms)
        try:
            return cls(journal, Cache(cache / "cache.db", wait_s=wait_s, now_ms=now_ms))
        except BaseException:
            journal.database.close_now()
            raise

    async def forget(self, username: str, *, community: str | None = None) -> tuple[int, int]:
        """Forget a member in both, of one community or of all. How many personal parts of the journal and rows of the
        cache went. Raises StoreError; see `Journal.forget`."""
        parts = await self.journal.forget(username, community=community)
        return parts, await self.cache.forget(username, community=community)

    async def close(self) -> None:
        """Finish what is queued in both, then close them."""
        try:
            await self.cache.close()
        finally:
            await self.journal.close()
