"""The ids of a list, read from the cache as they are asked for: a list holds row numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, overload

_CHUNK = 500


class Numbered(Protocol):
    """What this needs of the list."""

    def __len__(self) -> int: ...
    def id_at(self, i: int) -> str: ...
    def index(self, id: str) -> int | None: ...
    def rows(self, start: int, stop: int) -> Sequence[int]: ...
    def ids_of(self, rows: Sequence[int]) -> list[str]: ...


class Ids(Sequence[str]):
    """The ids of a list in order, as it is when they are asked for; or those of some row numbers."""

    def __init__(self, view: Numbered, rows: Sequence[int] | None = None) -> None:
        self._view = view
        self._rows = rows

    def __len__(self) -> int:
        return len(self._view if self._rows is None else self._rows)

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        if isinstance(i, slice):
            start, stop, step = i.indices(len(self))
            return self._view.ids_of(self._part(start, stop))[::step] if step > 0 else list(self)[i]
        at = i + len(self) if i < 0 else i
        return self._view.id_at(at) if self._rows is None else self._view.ids_of([self._rows[at]])[0]

    def __iter__(self) -> Iterator[str]:
        for at in range(0, len(self), _CHUNK):
            yield from self._view.ids_of(self._part(at, at + _CHUNK))

    def __contains__(self, id: object) -> bool:
        if self._rows is None:
            return isinstance(id, str) and self._view.index(id) is not None
        return any(id == each for each in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(other) == len(self) and all(
            mine == yours for mine, yours in zip(self, other, strict=True)
        )  # fmt: skip

    __hash__ = None  # type: ignore[assignment]

    def _part(self, start: int, stop: int) -> Sequence[int]:
        return self._view.rows(start, stop) if self._rows is None else self._rows[start:stop]
