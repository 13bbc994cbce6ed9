"""config.toml -> Settings. Every mistake at once, each a sentence with the file, the key and the nearest valid name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from modtui import paths
from modtui.errors import SettingsError
from modtui.settings import kinds
from modtui.settings.address import exposed
from modtui.settings.fields import BY_NAME, Section, build
from modtui.settings.model import CommunitySettings, Hours, RouteSettings, Settings, Target
from modtui.settings.reasons import load_reasons
from modtui.settings.replies import load_replies
from modtui.settings.route_words import problems
from modtui.text import show_line

_LIMIT = 1_000_000


class _Reader:
    """Collects problems while it reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def wrong(self, where: str, words: str) -> None:
        """Note a mistake: `words` is a sentence, with or without its full stop."""
        end = "" if words.endswith((".", "?")) else "."
        self.problems.append(f"{self.path}: {where}: {words}{end}")

    def unknown(self, where: str, name: str, names: Collection[str]) -> None:
        """Note a name that does not exist, with the nearest that does."""
        self.wrong(where, f'there is no "{show_line(name, 60)}". {kinds.nearest(name, names)}'.strip())

    def fields(self, section: Section, raw: Any, where: str) -> dict[str, Any] | None:
        """The checked values of one table by attribute; None when it is no table or lacks what it needs."""
        if not isinstance(raw, dict):
            self.wrong(where, "must be a table")
            return None
        values: dict[str, Any] = {}
        whole = True
        known = {field.key: field for field in section.fields}
        for key, value in raw.items():
            field = known.get(key)
            if field is None:
                self.unknown(where, key, known)
                continue
            try:
                values[field.attr] = field.kind(value)
            except ValueError as error:
                self.wrong(f"{where} {key}", str(error))
                whole = whole and not field.required
        for field in section.fields:
            if field.required and field.key not in raw:
                self.wrong(where, f'lacks "{field.key}"')
                whole = False
        return values if whole else None

    def one(self, raw: dict[str, Any], name: str) -> Any:
        """The model of a `[name]` table, with defaults where it is silent or wrong."""
        section = BY_NAME[name]
        return build(section, self.fields(section, raw.get(name, {}), f"[{name}]") or {})

    def many(self, raw: dict[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
        """The checked entries of `[[name]]`, each with how problems call it."""
        entries = raw.get(name, [])
        if not isinstance(entries, list):
            self.wrong(f"[{name}]", f"must be written [[{name}]], once for each")
            return []
        found = []
        for number, entry in enumerate(entries, 1):
            where = f"[[{name}]] {number}"
            values = self.fields(BY_NAME[name], entry, where)
            if values is not None:
                found.append((where, values))
        return found

    def free(self, raw: dict[str, Any], name: str) -> dict[str, Any]:
        """A table whose keys are the user's own."""
        table = raw.get(name, {})
        if not isinstance(table, dict):
            self.wrong(f"[{name}]", "must be a table")
            return {}
        return table


def _parse(path: Path, must_exist: bool) -> dict[str, Any]:
    try:
        for one in (path.parent, path):  # it names programs that are started and addresses that are written to
            if (why := paths.changeable(one)) is not None:
                raise SettingsError([f"{one}: {why}, so the settings are not used. Look at it, then chmod go-w {one}"])
        with path.open("rb") as file:
            raw = file.read(_LIMIT + 1)
    except FileNotFoundError:
        if must_exist:
            raise SettingsError([f"{path}: there is no such file."]) from None
        return {}
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}."]) from error
    if len(raw) > _LIMIT:
        raise SettingsError([f"{path}: is larger than 1 MB, so it is hardly a settings file."])
    import tomllib  # late: without a file nothing is read

    try:
        return tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path}: is not UTF-8 text (byte {error.start})."]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: is not valid TOML: {show_line(str(error), 200)}."]) from None
    except RecursionError:
        raise SettingsError([f"{path}: is nested too deeply."]) from None


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """`item.approve = ...` without quotes is a table in a table: both spellings mean the same."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _communities(reader: _Reader, raw: dict[str, Any], backends: Collection[str] | None) -> list[CommunitySettings]:
    found: list[CommunitySettings] = []
    names: dict[str, str] = {}
    accounts: dict[tuple[str, str, str, str], str] = {}
    for where, values in reader.many(raw, "communities"):
        one = CommunitySettings(**values)
        if backends is not None and one.backend not in backends:
            hint = kinds.nearest(one.backend, backends)
            reader.wrong(f"{where} backend", f'"{one.backend}" is not installed. {hint}'.strip())
        if (before := names.setdefault(one.name.casefold(), where)) != where:
            reader.wrong(f"{where} name", f'"{one.name}" is already the name of {before}')
        # one service account may look after several courses of a site: what the backend is told makes the difference
        identity = (one.backend, one.url.casefold(), one.account.casefold(), repr(sorted(one.options.items())))
        if (before := accounts.setdefault(identity, where)) != where:
            reader.wrong(where, f"is the same account on the same site as {before}")
        if exposed(one.url) and not one.insecure:
            reader.wrong(
                f"{where} url",
                f"{one.url} is plain http to another machine, so the key could be read on the way. "
                "Write https, or add insecure = true if you accept that",
            )
        if one.key == "admin" and not one.account:
            reader.wrong(where, 'has an admin key, so it needs "account": the name to act as')
        found.append(one)
    return found


def _routes(reader: _Reader, raw: dict[str, Any], hours: Collection[str]) -> list[RouteSettings]:
    found: list[RouteSettings] = []
    taken: dict[str, str] = {}
    names: dict[str, str] = {}
    needs = {"webhook": "url", "mail": "to", "command": "command"}
    for where, values in reader.many(raw, "routes"):
        one = RouteSettings(**values)
        if (before := taken.setdefault(one.key, where)) != where:
            reader.wrong(f"{where} key", f'"{one.key}" is already the letter of {before}')
        need = needs.get(one.kind)
        entry = raw["routes"][int(where.rsplit(" ", 1)[1]) - 1]
        if need and not entry.get(need):
            reader.wrong(where, f'is a {one.kind}, so it needs "{need}"')
        if one.hours and one.hours not in hours:
            reader.unknown(f"{where} hours", one.hours, hours)
        name = one.name.casefold()
        if (before := names.setdefault(name, where)) != where:
            reader.wrong(f"{where} name", f'"{one.name}" is already the name of {before}')
        if name.startswith("site:"):
            reader.wrong(f"{where} name", 'cannot begin with "site:", which names the site\'s own routes')
        for key, words in problems(one):
            reader.wrong(f"{where} {key}".rstrip(), words)
        found.append(one)
    return found


def _hours(reader: _Reader, raw: dict[str, Any]) -> dict[str, Hours]:
    found: dict[str, Hours] = {}
    for name, entry in reader.free(raw, "hours").items():
        where = f"[hours.{show_line(name, 40)}]"
        values = reader.fields(BY_NAME["hours"], entry, where)
        if values is None:
            continue
        one = Hours(name=name, **values)
        if one.start == one.end or not one.days:
            reader.wrong(where, 'has no working time: "from" and "to" must differ, and "days" must name one')
        found[name] = one
    return found


_CLOCKED = ("questions", "reports", "pending")
"""The lanes whose items can have a target."""


def _targets(
    reader: _Reader, raw: dict[str, Any], communities: Collection[str], hours: Collection[str]
) -> list[Target]:
    found: list[Target] = []
    for name, value in reader.free(raw, "targets").items():
        where = f"[targets] {show_line(name, 60)}"
        entry = value if isinstance(value, dict) else {"within": value}
        for key in (one for one in entry if one not in ("within", "hours")):
            reader.unknown(where, key, ("within", "hours"))
        try:
            within = kinds.millis(entry.get("within"))
        except ValueError as error:
            reader.wrong(where, str(error))
            continue
        if within == 0:
            reader.wrong(where, 'must be longer than nothing; "forever" is no clock')
            continue
        named = entry.get("hours", "")
        if named and named not in hours:
            reader.unknown(f"{where} hours", str(named), hours)
            continue
        kind, _, rest = name.partition(":")
        known = name == "default" or name in communities or (kind in ("category", "lang") and rest)
        if not known and not (kind == "lane" and rest in _CLOCKED):
            lanes = [f"lane:{lane}" for lane in _CLOCKED]
            reader.unknown("[targets]", name, [*communities, "default", "category:NAME", "lang:CODE", *lanes])
            continue
        found.append(Target(name=name, within_ms=within or 0, hours=str(named)))
    return found


def load(
    path: Path | None = None, *, backends: Collection[str] | None = None, must_exist: bool = False,
    further: Callable[[Settings], list[str]] | None = None,
) -> Settings:  # fmt: skip
    """The settings of `path` (without one: config.toml of the settings folder); a missing file means all defaults.

    `backends` are the names of installed backends; without them backend names are not checked. `further` finds what
    only a higher layer can know to be wrong, e.g. in the keys; it is asked even where there are other mistakes.
    Raises SettingsError with every problem.
    """
    path = path or paths.config_dir() / "config.toml"
    raw = _parse(path, must_exist)
    reader = _Reader(path)
    for name in (one for one in raw if one not in BY_NAME):
        reader.unknown(f"[{show_line(name, 60)}]", name, BY_NAME)
    communities = _communities(reader, raw, backends)
    hours = _hours(reader, raw)
    keys: dict[str, tuple[str, ...]] = {}
    for action, value in _flat(reader.free(raw, "keys")):
        try:
            keys[action] = kinds.key_list(value)
        except ValueError as error:
            reader.wrong(f"[keys] {show_line(action, 60)}", str(error))
    entries = reader.many(raw, "reasons")
    reasons, problems = load_reasons(path.parent / "reasons", [values for _, values in entries])
    replies, reply_problems = load_replies(path.parent / "replies")
    settings = Settings(
        path=path, communities=tuple(communities), reasons=reasons, hours=hours, keys=keys,
        routes=tuple(_routes(reader, raw, hours)),
        targets=tuple(_targets(reader, raw, [one.name for one in communities], hours)),
        undo=reader.one(raw, "undo"), ban=reader.one(raw, "ban"), screen=reader.one(raw, "screen"),
        journal=reader.one(raw, "journal"), replies=replies, replying=reader.one(raw, "replying"),
    )  # fmt: skip
    if settings.screen.browser == "command" and not settings.screen.browser_command:
        reader.wrong("[screen] browser", 'is "command", so browser_command must name a program')
    reader.problems += problems if entries or not raw.get("reasons") else []
    reader.problems += reply_problems
    reader.problems += further(settings) if further is not None else []
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings
