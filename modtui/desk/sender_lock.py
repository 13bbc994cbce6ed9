"""One sender per (backend, canonical URL, account): a lock file in the state folder.

The system lets go of the lock when a process dies, so a crash never leaves one behind. The others show the same
outbox and take over when the lock is free.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modtui.domain.subjects import CommunityId
from modtui.errors import StoreError
from modtui.paths import private

if TYPE_CHECKING:
    from filelock import BaseFileLock


class SenderLock:
    """The right to send for one community."""

    def __init__(self, state: Path, community: CommunityId) -> None:
        self._path = state / f"sender-{community}.lock"
        self._lock: BaseFileLock | None = None

    @property
    def held(self) -> bool:
        """Whether this process may send."""
        return self._lock is not None and self._lock.is_locked

    def acquire(self) -> bool:
        """Try to become the sender, without waiting. Raises StoreError when the lock file cannot be made."""
        if self.held:
            return True
        from filelock import FileLock, Timeout  # late: not needed by commands that only read

        private(self._path.parent)
        lock = FileLock(self._path, thread_local=False, mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or "the file system knows no locks"
            raise StoreError(
                f"The lock {self._path} cannot be taken: {reason}.", "Put the state folder on a local disk."
            ) from error
        self._lock = lock
        return True

    def release(self) -> None:
        """Let another process send. Does nothing when this one does not."""
        if self._lock is not None:
            self._lock.release(force=True)
            self._lock = None
