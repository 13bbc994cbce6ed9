"""Reasons and their messages: twelve of modtui's own in English, French and German, and the community's.

A message is Markdown with placeholders from a fixed table. Its first line may be `# Title`. A line with a placeholder
that has no value is left out, so one text serves with and without a ban.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from modtui.domain.reasons import Reason
from modtui.domain.replies import PLACEHOLDERS, fill, unknown_placeholders
from modtui.settings.kinds import nearest
from modtui.text import Foreign, show_line
from modtui.text.patterns import pattern

LANGUAGES = ("en", "de", "fr")
"""The languages of the built-in messages."""

_FILE = pattern(r"(?P<id>[A-Za-z0-9][A-Za-z0-9_-]*)\.(?P<language>[a-z]{2,3}(-[A-Za-z]{2,4})?)\.md")
_LIMIT = 30_000


class Message(msgspec.Struct, frozen=True):
    """A message to an author, ready to be read by the moderator. It holds foreign names, so it is foreign itself."""

    title: Foreign
    text: Foreign


def compose(reason: Reason, language: str, values: Mapping[str, str | None]) -> Message | None:
    """The message of `reason` in `language`; None when the reason has none in it. `values` by PLACEHOLDERS.

    `reason` and `rule` are filled from the reason itself.
    """
    template = reason.messages.get(language)
    if template is None:
        return None
    own = {"reason": reason.titles.get(language) or reason.title, "rule": reason.rule}
    filled = fill(template, {**values, **own})
    first, _, rest = filled.partition("\n")
    if first.startswith("# "):
        return Message(Foreign(first[2:].strip()), Foreign(rest.strip("\n")))
    return Message(Foreign(own["reason"]), filled)


def pick_language(reason: Reason, *wanted: str | None) -> str | None:
    """The first wanted language that the reason has a message in ("de-AT" takes "de"), else English, else any."""
    for language in (*wanted, "en"):
        for code in (language, language.partition("-")[0]) if language else ():
            if code in reason.messages:
                return code
    return min(reason.messages, default=None)


class _Messages(Mapping[str, str]):
    """The messages of a built-in reason by language, each read when it is asked for: the queue shows none."""

    def __init__(self, folder: Path, reason: str) -> None:
        self._folder, self._reason = folder, reason
        self._known: dict[str, str] = {}

    def __getitem__(self, language: str) -> str:
        if language not in LANGUAGES:
            raise KeyError(language)
        if language not in self._known:
            self._known[language] = (self._folder / f"{self._reason}.{language}.md").read_text("utf-8").strip()
        return self._known[language]

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)

    def __contains__(self, language: object) -> bool:
        return language in LANGUAGES


@cache
def builtin() -> tuple[Reason, ...]:
    """modtui's own reasons. Settings with [[reasons]] replace the list; ids in it take over what they leave out."""
    folder = Path(__file__).with_name("defaults")
    entries = msgspec.json.decode((folder / "reasons.json").read_bytes(), type=list[dict[str, Any]])
    found = []
    for entry in entries:
        messages = _Messages(folder, entry["id"])
        found.append(Reason(**{**entry, "matches": tuple(entry.get("matches", ())), "messages": messages}))
    return tuple(found)


def load_reasons(folder: Path, entries: Sequence[Mapping[str, Any]]) -> tuple[tuple[Reason, ...], list[str]]:
    """The reasons in force and what is wrong with them, a sentence each.

    `entries` are checked `[[reasons]]` values; without any the built-in ones hold. `folder` has the user's messages,
    which replace the built-in ones of the same reason and language.
    """
    known = {reason.id: reason for reason in builtin()}
    problems: list[str] = []
    chosen: dict[str, Reason] = {} if entries else dict(known)
    digits = {entry["digit"]: entry["id"] for entry in reversed(entries) if entry.get("digit")}
    config = folder.parent / "config.toml"
    for number, entry in enumerate(entries, 1):
        where = f"{config}: [[reasons]] {number}"
        id = entry["id"]
        if id in chosen:
            problems.append(f'{where} id: "{id}" is already the id of another reason.')
            continue
        base = known.get(id)
        values: dict[str, Any] = {"title": id, **(_inherited(base) if base else {}), **entry, "id": id}
        if "title" in entry and "titles" not in entry:
            values["titles"] = {}
        if "digit" not in entry and digits.get(base.digit if base else "", id) == id:
            values["digit"] = base.digit if base else ""
        chosen[id] = Reason(**values)
        if (digit := entry.get("digit")) and (before := digits[digit]) != id:
            problems.append(f'{where} digit: {digit} is already the digit of "{before}".')
    for id, messages in _files(folder, chosen, problems).items():
        chosen[id] = msgspec.structs.replace(chosen[id], messages={**chosen[id].messages, **messages})
    return tuple(chosen.values()), problems


def _inherited(base: Reason) -> dict[str, Any]:
    return {name: getattr(base, name) for name in ("title", "titles", "matches", "urgent", "messages")}


def _files(folder: Path, reasons: Mapping[str, Reason], problems: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".md")
    except FileNotFoundError:
        return {}
    except OSError as error:
        problems.append(f"{folder}: cannot be read: {error.strerror}.")
        return {}
    for path in paths:
        match = _FILE.fullmatch(path.name)
        if match is None:
            problems.append(f"{path}: must be called <reason>.<language>.md, like spam.en.md.")
            continue
        if match["id"] not in reasons:
            problems.append(f'{path}: there is no reason "{match["id"]}". {nearest(match["id"], reasons)}'.strip())
            continue
        try:
            text = path.read_text("utf-8").strip()
        except OSError as error:
            problems.append(f"{path}: cannot be read: {error.strerror}.")
            continue
        except UnicodeDecodeError:
            problems.append(f"{path}: is not UTF-8 text.")
            continue
        problems += check_message(path, text)
        found.setdefault(match["id"], {})[match["language"]] = text
    return found


def check_message(path: Path, text: str) -> list[str]:
    """What is wrong with a message's text, a sentence each: unknown placeholders, an empty text, an endless one."""
    if not text:
        return [f"{path}: is empty."]
    if len(text) > _LIMIT:
        return [f"{path}: is longer than {_LIMIT:,} signs."]
    return [
        f"{path}: {{{show_line(name, 40)}}} is not a placeholder. {nearest(name, PLACEHOLDERS)}".strip()
        for name in unknown_placeholders(text)
    ]
