"""Saved replies: the files of `replies/` in the settings folder, and the starters that come with modtui.

A reply is one Markdown file for each language, `<name>.<language>.md`, with front matter between two lines `---`:

    ---
    title: Ask for details
    tags: support, install
    keys: ad
    ---
    Hello {author}, ...

The front matter is three known keys, so it is read here, line by line, as the part of YAML that people write by hand
(a value, `[a, b]`, `a, b`, or a list of `- a`); a YAML library would be the heaviest import of the program and would
not say which line is wrong in these words.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from modtui.domain.replies import PLACEHOLDERS, SavedReply, unknown_in
from modtui.settings.kinds import nearest
from modtui.text import show_line
from modtui.text.patterns import pattern

KEYS = ("title", "tags", "keys")
"""What front matter can say."""
LIMIT = 100_000
"""Bytes of a file: three times the longest post that forums take."""
_FILES = 2_000
_FILE = pattern(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)\.(?P<language>[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?)\.md")
_LINE = pattern(r"(?P<key>[A-Za-z_][A-Za-z0-9_-]*)\s*:(?:\s+(?P<value>.*))?$")
_KEY = pattern(r"[a-z0-9][a-z0-9-]{0,19}")


class ReplyFile(NamedTuple):
    """One file, read: the parts of a `SavedReply` in one language."""

    title: str
    tags: tuple[str, ...]
    keys: tuple[str, ...]
    text: str


def parse(text: str) -> tuple[ReplyFile, list[tuple[int, str]]]:
    """The parts of a file, and what is wrong with it: line numbers (from 1) with a sentence each."""
    lines = text.removeprefix("\ufeff").splitlines()
    problems: list[tuple[int, str]] = []
    head: dict[str, list[str]] = {}
    start = 0
    if lines and lines[0].rstrip() == "---":
        end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
        if end is None:
            problems.append((1, "the front matter has no end: a second line --- is missing."))
            return ReplyFile("", (), (), ""), problems
        head = _front(lines[1:end], problems)
        start = end + 1
    body = "\n".join(lines[start:]).strip("\n").rstrip()
    if not body.strip():
        problems.append((len(lines) or 1, "there is no text."))
    for number, name in unknown_in("\n".join(lines[start:])):
        words = f"{{{show_line(name, 40)}}} is not a placeholder. {nearest(name, PLACEHOLDERS)}"
        problems.append((start + number, words.strip()))
    titles = head.get("title", [])
    keys = tuple(key.lower() for key in head.get("keys", ()))
    return ReplyFile(titles[0] if titles else "", tuple(head.get("tags", ())), keys, body), problems


def _front(lines: list[str], problems: list[tuple[int, str]]) -> dict[str, list[str]]:
    """The values by key. `lines` begin with the second line of the file."""
    found: dict[str, list[str]] = {}
    last: str | None = None
    for number, line in enumerate(lines, 2):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("- ") and last in ("tags", "keys"):
            found[last] += _words(stripped[2:], problems, number, last)
            continue
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            problems.append((number, f'"{show_line(line, 60)}" is not "key: value".'))
            continue
        last = match["key"].lower()
        if last not in KEYS:
            problems.append((number, f'there is no "{show_line(last, 40)}" here. {nearest(last, KEYS)}'.strip()))
            continue
        if last in found:
            problems.append((number, f'"{last}" stands here twice.'))
        value = (match["value"] or "").strip()
        if last == "title":
            found[last] = [_plain(value)] if _plain(value) else []
            if not found[last]:
                problems.append((number, "the title is empty."))
        else:
            found[last] = _words(value, problems, number, last)
    return found


def _words(value: str, problems: list[tuple[int, str]], number: int, key: str) -> list[str]:
    """A list written `a, b` or `[a, b]`."""
    if value.startswith("[") != value.endswith("]"):
        problems.append((number, f"the brackets of {key} are not closed."))
        value = value.strip("[]")
    elif value.startswith("["):
        value = value[1:-1]
    words = [word for part in value.split(",") if (word := _plain(part))]
    for word in words:
        if key == "keys" and not _KEY.fullmatch(word.lower()):
            problems.append((number, f'the key "{show_line(word, 40)}" must be up to 20 letters, digits and "-".'))
    return words


def _plain(value: str) -> str:
    """A value without the quotes around it."""
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    return value


@cache
def starters() -> tuple[SavedReply, ...]:
    """The saved replies that come with modtui, in English, German and French."""
    folder = Path(__file__).with_name("defaults") / "replies"
    found: dict[str, dict[str, ReplyFile]] = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        match = _FILE.fullmatch(file.name)
        if match is not None:
            found.setdefault(match["name"], {})[match["language"]] = parse(file.read_text("utf-8"))[0]
    return tuple(_reply(name, files, starter=True) for name, files in found.items())


def _reply(name: str, files: Mapping[str, ReplyFile], *, starter: bool = False) -> SavedReply:
    titles = {language: file.title for language, file in files.items() if file.title}
    return SavedReply(
        name=name, title=titles.get("en") or next(iter(titles.values()), name.replace("-", " ").capitalize()),
        tags=tuple(dict.fromkeys(tag for file in files.values() for tag in file.tags)),
        keys=tuple(dict.fromkeys(key for file in files.values() for key in file.keys)),
        texts={language: file.text for language, file in files.items()}, titles=titles, starter=starter,
    )  # fmt: skip


def load_replies(folder: Path) -> tuple[tuple[SavedReply, ...], list[str]]:
    """The replies of the folder by name, and what is wrong with its files, a sentence each with file and line."""
    problems: list[str] = []
    own = {name: _reply(name, files) for name, files in sorted(_files(folder, problems).items())}
    keys: dict[str, str] = {}
    for name, reply in own.items():
        for key in reply.keys:
            if (before := keys.setdefault(key, name)) != name:
                problems.append(f'{folder}: the key "{key}" belongs to two replies, {before} and {name}.')
    return tuple(own.values()), problems


def with_starters(own: Sequence[SavedReply]) -> tuple[SavedReply, ...]:
    """The own replies and the starters, by name. An own reply replaces the starter of its name in all languages; an
    own key wins over a starter's."""
    names = {reply.name for reply in own}
    keys = {key for reply in own for key in reply.keys}
    found = [*own, *(reply for reply in starters() if reply.name not in names)]
    freed = [replace(one, keys=tuple(key for key in one.keys if key not in keys)) if one.starter else one
             for one in found]  # fmt: skip
    return tuple(sorted(freed, key=lambda reply: reply.name))


def _files(folder: Path, problems: list[str]) -> dict[str, dict[str, ReplyFile]]:
    found: dict[str, dict[str, ReplyFile]] = {}
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".md" and not path.name.startswith("."))
    except FileNotFoundError:
        return {}
    except OSError as error:
        problems.append(f"{folder}: cannot be read: {error.strerror}.")
        return {}
    if len(paths) > _FILES:
        problems.append(f"{folder}: has more than {_FILES:,} files.")
    taken: dict[tuple[str, str], Path] = {}
    for path in paths[:_FILES]:
        if path.name.lower() == "readme.md":
            continue  # a folder that a team shares explains itself
        match = _FILE.fullmatch(path.name)
        if match is None:
            problems.append(f"{path}: must be called <name>.<language>.md, like ask-details.en.md.")
            continue
        name, language = match["name"].lower(), match["language"].lower().replace("_", "-")
        if (before := taken.setdefault((name, language), path)) != path:
            problems.append(f"{path}: is the same reply in the same language as {before.name}.")
            continue
        text = _read(path, problems)
        if text is None:
            continue
        file, wrong = parse(text)
        problems += [f"{path}: line {number}: {words}" for number, words in wrong]
        if file.text:
            found.setdefault(name, {})[language] = file
    return found


def _read(path: Path, problems: list[str]) -> str | None:
    """The text of a file; None with a problem noted. Only regular files are opened: a pipe would never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            problems.append(f"{path}: is not a file.")
            return None
        with path.open("rb") as file:
            raw = file.read(LIMIT + 1)
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}.")
        return None
    if len(raw) > LIMIT:
        problems.append(f"{path}: is larger than {LIMIT // 1000} kB, so it is hardly a reply.")
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.append(f"{path}: line {line}: is not UTF-8 text.")
        return None
