"""A backend whose modules are loaded when it is first asked something: the first picture of the cache needs none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from modtui.backends.base import Budget, RequestSeen

if TYPE_CHECKING:
    from modtui.backends.base import Backend, Connection, Wire

_UNKNOWN = Budget(0, 0)


class _Late:
    """Name and connection at once, everything else from the real one."""

    def __init__(self, name: str, connection: Connection, make: Callable[[], Backend]) -> None:
        self.name = name
        self.connection = connection
        self._make = make
        self._made: Backend | None = None

    @property
    def made(self) -> Backend:
        """The real one."""
        if self._made is None:
            self._made = self._make()
        return self._made

    @property
    def wire(self) -> Wire:
        """The real one's door; until that is made, one that nothing went through."""
        return cast("Wire", _Unused(self)) if self._made is None else self._made.wire

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)


class _Unused:
    """The door of a backend that was asked nothing yet."""

    budget = _UNKNOWN
    requests: Sequence[RequestSeen] = ()

    def __init__(self, late: _Late) -> None:
        self._late = late

    def __getattr__(self, name: str) -> Any:
        return getattr(self._late.made.wire, name)


def late(name: str, connection: Connection, make: Callable[[], Backend]) -> Backend:
    """A backend that `make` makes when it is first needed. `make` must not fail."""
    return cast("Backend", _Late(name, connection, make))


__all__ = ["late"]
