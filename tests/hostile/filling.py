"""Fills any object of the domain: every field that can hold a text holds a hostile one."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec

from modtui.domain.capability import ALLOWED, Allowed, Blocked

T = TypeVar("T", bound=msgspec.Struct)

NOW_MS = 1_790_000_000_000


class Filler:
    """Makes objects. Each text field takes the next of `texts`, beginning with number `start`: objects made with every
    start have had every text in every field. `kept` are fields (by name) that get a fixed value or none (`...`)."""

    def __init__(self, texts: typing.Sequence[str], start: int = 0, **kept: Any) -> None:
        self._texts, self._next, self._kept = texts, start, kept
        self.fields: set[str] = set()
        """Every text field that was filled, as "Struct.field"."""

    def text(self) -> str:
        """The next hostile text."""
        self._next += 1
        return self._texts[self._next % len(self._texts)]

    def make(self, cls: type[T], **given: Any) -> T:
        """An object of `cls` with everything filled in but what is `given`."""
        hints = typing.get_type_hints(cls)
        values = dict(given)
        for name in cls.__struct_fields__:
            if name in values:
                continue
            if name in self._kept:
                if self._kept[name] is not ...:
                    values[name] = self._kept[name]
                continue
            found = self._value(hints[name], name, cls)
            if found is not ...:
                values[name] = found
        return cls(**values)

    def _value(self, hint: Any, name: str, cls: type[msgspec.Struct]) -> Any:
        if isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if hint in (Allowed, Blocked) or set(inner) == {Allowed, Blocked}:
            return ALLOWED
        if origin is Literal:
            self._next += 1
            return inner[self._next % len(inner)]
        if origin in (typing.Union, types.UnionType):
            return self._value(next(one for one in inner if one is not type(None)), name, cls)
        if origin is tuple:
            if inner[-1:] != (...,):
                return tuple(self._value(one, name, cls) for one in inner)
            return tuple(self._value(inner[0], name, cls) for _ in range(2))
        if origin is dict:
            return {self.text(): self._value(inner[1], name, cls)} if inner[1] is not Any else ...
        return self._plain(hint, name, cls)

    def _plain(self, hint: Any, name: str, cls: type[msgspec.Struct]) -> Any:
        made: dict[Any, Callable[[], Any]] = {
            bool: lambda: ..., float: lambda: 1.5, int: lambda: NOW_MS - 3_600_000 if name.endswith("_ms") else 3,
        }  # fmt: skip
        if hint is str:
            self.fields.add(f"{cls.__name__}.{name}")
            return self.text()
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.make(hint)
        return made[hint]() if hint in made else ...
