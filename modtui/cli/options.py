"""The options that every command knows, before it or after it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from modtui.settings.options import Options

F = TypeVar("F", bound=Callable[..., Any])


class Seconds(click.ParamType[float]):
    """Seconds as a number, or a length of time such as 2m."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds; fails with a sentence."""
        if isinstance(value, float):
            return value
        try:
            found = float(value)
        except ValueError:
            from modtui.text.time import parse_duration

            try:
                length = parse_duration(value)
            except ValueError as error:
                self.fail(str(error), param, ctx)
            found = math.inf if length is None else length / 1000
        if not 0 <= found <= 86_400:
            self.fail("It must be from 0 seconds to one day.", param, ctx)
        return found


class Pair(click.ParamType[tuple[str, str]]):
    """KEY=VALUE."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The pair; fails with a sentence."""
        if isinstance(value, tuple):
            return value
        key, equals, rest = str(value).partition("=")
        if not equals or not key:
            self.fail(f'"{value}" is not written KEY=VALUE.', param, ctx)
        return key, rest


_SHARED: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--url",), {"metavar": "URL", "help": "Work on the community at this address; it need not be in the settings."}),
    (("--user",), {"metavar": "NAME", "help": "MODTUI_TOKEN is an admin key that acts as this account."}),
    (("--backend",), {"metavar": "NAME", "help": "The kind of site at --url. [default: discourse]"}),
    (("--community", "-c"), {"metavar": "NAME", "help": "Work on this community of the settings only."}),
    (("--hold",), {"type": Seconds(), "metavar": "SECONDS", "help": "How long each decision waits before it is sent."}),
    (("--read-only",), {"is_flag": True, "default": None, "help": "Never write anything to any community."}),
    (("--insecure",), {"is_flag": True, "default": None, "help": "Allow plain http to another machine at --url."}),
    (("--config-dir",), {"type": click.Path(file_okay=False, path_type=Path), "metavar": "DIR",
                         "help": "Read settings from this folder instead."}),
    (("--budget",), {"type": click.IntRange(0), "metavar": "NUMBER",
                     "help": "Requests a minute that modtui may use; 0 takes the brake off."}),
    (("--option",), {"type": Pair(), "multiple": True, "metavar": "KEY=VALUE",
                     "help": "What only this kind of site needs, e.g. course=ID for openedx."}),
)  # fmt: skip
SHARED_NAMES = frozenset(names[0] for names, _ in _SHARED)
"""The shared options, by their long names."""
_VISIBLE_AFTER = {"--community"}


def _take(found: Options, values: dict[str, Any]) -> Options:
    """`found` with what was said here; what was not said stays."""
    changes: dict[str, Any] = {}
    for name, attr in (
        ("url", "url"), ("user", "user"), ("backend", "backend"), ("community", "community"), ("hold", "hold_s"),
        ("read_only", "read_only"), ("insecure", "insecure"), ("config_dir", "config"),
        ("budget", "budget"),
    ):  # fmt: skip
        value = values.pop(name, None)
        if value is not None:
            changes[attr] = value
    extra = dict(values.pop("option", None) or ())
    if extra:
        changes["extra"] = {**found.extra, **extra}
    return dataclasses.replace(found, **changes)


def group_options(function: F) -> F:
    """The shared options, for the program itself."""
    for names, extra in reversed(_SHARED):
        function = click.option(*names, **extra)(function)
    return function


def start(values: dict[str, Any], token: str | None) -> Options:
    """The options as the program itself was given them."""
    return _take(Options(token=token), values)


def shared(function: F) -> Callable[..., Any]:
    """A command that takes the shared options too; its function gets `options` first. Goes right above `def`."""

    @click.pass_context
    def run(ctx: click.Context, /, **values: Any) -> Any:
        ctx.obj = _take(ctx.obj, values)
        return ctx.invoke(function, ctx.obj, **values)

    run.__doc__ = function.__doc__
    run.__name__ = function.__name__
    wrapped: Any = run
    for names, extra in reversed(_SHARED):
        wrapped = click.option(*names, **{**extra, "hidden": names[0] not in _VISIBLE_AFTER})(wrapped)
    return wrapped  # type: ignore[no-any-return]
